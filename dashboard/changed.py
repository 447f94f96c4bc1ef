"""What is new since a day: values, records, restatements, definitions, flags, sources. Read once a table version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd
import polars as pl

from dashboard import ledger, words
from dashboard.reading import Reader, Versions
from dashboard.view import View
from data import changes
from signals.finding import METHOD

USUAL = timedelta(days=7)
SAID = {
    "new": "new", "restated": "restated", "interval": "with another interval", "withdrawn": "withdrawn",
    "returned": "back after a withdrawal",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Changes:
    """The state at the view's day beside that at `since`.

    `values` has one row a changed point, newest first (see `changes.changed_values`); `records` counts
    by indicator the new values that took the frontier; `definitions` leaves out what is declared for
    the first time; `flags` and `sources` are told newest first.
    """

    since: datetime
    values: pl.DataFrame
    records: Mapping[str, int]
    definitions: pl.DataFrame
    flags: list[dict[str, Any]]
    sources: list[dict[str, Any]]

    def of(self, key: str) -> dict[str, int]:
        """How many values of one indicator changed, by kind, in the order of `changes.KINDS`."""
        found = dict(self.values.filter(pl.col("indicator") == key).group_by("kind").len().iter_rows())
        return {kind: found[kind] for kind in changes.KINDS if kind in found}

    @property
    def is_empty(self) -> bool:
        return not (len(self.values) or len(self.definitions) or self.flags or self.sources)


def since_of(view: View, last_visit: datetime | None, now: datetime) -> datetime:
    """The instant that a view counts changes from: its own, else the last visit, else a week before."""
    if view.since in ("7d", "30d", "90d"):
        return now - timedelta(days=int(view.since[:-1]))
    if view.since:
        return datetime.combine(date.fromisoformat(view.since), time.max, UTC)
    return last_visit if last_visit is not None and last_visit < now else now - USUAL


def read(reader: Reader, since: datetime, instant: datetime | None) -> Changes:
    """The changes since the full hour before `since`; cached by the versions of the tables."""
    return _read(reader, _full_hour(since), instant, reader.versions())


def _full_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


@lru_cache(32)
def _read(reader: Reader, since: datetime, instant: datetime | None, _: Versions) -> Changes:
    values = changes.changed_values(reader.store, since, instant)
    catalogue = reader.catalogue(instant)
    values = values.filter(pl.col("indicator").is_in(list(catalogue)))
    fresh = values.filter(pl.col("kind") == "new")["indicator"].unique().sort()
    records = {key: _records(reader, key, since, instant) for key in fresh}
    defined = changes.changed_definitions(reader.store, since, instant).filter(pl.col("columns").list.len() > 0)
    return Changes(
        since=since,
        values=values,
        records={key: count for key, count in records.items() if count},
        definitions=defined.filter(pl.col("indicator").is_in(list(catalogue))),
        flags=[event for event in ledger.events(reader, since, instant) if event["method"] == METHOD],
        sources=changed_sources(reader, since, instant),
    )


def _records(reader: Reader, key: str, since: datetime, instant: datetime | None) -> int:
    rows = reader.series(key, instant).rows
    return int((rows["on_frontier"] & (rows["first_known_at"] > pd.Timestamp(since))).sum())


def changed_sources(reader: Reader, since: datetime, instant: datetime | None) -> list[dict[str, Any]]:
    """Sources that failed since then, or are back."""
    then, now = reader.states(since), reader.states(instant)
    found = []
    for name, state in now.items():
        failed = bool(then[name].failures) if name in then else False
        if bool(state.failures) != failed:
            kind = "failed" if state.failures else "back"
            found.append({"source": name, "kind": kind, "outcome": state.outcome, "at": state.last_try})
    return found


def counted(found: Changes) -> str:
    """All changes in one line, what matters most first."""
    return " · ".join(_counted(found)) or "nothing"


def _counted(found: Changes) -> Iterator[str]:
    raised = sum(event["state"] not in changes.CALM for event in found.flags)
    cleared = len(found.flags) - raised
    kinds = dict(found.values.group_by("kind").len().iter_rows())
    failed = sum(source["kind"] == "failed" for source in found.sources)
    for count, one, many in (
        (raised, "flag raised", "flags raised"),
        (cleared, "flag cleared", "flags cleared"),
        (sum(found.records.values()), "record", "records"),
        (kinds.get("new", 0), "new value", "new values"),
        (kinds.get("restated", 0), "value restated", "values restated"),
        (kinds.get("interval", 0), "interval restated", "intervals restated"),
        (kinds.get("withdrawn", 0), "value withdrawn", "values withdrawn"),
        (kinds.get("returned", 0), "value back", "values back"),
        (len(found.definitions), "definition changed", "definitions changed"),
        (failed, "source failed", "sources failed"),
        (len(found.sources) - failed, "source back", "sources back"),
    ):
        if count:
            yield f"{count:,} {one if count == 1 else many}"


def affected(found: Changes) -> list[str]:
    """The indicators of which anything changed: flags first, then those with most changed values."""
    counted = found.values.group_by("indicator").len().sort(["len", "indicator"], descending=[True, False])
    flagged = [event["indicator"] for event in found.flags]
    return list(dict.fromkeys([*flagged, *counted["indicator"], *found.definitions["indicator"]]))


def sentence(found: Changes, key: str) -> str:
    """What changed of one indicator, in words; empty if nothing did."""
    parts = [f"{count:,} {SAID[kind]}" for kind, count in found.of(key).items()]
    records = found.records.get(key, 0)
    parts += [f"{records} of them {'a record' if records == 1 else 'records'}"] if records else []
    defined = found.definitions.filter(pl.col("indicator") == key)
    parts += [f"defined anew: {', '.join(columns)}" for columns in defined["columns"].to_list()]
    parts += [event["sentence"] for event in found.flags if event["indicator"] == key]
    return "; ".join(parts)


def label(since: datetime, last_visit: datetime | None) -> str:
    """Where changes are counted from, for people."""
    is_visit = last_visit is not None and since == _full_hour(last_visit)
    return f"your last visit, {words.instant(since)}" if is_visit else words.day(since.date())
