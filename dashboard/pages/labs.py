"""Lab by lab: who holds which frontier, how far behind the others are, and each lab's best over time."""

import pandas as pd
import streamlit as st

from dashboard import charts, frame, words
from dashboard.live import reader
from dashboard.reading import Standing, lab_standings
from dashboard.theme import MAIN_LABS, lab_names
from dashboard.view import View

PATH = "labs"


def page() -> None:
    """Frontiers held, the table of labs by indicators, and small charts for the chosen labs."""
    view = frame.top(PATH)
    series = [reader().series(key, view.instant) for key in reader().catalogue(view.instant)]
    series = [s for s in series if s.indicator["marks"] == "model" and s.rows["lab"].notna().any()]
    labs = view.labs or tuple(MAIN_LABS)
    standings = {s.indicator["indicator"]: lab_standings(s) for s in series}
    st.title(_finding(standings))
    st.caption("A lab holds a frontier when its model has the best value. Behind: since the frontier passed its best.")
    st.dataframe(
        [_row(s.indicator["name"], s.indicator["unit"], standings[s.indicator["indicator"]], labs) for s in series],
        hide_index=True,
        height="content",
    )
    st.caption("Empty: no public value of that lab. Values published by different rules are never pooled.")
    _charts([s for s in series if len(s.rows)], view)
    frame.watch()


def _finding(standings: dict[str, dict[str, Standing]]) -> str:
    leaders = pd.Series([lab for of in standings.values() for lab, s in of.items() if s.leads]).value_counts()
    if leaders.empty:
        return "No frontier is attributed to a lab yet"
    names = lab_names()
    first, *rest = [(names[str(lab)], int(n)) for lab, n in leaders.items()]
    said = f"{first[0]} holds {first[1]} of {len(standings)} frontiers"
    return said + "".join(f"; {name} {count}" for name, count in rest[:2])


def _row(name: str, unit: str, standing: dict[str, Standing], labs: tuple[str, ...]) -> dict[str, str]:
    names = lab_names()
    return {"Indicator": name} | {names[lab]: _cell(standing.get(lab), unit) for lab in labs}


def _cell(standing: Standing | None, unit: str) -> str:
    if standing is None:
        return ""
    lag = "frontier" if standing.leads else f"{words.duration(standing.days_behind)} behind"
    return f"{words.quantity(standing.best, unit)} · {lag}"


def _charts(series: list, view: View) -> None:  # type: ignore[type-arg]
    st.header("Each lab's best so far")
    shown = [s for s in series if s.verdict.n >= 10][:6]
    with st.grid(min_column_width=380):
        for s in shown:
            with st.container(border=True, key=f"card-lab-{s.indicator['indicator']}", gap="xsmall"):
                frame.link(s.indicator["indicator"], s.indicator["name"], view)
                st.plotly_chart(
                    charts.by_lab(s, view, frame.mode()),
                    key=f"lab-{s.indicator['indicator']}",
                    theme=None,
                    config={"displayModeBar": False},
                    alt=f"{s.indicator['name']}: best so far by lab.",
                )
