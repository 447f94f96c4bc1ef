"""Hacker News: which labs and topics its stories name.

All stories are read, in slices of six hours, and matched here. Asking for every name in turn would be
some 250 requests instead of a dozen, and the search treats OR as a word and guesses at spellings.
The search answers at most 1,000 stories a question, so a fuller slice is halved. Whole days are counted, all
their stories and those on each topic and lab; today is not over. Points and comments change and are not kept.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from collectors.counts import Counts, daily, each_lab, each_topic, number, share, tally
from collectors.instants import from_seconds
from collectors.source import Http, Row, Source
from data.schema import Failure, Mention
from data.text import safe_link

API = "https://hn.algolia.com/api/v1/search_by_date"
ITEM = "https://news.ycombinator.com/item?id="
SLICE = timedelta(hours=6)
WINDOW = timedelta(days=3)
SHORTEST = timedelta(minutes=1)
MOST_HITS = 1000
_ABOUT = "Hacker News stories whose title has strict terms of “{}”"

COUNTS = Counts(
    daily=daily("hn", "Hacker News", "stories"),
    weekly=(
        *each_topic(share, "hn_share", "HN share: {}", f"{_ABOUT}, among all stories.", family="hacker_news"),
        *each_topic(number, "hn_stories", "HN on {}", f"{_ABOUT}, a week.", items="stories", family="hacker_news"),
        *each_lab(
            number,
            "hn_stories_lab",
            "HN: {}",
            "Hacker News stories a week whose title names {}, its own posts included.",
            items="stories",
            family="hacker_news",
        ),
    ),
)

SOURCE = Source(
    title="Hacker News",
    homepage="https://news.ycombinator.com/",
    licence="titles and links with credit; stories belong to their authors",
    credit="Hacker News, through the search by Algolia",
    share="credit",
    every=timedelta(hours=6),
    at_least=0,
    indicators=COUNTS.indicators,
    counts=COUNTS,
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
    yield from _read(http, [piece for piece in slices(http.now) if http.has(address(*piece))])


def history(http: Http, first: date, last: date) -> Iterator[Row]:
    """All stories of `first` to `last`, and their numbers by day."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    number_of = ((last - first).days + 1) * (timedelta(days=1) // SLICE)
    yield from _read(http, [(start + n * SLICE, start + (n + 1) * SLICE) for n in range(number_of)])


def _read(http: Http, pieces: list[tuple[datetime, datetime]]) -> Iterator[Row]:
    """The stories of these slices, and the numbers of each day that is over and that all four slices are of."""
    stories: dict[str, Mention] = {}
    for start, end in pieces:
        stories |= {story.native_key: story for story in _stories(http, start, end)}
    yield from stories.values()
    starts = [start.date() for start, _ in pieces]
    whole = {day for day in starts if starts.count(day) == timedelta(days=1) // SLICE and day < http.now.date()}
    yield from tally(COUNTS, stories.values(), sorted(whole))


def _stories(http: Http, start: datetime, end: datetime) -> Iterator[Mention]:
    answer = http.json(address(start, end))
    if answer["nbHits"] > len(answer["hits"]):
        if end - start <= SHORTEST:
            raise Failure("incomplete", f"{address(start, end)}: more than {MOST_HITS} stories in a minute")
        middle = start + (end - start) / 2
        yield from _stories(http, start, middle)
        yield from _stories(http, middle, end)
        return
    for hit in answer["hits"]:
        if not (hit.get("title") or "").strip():
            continue  # a deleted story keeps its number and loses its title
        page = ITEM + hit["objectID"]
        at = from_seconds(hit["created_at_i"], page)
        if not start <= at < end:  # an answer to another question: none of its days can be counted
            raise Failure("bad_content", f"{page}: of {at:%Y-%m-%d %H:%M:%S}, not between {start} and {end}")
        yield Mention(
            at=at,
            title=hit["title"],
            url=safe_link(hit.get("url")) or page,  # Ask HN has no address of its own
            outlet="Hacker News",
            native_key=hit["objectID"],
            kind="forum",
        )
