"""A reader over the shipped baseline, as a fresh installation has it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.reading import Reader
from data.store import Store

AFTER = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def baseline_uri(prepared: Path) -> str:
    """Address of a store that holds the baseline and nothing else."""
    return str(prepared)


@pytest.fixture(scope="session")
def reader(baseline_uri: str) -> Reader:
    return Reader(Store(baseline_uri))
