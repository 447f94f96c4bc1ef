"""Weeks in seconds: a source at its own pace, an instant that is set, and a fault in three runs of ten.

Publishers bring their figures up to date every few days, so that a fault hides, delays or breaks something.
What a day's snapshot was on a day without a single good answer, nobody can know later; nothing else may differ.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from collectors.schedule import after, due
from data.queries import SourceState
from data.schema import SUCCESS, Run
from tests.conftest import NOW
from tests.faults.bench import Aim, Bench, Facts, Logged, Target, aim, aim_again, attach, current, damage
from tests.faults.faults import CASES, Case
from tests.faults.known import reason
from tests.faults.matrix import aimed, fitted, scratch
from tests.faults.publishers import RULES, Publisher
from tests.faults.server import FaultServer

SHARE = 0.3


@dataclass
class History:
    """How some weeks went: what is stored in the end, and the run records."""

    final: Facts
    damage: list[str]
    runs: list[Run]
    log: list[Logged]
    faults: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def good_days(self) -> set[date]:
        return {run.started_at.date() for run in self.runs if run.outcome in SUCCESS}


@dataclass
class Weather:
    """Which faults come, drawn from a seed. None of those that leave believable rows behind for good."""

    rng: Random
    share: float = SHARE

    def draw(self, bench: Bench, at: datetime) -> tuple[Case, Target] | None:
        if self.rng.random() >= self.share:
            return None
        groups: dict[str, list[Case]] = {}
        for case in CASES.values():
            harmless = not case.believed or (case.kind != "text" and not read_once(bench))
            if harmless and not reason(bench.name, case.label):
                groups.setdefault(case.id, []).append(case)
        found = aim_again(bench, at, known(bench))
        for _ in range(20):
            case = self.rng.choice(groups[self.rng.choice(sorted(groups))])
            target = aimed(case, found, self.rng)
            if target is not None:
                return fitted(case, bench.name), target
        return None


def read_once(bench: Bench) -> bool:
    """Whether what is believed today is not read again: snapshots of the day, and windows that move on."""
    dates = {point[3] for point in known(bench).honest if isinstance(point, tuple)}
    return bench.name in RULES or dates == {NOW.date()}


def known(bench: Bench) -> Aim:
    """What the source reads, found out once."""
    return aim(bench, NOW)


def drifting(name: str, server: FaultServer, folder: Path, beside: Bench | None = None) -> Bench:
    """A bench whose publisher goes on publishing."""
    bench = Bench(name, server, folder, beside=beside)
    keys = {target.key for target in known(bench).fields("value")}
    bench.publisher = Publisher(name, tuple(sorted(keys)))
    return attach(bench)


def lived(name: str, server: FaultServer, days: int, weather: Weather | None) -> History:
    """So many days of a source, then two runs in good weather."""
    folder = scratch()
    try:
        bench = drifting(name, server, folder)
        bench.store.create()
        runs, faults = [], []
        at, state = NOW, None
        while at < NOW + timedelta(days=days):
            fault = weather.draw(bench, at) if weather else None
            run = bench.run(at, fault, seconds=fault[0].seconds if fault else 20)
            runs.append(run)
            faults += [f"{at:%m-%d %H:%M} {fault[0].label} {fault[1]}: {run.outcome}"] if fault else []
            state = after(state, run)
            at = max(due(bench.collector, state, at), at + timedelta(minutes=1))
        last = NOW + timedelta(days=days + 1)
        errors = []
        for day in (last, last + bench.collector.source.every, last + 2 * bench.collector.source.every):
            run = bench.run(day)
            runs.append(run)
            errors += [] if run.outcome in SUCCESS else [f"in good weather: {run.outcome} ({run.error})"]
        server.settled()
        return History(current(bench.store, day), damage(bench.store), runs, bench.log, faults, errors)
    finally:
        shutil.rmtree(folder)


def differences(right: History, other: History) -> list[str]:
    """What weeks with faults left otherwise than weeks without."""
    snapshots = (
        {k for k in right.final if isinstance(k, tuple) and k[3] not in other.good_days} if _daily(right) else set()
    )
    wrong = [f"{k}: {v} instead of {right.final.get(k)}" for k, v in other.final.items() if right.final.get(k) != v]
    missing = [f"{k} is missing" for k in right.final if k not in other.final and k not in snapshots]
    return [*wrong, *missing, *other.damage, *other.errors]


def _daily(history: History) -> bool:
    """Whether every value is of the very day on which it was fetched: a snapshot that cannot be fetched later."""
    dated = {k[3] for k in history.final if isinstance(k, tuple)}
    return bool(dated) and dated <= {run.started_at.date() for run in history.runs}


def fleet(names: list[str], server: FaultServer, days: int, weather: Weather | None) -> tuple[list[Logged], list[Run]]:
    """All these sources in one worker: one store, one pace, those that are due together at the same time."""
    folder = scratch()
    try:
        benches: list[Bench] = []
        for name in names:
            benches.append(drifting(name, server, folder, benches[0] if benches else None))
        clock = benches[0].clock
        benches[0].store.create()
        states: dict[str, SourceState] = {}
        when = dict.fromkeys(names, NOW)
        runs: list[Run] = []
        with ThreadPoolExecutor(4) as pool:
            while (at := max(min(when.values()), clock.instant)) < NOW + timedelta(days=days):
                ready = [bench for bench in benches if when[bench.name] <= at]
                faults = [weather.draw(bench, at) if weather else None for bench in ready]
                seconds = [fault[0].seconds if fault else 20.0 for fault in faults]
                jobs = [pool.submit(b.run, at, f, seconds=s) for b, f, s in zip(ready, faults, seconds, strict=True)]
                for run in [job.result() for job in jobs]:
                    runs.append(run)
                    states[run.source] = after(states.get(run.source), run)
                    bench = benches[names.index(run.source)]
                    when[run.source] = max(due(bench.collector, states[run.source], at), at + timedelta(minutes=1))
        server.settled()
        return [line for bench in benches for line in bench.log], runs
    finally:
        shutil.rmtree(folder)
