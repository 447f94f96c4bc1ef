"""What is particular about Epoch's database of models."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from collectors.source import Row
from data.schema import Observation, Refused

Rows = Callable[..., list[Row]]


def found(rows: list[Row], indicator: str) -> list[Observation]:
    return [row for row in rows if isinstance(row, Observation) and row.indicator == indicator]


def test_a_record_may_run_over_many_lines(replay: Rows) -> None:
    boulder = found(replay("epoch_models"), "max_flop")[2]
    assert (boulder.subject, boulder.date, boulder.value) == ("Boulder 2", date(2023, 3, 14), 2.1e25)
    assert (boulder.lab, boulder.detail["confidence"]) == ("openai", "Likely")


def test_compute_counts_only_where_epoch_trusts_its_estimate(replay: Rows) -> None:
    assert "Cliff" not in {row.subject for row in found(replay("epoch_models"), "max_flop")}


def test_a_cost_counts_at_any_confidence_and_carries_it(replay: Rows) -> None:
    cliff = found(replay("epoch_models"), "run_cost")[-1]
    assert (cliff.subject, cliff.value, cliff.detail["confidence"]) == ("Cliff", 60000000.5, "Speculative")


def test_a_slip_of_ten_orders_of_magnitude_is_held_back(replay: Rows) -> None:
    refused = [row for row in replay("epoch_models") if isinstance(row, Refused)]
    assert [(r.reason, r.row["subject"]) for r in refused] == [
        ("not between 1 and 1e+29", "Gravel 284B"),
        ("no publication date", "Undated"),
    ]


def test_the_newest_quarter_is_unfinished_and_not_counted(replay: Rows) -> None:
    rows = found(replay("epoch_models"), "models_per_quarter")
    assert [(row.date, row.value) for row in rows] == [
        (date(2019, 1, 1), 3),
        (date(2019, 4, 1), 1),
        (date(2020, 1, 1), 1),
        (date(2020, 4, 1), 2),
        (date(2021, 1, 1), 1),
    ]


def test_a_model_without_a_criterion_is_not_notable(replay: Rows) -> None:
    assert found(replay("epoch_models"), "models_per_quarter")[1].value == 1


def test_open_models_are_a_share_of_those_whose_access_is_known(replay: Rows) -> None:
    nineteen, twenty = found(replay("epoch_models"), "open_share")
    assert (nineteen.date, nineteen.value) == (date(2019, 1, 1), 1 / 3)
    assert (nineteen.detail["known"], nineteen.detail["unknown"]) == (3, 1)
    assert twenty.value == 2 / 3


def test_the_real_lists_of_april_2026(replay: Rows, shared: Path) -> None:
    """The list of all models is of 2025 and has other columns; those that are needed are in both."""
    rows = replay("epoch_models", shared / "replay" / "2026-04-19", datetime(2026, 4, 29, tzinfo=UTC))
    top = max(found(rows, "max_flop"), key=lambda row: row.value)
    assert (top.subject, top.date, top.value) == ("GPT-4.5", date(2025, 2, 27), 3.8e26)
    assert len(found(rows, "max_flop")) == 105
    assert len(found(rows, "run_cost")) == 66
    newest = found(rows, "models_per_quarter")[-1]
    assert (newest.date, newest.value) == (date(2024, 10, 1), 20)
    assert found(rows, "open_share")[-1].value == 24 / 63
    assert not [row for row in rows if isinstance(row, Refused)]
