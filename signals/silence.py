"""Which sources have said nothing for too long, and by how much: what the pages, /health and alerts agree on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data.queries import SourceState

GRACE_PERIODS = 2


@dataclass(frozen=True)
class Late:
    """A source without a good run since `since`, though it is asked every `period`; `failures` in a row."""

    source: str
    title: str
    since: datetime
    period: timedelta
    silent_for: timedelta
    overdue_by: timedelta
    failures: int
    outcome: str
    error: str
    has_succeeded: bool


def late_sources(
    catalogue: Iterable[Mapping[str, Any]], states: Mapping[str, SourceState], now: datetime
) -> list[Late]:
    """The sources of these rows of the catalogue that are late: no success for two periods and their grace.

    A source that never succeeded is late from its first try on; one that was never tried is the worker's
    silence and not its own. What its publisher has closed is not late.
    """
    rows = {row["source"]: row for row in catalogue if not _is_closed(row, now)}
    found = (_late(row, states[name], now) for name, row in sorted(rows.items()) if name in states)
    return [late for late in found if late is not None]


def _late(row: Mapping[str, Any], state: SourceState, now: datetime) -> Late | None:
    since = state.last_good or state.first_try
    if since is None:
        return None
    period, grace = timedelta(days=row["period_days"]), timedelta(days=row["grace_days"])
    silent_for = now - since
    if silent_for <= GRACE_PERIODS * period + grace:
        return None
    return Late(
        source=row["source"],
        title=row["source_title"],
        since=since,
        period=period,
        silent_for=silent_for,
        overdue_by=silent_for - period,
        failures=state.failures,
        outcome=state.outcome,
        error=state.error,
        has_succeeded=state.last_good is not None,
    )


def _is_closed(row: Mapping[str, Any], now: datetime) -> bool:
    closed = row["closed_on"]
    return closed is not None and closed == closed and bool(closed.date() <= now.date())
