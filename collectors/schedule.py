"""The worker: each source at its own pace, in UTC. The only file that imports APScheduler.

Due times come from the run records, not from the scheduler's memory: a worker that is restarted every
hour still asks a daily source once a day, and a failed source is tried again sooner than its period.
Every source has a thread of its own, so that one that hangs or crashes delays no other.
"""

import logging
import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from collectors import registry
from collectors.lease import Turn, turn_over
from collectors.live import Live
from collectors.run import catalogue_rows, recorded, run_source
from collectors.source import Collector
from data import queries, shipped
from data.queries import SourceState
from data.schema import SUCCESS, Run
from data.store import Store
from signals import ledger

log = logging.getLogger("collectors")

FIRST_RETRY = timedelta(hours=1)
LONGEST_RETRY = timedelta(hours=24)
LONGEST_RUN = timedelta(hours=1)
"""A run that takes longer is written down as `timeout`. Its thread cannot be ended; the other sources have theirs."""
SECONDS_TO_STOP = 2.5  # three in all on a folder; platforms kill after ten to thirty
SECONDS_TO_RELEASE = 5.0  # a commit in the bucket; without it the next worker waits for the lease to expire
CLOCK_STEP = timedelta(seconds=30)
"""A wall clock that has moved by so much more or less than time has passed was set, or the machine slept."""
SETTLE = timedelta(seconds=20)
"""How long the ledger waits for other sources' news, so that a start does not judge thirty times."""
FIRST_TELLING, FIRST_KEEPING, BETWEEN_KEEPING = timedelta(minutes=1), timedelta(minutes=10), timedelta(days=1)
JITTER = 5.0  # seconds, so that not all start in the same second

LEDGER, TELLING, KEEPING = "signals.ledger", "signals.notify", "data.upkeep"


def due(collector: Collector, state: SourceState | None, now: datetime) -> datetime:
    """When the source is to be asked next; never earlier than `now`.

    After a success one period later. After failures an hour later, doubling up to a day, but never
    later than the period would say; and not before an instant that the publisher asked for. A last try
    in the future, after a clock was set back, makes nobody wait for longer than a period.
    """
    if state is None or state.last_try is None:
        return now
    wait = every = collector.source.every
    if state.failures:
        wait = min(FIRST_RETRY * 2 ** min(state.failures - 1, 10), LONGEST_RETRY, every)
    at = min(state.last_try, now) + wait
    if state.not_before is not None:
        at = max(at, min(state.not_before, now + LONGEST_RETRY))
    return max(at, now)


def after(state: SourceState | None, run: Run) -> SourceState:
    """How a source stands after one more run: what the run records would say."""
    good = run.outcome in SUCCESS
    waits = [w for w in (state.not_before if state else None, run.not_before) if w]
    return SourceState(
        source=run.source,
        last_good=run.ended_at if good else state.last_good if state else None,
        last_try=run.ended_at,
        failures=0 if good else (state.failures if state else 0) + 1,
        outcome=run.outcome,
        error=run.error or "",
        is_baseline=state is not None and state.is_baseline and not good,
        newest_known_at=state.newest_known_at if state else None,
        not_before=max(waits, default=None),
        first_try=(state.first_try if state else None) or run.ended_at,
    )


def prepare(store: Store) -> None:
    """What a worker does before its first run: load the baseline into an empty store, mirror the catalogue."""
    for collector in registry.all_collectors().values():
        store.append_vintages("indicators", catalogue_rows(collector))
    loaded = shipped.load(store)
    if loaded:
        log.info("baseline rows=%d", loaded)


def brings_news(run: Run) -> bool:
    """Whether a run changed what is known, so that the indicators are to be judged again."""
    return run.outcome == "ok" and run.rows_new > 0


def judge(store: Store) -> None:
    """Evaluate all indicators and append changes of state to the ledger; a failure is logged and tried next time."""
    clock = time.monotonic()
    try:
        added = ledger.update(store)
    except Exception:
        log.exception("ledger=failed")
    else:
        log.info("ledger=evaluated changes=%d seconds=%.1f", added, time.monotonic() - clock)


