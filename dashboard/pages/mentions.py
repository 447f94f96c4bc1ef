"""Who is talked about: how often, by lab and topic, against all that was read; and the newest titles."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from dashboard import attention, charts, evidence, frame, markup, words
from dashboard.attention import Lines
from dashboard.live import reader
from dashboard.markup import Cell
from dashboard.theme import FLAGS, lab_names, topic_names
from dashboard.view import MOST_SEARCH, View
from data import mentions, tidy
from data.queries import DAILY
from data.text import safe_link
from signals.burst import Alarm

PATH = "mentions"
LATEST = 50
MOST = 500
"""As many of the newest articles are grouped into stories; more are for a snapshot."""
OWN = "lab"
KINDS = {
    "press": "Press",
    "forum": "Forum",
    "preprint": "Preprints",
    "policy": "Policy",
    "lab": "From the labs",
    "market": "Markets",
}


def page() -> None:
    """The chart of the counts with what it says, then the titles."""
    view = frame.read_view(PATH)
    frame.navigation(view)
    there, counts = reader().mentions_present(view.instant), reader().daily_counts(view.instant)
    with st.container(horizontal=True, key="controls", vertical_alignment="bottom"):
        view = _filters(there, counts, frame.date_range(frame.view_bar(view, PATH)))
    frame.publish(PATH, view)
    frame.as_of_line(view)
    if there.is_empty() and counts.is_empty():
        st.title("No mentions yet")
        st.caption("The news collectors have not finished a first run on this machine.")
    else:
        _counted(counts, view)
        wanted = _wanted(there, view)
        _listed(reader().articles(wanted, MOST), wanted, view)
    frame.watch()


def _titles() -> Mapping[str, str]:
    return {row["source"]: row["source_title"] for row in reader().catalogue().values()}


def _filters(there: pl.DataFrame, counts: pl.DataFrame, view: View) -> View:
    kinds = [k for k in KINDS if k in set(there["kind"])]
    topics, titles = topic_names(), _titles()
    sources = sorted({*there["source"], *counts["source"]}, key=lambda s: titles.get(s, s))
    outlets = sorted(set(there["outlet"]))
    for key, choices in (("w_source", sources), ("w_outlet", outlets), ("w_topic", list(topics)), ("w_kind", kinds)):
        if st.session_state.get(key) not in (None, *choices):  # an old link may name what is not here
            st.session_state[key] = None
    kind = st.pills("Kind", kinds, format_func=KINDS.__getitem__, key="w_kind", wrap=True) if kinds else None
    by = st.segmented_control("Lines", ["Labs", "Topics"], key="w_by", required=True)
    measure = st.segmented_control("Measure", ["Share", "Count"], key="w_measure", required=True)
    step = st.segmented_control("Step", ["Weeks", "Days"], key="w_step", required=True)
    with st.popover("Topic, source, outlet, words"):
        topic = st.selectbox("Topic", list(topics), format_func=topics.__getitem__, index=None, key="w_topic")
        source = st.selectbox("Source", sources, format_func=lambda s: titles.get(s, s), index=None, key="w_source")
        outlet = st.selectbox("Outlet", outlets, index=None, key="w_outlet")
        search = st.text_input("Words in the title", key="w_search", max_chars=MOST_SEARCH)
    return replace(
        view,
        kind=kind or "",
        topic=topic or "",
        source=source or "",
        outlet=outlet or "",
        search=search.strip(),
        measure="count" if measure == "Count" else "",
        by="topic" if by == "Topics" else "",
        step="day" if step == "Days" else "",
    )


# --- the counts


def _counted(counts: pl.DataFrame, view: View) -> None:
    """One source at a time: what they read differs, so that their numbers are never added up."""
    sources = [view.source] if view.source else list(counts.group_by("source", maintain_order=True).len()["source"])
    chosen = ([view.topic] if view.topic else []) if view.by else list(view.labs)
    drawn = [
        attention.lines(counts.filter(pl.col("source") == source), by_topic=bool(view.by), chosen=chosen,
                        days=bool(view.step))
        for source in sources
    ]  # fmt: skip
    drawn = sorted((shown for shown in drawn if len(shown.points)), key=lambda shown: shown.are_posts)
    if not drawn:
        st.title("Nothing is counted for this choice yet")
        what = "topic" if view.by else "lab"
        st.caption(f"Choose another source or {what}. A series begins with the first whole week that was read.")
        return
    inside = [part for shown in drawn if len((part := attention.between(shown, *_window(shown, view))).points)]
    if not inside:
        st.title("Nothing was counted between these days")
        st.caption("Choose other days, or all of them.")
        return
    st.title(_title(inside[0], view))
    for shown in inside:
        _chart(shown, view)
    if not view.step:
        _evidence(drawn, counts, view)


def _window(shown: Lines, view: View) -> tuple[date | None, date | None]:
    return view.window(max(shown.points["date"]))


def _title(shown: Lines, view: View) -> str:
    """The most frequent series of the last four periods, with its share of what was read."""
    ends = shown.points["date"].unique().sort().tail(4)
    lately = shown.points.filter(pl.col("date").is_in(ends.to_list()))
    top = max(shown.series, key=lambda s: float(lately.filter(pl.col("series") == s)["number"].sum()))
    own = lately.filter(pl.col("series") == top)
    read = float(own["read"].sum())
    share = f"{float((own['share'].fill_null(0) * own['read']).sum()) / read:.0%}" if read else "none"
    if shown.are_posts:
        return f"{attention.name_of(top)} wrote {words.number(float(own['number'].sum()))} posts in {_span(view, ends)}"
    verb = "is named in" if top.startswith("lab:") else "is the topic of"
    return f"{attention.name_of(top)} {verb} {share} of items in {_span(view, ends)}"


def _span(view: View, ends: pl.Series) -> str:
    return f"{len(ends)} {'days' if view.step else 'weeks'} from {words.day(ends[0])}"


def _chart(shown: Lines, view: View) -> None:
    title = _titles().get(shown.source, shown.source)
    state = reader().states(view.instant).get(shown.source)
    known = next((row for row in reader().catalogue(view.instant).values() if row["source"] == shown.source), None)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(title)
        word, colour = words.standing(known, state, frame.now(view)) if known else ("", "gray")
        if word:
            st.badge(word, color=colour)
    period = "day" if view.step else "week, Monday to Sunday"
    is_share = not view.measure and not shown.are_posts
    what = "posts on each lab's own site" if shown.are_posts else "items by what their titles name"
    share = "Share of all items read" if is_share else "Number of items"
    more = f" {shown.left_out} more series are not drawn: choose labs or a topic." if shown.left_out else ""
    st.caption(
        f"{share}, {what}, by {period} (UTC). A gap was not read; a zero was read and held none. The running week "
        f"is left out.{more}"
    )
    st.plotly_chart(
        attention.figure(shown, share=is_share, mode=frame.mode()),
        key=f"chart-{shown.source}",
        theme=None,
        config=charts.config(f"mentions_{shown.source}"),
        alt=f"{share} in {title}, for {', '.join(map(attention.name_of, shown.series))}.",
    )
    if not view.by and not shown.are_posts:
        st.caption("Title matching is not equally complete for all labs: compare a lab with its own past first.")
    numbers = attention.table(shown)
    with st.container(horizontal=True, vertical_alignment="center"):
        if known is not None:
            home = safe_link(known["homepage"])
            if home:
                st.link_button(f"Source: {title}", home, type="tertiary")
            st.caption(str(known["licence"]))
        st.download_button(
            "CSV of these counts",
            lambda: numbers.to_csv(index=False, lineterminator="\r\n").encode(),
            file_name=f"counts_{shown.source}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"csv-{shown.source}",
        )
        frame.pictures(
            f"chart-{shown.source}",
            f"{title}: {share[0].lower()}{share[1:]} by {'topic' if view.by else 'lab'}, by {period}",
            f"Counted by AI Progress Monitor from {title}, {frame.address(view, PATH)},",
        )
    twin = st.expander(f"Data table ({len(numbers)} rows)", key=f"twin-{shown.source}", on_change="rerun")
    with twin:
        if twin.open:
            shares = st.column_config.NumberColumn(format="percent")
            st.dataframe(numbers, hide_index=True, column_config={"Share": shares})


def _evidence(drawn: list[Lines], counts: pl.DataFrame, view: View) -> None:
    """Bursts and the test for acceleration, on the weekly shares, each with its numbers."""
    st.header("Bursts and acceleration")
    st.caption(
        "A burst is a week above the 99 % limit of what the series' own past predicts, at the same number of items "
        "read. It is short, and is not acceleration: that is a lasting change of slope, tested on the weekly series."
    )
    rows: list[list[Cell]] = []
    catalogue = reader().catalogue(view.instant)
    for shown in drawn:
        prefix = counts.filter(pl.col("source") == shown.source)["indicator"][0].removesuffix(DAILY)
        for series in shown.series:
            alarm = attention.burst_of(shown.of(series))
            key = attention.indicator_of(f"{prefix}_", series, catalogue)
            verdict = reader().series(key, view.instant).verdict if key else None
            name = attention.name_of(series)
            path = frame.address(View(as_of=view.as_of), key) if key else ""
            rows.append(
                [
                    markup.both(markup.link(name, path) if path else name, _titles().get(shown.source, shown.source)),
                    words.number(alarm.count) if alarm else "",
                    _expected(alarm) if alarm else "",
                    "too short a past" if alarm is None else "burst" if alarm.is_alarm else "no burst",
                    FLAGS[verdict.state].word if verdict else "not tested for this series",
                    evidence.sentence(verdict) if verdict else "",
                ]
            )
    columns = ("Series", "Last week", "Expected", "Burst", "Acceleration", "Because")
    frame.block(markup.table("Bursts and acceleration, by series", columns, rows))


def _expected(alarm: Alarm) -> Cell:
    return markup.both(words.number(alarm.expected), f"limit {words.number(alarm.threshold)}")


# --- the titles


def _wanted(there: pl.DataFrame, view: View) -> mentions.Wanted:
    """The labs' own posts are left out unless they are asked for, or are all there is."""
    others = set(there["kind"]) - {OWN}
    asked = view.kind or view.source or view.outlet
    mostly_own = there.filter(pl.col("kind") != OWN).height == 0
    first, last = view.window(view.as_of or frame.now(view).date())
    return mentions.Wanted(
        labs=view.labs,
        topic=view.topic,
        kind=view.kind,
        not_kind=OWN if others and not asked and not mostly_own else "",
        source=view.source,
        outlet=view.outlet,
        search=view.search,
        first=first,
        last=last,
        instant=view.instant,
    )


