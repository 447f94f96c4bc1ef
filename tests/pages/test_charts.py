"""The chart draws what the tables hold, and no outside word is taken for markup."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import charts
from dashboard.reading import Reader, shown_rows
from dashboard.theme import MAIN_LABS
from dashboard.view import View


def traces(fig: go.Figure) -> dict[str, go.Scatter]:
    return {t.name: t for t in fig.data}


def test_marks_are_the_values_by_lab(reader: Reader) -> None:
    series = reader.series("metr_p50")
    found = traces(charts.figure(series, View(), "light"))
    rows = series.rows
    mine = rows[(rows["lab"] == "anthropic") & ~rows["beside"]]
    assert sorted(found["Anthropic"].y) == sorted(mine["value"])
    assert found["Anthropic"].marker.color == MAIN_LABS["anthropic"].mark
    drawn = sum(len(t.y) for t in found.values() if t.mode == "markers")
    assert drawn == len(rows)


def test_log_is_the_default_for_what_doubles_and_linear_is_a_choice(reader: Reader) -> None:
    series = reader.series("metr_p50")
    assert charts.figure(series, View(), "light").layout.yaxis.type == "log"
    assert charts.figure(series, View(scale="lin"), "light").layout.yaxis.type == "linear"
    assert charts.figure(reader.series("eci_frontier"), View(scale="log"), "light").layout.yaxis.type == "linear"


def test_a_doubling_axis_speaks_of_working_time(reader: Reader) -> None:
    ticks = charts.figure(reader.series("metr_p50"), View(), "light").layout.yaxis.ticktext
    assert {"1 min", "1 h", "8 h"} <= set(ticks)


def test_highlighting_changes_no_number(reader: Reader) -> None:
    series = reader.series("metr_p50")
    plain, chosen = (traces(charts.figure(series, View(labs=labs), "light")) for labs in ((), ("openai",)))
    for name in ("best so far", "trend", "80 % prediction band"):
        assert list(plain[name].y) == list(chosen[name].y)
    assert "Anthropic" in plain
    assert "Anthropic" not in chosen


def test_only_hides_the_others_and_the_trend(reader: Reader) -> None:
    found = traces(charts.figure(reader.series("metr_p50"), View(labs=("openai",), only=True), "light"))
    assert set(found) == {"OpenAI", "best so far", "beside"}


def test_the_frontier_is_never_drawn_beyond_the_last_value(reader: Reader) -> None:
    series = reader.series("eci_frontier")
    assert traces(charts.figure(series, View(), "light"))["best so far"].x[-1] == series.rows["date"].max().isoformat()


def test_a_closed_series_is_not_projected_and_a_live_one_is(reader: Reader) -> None:
    assert "if trend holds" not in traces(charts.figure(reader.series("metr_p50"), View(), "light"))
    assert "if trend holds" in traces(charts.figure(reader.series("eci_frontier"), View(), "light"))


def test_a_range_leaves_the_fit_alone(reader: Reader) -> None:
    series = reader.series("eci_frontier")
    short, full = (traces(charts.figure(series, View(start=start), "light")) for start in ("2y", ""))
    assert list(short["trend"].y) == list(full["trend"].y)
    assert len(shown_rows(series, View(start="2y"))) < len(series.rows)


def test_as_of_shows_the_old_value(reader: Reader) -> None:
    values = {}
    for day in (date(2026, 2, 1), date(2026, 3, 1), date(2026, 6, 1)):
        rows = reader.series("metr_p50", View(as_of=day).instant).rows
        found = (
            rows["value"][rows["subject"] == "claude_opus_4_6_inspect"].tolist()
            or rows["value"][rows["subject"] == "claude_opus_4_6"].tolist()
        )
        values[day] = [round(v, 1) for v in found]
    assert list(values.values()) == [[], [870.0], [718.8]]


def test_nothing_to_show_is_said(reader: Reader) -> None:
    day = date(2026, 3, 1)
    asked = {
        "No values for Apple": View(labs=("apple",), only=True),
        "No values for Meta and Apple until 1 Jan 2010": View(labs=("meta", "apple"), only=True, end="2010-01-01"),
        "No values between 1 Jan 2001 and 2 Feb 2002": View(labs=("meta",), start="2001-01-01", end="2002-02-02"),
        "No values until 1 Jan 2010 as known on 1 Mar 2026": View(end="2010-01-01", as_of=day),
    }
    for said, view in asked.items():
        fig = charts.figure(reader.series("metr_p50"), view, "light")
        assert [note.text for note in fig.layout.annotations] == [said]


def test_a_lab_is_compared_within_the_days_that_were_chosen(reader: Reader) -> None:
    series, view = reader.series("eci_frontier"), View(labs=("openai",), start="2025-01-01", end="2025-12-31")
    whole, some = charts.by_lab(series, View(labs=("openai",)), "light"), charts.by_lab(series, view, "light")
    first, last = (pd.Timestamp(at) for at in some.layout.xaxis.range)
    assert pd.Timestamp("2024-12-01") < first < last < pd.Timestamp("2026-02-01")
    assert [*some.data[1].y] == [*whole.data[1].y], "what was best before counts, and is not drawn anew"
    assert some.layout.yaxis.range[0] > whole.layout.yaxis.range[0]


HOSTILE = '<img src=x onerror=alert(1)><a href="https://evil.example">%{x}</a>'


def test_outside_words_are_literal(reader: Reader) -> None:
    series = reader.series("metr_p50")
    rows = series.rows.assign(subject=HOSTILE, lab_name=HOSTILE)
    hostile = replace(series, rows=rows)
    spec = json.loads(charts.figure(hostile, View(), "light").to_json())
    texts = json.dumps([[t.get("customdata"), t.get("hovertemplate"), t.get("name")] for t in spec["data"]])
    assert "<img" not in texts
    assert "<a " not in texts
    assert "%{x}" not in texts


def test_bounds_are_arrows(reader: Reader) -> None:
    series = reader.series("metr_p50")
    rows = series.rows.copy()
    rows.loc[rows.index[-1], "bound"] = ">="
    bound = replace(series, rows=rows)
    symbols = [
        s
        for t in charts.figure(bound, View(), "light").data
        if t.mode == "markers"
        for s in np.atleast_1d(t.marker.symbol)
    ]
    assert symbols.count("arrow-bar-up") == 1


def test_every_series_has_a_sentence_for_those_who_do_not_see_it(reader: Reader) -> None:
    text = charts.alt_text(reader.series("metr_p50"), View(), "Time horizon doubles")
    assert text.startswith(
        "Time horizon doubles. Human working time, log scale, 14 Feb 2019 to 5 Mar 2026. 25 values; latest"
    )
    assert len(text) <= 300


def test_restated_values_stand_hollow_beside_what_replaced_them(reader: Reader) -> None:
    series, earlier = reader.series("metr_p50"), reader.earlier_values("metr_p50")
    fig = charts.figure(series, View(shown=("restated",)), "light", earlier)
    old = next(t for t in fig.data if t.name == "earlier values")
    gpt_4 = next(e for e in earlier if e["subject"] == "gpt_4" and e["variant"] == "1.1")
    assert gpt_4["value"] == pytest.approx(3.5245, abs=1e-4)
    assert gpt_4["now"] == pytest.approx(3.9874, abs=1e-4)
    assert gpt_4["value"] in old.y
    assert set(old.marker.symbol) == {"circle-open"}
    assert not any(t.name == "earlier values" for t in charts.figure(series, View(), "light", earlier).data)


def test_releases_are_ticks_at_the_top_edge_at_most_a_dozen(reader: Reader) -> None:
    fig = charts.figure(reader.series("metr_p50"), View(shown=("events",)), "light")
    ticks = [t for t in fig.data if t.name == "release"]
    assert 0 < len(ticks) <= 12
    assert {t.yaxis for t in ticks} == {"y2"}


def test_periods_are_joined_by_a_line_and_have_no_best_so_far(reader: Reader) -> None:
    fig = charts.figure(reader.series("models_per_quarter"), View(), "light")
    names = {t.name for t in fig.data}
    assert "values" in names
    assert "best so far" not in names


def test_percents_are_not_multiplied_again(reader: Reader) -> None:
    axis = charts.figure(reader.series("rd_ai_led_share"), View(), "light").layout.yaxis
    assert axis.tickformat is None
    assert axis.ticksuffix.strip() == "%"


def test_labels_at_the_edge_do_not_overlap() -> None:
    placed = charts._apart({"a": 0.9, "b": 0.89, "c": 0.88, "d": 0.02, "e": 0.01}, 0.06)
    heights = sorted(placed.values())
    assert min(np.diff(heights)) >= 0.06 - 1e-9
    assert min(heights) > 0
    assert max(heights) <= 1


def test_the_monthly_line_of_a_card_is_the_frontier(reader: Reader) -> None:
    from dashboard.reading import monthly

    series = reader.series("metr_p50")
    line = monthly(series, series.rows["date"].max().date())
    assert len(line) == 36
    assert line[-1] == pytest.approx(np.log2(series.rows["value"].max()))
    assert pd.Series(line).is_monotonic_increasing


def test_a_week_of_nothing_has_no_place_on_a_scale_of_doublings(reader: Reader) -> None:
    from dataclasses import replace

    from dashboard.reading import monthly

    series = reader.series("metr_p50")
    counted = replace(series, indicator={**series.indicator, "marks": "week"}, rows=series.rows.assign(value=0.0))
    assert monthly(counted, series.rows["date"].max().date()) == []


def test_chosen_days_are_the_axis_and_end_the_line_of_what_may_come(reader: Reader) -> None:
    series = reader.series("eci_frontier")
    whole = charts.figure(series, View(), "light")
    some = charts.figure(series, View(start="2024-01-01", end="2025-06-30"), "light")
    assert "if trend holds" in traces(whole)
    assert "if trend holds" not in traces(some)
    first, last = (pd.Timestamp(at) for at in some.layout.xaxis.range)
    assert pd.Timestamp("2023-12-01") < first <= pd.Timestamp("2024-01-01")
    assert pd.Timestamp("2025-06-30") <= last < pd.Timestamp("2025-08-01")


def test_days_outside_all_values_leave_no_empty_decades(reader: Reader) -> None:
    series = reader.series("metr_p50")
    far, whole = (charts.figure(series, v, "light") for v in (View(start="1950-01-01", end="2099-12-31"), View()))
    assert far.layout.xaxis.range == whole.layout.xaxis.range
