"""A Procfile platform: no disk that lasts, tables in a bucket, two workers and the web, on an S3 emulator."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.lease import StoredTurn
from data.store import Store
from tests.browser.conftest import Server
from tests.collectors.test_schedule import NO_NETWORK, said
from tests.ports import free_port

HOME = Path(__file__).parents[2]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if importlib.util.find_spec("moto") is None:
        pytest.skip("no S3 emulator: moto is not installed")
    import boto3

    port = free_port()
    emulator = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1",
                        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    deadline = time.monotonic() + 60
    while True:
        try:
            boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="monitor")
            break
        except Exception:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    yield "s3://monitor/tables"
    emulator.kill()
    emulator.wait()


def answered(server: Server, path: str) -> bytes:
    with urllib.request.urlopen(server.url + path, timeout=60) as answer:
        found: bytes = answer.read()
        return found


@pytest.mark.slow
def test_workers_take_turns_and_the_web_reads_on_a_bucket(bucket: str, tmp_path: Path) -> None:
    procfile = (HOME / "Procfile").read_text()
    assert "worker: python -m collectors schedule" in procfile
    here = {**os.environ, "STORE_URI": bucket, "PAYLOADS": str(tmp_path / "payloads"), "FETCH_SECONDS": "1"}
    logs = [tmp_path / "0.log", tmp_path / "1.log"]
    workers = []
    try:
        for number, word in enumerate(("worker=working", "worker=standing_by")):
            with logs[number].open("w") as log:
                workers.append(subprocess.Popen([sys.executable, "-c", NO_NETWORK], env=here, cwd=HOME, stderr=log))
            said(logs[number], word)
        said(logs[0], "outcome=network", 120)
        began = time.monotonic()
        workers[0].send_signal(signal.SIGTERM)
        assert workers[0].wait(15) == 0
        assert time.monotonic() - began < 10, "three seconds and one commit in the bucket"
        said(logs[1], "worker=working")
        servers = [Server(bucket), Server(bucket)]
        try:
            files = []
            for server in servers:
                found = json.loads(answered(server, "/health"))
                assert found["store"] == "readable"
                assert not found["worker"]["silent"]
                files.append(answered(server, "/api/v1/indicators/metr_p50.csv"))
            assert files[0] == files[1]
            assert files[0].count(b"\r\n") > 10
        finally:
            for server in servers:
                server.stop()
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert not StoredTurn(Store(bucket), "a third one").take(), "the second one holds it"
