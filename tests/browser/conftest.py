"""A real Chromium before a real server: `python -m dashboard` over the shipped baseline."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from data.store import Store
from tests.ports import free_port

NEEDLESS = "WebUIOmniboxPopup,WebUIOmniboxAimPopup,HttpsUpgrades,MediaRouter,OptimizationHints,PaintHolding"
"""Of the browser around the page, which is not tested: the two lists below its address bar, which it prepares for each
window though nobody types there, are a fifth of what opening a page costs. The others are Playwright's own list, whose
place ours takes."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--disable-features={NEEDLESS}"]  # fmt: skip
KNOWN = (
    "Failed to load resource: the server responded with a status of 404"  # Streamlit asks below the page's path first
)
Visit = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
CHARTS = ("/metr_p50", "/eci_frontier")
PAGES = ["/", *CHARTS, "/labs", "/lab-openai", "/mentions", "/signals", "/data", "/sources", "/methods"]
SECONDS = 45.0
"""How long a test waits for what has to come: other tests have the machine too."""
expect.set_options(timeout=SECONDS * 1000)
CHART = "document.querySelector('.js-plotly-plot')"


def slow(path: str) -> Any:
    """A page of a kind of which another one is tried on each change; `make test-browser` tries all."""
    return pytest.param(path, marks=pytest.mark.slow)


QUICK_PAGES = [slow(path) if path in ("/eci_frontier", "/lab-openai") else path for path in PAGES]


def chromium(playwright: Playwright) -> str:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    path = found or playwright.chromium.executable_path
    if not Path(path).exists():
        pytest.skip("NO CHROMIUM: browser tests skipped; set CHROMIUM to one")
    return path


def launched() -> Iterator[Browser]:
    """A browser, for the one fixture of all tests: two of them in a process get in each other's way."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(playwright), args=FLAGS)
        yield started
        started.close()


class Server:
    """One web process over one store."""

    def __init__(self, uri: str, port: int = 0) -> None:
        port = port or free_port()
        self.store, self.url = Store(uri), f"http://127.0.0.1:{port}"
        here = {**os.environ, "STORE_URI": uri, "PORT": str(port), "HOST": "127.0.0.1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard"], env=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 120
        while not self._answers():
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health") as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(60)


def serving(prepared: Path, folder: Path) -> Iterator[Server]:
    server = Server(str(shutil.copytree(prepared, folder / "tables")))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tests only read from."""
    yield from serving(prepared, tmp_path_factory.mktemp("served"))


@pytest.fixture
def fresh_server(prepared: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of one's own, never visited before."""
    yield from serving(prepared, tmp_path)


@pytest.fixture
def visit(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Open a path in a new browser session; at the end no error may stand in the console."""
    if "fresh_server" in request.fixturenames:  # begun before the pages, so that it outlives them
        request.getfixturevalue("fresh_server")
    errors: list[str] = []
    contexts = []

    def open_page(path: str, *, chart: bool = False, base: str = "", **session: Any) -> Page:
        context = browser.new_context(**session)
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" and KNOWN not in m.text else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto((base or server.url) + path)
        ready(page, chart=chart)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def ready(page: Page, *, chart: bool = False) -> None:
    """Wait until the script has ended, and the chart is drawn."""
    page.wait_for_selector("h1", timeout=SECONDS * 1000)  # before it begins it is "not running" too
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=SECONDS * 1000)
    if chart:
        page.wait_for_selector(".js-plotly-plot .main-svg .xtick", state="attached", timeout=SECONDS * 1000)


def still(page: Page) -> None:
    """Wait until nothing has come or gone for half a second: some parts come after the script's end."""
    before, end = -1, time.monotonic() + SECONDS
    while before != (now := page.evaluate("document.querySelectorAll('*').length")):
        assert time.monotonic() < end, "the page keeps changing"
        before = now
        page.wait_for_timeout(500)


def drawn(page: Page) -> Any:
    return page.evaluate(
        """() => { const p = document.querySelector('.js-plotly-plot');
        return {type: p.layout.yaxis.type, ink: p.layout.font.color, traces: p.data.map(t => ({name: t.name, mode: t.mode,
        y: Array.from(t.y?.bdata !== undefined ? [] : t.y), n: (t.x || []).length}))} }"""
    )


def until(page: Page, condition: str, seconds: float = SECONDS) -> None:
    """Poll from outside: the content policy forbids the page to evaluate text, also for the test client."""
    end = time.monotonic() + seconds
    while not page.evaluate(f"() => {{ try {{ return Boolean({condition}) }} catch {{ return false }} }}"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(100)


def marks(page: Page) -> int:
    return sum(t["n"] for t in drawn(page)["traces"] if t["mode"] == "markers")
