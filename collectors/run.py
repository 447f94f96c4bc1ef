"""One run of one source: collect, check, store, and write down what happened. All or nothing.

The order of writes makes a cut run harmless: refused rows, observations, mentions, and the run record
last. A run that was cut is repeated and merges to nothing new.
"""

import json
import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import polars as pl

from collectors import doubt, parse
from collectors.counts import by_week
from collectors.counts import from_table as counts_from_table
from collectors.mentions import first_seen, mention_rows
from collectors.source import FORETOLD, Collector, Http, Row
from data import queries
from data.queries import Held
from data.schema import SUCCESS, BadRow, Failure, Indicator, Mention, Observation, Outcome, Refused, Run
from data.store import Store, digest
from data.text import clean

log = logging.getLogger("collectors")

VANISHED_SHARE = 0.10
VANISHED = "vanished: missing from a complete answer"
RELEASED = "released by a person"
MISSING_SHARE = 0.25
"""So large a part of the records of the last good answer may be gone before it counts as half an answer."""
UNFOUNDED = "made of several values, of which one is held back"
SETTLED_BY_NEXT = (VANISHED, UNFOUNDED)
"""Held rows that no person need release."""


class LessThanBefore(Failure):
    """An answer that lacks too much of what the last one had. `held` is what a person can let through."""

    def __init__(self, source: str, text: str, **row: int) -> None:
        super().__init__("incomplete", f"{source}: {text}")
        self.held = Refused(reason=text, row=row, target="answer", status="pending")


@dataclass
class Batch:
    """The rows of one run after the checks; `points` are all that the answer has, believed or not."""

    points: set[tuple[object, ...]] = field(default_factory=set)
    observations: list[Observation] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    withdrawn: list[dict[str, Any]] = field(default_factory=list)
    vanished: int = 0
    seen: int = 0
    records: int = 0


@dataclass
class _Attempt:
    """One run on its way: what was collected and what has become of it."""

    collector: Collector
    http: Http
    run_id: str
    at: datetime | None
    batch: Batch = field(default_factory=Batch)
    outcome: Outcome = "ok"
    error: str | None = None
    new: int = 0

    def __post_init__(self) -> None:
        self.started, self._clock = self.at or datetime.now(UTC), time.monotonic()

    def failed(self, problem: BaseException) -> None:
        self.outcome, self.error = _classify(problem)
        if isinstance(problem, LessThanBefore):
            self.batch = Batch(refused=[problem.held])
        if self.outcome == "crash":
            log.error("source=%s run=%s outcome=crash", self.collector.name, self.run_id, exc_info=problem)

    def record(self) -> Run:
        traffic, seconds = self.http.traffic(), time.monotonic() - self._clock
        if self.outcome == "ok" and not self.batch.seen:
            self.outcome = "no_data"
        if self.outcome in SUCCESS and traffic.unchanged:
            self.outcome = "not_modified"
        return Run(
            run_id=self.run_id,
            source=self.collector.name,
            started_at=self.started,
            ended_at=self.started + timedelta(seconds=seconds if self.at is None else 0),
            outcome=self.outcome,
            http_status=traffic.http_status,
            requests=traffic.requests,
            bytes_wire=traffic.bytes_wire,
            bytes_body=traffic.bytes_body,
            rows_seen=self.batch.seen,
            rows_new=self.new,
            rows_quarantined=len(self.batch.refused),
            rows_vanished=self.batch.vanished,
            records=self.batch.records,
            # kept only after a good parse: a bad answer must be fetched again
            validators=traffic.validators if self.outcome in SUCCESS else None,
            not_before=traffic.not_before,
            host=traffic.host,
            url=traffic.url,
            error=clean(self.error, 500) if self.error else None,
            code_version=code_version(),
        )


def run_source(collector: Collector, http: Http, store: Store, *, run_id: str = "", at: datetime | None = None) -> Run:
    """Collect and store one source; returns the record of the run, whatever happened.

    `at` stamps the rows of a replay with the instant at which they were known; a live run leaves it out.
    """
    attempt = _Attempt(collector, http, run_id or uuid.uuid4().hex, at)
    _collect(attempt, store, None)
    _try_to_store([attempt], store)
    return recorded([attempt.record()], store)[0]


