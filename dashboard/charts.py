"""A series and a view in, a Plotly figure out. Knows no Streamlit; no outside text reaches a template."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy import stats

from dashboard import words
from dashboard.reading import Series, frontier_steps, has_frontier, kept_with_series, shown_rows
from dashboard.releases import releases
from dashboard.theme import INKS, MAIN_LABS, Ink, Mode, lab_names, lab_style
from dashboard.view import View
from data.text import plotly_text
from signals.band import Sample
from signals.finding import Change
from signals.scale import Scale
from signals.shape import bent_line
from signals.verdict import ENOUGH_FOR_TREND, scale_of

Figure = go.Figure
HEIGHT = 460
LABEL_ROOM = 86
PROJECTION = timedelta(days=183)
FEW = 15
MANY = 1e12
MOST_EVENTS = 12

CONFIG: Mapping[str, Any] = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2},
}
Earlier = Sequence[Mapping[str, Any]]


class Kept(go.Figure):  # type: ignore[misc]  # Plotly has no types
    """A figure that nobody changes any more: its dict, for which every click asks, is made once."""

    _dict: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        if self._dict is None:
            self._dict = super().to_dict()
        return self._dict


def config(name: str) -> dict[str, Any]:
    """Plotly's settings, with the name of the image file; `frame.pictures` offers it as PNG and as SVG."""
    return {**CONFIG, "toImageButtonOptions": {"format": "png", "scale": 2, "filename": name}}


_WORKING_TIME = {
    0.1: "6 s", 1: "1 min", 10: "10 min", 60: "1 h", 480: "8 h", 2400: "40 h (1 wk)", 10_020: "167 h (1 mo)",
    30_000: "500 h (3 mo)", 120_000: "2,000 h (1 yr)",
}  # fmt: skip


def is_log(series: Series, view: View) -> bool:
    """Whether the value axis is logarithmic: by default for what doubles, and never for other scales."""
    return series.indicator["scale"] == "log2" and view.scale != "lin"


def drawn(view: View) -> View:
    """The part of a view that a chart depends on."""
    return View(
        labs=view.labs, only=view.only, as_of=view.as_of, start=view.start, end=view.end, scale=view.scale,
        variant=view.variant, shown=view.shown,
    )  # fmt: skip


def figure(series: Series, view: View, mode: Mode, earlier: Earlier | None = None) -> go.Figure:
    """The chart of an indicator: values by lab, the line of records, and the trend with its 80 % prediction band.

    `earlier` are the superseded values (`Reader.earlier_values`), drawn where the view asks for them.
    """
    ink, rows, log = INKS[mode], shown_rows(series, view), is_log(series, view)
    fig = go.Figure()
    _style(fig, ink)
    if rows.empty:
        return _empty(fig, view, ink)
    _value_axis(fig, series, rows, log)
    _fix_margin(fig)
    _time_axis(fig, *_shown_days(series, rows, view))
    if not view.only:
        _trend(fig, series, rows, ink, goes_on=not view.end)
    if has_frontier(series):
        _steps(fig, series, rows, ink)
    else:
        _joined(fig, rows, view, mode)
    if earlier is not None and "restated" in view.shown:
        _restated(fig, series, rows, earlier, ink)
    _marks(fig, series, rows, view, mode)
    if "events" in view.shown:
        _events(fig, view, mode)
    _lab_names(fig, rows, view, mode, log)
    return fig


def _style(fig: go.Figure, ink: Ink) -> None:
    fig.update_layout(
        height=HEIGHT, margin={"l": 0, "r": LABEL_ROOM, "t": 28, "b": 40}, showlegend=False, hovermode="closest",
        dragmode=False, uirevision="kept", paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 13, "color": ink.text, "family": "Inter, system-ui, sans-serif"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": ink.muted, "activecolor": ink.accent},
        hoverlabel={"bgcolor": ink.page, "bordercolor": ink.muted, "font": {"color": ink.text}, "align": "left"},
    )  # fmt: skip
    fig.update_xaxes(
        showgrid=False,
        ticks="outside",
        ticklen=4,
        linecolor=ink.muted,
        showline=True,
        tickfont_color=ink.muted,
    )
    fig.update_yaxes(
        gridcolor=ink.grid, zeroline=False, tickfont_color=ink.muted, nticks=6, automargin=True, ticksuffix=" "
    )