def _listed(found: pl.DataFrame, wanted: mentions.Wanted, view: View) -> None:
    if found.is_empty():
        st.header("No title matches this choice")
        return
    latest = found.head(LATEST)
    st.header(f"Newest {len(latest)} articles, {latest['story'].n_unique()} stories")
    of = f" of the newest {len(found)} articles, which are {found['story'].n_unique()} stories"
    more = of if len(found) > LATEST else ""
    own = " The labs' own posts are left out: choose “From the labs” to see them." if wanted.not_kind else ""
    baseline = " These came with the program (baseline); their titles are made of their addresses."
    st.caption(
        f"Shown are {len(latest)}{more}. The same story in several outlets is one story. “About” is whom and what the "
        f"title names.{own}{baseline if latest['is_baseline'].all() else ''}"
    )
    frame.block(markup.table("Newest articles", ("Title and outlet", "Published", "About"), _rows(latest)))
    free = latest.filter(pl.col("may_leave"))
    kept = len(latest) - len(free)
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(free):
            st.download_button(
                "CSV of what is listed",
                lambda: b"".join(tidy.csv_pieces(_file(free))),
                file_name=f"mentions_{view.as_of or 'latest'}.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                key="csv-titles",
            )
        if kept:
            st.caption(f"{kept} of these rows are not ours to pass on: their links lead to the publishers.")


def _rows(latest: pl.DataFrame) -> list[list[Cell]]:
    return [
        [
            markup.both(markup.away(row["title"], row["url"]), _outlet(row)),
            markup.whole((words.instant if row["precision"] == "second" else words.day)(row["published_at"])),
            markup.both(_named(row["labs"], lab_names()), _named(row["topics"], topic_names())),
        ]
        for row in latest.iter_rows(named=True)
    ]


def _outlet(row: Mapping[str, Any]) -> str:
    name = lab_names().get(row["publisher_lab"], row["outlet"]) if row["publisher_lab"] else row["outlet"]
    return f"{name}; this story in {row['outlets']} outlets" if row["outlets"] > 1 else str(name)


def _named(keys: Sequence[str], names: Mapping[str, str]) -> str:
    return ", ".join(names.get(key, key) for key in keys)


def _file(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "published_at", "precision", pl.col("labs", "topics").list.join(" "), "kind", "outlet", "publisher_lab",
        "title", "url", "lang", "source", "known_at", "article_id", "story", "outlets",
    )  # fmt: skip
