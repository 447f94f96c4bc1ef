"""What every page shares: the way between pages, the view bar, and noticing that new data has come."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from html import escape
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import export, words
from dashboard.delivery import VISIT, visits
from dashboard.live import reader
from dashboard.theme import MAIN_LABS, Mode, css_inks, lab_names
from dashboard.view import AGO, FIRST_DAY, LAST_DAY, MOST_LABS, Query, View, clamped, parse, query

_STYLE = """
[data-testid="stMainBlockContainer"] {max-width: 1340px; padding-top: 1rem; padding-bottom: 3rem;}
[data-testid="stHeader"] {display: none;}
h1 {font-size: 1.75rem !important; letter-spacing: -0.01em; padding-bottom: 0 !important; text-wrap: balance;}
h2 {font-size: 1.2rem !important; padding: .6rem 0 .2rem !important;}
h3 {font-size: 1rem !important; padding: .4rem 0 .1rem !important;}
[data-testid="stPageLink"] a {min-height: 28px;}
.st-key-nav [data-testid="stPageLink"] a {padding: .25rem .6rem;}
.st-key-controls button {min-height: 32px; padding-top: 0; padding-bottom: 0;}
[class*="st-key-card-"] {height: 100%;}
[class*="st-key-card-"] [data-testid="stPageLink-NavLink"] p {font-weight: 600; white-space: normal;}
[class*="st-key-card-"] [data-testid="stPageLink-NavLink"] {padding: 0; margin: 0; min-height: 24px;}
.card {line-height: 1.4; font-size: .875rem; color: var(--muted);}
.card small {font-size: .8125rem; display: block;}
.card b {font-size: 1.6rem; font-weight: 500; line-height: 1.25; color: var(--text); display: block;}
.card img {width: 100%; height: 46px; margin: .35rem 0 .5rem; display: block;}
.card p {margin: .35rem 0 0; font-size: .875rem; color: var(--text);}
.card p + p {color: var(--muted); font-size: .8125rem; margin-top: .15rem;}
.flag {display: inline-block; padding: 0 .4rem; border-radius: .3rem; margin: 0 .35rem .2rem 0; font-size: .8125rem;
       line-height: 1.35rem; color: var(--gray); background: var(--gray-ground); white-space: nowrap;}
.flag.orange {color: var(--orange); background: var(--orange-ground);}
.flag.blue {color: var(--blue); background: var(--blue-ground);}
.flag.yellow {color: var(--yellow); background: var(--yellow-ground);}
.flag.red {color: var(--red); background: var(--red-ground);}
.flag.outline {background: none; box-shadow: inset 0 0 0 1px var(--orange);}
.strip {display: flex; flex-wrap: wrap; gap: .4rem .95rem; margin: .3rem 0 .1rem;}
.strip a {flex: 1 1 7rem; text-decoration: none; color: var(--text); border: 1px solid var(--line);
          font-size: .875rem; border-radius: .5rem; padding: .35rem .6rem; line-height: 1.35;}
.strip .loop {position: relative;}
.strip .loop + .loop::before, .strip .loop:has(+ :not(.loop))::after {content: "▸" / ""; position: absolute;
          left: -.8rem; color: var(--muted);}
.strip .loop:has(+ :not(.loop))::after {content: "↺" / ""; left: auto; right: -.9rem; top: .35rem;}
.strip a:hover, .strip a:focus-visible {border-color: var(--accent);}
.strip small {display: block; color: var(--muted); font-size: .8125rem;}
.lines {margin: 0; padding: 0; list-style: none; font-size: .9375rem; line-height: 1.5;}
.lines li {margin: 0 0 .45rem; padding: 0;}
.lines b {font-weight: 600;}
.card a {color: var(--accent);}
.evidence {columns: 2 24rem; column-gap: 2.5rem; font-size: .9375rem; line-height: 1.5; color: var(--text);}
[data-testid="stHtml"] h2 {margin: 0; padding: 0 0 .2rem !important;}
.evidence p {overflow-wrap: anywhere;} .evidence section {break-inside: avoid; margin-bottom: .7rem;}
.evidence h3 {padding: 0 !important; margin: 0 0 .1rem;} .evidence p {margin: 0 0 .25rem;}
.rows {border-collapse: collapse; width: 100%; font-size: .875rem; line-height: 1.4; color: var(--text);}
.rows caption {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);}
.rows th, .rows td {text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; font-weight: 400; border: 0;
                    border-bottom: 1px solid var(--line);}