def _empty(fig: go.Figure, view: View, ink: Ink) -> go.Figure:
    fig.update_xaxes(showticklabels=False, ticks="", zeroline=False)
    fig.update_yaxes(showticklabels=False)
    text = nothing(view)
    fig.add_annotation(text=text, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font_color=ink.muted)
    return fig


def nothing(view: View) -> str:
    """What a chart without a value says: for which labs, which days, and as known when there is none."""
    names = lab_names()
    labs = " and ".join(names[lab] for lab in view.labs) if view.only else ""
    first, last = (words.day(date.fromisoformat(day)) if day[4:5] == "-" else "" for day in (view.start, view.end))
    said = {(True, True): "between {} and {}", (True, False): "since {}", (False, True): "until {1}"}
    lately = f"in the last {view.start[0]} years" if view.start else ""
    days = said.get((bool(first), bool(last)), lately).format(first, last)
    known = f"as known on {words.day(view.as_of)}" if view.as_of else ""
    return " ".join(["No values", *([f"for {labs}"] if labs else []), *filter(None, (days, known))])


def _value_axis(fig: go.Figure, series: Series, rows: pd.DataFrame, log: bool) -> None:
    """The data set the range; an extrapolated band never does."""
    values = rows["value"].to_numpy(dtype=float)
    low, high = float(values.min()), float(values.max())
    unit = series.indicator["unit"]
    if log:
        room = 0.06 * max(np.log10(high / low), 1)
        fig.update_yaxes(type="log", range=[np.log10(low) - room, np.log10(high) + 2 * room])
    else:
        room = 0.06 * ((high - low) or abs(high) or 1)
        bottom = min(low - room, 0) if series.indicator["scale"] == "log2" else low - room
        fig.update_yaxes(type="linear", range=[bottom, high + 2 * room], separatethousands=True)
    if unit == "minutes":
        _working_time_ticks(fig, low, high, log)
    elif unit in ("fraction", "probability"):
        fig.update_yaxes(tickformat=".0%")
    elif unit.startswith("percent"):
        fig.update_yaxes(ticksuffix=f"{words.NBSP}% ")
    elif log:
        ticks = _log_ticks(low, high)
        named = words.power if high >= MANY else words.short
        fig.update_yaxes(tickmode="array", tickvals=ticks, ticktext=[named(v) for v in ticks])


def _fix_margin(fig: go.Figure) -> None:
    """Room for the labels where their length is known: Plotly draws a chart again for every margin it finds out."""
    axis = fig.layout.yaxis
    longest = max(
        (len(text) for text in axis.ticktext or ()), default=5 if axis.tickformat or "%" in axis.ticksuffix else 0
    )
    if longest:
        fig.update_yaxes(automargin=False)
        fig.update_layout(margin_l=round(7.5 * longest) + 12)


def _log_ticks(low: float, high: float) -> list[float]:
    """Decades; with 2 and 5 between where there are fewer than three of them; thinned out where there are many."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    if last - first <= 3:
        ticks = [float(m) * 10.0**e for e in range(first, last + 1) for m in (1, 2, 5)]
    else:
        step = max(1, round((last - first) / 7))
        ticks = [10.0**e for e in range(first, last + 1, step)]
    return [t for t in ticks if low / 2 <= t <= high * 2]


def _working_time_ticks(fig: go.Figure, low: float, high: float, log: bool) -> None:
    if log:
        ticks = {v: t for v, t in _WORKING_TIME.items() if low / 3 <= v <= high * 3}
    else:
        step = next(s for s in (1, 10, 60, 120, 240, 480, 2400, 4800, 10_020, 10**9) if high / s <= 6)
        ticks = {v: words.working_time(v) if v else "0" for v in np.arange(0, high * 1.1, step)}
    fig.update_yaxes(tickmode="array", tickvals=list(ticks), ticktext=list(ticks.values()))


def _shown_days(series: Series, rows: pd.DataFrame, view: View) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of the axis: those asked for, as far as there are values, else those of the rows."""
    every, (start, end) = series.rows["date"], view.window(series.rows["date"].max().date())
    first = max(pd.Timestamp(start), every.min()) if start else rows["date"].min()
    last = min(pd.Timestamp(end), every.max()) if end else rows["date"].max()
    return first, last


def _time_axis(fig: go.Figure, first: pd.Timestamp, last: pd.Timestamp) -> None:
    room = max((last - first) * 0.03, pd.Timedelta(days=2))
    fig.update_xaxes(range=[(first - room).isoformat(), (last + room).isoformat()], type="date")


