"""A short soak on each change; the long one is `make soak`."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from collectors.registry import one
from collectors.schedule import Worker
from data import upkeep
from data.store import Store
from tests.collectors.simulated import START, Asked, Clock, Week
from tests.soak.soak import Leg, differences, growth, judged, live, paces
from tests.soak.worker import REST, figures

DAYS = 3
FEW = ("epoch_eci", "org_feeds", "gov_uk")


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Leg, Leg]:
    folder = tmp_path_factory.mktemp("soak")
    calm = live(folder / "calm", FEW, DAYS, None, 0, 0, silent)
    return calm, live(folder / "stormy", FEW, DAYS, Random(1), 0.4, 0.5, silent)


def test_a_short_soak_keeps_its_promises(legs: tuple[Leg, Leg]) -> None:
    calm, stormy = legs
    promises = judged(calm, stormy, FEW, DAYS)
    # three days are too few for a slope, and seconds are counted where nothing else runs: in `make soak`
    counted = [v for v in promises if not v.promise.startswith(("memory", "SIGTERM"))]
    assert len(counted) == len(promises) - 2
    assert not [v for v in counted if not v.is_kept]
    assert stormy.faults
    assert stormy.kills + len(stormy.stops) > 0
    assert stormy.latencies


def test_the_soak_would_see_what_is_lost_or_wrong(legs: tuple[Leg, Leg]) -> None:
    calm, stormy = legs
    assert len(calm.facts) > 30
    key = next(iter(calm.facts))
    lost = Leg({k: v for k, v in stormy.facts.items() if k != key}, [], stormy.good, 0, [])
    assert differences(calm, lost) == [f"{key} is missing"]
    wrong = Leg({**stormy.facts, key: ("other",)}, [], stormy.good, 0, [])
    assert len(differences(calm, wrong)) == 1


def test_growth_is_measured_after_the_first_quarter() -> None:
    rising = Leg({}, [], {}, 0, [{"day": day, "rss": 100.0 + (50 if day > 0 else 0)} for day in range(1, 20)])
    assert growth(rising, "rss") == pytest.approx(0)
    leaking = Leg({}, [], {}, 0, [{"day": day, "rss": 100.0 + 10 * day} for day in range(1, 21)])
    assert growth(leaking, "rss") > 0.5


def test_a_missed_run_would_be_seen() -> None:
    instants = [datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=6 * n) for n in range(20)]
    assert paces(Leg({}, [], {"org_feeds": instants}, 0, []), ["org_feeds"], 7) == {"org_feeds": (20, 28.0)}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("days", [7])
def test_a_week_of_five_thousand_runs_leaves_memory_threads_and_files_flat(
    store: Store, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    monkeypatch.setattr("os.sync", lambda: None)
    monkeypatch.setattr("collectors.schedule.judge", lambda _: None)
    # ten times as many runs a day as in reality, so the tables are tidied ten times as often: every 75 runs or so
    monkeypatch.setattr("collectors.schedule.BETWEEN_KEEPING", timedelta(hours=2.4))
    clock = Clock()
    clock.install(monkeypatch)
    asked = Asked(clock, store)
    often = {
        name: replace(one(name), source=replace(one(name).source, every=timedelta(minutes=10)))
        for name in ("epoch_eci", "org_feeds", "gov_uk", "lab_feeds", "hacker_news")
    }

    keep = lambda: upkeep.tidy(store)  # noqa: E731
    worker = Worker(store, often, asked, keep=keep, now=clock.now, passed=clock.passed, jitter=0)
    week = Week(worker, clock)
    worker.begin()
    leg = Leg({}, [], {}, 0, [])
    for day in range(1, days + 1):
        week.until(START + timedelta(days=day))
        time.sleep(REST)
        leg.figures.append({"day": day, **figures()})
        print(len(asked.runs), "runs:", ", ".join(f"{name} {number:.0f}" for name, number in figures().items()))
    week.stop()
    assert abs(len(asked.runs) - 5 * 144 * days) <= 5
    assert all(growth(leg, figure) <= 0.05 for figure in ("rss", "threads", "files")), leg.figures
