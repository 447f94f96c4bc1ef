"""The one frozen answer about an indicator: its trend, its state, the evidence, and reasons in words.

The trend is computed here and now, in a moment; the evidence (a `Finding`) comes from the ledger, which
tested the same data when they arrived. Without it the verdict says that it was not evaluated yet.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from data import queries
from signals.band import NotPointData, Point, Sample
from signals.finding import Change, Finding, to_json
from signals.inquiry import data_id
from signals.scale import OffScale, Scale
from signals.series import Kind, Selection, Tested, kind_of, select
from signals.trend import Trend, line

State = Literal["not enough data", "cannot tell", "steady", "watch", "signal", "confirmed", "slowing"]

ENOUGH_FOR_TREND = 10
ENOUGH_FOR_SIGNAL = 15
NOT_EVALUATED = "Whether the slope has changed was not evaluated yet, so no speed-up is claimed."


@dataclass(frozen=True, eq=False)
class Verdict:
    """What can be said of one indicator as of an instant, and why.

    `n` counts the points that carry the trend (the records of models, else every period). `series`
    holds all usable points, `fitted` those on the line, `tested` those of the bend test. `left_out`
    counts, by reason, what the sample rules dropped. `finding` is the evidence, None where there is
    none for this variant; `is_behind` says that newer data await their evaluation.
    """

    indicator: str
    variant: str
    as_of: datetime | None
    state: State
    n: int
    trend: Trend | None
    series: Sample
    fitted: Sample
    reasons: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    tested: Sample | None = None
    kind: Kind = "models"
    finding: Finding | None = None
    is_behind: bool = False

    @property
    def shown(self) -> Change | None:
        """The direction of the test that the page shows; None without a test."""
        return self.finding.shown if self.finding else None

    def as_json(self) -> dict[str, Any]:
        """The fields that `python -m signals` prints; days, and slope in units of the scale a year."""
        trend = self.trend
        return {
            "indicator": self.indicator,
            "variant": self.variant,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "n": self.n,
            "state": self.state,
            "doubling_days": trend and trend.doubling_days,
            "doubling_days_low": trend and trend.doubling_days_low,
            "doubling_days_high": trend and trend.doubling_days_high,
            "slope_per_year": trend and trend.slope_per_year,
            "slope_per_year_low": trend and trend.slope_low,
            "slope_per_year_high": trend and trend.slope_high,
            "level": trend and trend.level,
            "method": trend and trend.method,
            **_flat(self.shown, self.finding),
            "left_out": dict(self.left_out),
            "reasons": list(self.reasons),
            "is_behind": self.is_behind,
            "evidence": to_json(self.finding) if self.finding else None,
        }


def _flat(change: Change | None, finding: Finding | None) -> dict[str, Any]:
    """The shown direction's figures at the top level, under stable names."""
    told = to_json(change) if change else {}
    names = {
        "p": "p",
        "p_noise": "p_noise",
        "p_frontier": "p_frontier",
        "q": "q",
        "q_by": "q_by",
        "break_on": "break_on",
        "break_low": "break_low",
        "break_high": "break_high",
        "ratio": "ratio",
        "doubling_days_before": "doubling_days_before",
        "doubling_days_after": "doubling_days_after",
        "slope_before": "slope_before",
        "slope_after": "slope_after",
        "autocorrelation": "autocorrelation",
        "jump": "jump",
    }
    flat = {name: told.get(key) for name, key in names.items()}
    flat["level_jump"] = change.is_jump if change else None
    flat["n_tested"] = finding.n if finding else None
    flat["tested_as"] = finding.tested_as if finding else None
    flat["skill"] = finding.skill.skill if finding and finding.skill else None
    flat["power"] = dict(finding.power) if finding and finding.power else None
    return flat


def scale_of(indicator: Mapping[str, Any]) -> Scale:
    """The scale that the catalogue declares for an indicator."""
    falling = indicator["better"] == "down"
    if indicator["scale"] == "logit":
        return Scale("logit", float(indicator["lower"]), float(indicator["upper"]), falling)
    return Scale(indicator["scale"], falling=falling)


def points(frame: pd.DataFrame, marks: str = "model") -> list[Point]:
    """Rows of the observations table as points; shape in, shape out, in order.

    Where a mark is no model, a subject has many rows: subject and date together tell them apart.
    """
    return [
        Point(
            date=row["date"].date(),
            value=row["value"],
            id=row["subject"],
            model=row["model"] if isinstance(row["model"], str) else "",
            vendor=_organisation(row["detail"]) if marks == "model" else "",
            suite=row["variant"],
            bound=row["bound"],
            error=_error(row),
            key="" if marks == "model" and row["subject"] else f"{row['subject']}|{row['date'].date()}",
        )
        for row in queries.as_dicts(frame)
    ]


def _error(row: Mapping[str, Any]) -> float | None:
    """The standard error on the log2 scale that a published interval implies (signals.md 6, estimator E3)."""
    low, high, level = (row[name] for name in ("low", "high", "level"))
    if not (low and high and level) or not (low > 0 and high > low and 0 < level < 1):  # also refuses nan
        return None
    return float(np.log2(high / low) / (2 * ndtri((1 + level) / 2)))


