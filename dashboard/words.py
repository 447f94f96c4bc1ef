"""Numbers, dates and findings in words. One place, so that a doubling time reads the same everywhere."""

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal

import numpy as np

from data.queries import SourceState
from data.settings import key_setting
from signals.finding import Change
from signals.trend import Trend
from signals.verdict import Verdict

NBSP = "\u00a0"
FLAGGED = ("watch", "signal", "confirmed", "slowing")
BadgeColour = Literal["orange", "blue", "gray", "yellow", "red"]
DAYS_A_MONTH = 365.25 / 12

STAGES: dict[str, tuple[str, str]] = {
    "inputs": ("Inputs", "How much goes in?"),
    "capability": ("Capability", "How able are the models?"),
    "coding_agents": ("Coding agents", "Do they write the code?"),
    "autonomy": ("Autonomy", "How long can they work alone?"),
    "ai_rd_automation": ("AI does AI R&D", "Do they build AI?"),
    "diffusion": ("Diffusion", "Who uses them?"),
    "attention": ("Attention", "Who talks about it?"),
    "oversight": ("Oversight", "Do we keep up?"),
}
"""Stages of the loop in order: short name, and the question that they answer."""
LOOP = ("inputs", "capability", "coding_agents", "autonomy", "ai_rd_automation")
"""The stages that feed one another, in order; the last leads back to the first."""

OUTCOMES: dict[str, str] = {
    "timeout": "the publisher did not answer in time",
    "network": "the publisher could not be reached",
    "rate_limited": "the publisher asked us to wait",
    "server_error": "the publisher's server failed",
    "client_error": "the publisher refused the request",
    "gone": "the address is gone",
    "redirect": "the address leads in circles",
    "refused": "the address is not one we may ask",
    "too_large": "the answer was too large",
    "bad_content": "the answer was no data",
    "schema": "the answer had another shape than expected",
    "incomplete": "the answer was incomplete",
    "storage": "the tables could not be written",
    "crash": "our collector failed",
}


def number(value: float, digits: int = 3) -> str:
    """`value` with `digits` significant digits and thousands separators; never with an exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "unknown"
    magnitude = math.floor(math.log10(abs(value)))
    for size, word in ((12, "trillion"), (9, "billion"), (6, "million")):
        if max(size, 7) <= magnitude < 15:
            return f"{number(value / 10**size, digits)}{NBSP}{word}"
    if magnitude >= 15:
        mantissa = value / 10**magnitude
        return f"{mantissa:.1f}×10{_raised(magnitude)}"
    decimals = max(0, digits - 1 - magnitude)
    text = f"{round(value, digits - 1 - magnitude):,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def short(value: float) -> str:
    """A number for an axis: 5k, 20M, 3B, and powers of ten where letters end."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size <= value < 1e12:
            return f"{value / size:g}{letter}"
    if 1e-4 <= value < 1e3:
        return f"{value:g}"
    return power(value)


def power(value: float) -> str:
    """A number as a power of ten, with its leading digit unless that is one."""
    exponent = math.floor(math.log10(value) + 1e-9)
    lead, base = round(value / 10.0**exponent), f"10{_raised(exponent)}"
    return base if lead == 1 else f"{lead}×{base}"


