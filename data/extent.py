"""All indicators at once: how much there is of each, and their values in one reading."""

from datetime import datetime
from typing import Any

import pandas as pd
import polars as pl

from data.schema import OBSERVATIONS
from data.store import Store
from data.vintages import as_of


def extents(store: Store, instant: datetime | None = None) -> dict[str, dict[str, Any]]:
    """By indicator: values, first_date, last_date, newest_known_at; as known at `instant`."""
    current = as_of(store.read("observations"), OBSERVATIONS.point, instant).filter(pl.col("value").is_not_null())
    counts = current.group_by("indicator").agg(
        values=pl.len(),
        first_date=pl.col("date").min(),
        last_date=pl.col("date").max(),
        newest_known_at=pl.col("known_at").max(),
    )
    return {row.pop("indicator"): row for row in counts.collect().to_dicts()}


def all_values(store: Store, instant: datetime | None = None) -> dict[str, pd.DataFrame]:
    """What `queries.observations` gives, for every indicator that has values, by key.

    One reading of the table, where asking for one indicator after the other takes as many.
    """
    stored, point = store.read("observations"), list(OBSERVATIONS.point)
    current = as_of(stored, point, instant).filter(pl.col("value").is_not_null())
    first = stored.group_by(point).agg(first_known_at=pl.col("known_at").min(), vintages=pl.len())
    rows = current.join(first, on=point, how="left").sort("indicator", "date", "subject", "variant").collect()
    frame: pd.DataFrame = rows.to_arrow().to_pandas(date_as_object=False)
    return {str(key): group.reset_index(drop=True) for key, group in frame.groupby("indicator")}
