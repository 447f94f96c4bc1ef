"""The files of a snapshot: which rows each holds as known at an instant, in which order, under which columns.

A large table is read piece by piece (an indicator, a month), so that a snapshot needs no memory for all of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import narwhals as nw
import polars as pl

from data.frames import Rows, first_row
from data.schema import HOUSEKEEPING, INDICATORS, MENTIONS, OBSERVATIONS, QUARANTINE, RUNS, TABLES, Column, Table
from data.store import Store
from data.terms import Terms, licence_column, sources_to_pass_on, terms, why_not
from data.text import LINK
from data.vintages import as_of

OLDER_TAGGER = "the same items by an older list of names, replaced since"
ROWS_AT_ONCE = 200_000


@dataclass(frozen=True, eq=False)
class Scope:
    """What a snapshot is asked to hold: the state of `instant`, all indicators or only those named."""

    store: Store
    instant: datetime
    indicators: tuple[str, ...]
    catalogue: pl.DataFrame
    terms: Mapping[str, Terms]
    _opened: dict[str, pl.LazyFrame] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, instant: datetime, indicators: tuple[str, ...] = ()) -> "Scope":
        """The scope with the definitions and the terms that go with it."""
        return cls(store, instant, indicators, _catalogue(store, instant, indicators), terms(store, instant))

    def known(self, name: str) -> pl.LazyFrame:
        """All rows of a table that were stored by the instant; of one commit, however often it is asked."""
        if name not in self._opened:
            self._opened[name] = known(self.store, name, self.instant)
        return self._opened[name]

    def sources(self) -> tuple[Terms, ...]:
        """The publishers of what is here."""
        wanted = set(self.catalogue["source"])
        return tuple(t for name, t in self.terms.items() if name in wanted and t.share != "none")


Pieces = Iterator[pl.DataFrame]


@dataclass(frozen=True)
class Resource:
    """One CSV of a snapshot: its columns with their meaning, what makes a row unique, and where the rows come from."""

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: Callable[[Scope], Pieces]

    def empty(self) -> pl.DataFrame:
        """The file without a row."""
        return pl.DataFrame(schema={c.name: c.type for c in self.columns})


def known(store: Store, name: str, instant: datetime) -> pl.LazyFrame:
    """All rows of a table that were stored by an instant."""
    return store.read(name).filter(pl.col(TABLES[name].stamp) <= instant)


def _catalogue(store: Store, instant: datetime, indicators: tuple[str, ...]) -> pl.DataFrame:
    """The definitions of the instant; of an indicator whose rows are older than its definition, the first one."""
    rows = store.read("indicators")
    if indicators:
        rows = rows.filter(pl.col("indicator").is_in(indicators))
    then = as_of(rows, instant).collect()
    seen = known(store, "observations", instant).select(pl.col("indicator").unique())
    first = rows.sort("known_at").group_by("indicator", maintain_order=True).first()
    first = first.join(seen, on="indicator", how="semi").join(then.lazy(), on="indicator", how="anti")
    return pl.concat([then, first.select(then.columns).collect()]).sort("indicator")


def _series(scope: Scope) -> Iterator[pl.LazyFrame]:
    """The rows that may leave, all vintages, by source and indicator; some hundred thousand at a time."""
    rows = scope.known("observations").filter(pl.col("source").is_in(sources_to_pass_on(scope.terms)))
    if scope.indicators:
        rows = rows.filter(pl.col("indicator").is_in(scope.indicators))
    counts = rows.group_by("source", "indicator").agg(rows=pl.len()).collect().sort("source", "indicator")
    for source, indicators in _batches(counts):
        piece = rows.filter((pl.col("source") == source) & pl.col("indicator").is_in(indicators))
        yield piece.join(licence_column(scope.terms), on="source", how="left").collect().lazy()


def _batches(counts: pl.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Indicators of one source that are read together."""
    for (source,), group in counts.group_by("source", maintain_order=True):
        batch: list[str] = []
        size = 0
        for indicator, number in group.select("indicator", "rows").iter_rows():
            if batch and size + number > ROWS_AT_ONCE:
                yield str(source), batch
                batch, size = [], 0
            batch.append(indicator)
            size += number
        yield str(source), batch


