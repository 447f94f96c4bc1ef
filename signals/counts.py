"""Counts of news, papers or downloads: from days to weekly rates, and whether their growth bends.

Days differ (weekends), fail (outages) and burst (one story everywhere). Weekday factors, dropped
outages and winsorised weeks take these out before the bend test of signals.md 2 is applied with
lags by index (signals.md 3.1 to 3.5).

Sources: Poisson log-linear means (McCullagh and Nelder 1989), Huber 1964 for the robust line.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signals.bend import Bend, NotEnoughData, bend_on
from signals.chance import DRAWS, STOP_AFTER
from signals.design import Dates, Design, design_for
from signals.whitening import Floats, Integers

Mask = NDArray[np.bool_]

WEEKS_PER_YEAR = 52.1775
FEWEST_WEEKS = 26
FEWEST_VALID_DAYS = 3
TRIM_SHARE = 0.10
OUTAGE_THETA = 8.0  # shape of the negative binomial an outage must be improbable under
OUTAGE_CHANCE = 0.01
HUBER = 1.345
HUBER_ROUNDS = 30
WINSOR = 2.0


@dataclass(frozen=True, eq=False)
class Weekdays:
    """Poisson means: `factor` (7,) by weekday (Monday first, mean 1), growth `per_day`, `mean` (n,)."""

    factor: Floats
    per_day: float
    mean: Floats


@dataclass(frozen=True, eq=False)
class Weekly:
    """One row for each week with enough valid days, oldest first, all (w,).

    `week` counts back from 0, the last one; `last_day` is its seventh day; `rate` is log2 of the
    count per average day, `winsorised` the rate with bursts clipped. `outages` (n days) were left out.
    """

    week: Integers
    last_day: Dates
    rate: Floats
    winsorised: Floats
    valid_days: Integers
    outages: Mask


def weekday_means(days: ArrayLike, counts: ArrayLike, valid: ArrayLike) -> Weekdays:
    """Fit mu = exp(a + b t + weekday) to the `valid` days by Poisson likelihood (signals.md 3.3).

    `days` consecutive or not, `counts` and `valid` alike, all (n,). The weekday terms have a closed
    form given b, so this is a Newton search for b alone; a weekday that is always zero has factor 0.
    ValueError without any count on a valid day.
    """
    calendar = np.asarray(days, dtype="datetime64[D]").astype(np.int64)
    y, use = np.asarray(counts, dtype=float), np.asarray(valid, dtype=bool)
    if not (y[use] > 0).any():
        raise ValueError("no count on any valid day")
    weekday = (calendar + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    span = max(int(np.ptp(calendar)), 1)
    t = (calendar - calendar.mean()) / span
    total = np.asarray(np.bincount(weekday[use], y[use], 7), dtype=float)
    b = _growth(t[use], weekday[use], y[use], total)
    weights = np.bincount(weekday[use], np.exp(b * t[use]), 7)
    height = np.divide(total, weights, out=np.zeros(7), where=weights > 0)
    factor = height / height[weights > 0].mean()
    return Weekdays(factor, b / span, height[weekday] * np.exp(b * t))


def _growth(t: Floats, weekday: Integers, y: Floats, total: Floats, rounds: int = 50) -> float:
    """The b that maximises sum y b t - sum_d Y_d log sum exp(b t); the likelihood is concave."""
    b, target = 0.0, float(y @ t)
    for _ in range(rounds):
        weight = np.exp(b * t)
        s0, s1, s2 = (np.bincount(weekday, weight * t**k, 7) for k in range(3))
        seen = s0 > 0
        mean = s1[seen] / s0[seen]
        slope = target - float(total[seen] @ mean)
        curvature = float(total[seen] @ (s2[seen] / s0[seen] - mean**2))
        if curvature <= 0:  # all on one day of each weekday: growth cannot be told
            break
        step = float(np.clip(slope / curvature, -2, 2))
        b += step
        if abs(step) < 1e-10:
            break
    return b


def outages(days: ArrayLike, counts: ArrayLike, marked: ArrayLike | None = None) -> Mask:
    """Days to leave out: missing, `marked` by the source, or in a run of zeros too long for chance.

    A run is an outage when prod (theta/(theta+mu))^theta < .01 with theta 8 and mu the weekday
    means; fit, mark, refit, mark (signals.md 3.2). All (n,), one row for each calendar day.
    """
    y = np.asarray(counts, dtype=float)
    missing: Mask = ~np.isfinite(y)
    if marked is not None:
        missing |= np.asarray(marked, dtype=bool)
    out = missing
    for _ in range(2):
        if not (y[~out] > 0).any():
            break
        mean = weekday_means(days, np.where(missing, 0, y), ~out).mean
        out = missing | _improbable_zeros((y == 0) & ~missing, mean)
    return out


def _improbable_zeros(zero: Mask, mean: Floats) -> Mask:
    """Runs of `zero` days whose joint probability is below the limit."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], zero, [False]]).astype(np.int8)))
    log_chance = OUTAGE_THETA * np.log(OUTAGE_THETA / (OUTAGE_THETA + mean))
    out = np.zeros(len(zero), dtype=bool)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        out[start:end] = log_chance[start:end].sum() < np.log(OUTAGE_CHANCE)
    return out


