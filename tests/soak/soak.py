"""Simulated weeks of the whole system, in good weather and in bad, and the report that compares them.

In good weather one worker runs to the end: its pace and its memory are looked at. In bad weather publishers
misbehave, the worker is killed, stopped and started again, and a dashboard reads the same tables. In the end
both must know the same.
"""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from collectors.registry import one
from collectors.run import catalogue_rows
from data import queries
from data.schema import SUCCESS
from data.store import Store
from tests.browser.conftest import Server
from tests.conftest import NOW
from tests.faults.bench import Bench, current, damage, first_known
from tests.faults.publishers import Publisher
from tests.faults.server import Call, Fault, FaultServer
from tests.faults.weeks import Weather, known

GOOD_DAYS_AT_THE_END = 2
HOME = Path(__file__).parents[2]
SOURCES = (
    "aider_polyglot", "epoch_benchmarks", "epoch_chips", "epoch_companies", "epoch_data_centers", "epoch_eci",
    "epoch_external", "epoch_hardware", "epoch_models", "gov_uk", "gso", "lab_feeds", "lab_reports",
    "lmarena", "metr_horizons", "mle_bench", "newsroom_copies", "openrouter_tokens", "org_feeds", "press_feeds",
    "sec_capex", "swe_bench",
)  # fmt: skip
"""Whose recorded answers are complete, serve later days too, and can be read again: a day's snapshot cannot."""
PAGES = ("/", "/api/v1/indicators.json", "/api/v1/sources.json", "/api/v1/indicators/eci_frontier.csv", "/health")


class Site:
    """All publishers, drifting; with a share of faults until `calm_from`. A run is what asks at one instant."""

    def __init__(self, server: FaultServer, names: Sequence[str], folder: Path, weather: Weather | None,
                 calm_from: datetime) -> None:  # fmt: skip
        self._weather, self._calm_from = weather, calm_from
        self._benches, self._at, self._lock = {}, {}, threading.Lock()  # type: ignore[var-annotated]
        self.faults: list[str] = []
        for name in names:
            bench = Bench(name, server, folder)
            bench.publisher = Publisher(name, tuple(sorted({target.key for target in known(bench).fields("value")})))
            self._benches[name] = bench

    def __call__(self, call: Call) -> Fault:
        _, label, rest = call.path.split("/", 2)
        name, _, instant = label.partition("@")
        bench = self._benches[name]
        with self._lock:
            if self._at.get(name) != instant:
                self._at[name] = instant
                self._begin(bench, datetime.fromisoformat(instant))
        call.path = f"/{name}/{rest}"
        return bench.site(call)

    def _begin(self, bench: Bench, at: datetime) -> None:
        bench.clock.to(at)
        bench.log.clear()
        bench._asked = {}
        bench.fault = self._weather.draw(bench, at) if self._weather and at < self._calm_from else None
        if bench.fault:
            self.faults.append(bench.fault[0].label)


