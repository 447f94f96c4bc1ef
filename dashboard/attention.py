"""What the mentions page draws and says: lines by lab or topic from daily counts, and their bursts. No Streamlit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl

from dashboard import charts, words
from dashboard.theme import INKS, MAIN_LABS, Mode, lab_names, lab_style, topic_names
from data import mentions
from signals.burst import Alarm, burst_alarm

MOST_LINES = 6
LATELY = timedelta(weeks=52)
FEWEST_WEEKS = 4
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@dataclass(frozen=True, eq=False)
class Lines:
    """The series drawn, most frequent first, and their numbers: series, date, number, read, share."""

    source: str
    series: tuple[str, ...]
    left_out: int
    points: pl.DataFrame

    @property
    def are_posts(self) -> bool:
        """Whether these are labs' own posts, which are counted and are no share of anything."""
        return any(series.startswith("from:") for series in self.series)

    def of(self, series: str) -> pl.DataFrame:
        return self.points.filter(pl.col("series") == series)


def lines(counts: pl.DataFrame, *, by_topic: bool, chosen: Sequence[str] = (), days: bool = False) -> Lines:
    """At most six series of one source's daily counts: the `chosen` ones, else the most frequent of the last year."""
    kinds = ("topic:",) if by_topic else ("lab:", "from:")
    ours = counts.filter(pl.any_horizontal(pl.col("series").str.starts_with(kind) for kind in kinds))
    source = str(counts["source"][0]) if len(counts) else ""
    if ours.is_empty():
        return Lines(source, (), 0, mentions.by_period(ours, ()))
    since = ours["date"].max() - LATELY  # type: ignore[operator]
    lately = ours.filter(pl.col("date") >= since).group_by("series").agg(pl.col("value").sum())
    order = lately.sort(["value", "series"], descending=[True, False])["series"].to_list()
    wanted = [s for s in order if s.partition(":")[2] in chosen] if chosen else order
    shown = tuple(wanted[:MOST_LINES])
    return Lines(source, shown, len(order) - len(shown), mentions.by_period(counts, shown, days=days))


def between(shown: Lines, first: date | None, last: date | None) -> Lines:
    """The same series from one day to another, both included; None is no limit."""
    inside = shown.points
    if first is not None:
        inside = inside.filter(pl.col("date") >= first)
    if last is not None:
        inside = inside.filter(pl.col("date") <= last)
    there = set(inside["series"])
    return replace(shown, series=tuple(s for s in shown.series if s in there), points=inside)


def name_of(series: str) -> str:
    """ "lab:openai" as a reader knows it."""
    kind, _, key = series.partition(":")
    return topic_names().get(key, key) if kind == "topic" else lab_names().get(key, key)


def indicator_of(source_prefix: str, series: str, catalogue: Mapping[str, object]) -> str | None:
    """The weekly indicator of a series, which the acceleration test judges: the share where there is one."""
    kind, _, key = series.partition(":")
    tails = {"topic": (f"_share_{key}",), "lab": (f"_lab_{key}",), "from": (f"_posts_{key}",)}[kind]
    return next((k for k in catalogue if k.startswith(source_prefix) and k.endswith(tails)), None)


def burst_of(points: pl.DataFrame) -> Alarm | None:
    """The burst alarm on the last week's share; None with too short or broken a past.

    The shares are taken as counts of weeks in which as much was read as in the last one: more feeds are no burst.
    Labs' own posts are counted as they are.
    """
    if len(points) < FEWEST_WEEKS:
        return None
    first, last = points["date"].min(), points["date"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    if (last - first).days != 7 * (len(points) - 1):
        return None  # weeks are missing, and the alarm needs them all
    is_own = str(points["series"][0]).startswith("from:")
    share = points["share"].fill_null(0.0)  # a week in which nothing at all was published
    counts = points["number"] if is_own else share * float(points["read"][-1])
    return burst_alarm(counts.to_numpy(), len(points) - 1)


def figure(shown: Lines, *, share: bool, mode: Mode) -> charts.Figure:
    """One line a series; a period that was not read is a gap, and zero lies on the axis."""
    ink = INKS[mode]
    fig, dates = charts.blank(ink), _dates(shown)
    for n, series in enumerate(shown.series):
        own = pl.DataFrame({"date": dates}).join(shown.of(series), on="date", how="left")
        values = own["share" if share else "number"]
        colour = _colour(series, n, mode)
        hover = [
            f"<b>{name_of(series)}</b><br>{day:%d %b %Y}<br>" + _told(number, read, portion)
            for day, number, read, portion in own.select("date", "number", "read", "share").iter_rows()
        ]
        fig.add_scatter(
            x=[day.isoformat() for day in dates],
            y=values.to_list(),
            name=name_of(series),
            mode="lines+markers" if len(dates) <= 120 else "lines",
            line={"color": colour, "width": 2, "dash": _DASHES[n]},
            marker={"size": 5, "symbol": _SYMBOLS[n]},
            connectgaps=False,
            customdata=np.array(hover, dtype=object),
            hovertemplate="%{customdata}<extra></extra>",
        )
    fig.update_yaxes(rangemode="tozero", tickformat=".0%" if share else ",")
    legend = {"orientation": "h", "y": -0.12, "font": {"color": ink.text}}
    fig.update_layout(height=380, showlegend=True, legend=legend, margin_r=8)
    return fig


def _dates(shown: Lines) -> list[date]:
    """All days or weeks from the first to the last, those that were not read too."""
    there = sorted(set(shown.points["date"]))
    step = min((later - day for day, later in pairwise(there)), default=timedelta(days=7))
    return [there[0] + n * step for n in range((there[-1] - there[0]) // step + 1)]


def _colour(series: str, position: int, mode: Mode) -> str:
    """A lab's own colour; topics, which have none, borrow in turn. Dash and symbol differ too."""
    kind, _, key = series.partition(":")
    return lab_style(list(MAIN_LABS)[position] if kind == "topic" else key, mode).mark


def _told(number: float | None, read: float | None, share: float | None) -> str:
    if number is None or read is None:
        return "not read"
    said = f"{words.number(number)} of {words.number(read)} items read"
    return said if share is None else f"{said}, {share:.1%}"


def table(shown: Lines) -> pd.DataFrame:
    """The numbers behind the chart, newest first."""
    points = shown.points.sort(["date", "series"], descending=[True, False])
    return pd.DataFrame(
        {
            "From": points["date"].to_list(),
            "Series": [name_of(series) for series in points["series"]],
            "Items": points["number"].to_list(),
            "All read": points["read"].to_list(),
            "Share": points["share"].to_list(),
        }
    )