.rows thead th {color: var(--muted); font-size: .8125rem; white-space: nowrap;}
.rows small {display: block; color: var(--muted); font-size: .8125rem;}
.rows a, .links a {color: var(--accent);}
.rows tbody tr:hover {background: var(--gray-ground);}
.whole, .rows tbody th {white-space: nowrap;} .rows tbody th:has([target="_blank"]) {white-space: normal;}
.rows td {overflow-wrap: anywhere; min-width: 3.5rem;}
.rows b {font-weight: 600;}
.links, .prose {font-size: .9375rem; line-height: 1.55; margin: 0; color: var(--text);}
.prose {max-width: 46rem;} .prose p {margin: 0 0 .6rem;}
.note, .lead p {margin: 0; font-size: .875rem; line-height: 1.5; color: var(--muted);} .lead p {margin-top: .35rem;}
.lead span:not(.flag) {font-size: .875rem; color: var(--muted);}
.worker {margin: 0; font-size: .9375rem; color: var(--text);}
.pictures {display: flex; gap: .9rem;} .pictures button {background: none; border: 0; padding: .3rem 0; cursor: pointer;
           font: inherit; font-size: .875rem; color: var(--text); min-height: 28px;}
.pictures button:hover {color: var(--accent); text-decoration: underline;}
.bar {display: flex; height: .6rem; border-radius: .3rem; overflow: hidden; margin: .3rem 0; max-width: 30rem;}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] {padding-left: 1rem; padding-right: 1rem;}
  [data-testid="stLayoutWrapper"]:has(> .st-key-controls) {order: 9;}
  .st-key-nav [data-testid="stPageLink"] a {padding: .15rem .35rem;}
  .st-key-nav > * {order: 3;} .st-key-nav > :first-child {order: 0;}
  .st-key-nav > :last-child {order: 1; margin-left: auto;}
  .st-key-nav::before {content: ""; order: 2; flex-basis: 100%; margin-top: -.75rem;}
  .rows thead {display: none;}
  .rows, .rows tbody, .rows tr, .rows th, .rows td {display: block;}
  .rows tbody th {white-space: normal;}
  .rows tr {border-bottom: 1px solid var(--line); padding: .5rem 0;}
  .rows th, .rows td {border: 0; padding: .1rem 0;} .rows tbody th {font-weight: 600;}
  .rows td::before {content: attr(data-label) ": "; color: var(--muted);}
  .rows td small {display: inline; margin-left: .35rem;} .rows td:empty {display: none;}
  .st-key-origin .note {display: none;}
  h1 {font-size: 1.4rem !important;}
}
@media (prefers-reduced-motion: reduce) {* {animation: none !important; transition: none !important;}}
"""


def style() -> None:
    """Our few rules of style, in the inks of the reader's mode; no outside text ever comes near them."""
    inks = "".join(f"--{name}: {colour};" for name, colour in css_inks(mode()).items())
    st.html(f"<style>:root {{{inks}}}{_STYLE}</style>")


def use(pages: Mapping[str, StreamlitPage]) -> None:
    """Remember the pages of this run, so that links find them."""
    st.session_state["_pages"] = dict(pages)


def carried(view: View) -> View:
    """The part of a view that goes along to another page: labs and day."""
    return View(labs=view.labs, only=view.only, as_of=view.as_of)


def link(key: str, label: str, view: View) -> None:
    """A link to a page (an indicator's key, or a page's path) that carries labs and day."""
    st.page_link(st.session_state["_pages"][key], label=label, query_params=query(carried(view)))


def block(body: str) -> None:
    """Markup of ours; whatever was not written in this program has been escaped by whoever made it."""
    st.html(body)


def note(text: str) -> None:
    """A muted line. Cheaper in the browser than a caption, which is parsed as Markdown."""
    block(f'<p class="note">{escape(text)}</p>')


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
        "w_since": view.since if view.since in AGO else None,
        "w_since_day": date.fromisoformat(view.since) if view.since and view.since not in AGO else None,
        "w_scale": {"lin": "Linear", "log": "Log"}.get(view.scale),
        "w_range": SPANS.get(view.start) if view.start or not view.end else None,
        "w_from": None if view.start in SPANS or not view.start else date.fromisoformat(view.start),
        "w_to": date.fromisoformat(view.end) if view.end else None,
        "w_variant": view.variant or None,
        "w_state": view.state or None,
        "w_shown": list(view.shown),
        "w_tab": view.tab,
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


