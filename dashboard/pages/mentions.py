"""Who is talked about: mentions by lab and topic, as counts or shares, and the latest titles."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import charts, frame, words
from dashboard.live import reader
from dashboard.theme import MAIN_LABS, lab_names, topic_names
from dashboard.view import MOST_SEARCH, View
from data import queries
from data.text import safe_link

PATH = "mentions"
LATEST = 50
KINDS = {
    "press": "Press",
    "forum": "Forum",
    "preprint": "Preprints",
    "policy": "Policy",
    "lab": "Labs' own",
    "market": "Markets",
}


def page() -> None:
    """The weekly chart, and the newest titles."""
    view = frame.read_view(PATH)
    frame.navigation(view)
    found = queries.mentions(reader().store, view.instant)
    with st.container(horizontal=True, key="controls", vertical_alignment="bottom"):
        view = frame.view_bar(view, PATH)
        view = _filters(found, view)
    frame.publish(PATH, view)
    frame.as_of_line(view)
    if found.empty:
        st.title("No mentions yet")
        st.caption("The news collectors have not finished a first run on this machine.")
    else:
        _shown(_chosen(found, view), view)
    frame.watch()


def _filters(found: pd.DataFrame, view: View) -> View:
    kinds = [k for k in KINDS if k in set(found["kind"])]
    topics = topic_names()
    kind = st.pills("Kind", kinds, format_func=KINDS.__getitem__, key="w_kind") if kinds else None
    with st.popover("Topic and words"):
        topic = st.selectbox("Topic", list(topics), format_func=topics.__getitem__, index=None, key="w_topic")
        search = st.text_input("Words in the title", key="w_search", max_chars=MOST_SEARCH)
    measure = st.segmented_control("Measure", ["Share", "Count"], key="w_measure", required=True)
    return replace(
        view, kind=kind or "", topic=topic or "", search=search.strip(), measure="count" if measure == "Count" else ""
    )


def _chosen(found: pd.DataFrame, view: View) -> pd.DataFrame:
    keep = pd.Series(True, index=found.index)
    if view.kind:
        keep &= found["kind"] == view.kind
    if view.topic:
        keep &= found["topic"] == view.topic
    if view.search:
        keep &= found["title"].str.contains(view.search, case=False, regex=False)
    if view.only:
        keep &= found["lab"].isin(view.labs)
    return found[keep]


def _shown(found: pd.DataFrame, view: View) -> None:
    labs = view.labs or tuple(MAIN_LABS)
    articles = found.drop_duplicates("article_id")
    named = found[found["lab"] != ""].drop_duplicates(["article_id", "lab"])
    if named.empty:
        st.title("No title matches this choice")
        return
    share = named["lab"].isin(labs).mean()
    shown = ", ".join(lab_names()[lab] for lab in labs[:3]) + (" and others" if len(labs) > 3 else "")
    st.title(f"{shown}: {share:.0%} of {len(named):,} lab mentions")
    st.caption(
        "Titles that name a lab, by week, month or quarter of publication (UTC). Labs' own posts are among them: "
        "choose a kind to leave them out. Title matching is not equally complete for all labs."
    )
    st.plotly_chart(
        charts.mentions_over_time(named, view, frame.mode()),
        key="chart",
        theme=None,
        config=dict(charts.CONFIG),
        alt=f"Mentions by lab over time; {len(named)} in all.",
    )
    st.header(f"Latest {min(LATEST, len(articles))} of {len(articles):,}")
    st.dataframe(
        _latest(found), hide_index=True, column_config={"Link": st.column_config.LinkColumn(display_text="open")}
    )


def _latest(found: pd.DataFrame) -> pd.DataFrame:
    names, topics = lab_names(), topic_names()
    newest = found.sort_values("published_at", ascending=False)
    ids = newest["article_id"].drop_duplicates().head(LATEST)
    rows = []
    for article in ids:
        of = newest[newest["article_id"] == article]
        first = of.iloc[0]
        rows.append(
            {
                "When": words.instant(first["published_at"]),
                "Lab": ", ".join(sorted({names.get(lab, lab) for lab in of["lab"] if lab})),
                "Topic": ", ".join(sorted({topics.get(t, t) for t in of["topic"] if t})),
                "Title": first["title"],
                "Outlet": first["outlet"],
                "Link": safe_link(first["url"]),
            }
        )
    return pd.DataFrame(rows)
