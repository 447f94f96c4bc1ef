"""A reader over the shipped baseline, as a fresh installation has it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.schedule import prepare
from dashboard.reading import Reader
from data.store import Store

AFTER = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def baseline_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a store that holds the baseline and nothing else."""
    uri = str(Path(tmp_path_factory.mktemp("baseline")) / "tables")
    store = Store(uri)
    store.create()
    prepare(store)
    return uri


@pytest.fixture(scope="session")
def reader(baseline_uri: str) -> Reader:
    return Reader(Store(baseline_uri))