def _tried(name: str, chore: Callable[[], object]) -> None:
    """Do a chore of the worker; a failure is logged, and no source suffers from it."""
    try:
        chore()
    except Exception:
        log.exception("%s=failed", name)


class Worker:
    """The schedule of one process.

    `collect` runs a source and writes its record, `tell` sends what is to be told, `keep` tidies the tables.
    Time comes in as `now` (an instant, UTC) and `passed` (seconds that only ever grow); `jitter` is in seconds.
    """

    def __init__(
        self,
        store: Store,
        collectors: Mapping[str, Collector],
        collect: Callable[[Collector], Run],
        tell: Callable[[], object] = lambda: None,
        keep: Callable[[], object] = lambda: None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        passed: Callable[[], float] = time.monotonic,
        jitter: float = JITTER,
    ) -> None:
        self._store, self.collectors, self._collect = store, collectors, collect
        self._tell, self._keep = tell, keep
        self._now, self._passed, self._jitter = now, passed, jitter
        self._states: dict[str, SourceState] = {}
        self._running: dict[str, float] = {}
        self._given_up: set[str] = set()
        self._judging, self._telling = threading.Lock(), threading.Lock()
        self._seen = now(), passed()
        self.scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": {"type": "threadpool", "max_workers": len(collectors) + 5}},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def begin(self) -> None:
        """Plan every source from what the tables say, and start; or go on where `rest` had stopped it."""
        # a record from the future was written before a clock was set back, and would make every start wait for it
        self._states = dict(queries.source_states(self._store, self._now() + CLOCK_STEP))
        self._plan_all()
        self._judge_soon()
        self._later(TELLING, FIRST_TELLING)
        self._later(KEEPING, FIRST_KEEPING)
        if self.scheduler.running:
            self.scheduler.resume()
        else:
            self.scheduler.start()

    def rest(self) -> None:
        """Start nothing more; what runs may end."""
        if self.scheduler.running:
            self.scheduler.pause()

    def end(self, seconds: float) -> None:
        """Start nothing more and wait for what runs, at most so long."""
        self.rest()
        if self.scheduler.running:
            ending = threading.Thread(target=self.scheduler.shutdown, kwargs={"wait": True}, daemon=True)
            ending.start()
            ending.join(seconds)

    def watch(self) -> None:
        """To be called every few seconds: notices a clock that was set, and runs that do not end."""
        then, before = self._seen
        self._seen = now, passed = self._now(), self._passed()
        step = (now - then) - timedelta(seconds=passed - before)
        if abs(step) > CLOCK_STEP:
            log.warning("clock=stepped seconds=%.0f", step.total_seconds())
            self._plan_all()
            self._later(TELLING, FIRST_TELLING)
            self._later(KEEPING, FIRST_KEEPING)
        for name, began in list(self._running.items()):
            if passed - began > LONGEST_RUN.total_seconds() and name not in self._given_up:
                self._given_up.add(name)
                self._give_up(name, passed - began)

    def _plan_all(self) -> None:
        for collector in self.collectors.values():
            if collector.name not in self._running:
                self._plan(collector)

    def _plan(self, collector: Collector) -> None:
        at = due(collector, self._states.get(collector.name), self._now())
        at += timedelta(seconds=random.uniform(0, self._jitter))  # noqa: S311 - no secret depends on it
        self.scheduler.add_job(self._attempt, "date", run_date=at, args=[collector], id=collector.name,
                               replace_existing=True)  # fmt: skip

    def _attempt(self, collector: Collector) -> None:
        self._running[collector.name] = self._passed()
        began = self._now()
        try:
            run = self._collect(collector)
        except BaseException as problem:  # the last door: whatever it is, the source is planned again
            log.exception("source=%s outcome=crash", collector.name)
            run = Run(
                run_id=uuid.uuid4().hex,
                source=collector.name,
                started_at=began,
                ended_at=self._now(),
                outcome="crash",
                error=type(problem).__name__,
            )
        # from memory and not from the tables: where they cannot be written, nobody is asked again and again
        self._states[collector.name] = after(self._states.get(collector.name), run)
        self._given_up.discard(collector.name)
        self._plan(collector)
        if brings_news(run):
            self._judge_soon()
        del self._running[collector.name]

    def _judge_soon(self) -> None:
        # one job for all: what comes in while it waits is judged with it
        self.scheduler.add_job(self._judge, "date", run_date=self._now() + SETTLE, id=LEDGER, replace_existing=True,
                               max_instances=2)  # fmt: skip

    def _judge(self) -> None:
        with self._judging:
            judge(self._store)
        self._tell_now()

    def _later(self, name: str, wait: timedelta) -> None:
        chore = {TELLING: self._tell_hourly, KEEPING: self._keep_again}[name]
        self.scheduler.add_job(chore, "date", run_date=self._now() + wait, id=name, replace_existing=True)

    def _tell_hourly(self) -> None:
        """A source that falls silent is no news of any run, so that it is looked for by the hour."""
        self._tell_now()
        self._later(TELLING, timedelta(hours=1))

    def _tell_now(self) -> None:
        with self._telling:  # else two threads would tell the same
            _tried("notify", self._tell)

    def _keep_again(self) -> None:
        _tried("upkeep", self._keep)
        self._later(KEEPING, BETWEEN_KEEPING)

    def _give_up(self, name: str, seconds: float) -> None:
        now = self._now()
        error = f"{name}: still running after {seconds:.0f} s; a restart of the worker ends it"
        run = Run(run_id=uuid.uuid4().hex, source=name, started_at=now - timedelta(seconds=seconds), ended_at=now,
                  outcome="timeout", error=error)  # fmt: skip
        self._states[name] = after(self._states.get(name), recorded([run], self._store)[0])


