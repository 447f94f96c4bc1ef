"""What is particular about Epoch's chip sales. The payload follows the published format; its rows are made up."""

from collections.abc import Callable
from datetime import date

from collectors.source import Row
from data.schema import Observation

Rows = Callable[..., list[Row]]


def stock(rows: list[Row], designer: str) -> dict[date, float]:
    return {
        row.date: row.value
        for row in rows
        if isinstance(row, Observation) and row.indicator == "chips_installed" and row.subject == designer
    }


def test_sales_of_all_chips_of_a_designer_add_up(replay: Rows) -> None:
    assert stock(replay("epoch_chips"), "Nvidia") == {
        date(2025, 9, 30): 1500.5,
        date(2025, 12, 31): 3500.5,
        date(2026, 3, 31): 6500.5,
    }


def test_an_incomplete_quarter_is_not_shown_but_its_chips_are_counted_later(replay: Rows) -> None:
    google = stock(replay("epoch_chips"), "Google")
    assert date(2025, 9, 30) not in google
    assert google[date(2025, 12, 31)] == 500.0


def test_the_total_ends_with_the_first_designer_that_is_not_up_to_date(replay: Rows) -> None:
    """Cambricon's last quarter is the end of 2025; a later sum without it would look like a fall."""
    assert stock(replay("epoch_chips"), "") == {date(2025, 9, 30): 1500.5, date(2025, 12, 31): 4120.5}


def test_designers_are_drawn_beside_the_total_and_never_fitted(replay: Rows) -> None:
    rows = [r for r in replay("epoch_chips") if isinstance(r, Observation) and r.indicator == "chips_installed"]
    assert {(row.variant, bool(row.subject)) for row in rows} == {("total", False), ("designer", True)}


def test_a_lab_has_a_value_at_each_years_end_with_its_interval(replay: Rows) -> None:
    row = next(r for r in replay("epoch_chips") if isinstance(r, Observation) and r.indicator == "lab_compute")
    assert (row.subject, row.lab, row.date) == ("OpenAI", "openai", date(2024, 12, 31))
    assert (row.low, row.value, row.high, row.level) == (200000.0, 300000.0, 420000.0, 0.90)