def clamp(key: str, options: Collection[str], default: str | None) -> None:
    """Before a control: what the address asked for and is no choice becomes the default."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = default


def publish(page: str, view: View) -> None:
    """Write the view back to the URL in its canonical form, and offer it to be shared."""
    url = query(view)
    st.session_state["_seen"] = (page, url)
    if url != _asked():
        st.query_params.from_dict(url)
    slot = st.session_state.pop("_share", None)
    if slot is not None and slot.open:
        with slot:
            share(view, page)


def top(page: str, more: Callable[[View], View] | None = None, *, publishes: bool = True) -> View:
    """What stands above every page: the way to the others, the controls with the page's own, and the day shown.

    A page with controls further down does not publish here, but calls `publish` after them.
    """
    view = read_view(page)
    navigation(view)
    with st.container(horizontal=True, key="controls", vertical_alignment="bottom", gap="xsmall"):
        view = view_bar(view, page)
        view = more(view) if more else view
    if publishes:
        publish(page, view)
    as_of_line(view)
    return view


def navigation(view: View) -> None:
    """The row of links at the top."""
    with st.container(horizontal=True, key="nav", vertical_alignment="center", gap="xsmall"):
        st.markdown("**AI Progress Monitor**")
        for path, page in st.session_state["_pages"].items():
            if page.visibility == "visible":
                link(path, page.title, view)
        # filled by `publish` once it is open, when all controls have been asked
        st.session_state["_share"] = st.popover("Share", type="tertiary", key="share", on_change="rerun")


def view_bar(view: View, page: str) -> View:
    """The controls that every page has: labs, the day of knowledge, since when, and what to send to others."""
    del page
    labs, only = _labs(view)
    view = replace(view, labs=labs, only=only, as_of=_as_of(view))
    return replace(view, since=_since(view))


def _labs(view: View) -> tuple[tuple[str, ...], bool]:
    names = lab_names()
    more = [lab for lab in view.labs if lab not in MAIN_LABS]
    labs = st.pills(
        "Labs",
        list(MAIN_LABS),
        format_func=lambda lab: f"{MAIN_LABS[lab].sign} {names[lab]}",
        selection_mode="multi",
        key="w_labs",
        wrap=True,
        label_visibility="collapsed",
    )
    with st.popover(f"More{f' ({len(more)})' if more else ''}"):
        others = [lab for lab in names if lab not in MAIN_LABS]
        extra = st.multiselect("Further labs", others, format_func=names.__getitem__, key="w_more")
    chosen = [lab for lab in names if lab in {*labs, *extra}][:MOST_LABS]
    how = st.segmented_control(
        "Chosen labs", ["Highlight", "Only"], key="w_only", required=True, label_visibility="collapsed"
    )
    return tuple(chosen), how == "Only" and bool(chosen)


def _as_of(view: View) -> date | None:
    with st.popover(f"As of: {words.day(view.as_of)}" if view.as_of else "As of: latest"):
        st.caption("Show everything as it was known at the end of a day (UTC). Empty: the latest.")
        first, today = date(2025, 1, 1), datetime.now(UTC).date()
        day = st.date_input("Day", key="w_asof", min_value=first, max_value=today, format="YYYY-MM-DD")
    return day if isinstance(day, date) else None


_SINCE = {"7d": "7 days", "30d": "30 days", "90d": "90 days"}


def _since(view: View) -> str:
    """Since when changes are counted; choosing a span forgets the day, and the other way round."""
    given = words.day(date.fromisoformat(view.since)) if view.since and view.since not in AGO else ""
    usual = "last visit" if last_visit() else "7 days"
    with st.popover(f"Since: {given or _SINCE.get(view.since, usual)}"):
        st.caption(f"Say what has changed since then. Nothing chosen: since {'your ' if last_visit() else ''}{usual}.")
        ago = st.pills(
            "The last", AGO, format_func=_SINCE.__getitem__, key="w_since", on_change=_forget, args=("w_since_day",)
        )
        day = st.date_input(
            "Or since a day", key="w_since_day", min_value=date(2025, 1, 1), max_value=datetime.now(UTC).date(),
            format="YYYY-MM-DD", on_change=_forget, args=("w_since",),
        )  # fmt: skip
    return day.isoformat() if isinstance(day, date) else ago or ""


def _forget(*keys: str) -> None:
    for key in keys:
        st.session_state[key] = None


SPANS = {"": "All", "5y": "5 years", "2y": "2 years"}


def date_range(view: View) -> View:
    """The first and last day shown: a usual span back from the newest value, or any two days."""
    spans = {name: start for start, name in SPANS.items()}
    span = st.segmented_control(
        "Years", list(spans), key="w_range", label_visibility="collapsed", on_change=_span_chosen
    )
    with st.popover(_days_shown(), key="range"):
        st.caption("Show what is dated from one day to another; a day left empty is no limit.")
        limits = {"min_value": FIRST_DAY, "max_value": LAST_DAY, "format": "YYYY-MM-DD", "on_change": _days_chosen}
        first = st.date_input("From", key="w_from", **limits)  # type: ignore[call-overload]
        last = st.date_input("To", key="w_to", **limits)  # type: ignore[call-overload]
    start = spans.get(span or "") or (first.isoformat() if isinstance(first, date) else "")
    return replace(view, start=start, end=last.isoformat() if isinstance(last, date) else "")


def _days_shown() -> str:
    """The label of the choice of days: the days, where they were chosen."""
    days = (st.session_state.get(key) for key in ("w_from", "w_to"))
    first, last = (words.day(day) if isinstance(day, date) else "" for day in days)
    if first and last:
        return f"{first} to {last}"
    return f"From {first}" if first else f"To {last}" if last else "Custom"


def _span_chosen() -> None:
    """A usual span forgets the days; no span at all is all years."""
    _forget("w_from", "w_to")
    if st.session_state["w_range"] is None:
        st.session_state["w_range"] = SPANS[""]


def _days_chosen() -> None:
    """A day ends the usual span; two days the wrong way round change places."""
    first, last = st.session_state["w_from"], st.session_state["w_to"]
    if first and last and first > last:
        st.session_state["w_from"], st.session_state["w_to"] = last, first
    st.session_state["w_range"] = None if first or last else SPANS[""]


def last_visit() -> datetime | None:
    """When the reader was here before this visit, as their browser remembers."""
    return visits(str(st.context.cookies.get(VISIT) or ""))[0]


def address(view: View, page: str) -> str:
    """The whole address of a view, as the reader's browser names this server."""
    asked = urlencode(query(view), doseq=True)
    return f"{_server()}/{page}" + (f"?{asked}" if asked else "")


