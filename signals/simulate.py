"""How often the rules of signals.md are wrong, and how soon right: the plan of simulated tables, and its run.

`python -m signals simulate` runs the tables of signals.md 4.2 to 4.6, one JSON line a cell, and takes
up where it stopped. It then writes `docs/simulation.md` and the calibration table, and fails if a
bound is broken. Every cell has its own seed: results depend neither on order, nor on the number of
processes, nor on restarts.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from signals import monitoring, trials
from signals.calibration import write_table
from signals.licence import TABLE
from signals.report import document
from signals.worlds import NOISES, NUISANCES

VERSION = "1"

Table = dict[str, Any]

# Bounds of signals.md 4.2 at p <= .05 and p <= .01.
LENIENT = {
    "MA .7": (0.09, 0.035),
    "AR .6": (0.09, 0.035),
    "OU .25 yr": (0.09, 0.035),
    "OU .5 yr + white": (0.09, 0.035),
    "last two inflated": (0.135, 0.055),
    "AR .8": (0.135, 0.055),
    "random walk": (0.165, 0.095),
}


SIZE_BOUND = (0.065, 0.025)
# Measured power of signals.md 4.3 at p <= .05, n = 10, 15, 30, 60; not to fall short by more than .05.
POWERS = {
    ("i.i.d. normal", 1.5): (0.11, 0.16, 0.34, 0.53),
    ("i.i.d. normal", 2.0): (0.33, 0.54, 0.92, 0.99),
    ("i.i.d. normal", 3.0): (0.77, 0.94, 1.00, 1.00),
    ("AR .6", 1.5): (0.26, 0.28, 0.36, 0.47),
    ("AR .6", 2.0): (0.51, 0.64, 0.69, 0.89),
    ("AR .6", 3.0): (0.88, 0.96, 0.98, 1.00),
}


SIZES = (10, 15, 30, 60)


@dataclass(frozen=True)
class Cell:
    """One number or row of a table: what to run, how often, and the limits its results must keep.

    `low` and `high` map a result's name to its bound.
    """

    table: str
    name: str
    runs: int
    arguments: Mapping[str, Any] = field(default_factory=dict)
    low: Mapping[str, float] = field(default_factory=dict)
    high: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Names the cell in the results, together with how it was run."""
        return f"{VERSION}|{self.table}|{self.name}|{self.runs}"

    def seed(self) -> int:
        """From the key, so that every cell is its own experiment."""
        return int.from_bytes(sha256(self.key.encode()).digest()[:8], "big")


def run(cell: Cell) -> Table:
    """The results of one cell by name; pure."""
    return TABLES[cell.table](np.random.default_rng(cell.seed()), cell.runs, **cell.arguments)


def broken(cell: Cell, results: Mapping[str, Any]) -> list[str]:
    """The bounds these results break, in words."""
    low = [f"{cell.name}: {k} = {results[k]:.3f} < {b}" for k, b in cell.low.items() if results[k] < b]
    high = [f"{cell.name}: {k} = {results[k]:.3f} > {b}" for k, b in cell.high.items() if results[k] > b]
    return low + high


TABLES: dict[str, Callable[..., Table]] = {
    "size": trials.size,
    "power": trials.power,
    "null years": monitoring.null_years,
    "changed years": monitoring.changed_years,
    "chance floor": trials.chance_floor,
    "chance floor, items": trials.chance_floor_with_items,
    "step-filled": trials.step_filled,
    "frontier": trials.frontier_series,
    "jump": trials.level_jump,
    "break interval": trials.break_coverage,
    "revision": trials.revision,
    "counts": trials.counts_once,
    "counts, monitored": trials.counts_monitored,
}


def plan() -> Iterator[Cell]:
    """Every cell of signals.md 4.2 to 4.6 with its runs and bounds."""
    yield from _plan_of_size_and_power()
    yield from _plan_of_monitoring()
    yield from _plan_of_traps()
    yield from _plan_of_counts()


def _plan_of_size_and_power() -> Iterator[Cell]:
    for noise, n in product(NOISES, SIZES):
        p05, p01 = LENIENT.get(noise, SIZE_BOUND)
        low = {"andrews": 0.25} if (noise, n) == ("AR .6", 30) else {}
        arguments = {"noise": noise, "n": n}
        yield Cell("size", f"{noise}, n {n}", 2_000, arguments, low, {"p05": p05, "p01": p01})
    for (noise, ratio), measured in POWERS.items():
        for n, share in zip(SIZES, measured, strict=True):
            arguments = {"noise": noise, "ratio": ratio, "n": n}
            yield Cell("power", f"{noise}, x{ratio}, n {n}", 1_000, arguments, {"p05": share - 0.05})


def _plan_of_monitoring() -> Iterator[Cell]:
    usual, stress = (0.0, 0.3, 0.6), (0.6, 0.8, 0.95)
    null = {"watch": 6.0, "signal": 1.0, "confirmed": 0.2}
    yield Cell("null years", "null", 24, {"phis": usual}, {"last third": 50.0}, null)
    hard = {"watch": 20.0, "signal": 10.0, "confirmed": 1.5}
    yield Cell("null years", "stress", 12, {"phis": stress}, {}, hard)
    found = {"signal x2": 0.28, "signal x3": 0.75, "confirmed x3": 0.5}
    yield Cell("changed years", "changed", 10, {"phis": usual}, found)