def run_together(jobs: Sequence[tuple[Collector, Http]], store: Store, at: datetime) -> list[Run]:
    """Replay many sources with one commit a table instead of one a source: each costs as much as parsing them all."""
    attempts = [_Attempt(collector, http, uuid.uuid4().hex, at) for collector, http in jobs]
    try:
        stored = queries.points_by_source(store, [c.name for c, _ in jobs], at)
    except Exception:
        log.exception("cannot read the stored points of all sources at once")
        return [run_source(collector, http, store, at=at) for collector, http in jobs]
    for attempt in attempts:
        _collect(attempt, store, stored.get(attempt.collector.name, []))
    _try_to_store(attempts, store)
    return recorded([attempt.record() for attempt in attempts], store)


def _collect(attempt: _Attempt, store: Store, stored: list[dict[str, Any]] | None) -> None:
    collector, http = attempt.collector, attempt.http
    try:
        rows = collector.collect(http)
        attempt.batch = check(collector, rows, http.now, store, partial=http.partial, stored=stored)
    except (Exception, SystemExit) as problem:  # a source may not end the worker
        attempt.failed(problem)


def _try_to_store(attempts: list[_Attempt], store: Store) -> None:
    """All at once; where that fails, one by one, so that the trouble of one source is not that of all."""
    try:
        _store(attempts, store)
    except Exception as problem:
        if len(attempts) == 1:
            attempts[0].failed(problem)
        else:
            for attempt in attempts:
                _try_to_store([attempt], store)


def check(
    collector: Collector,
    rows: Iterable[Row],
    now: datetime,
    store: Store,
    *,
    partial: bool = False,
    stored: list[dict[str, Any]] | None = None,
) -> Batch:
    """The rows of a run, sorted and checked. Raises Failure where the answer as a whole cannot be believed.

    `partial`: the rows may be fewer than the publisher serves, so that their number says nothing. `stored`: the
    current points of the source, if they have been read already.
    """
    batch = Batch()
    doubted = _read(collector, rows, now, batch)
    good = len(batch.observations) + len(batch.mentions)
    batch.seen = good + len(batch.refused)
    if batch.seen < collector.source.at_least:
        raise Failure(
            "incomplete", f"{collector.name}: {batch.seen} rows, at least {collector.source.at_least} expected"
        )
    if batch.refused and not good:
        raise Failure("incomplete", f"{collector.name}: every row is refused, the first: {batch.refused[0].reason}")
    if not partial:
        _compare_with_last(collector, batch, store, now)
    if stored is None:
        stored = queries.current_points(store, collector.name, now)
    _look_for_vanished(collector, batch, now, stored, store)
    if collector.source.counts is None:  # a day that is counted again while it fills is no change of unit
        judged = doubt.judge(
            {indicator.key: indicator for indicator in collector.source.indicators},
            batch.observations,
            stored,
            held=lambda: queries.held(store, collector.name, now - collector.source.every / 2),
            released=lambda: queries.released(store, collector.name, RELEASED, now),
        )
        batch.observations = judged.believed
        batch.refused += judged.refused
        if stored and _is_news(collector, [*doubted, *judged.refused], now, store):
            _hold_derived(batch, stored)
    return batch


def _read(collector: Collector, rows: Iterable[Row], now: datetime, batch: Batch) -> list[Refused]:
    """Sort the rows of an answer into the batch; those that were refused for what they say."""
    indicators = {indicator.key: indicator for indicator in collector.source.indicators}
    latest, doubted = now + FORETOLD, []
    with parse.counting() as records:
        for row in rows:
            if isinstance(row, Refused):
                batch.refused.append(row)
            elif isinstance(row, Mention):
                if row.at is not None and row.at > latest:
                    batch.refused.append(_foretold(row))
                else:
                    batch.mentions.append(row)
            else:
                observation = _cleaned(row)
                batch.points.add(observation.point)
                if problem := _cannot_be(observation, indicators, latest):
                    doubted.append(Refused.of(observation, problem))
                else:
                    batch.observations.append(observation)
    batch.refused += doubted
    read, batch.records = len(batch.observations), sum(records)
    batch.observations = _once(collector, batch.observations)
    if read:  # where everything stands twice, half of it is what the next answer has to have
        batch.records = batch.records * len(batch.observations) // read
    return doubted


def _cleaned(row: Observation) -> Observation:
    """With the name under which it is stored, so that a point is the same in every comparison."""
    subject = clean(row.subject)
    return row if subject == row.subject else replace(row, subject=subject)


def _cannot_be(row: Observation, indicators: Mapping[str, Indicator], latest: datetime) -> str:
    """Why a value cannot be true whatever else is known; empty if it can."""
    if row.date > latest.date():
        return "a date in the future"
    return doubt.impossible(indicators[row.indicator], row) if row.indicator in indicators else ""


