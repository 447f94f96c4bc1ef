"""All indicators by stage of the loop: what stands where, how fast, and how fresh."""

from collections import Counter
from dataclasses import replace

import streamlit as st

from dashboard import frame, words
from dashboard.live import reader
from dashboard.reading import Series, latest_record, monthly
from dashboard.theme import FLAGS
from dashboard.view import View
from signals.verdict import ENOUGH_FOR_TREND

PATH = ""
MOST_CARDS = 12


def page() -> None:
    """The overview."""
    view = frame.read_view(PATH)
    frame.navigation(view)
    with st.container(horizontal=True, key="controls", vertical_alignment="bottom"):
        view = frame.view_bar(view, PATH)
    frame.as_of_line(view)
    found = [reader().series(key, view.instant) for key in reader().catalogue(view.instant)]
    found = [series for series in found if len(series.rows)]
    if not found:
        frame.publish(PATH, view)
        _nothing(view)
    else:
        _head(found, view)
        view = _filters(found, view)
        frame.publish(PATH, view)
        chosen = [s for s in found if not view.state or _state(s) == view.state]
        _table(chosen, view) if view.layout else _stages(chosen, view)
    frame.watch()


def _state(series: Series) -> str:
    return series.verdict.state.replace(" ", "-")


def _nothing(view: View) -> None:
    if view.as_of:
        st.title("Nothing was recorded here by then")
        st.caption(f"No value was known on {words.day(view.as_of)}. Choose a later day.")
    else:
        st.title("No data yet")
        start = "It starts with: make run, or alone with python -m collectors schedule"
        st.caption(f"The worker has not finished its first run. {start}")


def _head(found: list[Series], view: View) -> None:
    flagged = sum(s.verdict.state in ("signal", "confirmed") for s in found)
    watched = sum(s.verdict.state == "watch" for s in found)
    few = sum(s.verdict.n < ENOUGH_FOR_TREND for s in found)
    st.title(f"Speed-up signals on {flagged} of {len(found)} indicators; {watched} on watch")
    st.caption(
        "A signal needs a slope at least 1.5 times steeper, few false flags across all indicators, and two updates "
        f"in a row. {few or 'None'} {'has' if few == 1 else 'have'} too few records to judge."
    )
    states, now = reader().states(view.instant), frame.now(view)
    newest = max(s.rows["known_at"].max() for s in found)
    baseline = sum(1 for name in {s.indicator["source"] for s in found} if name in states and states[name].is_baseline)
    shipped = (
        f" · baseline for {baseline} {'source' if baseline == 1 else 'sources'}, no live run yet" if baseline else ""
    )
    st.caption(f"Newest data {words.instant(newest)} ({words.age(newest, now)}){shipped}")
    counts = Counter(s.indicator["stage"] for s in found)
    strip = [f"[{name} {counts[stage]}](#{stage})" for stage, (name, _) in words.STAGES.items() if counts[stage]]
    st.markdown(" → ".join(strip))


def _filters(found: list[Series], view: View) -> View:
    counts = Counter(_state(s) for s in found)
    words_of = {state: FLAGS[state.replace("-", " ")].word for state in counts}
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        state = st.pills(
            "State",
            list(counts),
            format_func=lambda s: f"{words_of[s]} {counts[s]}",
            key="w_state",
            label_visibility="collapsed",
            wrap=True,
        )
        layout = st.segmented_control(
            "Layout", ["Cards", "Table"], key="w_layout", required=True, label_visibility="collapsed"
        )
    return replace(view, state=state or "", layout="table" if layout == "Table" else "")


def _stages(found: list[Series], view: View) -> None:
    if not found:
        st.caption("No indicator is in this state now. Clear the filter to see all.")
    for stage, (_, question) in words.STAGES.items():
        here = sorted((s for s in found if s.indicator["stage"] == stage), key=_rank)
        if here:
            st.header(question, anchor=stage)
            with st.grid(min_column_width=260):
                for series in here[:MOST_CARDS]:
                    _card(series, view)
            if len(here) > MOST_CARDS:
                st.caption(f"{len(here) - MOST_CARDS} more in the table.")


def _rank(series: Series) -> tuple[bool, int]:
    """Flags first, then what has most to say."""
    return series.verdict.state not in words.FLAGGED, -series.verdict.n


def _card(series: Series, view: View) -> None:
    indicator, key = series.indicator, series.indicator["indicator"]
    leader = latest_record(series)
    with st.container(border=True, key=f"card-{key}", gap="xsmall"):
        frame.link(key, indicator["name"], view)
        value = words.amount(leader["value"], indicator["unit"]) if leader is not None else "no value"
        line = monthly(series, series.rows["date"].max().date())
        frame.figure(
            words.unit_label(indicator["unit"]), value, line, f"{indicator['name']}, best so far, last 36 months"
        )
        _badges(series, view)
        st.caption(_speed(series))
        if view.labs:
            st.caption(_best_of_labs(series, view))
        st.caption(f"{indicator['source_title']} · newest {indicator['marks']} {words.day(series.rows['date'].max())}")


def _badges(series: Series, view: View) -> None:
    state = reader().states(view.instant).get(series.indicator["source"])
    with st.container(horizontal=True, gap="xsmall"):
        flag = FLAGS[series.verdict.state]
        st.badge(f"{flag.icon} {flag.word}", color=flag.colour)
        word, colour = words.standing(series.indicator, state, frame.now(view))
        if word:
            st.badge(word, color=colour)


def _speed(series: Series) -> str:
    trend, n = series.verdict.trend, series.verdict.n
    if trend is None or n < ENOUGH_FOR_TREND:
        return f"{n} records, too few for a trend"
    return words.growth(trend, series.indicator["unit"])


def _best_of_labs(series: Series, view: View) -> str:
    rows = series.rows[series.rows["lab"].isin(view.labs) & ~series.rows["beside"]]
    if rows.empty:
        return "Chosen labs: no public value"
    best = rows.sort_values("value", ascending=series.indicator["better"] != "down").iloc[-1]
    return f"{best['lab_name']} {words.quantity(best['value'], series.indicator['unit'])}, {words.day(best['date'])}"


def _table(found: list[Series], view: View) -> None:
    rows = [
        _row(series, view) for series in sorted(found, key=lambda s: list(words.STAGES).index(s.indicator["stage"]))
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        column_config={
            "36 months": st.column_config.LineChartColumn("36 months", width="small"),
            "Open": st.column_config.LinkColumn("Open", display_text="Open", width="small"),
        },
    )


def _row(series: Series, view: View) -> dict[str, object]:
    indicator, leader = series.indicator, latest_record(series)
    key = indicator["indicator"]
    return {
        "Stage": words.STAGES[indicator["stage"]][0],
        "Indicator": indicator["name"],
        "Latest": words.quantity(leader["value"], indicator["unit"]) if leader is not None else "",
        "36 months": monthly(series, series.rows["date"].max().date()),
        "State": FLAGS[series.verdict.state].word,
        "Speed": _speed(series),
        "n": series.verdict.n,
        "Newest": series.rows["date"].max().date(),
        "Source": indicator["source_title"],
        "Open": frame.address(View(labs=view.labs, only=view.only, as_of=view.as_of), key),
    }
