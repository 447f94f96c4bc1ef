"""What changed between two instants, exact over the vintages: the state then beside the state now.

A value that moved and came back in between is no change; `steps` says how many vintages lie in between.
"""

from datetime import datetime

import narwhals as nw
import polars as pl

from data.frames import as_mappings, as_polars, differs
from data.queries import known
from data.schema import INDICATORS, OBSERVATIONS
from data.store import Store
from data.vintages import latest

KINDS = ("new", "first", "restated", "interval", "withdrawn", "returned")
"""new: first value of a point; first: the same of an indicator of which nothing was known before, so that it is our
news and not the publisher's; restated: other value, bound or unit; interval: only low, high or level moved;
withdrawn: the publisher took it back; returned: a withdrawn value is there again."""

CALM = ("not enough data", "cannot tell", "steady")
"""The states in which no flag is up."""

_POINT = list(OBSERVATIONS.point)
_MEASURED, _INTERVAL = ("value", "bound", "unit"), ("low", "high", "level")
_DEFINITIONS = pl.Schema(
    {
        "indicator": pl.String(),
        "source": pl.String(),
        "known_at": pl.Datetime("us", "UTC"),
        "columns": pl.List(pl.String()),
    }
)
_DEFINED = [c for c in INDICATORS.compared if c not in ("period_days", "grace_days")]


def changed_values(store: Store, since: datetime, until: datetime | None = None) -> pl.DataFrame:
    """One row a point whose state at `until` (None: the newest) differs from that at `since`.

    Columns: kind, the point, lab, unit, then value, low, high and bound before and after, known_at of
    the state after, and steps. Newest first.
    """
    rows = known(store.rows("observations"), until)
    touched = rows.filter(nw.col("known_at") > since).group_by(*_POINT).agg(steps=nw.col("row_id").len())
    rows = rows.join(touched.select(*_POINT), on=_POINT, how="semi")
    then = latest(rows, since)
    before = then.select(*_POINT, had=nw.lit(True), **{f"{c}_before": nw.col(c) for c in (*_MEASURED, *_INTERVAL)})
    begun = known(store.rows("observations"), since).select("indicator", seen=nw.lit(True)).unique()
    both = latest(rows).join(touched, on=_POINT, how="inner").join(before, on=_POINT, how="left")
    both = both.join(begun, on="indicator", how="left")
    found = both.with_columns(kind=_kind()).filter(nw.col("kind") != "").sort(*_POINT)
    named = found.select(
        "kind", *_POINT, "lab", "unit", "value_before", "value", "low_before", "low", "high_before", "high",
        "bound_before", "bound", "known_at", "steps",
    )  # fmt: skip
    return as_polars(named).sort("known_at", descending=True, maintain_order=True)


def _kind() -> nw.Expr:
    """What became of a point; empty where it is as it was."""
    is_value, was_value = ~nw.col("value").is_null(), ~nw.col("value_before").is_null()
    of_first = nw.when(nw.col("seen").is_null()).then(nw.lit("first")).otherwise(nw.lit("new"))
    of_new = nw.when(is_value).then(of_first).otherwise(nw.lit(""))
    of_gone = nw.when(was_value).then(nw.lit("withdrawn")).otherwise(nw.lit(""))
    of_moved = nw.when(_any_differs(_INTERVAL)).then(nw.lit("interval")).otherwise(nw.lit(""))
    of_value = nw.when(_any_differs(_MEASURED)).then(nw.lit("restated")).otherwise(of_moved)
    of_back = nw.when(was_value).then(of_value).otherwise(nw.lit("returned"))
    of_old = nw.when(is_value).then(of_back).otherwise(of_gone)
    return nw.when(nw.col("had").is_null()).then(of_new).otherwise(of_old)


def _any_differs(columns: tuple[str, ...]) -> nw.Expr:
    return nw.any_horizontal(*(differs(c, f"{c}_before") for c in columns), ignore_nulls=False)


def changed_definitions(store: Store, since: datetime, until: datetime | None = None) -> pl.DataFrame:
    """indicator, source, known_at, columns: the indicators defined otherwise than at `since`, and what of it differs.

    An indicator that was not declared by then has no columns: it is new.
    """
    rows = known(store.rows("indicators"), until)
    before = {row["indicator"]: row for row in as_mappings(latest(rows, since))}
    now = as_mappings(latest(rows).filter(nw.col("known_at") > since).sort("indicator"))
    found = []
    for row in now:
        old = before.get(row["indicator"])
        columns = [c for c in _DEFINED if old is not None and row[c] != old[c]]
        if old is None or columns:
            found.append({**{c: row[c] for c in ("indicator", "source", "known_at")}, "columns": columns})
    return pl.DataFrame(found, schema=_DEFINITIONS)


def changed_flags(store: Store, since: datetime | None = None, until: datetime | None = None) -> pl.DataFrame:
    """Every change of a signal's state between two instants, newest first: rows of the ledger, and `was`.

    `was` is the state before. A series judged for the first time is a change only if a flag is raised at once.
    """
    rows = known(store.rows("flags"), until)
    was = nw.col("state").shift(1).over("indicator", "subject", "method", order_by=["known_at", "row_id"])
    calm = nw.col("was").is_null() & nw.col("state").is_in(CALM)
    found = rows.with_columns(was=was).filter(differs("state", "was"), ~calm)
    if since is not None:
        found = found.filter(nw.col("known_at") > since)
    return as_polars(found.sort("known_at", "row_id", descending=[True, False]))


def superseded(store: Store, indicator: str, until: datetime | None = None) -> pl.DataFrame:
    """The values of one indicator that another one has replaced, or nothing: one row a superseded value.

    Columns: subject, variant, date, value, known_at, until (when it was replaced), now (the value that
    counts, null if the point was withdrawn). Vintages in which only something else moved are no change.
    """
    names = ["subject", "variant", "date"]
    rows = as_polars(known(store.rows("observations").filter(nw.col("indicator") == indicator), until)).sort("known_at")
    told = rows.with_columns(
        until=pl.col("known_at").shift(-1).over(names),
        following=pl.col("value").shift(-1).over(names),
        now=pl.col("value").last().over(names),
    )
    old = told.filter(pl.col("until").is_not_null() & pl.col("value").is_not_null())
    moved = old.filter(pl.col("value").ne_missing(pl.col("following")))
    return moved.select(*names, "value", "known_at", "until", "now").sort("date", "subject", "known_at")
