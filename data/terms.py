"""What may be passed on: the publishers' terms by source, and what the strictest of them forbid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from data.store import Store
from data.vintages import as_of

ORDER = ("full", "credit", "none")
NOT_OURS = "the publisher's terms do not allow it"
UNKNOWN = "no terms are recorded for this source"


@dataclass(frozen=True)
class Terms:
    """Who publishes a source, under which terms; `share` is full, credit or none."""

    source: str
    title: str
    homepage: str
    licence: str
    credit: str
    share: str


def terms(store: Store, instant: datetime | None = None) -> Mapping[str, Terms]:
    """The terms of every source in the catalogue, by name.

    Words are those of `instant`. The permission is the strictest of then and now: what a publisher
    has forbidden since may no longer leave, however old the view.
    """
    rows = store.read("indicators")
    now = as_of(rows).sort("indicator").collect()
    then = as_of(rows, instant).sort("indicator").collect() if instant else now
    found: dict[str, Terms] = {}
    for row in [*now.iter_rows(named=True), *then.iter_rows(named=True)]:
        before = found.get(row["source"])
        shares = [row["share"], *([before.share] if before else [])]
        found[row["source"]] = Terms(
            source=row["source"],
            title=row["source_title"],
            homepage=row["homepage"],
            licence=row["licence"],
            credit=row["credit"],
            share=max(shares, key=ORDER.index),
        )
    return dict(sorted(found.items()))


def sources_to_pass_on(known: Mapping[str, Terms]) -> list[str]:
    """The sources whose rows may leave."""
    return [name for name, t in known.items() if t.share != "none"]


def why_not(known: Mapping[str, Terms], source: str) -> str:
    """Why rows of a source stay here; empty if they may leave."""
    if source not in known:
        return UNKNOWN
    return NOT_OURS if known[source].share == "none" else ""


def licence_column(known: Mapping[str, Terms]) -> pl.LazyFrame:
    """Source and licence, to join to rows that leave."""
    rows = [(name, t.licence) for name, t in known.items() if t.share != "none"]
    return pl.LazyFrame(rows, schema={"source": pl.String, "licence": pl.String}, orient="row")
