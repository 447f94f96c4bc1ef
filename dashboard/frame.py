"""What every page shares: the way between pages, the view bar, and noticing that new data has come."""

import html
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import words
from dashboard.live import reader
from dashboard.sparkline import svg
from dashboard.theme import INKS, MAIN_LABS, Mode, lab_names
from dashboard.view import MOST_LABS, Query, View, clamped, parse, query

_STYLE = """<style>
[data-testid="stMainBlockContainer"] {max-width: 1340px; padding-top: 1rem;}
[data-testid="stHeader"] {display: none;}
h1 {font-size: 1.75rem !important; letter-spacing: -0.01em; padding-bottom: 0 !important; text-wrap: balance;}
h2 {font-size: 1.2rem !important; padding: .6rem 0 .2rem !important;}
[data-testid="stPageLink"] a {min-height: 28px;}
.st-key-nav [data-testid="stPageLink"] a {padding: .25rem .6rem;}
[class*="st-key-card-"] [data-testid="stPageLink-NavLink"] p {font-weight: 600;}
[class*="st-key-card-"] [data-testid="stPageLink-NavLink"] {padding-left: 0; margin-left: -.05rem;}
.figure {line-height: 1.25;} .figure small {font-size: .85rem;}
.figure b {font-size: 1.7rem; font-weight: 500; display: block;}
.figure img {width: 100%; height: 46px; margin-top: .4rem; display: block;}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] {padding-left: 1rem; padding-right: 1rem;}
  [data-testid="stLayoutWrapper"]:has(> .st-key-controls) {order: 9;}
  h1 {font-size: 1.4rem !important;}
}
@media (prefers-reduced-motion: reduce) {* {animation: none !important; transition: none !important;}}
</style>"""

CARRIED = ("lab", "only", "asof")


def style() -> None:
    """Our few rules of style; no outside text ever comes near them."""
    st.html(_STYLE)


def use(pages: Mapping[str, StreamlitPage]) -> None:
    """Remember the pages of this run, so that links find them."""
    st.session_state["_pages"] = dict(pages)


def link(key: str, label: str, view: View) -> None:
    """A link to a page (an indicator's key, or a page's path) that carries labs and day."""
    carried = {k: v for k, v in query(view).items() if k in CARRIED}
    st.page_link(st.session_state["_pages"][key], label=label, query_params=carried)


def figure(label: str, value: str, heights: Sequence[float | None], about: str) -> None:
    """A number with its label and the line that led to it; `about` says the line in words."""
    ink = INKS[mode()]
    # as a picture by address, since Streamlit takes inline drawings out of HTML
    drawn = b64encode(svg(heights, ink.step).encode()).decode()
    line = f'<img alt="{html.escape(about)}" src="data:image/svg+xml;base64,{drawn}">' if len(heights) > 1 else ""
    st.html(f'<div class="figure"><small>{html.escape(label)}</small><b>{html.escape(value)}</b>{line}</div>')


def mode() -> Mode:
    """Light or dark, as the reader's browser shows it."""
    return "dark" if st.context.theme.type == "dark" else "light"


def now(view: View) -> datetime:
    """The instant that ages are counted from: the as-of day's end, else the clock."""
    return view.instant or datetime.now(UTC)


def _asked() -> Query:
    return {key: st.query_params.get_all(key) for key in st.query_params}


def read_view(page: str) -> View:
    """The view that the URL asks for; on a first run, on Back and Forward it also sets the controls."""
    url = _asked()
    view = clamped(parse(url), datetime.now(UTC).date())
    if st.session_state.get("_seen") != (page, url):
        for name, value in _controls(view).items():
            st.session_state[name] = value
        # noted at once: a quick Back and Forward may cut this run anywhere
        st.session_state["_seen"] = (page, url)
    return view


