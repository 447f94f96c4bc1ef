"""Canaries: secrets in the environment, looked for in every place that the program writes to."""

import json
import logging
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from collectors.logs import Lines
from data.settings import secrets
from data.store import Store
from tests.browser.conftest import Server

CANARIES = {
    "AWS_SECRET_ACCESS_KEY": "canary/aws+secret",
    "GITHUB_TOKEN": "canary-github-token",
    "MONITOR_PASSWORD": "canary-password",
    "ALERTS": "json://127.0.0.1:9/canary-hook-token mailto://you:canary-mail@127.0.0.1:9?from=b@example.org&to=a@example.org",
}
HOME = Path(__file__).parents[2]

# the worker, whose publishers all answer with an error that repeats a secret, as some do
WORKER = """
import os, socket, sys
def refuse(*args, **kwargs):
    raise OSError("refused for " + os.environ["GITHUB_TOKEN"] + " api_key=" + os.environ["MONITOR_PASSWORD"])
socket.create_connection = socket.getaddrinfo = refuse
from collectors.__main__ import main
sys.exit(main(["schedule"]))
"""


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, **CANARIES, "STORE_URI": str(folder / "tables"), "PAYLOADS": str(folder / "payloads"),
            "FETCH_SECONDS": "1", "LOG_LEVEL": "debug"}  # fmt: skip


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which a worker has tried every source, and what it logged."""
    folder = tmp_path_factory.mktemp("watched")
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environment(folder), cwd=HOME, text=True,
                              stderr=subprocess.PIPE)  # fmt: skip
    store, deadline = Store(str(folder / "tables")), time.monotonic() + 180
    while len(store.read("runs").collect()) < 20 and time.monotonic() < deadline:
        time.sleep(0.5)
    worker.terminate()
    said = worker.communicate(timeout=60)[1]
    assert "outcome=network" in said
    return folder, said


def test_every_value_that_looks_secret_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    known = secrets(CANARIES)
    assert "canary-github-token" in known
    assert sum("canary" in value for value in known) == 5
    assert not secrets({"PATH": "/usr/bin", "KEYBOARD": "german", "API_KEY": "x"})


def test_no_secret_is_logged(collected: tuple[Path, str]) -> None:
    assert "canary" not in collected[1]
    assert "***" in collected[1]


def test_every_line_of_the_log_is_one_event(collected: tuple[Path, str]) -> None:
    lines = collected[1].strip().splitlines()
    assert not [line for line in lines if not line.startswith("time=20")]


def test_no_secret_is_in_a_table_or_a_payload(collected: tuple[Path, str]) -> None:
    store = Store(str(collected[0] / "tables"))
    for name in ("runs", "quarantine", "observations", "mentions", "indicators", "flags"):
        assert "canary" not in json.dumps(store.read(name).collect().to_dicts(), default=str), name
    assert not [p for p in collected[0].rglob("*.json") if "canary" in p.read_text(errors="replace")]


def test_no_secret_is_in_a_page_a_file_or_a_feed(collected: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    server = Server(str(collected[0] / "tables"))
    try:
        for path in ("/", "/health", "/api/v1/sources.json", "/api/v1/changes.json?since=2020-01-01",
                     "/api/v1/indicators/metr_p50.csv", "/api/v1/snapshot.zip", "/feeds/signals.atom"):  # fmt: skip
            try:
                with urllib.request.urlopen(server.url + path) as answer:
                    body = answer.read()
            except urllib.error.HTTPError as error:
                body = error.read()
            assert b"canary" not in body, path
    finally:
        server.stop()


def test_a_traceback_is_one_line_without_secrets() -> None:
    try:
        raise OSError("https://api.example.org/?api_key=canary-key\nlevel=ERROR forged=1")
    except OSError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "source=%s", ("canary-github-token",), sys.exc_info())
    line = Lines(["canary-github-token"]).format(record)
    assert "\n" not in line
    assert "canary" not in line
    assert line.startswith("time=20")
