"""The licence table, made from the simulated years: rates by size, noise, state and change (signals.md 6)."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from signals.licence import COUNTS, STRESS, USUAL, Calibration
from signals.monitoring import N_EDGES, PHI_EDGES, STATES

Table = Mapping[str, Any]
STEADY = 200
"""False flags are told for this many steady indicators."""


def calibrate(world: str, rows: Sequence[Table]) -> Iterator[Calibration]:
    """The rows of one world from its indicators (the "rows" of the monitoring cells), narrowest buckets first.

    Then the same for all autocorrelations together, and for all sizes too: what a bucket with too few
    indicators gives way to.
    """
    ns, phis = range(len(N_EDGES) + 1), range(len(PHI_EDGES) + 1)
    buckets: list[tuple[int | None, int | None]] = [*product(ns, phis), *((n, None) for n in ns), (None, None)]
    for n, phi in buckets:
        for ratio in sorted({row["ratio"] for row in rows}):
            chosen = [r for r in rows if r["ratio"] == ratio and r["n"] == (r["n"] if n is None else n)]
            chosen = [r for r in chosen if phi is None or r["phi"] == phi]
            for state in STATES if chosen else ():
                ends = *_ends(n, N_EDGES), *_ends(phi, PHI_EDGES)
                yield Calibration(world, *ends, state, ratio, len(chosen), *_rate(chosen, state, ratio))


def _ends(position: int | None, edges: Sequence[Any]) -> tuple[Any, Any]:
    if position is None:
        return None, None
    return (edges[position - 1] if position else None, edges[position] if position < len(edges) else None)


def _rate(rows: Sequence[Table], state: str, ratio: float) -> tuple[float, float | None]:
    if ratio == 1:
        new = sum(sum(at > 0 for at in row.get(state, ())) for row in rows)
        return STEADY * new / sum(row["years"] for row in rows), None
    delays = [row[state][0] + 0.25 for row in rows if row.get(state)]
    return len(delays) / len(rows), median(delays) if delays else None


def table_of(results: Mapping[tuple[str, str], Table]) -> list[Calibration]:
    """The whole table from the results by (table, name)."""
    # false flags are told of worlds without any change: among true ones false discoveries may be more
    changed = [row for row in results["changed years", "changed"]["rows"] if row["ratio"] != 1]
    usual = [*results["null years", "null"]["rows"], *changed]
    counts = results["counts, monitored", "1 yr of history"]
    of_counts = [
        Calibration(COUNTS, None, None, None, None, state, 1.0, 100, STEADY * counts[state], None)
        for state in ("watch", "signal")
    ]
    return [*calibrate(USUAL, usual), *calibrate(STRESS, results["null years", "stress"]["rows"]), *of_counts]


def write_table(path: Path, results: Mapping[tuple[str, str], Table]) -> None:
    """Write the table as CSV; an empty cell is no end, or no delay."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in fields(Calibration)])
        for row in table_of(results):
            writer.writerow(["" if v is None else round(v, 4) if isinstance(v, float) else v for v in astuple(row)])
