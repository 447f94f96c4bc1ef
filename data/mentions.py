"""Mentions, a page at a time, newest first, and their numbers by day.

However many there are, only the months that a page needs are read; numbers come from the daily counts that each run
keeps, never from titles.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import narwhals as nw
import polars as pl

from data import tidy
from data.frames import Rows, as_polars, lazily
from data.queries import DAILY, known
from data.resources import current_tagger, linked
from data.schema import BASELINE
from data.store import Store
from data.stories import Article, stories
from data.terms import licence_column, sources_to_pass_on, terms
from data.text import safe_link
from data.vintages import latest

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
    """Which mentions: rows that name one of the labs, the topic, the kind; first and last day of publication.

    `not_kind` leaves a kind out, such as the labs' own posts.
    """

    labs: tuple[str, ...] = ()
    topic: str = ""
    kind: str = ""
    not_kind: str = ""
    source: str = ""
    outlet: str = ""
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
        rows = rows.filter((at < after.published_at) | (same & (nw.col("id") > after.id)))
    upto = f"{after.published_at:%Y-%m}" if after else ""
    listed = _newest(rows, _stretches(store, upto), most + 1)
    listed = listed.join(licence_column(permitted).collect(), on="source", how="left", maintain_order="left")
    shown = listed.select(COLUMNS).head(most)
    shown = shown.with_columns(pl.Series("url", [safe_link(url) for url in shown["url"]], dtype=pl.String))
    last = shown.select("published_at", "id").tail(1).rows()
    return shown, Cursor(*last[0]) if len(listed) > most else None


def save(store: Store, wanted: Wanted, path: Path) -> None:
    """All rows that may leave as one CSV, however many there are, in the order of the table: month by month.

    One row an article, lab and topic, by the newest list of names; what names nobody is left out.
    """
    permitted = terms(store, wanted.instant)
    rows = lazily(chosen(store, wanted).filter(nw.col("source").is_in(sources_to_pass_on(permitted))))
    # the licence is made a cell once a source, and not once a row
    cells, licences = tidy.cells(linked(rows.select(STORED))), tidy.cells(licence_column(permitted))
    tidy.csv_file(cells.join(licences, on="source", how="left", maintain_order="left").select(COLUMNS), path)


def absent(store: Store, wanted: Wanted) -> list[str]:
    """Labs and topics that are asked for and that no mention names: spelled otherwise, or not met yet."""
    named = as_polars(_current(store, wanted.instant).select("lab", "topic").unique())
    asked = [("lab", name) for name in wanted.labs] + ([("topic", wanted.topic)] if wanted.topic else [])
    return [name for column, name in asked if name not in named[column]]


def _newest(rows: Rows, stretches: Iterable[list[str]], most: int) -> pl.DataFrame:
    """The newest rows whole: first which they are, by few columns, then all columns of the parts that they lie in."""
    found: list[pl.DataFrame] = []
    for months in stretches:
        if (missing := most - sum(map(len, found))) <= 0:
            break
        piece = rows.filter(nw.col("month").is_in(months)).select("published_at", "id", "month", "lab")
        found.append(as_polars(piece.sort("published_at", "id", descending=[True, False]).head(missing)))
    which = pl.concat(found) if found else pl.DataFrame(schema={"id": pl.String, "month": pl.String, "lab": pl.String})
    these = (nw.col(name).is_in(which[name].unique().sort().to_list()) for name in ("month", "lab", "id"))
    return as_polars(rows.filter(*these)).sort("published_at", "id", descending=[True, False])


def counted(store: Store, wanted: Wanted) -> pl.DataFrame:
    """day, lab, topic, articles: how many articles named them, by day of publication; what names nobody is left out.

    An article counts once a lab and topic. Sorted by day, lab and topic.
    """
    counted = (
        chosen(store, wanted)
        .with_columns(day=nw.col("published_at").dt.date())
        .group_by("day", "lab", "topic")
        .agg(articles=nw.len().cast(nw.Int64))  # one row an article, lab and topic
    )
    return as_polars(counted.sort("day", "lab", "topic"))


def articles(store: Store, wanted: Wanted, most: int) -> pl.DataFrame:
    """The newest `most` articles that are wanted, one row each, for the screen: not all of them may leave.

    `labs` and `topics` are all that an article names; `story` is the article that its story began with, among these,
    and `outlets` how many had that story; `may_leave` whether the publisher lets its row be passed on.
    """
    current = _current(store, wanted.instant)
    rows = current.filter(*_conditions(wanted))
    months: list[str] = []
    ids: dict[str, None] = {}
    for some in _stretches(store):
        if len(ids) >= most:
            break
        months += some
        piece = as_polars(rows.filter(nw.col("month").is_in(some)).select("article_id", "published_at"))
        ids |= dict.fromkeys(piece.sort("published_at", "article_id", descending=[True, False])["article_id"])
    newest = as_polars(current.filter(nw.col("month").is_in(months), nw.col("article_id").is_in(list(ids)[:most])))
    named = newest.group_by("article_id").agg(
        pl.col("published_at", "precision", "kind", "outlet", "publisher_lab", "title", "url", "canonical_url").first(),
        pl.col("source", "lang", "known_at").first(),
        is_baseline=pl.col("run_id").str.starts_with(BASELINE).first(),
        labs=pl.col("lab").filter(pl.col("lab") != "").unique().sort(),
        topics=pl.col("topic").filter(pl.col("topic") != "").unique().sort(),
    )
    listed = named.sort("published_at", "article_id", descending=[True, False])
    fields = listed.select("article_id", "title", "canonical_url", "published_at")
    of = stories([Article(*row) for row in fields.iter_rows()])
    free = sources_to_pass_on(terms(store, wanted.instant))
    return listed.with_columns(
        pl.Series("url", [safe_link(url) for url in listed["url"]], dtype=pl.String),
        story=pl.Series([of[key] for key in listed["article_id"]], dtype=pl.String),
        may_leave=pl.col("source").is_in(free),
    ).with_columns(outlets=pl.col("outlet").n_unique().over("story"))


def present(store: Store, instant: datetime | None = None) -> pl.DataFrame:
    """What mentions there are to choose from: each source, kind and outlet once."""
    named = known(store.rows("mentions"), instant).filter((nw.col("lab") != "") | (nw.col("topic") != ""))
    return as_polars(named.select("source", "kind", "outlet").unique()).sort("source", "kind", "outlet")


def daily(store: Store, instant: datetime | None = None) -> pl.DataFrame:
    """The daily counts: source, indicator, series, date, value; by the newest lists of names of each source.

    A series is "topic:…", "lab:…", "from:…", or empty for all that was read. A day that is not here was not read.
    """
    rows = store.rows("observations").filter(nw.col("indicator").str.ends_with(DAILY))
    current = as_polars(latest(rows, instant).filter(~nw.col("value").is_null()))
    found = current.select("source", "indicator", "variant", "date", "value", "known_at", series="subject")
    newest = found.group_by("source", "variant").agg(pl.col("known_at").min()).sort("known_at", "variant")
    last = newest.group_by("source", maintain_order=True).agg(pl.col("variant").last())
    kept = found.join(last, on=["source", "variant"], how="semi")
    return kept.select("source", "indicator", "series", "date", "value").sort("source", "series", "date")


def by_period(counts: pl.DataFrame, series: Iterable[str], *, days: bool = False) -> pl.DataFrame:
    """Number and share of each series by day, or by week (Monday to Sunday, UTC): series, date, number, read, share.

    `counts`: the daily counts of one source. A week needs three days that were read, and its number is scaled up to
    seven; a week that is not over is left out. Where nothing was read there is no row, which is not the same as 0.
    """
    read = counts.filter(pl.col("series") == "").select("date", read="value")
    wanted = counts.filter(pl.col("series").is_in(list(series))).join(read, on="date")
    if days or wanted.is_empty():
        found = wanted.with_columns(number=pl.col("value"))
    else:
        end = read["date"].max()
        weeks = wanted.with_columns(pl.col("date").dt.truncate("1w")).group_by("series", "date")
        found = (
            weeks.agg(pl.col("value", "read").sum(), days=pl.len())
            .filter((pl.col("days") >= 3) & (pl.col("date").dt.offset_by("6d") <= end))
            .with_columns(number=pl.col("value") * 7 / pl.col("days"))
        )
    share = pl.when(pl.col("read") > 0).then(pl.col("value") / pl.col("read"))
    return found.with_columns(share=share).select("series", "date", "number", "read", "share").sort("series", "date")


def chosen(store: Store, wanted: Wanted) -> Rows:
    """The rows wanted, one an article, lab and topic, by the newest list of names."""
    return _current(store, wanted.instant).filter(*_conditions(wanted))


def _current(store: Store, instant: datetime | None) -> Rows:
    """All rows by the newest list of names."""
    tagger = _tagger(store, instant, store.version("mentions"))
    return known(store.rows("mentions"), instant).filter(nw.col("tagger") == tagger)


def _stretches(store: Store, newest: str = "") -> Iterator[list[str]]:
    """The months that have mentions, none after `newest` (empty: all), newest first: one, then ever more at a time.

    Most pages are filled by the newest month; a rare word is looked for in ever longer stretches.
    """
    months = [month for month in store.partitions("mentions") if not newest or month <= newest]
    length = 1
    while months:
        yield months[:length]
        months, length = months[length:], 4 * length


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
    if wanted.not_kind:
        yield nw.col("kind") != wanted.not_kind
    if wanted.source:
        yield nw.col("source") == wanted.source
    if wanted.outlet:
        yield nw.col("outlet") == wanted.outlet
    if wanted.search:
        yield nw.col("title").str.to_lowercase().str.contains(wanted.search.lower(), literal=True)
    day = nw.col("published_at").dt.date()
    if wanted.first:  # the month is what prunes
        yield nw.col("month") >= f"{wanted.first:%Y-%m}"
        yield day >= wanted.first
    if wanted.last:
        yield nw.col("month") <= f"{wanted.last:%Y-%m}"
        yield day <= wanted.last
