"""What is particular about Epoch's company reports. The payload follows the published format; its rows are made up."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from collectors.source import Row
from data.schema import Observation, Refused

Rows = Callable[..., list[Row]]


def found(rows: list[Row], indicator: str) -> list[Observation]:
    return [row for row in rows if isinstance(row, Observation) and row.indicator == indicator]


def held_back(rows: list[Row], indicator: str) -> list[tuple[str, object]]:
    return [(r.reason, r.row["value"]) for r in rows if isinstance(r, Refused) and r.row["indicator"] == indicator]


def test_a_run_rate_and_recurring_revenue_are_two_things(replay: Rows) -> None:
    rows = [row for row in found(replay("epoch_companies"), "lab_revenue") if row.subject == "OpenAI"]
    assert [(row.variant, row.date, row.value) for row in rows] == [
        ("run-rate", date(2025, 1, 31), 1e9),
        ("run-rate", date(2025, 6, 30), 2e9),
        ("recurring", date(2025, 6, 30), 2.2e9),
    ]
    assert (rows[1].lab, rows[1].detail["confidence"], rows[1].detail["tier"]) == (
        "openai",
        "Confident",
        "self_reported",
    )


def test_a_product_and_a_past_year_are_no_run_rate_of_a_company(replay: Rows) -> None:
    values = {row.value for row in found(replay("epoch_companies"), "lab_revenue")}
    assert 1.5e9 not in values


def test_the_later_of_two_reports_stands(replay: Rows) -> None:
    (row,) = [row for row in found(replay("epoch_companies"), "lab_revenue") if row.subject == "xAI"]
    assert (row.value, row.variant, row.detail["reported"]) == (172e6, "period", "2026-01-09")


def test_of_two_reports_that_are_as_good_and_differ_none_is_believed(replay: Rows) -> None:
    rows = replay("epoch_companies")
    assert not [row for row in found(rows, "lab_revenue") if row.subject == "Anthropic"]
    doubts = held_back(rows, "lab_revenue")
    assert [value for reason, value in doubts if reason == "two reports of the same day disagree"] == [3e9, 3.3e9]


def test_a_kind_of_revenue_that_is_new_is_held_back(replay: Rows) -> None:
    doubts = held_back(replay("epoch_companies"), "lab_revenue")
    assert ("of no known kind", 5e6) in doubts
    assert ("no date", 6e6) in doubts


def test_spending_reported_before_the_year_was_over_is_a_projection(replay: Rows) -> None:
    rows = found(replay("epoch_companies"), "lab_compute_spend")
    assert [(row.subject, row.variant, row.value) for row in rows] == [
        ("OpenAI", "total", 9e8),
        ("OpenAI", "research", 3e9),
        ("OpenAI", "serving", 2e9),
        ("Anthropic", "total-projected", 5e9),
    ]


def test_plans_for_a_year_that_is_not_over_stay_out(replay: Rows) -> None:
    rows = found(replay("epoch_companies", now=datetime(2027, 2, 1, tzinfo=UTC)), "lab_compute_spend")
    assert [row.value for row in rows if row.date == date(2026, 12, 31)] == [3e10]
    assert not [row for row in found(replay("epoch_companies"), "lab_compute_spend") if row.date.year == 2026]


def test_funding_adds_up_over_closed_rounds_of_known_size(replay: Rows) -> None:
    rows = [row for row in found(replay("epoch_companies"), "lab_funding") if row.subject == "Anthropic"]
    assert [(row.date, row.value) for row in rows] == [(date(2021, 5, 28), 124e6), (date(2022, 4, 29), 724e6)]


def test_a_round_that_epoch_keeps_out_of_its_chart_counts_once(replay: Rows) -> None:
    rows = [row for row in found(replay("epoch_companies"), "lab_funding") if row.subject == "Mistral AI"]
    assert [row.value for row in rows] == [500e6]
    assert held_back(replay("epoch_companies"), "lab_funding") == [("no date", 1e6)]


def test_part_of_a_company_is_not_its_staff(replay: Rows) -> None:
    rows = found(replay("epoch_companies"), "lab_staff")
    assert [(row.subject, row.variant, row.value) for row in rows] == [
        ("OpenAI", "company", 375.0),
        ("xAI", "company", 12.0),
        ("Google: Google DeepMind", "division", 2600.0),
    ]
    assert held_back(replay("epoch_companies"), "lab_staff") == [("of no known kind", 3400.0)]


def test_users_are_kept_apart_by_product_and_period(replay: Rows) -> None:
    rows = found(replay("epoch_companies"), "lab_users")
    assert [(row.subject, row.variant, row.value) for row in rows] == [
        ("OpenAI: Chat app", "weekly", 770e6),
        ("OpenAI: Chat app", "daily", 160e6),
        ("Meta: Helper", "monthly", 400e6),
    ]


def test_the_number_in_a_label_is_not_the_value(replay: Rows) -> None:
    """A row called "Chat 700M WAU" holds 770 million."""
    assert found(replay("epoch_companies"), "lab_users")[0].value == 770e6


def test_tokens_a_day_belong_to_a_company_and_product(replay: Rows) -> None:
    (row,) = found(replay("epoch_companies"), "lab_daily_tokens")
    assert (row.subject, row.lab, row.value, row.variant) == ("Google: All products", "google", 1.6e13, "")