def _server() -> str:
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}"


def share(view: View, page: str) -> None:
    """Links to the latest and to the pinned view, the words to cite it, its files and feeds; all ready to copy."""
    day = view.as_of or datetime.now(UTC).date()
    pinned = address(replace(view, as_of=day), page)
    st.text_input("Link to this view, always the latest", address(replace(view, as_of=None), page))
    st.text_input("Link pinned to this day", pinned)
    st.caption("A pinned link shows what was known at the end of that day, whatever publishers change later.")
    indicator = reader().catalogue(view.instant).get(page)
    files: tuple[str, ...] = ("mentions.csv", "mentions.json")
    feed = "mentions" if page == "mentions" else "signals"
    if indicator is not None:
        st.text_input("Citation", export.citation(indicator, day, pinned))
        st.text_area("BibTeX", export.bibtex(indicator, day, pinned), height=180)
        inner = address(view, page)
        inner += ("&" if "?" in inner else "?") + "embed=true"
        st.text_input("Embed", f'<iframe src="{inner}" width="100%" height="620" title="AI Progress Monitor"></iframe>')
        files, feed = (f"indicators/{page}.csv", f"indicators/{page}.json"), page
        if not export.may_be_passed_on(indicator):
            files = ()
    elif page != "mentions":
        files = ("indicators.json",)
    for file in files:
        st.text_input(file.rsplit(".", 1)[1].upper(), address(view, f"api/v1/{file}"))
    st.text_input("Feed for a news reader", f"{_server()}/feeds/{feed}.atom")


def pictures(chart: str, title: str, source: str) -> None:
    """Buttons that save the chart of the key `chart` as a picture, with its title above and its source below it."""
    day = words.day(datetime.now(UTC).date())
    about = f'data-chart="{escape(chart)}" data-title="{escape(title)}" data-source="{escape(f"{source} {day}.")}"'
    block(
        '<span class="pictures">'
        + "".join(
            f'<button type="button" data-picture="{kind}" {about} aria-label="Save the chart as {kind.upper()}">'
            f"{kind.upper()}</button>"
            for kind in ("png", "svg")
        )
        + "</span>"
    )


def as_of_line(view: View) -> None:
    """Says, in full width, that an old state is shown, and leads back."""
    if view.as_of:
        with st.container(horizontal=True, vertical_alignment="center", key="as-of-line"):
            st.badge(f"As known on {words.day(view.as_of)}", color="blue")
            st.button("Back to latest", type="tertiary", on_click=_forget, args=("w_asof",))


def begin() -> None:
    """Remember what the tables are before anything is read from them: what comes while a page is drawn is new."""
    st.session_state["_versions"] = reader().versions()


@st.fragment(run_every="30s")
def watch() -> None:
    """Rerun the page when a table has changed since `begin`; until then nothing moves."""
    if st.session_state["_versions"] != reader().versions():
        st.rerun(scope="app")
