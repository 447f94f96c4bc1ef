"""The ASGI app: Streamlit's pages, the files beside them, and the headers that keep both safe.

The content policy was tried against a proven script injection: it no longer ran. Streamlit's own
metrics are not public. Only a page that asks to be embedded may stand in another site's frame.
"""

import gc
import hashlib
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from streamlit.runtime.pages_manager import PagesManager

from dashboard import api
from dashboard.delivery import Delivery, is_embedded
from dashboard.live import reader
from dashboard.signin import SignedIn
from data import settings

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


@cache
def _headers(ancestors: str) -> list[tuple[bytes, bytes]]:
    index = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in inline)
    policy = (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "frame-src 'none'; object-src 'none'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]


@cache
def _ancestors() -> str:
    origins = settings.read().embed_origins
    return "'none'" if origins == "none" else origins


class SecurityHeaders:
    """Adds the headers to every answer and hides the metrics."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = _headers(_ancestors() if is_embedded(scope) else "'none'")
        if scope["path"].startswith("/_stcore/metrics"):
            await send({"type": "http.response.start", "status": 404, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        await self.app(scope, receive, add)


class StrictTransport:
    """Tells browsers that came by TLS, here or at a proxy that says so, to come by nothing else."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        forwarded = dict(scope.get("headers", ())).get(b"x-forwarded-proto", b"").split(b",")[0].strip()
        if scope["type"] != "http" or b"https" not in (forwarded, str(scope["scheme"]).encode()):
            await self.app(scope, receive, send)
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"strict-transport-security", b"max-age=31536000")
                message["headers"] = [*message.get("headers", []), policy]
            await send(message)

        await self.app(scope, receive, add)


@asynccontextmanager
async def _settled(_: st.App) -> AsyncIterator[None]:
    """Leave out of all later collections what has been loaded by now and stays.

    Looking through it takes a tenth of a second, during which nobody is answered.
    """
    gc.collect()
    gc.freeze()
    yield


# our folder of pages would be taken for the old kind, whose first visitor is told "Page not found"
PagesManager.uses_pages_directory = False

app = st.App(
    Path(__file__).with_name("app.py"),
    lifespan=_settled,
    routes=api.routes(reader),
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(StrictTransport),
        # a foreign page may take our address for its name, and would then be of our origin
        Middleware(TrustedHostMiddleware, allowed_hosts=settings.read().allowed_hosts, www_redirect=False),
        Middleware(SignedIn),
        Middleware(Delivery),
    ],
)