def _trend(fig: go.Figure, series: Series, rows: pd.DataFrame, ink: Ink, *, goes_on: bool) -> None:
    """The fitted line where it was fitted, its band, and half a year more, dotted, if the publisher goes on.

    A view that ends on a day of its own has no "more": `goes_on` is false then.
    """
    trend, fitted = series.verdict.trend, series.verdict.fitted
    if trend is None or series.verdict.n < ENOUGH_FOR_TREND:
        return
    if series.verdict.state in words.FLAGGED and series.verdict.shown is not None:
        _bend(fig, series, ink)
        return
    first, last = fitted.dates.min().astype("datetime64[D]"), fitted.dates.max().astype("datetime64[D]")
    inside = np.linspace(first.astype(int), last.astype(int), 60).round().astype("datetime64[D]")
    low, high = trend.band(inside)
    accent = _rgba(ink.accent, 0.14)
    x = [str(d) for d in inside]
    hidden: dict[str, Any] = {"mode": "lines", "hoverinfo": "skip", "line": {"width": 0}}
    fig.add_scatter(x=x, y=high, name="band, upper end", **hidden)
    fig.add_scatter(x=x, y=low, name="80 % prediction band", fill="tonexty", fillcolor=accent, **hidden)
    fig.add_scatter(
        x=x, y=trend.at(inside), name="trend", mode="lines", hoverinfo="skip", line={"color": ink.accent, "width": 2}
    )
    if goes_on and not _is_closed(series, last.astype(object)):
        ahead = np.array([last, last + np.timedelta64(PROJECTION.days, "D")])
        fig.add_scatter(
            x=[str(d) for d in ahead],
            y=trend.at(ahead),
            name="if trend holds",
            mode="lines",
            hoverinfo="skip",
            line={"color": ink.accent, "width": 2, "dash": "dot"},
        )
        newest = rows["date"].max()
        reach = max(pd.Timestamp(ahead[1]), newest)
        start = fig.layout.xaxis.range[0]
        fig.update_xaxes(range=[start, (reach + (reach - pd.Timestamp(start)) * 0.01).isoformat()])
        _reach_for(fig, float(trend.at(ahead)[1]))


def _bend(fig: go.Figure, series: Series, ink: Ink) -> None:
    """Both slopes, the break as one dashed line, and the bracket of its 90 % range on the axis."""
    verdict, change = series.verdict, series.verdict.shown
    assert change is not None
    assert verdict.tested is not None
    first, last = verdict.tested.dates.min().astype("datetime64[D]"), verdict.tested.dates.max().astype("datetime64[D]")
    inside = np.linspace(first.astype(int), last.astype(int), 120).round().astype("datetime64[D]")
    scale = scale_of(series.indicator)
    y = bent_line(verdict.tested, scale, change, inside)
    _bent_band(fig, verdict.tested, scale, change, inside, ink)
    fig.add_scatter(x=[str(d) for d in inside], y=y, name="trend", mode="lines", hoverinfo="skip",
                    line={"color": ink.accent, "width": 2})  # fmt: skip
    line = {"color": ink.muted, "width": 1, "dash": "dash"}
    when = change.break_on.isoformat()
    low, high = change.break_low.isoformat(), change.break_high.isoformat()
    bracket = {"fillcolor": _rgba(ink.accent, 0.25), "line": {"width": 0}}
    fig.update_layout(
        shapes=[
            {"type": "line", "x0": when, "x1": when, "y0": 0, "y1": 1, "yref": "paper", "line": line},
            {"type": "rect", "x0": low, "x1": high, "y0": 0, "y1": 0.02, "yref": "paper", **bracket},
        ]
    )
    ratio = f"<br>{words.number(change.ratio, 2)}x the slope" if change.ratio is not None else ""
    text = f"<b>{words.month(change.break_on)}</b>{ratio}"
    fig.add_annotation(
        x=when, y=1, yref="paper", text=text, showarrow=False, xanchor="right", xshift=-6, yanchor="top", align="right",
        font={"color": ink.muted, "size": 12},
    )  # fmt: skip


