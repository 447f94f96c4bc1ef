"""All indicators by stage of the loop: what speeds up and how sure that is, what changed, and how fresh it all is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from html import escape

import streamlit as st

from dashboard import cards, changed, evidence, export, frame, markup, words
from dashboard.live import reader
from dashboard.reading import Series, latest_record, monthly, record_labs
from dashboard.theme import FLAGS
from dashboard.view import View
from signals.verdict import ENOUGH_FOR_TREND

PATH = ""
MOST_CARDS = 12
MOST_NEAR = 3
RECENT = timedelta(days=4 * 365)
MOST_CHANGED = 12


def page() -> None:
    """The overview."""
    view = frame.top(PATH, publishes=False)
    series = (reader().series(key, view.instant) for key in reader().catalogue(view.instant))
    found = [s for s in series if len(s.rows)]
    if not found:
        frame.publish(PATH, view)
        _nothing(view)
    else:
        _head(found, view)
        _flagged(found, view)
        _changed(view)
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
    st.caption(_freshness(found, view))
    late = list(_not_up_to_date(found, view))
    if late:
        st.caption(
            f"Not up to date: {', '.join(late[:6])}{' and more' if len(late) > 6 else ''}. Last good values shown."
        )
    frame.block(f'<div class="strip">{"".join(_strip(found))}</div>')


def _freshness(found: list[Series], view: View) -> str:
    states, now = reader().states(view.instant), frame.now(view)
    newest = max(s.rows["known_at"].max() for s in found)
    sources = {s.indicator["source"] for s in found}
    baseline = sum(1 for name in sources if name in states and states[name].is_baseline)
    parts = [f"Newest data {words.instant(newest)} ({words.age(newest, now)})"]
    if baseline == len(sources):
        parts.append("showing the baseline that ships with the program: no live run has succeeded on this machine yet")
    elif baseline:
        parts.append(f"baseline for {baseline} {'source' if baseline == 1 else 'sources'}, no live run yet")
    waiting = len(reader().catalogue(view.instant)) - len(found)
    if waiting:
        parts.append(f"{waiting} more {'indicator waits' if waiting == 1 else 'indicators wait'} for a first value")
    return " · ".join(parts)


def _not_up_to_date(found: list[Series], view: View) -> Iterator[str]:
    """Sources that are stale or failed, by name, each once."""
    states, now, said = reader().states(view.instant), frame.now(view), set()
    for series in found:
        source = series.indicator["source"]
        word, colour = words.standing(series.indicator, states.get(source), now)
        if colour in ("red", "yellow") and source not in said:
            said.add(source)
            yield f"{series.indicator['source_title']} ({word[:1].lower()}{word[1:]})"


def _strip(found: list[Series]) -> Iterator[str]:
    """The stages, those of the loop joined by arrows: each a link to its indicators, with the counts by state."""
    for stage, (name, _) in words.STAGES.items():
        states = Counter(str(s.verdict.state) for s in found if s.indicator["stage"] == stage)
        if states:
            said = [f"{FLAGS[s].icon}&nbsp;{n} {FLAGS[s].word.lower()}" for s in FLAGS if (n := states[s])]
            loop = ' class="loop"' if stage in words.LOOP else ""
            yield f'<a href="#{stage}"{loop}>{escape(name)}<small>{", ".join(said)}</small></a>'


def _flagged(found: list[Series], view: View) -> None:
    """What is speeding up, how sure, since when, by which labs; without a flag, what comes nearest to one."""
    raised = [s for s in found if s.verdict.state in words.FLAGGED]
    shown = raised or _nearest(found, view)
    if not shown:
        return
    st.header("What is speeding up" if raised else "No flag is up; nearest to one")
    with st.grid(min_column_width=300):
        for series in shown:
            key = series.indicator["indicator"]
            with st.container(border=True, key=f"card-flag-{key}", gap="xsmall", height="stretch"):
                frame.link(key, series.indicator["name"], view)
                frame.block(f'<div class="card">{cards.flag(series)}{"".join(_argument(series, view))}</div>')


def _nearest(found: list[Series], view: View) -> list[Series]:
    """The indicators with the clearest suggestion of a recent bend, clearest first."""
    since = frame.now(view).date() - RECENT
    suggested = [
        (change.p, s.indicator["indicator"], s)
        for s in found
        if (change := s.verdict.shown) is not None and change.direction == "faster"
        if change.p <= evidence.SUGGESTED and change.break_on >= since
    ]
    return [s for _, _, s in sorted(suggested, key=lambda one: one[:2])][:MOST_NEAR]


def _argument(series: Series, view: View) -> Iterator[str]:
    """The finding, how sure it is, who holds the newest records, and the numbers to take along."""
    change, finding = series.verdict.shown, series.verdict.finding
    assert change is not None
    yield f"<p>{escape(evidence.sentence(series.verdict))}</p>"
    sure = [f"about {words.month(change.break_on)}", f"p = {words.number(change.p, 2)}"]
    if change.q is not None:
        sure.append(f"{change.q:.0%} false among flags this strong")
    if finding is not None and (shares := finding.multiverse) is not None:
        sure.append(f"{shares.faster} of {shares.cells} analyses say faster")
    yield f"<p>{escape(' · '.join(sure))}</p>"
    if labs := record_labs(series):
        yield f"<p>Newest records: {escape(', '.join(labs))}</p>"
    if export.may_be_passed_on(series.indicator):
        href = frame.address(frame.carried(view), f"api/v1/indicators/{series.indicator['indicator']}.csv")
        yield f'<p><a href="{escape(href)}" download>CSV of {escape(series.indicator["name"])}</a></p>'


def _changed(view: View) -> None:
    """What is new since the last visit or the chosen day, in a line; the indicators when asked."""
    visit = frame.last_visit()
    found = changed.read(reader(), changed.since_of(view, visit, frame.now(view)), view.instant)
    since = changed.label(found.since, visit)
    if found.is_empty:
        st.caption(f"No change since {since}.")
        return
    details = st.expander(f"Since {since}: {changed.counted(found)}", key="changed", on_change="rerun")
    with details:
        if details.open:
            changes(found, view, MOST_CHANGED)


def changes(found: changed.Changes, view: View, most: int) -> None:
    """Each indicator that changed with what changed of it, then sources that failed or are back."""
    catalogue, keys = reader().catalogue(view.instant), changed.affected(found)
    rows: list[list[markup.Cell]] = [
        [markup.link(catalogue[key]["name"], frame.address(frame.carried(view), key)), changed.sentence(found, key)]
        for key in keys[:most]
    ]
    if rows:
        frame.block(markup.table("What changed, by indicator", ("Indicator", "What changed"), rows))
    if len(keys) > most:
        st.caption(f"{len(keys) - most} more indicators: see Signals, Changes.")
    for source in found.sources:
        what = words.OUTCOMES.get(source["outcome"], source["outcome"])
        st.text(f"Source {source['source']} {'failed: ' + what if source['kind'] == 'failed' else 'is back'}.")


def _filters(found: list[Series], view: View) -> View:
    counts = Counter(_state(s) for s in found)
    words_of = {state: FLAGS[state.replace("-", " ")].word for state in counts}
    frame.clamp("w_state", counts, None)
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
            with st.grid(min_column_width=250):
                for series in here[:MOST_CARDS]:
                    _card(series, view)
            if len(here) > MOST_CARDS:
                st.caption(f"{len(here) - MOST_CARDS} more in the table.")


def _rank(series: Series) -> tuple[bool, int]:
    """Flags first, then what has most to say."""
    return series.verdict.state not in words.FLAGGED, -series.verdict.n


def _card(series: Series, view: View) -> None:
    indicator = series.indicator
    state = reader().states(view.instant).get(indicator["source"])
    with st.container(border=True, key=f"card-{indicator['indicator']}", gap="xxsmall", height="stretch"):
        frame.link(indicator["indicator"], indicator["name"], view)
        standing = words.standing(indicator, state, frame.now(view))
        best = _best_of_labs(series, view) if view.labs else ""
        frame.block(cards.body(series, standing, best, frame.mode()))


def _best_of_labs(series: Series, view: View) -> str:
    rows = series.rows[series.rows["lab"].isin(view.labs) & ~series.rows["beside"]]
    if rows.empty:
        return "Chosen labs: no public value"
    best = rows.sort_values("value", ascending=series.indicator["better"] != "down").iloc[-1]
    return f"{best['lab_name']} {words.quantity(best['value'], series.indicator['unit'])}, {words.day(best['date'])}"


def _table(found: list[Series], view: View) -> None:
    stages = list(words.STAGES)
    ordered: Sequence[Series] = sorted(found, key=lambda s: (stages.index(s.indicator["stage"]), _rank(s)))
    st.dataframe(
        [_row(series, view) for series in ordered],
        hide_index=True,
        height=620,
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
        "Speed": cards.speed(series),
        "n": series.verdict.n,
        "Newest": series.rows["date"].max().date(),
        "Source": indicator["source_title"],
        "Open": frame.address(frame.carried(view), key),
    }
