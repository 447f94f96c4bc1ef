"""The worker of a soak, a process of its own that may be killed: real but for its clock and where publishers are.

`python -m tests.soak.worker FOLDER PORT FROM TO SOURCES SECONDS`. It prints how far it has come whenever time moves
on, and twice a day its figures, having rested for so many seconds.
"""

import collectors.allocators  # noqa: F401 - as in `python -m collectors`

# isort: split

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from collectors import schedule
from collectors.archive import Archive
from collectors.fetch import Pace, Web, validators_from_json
from collectors.lease import turn_over
from collectors.registry import one
from collectors.run import run_source
from collectors.schedule import Worker
from collectors.source import Collector
from data import queries, upkeep
from data.schema import Run
from data.store import Store
from tests.collectors.simulated import Clock, Week

SECONDS = 2.0
"""Deadline of a request; a publisher that drips does so for longer."""
LOOK = timedelta(hours=12)
REST = 11.0
"""Seconds after which the pools of deltalake and polars have ended their idle threads. A real worker is idle for most
of its time; a simulated one never is, and its threads say what its busiest moment wanted."""


class Passing(Clock):
    """A simulated clock that also moves when somebody waits for a host's turn."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.to(self.now() + timedelta(seconds=seconds))


class Bent(Web):
    """The web, with every publisher on the loopback, under the name of its source and the simulated instant."""

    def __init__(self, name: str, port: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._name, self._port = name, port

    def _converse(self, url: str, headers: Mapping[str, str], guard: Any) -> Any:
        parts = urlsplit(url)
        if not parts.path.startswith("/fault") and parts.hostname != "127.0.0.1":
            guard._allow_private = True
            rest = url.partition("://")[2]
            url = f"http://127.0.0.1:{self._port}/{self._name}@{self.now.isoformat()}/{parts.scheme}/{rest}"
        return super()._converse(url, headers, guard)


def figures() -> dict[str, float]:
    """Memory in megabytes, threads and open files of this process."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "rss": int(status["VmRSS"].split()[0]) / 1024,
        "threads": int(status["Threads"]),
        "files": len(os.listdir("/proc/self/fd")),
    }


def main(folder: Path, port: int, start: datetime, end: datetime, names: list[str], rest: float) -> None:
    clock, store = Passing(start), Store(str(folder / "tables"))
    pace, archive = Pace(clock=clock.passed, sleep=clock.sleep), Archive(folder / "payloads", 50_000_000)
    clock.install(pytest.MonkeyPatch())
    turn = turn_over(store)
    assert turn.take(), "the one before is dead, so that its lock is free"

    def collect(collector: Collector) -> Run:
        now = clock.now()
        web = Bent(
            collector.name, port, now=now, contact="soak@example.org", seconds=SECONDS, archive=archive, pace=pace,
            validators=validators_from_json(queries.validators(store, collector.name)),
            blocked=queries.blocked_hosts(store, now),
        )  # fmt: skip
        return run_source(collector, web, store, at=now)

    worker = Worker(store, {name: one(name) for name in names}, collect, keep=lambda: upkeep.tidy(store),
                    now=clock.now, passed=clock.passed, jitter=0)  # fmt: skip
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    week = Week(worker, clock)
    worker.begin()
    at = start
    while at < end and not stop.is_set():
        at = min(at + LOOK, end)
        week.until(at, told=lambda instant: print(json.dumps({"at": instant.isoformat()}), flush=True), stop=stop)
        busiest = figures()["threads"]
        stop.wait(rest)
        print(json.dumps({"at": clock.now().isoformat(), **figures(), "busiest": busiest}), flush=True)
    worker.end(schedule.SECONDS_TO_STOP)
    if not stop.is_set():  # an edition that came out just now is known in one weather and due in the other
        for collector in worker.collectors.values():
            collect(collector)
    turn.release()
    os._exit(0)


if __name__ == "__main__":
    logging.getLogger("collectors").setLevel(logging.CRITICAL + 1)
    os.sync = lambda: None  # type: ignore[method-assign]  # no power is cut here
    _, folder, port, start, end, names, rest = sys.argv
    main(
        Path(folder),
        int(port),
        datetime.fromisoformat(start),
        datetime.fromisoformat(end),
        names.split(","),
        float(rest),
    )
