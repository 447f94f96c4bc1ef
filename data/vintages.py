"""What was known when. Works on any engine that narwhals speaks: Polars here, Spark beyond one machine."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl


def latest(rows: nw.LazyFrame[Any], point: Sequence[str], instant: datetime | None = None) -> nw.LazyFrame[Any]:
    """The newest row of each point known at `instant`, withdrawn ones (value null) included.

    None means no filter, never the wall clock. `known_at` is unique within a point, so a join on it
    finds exactly one row.
    """
    if instant is not None:
        rows = rows.filter(nw.col("known_at") <= instant)
    newest = rows.group_by(*point).agg(nw.col("known_at").max())
    return rows.join(newest, on=[*point, "known_at"], how="inner")


def as_of(rows: pl.LazyFrame, point: Sequence[str], instant: datetime | None = None) -> pl.LazyFrame:
    """The same for a Polars frame."""
    found: pl.LazyFrame = latest(nw.from_native(rows), point, instant).to_native()
    return found
