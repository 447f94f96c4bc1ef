"""The files of deploy/ are tried, as far as a machine has what they are for."""

import gzip
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.settings import SETTINGS
from data.settings import read as read_settings
from tests.browser.conftest import Server
from tests.conftest import installed
from tests.ports import free_port

HOME = Path(__file__).parents[2]
DEPLOY = HOME / "deploy"
NAME = "monitor.example.org"


def tool(name: str, variable: str = "") -> str:
    found = os.environ.get(variable or name.upper()) or shutil.which(name)
    if not found:
        pytest.skip(f"no {name} on this machine")
    return found


def test_the_settings_of_the_units_are_settings_that_can_be_used() -> None:
    lines = (DEPLOY / "monitor.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(given) <= {setting.name for setting in SETTINGS}
    assert read_settings(given).allowed_hosts == (NAME, "localhost")


@pytest.mark.parametrize("unit", ["monitor-web.service", "monitor-worker.service"])
def test_systemd_accepts_the_units(unit: str, tmp_path: Path) -> None:
    text = (DEPLOY / unit).read_text()
    assert "/srv/monitor/app/.venv/bin/python" in text
    here = tmp_path / unit
    here.write_text(text.replace("/srv/monitor/app/.venv/bin/python", sys.executable))
    done = subprocess.run([tool("systemd-analyze"), "verify", str(here)], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_units_and_procfile_start_the_same_commands() -> None:
    procfile = dict(line.split(": ", 1) for line in (HOME / "Procfile").read_text().splitlines())
    for name, command in procfile.items():
        unit = (DEPLOY / f"monitor-{name}.service").read_text()
        assert re.search(r"ExecStart=\S+/(python .+)", unit)[1] == command  # type: ignore[index]


def test_the_image_is_built_without_a_complaint_of_the_linter() -> None:
    done = subprocess.run(
        [tool("hadolint"), str(DEPLOY / "Containerfile")], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_holds_every_package_and_nothing_of_the_store() -> None:
    copied = set(re.findall(r"^COPY (\w+) ", (DEPLOY / "Containerfile").read_text(), re.MULTILINE))
    assert copied == {"collectors", "data", "signals", "dashboard"}
    assert "data/tables" in (HOME / ".dockerignore").read_text().splitlines()


@dataclass(frozen=True)
class Proxy:
    port: int
    plain_port: int
    certificate: Path

    def ask(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        trusted.check_hostname = False  # we come by the loopback's number
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=120, context=trusted)
        named = {"host": NAME} | {k.replace("_", "-"): v for k, v in headers.items()}
        connection.request("GET", path, headers=named)
        answer = connection.getresponse()
        body = b"" if answer.status == 101 else answer.read()
        connection.close()
        return answer, body


@pytest.fixture(scope="module")
def proxy(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx as in deploy/nginx.conf, on other ports, with a certificate of its own, before a real dashboard."""
    nginx, openssl = tool("nginx"), tool("openssl")
    home = tmp_path_factory.mktemp("nginx")
    certificate, key = home / "fullchain.pem", home / "privkey.pem"
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
                    "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)  # fmt: skip
    store = installed(prepared, home)
    os.environ["ALLOWED_HOSTS"] = f"{NAME} 127.0.0.1"
    try:
        server = Server(store.uri)
    finally:
        del os.environ["ALLOWED_HOSTS"]
    ports = free_port(), free_port()
    site = (DEPLOY / "nginx.conf").read_text()
    for ours, theirs in (("listen 80;", f"listen 127.0.0.1:{ports[0]};"), ("listen 443", f"listen 127.0.0.1:{ports[1]}"),
                         ("127.0.0.1:8501", server.url.removeprefix("http://")), ("/etc/ssl/monitor", str(home)), ("rate=50r/s", "rate=1r/s")):  # fmt: skip
        assert ours in site
        site = site.replace(ours, theirs)
    (home / "site.conf").write_text(site)
    folders = "\n".join(f"{n}_temp_path {home}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (home / "nginx.conf").write_text(
        f"daemon off; pid {home}/pid; error_log {home}/error.log; events {{}}\n"
        f"http {{ access_log off; {folders} include {home}/site.conf; }}"
    )
    subprocess.run(
        [nginx, "-t", "-e", f"{home}/error.log", "-c", f"{home}/nginx.conf"], check=True, capture_output=True
    )
    process = subprocess.Popen([nginx, "-e", f"{home}/error.log", "-c", f"{home}/nginx.conf"])
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", ports[1])) == 0:
                break
        time.sleep(0.1)
    yield Proxy(ports[1], ports[0], certificate)
    process.terminate()
    process.wait(60)
    server.stop()


def test_nginx_brings_tls_and_compression(proxy: Proxy) -> None:
    plain, whole = proxy.ask("/api/v1/indicators.json")
    packed, small = proxy.ask("/api/v1/indicators.json", accept_encoding="gzip")
    assert (plain.status, packed.status) == (200, 200)
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small) == whole
    assert len(small) < len(whole) / 4
    assert "max-age" in packed.headers["strict-transport-security"]
    assert "frame-ancestors" in packed.headers["content-security-policy"]
    assert "/" not in packed.headers["server"], "no version"


def test_nginx_lets_the_socket_through(proxy: Proxy) -> None:
    headers = {"upgrade": "websocket", "connection": "Upgrade", "sec_websocket_version": "13",
               "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==", "origin": f"https://{NAME}"}  # fmt: skip
    assert proxy.ask("/_stcore/stream", **headers)[0].status == 101


def test_nginx_sends_everybody_to_tls(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=120)
    connection.request("GET", "/metr_p50?lab=openai", headers={"host": NAME})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["location"]) == (301, f"https://{NAME}/metr_p50?lab=openai")
    connection.close()


def test_nginx_speaks_http_2(proxy: Proxy) -> None:
    trusted = ssl.create_default_context(cafile=str(proxy.certificate))
    trusted.check_hostname = False
    trusted.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as wire, trusted.wrap_socket(wire) as secure:
        assert secure.selected_alpn_protocol() == "h2"
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_nginx_slows_down_who_asks_too_much(proxy: Proxy) -> None:
    trusted = ssl.create_default_context(cafile=str(proxy.certificate))
    trusted.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=120, context=trusted)
    statuses = []
    for _ in range(300):
        connection.request("GET", "/_stcore/health", headers={"host": NAME})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    assert statuses[0] == 200
    assert 503 in statuses
