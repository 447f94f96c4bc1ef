"""How it is done, in plain words first, then the formulas, the error rates, the names, and every definition."""

from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import streamlit as st
import yaml

from dashboard import frame, markup, words
from dashboard.live import reader
from dashboard.markup import Cell, Html
from dashboard.theme import lab_names
from signals.finding import METHOD
from signals.licence import STRESS, USUAL
from signals.licence import table as calibration
from signals.verdict import ENOUGH_FOR_SIGNAL, ENOUGH_FOR_TREND

PATH = "methods"

PLAIN: dict[str, str] = {
    "What a trend is": """
        Each indicator is put on the scale on which steady growth is a straight line: doublings for what grows
        without limit, log-odds between chance and ceiling for bounded scores, the plain value for an index
        built to be linear. The scale is declared for each indicator and never chosen by fit.

        A record is a value at least as good as every earlier one; the line of records is the frontier. The
        trend is the least-squares line through the records. The band is its 80 % prediction interval: four of
        five new records should fall inside if nothing changes.

        Measurements from different versions of a test are never joined into one trend.""",
    "What a flag is": """
        The question is whether the slope has changed. One bend is sought at every possible date, and the best
        one is compared with what the same search finds in steady growth with autocorrelated noise. That
        chance is p. Over all indicators q bounds the share of flags that are false.

        Watch: a bend is likely enough to look at. Signal: the slope is at least 1.5 times steeper, q is
        small, and two updates in a row agree. Confirmed: it has lasted. A signal is cleared when two updates
        no longer support it. Below {few} records no trend is drawn, below {enough} no signal can be raised.

        Beside every flag stand its interval, how often such a flag is false in simulation, what other
        reasonable analyses say, and the single choice that would turn it over.""",
    "What is known when": """
        Publishers change their past. Every value is stored with the instant at which we first saw it, nothing
        is overwritten, and any past day can be shown as it was known then. A value that disappears upstream
        is withdrawn from that day on, and stays visible before it.""",
    "What is held back": """
        A number that its own publisher's rows contradict, a date that has not come, a row without a date, a
        jump by a suspicious factor: such rows are stored apart with the reason, shown on the Sources page,
        and drawn nowhere.""",
    "What it cannot tell": """
        Benchmarks end: near a ceiling no speed is claimed. Public values are chosen by those who publish
        them. A flag says that one series bends, not why. News counts measure attention, not progress. Few
        points give little power: a steady verdict at n = 12 is weak evidence of steadiness, and its page says
        how weak.""",
}

FORMULAS = (
    ("Doubling scale", "y = log2(value); doubling time = 365.25 / slope, in days"),
    ("Bounded scale", "y = ln(s / (1 - s)), s = (value - floor) / (ceiling - floor), kept 0.0025 away from 0 and 1"),
    ("Trend", "y = a + b t by least squares; 90 % t interval of b; 80 % prediction interval for a new record"),
    ("Bend", "y = a + b t + c max(0, t - k) + noise, noise AR(1) in time; the largest F over all k"),
    ("Chance", "p: share of simulated steady series whose largest F is at least as large; q: Benjamini and Hochberg"),
)
DOI = "https://doi.org/"
REFERENCES = (
    ("Andrews (1993), Tests for parameter instability with unknown change point", "10.2307/2951764"),
    ("Benjamini and Hochberg (1995), Controlling the false discovery rate", "10.1111/j.2517-6161.1995.tb02031.x"),
    ("Steegen and others (2016), Multiverse analysis", "10.1177/1745691616658637"),
)


