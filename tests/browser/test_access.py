"""Everybody can use it: on a phone, in the dark, by keyboard, and with what reads the page aloud."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import CHART, CHARTS, PAGES, PHONE, QUICK_PAGES, Visit, drawn, ready, slow, still, until

pytestmark = pytest.mark.browser
DARK, DARK_INK = "rgb(20, 23, 28)", "#e8eaed"
INK = "getComputedStyle(document.documentElement).getPropertyValue('--text').trim()"


def problems(page: Page, *rules: str) -> str:
    """What axe finds by these rules, or by all of WCAG 2.1 AA, with the elements that it finds it in."""
    still(page)
    asked = [*rules] or ["wcag2a", "wcag2aa", "wcag21aa"]
    found = Axe().run(page, options={"runOnly": asked, "resultTypes": ["violations"]})
    wrong = [(v["id"], [n["html"][:200] for n in v["nodes"][:2]]) for v in found.response["violations"]]
    return json.dumps(wrong, indent=1) if wrong else ""


@pytest.mark.parametrize("path", QUICK_PAGES)
def test_a_phone_never_scrolls_sideways_shows_data_before_controls_and_is_usable_at_night(
    visit: Visit, path: str
) -> None:
    page = visit(path, chart=path in CHARTS, color_scheme="dark", **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("m => m.scrollWidth <= m.clientWidth")
    top = "document.querySelector('{}').getBoundingClientRect().top"
    until(page, f"{top.format('h1')} < {top.format('.st-key-controls')}")
    assert not problems(page)


def test_a_finger_on_the_chart_scrolls_the_page(visit: Visit) -> None:
    page = visit("/metr_p50", chart=True, **PHONE)
    assert page.evaluate("document.querySelector('.js-plotly-plot').layout.dragmode") is False


def test_dark_is_drawn_in_dark_inks(visit: Visit) -> None:
    page = visit("/metr_p50", chart=True, color_scheme="dark")
    assert drawn(page)["ink"] == DARK_INK
    assert page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor") == DARK


@pytest.mark.parametrize("path", QUICK_PAGES)
def test_everyone_can_use_it_by_day(visit: Visit, path: str) -> None:
    assert not problems(visit(path, chart=path in CHARTS))


@pytest.mark.parametrize("path", [path if path in ("/metr_p50", "/labs") else slow(path) for path in PAGES])
def test_everyone_can_use_it_when_it_turns_dark(visit: Visit, path: str) -> None:
    page = visit(path, chart=path in CHARTS)
    page.emulate_media(color_scheme="dark")
    until(page, f"getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === '{DARK}'")
    until(page, f"{INK} === '{DARK_INK}'")  # the first thing that the new run writes
    ready(page)
    if path in CHARTS:
        until(page, f"{CHART}.layout.font.color === '{DARK_INK}'")
    assert not problems(page, "color-contrast", "link-in-text-block"), "all that colours can make wrong"


def test_the_keyboard_reaches_every_control_in_reading_order(visit: Visit) -> None:
    page = visit("/metr_p50", chart=True)
    still(page)  # what comes in late takes the focus along
    reached: list[str] = []
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement?.innerText || ''"))
    # a link with an icon reads the icon's name first
    order = [
        "Overview",
        "Methods",
        "Share",
        "● OpenAI",
        "Linear",
        "← All indicators",
        "CSV of what is shown",
        "Data table",
    ]
    places = [next(place for place, text in enumerate(reached) if name in text) for name in order]
    assert places == sorted(places)
    assert any("Time horizon (80 %)" in text for text in reached), "the related indicators"
