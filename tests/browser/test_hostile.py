"""Texts from outside stay texts: on every page and route, with the content policy and without it."""

import csv
import io
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from data.resources import current_tagger
from data.schema import Run
from data.store import Store
from tests.browser.conftest import Server, ready, serving, still
from tests.hostile import FORMULAS, SCRIPTS, STRINGS, URLS

pytestmark = pytest.mark.browser

PAGES = ("/", "/?as=table", "/metr_p50", "/eci_frontier?show=restated&show=events", "/labs", "/lab-openai", "/mentions",
         "/signals", "/signals?tab=history", "/signals?tab=changes&since=90d", "/data?tab=all", "/sources", "/methods")  # fmt: skip
ROUTES = ("/api/v1/indicators.json", "/api/v1/indicators/eci_frontier.json", "/api/v1/mentions.json?limit=5000",
          "/api/v1/sources.json", "/api/v1/changes.json?since=90d", "/feeds/mentions.atom", "/feeds/signals.atom")  # fmt: skip
KEYS = ("lab", "asof", "since", "from", "v", "st", "tab", "show", "kind", "topic", "q", "y", "as", "embed_options")
NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


def poison(store: Store) -> None:
    """Every text into every column that a source could fill with it."""
    row = store.read("observations").filter(indicator="eci_frontier").sort("known_at").tail(1).collect().to_dicts()[0]
    blank = {k: v for k, v in row.items() if k not in ("row_id", "prev_id", "known_at")}
    bad = [{**blank, "subject": text, "model": text, "url": URLS[n % len(URLS)]} for n, text in enumerate(STRINGS)]
    store.append_vintages("observations", bad, NOW)
    store.append_vintages("observations", [{**b, "value": b["value"] + 1} for b in bad[:20]], NOW + timedelta(hours=1))
    tagger = current_tagger(store.rows("mentions"))
    store.append_new(
        "mentions",
        [
            {
                "id": f"bad{n}", "article_id": f"bad{n}", "source": "hacker_news", "kind": "forum", "outlet": text[:200],
                "publisher_lab": None, "title": text, "url": URLS[n % len(URLS)], "canonical_url": f"https://e.example/{n}",
                "published_at": NOW - timedelta(minutes=n), "precision": "second", "known_at": NOW, "lang": None,
                "lab": "openai", "topic": "release", "tagger": tagger, "evidence": text, "month": "2026-11", "run_id": "bad",
            }
            for n, text in enumerate(STRINGS)
        ],
    )  # fmt: skip
    for n, text in enumerate(SCRIPTS[:20]):
        run = Run(run_id=f"bad{n}", source="epoch_eci", started_at=NOW, ended_at=NOW + timedelta(seconds=n),
                  outcome="schema", error=text)  # fmt: skip
        store.append_new("runs", [{**asdict(run), "month": "2026-11"}])
    store.append_new(
        "quarantine",
        [
            {"q_id": f"bad{n}", "source": text[:100], "run_id": "bad", "known_at": NOW, "reason": text, "row": text,
             "status": "pending", "ref": None, "target": "observations"}
            for n, text in enumerate(STRINGS)
        ],
    )  # fmt: skip


@pytest.fixture(scope="module")
def poisoned(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("poisoned")
    for server in serving(prepared, Path(folder)):
        poison(server.store)
        yield server


def inspect(browser: Browser, server: Server, path: str, *, bypass_csp: bool) -> None:
    """Open a page, hover, open what is closed; nothing may run, nobody else be asked, no element come from a text."""
    context = browser.new_context(bypass_csp=bypass_csp, viewport={"width": 1200, "height": 1600})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"dialog on {path}: {dialog.message}"))
    page.goto(server.url + path)
    ready(page)
    for summary in page.locator('[data-testid="stExpander"] summary').all()[:3]:
        summary.click()
    still(page)
    found = page.evaluate(FOREIGN)
    assert page.evaluate("() => window.pwned === undefined"), path
    assert not found, (path, found)
    ours = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
    assert not [url for url in asked if not url.startswith(ours)], path
    context.close()


