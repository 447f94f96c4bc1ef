"""How often would steady growth alone give a statistic this large? Simulated, reproducible, stopped early.

Two nulls: a line with autocorrelated noise (p), and one line for all models of which only the
frontier is seen (p_F). Everything random comes from the seed; how many replicates are computed at
once never matters.

Source of the method: parametric bootstrap of the whole search, with sequential stopping (Besag and
Clifford 1991); signals.md 2.7 and 2.8.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from math import inf

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from signals.band import near_frontier
from signals.design import (
    DAYS_PER_YEAR,
    Dates,
    Design,
    design_for,
    line_through,
    sorted_within_days,
    years_since_first,
)
from signals.frontier import records
from signals.statistic import Scores, score
from signals.whitening import GRID, Floats, Integers, simulate

FEWEST_FRONTIER_POINTS = 8
STOP_AFTER = 10
DRAWS = 9_999

# One independent random stream for each purpose, so that no result depends on which others are asked.
NULL_CELLS, NULL_NOISE, FRONTIER, INTERVAL_CELLS, INTERVAL_NOISE, POWER_CELLS, POWER_NOISE = range(7)


@dataclass(frozen=True)
class Chance:
    """A simulated p: `exceedances` of `draws` null draws reached the observed statistic.

    `low` and `high` are the 95 % simulation interval of p itself (signals.md 2.7).
    """

    p: float
    draws: int
    exceedances: int
    low: float
    high: float


def seed_for(series_id: str, last_date: date, vintage: str) -> int:
    """The seed of a series: first 8 bytes of SHA-256 over id, last date and vintage (signals.md 2.7).

    `vintage` is the date the data hash was first seen, as text.
    """
    text = f"{series_id}|{last_date:%Y-%m-%d}|{vintage}"
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")


def stream(seed: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, purpose])))


def chance(
    draw: Callable[[int], Floats],
    observed: float,
    stop_after: int | None = STOP_AFTER,
    draws: int = DRAWS,
    batch: int = 32,
    largest_batch: int = 256,
) -> Chance:
    """Besag-Clifford p: draw until `stop_after` statistics reach `observed`, at most `draws`.

    `draw(k)` returns the next k null statistics of one stream, whatever the batch sizes.
    `stop_after=None` always uses all draws. Method: Besag and Clifford 1991; signals.md 2.7.
    """
    done = exceeded = 0
    while done < draws:
        size = min(batch, draws - done)
        hits = draw(size) >= observed
        if stop_after is not None and exceeded + hits.sum() >= stop_after:
            used = done + int(np.flatnonzero(hits)[stop_after - exceeded - 1]) + 1
            low, high = _beta_interval(stop_after, used - stop_after + 1)
            return Chance(stop_after / used, used, stop_after, low, high)
        exceeded += int(hits.sum())
        done += size
        batch = min(2 * batch, largest_batch)
    low, high = _beta_interval(exceeded + 1, draws - exceeded)
    return Chance((1 + exceeded) / (draws + 1), draws, exceeded, low, high)


def _beta_interval(a: int, b: int) -> tuple[float, float]:
    """Central 95 % of Beta(a, b); b = 0 (every draw exceeded) puts all mass on 1."""
    if b <= 0:
        return 1.0, 1.0
    return float(betaincinv(a, b, 0.025)), float(betaincinv(a, b, 0.975))


def null_draws(design: Design, weights: Floats, seed: int) -> Callable[[int], Floats]:
    """A source of T under steady growth: noise models drawn from `weights` (c,), weights refitted."""
    cells, noise = stream(seed, NULL_CELLS), stream(seed, NULL_NOISE)

    def draw(size: int) -> Floats:
        return score(design, noise_of(design, weights, cells, noise, size)[0]).statistic

    return draw


def noise_of(
    design: Design,
    weights: Floats,
    cells: np.random.Generator,
    noise: np.random.Generator,
    size: int,
) -> tuple[Floats, Integers]:
    """Unit noise (n, size) and its cells. Drawn replicate by replicate: batch sizes cannot matter."""
    edges = np.cumsum(weights)
    chosen = np.minimum(np.searchsorted(edges, cells.random(size) * edges[-1]), len(weights) - 1)
    normals = noise.standard_normal((size, 2, len(design.years)))
    return sorted_within_days(design, simulate(design.noise, chosen, normals)), chosen


def chance_under_steady_noise(
    design: Design,
    scores: Scores,
    seed: int,
    stop_after: int | None = STOP_AFTER,
    draws: int = DRAWS,
) -> Chance:
    """p of the first series in `scores` under autocorrelated noise about a line (signals.md 2.7)."""
    if not np.any(scores.t[:, 0]):  # a perfect line: nothing to explain
        return Chance(1.0, 0, 0, 1.0, 1.0)
    draw = null_draws(design, scores.weights[:, 0], seed)
    largest = int(np.clip(1.5e5 / (len(design.years) * len(scores.t)), 16, 128))
    return chance(draw, float(scores.statistic[0]), stop_after, draws, largest_batch=largest)


def chance_under_model_growth(
    dates: ArrayLike,
    values: ArrayLike,
    observed: float,
    series: str,
    seed: int,
    width: float | None = None,
    stop_after: int | None = STOP_AFTER,
    draws: int = DRAWS,
    grid: tuple[tuple[float, float], ...] = GRID,
    slower: bool = False,
) -> Chance:
    """p_F: the chance that one line for all models, seen only at its frontier, bends this much.

    `dates`, `values` (n,): all models, on the test's scale. `series` is "band" (with `width` if the
    catalogue fixes it, else re-estimated in each replicate) or "records". Residuals of the line are
    resampled at the true dates and the series extracted again; `slower` mirrors the statistic, not
    the extraction. Method: signals.md 2.8.
    """
    days = np.asarray(dates, dtype="datetime64[D]")
    y = np.asarray(values, dtype=float)
    x = (days - days.min()).astype(float) / DAYS_PER_YEAR
    slope, level = line_through(x, y)
    trend = level + slope * x
    residuals = y - trend
    picking = stream(seed, FRONTIER)

    def draw(size: int) -> Floats:
        picks = picking.integers(len(y), size=(size, len(y)))
        drawn = (trend + residuals[pick] for pick in picks)
        return np.array([_frontier_statistic(days, values, series, width, grid, slower) for values in drawn])

    return chance(draw, observed, stop_after, draws)


def _frontier_statistic(
    days: Dates, y: Floats, series: str, width: float | None, grid: tuple[tuple[float, float], ...], slower: bool
) -> float:
    order = np.lexsort((-y, days))
    days, y = days[order], y[order]
    kept = near_frontier(days, y, width).kept if series == "band" else records(days.astype(float), y)
    if kept.sum() < FEWEST_FRONTIER_POINTS:
        return -inf
    design = design_for(years_since_first(days[kept]), grid=grid)
    seen = sorted_within_days(design, -y[kept][:, None]) if slower else y[kept][:, None]
    return float(score(design, seen).statistic[0])
