"""One state of one series put to the test, both ways: speeding up, and mirrored, slowing down.

`examine` gives what the decision needs (fast, cached by the ledger); `described` adds what is shown
beside it: intervals, power, skill (signals.md 2.9).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from math import isfinite

import numpy as np

from signals import bend, burst, counts
from signals.band import Point, data_hash
from signals.bend import Bend, NotEnoughData
from signals.chance import DRAWS, STOP_AFTER, chance_under_model_growth, seed_for
from signals.decision import METRIC
from signals.design import Dates, Design, design_of
from signals.finding import LONGEST_BURST, METHOD, Burst, Change, Interval, Skill
from signals.precision import Range, intervals, power
from signals.series import Selection, last_sunday
from signals.skill import forecast_skill
from signals.statistic import doubling_time
from signals.whitening import Floats

FRONTIER_DRAWS = 1_999
"""A bound on p_F, whose draws are a hundred times as dear; p of 5e-4 is small enough for any decision."""

FIRST_POWER = 499, 299
"""Null and bent draws of the first estimate of power."""

FRONTIER_NEEDED = 0.10
"""p_F can only raise p. Above this no decision depends on it: neither a flag nor when one falls."""


@dataclass(frozen=True)
class Examined:
    """Both directions, or why there is no test. `n` counts the points (or weeks) tested.

    `power_x2` is a first estimate of the chance that a doubled slope would have been seen; it is only
    made where it decides between "steady" and "cannot tell".
    """

    n: int
    faster: Change | None = None
    slower: Change | None = None
    why_not: str = ""
    last_date: date | None = None
    burst: Burst | None = None
    power_x2: float | None = None


@dataclass(frozen=True)
class Described:
    """What is reported beside the decision; `faster` and `slower` with their intervals."""

    faster: Change
    slower: Change
    power: dict[str, float]
    skill: Skill | None


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A series ready for the test: heights upward, and its design."""

    days: Dates
    heights: Floats
    design: Design


def data_id(series_id: str, selection: Selection) -> str:
    """The hash of all that the result depends on (signals.md 2.12).

    Published intervals are no part of it: the default test does not use them (2.4), and a publisher's
    new bootstrap of old points is no news.
    """
    points = [replace(point, error=None) for point in selection.points]
    return data_hash(METHOD, f"{selection.scale}|{selection.tested_as}", series_id, points)


def seed_of(series_id: str, selection: Selection, vintage: str) -> int:
    """The seed of a series whose data were first seen at `vintage` (an ISO day)."""
    newest = selection.tested.dates
    last = date(1970, 1, 1) if len(newest) == 0 else newest[-1].astype("datetime64[D]").item()
    return seed_for(series_id, last, vintage)


def examine(selection: Selection, seed: int, draws: int = DRAWS, stop_after: int | None = STOP_AFTER) -> Examined:
    """Test a selection in both directions. Never raises for data: it says why there is no test."""
    if selection.tested_as == "weekly counts":
        return _examine_counts(selection, seed, draws, stop_after)
    sample = selection.tested
    n = len(sample.heights)
    last = sample.dates[-1].item() if n else None
    reason = bend.why_not(sample.dates)
    if reason:
        return Examined(n, why_not=reason, last_date=last)
    prepared = _Prepared(sample.dates, sample.heights, design_of(sample.dates, sample.heights))
    faster, slower = (
        _with_frontier(_tested(prepared, sign, seed, draws, stop_after), selection, sign, seed, stop_after)
        for sign in (1, -1)
    )
    changes = _change(faster, selection, 1), _change(slower, selection, -1)
    return Examined(n, *changes, last_date=last, power_x2=_first_power(prepared, faster.p, seed))


def _first_power(prepared: _Prepared, p: float, seed: int) -> float | None:
    if p <= METRIC.tell_p:
        return None
    return power(prepared.design, prepared.heights, seed, (2.0,), *FIRST_POWER)[2.0]


def _tested(prepared: _Prepared, sign: int, seed: int, draws: int, stop_after: int | None) -> Bend:
    heights = _mirrored(prepared, sign)
    return bend.bend_on(prepared.design, prepared.days, heights, seed, stop_after, draws)


