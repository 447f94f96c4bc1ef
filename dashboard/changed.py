"""What is new since a day: values, records, restatements, definitions, flags, sources. Read once a table version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd

from dashboard import verdicts, words
from dashboard.reading import Reader, Versions
from dashboard.view import View
from data import changes
from signals.finding import METHOD

USUAL = timedelta(days=7)
SAID = {
    "new": "new", "first": "read for the first time", "restated": "restated", "interval": "with another interval",
    "withdrawn": "withdrawn", "returned": "back after a withdrawal",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Changes:
    """The state at the view's day beside that at `since`.

    `values` counts the changed points of each indicator by kind (see `changes.KINDS`), those with most first and
    what was read for the first time last; `records` the new values that took the frontier; `definitions` has the
    parts of a definition that changed, without what is declared for the first time; `flags` and `sources` are told
    newest first.
    """

    since: datetime
    values: Mapping[str, Mapping[str, int]]
    records: Mapping[str, int]
    definitions: Mapping[str, Sequence[str]]
    flags: list[dict[str, Any]]
    sources: list[dict[str, Any]]

    def total(self, kind: str) -> int:
        """How many points changed in that way, of all indicators."""
        return sum(counts.get(kind, 0) for counts in self.values.values())

    @property
    def begun(self) -> list[str]:
        """The indicators of which nothing was known before: their values are old news to their publishers."""
        return [key for key, counts in self.values.items() if "first" in counts]

    @property
    def is_empty(self) -> bool:
        return not (self.values or self.definitions or self.flags or self.sources)


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
    catalogue = reader.catalogue(instant)
    values: dict[str, dict[str, int]] = {}
    counted = changes.changed_values(reader.store, since, instant).group_by("indicator", "kind").len()
    for key, kind, count in counted.sort("indicator", "kind").iter_rows():
        if key in catalogue:
            values.setdefault(key, {})[kind] = count
    records = {key: _records(reader, key, since, instant) for key, kinds in values.items() if "new" in kinds}
    defined = changes.changed_definitions(reader.store, since, instant).select("indicator", "columns")
    return Changes(
        since=since,
        # what was only read for the first time comes last
        values=dict(sorted(values.items(), key=lambda item: ("first" in item[1], -sum(item[1].values())))),
        records={key: count for key, count in records.items() if count},
        definitions={key: columns for key, columns in defined.iter_rows() if columns and key in catalogue},
        flags=[event for event in verdicts.events(reader, since, instant) if event["method"] == METHOD],
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
    failed = sum(source["kind"] == "failed" for source in found.sources)
    for count, one, many in (
        (raised, "flag raised", "flags raised"),
        (cleared, "flag cleared", "flags cleared"),
        (sum(found.records.values()), "record", "records"),
        (found.total("new"), "new value", "new values"),
        (len(found.begun), "indicator read for the first time", "indicators read for the first time"),
        (found.total("restated"), "value restated", "values restated"),
        (found.total("interval"), "interval restated", "intervals restated"),
        (found.total("withdrawn"), "value withdrawn", "values withdrawn"),
        (found.total("returned"), "value back", "values back"),
        (len(found.definitions), "definition changed", "definitions changed"),
        (failed, "source failed", "sources failed"),
        (len(found.sources) - failed, "source back", "sources back"),
    ):
        if count:
            yield f"{count:,} {one if count == 1 else many}"


def affected(found: Changes) -> list[str]:
    """The indicators of which anything changed: flags first, then those with most changed values."""
    flagged = [event["indicator"] for event in found.flags]
    return list(dict.fromkeys([*flagged, *found.values, *found.definitions]))


def sentence(found: Changes, key: str) -> str:
    """What changed of one indicator, in words; empty if nothing did."""
    kinds = found.values.get(key, {})
    parts = [f"{kinds[kind]:,} {SAID[kind]}" for kind in changes.KINDS if kind in kinds]
    if records := found.records.get(key, 0):  # behind the new values, of which they are
        parts.insert(1, f"{records} of them {'a record' if records == 1 else 'records'}")
    parts += [f"defined anew: {', '.join(found.definitions[key])}"] if key in found.definitions else []
    parts += [event["sentence"] for event in found.flags if event["indicator"] == key]
    return "; ".join(parts)


def label(since: datetime, last_visit: datetime | None) -> str:
    """Where changes are counted from, for people."""
    is_visit = last_visit is not None and since == _full_hour(last_visit)
    return f"your last visit, {words.instant(since)}" if is_visit else words.day(since.date())