def _observations(scope: Scope) -> Pieces:
    for rows in _series(scope):
        first = rows.group_by(OBSERVATIONS.point).agg(first_known_at=pl.col("known_at").min())
        current = as_of(rows).filter(pl.col("value").is_not_null())
        found = current.join(first, on=list(OBSERVATIONS.point)).sort("indicator", "variant", "date", "subject")
        yield linked(found).collect()


def _vintages(scope: Scope) -> Pieces:
    for rows in _series(scope):
        yield linked(rows.sort("indicator", "variant", "date", "subject", "known_at")).collect()


def _indicators(scope: Scope) -> Pieces:
    yield scope.catalogue


def current_tagger(rows: Rows) -> str:
    """The newest version of the lists of names among mentions, which is the one that first came last; else empty."""
    found = rows.group_by("tagger").agg(nw.col("known_at").min()).sort("known_at", "tagger", descending=True)
    newest = first_row(found)
    return newest["tagger"] if newest else ""


def _mentions(scope: Scope) -> Pieces:
    if scope.indicators:
        return
    rows = scope.known("mentions")
    tagger = current_tagger(nw.from_native(rows))
    ours = rows.filter((pl.col("tagger") == tagger) & pl.col("source").is_in(sources_to_pass_on(scope.terms)))
    for month in ours.select(pl.col("month").unique()).collect()["month"].sort():
        piece = ours.filter(pl.col("month") == month).join(licence_column(scope.terms), on="source", how="left")
        yield linked(piece.sort("published_at", "article_id", "lab", "topic")).collect()


def _flags(scope: Scope) -> Pieces:
    rows = scope.known("flags")
    if scope.indicators:
        rows = rows.filter(pl.col("indicator").is_in(scope.indicators))
    yield rows.sort("known_at", "row_id").collect()


def _runs(scope: Scope) -> Pieces:
    attempts = _of_wanted_sources(scope, "runs").filter(~pl.col("month").is_in(HOUSEKEEPING))
    yield attempts.sort("ended_at", "run_id").collect()


def _quarantine(scope: Scope) -> Pieces:
    rows = _of_wanted_sources(scope, "quarantine")
    yield rows.filter(pl.col("source").is_in(sources_to_pass_on(scope.terms))).sort("known_at", "q_id").collect()


def _of_wanted_sources(scope: Scope, name: str) -> pl.LazyFrame:
    rows = scope.known(name)
    return rows.filter(pl.col("source").is_in(set(scope.catalogue["source"]))) if scope.indicators else rows


def _left_out(scope: Scope) -> Pieces:
    counts = [_withheld(scope, "observations", "indicator")]
    if not scope.indicators:
        counts.append(_withheld(scope, "mentions", pl.lit("").alias("indicator")))
        rows = scope.known("mentions")
        older = rows.filter(
            (pl.col("tagger") != current_tagger(nw.from_native(rows)))
            & pl.col("source").is_in(sources_to_pass_on(scope.terms))
        )
        counts.append(_counted(older, "mentions", pl.lit("").alias("indicator"), lambda _: OLDER_TAGGER))
    counts.append(_withheld(scope, "quarantine", pl.lit("").alias("indicator")))
    yield pl.concat(counts).sort("table", "source", "indicator", "reason")


def _withheld(scope: Scope, name: str, indicator: pl.Expr | str) -> pl.DataFrame:
    rows = _of_wanted_sources(scope, name) if name == "quarantine" else scope.known(name)
    if scope.indicators and name == "observations":
        rows = rows.filter(pl.col("indicator").is_in(scope.indicators))
    rows = rows.filter(~pl.col("source").is_in(sources_to_pass_on(scope.terms)))
    return _counted(rows, name, indicator, lambda source: why_not(scope.terms, source))


