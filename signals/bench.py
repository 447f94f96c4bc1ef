"""Speed against other tools, all in one run on one machine: rows of `docs/benchmarks.md` (signals.md 7).

Two workloads. A: the sup-t kernel for independent noise, one design against many simulated series,
the search over all breaks included. B: the whole test of signals.md 2 with eleven noise models. Other
tools do somewhat different work (discontinuous or several breaks, a free break date), so ratios say
what a user would wait, good to a factor of about 2. A tool that is not installed is not measured.
"""

import argparse
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from data import shipped
from data.store import Store
from signals.bend import bend_test
from signals.chance import chance_under_model_growth
from signals.design import Dates, design_for, years_since_first
from signals.ledger import evaluate, update
from signals.statistic import score
from signals.whitening import INDEPENDENT, Floats

START, END = "<!-- signals: begin -->", "<!-- signals: end -->"
POINTS = 200
SERIES_A, REPLICATES_A = 1_000, 999


@dataclass(frozen=True)
class Row:
    """One measured line: seconds for one unit of work, None where it was not measured."""

    what: str
    seconds: float | None
    note: str = ""


@dataclass(frozen=True, eq=False)
class Problem:
    """One series (x, y) of shape (n,), and the design matrix (n, 3) of every candidate break."""

    x: Floats
    y: Floats
    hinges: list[Floats]


def add_arguments(parser: argparse.ArgumentParser, home: Path) -> None:
    """The options of `python -m signals bench`."""
    parser.add_argument("--document", type=Path, default=home / "docs" / "benchmarks.md", metavar="FILE")


def run_all(args: argparse.Namespace) -> str:
    """Measure, write the rows between our marks in the document, and return them."""
    text = table(list(kernel_rows()), list(test_rows()))
    path: Path = args.document
    old = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    if START in old and END in old:
        before, after = old.split(START)[0], old.split(END)[1]
    else:
        before, after = old.rstrip("\n") + "\n\n", "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")
    return text


def fastest(work: Callable[[], object], runs: int = 3) -> float:
    """The least seconds of processor time of a few runs; the first call, which may compile, is not counted."""
    work()
    times = []
    for _ in range(runs):
        clock = time.process_time()
        work()
        times.append(time.process_time() - clock)
    return min(times)


def steady(n: int, seed: int = 1) -> tuple[Dates, Floats]:
    """`n` points of steady growth, denser recently: dates and log2 values."""
    rng = np.random.default_rng(seed)
    days = np.datetime64("2020-01-01") + np.sort((5 * 365.25 * np.sqrt(rng.random(n))).astype(int))
    return days, 2 * years_since_first(days) + 0.6 * rng.standard_normal(n)


def kernel_a(rng: np.random.Generator, replicates: int, size: int = 333) -> float:
    """The largest sup-t of simulated series on one design of workload A."""
    design = design_for(years_since_first(steady(POINTS)[0]), grid=INDEPENDENT, most_candidates=POINTS)
    best = -np.inf
    for _ in range(0, replicates, size):
        best = max(best, float(score(design, rng.standard_normal((POINTS, size))).statistic.max()))
    return best


def kernel_rows() -> Iterator[Row]:
    """One fit with the search over all breaks: our kernel, then what others need for it."""
    rng = np.random.default_rng(0)
    yield Row("our kernel A, random numbers included", fastest(lambda: kernel_a(rng, REPLICATES_A)) / REPLICATES_A)
    days, y = steady(POINTS)
    x = years_since_first(days)
    given = Problem(
        x, y, [np.column_stack([np.ones(POINTS), x, np.maximum(x - x[k], 0)]) for k in range(30, POINTS - 30)]
    )
    yield Row(
        "NumPy lstsq, a loop over breaks",
        fastest(lambda: [np.linalg.lstsq(h, y, rcond=None)[1] for h in given.hinges], 1),
    )
    for name, work in RIVALS.items():
        library = name.split()[0]
        try:
            module = import_module(_MODULES.get(library, library))
        except ImportError:
            yield Row(name, None, "not installed")
        else:
            yield Row(name, fastest(partial(work, module, given), 1))
    yield _strucchange(given)


_FSTATS = """
library(strucchange)
d <- read.csv(file("stdin"))
cat(system.time(for (i in 1:5) Fstats(y ~ x, from = 0.15, to = 0.85, data = d))[["user.self"]] / 5)
"""


