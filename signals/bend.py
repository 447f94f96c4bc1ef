"""Does the line bend upward, by how much, since when, and how often would noise alone do it?

One series on the scale where steady growth is straight, tested for a continuous change of slope at
an unknown date under noise that may be autocorrelated (signals.md 2.2 and 2.4 to 2.9). The parts:
`design` (dates), `statistic` (the sup-t), `chance` (p), `precision` and `skill` (what is reported).
"""

from dataclasses import dataclass, replace
from datetime import date
from math import inf, log
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from signals.chance import (
    DRAWS,
    STOP_AFTER,
    Chance,
    chance_under_model_growth,
    chance_under_steady_noise,
)
from signals.design import Dates, Design, checked, design_of, trim_of
from signals.statistic import Scores, break_year, coefficients_of, score, sigma_of, slope_ratio
from signals.whitening import GRID, Floats, whiten

FEWEST_POINTS = 10


@dataclass(frozen=True)
class NotEnoughData:
    """The typed answer where no test is possible: `n` usable points, and why that is too few."""

    n: int
    reason: str


@dataclass(frozen=True)
class Fit:
    """The bent line in the most probable noise model. Slopes are in scale units per year.

    `level` is the line's height at the first date; `phi` and `white_share` name the noise model;
    `noise` is the innovation scale sigma of that model (n - 4 degrees of freedom).
    """

    break_date: date
    level: float
    slope_before: float
    slope_after: float
    phi: float
    white_share: float
    noise: float

    @property
    def slope_change(self) -> float:
        """Slope after minus slope before."""
        return self.slope_after - self.slope_before

    @property
    def slope_ratio(self) -> float:
        """Slope after over slope before: +inf if only the slope after is positive."""
        return slope_ratio(self.slope_before, self.slope_after)


@dataclass(frozen=True)
class Jump:
    """A one-off step against a bend: `evidence` is n log(SSR bend / SSR step), a BIC difference."""

    evidence: float
    label: str  # "bend", "bend or jump", or "jump, not acceleration"


@dataclass(frozen=True)
class Bend:
    """One test of one series at one vintage. `p` is the larger of the two simulated chances."""

    n: int
    statistic: float
    p: float
    noise_chance: Chance
    frontier_chance: Chance | None
    persistence: float  # posterior mean of phi
    fit: Fit
    break_interval: tuple[date, date]  # 90 %
    jump: Jump
    points_before: int
    points_after: int


def bend_test(
    dates: ArrayLike,
    values: ArrayLike,
    seed: int,
    standard_errors: ArrayLike | None = None,
    all_models: tuple[ArrayLike, ArrayLike] | None = None,
    series: str = "records",
    width: float | None = None,
    stop_after: int | None = STOP_AFTER,
    draws: int = DRAWS,
    grid: tuple[tuple[float, float], ...] = GRID,
    fewest: int = FEWEST_POINTS,
) -> Bend | NotEnoughData:
    """Test one prepared series for an upward bend and describe the bend (signals.md 2.2 to 2.9).

    `dates` and `values` (n,) come from `band.usable` on the transformed scale: sorted by date, then
    value descending. `standard_errors` (n,) on the same scale. `all_models` = (dates, values) of
    every model adds p_F for `series` "band" or "records" (see `chance_under_model_growth`). For
    a slowdown, test the negated values. ValueError for non-finite values, unsorted dates or
    lengths that differ.
    """
    days, y = checked(dates, values)
    reason = why_not(days, fewest)
    if reason:
        return NotEnoughData(len(y), reason)
    design = design_of(days, y, standard_errors, grid)
    found = bend_on(design, days, y, seed, stop_after, draws)
    if all_models is None:
        return found
    frontier = chance_under_model_growth(*all_models, found.statistic, series, seed, width, stop_after, draws, grid)
    return replace(found, p=max(found.p, frontier.p), frontier_chance=frontier)


