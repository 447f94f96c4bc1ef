"""Everything of the bend test that depends on the dates only: candidate breaks and whitened columns.

A design is made once for a series and serves the series itself and all its replicates
(signals.md 2.2, 2.5 and 2.6).
"""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signals.whitening import GRID, Floats, Integers, Whitener, gaps_between, whiten, whitener

Dates = NDArray[np.datetime64]

DAYS_PER_YEAR = 365.25
MOST_CANDIDATES = 25
TRIM_SHARE = 0.15
ONE_DAY = 5e-6
"""Points less than this many years apart are of one day: `years_since_first` sets them 1e-6 apart."""


@dataclass(frozen=True, eq=False)
class Design:
    """Dates, candidate breaks and the whitened, orthogonalised columns for c noise models.

    `line` (c, 2, n) holds q1 and q2, `hinges` (c, k, n) the normalised hinges; `constant_norm`,
    `slope_norm`, `slope_on_constant` (c,), `hinge_norm` (c, k) and `hinge_on_line` (c, k, 2) undo
    the orthogonalisation; `half_log_determinant` (c,) includes the REML term (signals.md 2.6).
    `same_day` are the runs [start, end) of two or more points of one day.
    """

    years: Floats
    candidates: Integers
    noise: Whitener
    line: Floats
    hinges: Floats
    constant_norm: Floats
    slope_norm: Floats
    slope_on_constant: Floats
    hinge_norm: Floats
    hinge_on_line: Floats
    half_log_determinant: Floats
    same_day: tuple[tuple[int, int], ...] = ()


def years_since_first(dates: ArrayLike) -> Floats:
    """Years since the first date, each point 1e-6 later than its position demands: shape (n,).

    The tiny offset keeps points of one day in a strict order (signals.md 2.2).
    """
    days = np.asarray(dates, dtype="datetime64[D]").astype(np.int64)
    if len(days) == 0:
        return np.empty(0)
    return np.asarray((days - days[0]) / DAYS_PER_YEAR + np.arange(len(days)) * 1e-6)


def trim_of(n: int, share: float = TRIM_SHARE) -> int:
    """Points kept clear of a break at either end: max(3, ceil(share n)) (signals.md 2.2)."""
    return max(3, ceil(share * n - 1e-9))


def candidate_positions(n: int, share: float = TRIM_SHARE, most: int = MOST_CANDIDATES) -> Integers:
    """Positions (0-based) of the points a break may sit on, at most `most`; empty if n < 2 trim + 1."""
    trim = trim_of(n, share)
    if n < 2 * trim + 1:
        return np.empty(0, dtype=np.int64)
    positions = np.arange(trim - 1, n - trim + 1, dtype=np.int64)
    if len(positions) > most:
        kept = np.unique(np.round(np.linspace(0, len(positions) - 1, most)).astype(np.int64))
        positions = positions[kept]
    return positions


