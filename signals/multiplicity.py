"""How sure we still are after looking at every indicator: false-discovery control over families.

Sources: Benjamini and Hochberg 1995 (q), Benjamini and Yekutieli 2001 (any dependence), and the
two-stage family rule of signals.md 2.11 (after Benjamini and Bogomolov 2014).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Adjusted:
    """One indicator among all: `within_family` is its BY-adjusted p in its family of members.

    `q` <= a says that BH at level a accepts a family entry at least as large as `within_family`;
    `q_by` is the same under any dependence between families.
    """

    within_family: float
    q: float
    q_by: float


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjusted p, shape (n,), in the order given. ValueError outside [0, 1]."""
    return _step_up(p_values, 1.0)


def benjamini_yekutieli(p_values: ArrayLike) -> Floats:
    """Adjusted p under any dependence, shape (n,), in the order given. ValueError outside [0, 1]."""
    return _step_up(p_values, harmonic(np.size(p_values)))


def harmonic(n: int) -> float:
    """1 + 1/2 + ... + 1/n."""
    return float((1 / np.arange(1, n + 1)).sum())


def adjust(p_values: Mapping[str, float], family_of: Mapping[str, str]) -> dict[str, Adjusted]:
    """q and q_BY of every indicator from the latest p of all testable ones (n >= 10).

    `family_of` names the source and instrument an indicator shares; one it does not name is a
    family of its own. Method: signals.md 2.11. KeyError never; ValueError for p outside [0, 1].
    """
    members: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for name in sorted(p_values):
        members[(name in family_of, family_of.get(name, name))].append(name)
    within: dict[str, float] = {}
    for names in members.values():
        adjusted = benjamini_yekutieli([p_values[name] for name in names])
        within.update(zip(names, adjusted.tolist(), strict=True))
    entries = np.array([min(within[name] for name in names) for names in members.values()])
    order = np.argsort(entries, kind="stable")
    entries, q, q_by = entries[order], benjamini_hochberg(entries)[order], benjamini_yekutieli(entries)[order]
    return {name: _looked_up(value, entries, q, q_by) for name, value in within.items()}


def _looked_up(value: float, entries: Floats, q: Floats, q_by: Floats) -> Adjusted:
    """A member is as good as the smallest family entry not below it; above all entries, never."""
    position = int(np.searchsorted(entries, value))
    if position == len(entries):
        return Adjusted(value, 1.0, 1.0)
    return Adjusted(value, float(q[position]), float(q_by[position]))


def _step_up(p_values: ArrayLike, penalty: float) -> Floats:
    p = np.asarray(p_values, dtype=float)
    if p.size and not ((p >= 0) & (p <= 1)).all():  # also refuses nan
        raise ValueError("p must lie between 0 and 1")
    n = len(p)
    order = np.argsort(p, kind="stable")
    raised = p[order] * n * penalty / np.arange(1, n + 1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return adjusted
