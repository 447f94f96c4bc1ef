"""Two workers over one store: one works, the other stands by, and takes over when the first is gone."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.lease import TERM, FileTurn, StoredTurn, turn_over
from data import queries
from data.schema import Failure
from data.store import Store
from tests.collectors.simulated import Clock


def test_a_folder_is_locked_and_a_bucket_is_leased(tmp_path: Path) -> None:
    assert isinstance(turn_over(Store(str(tmp_path))), FileTurn)
    assert isinstance(turn_over(Store("s3://bucket/tables")), StoredTurn)


def test_the_lock_of_a_killed_worker_is_free_at_once(tmp_path: Path) -> None:
    lock = tmp_path / ".worker.lock"
    holds = f"""
import time
from pathlib import Path
from collectors.lease import FileTurn
turn = FileTurn(Path({str(lock)!r}))
print(turn.take(), flush=True)
time.sleep(60)
"""
    other = subprocess.Popen([sys.executable, "-c", holds], stdout=subprocess.PIPE, text=True,
                             cwd=Path(__file__).parents[2])  # fmt: skip
    assert other.stdout
    assert other.stdout.readline() == "True\n"
    mine = FileTurn(lock)
    assert not mine.take()
    assert lock.read_text() == f"{other.pid}\n"
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    other.stdout.close()
    assert mine.take()
    assert mine.take(), "and stays ours"


def test_a_turn_that_is_released_can_be_taken(tmp_path: Path) -> None:
    first, second = FileTurn(tmp_path / "lock"), FileTurn(tmp_path / "lock")
    assert first.take()
    first.release()
    assert second.take()


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot open"):
        FileTurn(tmp_path / "absent" / "lock").take()


def test_a_lease_is_kept_by_renewing_and_lost_by_silence(store: Store) -> None:
    clock = Clock()
    first, second = (StoredTurn(store, name, clock.now) for name in ("first", "second"))
    assert first.take()
    for _ in range(40):
        clock.to(clock.now() + timedelta(minutes=1))
        assert first.take()
        assert not second.take()
    clock.to(clock.now() + TERM)  # the first one says nothing any more
    assert second.take()
    assert not first.take(), "it wakes up, and learns that its turn is over"
    rows = len(store.read("runs").collect())
    assert rows <= 10, "a renewal is a commit, so that few are made"
    second.release()
    assert first.take(), "at once"


def test_one_of_many_racing_workers_gets_the_lease(store: Store) -> None:
    clock = Clock()
    for term in range(5):
        turns = [StoredTurn(store, f"worker-{term}-{n}", clock.now) for n in range(4)]
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(lambda turn: turn.take(), turns)) == 1
        clock.to(clock.now() + 2 * TERM)


def test_a_lease_of_the_far_future_does_not_lock_everybody_out(store: Store) -> None:
    clock = Clock()
    clock.set(clock.now() + timedelta(days=365))
    assert StoredTurn(store, "from the future", clock.now).take()
    clock.set(clock.now() - timedelta(days=365))
    assert StoredTurn(store, "of today", clock.now).take()


def test_leases_are_no_runs(store: Store) -> None:
    assert StoredTurn(store, "worker").take()
    assert len(queries.runs(store)) == 0
    assert not queries.source_states(store)
