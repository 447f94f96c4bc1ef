"""What all tests share: the folders of recorded answers, a store of one's own, and a way to replay a source."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from collectors.registry import one
from collectors.replay import Replay
from collectors.schedule import prepare
from collectors.source import Row
from data.store import Store
from tests.browser.conftest import launched

PAYLOADS = Path(__file__).parent / "payloads"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "payloads"
"""Real answers, beside the checkout; tests that need them are skipped, with a reason, where they are absent."""

# the tests share a machine: how long one takes says nothing
unhurried = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile("unhurried", deadline=None, suppress_health_check=unhurried)
settings.load_profile("unhurried")

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store on disk."""
    made = Store(str(tmp_path / "tables"))
    made.create()
    return made


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of a fresh installation, with the shipped facts; for all to copy, since making them takes seconds."""
    made = Store(str(tmp_path_factory.mktemp("prepared") / "tables"))
    made.create()
    prepare(made)
    return Path(made.uri)


def installed(prepared: Path, folder: Path) -> Store:
    """A fresh installation of one's own."""
    return Store(str(shutil.copytree(prepared, folder / "tables")))


@pytest.fixture
def shared() -> Path:
    """The folder of real answers."""
    if not SHARED.is_dir():
        pytest.skip("no real payloads beside this checkout (../shared/payloads)")
    return SHARED


@pytest.fixture
def replay() -> Callable[..., list[Row]]:
    """All rows that a source yields from its own small payload folder, or from another one."""

    def rows(name: str, folder: Path | None = None, now: datetime = NOW) -> list[Row]:
        return list(one(name).collect(Replay(folder or PAYLOADS / name, now)))

    return rows


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, one a process."""
    yield from launched()
