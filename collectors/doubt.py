"""Truth checks at the door: can a value that differs so much from what is stored be one?

A value outside the range of its unit is refused for good. One that lies further from the stored ones than
`max_factor` allows, or that was restated by just such a factor as a change of unit brings, is held until the next
run confirms it. Three or more that moved by one common factor are a change of unit until a person says otherwise
(`python -m collectors accept`). What is held is not stored, not drawn and not judged.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from data.queries import Held
from data.schema import Indicator, Observation, Refused
from data.text import clean

UNIT_JUMPS = (10.0, 60.0, 100.0, 1000.0)
EXACT = math.log(1.01)
ALIKE = math.log(1.05)
CONFIRMED = math.log(1.5)
COMMON = 3
FEW = 5
"""So many values must be stored before a new model is called an outlier among them."""
RESTATED = 2.5
"""The largest believable factor of a value that is restated; METR's largest so far was 2.26 (GPT-2, May 2026)."""
RANGES = {"fraction": (0.0, 1.0), "percent": (0.0, 100.0)}

OUTLIER, MOVED = "outlier", "common factor"

Stored = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Doubt:
    """Why a value is not believed yet: `factor` times `before`, which is what `against` says."""

    row: Observation
    factor: float
    before: float
    against: str


@dataclass(frozen=True)
class Judged:
    """The rows that are believed, and what was held or released on the way."""

    believed: list[Observation]
    refused: list[Refused]


def impossible(indicator: Indicator, row: Observation) -> str:
    """Why a value cannot be one whatever else is known, or ""."""
    if indicator.transform == "log2" and row.value < 0:
        return "below zero on a logarithmic scale"
    low, high = (row.value if end is None else end for end in (row.low, row.high))
    if row.bound == "=" and not low <= row.value <= high:
        return "outside its own interval"
    least, most = RANGES.get(indicator.unit, (-math.inf, math.inf))
    if indicator.transform == "logit" and not least <= row.value <= most:
        return f"outside {least:g} to {most:g}: is it in another unit?"
    return ""


def judge(
    indicators: Mapping[str, Indicator],
    rows: Sequence[Observation],
    stored: Stored,
    *,
    held: Callable[[], list[Held]] = list,
    released: Callable[[], list[Held]] = list,
) -> Judged:
    """Compare rows with the stored ones. `held`: what the run before held; `released`: what a person let through."""
    known = _Known(stored)
    doubts = [doubt for row in rows if (doubt := known.doubt(row, indicators[row.indicator].max_factor))]
    if not doubts:
        return Judged(list(rows), [])
    earlier, by_person = held(), released()
    refused: list[Refused] = []
    suspects: set[object] = set()
    series: dict[tuple[str, str], list[Doubt]] = defaultdict(list)
    for doubt in doubts:
        series[doubt.row.indicator, doubt.row.variant].append(doubt)
    for (indicator, variant), found in series.items():
        moved = _common(found)
        if moved and not _is_released_move(by_person, indicator, variant, moved):
            refused.append(_moved(indicator, variant, moved))
            # a file whose unit is in doubt has no value that is not
            suspects |= {r.point for r in rows if (r.indicator, r.variant) == (indicator, variant) and known.is_news(r)}
        elif not moved:
            for doubt in found:
                verdict = _one(doubt, earlier, by_person)
                refused.append(verdict)
                if verdict.status == "pending":
                    suspects.add(doubt.row.point)
    return Judged([row for row in rows if row.point not in suspects], refused)


