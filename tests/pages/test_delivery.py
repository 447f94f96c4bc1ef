"""Scripts and answers travel packed, once; pages say what they will need; the rest passes through."""

import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import brotli
import pytest

from dashboard import delivery
from dashboard.delivery import Delivery, encoding_for, index, script


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [(b"gzip, deflate, br", "br"), (b"gzip", "gzip"), (b"", ""), (b"br;q=0, gzip", "gzip"), (b"identity", "")],
)
def test_the_best_encoding_that_is_accepted_is_taken(accepted: bytes, encoding: str) -> None:
    assert encoding_for([(b"accept-encoding", accepted)]) == encoding


def chunk() -> str:
    return f"static/js/{next((delivery.ROOT / 'static' / 'js').glob('PlotlyChart.*.js')).name}"


def test_the_charts_script_is_a_third_packed_and_the_same_unpacked() -> None:
    name = chunk()
    plain = (delivery.ROOT / name).read_bytes()
    assert brotli.decompress(script(name, "br")) == gzip.decompress(script(name, "gzip") or b"") == plain
    assert len(script(name, "br") or b"") < len(plain) / 3


def test_only_pages_with_a_chart_ask_for_its_script_early() -> None:
    name = chunk().encode()
    assert name in index(with_chart=True)
    assert name not in index(with_chart=False)
    assert b"/api/v1/indicators.json" in index(with_chart=False), "without scripts the numbers are offered"


async def inner(scope: Any, receive: Any, send: Any) -> None:
    body = b"x" * 5000
    headers = [(b"etag", b'"abc"'), (b"content-length", b"5000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body[:100], "more_body": True})
    await send({"type": "http.response.body", "body": body[100:]})


def answer(path: str, **headers: str) -> tuple[dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": given}
    # in a thread of its own: browser tests of the same session keep a loop running in this one
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, Delivery(inner)(scope, None, send)).result()
    return dict(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent[1:])


def test_answers_for_machines_are_packed_and_their_tag_is_weak() -> None:
    headers, body = answer("/api/v1/indicators.json", accept_encoding="gzip")
    assert gzip.decompress(body) == b"x" * 5000
    assert headers[b"etag"] == b'W/"abc"'
    assert b"content-length" not in headers, "it comes in pieces, and none is held back to count them"


@pytest.mark.parametrize("path", ["/api/v1/snapshot.zip", "/_stcore/health"])
def test_what_is_packed_already_or_not_ours_passes_as_it_is(path: str) -> None:
    headers, body = answer(path, accept_encoding="br")
    assert body == b"x" * 5000
    assert b"content-encoding" not in headers


@pytest.mark.parametrize("path", ["/static/js/../../../etc/passwd", "/static/js/none.js", "/static/js/..%2f..%2fx.js"])
def test_no_path_leads_out_of_the_scripts(path: str) -> None:
    assert answer(path)[1] == b"x" * 5000, "left to Streamlit, which knows no such file"


def test_a_page_is_never_kept_and_remembers_the_visit() -> None:
    headers, body = answer("/metr_p50")
    assert headers[b"cache-control"] == b"no-cache"
    assert b"HttpOnly" in headers[b"set-cookie"]
    assert chunk().encode() in body
    assert chunk().encode() not in answer("/signals")[1]


@pytest.mark.parametrize("name", ["picture.js", "dusk.js"])
def test_every_page_brings_our_own_scripts(name: str) -> None:
    assert f'src="./{name}"'.encode() in index(with_chart=False)
    headers, body = answer(f"/{name}", accept_encoding="br")
    assert headers[b"content-type"].startswith(b"text/javascript")
    assert brotli.decompress(body) == delivery.OURS[f"/{name}"].read_bytes()
