"""The one place where "accelerating" is decided: a pure fold over an indicator's updates.

A flag needs a small p, an effect worth the word, and persistence over updates with new points; once
raised it holds until two quiet updates (signals.md 2.10; counts: 3.5). The mirrored test decides
"slowing" under the same rules. Nothing is computed here and nothing remembered outside the list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from itertools import takewhile


class State(StrEnum):
    """What is shown. The last one is the mirrored test's watch, signal or confirmed."""

    NOT_ENOUGH_DATA = "not enough data"
    CANNOT_TELL = "cannot tell"
    STEADY = "steady"
    WATCH = "watch"
    SIGNAL = "signal"
    CONFIRMED = "confirmed"
    SLOWING = "slowing"


class Level(IntEnum):
    """How far the evidence in one direction has climbed."""

    QUIET = 0
    WATCH = 1
    SIGNAL = 2
    CONFIRMED = 3


class Qualifier(StrEnum):
    """What must be said beside a state."""

    JUMP = "jump"
    SATURATED = "saturated"
    STALE = "stale"
    CLOSED = "closed"
    NEW_SUITE = "new suite"
    BURST = "burst"


@dataclass(frozen=True)
class Rules:
    """Thresholds of signals.md 2.10. `change` (log2 a year) replaces the ratio for counts (3.5)."""

    updates: int = 2
    watch_p: float = 0.01
    signal_q: float = 0.10
    quiet_p: float = 0.10
    ratio: float = 1.5
    change: float | None = None
    fewest: int = 10
    fewest_for_signal: int = 15
    on_each_side: int = 3
    power: float = 0.5
    tell_p: float = 0.05


METRIC = Rules()
COUNT = Rules(updates=4, change=0.5, fewest=26, fewest_for_signal=26)


@dataclass(frozen=True)
class Evidence:
    """One direction of the test at one update; slopes per year on the series as published.

    For the mirrored test the slopes are still those of the series itself: pass them unnegated.
    `q` and `q_by` are None for an indicator outside the pool. `floors_agree`: every variant of an
    uncertain floor or ceiling gave the same answer.
    """

    p: float
    q: float | None
    q_by: float | None
    slope_before: float
    slope_after: float
    is_jump: bool = False
    floors_agree: bool = True


@dataclass(frozen=True)
class Update:
    """The results on one new data hash. `has_new_point` is false for a restatement.

    `faster` and `slower` are None where the test was impossible (`n` says why). `points_before` and
    `points_after` count this suite's points on either side of the break. `power` is the chance
    that a doubled slope would have been found.
    """

    on: date
    n: int
    faster: Evidence | None
    slower: Evidence | None = None
    power: float | None = None
    has_new_point: bool = True
    suite: str = ""
    joins_suites: bool = False
    points_before: int = 0
    points_after: int = 0
    is_stale: bool = False
    is_saturated: bool = False
    in_burst: bool = False


@dataclass(frozen=True)
class Verdict:
    """The state, since when, why, and what would end it.

    `level` is how far the shown direction has climbed; `streak_on` and `streak_off` count the last
    updates in a row with watch or more, and with p above the quiet limit, capped at the rule.
    A suppressed state is shown greyed and not announced.
    """

    state: State
    level: Level
    since: date | None
    why: tuple[str, ...]
    ends_when: str
    qualifiers: tuple[Qualifier, ...] = ()
    is_suppressed: bool = False
    streak_on: int = 0
    streak_off: int = 0


@dataclass(frozen=True)
class _Slot:
    """One update that counts, and the restatement that replaced its results, if any."""

    first: Update
    last: Update


@dataclass(frozen=True)
class _Direction:
    """The fold of one direction up to some slot."""

    level: Level = Level.QUIET
    since: date | None = None
    levels: tuple[Level, ...] = ()
    quiet: tuple[bool, ...] = ()


