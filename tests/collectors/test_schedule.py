"""When a source is due, from what the run records say."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.registry import all_collectors, one
from collectors.schedule import due
from data import queries
from data.queries import SourceState
from data.store import Store
from tests.conftest import installed

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOME = Path(__file__).parents[2]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAILY = one("epoch_eci")


def state(tried: timedelta, failures: int = 0, not_before: datetime | None = None) -> SourceState:
    return SourceState(
        source="epoch_eci", last_good=None, last_try=NOW - tried, failures=failures, outcome="", error="", is_baseline=False,
        newest_known_at=None, not_before=not_before,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "wait"),
    [
        (None, timedelta()),
        (state(HOUR), 23 * HOUR),
        (state(3 * DAY), timedelta()),
        (state(timedelta(), failures=1), HOUR),
        (state(timedelta(), failures=3), 4 * HOUR),
        (state(timedelta(), failures=40), DAY),
        (state(DAY, not_before=NOW + 2 * HOUR), 2 * HOUR),
    ],
    ids=[
        "never tried",
        "an hour ago",
        "missed while off",
        "failed once",
        "failed thrice",
        "fails for long",
        "asked to wait",
    ],
)
def test_due(known: SourceState | None, wait: timedelta) -> None:
    assert due(DAILY, known, NOW) == NOW + wait


def test_a_worker_restarted_every_hour_asks_a_daily_source_once_a_day() -> None:
    asked, tried = 0, NOW
    for hour in range(1, 24 * 7 + 1):
        now = NOW + hour * HOUR
        since = state(NOW - tried)
        if due(DAILY, since, now) <= now:
            asked, tried = asked + 1, now
    assert asked == 7


def tried(store: Store) -> set[str]:
    runs = queries.runs(store)
    return set(runs["outcome"][runs["source"] == "metr_horizons"])


def test_sigterm_ends_the_worker_cleanly_with_the_baseline_loaded(tmp_path: Path) -> None:
    here = {
        **os.environ,
        "STORE_URI": str(tmp_path / "tables"),
        "PAYLOADS": str(tmp_path / "payloads"),
        "FETCH_SECONDS": "1",
    }
    worker = subprocess.Popen([sys.executable, "-c", NO_NETWORK], env=here, cwd=HOME, stderr=subprocess.PIPE, text=True)
    store = Store(str(tmp_path / "tables"))
    deadline = time.monotonic() + 120
    while not tried(store) and time.monotonic() < deadline:
        time.sleep(0.2)
    worker.send_signal(signal.SIGTERM)
    told = worker.communicate(timeout=30)[1]  # the soak reports how soon: three seconds are promised
    assert worker.returncode == 0, told
    assert "worker=stopped" in told
    first = re.search(r"worker=working sources=(\d+) off=(\d+) ", told)
    assert first is not None
    assert int(first[1]) + int(first[2]) == len(all_collectors())
    assert int(first[2]) > 0
    assert queries.status(store)["tables"]["observations"]["rows"] > 500
    assert tried(store) == {"network"}


def test_a_second_worker_stands_by_and_takes_over_when_the_first_is_killed(prepared: Path, tmp_path: Path) -> None:
    installed(prepared, tmp_path)
    here = {
        **os.environ,
        "STORE_URI": str(tmp_path / "tables"),
        "PAYLOADS": str(tmp_path / "payloads"),
        "FETCH_SECONDS": "1",
    }
    workers, logs = [], []
    try:
        for number in range(2):
            logs.append(tmp_path / f"{number}.log")
            with logs[number].open("w") as log:
                workers.append(subprocess.Popen([sys.executable, "-c", NO_NETWORK], env=here, cwd=HOME, stderr=log))
            said(logs[number], ("worker=working", "worker=standing_by")[number])
        assert "worker=working" not in logs[1].read_text()
        workers[0].kill()
        said(logs[1], "worker=working")
        said(logs[1], "outcome=network")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def said(log: Path, words: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while words not in log.read_text():
        assert time.monotonic() < deadline, f"{words} was not said: {log.read_text()}"
        time.sleep(0.1)


# the worker itself, with a network that refuses every connection: tests never leave this machine
NO_NETWORK = """
import socket, sys
def refuse(*args, **kwargs): raise OSError("no network in tests")
socket.create_connection = socket.getaddrinfo = refuse
from collectors.__main__ import main
sys.exit(main(["schedule"]))
"""
