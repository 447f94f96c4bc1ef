"""How bytes reach the reader: packed, kept for a year where a name stands for its content, and no earlier than needed.

Streamlit sends its scripts as they are, 7.4 MB for a page with a chart; packed they are a third.
"""

import gzip
import re
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import brotli
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import cookie_parser

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

ROOT = Path(st.__file__).parent / "static"
OURS = {f"/{name}": Path(__file__).with_name(name) for name in ("picture.js", "dusk.js")}
SCRIPT = re.compile(r"/(static/(?:js|css)/[\w.-]+\.(js|css))$", re.ASCII)
TYPES = {"js": b"text/javascript; charset=utf-8", "css": b"text/css; charset=utf-8"}
PACKABLE = re.compile(r"/health|/(api|feeds)/.*\.(json|csv|atom)")
FEWEST = 1_000
NO_PAGES = ("/health", "/healthz", "/oauth2callback")
WITHOUT_CHART = ("", "signals", "data", "sources", "methods")
VISIT, ONE_VISIT, REMEMBERED = "visit", timedelta(minutes=30), timedelta(days=400)

_NO_SCRIPT = """<noscript><p>AI Progress Monitor draws its pages with JavaScript. The same numbers without it:
<a href="./api/v1/indicators.json">the indicators</a>, <a href="./api/v1/signals.json">the signals</a>,
<a href="./feeds/signals.atom">a feed of the signals</a>, <a href="./api/v1/snapshot.zip">everything in one file</a>.
</p></noscript>"""


def encoding_for(headers: Headers) -> str:
    """The best encoding that the asker takes: br, gzip, or none."""
    accepted = b",".join(value for name, value in headers if name == b"accept-encoding").decode("latin-1")
    refused = re.compile(r";\s*q=0(\.0*)?$")
    names = {part.split(";")[0].strip() for part in accepted.split(",") if not refused.search(part.strip())}
    return next((name for name in ("br", "gzip") if name in names), "")


def packed(body: bytes, encoding: str, *, well: bool = False) -> bytes:
    """The body in an encoding; `well` takes longer, for what is packed once and sent often."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=9 if well else 5))
    return gzip.compress(body, 9 if well else 5, mtime=0) if encoding == "gzip" else body


_SCRIPTS: dict[tuple[str, str], bytes] = {}


def script(name: str, encoding: str) -> bytes | None:
    """One of Streamlit's scripts or styles, packed; None where there is no such file. Packed once, takes a while."""
    if (name, encoding) not in _SCRIPTS:
        file = ROOT / name
        if not file.is_file():
            return None
        _SCRIPTS[name, encoding] = packed(file.read_bytes(), encoding, well=True)
    return _SCRIPTS[name, encoding]


@cache
def index(*, with_chart: bool) -> bytes:
    """Streamlit's page; before a chart it says that the chart's script will be needed, while the rest still loads."""
    text = (ROOT / "index.html").read_text(encoding="utf-8")
    text = re.sub(r"<noscript>.*?</noscript>", _NO_SCRIPT, text, count=1, flags=re.DOTALL)
    text = re.sub(r"<title>.*?</title>", "<title>AI Progress Monitor</title>", text, count=1)
    ours = "".join(f'<script type="module" src=".{path}"></script>' for path in OURS)
    text = text.replace("</head>", f"{ours}</head>")
    if with_chart:
        chunk = next((ROOT / "static" / "js").glob("PlotlyChart.*.js")).name
        hint = f'<link rel="modulepreload" crossorigin href="./static/js/{chunk}">'
        text = text.replace("</head>", f"{hint}</head>")
    return text.encode()


def has_chart(path: str) -> bool:
    """Whether the page at a path draws a chart at once: all do but these."""
    return path.strip("/") not in WITHOUT_CHART


def visited(cookie: str, now: datetime) -> str:
    """The cookie that remembers the visit before this one: instant of that visit, and of the last page in this one."""
    before, newest = visits(cookie)
    if newest is not None and now - newest > ONE_VISIT:
        before = newest
    kept = "" if before is None else f"{before:%Y%m%dT%H%M%S}"
    return f"{kept}.{now:%Y%m%dT%H%M%S}"


