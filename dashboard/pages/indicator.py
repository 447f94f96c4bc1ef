"""One indicator: the finding as a title, the chart as its evidence, the terms, the numbers to take along."""

from dataclasses import replace
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dashboard import charts, evidence, export, frame, words
from dashboard.live import reader
from dashboard.reading import Series, latest_record, shown_rows
from dashboard.theme import FLAGS
from dashboard.view import View, query
from data.text import safe_link
from signals.verdict import ENOUGH_FOR_TREND

RANGES = {"All": "", "5 years": "5y", "2 years": "2y"}


def page(key: str) -> None:
    """The page of the indicator `key`."""
    view = frame.read_view(key)
    frame.navigation(view)
    catalogue = reader().catalogue(view.instant)
    series = reader().series(key, view.instant, view.variant)
    with st.container(horizontal=True, key="controls", vertical_alignment="bottom"):
        view = _chart_controls(series, frame.view_bar(view, key))
    frame.publish(key, view)
    series = reader().series(key, view.instant, view.variant) if key in catalogue else series
    frame.as_of_line(view)
    leader = latest_record(series)
    title = words.title(series.indicator, series.verdict, None if leader is None else leader["value"])
    st.title(title)
    _badges(series, view)
    st.caption(_subtitle(series, view))
    st.plotly_chart(
        charts.figure(series, view, frame.mode()),
        key="chart",
        theme=None,
        config=dict(charts.CONFIG),
        alt=charts.alt_text(series, view, title),
    )
    _footer(series, view)
    _twin(series, view)
    _evidence(series)
    frame.watch()


def _chart_controls(series: Series, view: View) -> View:
    if series.indicator["scale"] == "log2":
        st.session_state["w_scale"] = st.session_state.get("w_scale") or (
            "Log" if charts.is_log(series, view) else "Linear"
        )
        scale = st.segmented_control("Scale", ["Linear", "Log"], key="w_scale", required=True)
        view = replace(view, scale="lin" if scale == "Linear" else "")
    span = st.segmented_control("Range", list(RANGES), key="w_range", required=True)
    view = replace(view, start=RANGES[span or "All"]) if span != "All" or view.start in RANGES.values() else view
    if len(series.variants) > 1:
        titles = {v["key"]: v["title"] for v in series.variants}
        named = titles.__getitem__
        st.session_state["w_variant"] = st.session_state.get("w_variant") or series.variant
        chosen = st.segmented_control("Variant", list(titles), format_func=named, key="w_variant", required=True)
        view = replace(view, variant="" if chosen == series.usual_variant else chosen or "")
    return view


def _badges(series: Series, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        flag = FLAGS[series.verdict.state]
        st.badge(f"{flag.icon} {flag.word}", color=flag.colour)
        state = reader().states(view.instant).get(series.indicator["source"])
        word, colour = words.standing(series.indicator, state, frame.now(view))
        if word:
            st.badge(word, color=colour)


def _subtitle(series: Series, view: View) -> str:
    indicator, rows = series.indicator, shown_rows(series, view)
    scale = "log scale" if charts.is_log(series, view) else "linear scale"
    parts = [
        f"{words.sentence_case(words.unit_label(indicator['unit']))}, {scale}.",
        f"Each mark is one {indicator['marks']} at its {indicator['date_kind']}; the step line is the best so far",
    ]
    if view.only:
        parts[-1] += " of the chosen labs."
        parts.append("Only the chosen labs are drawn; the verdict is for all labs.")
    elif series.verdict.trend and series.verdict.n >= ENOUGH_FOR_TREND:
        parts[-1] += "; the band is the 80 % prediction interval of the records' trend."
    else:
        parts[-1] += "."
    parts.append(f"{len(rows)} values shown, {series.verdict.n} records fitted.")
    titles = {v["key"]: v["title"] for v in series.indicator["variants"]}
    if series.variant:
        parts.append(f"{titles[series.variant]}.")
    if rows["beside"].any():
        parts.append(f"Open grey circles include values {titles[rows['variant'][rows['beside']].iloc[0]]}, not fitted.")
    return " ".join(parts)


def _footer(series: Series, view: View) -> None:
    indicator, rows = series.indicator, series.rows
    known, newest = (
        (words.instant(rows["known_at"].max()), words.day(rows["date"].max())) if len(rows) else ("none",) * 2
    )
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        home = safe_link(indicator["homepage"])
        if home:
            st.link_button(f"Source: {indicator['source_title']}", home, type="tertiary")
        st.caption(f"{indicator['licence']} · newest vintage {known} · newest {indicator['marks']} {newest}")
        if export.may_be_passed_on(indicator):
            address = f"/api/v1/indicators/{indicator['indicator']}.csv"
            asked = urlencode(query(view), doseq=True)
            st.link_button("CSV of what is shown", address + (f"?{asked}" if asked else ""), icon=":material/download:")
        else:
            st.caption("Not ours to redistribute: the publisher's page has the values.")


def _twin(series: Series, view: View) -> None:
    rows = export.table(series, view)
    twin = st.expander(f"Data table ({len(rows)} rows)", key="twin", on_change="rerun")
    with twin:
        if twin.open and export.may_be_passed_on(series.indicator):
            shown = rows.drop(columns=["indicator", "licence", "source", "date_kind", "unit"])
            st.dataframe(
                shown, hide_index=True, column_config={"date": st.column_config.DateColumn(format="YYYY-MM-DD")}
            )


def _evidence(series: Series) -> None:
    indicator, verdict = series.indicator, series.verdict
    left, right = st.columns(2)
    with left:
        if verdict.trend and verdict.n >= ENOUGH_FOR_TREND:
            st.header("The trend")
            st.text(words.growth(verdict.trend, indicator["unit"]))
            st.text(f"Method: {verdict.trend.method}, through {verdict.n} points.")
            _published(series.figures)
        for heading, said in evidence.sections(indicator, verdict):
            st.header(heading)
            st.text("\n".join(said))
    with right:
        st.header("What it measures")
        st.text(indicator["definition"])
        if indicator["note"]:
            st.text(indicator["note"])
        st.text(f"Cite: {indicator['credit']}")


def _published(figures: pd.DataFrame) -> None:
    """The publisher's own newest figures; each was recomputed from its rows before it was stored."""
    if figures.empty:
        return
    newest = figures[figures["date"] == figures["date"].max()]
    for row in newest.itertuples():
        interval = f" ({row.low:.1f} to {row.high:.1f}, {row.level:.0%})" if row.low == row.low else ""
        figure = f"{row.variant.replace('_', ' ')}: {row.value:.3f} {row.unit}{interval}"
        st.text(f"Publisher's own figure, {figure}. Ours from its rows: the same.")
