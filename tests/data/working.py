"""What the other processes of the concurrency tests do."""

import os
import resource
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from collectors.run import run_source
from collectors.source import Collector, Http, Payload, Row, Source
from data import upkeep
from data.schema import Failure, Indicator, Mention, Refused
from data.store import Store

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SUBJECTS = [f"model {n}" for n in range(8)]
TITLES = 4
NOBODY = 65534
TOLD = 3
"""Exit code of a run that could not be stored, said so in a sentence, and could still read."""
SCORE = Indicator(key="score", title="Score", unit="points", stage="capability", transform="linear", definition="It.")
SOURCE = Source(
    title="T", homepage="https://example.org/", licence="L", credit="C", share="full", every=timedelta(days=1), at_least=1,
    indicators=(SCORE,),
)  # fmt: skip


def elsewhere(environment: dict[str, str], work: Callable[..., Any], *args: Any) -> Any:
    """Do it in this process as if it had been started with that environment."""
    os.environ.update(environment)
    return work(*args)


class Nothing(Http):
    """No network at all."""

    now = NOW

    def get(self, url: str, *, headers: object = None) -> Payload:
        raise Failure("network", f"{url}: no route")


def numbered(number: int) -> Collector:
    """A source whose answer number `number` has a new value for every subject, new titles, and a refused row."""

    def collect(_: Http) -> Iterator[Row]:
        yield Refused(reason=f"odd {number}", row={"number": number})
        for subject in SUBJECTS:
            yield SCORE.observed(date=date(2026, 1, 1), value=1000.0 + number, subject=subject)
        for title in range(TITLES):
            url = f"https://example.org/{number}/{title}"
            yield Mention(at=NOW, title=f"OpenAI and Anthropic, item {number}.{title}", url=url, outlet="O")

    return Collector(name="made_up", source=SOURCE, collect=collect, about="made up")


def collect_until_killed(uri: str, first: int, told: Connection) -> None:
    """Run after run; a number is told when its run is acknowledged."""
    store = Store(uri)
    told.send(-1)
    number = first
    while True:
        run = run_source(numbered(number), Nothing(), store)
        assert run.outcome == "ok", run.error
        told.send(number)
        number += 1


def write_rounds(uri: str, rows: list[list[dict[str, Any]]], mentions: list[dict[str, Any]]) -> None:
    """Several batches of the same points, and mentions, as fast as possible."""
    store = Store(uri)
    store.create()
    for number, batch in enumerate(rows):
        store.append_vintages("observations", batch)
        store.append_new("mentions", mentions[number * 5 : number * 5 + 5])


def tidy_again_and_again(uri: str, stop: Any) -> None:
    """Upkeep without a pause."""
    while not stop.is_set():
        upkeep.tidy(Store(uri))


def read_again_and_again(uri: str, stop: Any, counts: Connection) -> None:
    """A reader that never sees fewer rows than before, nor any fault; tells how often it looked."""
    before = looks = 0
    while not stop.is_set():
        store = Store(uri)
        rows = len(store.read("observations").collect())
        assert rows >= before
        assert upkeep.faults(store) == []
        before, looks = rows, looks + 1
    counts.send(looks)


def run_with_full_disk(uri: str, number: int, most_bytes: int) -> None:
    """One run where no file may grow beyond a size: the system refuses the write, as it does on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    _run_and_tell(uri, number)


def run_as_nobody(uri: str, number: int) -> None:
    """One run of a user who may only read: permissions do not bind root."""
    if os.getuid() == 0:
        with tempfile.TemporaryDirectory() as elsewhere:  # what Python loads late may lie where nobody can read
            other = Store(elsewhere)
            other.create()
            run_source(numbered(number), Nothing(), other)
        os.setuid(NOBODY)
    _run_and_tell(uri, number)


def _run_and_tell(uri: str, number: int) -> None:
    store = Store(uri)
    run = run_source(numbered(number), Nothing(), store)
    readable = len(store.read("observations").collect()) > 0
    told = run.outcome == "storage" and run.error is not None and run.error.startswith("cannot write table ")
    os._exit(TOLD if told and readable else 0 if run.outcome == "ok" else 1)
