"""The ledger: what is flagged now, and every change of a state with its reasons."""

import streamlit as st

from dashboard import frame, words
from dashboard.live import reader
from dashboard.reading import Series
from dashboard.theme import FLAGS

PATH = "signals"


def page() -> None:
    """Flags now."""
    view = frame.read_view(PATH)
    frame.navigation(view)
    with st.container(horizontal=True, key="controls", vertical_alignment="bottom"):
        view = frame.view_bar(view, PATH)
    frame.publish(PATH, view)
    frame.as_of_line(view)
    found = [reader().series(key, view.instant) for key in reader().catalogue(view.instant)]
    raised = [s for s in found if s.verdict.state in ("signal", "confirmed", "watch", "slowing")]
    st.title(
        f"{len(raised)} flags stand, {len(found)} indicators are tested" if raised else "No flag has been raised yet"
    )
    st.dataframe([_row(s) for s in found], hide_index=True, height="content")
    frame.watch()


def _row(series: Series) -> dict[str, object]:
    flag, verdict = FLAGS[series.verdict.state], series.verdict
    return {
        "Indicator": series.indicator["name"],
        "State": f"{flag.icon} {flag.word}",
        "n": verdict.n,
        "Speed": words.growth(verdict.trend, series.indicator["unit"]) if verdict.trend else "",
        "Why": " ".join(verdict.reasons),
    }
