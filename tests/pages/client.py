"""Asks the routes without a server: an ASGI app is called as uvicorn would call it."""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.routing import Route


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content, parse_constant=_refuse)


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


class Client:
    """Sends one request after the other to routes of ours."""

    def __init__(self, routes: list[Route]) -> None:
        self.app = Starlette(routes=routes)

    def get(self, address: str, **headers: str) -> Answer:
        return self.ask("GET", address, **headers)

    def head(self, address: str, **headers: str) -> Answer:
        return self.ask("HEAD", address, **headers)

    def ask(self, method: str, address: str, **headers: str) -> Answer:
        # in a thread of its own: browser tests of the same session keep a loop running in this one
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._ask(method, address, headers)).result()

    async def _ask(self, method: str, address: str, headers: Mapping[str, str]) -> Answer:
        path, _, asked = address.partition("?")
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": unquote(path),
            "raw_path": path.encode(), "query_string": asked.encode(), "root_path": "", "server": ("test", 80),
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()], "client": ("test", 1),
        }  # fmt: skip

        told = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if told:
                return told.pop()
            await asyncio.Event().wait()  # the asker stays to the end
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)  # type: ignore[arg-type]
        start = sent[0]
        body = b"".join(m.get("body", b"") for m in sent[1:])
        found = {k.decode(): v.decode() for k, v in start["headers"]}
        return Answer(start["status"], found, b"" if method == "HEAD" else body)
