"""What every page shares: the way between pages, the view bar, and noticing that new data has come."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import words
from dashboard.live import reader
from dashboard.theme import MAIN_LABS, Mode, lab_names
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
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] {padding-left: 1rem; padding-right: 1rem;}
  [data-testid="stLayoutWrapper"]:has(> .st-key-controls) {order: 9;}
  h1 {font-size: 1.4rem !important;}
}
@media (prefers-reduced-motion: reduce) {* {animation: none !important; transition: none !important;}}
</style>"""


def style() -> None:
    """Our few rules of style; no outside text ever comes near them."""
    st.html(_STYLE)


def use(pages: Mapping[str, StreamlitPage]) -> None:
    """Remember the pages of this run, so that links find them."""
    st.session_state["_pages"] = dict(pages)


def link(key: str, label: str, view: View) -> None:
    """A link to a page (an indicator's key, or empty for the overview) that carries the view."""
    carried = {k: v for k, v in query(view).items() if k in ("lab", "only", "asof")}
    st.page_link(st.session_state["_pages"][key], label=label, query_params=carried)


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
        st.session_state["w_labs"] = list(view.labs)
        st.session_state["w_only"] = "Only" if view.only else "Highlight"
        st.session_state["w_asof"] = view.as_of
        st.session_state["w_scale"] = {"lin": "Linear", "log": "Log"}.get(view.scale)
        st.session_state["w_range"] = {"2y": "2 years", "5y": "5 years"}.get(view.start, "All")
        st.session_state["w_variant"] = view.variant or None
        # noted at once: a quick Back and Forward may cut this run anywhere
        st.session_state["_seen"] = (page, url)
    return view


def publish(page: str, view: View) -> None:
    """Write the view back to the URL in its canonical form."""
    url = query(view)
    st.session_state["_seen"] = (page, url)
    if url != _asked():
        st.query_params.from_dict(url)


def navigation(view: View) -> None:
    """The row of links at the top."""
    with st.container(horizontal=True, key="nav", vertical_alignment="center"):
        st.markdown("**AI Progress Monitor**")
        link("", "Overview", view)


def lab_and_day_controls(view: View) -> tuple[tuple[str, ...], bool, date | None]:
    """Pills for the main labs, the rest behind "More", highlight or only, and the day of knowledge."""
    names = lab_names()
    more = [lab for lab in view.labs if lab not in MAIN_LABS]
    labs = st.pills(
        "Labs", [*MAIN_LABS, *more], format_func=names.__getitem__, selection_mode="multi", key="w_labs", wrap=True
    )
    how = st.segmented_control("Show", ["Highlight", "Only"], key="w_only", required=True)
    with st.popover(f"More labs{f' ({len(more)})' if more else ''}"):
        others = [lab for lab in names if lab not in MAIN_LABS]
        st.session_state.setdefault("w_more", more)
        extra = st.multiselect("Further labs", others, format_func=names.__getitem__, key="w_more")
    label = f"As of: {words.day(view.as_of)}" if view.as_of else "As of: latest"
    with st.popover(label):
        st.caption("Show everything as it was known at the end of a day (UTC).")
        day = st.date_input(
            "Day", key="w_asof", min_value=date(2026, 1, 1), max_value=datetime.now(UTC).date(), format="YYYY-MM-DD"
        )
    chosen = [lab for lab in names if lab in {*labs, *extra}][:MOST_LABS]
    return tuple(chosen), how == "Only" and bool(chosen), day


def as_of_line(view: View) -> None:
    """Says, in full width, that an old state is shown, and leads back."""
    if view.as_of:
        with st.container(horizontal=True, vertical_alignment="center", key="asof-line"):
            st.badge(f"As known on {words.day(view.as_of)}", color="blue")


def end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


@st.fragment(run_every="30s")
def watch() -> None:
    """Rerun the page when a table has changed; until then nothing moves."""
    found = reader().versions()
    if st.session_state.setdefault("_versions", found) != found:
        st.session_state["_versions"] = found
        st.rerun(scope="app")
