"""The signals for machines: the verdict on each indicator, and every change of a flag, with the words for it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dashboard import words
from dashboard.answers import Ask, Body, Plan, not_found
from dashboard.answers import json_body as _json
from dashboard.reading import Indicator, Reader
from dashboard.theme import FLAGS
from data import changes, queries
from data.extent import all_values
from signals import forecast, ledger
from signals.verdict import Verdict

TABLES = ("observations", "indicators", "flags")
HISTORY = (
    "row_id", "known_at", "indicator", "subject", "method", "was", "state", "n", "ratio", "p", "q", "break_date",
    "last_period", "data_id",
)  # fmt: skip


def signals(ask: Ask) -> Plan:
    """The verdict on every indicator, as the pages show it, on all labs."""

    def build() -> Body:
        found = list(_verdicts(ask))
        counts = {state: sum(v["state"] == state for v in found) for state in FLAGS}
        return _json({"as_of": ask.instant, "count": len(found), "states": counts, "signals": found})

    return Plan(TABLES, "signals", build)


def signal(ask: Ask) -> Plan:
    """One indicator's verdict with the history of its flag; or, by the id of a row of the ledger, that change."""
    key = ask.parts["key"]
    is_indicator = key in ask.reader.catalogue(ask.instant)
    history = events(ask.reader, None, ask.instant)
    one = next((event for event in history if event["row_id"] == key), None)
    if not is_indicator and one is None:
        raise not_found("signal")

    def build() -> Body:
        if not is_indicator:
            return _json(one)
        return _json({**_verdict(ask, key), "history": [event for event in history if event["indicator"] == key]})

    return Plan(TABLES, "signal", build)


def events(reader: Reader, since: datetime | None, instant: datetime | None) -> list[dict[str, Any]]:
    """The changes of flags between two instants, newest first, each with its sentence."""
    found = changes.changed_flags(reader.store, since, instant)
    return [_event(reader.catalogue(instant), row) for row in found.iter_rows(named=True)]


def forecasts(ask: Ask) -> Plan:
    """The forecast book: every projection as it was frozen at issue, what came of it, and how many held."""

    def build() -> Body:
        book = ask.reader.forecasts(ask.instant)
        held = forecast.coverage(book).as_json()
        told = [projection.as_json() for projection in book]
        return _json({"as_of": ask.instant, "count": len(told), "coverage": held, "forecasts": told})

    return Plan(TABLES, "forecasts", build)


def _verdicts(ask: Ask) -> Iterator[dict[str, Any]]:
    """All verdicts, from one reading of the values; the same that the pages come to one by one."""
    values, findings = all_values(ask.store, ask.instant), ledger.read(ask.store, ask.instant)
    nothing = queries.observations(ask.store, "", ask.instant)
    for key, indicator in ask.reader.catalogue(ask.instant).items():
        rows = values.get(key, nothing)
        yield _told(indicator, ledger.judge(indicator, rows, as_of=ask.instant, finding=findings.get(key)))


def _verdict(ask: Ask, key: str) -> dict[str, Any]:
    series = ask.reader.series(key, ask.instant)
    return _told(series.indicator, series.verdict)


def _told(indicator: Indicator, verdict: Verdict) -> dict[str, Any]:
    key = indicator["indicator"]
    return {
        "id": key,
        "name": indicator["name"],
        "stage": indicator["stage"],
        "source": indicator["source"],
        "licence": indicator["licence"],
        "credit": indicator["credit"],
        "page": f"/{key}",
        "word": FLAGS[verdict.state].word,
        **verdict.as_json(),
    }


def _event(catalogue: Mapping[str, Indicator], row: Mapping[str, Any]) -> dict[str, Any]:
    indicator = catalogue.get(row["indicator"])
    found = {name: row[name] for name in HISTORY}
    return {
        "id": row["row_id"],
        **found,
        "name": indicator["name"] if indicator else row["indicator"],
        "stage": indicator["stage"] if indicator else None,
        "sentence": sentence(row),
    }


def sentence(row: Mapping[str, Any]) -> str:
    """A change of a flag in words, with the figures that it rests on."""
    was = f", was {_word(row['was'])}" if row["was"] else ""
    figures = [f"n = {row['n']}"]
    figures += [f"slope ratio {words.number(row['ratio'], 2)}"] if row["ratio"] is not None else []
    figures += [f"{name} = {words.number(row[name], 2)}" for name in ("p", "q") if row[name] is not None]
    about = f" ({row['subject']})" if row["subject"] else ""
    since = f"; slope changes about {row['break_date']:%b %Y}" if row["break_date"] else ""
    return f"{_word(row['state'])}{about}{was}: {', '.join(figures)}{since}. Method {row['method']}."


def _word(state: str) -> str:
    return FLAGS[state].word if state in FLAGS else state
