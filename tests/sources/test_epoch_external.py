"""What is particular about the boards that Epoch copies from others."""

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from collectors.registry import one
from collectors.source import Row
from data.schema import Observation, Refused
from tests.conftest import PAYLOADS

Rows = Callable[..., list[Row]]


def found(rows: list[Row], indicator: str) -> list[Observation]:
    return [row for row in rows if isinstance(row, Observation) and row.indicator == indicator]


def held_back(rows: list[Row], reason: str) -> list[Refused]:
    return [row for row in rows if isinstance(row, Refused) and row.reason == reason]


def test_nothing_of_it_is_passed_on() -> None:
    assert one("epoch_external").source.share == "none"
    assert one("epoch_benchmarks").source.share == "full"


def test_arc_agi_is_credited_to_both_publishers() -> None:
    source = one("epoch_external").source
    caveat = next(i.caveat for i in source.indicators if i.key == "arc_agi_2")
    assert "ARC Prize" in source.credit
    assert "Epoch AI" in source.credit
    assert caveat == "Credit: ARC Prize and Epoch AI."


def test_a_board_that_nobody_reviewed_is_not_read(replay: Rows) -> None:
    with zipfile.ZipFile(PAYLOADS / "epoch_benchmarks" / "benchmark_data.zip") as archive:
        assert "scicode_external.csv" in archive.namelist()
    assert not any("scicode" in str(row) for row in replay("epoch_external"))


def test_percent_becomes_a_fraction_where_the_column_is_percent(replay: Rows) -> None:
    (row,) = found(replay("epoch_external"), "osworld")
    assert (row.value, row.unit, row.detail["agent"]) == (0.629, "fraction", "cedar-3 (100 steps)")


def test_a_percent_sign_in_the_name_does_not_make_it_percent(replay: Rows) -> None:
    assert [row.value for row in found(replay("epoch_external"), "posttrain")] == [0.14, 0.33]
    assert found(replay("epoch_external"), "gdpval_win")[0].value == 0.29


def test_a_percentage_among_fractions_is_not_believed(replay: Rows) -> None:
    (refused,) = held_back(replay("epoch_external"), "outside 0 to 1: is it percent?")
    assert (refused.row["indicator"], refused.row["value"]) == ("arc_agi_2", 85.0)


def test_terminal_bench_keeps_the_best_agent_of_a_model(replay: Rows) -> None:
    birch = found(replay("epoch_external"), "terminal_bench")[0]
    assert (birch.subject, birch.value, birch.lab) == ("birch-2_high", 0.55, "openai")
    assert (birch.detail["agent"], birch.detail["agent_organisation"]) == ("ForgeTwig", "Forge")
    assert (birch.detail["best_of"], birch.detail["tier"]) == (3, "submitted")


def test_a_row_without_a_model_is_counted_and_held_back(replay: Rows) -> None:
    refused = held_back(replay("epoch_external"), "no model version")
    assert sorted(str(r.row["indicator"]) for r in refused) == ["osworld", "terminal_bench", "weirdml"]


def test_gso_counts_only_what_was_checked_for_tricks(replay: Rows) -> None:
    rows = found(replay("epoch_external"), "gso_hack_adjusted")
    assert [(row.subject, row.value) for row in rows] == [("dogwood-4_max", 0.41), ("cedar-3", 0.0)]
    assert rows[0].detail["unadjusted"] == "0.5"


def test_vending_bench_is_money_and_may_be_lost(replay: Rows) -> None:
    rows = found(replay("epoch_external"), "vending_bench")
    assert [(row.value, row.unit) for row in rows] == [(-31.5, "USD"), (12000.25, "USD")]


def test_a_blank_organisation_is_no_lab(replay: Rows) -> None:
    deep = next(row for row in found(replay("epoch_external"), "arc_agi_2") if row.subject == "cedar-deep")
    assert deep.lab is None


def test_the_real_bundle_of_april_2026(replay: Rows, shared: Path) -> None:
    rows = replay("epoch_external", shared / "replay" / "2026-04-19", datetime(2026, 4, 29, tzinfo=UTC))
    counts = {
        key: len(found(rows, key))
        for key in ("posttrain", "weirdml", "terminal_bench", "gso_hack_adjusted", "gdpval_win", "osworld", "arc_agi_2")
    }
    assert counts == {
        "posttrain": 20,
        "weirdml": 106,
        "terminal_bench": 52,
        "gso_hack_adjusted": 13,
        "gdpval_win": 11,
        "osworld": 8,
        "arc_agi_2": 119,
    }
    assert len(held_back(rows, "no model version")) == 46
    top = max(found(rows, "terminal_bench"), key=lambda row: row.value)
    assert (top.date, top.value, top.detail["agent"]) == (date(2026, 4, 23), 0.82, "Codex")
    assert max(row.value for row in found(rows, "osworld")) == 0.663
