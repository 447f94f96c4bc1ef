"""One fault on one source, from a good store through the fault and two clean runs; and what was wrong with it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from urllib.parse import urlsplit

import pytest

from collectors.registry import all_collectors, one
from data.schema import SUCCESS, TABLES, Failure, Run
from tests.conftest import NOW
from tests.faults import documents
from tests.faults.bench import Aim, Bench, Facts, Target, aim, attach, current, damage, seed
from tests.faults.faults import Case
from tests.faults.server import FaultServer

ASKS_NOBODY = {"lab_reports": "a ledger kept by hand in this repository: it has no publisher that could fail"}
FORGIVING = ("gdelt", "lab_feeds", "manifold", "org_feeds", "polymarket", "press_feeds", "wikimedia_pageviews")
"""Sources of many parts, which go on without one that fails: a fault hits all of their answers."""
SOURCES = [name for name in all_collectors() if name not in ASKS_NOBODY]
SMALL = 60
SAME_DAY = timedelta(hours=4)
SLACK = 1.0
"""How much longer than its deadline a fetch may take, in seconds."""


def together(name: str) -> pytest.MarkDecorator:
    """With --dist loadgroup one process tests one source: what it does without faults is found out once."""
    return pytest.mark.xdist_group(name)


every_source = pytest.mark.parametrize("name", [pytest.param(name, marks=together(name)) for name in SOURCES])


@dataclass
class Course:
    """A source without faults: a bench after its first good run, and what is stored after each later one."""

    baseline: Bench
    days: list[datetime]
    after: list[Facts] = field(default_factory=list)
    without: Facts = field(default_factory=dict)
    new: int = 0
    recovered: dict[object, list[str]] = field(default_factory=dict)
    """How it went on after faulted runs, by what they left."""


@dataclass
class Verdict:
    """`outcome` is empty where the fault does not fit the source; `wrong` lists what must not be."""

    outcome: str
    wrong: list[str]
    error: str | None = None


_FOLDERS: list[Path] = []


def scratch() -> Path:
    """A folder in memory where there is one: nothing here is about disks. Gone after `tidy`."""
    folder = Path(mkdtemp(prefix="faults-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    _FOLDERS.append(folder)
    return folder


def tidy() -> None:
    """Remove what `scratch` made."""
    while _FOLDERS:
        shutil.rmtree(_FOLDERS.pop(), ignore_errors=True)


@cache
def course(name: str, server: FaultServer) -> Course:
    baseline = attach(Bench(name, server, scratch()))
    every = one(name).source.every
    # where addresses follow the calendar, what was recorded answers on one day only
    # and what is asked every hour is asked again after the longest wait of a fault
    step = max(every, SAME_DAY) if lasts(baseline, NOW + 3 * every) else SAME_DAY
    days = [NOW + n * step for n in range(4)]
    baseline.store.create()
    _good(baseline.run(days[0]))
    made = Course(baseline, days)
    made.after.append(current(baseline.store, days[0]))
    always = attach(baseline.copy(scratch() / "always"))
    for n, day in enumerate(days[1:]):
        run = _good(always.run(day))
        made.new = run.rows_new if n == 0 else made.new
        made.after.append(current(always.store, day))
    skipping = attach(baseline.copy(scratch() / "skipping"))
    for day in days[2:]:
        _good(skipping.run(day))
    made.without = current(skipping.store, days[3])
    for bench in (always, skipping):
        shutil.rmtree(bench.folder)
    return made


def lasts(bench: Bench, at: datetime) -> bool:
    """Whether the recorded answers still answer everything that the source asks at a later instant."""
    try:
        return len(aim(bench, at).honest) >= max(1, len(aim(bench, NOW).honest) // 2)
    except Failure:
        return False


def _good(run: Run) -> Run:
    assert run.outcome in SUCCESS, (run.source, run.outcome, run.error)
    return run


def fitted(case: Case, name: str) -> Case:
    """The fault as it has to be for this source."""
    return replace(case, everywhere=True) if name in FORGIVING else case


def aimed(case: Case, found: Aim, rng: Random) -> Target | None:
    """Where this fault hits a source, by a seeded choice; None where it does not fit."""
    if case.kind:
        target = found.target(case.kind, case.scope, rng)
        fits = target is not None and found.form(target.url) in case.forms and _changes(case, found, target)
        return target if fits else None
    urls = [url for url in found.urls if found.form(url) in case.forms]
    rng.shuffle(urls)
    urls.sort(key=lambda url: len(found.asked[url]) < SMALL)  # half of next to nothing is nothing
    targets = [Target(url) for url in urls]
    return next((t for t in targets if case.rows is None or _changes(case, found, t)), None)


def _changes(case: Case, found: Aim, target: Target) -> bool:
    assert case.rows is not None
    document, form = found.document(target.url), found.form(target.url)
    return case.written(form, case.rows(document, target)) != documents.dump(form, document)


def verdict(case: Case, name: str, server: FaultServer, *, clean_runs: int = 2, slack: float = SLACK) -> Verdict:
    usual = course(name, server)
    case = fitted(case, name)
    folder = scratch()
    try:
        bench = attach(usual.baseline.copy(folder / "bench"))
        target = aimed(case, aim(bench, usual.days[1]), Random(seed(case.label, name)))
        if target is None:
            return Verdict("", [])
        run = bench.run(usual.days[1], (case, target), seconds=case.seconds)
        left = _left(bench, run, usual)
        wrong = [*_at_once(case, target, bench, run, usual, slack), *_while_waiting(case, target, bench, usual)]
        if left is None or wrong:
            return Verdict(run.outcome, [*wrong, *_afterwards(case, bench, usual, clean_runs)], run.error)
        key = (left, case.wait, case.believed, clean_runs)
        if key not in usual.recovered:
            usual.recovered[key] = [*_afterwards(case, bench, usual, clean_runs)]
        return Verdict(run.outcome, usual.recovered[key], run.error)
    finally:
        shutil.rmtree(folder)
        _FOLDERS.remove(folder)


def _left(bench: Bench, run: Run, usual: Course) -> object:
    """What a failed run left if that is no more than its own record; None for all others.

    The next worker reads nothing else, so that after one of two runs that left the same it goes on like after the
    other: most faults of a source are recovered from once for all. A bad body may lie in the archive, but is read
    only where a validator names it.
    """
    tables = [name for name in TABLES if name != "runs"]
    before = [usual.baseline.store.version(name) for name in tables]
    if run.outcome in SUCCESS or run.validators or [bench.store.version(name) for name in tables] != before:
        return None
    return run.outcome, run.not_before, run.host, run.records


def _at_once(case: Case, target: Target, bench: Bench, run: Run, usual: Course, slack: float) -> Iterator[str]:
    if not bench.changed():
        yield "the fault changed nothing"
    if run.outcome not in case.outcomes:
        yield f"outcome {run.outcome}, not {' or '.join(case.outcomes)}"
    if case.names and run.outcome == "schema" and target.key not in (run.error or ""):
        yield f"the error does not name {target.key!r}"
    asked = sum(line.url.partition("moved=")[0].rstrip("?&") == target.url for line in bench.log)
    if case.tries is not None and asked != case.tries and not case.everywhere:
        yield f"{asked} requests, not {case.tries}"
    if bench.wire is not None and bench.wire.longest > case.seconds + slack:
        yield f"took {bench.wire.longest:.1f} s of {case.seconds} s"
    before, after = usual.after[0], current(bench.store, usual.days[1])
    yield from _stored(case, run, before, after, usual)


def _stored(case: Case, run: Run, before: Facts, after: Facts, usual: Course) -> Iterator[str]:
    if run.outcome not in SUCCESS:
        if after != before:
            yield f"a failed run changed what is stored: {_difference(before, after)}"
        if run.validators is not None:
            yield "a failed run left validators"
        return
    right = usual.after[1]
    lost = before.keys() & right.keys() - after.keys()
    if lost:
        yield f"lost {len(lost)} of {len(before)}"
    if case.believed:
        return
    wrong = {k: v for k, v in after.items() if v != right.get(k) and v != before.get(k)}
    if wrong:
        yield f"stored what is not true: {_shown(right, wrong)}"
    if run.rows_new > usual.new:
        yield f"{run.rows_new} new rows, {usual.new} without the fault"


def _while_waiting(case: Case, target: Target, bench: Bench, usual: Course) -> Iterator[str]:
    """Half-way through the wait another worker, which only has the tables, must not ask that host."""
    if case.wait is None:
        return
    before, host = len(bench.log), urlsplit(target.url).hostname
    run = bench.run(usual.days[1] + case.wait / 2)
    if run.outcome != "rate_limited" or any(line.host == host for line in bench.log[before:]):
        yield f"asked again before the wait was over ({run.outcome})"


def _afterwards(case: Case, bench: Bench, usual: Course, clean_runs: int) -> Iterator[str]:
    last = 1 + clean_runs
    for number, day in enumerate(usual.days[2 : last + 1], 1):
        run = bench.run(day)
        if run.outcome not in SUCCESS:
            yield f"clean run {number}: {run.outcome} ({run.error})"
    final, right = current(bench.store, usual.days[last]), usual.after[last]
    listed = {i.key for i in bench.collector.source.indicators if i.full_list}
    allowed_more = {k for k in final if case.believed and (not isinstance(k, tuple) or k[1] not in listed)}
    wrong = {k: v for k, v in final.items() if k not in allowed_more and right.get(k) != v}
    missing = {k: v for k, v in usual.without.items() if k in right and k not in final}
    if wrong:
        yield f"in the end not true: {_shown(right, wrong)}"
    if missing:
        yield f"in the end {len(missing)} of {len(right)} are missing"
    yield from damage(bench.store)


def _shown(right: Facts, wrong: Facts) -> str:
    shown = "; ".join(f"{k}: {v} instead of {right.get(k)}" for k, v in [*wrong.items()][:2])
    return f"{len(wrong)} values, {shown}"[:400]


def _difference(right: Facts, other: Facts) -> str:
    keys = [k for k in other if other[k] != right.get(k)] + [k for k in right if k not in other]
    shown = "; ".join(f"{k}: {other.get(k)} instead of {right.get(k)}" for k in keys[:2])
    return f"{len(keys)} values, {shown}"[:400]
