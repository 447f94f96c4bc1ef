"""Which points of an indicator are judged, and as what kind of series: the catalogue's meaning, applied.

A benchmark has one point a model, and its frontier is what grows. A price or a quarterly total has one
point a period, and all of them are the series. A panel of companies has several a day: the total is
judged where it is published, else the best value of each day. What was left out is counted and said.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from signals.band import MOST_REPEATS, Point, Sample, near_frontier, usable
from signals.frontier import records
from signals.scale import OffScale, Scale
from signals.trend import days

Kind = Literal["models", "periods", "counts"]
"""models: things released one by one, whose frontier grows; periods: one value each; counts: signals.md 3."""

Tested = Literal["band", "records", "all", "weekly counts"]
"""Which points the bend test sees: near the frontier, records only, every point, or weekly rates."""

PERIODS = ("day", "week", "month", "quarter", "year", "snapshot", "publication")
SATURATED = 0.95
"""A bounded score whose best value has come this far from floor to ceiling can hardly show a speed-up."""


@dataclass(frozen=True, eq=False)
class Selection:
    """The points of one series in one state of the data.

    `points` were chosen and are on the scale; `everything` are the usable ones; `fitted` carry the
    trend (the records of models, every period); `tested` go into the bend test (for weekly counts
    it is everything). `notes` say in words what was chosen and dropped.
    """

    kind: Kind
    scale: Scale
    points: tuple[Point, ...]
    everything: Sample
    fitted: Sample
    tested: Sample
    tested_as: Tested
    width: float | None
    notes: tuple[str, ...]
    left_out: Mapping[str, int]

    @property
    def is_saturated(self) -> bool:
        """Whether the best value of a bounded score is close to its ceiling."""
        scale = self.scale
        if scale.kind != "logit" or not len(self.everything.heights):
            return False
        best = float(scale.back(np.array([self.everything.heights.max()]))[0])
        share = (best - scale.floor) / (scale.ceiling - scale.floor)
        return (1 - share if scale.falling else share) >= SATURATED


def kind_of(indicator: Mapping[str, Any]) -> Kind:
    """The kind that a row of the catalogue declares by its marks and its scale."""
    word = str(indicator["marks"]).split()[-1] if indicator["marks"] else "model"
    is_count = indicator["scale"] == "log2" and indicator["better"] != "down" and indicator["date_kind"] == "period"
    if word in ("day", "week") and is_count:
        return "counts"
    return "periods" if word in PERIODS else "models"


def select(
    found: Sequence[Point],
    scale: Scale,
    kind: Kind,
    is_panel: bool = False,
    tested_as: Tested | None = None,
    keep_repeats: bool = False,
) -> Selection:
    """Choose among points of one series; shape and order of `found` do not matter.

    `is_panel` says that the ids are companies, labs or packages with many rows each, not models.
    `tested_as` overrides what is tested. Values off the scale are dropped and counted. With
    `keep_repeats` a series that mostly repeats itself raises NotPointData instead of being thinned.
    """
    if scale.kind != "log2":  # a published interval gives a standard error on the doubling scale only
        found = [replace(point, error=None) for point in found]
    kept, dropped = _on_scale(found, scale)
    notes: list[str] = []
    if kind == "counts":  # a count of zero has no logarithm, and is a count all the same
        zeros = [p for p in found if p.value == 0 and p.bound == "="]
        dropped["off the scale"] -= len(zeros)
        kept = _whole_weeks([*kept, *zeros], notes, dropped)
    if is_panel:
        kept = _one_a_day(kept, scale, kind, notes, dropped)
    if kind == "periods" and not keep_repeats:
        kept = _without_repeats(kept, notes, dropped)
    everything = usable([p for p in kept if p.value != 0] if kind == "counts" else kept, scale)
    best = records(days(everything.dates), everything.heights) if len(everything.ids) else np.zeros(0, dtype=bool)
    fitted = everything.only(best) if kind == "models" else everything
    if tested_as is None:
        tested_as = {"models": "band", "periods": "all", "counts": "weekly counts"}[kind]  # type: ignore[assignment]
    assert tested_as is not None
    width = None
    tested = everything
    if tested_as == "records":
        tested = everything.only(best)
    elif tested_as == "band":
        band = near_frontier(everything.dates, everything.heights)
        tested, width = everything.only(band.kept), band.width
    counted = Counter(everything.left_out)
    counted.update({reason: number for reason, number in dropped.items() if number})
    return Selection(
        kind=kind,
        scale=scale,
        points=tuple(kept),
        everything=replace(everything, left_out=dict(counted)),
        fitted=fitted,
        tested=tested,
        tested_as=tested_as,
        width=width,
        notes=tuple(notes),
        left_out=dict(counted),
    )


def _on_scale(found: Sequence[Point], scale: Scale) -> tuple[list[Point], Counter[str]]:
    """Points that the scale can show; a count of zero has no logarithm."""
    kept, dropped = [], Counter[str]()
    for point in found:
        try:
            if point.value is not None and np.isfinite(point.value):
                scale.forward(np.array([point.value]))
        except OffScale:
            dropped["off the scale"] += 1
        else:
            kept.append(point)
    return kept, dropped


def _one_a_day(points: list[Point], scale: Scale, kind: Kind, notes: list[str], dropped: Counter[str]) -> list[Point]:
    """The published total if there is one, else the best value of each day, where there are several."""
    subjects = {point.id for point in points}
    if "" in subjects and len(subjects) > 1:
        notes.append(f"The total is judged; {len(subjects) - 1} single series beside it are not.")
        total = [point for point in points if point.id == ""]
        dropped["not the total"] += len(points) - len(total)
        return total
    each_once = kind == "models" and len(subjects) == len(points)  # chips and clusters are released like models
    if each_once or len({point.date for point in points}) == len(points):
        return points
    best: dict[object, Point] = {}
    for point in sorted(points, key=lambda p: (-_height(p, scale), p.id)):
        if point.bound == "=":
            best.setdefault(point.date, point)
    leaders = {point.id for point in best.values()}
    notes.append(f"The best value of each day is judged, whoever it belongs to ({len(leaders)} of {len(subjects)}).")
    dropped["not the best of its day"] += len(points) - len(best)
    return list(best.values())


def _height(point: Point, scale: Scale) -> float:
    if point.value is None or (point.value == 0 and scale.kind == "log2"):
        return -np.inf
    return float(scale.forward(np.array([point.value]))[0])


def last_sunday(day: date) -> date:
    """The last day of the newest week, Monday to Sunday, that is complete on `day`."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _whole_weeks(points: list[Point], notes: list[str], dropped: Counter[str]) -> list[Point]:
    """Daily counts up to a Sunday: only complete weeks count (signals.md 3.5). Weekly ones stay."""
    dates = sorted({p.date for p in points if p.date is not None})
    if len(dates) < 2 or min((b - a).days for a, b in pairwise(dates)) >= 7:
        return points
    end = last_sunday(dates[-1])
    kept = [p for p in points if p.date is not None and p.date <= end]
    if len(kept) < len(points):
        notes.append(f"Complete weeks only, up to {end}.")
        dropped["incomplete week"] += len(points) - len(kept)
    return kept