def work(store: Store, live: Live, tell: Callable[[], object], keep: Callable[[], object] = lambda: None) -> int:
    """Collect until SIGTERM or SIGINT; a running job may end within seconds, else it is cut (it is safe to).

    `tell` is called when something may be news, and hourly; `keep` once a day.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    collectors = {name: c for name, c in registry.all_collectors().items() if not live.lacks_key(c)}
    collect = lambda c: run_source(c, live.http(c, store), store)  # noqa: E731
    worker = Worker(store, collectors, collect, tell, keep)
    turn, code = turn_over(store), 0
    try:
        _take_turns(store, worker, turn, stop)
    except Exception:
        log.exception("worker=failed")
        code = 1
    worker.end(SECONDS_TO_STOP)
    releasing = threading.Thread(target=_release, args=[turn], daemon=True)
    releasing.start()
    releasing.join(SECONDS_TO_RELEASE)
    log.info("worker=stopped")
    logging.shutdown()
    os._exit(code)  # a thread inside a blocked read cannot be ended otherwise


def _take_turns(store: Store, worker: Worker, turn: Turn, stop: threading.Event) -> None:
    """Work while it is our turn, stand by while it is another worker's; raises what a start raises."""
    said, starting = "", None
    starter = ThreadPoolExecutor(1)  # a first start loads the baseline, and SIGTERM must not wait for it
    while not stop.is_set():
        ours = _is_ours(turn)
        state = "working" if ours else "standing_by"
        if state != said:
            asked, known = len(worker.collectors), len(registry.all_collectors())
            log.info("worker=%s sources=%d off=%d store=%s", state, asked, known - asked, store.uri)
            starting = starter.submit(_start, store, worker) if ours else starting
            said = state
        if starting is not None and starting.done():
            starting.result()
            if ours:
                worker.watch()
            else:
                worker.rest()
        stop.wait(turn.seconds_between_looks)


def _start(store: Store, worker: Worker) -> None:
    prepare(store)
    worker.begin()


def _is_ours(turn: Turn) -> bool:
    """Whether it is our turn; while the tables cannot be asked, nobody starts anything."""
    try:
        return turn.take()
    except Exception as problem:
        log.warning("worker=cannot_tell_whose_turn error=%r", str(problem))
        return False


def _release(turn: Turn) -> None:
    try:
        turn.release()
    except Exception as problem:
        log.warning("worker=turn_not_released error=%r", str(problem))
