"""What the tests of the tables share: a bucket that is served on this machine, and processes that start quickly."""

import importlib.util
import multiprocessing
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
import requests

from data.store import Store
from tests.ports import free_port


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 emulator: a process of its own, since some calls to a bucket hold Python's lock."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("no S3 emulator (moto is in the extra [test])")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(1200):
            try:
                requests.get(f"{address}/moto-api/", timeout=1)
                break
            except requests.RequestException:
                time.sleep(0.1)
        yield address
        server.kill()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty s3:// address that this process and those it starts can use."""
    name = f"tables-{uuid.uuid4().hex[:8]}"
    for key, value in {
        "AWS_ENDPOINT_URL": s3, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    requests.put(f"{s3}/{name}", timeout=60).raise_for_status()
    return f"s3://{name}/monitor"


@pytest.fixture(params=["folder", "bucket"])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store that several processes can use: in a folder, and in a bucket."""
    store = Store(str(tmp_path / "tables") if request.param == "folder" else request.getfixturevalue("bucket"))
    store.create()
    return store


@pytest.fixture(scope="session")
def processes() -> BaseContext:
    """Processes that are forked from one that has imported everything and done nothing, so it has no threads yet."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["collectors.run", "data.upkeep"])
    return context
