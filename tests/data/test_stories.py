"""Copies collapse to one story with its outlets counted; likeness alone does not."""

from datetime import UTC, datetime, timedelta

import pytest

from data.stories import Article, stories
from data.text import canonical_url

START = datetime(2026, 11, 20, tzinfo=UTC)


def told(*titles: str, hours: float = 1, urls: dict[int, str] | None = None) -> int:
    """How many stories these titles are."""
    listed = [
        Article(str(n), title, (urls or {}).get(n, f"https://example.org/{n}"), START + timedelta(hours=n * hours))
        for n, title in enumerate(titles)
    ]
    return len(set(stories(listed).values()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OpenAI opens a library in Oslo", "OpenAI opens a library in Oslo"),
        ("OpenAI opens a library in Oslo | The Verge", "OpenAI opens a library in Oslo - Reuters"),
        ("Ministers back off , say sources ; markets calm", "Ministers back off, say sources; markets calm"),
    ],
)
def test_copies_are_one_story(one: str, other: str) -> None:
    assert told(one, other) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OpenAI launches GPT-6.1 for schools", "OpenAI launches GPT-6.2 for schools"),
        (
            "OpenAI opens a library in Oslo",
            "OpenAI opens a library in Oslo and nobody reads there any more, says minister",
        ),
        ("OpenAI", "OpenAI opens a library in Oslo"),
        ("Grok 5", "Grok 5"),
        ("OpenAI opens a library in Oslo", "Anthropic opens a bakery in Oslo"),
    ],
)
def test_other_numbers_other_words_and_very_short_titles_are_other_stories(one: str, other: str) -> None:
    assert told(one, other) == 2


def test_after_three_days_it_is_another_story() -> None:
    assert told("OpenAI opens a library in Oslo", "OpenAI opens a library in Oslo", hours=73) == 2


def test_one_address_is_one_story_whatever_its_title() -> None:
    same = {
        0: canonical_url("https://m.example.org/a/amp?utm_source=x"),
        1: canonical_url("https://www.example.org:443/a#top"),
    }
    assert told("One", "Two", hours=500, urls=same) == 1


def test_a_story_is_named_after_its_earliest_article_whatever_the_order() -> None:
    titles = ["OpenAI opens a library in Oslo"] * 3
    listed = [Article(str(n), t, f"https://example.org/{n}", START - timedelta(hours=n)) for n, t in enumerate(titles)]
    assert set(stories(listed).values()) == {"2"}
    assert stories(listed) == stories(listed[::-1])
