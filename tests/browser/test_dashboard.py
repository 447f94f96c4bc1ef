"""What a reader sees and does, in a real Chromium."""

import http.server
import io
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from data import queries
from tests.browser.conftest import CHART, SECONDS, Server, Visit, drawn, marks, ready, slow, until

pytestmark = pytest.mark.browser


def test_the_overview_leads_to_the_chart_and_back(visit: Visit) -> None:
    page = visit("/")
    expect(page.locator("h1")).to_contain_text("Speed-up signals on 0 of")
    page.get_by_role("link", name="Time horizon (50 %)").click()
    ready(page, chart=True)
    assert page.url.endswith("/metr_p50")
    expect(page.locator("h1")).to_contain_text("doubles every 4.2")
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("h1")).to_contain_text("Speed-up signals")


def test_the_first_visitor_of_a_new_server_finds_the_page(visit: Visit, fresh_server: Server) -> None:
    page = visit("/metr_p50", chart=True, base=fresh_server.url)
    expect(page.locator("h1")).to_contain_text("doubles every 4.2")
    assert page.get_by_text("Page not found").count() == 0


def test_the_csv_that_is_offered_holds_what_is_drawn(visit: Visit, server: Server) -> None:
    page = visit("/metr_p50?lab=openai&only=1", chart=True)
    link = page.get_by_role("link", name="CSV of what is shown").get_attribute("href")
    assert link
    with urllib.request.urlopen(server.url + link) as answer:
        body, tag = answer.read(), answer.headers["etag"]
        assert answer.headers["content-security-policy"]
        assert 'filename="metr_p50_2026-05-10_only_openai.csv"' in answer.headers["content-disposition"]
    frame = pd.read_csv(io.BytesIO(body))
    assert len(frame) == marks(page)
    stored = queries.observations(server.store, "metr_p50")
    mine = stored[(stored["lab"] == "openai") & (stored["variant"] != "1.0")]
    assert sorted(frame["value"]) == sorted(mine["value"])
    request = urllib.request.Request(server.url + link, headers={"If-None-Match": tag})
    with pytest.raises(urllib.error.HTTPError, match="304"):
        urllib.request.urlopen(request)


def test_the_scale_is_a_choice_that_lives_in_the_address(visit: Visit) -> None:
    page = visit("/metr_p50", chart=True)
    assert drawn(page)["type"] == "log"
    page.get_by_role("radio", name="Linear").or_(page.get_by_role("button", name="Linear")).first.click()
    until(page, f"{CHART}.layout.yaxis.type == 'linear'")
    page.wait_for_url("**/metr_p50?y=lin")
    page.reload()
    ready(page, chart=True)
    assert drawn(page)["type"] == "linear"


def test_back_and_forward_restore_the_view(visit: Visit) -> None:
    page = visit("/metr_p50", chart=True)
    page.get_by_role("button", name="● OpenAI", exact=True).click()
    page.wait_for_url("**/metr_p50?lab=openai")
    page.go_back()
    until(page, f"{CHART}?.data.some(t => t.name == 'Anthropic')")
    page.go_forward()
    until(page, f"{CHART} && !{CHART}.data.some(t => t.name == 'Anthropic')")


def test_highlighting_a_lab_changes_no_finding(visit: Visit) -> None:
    plain, chosen = (visit(path, chart=True) for path in ("/metr_p50", "/metr_p50?lab=openai"))
    assert plain.locator("h1").inner_text() == chosen.locator("h1").inner_text()
    trend = [[t["y"] for t in drawn(p)["traces"] if t["name"] == "best so far"] for p in (plain, chosen)]
    assert trend[0] == trend[1]


def test_odd_addresses_show_the_default_and_a_clean_address(visit: Visit) -> None:
    page = visit("/metr_p50?lab=bogus&foo=1&asof=2026-99-99&v=%3Cscript%3E", chart=True)
    page.wait_for_url("**/metr_p50")
    assert "bogus" not in page.content()


