"""All indicators judged as of an instant, from nothing but what the tables knew then."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

from data import queries
from data.store import Store
from signals.verdict import Verdict, assess, points, scale_of


def primary_variant(indicator: Mapping[str, Any], rows: pd.DataFrame) -> str:
    """The first declared variant that has values; the first declared one where none has."""
    keys: list[str] = [v["key"] for v in indicator["variants"] if not v["beside"]] or [""]
    present = set(rows["variant"])
    return next((key for key in keys if key in present), keys[0])


def judge(
    indicator: Mapping[str, Any],
    rows: pd.DataFrame,
    *,
    variants: tuple[str, ...] = (),
    as_of: datetime | None = None,
    start: date | None = None,
    end: date | None = None,
) -> Verdict:
    """The verdict on one indicator (a row of the catalogue) from its rows; all labs, whatever is shown."""
    return assess(
        indicator["indicator"],
        scale_of(indicator),
        points(rows),
        variants=variants or (primary_variant(indicator, rows),),
        as_of=as_of,
        start=start,
        end=end,
    )


def evaluate(store: Store, as_of: datetime | None = None) -> list[Verdict]:
    """One verdict an indicator, in order of the catalogue; publishers' own growth figures are not judged."""
    catalogue = queries.as_dicts(queries.indicators(store, as_of))
    return [
        judge(indicator, queries.observations(store, indicator["indicator"], as_of), as_of=as_of)
        for indicator in catalogue
        if not indicator["figure_of"]
    ]