def _bent_band(fig: go.Figure, tested: Sample, scale: Scale, change: Change, inside: np.ndarray, ink: Ink) -> None:
    """The 80 % prediction band about the bent line, from the residuals of the tested points.

    Student t with n - 4 degrees of freedom: level, two slopes and the break were estimated.
    """
    freedom = len(tested.dates) - 4
    if freedom < 3:
        return
    rest = tested.heights - scale.forward(bent_line(tested, scale, change, tested.dates))
    sd = float(np.sqrt((rest**2).sum() / freedom))
    reach = stats.t.ppf(0.9, freedom) * sd * np.sqrt(1 + 1 / len(tested.dates))
    middle = scale.forward(bent_line(tested, scale, change, inside))
    ends = scale.back(middle - reach), scale.back(middle + reach)
    hidden: dict[str, Any] = {"mode": "lines", "hoverinfo": "skip", "line": {"width": 0}, "x": [str(d) for d in inside]}
    fig.add_scatter(y=np.maximum(*ends), name="band, upper end", **hidden)
    shade = _rgba(ink.accent, 0.14)
    fig.add_scatter(y=np.minimum(*ends), name="80 % prediction band", fill="tonexty", fillcolor=shade, **hidden)


def _reach_for(fig: go.Figure, value: float) -> None:
    """Let the projected end be seen, within a sixth of the axis."""
    low, high = fig.layout.yaxis.range
    wanted = np.log10(value) if fig.layout.yaxis.type == "log" else value
    if high < wanted < high + (high - low) / 6:
        fig.update_yaxes(range=[low, wanted + (high - low) * 0.02])


def _is_closed(series: Series, last: date) -> bool:
    closed = series.indicator["closed_on"]
    return closed is not None and not pd.isna(closed) and closed.date() >= last


def _steps(fig: go.Figure, series: Series, rows: pd.DataFrame, ink: Ink) -> None:
    when, best = frontier_steps(series, rows)
    if not len(when):
        return
    last = rows["date"].max()
    x = [*(pd.Timestamp(d).isoformat() for d in when), last.isoformat()]
    fig.add_scatter(
        x=x,
        y=[*best, best[-1]],
        name="best so far",
        mode="lines",
        hoverinfo="skip",
        line={"color": ink.step, "width": 1, "shape": "hv"},
    )


def _joined(fig: go.Figure, rows: pd.DataFrame, view: View, mode: Mode) -> None:
    """A line through the values of each subject; never over a hole longer than three of its own steps."""
    ink, coloured = INKS[mode], view.labs or tuple(MAIN_LABS)
    for _, mine in rows[~rows["beside"]].groupby(["subject", "variant"], sort=False):
        lab = mine["lab"].iloc[0]
        colour = lab_style(lab, mode).mark if isinstance(lab, str) and lab in coloured else ink.step
        when = mine["date"]
        steps = when.diff()
        holes = (steps > 3 * steps.median()).to_numpy() if len(mine) > 2 else np.zeros(len(mine), dtype=bool)
        x = [at.isoformat() for at in when]
        y = mine["value"].to_numpy(dtype=float)
        for place in reversed(np.flatnonzero(holes)):
            x.insert(int(place), x[int(place)])
            y = np.insert(y, int(place), np.nan)
        fig.add_scatter(x=x, y=y, name="values", mode="lines", hoverinfo="skip", line={"color": colour, "width": 1})


def _restated(fig: go.Figure, series: Series, rows: pd.DataFrame, earlier: Earlier, ink: Ink) -> None:
    """Each superseded value as a small hollow mark, joined to the value that counts; a cross where it was withdrawn."""
    start, end = rows["date"].min().date(), rows["date"].max().date()
    drawn = set(rows["variant"])
    mine = [e for e in earlier if e["variant"] in drawn and start <= e["date"] <= end]
    kept = [e for e in mine if e["now"] is not None]
    x = [at for e in kept for at in (e["date"].isoformat(), e["date"].isoformat(), None)]
    y = np.array([value for e in kept for value in (e["value"], e["now"], np.nan)])
    fig.add_scatter(x=x, y=y, name="restated", mode="lines", hoverinfo="skip", line={"color": ink.muted, "width": 1})
    unit = series.indicator["unit"]
    hover = [
        f"<b>{plotly_text(e['subject'])}</b><br>{words.quantity(e['value'], unit)} until {words.day(e['until'])}"
        f"<br>first published {words.day(e['known_at'])}<br>"
        + (f"now {words.quantity(e['now'], unit)}" if e["now"] is not None else "withdrawn")
        for e in mine
    ]
    symbols = ["circle-open" if e["now"] is not None else "x-thin-open" for e in mine]
    fig.add_scatter(
        x=[e["date"].isoformat() for e in mine],
        y=np.array([e["value"] for e in mine], dtype=float),
        name="earlier values",
        mode="markers",
        marker={"size": 6, "color": ink.muted, "symbol": symbols},
        customdata=np.array(hover, dtype=object),
        hovertemplate="%{customdata}<extra></extra>",
    )