def _strucchange(given: Problem) -> Row:
    """R's own F statistics over all breaks; R reads the data and takes the time."""
    name = "R strucchange Fstats"
    if shutil.which("Rscript") is None:
        return Row(name, None, "R is not installed")
    data = "x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in zip(given.x.tolist(), given.y.tolist(), strict=True))
    done = subprocess.run(["Rscript", "-e", _FSTATS], input=data, capture_output=True, text=True)  # noqa: S603, S607
    if done.returncode:
        return Row(name, None, "R's strucchange is not installed")
    return Row(name, float(done.stdout.split()[-1]))


def _statsmodels(module: Any, given: Problem) -> object:
    return [module.OLS(given.y, h).fit().ssr for h in given.hinges]


def _ruptures(module: Any, given: Problem) -> object:
    signal = np.column_stack([given.y, np.ones(len(given.x)), given.x])
    return module.Binseg(model="linear", min_size=3, jump=1).fit(signal).predict(n_bkps=1)


def _ruptures_exact(module: Any, given: Problem) -> object:
    signal = np.column_stack([given.y, np.ones(len(given.x)), given.x])
    return module.Dynp(model="linear", min_size=3, jump=1).fit(signal).predict(n_bkps=1)


def _pwlf(module: Any, given: Problem) -> object:
    return module.PiecewiseLinFit(given.x, given.y, seed=1).fit(2)


def _pwlf_fast(module: Any, given: Problem) -> object:
    return module.PiecewiseLinFit(given.x, given.y, seed=1).fitfast(2)


RIVALS: dict[str, Callable[[Any, Problem], object]] = {
    "statsmodels OLS, a loop over breaks": _statsmodels,
    "ruptures Binseg, linear cost": _ruptures,
    "ruptures Dynp, linear cost": _ruptures_exact,
    "pwlf fit": _pwlf,
    "pwlf fitfast": _pwlf_fast,
}
_MODULES = {"statsmodels": "statsmodels.api"}


def test_rows() -> Iterator[Row]:
    """The whole test, with the targets of signals.md 7."""
    series = [steady(POINTS, seed) for seed in range(100)]
    each = fastest(lambda: [bend_test(*one, seed=i) for i, one in enumerate(series)], 1) / len(series)
    yield Row("B: 1,000 null-like series of 200 points", 1_000 * each, "target 10 s")
    some = [steady(40, seed) for seed in range(100)]
    each = fastest(lambda: [bend_test(d, s * y, seed=i) for i, (d, y) in enumerate(some) for s in (1, -1)], 1) / 100
    yield Row("B: 200 indicators of 40 points, both directions", 200 * each, "target 2 s")
    days, y = steady(120)
    found = fastest(lambda: chance_under_model_growth(days, y, 1.2, "band", 1), 1)
    yield Row("p_F of a band among 120 models", found, "target 1 s")
    with tempfile.TemporaryDirectory() as home:
        store = Store(home)
        store.create()
        shipped.load(store)
        update(store)
        judged, again = len(evaluate(store)), fastest(lambda: evaluate(store))
    yield Row(f"all {judged} indicators again, no new data", again, "target 20 ms")


def table(kernel: list[Row], whole: list[Row]) -> str:
    """Both tables in Markdown; ratios against our kernel."""
    ours = kernel[0].seconds or 1.0
    one = [f"| {r.what} | {_time(r.seconds)} | {_ratio(r.seconds, ours)} | {r.note} |" for r in kernel]
    two = [f"| {r.what} | {_time(r.seconds)} | {r.note} |" for r in whole]
    machine = f"Python {platform.python_version()}, {platform.machine()}"
    about = f"{machine}, one core, processor time; made by `python -m signals bench`."
    return "\n".join(
        [
            "## Signals: one fit with the search over all breaks, 200 points",
            "",
            about,
            "",
            "| tool | time | ratio to ours | |",
            "| --- | --- | --- | --- |",
            *one,
            "",
            "## Signals: the whole test",
            "",
            "| work | time | |",
            "| --- | --- | --- |",
            *two,
        ]
    )


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _ratio(seconds: float | None, ours: float) -> str:
    return "-" if seconds is None else f"{float(f'{seconds / ours:.2g}'):,.0f}x"
