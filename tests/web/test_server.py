"""The web process as the internet meets it: headers, hosts, secrets, and how it stops."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from data.store import Store
from tests.bench.viewer import crowd
from tests.browser.conftest import Server
from tests.conftest import installed

WANTED = {
    "content-security-policy", "x-content-type-options", "referrer-policy",
    "cross-origin-opener-policy", "permissions-policy",
}  # fmt: skip
PATHS = ("/", "/metr_p50", "/health", "/api/v1/indicators.json", "/api/nothing", "/feeds/signals.atom", "/_stcore/health",
         "/_stcore/metrics", "/static/none.js", "/..%2f..%2fetc%2fpasswd")  # fmt: skip


@pytest.fixture(scope="module")
def server(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    store = installed(prepared, tmp_path_factory.mktemp("web"))
    made = Server(store.uri)
    yield made
    made.stop()


def ask(server: Server, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    try:
        connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_every_header(server: Server, path: str) -> None:
    _, headers, body = ask(server, path)
    assert set(headers) >= WANTED
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert b"root:" not in body
    assert "strict-transport-security" not in headers, "only TLS may promise TLS"


def test_behind_tls_browsers_are_told_to_stay_there(server: Server) -> None:
    assert "max-age=" in ask(server, "/", x_forwarded_proto="https")[1]["strict-transport-security"]


@pytest.mark.parametrize(("host", "status"), [("evil.example", 400), ("localhost", 200), ("127.0.0.1:99", 200),
                                              ("localhost.evil.example", 400), ("[::1]:8501", 200)])  # fmt: skip
def test_only_the_names_of_this_server_are_answered(server: Server, host: str, status: int) -> None:
    assert ask(server, "/api/v1/indicators.json", host=host)[0] == status


@pytest.mark.parametrize(("host", "origin"), [("evil.example", "http://evil.example"), (None, "http://evil.example")],
                         ids=["foreign host", "foreign origin"])  # fmt: skip
def test_a_foreign_page_gets_no_socket(server: Server, host: str | None, origin: str) -> None:
    headers = {"upgrade": "websocket", "connection": "Upgrade", "sec_websocket_version": "13", "origin": origin,
               "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ=="} | ({"host": host} if host else {})  # fmt: skip
    assert ask(server, "/_stcore/stream", **headers)[0] in (400, 403)


def test_viewers_who_click_at_the_same_time_each_get_the_chart_of_their_lab(server: Server) -> None:
    seen = crowd(server.url, "metr_p50", viewers=4, seconds=6, think=0.5)
    assert not seen.errors
    assert len(seen.seconds) >= 4


def test_metrics_are_nobodys_business(server: Server) -> None:
    assert ask(server, "/_stcore/metrics")[0] == 404


def test_sigterm_ends_the_web_process_soon(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "tables"))
    store.create()
    made = Server(store.uri)
    made.process.send_signal(signal.SIGTERM)
    code = made.process.wait(15)  # a second on a machine that has nothing else to do
    assert code in (0, -signal.SIGTERM), "uvicorn ends in good order, then by the signal itself"


def test_a_bad_setting_stops_with_a_sentence() -> None:
    here = {**os.environ, "ALLOWED_HOSTS": "https://app.example.org"}
    done = subprocess.run([sys.executable, "-m", "dashboard"], env=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr == (
        "ALLOWED_HOSTS must be names such as app.example.org, without port, not 'https://app.example.org'.\n"
    )
