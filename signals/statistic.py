"""The sup-t statistic of a bend, averaged over noise models by their posterior weights (signals.md 2.6).

Source of the method: a sup-t test over hinges (Andrews 1993) by generalised least squares, with
REML weights over noise models (Harville 1974) and a line/bend model average in the weights.
"""

from dataclasses import dataclass
from math import inf, log, nan

import numpy as np

from signals.design import DAYS_PER_YEAR, Design
from signals.whitening import Floats, Integers, whiten


@dataclass(frozen=True, eq=False)
class Scores:
    """The statistic for r series on one design.

    `statistic` (r,); `weights`, `best`, `ssr_line`, `ssr_bend` (c, r); `t` (c, r) at the best
    candidate; `hinge_part` (c, k, r) are the c_k of signals.md 2.6; `line_part` (c, 2, r).
    """

    statistic: Floats
    weights: Floats
    best: Integers
    t: Floats
    ssr_line: Floats
    ssr_bend: Floats
    hinge_part: Floats
    line_part: Floats


def score(design: Design, values: Floats) -> Scores:
    """T and its parts for each column of `values`, shape (n, r). Method: signals.md 2.6.

    A column that is a straight line to rounding has T = 0 and no hinge part.
    """
    n = len(design.years)
    scaled = values / design.noise.scale[:, None]
    rounding = n * (1e-12 * np.abs(scaled).max(axis=0)) ** 2
    whitened = whiten(design.noise, values - values.mean(axis=0))
    line_part = design.line @ whitened
    residuals = whitened - design.line.transpose(0, 2, 1) @ line_part
    ssr_line = np.einsum("cnr,cnr->cr", residuals, residuals)
    hinge_part = design.hinges @ residuals
    straight = ssr_line <= rounding
    if straight.any():
        ssr_line = np.where(straight, np.maximum(rounding, np.finfo(float).tiny), ssr_line)
        hinge_part = np.where(straight[:, None, :], 0.0, hinge_part)
    best = hinge_part.argmax(axis=1)
    at_best = np.take_along_axis(hinge_part, best[:, None, :], axis=1)[:, 0, :]
    ssr_bend = np.maximum(ssr_line - at_best**2, 1e-24 * ssr_line)
    t = at_best / np.sqrt(ssr_bend / (n - 3))
    weights = _weights(n, design.half_log_determinant, ssr_line, ssr_bend, t)
    statistic = (weights * t).sum(axis=0)
    return Scores(statistic, weights, best, t, ssr_line, ssr_bend, hinge_part, line_part)


def _weights(n: int, determinant: Floats, ssr_line: Floats, ssr_bend: Floats, t: Floats) -> Floats:
    """Posterior weights of the noise models, (c, r): line and bend averaged (signals.md 2.6)."""
    line = -(n - 2) / 2 * np.log(ssr_line) - determinant[:, None]
    bend = -(n - 2) / 2 * np.log(ssr_bend) - determinant[:, None] - log(n)
    support = np.logaddexp(line, np.where(t > 0, bend, -inf))
    weights = np.exp(support - support.max(axis=0))
    return np.asarray(weights / weights.sum(axis=0))


@dataclass(frozen=True, eq=False)
class Coefficients:
    cell: Integers
    candidate: Integers
    level: Floats
    before: Floats
    after: Floats


def coefficients_of(design: Design, scores: Scores) -> Coefficients:
    """Generalised least squares of the bent line in each series' modal cell, each shape (r,)."""
    cell = scores.weights.argmax(axis=0)
    series = np.arange(len(cell))
    k = scores.best[cell, series]
    change = scores.hinge_part[cell, k, series] / design.hinge_norm[cell, k]
    on_line = design.hinge_on_line[cell, k]
    before = (scores.line_part[cell, 1, series] - change * on_line[:, 1]) / design.slope_norm[cell]
    level = scores.line_part[cell, 0, series] - change * on_line[:, 0]
    level = (level - before * design.slope_on_constant[cell]) / design.constant_norm[cell]
    return Coefficients(cell, k, level, before, before + change)


def break_year(design: Design, scores: Scores) -> float:
    cell = int(scores.weights[:, 0].argmax())
    return float(design.years[design.candidates[scores.best[cell, 0]]])


def sigma_of(design: Design, scores: Scores) -> Floats:
    """Innovation scale of the first series' bent fit in each noise model, shape (c,)."""
    return np.asarray(np.sqrt(scores.ssr_bend[:, 0] / (len(design.years) - 4)))


def slope_ratio(before: float, after: float) -> float:
    """after / before; +inf if before <= 0 < after; nan if neither is positive."""
    if before > 0:
        return after / before
    return inf if after > 0 else nan


def doubling_time(slope: float) -> float | None:
    """Days to double for a slope in log2 units a year; None means no growth."""
    return DAYS_PER_YEAR / slope if slope > 0 else None
