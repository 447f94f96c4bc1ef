"""The straight line: slope, doubling time, and how sure one can be of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from signals.frontier import records
from signals.scale import Scale

Array = npt.NDArray[np.float64]
Dates = npt.ArrayLike | Sequence[date]

DAYS_A_YEAR = 365.25
LEVEL = 0.90
METHOD = "ordinary least squares on the date, 90 % t interval"


def days(dates: Dates) -> Array:
    """Days since 1970-01-01 of dates (datetime64, or date objects), as floats."""
    return np.asarray(np.asarray(dates, dtype="datetime64[D]").astype(np.int64), dtype=float)


@dataclass(frozen=True)
class Trend:
    """A line y = intercept + slope_per_year * years since 1970 on the scale given, with a 90 % interval of its slope.

    `sd` is the residual standard deviation (n - 2 degrees of freedom), in units of the scale.
    """

    scale: Scale
    n: int
    intercept: float
    slope_per_year: float
    slope_low: float
    slope_high: float
    sd: float
    centre: float
    spread: float
    level: float = LEVEL
    method: str = METHOD

    @property
    def doubling_days(self) -> float | None:
        """Days to double (to halve, where lower is better); None unless the scale is log2 and the line rises."""
        return _doubling(self.slope_per_year) if self.scale.kind == "log2" else None

    @property
    def doubling_days_low(self) -> float | None:
        return _doubling(self.slope_high) if self.scale.kind == "log2" else None

    @property
    def doubling_days_high(self) -> float | None:
        """None also where the interval includes no growth: then the doubling time has no upper end."""
        return _doubling(self.slope_low) if self.scale.kind == "log2" else None

    def at(self, when: Dates) -> Array:
        """The line at dates, in the unit of the values."""
        return self.scale.back(self.intercept + self.slope_per_year * days(when) / DAYS_A_YEAR)

    def band(self, when: Dates, level: float = 0.80) -> tuple[Array, Array]:
        """Prediction interval for a single new value at each date, in the unit of the values.

        Method: the textbook interval for a new response in simple linear regression, Student t with
        n - 2 degrees of freedom; it takes the errors as independent and equally large.
        """
        x = days(when) / DAYS_A_YEAR
        se = self.sd * np.sqrt(1 + 1 / self.n + (x - self.centre) ** 2 / self.spread)
        reach = stdtrit(self.n - 2, (1 + level) / 2) * se
        middle = self.intercept + self.slope_per_year * x
        ends = self.scale.back(middle - reach), self.scale.back(middle + reach)
        return np.minimum(*ends), np.maximum(*ends)


def trend(dates: Dates, values: npt.ArrayLike, scale: Scale) -> Trend | None:
    """The least-squares line through the values on their scale; None for fewer than three values or one single day.

    Args:
        dates: shape (n,), days. values: shape (n,), in their unit, same order.

    Raises:
        OffScale: for a value that the scale cannot show.
    """
    return line(dates, scale.forward(np.asarray(values, dtype=float)), scale)


def line(dates: Dates, heights: Array, scale: Scale) -> Trend | None:
    """As `trend`, for heights that are on the scale already; shapes (n,) and (n,)."""
    x = days(dates) / DAYS_A_YEAR
    if len(x) < 3 or np.ptp(x) == 0:
        return None
    centre = float(x.mean())
    spread = float(((x - centre) ** 2).sum())
    slope = float(((x - centre) * (heights - heights.mean())).sum() / spread)
    intercept = float(heights.mean() - slope * centre)
    sd = float(np.sqrt(((heights - intercept - slope * x) ** 2).sum() / (len(x) - 2)))
    reach = float(stdtrit(len(x) - 2, (1 + LEVEL) / 2)) * sd / np.sqrt(spread)
    return Trend(scale, len(x), intercept, slope, slope - reach, slope + reach, sd, centre, spread)


def frontier_trend(
    dates: Dates,
    values: npt.ArrayLike,
    scale: Scale,
    *,
    start: date | None = None,
    end: date | None = None,
) -> Trend | None:
    """The line through the records of a window, start <= date < end; records are found anew inside the window.

    This is METR's published method: unweighted least squares of log2(p50) on the release date, state
    of the art recomputed for the window (an all-time flag drops models that lead a later window).
    """
    day = np.asarray(dates, dtype="datetime64[D]")
    value = np.asarray(values, dtype=float)
    inside = np.ones(len(day), dtype=bool)
    if start is not None:
        inside &= day >= np.datetime64(start)
    if end is not None:
        inside &= day < np.datetime64(end)
    day, value = day[inside], value[inside]
    best = records(days(day), value, falling=scale.falling)
    return trend(day[best], value[best], scale)


def _doubling(slope: float) -> float | None:
    return DAYS_A_YEAR / slope if slope > 0 else None
