"""A card of the overview as markup: the number, its flag, the line that led to it, how fast, and whose it is.

One block a card instead of an element a line: a page of cards is drawn in a third of the time.
"""

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any

from dashboard import words
from dashboard.reading import Series, has_frontier, kept_with_series, latest_record, monthly
from dashboard.sparkline import svg
from dashboard.theme import FLAGS, Mode, spark_ink
from signals.verdict import ENOUGH_FOR_TREND


def flag(series: Series) -> str:
    """The flag's badge: word and sign, and a colour besides."""
    shown = FLAGS[series.verdict.state]
    look = f"{shown.colour} outline" if series.verdict.state == "watch" else shown.colour
    return badge(f"{shown.icon} {shown.word}", look)


def badge(text: str, look: str) -> str:
    return f'<span class="flag {look}">{escape(text)}</span>'


@kept_with_series
def body(series: Series, standing: tuple[str, str], best: str, mode: Mode) -> str:
    """All of a card but its title; `best` is the line of the chosen labs, empty without any. Kept a series."""
    indicator, leader = series.indicator, latest_record(series)
    value = words.amount(leader["value"], indicator["unit"]) if leader is not None else "no value"
    word, colour = standing
    newest = words.day(series.rows["date"].max())
    return "".join(
        [
            f'<div class="card"><small>{escape(words.unit_label(indicator["unit"]))}</small><b>{escape(value)}</b>',
            _line(series, indicator, mode),
            flag(series),
            badge(word, colour) if word else "",
            f"<p>{escape(speed(series))}</p>",
            f"<p>{escape(best)}</p>" if best else "",
            f"<p>{escape(indicator['source_title'])} · newest {escape(indicator['marks'])} {newest}</p></div>",
        ]
    )


def _line(series: Series, indicator: Mapping[str, Any], mode: Mode) -> str:
    heights = monthly(series, series.rows["date"].max().date())
    line = svg(heights, spark_ink(series.verdict.state, mode))
    if not line:
        return ""
    about = escape(f"{indicator['name']}, best so far, last 36 months")
    return f'<img alt="{about}" src="data:image/svg+xml;base64,{b64encode(line.encode()).decode()}">'


def speed(series: Series) -> str:
    """How fast, with the interval; or why that is not said."""
    trend, n = series.verdict.trend, series.verdict.n
    if trend is None or n < ENOUGH_FOR_TREND:
        what = "record" if has_frontier(series) else "value"
        return f"{n} {what}{'' if n == 1 else 's'}, too few for a trend"
    return words.sentence_case(words.growth(trend, series.indicator["unit"]))
