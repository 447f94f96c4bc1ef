"""Simulated worlds of known truth: dates, noise, frontiers and daily counts (signals.md 4.2 to 4.6)."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from signals.design import Dates
from signals.whitening import Floats

Random = np.random.Generator

SOME_DAY = date(2020, 1, 1)
START = np.datetime64(SOME_DAY, "D")
SPAN = 5.0  # years
SLOPE, SCATTER = 2.0, 0.6  # log2 units a year; log2 units
WEEKDAYS = np.array([1.1, 1.15, 1.15, 1.1, 1.0, 0.55, 0.5])
NUISANCES = ("bursts", "weekly AR", "outages")


def release_years(rng: Random, n: int) -> Floats:
    """Sorted years 5 sqrt(U), whole days: denser recently (signals.md 4.2). Shape (n,)."""
    return np.asarray(np.sort(np.round(SPAN * np.sqrt(rng.random(n)) * 365.25)) / 365.25)


def days_of(years: Floats) -> Dates:
    """The calendar days of years since the start, shape (n,)."""
    return np.asarray(START + np.round(years * 365.25).astype(int))


def autoregressive(rng: Random, n: int, phi: float, draws: Floats | None = None) -> Floats:
    """Stationary AR(1) by index with unit variance, from `draws` (n,) or normal innovations."""
    e = np.asarray(rng.standard_normal(n) if draws is None else draws.copy(), dtype=float)
    for i in range(1, n):
        e[i] = phi * e[i - 1] + np.sqrt(1 - phi**2) * e[i]
    return e


def _calendar_memory(rng: Random, x: Floats, years: float) -> Floats:
    """Ornstein-Uhlenbeck noise with that relaxation time, unit variance."""
    e = rng.standard_normal(len(x))
    for i in range(1, len(x)):
        rho = np.exp(-(x[i] - x[i - 1]) / years)
        e[i] = rho * e[i - 1] + np.sqrt(1 - rho**2) * e[i]
    return e


def _growing(rng: Random, x: Floats) -> Floats:
    return np.asarray(rng.standard_normal(len(x)) * (1 + 3 * (x - x[0]) / max(float(np.ptp(x)), 1e-9)) / 2.5)


def _sine(rng: Random, x: Floats) -> Floats:
    season = np.sin(2 * np.pi * (x + rng.random()))
    return np.asarray(season + np.sqrt(0.5) * rng.standard_normal(len(x)))


def _moving_average(rng: Random, x: Floats) -> Floats:
    e = rng.standard_normal(len(x) + 1)
    return np.asarray((e[1:] + 0.7 * e[:-1]) / np.sqrt(1.49))


def _inflated(rng: Random, x: Floats) -> Floats:
    e = rng.standard_normal(len(x))
    e[-2:] += np.log2(1.5) / SCATTER
    return e


NOISES: dict[str, Callable[[Random, Floats], Floats]] = {
    "i.i.d. normal": lambda rng, x: rng.standard_normal(len(x)),
    "t3": lambda rng, x: rng.standard_t(3, len(x)) / np.sqrt(3),
    "skewed": lambda rng, x: rng.exponential(size=len(x)) - 1,
    "heteroscedastic": _growing,
    "dates in triples": lambda rng, x: rng.standard_normal(len(x)),
    "annual sine": _sine,
    "AR .3": lambda rng, x: autoregressive(rng, len(x), 0.3),
    "MA .7": _moving_average,
    "AR .6": lambda rng, x: autoregressive(rng, len(x), 0.6),
    "OU .25 yr": lambda rng, x: _calendar_memory(rng, x, 0.25),
    "OU .5 yr + white": lambda rng, x: np.sqrt(0.5) * (_calendar_memory(rng, x, 0.5) + rng.standard_normal(len(x))),
    "last two inflated": _inflated,
    "AR .8": lambda rng, x: autoregressive(rng, len(x), 0.8),
    "random walk": lambda rng, x: np.cumsum(rng.standard_normal(len(x))),
}


def bent(x: Floats, ratio: float) -> Floats:
    return np.asarray(SLOPE * x + (ratio - 1) * SLOPE * np.maximum(x - (SPAN - 1.5), 0))


def accuracy(eta: Floats) -> Floats:
    return np.asarray(0.25 + 0.75 / (1 + np.exp(-eta)))


def gap_model(rng: Random, x: Floats) -> Floats:
    """Models below a frontier: y = 2x - 1.5 |t4| / sqrt 2 (signals.md 4.5)."""
    return np.asarray(SLOPE * x - 1.5 * np.abs(rng.standard_t(4, len(x))) / np.sqrt(2))


def daily_counts(rng: Random, n: int, nuisances: Sequence[str] = (), speed_up: bool = False) -> tuple[Dates, Floats]:
    """`n` days of counts around 40 growing 1 log2 a year (4 for the last 120 days if `speed_up`)."""
    t = np.arange(n)
    growth = t / 365.25 + (3 * np.maximum(t - (n - 120), 0) / 365.25 if speed_up else 0.0)
    mean = 40 * 2**growth * WEEKDAYS[(days_of(np.zeros(1)).astype(int)[0] + t + 3) % 7]
    if "weekly AR" in nuisances:
        mean = mean * np.exp(0.2 * autoregressive(rng, n // 7 + 1, 0.7)[t // 7])
    for _ in range(rng.poisson(8 * n / 365.25) if "bursts" in nuisances else 0):
        start, length, height = int(rng.integers(n)), int(rng.integers(3, 15)), rng.uniform(2, 5)
        age = np.arange(min(length, n - start))
        mean[start : start + length] *= 1 + (height - 1) * np.exp(-3 * age / length)
    counts = rng.negative_binomial(8, 8 / (8 + mean)).astype(float)
    for _ in range(rng.poisson(2 * n / 365.25) if "outages" in nuisances else 0):
        start = int(rng.integers(n))
        counts[start : start + int(rng.integers(3, 15))] = 0
    return np.asarray(START + t), counts
