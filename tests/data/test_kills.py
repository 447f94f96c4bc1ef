"""A writer that is killed at any moment loses nothing that it acknowledged, and leaves nothing half done."""

import random
import time
from multiprocessing.context import BaseContext
from pathlib import Path

import polars as pl
import pytest

from data import upkeep
from data.queries import rows_by_run
from data.schema import SUCCESS
from data.store import Store
from tests.data.working import SUBJECTS, TITLES, collect_until_killed


def killed(processes: BaseContext, uri: str, first: int, seconds: float | None) -> int:
    """Start a writer, kill it after some time; the number after the last one that it acknowledged.

    Without a time it is killed as soon as it has acknowledged one.
    """
    ours, theirs = processes.Pipe(duplex=False)
    writer = processes.Process(target=collect_until_killed, args=(uri, first, theirs))
    writer.start()
    theirs.close()
    assert ours.recv() == -1
    done = first
    if seconds is None:
        ours.poll(None)
    elif not ours.poll(0):
        writer.join(seconds)
    writer.kill()
    writer.join()
    while True:
        try:
            done = ours.recv() + 1
        except EOFError:
            return done


def numbers(store: Store) -> dict[str, list[int]]:
    rows = store.read("observations").sort("known_at").select("subject", "value").collect()
    return {s: [int(v) - 1000 for v in rows.filter(pl.col("subject") == s)["value"]] for s in SUBJECTS}


def check(store: Store, acknowledged: int) -> None:
    """Everything acknowledged is there once, in order; every recorded run is whole."""
    assert upkeep.faults(store) == []
    titles = store.read("mentions").select("url").collect()["url"].unique().to_list()
    stored = {int(url.split("/")[3]) for url in titles}
    for found in numbers(store).values():
        assert found == list(range(len(found))), "no value twice, none left out, none out of order"
        assert len(found) >= acknowledged
    assert stored >= set(range(acknowledged))
    assert len(titles) >= acknowledged * TITLES
    runs = store.read("runs").filter(pl.col("outcome").is_in(sorted(SUCCESS))).collect()
    assert len(runs) >= acknowledged
    assert set(runs["rows_seen"]) <= {1 + len(SUBJECTS) + TITLES}
    rows, mentions = (rows_by_run(store, runs["run_id"].to_list(), table) for table in ("observations", "mentions"))
    for run_id, new in runs.select("run_id", "rows_new").iter_rows():
        assert rows.get(run_id, 0) + mentions.get(run_id, 0) == new, "what a record counts is stored"


def kill_repeatedly(processes: BaseContext, store: Store, times: int) -> None:
    chance = random.Random(times)
    done, pace = 0, 0.0
    for number in range(times):
        if number % 10 == 0:  # how long a run takes here and now, so that kills fall into all parts of it
            clock = time.monotonic()
            done = killed(processes, store.uri, done, None)
            pace = time.monotonic() - clock
        done = killed(processes, store.uri, done, chance.uniform(0, 2 * pace))
        upkeep.mend(store)
        check(store, done)
        if number % 10 == 9:
            upkeep.tidy(store)
    killed(processes, store.uri, done, None)
    check(store, done)


def test_ten_kills_lose_nothing(processes: BaseContext, store: Store) -> None:
    kill_repeatedly(processes, store, 10)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_three_hundred_kills_lose_nothing(processes: BaseContext, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "tables"))
    store.create()
    kill_repeatedly(processes, store, 300)
