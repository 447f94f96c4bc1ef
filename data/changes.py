"""What changed between two instants, exact over the vintages: the state then beside the state now.

A value that moved and came back in between is no change; `steps` says how many vintages lie in between.
"""

from datetime import datetime

import polars as pl

from data.schema import INDICATORS, OBSERVATIONS
from data.store import Store
from data.vintages import as_of

KINDS = ("new", "restated", "interval", "withdrawn", "returned")
"""new: first value of a point; restated: other value, bound or unit; interval: only low, high or level moved;
withdrawn: the publisher took it back; returned: a withdrawn value is there again."""

CALM = ("not enough data", "cannot tell", "steady")
"""The states in which no flag is up."""

_POINT = list(OBSERVATIONS.point)
_MEASURED, _INTERVAL = ("value", "bound", "unit"), ("low", "high", "level")
_DEFINED = [c for c in INDICATORS.compared if c not in ("period_days", "grace_days")]


def _until(rows: pl.LazyFrame, instant: datetime | None) -> pl.LazyFrame:
    return rows if instant is None else rows.filter(pl.col("known_at") <= instant)


def changed_values(store: Store, since: datetime, until: datetime | None = None) -> pl.DataFrame:
    """One row a point whose state at `until` (None: the newest) differs from that at `since`.

    Columns: kind, the point, lab, unit, then value, low, high and bound before and after, known_at of
    the state after, and steps. Newest first.
    """
    rows = _until(store.read("observations"), until)
    touched = rows.filter(pl.col("known_at") > since).group_by(_POINT).agg(steps=pl.len())
    rows = rows.join(touched.select(_POINT), on=_POINT, how="semi")
    then = as_of(rows, _POINT, since)
    before = then.select(*_POINT, had=pl.lit(True), **{f"{c}_before": pl.col(c) for c in (*_MEASURED, *_INTERVAL)})
    both = as_of(rows, _POINT).join(touched, on=_POINT).join(before, on=_POINT, how="left")
    is_value, was_value = pl.col("value").is_not_null(), pl.col("value_before").is_not_null()
    kind = (
        pl.when(pl.col("had").is_null())
        .then(pl.when(is_value).then(pl.lit("new")))
        .when(is_value & ~was_value)
        .then(pl.lit("returned"))
        .when(~is_value & was_value)
        .then(pl.lit("withdrawn"))
        .when(is_value & was_value & _differs(_MEASURED))
        .then(pl.lit("restated"))
        .when(is_value & was_value & _differs(_INTERVAL))
        .then(pl.lit("interval"))
    )
    return (
        both.with_columns(kind=kind)
        .filter(pl.col("kind").is_not_null())
        .sort(pl.col("known_at"), *_POINT, descending=[True, *(False for _ in _POINT)])
        .select(
            "kind", *_POINT, "lab", "unit", "value_before", "value", "low_before", "low", "high_before", "high",
            "bound_before", "bound", "known_at", "steps",
        )
        .collect()
    )  # fmt: skip


def _differs(columns: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal([pl.col(c).ne_missing(pl.col(f"{c}_before")) for c in columns])


def changed_definitions(store: Store, since: datetime, until: datetime | None = None) -> pl.DataFrame:
    """indicator, source, known_at, columns: the indicators defined otherwise than at `since`, and what of it differs.

    An indicator that was not declared by then has no columns: it is new.
    """
    rows = _until(store.read("indicators"), until)
    before = as_of(rows, ["indicator"], since)
    before = before.select("indicator", had=pl.lit(True), **{f"{c}_before": pl.col(c) for c in _DEFINED})
    both = as_of(rows, ["indicator"]).filter(pl.col("known_at") > since).join(before, on="indicator", how="left")
    names = [
        pl.when(pl.col(c).ne_missing(pl.col(f"{c}_before")) & pl.col("had").is_not_null()).then(pl.lit(c))
        for c in _DEFINED
    ]
    found = both.with_columns(columns=pl.concat_list(names).list.drop_nulls())
    found = found.filter(pl.col("had").is_null() | (pl.col("columns").list.len() > 0))
    return found.select("indicator", "source", "known_at", "columns").sort("indicator").collect()


def changed_flags(store: Store, since: datetime | None = None, until: datetime | None = None) -> pl.DataFrame:
    """Every change of a signal's state between two instants, newest first: rows of the ledger, and `was`.

    `was` is the state before. A series judged for the first time is a change only if a flag is raised at once.
    """
    rows = _until(store.read("flags"), until).sort("known_at", "row_id")
    was = pl.col("state").shift(1).over("indicator", "subject", "method")
    calm = pl.col("was").is_null() & pl.col("state").is_in(CALM)
    found = rows.with_columns(was=was).filter(pl.col("state").ne_missing(pl.col("was")) & ~calm)
    if since is not None:
        found = found.filter(pl.col("known_at") > since)
    return found.sort("known_at", "row_id", descending=[True, False]).collect()


def superseded(store: Store, indicator: str, until: datetime | None = None) -> pl.DataFrame:
    """The values of one indicator that another one has replaced, or nothing: one row a superseded value.

    Columns: subject, variant, date, value, known_at, until (when it was replaced), now (the value that
    counts, null if the point was withdrawn). Vintages in which only something else moved are no change.
    """
    names = ["subject", "variant", "date"]
    rows = _until(store.read("observations").filter(pl.col("indicator") == indicator), until).sort("known_at")
    told = rows.with_columns(
        until=pl.col("known_at").shift(-1).over(names),
        following=pl.col("value").shift(-1).over(names),
        now=pl.col("value").last().over(names),
    )
    old = told.filter(pl.col("until").is_not_null() & pl.col("value").is_not_null())
    moved = old.filter(pl.col("value").ne_missing(pl.col("following")))
    return moved.select(*names, "value", "known_at", "until", "now").sort("date", "subject", "known_at").collect()
