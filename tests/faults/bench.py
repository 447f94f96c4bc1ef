"""One source on the bench: its publisher, the faults between them, its store, and an instant that we set.

Everything between the source and the socket is the program's own: `Web`, its guard, the archive, the
runner, the tables. Only the last step is bent: an address of a known publisher is asked of the fault
server on the loopback, any other one is asked as it stands, so that a forbidden address is refused
(or not) by the code that has to refuse it.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

import polars as pl

from collectors.archive import Archive
from collectors.fetch import Pace, Web, validators_from_json
from collectors.registry import one
from collectors.run import run_source
from collectors.source import Http, Payload
from data import queries
from data.schema import OBSERVATIONS, SUCCESS, Failure, Mention, Observation, Run
from data.store import Store
from data.vintages import as_of
from tests.conftest import NOW
from tests.faults import documents
from tests.faults.documents import as_day, as_instant, as_number
from tests.faults.publishers import Honest, Publisher
from tests.faults.server import Call, Fault, FaultServer, answer, head

CONTACT = "bench@example.org"


class Clock:
    """Simulated time in seconds since `NOW`; it passes only when somebody sleeps or `to` moves it."""

    def __init__(self) -> None:
        self._seconds, self._lock = 0.0, threading.Lock()

    def time(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._seconds += seconds

    def to(self, instant: datetime) -> None:
        with self._lock:
            self._seconds = max(self._seconds, (instant - NOW).total_seconds())

    @property
    def instant(self) -> datetime:
        return NOW + timedelta(seconds=self._seconds)


@dataclass
class Ask:
    """One request as a fault sees it; `number` counts the requests for this address in this run, from 0."""

    url: str
    call: Call
    honest: Honest
    number: int
    port: int
    at: datetime

    @property
    def body(self) -> bytes:
        return self.honest.body

    @property
    def form(self) -> str:
        return documents.form_of(self.url, self.honest.body)


@dataclass
class Logged:
    """One line of the request log.

    `changed`: what was sent is not what an honest publisher would have sent. `good`: its run ended well.
    """

    source: str
    url: str
    at: datetime
    call: Call
    honest: bytes
    fault: str
    wait: timedelta | None = None
    good: bool = False

    @property
    def changed(self) -> bool:
        return bytes(self.call.record) != self.honest[: len(self.call.record) or None]

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


def honestly(honest: Honest | None, headers: Mapping[str, str], now: datetime) -> bytes:
    """The bytes of a well-behaved server: 304 to whoever shows the ETag, else the body with it."""
    if honest is None:
        return head(404, content_length="4") + b"gone"
    if headers.get("if-none-match") == honest.etag:
        return head(304, etag=honest.etag)
    length = str(len(honest.body))
    return head(200, content_type=honest.type, etag=honest.etag, content_length=length) + honest.body


@dataclass(frozen=True)
class Target:
    """What a fault is aimed at: an address, and for changes of content a key and which of its values."""

    url: str
    key: str = ""
    only: int | None = None


class Wire(Web):
    """The web, with the publisher of one source on the loopback."""

    def __init__(self, bench: "Bench", **settings: Any) -> None:
        super().__init__(**settings)
        self.bench, self.longest = bench, 0.0

    def has(self, url: str) -> bool:
        return self.bench.publisher.answer(url, self.now) is not None

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Payload:
        start = time.monotonic()
        try:
            return super().get(url, headers=headers)
        finally:
            self.longest = max(self.longest, time.monotonic() - start)

    def _converse(self, url: str, headers: Mapping[str, str], guard: Any) -> Any:
        parts = urlsplit(url)
        if parts.hostname in self.bench.publisher.hosts and parts.scheme in ("http", "https"):
            guard._allow_private = True
            rest = url.partition("://")[2]
            url = f"http://127.0.0.1:{self.bench.server.port}/{self.bench.name}/{parts.scheme}/{rest}"
        return super()._converse(url, headers, guard)


class Bench:
    """See the top of this file. `case` is the fault in force, None for an honest publisher."""

    def __init__(
        self,
        name: str,
        server: FaultServer,
        folder: Path,
        *,
        publisher: Publisher | None = None,
        beside: "Bench | None" = None,
    ) -> None:
        """With `beside` it shares clock, pace, tables and archive with another one, as sources of one worker do."""
        self.name, self.server, self.folder = name, server, folder
        self.collector = one(name)
        self.publisher = publisher or Publisher(name)
        self.clock = beside.clock if beside else Clock()
        self.store = beside.store if beside else Store(str(folder / "tables"))
        self.archive = beside.archive if beside else Archive(folder / "payloads", 50_000_000)
        self.pace = beside.pace if beside else Pace(clock=self.clock.time, sleep=self.clock.sleep)
        self.log: list[Logged] = []
        self.fault: tuple[Any, Target] | None = None
        self.wire: Wire | None = None
        self._asked: dict[str, int] = {}

    def copy(self, folder: Path) -> "Bench":
        """The same bench with its own tables and archive, to be spoilt."""
        shutil.copytree(self.folder, folder)
        made = Bench(self.name, self.server, folder, publisher=self.publisher)
        made.clock.to(self.clock.instant)
        return made

    def run(self, at: datetime, fault: tuple[Any, Target] | None = None, *, seconds: float = 20) -> Run:
        """One run at an instant, as a worker that has just started would do it."""
        self.clock.to(at)
        self.fault, self._asked = fault, {}
        self.wire = Wire(
            self,
            now=at,
            contact=CONTACT,
            seconds=seconds,
            archive=self.archive,
            pace=self.pace,
            validators=validators_from_json(queries.validators(self.store, self.name)),
            blocked=queries.blocked_hosts(self.store, at),
        )
        begun = len(self.log)
        run = run_source(self.collector, self.wire, self.store, at=at)
        for line in self.log[begun:]:
            line.good = run.outcome in SUCCESS
        return run

    def site(self, call: Call) -> Fault:
        """What the server answers to a call of this source."""
        _, _, scheme, rest = call.path.split("/", 3)
        url = f"{scheme}://{rest}"
        plain = url.split("#")[0].partition("moved=")[0].rstrip("?&")
        honest = self.publisher.answer(plain, self.clock.instant)
        right = honestly(honest, call.headers, self.clock.instant)
        line = Logged(self.name, url, self.clock.instant, call, right, "")
        self.log.append(line)
        if self.fault is None or honest is None:
            return _raw(right)
        case, target = self.fault
        number = self._asked.get(plain, 0)
        self._asked[plain] = number + 1
        wrong: Fault | None = case.answer(
            Ask(url, call, honest, number, self.server.port, self.clock.instant), target, plain
        )
        if wrong is None:
            return _raw(right)
        line.fault, line.wait = case.id, case.wait
        return wrong

    def changed(self) -> bool:
        """Whether anything that was sent differed from the honest answers. Waits for the server to finish."""
        self.server.settled()
        return any(line.changed for line in self.log)


def _raw(content: bytes) -> Fault:
    def honest(call: Call) -> None:
        call.send(content)

    return honest


@contextmanager
def serving() -> Iterator[FaultServer]:
    """A fault server that knows no publisher yet: `attach` benches to it."""
    benches: dict[str, Bench] = {}

    def site(call: Call) -> Fault:
        name = call.path.split("/", 2)[1]
        return benches[name].site(call) if name in benches else answer(b"nobody", status=599)

    with FaultServer(site=site) as server:
        server.benches = benches  # type: ignore[attr-defined]
        yield server


def attach(bench: Bench) -> Bench:
    """From now on the server answers for this bench under the name of its source."""
    bench.server.benches[bench.name] = bench  # type: ignore[attr-defined]
    bench.server.calls.clear()
    return bench


# Aiming


class Canned(Http):
    """Answers from memory; notes what was asked."""

    def __init__(self, publisher: Publisher, now: datetime, instead: Mapping[str, bytes]) -> None:
        self.now, self.publisher, self.instead = now, publisher, instead
        self.asked: dict[str, bytes] = {}

    def has(self, url: str) -> bool:
        return self.publisher.answer(url, self.now) is not None

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Payload:
        honest = self.publisher.answer(url, self.now)
        if honest is None:
            raise Failure("gone", url)
        self.asked[url] = honest.body
        return Payload(url, 200, {}, self.instead.get(url, honest.body))


Facts = dict[object, object]


def facts(rows: Any) -> Facts:
    """What was collected, as values by point."""
    found: Facts = {}
    for row in rows:
        if isinstance(row, Observation):
            found[row.point] = (row.value, row.low, row.high, row.bound)
        elif isinstance(row, Mention):
            found[row.native_key] = (row.title, row.at)
    return found


@dataclass
class Aim:
    """What a source reads at an instant, found by trial."""

    publisher: Publisher
    collect: Callable[[Http], Any]
    at: datetime
    asked: dict[str, bytes] = field(default_factory=dict)
    honest: Facts = field(default_factory=dict)
    _docs: dict[str, Any] = field(default_factory=dict)
    _found: dict[str, list[Target]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        http = Canned(self.publisher, self.at, {})
        self.honest = facts(self.collect(http))
        self.asked = http.asked

    @property
    def urls(self) -> list[str]:
        return list(self.asked)

    def form(self, url: str) -> str:
        return documents.form_of(url, self.asked[url])

    def document(self, url: str) -> Any:
        if url not in self._docs:
            self._docs[url] = documents.load(self.form(url), self.asked[url])
        return self._docs[url]

    def tried(self, url: str, document: Any) -> Facts | None:
        """What would be collected with another document at this address; None where collecting fails."""
        try:
            return facts(self.collect(Canned(self.publisher, self.at, {url: documents.dump(self.form(url), document)})))
        except Exception:
            return None

    def fields(self, kind: str) -> list[Target]:
        """Addresses and keys of which `kind` holds: needed, value, day or text."""
        if kind not in self._found:
            self._found[kind] = [t for url in self._samples() for t in self._fields(kind, url)]
        return self._found[kind]

    def _samples(self) -> list[str]:
        """One address for each shape of answer: a search asked forty times is one."""
        shapes: dict[object, str] = {}
        for url in self.urls:
            shapes.setdefault((urlsplit(url)[:2], *sorted(documents.keys_of(self.document(url)))), url)
        return list(shapes.values())

    def _fields(self, kind: str, url: str) -> Iterator[Target]:
        document = self.document(url)
        for key in documents.keys_of(document):
            if kind == "needed":
                if self.tried(url, documents.renamed(document, key, f"{key} v2")) is None:
                    yield Target(url, key)
            elif self._reads(kind, url, document, key):
                yield Target(url, key)

    def _reads(self, kind: str, url: str, document: Any, key: str) -> bool:
        probe = PROBES[kind]
        changed = documents.at_key(document, key, probe)
        if changed == document:
            return False
        got = self.tried(url, changed)
        return got is not None and got != self.honest and MEANT[kind](self.honest, got)

    def target(self, kind: str, scope: str, rng: Random) -> Target | None:
        """A seeded choice among what the source reads; one value that counts, for scope "one"."""
        found = self.fields(kind)
        if not found:
            return None
        chosen = rng.choice(found)
        if scope == "all":
            return chosen
        document = self.document(chosen.url)
        count = documents.leaves(document, chosen.key)
        for only in rng.sample(range(count), min(count, 25)):
            changed = documents.at_key(document, chosen.key, PROBES[kind], only)
            got = self.tried(chosen.url, changed) if changed != document else self.honest
            if got is not None and got != self.honest:
                return Target(chosen.url, chosen.key, only)
        return None


def _earlier(key: str, value: Any) -> Any:
    if as_instant(key, value) is not None:
        return value - (86_400 if value < 1e11 else 86_400_000)
    day = as_day(value)
    if day is None or as_number(value) is not None:
        return value
    made = day - timedelta(days=1)
    return made.isoformat() + value[10:] if isinstance(value, str) else made


def _longer(_: str, value: Any) -> Any:
    return f"{value}x" if isinstance(value, str) and as_day(value) is None and as_number(value) is None else value


PROBES: Mapping[str, Callable[[str, Any], Any]] = {
    "value": documents.scaled(0.99),
    "day": _earlier,
    "text": _longer,
}


def _values_moved(before: Facts, after: Facts) -> bool:
    numbers = {k: v for k, v in before.items() if isinstance(k, tuple)}
    return any(k in after and after[k][0] != v[0] for k, v in numbers.items())  # type: ignore[index]


MEANT: Mapping[str, Callable[[Facts, Facts], bool]] = {
    "value": _values_moved,
    "day": lambda before, after: before != after,
    "text": lambda before, after: before != after,
}

_AIMS: dict[tuple[str, datetime], Aim] = {}


def aim(bench: Bench, at: datetime) -> Aim:
    """What the source of a bench reads at an instant, undrifted; kept, since it takes a second to find out."""
    key = (bench.name, at)
    if key not in _AIMS:
        _AIMS[key] = Aim(Publisher(bench.name), bench.collector.collect, at)
    return _AIMS[key]


def aim_again(bench: Bench, at: datetime, known: Aim) -> Aim:
    """The same for an instant of a simulated week, where only the values have moved since `known`."""
    made = Aim(bench.publisher, bench.collector.collect, at)
    if set(made.urls) == set(known.urls):
        made._found = known._found
    return made


# What is stored


def current(store: Store, at: datetime) -> Facts:
    """Every value as known at an instant, and every mention."""
    rows = as_of(store.read("observations"), at).filter(pl.col("value").is_not_null())
    names = (*OBSERVATIONS.point, *OBSERVATIONS.compared)
    found: Facts = {row[:5]: row[5:] for row in rows.select(names).collect().iter_rows()}
    # an article without a date is dated when it was first seen, which depends on when one could look
    dated = pl.when(pl.col("precision") != "seen").then(pl.col("published_at"))
    mentions = store.read("mentions").select("id", "title", "url", dated.alias("at")).collect()
    return found | {row[0]: row[1:] for row in mentions.iter_rows()}


def first_known(store: Store) -> dict[tuple[Any, ...], datetime]:
    """When each value became known."""
    rows = store.read("observations").group_by(OBSERVATIONS.point).agg(pl.col("known_at").min()).collect()
    return {row[:5]: row[5] for row in rows.iter_rows()}


def damage(store: Store) -> list[str]:
    """What is wrong with the tables themselves: keys twice, chains of vintages that fork or begin twice."""
    wrong = []
    for name, key in (("observations", "row_id"), ("mentions", "id"), ("runs", "run_id"), ("quarantine", "q_id")):
        keys = store.read(name).select(key).collect()[key]
        if keys.n_unique() != len(keys):
            wrong.append(f"{name}: a {key} stands twice")
    rows = store.read("observations").select("row_id", "prev_id", *OBSERVATIONS.point).collect()
    chained = rows.filter(pl.col("prev_id").is_not_null())
    if chained["prev_id"].n_unique() != len(chained):
        wrong.append("observations: a chain of vintages forks")
    if not set(chained["prev_id"]) <= set(rows["row_id"]):
        wrong.append("observations: a vintage follows one that does not exist")
    firsts = rows.filter(pl.col("prev_id").is_null())
    if firsts.select(OBSERVATIONS.point).n_unique() != len(firsts):
        wrong.append("observations: a point has two first vintages")
    return wrong


def seed(*parts: object) -> int:
    return crc32(repr(parts).encode())
