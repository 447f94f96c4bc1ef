"""Would the bent line have forecast better than the straight one? Out of sample, by expanding windows."""

from dataclasses import dataclass
from math import ceil, inf

import numpy as np
from numpy.typing import ArrayLike

from signals.bend import FEWEST_POINTS
from signals.design import DAYS_PER_YEAR, candidate_positions, checked, line_through, years_since_first
from signals.whitening import Floats, Integers


@dataclass(frozen=True)
class Skill:
    """1 - MSE(bent line) / MSE(line) of forecasts half a year ahead, over `pairs` reused pairs."""

    skill: float | None
    pairs: int


def forecast_skill(dates: ArrayLike, values: ArrayLike, horizon: float = 0.5) -> Skill:
    """How much better the bent line forecasts the next `horizon` years than the straight line.

    For every cut both lines are refitted by ordinary least squares on the points before it, the
    break searched anew with the same trim. Descriptive: points are reused (signals.md 2.9).
    """
    days, y = checked(dates, values)
    years, n = years_since_first(days), len(y)
    line_error, bent_error, pairs = 0.0, 0.0, 0
    for cut in range(max(FEWEST_POINTS, ceil(n / 2)), n):
        ahead = np.flatnonzero(years[cut:] - years[cut - 1] <= horizon) + cut
        if len(ahead) == 0 or years[cut - 1] - years[0] < 1 / DAYS_PER_YEAR:
            continue
        line, bent = _forecasts(years, y, cut, ahead)
        line_error += float(((y[ahead] - line) ** 2).sum())
        bent_error += float(((y[ahead] - bent) ** 2).sum())
        pairs += len(ahead)
    return Skill(1 - bent_error / line_error if line_error > 0 else None, pairs)


def _forecasts(years: Floats, y: Floats, cut: int, ahead: Integers) -> tuple[Floats, Floats]:
    """Line and bent line fitted to the first `cut` points, at the points `ahead`."""
    x = years[:cut]
    slope, level = line_through(x, y[:cut])
    best: tuple[float, Floats] = (inf, np.empty(0))
    for position in candidate_positions(cut):
        tau = x[position]
        design = np.column_stack([np.ones(cut), x, np.maximum(x - tau, 0)])
        coefficients = np.linalg.lstsq(design, y[:cut], rcond=None)[0]
        ssr = float(((y[:cut] - design @ coefficients) ** 2).sum())
        if ssr < best[0]:
            later = years[ahead]
            columns = np.column_stack([np.ones(len(later)), later, np.maximum(later - tau, 0)])
            best = (ssr, columns @ coefficients)
    return level + slope * years[ahead], best[1]