def test_as_of_an_old_day_page_and_file_know_the_old_value_alike(visit: Visit, server: Server) -> None:
    page = visit("/metr_p50?asof=2026-02-01", chart=True)
    expect(page.get_by_text("As known on 1 Feb 2026")).to_be_visible()
    frame = pd.read_csv(f"{server.url}/api/v1/indicators/metr_p50.csv?asof=2026-02-01").set_index("subject")
    assert frame["value"]["gpt_4"] == pytest.approx(3.5245, abs=1e-4)
    assert len(frame) == marks(page) == 17


def test_any_two_days_can_be_chosen_and_live_in_the_address(visit: Visit) -> None:
    page = visit("/metr_p50?from=2025-01-01", chart=True)
    page.get_by_role("button", name="From 1 Jan 2025").click()
    page.get_by_role("spinbutton", name="year, From").click()
    page.get_by_role("button", name="Wednesday, January 15, 2025").click()
    page.wait_for_url("**/metr_p50?from=2025-01-15")
    until(page, f"{CHART}.data.filter(t => t.mode == 'markers').reduce((n, t) => n + t.x.length, 0) < 20")
    expect(page.get_by_role("button", name="From 15 Jan 2025")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_text("All", exact=True).click()
    page.wait_for_url("**/metr_p50")
    expect(page.get_by_role("button", name="Custom")).to_be_visible()


@pytest.mark.parametrize("path", ["/metr_p50?y=lin", "/mentions", slow("/labs"), slow("/lab-openai")])
def test_each_chart_is_saved_as_png_and_as_svg_with_its_title_and_source(visit: Visit, path: str) -> None:
    page = visit(path, chart=True)
    until(page, "document.querySelectorAll('.js-plotly-plot .xtick').length > 0")
    until(page, "document.querySelectorAll('button[data-picture]').length "
                "== 2 * document.querySelectorAll('.js-plotly-plot').length")  # fmt: skip
    plain = page.evaluate(f"{CHART}.layout.annotations?.length ?? 0")
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        button = page.get_by_role("button", name=f"Save the chart as {kind.upper()}").first
        with page.expect_download() as download:
            button.click()
        body = download.value.path().read_bytes()
        assert download.value.suggested_filename.endswith(f".{kind}")
        assert body.startswith(start)
        assert len(body) > 5_000
        if kind == "svg":
            assert b"via AI Progress Monitor" in body or b"by AI Progress Monitor" in body
            assert (button.get_attribute("data-title") or "?").split()[0].encode() in body
    assert page.evaluate(f"{CHART}.layout.annotations?.length ?? 0") == plain, "the page's own chart is as it was"


def test_the_table_twin_opens(visit: Visit) -> None:
    page = visit("/metr_p50", chart=True)
    page.get_by_text("Data table (25 rows)").click()
    page.wait_for_selector('[data-testid="stDataFrame"]')


def test_a_new_vintage_appears_without_a_reload(visit: Visit, fresh_server: Server) -> None:
    page = visit("/metr_p50", chart=True, base=fresh_server.url)
    before = marks(page)
    row = (
        fresh_server.store.read("observations")
        .filter(indicator="metr_p50", subject="gpt_4", variant="1.1")
        .tail(1)
        .collect()
    )
    new = row.drop("row_id", "prev_id", "known_at").to_dicts()[0]
    page.evaluate("window.kept = 'the same document'")
    fresh_server.store.append_vintages(
        "observations", [{**new, "subject": "gpt_new", "value": 800.0}], datetime.now(UTC)
    )
    until(
        page, f"{CHART}.data.filter(t => t.mode == 'markers').reduce((n, t) => n + t.x.length, 0) == {before + 1}", 60
    )
    assert page.evaluate("window.kept") == "the same document"


def test_share_offers_the_link_the_words_to_cite_and_the_files(visit: Visit, server: Server) -> None:
    page = visit("/metr_p50?lab=openai", chart=True)
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_label("Citation", exact=True)).to_have_value(re.compile("via AI Progress Monitor, as known on"))
    values = {label: page.get_by_label(label, exact=True).input_value() for label in ("CSV", "JSON", "Embed")}
    assert values["CSV"] == f"{server.url}/api/v1/indicators/metr_p50.csv?lab=openai"
    assert "embed=true" in values["Embed"]
    assert page.get_by_label("BibTeX").input_value().startswith("@misc{metr_p50_")
    assert page.get_by_label("Link pinned to this day").input_value().startswith(f"{server.url}/metr_p50?asof=20")


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another site that puts pages of ours into frames."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{self.path[1:]}" width="900" height="700"></iframe>'.encode())

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()


