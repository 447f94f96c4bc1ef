"""What is particular about Epoch's lists of chips and clusters."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from collectors.source import Row
from data.schema import Observation, Refused

Rows = Callable[..., list[Row]]


def found(rows: list[Row], indicator: str) -> list[Observation]:
    return [row for row in rows if isinstance(row, Observation) and row.indicator == indicator]


def test_a_dollar_is_counted_at_the_price_of_release(replay: Rows) -> None:
    rows = found(replay("epoch_hardware"), "flop_per_usd")
    assert [(row.subject, row.value) for row in rows] == [
        ("Slate V1", 1e10),
        ("Slate Home", 1.2e11),
        ("Slate H1", 3e10),
        ("Mica X", 1.3e15 / 15000),
    ]


def test_a_chip_that_is_not_sold_counts_by_its_power_alone(replay: Rows) -> None:
    stone = next(row for row in found(replay("epoch_hardware"), "flop_per_watt") if row.subject == "Tensor Stone 4")
    assert (stone.date, stone.value, stone.lab) == (date(2021, 5, 20), 2.75e14 / 192, "google")
    assert "Tensor Stone 4" not in {row.subject for row in found(replay("epoch_hardware"), "flop_per_usd")}


def test_an_announced_chip_without_a_day_is_held_back(replay: Rows) -> None:
    refused = [row for row in replay("epoch_hardware") if isinstance(row, Refused)]
    assert ("no release date", "Kun 960") in [(r.reason, r.row["subject"]) for r in refused]


def test_only_clusters_that_exist_count_once_and_with_a_name(replay: Rows) -> None:
    rows = found(replay("epoch_hardware"), "largest_cluster")
    assert [(row.subject, row.value) for row in rows] == [
        ("Quarry One", 120.5),
        ("Quarry Two", 25000.0),
        ("Quarry Three", 100000.0),
    ]
    assert rows[1].lab == "microsoft"


def test_the_real_list_of_chips_of_april_2026(replay: Rows, shared: Path) -> None:
    rows = replay("epoch_hardware", shared / "replay" / "2026-04-19", datetime(2026, 4, 29, tzinfo=UTC))
    assert (len(found(rows, "flop_per_usd")), len(found(rows, "flop_per_watt"))) == (14, 62)
    h100 = next(row for row in found(rows, "flop_per_usd") if row.subject == "NVIDIA H100 SXM5 80GB")
    assert round(h100.value / 1e10, 3) == 2.945
    assert not [row for row in rows if isinstance(row, Refused)]
