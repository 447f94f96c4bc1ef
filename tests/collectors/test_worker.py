"""The worker over simulated days: restarts, suspends, clocks that are set, sources that hang or crash, two workers."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from collectors import schedule
from collectors.registry import one
from collectors.run import run_source
from collectors.schedule import Worker
from collectors.source import Collector
from data import queries
from data.schema import Failure, Outcome, Run
from data.store import Store
from tests.collectors.simulated import START, Asked, Clock, Week, hours

DAY = timedelta(days=1)
NAMES = ("epoch_eci", "hacker_news", "lab_feeds")
"""Asked daily, every six hours, every hour."""
SOURCES = {name: one(name) for name in NAMES}

Starts = Callable[..., Week]


@pytest.fixture(autouse=True)
def _no_judging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "judge", lambda _: None)
    monkeypatch.setattr("os.sync", lambda: None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    made.install(monkeypatch)
    return made


@pytest.fixture
def asked(clock: Clock) -> Asked:
    return Asked(clock)


@pytest.fixture
def start(store: Store, clock: Clock) -> Iterator[Starts]:
    """A worker that has begun."""
    weeks = []

    def started(collect: Callable[[Collector], Run], **settings: object) -> Week:
        worker = Worker(store, SOURCES, collect, now=clock.now, passed=clock.passed, jitter=0, **settings)  # type: ignore[arg-type]
        week = Week(worker, clock)
        worker.begin()
        weeks.append(week)
        return week

    yield started
    for week in weeks:
        week.stop()


def gaps(instants: list[datetime]) -> list[timedelta]:
    return [b - a for a, b in pairwise(instants)]


def test_each_source_is_asked_once_a_period(start: Starts, asked: Asked) -> None:
    start(asked).until(START + 2 * DAY)
    assert [len(asked.at(name)) for name in NAMES] == [3, 9, 49], "once at the start, then once a period"
    assert set(gaps(asked.at("lab_feeds"))) == {hours(1)}


def test_a_worker_restarted_every_half_hour_keeps_every_pace(start: Starts, asked: Asked, store: Store) -> None:
    asked.store = store
    for half in range(1, 2 * 30 + 1):
        week = start(asked)
        week.until(START + hours(half / 2))
        week.stop()
    assert [len(asked.at(name)) for name in NAMES] == [2, 6, 31]
    assert min(gaps(asked.at("epoch_eci"))) >= DAY


def test_what_was_missed_in_a_suspend_is_asked_once(start: Starts, asked: Asked, clock: Clock) -> None:
    week = start(asked)
    week.until(START + hours(2))
    clock.set(START + 3 * DAY)  # neither time nor the worker saw it pass
    week.worker.watch()
    week.until(START + 3 * DAY + timedelta(minutes=1))
    assert [len(asked.at(name)) for name in NAMES] == [2, 2, 4]


@pytest.mark.parametrize("step", [-DAY, -hours(1), hours(1), DAY, -7 * DAY])
def test_a_clock_that_is_set_makes_neither_a_burst_nor_a_gap(
    start: Starts, asked: Asked, clock: Clock, step: timedelta
) -> None:
    week = start(asked)
    week.until(START + hours(30))
    before, real = [len(asked.at(name)) for name in NAMES], clock.passed()
    clock.set(clock.now() + step)
    week.worker.watch()
    week.until(clock.now() + 2 * DAY)
    assert clock.passed() - real == pytest.approx(2 * 86_400, abs=1)
    more = [len(asked.at(name)) - b for name, b in zip(NAMES, before, strict=True)]
    for number, periods in zip(more, (2, 8, 48), strict=True):
        assert abs(number - periods) <= 1


@pytest.mark.parametrize("day", ["2026-10-25", "2027-03-28"], ids=["autumn", "spring"])
def test_the_night_of_the_clock_change_is_like_any_other(
    start: Starts, asked: Asked, clock: Clock, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    clock.set(datetime.fromisoformat(f"{day}T00:00:00+00:00") - hours(12))
    start(asked).until(clock.now() + 2 * DAY)
    assert set(gaps(asked.at("lab_feeds"))) == {hours(1)}


@pytest.mark.parametrize("problem", [SystemExit("done"), MemoryError(), RecursionError(), KeyboardInterrupt()])
def test_a_source_that_raises_anything_is_asked_again_later_and_delays_nobody(
    start: Starts, asked: Asked, problem: BaseException
) -> None:
    def raises() -> Outcome:
        asked.runs.append(Run(run_id="made up", source="hacker_news", started_at=asked.clock.now(), ended_at=asked.clock.now(),
                              outcome="crash"))  # fmt: skip
        raise problem

    asked.answers = {"hacker_news": raises}
    start(asked).until(START + DAY)
    assert len(asked.at("lab_feeds")) == 25
    tried = asked.at("hacker_news")
    assert 3 <= len(tried) <= 8, "after one, two, four hours, then at its own pace"
    assert min(gaps(tried)) >= hours(1)


def test_a_source_that_exits_is_written_down_as_a_crash(store: Store, clock: Clock) -> None:
    def leave(_: object) -> Iterator[None]:
        raise SystemExit(3)

    class NoWeb:
        now, partial = clock.now(), False

        def traffic(self) -> object:
            from collectors.source import Traffic

            return Traffic()

    bad = replace(SOURCES["hacker_news"], collect=leave)  # type: ignore[arg-type]
    run = run_source(bad, NoWeb(), store)  # type: ignore[arg-type]
    assert (run.outcome, run.error) == ("crash", "SystemExit: 3")
    assert list(queries.runs(store)["outcome"]) == ["crash"]


def test_a_source_that_hangs_delays_nobody_and_is_written_down(start: Starts, asked: Asked, store: Store) -> None:
    forever = threading.Event()

    def hangs() -> Outcome:
        forever.wait(240)
        return "ok"

    asked.answers = {"hacker_news": hangs}
    week = start(asked)
    week.until(START + DAY, hung=1)
    assert len(asked.at("lab_feeds")) == 25
    assert len(asked.at("epoch_eci")) == 2
    state = queries.source_states(store)["hacker_news"]
    assert (state.outcome, state.failures) == ("timeout", 1)
    assert "still running" in state.error
    forever.set()
    week.until(START + 2 * DAY)
    assert len(asked.at("hacker_news")) >= 4, "once it has ended it is planned again"


def test_where_no_record_can_be_written_publishers_are_not_asked_in_a_loop(
    start: Starts, asked: Asked, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise Failure("storage", "no space left on device")

    asked.store = store
    monkeypatch.setattr(Store, "append_new", full)
    start(asked).until(START + DAY)
    assert max(len(asked.at(name)) for name in NAMES) <= 26


def test_a_chore_that_fails_is_logged_and_comes_again(
    start: Starts, asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []

    def tell() -> None:
        told.append(1)
        raise OSError("no mail server")

    with caplog.at_level(logging.ERROR, "collectors"):
        start(asked, tell=tell, keep=lambda: told.append(100)).until(START + hours(5.5))
    assert told.count(1) >= 5
    assert told.count(100) == 1
    assert "notify=failed" in caplog.text
