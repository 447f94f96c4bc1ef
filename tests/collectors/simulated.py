"""A worker whose time is ours: weeks pass in seconds, clocks are set, and nothing is waited for."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_SUBMITTED

from collectors.run import recorded
from collectors.schedule import Worker
from collectors.source import Collector
from data.schema import Outcome, Run
from data.store import Store

START = datetime(2026, 11, 23, 6, tzinfo=UTC)
MOST_SECONDS = 120.0


class Clock:
    """A wall clock that may be set, and the seconds that really passed."""

    def __init__(self, start: datetime = START) -> None:
        self.instant, self.seconds = start, 0.0

    def now(self) -> datetime:
        return self.instant

    def passed(self) -> float:
        return self.seconds

    def to(self, instant: datetime) -> None:
        """Time passes, as it usually does."""
        self.seconds += (instant - self.instant).total_seconds()
        self.instant = instant

    def set(self, instant: datetime) -> None:
        """Somebody sets the wall clock; no time passes."""
        self.instant = instant

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Make APScheduler, which asks the machine, ask us."""

        class Ours(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return self.instant.astimezone(tz or UTC)

        patch.setattr("apscheduler.schedulers.base.datetime", Ours)


@dataclass
class Asked:
    """A `collect` that succeeds at once, remembers when, and does as `answers` says for single sources.

    With a `store` it writes the records there, for a worker that is to be started again.
    """

    clock: Clock
    store: Store | None = None
    answers: Mapping[str, Callable[[], Outcome]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    def __call__(self, collector: Collector) -> Run:
        outcome = self.answers.get(collector.name, lambda: "ok")()
        now = self.clock.now()
        run = Run(run_id=f"{collector.name}-{len(self.runs)}", source=collector.name, started_at=now, ended_at=now,
                  outcome=outcome)  # fmt: skip
        self.runs.append(run)
        return recorded([run], self.store)[0] if self.store else run

    def at(self, name: str) -> list[datetime]:
        return [run.started_at for run in self.runs if run.source == name]


class Week:
    """Drives a worker from one due job to the next."""

    def __init__(self, worker: Worker, clock: Clock) -> None:
        self.worker, self.clock = worker, clock
        self._busy, self._lock = 0, threading.Lock()
        worker.scheduler.add_listener(lambda _: self._count(1), EVENT_JOB_SUBMITTED)
        worker.scheduler.add_listener(lambda _: self._count(-1), EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)

    def _count(self, change: int) -> None:
        with self._lock:
            self._busy += change

    def until(
        self,
        end: datetime,
        hung: int = 0,
        told: Callable[[datetime], object] = lambda _: None,
        stop: threading.Event | None = None,
    ) -> None:
        """Let time pass. `hung`: how many jobs are expected never to end; `told` hears of every step."""
        while stop is None or not stop.is_set():
            self._settle(hung, stop)
            due = min((job.next_run_time for job in self.worker.scheduler.get_jobs()), default=end)
            if due > end:
                break
            self.clock.to(max(due, self.clock.now()))
            told(self.clock.now())
            self.worker.watch()
        if stop is not None and stop.is_set():
            return
        self.clock.to(max(end, self.clock.now()))
        self.worker.watch()

    def _settle(self, hung: int, stop: threading.Event | None) -> None:
        """Until everything that is due now has run, or we are told to stop."""

        def settled() -> bool:
            jobs = self.worker.scheduler.get_jobs()
            return self._busy <= hung and not [j for j in jobs if j.next_run_time <= self.clock.now()]

        self.worker.scheduler.wakeup()
        end = time.monotonic() + MOST_SECONDS
        while not settled() and not (
            stop and stop.is_set()
        ):  # asked without our lock: the scheduler holds its own when it counts
            assert time.monotonic() < end, "a job did not end"
            time.sleep(0.002)

    def stop(self) -> None:
        self.worker.end(2)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)
