"""All indicators at once: how much there is of each, and their values in one reading."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import narwhals as nw
import pandas as pd

from data.frames import as_mappings, as_pandas
from data.mentions import Wanted, chosen
from data.queries import known, with_first, with_value
from data.store import Store


def extents(store: Store, instant: datetime | None = None) -> dict[str, dict[str, Any]]:
    """By indicator: values, first_date, last_date, newest_known_at; as known at `instant`."""
    counts = (
        with_value(store.rows("observations"), instant)
        .group_by("indicator")
        .agg(
            values=nw.col("row_id").len().cast(nw.Int64),
            first_date=nw.col("date").min(),
            last_date=nw.col("date").max(),
            newest_known_at=nw.col("known_at").max(),
        )
    )
    return {row.pop("indicator"): row for row in as_mappings(counts)}


def all_values(store: Store, instant: datetime | None = None) -> dict[str, pd.DataFrame]:
    """What `queries.observations` gives, for every indicator that has values, by key.

    One reading of the table, where asking for one indicator after the other takes as many.
    """
    rows = with_first(store.rows("observations"), instant).sort("indicator", "date", "subject", "variant")
    return {str(key): group.reset_index(drop=True) for key, group in as_pandas(rows).groupby("indicator")}


def rows_naming(store: Store, labs: Sequence[str], since: datetime, instant: datetime | None = None) -> dict[str, int]:
    """By source: values of these labs known only after `since`, and articles published since then that name one."""
    wanted, found = list(labs), dict[str, int]()
    values = known(store.rows("observations"), instant).filter(nw.col("known_at") > since, nw.col("lab").is_in(wanted))
    named = chosen(store, Wanted(labs=tuple(labs), first=since.date(), instant=instant))
    named = named.filter(nw.col("published_at") > since)
    of_values = values.group_by("source").agg(rows=nw.col("row_id").len())
    of_articles = named.group_by("source").agg(rows=nw.col("article_id").n_unique())
    for row in (*as_mappings(of_values), *as_mappings(of_articles)):
        found[row["source"]] = found.get(row["source"], 0) + int(row["rows"])
    return found
