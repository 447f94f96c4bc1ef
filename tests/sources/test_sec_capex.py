"""What was learnt about SEC filings. The payloads are made up in the documented format: no real answer is at hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from collectors.source import Row
from data.schema import Observation, Refused

MILLION = 1_000_000


def observed(rows: list[Row], subject: str = "") -> dict[date, Observation]:
    return {r.date: r for r in rows if isinstance(r, Observation) and r.subject == subject}


def test_a_quarter_is_the_difference_of_two_sums_since_the_start_of_the_fiscal_year(
    replay: Callable[..., list[Row]],
) -> None:
    found = observed(replay("sec_capex"), "Alphabet")
    assert [found[date(2025, month, 1)].value / MILLION for month in (1, 4, 7, 10)] == [10, 12, 14, 16]
    assert found[date(2025, 1, 1)].lab == "google"


def test_three_months_stated_as_such_count_before_any_difference(replay: Callable[..., list[Row]]) -> None:
    found = observed(replay("sec_capex"), "Amazon")
    # the sums of twelve months that it files beside them are in nobody's way
    assert {d.isoformat(): r.value / MILLION for d, r in found.items()} == {
        "2025-01-01": 20, "2025-04-01": 31, "2025-07-01": 34, "2025-10-01": 40,
    }  # fmt: skip


def test_of_a_fact_that_was_filed_twice_the_later_filing_holds(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("sec_capex"), "Microsoft")[date(2024, 10, 1)]
    assert row.value / MILLION == 12 - 5
    assert row.stated_at == datetime(2026, 1, 28, tzinfo=UTC)


def test_a_quarter_of_another_fiscal_year_is_placed_by_its_last_day(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("sec_capex"), "Oracle")[date(2025, 10, 1)]
    assert (row.value / MILLION, row.detail["period_end"]) == (5, "2025-11-30")


def test_the_sum_stands_only_where_all_five_have_filed(replay: Callable[..., list[Row]]) -> None:
    found = observed(replay("sec_capex"))
    assert {d.isoformat(): r.value / MILLION for d, r in found.items()} == {"2025-04-01": 82, "2025-07-01": 89}


def test_a_quarter_of_negative_spending_is_held_back(replay: Callable[..., list[Row]]) -> None:
    held_back = [r.row for r in replay("sec_capex") if isinstance(r, Refused)]
    assert held_back == [{"company": "Microsoft", "end": "2025-12-31", "usd": -MILLION}]