@dataclass
class Leg:
    """How one of the two went."""

    facts: dict[Any, Any]
    damage: list[str]
    good: dict[str, list[datetime]]
    failed: int
    figures: list[dict[str, float]]
    kills: int = 0
    stops: list[float] = field(default_factory=list)
    faults: int = 0
    latencies: list[tuple[float, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    known: dict[tuple[Any, ...], datetime] = field(default_factory=dict)


def live(folder: Path, names: Sequence[str], days: int, rng: Random | None, share: float, every: float,
         tell: Callable[[str], None], rest: float = 0) -> Leg:  # fmt: skip
    """One leg. With `rng` in bad weather: faults in a share of runs, and a kill or a stop every so many seconds.

    `rest` is how many seconds the worker is idle before it is measured, twice a day.
    """
    begun, end = time.monotonic(), NOW + timedelta(days=days)
    store = Store(str(folder / "tables"))
    store.create()
    for name in names:  # and not the baseline: the recorded answers are excerpts, which contradict it
        store.append_vintages("indicators", catalogue_rows(one(name)))
    leg = Leg({}, [], {}, 0, [])
    with FaultServer() as server:
        site = Site(
            server, names, folder, Weather(rng, share) if rng else None, end - timedelta(days=GOOD_DAYS_AT_THE_END)
        )
        server.site = site
        with _watched(store, leg) if rng else _nobody():
            at = NOW
            while at < end:
                at = _one_life(folder, server.port, at, end, names, leg, rng, every, tell, rest)
                server.calls.clear()
        leg.faults = len(site.faults)
    runs = queries.runs(store)
    good = runs[runs["outcome"].isin(SUCCESS)]
    leg.failed = len(runs) - len(good)
    leg.good = {str(name): sorted(found["started_at"].dt.to_pydatetime()) for name, found in good.groupby("source")}
    leg.facts, leg.known, leg.damage = current(store, end + timedelta(days=1)), first_known(store), damage(store)
    leg.seconds = time.monotonic() - begun
    return leg


def _one_life(folder: Path, port: int, at: datetime, end: datetime, names: Sequence[str], leg: Leg, rng: Random | None,
              every: float, tell: Callable[[str], None], rest: float) -> datetime:  # fmt: skip
    """A worker from its start to its end, by its own or another's hand; how far it came."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.soak.worker", str(folder), str(port), at.isoformat(), end.isoformat(), ",".join(names),
         str(rest)],
        cwd=HOME, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with worker:
        assert worker.stdout
        life = rng.uniform(0.5, 1.5) * every if rng else float("inf")
        start, ended = 0.0, False
        for line in worker.stdout:
            start = start or time.monotonic()  # else a busy machine would have killed it before it did anything
            told = json.loads(line)
            at = datetime.fromisoformat(told["at"])
            if "rss" in told:
                leg.figures.append({"day": (at - NOW) / timedelta(days=1), **told})
                tell(f"day {(at - NOW).days} of {(end - NOW).days}, {told['rss']:.0f} MB, {leg.kills} kills")
            if (
                not ended
                and rng
                and time.monotonic() - start > life
                and at < end - timedelta(days=GOOD_DAYS_AT_THE_END)
            ):
                ended = True
                if rng.random() < 0.7:
                    worker.kill()
                    leg.kills += 1
                else:
                    began = time.monotonic()
                    worker.terminate()
                    worker.wait(60)
                    leg.stops.append(time.monotonic() - began)
    code = worker.wait(60)
    if code not in (0, -9):
        leg.errors.append(f"the worker ended with {code} on {at}")
        return end
    return at if ended else end


@contextmanager
def _nobody() -> Iterator[None]:
    yield


@contextmanager
def _watched(store: Store, leg: Leg) -> Iterator[None]:
    """A dashboard over the same tables, looked at all the time."""
    server, stop = Server(store.uri), threading.Event()

    def look() -> None:
        while not stop.wait(1):
            for path in PAGES:
                start = time.monotonic()
                try:
                    with urllib.request.urlopen(server.url + path, timeout=60) as answer:
                        answer.read()
                except urllib.error.HTTPError as error:
                    if path != "/health" or error.code != 503:
                        leg.errors.append(f"{path}: {error.code}")
                except OSError as error:
                    leg.errors.append(f"{path}: {error}")
                leg.latencies.append((time.monotonic() - start, path))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        server.stop()


def differences(calm: Leg, stormy: Leg) -> list[str]:
    """What bad weather left otherwise than good weather. A day without a good run may lack that day's count."""
    wrong = [f"{k}: {v} instead of {calm.facts.get(k)}" for k, v in stormy.facts.items() if calm.facts.get(k) != v]
    missing = [f"{k} is missing" for k in calm.facts if k not in stormy.facts and not _unknowable(k, calm, stormy)]
    return [*wrong, *missing]


def _unknowable(key: Any, calm: Leg, stormy: Leg) -> bool:
    """Whether a value came after the last good run in bad weather, or was there on a day without one only."""
    if not isinstance(key, tuple):
        return False
    day, good = key[4], stormy.good.get(key[0], [])
    is_newest = calm.known.get(key, NOW) > max(good, default=NOW)
    return is_newest or (day >= NOW.date() and day not in {at.date() for at in good})


def paces(leg: Leg, names: Sequence[str], days: int) -> dict[str, tuple[int, float]]:
    """Good runs of each source before the end, when all are asked once more, and the periods that there were."""
    end = NOW + timedelta(days=days)
    good = {name: sum(at < end for at in leg.good.get(name, [])) for name in names}
    return {name: (good[name], timedelta(days=days) / one(name).source.every) for name in names}


def growth(leg: Leg, figure: str) -> float:
    """By which share a figure grew from the end of the first quarter to the end, along a straight line."""
    rows = [row for row in leg.figures if row["day"] >= leg.figures[-1]["day"] / 4]
    if len(rows) < 3:
        return 0.0
    days, values = [row["day"] for row in rows], [row[figure] for row in rows]
    middle = sum(days) / len(days)
    slope = sum((d - middle) * v for d, v in zip(days, values, strict=True)) / sum((d - middle) ** 2 for d in days)
    return slope * (days[-1] - days[0]) / (sum(values) / len(values))


@dataclass
class Verdict:
    """One line of the report: what was promised, what was seen, and whether that is enough."""

    promise: str
    seen: str
    is_kept: bool


def judged(calm: Leg, stormy: Leg, names: Sequence[str], days: int) -> list[Verdict]:
    """The promises of the soak."""
    off = {n: (got, periods) for n, (got, periods) in paces(calm, names, days).items() if abs(got - periods) > 1}
    hasty = {n: (got, periods) for n, (got, periods) in paces(stormy, names, days).items() if got > periods + 1}
    apart = differences(calm, stormy)
    slow = max(stormy.latencies, default=(0.0, "nothing"))
    sorted_latencies = sorted(seconds for seconds, _ in stormy.latencies)
    median = sorted_latencies[len(sorted_latencies) // 2] if sorted_latencies else 0.0
    memory = {figure: growth(calm, figure) for figure in ("rss", "threads", "files")}
    total = sum(got for got, _ in paces(calm, names, days).values())
    return [
        Verdict("good weather: runs = periods ± 1 for every source", f"{total} good runs, {len(off)} of {len(names)} "
                f"sources off, {calm.failed} failed runs" + (f": {off}" if off else ""), not off and not calm.failed),
        Verdict("memory, threads and files at rest are flat (≤ 5 % after the first quarter)",
                ", ".join(f"{name} {share:+.1%}" for name, share in memory.items())
                + f"; {calm.figures[-1]['rss']:.0f} MB and {calm.figures[-1]['threads']} threads at the end, at most "
                f"{max(row['busiest'] for row in calm.figures)} when busy", all(share <= 0.05 for share in memory.values())),
        Verdict("bad weather: no source is asked more often than its period",
                f"{stormy.faults} faults, {stormy.failed} failed runs, {stormy.kills} kills, {len(stormy.stops)} stops; "
                f"{len(hasty)} hasty", not hasty),
        Verdict("both know the same in the end", f"{len(calm.facts)} facts, {len(apart)} differences"
                + (f", such as {apart[0]}" if apart else ""), not apart),
        Verdict("no table is damaged: keys once, chains whole", f"{len(calm.damage + stormy.damage)} faults found",
                not calm.damage + stormy.damage),
        Verdict("SIGTERM to exit within 3 s", f"longest of {len(stormy.stops)}: {max(stormy.stops, default=0):.1f} s",
                max(stormy.stops, default=0) <= 3),
        Verdict("the dashboard answers all the while", f"{len(stormy.latencies)} answers, {len(stormy.errors)} errors, "
                f"median {median:.2f} s, slowest {slow[0]:.2f} s ({slow[1]})"
                + (f"; {stormy.errors[0]}" if stormy.errors else ""), not stormy.errors + calm.errors),
    ]  # fmt: skip


def report(verdicts: Sequence[Verdict], calm: Leg, stormy: Leg, names: Sequence[str], days: int, seed: int) -> str:
    """The report as Markdown."""
    rows = [f"| {v.promise} | {v.seen} | {'yes' if v.is_kept else '**no**'} |" for v in verdicts]
    took = f"{calm.seconds / 60:.0f} and {stormy.seconds / 60:.0f} minutes on {os.cpu_count()} cores"
    head = f"{days} simulated days, {len(names)} sources, seed {seed}; {took}."
    return "\n".join(
        [
            head,
            "",
            "| promise | seen | kept |",
            "|---|---|---|",
            *rows,
        ]
    )