def _mirrored(prepared: _Prepared, sign: int) -> Floats:
    """The heights, or their mirror image in the order that signals.md 2.2 wants."""
    y = sign * prepared.heights
    return np.asarray(y[np.lexsort((-y, prepared.days))])


def _with_frontier(found: Bend, selection: Selection, sign: int, seed: int, stop_after: int | None) -> Bend:
    """Add p_F where it can matter: a frontier of more models than it shows, and a p small enough."""
    everything = selection.everything
    is_frontier = selection.tested_as in ("band", "records") and len(everything.heights) > found.n
    if not is_frontier or found.p > FRONTIER_NEEDED:
        return found
    frontier = chance_under_model_growth(
        everything.dates,
        everything.heights,
        found.statistic,
        selection.tested_as,
        seed,
        stop_after=stop_after,
        draws=FRONTIER_DRAWS,
        slower=sign < 0,
    )
    return replace(found, p=max(found.p, frontier.p), frontier_chance=frontier)


def _change(found: Bend, selection: Selection, sign: int) -> Change:
    fit, frontier = found.fit, found.frontier_chance
    chance = found.noise_chance if frontier is None or frontier.p < found.noise_chance.p else frontier
    before, after = sign * fit.slope_before, sign * fit.slope_after
    is_log = selection.scale.kind == "log2"
    return Change(
        direction="faster" if sign > 0 else "slower",
        statistic=found.statistic,
        p=found.p,
        p_noise=found.noise_chance.p,
        p_frontier=None if frontier is None else frontier.p,
        p_low=chance.low,
        p_high=chance.high,
        draws=chance.draws,
        exceedances=chance.exceedances,
        break_on=fit.break_date,
        break_low=found.break_interval[0],
        break_high=found.break_interval[1],
        slope_before=before,
        slope_after=after,
        ratio=after / before if before > 0 else None,
        doubling_days_before=doubling_time(before) if is_log else None,
        doubling_days_after=doubling_time(after) if is_log else None,
        jump=found.jump.label,
        jump_evidence=found.jump.evidence,
        autocorrelation=found.persistence,
        n_before=found.points_before,
        n_after=found.points_after,
    )


# --- what is shown beside it ---------------------------------------------------------------------


def described(selection: Selection, examined: Examined, seed: int) -> Described | None:
    """Intervals of both directions, power and skill; None where there was no test."""
    prepared = _prepared(selection)
    if examined.faster is None or examined.slower is None or prepared is None:
        return None
    seen = power(prepared.design, prepared.heights, seed)
    skill = forecast_skill(prepared.days, prepared.heights)
    return Described(
        faster=_with_intervals(examined.faster, prepared, selection, 1, seed),
        slower=_with_intervals(examined.slower, prepared, selection, -1, seed),
        power={f"{ratio:g}": share for ratio, share in seen.items()},
        skill=Skill(skill.skill, skill.pairs),
    )


def _prepared(selection: Selection) -> _Prepared | None:
    if selection.tested_as == "weekly counts":
        weekly = weekly_of(selection.points)
        if isinstance(weekly, NotEnoughData) or len(weekly.week) < counts.FEWEST_WEEKS:
            return None
        return _Prepared(weekly.last_day, weekly.winsorised, counts.count_design(weekly))
    sample = selection.tested
    if bend.why_not(sample.dates):
        return None
    return _Prepared(sample.dates, sample.heights, design_of(sample.dates, sample.heights))


def _with_intervals(change: Change, prepared: _Prepared, selection: Selection, sign: int, seed: int) -> Change:
    found = intervals(prepared.design, _mirrored(prepared, sign), seed, slower=sign < 0)
    is_log = selection.scale.kind == "log2"
    return replace(
        change,
        slope_before_interval=_interval(found.slope_before),
        slope_after_interval=_interval(found.slope_after),
        ratio_interval=_interval(found.slope_ratio),
        doubling_days_before_interval=_interval(found.doubling_time_before) if is_log else None,
        doubling_days_after_interval=_interval(found.doubling_time_after) if is_log else None,
    )