def visits(cookie: str) -> tuple[datetime | None, datetime | None]:
    """The last page of the visit before, and of this one, as the cookie says; None for what it does not say."""
    found = re.fullmatch(r"(\d{8}T\d{6})?\.(\d{8}T\d{6})", cookie, re.ASCII)
    if not found:
        return None, None
    before, newest = (_instant(text) for text in found.groups())
    return before, newest


def _instant(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if text else None
    except ValueError:
        return None


class Delivery:
    """Answers for Streamlit's own files, and packs the answers for machines."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        path, encoding = str(scope["path"]), encoding_for(scope["headers"])
        if hit := SCRIPT.search(path):
            is_packed = (hit[1], encoding) in _SCRIPTS
            body = script(hit[1], encoding) if is_packed else await run_in_threadpool(script, hit[1], encoding)
            if body is not None:
                kept = (b"cache-control", b"public, max-age=31536000, immutable")
                await _answer(scope, send, body, TYPES[hit[2]], encoding, [kept])
                return
        if path in OURS:
            kept = (b"cache-control", b"public, max-age=300")
            await _answer(scope, send, packed(_ours(path), encoding), TYPES["js"], encoding, [kept])
            return
        if _is_page(path):
            body = index(with_chart=has_chart(path))
            headers = [(b"cache-control", b"no-cache"), (b"set-cookie", _cookie(scope))]
            await _answer(scope, send, packed(body, encoding), b"text/html; charset=utf-8", encoding, headers)
            return
        await self.app(scope, receive, _packing(send, encoding) if encoding and PACKABLE.fullmatch(path) else send)


@cache
def _ours(path: str) -> bytes:
    """A script of our own."""
    return OURS[path].read_bytes()


def _is_page(path: str) -> bool:
    """One level of letters is a page; anything else is a file, or one of Streamlit's own routes."""
    return re.fullmatch(r"/[A-Za-z0-9_-]*", path, re.ASCII) is not None and path not in NO_PAGES


def _cookie(scope: Message) -> bytes:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"), "")
    value = visited(cookie_parser(given).get(VISIT, ""), datetime.now(UTC))
    return f"{VISIT}={value}; Path=/; Max-Age={int(REMEMBERED.total_seconds())}; HttpOnly; SameSite=Lax".encode()


def is_embedded(scope: Message) -> bool:
    """Whether the page is asked for as part of another one."""
    asked = parse_qs(bytes(scope["query_string"]).decode("latin-1"))
    return asked.get("embed", [""])[-1] == "true"


async def _answer(scope: Message, send: Send, body: bytes, media: bytes, encoding: str, headers: Headers) -> None:
    told = [(b"content-type", media), (b"content-length", str(len(body)).encode()), (b"vary", b"accept-encoding")]
    told += [(b"content-encoding", encoding.encode())] if encoding else []
    await send({"type": "http.response.start", "status": 200, "headers": told + headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _packing(send: Send, encoding: str) -> Send:
    """Passes an answer on as it comes, packed where that pays; its tag becomes weak, since the bytes are others."""
    start: list[Message] = []
    packer: list[_Packer] = []

    async def pack(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
            return
        content, ends = bytes(message.get("body", b"")), not message.get("more_body")
        if start:
            head = start.pop()
            if head["status"] == 200 and (len(content) >= FEWEST or not ends):
                packer.append(_Packer(encoding))
                named = {name: value for name, value in head["headers"] if name != b"content-length"}
                if b"etag" in named:
                    named[b"etag"] = b"W/" + named[b"etag"]
                head["headers"] = [*named.items(), (b"content-encoding", encoding.encode())]
            head["headers"] = [*head["headers"], (b"vary", b"accept-encoding")]
            await send(head)
        if packer:
            content = await run_in_threadpool(packer[0].pack, content, ends=ends)
        await send({"type": "http.response.body", "body": content, "more_body": not ends})

    return pack


class _Packer:
    """Packs a stream piece by piece: a large file is never held whole."""

    def __init__(self, encoding: str) -> None:
        self._brotli = brotli.Compressor(quality=5) if encoding == "br" else None
        self._gzip = zlib.compressobj(5, wbits=31)

    def pack(self, piece: bytes, *, ends: bool) -> bytes:
        if self._brotli is not None:
            return bytes(self._brotli.process(piece) + (self._brotli.finish() if ends else b""))
        return self._gzip.compress(piece) + (self._gzip.flush() if ends else b"")
