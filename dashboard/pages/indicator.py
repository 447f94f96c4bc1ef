"""One indicator: the finding as a title, the chart as its evidence, the argument, the numbers to take along."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from html import escape
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dashboard import cards, changed, charts, evidence, export, frame, markup, words
from dashboard.live import reader
from dashboard.reading import Series, has_frontier, kept_with_series, latest_record, shown_rows
from dashboard.theme import FLAGS, Mode
from dashboard.view import MARKS, View, query
from data.text import safe_link
from signals.finding import METHOD, Shares
from signals.verdict import ENOUGH_FOR_TREND

MARK_NAMES = {"restated": "Restatements", "events": "Releases"}
MOST_RELATED = 6


def page(key: str) -> None:
    """The page of the indicator `key`, or in another site's frame its chart alone."""
    if st.context.is_embedded:
        _embedded(key)
        return
    _whole(key)
    frame.watch()


@st.fragment
def _whole(key: str) -> None:
    """All of the page. As a fragment a click draws it without declaring anew the pages of all indicators."""
    catalogue = reader().catalogue()
    view = frame.top(key, lambda view: _chart_controls(reader().series(key, view.instant, view.variant), view))
    series = reader().series(key, view.instant, view.variant)
    _origin(series, view)
    _chart(series, view)
    _footer(series, view)
    _twin(series, view)
    _why(series)
    _about(series, view)
    _related(series, view, [k for k, row in catalogue.items() if row["stage"] == series.indicator["stage"]])


def _embedded(key: str) -> None:
    """Title, chart and source line, with the way to the whole page."""
    view = frame.read_view(key)
    series = reader().series(key, view.instant, view.variant)
    _chart(series, view)
    st.caption(f"{series.indicator['source_title']} ({series.indicator['licence']}), via AI Progress Monitor.")
    frame.watch()


