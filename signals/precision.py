"""How precise the bend is and what could have been seen: intervals by refitting replicates, and power.

Source of the method: parametric bootstrap of the bent fit, break and noise model included
(signals.md 2.9).
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from signals.chance import INTERVAL_CELLS, INTERVAL_NOISE, POWER_CELLS, POWER_NOISE, noise_of, stream
from signals.design import Design, line_through
from signals.statistic import break_year, coefficients_of, doubling_time, score, sigma_of, slope_ratio
from signals.whitening import Floats

INTERVAL_DRAWS = 999


@dataclass(frozen=True)
class Range:
    """An interval, in the unit of what it belongs to; for doubling times None means "no growth"."""

    low: float | None
    high: float | None


@dataclass(frozen=True)
class Intervals:
    """90 % intervals from refitting parametric replicates; doubling times in days, log2 scales only."""

    slope_before: Range
    slope_after: Range
    slope_ratio: Range
    doubling_time_before: Range
    doubling_time_after: Range
    draws: int


def intervals(
    design: Design, values: ArrayLike, seed: int, draws: int = INTERVAL_DRAWS, slower: bool = False
) -> Intervals:
    """90 % intervals of slopes, doubling times and ratio from `draws` replicates of the bent fit.

    `design` is `design_of` the series, `values` (n,). Each replicate draws a noise model from the
    weights, adds its noise (sigma_j from n - 4 degrees of freedom) to the bent line, and is
    refitted, break and noise model included. `slower` says that `values` are the negated series: the
    intervals are those of the series itself. Measured coverage .91-.96 for independent noise,
    .79-.89 at AR .6 (signals.md 2.9).
    """
    y = np.asarray(values, dtype=float)
    scores = score(design, y[:, None])
    found = coefficients_of(design, scores)
    after_break = np.maximum(design.years - break_year(design, scores), 0)
    bent = found.before[0] * design.years + (found.after[0] - found.before[0]) * after_break
    streams = stream(seed, INTERVAL_CELLS), stream(seed, INTERVAL_NOISE)
    noise, cells = noise_of(design, scores.weights[:, 0], *streams, draws)
    noise *= sigma_of(design, scores)[cells]  # each day stays sorted: its points share a cell
    refit = coefficients_of(design, score(design, bent[:, None] + noise))
    sign = -1.0 if slower else 1.0
    befores, afters = sign * refit.before, sign * refit.after
    ratios = np.array([slope_ratio(b, a) for b, a in zip(befores, afters, strict=True)])
    before, after = _central(befores), _central(afters)
    return Intervals(
        slope_before=before,
        slope_after=after,
        slope_ratio=_central(ratios[~np.isnan(ratios)]),
        doubling_time_before=_in_days(before),
        doubling_time_after=_in_days(after),
        draws=draws,
    )


def _central(sample: Floats) -> Range:
    """5 and 95 % order statistics: no interpolation, so an infinite ratio stays infinite."""
    if len(sample) == 0:
        return Range(None, None)
    low, high = np.quantile(sample, [0.05, 0.95], method="inverted_cdf")
    return Range(float(low), float(high))


def _in_days(slopes: Range) -> Range:
    """The doubling times of a slope interval: the steepest slope gives the shortest time."""
    if slopes.low is None or slopes.high is None:
        return Range(None, None)
    return Range(doubling_time(slopes.high), doubling_time(slopes.low))


def power(
    design: Design,
    values: ArrayLike,
    seed: int,
    ratios: tuple[float, ...] = (1.5, 2.0, 3.0),
    null_sample: int = 1_999,
    draws: int = INTERVAL_DRAWS,
) -> dict[float, float]:
    """The chance to find, at p <= .05, a slope that became r times steeper at the .7 n-th point.

    `design` is `design_of` the series, `values` (n,): its noise models, its noise, and its
    ordinary least squares slope before. Method: signals.md 2.9. Without growth the power is 0.
    """
    y = np.asarray(values, dtype=float)
    scores = score(design, y[:, None])
    weights, sigma = scores.weights[:, 0], sigma_of(design, scores)
    slope, _ = line_through(design.years, y)
    if slope <= 0:
        return dict.fromkeys(ratios, 0.0)
    streams = stream(seed, POWER_CELLS), stream(seed, POWER_NOISE)
    null = score(design, noise_of(design, weights, *streams, null_sample)[0]).statistic
    threshold = float(np.quantile(null, 0.95))
    hinge = np.maximum(design.years - design.years[ceil(0.7 * len(y)) - 1], 0)
    found = {}
    for ratio in ratios:
        noise, cells = noise_of(design, weights, *streams, draws)
        bent = ((ratio - 1) * slope * hinge)[:, None] + noise * sigma[cells]
        found[ratio] = float((score(design, bent).statistic > threshold).mean())
    return found