def _organisation(detail: object) -> str:
    # the publisher's own field: our mapping of names to labs must not decide what is tested
    return str(json.loads(detail).get("organisation", "")) if isinstance(detail, str) else ""


def selection_of(
    found: Sequence[Point],
    scale: Scale,
    variants: tuple[str, ...],
    kind: Kind = "models",
    is_panel: bool = False,
    start: date | None = None,
    end: date | None = None,
    tested_as: Tested | None = None,
) -> Selection:
    """The points of `variants` with start <= date < end, chosen as their kind demands."""
    chosen = [p for p in found if p.suite in variants and p.date is not None]
    chosen = [p for p in chosen if (start is None or p.date >= start) and (end is None or p.date < end)]  # type: ignore[operator]
    return select(chosen, scale, kind, is_panel, tested_as)


def selection_for(
    indicator: Mapping[str, Any],
    found: Sequence[Point],
    variants: tuple[str, ...],
    start: date | None = None,
    end: date | None = None,
) -> Selection:
    """As the catalogue declares it. What cannot be judged gives no points and a note that says why; no error."""
    is_panel, kind = indicator["marks"] != "model", kind_of(indicator)
    try:
        return selection_of(found, scale_of(indicator), variants, kind, is_panel, start, end)
    except (OffScale, NotPointData) as problem:
        return replace(select([], Scale("linear"), kind), notes=(f"Cannot be judged: {problem}.",))


def assess(
    indicator: str,
    scale: Scale,
    found: list[Point],
    *,
    variants: tuple[str, ...],
    as_of: datetime | None = None,
    start: date | None = None,
    end: date | None = None,
    kind: Kind = "models",
    is_panel: bool = False,
    finding: Finding | None = None,
) -> Verdict:
    """Judge one series: `found` in any order, only points of `variants` and of start <= date < end.

    Several variants make a joined series, which may reproduce a published number but raises no state.
    NotPointData for a filled-forward series without ids.
    """
    selection = selection_of(found, scale, variants, kind, is_panel, start, end)
    return verdict_on(indicator, selection, variants, as_of, finding)


def verdict_on(
    indicator: str,
    selection: Selection,
    variants: tuple[str, ...],
    as_of: datetime | None = None,
    finding: Finding | None = None,
) -> Verdict:
    """The verdict on chosen points with what was found about them, if it was."""
    series, fitted = selection.everything, selection.fitted
    trend = line(fitted.dates, fitted.heights, selection.scale)
    variant = " + ".join(variants)
    if finding is not None and finding.variant != variant:
        finding = None
    is_behind = finding is not None and finding.data_id != data_id(f"{indicator}|{variant}", selection)
    enough = len(selection.tested.ids) >= ENOUGH_FOR_TREND
    state: State = "cannot tell" if enough else "not enough data"
    if finding is not None:
        state = finding.state  # type: ignore[assignment]
    return Verdict(
        indicator=indicator,
        variant=variant,
        as_of=as_of,
        state=state,
        n=len(fitted.ids),
        trend=trend,
        series=series,
        fitted=fitted,
        reasons=tuple(_reasons(selection, trend, finding, is_behind)),
        left_out=selection.left_out,
        tested=selection.tested,
        kind=selection.kind,
        finding=finding,
        is_behind=is_behind,
    )


_LEFT_OUT = {
    "bound": ("value is only known as a bound and not fitted", "values are only known as a bound and not fitted"),
    "off the scale": ("value is off the scale and not fitted", "values are off the scale and not fitted"),
    "at its limit": (
        "score is at its floor or ceiling, not fitted",
        "scores are at their floor or ceiling, not fitted",
    ),
}


def _reasons(selection: Selection, trend: Trend | None, finding: Finding | None, is_behind: bool) -> Iterator[str]:
    n, series = len(selection.fitted.ids), selection.everything
    carrying = "records" if selection.kind == "models" else "points"
    needed = f"{ENOUGH_FOR_TREND} are needed to judge a trend, {ENOUGH_FOR_SIGNAL} for a signal"
    yield f"{n} {carrying} among {len(series.ids)} points; {needed}."
    if finding is not None:
        yield from finding.reasons
    yield from selection.notes
    for reason, (one, several) in _LEFT_OUT.items():
        if number := selection.left_out.get(reason):
            yield f"{number} {one if number == 1 else several}."
    if series.joins_suites:
        yield "The series joins suites: it reproduces a published number and raises no state."
    if trend is not None and trend.slope_low <= 0:
        yield "The 90 % interval of the slope includes no growth."
    if selection.is_saturated:
        yield "The best value is close to the ceiling: a speed-up could hardly be seen."
    if finding is None and n >= ENOUGH_FOR_TREND:
        yield NOT_EVALUATED
    if is_behind:
        yield "Newer data have come in and are not evaluated yet."