def _foretold(mention: Mention) -> Refused:
    assert mention.at is not None
    row = {"outlet": mention.outlet, "title": mention.title, "url": mention.url, "at": mention.at.isoformat()}
    return Refused(reason="a date in the future", row=row, target="mentions")


def _is_news(collector: Collector, refused: Iterable[Refused], now: datetime, store: Store) -> bool:
    """Whether something is refused that was believed, or absent, in the answer before."""
    unsettled = [row for row in refused if row.status != "accepted"]
    if not unsettled:
        return False
    q_ids = {_refused_row(collector.name, row, "", now)["q_id"] for row in unsettled}
    return bool(q_ids - queries.refused_before(store, q_ids, now - collector.source.every / 2))


def _hold_derived(batch: Batch, stored: Iterable[Mapping[str, Any]]) -> None:
    """What is made of several values waits where one of them is in doubt, unless it comes out as before."""
    before: dict[object, float] = {
        (row["indicator"], row["subject"], row["variant"], row["date"]): row["value"] for row in stored
    }
    waiting = [row for row in batch.observations if row.derived and before.get(row.point) != row.value]
    points = {row.point for row in waiting}
    batch.observations = [row for row in batch.observations if row.point not in points]
    for indicator, count in Counter(row.indicator for row in waiting).items():
        batch.refused.append(Refused(reason=UNFOUNDED, row={"indicator": indicator, "values": count}, status="pending"))


def _compare_with_last(collector: Collector, batch: Batch, store: Store, now: datetime) -> None:
    """An answer with a quarter less in it is half an answer. Feeds roll, and are not judged by this."""
    if collector.source.counts is not None or not collector.source.indicators or batch.mentions:
        return
    last = queries.records_read(store, collector.name)
    if batch.records < (1 - MISSING_SHARE) * last:
        less = LessThanBefore(
            collector.name,
            f"{batch.records} records, the last good answer had {last}",
            records=batch.records,
            before=last,
        )
        _raise_unless_released(collector, less, store, now)


def _raise_unless_released(collector: Collector, less: LessThanBefore, store: Store, now: datetime) -> None:
    if not any(held.row == less.held.row for held in queries.released(store, collector.name, RELEASED, now)):
        raise less


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


def _look_for_vanished(
    collector: Collector, batch: Batch, now: datetime, points: Iterable[dict[str, Any]], store: Store
) -> None:
    """Stored points missing from a complete answer: noted first, withdrawn when missing again a while later.

    Only lists that were read count: a suite or layout that is absent as a whole is not judged. A run
    repeated at once proves nothing, so the earlier note must be half a period old.
    """
    complete = {i.key for i in collector.source.indicators if i.full_list}
    lists = {(row.indicator, row.variant) for row in batch.observations if row.indicator in complete}
    stored = [row for row in points if (row["indicator"], row["variant"]) in lists]
    gone = [r for r in stored if (r["indicator"], r["subject"], r["variant"], r["date"]) not in batch.points]
    batch.vanished = len(gone)
    if not gone:
        return
    missing, before = _published(gone, batch), _published(stored, batch)
    if missing > VANISHED_SHARE * before:
        text = f"{missing} of {before} stored values are missing from the answer"
        less = LessThanBefore(collector.name, text, missing=missing, before=before)
        _raise_unless_released(collector, less, store, now)
        batch.withdrawn += gone
        return
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


def _published(stored: Sequence[Mapping[str, Any]], batch: Batch) -> int:
    """How many of these points are the publisher's own.

    Which models made a record follows from restated values and says nothing about what an answer lacks.
    """
    lists = {(row.indicator, row.variant) for row in batch.observations if not row.derived}
    return sum((row["indicator"], row["variant"]) in lists for row in stored)


