"""What the tests found about one indicator in one state of its data: a frozen value, to JSON and back.

This is what the ledger stores and what pages read; nothing in it needs to be computed again.
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any, Literal, TypeVar, Union

T = TypeVar("T")

METHOD = "bend-1"
"""Names the method and its parameters; results of another one are not compared with these."""


LONGEST_BURST = 8  # weeks


@dataclass(frozen=True)
class Interval:
    """A 90 % interval; None is no end (a doubling time: no growth; a ratio: no growth before)."""

    low: float | None
    high: float | None


@dataclass(frozen=True)
class Change:
    """One direction of the bend test. Slopes in units of the scale a year, doubling times in days.

    `p` is the larger of `p_noise` (autocorrelated noise about a line) and `p_frontier` (one line for
    all models, seen at its frontier; None where it was not needed or all points are tested). `p_low`
    and `p_high` are the simulation interval of `p`, from `draws` of which `exceedances` were as large.
    The break lies within `break_low` to `break_high` with 90 %. `ratio` is slope after over slope
    before, None where there was no growth before. `autocorrelation` is the posterior mean of phi.
    `jump` says whether a one-off step explains the series better than a bend.
    """

    direction: Literal["faster", "slower"]
    statistic: float
    p: float
    p_noise: float
    p_frontier: float | None
    p_low: float
    p_high: float
    draws: int
    exceedances: int
    break_on: date
    break_low: date
    break_high: date
    slope_before: float
    slope_after: float
    ratio: float | None
    doubling_days_before: float | None
    doubling_days_after: float | None
    jump: str
    jump_evidence: float
    autocorrelation: float
    n_before: int
    n_after: int
    q: float | None = None
    q_by: float | None = None
    slope_before_interval: Interval | None = None
    slope_after_interval: Interval | None = None
    ratio_interval: Interval | None = None
    doubling_days_before_interval: Interval | None = None
    doubling_days_after_interval: Interval | None = None

    @property
    def is_jump(self) -> bool:
        """Whether a one-off step explains the series clearly better."""
        return self.jump.startswith("jump")


@dataclass(frozen=True)
class Skill:
    """1 - MSE(bent line) / MSE(line) of forecasts half a year ahead over `pairs` reused pairs; descriptive."""

    skill: float | None
    pairs: int


@dataclass(frozen=True)
class Shares:
    """What other reasonable analyses say: counts of cells by answer, and what decides (signals.md 6).

    `flips` is the first single change of choice with another answer, in words ("" if none does);
    `most_influential` the point that moves the straight line's slope most, with the slope, doubling
    time and p without it. `warnings` name points that move p across .05 or the slope by 10 %.
    """

    cells: int
    faster: int
    same: int
    slower: int
    cannot_tell: int
    baseline: str
    headline: Literal["robust", "depends on choices", "cannot tell"]
    flips: str
    flips_to: str
    break_low: date | None
    break_high: date | None
    most_influential: str
    slope_without: float | None
    doubling_days_without: float | None
    p_without: float | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Licence:
    """How often a flag like this is false, and how soon a true change is found: simulated, at its n and noise.

    Rates are of `state`, from `indicators` simulated ones with `n_low` <= n < `n_high` and
    `phi_low` <= autocorrelation < `phi_high` (None: no end). `false_a_year` counts false flags a
    year among 200 steady indicators, `false_a_year_stressed` those under strongly autocorrelated
    noise. `found_x2` is the share found within 1.5 years when the slope doubles, `months_x2` the
    median months it took; x3 when it triples. None where too few were simulated.
    """

    state: str
    indicators: int
    n_low: int | None
    n_high: int | None
    phi_low: float | None
    phi_high: float | None
    false_a_year: float | None
    false_a_year_stressed: float | None
    found_x2: float | None
    months_x2: float | None
    found_x3: float | None
    months_x3: float | None

    @property
    def false_a_year_at_most(self) -> float | None:
        """Where no false flag was seen, the upper 95 % limit of their rate; None where some were.

        The rule of three: none among k years has probability .05 at a rate of 3 / k (Hanley and
        Lippman-Hand, JAMA 1983).
        """
        return 200 * 3 / self.indicators if self.false_a_year == 0 else None


@dataclass(frozen=True)
class Burst:
    """The last complete week of a count against its own past; a burst is no acceleration (signals.md 3.6).

    `weeks` is how long it has been on, at most `LONGEST_BURST`: a rise that lasts as long is not short
    any more, and no longer freezes the state.
    """

    is_on: bool
    weeks: int
    week_ending: date
    count: float
    expected: float
    threshold: float

    @property
    def freezes(self) -> bool:
        """Whether the state has to wait until the burst is over."""
        return self.is_on and self.weeks < LONGEST_BURST


@dataclass(frozen=True)
class Finding:
    """All that was found about one indicator at one update.

    `known_at` is when its data became known, `data_id` their hash. `tested_as` says which points the
    bend test saw and `n` how many. `power` maps a slope ratio ("1.5", "2", "3") to the chance of
    finding it at p <= .05; None at updates that are not the newest, which have a first estimate for
    a doubled slope in `power_x2` where that decided the state. `since` is when the state was
    reached. A suppressed state (new suite) is shown greyed.
    """

    indicator: str
    variant: str
    method: str
    known_at: datetime | None
    data_id: str
    seed: int
    tested_as: str
    scale: str
    n: int
    last_date: date | None
    state: str
    level: int
    since: date | None
    ends_when: str
    reasons: tuple[str, ...]
    qualifiers: tuple[str, ...]
    is_suppressed: bool
    streak_on: int
    streak_off: int
    updates: int
    has_new_point: bool
    joins_suites: bool = False
    is_stale: bool = False
    is_saturated: bool = False
    floors_agree: bool = True
    why_not: str = ""
    faster: Change | None = None
    slower: Change | None = None
    power: Mapping[str, float] | None = None
    power_x2: float | None = None
    skill: Skill | None = None
    multiverse: Shares | None = None
    licence: Licence | None = None
    burst: Burst | None = None

    @property
    def shown(self) -> Change | None:
        """The direction that is shown: slower only for a slowdown that was found, else faster."""
        return self.slower if self.state == "slowing" else self.faster


def to_json(value: object) -> Any:
    """Dataclasses as mappings, dates as ISO text; a number that is not finite becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value


def from_json(kind: type[T], value: Any) -> T:
    """The dataclass `kind` from what `to_json` made of it."""
    hints = typing.get_type_hints(kind)
    return kind(**{name: _typed(hints[name], item) for name, item in value.items() if name in hints})


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if typing.get_origin(kind) in (Union, types.UnionType):
        kind = next(option for option in typing.get_args(kind) if option is not type(None))
    if is_dataclass(kind):
        return from_json(typing.cast(type[Any], kind), value)
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    if typing.get_origin(kind) is tuple:
        return tuple(value)
    return value
