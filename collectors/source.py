"""What a source file declares, and the network as it is handed to `collect`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from collectors import parse
from collectors.counts import Counts
from data.schema import Failure, Indicator, Mention, Observation, Refused, Share

Row = Observation | Mention | Refused
FORETOLD = timedelta(days=1)
"""So far ahead of us a date may lie: it is tomorrow somewhere."""


@dataclass(frozen=True)
class Key:
    """How a publisher is told the key of the setting NAME_KEY: in a header or as a parameter of the address.

    A source file never sees it: the house adds it on the way out, so that no recorded address holds one.
    """

    place: Literal["header", "parameter"]
    name: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """Who publishes, under which terms, how often we ask, and what we expect.

    `at_least` is the row floor of a believable answer. `by_hand` says that nobody is asked: the rows are kept
    in this repository, so that a folder of recorded answers can neither hold nor lack them. `redirects_to`: the
    domains to which its addresses may redirect besides their own; None for any, where the addresses are many. `key`:
    asked only where one is set.
    """

    title: str
    homepage: str
    licence: str
    credit: str
    share: Share
    every: timedelta
    at_least: int
    grace: timedelta = timedelta(days=3)
    indicators: tuple[Indicator, ...] = ()
    counts: Counts | None = None
    closed_on: date | None = None
    by_hand: bool = False
    redirects_to: tuple[str, ...] | None = ()
    key: Key | None = None


@dataclass(frozen=True)
class Collector:
    """A source file seen as something that runs; `name` is its file name."""

    name: str
    source: Source
    collect: Callable[["Http"], Iterator[Row]]
    about: str


@dataclass(frozen=True)
class Payload:
    """The bytes as received, after transport decoding. `unchanged`: the publisher answered 304."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    unchanged: bool = False


@dataclass(frozen=True)
class Traffic:
    """What a run cost and left behind on the wire; nothing for a replay.

    `host` and `not_before` go together: the hosts that asked to be left alone, separated by spaces, and the last
    of the instants that they named; else the host asked last.
    """

    http_status: int | None = None
    requests: int = 0
    bytes_wire: int = 0
    bytes_body: int = 0
    validators: str | None = None
    host: str = ""
    not_before: datetime | None = None
    url: str = ""
    unchanged: bool = False


class Http(ABC):
    """The network as a source sees it. Two kinds exist: the web (`fetch.py`) and a folder (`replay.py`).

    `now` is the instant of the run: a source reads no clock of its own. Every reader raises Failure
    with the class of what went wrong; nothing partial comes back.
    """

    now: datetime
    partial: bool = False
    """Whether there may be less here than the publisher serves, as in a folder of a few recorded answers."""

    @abstractmethod
    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Payload:
        """The answer to a GET, or Failure."""

    def traffic(self) -> Traffic:
        """What has gone over the wire so far."""
        return Traffic()

    def has(self, url: str) -> bool:
        """False only in a replay of a folder that lacks the address."""
        return True

    def lacking(self, what: str) -> Failure:
        """What it means that an answer has none of the parts that a source reads: a new layout, or a partial folder."""
        return Failure("schema", what)

    def first(self, *urls: str) -> Payload:
        """The first address that exists: 404 and 410 fall through to the next."""
        for url in urls[:-1]:
            try:
                return self.get(url)
            except Failure as failure:
                if failure.outcome != "gone":
                    raise
        return self.get(urls[-1])

    def json(self, url: str) -> Any:
        return parse.json_document(self.get(url).body, url)

    def yaml(self, url: str) -> Any:
        return parse.yaml_document(self.get(url).body, url)

    def csv(self, url: str, required: tuple[str, ...], *, ragged: bool = False) -> parse.CsvRows:
        return parse.csv_rows(self.get(url).body, required, url, ragged=ragged)

    def past_day(self, value: object, where: str) -> date:
        """A day that has begun. For what goes into sums, where a row that is put off silently leaves another sum."""
        found = parse.day(value, where)
        if found > (self.now + FORETOLD).date():
            raise Failure("bad_content", f"{where}: a day in the future: {value!r}")
        return found

    def archive(self, url: str) -> Mapping[str, bytes]:
        return parse.zip_members(self.get(url).body, url)