def fold(
    updates: Iterable[Update],
    rules: Rules = METRIC,
    is_stale: bool = False,
    is_closed: bool = False,
) -> Verdict:
    """The verdict after `updates`, oldest first. `is_stale`, `is_closed`: as seen now.

    Restatements replace the results of the update before them: they may take a state away, never
    supply the second confirmation. A new suite starts a new series. Updates that are stale, fall
    in a burst or join suites change nothing. Method: signals.md 2.10.
    """
    given = list(updates)
    if not given:
        return Verdict(State.NOT_ENOUGH_DATA, Level.QUIET, None, ("no update yet",), "a first update")
    current = _of_latest_suite(given)
    latest = current[-1]
    qualifiers = _qualifiers(latest, rules, is_stale, is_closed)
    if latest.n < rules.fewest or latest.faster is None:
        return _not_enough(current, rules, qualifiers)
    slots = _slots(_since_enough(current, rules))
    faster = _climb(slots, rules, slower=False)
    slower = _climb(slots, rules, slower=True)
    is_slowing = (slower.level, slower.since or date.min) > (faster.level, faster.since or date.min)
    shown = slower if is_slowing else faster
    is_new_suite = len(current) < len(given)
    sides = min(latest.points_before, latest.points_after)
    is_suppressed = is_new_suite and shown.level > Level.QUIET and sides < rules.on_each_side
    if is_suppressed:
        qualifiers = (*qualifiers, Qualifier.NEW_SUITE)
    return _verdict(latest, shown, is_slowing, rules, qualifiers, is_suppressed)


def _of_latest_suite(updates: Sequence[Update]) -> list[Update]:
    """The updates since the suite last changed."""
    suite = updates[-1].suite
    same = list(takewhile(lambda update: update.suite == suite, reversed(updates)))
    return same[::-1]


def _since_enough(updates: Sequence[Update], rules: Rules) -> list[Update]:
    """The updates since there were last too few points: "not enough data" forgets what came before."""
    enough = takewhile(lambda u: u.n >= rules.fewest and u.faster is not None, reversed(updates))
    return list(enough)[::-1]


def _slots(updates: Sequence[Update]) -> list[_Slot]:
    """Updates that count, each with its latest restatement; frozen ones are left out."""
    slots: list[_Slot] = []
    for update in updates:
        if update.is_stale or update.in_burst or update.joins_suites:
            continue
        if update.has_new_point or not slots:
            slots.append(_Slot(update, update))
        else:
            slots[-1] = _Slot(slots[-1].first, update)
    return slots


def _climb(slots: Sequence[_Slot], rules: Rules, slower: bool) -> _Direction:
    """Fold one direction over the slots."""
    found = _Direction()
    for slot in slots:
        after = _step(found, slot.last, rules, slower)
        if slot.last is not slot.first:
            # A restatement counts only as far as the update it replaces had come on its own.
            alone = _step(found, slot.first, rules, slower)
            after = _weaker(after, alone, found)
        found = after
    return found


def _step(found: _Direction, update: Update, rules: Rules, slower: bool) -> _Direction:
    """One update: climb to the level earned over the last updates, else hold, else fall quiet."""
    evidence = update.slower if slower else update.faster
    levels = (*found.levels, _level(evidence, update.n, rules, slower))
    quiet = (*found.quiet, evidence is None or evidence.p > rules.quiet_p)
    level, since = found.level, found.since
    if len(levels) >= rules.updates:
        earned = min(levels[-rules.updates :])
        if earned > level:
            level, since = earned, update.on
        elif level > Level.QUIET and all(quiet[-rules.updates :]):
            level, since = Level.QUIET, update.on
    return _Direction(level, since, levels, quiet)


def _weaker(restated: _Direction, alone: _Direction, before: _Direction) -> _Direction:
    """The restated results, changing the level no further than the original update did."""
    level = before.level
    if restated.level > before.level:
        level = min(restated.level, max(alone.level, before.level))
    elif restated.level < before.level and alone.level < before.level:
        level = restated.level
    since = before.since if level == before.level else alone.since
    return _Direction(level, since, restated.levels, restated.quiet)


def _level(evidence: Evidence | None, n: int, rules: Rules, slower: bool) -> Level:
    """The highest row of the table one update satisfies."""
    if evidence is None or not has_effect(evidence, rules, slower):
        return Level.QUIET
    if n >= rules.fewest_for_signal:
        if evidence.q_by is not None and evidence.q_by <= rules.signal_q:
            return Level.CONFIRMED
        if evidence.q is not None and evidence.q <= rules.signal_q:
            return Level.SIGNAL
    return Level.WATCH if evidence.p <= rules.watch_p else Level.QUIET


def has_effect(evidence: Evidence, rules: Rules = METRIC, slower: bool = False) -> bool:
    """E of signals.md 2.10: large enough, not a jump, and the same whatever the floor.

    Faster: slope after >= 1.5 times the slope before (any growth after none). Slower: at most
    1/1.5 of a growth before. Counts: only a slope change of .5 log2 a year in that direction (3.5).
    """
    before, after = evidence.slope_before, evidence.slope_after
    if rules.change is not None:
        return (before - after if slower else after - before) >= rules.change
    slowed = before > 0 and after <= before / rules.ratio
    sped_up = after > 0 and after >= rules.ratio * before
    return (slowed if slower else sped_up) and not evidence.is_jump and evidence.floors_agree