def design_for(
    years: Floats,
    scale: Floats | None = None,
    gaps: Floats | None = None,
    grid: tuple[tuple[float, float], ...] = GRID,
    trim_share: float = TRIM_SHARE,
    most_candidates: int = MOST_CANDIDATES,
) -> Design:
    """Whiten and orthogonalise the constant, the line and all hinges under every noise model.

    `years` (n,) increasing; `scale` (n,) the s_i of signals.md 2.4; `gaps` (n,) defaults to the
    gaps between the dates (counts pass ones: their lag is by index, signals.md 3.5). ValueError if
    there are too few points for the trim. Method: signals.md 2.5 and 2.6.
    """
    candidates = candidate_positions(len(years), trim_share, most_candidates)
    if len(candidates) == 0:
        raise ValueError(f"{len(years)} points leave no candidate break")
    noise = whitener(gaps_between(years) if gaps is None else gaps, scale, grid)
    hinges = np.maximum(years[:, None] - years[candidates][None, :], 0.0)
    columns = whiten(noise, np.column_stack([np.ones_like(years), years, hinges]))
    constant, slope = columns[:, :, 0], columns[:, :, 1]
    constant_norm = _norm(constant)
    q1 = constant / constant_norm[:, None]
    slope_on_constant = (q1 * slope).sum(axis=1)
    rest = slope - slope_on_constant[:, None] * q1
    slope_norm = _norm(rest)
    line = np.stack([q1, rest / slope_norm[:, None]], axis=1)
    bent = columns[:, :, 2:].transpose(0, 2, 1)
    on_line = bent @ line.transpose(0, 2, 1)
    bent = bent - on_line @ line
    again = bent @ line.transpose(0, 2, 1)  # twice is enough (Kahan; Parlett 1980)
    bent = bent - again @ line
    hinge_norm = np.sqrt((bent * bent).sum(axis=2))
    determinant = noise.half_log_determinant + np.log(constant_norm) + np.log(slope_norm)
    return Design(
        years=years,
        candidates=candidates,
        noise=noise,
        line=line,
        hinges=np.ascontiguousarray(bent / hinge_norm[:, :, None]),
        constant_norm=constant_norm,
        slope_norm=slope_norm,
        slope_on_constant=slope_on_constant,
        hinge_norm=hinge_norm,
        hinge_on_line=on_line + again,
        half_log_determinant=determinant,
        same_day=_runs_of_one_day(years),
    )


def _runs_of_one_day(years: Floats) -> tuple[tuple[int, int], ...]:
    edges = np.flatnonzero(np.concatenate([[True], np.diff(years) > ONE_DAY, [True]]))
    return tuple((int(a), int(b)) for a, b in pairwise(edges) if b - a > 1)


def sorted_within_days(design: Design, values: Floats) -> Floats:
    """`values` (n, r), each day's from the greatest down: the order in which signals.md 2.2 puts a series.

    A replicate has to be sorted as the data are, else the sorting itself looks like a bend at small n.
    """
    for start, end in design.same_day:
        values[start:end] = -np.sort(-values[start:end], axis=0)
    return values


def design_of(
    dates: ArrayLike,
    values: ArrayLike,
    standard_errors: ArrayLike | None = None,
    grid: tuple[tuple[float, float], ...] = GRID,
) -> Design:
    """The design of one prepared series, s_i from its scatter and `standard_errors` (n,)."""
    days, y = checked(dates, values)
    years = years_since_first(days)
    return design_for(years, _scale(years, y, standard_errors), grid=grid)


def checked(dates: ArrayLike, values: ArrayLike) -> tuple[Dates, Floats]:
    """Days and values as arrays (n,), each day's values from the greatest down (signals.md 2.2).

    ValueError for values that are not finite, dates that are not sorted, or lengths that differ.
    """
    days = np.asarray(dates, dtype="datetime64[D]")
    y = np.asarray(values, dtype=float)
    if days.shape != y.shape or y.ndim != 1:
        raise ValueError(f"{days.shape} dates for {y.shape} values")
    if not np.isfinite(y).all() or np.isnat(days).any():
        raise ValueError("values and dates must be finite: drop or transform them first")
    if (np.diff(days) < np.timedelta64(0, "D")).any():
        raise ValueError("dates must be sorted")
    return days, y[np.lexsort((-y, days))]


def line_through(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept by ordinary least squares."""
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    return slope, float(y.mean() - slope * x.mean())


def _scale(years: Floats, y: Floats, standard_errors: ArrayLike | None) -> Floats | None:
    """s_i: sqrt(s0^2 + se_i^2), s0 the scatter about the straight line (signals.md 2.4)."""
    if standard_errors is None:
        return None
    errors = np.asarray(standard_errors, dtype=float)
    if errors.shape != y.shape or not np.isfinite(errors).all() or (errors < 0).any():
        raise ValueError("one non-negative standard error for each value")
    slope, level = line_through(years, y)
    variance = ((y - level - slope * years) ** 2).sum() / (len(y) - 2) + errors**2
    # A perfect line without errors has no scatter to scale by.
    return np.asarray(np.sqrt(variance)) if (variance > 0).all() else None


def _norm(rows: Floats) -> Floats:
    return np.asarray(np.sqrt((rows * rows).sum(axis=-1)))
