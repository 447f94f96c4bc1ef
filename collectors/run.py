"""One run of one source: collect, check, store, and write down what happened. All or nothing.

The order of writes makes a cut run harmless: refused rows, observations, mentions, and the run record
last. A run that was cut is repeated and merges to nothing new.
"""

import json
import logging
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from collectors.mentions import mention_rows
from collectors.source import Collector, Http, Row
from data import queries
from data.schema import SUCCESS, BadRow, Failure, Indicator, Mention, Observation, Outcome, Refused, Run
from data.store import Store, digest
from data.text import clean

log = logging.getLogger("collectors")

FORETOLD = timedelta(days=1)
VANISHED_SHARE = 0.10
VANISHED = "vanished: missing from a complete answer"


@dataclass
class Batch:
    """The rows of one run after the checks."""

    observations: list[Observation] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    withdrawn: list[dict[str, Any]] = field(default_factory=list)
    vanished: int = 0

    @property
    def seen(self) -> int:
        return len(self.observations) + len(self.mentions) + len(self.refused)


def run_source(collector: Collector, http: Http, store: Store, *, run_id: str = "", at: datetime | None = None) -> Run:
    """Collect and store one source; returns the record of the run, whatever happened.

    `at` stamps the rows of a replay with the instant at which they were known; a live run leaves it out.
    """
    run_id = run_id or uuid.uuid4().hex
    started, clock = at or datetime.now(UTC), time.monotonic()
    batch, new = Batch(), 0
    outcome: Outcome = "ok"
    error: str | None = None
    try:
        batch = check(collector, collector.collect(http), http.now, store)
        new = _store(collector, batch, store, run_id, at)
        if not batch.seen:
            outcome = "no_data"
    except Exception as problem:
        outcome, error = _classify(problem)
        if outcome == "crash":
            log.exception("source=%s run=%s outcome=crash", collector.name, run_id)
    traffic = http.traffic()
    if outcome in SUCCESS and traffic.unchanged:
        outcome = "not_modified"
    seconds = time.monotonic() - clock
    run = Run(
        run_id=run_id,
        source=collector.name,
        started_at=started,
        ended_at=started + timedelta(seconds=seconds if at is None else 0),
        outcome=outcome,
        http_status=traffic.http_status,
        requests=traffic.requests,
        bytes_wire=traffic.bytes_wire,
        bytes_body=traffic.bytes_body,
        rows_seen=batch.seen,
        rows_new=new,
        rows_quarantined=len(batch.refused),
        rows_vanished=batch.vanished,
        # kept only after a good parse: a bad answer must be fetched again
        validators=traffic.validators if outcome in SUCCESS else None,
        not_before=traffic.not_before,
        host=traffic.host,
        url=traffic.url,
        error=clean(error, 500) if error else None,
        code_version=code_version(),
    )
    return _recorded(run, store, seconds)


def check(collector: Collector, rows: Iterable[Row], now: datetime, store: Store) -> Batch:
    """The rows of a run, sorted and checked. Raises Failure where the answer as a whole cannot be believed."""
    batch = Batch()
    for row in rows:
        if isinstance(row, Refused):
            batch.refused.append(row)
        elif isinstance(row, Mention):
            batch.mentions.append(row)
        elif row.date > (now + FORETOLD).date():
            batch.refused.append(Refused.of(row, "a date in the future"))
        else:
            batch.observations.append(row)
    batch.observations = _once(collector, batch.observations)
    if batch.seen < collector.source.at_least:
        raise Failure(
            "incomplete", f"{collector.name}: {batch.seen} rows, at least {collector.source.at_least} expected"
        )
    _look_for_vanished(collector, batch, now, store)
    return batch


def _once(collector: Collector, rows: Sequence[Observation]) -> list[Observation]:
    """One row a point. The same row twice is harmless; two values for one point are not."""
    declared = {i.key for i in collector.source.indicators}
    unique: dict[object, Observation] = {}
    for row in rows:
        if row.indicator not in declared:
            raise Failure("schema", f"{collector.name}: {row.indicator} is not declared by this source")
        earlier = unique.setdefault(row.point, row)
        if (earlier.value, earlier.low, earlier.high) != (row.value, row.low, row.high):
            raise Failure("schema", f"{collector.name}: two values for {row.point}: {earlier.value} and {row.value}")
    return list(unique.values())


def _look_for_vanished(collector: Collector, batch: Batch, now: datetime, store: Store) -> None:
    """Stored points missing from a complete answer: noted first, withdrawn when missing again a while later.

    Only lists that were read count: a suite or layout that is absent as a whole is not judged. A run
    repeated at once proves nothing, so the earlier note must be half a period old.
    """
    complete = {i.key for i in collector.source.indicators if i.full_list}
    lists = {(row.indicator, row.variant) for row in batch.observations if row.indicator in complete}
    here = {row.point for row in batch.observations}
    stored = [
        row for row in queries.current_points(store, collector.name, now) if (row["indicator"], row["variant"]) in lists
    ]
    gone = [row for row in stored if (row["indicator"], row["subject"], row["variant"], row["date"]) not in here]
    batch.vanished = len(gone)
    if len(gone) > VANISHED_SHARE * len(stored):
        raise Failure(
            "incomplete", f"{collector.name}: {len(gone)} of {len(stored)} stored values are missing from the answer"
        )
    noted = queries.noted(store, collector.name, VANISHED, now - collector.source.every / 2)
    for row in gone:
        point = {
            "indicator": row["indicator"],
            "subject": row["subject"],
            "variant": row["variant"],
            "date": row["date"].isoformat(),
        }
        if _json(point) in noted:
            batch.withdrawn.append(row)
        else:
            batch.refused.append(Refused(reason=VANISHED, row=point, status="pending"))


