"""Whatever happens to clock, machine and worker, each source is asked once a period: not more, not less."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from collectors import schedule
from collectors.registry import one
from collectors.schedule import Worker
from data.schema import TABLES
from data.store import Store
from tests.collectors.simulated import Asked, Clock, Week

SOURCES = {name: one(name) for name in ("epoch_eci", "hacker_news", "lab_feeds")}
"""Asked daily, every six hours, every hour."""

hours = some.floats(0.1, 30).map(lambda number: timedelta(hours=number))
spans = some.floats(1, 72 * 3600).map(lambda number: timedelta(seconds=number))
steps = some.floats(-24, 24).map(lambda number: timedelta(hours=number))
events = some.tuples(
    some.sampled_from(["restart", "restart", "suspend", "set the clock"]), hours, some.one_of(spans, steps)
)


class Remembered(Store):
    """The run records in memory."""

    def __init__(self, asked: Asked) -> None:
        super().__init__("memory")
        vars(self)["asked"] = asked

    def exists(self, name: str) -> bool:
        return name == "runs"

    def read(self, name: str) -> pl.LazyFrame:
        rows: list[dict[str, Any]] = []
        if name == "runs":
            rows = [{**vars(run), "month": f"{run.ended_at:%Y-%m}"} for run in vars(self)["asked"].runs]
        return pl.LazyFrame(rows, schema=TABLES[name].schema)


def live(happening: list[tuple[str, timedelta, timedelta]], patch: pytest.MonkeyPatch) -> tuple[Asked, Clock, int]:
    """A worker through all that; what was asked, and how often time made a jump."""
    clock, jumps = Clock(), 0
    clock.install(patch)
    asked = Asked(clock)

    def start() -> Week:
        worker = Worker(Remembered(asked), SOURCES, asked, now=clock.now, passed=clock.passed, jitter=0)
        worker.begin()
        return Week(worker, clock)

    week = start()
    for what, before, size in happening:
        week.until(clock.now() + before)
        if what == "restart":
            week.stop()
            week = start()
        else:
            # asleep, a machine's clock goes on and its seconds do not; set back, it says an earlier day again
            clock.set(clock.now() + (abs(size) if what == "suspend" else size))
            week.worker.watch()
            jumps += 1
    week.until(clock.now() + timedelta(hours=30))
    week.stop()
    return asked, clock, jumps


def asked_once_a_period(happening: list[tuple[str, timedelta, timedelta]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "judge", lambda _: None)
        asked, clock, jumps = live(happening, patch)
    for name, collector in SOURCES.items():
        periods = clock.passed() / collector.source.every.total_seconds()
        assert abs(len(asked.at(name)) - periods) <= 1 + jumps, (name, happening)


BACK = ("set the clock", timedelta(hours=30), -timedelta(hours=24))
AGAIN = ("restart", timedelta(minutes=30), timedelta())


@settings(max_examples=12)
@given(happening=some.lists(events, max_size=12))
@example(happening=[BACK, *[AGAIN] * 12])
def test_a_few_restarts_suspends_and_clocks_that_are_set(happening: list[tuple[str, timedelta, timedelta]]) -> None:
    asked_once_a_period(happening)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=300)
@given(happening=some.lists(events, max_size=30))
def test_hundreds_of_them(happening: list[tuple[str, timedelta, timedelta]]) -> None:
    asked_once_a_period(happening)
