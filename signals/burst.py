"""Bursts: weeks with more mentions than their own past explains. Never called acceleration.

Source: Noufaily et al. 2013, as in `surveillance::farringtonFlexible` (signals.md 3.6).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import nbinom, poisson

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

YEAR = 52  # weeks
MOST_YEARS = 4
WINDOW = 3  # weeks on either side of the same week of an earlier year
LEFT_OUT = 26  # latest weeks that may already hold the burst
BLOCKS = 9
SEASON_WEEKS = 83  # 1.6 years: with less history no season is fitted
FEWEST_REFERENCE = 26
OUTLIER = 2.58
ALPHA = 0.01
FEWEST_COUNTS = 5
RECENT = 4
QUIET_WEEKS = 2


@dataclass(frozen=True)
class Alarm:
    """One week against its own past: `expected` and `threshold` counts, and the verdict.

    `dispersion` is phi >= 1; `reference_weeks` how many past weeks were used.
    """

    week: int
    count: float
    expected: float
    threshold: float
    is_alarm: bool
    dispersion: float
    reference_weeks: int


def burst_alarm(counts: ArrayLike, week: int, alpha: float = ALPHA) -> Alarm | None:
    """Is `counts[week]` above the 1 - alpha quantile of what the reference weeks predict?

    `counts` (n,) are complete weekly counts, oldest first; only weeks up to `week` are read. None
    with too short a past (fewer than 26 reference weeks). ValueError for negative or missing counts.
    """
    y = np.asarray(counts, dtype=float)[: week + 1]
    if not (np.isfinite(y).all() and (y >= 0).all()):
        raise ValueError("counts must be finite and not negative")
    reference, levels = _reference(week)
    if len(reference) < FEWEST_REFERENCE:
        return None
    columns, at_week = _columns(reference, levels, week)
    mu, _, dispersion = _fit(columns, y[reference])
    mu, coefficients, dispersion = _refit(columns, y[reference], mu, dispersion)
    expected = float(np.exp(at_week @ coefficients))
    threshold = _quantile(1 - alpha, expected, dispersion)
    enough = y[max(week - RECENT + 1, 0) :].sum() >= FEWEST_COUNTS
    is_alarm = bool(y[week] > threshold and enough)
    return Alarm(week, float(y[week]), expected, threshold, is_alarm, dispersion, len(reference))


def in_burst(alarms: Sequence[Alarm | None]) -> tuple[bool, ...]:
    """For consecutive weeks: is a burst on? It starts with an alarm and ends with the second week
    in a row at or below its threshold. Weeks without a verdict change nothing."""
    states, is_on, quiet = [], False, 0
    for alarm in alarms:
        if alarm is not None:
            quiet = 0 if alarm.count > alarm.threshold else quiet + 1
            is_on = alarm.is_alarm or (is_on and quiet < QUIET_WEEKS)
        states.append(is_on)
    return tuple(states)


def _reference(week: int) -> tuple[Integers, Integers]:
    """Past weeks to learn from, and the season level of each (all 0 with a short past)."""
    if week < SEASON_WEEKS:
        weeks = np.arange(0, max(week - LEFT_OUT, 0))
        return weeks, np.zeros(len(weeks), dtype=np.int64)
    years = min(MOST_YEARS, (week - WINDOW) // YEAR)
    weeks = np.arange(week - YEAR * years - WINDOW, week - LEFT_OUT)
    return weeks, season_levels(week - weeks)


def season_levels(weeks_ago: ArrayLike) -> Integers:
    """The season level, 0 to 9, of weeks that lie so many weeks back (integers >= 0).

    Level 0 is within 3 weeks of a whole number of years; between two such windows 9 consecutive
    blocks of 5 weeks follow in calendar order (45 weeks leave no remainder to spread).
    """
    since = -np.asarray(weeks_ago, dtype=np.int64) + WINDOW  # weeks after the start of a window
    into_year = since % YEAR
    block = (YEAR - 2 * WINDOW - 1) // BLOCKS
    return np.where(into_year <= 2 * WINDOW, 0, (into_year - 2 * WINDOW - 1) // block + 1)


def _columns(reference: Integers, levels: Integers, week: int) -> tuple[Floats, Floats]:
    """Constant, trend and the seasons that occur; and the row that predicts `week` (level 0)."""
    seasons = [level for level in np.unique(levels) if level != 0]
    span = float(week - reference[0])
    trend = (reference - week) / span  # zero at the week predicted
    columns = np.column_stack([np.ones(len(reference)), trend, *((levels == level).astype(float) for level in seasons)])
    at_week = np.zeros(columns.shape[1])
    at_week[0] = 1.0
    return columns, at_week


def _fit(columns: Floats, y: Floats, weights: Floats | None = None, rounds: int = 60) -> tuple[Floats, Floats, float]:
    """Weighted Poisson likelihood by reweighted least squares: means, coefficients, dispersion."""
    om: Floats = np.ones(len(y)) if weights is None else weights
    mu: Floats = y + 0.1
    eta: Floats = np.log(mu)
    coefficients: Floats = np.zeros(columns.shape[1])
    for _ in range(rounds):
        root = np.sqrt(om * mu)
        working = eta + (y - mu) / mu
        before = coefficients
        solution = np.linalg.lstsq(columns * root[:, None], working * root, rcond=None)[0]
        coefficients = np.asarray(solution, dtype=float)
        # A season of zeros sends its level to minus infinity; e^-30 is zero counts enough.
        eta = np.clip(columns @ coefficients, -30, 30)
        mu = np.exp(eta)
        if np.abs(coefficients - before).max() < 1e-12 * (1 + np.abs(coefficients).max()):
            break
    spare = len(y) - columns.shape[1]
    dispersion = max(1.0, float((om * (y - mu) ** 2 / mu).sum() / spare))
    return mu, coefficients, dispersion


def _refit(columns: Floats, y: Floats, mu: Floats, dispersion: float) -> tuple[Floats, Floats, float]:
    """Fit again with past outbreaks weighted down by their Anscombe residuals."""
    q, _ = np.linalg.qr(columns * np.sqrt(mu)[:, None])
    leverage = np.minimum((q * q).sum(axis=1), 1 - 1e-12)
    residual = 1.5 * (y ** (2 / 3) * mu ** (-1 / 6) - np.sqrt(mu))
    residual = residual / np.sqrt(dispersion * (1 - leverage))
    high = residual > OUTLIER
    weights = np.ones(len(y))
    weights[high] = residual[high] ** -2.0
    weights *= len(y) / weights.sum()
    return _fit(columns, y, weights)


def _quantile(probability: float, expected: float, dispersion: float) -> float:
    """Of the negative binomial with that mean and variance phi x mean; Poisson if phi is 1."""
    if dispersion <= 1:
        return float(poisson.ppf(probability, expected))
    return float(nbinom.ppf(probability, expected / (dispersion - 1), 1 / dispersion))
