"""The ASGI app: Streamlit's pages, the files beside them, and the headers that keep both safe.

The content policy was tried against a proven script injection: it no longer ran. Streamlit's own
metrics are not public.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from dashboard import export
from dashboard.live import reader
from dashboard.view import parse, query
from data import queries
from data.schema import Failure

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
NOT_FOUND = {"error": "there is no such indicator"}
NOT_OURS = {"error": "not ours to redistribute; the publisher's page has the values"}


@cache
def _headers() -> list[tuple[bytes, bytes]]:
    index = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in inline)
    policy = (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "frame-src 'none'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]


class SecurityHeaders:
    """Adds the headers to every answer and hides the metrics."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith("/_stcore/metrics"):
            await send({"type": "http.response.start", "status": 404, "headers": _headers()})
            await send({"type": "http.response.body", "body": b""})
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_headers()]
            await send(message)

        await self.app(scope, receive, add)


async def indicator_csv(request: Request) -> Response:
    """The rows of one indicator as a view shows them; the query is that of the page."""
    return await run_in_threadpool(_indicator_csv, request)


def _indicator_csv(request: Request) -> Response:
    asked: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        asked.setdefault(name, []).append(value)
    view, key = parse(asked), request.path_params["key"]
    if key not in reader().catalogue(view.instant):
        return JSONResponse(NOT_FOUND, 404)
    series = reader().series(key, view.instant, view.variant)
    if not export.may_be_passed_on(series.indicator):
        return JSONResponse(NOT_OURS, 403)
    excel = asked.get("excel") == ["1"]
    tag = hashlib.sha256(repr((reader().versions(), key, query(view), excel)).encode()).hexdigest()[:32]
    headers = {"etag": f'"{tag}"', "cache-control": "public, max-age=300", "access-control-allow-origin": "*"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    newest = (
        view.as_of.isoformat()
        if view.as_of
        else series.rows["known_at"].max().strftime("%Y-%m-%d")
        if len(series.rows)
        else "empty"
    )
    headers["content-disposition"] = f'attachment; filename="{export.file_name(series, view, newest)}"'
    return Response(export.as_csv(series, view, excel=excel), headers=headers, media_type="text/csv; charset=utf-8")


async def health(request: Request) -> Response:
    """Whether the tables can be read, and what they hold; 503 when they cannot."""
    del request
    try:
        return JSONResponse(await run_in_threadpool(_health))
    except (Failure, OSError, RuntimeError):
        return JSONResponse({"ok": False, "error": "the tables cannot be read"}, 503)


def _health() -> dict[str, Any]:
    tables = queries.status(reader().store)["tables"]
    return {
        "ok": True,
        "tables": {name: {"rows": t["rows"], "newest": t["newest_known_at"]} for name, t in tables.items()},
    }


# our folder of pages would be taken for the old kind, whose first visitor is told "Page not found"
PagesManager.uses_pages_directory = False

app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[
        Route("/api/v1/indicators/{key}.csv", indicator_csv, methods=["GET", "HEAD"]),
        Route("/health", health, methods=["GET", "HEAD"]),
    ],
    middleware=[Middleware(SecurityHeaders)],
)