def _counted(rows: pl.LazyFrame, name: str, indicator: pl.Expr | str, why: Callable[[str], str]) -> pl.DataFrame:
    found = rows.group_by("source", indicator).agg(rows=pl.len().cast(pl.Int64)).collect()
    reasons = pl.Series("reason", [why(source) for source in found["source"]], dtype=pl.String)
    return found.with_columns(reasons, table=pl.lit(name)).select("table", "source", "indicator", "rows", "reason")


def linked(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with only such addresses as may be shown as a link; others are left empty."""
    names = {"url", "canonical_url"} & rows.collect_schema().keys()
    return rows.with_columns(pl.when(pl.col(name).str.contains(LINK)).then(name).alias(name) for name in sorted(names))


def _columns(table: Table, *names: str) -> tuple[Column, ...]:
    known = {c.name: c for c in table.columns}
    return tuple(known[name] for name in names)


def _but(table: Table, *names: str) -> tuple[Column, ...]:
    return tuple(c for c in table.columns if c.name not in names)


_VALUES = _columns(
    OBSERVATIONS, "indicator", "variant", "subject", "model", "lab", "date", "value", "unit", "low", "high", "level",
    "bound", "url", "stated_at", "detail", "source",
)  # fmt: skip
_LICENCE = Column("licence", pl.String(), "licence or terms, as the publisher states them; see LICENCES.md")
_KNOWN = _columns(OBSERVATIONS, "known_at", "run_id")
_FIRST = Column("first_known_at", pl.Datetime("us", "UTC"), "when the first value of this point was stored")


def resources() -> tuple[Resource, ...]:
    """The files in the order in which they stand in the zip."""
    found = [
        Resource(
            "observations", "The values as known at the instant: one row a point, withdrawn values left out",
            (*_VALUES, _LICENCE, *_KNOWN, _FIRST), OBSERVATIONS.point, _observations,
        ),
        Resource(
            "vintages", "Every value ever stored, replaced and withdrawn ones included: the newest known_at of a point "
            "is its state, an empty value says withdrawn",
            (*_VALUES, _LICENCE, *_KNOWN, *_columns(OBSERVATIONS, "row_id", "prev_id")), ("row_id",), _vintages,
        ),
        Resource(
            "indicators", "The catalogue: what each indicator measures, and whose it is",
            _but(INDICATORS, "row_id", "prev_id"), ("indicator",), _indicators,
        ),
        Resource(
            "mentions", "News items by lab and topic, titles and links only; count articles by distinct article_id",
            (*_but(MENTIONS, "month"), _LICENCE), ("id",), _mentions,
        ),
        Resource(
            "runs", "Every attempt to collect, and how it ended",
            _columns(RUNS, "run_id", "source", "started_at", "ended_at", "outcome", "http_status", "requests",
                     "bytes_wire", "rows_seen", "rows_new", "rows_quarantined", "rows_vanished", "code_version"),
            ("run_id",), _runs,
        ),
        Resource(
            "quarantine", "Rows that were seen and not believed, and why", QUARANTINE.columns, ("q_id",), _quarantine,
        ),
        Resource(
            "left_out", "Rows that are in the tables and not here: how many, and why",
            (
                Column("table", pl.String(), "file that the rows would stand in"),
                *_columns(OBSERVATIONS, "source", "indicator"),
                Column("rows", pl.Int64(), "how many"),
                Column("reason", pl.String(), "why they are left out"),
            ),
            ("table", "source", "indicator", "reason"), _left_out,
        ),
    ]  # fmt: skip
    if "flags" in TABLES:
        table = TABLES["flags"]
        flags = Resource("flags", "Every change of a signal's state", table.columns, (table.key,), _flags)
        found.insert(4, flags)
    return tuple(found)
