"""Whether the program is well, as seen from the web process: the tables, and the worker that ought to fill them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard.reading import Reader
from data import queries

PATIENCE = timedelta(hours=3)


@dataclass(frozen=True)
class Worker:
    """When the collectors last reported, and whether that is too long ago. Never reported counts as silent."""

    last_report: datetime | None
    patience: timedelta
    is_silent: bool


def worker(reader: Reader, now: datetime) -> Worker:
    """The worker is silent after twice the period of the most frequent source, and at least three hours."""
    reports = [state.last_try for state in reader.states().values() if state.last_try is not None]
    periods = [timedelta(days=row["period_days"]) for row in reader.catalogue().values()]
    patience = max(2 * min(periods, default=PATIENCE), PATIENCE)
    last = max(reports, default=None)
    return Worker(last, patience, last is None or now - last > patience)


def report(reader: Reader, now: datetime) -> dict[str, Any]:
    """What `/health` says; raises where the tables cannot be read."""
    tables: Mapping[str, Any] = queries.status(reader.store)["tables"]
    found = worker(reader, now)
    return {
        "ok": True,
        "store": "readable",
        "tables": {
            name: {"rows": t["rows"], "newest": t["newest_known_at"], "version": t["version"]}
            for name, t in tables.items()
        },
        "worker": {
            "silent": found.is_silent,
            "last_report": found.last_report and found.last_report.isoformat(),
            "age_seconds": found.last_report and round((now - found.last_report).total_seconds()),
            "silent_after_seconds": round(found.patience.total_seconds()),
        },
        "reasons": _reasons(found, tables),
    }


def _reasons(found: Worker, tables: Mapping[str, Any]) -> list[str]:
    """What is not as it should be, in sentences; none if all is well."""
    reasons = [f"the table {name} does not exist yet" for name, t in tables.items() if t["version"] < 0]
    if found.last_report is None:
        reasons.append("no collector has reported yet")
    elif found.is_silent:
        reasons.append("no collector has reported for longer than it should")
    return reasons