def test_a_chart_stands_in_another_sites_frame_and_a_plain_page_does_not(
    browser: Browser, server: Server, elsewhere: str
) -> None:
    page = browser.new_page()
    page.goto(f"{elsewhere}/{server.url}/metr_p50?embed=true")
    frame = page.frame_locator("iframe")
    frame.locator(".js-plotly-plot .main-svg .xtick").first.wait_for(state="attached", timeout=SECONDS * 1000)
    assert frame.locator("h1").inner_text().startswith("Time horizon (50 %)")
    assert frame.locator(".st-key-controls").count() == 0
    page.goto(f"{elsewhere}/{server.url}/metr_p50")
    page.wait_for_timeout(3000)
    assert page.frame_locator("iframe").locator('[data-testid="stApp"]').count() == 0
    page.close()


def test_what_changed_is_counted_from_the_last_visit(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    context.add_cookies([{"name": "visit", "value": ".20260301T120000", "url": server.url}])
    page = context.new_page()
    page.goto(server.url)
    ready(page)
    said = page.get_by_text("Since your last visit, 1 Mar 2026")
    expect(said).to_be_visible()
    assert "restated" in said.inner_text()
    said.click()
    expect(page.get_by_role("link", name="Time horizon (50 %)").first).to_be_visible()
    context.close()


def test_from_a_past_day_one_click_leads_back(visit: Visit) -> None:
    page = visit("/metr_p50?asof=2026-02-01", chart=True)
    page.get_by_role("button", name="Back to latest").click()
    page.wait_for_url("**/metr_p50")
    until(page, f"{CHART}.data.filter(t => t.mode == 'markers').reduce((n, t) => n + t.x.length, 0) == 25")


def test_restated_values_are_drawn_hollow_beside_what_replaced_them(visit: Visit) -> None:
    page = visit("/metr_p50", chart=True)
    page.get_by_text("Restatements", exact=True).click()
    until(page, f"{CHART}.data.some(t => t.name == 'earlier values' && t.x.length > 5)")
    page.wait_for_url("**/metr_p50?show=restated")


@pytest.mark.parametrize(
    "path", ["/metr_p50?v=bogus", *map(slow, ("/?st=bogus", "/signals?tab=bogus", "/data?tab=bogus"))]
)
def test_only_the_values_of_a_choice_that_exists_are_accepted(visit: Visit, path: str) -> None:
    until(visit(path), "!location.search.includes('bogus')")


def test_no_other_host_is_asked(visit: Visit, server: Server) -> None:
    page = visit("/")
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.reload()
    ready(page)
    page.wait_for_timeout(1000)
    assert asked
    assert all(url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:")) for url in asked)


def test_machines_get_short_answers_to_bad_questions(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{server.url}/api/v1/indicators/%3Cscript%3E.csv")
    assert error.value.code == 404
    assert b"script" not in error.value.read()
    with pytest.raises(urllib.error.HTTPError) as unwell:
        urllib.request.urlopen(f"{server.url}/health")
    assert json.load(unwell.value)["reasons"] == ["no collector has reported yet"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{server.url}/_stcore/metrics")
