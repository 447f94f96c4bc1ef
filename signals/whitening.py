"""Noise models for dated series, and the Kalman filter that turns their noise white.

The null model of the bend test is a straight line plus noise that may remember its past:
e = sqrt(1 - nu) u + sqrt(nu) w, with u a stationary AR(1) that forgets faster over longer gaps and
w white (signals.md 2.4). Dividing a series by s and filtering it (signals.md 2.5) gives columns on
which ordinary least squares is generalised least squares, in O(n) instead of O(n^3).

Source of the method: Kalman 1960; Harvey 1989, section 3.4 (prediction-error decomposition).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# (phi, nu): persistence of the AR part over one median gap, and the white share of the variance.
# The order matters: "first if tied" picks the modal cell.
GRID: tuple[tuple[float, float], ...] = (
    (0.0, 0.0),
    (0.25, 0.0),
    (0.5, 0.0),
    (0.7, 0.0),
    (0.85, 0.0),
    (0.95, 0.0),
    (0.6, 0.4),
    (0.8, 0.4),
    (0.95, 0.4),
    (0.9, 0.7),
    (0.97, 0.7),
)
INDEPENDENT: tuple[tuple[float, float], ...] = ((0.0, 0.0),)


@dataclass(frozen=True, eq=False)
class Whitener:
    """Everything the filter needs that does not depend on the column it filters.

    n points, c noise models ("cells"). `persistence`, `gain` and `deviation` have shape (c, n);
    `signal` (= sqrt(1 - nu)), `noise` (= sqrt(nu)), `phi` and `half_log_determinant` shape (c,);
    `scale` (= s_i) shape (n,).
    """

    phi: Floats
    signal: Floats
    noise: Floats
    persistence: Floats
    gain: Floats
    deviation: Floats
    scale: Floats
    half_log_determinant: Floats


def gaps_between(years: Floats) -> Floats:
    """Gaps to the previous point in units of the median gap, clipped to [.5, 2]; the first is 1.

    Shape (n,) in, (n,) out. Several models on one day make the median gap vanish; the median of
    the positive gaps then stands in (signals.md 2.4). All on one day: every gap is 1.
    """
    gaps = np.ones(len(years))
    steps = np.diff(years)
    if len(steps) == 0:
        return gaps
    median = float(np.median(steps))
    if median <= 0:
        positive = steps[steps > 0]
        median = float(np.median(positive)) if len(positive) else 0.0
    if median > 0:
        gaps[1:] = np.clip(steps / median, 0.5, 2.0)
    return gaps


def whitener(
    gaps: Floats,
    scale: Floats | None = None,
    grid: tuple[tuple[float, float], ...] = GRID,
) -> Whitener:
    """Prepare the filter for points `gaps` apart (in median gaps, shape (n,)), every cell at once.

    `scale` is s_i (shape (n,), default 1). Raises ValueError for scales that are not positive.
    Method: signals.md 2.5.
    """
    n = len(gaps)
    scales = np.ones(n) if scale is None else np.asarray(scale, dtype=float)
    if scales.shape != (n,) or not np.all(scales > 0):
        raise ValueError(f"scale must be {n} positive numbers")
    phi = np.array([cell[0] for cell in grid])
    nu = np.array([cell[1] for cell in grid])
    signal = np.sqrt(1 - nu)
    persistence = phi[:, None] ** gaps[None, :]
    persistence[:, 0] = 0.0
    kernel = _compiled(_gains_loops) or _gains_numpy
    gain, variance = kernel(signal, nu, persistence)
    half = 0.5 * np.log(variance).sum(axis=1) + np.log(scales).sum()
    return Whitener(phi, signal, np.sqrt(nu), persistence, gain, np.sqrt(variance), scales, half)


def whiten(prepared: Whitener, columns: Floats) -> Floats:
    """Whiten `columns`, shape (n, k), under each of the c cells: shape (c, n, k).

    Method: signals.md 2.5. The compiled path does the same operations in the same order.
    """
    scaled = np.ascontiguousarray(columns / prepared.scale[:, None])
    kernel = _compiled(_whiten_loops) or _whiten_numpy
    result: Floats = kernel(prepared.signal, prepared.persistence, prepared.gain, prepared.deviation, scaled)
    return result


def simulate(prepared: Whitener, cells: Integers, normals: Floats) -> Floats:
    """Noise s_i e_i with unit sigma, one replicate for each entry of `cells`: shape (n, replicates).

    `cells` (replicates,) picks the noise model; `normals` (replicates, 2, n) are N(0, 1): first row
    drives the AR part, second the white part. Method: signals.md 2.4.
    """
    kernel = _compiled(_simulate_loops) or _simulate_numpy
    result: Floats = kernel(prepared.signal, prepared.noise, prepared.persistence, prepared.scale, cells, normals)
    return result


def _gains_numpy(signal: Floats, nu: Floats, persistence: Floats) -> tuple[Floats, Floats]:
    gain, variance = np.empty(persistence.shape), np.empty(persistence.shape)
    uncertainty = np.ones(len(nu))
    for i in range(persistence.shape[1]):
        rho = persistence[:, i]  # zero at i = 0, so the prediction step is right there too
        uncertainty = rho * rho * uncertainty + 1 - rho * rho
        variance[:, i] = (1 - nu) * uncertainty + nu
        gain[:, i] = signal * uncertainty / variance[:, i]
        uncertainty = uncertainty * (1 - signal * gain[:, i])
    return gain, variance


def _gains_loops(signal: Floats, nu: Floats, persistence: Floats) -> tuple[Floats, Floats]:
    gain, variance = np.empty(persistence.shape), np.empty(persistence.shape)
    for j in range(persistence.shape[0]):
        uncertainty = 1.0
        for i in range(persistence.shape[1]):
            rho = persistence[j, i]
            uncertainty = rho * rho * uncertainty + 1 - rho * rho
            variance[j, i] = (1 - nu[j]) * uncertainty + nu[j]
            gain[j, i] = signal[j] * uncertainty / variance[j, i]
            uncertainty = uncertainty * (1 - signal[j] * gain[j, i])
    return gain, variance


def _whiten_numpy(signal: Floats, persistence: Floats, gain: Floats, deviation: Floats, columns: Floats) -> Floats:
    cells, n = persistence.shape
    out = np.empty((cells, n, columns.shape[1]))
    state = np.zeros((cells, columns.shape[1]))
    for i in range(n):
        state = persistence[:, i, None] * state
        surprise = columns[i] - signal[:, None] * state
        out[:, i] = surprise / deviation[:, i, None]
        state = state + gain[:, i, None] * surprise
    return out


def _whiten_loops(signal: Floats, persistence: Floats, gain: Floats, deviation: Floats, columns: Floats) -> Floats:
    cells, n = persistence.shape
    k = columns.shape[1]
    out = np.empty((cells, n, k))
    state = np.empty(k)
    for j in range(cells):
        state[:] = 0.0
        for i in range(n):
            rho, c, g, d = persistence[j, i], signal[j], gain[j, i], deviation[j, i]
            for r in range(k):
                m = rho * state[r]
                surprise = columns[i, r] - c * m
                out[j, i, r] = surprise / d
                state[r] = m + g * surprise
    return out


def _simulate_numpy(
    signal: Floats,
    noise: Floats,
    persistence: Floats,
    scale: Floats,
    cells: Integers,
    normals: Floats,
) -> Floats:
    n = persistence.shape[1]
    out = np.empty((n, len(cells)))
    rho, c, d = persistence[cells], signal[cells], noise[cells]
    state = np.zeros(len(cells))
    for i in range(n):
        r = rho[:, i]
        state = r * state + np.sqrt(1 - r * r) * normals[:, 0, i]
        out[i] = scale[i] * (c * state + d * normals[:, 1, i])
    return out


def _simulate_loops(
    signal: Floats,
    noise: Floats,
    persistence: Floats,
    scale: Floats,
    cells: Integers,
    normals: Floats,
) -> Floats:
    n = persistence.shape[1]
    out = np.empty((n, len(cells)))
    for b in range(len(cells)):
        j = cells[b]
        state = 0.0
        for i in range(n):
            r = persistence[j, i]
            state = r * state + np.sqrt(1 - r * r) * normals[b, 0, i]
            out[i, b] = scale[i] * (signal[j] * state + noise[j] * normals[b, 1, i])
    return out


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """The same function through Numba, or None where Numba is not installed."""
    try:
        from numba import njit
    except ImportError:
        return None
    try:
        compiled: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # nowhere to write the compilation cache
        compiled = njit(nogil=True)(function)
    return compiled
