"""Hacker News: which labs and topics its stories name.

All stories are read, in slices of six hours, and matched here. Asking for every name in turn would be
some 250 requests instead of a dozen, and the search treats OR as a word and guesses at spellings.
The search answers at most 1,000 stories a question, so a fuller slice is halved.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from collectors.source import Http, Row, Source
from data.schema import Mention

API = "https://hn.algolia.com/api/v1/search_by_date"
ITEM = "https://news.ycombinator.com/item?id="
SLICE = timedelta(hours=6)
WINDOW = timedelta(days=3)
SHORTEST = timedelta(minutes=1)
MOST_HITS = 1000

SOURCE = Source(
    title="Hacker News",
    homepage="https://news.ycombinator.com/",
    licence="titles and links with credit; stories belong to their authors",
    credit="Hacker News, through the search by Algolia",
    share="credit",
    every=timedelta(hours=6),
    at_least=0,
)


def slices(now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The six-hour slices of the last three days and of today, aligned to the UTC day, oldest first."""
    end = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    start = end - timedelta(days=1) - WINDOW
    while start < min(now, end):
        yield start, start + SLICE
        start += SLICE


def address(start: datetime, end: datetime) -> str:
    """The question for all stories of start <= time < end."""
    seconds = f"created_at_i>={int(start.timestamp())},created_at_i<{int(end.timestamp())}"
    return f"{API}?" + urlencode(
        {
            "tags": "story",
            "numericFilters": seconds,
            "hitsPerPage": MOST_HITS,
            "attributesToRetrieve": "title,url,created_at_i",
            "attributesToHighlight": "",
        }
    )


def collect(http: Http) -> Iterator[Row]:
    for start, end in slices(http.now):
        if http.has(address(start, end)):
            yield from _stories(http, start, end)


def _stories(http: Http, start: datetime, end: datetime) -> Iterator[Row]:
    answer = http.json(address(start, end))
    if answer["nbHits"] > len(answer["hits"]) and end - start > SHORTEST:
        middle = start + (end - start) / 2
        yield from _stories(http, start, middle)
        yield from _stories(http, middle, end)
        return
    for hit in answer["hits"]:
        if not (hit.get("title") or "").strip():
            continue  # a deleted story keeps its number and loses its title
        page = ITEM + hit["objectID"]
        yield Mention(
            at=datetime.fromtimestamp(hit["created_at_i"], UTC),
            title=hit["title"],
            url=hit.get("url") or page,  # Ask HN has no address of its own
            outlet="Hacker News",
            native_key=hit["objectID"],
            kind="forum",
        )
