"""Every page in every state of the tables: no exception, the state's words, no number that is not true."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import live
from dashboard.pages import overview
from dashboard.reading import shown_rows
from dashboard.view import View
from data.schema import Run
from data.store import Store
from tests.conftest import installed
from tests.pages.conftest import goto


def words(at: AppTest) -> str:
    assert not at.exception, at.exception
    blocks = [*at.title, *at.header, *at.caption, *at.text, *at.markdown, *at.metric]
    blocks += at.get("html")
    labels = [json.dumps(b.proto.body) if hasattr(b.proto, "body") else "" for b in blocks]
    return " ".join([*(str(getattr(b, "value", "")) for b in blocks), *labels]).replace("\u00a0", " ")


@pytest.mark.parametrize("path", ["labs", "mentions", "signals", "data", "sources", "methods"])
def test_every_page_opens_on_an_empty_store_on_the_baseline_and_on_an_old_day(
    app: Any, baseline_uri: str, tmp_path: Path, path: str
) -> None:
    for uri, query in ((str(tmp_path / "none"), {}), (baseline_uri, {}), (baseline_uri, {"asof": "2026-02-01"})):
        at = goto(app(uri, **query), path)
        assert len(at.title) == 1, words(at)


def test_an_empty_store_says_what_to_do(app: Any, tmp_path: Path) -> None:
    said = words(app(str(tmp_path / "none")))
    assert "No data yet" in said
    assert "make run" in said


def test_the_overview_shows_the_baseline_as_such(app: Any, baseline_uri: str) -> None:
    said = words(app(baseline_uri))
    assert "Speed-up signals on 0 of" in said
    assert "How long can they work alone?" in said
    assert "12 h" in said
    assert "Baseline" in said
    assert "no live run has succeeded" in said


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("metr_p50", "doubles every 4.2 months"),
        ("metr_p80", "doubles every 4.3 months"),
        ("eci_frontier", "gains 14 points a year"),
    ],
)
def test_an_indicator_page_draws_its_values(app: Any, baseline_uri: str, path: str, title: str) -> None:
    at = goto(app(baseline_uri), path)
    assert title in words(at)
    spec = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert sum(len(t["x"]) for t in spec["data"] if t["mode"] == "markers") >= 25


def test_the_publishers_own_figure_stands_beside_ours(app: Any, baseline_uri: str) -> None:
    assert "from 2023 on: 128.744 days" in words(goto(app(baseline_uri), "metr_p50"))


def test_as_of_a_day_the_page_knows_no_more_than_that_day(app: Any, baseline_uri: str) -> None:
    said = words(goto(app(baseline_uri, asof="2026-02-01"), "metr_p50"))
    assert "As known on 1 Feb 2026" in said
    assert "from 2023 on: 130.801 days" in said
    assert "11 records" in said


def test_before_anything_was_known_the_page_says_so(app: Any, baseline_uri: str) -> None:
    said = words(app(baseline_uri, asof="2025-01-02"))
    assert "Nothing was recorded here by then" in said
    assert "too few to judge speed" in words(goto(app(baseline_uri, asof="2025-01-02"), "metr_p50"))


def test_the_table_holds_every_indicator_of_the_cards(app: Any, baseline_uri: str) -> None:
    at = app(baseline_uri, **{"as": "table"})
    assert not at.exception
    rows = at.dataframe[0].value
    assert "Time horizon (50 %)" in rows["Indicator"].tolist()
    assert len(rows) == len(live.reader().catalogue()) - sum(
        live.reader().series(key).rows.empty for key in live.reader().catalogue()
    )


def test_no_indicator_takes_the_address_of_a_page(app: Any, baseline_uri: str) -> None:
    app(baseline_uri)
    assert not {"labs", "mentions", "signals", "data", "sources", "methods"} & set(live.reader().catalogue())


def test_nothing_from_the_address_is_echoed(app: Any, baseline_uri: str) -> None:
    at = app(baseline_uri, lab="<b>bogus</b>", asof="![x](http://evil.example)", foo="1")
    assert "bogus" not in words(at)
    assert "evil" not in words(at)
    assert dict(at.query_params) == {}


def stored(store: Store, run: Run) -> None:
    from dataclasses import asdict

    store.append_new("runs", [{**asdict(run), "month": f"{run.ended_at:%Y-%m}"}])


def run(day: datetime, outcome: Any) -> Run:
    return Run(run_id=str(day), source="epoch_eci", started_at=day, ended_at=day, outcome=outcome)


@pytest.mark.parametrize(
    ("outcomes", "badge"),
    [([(20, "ok")], "Stale 20 days"), ([(2, "ok"), (1, "server_error")], "Not collected since"), ([(0, "ok")], "")],
)
def test_a_stale_and_a_failed_source_are_shown_as_such(
    app: Any, prepared: Path, tmp_path: Path, outcomes: list[tuple[int, str]], badge: str
) -> None:
    store = installed(prepared, tmp_path)
    for ago, outcome in outcomes:
        stored(store, run(datetime.now(UTC) - timedelta(days=ago), outcome))
    said = words(goto(app(store.uri), "eci_frontier"))
    assert badge in said
    assert "gains 14 points a year" in said, "the last good values stay"
    assert "Baseline" not in said


def test_a_range_of_days_holds_for_chart_table_and_address_alike(app: Any, baseline_uri: str) -> None:
    at = goto(app(baseline_uri, **{"from": "2025-12-31", "to": "2024-01-01"}), "metr_p50")
    rows = shown_rows(live.reader().series("metr_p50"), View(start="2024-01-01", end="2025-12-31"))
    spec = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert sum(len(t["x"]) for t in spec["data"] if t["mode"] == "markers") == len(rows) > 5
    assert f"Data table ({len(rows)} rows)" in [e.label for e in at.expander]
    assert dict(at.query_params) == {"from": "2024-01-01", "to": "2025-12-31"}, "the wrong way round is swapped"


def test_days_end_a_usual_span_and_a_usual_span_forgets_the_days(app: Any, baseline_uri: str) -> None:
    at = goto(app(baseline_uri, **{"from": "5y"}), "metr_p50")
    at.date_input(key="w_from").set_value(date(2025, 1, 1)).run()
    assert at.query_params["from"] == "2025-01-01"
    at.date_input(key="w_to").set_value(date(2024, 1, 1)).run()
    assert dict(at.query_params) == {"from": "2024-01-01", "to": "2025-01-01"}
    at.segmented_control(key="w_range").set_value("2 years").run()
    assert dict(at.query_params) == {"from": "2y"}
    assert at.date_input(key="w_from").value is None


def test_mentions_are_drawn_and_listed_between_the_days(app: Any, baseline_uri: str) -> None:
    at = goto(app(baseline_uri, **{"from": "2026-01-01", "to": "2026-03-31"}), "mentions")
    assert not at.exception
    for chart in at.get("plotly_chart"):
        for trace in json.loads(chart.proto.spec)["data"]:
            assert all("2026-01-01" <= day <= "2026-03-31" for day in trace["x"])


def test_the_forecast_book_shows_what_was_projected_and_what_came(app: Any, baseline_uri: str) -> None:
    said = words(goto(app(baseline_uri, tab="forecasts"), "signals"))
    assert "2 of 2 scored projections held" in said
    assert "30 Jan 2026" in said
    assert "+0.95 doublings" in said
    early = words(goto(app(baseline_uri, tab="forecasts", asof="2026-02-01"), "signals"))
    assert "Not enough vintages yet" in early


def test_sources_say_how_often_they_named_the_chosen_labs(app: Any, prepared: Path, tmp_path: Path) -> None:
    store = installed(prepared, tmp_path)
    past = store.read("observations").filter(indicator="eci_frontier", lab="openai").sort("known_at").tail(1).collect()
    row = {k: v for k, v in past.to_dicts()[0].items() if k not in ("row_id", "prev_id", "known_at")}
    store.append_vintages("observations", [{**row, "value": row["value"] + 1}], datetime.now(UTC))
    plain, marked, only = (
        words(goto(app(store.uri, **query), "sources"))
        for query in ({}, {"lab": "openai"}, {"lab": "openai", "only": "1"})
    )
    assert "Rows naming OpenAI, 30 days" not in plain
    assert '"Rows naming OpenAI, 30 days">1</td>' in marked
    assert '"Rows naming OpenAI, 30 days">0</td>' in marked
    assert "METR" in marked
    assert "1 of them named OpenAI" in only
    assert "Epoch Capabilities Index" in only
    assert "METR" not in only
    assert plain.split(" sources are")[0] == only.split(" sources are")[0], "the count is for all sources"


def test_signals_mark_what_is_about_a_chosen_lab_and_part_it_from_the_world(app: Any, baseline_uri: str) -> None:
    plain = words(goto(app(baseline_uri), "signals"))
    only = words(goto(app(baseline_uri, lab="openai", only="1"), "signals"))
    assert "About OpenAI" not in plain
    assert "About OpenAI" in only
    assert "About the world" in only
    assert only.index("About OpenAI") < only.index("Time horizon (50 %)")


def test_methods_say_who_counts_as_a_chosen_lab(app: Any, baseline_uri: str) -> None:
    assert "Who counts as" not in words(goto(app(baseline_uri), "methods"))
    said = words(goto(app(baseline_uri, lab="anthropic"), "methods"))
    assert "Who counts as Anthropic" in said
    assert "Claude Debussy" in said
    assert "claude.ai" in said


def test_the_data_page_counts_the_rows_of_all_and_of_the_chosen_labs(app: Any, baseline_uri: str) -> None:
    series = live_rows(app, baseline_uri, "metr_p50")
    mine = int((series["lab"] == "openai").sum())
    said = words(goto(app(baseline_uri, lab="openai", tab="autonomy"), "data"))
    assert f"{len(series)}<small>{mine} of the chosen labs" in said
    only = words(goto(app(baseline_uri, lab="openai", only="1", tab="autonomy"), "data"))
    assert f"{mine} of {len(series)}" in only
    assert "only=1" in only, "the files are filtered alike"


def live_rows(app: Any, uri: str, key: str) -> Any:
    app(uri)
    return live.reader().series(key).rows


def test_a_value_that_comes_while_the_first_page_is_drawn_is_not_missed(
    app: Any, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, drawn = installed(prepared, tmp_path), overview._stages
    row = store.read("observations").filter(indicator="metr_p50", subject="gpt_4", variant="1.1").tail(1).collect()
    new = row.drop("row_id", "prev_id", "known_at").with_columns(subject=pl.lit("gpt_new"), value=pl.lit(6000.0))

    def slowly(*args: Any) -> None:
        drawn(*args)
        store.append_vintages("observations", new.to_dicts(), datetime.now(UTC))  # once: then nothing is new
        live.reader()._looked = float("-inf")

    monkeypatch.setattr(overview, "_stages", slowly)
    said = words(app(store.uri))
    assert "2.5 working weeks" in said
