"""Newsrooms without a feed, by copies that a community keeps: how many posts a week, and on what.

A second opinion only. Where a post has no readable date the makers of the copies invent one in 2023 or 2024,
so those years are not read. A copy may stop in silence, so a day is counted only while both have newer posts:
what follows the last post of the quieter newsroom is not known yet, and is no zero.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from collectors.counts import Counts, Weekly, daily, labs, number, share, tally, topics
from collectors.feeds import mention, read
from collectors.source import Http, Row, Source
from data.schema import Mention

_COPIES = "https://raw.githubusercontent.com/Olshansk/rss-feeds/main/feeds"
FEEDS = {f"{_COPIES}/feed_anthropic_news.xml": "anthropic", f"{_COPIES}/feed_meta_ai.xml": "meta"}
FIRST = date(2025, 1, 6)
"""The first Monday after the years with invented dates."""
TOPICS = {"release": "releases", "agents_coding": "agents", "regulation": "regulation"}
"""Those that newsrooms write about often enough to be counted by the week, with their names on a card."""
_OF = "posts in the newsrooms of Anthropic and Meta AI"


def _posts(lab: str) -> Weekly:
    return number(
        f"newsroom_posts_{lab}",
        f"{labs()[lab]} newsroom posts",
        f"from:{lab}",
        items="posts",
        family="newsroom",
        about=f"Posts a week in the newsroom of {labs()[lab]}, as a community copy of it has them.",
    )


def _share(topic: str) -> Weekly:
    return share(
        f"newsroom_share_{topic}",
        f"Newsrooms: {TOPICS[topic]}",
        f"topic:{topic}",
        family="newsroom",
        about=f"The part of the {_OF} whose title has strict terms of “{topics()[topic]}”.",
    )


COUNTS = Counts(
    daily=daily("newsroom", "Newsrooms", "posts"),
    weekly=(*map(_posts, FEEDS.values()), *map(_share, TOPICS)),
    url="https://github.com/Olshansk/rss-feeds",
)

SOURCE = Source(
    title="Copies of lab newsrooms",
    homepage="https://github.com/Olshansk/rss-feeds",
    licence="MIT (copies); single counts, each post belongs to its lab",
    credit="Olshansk/rss-feeds, after the newsrooms of Anthropic and Meta",
    share="credit",
    every=timedelta(days=1),
    at_least=1,
    indicators=COUNTS.indicators,
    counts=COUNTS,
)


def collect(http: Http) -> Iterator[Row]:
    posts: list[Mention] = []
    begin, end = FIRST, http.now.date()
    for url, lab in FEEDS.items():
        feed = read(http.get(url).body, url, http.now)
        yield from feed.refused
        dated = [item for item in feed.items if item.at is not None]
        posts += [mention(item, labs()[lab], kind="lab", ai_only=True) for item in dated]
        days = [item.at.date() for item in dated if item.at]
        begin = max(begin, min(days, default=end) + timedelta(days=1))
        end = min(end, max(days)) if feed.is_dated else FIRST
    yield from tally(COUNTS, posts, [begin + timedelta(days=n) for n in range((end - begin).days)])