def _chart_controls(series: Series, view: View) -> View:
    if series.indicator["scale"] == "log2":
        st.session_state["w_scale"] = st.session_state.get("w_scale") or (
            "Log" if charts.is_log(series, view) else "Linear"
        )
        scale = st.segmented_control(
            "Scale", ["Linear", "Log"], key="w_scale", required=True, label_visibility="collapsed"
        )
        view = replace(view, scale="lin" if scale == "Linear" else "")
    view = frame.date_range(view)
    if len(series.variants) > 1:
        titles = {v["key"]: v["title"] for v in series.variants}
        frame.clamp("w_variant", titles, series.variant)
        chosen = st.segmented_control(
            "Variant", list(titles), format_func=titles.__getitem__, key="w_variant", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        view = replace(view, variant="" if chosen == series.usual_variant else chosen or "")
    shown = st.pills(
        "Also show", MARKS, format_func=MARK_NAMES.__getitem__, selection_mode="multi", key="w_shown",
        label_visibility="collapsed",
    )  # fmt: skip
    return replace(view, shown=tuple(name for name in MARKS if name in shown))


def _origin(series: Series, view: View) -> None:
    """The way back, and where in the loop the indicator stands."""
    indicator = series.indicator
    stage = words.STAGES[indicator["stage"]][0]
    period = indicator["period_days"]
    every = "every few hours" if period < 1 else "every day" if period == 1 else f"every {words.duration(period)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="origin"):
        frame.link("", "← All indicators", view)
        frame.note(f"{stage} · {indicator['source_title']} · checked {every}")


def _chart(series: Series, view: View) -> None:
    drawn = charts.drawn(view)
    st.title(_title(series))
    frame.block(f'<div class="lead">{"".join(_badges(series, view))}<p>{escape(_subtitle(series, drawn))}</p></div>')
    st.plotly_chart(
        _figure(series, drawn, frame.mode()), key="chart", theme=None, config=_config(series, drawn),
        alt=_alt(series, drawn),
    )  # fmt: skip
    if not _count(series, drawn):
        frame.block(_ways_out(series, view))


def _ways_out(series: Series, view: View) -> str:
    """From a chart without values, the same view with one choice less."""
    wider = {
        "Clear labs": replace(view, labs=(), only=False) if view.only else view,
        "All years": replace(view, start="", end=""),
        "Latest": replace(view, as_of=None),
    }
    address = partial(frame.address, page=series.indicator["indicator"])
    links = [markup.link(name, address(less)) for name, less in wider.items() if less != view]
    return f'<p class="links">{" · ".join(links)}</p>'


# What follows is kept like the chart below, for the same reason: a click on a lab that was seen before counts nothing.


@kept_with_series
def _title(series: Series) -> str:
    leader = latest_record(series)
    return words.title(series.indicator, series.verdict, None if leader is None else leader["value"])


@kept_with_series
def _alt(series: Series, view: View) -> str:
    return charts.alt_text(series, view, _title(series))


@kept_with_series
def _config(series: Series, view: View) -> dict[str, Any]:
    return charts.config(export.file_name(series, view, export.newest_day(series, view)).removesuffix(".csv"))


@kept_with_series
def _figure(series: Series, view: View, mode: Mode) -> charts.Figure:
    """The chart, kept: a series is read anew when a table has changed, so that its identity stands for its state."""
    key = series.indicator["indicator"]
    earlier = reader().earlier_values(key, view.instant) if "restated" in view.shown else None
    return charts.Kept(charts.figure(series, view, mode, earlier))


def _badges(series: Series, view: View) -> Iterator[str]:
    """The flag, how fresh the values are, and what the last attempt ended with where it failed."""
    yield cards.flag(series)
    state = reader().states(view.instant).get(series.indicator["source"])
    word, colour = words.standing(series.indicator, state, frame.now(view))
    if word:
        yield cards.badge(word, colour)
    if state is not None and state.failures:
        yield f"<span>{escape(sentence_of_failure(state.outcome))}</span>"


def sentence_of_failure(outcome: str) -> str:
    """What the last attempt ended with, and what is shown meanwhile."""
    return f"{words.sentence_case(words.OUTCOMES.get(outcome, outcome))}; the last good values are shown."


_MARKS = {"release": "one {} at its release", "period": "one {}", "reading": "one {}", "run": "one {} at its test run"}


@kept_with_series
def _subtitle(series: Series, view: View) -> str:
    indicator, rows = series.indicator, shown_rows(series, view)
    scale = "log scale" if charts.is_log(series, view) else "linear scale"
    mark = _MARKS.get(indicator["date_kind"], f"one {{}}, by {indicator['date_kind']}").format(indicator["marks"])
    line = "the step line is the best so far" if has_frontier(series) else "the line joins them"
    if view.only:
        line += " of the chosen labs; only these are drawn, the verdict is for all labs"
    elif series.verdict.trend and series.verdict.n >= ENOUGH_FOR_TREND:
        line += "; the band is the 80 % prediction interval of the trend"
    fitted = f"{series.verdict.n} {'records ' if has_frontier(series) else ''}fitted"
    parts = [
        f"{words.sentence_case(words.unit_label(indicator['unit']))}, {scale}.",
        f"Each mark is {mark}; {line}.",
        f"{len(rows)} {'value' if len(rows) == 1 else 'values'} shown, {fitted}.",
    ]
    titles = {v["key"]: v["title"] for v in series.indicator["variants"]}
    if series.variant:
        parts.append(f"{titles[series.variant]}.")
    if rows["beside"].any():
        parts.append(f"Open grey circles include values {titles[rows['variant'][rows['beside']].iloc[0]]}, not fitted.")
    if "restated" in view.shown:
        parts.append("Small open marks are values as first published, joined to what replaced them.")
    if "events" in view.shown:
        parts.append("Ticks along the top are releases.")
    return " ".join(parts)


def _footer(series: Series, view: View) -> None:
    """Whose numbers these are, under which terms, how old, and as files."""
    indicator, now = series.indicator, frame.now(view)
    parts = [indicator["licence"]]
    newest, known = _newest(series)
    if newest and known:
        parts.append(f"newest {indicator['marks']} {words.day(newest)}")
        parts.append(f"values of {words.day(known)} ({words.age(known, now)})")
    state = reader().states(view.instant).get(indicator["source"])
    if state is not None and state.last_good is not None:
        parts.append(f"checked {words.age(state.last_good, now)}")
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        home = safe_link(indicator["homepage"])
        if home:
            st.link_button(f"Source: {indicator['source_title']}", home, type="tertiary")
        frame.note(" · ".join(parts))
        if export.may_be_passed_on(indicator):
            asked = urlencode(query(view), doseq=True)
            for name, icon in (("csv", ":material/download:"), ("json", None)):
                address = f"/api/v1/indicators/{indicator['indicator']}.{name}" + (f"?{asked}" if asked else "")
                st.link_button("CSV of what is shown" if name == "csv" else "JSON", address, icon=icon, type="tertiary")
        else:
            frame.note("Not ours to redistribute: the publisher's page has the values.")
        if _count(series, charts.drawn(view)):
            frame.pictures("chart", _title(series), _credit(series, view))


def _credit(series: Series, view: View) -> str:
    """The line that a picture carries along: unit, whose numbers, terms, and where it was made."""
    indicator, unit = series.indicator, words.sentence_case(words.unit_label(series.indicator["unit"]))
    scale = "log scale" if charts.is_log(series, view) else "linear scale"
    where = frame.address(view, indicator["indicator"])
    return f"{unit}, {scale}. {indicator['source_title']} ({indicator['licence']}), via AI Progress Monitor, {where},"


@kept_with_series
def _newest(series: Series) -> tuple[date | None, datetime | None]:
    """The day of the newest value, and when the newest was stored."""
    return (series.rows["date"].max().date() if len(series.rows) else None), export.newest_known(series)


def _twin(series: Series, view: View) -> None:
    twin = st.expander(f"Data table ({_count(series, charts.drawn(view))} rows)", key="twin", on_change="rerun")
    with twin:
        if not twin.open:
            return
        rows = export.table(series, view)
        if export.may_be_passed_on(series.indicator):
            shown = rows.drop(columns=["indicator", "licence", "source", "date_kind", "unit"])
            st.dataframe(
                shown, hide_index=True, column_config={"date": st.column_config.DateColumn(format="YYYY-MM-DD")}
            )
        else:
            st.text(f"The rows are not ours to redistribute: get them from {series.indicator['source_title']}.")


@kept_with_series
def _count(series: Series, view: View) -> int:
    return len(shown_rows(series, view))


def _why(series: Series) -> None:
    with st.container(border=True, key="evidence"):
        frame.block(_argument(series))


@kept_with_series
def _argument(series: Series) -> str:
    """The argument for the verdict, as an evidence box; nothing in it that the verdict does not carry."""
    verdict, indicator = series.verdict, series.indicator
    found = evidence.sections(indicator, verdict)
    if verdict.trend and verdict.n >= ENOUGH_FOR_TREND:
        said = [words.sentence_case(words.growth(verdict.trend, indicator["unit"])) + "."]
        said.append(f"Method: {verdict.trend.method}, through {verdict.n} points.")
        found.insert(0, ("Trend", [*said, *_published(series.figures)]))
    shares = verdict.finding.multiverse if verdict.finding else None
    heading = f"Why “{FLAGS[verdict.state].word}”" if verdict.shown is not None else "What can be said"
    method = ""
    if verdict.finding is not None:
        at = verdict.finding.known_at
        known = f" · data known by {words.instant(at)}" if at else ""
        method = f"Method {METHOD}{known} · the same as JSON: /api/v1/signals/{indicator['indicator']}.json"
    sections = "".join(_section(name, said, shares) for name, said in found)
    return (
        f'<h2 id="evidence">{escape(heading)}</h2><div class="evidence">{sections}</div>'
        f'<p class="note">{escape(method)}</p>'
    )


def _section(heading: str, said: list[str], shares: Shares | None) -> str:
    bar = _bar(shares) if heading == "Other choices" and shares is not None else ""
    lines = "".join(f"<p>{escape(line)}</p>" for line in said)
    return f"<section><h3>{escape(heading)}</h3>{bar}{lines}</section>"


def _bar(shares: Shares) -> str:
    """The analyses by answer, as one bar; the words beside it say the same."""
    parts = (
        (shares.faster, "--orange"),
        (shares.same, "--gray"),
        (shares.slower, "--blue"),
        (shares.cannot_tell, "--line"),
    )
    pieces = "".join(f'<span style="flex:{n};background:var({ink})"></span>' for n, ink in parts if n)
    return f'<div class="bar" aria-hidden="true">{pieces}</div>'


def _published(figures: pd.DataFrame) -> list[str]:
    """The publisher's own newest figures; each was recomputed from its rows before it was stored."""
    found = []
    for row in figures[figures["date"] == figures["date"].max()].itertuples():
        interval = f" ({row.low:.1f} to {row.high:.1f}, {row.level:.0%})" if row.low == row.low else ""
        figure = f"{row.variant.replace('_', ' ')}: {row.value:.3f} {row.unit}{interval}"
        found.append(f"Publisher's own figure, {figure}. Ours from its rows: the same.")
    return found


def _about(series: Series, view: View) -> None:
    """What changed lately, what the number means, and how to cite it."""
    indicator, key = series.indicator, series.indicator["indicator"]
    visit = frame.last_visit()
    found = changed.read(reader(), changed.since_of(view, visit, frame.now(view)), view.instant)
    since, said = changed.label(found.since, visit), changed.sentence(found, key)
    day = view.as_of or frame.now(view).date()
    citation = export.citation(indicator, day, frame.address(replace(view, as_of=day), key))
    parts = (
        ("What it measures", [indicator["definition"], indicator["note"], f"Credit: {indicator['credit']}"]),
        (f"What changed since {since}", [words.sentence_case(said) + "." if said else "Nothing."]),
        ("Cite", [citation]),
    )
    frame.block(f'<div class="evidence">{"".join(_part(heading, lines) for heading, lines in parts)}</div>')


def _part(heading: str, lines: list[str]) -> str:
    said = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    return f"<section><h2>{escape(heading)}</h2>{said}</section>"


def _related(series: Series, view: View, keys: list[str]) -> None:
    """Other indicators of the same stage that have values: those with most to say first."""
    others = (reader().series(k, view.instant) for k in keys if k != series.indicator["indicator"])
    shown = sorted((s for s in others if len(s.rows)), key=lambda s: -s.verdict.n)[:MOST_RELATED]
    if shown:
        st.header("Related indicators")
        with st.container(horizontal=True, gap="small"):
            for other in shown:
                frame.link(other.indicator["indicator"], other.indicator["name"], view)