def weekly_rates(days: ArrayLike, counts: ArrayLike, marked: ArrayLike | None = None) -> Weekly | NotEnoughData:
    """Weekly log2 rates of daily `counts`, weekday-adjusted, without outages, winsorised.

    `days` (n,) are all calendar days up to the last complete one; a missing count is nan; `marked`
    (n,) are outages the source itself reports. ValueError if days are not consecutive or a count
    is negative. Method: signals.md 3.1 to 3.4.
    """
    calendar = np.asarray(days, dtype="datetime64[D]")
    y = np.asarray(counts, dtype=float)
    if len(calendar) != len(y) or (np.diff(calendar) != np.timedelta64(1, "D")).any():
        raise ValueError("one count (or nan) for each calendar day")
    if (y[np.isfinite(y)] < 0).any():
        raise ValueError("a count is negative")
    out = outages(calendar, y, marked)
    if not (y[~out] > 0).any():
        return NotEnoughData(0, "no count on any valid day")
    factor = weekday_means(calendar, np.where(out, 0, y), ~out).factor
    weeks = _weeks(calendar, y, ~out, factor)
    kept = (weeks.valid_days >= FEWEST_VALID_DAYS) & np.isfinite(weeks.rate)
    week, rate = weeks.week[kept], weeks.rate[kept]
    return Weekly(
        week=week,
        last_day=weeks.last_day[kept],
        rate=rate,
        winsorised=winsorised(week, rate),
        valid_days=weeks.valid_days[kept],
        outages=out,
    )


def _weeks(calendar: Dates, y: Floats, valid: Mask, factor: Floats) -> Weekly:
    """Every 7-day block, anchored backwards from the last day, before any is dropped."""
    weeks_ago = np.arange(len(y))[::-1] // 7
    oldest = int(weeks_ago[0])
    position = oldest - weeks_ago
    weekday = (calendar.astype(np.int64) + 3) % 7
    total = np.bincount(position[valid], y[valid], oldest + 1)
    exposure = np.bincount(position[valid], factor[weekday][valid], oldest + 1)
    week = np.arange(-oldest, 1)
    rate = np.full(oldest + 1, np.nan)
    seen = exposure > 0
    rate[seen] = np.log2((total[seen] + 0.5) / exposure[seen])
    return Weekly(
        week=week,
        last_day=calendar[-1] + 7 * week,
        rate=rate,
        winsorised=rate,
        valid_days=np.bincount(position[valid], minlength=oldest + 1),
        outages=~valid,
    )


def winsorised(week: ArrayLike, rate: ArrayLike) -> Floats:
    """`rate` (w,) with residuals clipped to 2 robust deviations about a robust line with two knots.

    Huber's estimate (1.345, 30 rounds of reweighting) of a piecewise line with knots at the 1/3 and
    2/3 quantiles of `week`; the scale is 1.4826 MAD about the median residual (signals.md 3.4).
    """
    x, z = np.asarray(week, dtype=float), np.asarray(rate, dtype=float)
    if len(z) < 4:
        return z
    knots = np.quantile(x, [1 / 3, 2 / 3])
    columns = np.column_stack([np.ones_like(x), x, *(np.maximum(x - knot, 0) for knot in knots)])
    weights = np.ones_like(z)
    fitted, scale = z, 0.0
    for _ in range(HUBER_ROUNDS):
        root = np.sqrt(weights)
        fitted = columns @ np.linalg.lstsq(columns * root[:, None], z * root, rcond=None)[0]
        residuals = z - fitted
        scale = float(1.4826 * np.median(np.abs(residuals - np.median(residuals))))
        if scale < 1e-12:  # at least half the weeks lie on the line: nothing to clip by
            return z
        weights = HUBER / np.maximum(np.abs(residuals) / scale, HUBER)
    return np.asarray(fitted + np.clip(z - fitted, -WINSOR * scale, WINSOR * scale))


def count_design(weekly: Weekly) -> Design:
    """The design of a weekly series: lags by index (dropped weeks closed up), trim of a tenth."""
    years = (weekly.week - weekly.week[0]) / WEEKS_PER_YEAR
    return design_for(years, gaps=np.ones(len(years)), trim_share=TRIM_SHARE)


def count_test(
    weekly: Weekly,
    seed: int,
    stop_after: int | None = STOP_AFTER,
    draws: int = DRAWS,
) -> Bend | NotEnoughData:
    """Test the winsorised weekly rates for an upward bend; slopes in log2 a year (signals.md 3.5).

    The break is dated by the last day of its week. At least 26 weeks.
    """
    n = len(weekly.week)
    if n < FEWEST_WEEKS:
        return NotEnoughData(n, f"{n} weeks, {FEWEST_WEEKS} needed")
    return bend_on(count_design(weekly), weekly.last_day, weekly.winsorised, seed, stop_after, draws)


def last_complete_week(weekly: Weekly) -> date:
    """The day that names this weekly update."""
    day: date = weekly.last_day[-1].astype("datetime64[D]").item()
    return day
