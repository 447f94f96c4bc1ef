"""The routes for machines, and what each answers. How they answer (tags, limits, errors) stands in answers.py."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from dashboard import answers, export, feeds, health, shelf, verdicts, words
from dashboard.answers import CSV, METHODS, Ask, Body, Plan, Refusal, address, json_body
from dashboard.asking import USUAL_ROWS, limit_of, since_of, wanted_mentions
from dashboard.changed import changed_sources
from dashboard.reading import Reader, Series
from dashboard.view import View, query
from data import changes, mentions, queries, tidy
from data.extent import extents
from data.instants import read_instant
from data.schema import TABLES
from data.terms import terms
from data.text import safe_link

V1 = "/api/v1"
SERIES = ("observations", "indicators", "flags")
NOT_OURS = "not ours to redistribute; the publisher's page has the values"


def routes(reader: Callable[[], Reader]) -> list[Route]:
    """All routes for machines, over the one reader of this process."""
    table: dict[str, answers.Handler] = {
        f"{V1}/indicators.json": indicators,
        f"{V1}/indicators/{{key}}.metadata.json": metadata,
        f"{V1}/indicators/{{key}}.csv": indicator_csv,
        f"{V1}/indicators/{{key}}.json": indicator_json,
        f"{V1}/mentions.csv": mentions_csv,
        f"{V1}/mentions.json": mentions_json,
        f"{V1}/signals.json": verdicts.signals,
        f"{V1}/signals/{{key}}.json": verdicts.signal,
        f"{V1}/forecasts.json": verdicts.forecasts,
        f"{V1}/changes.json": changed,
        f"{V1}/sources.json": sources,
        f"{V1}/snapshot.zip": snapshots(shelf.Shelf()),
        **feeds.table(),
    }
    return [
        *answers.routes(reader, table),
        Route("/health", health_of(reader), methods=METHODS),
        *(Route(f"/{root}/{{rest:path}}", answers.preflight, methods=["OPTIONS"]) for root in ("api", "feeds")),
        *(Route(f"/{root}/{{rest:path}}", answers.nothing_here) for root in ("api", "feeds")),
    ]


def health_of(reader: Callable[[], Reader]) -> Callable[[Request], Any]:
    """Whether all is well, else 503 with the reasons: no tables, a silent worker, a late source."""

    async def endpoint(request: Request) -> Response:
        del request
        headers = {"cache-control": "no-store"}
        try:
            found = await run_in_threadpool(lambda: health.report(reader(), datetime.now(UTC)))
            return JSONResponse(found, 200 if found["ok"] else 503, headers=headers)
        except Exception:  # whatever it is, a monitor must hear of it
            answers.log.exception("path=/health failed")
            unwell = {"ok": False, "store": "unreadable", "reasons": ["the tables cannot be read"]}
            return JSONResponse(unwell, 503, headers=headers)

    return endpoint


def _links(key: str, view: View, *, free: bool) -> dict[str, str | None]:
    asked = export.filters(view)
    path = f"{V1}/indicators/{key}"
    return {
        "page": address(f"/{key}", asked),
        "csv": address(f"{path}.csv", asked) if free else None,
        "json": address(f"{path}.json", asked) if free else None,
        "metadata": address(f"{path}.metadata.json", asked),
        "signal": address(f"{V1}/signals/{key}.json", {k: v for k, v in asked.items() if k == "asof"}),
    }


def indicators(ask: Ask) -> Plan:
    """The catalogue, with what the tables hold of each indicator."""

    def build() -> Body:
        counts = extents(ask.store, ask.instant)
        found = []
        for key, row in ask.reader.catalogue(ask.instant).items():
            free = export.may_be_passed_on(row)
            extent = counts.get(key, {"values": 0, "first_date": None, "last_date": None, "newest_known_at": None})
            found.append({**export.definition(row), **extent, "links": _links(key, ask.view, free=free)})
        return json_body({"as_of": ask.instant, "count": len(found), "indicators": found})

    return Plan(SERIES, "indicators", build)


def _series(ask: Ask) -> Series:
    key = ask.parts["key"]
    if key not in ask.reader.catalogue(ask.instant):
        raise answers.not_found("indicator")
    return ask.reader.series(key, ask.instant, ask.view.variant)


def _shown(ask: Ask) -> tuple[Series, View]:
    """What is asked for: the rows of the view, or with `full=1` all of the indicator, as known then."""
    series = _series(ask)
    if not ask.is_set("full"):
        return series, ask.view
    rows = queries.observations(ask.store, ask.parts["key"], ask.instant)
    return export.whole(series, rows), View(as_of=ask.view.as_of, variant=ask.view.variant)


def _ours(ask: Ask) -> None:
    key = ask.parts["key"]
    row = ask.reader.catalogue(ask.instant).get(key)
    if row is None:
        raise answers.not_found("indicator")
    known = terms(ask.store, ask.instant).get(row["source"])
    if known is None or known.share == "none":
        raise Refusal(403, NOT_OURS)


def indicator_csv(ask: Ask) -> Plan:
    """The rows that the page shows with this query, as CSV."""
    _ours(ask)

    def build() -> Body:
        series, view = _shown(ask)
        name = export.file_name(series, view, export.newest_day(series, view))
        about = address(f"{V1}/indicators/{ask.parts['key']}.metadata.json", _asked(ask, "full"))
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "link": f'<{about}>; rel="describedby"; type="application/json"',
        }
        return Body(export.as_csv(series, view, excel=ask.is_set("excel")), CSV, headers)

    return Plan(SERIES, (ask.is_set("full"), ask.is_set("excel")), build)


def _asked(ask: Ask, *flags: str) -> dict[str, list[str]]:
    """The query in its canonical form, with those of our flags that are set."""
    return export.filters(ask.view) | {name: ["1"] for name in flags if ask.is_set(name)}


def indicator_json(ask: Ask) -> Plan:
    """The same rows as JSON: texts as the publisher writes them."""
    _ours(ask)

    def build() -> Body:
        series, view = _shown(ask)
        rows = export.as_rows(series, view)
        return json_body({**_about(ask, series, view), "count": len(rows), "rows": rows})

    return Plan(SERIES, ask.is_set("full"), build)


def metadata(ask: Ask) -> Plan:
    """What a file needs beside it: definition, terms, citation, filters, number of rows, hash."""
    series = _series(ask)

    def build() -> Body:
        shown, view = _shown(ask)
        found = {**_about(ask, shown, view), "columns": export.columns()}
        try:
            _ours(ask)
        except Refusal:
            return json_body({**found, "rows": None, "sha256": None, "withheld": NOT_OURS})
        body = export.as_csv(shown, view, excel=ask.is_set("excel"))
        found |= {"rows": len(export.table(shown, view)), "bytes": len(body)}
        return json_body({**found, "sha256": hashlib.sha256(body).hexdigest()})

    return Plan(SERIES, (ask.is_set("full"), ask.is_set("excel"), series.variant, datetime.now(UTC).date()), build)


def _about(ask: Ask, series: Series, view: View) -> dict[str, Any]:
    key, today = ask.parts["key"], datetime.now(UTC).date()
    day = view.as_of or today
    pinned = address(f"/{key}", export.filters(view) | {"asof": [day.isoformat()]})
    return {
        **export.definition(series.indicator),
        "as_of": view.instant,
        "newest_known_at": export.newest_known(series),
        "filters": _asked(ask, "full"),
        "variant": series.variant,
        "method": series.verdict.trend.method if series.verdict.trend else None,
        "citation": export.citation(series.indicator, day, pinned),
        "permalink": pinned,
        "links": _links(key, view, free=export.may_be_passed_on(series.indicator)),
    }


def _mentions(ask: Ask, path: str, body: Callable[[pl.DataFrame, dict[str, str], str | None], Body]) -> Plan:
    wanted, limit, after = wanted_mentions(ask), limit_of(ask), mentions.Cursor.read(ask.last("after"))

    def build() -> Body:
        rows, cursor = mentions.page(ask.store, wanted, limit, after)
        chosen = {k: v for k, v in query(ask.view).items() if k in ("lab", "topic", "kind", "q", "from", "to", "asof")}
        more = {"limit": [str(limit)]} if limit != USUAL_ROWS else {}
        more |= {"excel": ["1"]} if ask.is_set("excel") else {}
        following = address(path, chosen | more | {"after": [str(cursor)]}) if cursor else None
        return body(rows, {"link": f'<{following}>; rel="next"'} if following else {}, following)

    return Plan(("mentions", "indicators"), (wanted, limit, str(after), ask.is_set("excel")), build)


def mentions_csv(ask: Ask) -> Plan:
    """Mentions by lab and topic, newest first, as CSV; the next page stands in the Link header."""

    def body(rows: pl.DataFrame, headers: dict[str, str], _: str | None) -> Body:
        day = ask.view.as_of or datetime.now(UTC).date()
        name = "_".join(["mentions", day.isoformat(), *ask.view.labs]) + ".csv"
        mark = b"\xef\xbb\xbf" if ask.is_set("excel") else b""
        headers = {**headers, "content-disposition": f'attachment; filename="{name}"'}
        return Body(mark + b"".join(tidy.csv_pieces(rows)), CSV, headers)

    return _mentions(ask, f"{V1}/mentions.csv", body)


def mentions_json(ask: Ask) -> Plan:
    """The same as JSON, with the address of the next page."""

    def body(rows: pl.DataFrame, headers: dict[str, str], following: str | None) -> Body:
        found = {"as_of": ask.instant, "count": len(rows), "next": following, "mentions": rows.to_dicts()}
        return json_body(found, **headers)

    return _mentions(ask, f"{V1}/mentions.json", body)


def changed(ask: Ask) -> Plan:
    """What is known otherwise than at `since`: values, definitions, flags, sources."""
    since, limit = since_of(ask), limit_of(ask)

    def build() -> Body:
        values = changes.changed_values(ask.store, since, ask.instant)
        defined = changes.changed_definitions(ask.store, since, ask.instant)
        permitted = [name for name, t in terms(ask.store, ask.instant).items() if t.share != "none"]
        free = values.filter(pl.col("source").is_in(permitted))
        counts = values.group_by("indicator", "kind").len("values").sort("indicator", "kind")
        return json_body(
            {
                "since": since,
                "as_of": ask.instant,
                "totals": dict.fromkeys(changes.KINDS, 0) | dict(values.group_by("kind").len().iter_rows()),
                "by_indicator": counts.to_dicts(),
                "withheld": len(values) - len(free),
                "complete": len(free) <= limit,
                "values": free.head(limit).to_dicts(),
                "definitions": defined.to_dicts(),
                "flags": verdicts.events(ask.reader, since, ask.instant),
                "sources": changed_sources(ask.reader, since, ask.instant),
            }
        )

    return Plan((*SERIES, "runs"), (since, limit), build)


def sources(ask: Ask) -> Plan:
    """Every source: whose it is, under which terms, and how it stands."""
    listed = list(_sources(ask))
    return Plan((), str(listed), lambda: json_body({"as_of": ask.instant, "sources": listed}))


def _sources(ask: Ask) -> Iterator[dict[str, Any]]:
    states, known = ask.reader.states(ask.instant), terms(ask.store, ask.instant)
    now = ask.instant or datetime.now(UTC)
    by_source: dict[str, list[Any]] = {}
    for row in ask.reader.catalogue(ask.instant).values():
        by_source.setdefault(row["source"], []).append(row)
    for name in sorted({*states, *known}):
        state, own = states.get(name), by_source.get(name, [])
        yield {
            "source": name,
            "title": known[name].title if name in known else None,
            "homepage": safe_link(known[name].homepage) if name in known else None,
            "licence": known[name].licence if name in known else None,
            "credit": known[name].credit if name in known else None,
            "share": known[name].share if name in known else None,
            "standing": (words.standing(own[0], state, now)[0] or "up to date") if own else None,
            "outcome": state.outcome if state else None,
            "outcome_in_words": words.OUTCOMES.get(state.outcome) if state else None,
            "failures": state.failures if state else 0,
            "last_good": state.last_good if state else None,
            "last_try": state.last_try if state else None,
            "newest_known_at": state.newest_known_at if state else None,
            "is_baseline": state.is_baseline if state else None,
            "period_days": own[0]["period_days"] if own else None,
            "indicators": sorted(row["indicator"] for row in own),
        }


def snapshots(kept: shelf.Shelf) -> answers.Handler:
    """The whole as one zip, or what belongs to some indicators, as known at `asof`, which may also be an instant."""

    def snapshot(ask: Ask) -> Plan | Response:
        given = read_instant(ask.last("asof")) if "T" in ask.last("asof") else ask.instant
        instant = None if given and given > datetime.now(UTC) else given
        wanted = tuple(sorted(set(ask.given.get("indicator", ()))))
        if not set(wanted) <= set(ask.reader.catalogue(instant)):
            raise answers.not_found("indicator")
        tag = answers.tag_of(ask.store, tuple(TABLES), ("snapshot", instant, wanted))
        pinned = View(as_of=instant.date() if instant else None)
        headers = {**answers.OPEN, **answers.cache_headers(pinned), "etag": f'"{tag}"'}
        if ask.has(tag):
            return Response(status_code=304, headers=headers)
        try:
            found = kept.take(ask.store, instant, wanted)
        except shelf.Busy:
            raise Refusal(503, "a snapshot is being built; ask again in half a minute") from None
        if found is None:
            raise Refusal(404, "nothing had been stored by then")
        part = f"_{wanted[0]}" if len(wanted) == 1 else f"_{len(wanted)}-indicators" if wanted else ""
        name = f"ai-progress-monitor{part}_{found.instant:%Y-%m-%d}.zip"
        headers["content-disposition"] = f'attachment; filename="{name}"'
        return FileResponse(found.path, headers=headers, media_type="application/zip")

    return snapshot