def _plan_of_traps() -> Iterator[Cell]:
    for n in (15, 30):
        low = {"logit": 0.75, "raw": 0.75, "doubling": 0.85} if n == 30 else {}
        yield Cell("chance floor", f"n {n}", 400, {"n": n}, low, {"removed": 0.06})
    yield Cell("chance floor, items", "n 30, 200 items", 400, {"n": 30}, {}, {"p05": 0.13})
    for n in (30, 60, 120):
        yield Cell("step-filled", f"N {n}", 400, {"n": n}, {"andrews": 0.35}, {"ours": 0.08})
        gap = {"n": n, "model": "gap"}
        yield Cell("frontier", f"gap, N {n}", 400, gap, {}, {"records": 0.07, "band": 0.07})
        symmetric = {"n": n, "model": "symmetric"}
        limits = {"records, max": 0.10, "band, max": 0.10}
        yield Cell("frontier", f"symmetric, N {n}", 400, symmetric, {}, limits)
    doubled = {"n": 30, "model": "gap", "ratio": 2.0}
    yield Cell("frontier", "gap, N 30, x2", 400, doubled, {"records": 0.62, "band": 0.70})
    for n in (15, 30, 60):
        yield Cell("jump", f"n {n}", 400, {"n": n}, {}, {"p05": 0.20})
        for ratio, noise in product((2.0, 3.0), ("i.i.d. normal", "AR .6")):
            arguments = {"n": n, "ratio": ratio, "noise": noise}
            name = f"{noise}, x{ratio}, n {n}"
            yield Cell("break interval", name, 400, arguments, {"coverage": 0.87})
    yield Cell("revision", "n 30", 400, {"n": 30}, {}, {"watch": 2})


def _plan_of_counts() -> Iterator[Cell]:
    mixtures: tuple[tuple[str, int, tuple[str, ...]], ...] = (
        ("plain", 1, ()),
        *((name, 1, (name,)) for name in NUISANCES),
        ("all", 1, NUISANCES),
        ("all", 2, NUISANCES),
    )
    for name, years, nuisances in mixtures:
        arguments: Table = {"years": years, "nuisances": nuisances}
        yield Cell("counts", f"{name}, {years} yr", 400, arguments, {}, {"p05": 0.12, "p01": 0.06})
    for name, years, nuisances in (("plain", 1, ()), ("plain", 2, ()), ("all", 1, NUISANCES), ("all", 2, NUISANCES)):
        arguments = {"years": years, "nuisances": nuisances, "speed_up": True}
        yield Cell("counts", f"growth x4, {name}, {years} yr", 400, arguments)
    limits = {"watch": 0.20, "signal": 0.08}
    yield Cell("counts, monitored", "1 yr of history", 100, {"history": 1}, {"7 days > 1.5": 6.0}, limits)


def run_missing(cells: Sequence[Cell], path: Path, jobs: int) -> dict[str, Table]:
    """Results of all cells by key; finished ones are read from `path`, new ones appended to it."""
    done = _finished(path)
    missing = [cell for cell in cells if cell.key not in done]
    with path.open("a") as file:
        for cell, results in _each(missing, jobs):
            done[cell.key] = results
            file.write(json.dumps({"key": cell.key, "results": results}) + "\n")
            file.flush()
            count = sum(cell.key in done for cell in cells)
            bar = "#" * (30 * count // len(cells))
            sys.stderr.write(f"\r[{bar:<30}] {count}/{len(cells)} {cell.table}: {cell.name:<40.40}")
    sys.stderr.write("\n")
    return done


def _finished(path: Path) -> dict[str, Table]:
    """Results on disk; a last line cut short by an interruption is removed from the file."""
    if not path.exists():
        return {}
    whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    path.write_text("".join(whole))
    return {entry["key"]: entry["results"] for entry in map(json.loads, whole)}


def _each(cells: Sequence[Cell], jobs: int) -> Iterator[tuple[Cell, Table]]:
    """Cells with their results as they come in."""
    if jobs == 1 or len(cells) < 2:
        yield from ((cell, run(cell)) for cell in cells)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(run, cell): cell for cell in cells}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


# --- the command ---------------------------------------------------------------------------------


def add_arguments(parser: argparse.ArgumentParser, home: Path) -> None:
    """The options of `python -m signals simulate`; `home` is the checkout."""
    parser.add_argument("--work", type=Path, default=home / "build" / "simulation", help="where results.jsonl is kept")
    parser.add_argument(
        "--only", default="", metavar="WORD", help="tables whose name contains this; writes no document"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--document", type=Path, default=home / "docs" / "simulation.md", help=argparse.SUPPRESS)
    parser.add_argument("--table", type=Path, default=home / "signals" / TABLE, help=argparse.SUPPRESS)


def run_all(args: argparse.Namespace) -> int:
    """Run what is missing, write document and table, return 1 if a bound is broken."""
    args.work.mkdir(parents=True, exist_ok=True)
    cells = [cell for cell in plan() if args.only in cell.table]
    results = run_missing(cells, args.work / "results.jsonl", args.jobs)
    complaints = [line for cell in cells for line in broken(cell, results[cell.key])]
    if not args.only:
        told = {(cell.table, cell.name): results[cell.key] for cell in cells}
        args.document.parent.mkdir(parents=True, exist_ok=True)
        args.document.write_text(document(told, complaints), encoding="utf-8")
        write_table(args.table, told)
    sys.stderr.write("".join(f"BROKEN {line}\n" for line in complaints))
    return 1 if complaints else 0
