"""One table each of signals.md 4.2, 4.3, 4.5 and 4.6: size, power, traps and counts, by simulation."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from signals.band import Point, near_frontier, usable
from signals.bend import Bend, NotEnoughData, bend_test, break_interval
from signals.counts import count_test, weekly_rates
from signals.decision import COUNT, Evidence, Level, Rules, Update, fold
from signals.design import Dates, design_of
from signals.frontier import records
from signals.multiplicity import benjamini_hochberg
from signals.rivals import ANDREWS, above, above_bic, episodes, ratio_rule, sup_wald
from signals.scale import Scale
from signals.statistic import score
from signals.whitening import Floats
from signals.worlds import (
    NOISES,
    NUISANCES,
    SCATTER,
    SLOPE,
    SOME_DAY,
    SPAN,
    Random,
    accuracy,
    bent,
    daily_counts,
    days_of,
    gap_model,
    release_years,
)

Table = dict[str, Any]


def shares(p: Sequence[float]) -> Table:
    values = np.array(p)
    return {"p05": float((values <= 0.05).mean()), "p01": float((values <= 0.01).mean())}


def size(rng: Random, runs: int, noise: str, n: int) -> Table:
    """How often steady growth is called a bend, by the test and by the usual rules."""
    p, wald = [], []
    for seed in range(runs):
        x = np.repeat(release_years(rng, n // 3 + 1), 3)[:n] if "triples" in noise else release_years(rng, n)
        y = SLOPE * x + SCATTER * NOISES[noise](rng, x)
        p.append(p_of(x, y, seed, 1_999))
        wald.append(sup_wald(x, y))
    return shares(p) | {"andrews": above(wald, ANDREWS), "bic": above_bic(wald, n)}


def power(rng: Random, runs: int, noise: str, ratio: float, n: int) -> Table:
    """How often a slope multiplied by `ratio` during the last 1.5 of 5 years is found."""
    p = []
    for seed in range(runs):
        x = release_years(rng, n)
        y = bent(x, ratio) + SCATTER * NOISES[noise](rng, x)
        p.append(p_of(x, y, seed, 999))
    return shares(p)


def p_of(x: Floats, y: Floats, seed: int, draws: int) -> float:
    """p of one simulated series; 1 where no test is possible."""
    found = bend_test(days_of(x), y, seed, draws=draws)
    return found.p if isinstance(found, Bend) else 1.0


def chance_floor(rng: Random, runs: int, n: int) -> Table:
    """Steady logit growth above a floor of .25, on five scales; and a true doubling on the right one."""
    scales: dict[str, Callable[[Floats], Floats]] = {
        "raw": np.asarray,
        "logit": Scale("logit").forward,
        "log2": Scale("log2").forward,
        "removed": Scale("logit", floor=0.25).forward,
        "floor - .03": Scale("logit", floor=0.22).forward,
        "floor + .03": Scale("logit", floor=0.28).forward,
    }
    p: dict[str, list[float]] = {name: [] for name in (*scales, "doubling")}
    for seed in range(runs):
        x, e = release_years(rng, n), 0.3 * rng.standard_normal(n)
        v = accuracy(-5 + x + e)
        for name, forward in scales.items():
            p[name].append(p_of(x, forward(v), seed, 999))
        bent = accuracy(-5 + x + np.maximum(x - 3.5, 0) + e)
        p["doubling"].append(p_of(x, scales["removed"](bent), seed, 999))
    return {name: shares(values)["p05"] for name, values in p.items()}


def chance_floor_with_items(rng: Random, runs: int, n: int, items: int = 200) -> Table:
    """The same steady growth, read off `items` questions, through the sample rules and their errors."""
    p = []
    for seed in range(runs):
        x = release_years(rng, n)
        share = rng.binomial(items, accuracy(-5 + x + 0.3 * rng.standard_normal(n))) / items
        points = [
            Point(day.item(), float(value), f"m{i}", items=items)
            for i, (day, value) in enumerate(zip(days_of(x), share, strict=True))
        ]
        sample = usable(points, Scale("logit", floor=0.25))
        found = bend_test(sample.dates, sample.heights, seed, sample.errors, draws=999)
        p.append(found.p if isinstance(found, Bend) else 1.0)
    return shares(p)


def step_filled(rng: Random, runs: int, n: int) -> Table:
    """A best-so-far read every month, as if it were data (the guard of `band.usable` bypassed)."""
    p, wald, length = [], [], 0
    for seed in range(runs):
        x = release_years(rng, n)
        best = np.maximum.accumulate(gap_model(rng, x))
        months = np.arange(np.ceil(x[0] * 12) / 12, SPAN, 1 / 12)
        steps = best[np.searchsorted(x, months + 1e-9) - 1]
        p.append(p_of(months, steps, seed, 999))
        wald.append(sup_wald(months, steps))
        length = len(months)
    return {"ours": shares(p)["p05"], "andrews": above(wald, ANDREWS), "bic": above_bic(wald, length)}


def frontier_series(rng: Random, runs: int, n: int, model: str, ratio: float = 1.0) -> Table:
    """Records and band of all models under the gap or the symmetric model: p, p_F and their maximum."""
    p: dict[str, list[float]] = {}
    for seed in range(runs):
        x = release_years(rng, n)
        y = gap_model(rng, x) if model == "gap" else SLOPE * x + rng.standard_t(4, n) / np.sqrt(2)
        y = y + bent(x, ratio) - SLOPE * x
        order = np.lexsort((-y, x))
        days, y = days_of(x[order]), y[order]
        series = {"records": records(days.astype(float), y), "band": near_frontier(days, y).kept}
        for name, kept in series.items():
            everything = (days, y) if model != "gap" else None
            found = bend_test(days[kept], y[kept], seed, None, everything, name, draws=999)
            is_test = isinstance(found, Bend)
            p.setdefault(name, []).append(found.noise_chance.p if isinstance(found, Bend) else 1.0)
            p.setdefault(f"{name}, max", []).append(found.p if isinstance(found, Bend) else 1.0)
            p.setdefault(f"{name}, untested", []).append(0.0 if not is_test else 1.0)
    return {name: shares(values)["p05"] for name, values in p.items()}


def level_jump(rng: Random, runs: int, n: int) -> Table:
    """A step of 3.3 standard deviations at 3.5 years: how often a bend, how often called a jump."""
    p, labels = [], []
    for seed in range(runs):
        x = release_years(rng, n)
        y = SLOPE * x + SCATTER * (3.3 * (x >= 3.5) + rng.standard_normal(n))
        found = bend_test(days_of(x), y, seed, draws=999)
        if isinstance(found, Bend):
            p.append(found.p)
            labels.append(found.jump.label.startswith("jump") and found.p <= 0.05)
    return shares(p) | {"labelled": sum(labels) / max(sum(np.array(p) <= 0.05), 1)}


def break_coverage(rng: Random, runs: int, n: int, ratio: float, noise: str) -> Table:
    """How often the 90 % break interval holds the true break."""
    held = 0
    for _ in range(runs):
        x = release_years(rng, n)
        y = bent(x, ratio) + SCATTER * NOISES[noise](rng, x)
        days = days_of(x)
        design = design_of(days, y)
        low, high = break_interval(days, design, score(design, y[:, None]))
        truth = days_of(np.array([SPAN - 1.5]))[0].item()
        held += low <= truth <= high
    return {"coverage": held / runs}


def revision(rng: Random, runs: int, n: int) -> Table:
    """The last two values overstated x1.5, then restored one point later: does persistence hold?"""
    inflated = both = 0
    for seed in range(runs):
        x, e = release_years(rng, n + 1), rng.standard_normal(n + 1)
        y = SLOPE * x + SCATTER * e
        first = y[:n].copy()
        first[-2:] += np.log2(1.5)
        was = p_of(x[:n], first, seed, 1_999) <= 0.01
        inflated += was
        both += was and p_of(x, y, seed, 1_999) <= 0.01
    return {"while inflated": inflated, "watch": both}


def counts_once(rng: Random, runs: int, years: int, nuisances: Sequence[str], speed_up: bool = False) -> Table:
    """One look: share with p <= .05, and with p <= .01 and a slope change of .5 log2 a year."""
    p, strict = [], 0
    for seed in range(runs):
        found = count_test(weekly_rates_of(rng, 365 * years, nuisances, speed_up), seed, draws=999)
        if isinstance(found, Bend):
            p.append(found.p)
            strict += found.p <= 0.01 and found.fit.slope_change >= 0.5
    return {"p05": shares(p)["p05"], "p01": strict / runs}


def weekly_rates_of(rng: Random, n: int, nuisances: Sequence[str], speed_up: bool) -> Any:
    """Simulated weekly rates; simulated counts always have some."""
    return weekly_rates(*daily_counts(rng, n, nuisances, speed_up))


def counts_monitored(rng: Random, runs: int, history: int) -> Table:
    """False episodes a series-year with all nuisances, after `history` years; signal by BH over all."""
    looks, naive7, naive30 = [], 0, 0
    for seed in range(runs):
        days, counts = daily_counts(rng, 365 * (history + 1), NUISANCES)
        naive7 += episodes(ratio_rule(counts, 7, 28, 1.5)[365 * history :])
        naive30 += episodes(ratio_rule(counts, 30, 30, 1.3)[365 * history :])
        looks.append([_count_look(days[:end], counts[:end], seed) for end in _weeks(history)])
    p = np.array([[look.p for look in series] for series in looks])
    effects = np.array([[look.slope_after - look.slope_before >= 0.5 for look in series] for series in looks])
    q = np.array([benjamini_hochberg(column) for column in p.T]).T
    return {
        "7 days > 1.5": naive7 / runs,
        "30 days > 1.3": naive30 / runs,
        "p05": sum(map(episodes, p <= 0.05)) / runs,
        "p01": sum(map(episodes, p <= 0.01)) / runs,
        "watch": sum(map(_count_episodes, looks)) / runs,
        "signal": sum(episodes(_persistent(row)) for row in (q <= 0.10) & effects) / runs,
    }


def _weeks(history: int) -> range:
    return range(365 * history + 7, 365 * (history + 1) + 1, 7)


def _count_look(days: Dates, counts: Floats, seed: int) -> Evidence:
    weekly = weekly_rates(days, counts)
    found = weekly if isinstance(weekly, NotEnoughData) else count_test(weekly, seed, draws=1_999)
    if isinstance(found, NotEnoughData):
        return Evidence(1.0, None, None, 0.0, 0.0)
    return Evidence(found.p, None, None, found.fit.slope_before, found.fit.slope_after)


def _count_episodes(evidence: Sequence[Evidence], rules: Rules = COUNT) -> int:
    told, up = [], []
    for one in evidence:
        told.append(Update(SOME_DAY, rules.fewest_for_signal, one))
        up.append(fold(told, rules).level >= Level.WATCH)
    return episodes(np.array(up))


def _persistent(flags: Any, weeks: int = COUNT.updates) -> Any:
    """True where the last four are all true."""
    padded = np.concatenate([np.zeros(weeks - 1, dtype=bool), flags])
    return np.lib.stride_tricks.sliding_window_view(padded, weeks).all(axis=1)
