"""The multiverse of one indicator in a few numbers and words: shares, what flips it, the most influential point.

Descriptive: only the baseline's p is a test (signals.md 6).
"""

from dataclasses import replace

from signals.bend import NotEnoughData
from signals.finding import Shares
from signals.multiverse import ESTIMATORS, Cell, Multiverse, Series, influence, multiverse
from signals.scale import Scale
from signals.series import Selection
from signals.statistic import doubling_time

MOST_LEFT_OUT = 150
"""Leaving out one point of a longer series changes nothing and would take minutes."""


def shares_of(selection: Selection, seed: int) -> Shares | None:
    """Every reasonable analysis of a selection, summed up; None where the baseline cannot be tested."""
    names: dict[str, Series] = {"band": "band", "records": "records", "all": "all models"}
    kept = selection.points
    if selection.scale.kind == "logit":  # what is at its limit has no place on the other scales either
        kept = tuple(
            p for p in kept if p.value is not None and selection.scale.floor < p.value < selection.scale.ceiling
        )
    points = [replace(p, key="", id=p.identity) for p in kept]
    is_frontier = selection.kind == "models"
    found = multiverse(points, selection.scale, seed, names[selection.tested_as], only_primary=not is_frontier)
    if isinstance(found, NotEnoughData) or len(selection.tested.heights) > MOST_LEFT_OUT:
        return None
    one = influence(selection.tested, seed)
    flip, span = found.flips_it, found.break_range
    is_log = selection.scale.kind == "log2"
    return Shares(
        cells=len(found.cells),
        faster=found.counts["faster"],
        same=found.counts["same"],
        slower=found.counts["slower"],
        cannot_tell=found.counts["cannot tell"],
        baseline=found.baseline.answer,
        headline=found.headline,
        flips=_said(flip, found) if flip else "",
        flips_to=flip.answer if flip else "",
        break_low=span[0] if span else None,
        break_high=span[1] if span else None,
        most_influential=one.largest.without,
        slope_without=one.largest.slope,
        doubling_days_without=doubling_time(one.largest.slope) if is_log else None,
        p_without=one.largest.p,
        warnings=one.warnings,
    )


def _said(flip: Cell, found: Multiverse) -> str:
    """The one choice in which a cell differs from the baseline, in words."""
    choice, base = flip.choice, found.baseline.choice
    if choice.without:
        return f"without {choice.without}"
    if choice.start != base.start:
        return f"starting on {choice.start}"
    if choice.series != base.series:
        return f"testing {choice.series} instead of {base.series}"
    if choice.scale != base.scale:
        return f"on the scale {_scale(choice.scale)}"
    return f"with {ESTIMATORS[choice.estimator]}"


def _scale(scale: Scale) -> str:
    return f"logit from {scale.floor:g} to {scale.ceiling:g}" if scale.kind == "logit" else scale.kind
