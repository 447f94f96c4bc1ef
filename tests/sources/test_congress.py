"""Congress: bills by their titles. The answer is made up in the documented format."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from collectors.source import Http, Payload, Row
from collectors.sources import congress
from data.schema import Failure, Mention, Observation
from tests.conftest import NOW


def test_bills_that_name_ai_are_counted_and_told(replay: Callable[..., list[Row]]) -> None:
    rows = replay("congress")
    (count,) = (row for row in rows if isinstance(row, Observation))
    assert (count.value, count.date, count.variant) == (3, date(2026, 11, 23), "119")
    bills = {row.native_key: row for row in rows if isinstance(row, Mention)}
    assert bills["119-hr-90001"].url == "https://www.congress.gov/bill/119th-congress/house-bill/90001"
    assert bills["119-s-90002"].at == datetime(2026, 11, 19, tzinfo=UTC)
    assert bills["119-sres-90005"].at is None  # an action of a later day


@pytest.mark.parametrize(
    ("on", "number"),
    [(date(2025, 1, 2), 118), (date(2025, 1, 3), 119), (date(2026, 11, 23), 119), (date(2027, 1, 3), 120)],
)
def test_a_congress_sits_for_two_years(on: date, number: int) -> None:
    assert congress.congress_on(on) == number


class Pages(Http):
    """300 bills, of which a page may hold fewer than it should."""

    now = NOW

    def __init__(self, most: int) -> None:
        self.most, self.asked = most, 0

    def get(self, url: str, *, headers: object = None) -> Payload:
        self.asked += 1
        offset = int(url.split("offset=")[1].split("&")[0])
        numbers = range(offset, min(offset + congress.PAGE, self.most))
        bills = [
            {"congress": 119, "type": "HR", "number": str(n), "title": f"AI {n}", "latestAction": {"actionDate": "2026-01-05"}}
            for n in numbers
        ]  # fmt: skip
        body = json.dumps({"bills": bills, "pagination": {"count": 300}}).encode()
        return Payload(url=url, status=200, headers={}, body=body)


def test_all_pages_are_read() -> None:
    assert [row.value for row in congress.collect(Pages(300)) if isinstance(row, Observation)] == [300]


def test_a_list_that_ends_early_is_incomplete() -> None:
    with pytest.raises(Failure, match="260 bills of 300") as caught:
        list(congress.collect(Pages(260)))
    assert caught.value.outcome == "incomplete"


def test_a_short_page_that_is_not_the_last_is_incomplete_and_no_further_one_is_asked_for() -> None:
    pages = Pages(40)
    with pytest.raises(Failure, match="40 bills of 300"):
        list(congress.collect(pages))
    assert pages.asked == 1


def test_a_real_list_has_the_fields_that_are_read(shared: Path) -> None:
    answer = json.loads((shared / "congress/bill_list.json").read_bytes())
    assert answer["pagination"]["count"] > 0
    for bill in answer["bills"]:
        assert {"congress", "type", "number", "title", "latestAction"} <= bill.keys()
        assert bill["type"] in congress._KINDS
