"""Lab by lab: who holds which frontier and how far behind the others are; and one page for each lab."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import streamlit as st

from dashboard import charts, frame, markup, words
from dashboard.live import reader
from dashboard.markup import Cell, Html
from dashboard.reading import Series, Standing, has_frontier, lab_standings
from dashboard.releases import Release, releases
from dashboard.theme import MAIN_LABS, lab_names, lab_style
from dashboard.view import View

PATH = "labs"
YEAR = timedelta(days=365)
MOST_CHARTS = 6
MOST_RELEASES = 12
TALK = ("press_mentions_lab_{}", "hn_stories_lab_{}", "lab_posts_{}", "wiki_views_{}")


def path_of(lab: str) -> str:
    """The address of a lab's page; the hyphen keeps it apart from every indicator's."""
    return f"lab-{lab}"


def page() -> None:
    """Frontiers held, the table of labs by indicators, and small charts; up to six labs are compared."""
    view = frame.top(PATH, frame.date_range)
    series = _contested(view)
    labs = view.labs or tuple(MAIN_LABS)
    standings = {s.indicator["indicator"]: lab_standings(s) for s in series}
    st.title(_finding(standings))
    st.caption(
        "A lab holds a frontier when its model has the best value. Behind: since the frontier passed its best. "
        "Choose up to six labs above to compare them; each name leads to the lab's page."
    )
    names = lab_names()
    columns = ("Indicator", *(names[lab] for lab in labs))
    rows = [_releases_row(labs, view), *(_row(s, standings[s.indicator["indicator"]], labs, view) for s in series)]
    frame.block(_lab_links(labs, view))
    frame.block(markup.table("Labs by indicators: best public value, and how far behind", columns, rows))
    st.caption("No public value is not zero. Values published by different rules are never pooled.")
    _small_multiples(series, replace(view, labs=labs), "Each lab's best so far")
    frame.watch()


def _contested(view: View) -> list[Series]:
    """The indicators on which labs' models compete."""
    series = (reader().series(key, view.instant) for key in reader().catalogue(view.instant))
    return [s for s in series if s.indicator["marks"] == "model" and has_frontier(s) and s.rows["lab"].notna().any()]


def _finding(standings: Mapping[str, Mapping[str, Standing]]) -> str:
    leaders = pd.Series([lab for of in standings.values() for lab, s in of.items() if s.leads]).value_counts()
    if leaders.empty:
        return "No frontier is attributed to a lab yet"
    names = lab_names()
    first, *rest = [(names[str(lab)], int(n)) for lab, n in leaders.items()]
    said = f"{first[0]} holds {first[1]} of {len(standings)} frontiers"
    return said + "".join(f"; {name} {count}" for name, count in rest[:2])


def _lab_links(labs: Sequence[str], view: View) -> Html:
    names = lab_names()
    links = (markup.link(f"{lab_style(lab, 'light').sign} {names[lab]}", _address(lab, view)) for lab in labs)
    return Html(f'<p class="links">The labs: {" · ".join(links)}</p>')


def _address(lab: str, view: View) -> str:
    return frame.address(View(as_of=view.as_of), path_of(lab))


def _releases_row(labs: Sequence[str], view: View) -> list[Cell]:
    """How many dated releases each lab had in the last year, and how often."""
    return ["Releases in the last year", *(_cadence(lab, frame.now(view).date()) for lab in labs)]


def _released(lab: str, until: date) -> list[Release]:
    return [release for release in releases() if release.lab == lab and release.on <= until]


def _cadence(lab: str, until: date) -> Cell:
    days = sorted({release.on for release in _released(lab, until) if release.on > until - YEAR})
    if len(days) < 2:
        return str(len(days)) if days else "none known"
    gap = statistics.median((b - a).days for a, b in pairwise(days))
    return markup.both(f"{len(days)}", f"one in {words.duration(gap)}, median")


def _row(series: Series, standing: Mapping[str, Standing], labs: Sequence[str], view: View) -> list[Cell]:
    indicator = series.indicator
    name = markup.link(indicator["name"], frame.address(frame.carried(view), indicator["indicator"]))
    return [name, *(_cell(standing.get(lab), indicator["unit"]) for lab in labs)]


def _cell(standing: Standing | None, unit: str) -> Cell:
    if standing is None:
        return markup.small("no public value")
    lag = "holds the frontier" if standing.leads else f"{words.duration(standing.days_behind)} behind"
    if not standing.leads and standing.days_behind < 1:
        lag = "below the frontier"
    best = words.quantity(standing.best, unit)
    return markup.both(Html(f"<b>{markup.text(best)}</b>") if standing.leads else best, lag)


