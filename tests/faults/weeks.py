"""Weeks in seconds: a source at its own pace, an instant that is set, and a fault in three runs of ten.

Publishers bring their figures up to date every few days, so that a fault hides, delays or breaks something.
What stood in an answer for one period, in which no good one was read, nobody can know later; nothing else may differ.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from collectors.schedule import after, due
from data.queries import SourceState
from data.schema import SUCCESS, Run
from tests.conftest import NOW
from tests.faults.bench import Aim, Bench, Facts, Logged, Target, aim, aim_again, attach, current, damage, first_known
from tests.faults.faults import CASES, Case
from tests.faults.known import reason
from tests.faults.matrix import aimed, fitted, scratch
from tests.faults.publishers import RULES, Publisher
from tests.faults.server import FaultServer

SHARE = 0.3


@dataclass
class History:
    """How some weeks went: what is stored in the end, and the run records.

    `fleeting`: the values that the last answer no longer has, and when each was first read. `clean`: when answers
    were read in which nothing was wrong.
    """

    final: Facts
    fleeting: dict[tuple[Any, ...], datetime]
    damage: list[str]
    clean: list[datetime] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def looked(self, day: date, since: datetime, period: timedelta) -> bool:
        """Whether a value was looked for while it could be read: on its day, if it is of that day, or for a period."""
        if day == since.date():
            return any(at.date() == day for at in self.clean)
        return any(since <= at < since + period for at in self.clean)


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
        history = History({}, {}, [])
        at, state = NOW, None
        while at.date() < (NOW + timedelta(days=days)).date():  # whatever the hour at which the last day's turn comes
            fault = weather.draw(bench, at) if weather else None
            begun = len(bench.log)
            run = bench.run(at, fault, seconds=fault[0].seconds if fault else 20)
            if fault:
                history.faults.append(f"{at:%m-%d %H:%M} {fault[0].label} {fault[1]}: {run.outcome}")
                server.settled()
            if run.outcome in SUCCESS and not any(line.changed for line in bench.log[begun:]):
                history.clean.append(at)
            state = after(state, run)
            at = max(due(bench.collector, state, at), at + timedelta(minutes=1))
        last = NOW + timedelta(days=days + 1)
        for day in (last, last + bench.collector.source.every, last + 2 * bench.collector.source.every):
            run = bench.run(day)
            if run.outcome not in SUCCESS:
                history.errors.append(f"in good weather: {run.outcome} ({run.error})")
        server.settled()
        still = aim(bench, day).honest
        history.final, history.damage = current(bench.store, day), damage(bench.store)
        history.fleeting = {key: at for key, at in first_known(bench.store).items() if key[1:] not in still}
        return history
    finally:
        shutil.rmtree(folder)


def differences(right: History, other: History, period: timedelta) -> list[str]:
    """What weeks with faults left otherwise than weeks without; `period` of the source."""
    unseen = {key for key, at in right.fleeting.items() if not other.looked(key[4], at, period)}
    wrong = [f"{k}: {v} instead of {right.final.get(k)}" for k, v in other.final.items() if right.final.get(k) != v]
    missing = [f"{k} is missing" for k in right.final if k not in other.final and k not in unseen]
    return [*wrong, *missing, *other.damage, *other.errors]


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
