"""Evaluation organisations: relative links, and weeks that all their feeds reach."""

from collections.abc import Callable
from datetime import date

from collectors.source import Row
from data.schema import Mention, Observation


def test_posts_are_counted_for_weeks_that_all_feeds_reach(replay: Callable[..., list[Row]]) -> None:
    weeks = {row.date: row.value for row in replay("org_feeds") if isinstance(row, Observation)}
    assert weeks == {date(2026, 11, 2): 0, date(2026, 11, 9): 2, date(2026, 11, 16): 1}


def test_a_relative_link_is_made_whole(replay: Callable[..., list[Row]]) -> None:
    urls = [row.url for row in replay("org_feeds") if isinstance(row, Mention)]
    assert "https://epoch.ai/gradient-updates/counting-chips-twice" in urls
