"""Many indicators watched for a year, every new point re-tested: false flags a year, and how soon true ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from signals.bend import bend_on
from signals.decision import Evidence, Level, Update, fold
from signals.design import design_for
from signals.multiplicity import benjamini_hochberg, benjamini_yekutieli
from signals.whitening import Floats
from signals.worlds import SCATTER, SLOPE, SOME_DAY, Random, autoregressive, days_of

Table = dict[str, Any]

RULES = ("last third", "p05", "p01", "q10", "watch", "signal", "confirmed")
STATES = ("watch", "signal", "confirmed")
N_EDGES = (15, 25, 40)
PHI_EDGES = (0.5, 0.65, 0.8)


@dataclass(frozen=True)
class Look:
    """One indicator at one update: years since monitoring began (0 on day one), and what was seen."""

    indicator: int
    at: float
    p: float
    before: float
    after: float
    is_jump: bool
    n: int
    persistence: float
    is_steep_lately: bool


@dataclass(frozen=True)
class Flag:
    """A rule that went up for an indicator. `at` is 0 when it was up on day one."""

    rule: str
    indicator: int
    at: float


def monitored(
    rng: Random,
    indicators: int,
    years: float,
    phis: Sequence[float],
    ratios: Sequence[float],
    candidates: int = 12,
    stop_after: int = 8,
    draws: int = 2_499,
) -> list[Look]:
    """Every look at every indicator, in calendar order: one on day one, one for each new point.

    `ratios` (indicators,) multiply the slope from three months before monitoring began (1 = null).
    """
    looks: list[Look] = []
    for i in range(indicators):
        x, y, known = _history(rng, years, float(rng.choice(phis)), ratios[i])
        for end in range(known, len(x) + 1):
            at = 0.0 if end == known else float(x[end - 1])
            looks.append(_look(i, at, x[:end], y[:end], rng, candidates, stop_after, draws))
    return sorted(looks, key=lambda look: (look.at, look.indicator))


def _history(rng: Random, years: float, phi: float, ratio: float) -> tuple[Floats, Floats, int]:
    """Times (0 is the first day of monitoring), values, and how many points are known on day one."""
    known, rate = int(rng.integers(10, 61)), float(rng.choice([6, 12, 24]))
    coming = int(rng.poisson(rate * years))
    x = np.sort(np.concatenate([-rng.random(known) * known / rate, rng.random(coming) * years]))
    draws = rng.standard_t(4, len(x)) / np.sqrt(2) if rng.random() < 0.3 else None
    e = autoregressive(rng, len(x), phi, draws)
    bent = (ratio - 1) * SLOPE * np.maximum(x + 0.25, 0)
    return x, np.asarray(SLOPE * x + bent + SCATTER * e), known


def _look(i: int, at: float, x: Floats, y: Floats, rng: Random, candidates: int, stop_after: int, draws: int) -> Look:
    design = design_for(x + 1e-6 * np.arange(len(x)), most_candidates=candidates)
    seed = int(rng.integers(2**62))
    found = bend_on(design, days_of(x), y, seed, stop_after, draws)
    third = len(x) - len(x) // 3
    whole, late = np.polyfit(x, y, 1)[0], np.polyfit(x[third:], y[third:], 1)[0]
    return Look(
        indicator=i,
        at=at,
        p=found.p,
        before=found.fit.slope_before,
        after=found.fit.slope_after,
        is_jump=found.jump.label.startswith("jump"),
        n=len(x),
        persistence=found.persistence,
        is_steep_lately=bool(late > 1.5 * whole),
    )


def flags(looks: Sequence[Look], indicators: int) -> list[Flag]:
    """Every time a rule went up: three naive ones, one BH look, and the states of signals.md 2.10."""
    latest, told = np.ones(indicators), [list[Update]() for _ in range(indicators)]
    for look in looks:
        if look.at == 0:  # on day one all are known at once
            latest[look.indicator] = look.p
    up: dict[tuple[str, int], bool] = {}
    raised = []
    for look in looks:
        i = look.indicator
        latest[i] = look.p
        q, q_by = benjamini_hochberg(latest)[i], benjamini_yekutieli(latest)[i]
        evidence = Evidence(look.p, float(q), float(q_by), look.before, look.after, look.is_jump)
        told[i].append(Update(SOME_DAY, look.n, evidence))
        level = fold(told[i][:1] if look.at == 0 else told[i]).level
        now = {
            "last third": look.is_steep_lately,
            "p05": look.p <= 0.05,
            "p01": look.p <= 0.01,
            "q10": bool(q <= 0.10),
            "watch": level >= Level.WATCH,
            "signal": level >= Level.SIGNAL,
            "confirmed": level >= Level.CONFIRMED,
        }
        for rule, is_up in now.items():
            if is_up and not up.get((rule, i), False):
                raised.append(Flag(rule, i, look.at))
            up[(rule, i)] = is_up
    return raised


def null_years(rng: Random, runs: int, phis: Sequence[float], indicators: int = 200) -> Table:
    """False flags a year among indicators without acceleration; `runs` years."""
    found: dict[str, list[Flag]] = {rule: [] for rule in RULES}
    rows = []
    for _ in range(runs):
        looks = monitored(rng, indicators, 1.0, phis, [1.0] * indicators)
        raised = flags(looks, indicators)
        for flag in raised:
            found[flag.rule].append(flag)
        rows += _bucketed(looks, raised, [1.0] * indicators, 1.0)
    new = {rule: sum(flag.at > 0 for flag in found[rule]) / runs for rule in RULES}
    first = {f"{rule}, day one": sum(flag.at == 0 for flag in found[rule]) / runs for rule in RULES}
    return new | first | {"rows": rows}


def changed_years(rng: Random, runs: int, phis: Sequence[float], indicators: int = 200) -> Table:
    """Share found, and median delay in years, when 20 of the indicators speed up; `runs` worlds."""
    out: Table = {"rows": []}
    for ratio in (2.0, 3.0):
        delays: dict[str, list[float]] = {rule: [] for rule in RULES}
        false = dict.fromkeys(RULES, 0)
        for _ in range(runs):
            ratios = [ratio] * 20 + [1.0] * (indicators - 20)
            looks = monitored(rng, indicators, 1.25, phis, ratios)
            raised = flags(looks, indicators)
            out["rows"] += _bucketed(looks, raised, ratios, 1.25)
            first: dict[tuple[str, int], float] = {}
            for flag in raised:
                first.setdefault((flag.rule, flag.indicator), flag.at)
                false[flag.rule] += flag.indicator >= 20 and flag.at > 0
            for (rule, i), at in first.items():
                if i < 20:
                    delays[rule].append(at + 0.25)
        for rule in RULES:
            out[f"{rule} x{ratio:.0f}"] = len(delays[rule]) / (20 * runs)
            out[f"{rule} x{ratio:.0f}, delay"] = median(delays[rule]) if delays[rule] else None
            out[f"{rule} x{ratio:.0f}, false"] = false[rule] / runs
    return out


def _bucketed(looks: Sequence[Look], raised: Sequence[Flag], ratios: Sequence[float], years: float) -> list[Table]:
    """One row an indicator for the calibration table: its buckets on day one and its first new flags."""
    rows: dict[int, Table] = {}
    for look in looks:
        if look.at == 0:
            buckets = {"n": bucket(look.n, N_EDGES), "phi": bucket(look.persistence, PHI_EDGES)}
            rows[look.indicator] = {"ratio": ratios[look.indicator], "years": years, **buckets}
    for flag in raised:
        if flag.rule in ("watch", "signal", "confirmed"):
            rows[flag.indicator].setdefault(flag.rule, []).append(round(flag.at, 4))
    return list(rows.values())


def bucket(value: float, edges: Sequence[float]) -> int:
    """How many edges lie at or below the value."""
    return sum(value >= edge for edge in edges)