def bend_on(
    design: Design,
    dates: Dates,
    values: Floats,
    seed: int,
    stop_after: int | None = STOP_AFTER,
    draws: int = DRAWS,
) -> Bend:
    """The test of `values` (n,) on a design made for their `dates` (n,): counts bring their own."""
    scores = score(design, values[:, None])
    noise_chance = chance_under_steady_noise(design, scores, seed, stop_after, draws)
    after = int((design.years > break_year(design, scores)).sum())
    return Bend(
        n=len(values),
        statistic=float(scores.statistic[0]),
        p=noise_chance.p,
        noise_chance=noise_chance,
        frontier_chance=None,
        persistence=float(scores.weights[:, 0] @ design.noise.phi),
        fit=fit_of(dates, design, scores, float(values.mean())),
        break_interval=break_interval(dates, design, scores),
        jump=jump_alternative(design, scores, values),
        points_before=len(values) - after,
        points_after=after,
    )


def why_not(dates: Dates, fewest: int = FEWEST_POINTS) -> str:
    """Why these dates (sorted) cannot be tested, or "" if they can (signals.md 2.2)."""
    n = len(dates)
    if n < fewest:
        return f"{n} points, {fewest} needed"
    if n < 2 * trim_of(n) + 1:
        return f"{n} points leave no candidate break"
    if dates[0] == dates[-1]:
        return "all points on one day"
    return ""


def fit_of(days: Dates, design: Design, scores: Scores, mean: float = 0.0) -> Fit:
    """The bent line of the first series in the modal noise model (signals.md 2.9).

    `mean` is added to the level: `score` works on centred values.
    """
    found = coefficients_of(design, scores)
    cell, k = int(found.cell[0]), int(found.candidate[0])
    return Fit(
        break_date=day_at(days, design.candidates[k]),
        level=float(found.level[0]) + mean,
        slope_before=float(found.before[0]),
        slope_after=float(found.after[0]),
        phi=float(design.noise.phi[cell]),
        white_share=float(design.noise.noise[cell] ** 2),
        noise=float(sigma_of(design, scores)[cell]),
    )


def day_at(days: Dates, position: Any) -> date:
    day: date = days[position].astype("datetime64[D]").item()
    return day


def break_interval(days: Dates, design: Design, scores: Scores, mass: float = 0.90) -> tuple[date, date]:
    """Dates between which the break lies with 90 %: the hull of the smallest posterior set, widened.

    Method: signals.md 2.9; posterior over candidates summed over noise models. The textbook set
    from the F statistic covers only .37 to .74 and is not used.
    """
    n = len(days)
    part, line = scores.hinge_part[:, :, 0], scores.ssr_line[:, 0, None]
    ssr = np.maximum(line - part**2, 1e-24 * line)
    support = -(n - 2) / 2 * np.log(ssr) - design.half_log_determinant[:, None]
    support = np.where(part > 0, support, -inf)
    if np.isneginf(support).all():
        share = np.full(part.shape[1], 1 / part.shape[1])
    else:
        share = np.exp(support - support.max()).sum(axis=0)
        share = share / share.sum()
    order = np.argsort(-share, kind="stable")
    size = int(np.searchsorted(np.cumsum(share[order]), mass - 1e-12)) + 1
    kept = order[:size]
    first, last = max(int(kept.min()) - 1, 0), min(int(kept.max()) + 1, len(share) - 1)
    return day_at(days, design.candidates[first]), day_at(days, design.candidates[last])


def jump_alternative(design: Design, scores: Scores, y: Floats) -> Jump:
    """Compare the best upward step (slope unchanged) with the best bend in the modal cell.

    Both have the same number of parameters, so D = n log(SSR_bend / SSR_step) is a BIC difference:
    above 2 the step fits better (signals.md 2.9).
    """
    cell = int(scores.weights[:, 0].argmax())
    steps = (design.years[:, None] >= design.years[design.candidates][None, :]).astype(float)
    whitened = whiten(design.noise, np.column_stack([y - y.mean(), steps]))[cell]
    line = design.line[cell]
    for _ in range(2):
        whitened = whitened - line.T @ (line @ whitened)
    step = whitened[:, 1:]
    part = (whitened[:, 0] @ step) / np.sqrt((step * step).sum(axis=0))
    ssr_line, ssr_bend = float(scores.ssr_line[cell, 0]), float(scores.ssr_bend[cell, 0])
    ssr_step = max(ssr_line - max(float(part.max()), 0.0) ** 2, 1e-24 * ssr_line)
    evidence = len(y) * log(ssr_bend / ssr_step)
    if evidence > 2:
        return Jump(evidence, "jump, not acceleration")
    return Jump(evidence, "bend or jump" if evidence >= -2 else "bend")