def _without_repeats(points: list[Point], notes: list[str], dropped: Counter[str]) -> list[Point]:
    """Only the changes, where values mostly repeat: a list read every day is no daily measurement.

    A forward-filled series then gives the result of its changes (signals.md 2.2).
    """
    ordered = sorted((p for p in points if p.date is not None), key=lambda p: (p.date, p.id))
    changes = [p for i, p in enumerate(ordered) if i == 0 or p.value != ordered[i - 1].value]
    repeats = len(ordered) - len(changes)
    if len(ordered) < 2 or repeats <= MOST_REPEATS * (len(ordered) - 1):
        return points
    notes.append(f"{repeats} of {len(ordered)} values repeat the one before; only the changes are judged.")
    dropped["repeats the value before"] += repeats
    return changes


def is_stale(sample: Sample, now: date, grace_days: float) -> bool:
    """Whether the newest point is older than the series' own cadence allows, as seen on `now`.

    The cadence is the longest of the last ten gaps between days with a point; twice that, and the
    catalogue's grace, may pass before a series is called stale.
    """
    seen = np.unique(sample.dates.astype("datetime64[D]"))
    if len(seen) < 2:
        return False
    longest = int(np.diff(seen)[-10:].astype(int).max())
    silent: int = (now - seen[-1].item()).days
    return silent > 2 * longest + grace_days