def _store(collector: Collector, batch: Batch, store: Store, run_id: str, at: datetime | None) -> int:
    known_at = at or datetime.now(UTC)
    store.append_new("quarantine", [_refused_row(collector.name, r, run_id, known_at) for r in batch.refused])
    store.append_vintages("indicators", catalogue_rows(collector), at=None)
    rows = [_observation_row(collector.name, row, run_id) for row in batch.observations]
    nothing = {"value": None, "low": None, "high": None, "level": None, "run_id": run_id}
    rows += [{**row, **nothing} for row in batch.withdrawn]
    new = store.append_vintages("observations", rows, at)
    return new + store.append_new(
        "mentions", [r for m in batch.mentions for r in mention_rows(collector.name, m, run_id, known_at)]
    )


def _recorded(run: Run, store: Store, seconds: float) -> Run:
    """The record is the last write. Where even that fails, the log has it."""
    try:
        store.append_new("runs", [{**asdict(run), "month": f"{run.ended_at:%Y-%m}"}])
    except Failure as failure:
        run = replace(run, outcome="storage", error=str(failure))
    counts = f"rows={run.rows_seen} new={run.rows_new} held_back={run.rows_quarantined} seconds={seconds:.1f}"
    level = logging.INFO if run.error is None else logging.WARNING
    log.log(
        level,
        "source=%s outcome=%s %s%s",
        run.source,
        run.outcome,
        counts,
        f" error={run.error!r}" if run.error else "",
    )
    return run


def _classify(problem: Exception) -> tuple[Outcome, str]:
    """The one place that knows every error: what class of outcome it is, and what to say."""
    if isinstance(problem, Failure):
        return problem.outcome, str(problem)
    if isinstance(problem, KeyError):
        return "schema", f"a field or column named {problem} is gone"
    if isinstance(problem, BadRow):
        return "schema", str(problem)
    if isinstance(problem, TypeError | AttributeError):
        return "schema", f"the answer has another shape than expected ({problem})"
    return "crash", f"{type(problem).__name__}: {problem}"


def code_version() -> str:
    """The installed version of this program."""
    try:
        return version("ai-progress-monitor")
    except PackageNotFoundError:
        return "0"


def catalogue_rows(collector: Collector) -> list[dict[str, Any]]:
    """The indicators of a source as rows of the catalogue, so that the dashboard needs no collector."""
    return [_catalogue_row(collector, indicator) for indicator in collector.source.indicators]


def _catalogue_row(collector: Collector, i: Indicator) -> dict[str, Any]:
    source, day = collector.source, timedelta(days=1)
    return {
        "indicator": i.key,
        "name": i.title,
        "plural": i.plural,
        "definition": i.definition,
        "unit": i.unit,
        "stage": i.stage,
        "better": i.better,
        "scale": i.transform,
        "lower": i.floor,
        "upper": i.ceiling,
        "variants": json.dumps([asdict(v) for v in i.variants], ensure_ascii=False),
        "family": i.family or i.key,
        "figure_of": i.figure_of,
        "marks": i.marks,
        "date_kind": i.date_kind,
        "source": collector.name,
        "source_title": source.title,
        "homepage": source.homepage,
        "licence": source.licence,
        "credit": source.credit,
        "share": source.share,
        "period_days": source.every / day,
        "grace_days": source.grace / day,
        "closed_on": source.closed_on,
        "max_factor": i.max_factor,
        "note": i.caveat,
    }


def _observation_row(source: str, row: Observation, run_id: str) -> dict[str, Any]:
    values = {
        name: getattr(row, name)
        for name in ("indicator", "variant", "date", "bound", "unit", "lab", "url", "stated_at")
    }
    numbers = {name: _float(getattr(row, name)) for name in ("value", "low", "high", "level")}
    return {
        **values,
        **numbers,
        "source": source,
        "subject": clean(row.subject),
        "model": clean(row.model) if row.model else None,
        "detail": _json(row.detail) if row.detail else None,
        "run_id": run_id,
    }


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _refused_row(source: str, refused: Refused, run_id: str, known_at: datetime) -> dict[str, Any]:
    row, reason = _json(refused.row)[:4000], clean(refused.reason)
    run = run_id if refused.status == "pending" else ""
    return {
        "q_id": digest(source, refused.target, reason, row, run),
        "ref": None,
        "known_at": known_at,
        "run_id": run_id,
        "source": source,
        "target": refused.target,
        "status": refused.status,
        "reason": reason,
        "row": row,
    }


def _json(values: Mapping[str, object]) -> str:
    tidy = {k: clean(v) if isinstance(v, str) else v for k, v in values.items()}
    return json.dumps(tidy, sort_keys=True, ensure_ascii=False, default=str)
