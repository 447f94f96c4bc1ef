"""How every route answers: asked with the pages' own codec, tagged by what it depends on, built once.

A tag stands for the versions of the tables read, the canonical question and the code; a reader who has
that tag is told so before anything is built. No answer repeats what was asked in words of the asker.
"""

import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.reading import Reader
from dashboard.view import Query, View, clamped, parse, query
from data.schema import Failure
from data.store import Store

log = logging.getLogger("dashboard")

JSON, CSV = "application/json; charset=utf-8", "text/csv; charset=utf-8"
METHODS = ["GET", "HEAD"]
MOST_KEPT = 32_000_000
OPEN = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Link, Content-Disposition, Content-Length, Retry-After",
}
PREFLIGHT = {"access-control-allow-methods": "GET, HEAD", "access-control-allow-headers": "If-None-Match, Range"}
UNREADABLE = {"error": "the tables cannot be read at the moment"}


class Refusal(Exception):
    """A question that gets a short answer instead; the words are ours, never the asker's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def not_found(what: str) -> Refusal:
    return Refusal(404, f"there is no such {what}")


@dataclass(frozen=True)
class Body:
    """What is sent: bytes, their type, and the headers that go with them."""

    content: bytes
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """A question: whom to read, the view that it asks for, the rest of the query, and which tags the asker has."""

    reader: Reader
    path: str
    parts: Mapping[str, str]
    given: Query
    view: View
    has: Callable[[str], bool]

    @property
    def store(self) -> Store:
        return self.reader.store

    @property
    def instant(self) -> datetime | None:
        return self.view.instant

    def last(self, name: str) -> str:
        """The last value of a key of the query; empty without one."""
        return (self.given.get(name) or [""])[-1]

    def is_set(self, name: str) -> bool:
        return self.last(name) == "1"


@dataclass(frozen=True)
class Plan:
    """How to answer: which tables it depends on, what tells it from other questions, and how to build it."""

    tables: Sequence[str]
    key: object
    build: Callable[[], Body]
    seconds: int | None = None


Handler = Callable[[Ask], Plan | Response]
ReaderOf = Callable[[], Reader]


def json_body(found: Any, **headers: str) -> Body:
    """A JSON answer; numbers that JSON does not know are an error and not an invention."""
    text = json.dumps(found, ensure_ascii=False, allow_nan=False, default=_plain)
    return Body(text.encode(), JSON, headers)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not for JSON: {type(value).__name__}")


def instant_text(at: datetime) -> str:
    """`2026-11-23T06:00:00Z`; with microseconds only where there are some."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text}Z"


def address(path: str, asked: Mapping[str, Sequence[str]] | None = None) -> str:
    """A path of this server with its query; whole addresses would repeat a Host that anyone can write."""
    return path + (f"?{urlencode(asked, doseq=True)}" if asked else "")


@cache
def code_version() -> str:
    """A hash of the program's own text: new code must not be answered with old tags."""
    total = hashlib.sha256()
    for package in ("data", "signals", "dashboard"):
        for entry in sorted(files(package).iterdir(), key=lambda e: e.name):
            if entry.is_file() and entry.name.endswith((".py", ".yaml")):
                total.update(entry.read_bytes())
    return total.hexdigest()[:16]


class Kept:
    """The newest answers, by tag, up to some megabytes."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most, self._size = most, 0
        self._bodies: OrderedDict[str, Body] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tag: str) -> Body | None:
        with self._lock:
            if tag in self._bodies:
                self._bodies.move_to_end(tag)
            return self._bodies.get(tag)

    def put(self, tag: str, body: Body) -> None:
        if len(body.content) > self._most // 4:
            return
        with self._lock:
            if tag not in self._bodies:
                self._bodies[tag] = body
                self._size += len(body.content)
            while self._size > self._most:
                self._size -= len(self._bodies.popitem(last=False)[1].content)


def tag_of(store: Store, tables: Sequence[str], key: object) -> str:
    """The ETag of an answer, without its quotes."""
    versions = [(name, store.version(name)) for name in tables]
    return hashlib.sha256(repr((code_version(), versions, key)).encode()).hexdigest()[:32]


def _is_known(request: Request, tag: str) -> bool:
    """Whether the asker says that it has this answer already."""
    given = request.headers.get("if-none-match", "")
    known = {part.strip().removeprefix("W/") for part in given.split(",")}
    return "*" in known or f'"{tag}"' in known


def routes(reader: ReaderOf, table: Mapping[str, Handler]) -> Iterator[Route]:
    """One route a path, each answered in a worker thread, tagged, and kept."""
    kept = Kept()
    for path, handler in table.items():
        yield Route(path, _endpoint(reader, handler, kept), methods=METHODS)


def _endpoint(reader: ReaderOf, handler: Handler, kept: Kept) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_answer, reader, handler, kept, request)

    return endpoint


def _answer(reader: ReaderOf, handler: Handler, kept: Kept, request: Request) -> Response:
    try:
        ask = _ask(reader(), request)
        plan = handler(ask)
        return plan if isinstance(plan, Response) else _served(ask, plan, kept)
    except Refusal as refusal:
        later = {"retry-after": "30"} if refusal.status == 503 else {}
        return JSONResponse({"error": str(refusal)}, refusal.status, headers={**OPEN, **later})
    except Exception as problem:  # the last door before the web: nothing of the inside may show
        log.exception("path=%s failed", handler.__name__ if hasattr(handler, "__name__") else "?")
        if isinstance(problem, Failure | OSError) or not _readable(reader):
            return JSONResponse(UNREADABLE, 503, headers={**OPEN, "retry-after": "60"})
        return JSONResponse({"error": "this could not be answered; it has been written down"}, 500, headers=OPEN)


def _readable(reader: ReaderOf) -> bool:
    try:
        reader().versions()
    except Exception:
        return False
    return True


def _ask(reader: Reader, request: Request) -> Ask:
    given: Query = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    view = clamped(parse(given), datetime.now(UTC).date())
    return Ask(reader, request.scope["path"], request.path_params, given, view, lambda tag: _is_known(request, tag))


def _served(ask: Ask, plan: Plan, kept: Kept) -> Response:
    tag = tag_of(ask.store, plan.tables, (ask.path, query(ask.view), plan.key))
    headers = {**OPEN, **cache_headers(ask.view, plan.seconds), "etag": f'"{tag}"'}
    if ask.has(tag):
        return Response(status_code=304, headers=headers)
    body = kept.get(tag)
    if body is None:
        body = plan.build()
        kept.put(tag, body)
    return Response(body.content, headers={**headers, **body.headers}, media_type=body.media)


def cache_headers(view: View, seconds: int | None = None) -> dict[str, str]:
    """How long an answer holds: five minutes, or a day where it says what was known on a past day."""
    held = seconds if seconds is not None else 86_400 if view.as_of else 300
    return {"cache-control": f"public, max-age={held}"}


async def preflight(request: Request) -> Response:
    """Browsers ask before they send a tag from another site."""
    del request
    return Response(status_code=204, headers={**OPEN, **PREFLIGHT, "access-control-max-age": "86400"})


async def nothing_here(request: Request) -> Response:
    """Below /api and /feeds an unknown path is an error, and not a page."""
    del request
    return JSONResponse({"error": "there is nothing at this address; see docs/api.md"}, 404, headers=OPEN)
