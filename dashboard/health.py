"""Whether the program is well, as seen from the web process: the tables, the worker, and its sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard import words
from dashboard.reading import Reader
from data import queries
from signals.silence import Late, late_sources

PATIENCE = timedelta(hours=3)
INTERNAL = ("storage", "crash")


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
    """What `/health` says; `ok`: nobody needs to look. Raises where the tables cannot be read."""
    tables: Mapping[str, Any] = queries.status(reader.store)["tables"]
    found = worker(reader, now)
    late = late_sources(reader.catalogue().values(), reader.states(), now)
    reasons = [*_reasons(found, tables, now), *(_of_source(source) for source in late)]
    return {
        "ok": not reasons,
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
        "late_sources": [
            {
                "source": source.source,
                "since": source.since.isoformat(),
                "has_succeeded": source.has_succeeded,
                "period_seconds": round(source.period.total_seconds()),
                "overdue_seconds": round(source.overdue_by.total_seconds()),
                "failures": source.failures,
                "outcome": source.outcome,
                "error": public_error(source.outcome, source.error),
            }
            for source in late
        ],
        "reasons": reasons,
    }


def public_error(outcome: str, error: str) -> str:
    """What may be shown of an error: a failure of ours names folders and code, which are nobody's business."""
    return words.OUTCOMES[outcome] if outcome in INTERNAL else error


def _of_source(late: Late) -> str:
    since = "no success" if late.has_succeeded else "no success ever"
    error = public_error(late.outcome, late.error)
    said = f"; last: {error}" if error else ""
    return f"{late.source}: {since} for {_span(late.silent_for)}, it is asked every {_span(late.period)}{said}"


def _span(passed: timedelta) -> str:
    hours = passed / timedelta(hours=1)
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def _reasons(found: Worker, tables: Mapping[str, Any], now: datetime) -> list[str]:
    """What is not as it should be with the tables and the worker, in sentences."""
    reasons = [f"the table {name} does not exist yet" for name, t in tables.items() if t["version"] < 0]
    if found.last_report is None:
        reasons.append("no collector has reported yet")
    elif found.is_silent:
        silent = _span(now - found.last_report)
        reasons.append(
            f"the worker is silent: no collector has reported for {silent}, {_span(found.patience)} is usual"
        )
    return reasons
