"""What is particular about Epoch's data centres. The payload follows the published format; its rows are made up."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from collectors.source import Row
from data.schema import Failure, Observation

Rows = Callable[..., list[Row]]


def by_day(rows: list[Row], indicator: str) -> dict[date, float]:
    return {row.date: row.value for row in rows if isinstance(row, Observation) and row.indicator == indicator}


def test_a_site_keeps_its_power_until_the_next_row(replay: Rows) -> None:
    power = by_day(replay("epoch_data_centers"), "dc_mw")
    assert power[date(2026, 1, 31)] == power[date(2026, 2, 28)] == 140.5
    assert power[date(2026, 4, 30)] == 210.5


def test_a_row_of_the_last_day_of_a_month_counts_for_it(replay: Rows) -> None:
    assert by_day(replay("epoch_data_centers"), "dc_mw")[date(2026, 3, 31)] == 210.5


def test_a_field_is_no_data_centre_yet(replay: Rows) -> None:
    assert min(by_day(replay("epoch_data_centers"), "dc_mw")) == date(2026, 1, 31)


def test_projections_and_the_running_month_stay_out(replay: Rows) -> None:
    assert max(by_day(replay("epoch_data_centers"), "dc_mw")) == date(2026, 10, 31)


def test_a_site_of_unknown_power_still_counts_its_chips(replay: Rows) -> None:
    rows = replay("epoch_data_centers")
    assert by_day(rows, "dc_mw")[date(2026, 6, 30)] == 210.5
    assert by_day(rows, "dc_h100e")[date(2026, 6, 30)] == 155000.25


def test_power_can_fall_when_a_site_is_rebuilt(replay: Rows) -> None:
    rows = replay("epoch_data_centers")
    assert by_day(rows, "dc_mw")[date(2026, 9, 30)] == 70.0
    sites = [row.detail["sites"] for row in rows if isinstance(row, Observation) and row.indicator == "dc_mw"]
    assert sites[-1] == 1


def test_a_file_of_projections_alone_is_incomplete(replay: Rows) -> None:
    with pytest.raises(Failure, match="no row of 2020-01-01 or before") as failure:
        replay("epoch_data_centers", now=datetime(2020, 1, 1, tzinfo=UTC))
    assert failure.value.outcome == "incomplete"
