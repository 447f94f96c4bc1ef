"""Mentions, a page at a time, newest first; however many there are, only the months that a page needs are read."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from data.resources import current_tagger
from data.store import Store
from data.terms import licence_column, sources_to_pass_on, terms
from data.text import safe_link

COLUMNS = (
    "published_at", "precision", "lab", "topic", "kind", "outlet", "publisher_lab", "title", "url", "lang", "source",
    "licence", "known_at", "article_id", "id",
)  # fmt: skip
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
    known = store.read("mentions")
    if wanted.instant is not None:
        known = known.filter(pl.col("known_at") <= wanted.instant)
    permitted = terms(store, wanted.instant)
    rows = known.filter(
        (pl.col("tagger") == current_tagger(known)) & pl.col("source").is_in(sources_to_pass_on(permitted))
    ).filter(_chosen(wanted))
    if after is not None:
        rows = rows.filter(pl.col("month") <= f"{after.published_at:%Y-%m}").filter(
            (pl.col("published_at") < after.published_at)
            | ((pl.col("published_at") == after.published_at) & (pl.col("id") > after.id))
        )
    found: list[pl.DataFrame] = []
    for month in rows.select(pl.col("month").unique()).collect()["month"].sort(descending=True):
        missing = most + 1 - sum(map(len, found))
        if missing <= 0:
            break
        piece = rows.filter(pl.col("month") == month).sort("published_at", "id", descending=[True, False])
        found.append(piece.head(missing).collect())
    listed = pl.concat(found) if found else rows.head(0).collect()
    listed = listed.join(licence_column(permitted).collect(), on="source", how="left", maintain_order="left")
    shown = listed.select(COLUMNS).head(most)
    shown = shown.with_columns(pl.Series("url", [safe_link(url) for url in shown["url"]], dtype=pl.String))
    last = shown.select("published_at", "id").tail(1).rows()
    return shown, Cursor(*last[0]) if len(listed) > most else None


def _chosen(wanted: Wanted) -> pl.Expr:
    keep = (pl.col("lab") != "") | (pl.col("topic") != "")
    if wanted.labs:
        keep &= pl.col("lab").is_in(wanted.labs)
    if wanted.topic:
        keep &= pl.col("topic") == wanted.topic
    if wanted.kind:
        keep &= pl.col("kind") == wanted.kind
    if wanted.search:
        keep &= pl.col("title").str.to_lowercase().str.contains(wanted.search.lower(), literal=True)
    if wanted.first:
        keep &= (pl.col("published_at").dt.date() >= wanted.first) & (pl.col("month") >= f"{wanted.first:%Y-%m}")
    if wanted.last:
        keep &= (pl.col("published_at").dt.date() <= wanted.last) & (pl.col("month") <= f"{wanted.last:%Y-%m}")
    return keep
