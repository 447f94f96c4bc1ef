"""The rules that others use, for comparison: sup-Wald tables, BIC, and ratios of recent to past counts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from signals.whitening import Floats

ANDREWS = 11.79  # asymptotic 5 % point of the sup-Wald with two coefficients, 15 % trim


def sup_wald(x: Floats, y: Floats) -> float:
    """Andrews' sup-Wald for a break in level and slope, 15 % trim: blind to autocorrelation.

    Negative where the largest break is a slowdown: only speeding up is called a flag.
    """
    n = len(y)
    columns = np.column_stack([np.ones(n), x, y])
    running = np.cumsum(columns[:, :, None] * columns[:, None, :], axis=0)
    trim = int(np.ceil(0.15 * n))
    before = running[np.arange(trim, n - trim + 1) - 1]
    whole, _ = _line_ssr(running[-1:])
    first, slope_before = _line_ssr(before)
    second, slope_after = _line_ssr(running[-1] - before)
    parts = np.maximum(first + second, 1e-12)
    wald = (whole - parts) / (parts / (n - 4))
    best = int(wald.argmax())
    return float(wald[best] if slope_after[best] > slope_before[best] else -wald[best])


def _line_ssr(moments: Floats) -> tuple[Floats, Floats]:
    """Residual sum of squares and slope of y on (1, x) from moment matrices (k, 3, 3)."""
    n, sx, sy = moments[:, 0, 0], moments[:, 0, 1], moments[:, 0, 2]
    sxx, sxy = moments[:, 1, 1] - sx**2 / n, moments[:, 1, 2] - sx * sy / n
    slope = np.divide(sxy, sxx, out=np.zeros_like(sxy), where=sxx > 1e-9)
    return moments[:, 2, 2] - sy**2 / n - slope * sxy, slope


def above(values: Sequence[float], limit: float) -> float:
    return float((np.array(values) > limit).mean())


def above_bic(wald: Sequence[float], n: int) -> float:
    """BIC with three more parameters prefers two lines: n log(SSR / SSR_split) > 3 log n."""
    speeding_up = np.maximum(np.array(wald), 0)
    return float((n * np.log1p(speeding_up / (n - 4)) > 3 * np.log(n)).mean())


def ratio_rule(counts: Floats, late: int, early: int, ratio: float) -> Any:
    total = np.concatenate([[0], np.cumsum(counts)])
    day = np.arange(late + early - 1, len(counts))
    recent = (total[day + 1] - total[day + 1 - late]) / late
    past = (total[day + 1 - late] - total[day + 1 - late - early]) / early
    return np.concatenate([np.zeros(late + early - 1, dtype=bool), recent > ratio * past])


def episodes(up: Any) -> int:
    return int(up[0]) + int((up[1:] & ~up[:-1]).sum()) if len(up) else 0