def _raised(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def duration(days: float) -> str:
    """Under 60 days in days, under 24 months in months (one decimal under 10), else in years."""
    if days < 60:
        return f"{days:.0f}{NBSP}{'day' if round(days) == 1 else 'days'}"
    months = days / DAYS_A_MONTH
    if months < 24:
        return f"{months:.1f}{NBSP}months" if months < 9.95 else f"{months:.0f}{NBSP}months"
    years = days / 365.25
    return f"{years:.1f}{NBSP}years" if years < 9.95 else f"{years:.0f}{NBSP}years"


def duration_of(value: timedelta) -> str:
    """A span of time: under two days in hours, else as `duration`."""
    hours = value / timedelta(hours=1)
    return f"{hours:.0f}{NBSP}h" if hours < 48 else duration(hours / 24)


def working_time(minutes: float) -> str:
    """Human working time, 40 hours a week: seconds, minutes and hours up to a week, then weeks."""
    if minutes < 1:
        return f"{number(minutes * 60, 2)}{NBSP}s"
    if minutes < 90:
        return f"{number(minutes, 2)}{NBSP}min"
    if minutes <= 40 * 60:
        return f"{number(minutes / 60, 2 if minutes < 600 else 3)}{NBSP}h"
    return f"{number(minutes / 2400, 2)}{NBSP}working weeks"


def quantity(value: float, unit: str) -> str:
    """A value with its unit, as people read it."""
    if unit == "minutes":
        return working_time(value)
    if unit == "fraction":
        return f"{number(value * 100, 2)}{NBSP}%"
    if unit == "percent":
        return f"{number(value)}{NBSP}%"
    if unit == "probability":
        return f"{number(value * 100, 2)}{NBSP}%"
    if unit.startswith("US$"):
        return f"${number(value)}{NBSP}{unit[3:].strip()}".rstrip(NBSP)
    return f"{number(value)}{NBSP}{unit}"


SAID_IN_VALUE = ("minutes", "fraction", "percent", "probability")


def amount(value: float, unit: str) -> str:
    """A value whose unit is said beside it."""
    return quantity(value, unit) if unit in SAID_IN_VALUE or unit.startswith("US$") else number(value)


def unit_label(unit: str) -> str:
    """The unit as a label beside an axis or above a number."""
    return {"minutes": "human working time", "fraction": "share", "percent": "share", "probability": "chance"}.get(
        unit, unit
    )


def sentence_case(text: str) -> str:
    """The text with a capital first letter; the rest as it is."""
    return text[:1].upper() + text[1:]


def bounded(text: str, bound: str) -> str:
    return {"=": text, ">=": f"≥{NBSP}{text}", "<=": f"≤{NBSP}{text}"}[bound]


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def month(value: date) -> str:
    return f"{value:%b %Y}"


def instant(value: datetime) -> str:
    return f"{day(value)}, {value:%H:%M} UTC"


def age(value: datetime, now: datetime) -> str:
    """How long ago, in one unit; "just now" under two minutes."""
    passed = max(now - value, timedelta())
    if passed < timedelta(minutes=2):
        return "just now"
    if passed < timedelta(hours=2):
        return f"{passed // timedelta(minutes=1)}{NBSP}min ago"
    if passed < timedelta(days=2):
        return f"{passed // timedelta(hours=1)}{NBSP}h ago"
    return f"{passed.days}{NBSP}days ago"


def growth(trend: Trend, unit: str) -> str:
    """The slope with its interval: a doubling time on a doubling scale, else units a year."""
    level = f"{trend.level:.0%}".replace("%", f"{NBSP}%")
    if trend.scale.kind == "log2":
        if trend.slope_low <= 0 or trend.doubling_days is None:
            return f"no clear trend (the {level} interval includes no growth)"
        low, high = _span(duration(trend.doubling_days_low or 0), duration(trend.doubling_days_high or 0))
        verb = "Halves" if trend.scale.falling else "Doubles"
        times = 2**trend.slope_per_year
        every = f"{verb} every {duration(trend.doubling_days)}"
        return f"{every} ({level} interval {low} to {high}); {number(times, 2)}x a year"
    if trend.scale.kind == "logit":
        return _share_growth(trend, unit, level)
    sign = -1 if trend.scale.falling else 1
    ends = sorted((sign * trend.slope_low, sign * trend.slope_high))
    return f"{sign * trend.slope_per_year:+.1f} {unit} a year ({level} interval {ends[0]:+.1f} to {ends[1]:+.1f})"


def _share_growth(trend: Trend, unit: str, level: str) -> str:
    """A bounded score says nothing about doubling: from where to where it moves in a year, around its middle."""
    half = 0.5 * (trend.scale.floor + trend.scale.ceiling)
    if trend.slope_low <= 0:
        return f"no clear trend (the {level} interval includes no growth)"
    years = (trend.slope_per_year, trend.slope_low, trend.slope_high)
    ends = [float(trend.scale.back(np.array([trend.scale.forward(np.array([half]))[0] + slope]))[0]) for slope in years]
    there, low, high = (quantity(end, unit) for end in ends)
    return f"From {quantity(half, unit)} to {there} in a year ({level} interval {low.split(NBSP)[0]} to {high})"


def _span(low: str, high: str) -> tuple[str, str]:
    """Two durations; a unit that both share is said once."""
    return (low.split(NBSP)[0], high) if low.split(NBSP)[1:] == high.split(NBSP)[1:] else (low, high)


def title(indicator: Mapping[str, Any], verdict: Verdict, latest: float | None) -> str:
    """The finding in at most 95 characters; it never says more than the verdict does."""
    name, trend = indicator["name"], verdict.trend
    if verdict.state == "not enough data" or trend is None:
        what = "record" if verdict.kind == "models" and indicator["marks"] != "reading" else "value"
        points = "no values yet" if verdict.n == 0 else f"{verdict.n} {what}{'' if verdict.n == 1 else 's'}"
        return f"{name}: {points}, too few to judge speed"
    if (change := verdict.shown) is not None and verdict.state in FLAGGED:
        return _flagged_title(indicator, verdict, change)
    if trend.slope_low <= 0:
        return f"{name}: no clear trend"
    s = "" if indicator["plural"] else "s"
    if trend.scale.kind == "log2":
        verb = "halve" if trend.scale.falling else "double"
        return f"{name} {verb}{s} every {duration(trend.doubling_days or 0)}"
    if trend.scale.kind == "logit":
        return f"{name} at {quantity(latest or 0, indicator['unit'])}, rising"
    verb = "lose" if trend.scale.falling else "gain"
    return f"{name} {verb}{s} {number(trend.slope_per_year, 2)} {indicator['unit']} a year"


def _flagged_title(indicator: Mapping[str, Any], verdict: Verdict, change: Change) -> str:
    """The finding of a flag: what it is now, and what it was before the break."""
    name, s, since = indicator["name"], "" if indicator["plural"] else "s", month(change.break_on)
    if verdict.state == "watch":
        return f"{name} may be speeding up since {since}"
    if verdict.state == "slowing":
        return f"{name} slow{s} down since {since}"
    before, after = change.doubling_days_before, change.doubling_days_after
    if before is not None and after is not None:
        falling = verdict.trend is not None and verdict.trend.scale.falling
        verb = "halve" if falling else "double"
        return f"{name} {verb}{s} every {duration(after)}; before {since} it took {duration(before)}"
    return f"{name} grow{s} faster since {since}"


def miss(error: float, scale: str, unit: str) -> str:
    """How far a value came out from what was projected: above zero it was faster."""
    of = {"log2": "doublings", "logit": "log-odds"}.get(scale, unit)
    sign = "+" if error >= 0 else "−"
    return f"{sign}{number(abs(error), 2)}{NBSP}{of}"


def standing(indicator: Mapping[str, Any], state: SourceState | None, now: datetime) -> tuple[str, BadgeColour]:
    """How fresh an indicator is, as a badge word and colour; an empty word when all is well."""
    closed = indicator["closed_on"]
    if closed is not None and closed == closed and now.date() >= closed.date():
        return f"Closed {day(closed)}", "gray"
    if state is None or state.newest_known_at is None:
        return "Needs a key" if key_setting(indicator["source"]) else "No data yet", "gray"
    if state.is_baseline:
        return f"Baseline {day(state.newest_known_at)}", "gray"
    if state.failures and state.last_good is not None:
        return f"Not collected since {day(state.last_good)}", "red"
    late = timedelta(days=indicator["period_days"] + indicator["grace_days"])
    if state.last_good is not None and now - state.last_good > late:
        return f"Stale {(now - state.last_good).days} days", "yellow"
    return "", "gray"
