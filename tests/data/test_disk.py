"""A full disk or a folder that may not be written: a clear error, reads go on, and the next run makes it good."""

import shutil
import tempfile
from collections.abc import Iterator
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest

from collectors.run import run_source
from data import upkeep
from data.store import Store
from tests.data.test_concurrency import started
from tests.data.test_kills import check
from tests.data.working import TOLD, Nothing, numbered, run_as_nobody, run_with_full_disk


@pytest.fixture
def open_store() -> Iterator[Store]:
    """A store with one run, in a folder that every user can enter."""
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    store = Store(str(home / "tables"))
    store.create()
    assert run_source(numbered(0), Nothing(), store).outcome == "ok"
    yield store
    shutil.rmtree(home)


@pytest.mark.parametrize("most_bytes", [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000])
def test_a_disk_that_is_full_at_any_step_is_said_and_the_next_run_makes_it_good(
    processes: BaseContext, open_store: Store, most_bytes: int
) -> None:
    writer = started(processes, run_with_full_disk, open_store.uri, 1, most_bytes)
    writer.join(240)
    assert writer.exitcode == TOLD
    assert upkeep.mend(open_store) == []
    check(open_store, 1)
    assert run_source(numbered(1), Nothing(), open_store).outcome == "ok"
    check(open_store, 2)


def test_a_folder_that_may_only_be_read_is_said_and_can_be_read(processes: BaseContext, open_store: Store) -> None:
    writer = started(processes, run_as_nobody, open_store.uri, 1)
    writer.join(240)
    assert writer.exitcode == TOLD
    check(open_store, 1)
    assert run_source(numbered(1), Nothing(), open_store).outcome == "ok"
    check(open_store, 2)
