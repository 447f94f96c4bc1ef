"""Projections frozen at issue, and what came of them: the forecast book.

Nothing has to be written down to be frozen. A projection issued on a day rests on the vintages known that
day and on nothing else, so that it can be computed at any later time and comes out the same. It is scored
by a value that is dated later; the trend may have been fitted anew a dozen times since.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from data import queries
from signals.ledger import primary_variant
from signals.series import Selection, kind_of
from signals.trend import Trend, line
from signals.verdict import ENOUGH_FOR_TREND, points, selection_for

Indicator = Mapping[str, Any]

NEXT = 1
HORIZONS = (NEXT, 91, 182, 365)
"""Days from the issue to the day that a projection is for; `NEXT` is for the very next value, whenever it comes."""

PATIENCE = timedelta(days=91)
"""A value up to so long after the day that a projection is for still scores it; a record does not come by calendar."""

LEVEL = 0.80
MOST_ISSUES = 36


@dataclass(frozen=True)
class Projection:
    """A value projected on `issued_on` for `due`, or for the day of the value that scored it.

    `projected`, `low` and `high` (80 % prediction interval) are in the unit of the indicator. `observed` is the
    first record (of models), else the first value, dated on or after `due` and at most `PATIENCE` later; None as
    long as there is none, and `is_over` once none can come any more. `error` is observed minus projected on the
    scale of the trend, positive for faster than projected: doublings, log-odds, or the unit itself.
    """

    indicator: str
    variant: str
    issued_on: date
    horizon: int
    due: date
    n: int
    projected: float
    low: float
    high: float
    scale: str
    observed: float | None = None
    observed_on: date | None = None
    error: float | None = None
    is_over: bool = False

    @property
    def is_inside(self) -> bool | None:
        """Whether the observed value lies in the interval; None as long as nothing was observed."""
        return None if self.observed is None else self.low <= self.observed <= self.high

    def as_json(self) -> dict[str, Any]:
        return {
            "indicator": self.indicator,
            "variant": self.variant,
            "issued_on": self.issued_on.isoformat(),
            "horizon_days": self.horizon,
            "due": self.due.isoformat(),
            "n": self.n,
            "projected": self.projected,
            "low": self.low,
            "high": self.high,
            "level": LEVEL,
            "scale": self.scale,
            "observed": self.observed,
            "observed_on": self.observed_on.isoformat() if self.observed_on else None,
            "is_inside": self.is_inside,
            "error": self.error,
            "is_over": self.is_over,
        }


@dataclass(frozen=True)
class Coverage:
    """How many of `n` scored projections held; `low` and `high` are the 90 % Wilson interval of the share.

    Projections of one series overlap, so that the interval is too narrow rather than too wide.
    """

    n: int
    inside: int

    @property
    def share(self) -> float | None:
        return self.inside / self.n if self.n else None

    @cached_property
    def _interval(self) -> tuple[float, float]:
        z = float(ndtri(0.95))
        share, spread = self.inside / self.n, z**2 / self.n
        middle = (share + spread / 2) / (1 + spread)
        reach = z * np.sqrt(share * (1 - share) / self.n + spread / (4 * self.n)) / (1 + spread)
        return max(0.0, float(middle - reach)), min(1.0, float(middle + reach))

    @property
    def low(self) -> float | None:
        return self._interval[0] if self.n else None

    @property
    def high(self) -> float | None:
        return self._interval[1] if self.n else None

    def as_json(self) -> dict[str, Any]:
        return {"n": self.n, "inside": self.inside, "share": self.share, "low": self.low, "high": self.high}


def coverage(book: Iterable[Projection]) -> Coverage:
    """The share that held among the projections that were scored."""
    scored = [p.is_inside for p in book if p.is_inside is not None]
    return Coverage(len(scored), sum(scored))


def book(indicator: Indicator, vintages: pd.DataFrame, now: datetime) -> list[Projection]:
    """Every projection of one indicator up to `now`, newest issue first; empty for counts, which are not projected.

    `vintages`: all rows of the indicator with `known_at`, in any order (`queries.vintages`). One issue a calendar
    month: on the first day in it on which something new was known, by all that was known at the end of that day.
    """
    if kind_of(indicator) == "counts" or vintages.empty:
        return []
    rows = vintages[vintages["known_at"] <= pd.Timestamp(now)]
    known: dict[str, Selection] = {}
    found: list[Projection] = []
    for issued_on in _issues(rows)[-MOST_ISSUES:]:
        variant, selection = _state(indicator, rows[rows["known_at"] < _after(issued_on)])
        trend = _projected(indicator, selection, issued_on)
        if trend is None:
            continue
        later = known.setdefault(variant, _state(indicator, rows, variant)[1])
        found += _issued(indicator, variant, trend, issued_on, later, now.date())
    return sorted(found, key=lambda p: (p.issued_on, -p.horizon), reverse=True)


def _after(day: date) -> pd.Timestamp:
    return pd.Timestamp(day + timedelta(days=1), tz="UTC")


def _issues(rows: pd.DataFrame) -> list[date]:
    """The first day of each month on which a vintage became known, oldest first."""
    first: dict[tuple[int, int], date] = {}
    for at in sorted(rows["known_at"].unique()):
        first.setdefault((at.year, at.month), at.date())
    return list(first.values())


def _state(indicator: Indicator, rows: pd.DataFrame, variant: str = "") -> tuple[str, Selection]:
    """The points as they stood after `rows`: of each the newest vintage, withdrawn ones left out."""
    newest = rows.sort_values("known_at").drop_duplicates(["subject", "variant", "date"], keep="last")
    current = newest[newest["value"].notna()].sort_values(["date", "subject", "variant"])
    chosen = variant or primary_variant(indicator, current)
    found = points(current[current["variant"] == chosen], indicator["marks"])
    return chosen, selection_for(indicator, found, (chosen,))


def _projected(indicator: Indicator, selection: Selection, issued_on: date) -> Trend | None:
    """The line that is projected, where the page would draw one: enough points, no ceiling near, publisher at work."""
    closed = indicator["closed_on"]
    if isinstance(closed, datetime) and not pd.isna(closed) and closed.date() <= issued_on:
        return None
    if selection.is_saturated or len(selection.fitted.ids) < ENOUGH_FOR_TREND:
        return None
    return line(selection.fitted.dates, selection.fitted.heights, selection.scale)


def _issued(
    indicator: Indicator, variant: str, trend: Trend, issued_on: date, later: Selection, today: date
) -> Iterator[Projection]:
    """One projection a horizon, each with the value that scores it, if it has come."""
    days, heights = later.fitted.dates.astype("datetime64[D]"), later.fitted.heights
    for horizon in HORIZONS:
        due = issued_on + timedelta(days=horizon)
        place = int(np.searchsorted(days, np.datetime64(due)))
        came = place < len(days) and days[place] <= np.datetime64(due + PATIENCE)
        day: date = days[place].item() if came else due
        low, high = (float(end[0]) for end in trend.band([day], LEVEL))
        middle = trend.at([day])
        yield Projection(
            indicator=indicator["indicator"],
            variant=variant,
            issued_on=issued_on,
            horizon=horizon,
            due=due,
            n=trend.n,
            projected=float(middle[0]),
            low=low,
            high=high,
            scale=trend.scale.kind,
            observed=float(trend.scale.back(heights[place : place + 1])[0]) if came else None,
            observed_on=day if came else None,
            error=float(heights[place] - trend.scale.forward(middle)[0]) if came else None,
            is_over=not came and due + PATIENCE < today,
        )


def books(catalogue: Mapping[str, Indicator], vintages: pd.DataFrame, now: datetime) -> list[Projection]:
    """The projections of all indicators; the publishers' own figures are not projected."""
    by_indicator = {str(key): frame for key, frame in vintages.groupby("indicator", sort=False)}
    nothing = vintages.iloc[:0]
    judged = (row for row in catalogue.values() if not row["figure_of"])
    return [p for row in judged for p in book(row, by_indicator.get(row["indicator"], nothing), now)]


def read(store: Any, instant: datetime | None = None) -> list[Projection]:
    """The forecast book of a store as known at `instant`, which None leaves at its newest row."""
    now = instant or queries.newest_known(store)
    if now is None:
        return []
    rows = queries.as_dicts(queries.indicators(store, instant))
    return books({row["indicator"]: row for row in rows}, queries.vintages(store, instant), now)
