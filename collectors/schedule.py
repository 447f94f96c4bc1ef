"""The worker: each source at its own pace, in UTC. The only file that imports APScheduler.

Due times come from the run records, not from the scheduler's memory: a worker that is restarted every
hour still asks a daily source once a day, and a failed source is tried again sooner than its period.
"""

import logging
import os
import random
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from collectors import registry
from collectors.live import Live
from collectors.run import catalogue_rows, run_source
from collectors.source import Collector
from data import queries, shipped
from data.queries import SourceState
from data.schema import Run
from data.store import Store
from signals import ledger

log = logging.getLogger("collectors")

FIRST_RETRY = timedelta(hours=1)
LONGEST_RETRY = timedelta(hours=24)
SECONDS_TO_STOP = 3  # Procfile runners kill after five
SETTLE = timedelta(seconds=20)
"""How long the ledger waits for other sources' news, so that a start does not judge thirty times."""

LEDGER = "signals.ledger"


def due(collector: Collector, state: SourceState | None, now: datetime) -> datetime:
    """When the source is to be asked next; never earlier than `now`.

    After a success one period later. After failures an hour later, doubling up to a day, but never
    later than the period would say; and not before an instant that the publisher asked for.
    """
    if state is None or state.last_try is None:
        return now
    if state.failures == 0:
        at = state.last_try + collector.source.every
    else:
        wait = min(FIRST_RETRY * 2 ** min(state.failures - 1, 10), LONGEST_RETRY, collector.source.every)
        at = state.last_try + wait
    if state.not_before is not None:
        at = max(at, state.not_before)
    return max(at, now)


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


def work(store: Store, live: Live) -> int:
    """Collect until SIGTERM or SIGINT; a running job may end within three seconds, else it is cut (it is safe to)."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    prepare(store)
    collectors = registry.all_collectors()
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": {"type": "threadpool", "max_workers": len(collectors) + 2}},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )

    def plan(collector: Collector) -> None:
        now = datetime.now(UTC)
        at = due(collector, queries.source_states(store).get(collector.name), now)
        at += timedelta(seconds=random.uniform(0, 5))  # noqa: S311 - so that not all start in the same second
        scheduler.add_job(attempt, "date", run_date=at, args=[collector], id=collector.name, replace_existing=True)

    def attempt(collector: Collector) -> None:
        try:
            run = run_source(collector, live.http(collector, store), store)
            if brings_news(run):
                # one job for all: what comes in while it waits is judged with it
                at = datetime.now(UTC) + SETTLE
                scheduler.add_job(judge, "date", run_date=at, args=[store], id=LEDGER, replace_existing=True)
        except BaseException:
            log.exception("source=%s outcome=crash", collector.name)
        finally:
            plan(collector)

    for collector in collectors.values():
        plan(collector)
    scheduler.add_job(judge, "date", run_date=datetime.now(UTC) + SETTLE, args=[store], id=LEDGER)
    scheduler.start()
    log.info("worker=started sources=%d store=%s", len(collectors), store.uri)
    stop.wait()
    scheduler.pause()
    ending = threading.Thread(target=scheduler.shutdown, kwargs={"wait": True}, daemon=True)
    ending.start()
    ending.join(SECONDS_TO_STOP)
    log.info("worker=stopped")
    logging.shutdown()
    os._exit(0)  # a thread inside a blocked read cannot be ended otherwise
