"""A reader and the app over the shipped baseline, as a fresh installation has it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from dashboard.reading import Reader
from data.store import Store

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")
AFTER = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def baseline_uri(prepared: Path) -> str:
    """Address of a store that holds the baseline and nothing else."""
    return str(prepared)


@pytest.fixture(scope="session")
def reader(baseline_uri: str) -> Reader:
    return Reader(Store(baseline_uri))


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Open the app over a store, at an address."""
    # as server.py does: a folder of pages beside the script would be taken for the old kind of pages
    monkeypatch.setattr(PagesManager, "main_script_parent", Path("no pages here"))

    def at(uri: str, **query: str) -> AppTest:
        monkeypatch.setenv("STORE_URI", uri)
        made = AppTest.from_file(APP, default_timeout=200)
        for name, value in query.items():
            made.query_params[name] = value
        return made.run()

    return at


def goto(at: AppTest, path: str) -> AppTest:
    """Streamlit's test client reaches only files by name; pages made of functions are found by their address."""
    at._page_hash = next(h for h, p in at._registered_pages.items() if p.get("url_pathname") == path)
    return at.run()