def _controls(view: View) -> dict[str, object]:
    """What each control shows for a view, by its key."""
    return {
        "w_labs": list(view.labs),
        "w_more": [lab for lab in view.labs if lab not in MAIN_LABS],
        "w_only": "Only" if view.only else "Highlight",
        "w_asof": view.as_of,
        "w_scale": {"lin": "Linear", "log": "Log"}.get(view.scale),
        "w_range": {"2y": "2 years", "5y": "5 years"}.get(view.start, "All"),
        "w_variant": view.variant or None,
        "w_state": view.state or None,
        "w_layout": "Table" if view.layout else "Cards",
        "w_kind": view.kind or None,
        "w_topic": view.topic or None,
        "w_search": view.search,
        "w_measure": "Count" if view.measure else "Share",
        "w_source": view.source or None,
        "w_outlet": view.outlet or None,
        "w_by": "Topics" if view.by else "Labs",
        "w_step": "Days" if view.step else "Weeks",
    }


def publish(page: str, view: View) -> None:
    """Write the view back to the URL in its canonical form."""
    url = query(view)
    st.session_state["_seen"] = (page, url)
    if url != _asked():
        st.query_params.from_dict(url)


def navigation(view: View) -> None:
    """The row of links at the top."""
    with st.container(horizontal=True, key="nav", vertical_alignment="center", gap="xsmall"):
        st.markdown("**AI Progress Monitor**")
        for path, page in st.session_state["_pages"].items():
            if page.visibility == "visible":
                link(path, page.title, view)


def view_bar(view: View, page: str) -> View:
    """The controls that every page has: labs, the day of knowledge, and what to send to others."""
    labs, only, day = _labs_and_day(view)
    view = replace(view, labs=labs, only=only, as_of=day)
    with st.popover("Share"):
        share(view, page)
    return view


def _labs_and_day(view: View) -> tuple[tuple[str, ...], bool, date | None]:
    names = lab_names()
    more = [lab for lab in view.labs if lab not in MAIN_LABS]
    labs = st.pills(
        "Labs", list(MAIN_LABS), format_func=names.__getitem__, selection_mode="multi", key="w_labs", wrap=True
    )
    how = st.segmented_control("Show", ["Highlight", "Only"], key="w_only", required=True)
    with st.popover(f"More labs{f' ({len(more)})' if more else ''}"):
        others = [lab for lab in names if lab not in MAIN_LABS]
        extra = st.multiselect("Further labs", others, format_func=names.__getitem__, key="w_more")
    with st.popover(f"As of: {words.day(view.as_of)}" if view.as_of else "As of: latest"):
        st.caption("Show everything as it was known at the end of a day (UTC). Empty: the latest.")
        first, today = date(2025, 1, 1), datetime.now(UTC).date()
        day = st.date_input("Day", key="w_asof", min_value=first, max_value=today, format="YYYY-MM-DD")
    chosen = [lab for lab in names if lab in {*labs, *extra}][:MOST_LABS]
    return tuple(chosen), how == "Only" and bool(chosen), day


def address(view: View, page: str) -> str:
    """The whole address of a view, as the reader's browser names this server."""
    parts = urlsplit(st.context.url or "")
    asked = urlencode(query(view), doseq=True)
    return f"{parts.scheme}://{parts.netloc}/{page}" + (f"?{asked}" if asked else "")


def share(view: View, page: str) -> None:
    """Links to the latest and to the pinned view, ready to copy."""
    pinned = replace(view, as_of=view.as_of or datetime.now(UTC).date())
    st.text_input("Link to this view, always the latest", address(replace(view, as_of=None), page), key="share_latest")
    st.text_input("Link pinned to this day", address(pinned, page), key="share_pinned")
    st.caption("A pinned link shows what was known at the end of that day, whatever publishers change later.")


def as_of_line(view: View) -> None:
    """Says, in full width, that an old state is shown."""
    if view.as_of:
        st.badge(f"As known on {words.day(view.as_of)}", color="blue")


@st.fragment(run_every="30s")
def watch() -> None:
    """Rerun the page when a table has changed; until then nothing moves."""
    found = reader().versions()
    if st.session_state.setdefault("_versions", found) != found:
        st.session_state["_versions"] = found
        st.rerun(scope="app")
