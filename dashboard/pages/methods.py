"""How it is done, in plain words first; every indicator's definition with its own anchor."""

import streamlit as st

from dashboard import frame, words
from dashboard.live import reader

PATH = "methods"

PLAIN: dict[str, str] = {
    "What a trend is": """
        Each indicator is put on the scale on which steady growth is a straight line: doublings for what grows
        without limit, log-odds between chance and ceiling for bounded scores, the plain value for an index built to
        be linear. The scale is declared for each indicator and never chosen by fit.

        A record is a value at least as good as every earlier one; the line of records is the frontier. The trend is
        the least-squares line through the records. The band is its 80 % prediction interval: four of five new
        records should fall inside if nothing changes.

        Measurements from different versions of a test are never joined into one trend.""",
    "What is known when": """
        Publishers change their past. Every value is stored with the instant at which we first saw it, nothing is
        overwritten, and any past day can be shown as it was known then. A value that disappears upstream is
        withdrawn from that day on, and stays visible before it.""",
    "What is held back": """
        A number that its own publisher's rows contradict, a date that has not come, a row without a date: such rows
        are stored apart with the reason, shown on the Sources page, and drawn nowhere.""",
}


def page() -> None:
    """Methods, states and definitions."""
    view = frame.top(PATH)
    st.title("How we measure, and how sure one can be")
    for heading, text in PLAIN.items():
        st.header(heading)
        for paragraph in text.split("\n\n"):
            st.text(" ".join(paragraph.split()), width=760)
    st.header("Indicators")
    for stage, (name, question) in words.STAGES.items():
        here = [row for row in reader().catalogue(view.instant).values() if row["stage"] == stage]
        if here:
            st.subheader(f"{name}: {question}")
        for row in here:
            frame.link(row["indicator"], row["name"], view)
            st.text(f"{row['definition']} Unit: {row['unit']}. Scale: {row['scale']}. {row['note']}", width=760)
    frame.watch()
