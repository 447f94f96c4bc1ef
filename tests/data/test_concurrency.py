"""Several writers, readers and upkeep at once, in a folder and in a bucket: no error, no duplicate, nothing lost."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from data import upkeep
from data.store import Store
from tests.data.test_store import row
from tests.data.working import NOW, elsewhere, read_again_and_again, tidy_again_and_again, write_rounds

WRITERS, ROUNDS, SUBJECTS = 3, 4, 20


def mention(number: int) -> dict[str, Any]:
    text = {
        "source": "s",
        "kind": "press",
        "outlet": "o",
        "title": f"t {number}",
        "url": "https://a.org/",
        "lab": "openai",
    }
    return {
        **text, "id": f"{number:032}", "article_id": f"{number:032}", "publisher_lab": None, "canonical_url": "https://a.org/",
        "published_at": NOW, "precision": "second", "known_at": NOW, "lang": None, "topic": "", "tagger": "1",
        "evidence": None, "month": f"{NOW:%Y-%m}", "run_id": "r",
    }  # fmt: skip


def batches(source: str) -> list[list[dict[str, Any]]]:
    """Rounds in which every value changes, there and back."""
    return [
        [row(float(n % 2), f"m{s}", source=source, date=date(2026, 1, 1 + n % 3)) for s in range(SUBJECTS)]
        for n in range(ROUNDS)
    ]


def started(processes: BaseContext, work: Callable[..., Any], *args: Any) -> BaseProcess:
    process: BaseProcess = processes.Process(target=elsewhere, args=(dict(os.environ), work, *args))  # type: ignore[attr-defined]
    process.start()
    return process


def test_writers_of_the_same_rows_readers_and_upkeep_do_not_disturb_each_other(
    processes: BaseContext, shared_store: Store
) -> None:
    uri, mentions = shared_store.uri, [mention(n) for n in range(ROUNDS * 5)]
    stop = processes.Event()
    ours, theirs = processes.Pipe(duplex=False)
    writers = [started(processes, write_rounds, uri, batches("a"), mentions) for _ in range(WRITERS)]
    writers += [started(processes, write_rounds, uri, batches("b"), [])]
    others = [
        started(processes, tidy_again_and_again, uri, stop),
        started(processes, read_again_and_again, uri, stop, theirs),
    ]
    status = subprocess.run(
        [sys.executable, "-m", "data", "status"], env={**os.environ, "STORE_URI": uri}, capture_output=True, timeout=240
    )
    for writer in writers:
        writer.join(240)
    stop.set()
    for process in others:
        process.join(240)
    assert [p.exitcode for p in (*writers, *others)] == [0] * 6
    assert (status.returncode, status.stderr) == (0, b"")
    assert ours.recv() > 0
    assert upkeep.faults(shared_store) == []
    rows = shared_store.read("observations").collect()
    assert rows.filter(rows["source"] == "b").height == sum(map(len, batches("b"))), "as if it had been alone"
    assert rows.filter(rows["source"] == "a").height >= rows.filter(rows["source"] == "b").height
    assert shared_store.read("mentions").select("id").collect()["id"].sort().to_list() == [m["id"] for m in mentions]


def test_exactly_one_of_several_gets_a_lease(processes: BaseContext, shared_store: Store) -> None:
    with processes.Pool(3) as pool:
        for term in range(5):
            claims = [(dict(os.environ), take, shared_store.uri, term, holder) for holder in range(3)]
            got = pool.starmap(elsewhere, claims)
            assert sorted(got) == [0, 0, 1]


def take(uri: str, term: int, holder: int) -> int:
    """Claim a term, as a worker does in the table of runs."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("bytes_wire", "bytes_body", "rows_seen", "rows_new", "rows_quarantined", "rows_vanished", "requests"), 0
    )
    empty = dict.fromkeys(("http_status", "records", "validators", "error"))
    claim = {"run_id": f"lease-{term}", "source": "worker", "month": "lease", "started_at": NOW, "ended_at": NOW}
    more = {"outcome": "ok", "not_before": NOW, "host": f"{holder}", "url": "", "code_version": ""}
    return Store(uri).append_new("runs", [{**nothing, **empty, **claim, **more}])
