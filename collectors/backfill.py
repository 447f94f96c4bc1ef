"""History where a source has it: month by month, oldest first, each month one run that is stored before the next.

A month that is done is known by its run in the table, so an interrupted backfill goes on where it stopped.
A source that can look back has a function `history(http, first, last)` beside its `collect`.
"""

import importlib
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl

from collectors import registry
from collectors.run import run_source
from collectors.source import Collector, Http, Row
from data.schema import SUCCESS, Failure, Run
from data.store import Store

History = Callable[[Http, date, date], Iterator[Row]]
WHOLE = {"wikimedia_pageviews", "manifold"}
"""One question gives all of the past: no months."""
OVERLAP = timedelta(days=7)
BY_DAY = {"hacker_news"}
"""Counted by day: its weeks are made of what is stored."""


def history_of(name: str) -> History:
    """How a source looks back, or Failure."""
    found: History | None = getattr(importlib.import_module(f"collectors.sources.{name}"), "history", None)
    if found is None:
        others = ", ".join(looking_back())
        raise Failure(
            "refused", f"{name} has no history to fetch: its series begins with the collection. These have: {others}"
        )
    return found


def looking_back() -> list[str]:
    """The sources that have a past to fetch."""
    names = sorted(registry.all_collectors())
    return [name for name in names if hasattr(importlib.import_module(f"collectors.sources.{name}"), "history")]


def pieces(name: str, first: date, last: date) -> list[tuple[date, date]]:
    """The spans to ask for. Each begins a week early, so that a week across a month's end is whole in one of them."""
    if name in WHOLE:
        return [(first, last)]
    found = []
    start = first
    while start <= last:
        following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = min(following - timedelta(days=1), last)
        early = start if name in BY_DAY else max(first, start - OVERLAP)
        found.append((early, end))
        start = following
    return found


def backfill(
    collector: Collector,
    web: Callable[[], Http],
    store: Store,
    first: date,
    last: date,
    told: Callable[[int, int], Any],
) -> list[Run]:
    """Fetch what is not stored yet. `told(done, all)` hears of every finished span; stops at the first failure."""
    read = history_of(collector.name)
    spans = pieces(collector.name, first, last)
    done = _done(store, collector.name)
    runs: list[Run] = []
    for number, span in enumerate(spans, 1):
        task = f"backfill-{collector.name}-{span[0]}-{span[1]}"
        if task not in done:
            past = _looking_back(collector, read, span)
            runs.append(run_source(past, web(), store, run_id=f"{task}-{uuid.uuid4().hex}"))
            if runs[-1].outcome not in SUCCESS:
                break
        told(number, len(spans))
    return runs


def _looking_back(collector: Collector, read: History, span: tuple[date, date]) -> Collector:
    def collect(http: Http) -> Iterator[Row]:
        return read(http, *span)

    return Collector(name=collector.name, source=collector.source, collect=collect, about=collector.about)


def _done(store: Store, name: str) -> set[str]:
    runs = store.read("runs").filter((pl.col("source") == name) & pl.col("outcome").is_in(sorted(SUCCESS)))
    ended = runs.filter(pl.col("run_id").str.starts_with("backfill-")).select("run_id").collect()["run_id"].to_list()
    return {run_id.rpartition("-")[0] for run_id in ended}