def page() -> None:
    """Methods, error rates, names and definitions."""
    view = frame.top(PATH)
    st.title("How we measure, and how sure one can be")
    numbers = {"few": str(ENOUGH_FOR_TREND), "enough": str(ENOUGH_FOR_SIGNAL)}
    for heading, text in PLAIN.items():
        st.header(heading)
        frame.block(_prose(text.format_map(numbers)))
    st.header("Formulas")
    frame.block(markup.table("Formulas", ("What", "How"), [[name, how] for name, how in FORMULAS]))
    frame.block(_references())
    st.header("How often flags are wrong", anchor="error-rates")
    frame.block(_rates())
    st.caption(
        f"Method {METHOD}. New flags a year among 200 steady indicators, by the number of points; made by "
        "python -m signals simulate. The Signals page has how soon true changes are found."
    )
    st.header("Which names count as which lab", anchor="labs")
    if view.labs:
        for lab in view.labs:
            st.subheader(f"Who counts as {lab_names()[lab]}")
            frame.block(_who(lab))
    names = st.expander("Names, products and hosts of each lab", key="names", on_change="rerun")
    with names:
        if names.open:
            frame.block(markup.table("Labs and their names", ("Lab", "Names", "Own sites"), _names()))
    st.header("Every indicator", anchor="indicators")
    catalogue = reader().catalogue(view.instant)
    for stage, (name, question) in words.STAGES.items():
        here = [row for row in catalogue.values() if row["stage"] == stage]
        part = st.expander(f"{name}: {question} ({len(here)})", key=f"stage-{stage}", on_change="rerun")
        with part:
            if part.open:
                rows = [_definition(row, frame.address(frame.carried(view), row["indicator"])) for row in here]
                frame.block(markup.table(f"Indicators of {name}", ("Indicator", "What it measures", "Terms"), rows))
    frame.watch()


def _prose(text: str) -> Html:
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return Html(f'<div class="prose">{"".join(f"<p>{escape(p)}</p>" for p in paragraphs)}</div>')


def _references() -> Html:
    return Html(f'<p class="links">{"<br>".join(markup.away(name, DOI + doi) for name, doi in REFERENCES)}</p>')


def _rates() -> Html:
    """False flags a year by size of the sample and noise, from the shipped simulation."""
    worlds = {USUAL: "usual noise", STRESS: "strongly autocorrelated"}
    steady = [c for c in calibration() if c.ratio == 1 and c.phi_low is None and c.phi_high is None and c.is_enough]
    steady = [c for c in steady if (c.world in worlds and c.n_low is not None) or c.n_high is not None]
    sizes = sorted({(c.n_low or 0, c.n_high) for c in steady}, key=lambda size: size[0])
    rows: list[list[Cell]] = []
    for low, high in sizes:
        rates = {(c.world, c.state): c.rate for c in steady if (c.n_low or 0, c.n_high) == (low, high)}
        size = f"{low} to {high - 1}" if high and low else f"under {high}" if high else f"{low} and more"
        cells = [_rate(rates.get((world, state))) for world in worlds for state in ("watch", "signal", "confirmed")]
        rows.append([f"{size} points", *cells])
    states = [f"{state}, {noise}" for noise in worlds.values() for state in ("Watch", "Signal", "Confirmed")]
    return markup.table("False flags a year among 200 steady indicators", ("Sample", *states), rows)


def _rate(rate: float | None) -> Cell:
    return words.number(rate, 2) if rate is not None else "too few simulated"


@cache
def _known_labs() -> Mapping[str, Mapping[str, Any]]:
    known = yaml.safe_load(files("data").joinpath("labs.yaml").read_text(encoding="utf-8"))
    return {key: lab for part in ("labs", "metrics_only_labs") for key, lab in known[part].items()}


def _names() -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for lab, name in lab_names().items():
        about = _known_labs().get(lab, {})
        said = [str(alias) for part in ("strong", "weak") for alias in about.get(part) or []]
        hosts = [str(host) for host in about.get("hosts") or []]
        rows.append([name, ", ".join(said), ", ".join(hosts)])
    return rows


def _who(lab: str) -> Html:
    """What makes a title one about the lab: names that are enough alone, those that are not, vetoes, and its hosts."""
    about = _known_labs().get(lab, {})
    vetoes = [
        f"{alias}: not beside {', '.join(map(str, words_))}" for alias, words_ in (about.get("veto") or {}).items()
    ]
    parts = (
        ("Names that count alone", ", ".join(map(str, about.get("strong") or []))),
        ("Names that count in a text on AI only", ", ".join(map(str, about.get("weak") or []))),
        ("Vetoes", "; ".join(vetoes)),
        ("Own sites", ", ".join(map(str, about.get("hosts") or []))),
        ("In tables of publishers", ", ".join(map(str, about.get("org_strings") or []))),
    )
    rows: list[list[Cell]] = [[name, said or "none"] for name, said in parts]
    return markup.table(f"Who counts as {lab_names()[lab]}", ("What", "Which"), rows)


def _definition(row: Mapping[str, Any], address: str) -> list[Cell]:
    name = markup.both(markup.link(row["name"], address), row["indicator"])
    unit = f"Unit: {row['unit']}. Scale: {row['scale']}. {row['note']}"
    return [name, markup.both(row["definition"], unit), markup.both(row["source_title"], row["licence"])]
