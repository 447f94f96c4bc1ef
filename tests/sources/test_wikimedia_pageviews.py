"""Pageviews: all titles of a subject together, absent days scaled, late days awaited."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collectors.source import Http, Payload, Row
from collectors.sources import wikimedia_pageviews
from data.schema import Failure, Observation, Refused
from tests.conftest import NOW


def weeks(rows: list[Row], key: str) -> dict[date, float]:
    return {
        row.date: row.value for row in rows if isinstance(row, Observation) and row.indicator == f"wiki_views_{key}"
    }


def test_the_titles_of_a_subject_are_added_up(replay: Callable[..., list[Row]]) -> None:
    assert weeks(replay("wikimedia_pageviews"), "anthropic")[date(2026, 10, 19)] == sum(
        4000 + n + 9000 + n for n in range(7)
    )


def test_an_absent_day_is_no_zero(replay: Callable[..., list[Row]]) -> None:
    five = [3000 + n for n in range(7) if n not in (2, 3)]
    assert weeks(replay("wikimedia_pageviews"), "deepseek")[date(2026, 10, 19)] == sum(five) * 7 / 5


def test_the_newest_week_waits_for_its_last_day(replay: Callable[..., list[Row]]) -> None:
    assert max(weeks(replay("wikimedia_pageviews"), "anthropic")) == date(2026, 11, 9)


def test_a_page_without_views_is_noted_and_is_no_zero(shared: Path) -> None:
    real = (shared / "wikimedia/pageviews_per_article_excerpt.json").read_bytes()

    class Some(Http):
        now = NOW

        def get(self, url: str, *, headers: object = None) -> Payload:
            if "/DeepSeek/" in url:
                return Payload(url=url, status=200, headers={}, body=real)
            raise Failure("gone", f"{url}: answered HTTP 404")

    rows = list(wikimedia_pageviews.history(Some(), date(2020, 12, 28), date(2021, 2, 1)))
    assert weeks(rows, "deepseek") == {date(2020, 12, 28): (7238 + 8449 + 8669) * 7 / 3}
    assert all(row.status == "pending" for row in rows if isinstance(row, Refused))
    assert not weeks(rows, "anthropic")


def test_a_day_that_stands_twice_counts_once_and_with_two_numbers_is_refused() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 2)
    day = {"timestamp": "2026010100", "views": 7}
    read = wikimedia_pageviews._daily
    assert read([day, day], "OpenAI", first, last) == {first: 7}
    with pytest.raises(Failure, match="OpenAI: 2026-01-01 has 7 views and 8") as caught:
        read([day, {**day, "views": 8}], "OpenAI", first, last)
    assert caught.value.outcome == "bad_content"


def test_slashes_in_a_title_are_quoted() -> None:
    assert "/A%2FB_%28C%29/daily/" in wikimedia_pageviews.address("A/B_(C)", date(2026, 1, 1), date(2026, 1, 2))
