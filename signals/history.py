"""From the vintages of one store to the updates of each indicator, and from these to states.

A step is one state of one indicator's data; it becomes an update of the fold once all indicators'
p-values of that instant are known, because q needs them all (signals.md 2.10 to 2.12).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from signals import decision
from signals.band import Point
from signals.decision import COUNT, METRIC, Evidence, Rules, Update, fold
from signals.finding import METHOD, Change, Finding
from signals.inquiry import Examined
from signals.multiplicity import adjust
from signals.series import Selection

SLOWER = " (slower)"


@dataclass(frozen=True, eq=False)
class Step:
    """One state of one indicator's data and what the test said; `selection` is kept for new ones only.

    `q` holds (q, q_by) of both directions once the pool of that instant is known.
    """

    at: datetime | None
    variant: str
    data_id: str
    seed: int
    tested_as: str
    scale: str
    examined: Examined
    has_new_point: bool
    joins_suites: bool
    is_stale: bool
    is_saturated: bool
    floors_agree: bool = True
    selection: Selection | None = None
    q: tuple[tuple[float, float], tuple[float, float]] | None = None


def is_countable(step: Step) -> bool:
    """Whether the step is a weekly count, judged by the rules of signals.md 3.5."""
    return step.tested_as == "weekly counts"


def rules_for(step: Step) -> Rules:
    """The thresholds that apply to a step."""
    return COUNT if is_countable(step) else METRIC


def with_q(histories: Mapping[str, Sequence[Step]], family_of: Mapping[str, str]) -> dict[str, list[Step]]:
    """All steps, in order, each with q and q_BY among the latest p of all indicators at its instant.

    Both directions of the test stand in one pool; the mirrored tests of a family form their own.
    """
    done: dict[str, list[Step]] = {name: [] for name in histories}
    families = dict(family_of) | {name + SLOWER: family + SLOWER for name, family in family_of.items()}
    latest: dict[str, float] = {}
    for group in _by_instant(histories):
        for name, step in group:
            for key, change in ((name, step.examined.faster), (name + SLOWER, step.examined.slower)):
                latest.pop(key, None)
                if change is not None and not step.joins_suites:
                    latest[key] = change.p
        adjusted = adjust(latest, families) if any(step.q is None for _, step in group) else {}
        for name, step in group:
            if step.q is None and name in adjusted and name + SLOWER in adjusted:
                up, down = adjusted[name], adjusted[name + SLOWER]
                step = replace(step, q=((up.q, up.q_by), (down.q, down.q_by)))
            done[name].append(step)
    return done


def _by_instant(histories: Mapping[str, Sequence[Step]]) -> Iterator[list[tuple[str, Step]]]:
    """Steps of all indicators, oldest first, those of one instant together."""
    groups: dict[datetime, list[tuple[str, Step]]] = {}
    for name, steps in histories.items():
        for step in steps:
            assert step.at is not None, "only a series of one's own has no instant"
            groups.setdefault(step.at, []).append((name, step))
    for at in sorted(groups):
        yield groups[at]


def changes_of(step: Step) -> tuple[Change | None, Change | None]:
    """Both directions with their q."""
    pair = []
    for i, change in enumerate((step.examined.faster, step.examined.slower)):
        if change is not None and step.q is not None:
            change = replace(change, q=step.q[i][0], q_by=step.q[i][1])
        pair.append(change)
    return pair[0], pair[1]


def update_of(step: Step, power: float | None = None) -> Update:
    """The step as the fold wants it."""
    faster, slower = changes_of(step)
    shown = faster
    return Update(
        on=step.at.date() if step.at else (step.examined.last_date or date.min),
        n=step.examined.n,
        faster=_evidence(faster, step),
        slower=_evidence(slower, step),
        power=step.examined.power_x2 if power is None else power,
        has_new_point=step.has_new_point,
        suite=step.variant,
        joins_suites=step.joins_suites,
        points_before=shown.n_before if shown else 0,
        points_after=shown.n_after if shown else 0,
        is_stale=step.is_stale,
        is_saturated=step.is_saturated,
        in_burst=step.examined.burst is not None and step.examined.burst.freezes,
    )


def _evidence(change: Change | None, step: Step) -> Evidence | None:
    if change is None:
        return None
    return Evidence(
        p=change.p,
        q=change.q,
        q_by=change.q_by,
        slope_before=change.slope_before,
        slope_after=change.slope_after,
        is_jump=change.is_jump,
        floors_agree=step.floors_agree,
    )


def finding_of(
    name: str,
    steps: Sequence[Step],
    power: Mapping[str, float] | None = None,
    is_stale: bool = False,
    is_closed: bool = False,
) -> Finding:
    """The state after the last of `steps`, with the evidence of that step."""
    last = steps[-1]
    updates = [update_of(step) for step in steps[:-1]]
    updates.append(update_of(last, power["2"] if power else None))
    told = fold(updates, rules_for(last), is_stale, is_closed)
    faster, slower = changes_of(last)
    reasons = sentences(last, told, slower if told.state == "slowing" else faster, power)
    return Finding(
        indicator=name,
        variant=last.variant,
        method=METHOD,
        known_at=last.at,
        data_id=last.data_id,
        seed=last.seed,
        tested_as=last.tested_as,
        scale=last.scale,
        n=last.examined.n,
        last_date=last.examined.last_date,
        state=str(told.state),
        level=int(told.level),
        since=told.since,
        ends_when=told.ends_when,
        reasons=tuple(reasons),
        qualifiers=tuple(str(qualifier) for qualifier in told.qualifiers),
        is_suppressed=told.is_suppressed,
        streak_on=told.streak_on,
        streak_off=told.streak_off,
        updates=sum(step.has_new_point for step in steps),
        has_new_point=last.has_new_point,
        joins_suites=last.joins_suites,
        is_stale=last.is_stale,
        is_saturated=last.is_saturated,
        floors_agree=last.floors_agree,
        why_not=last.examined.why_not,
        faster=faster,
        slower=slower,
        power=power,
        power_x2=last.examined.power_x2,
        burst=last.examined.burst,
    )


def sentences(
    step: Step, told: decision.Verdict, change: Change | None, power: Mapping[str, float] | None
) -> Iterator[str]:
    """Why the state is what it is, in plain words, most important first."""
    rules = rules_for(step)
    unit = "weeks" if is_countable(step) else "points"
    if change is None:
        yield f"No test of a change in speed: {step.examined.why_not}."
        return
    seen = "" if change.p_frontier is None else f" (noise alone {change.p_noise:.2g}, frontier {change.p_frontier:.2g})"
    yield f"Chance of such a bend under steady growth: p = {change.p:.2g}{seen}, from {step.examined.n} {unit}."
    if change.q is not None:
        yield f"False-discovery rate among all indicators: q = {change.q:.2g}."
    yield f"{_speeds(change)} since about {change.break_on} (90 % between {change.break_low} and {change.break_high})."
    burst = step.examined.burst
    caveats = {
        "A one-off jump fits better than a bend.": change.is_jump,
        "The answer depends on the chance floor.": not step.floors_agree,
        f"A signal needs {rules.fewest_for_signal} {unit}.": step.examined.n < rules.fewest_for_signal,
        f"Evidence of a flag at the last update; {rules.updates} in a row are needed.": told.streak_on > 0
        and told.level == decision.Level.QUIET,
        f"A new suite: {rules.on_each_side} of its points are needed on either side of the break.": told.is_suppressed,
        "The newest point is older than usual: the state is kept and no new one raised.": step.is_stale,
        "A burst is on: the state waits until it is over.": burst is not None and burst.freezes,
    }
    yield from (sentence for sentence, applies in caveats.items() if applies)
    if power and "2" in power:
        yield f"A doubled slope would have been seen with probability {power['2']:.2f}."


def _speeds(change: Change) -> str:
    before, after = change.doubling_days_before, change.doubling_days_after
    if before is not None and after is not None:
        return f"Doubling time {before:.0f} days before and {after:.0f} after,"
    return f"Slope {change.slope_before:.3g} a year before and {change.slope_after:.3g} after,"


def step_of(finding: Finding) -> Step:
    """The step that a stored finding came from, without its points."""
    pair = (finding.faster, finding.slower)
    up, down = ((c.q, c.q_by) if c and c.q is not None and c.q_by is not None else None for c in pair)
    return Step(
        at=finding.known_at,
        variant=finding.variant,
        data_id=finding.data_id,
        seed=finding.seed,
        tested_as=finding.tested_as,
        scale=finding.scale,
        examined=Examined(finding.n, *pair, finding.why_not, finding.last_date, finding.burst, finding.power_x2),
        has_new_point=finding.has_new_point,
        joins_suites=finding.joins_suites,
        is_stale=finding.is_stale,
        is_saturated=finding.is_saturated,
        floors_agree=finding.floors_agree,
        q=(up, down) if up and down else None,
    )


def identities(points: Sequence[Point]) -> frozenset[tuple[str, object]]:
    """What makes a point a new one: its identity and its day, never its value."""
    return frozenset((point.identity, point.date) for point in points)


def is_raised(finding: Finding) -> bool:
    """Whether the state is a flag."""
    return finding.level > decision.Level.QUIET


def as_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """What a person wants of a timeline: one row a finding whose state differs from the one before."""
    rows: list[dict[str, Any]] = []
    for before, finding in zip([None, *findings], findings, strict=False):
        if before is None or before.state != finding.state:
            shown = finding.shown
            rows.append(
                {
                    "indicator": finding.indicator,
                    "known_at": finding.known_at.isoformat() if finding.known_at else None,
                    "state": finding.state,
                    "was": before.state if before else None,
                    "n": finding.n,
                    "p": shown and shown.p,
                    "q": shown and shown.q,
                    "break_on": shown and shown.break_on.isoformat(),
                    "new_points": finding.has_new_point,
                }
            )
    return rows