def _events(fig: go.Figure, view: View, mode: Mode) -> None:
    """Releases of the chosen labs as ticks along the top edge, the newest dozen in range."""
    start, end = (str(at)[:10] for at in fig.layout.xaxis.range)
    shown = [r for r in releases() if start <= r.on.isoformat() <= end and r.lab in (view.labs or tuple(MAIN_LABS))]
    for release in shown[-MOST_EVENTS:]:
        style = lab_style(release.lab, mode)
        fig.add_scatter(
            x=[release.on.isoformat()],
            y=[0.985],
            yaxis="y2",
            name="release",
            mode="markers",
            marker={"symbol": "line-ns-open", "size": 12, "color": style.mark, "line": {"width": 2}},
            hovertemplate=f"{style.name}: {plotly_text(release.name)}<br>{words.day(release.on)}<extra></extra>",
        )
    fig.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True})


def _marks(fig: go.Figure, series: Series, rows: pd.DataFrame, view: View, mode: Mode) -> None:
    """One trace a lab, so that each keeps its colour and symbol; the others first, beneath."""
    ink, coloured = INKS[mode], view.labs or tuple(MAIN_LABS)
    hover = [_hover(series, row) for row in rows.itertuples()]
    beside = rows["beside"].to_numpy()
    other = ~rows["lab"].isin(coloured).to_numpy() & ~beside
    for name, mine in (("beside", beside), ("Other", other)):
        _trace(fig, rows, mine, hover, name=name, size=6, symbol="circle-open", colour=ink.other, bars=False)
    bars = bool(view.labs) or len(rows) <= FEW
    for lab in reversed(coloured):
        style = lab_style(lab, mode)
        mine = (rows["lab"] == lab).to_numpy() & ~beside
        _trace(fig, rows, mine, hover, name=style.name, size=9, symbol=style.symbol, colour=style.mark, bars=bars)


