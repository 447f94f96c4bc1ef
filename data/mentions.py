"""Mentions, a page at a time, newest first; however many there are, only the months that a page needs are read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

import narwhals as nw
import polars as pl

from data.frames import Rows, as_polars
from data.queries import known
from data.resources import current_tagger
from data.store import Store
from data.terms import licence_column, sources_to_pass_on, terms
from data.text import safe_link

COLUMNS = (
    "published_at", "precision", "lab", "topic", "kind", "outlet", "publisher_lab", "title", "url", "lang", "source",
    "licence", "known_at", "article_id", "id",
)  # fmt: skip
STORED = tuple(c for c in COLUMNS if c != "licence")
_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z_([0-9a-f]{1,64})", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """The last row of a page; the next one begins after it."""

    published_at: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.published_at:%Y-%m-%dT%H:%M:%S.%f}Z_{self.id}"

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """The cursor that a text names; None for what is none."""
        found = _CURSOR.fullmatch(text)
        try:
            return cls(datetime.fromisoformat(found[1]).replace(tzinfo=UTC), found[2]) if found else None
        except ValueError:
            return None


@dataclass(frozen=True)
class Wanted:
    """Which mentions: rows that name one of the labs, the topic, the kind; first and last day of publication."""

    labs: tuple[str, ...] = ()
    topic: str = ""
    kind: str = ""
    search: str = ""
    first: date | None = None
    last: date | None = None
    instant: datetime | None = None


def page(store: Store, wanted: Wanted, most: int, after: Cursor | None = None) -> tuple[pl.DataFrame, Cursor | None]:
    """At most `most` rows that may leave, and where the next page begins; None on the last one.

    One row an article, lab and topic, by the newest list of names; what names nobody is left out.
    """
    permitted = terms(store, wanted.instant)
    rows = chosen(store, wanted).filter(nw.col("source").is_in(sources_to_pass_on(permitted)))
    if after is not None:
        at, same = nw.col("published_at"), nw.col("published_at") == after.published_at
        rows = rows.filter(nw.col("month") <= f"{after.published_at:%Y-%m}").filter(
            (at < after.published_at) | (same & (nw.col("id") > after.id))
        )
    months = as_polars(rows.select("month").unique())["month"].sort(descending=True).to_list()
    found: list[pl.DataFrame] = []
    while months and (missing := most + 1 - sum(map(len, found))) > 0:
        # most pages are filled by the newest month; a rare word is looked for in ever longer stretches
        some, months = months[: 4 ** len(found)], months[4 ** len(found) :]
        piece = rows.filter(nw.col("month").is_in(some)).sort("published_at", "id", descending=[True, False])
        found.append(as_polars(piece.head(missing)))
    listed = pl.concat(found) if found else as_polars(rows.head(0))
    listed = listed.join(licence_column(permitted).collect(), on="source", how="left", maintain_order="left")
    shown = listed.select(COLUMNS).head(most)
    shown = shown.with_columns(pl.Series("url", [safe_link(url) for url in shown["url"]], dtype=pl.String))
    last = shown.select("published_at", "id").tail(1).rows()
    return shown, Cursor(*last[0]) if len(listed) > most else None


def daily(store: Store, wanted: Wanted) -> pl.DataFrame:
    """day, lab, topic, articles: how many articles named them, by day of publication; what names nobody is left out.

    An article counts once a lab and topic. Sorted by day, lab and topic.
    """
    counted = (
        chosen(store, wanted)
        .with_columns(day=nw.col("published_at").dt.date())
        .group_by("day", "lab", "topic")
        .agg(articles=nw.col("id").len().cast(nw.Int64))  # one row an article, lab and topic
    )
    return as_polars(counted.sort("day", "lab", "topic"))


def chosen(store: Store, wanted: Wanted) -> Rows:
    """The rows wanted, one an article, lab and topic, by the newest list of names."""
    tagger = _tagger(store, wanted.instant, store.version("mentions"))
    rows = known(store.rows("mentions"), wanted.instant)
    return rows.filter(nw.col("tagger") == tagger).filter(*_conditions(wanted))


@lru_cache(64)
def _tagger(store: Store, instant: datetime | None, _: int) -> str:
    """Which list of names is the newest; it takes a look at all rows, so once a version of the table is enough."""
    return current_tagger(known(store.rows("mentions"), instant))


def _conditions(wanted: Wanted) -> Iterator[nw.Expr]:
    yield (nw.col("lab") != "") | (nw.col("topic") != "")
    if wanted.labs:
        yield nw.col("lab").is_in(list(wanted.labs))
    if wanted.topic:
        yield nw.col("topic") == wanted.topic
    if wanted.kind:
        yield nw.col("kind") == wanted.kind
    if wanted.search:
        yield nw.col("title").str.to_lowercase().str.contains(wanted.search.lower(), literal=True)
    day = nw.col("published_at").dt.date()
    if wanted.first:  # the month is what prunes
        yield nw.col("month") >= f"{wanted.first:%Y-%m}"
        yield day >= wanted.first
    if wanted.last:
        yield nw.col("month") <= f"{wanted.last:%Y-%m}"
        yield day <= wanted.last