def _store(attempts: Sequence[_Attempt], store: Store) -> None:
    at = attempts[0].at
    known_at = at or datetime.now(UTC)
    refused = [_refused_row(a.collector.name, r, a.run_id, known_at) for a in attempts for r in a.batch.refused]
    store.append_new("quarantine", refused)
    attempts = [attempt for attempt in attempts if attempt.outcome == "ok"]
    if not attempts:
        return
    store.append_vintages("indicators", [row for a in attempts for row in catalogue_rows(a.collector)], at=None)
    new = store.append_vintages("observations", [row for a in attempts for row in _observation_rows(a)], at)
    if len(attempts) == 1:
        attempts[0].new = new
    else:
        added = queries.rows_by_run(store, [a.run_id for a in attempts])
        for attempt in attempts:
            attempt.new = added.get(attempt.run_id, 0)
    items: list[dict[str, Any]] = []
    for a in attempts:
        tagged = [r for m in a.batch.mentions for r in mention_rows(a.collector.name, m, a.run_id, known_at)]
        items += first_seen(tagged, a.collector.name, store)
    new = store.append_new("mentions", items)
    if len(attempts) == 1:
        attempts[0].new += new
    elif new:
        added = queries.rows_by_run(store, [a.run_id for a in attempts], "mentions")
        for attempt in attempts:
            attempt.new += added.get(attempt.run_id, 0)
    for attempt in attempts:
        attempt.new += count(attempt.collector, attempt.batch.observations, store, attempt.run_id, known_at, at)


def _observation_rows(attempt: _Attempt) -> Iterator[dict[str, Any]]:
    nothing = {"value": None, "low": None, "high": None, "level": None, "run_id": attempt.run_id}
    for row in attempt.batch.observations:
        yield _observation_row(attempt.collector.name, row, attempt.run_id)
    for gone in attempt.batch.withdrawn:
        yield {**gone, **nothing}


def count(
    collector: Collector,
    read: Iterable[Observation],
    store: Store,
    run_id: str,
    now: datetime,
    at: datetime | None,
    since: date | None = None,
) -> int:
    """Bring the counts of mentions up to date; the number of rows added.

    `read`: the daily rows of this run, if any. `since`: the first day to count again from stored titles; by
    default the last few.
    """
    counts = collector.source.counts
    if counts is None:
        return 0
    made = counts_from_table(counts, collector.name, store, now, since) if counts.from_table else []
    new = store.append_vintages("observations", [_observation_row(collector.name, row, run_id) for row in made], at)
    days = [row.date for row in (*made, *read) if row.indicator == counts.daily.key]
    if not days:
        return new
    weeks = by_week(counts, collector.name, store, min(days), now)
    return new + store.append_vintages(
        "observations", [_observation_row(collector.name, row, run_id) for row in weeks], at
    )


def recorded(runs: list[Run], store: Store) -> list[Run]:
    """Write the records, as the last write of a run. Where even that fails, the log has them."""
    try:
        store.append_new("runs", [{**asdict(run), "month": f"{run.ended_at:%Y-%m}"} for run in runs])
    except Failure as failure:
        runs = [replace(run, outcome="storage", error=str(failure)) for run in runs]
    for run in runs:
        seconds = (run.ended_at - run.started_at).total_seconds()
        counts = f"rows={run.rows_seen} new={run.rows_new} held_back={run.rows_quarantined} seconds={seconds:.1f}"
        level = logging.INFO if run.error is None else logging.WARNING
        said = f" error={run.error!r}" if run.error else ""
        log.log(level, "source=%s outcome=%s %s%s", run.source, run.outcome, counts, said)
    return runs


def _classify(problem: BaseException) -> tuple[Outcome, str]:
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


def held_rows(store: Store, names: Iterable[str], now: datetime) -> list[Held]:
    """What is held now: by the last good run of each source, and not released since."""
    found = []
    for name in names:
        let_through = store.read("quarantine").filter(pl.col("source") == name).select("ref").collect()["ref"].to_list()
        found += [row for row in queries.held(store, name, now) if row.q_id not in let_through]
    return found


def release(store: Store, held: Held, now: datetime) -> None:
    """Write down that a person lets a held row through; the next run of its source finds it."""
    store.append_new(
        "quarantine",
        [
            {
                "q_id": digest(held.source, RELEASED, held.q_id),
                "ref": held.q_id,
                "known_at": now,
                "run_id": "",
                "source": held.source,
                "target": "observations",
                "status": "accepted",
                "reason": RELEASED,
                "row": _json(held.row),
            }
        ],
    )


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
        "closed_on": i.closed_on or source.closed_on,
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
        "subject": row.subject,
        "model": clean(row.model) if row.model else None,
        "detail": _json(row.detail) if row.detail else None,
        "run_id": run_id,
    }


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _refused_row(source: str, refused: Refused, run_id: str, known_at: datetime) -> dict[str, Any]:
    row, reason = _json(refused.row)[:4000], clean(refused.reason)
    # what was refused for good, or as a whole, is listed once and not once a run
    run = run_id if refused.status != "rejected" and refused.target != "answer" else ""
    return {
        "q_id": digest(source, refused.target, reason, row, run),
        "ref": refused.ref,
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