def _interval(found: Range) -> Interval:
    low, high = (None if end is None or not isfinite(end) else end for end in (found.low, found.high))
    return Interval(low, high)


# --- counts --------------------------------------------------------------------------------------


def weekly_of(points: Sequence[Point]) -> counts.Weekly | NotEnoughData:
    """Weekly rates of daily or weekly counts, up to the last complete week (Monday to Sunday).

    Points of days: a day without one is missing, never zero. Points dated by the Monday of their
    week and a week apart are weekly sums already and become rates as they are.
    """
    told = {p.date: p.value for p in points if p.date is not None and p.value is not None and p.bound == "="}
    if len(told) < 2:
        return NotEnoughData(0, "no two counts")
    first, last = min(told), max(told)
    spacing = np.diff(np.array(sorted(told), dtype="datetime64[D]").astype(int))
    if spacing.min() >= 7:
        return _weekly_sums(told)
    complete = np.arange(np.datetime64(first), np.datetime64(last_sunday(last)) + 1)
    values = np.array([told.get(day.item(), np.nan) for day in complete], dtype=float)
    if len(complete) < 7 or not np.isfinite(values).any():
        return NotEnoughData(0, "no complete week")
    try:
        return counts.weekly_rates(complete, values)
    except ValueError as problem:  # a negative count
        return NotEnoughData(0, str(problem))


def _weekly_sums(told: dict[date, float]) -> counts.Weekly | NotEnoughData:
    ordered = sorted(told)
    values = np.array([told[day] for day in ordered], dtype=float)
    if (values < 0).any():
        return NotEnoughData(0, "a count is negative")
    day = np.array(ordered, dtype="datetime64[D]")
    week = np.round((day - day[-1]).astype(int) / 7).astype(np.int64)
    rate = np.log2((values + 0.5) / 7)  # a day's average, as for daily counts
    return counts.Weekly(
        week=week,
        last_day=np.asarray(day + np.timedelta64(6, "D"), dtype="datetime64[D]"),
        rate=rate,
        winsorised=counts.winsorised(week, rate),
        valid_days=np.full(len(week), 7),
        outages=np.zeros(len(week), dtype=bool),
    )


def _examine_counts(selection: Selection, seed: int, draws: int, stop_after: int | None) -> Examined:
    weekly = weekly_of(selection.points)
    if isinstance(weekly, NotEnoughData):
        return Examined(weekly.n, why_not=weekly.reason)
    n, last = len(weekly.week), counts.last_complete_week(weekly)
    if n < counts.FEWEST_WEEKS:
        return Examined(n, why_not=f"{n} weeks, {counts.FEWEST_WEEKS} needed", last_date=last)
    prepared = _Prepared(weekly.last_day, weekly.winsorised, counts.count_design(weekly))
    faster, slower = (_change(_tested(prepared, s, seed, draws, stop_after), selection, s) for s in (1, -1))
    first = _first_power(prepared, faster.p, seed)
    return Examined(n, faster, slower, last_date=last, burst=_burst(weekly), power_x2=first)


def _burst(weekly: counts.Weekly) -> Burst | None:
    """The burst alarm on the weekly counts implied by the rates; None with too short or broken a past."""
    if len(weekly.week) != weekly.week[-1] - weekly.week[0] + 1:
        return None  # dropped weeks: the alarm needs them all
    per_week = np.round(7 * np.exp2(weekly.rate))
    first = max(len(per_week) - LONGEST_BURST, 0)
    alarms = [burst.burst_alarm(per_week, week) for week in range(first, len(per_week))]
    latest = alarms[-1]
    if latest is None:
        return None
    states = burst.in_burst(alarms)
    return Burst(
        is_on=states[-1],
        weeks=len(list(takewhile(bool, reversed(states)))),
        week_ending=weekly.last_day[-1].astype("datetime64[D]").item(),
        count=latest.count,
        expected=latest.expected,
        threshold=latest.threshold,
    )
