"""All indicators by stage of the loop: what stands where, how fast, and how fresh."""

from collections import Counter

import streamlit as st

from dashboard import frame, words
from dashboard.live import reader
from dashboard.reading import Series, latest_record, monthly
from dashboard.theme import FLAGS
from dashboard.view import View
from signals.verdict import ENOUGH_FOR_TREND

PATH = ""


def page() -> None:
    """The overview."""
    view = frame.read_view(PATH)
    frame.navigation(view)
    with st.container(horizontal=True, key="controls", vertical_alignment="bottom"):
        labs, only, day = frame.lab_and_day_controls(view)
    view = View(labs=labs, only=only, as_of=day)
    frame.publish(PATH, view)
    frame.as_of_line(view)
    catalogue = reader().catalogue(view.instant)
    found = [reader().series(key, view.instant) for key in catalogue]
    found = [series for series in found if len(series.rows)]
    if not found:
        _nothing(view)
    else:
        _head(found, view)
        for stage, (_, question) in words.STAGES.items():
            _stage(question, [s for s in found if s.indicator["stage"] == stage], view)
    frame.watch()


def _nothing(view: View) -> None:
    if view.as_of:
        st.title("Nothing was recorded here by then")
        st.caption(f"No value was known on {words.day(view.as_of)}. Choose a later day.")
    else:
        st.title("No data yet")
        start = "It starts with `make run`, or alone with `python -m collectors schedule`."
        st.caption(f"The worker has not finished its first run. {start}")


def _head(found: list[Series], view: View) -> None:
    flagged = sum(s.verdict.state in ("signal", "confirmed") for s in found)
    enough = sum(s.verdict.n >= ENOUGH_FOR_TREND for s in found)
    st.title(f"Speed-up signals on {flagged} of {len(found)} indicators")
    states, now = reader().states(view.instant), frame.now(view)
    newest = max(s.rows["known_at"].max() for s in found)
    baseline = sum(1 for name in {s.indicator["source"] for s in found} if name in states and states[name].is_baseline)
    st.caption(
        f"{enough} have enough data for a trend; whether a slope has changed is not tested yet, "
        "so nothing is called a speed-up. "
        f"Newest data {words.instant(newest)} ({words.age(newest, now)})"
        + (
            f" · baseline for {baseline} {'source' if baseline == 1 else 'sources'}, no live run yet"
            if baseline
            else ""
        )
    )
    counts = Counter(FLAGS[s.verdict.state].word for s in found)
    with st.container(horizontal=True):
        for word, count in counts.items():
            st.badge(f"{word}: {count}", color="gray")


def _stage(question: str, found: list[Series], view: View) -> None:
    if not found:
        return
    st.header(question)
    with st.grid(min_column_width=260):
        for series in found:
            _card(series, view)


def _card(series: Series, view: View) -> None:
    indicator, key = series.indicator, series.indicator["indicator"]
    leader = latest_record(series)
    with st.container(border=True, key=f"card-{key}", gap="xsmall"):
        frame.link(key, indicator["name"], view)
        value = words.amount(leader["value"], indicator["unit"]) if leader is not None else "no value"
        st.metric(
            words.unit_label(indicator["unit"]),
            value,
            chart_data=monthly(series, series.rows["date"].max().date()) or None,
        )
        state = reader().states(view.instant).get(indicator["source"])
        with st.container(horizontal=True):
            flag = FLAGS[series.verdict.state]
            st.badge(f"{flag.icon} {flag.word}", color=flag.colour)
            word, colour = words.standing(indicator, state, frame.now(view))
            if word:
                st.badge(word, color=colour)
        trend = series.verdict.trend
        st.caption(
            words.growth(trend, indicator["unit"])
            if trend and series.verdict.n >= ENOUGH_FOR_TREND
            else f"{series.verdict.n} records, too few for a trend"
        )
        if view.labs:
            _best_of_labs(series, view)
        st.caption(f"{indicator['source_title']} · newest {indicator['marks']} {words.day(series.rows['date'].max())}")


def _best_of_labs(series: Series, view: View) -> None:
    rows = series.rows[series.rows["lab"].isin(view.labs) & ~series.rows["beside"]]
    if rows.empty:
        st.caption("Chosen labs: no public value")
        return
    best = rows.sort_values("value").iloc[-1]
    st.caption(
        f"{best['lab_name']} {words.quantity(best['value'], series.indicator['unit'])}, {words.day(best['date'])}"
    )