FOREIGN = """() => { const here = location.origin; const bad = [];
const known = s => !s || s.startsWith(here) || s.startsWith('/') || s.startsWith('./') || s.startsWith('data:image') ||
  s.startsWith('blob:') || s.startsWith('#');
for (const e of document.querySelectorAll('iframe, object, embed, base, form[action], marquee, audio, video, math, template'))
  if (!e.closest('.katex')) bad.push(e.outerHTML.slice(0, 150));
for (const e of document.querySelectorAll('img, script, link[rel=stylesheet], source'))
  if (!known(e.getAttribute('src') || e.getAttribute('href') || '')) bad.push(e.outerHTML.slice(0, 150));
for (const e of document.querySelectorAll('#root a[href]'))
  if (!['http:', 'https:'].includes(e.protocol) || e.hostname.endsWith('evil.example')) bad.push(e.outerHTML.slice(0, 150));
for (const e of document.querySelectorAll('#root *')) for (const a of e.attributes)
  if (/^on/i.test(a.name)) bad.push(e.outerHTML.slice(0, 150));
return bad }"""


@pytest.mark.parametrize("path", ["/eci_frontier?show=restated", "/mentions", "/sources"])
def test_texts_from_outside_stay_texts(browser: Browser, poisoned: Server, path: str) -> None:
    inspect(browser, poisoned, path, bypass_csp=True)


@pytest.mark.slow
@pytest.mark.parametrize("bypass_csp", [False, True], ids=["policy", "no policy"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_bears_every_text(browser: Browser, poisoned: Server, path: str, bypass_csp: bool) -> None:
    inspect(browser, poisoned, path, bypass_csp=bypass_csp)


@pytest.mark.slow
@pytest.mark.parametrize("bypass_csp", [False, True], ids=["policy", "no policy"])
def test_every_text_in_the_address_is_harmless(browser: Browser, poisoned: Server, bypass_csp: bool) -> None:
    for start in range(0, len(STRINGS), len(KEYS)):
        batch = STRINGS[start : start + len(KEYS)]
        asked = "&".join(f"{key}={quote(text[:200])}" for key, text in zip(KEYS, batch, strict=False))
        path = ("/metr_p50", "/", "/mentions", "/signals")[start // len(KEYS) % 4]
        inspect(browser, poisoned, f"{path}?{asked}", bypass_csp=bypass_csp)


def test_no_cell_of_a_file_is_a_living_formula(poisoned: Server) -> None:
    for path in ("indicators/eci_frontier.csv?full=1", "mentions.csv?limit=5000"):
        with urllib.request.urlopen(f"{poisoned.url}/api/v1/{path}") as answer:
            rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
        texts = [cell for row in rows for name, cell in row.items() if cell and not _is_number(cell)]
        assert not [cell for cell in texts if cell[0] in "=+-@\t\r＝＋－＠"], path
        assert any(cell.startswith("'=") for cell in texts), "the formulas are among them"
    assert len(FORMULAS) > 15


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_no_answer_repeats_a_hostile_question(poisoned: Server) -> None:
    for text in SCRIPTS[:12]:
        for path in (f"/api/v1/indicators/{quote(text, safe='')}.json", f"/feeds/{quote(text, safe='')}.atom"):
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(poisoned.url + path)
            assert error.value.code in (404, 405)
            assert b"pwned" not in error.value.read()
    for path in ROUTES:
        with urllib.request.urlopen(poisoned.url + path) as answer:
            assert answer.headers["content-type"].split(";")[0] in ("application/json", "application/atom+xml")
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_search_is_never_written_as_markup(browser: Browser, poisoned: Server) -> None:
    context = browser.new_context(bypass_csp=True)
    page: Page = context.new_page()
    page.goto(f"{poisoned.url}/mentions?q={quote('<img src=x onerror=window.pwned=1>')}")
    ready(page)
    assert page.evaluate("() => window.pwned === undefined && !document.querySelector('img[src=x]')")
    context.close()