def _small_multiples(series: Sequence[Series], view: View, heading: str) -> None:
    shown = [s for s in series if s.rows["lab"].isin(view.labs).any()]
    shown = sorted(shown, key=lambda s: -s.verdict.n)[:MOST_CHARTS]
    if not shown:
        return
    st.header(heading)
    with st.grid(min_column_width=380):
        for s in shown:
            key = s.indicator["indicator"]
            with st.container(border=True, key=f"card-lab-{key}", gap="xsmall"):
                frame.link(key, s.indicator["name"], view)
                st.plotly_chart(
                    charts.by_lab(s, charts.drawn(view), frame.mode()),
                    key=f"lab-{key}",
                    theme=None,
                    config=charts.config(f"{key}_by_lab"),
                    alt=f"{s.indicator['name']}: best so far by lab, beside the line of all labs.",
                )
                unit, where = words.unit_label(s.indicator["unit"]), frame.address(View(as_of=view.as_of), PATH)
                whose = f"{s.indicator['source_title']} ({s.indicator['licence']}), via AI Progress Monitor, {where},"
                frame.pictures(
                    f"lab-{key}",
                    f"{s.indicator['name']}: best so far by lab",
                    f"{words.sentence_case(unit)}. {whose}",
                )


def lab_page(lab: str) -> None:
    """One lab: its frontiers, its releases and how often they come, who talks about it, its indicators."""
    view = frame.top(path_of(lab), frame.date_range)
    name, until = lab_names()[lab], frame.now(view).date()
    series = [s for s in _contested(view) if (s.rows["lab"] == lab).any()]
    standings = {s.indicator["indicator"]: lab_standings(s).get(lab) for s in series}
    held = sum(standing is not None and standing.leads for standing in standings.values())
    released = _released(lab, until)
    recent = [release for release in released if release.on > until - YEAR]
    frame.link(PATH, "← All labs", view)
    said = (
        f"{name} holds {held} of the {len(series)} frontiers it competes on" if series else f"{name}: no public value"
    )
    st.title(f"{said}; {len(recent)} releases in a year" if recent else said)
    st.caption("Public values only. A frontier is held by the model with the best value known on the day shown.")
    _positions(series, standings, lab, view)
    _small_multiples(series, replace(view, labs=(lab,)), f"{name} beside the frontier")
    _releases(released, until)
    _talk(lab, name, view)
    frame.watch()


def _positions(series: Sequence[Series], standings: Mapping[str, Standing | None], lab: str, view: View) -> None:
    rows: list[list[Cell]] = []
    for s in sorted(series, key=lambda s: _behind(standings[s.indicator["indicator"]])):
        indicator, standing = s.indicator, standings[s.indicator["indicator"]]
        mine = s.rows[(s.rows["lab"] == lab) & ~s.rows["beside"]]
        records = mine[mine["on_frontier"]]
        lately = int((records["date"] > pd.Timestamp(frame.now(view).date() - YEAR)).sum())
        name = markup.link(indicator["name"], frame.address(frame.carried(view), indicator["indicator"]))
        on = words.day(standing.on) if standing else ""
        rows.append([name, _cell(standing, indicator["unit"]), on, f"{lately}", f"{len(records)}", f"{len(mine)}"])
    if rows:
        columns = ("Indicator", "Best", "Since", "Records in a year", "Records in all", "Values")
        frame.block(markup.table("Where the lab stands", columns, rows))


def _behind(standing: Standing | None) -> tuple[bool, float]:
    """For sorting: frontiers held first, then by how far behind."""
    return (not standing.leads, standing.days_behind) if standing is not None else (True, float("inf"))


def _releases(released: Sequence[Release], until: date) -> None:
    """The newest dated releases with the days since the one before."""
    if not released:
        return
    st.header("Releases and their cadence")
    days = sorted({release.on for release in released if release.on > until - YEAR})
    if len(days) > 1:
        gaps = [(b - a).days for a, b in pairwise(days)]
        middle = words.duration(statistics.median(gaps))
        st.text(
            f"{len(days)} release days in the last year, one in {middle} in the median "
            f"(shortest {words.duration(min(gaps))}, longest {words.duration(max(gaps))})."
        )
    before = dict(zip(released[1:], released, strict=False))
    rows: list[list[Cell]] = [
        [r.name, words.day(r.on), words.duration((r.on - before[r].on).days) if r in before else ""]
        for r in reversed(released[-MOST_RELEASES:])
    ]
    frame.block(markup.table("Newest releases", ("Release", "Day", "After the one before"), rows))
    st.caption("From a curated list of named models and products with a known date; it does not claim to be complete.")


def _talk(lab: str, name: str, view: View) -> None:
    """Who talks about the lab: weekly counts, and the titles themselves."""
    catalogue = reader().catalogue(view.instant)
    found = [reader().series(key, view.instant) for t in TALK if (key := t.format(lab)) in catalogue]
    found = [s for s in found if len(s.rows)]
    st.header("Mentions and own posts")
    rows: list[list[Cell]] = []
    for s in found:
        newest = s.rows.iloc[-1]
        link = markup.link(s.indicator["name"], frame.address(frame.carried(view), s.indicator["indicator"]))
        rows.append([link, words.quantity(newest["value"], s.indicator["unit"]), words.day(newest["date"])])
    if rows:
        frame.block(markup.table("Weekly counts", ("Indicator", "Newest week", "Week of"), rows))
    frame.link("mentions", f"Titles that name {name}", View(labs=(lab,), only=True, as_of=view.as_of))
    frame.link("methods", "Which names count as which lab", view)
