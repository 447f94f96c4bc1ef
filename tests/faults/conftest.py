"""One fault server for all; no flushing of disks, since nothing here is about crashes."""

import logging
import os
from collections.abc import Iterator

import pytest

from tests.faults.bench import serving
from tests.faults.matrix import tidy
from tests.faults.server import FaultServer


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The whole matrix and the long weeks only where -m speaks of them."""
    if "slow" not in config.option.markexpr:
        items[:] = [item for item in items if "faults" not in item.path.parts or not item.get_closest_marker("slow")]


@pytest.fixture(scope="session")
def server() -> Iterator[FaultServer]:
    """A running fault server."""
    with serving() as running:
        yield running
    tidy()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(os, "sync", lambda: None)
    logging.getLogger("collectors").setLevel(logging.CRITICAL + 1)
    yield
    logging.getLogger("collectors").setLevel(logging.NOTSET)
