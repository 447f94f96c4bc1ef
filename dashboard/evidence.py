"""The argument behind a verdict, in plain sentences: how big, how sure, how often wrong, what would flip it.

Every sentence is made from the frozen verdict; a figure that it does not carry is not said.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard import words
from dashboard.words import NBSP
from signals.finding import Change, Finding, Interval, Licence, Shares
from signals.verdict import Verdict

SUGGESTED = 0.10
Section = tuple[str, list[str]]


def sections(indicator: Mapping[str, Any], verdict: Verdict) -> list[Section]:
    """Headings with their sentences, in the order of the argument; without a finding only what the trend says."""
    finding, change = verdict.finding, verdict.shown
    if finding is None or change is None:
        return [("Change of pace", list(verdict.reasons))]
    found = [
        ("Verdict", [sentence(verdict), *(r for r in verdict.reasons if r not in finding.reasons)]),
        ("Size", list(_size(change, indicator["unit"]))),
        ("Chance", list(_chance(change, finding))),
        ("Power", list(_power(finding))),
        ("Other choices", list(_choices(finding.multiverse))),
        ("What would change it", list(_ending(finding))),
        ("Not to be confused", list(_confused(change, finding))),
    ]
    return [(heading, said) for heading, said in found if said]


def sentence(verdict: Verdict) -> str:
    """The verdict in one sentence, no surer than its state."""
    change = verdict.shown
    if change is not None and verdict.state == "steady" and change.p <= SUGGESTED:
        return "A bend is suggested, but not surely enough to flag: one steady line remains compatible with the data."
    if change is None or verdict.state in ("not enough data", "cannot tell", "steady"):
        return {
            "not enough data": "There are too few points to judge whether growth has changed.",
            "steady": "No bend is seen: growth is compatible with one steady line.",
        }.get(verdict.state, "Whether growth has changed cannot be told from these data.")
    how = "slower" if verdict.state == "slowing" else "faster"
    sure = {"watch": f"may be {how}", "slowing": f"is credibly {how}"}.get(verdict.state, f"is credibly {how}")
    when, low, high = (words.month(d) for d in (change.break_on, change.break_low, change.break_high))
    return f"Growth {sure} since about {when} (90{NBSP}% range {low} to {high})."


def short_reason(verdict: Verdict) -> str:
    """Why the state is not a stronger one, as the finding says it; empty if it does not."""
    finding = verdict.finding
    if finding is None:
        return "not evaluated yet"
    return finding.why_not or ("near its ceiling" if finding.is_saturated else "")


def _size(change: Change, unit: str) -> Iterator[str]:
    if change.doubling_days_before is not None or change.doubling_days_after is not None:
        before = _days(change.doubling_days_before, change.doubling_days_before_interval)
        after = _days(change.doubling_days_after, change.doubling_days_after_interval)
        yield f"Doubling time before: {before}; after: {after}."
    else:
        before = _plain(change.slope_before, change.slope_before_interval)
        after = _plain(change.slope_after, change.slope_after_interval)
        yield f"Slope before: {before} a year; after: {after} a year, in {unit} or units of its scale."
    if change.ratio is not None:
        yield f"The slope after is {_plain(change.ratio, change.ratio_interval)} times the slope before."
    yield f"{change.n_before} points lie before the break, {change.n_after} after it."


def _days(value: float | None, interval: Interval | None) -> str:
    said = "no growth" if value is None else words.duration(value)
    if interval is None:
        return said
    low, high = (words.duration(end) if end is not None else "no growth" for end in (interval.low, interval.high))
    return f"{said} (90{NBSP}% interval {low} to {high})"


def _plain(value: float, interval: Interval | None) -> str:
    said = words.number(value)
    if interval is None:
        return said
    low, high = (words.number(end) if end is not None else "no limit" for end in (interval.low, interval.high))
    return f"{said} (90{NBSP}% interval {low} to {high})"


def _chance(change: Change, finding: Finding) -> Iterator[str]:
    p = words.number(change.p, 2)
    yield f"Under steady growth with autocorrelated noise, a bend this large has probability {p} (n = {finding.n})."
    if change.q is not None:
        yield f"Of flags this strong among all indicators, at most about {change.q:.0%} are expected to be false."
    yield f"Autocorrelation of the noise (posterior mean): {words.number(change.autocorrelation, 2)}."
    if finding.licence is not None:
        yield from _licence(finding.licence)


def _licence(licence: Licence) -> Iterator[str]:
    if licence.false_a_year is not None:
        most, stressed = licence.false_a_year_at_most, licence.false_a_year_stressed
        seen = f"{words.number(licence.false_a_year, 2)} false flags" if most is None else "no false flag"
        limit = "" if most is None else f", so at most {words.number(most, 2)} (95{NBSP}% limit)"
        under = f"; {words.number(stressed, 2)} when noise is strongly autocorrelated" if stressed is not None else ""
        yield (
            f"Without any change, this rule raised {seen} a year among 200 such indicators"
            f"{limit}{under}. Simulated: {licence.indicators:,} indicators, for a year each."
        )
    cases = (("doubled", licence.found_x2, licence.months_x2), ("tripled", licence.found_x3, licence.months_x3))
    for times, found, months in cases:
        if found is not None:
            took = f", after {words.number(months, 2)} months in the median" if months is not None else ""
            yield f"When the slope {times}, simulation flagged it within 18 months in {found:.0%} of cases{took}."


def _power(finding: Finding) -> Iterator[str]:
    if finding.power and "2" in finding.power:
        yield f"Had the slope doubled, this test would see it in {finding.power['2']:.0%} of cases at this n and noise."


def _choices(shares: Shares | None) -> Iterator[str]:
    if shares is None:
        return
    counts = f"faster in {shares.faster}, the same in {shares.same}, slower in {shares.slower}"
    yield f"Of {shares.cells} analyses: {counts}, cannot tell in {shares.cannot_tell} ({shares.headline})."
    if shares.flips:
        yield f"The one choice that changes the answer: {shares.flips} (then: {shares.flips_to})."
    if shares.most_influential:
        yield f"Most influential point: {shares.most_influential}."
    for warning in shares.warnings:
        yield f"{words.sentence_case(warning)}."


def _ending(finding: Finding) -> Iterator[str]:
    """What further updates would have to say for another verdict."""
    if finding.ends_when and finding.level:
        yield f"It is cleared by {finding.ends_when}."
    elif finding.ends_when == "more points":
        yield "It needs more points."
    elif finding.ends_when:
        yield f"It becomes a watch with {finding.ends_when}."


def _confused(change: Change, finding: Finding) -> Iterator[str]:
    if change.is_jump:
        yield "A one-off step explains the series better than a lasting bend."
    elif change.jump == "bend or jump":
        yield "A one-off step would explain the series as well as a bend."
    if finding.burst is not None and finding.burst.is_on:
        yield "A burst of mentions is on: a short rise above its own past, not acceleration."