def _qualifiers(latest: Update, rules: Rules, is_stale: bool, is_closed: bool) -> tuple[Qualifier, ...]:
    jumped = any(e is not None and e.is_jump and e.p <= rules.tell_p for e in (latest.faster, latest.slower))
    told = {
        Qualifier.JUMP: jumped,
        Qualifier.SATURATED: latest.is_saturated,
        Qualifier.STALE: is_stale or latest.is_stale,
        Qualifier.CLOSED: is_closed,
        Qualifier.BURST: latest.in_burst,
    }
    return tuple(qualifier for qualifier, applies in told.items() if applies)


def _not_enough(current: Sequence[Update], rules: Rules, qualifiers: tuple[Qualifier, ...]) -> Verdict:
    latest = current[-1]
    few = list(takewhile(lambda u: u.n < rules.fewest or u.faster is None, reversed(current)))
    why = f"{latest.n} points, {rules.fewest} needed" if latest.n < rules.fewest else f"{latest.n} points, no test"
    ends = f"{rules.fewest} points" if latest.n < rules.fewest else "points on more than one day"
    return Verdict(State.NOT_ENOUGH_DATA, Level.QUIET, few[-1].on, (why,), ends, qualifiers)


def _verdict(
    latest: Update,
    shown: _Direction,
    is_slowing: bool,
    rules: Rules,
    qualifiers: tuple[Qualifier, ...],
    is_suppressed: bool,
) -> Verdict:
    streak_on = len(list(takewhile(lambda level: level > Level.QUIET, reversed(shown.levels))))
    streak_off = len(list(takewhile(bool, reversed(shown.quiet))))
    return Verdict(
        state=_state(latest, shown, is_slowing, rules),
        level=shown.level,
        since=shown.since,
        why=_reasons(latest, is_slowing, rules),
        ends_when=_ending(latest, shown, rules),
        qualifiers=qualifiers,
        is_suppressed=is_suppressed,
        streak_on=min(streak_on, rules.updates),
        streak_off=min(streak_off, rules.updates),
    )


def _state(latest: Update, shown: _Direction, is_slowing: bool, rules: Rules) -> State:
    if shown.level > Level.QUIET:
        return State.SLOWING if is_slowing else State[shown.level.name]
    return State.CANNOT_TELL if _cannot_tell(latest, rules) else State.STEADY


def _cannot_tell(latest: Update, rules: Rules) -> bool:
    """No flag, and the power to see a doubled slope is below one half (or was not computed)."""
    p = latest.faster.p if latest.faster else 1.0
    return (latest.power is None or latest.power < rules.power) and p > rules.tell_p


def _reasons(latest: Update, is_slowing: bool, rules: Rules) -> tuple[str, ...]:
    """The latest evidence in words, most important first."""
    evidence = latest.slower if is_slowing else latest.faster
    if evidence is None:
        return (f"{latest.n} points",)
    reasons = [f"p = {evidence.p:.2g}"]
    if evidence.q is not None:
        reasons.append(f"q = {evidence.q:.2g}")
    reasons.append(f"slope {evidence.slope_before:.3g} before and {evidence.slope_after:.3g} after, a year")
    reasons.append(f"{latest.n} points")
    if evidence.is_jump:
        reasons.append("a one-off jump fits better")
    if not evidence.floors_agree:
        reasons.append("the answer depends on the chance floor or ceiling")
    if latest.joins_suites:
        reasons.append("joins suites, so raises no state")
    if latest.n < rules.fewest_for_signal:
        reasons.append(f"{rules.fewest_for_signal} points needed for a signal")
    if latest.power is not None:
        reasons.append(f"would have seen a doubled slope with probability {latest.power:.2f}")
    return tuple(reasons)


def _ending(latest: Update, shown: _Direction, rules: Rules) -> str:
    if shown.level > Level.QUIET:
        return f"p > {rules.quiet_p:.2f} at {rules.updates} updates in a row"
    if _cannot_tell(latest, rules):
        return "more points"
    return f"p ≤ {rules.watch_p:.2f} and a large enough change at {rules.updates} updates in a row"