class _Known:
    """The stored values of a source, by what a new one is compared with."""

    def __init__(self, stored: Stored) -> None:
        self._points: dict[object, float] = {}
        self._subjects: dict[object, list[tuple[date, float]]] = defaultdict(list)
        self._series: dict[object, list[float]] = defaultdict(list)
        for row in stored:
            indicator, subject, variant, value = row["indicator"], row["subject"], row["variant"], row["value"]
            self._points[indicator, subject, variant, row["date"]] = value
            self._subjects[indicator, subject, variant].append((row["date"], value))
            self._series[indicator, variant].append(value)

    def is_news(self, row: Observation) -> bool:
        return self._points.get(row.point) != row.value

    def doubt(self, row: Observation, most: float | None) -> Doubt | None:
        """The doubt in a restated point, in the next value of a subject, or in a new subject among the others."""
        before = self._points.get(row.point)
        if before is not None:
            most = most and min(most, RESTATED)
            return _doubt(row, before, "the value stored for it", most, units=True)
        if most is None:
            return None
        same = self._subjects.get((row.indicator, row.subject, row.variant))
        if same:
            at, near = min(same, key=lambda pair: abs(pair[0] - row.date))
            return _doubt(row, near, f"the stored value of {at}", most)
        others = self._series.get((row.indicator, row.variant), [])
        if len(others) < FEW:
            return None
        if row.value > max(others):
            return _doubt(row, max(others), "the largest stored value", most)
        return _doubt(row, min(others), "the smallest stored value", most) if row.value < min(others) else None


def _doubt(row: Observation, before: float, against: str, most: float | None, *, units: bool = False) -> Doubt | None:
    if row.value * before <= 0:
        return None  # no factor leads from one to the other
    factor = row.value / before
    size = abs(math.log(factor))
    jump = units and any(abs(size - math.log(unit)) <= EXACT for unit in UNIT_JUMPS)
    beyond = most is not None and before > 0 and size > math.log(most)
    return Doubt(row, factor, before, against) if jump or beyond else None


def _common(found: Sequence[Doubt]) -> list[Doubt]:
    """The most doubts that share one factor, if they are enough to be no accident."""
    alike = [[d for d in found if abs(math.log(d.factor / one.factor)) <= ALIKE] for one in found]
    most = max(alike, key=len)
    return most if len(most) >= COMMON else []


def _one(doubt: Doubt, held: Iterable[Held], released: Iterable[Held]) -> Refused:
    """A single outlier: pending, or accepted by what stands in the refused row before."""
    row, reason = doubt.row, f"{OUTLIER}: {doubt.factor:.3g} times {doubt.against}, {doubt.before:g}"
    for earlier in released:
        if _same(earlier, row, ALIKE):
            return Refused.of(row, "let through as released by a person", status="accepted", ref=earlier.q_id)
    for earlier in held:
        if earlier.reason.startswith(OUTLIER) and _same(earlier, row, CONFIRMED):
            return Refused.of(row, "confirmed by the next answer", status="accepted", ref=earlier.q_id)
    return Refused.of(row, reason, status="pending")


def _same(earlier: Held, row: Observation, within: float) -> bool:
    said = earlier.row
    point = (said.get("indicator"), said.get("subject"), said.get("variant"))
    value = said.get("value")
    if (
        point != (row.indicator, row.subject, row.variant)
        or not isinstance(value, int | float)
        or row.value * value <= 0
    ):
        return False
    return abs(math.log(row.value / value)) <= within


def _is_released_move(released: Iterable[Held], indicator: str, variant: str, moved: Sequence[Doubt]) -> bool:
    for said in (earlier.row for earlier in released):
        factor = said.get("factor")
        if (said.get("indicator"), said.get("variant")) == (indicator, variant) and isinstance(factor, int | float):
            return abs(math.log(_middle(moved) / factor)) <= ALIKE
    return False


def _moved(indicator: str, variant: str, moved: Sequence[Doubt]) -> Refused:
    factor = float(f"{_middle(moved):.3g}")
    examples = [
        f"{clean(d.row.subject, 60)} {d.row.date}: {d.before:g}, now {d.row.value:g}".strip() for d in moved[:12]
    ]
    row = {"indicator": indicator, "variant": variant, "factor": factor, "values": len(moved), "examples": examples}
    reason = f"{MOVED}: {len(moved)} values are {factor:g} times what they were; only a person can release them"
    return Refused(reason=reason, row=row, status="pending")


def _middle(moved: Sequence[Doubt]) -> float:
    return sorted(d.factor for d in moved)[len(moved) // 2]
