"""What was known when. Works on any engine that narwhals speaks: Polars here, Spark beyond one machine."""

from collections.abc import Sequence
from datetime import datetime

import narwhals as nw
from narwhals.typing import IntoLazyFrameT


def as_of(frame: IntoLazyFrameT, point: Sequence[str], instant: datetime | None = None) -> IntoLazyFrameT:
    """The newest row of each point known at `instant`, withdrawn ones (value null) included.

    None means no filter, never the wall clock. `known_at` is unique within a point, so a join on it
    finds exactly one row.
    """
    rows = nw.from_native(frame)
    if instant is not None:
        rows = rows.filter(nw.col("known_at") <= instant)
    newest = rows.group_by(*point).agg(nw.col("known_at").max())
    return rows.join(newest, on=[*point, "known_at"], how="inner").to_native()
