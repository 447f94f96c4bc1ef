"""The one place where "accelerating" is decided, with reasons. So far it is honest about n and decides little.

This first part fits the trend of the records and says whether there is enough data to judge. A claim
of acceleration needs the bend test, which is not wired in yet; until then no indicator is flagged.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from data import queries
from signals.band import Point, Sample, usable
from signals.frontier import records
from signals.scale import Scale
from signals.trend import Trend, days, line

State = Literal["not enough data", "cannot tell", "steady", "watch", "signal", "confirmed", "slowing"]

ENOUGH_FOR_TREND = 10
ENOUGH_FOR_SIGNAL = 15


@dataclass(frozen=True, eq=False)
class Verdict:
    """What can be said of one indicator as of an instant, and why.

    `n` counts the records that were fitted. `series` holds all usable points, `fitted` those on the
    line. `left_out` counts, by reason, what the sample rules dropped.
    """

    indicator: str
    variant: str
    as_of: datetime | None
    state: State
    n: int
    trend: Trend | None
    series: Sample
    fitted: Sample
    reasons: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The fields that `python -m signals` prints; days, and slope in units of the scale a year."""
        trend = self.trend
        return {
            "indicator": self.indicator,
            "variant": self.variant,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "n": self.n,
            "state": self.state,
            "doubling_days": trend and trend.doubling_days,
            "doubling_days_low": trend and trend.doubling_days_low,
            "doubling_days_high": trend and trend.doubling_days_high,
            "slope_per_year": trend and trend.slope_per_year,
            "slope_per_year_low": trend and trend.slope_low,
            "slope_per_year_high": trend and trend.slope_high,
            "level": trend and trend.level,
            "method": trend and trend.method,
            "left_out": dict(self.left_out),
            "reasons": list(self.reasons),
        }


def scale_of(indicator: Mapping[str, Any]) -> Scale:
    """The scale that the catalogue declares for an indicator."""
    falling = indicator["better"] == "down"
    if indicator["scale"] == "logit":
        return Scale("logit", float(indicator["lower"]), float(indicator["upper"]), falling)
    return Scale(indicator["scale"], falling=falling)


def points(frame: pd.DataFrame) -> list[Point]:
    """Rows of the observations table as points; shape in, shape out, in order."""
    return [
        Point(
            date=row["date"].date(),
            value=row["value"],
            id=row["subject"],
            model=row["model"] if isinstance(row["model"], str) else "",
            vendor=_organisation(row["detail"]),
            suite=row["variant"],
            bound=row["bound"],
        )
        for row in queries.as_dicts(frame)
    ]


def _organisation(detail: object) -> str:
    # the publisher's own field: our mapping of names to labs must not decide what is tested
    return str(json.loads(detail).get("organisation", "")) if isinstance(detail, str) else ""


def assess(
    indicator: str,
    scale: Scale,
    found: list[Point],
    *,
    variants: tuple[str, ...],
    as_of: datetime | None = None,
    start: date | None = None,
    end: date | None = None,
) -> Verdict:
    """Judge one series: `found` in any order, only points of `variants` and of start <= date < end.

    Several variants make a joined series, which may reproduce a published number but raises no state.
    OffScale for a value that the scale cannot show, NotPointData for a filled-forward series.
    """
    chosen = [p for p in found if p.suite in variants and p.date is not None]
    chosen = [p for p in chosen if (start is None or p.date >= start) and (end is None or p.date < end)]  # type: ignore[operator]
    series = usable(chosen, scale)
    best = records(days(series.dates), series.heights) if len(series.ids) else np.zeros(0, dtype=bool)
    fitted = series.only(best)
    trend = line(fitted.dates, fitted.heights, scale)
    n = len(fitted.ids)
    state: State = "not enough data" if n < ENOUGH_FOR_TREND else "cannot tell"
    return Verdict(
        indicator=indicator,
        variant=" + ".join(variants),
        as_of=as_of,
        state=state,
        n=n,
        trend=trend,
        series=series,
        fitted=fitted,
        reasons=tuple(_reasons(n, series, trend)),
        left_out=series.left_out,
    )


def _reasons(n: int, series: Sample, trend: Trend | None) -> list[str]:
    needed = f"{ENOUGH_FOR_TREND} are needed to judge a trend, {ENOUGH_FOR_SIGNAL} for a signal"
    reasons = [f"{n} records among {len(series.ids)} points; {needed}."]
    if bounds := series.left_out.get("bound"):
        reasons.append(f"{bounds} {'value is' if bounds == 1 else 'values are'} only known as a bound and not fitted.")
    if series.joins_suites:
        reasons.append("The series joins suites: it reproduces a published number and raises no state.")
    if trend is not None and trend.slope_low <= 0:
        reasons.append("The 90 % interval of the slope includes no growth.")
    if n >= ENOUGH_FOR_TREND:
        reasons.append("Whether the slope has changed is not tested yet, so no speed-up is claimed.")
    return reasons
