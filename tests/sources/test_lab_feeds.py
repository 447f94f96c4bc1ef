"""Official posts: by host, not by title; counted for whole weeks that the feeds reach."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from collectors.labs import publisher_of
from collectors.source import Row
from collectors.sources import lab_feeds
from data.schema import Failure, Mention, Observation
from tests.conftest import NOW, PAYLOADS


def mentions(rows: list[Row]) -> dict[str, Mention]:
    return {row.title: row for row in rows if isinstance(row, Mention)}


def test_a_newsroom_post_has_its_instant_address_and_title(replay: Callable[..., list[Row]]) -> None:
    post = mentions(replay("lab_feeds"))["A board seat & a chair"]
    assert post.at == datetime(2026, 11, 12, 17, tzinfo=UTC)
    assert post.url == "https://www.anthropic.com/news/a-board-seat"
    assert publisher_of(post.url) == "anthropic"


def test_a_guest_post_belongs_to_its_author(replay: Callable[..., list[Row]]) -> None:
    rows = replay("lab_feeds")
    assert publisher_of(mentions(rows)["A guest writes about chips"].url) == "nvidia"
    weeks = {row.date: row.value for row in rows if isinstance(row, Observation) and row.lab == "huggingface"}
    assert weeks == {date(2026, 11, 2): 0, date(2026, 11, 9): 1, date(2026, 11, 16): 0}


def test_posts_are_counted_from_the_first_whole_week_on(replay: Callable[..., list[Row]]) -> None:
    weeks = {row.date: row.value for row in replay("lab_feeds") if isinstance(row, Observation) and row.lab == "openai"}
    assert weeks == {date(2026, 11, 2): 0, date(2026, 11, 9): 1, date(2026, 11, 16): 2}


def test_weak_names_count_on_a_labs_own_site_but_not_where_it_writes_about_everything(
    replay: Callable[..., list[Row]],
) -> None:
    found = mentions(replay("lab_feeds"))
    assert found["Introducing Claude for Gardeners"].ai_only
    assert not found["Counting tokens on a small machine"].ai_only


def test_the_real_newsroom_gives_all_its_posts(shared: Path) -> None:
    body = (shared / "anthropic_site/newsroom_2026-05.html").read_bytes()
    items = {item.url: item for item in lab_feeds.newsroom(body, lab_feeds.ANTHROPIC, NOW).items}
    assert len(items) == 220
    post = items["https://www.anthropic.com/news/claude-opus-4-7"]
    assert (post.at, post.title) == (datetime(2026, 4, 16, 14, 30, tzinfo=UTC), "Introducing Claude Opus 4.7")


def test_a_newsroom_without_dates_is_a_failure() -> None:
    with pytest.raises(Failure, match="no post"):
        lab_feeds.newsroom(b"<html><body>News</body></html>", lab_feeds.ANTHROPIC, NOW)


def test_a_newsroom_that_is_cut_is_no_newsroom() -> None:
    body = (PAYLOADS / "lab_feeds" / "newsroom.html").read_bytes()
    with pytest.raises(Failure, match="does not end"):
        lab_feeds.newsroom(body[: len(body) * 3 // 4], lab_feeds.ANTHROPIC, NOW)
