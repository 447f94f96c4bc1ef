"""From published points to the series that is tested: its scale, the sample rules, the band.

One model is one point, on the scale where steady growth is a straight line, from one suite, and the
series is the models near the frontier of their own day, never a best-so-far that was filled
forward (signals.md 2.1 to 2.3 and 2.12).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from itertools import product
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signals.frontier import running_best
from signals.scale import Scale

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

BAND_WIDTH = 1.5 * 1.4826  # times the median absolute deviation: 1.5 robust standard deviations
MOST_REPEATS = 0.30


class NotPointData(ValueError):
    """The rows repeat the previous value too often to be one point for each model."""


def variants(scale: Scale, floor_doubt: float = 0.0, ceiling_doubt: float = 0.0) -> tuple[Scale, ...]:
    """The scale itself, then every other pair of limits within their doubts (signals.md 2.1).

    A flag on a bounded score needs all of them to agree.
    """
    floors, ceilings = _around(scale.floor, floor_doubt), _around(scale.ceiling, ceiling_doubt)
    return tuple(replace(scale, floor=c, ceiling=u) for c, u in product(floors, ceilings))


def _around(limit: float, doubt: float) -> tuple[float, ...]:
    return (limit, limit - doubt, limit + doubt) if doubt else (limit,)


def near_limits(scale: Scale, values: ArrayLike, items: ArrayLike) -> Mask:
    """Which scores on `items` questions lie within 2 binomial standard errors of floor or ceiling."""
    v = np.asarray(values, dtype=float)
    reach = 2 * _binomial_error(v, items)
    return np.asarray((v - scale.floor <= reach) | (scale.ceiling - v <= reach))


def logit_errors(scale: Scale, values: ArrayLike, items: ArrayLike) -> Floats:
    """Standard errors on the logit scale of shares of `items` questions (delta method, signals.md 2.1)."""
    v = np.asarray(values, dtype=float)
    width = (v - scale.floor) * (scale.ceiling - v) / (scale.ceiling - scale.floor)
    return np.asarray(_binomial_error(v, items) / width)


def _binomial_error(v: Floats, items: ArrayLike) -> Floats:
    inside = np.clip(v, 0.0, 1.0)
    return np.asarray(np.sqrt(inside * (1 - inside) / np.asarray(items, dtype=float)))


@dataclass(frozen=True)
class Point:
    """One model (or period) as published. `bound` is "=", ">=" or "<="; `items` questions asked.

    An empty `id`, `model` or `vendor` means unknown: the rule that needs it does not apply. `key`
    tells rows apart where one id has many (a company and a day); without it the id does.
    """

    date: date | None
    value: float | None
    id: str = ""
    model: str = ""
    vendor: str = ""
    suite: str = ""
    bound: str = "="
    error: float | None = None
    items: int | None = None
    excluded: bool = False
    key: str = ""

    @property
    def identity(self) -> str:
        """What no other row may share."""
        return self.key or self.id


@dataclass(frozen=True, eq=False)
class Sample:
    """What is left to test: n points by date, then height descending, then id.

    `dates`, `heights` (on the scale) and `ids` have length n; `errors` is given when every point
    has one. `left_out` counts what the rules dropped, by reason. A sample that `joins_suites` may
    be drawn and reproduced, but raises no state (signals.md 2.2).
    """

    dates: Dates
    heights: Floats
    ids: tuple[str, ...]
    errors: Floats | None
    suites: tuple[str, ...]
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def joins_suites(self) -> bool:
        """Whether points of several suites stand in one line."""
        return len(self.suites) > 1

    def only(self, kept: Mask) -> "Sample":
        """The points where `kept` (n,) is true."""
        return Sample(
            self.dates[kept],
            self.heights[kept],
            tuple(name for name, keep in zip(self.ids, kept, strict=True) if keep),
            None if self.errors is None else self.errors[kept],
            self.suites,
            self.left_out,
        )


@dataclass(frozen=True)
class _Candidate:
    point: Point
    day: date
    height: float
    error: float | None


def usable(points: Iterable[Point], scale: Scale, suite: str | None = None) -> Sample:
    """Apply the sample rules of signals.md 2.2 and return the points to test.

    Drops missing, excluded, bounded and other suites' points, repeated ids (first kept), scores at
    their limits, older or worse versions of a model, and the lesser of one vendor's models of one
    day. "Best" is the greatest height, so the lowest price. NotPointData if the points have no ids
    and repeat the previous value too often; `OffScale` as for `Scale.forward`.
    """
    dropped: Counter[str] = Counter()
    candidates, seen = [], set()
    for point in points:
        reason = "repeated id" if point.identity and point.identity in seen else _unusable(point, scale, suite)
        if reason or point.date is None or point.value is None:
            dropped[reason] += 1
            continue
        seen.add(point.identity)
        height = float(scale.forward(np.array([point.value]))[0])
        candidates.append(_Candidate(point, point.date, height, _error(point, scale)))
    _refuse_filled_forward(candidates)
    candidates = _best_of(candidates, lambda c: c.point.model, "version", dropped)
    candidates = _best_of(candidates, lambda c: c.point.vendor and (c.day, c.point.vendor), "same day", dropped)
    return _sample(sorted(candidates, key=_position), dropped)


def _unusable(point: Point, scale: Scale, suite: str | None) -> str:
    """Why a point cannot be fitted, or ""."""
    if point.date is None or point.value is None or not isfinite(point.value):
        return "missing"
    if point.excluded:
        return "excluded"
    if suite is not None and point.suite != suite:
        return "other suite"
    if point.bound != "=":
        return "bound"
    if scale.kind == "logit" and _is_at_limit(scale, point.value, point.items):
        return "at its limit"
    return ""


def _is_at_limit(scale: Scale, value: float, items: int | None) -> bool:
    """At or beyond floor or ceiling the binomial error is nil, so no number of questions is needed to say so."""
    if items:
        return bool(near_limits(scale, value, items))
    return not scale.floor < value < scale.ceiling


def _error(point: Point, scale: Scale) -> float | None:
    if point.error is None and point.items and scale.kind == "logit":
        return float(logit_errors(scale, point.value or 0.0, point.items))
    return point.error


def _refuse_filled_forward(candidates: list[_Candidate]) -> None:
    """Without ids a best-so-far filled forward shows itself by its repeats."""
    if len(candidates) < 2 or any(c.point.identity for c in candidates):
        return
    heights = np.array([c.height for c in sorted(candidates, key=lambda c: c.day)])
    repeats = float((np.diff(heights) == 0).mean())
    if repeats > MOST_REPEATS:
        raise NotPointData(f"{repeats:.0%} of the values repeat the one before; give one row a model")


def _position(candidate: _Candidate) -> tuple[date, float, str]:
    return candidate.day, -candidate.height, candidate.point.id


def _best_of(
    candidates: list[_Candidate],
    group: Callable[[_Candidate], object],
    reason: str,
    dropped: Counter[str],
) -> list[_Candidate]:
    """The highest candidate of each group (the earliest if equal); those without a group all stay."""
    best: dict[object, _Candidate] = {}
    alone = []
    for candidate in candidates:
        name = group(candidate)
        if not name:
            alone.append(candidate)
        elif name not in best:
            best[name] = candidate
        else:
            best[name] = min(best[name], candidate, key=lambda c: (-c.height, c.day, c.point.id))
            dropped[reason] += 1
    return [*alone, *best.values()]


def _sample(kept: list[_Candidate], dropped: Counter[str]) -> Sample:
    errors = [c.error for c in kept if c.error is not None]
    return Sample(
        dates=np.array([c.day for c in kept], dtype="datetime64[D]"),
        heights=np.array([c.height for c in kept], dtype=float),
        ids=tuple(c.point.id for c in kept),
        errors=np.array(errors) if kept and len(errors) == len(kept) else None,
        suites=tuple(sorted({c.point.suite for c in kept})),
        left_out=dict(dropped),
    )


@dataclass(frozen=True, eq=False)
class Band:
    """Which points (n,) lie near the frontier of their day, and the width w on the scale."""

    kept: Mask
    width: float


def near_frontier(dates: ArrayLike, heights: ArrayLike, width: float | None = None) -> Band:
    """Points within `width` of the running maximum at their own date (signals.md 2.3).

    `dates`, `heights` (n,), in any order. Without `width` it is 1.5 robust standard deviations
    (1.4826 MAD) of the residuals about a least-squares line through all models.
    """
    y = np.asarray(heights, dtype=float)
    days = np.asarray(dates, dtype="datetime64[D]").astype(float)
    if len(y) == 0:
        return Band(np.zeros(0, dtype=bool), width or 0.0)
    if width is None:
        width = _automatic_width(days, y)
    return Band(np.asarray(y >= running_best(days, y) - width), width)


def _automatic_width(days: Floats, y: Floats) -> float:
    centred = days - days.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread if spread > 0 else 0.0
    residuals = y - y.mean() - slope * centred
    return float(BAND_WIDTH * np.median(np.abs(residuals - np.median(residuals))))


def data_hash(method: str, parameters: str, series_id: str, points: Iterable[Point]) -> str:
    """SHA-256 of what a test depends on, without the fetch time: the cache key (signals.md 2.12)."""
    rows = sorted(
        f"{p.date}|{p.value!r}|{p.error!r}|{p.suite}|{p.id}|{p.key}|{p.model}|{p.vendor}|{p.bound}|{p.items}|{p.excluded}"
        for p in points
    )
    return sha256("\n".join([method, parameters, series_id, *rows]).encode()).hexdigest()