def _trace(fig: go.Figure, rows: pd.DataFrame, mine: np.ndarray, hover: list[str], *, name: str, size: int, symbol: str,
           colour: str, bars: bool) -> None:  # fmt: skip
    part = rows[mine]
    if part.empty:
        return
    arrows = {"=": symbol, ">=": "arrow-bar-up", "<=": "arrow-bar-down"}
    value, is_exact = part["value"].to_numpy(dtype=float), bool((part["bound"] == "=").all())
    error = {
        "type": "data", "symmetric": False, "thickness": 1, "width": 0, "color": colour,
        "array": part["high"].to_numpy(dtype=float) - value, "arrayminus": value - part["low"].to_numpy(dtype=float),
    }  # fmt: skip
    fig.add_scatter(
        x=[d.isoformat() for d in part["date"]],
        y=value,
        name=name,
        mode="markers",
        marker={
            "size": size,
            "symbol": symbol if is_exact else [arrows[b] for b in part["bound"]],
            "color": colour,
            "opacity": 1,
        },
        error_y=error if bars and part["low"].notna().any() else None,
        customdata=np.array(hover, dtype=object)[mine],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _hover(series: Series, row: Any) -> str:
    """What one mark is, one fact a line; every outside word made literal."""
    unit = series.indicator["unit"]
    value = words.bounded(words.quantity(row.value, unit), row.bound)
    interval = (
        f" ({words.quantity(row.low, unit)} to {words.quantity(row.high, unit)}, {row.level:.0%})"
        if row.low == row.low
        else ""
    )
    lines = [
        f"<b>{plotly_text(row.subject)}</b>",
        value + interval,
        f"{series.indicator['date_kind']} {words.day(row.date)}",
        plotly_text(row.lab_name or "lab not mapped"),
        f"known since {words.day(row.first_known_at)}",
    ]
    if row.vintages > 1:
        lines.append(f"restated, this value since {words.day(row.known_at)}")
    if row.beside:
        lines.append("drawn beside the series, not fitted")
    return "<br>".join(lines)


def _lab_names(fig: go.Figure, rows: pd.DataFrame, view: View, mode: Mode, log: bool) -> None:
    """Names at the right edge instead of a legend, in order of the last best value, pushed apart to be readable."""
    drawn = rows[~rows["beside"]]
    best = {
        lab: float(drawn["value"][drawn["lab"] == lab].max())
        for lab in view.labs or MAIN_LABS
        if (drawn["lab"] == lab).any()
    }
    low, high = fig.layout.yaxis.range
    heights = {lab: ((np.log10(v) if log else v) - low) / (high - low) for lab, v in best.items()}
    for lab, height in _apart(heights, 0.06 * HEIGHT / (fig.layout.height or HEIGHT)).items():
        style = lab_style(lab, mode)
        fig.add_annotation(
            text=f"{style.sign} {style.name}", x=1, xref="paper", xanchor="left", xshift=6, y=height, yref="paper",
            showarrow=False, font={"size": 12, "color": style.text(mode)},
        )  # fmt: skip


def _apart(heights: Mapping[str, float], least: float) -> dict[str, float]:
    """The same labels, at least `least` apart, moved as little as going down from the top allows."""
    placed: dict[str, float] = {}
    ceiling = 0.98
    for position, (lab, height) in enumerate(sorted(heights.items(), key=lambda item: -item[1])):
        room_below = least * (len(heights) - 1 - position)
        placed[lab] = max(min(height, ceiling), room_below + 0.02)
        ceiling = placed[lab] - least
    return placed


def _rgba(colour: str, share: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


@kept_with_series
def by_lab(series: Series, view: View, mode: Mode) -> go.Figure:
    """Each chosen lab's best so far as a step of its own, on the indicator's scale; small, for comparing shapes."""
    ink, rows, log = INKS[mode], series.rows[~series.rows["beside"]], is_log(series, view)
    first = rows.loc[rows["lab"].isin(view.labs or tuple(MAIN_LABS)), "date"].min()
    rows = rows[rows["date"] >= first]
    fig = go.Figure()
    _style(fig, ink)
    fig.update_layout(height=240)
    fig.update_xaxes(nticks=4, tickangle=0)
    # what was best before the range is known within it: the steps are those of all rows, the axes those of the range
    days = shown_rows(series, replace(view, only=False))["date"]
    inside = rows[rows["date"].between(days.min(), days.max())]
    if inside.empty:
        return _empty(fig, view, ink)
    _value_axis(fig, series, inside, log)
    _fix_margin(fig)
    _time_axis(fig, *_shown_days(series, inside, view))
    when, best = frontier_steps(series, rows)
    fig.add_scatter(
        x=[pd.Timestamp(d).isoformat() for d in when], y=best, name="all labs", mode="lines", hoverinfo="skip",
        line={"color": ink.grid if view.labs and len(view.labs) > 1 else ink.other, "width": 3, "shape": "hv"},
    )  # fmt: skip
    for lab in view.labs or tuple(MAIN_LABS):
        style, mine = lab_style(lab, mode), rows[rows["lab"] == lab]
        when, best = frontier_steps(series, mine)
        if len(when):
            fig.add_scatter(
                x=[pd.Timestamp(d).isoformat() for d in when], y=best, name=style.name, mode="lines+markers",
                line={"color": style.mark, "width": 1.5, "shape": "hv"}, marker={"symbol": style.symbol, "size": 6},
                hovertemplate=f"{style.name} %{{x|%d %b %Y}}<extra></extra>",
            )  # fmt: skip
    _lab_names(fig, inside, view, mode, log)
    return fig


def blank(ink: Ink) -> go.Figure:
    """A figure in our style with nothing in it yet, for charts drawn elsewhere."""
    fig = go.Figure()
    _style(fig, ink)
    return fig


def alt_text(series: Series, view: View, title: str) -> str:
    """The chart in a sentence or two, at most 300 characters, for those who do not see it."""
    rows = shown_rows(series, view)
    if rows.empty:
        return f"{title}. {nothing(view)}."
    newest, unit = rows.iloc[-1], series.indicator["unit"]
    scale = "log scale" if is_log(series, view) else "linear scale"
    value = words.bounded(words.quantity(newest["value"], unit), newest["bound"])
    text = (
        f"{title}. {words.sentence_case(words.unit_label(unit))}, {scale}, "
        f"{words.day(rows['date'].min())} to {words.day(newest['date'])}. "
        f"{len(rows)} values; latest {value} on {words.day(newest['date'])}."
    )
    return text[:300]
