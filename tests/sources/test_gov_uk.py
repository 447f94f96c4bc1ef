"""GOV.UK: relative links, both names of the institute, months that the search covers."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from collectors.source import Row
from data.schema import Mention, Observation


def test_links_are_made_whole_and_foreign_ones_left(replay: Callable[..., list[Row]]) -> None:
    urls = {row.url for row in replay("gov_uk") if isinstance(row, Mention)}
    assert {"https://www.gov.uk/government/news/made-up-notice", "https://www.aisi.gov.uk/blog/made-up"} <= urls


def test_a_page_found_under_both_names_is_one(replay: Callable[..., list[Row]]) -> None:
    assert len([row for row in replay("gov_uk") if isinstance(row, Mention)]) == 4


def test_the_offset_of_a_date_is_respected(replay: Callable[..., list[Row]]) -> None:
    found = {row.title: row.at for row in replay("gov_uk") if isinstance(row, Mention)}
    assert found["AISI figures for testers"] == datetime(2026, 9, 15, 8, tzinfo=UTC)


def test_months_that_are_over_are_counted(replay: Callable[..., list[Row]]) -> None:
    months = {row.date: row.value for row in replay("gov_uk") if isinstance(row, Observation)}
    assert months == {date(2026, 8, 1): 1, date(2026, 9, 1): 1, date(2026, 10, 1): 1}
