"""What was known when. Works on any engine that narwhals speaks: Polars here, Spark beyond one machine."""

from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl


def latest(rows: nw.LazyFrame[Any], instant: datetime | None = None) -> nw.LazyFrame[Any]:
    """The newest row of each point known at `instant`, withdrawn ones (value null) included.

    None means no filter, never the wall clock. Rows are whole points: filter by other columns afterwards. A row is the
    newest if none names it as the one before; most points have one row, so this compares few keys, where the newest
    instant of each point has to be joined to all of them.
    """
    if instant is not None:
        rows = rows.filter(nw.col("known_at") <= instant)
    followed = rows.filter(~nw.col("prev_id").is_null()).select("prev_id")
    return rows.join(followed, left_on="row_id", right_on="prev_id", how="anti")


def as_of(rows: pl.LazyFrame, instant: datetime | None = None) -> pl.LazyFrame:
    """The same for a Polars frame."""
    found: pl.LazyFrame = latest(nw.from_native(rows), instant).to_native()
    return found
