"""Semantic Scholar: papers anywhere that name one of the two leading topics.

Without a key all share one pool, so it is asked twice a day's run and no more; a 429 waits for tomorrow. The
bulk search answers up to 1,000 papers whatever is asked for. A paper without a day is dated by when we saw it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from collectors.matching import normalise
from collectors.parse import day
from collectors.source import Http, Row, Source
from collectors.topics import search_terms
from data.schema import Failure, Mention
from data.text import clean

API = "https://api.semanticscholar.org/graph/v1/paper/search/bulk"
TOPICS = ("rsi", "ai_rnd")
WINDOW = timedelta(days=28)

SOURCE = Source(
    title="Semantic Scholar",
    homepage="https://www.semanticscholar.org/",
    licence="ODC-By 1.0 and the API licence; shown, not passed on",
    credit="Semantic Scholar, Allen Institute for AI",
    share="none",
    every=timedelta(days=1),
    at_least=0,
)


def address(topic: str, first: date, last: date) -> str:
    """Papers published from `first` to `last` that hold a strict term of the topic."""
    return f"{API}?" + urlencode(
        {
            "query": " | ".join(f'"{term}"' for term in search_terms(topic)),
            "publicationDateOrYear": f"{first}:{last}",
            "fields": "title,publicationDate,externalIds",
        }
    )


def collect(http: Http) -> Iterator[Row]:
    """The last four weeks, from a Monday on, so that a repeat within a day asks for the same."""
    today = http.now.date()
    first = today - timedelta(days=today.weekday()) - WINDOW
    seen: set[str] = set()
    for topic in TOPICS:
        url = address(topic, first, today)
        if not http.has(url):
            continue
        answer = http.json(url)
        if "data" not in answer:
            raise Failure("schema", f"{url}: no data")
        for paper in answer["data"]:
            title = clean(normalise(paper["title"] or ""))
            if title and paper["paperId"] not in seen:
                seen.add(paper["paperId"])
                yield _paper(paper["paperId"], title, paper["publicationDate"], url, http.now)


def _paper(key: str, title: str, published: str | None, where: str, now: datetime) -> Mention:
    at = None
    if published is not None and (found := day(published, f"{where}: {key}")) <= now.date():
        at = datetime(found.year, found.month, found.day, tzinfo=UTC)
    return Mention(
        at=at,
        title=title,
        url=f"https://www.semanticscholar.org/paper/{key}",
        outlet="Semantic Scholar",
        native_key=key,
        kind="preprint",
        precision="seen" if at is None else "day",
    )
