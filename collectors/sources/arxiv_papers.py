"""arXiv: how many new papers in the AI categories hold the terms of a topic, and which.

Asked once a day, three seconds apart, as arXiv wishes. One question a topic gives both the number and the
newest papers. A week is counted three days after its end, when the last submissions have been announced.
An error comes as a well-formed feed with one entry titled "Error", an overloaded server sends empty pages.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlencode

from collectors import feeds
from collectors.counts import WEEK, each_topic, number, share, topics
from collectors.source import Http, Row, Source
from collectors.topics import search_terms, search_version
from data.schema import Failure, Mention, Observation

API = "https://export.arxiv.org/api/query"
CATEGORIES = ("cs.AI", "cs.CL", "cs.CY", "cs.LG", "cs.MA", "cs.SE", "stat.ML")
SETTLED = timedelta(days=3)
NEWEST = 100
_TOTAL = re.compile(rb"<opensearch:totalResults[^>]*>\s*(\d+)\s*<")
_VERSION = re.compile(r"v\d+$")
VERSION = search_version()
_IN = f"in {', '.join(CATEGORIES)}"
_SHARES = {
    weekly.series.removeprefix("topic:"): weekly.indicator
    for weekly in each_topic(
        share,
        "arxiv_share",
        "arXiv on {}",
        f"Papers {_IN} with strict terms of “{{}}” among all papers there.",
        family="arxiv",
        version=VERSION,
    )
}
_PAPERS = {
    weekly.series.removeprefix("topic:"): weekly.indicator
    for weekly in each_topic(
        number,
        "arxiv_papers",
        "Papers on {}",
        f"Papers a week {_IN} with strict terms of “{{}}”, by first submission.",
        items="papers",
        family="arxiv",
        version=VERSION,
    )
}
ASKED = [topic for topic in topics() if search_terms(topic)]

SOURCE = Source(
    title="arXiv",
    homepage="https://arxiv.org/",
    licence="CC0 (metadata)",
    credit="arXiv; thank you to arXiv for use of its open access interoperability",
    share="full",
    every=timedelta(days=1),
    at_least=0,
    indicators=tuple(indicator[topic] for indicator in (_SHARES, _PAPERS) for topic in ASKED),
)


def address(first: date, last: date, topic: str = "", most: int = 1) -> str:
    """The question for papers first submitted on `first` to `last`, newest first; all topics without one."""
    query = f"({' OR '.join(f'cat:{c}' for c in CATEGORIES)})"
    query += f" AND submittedDate:[{first:%Y%m%d}0000 TO {last:%Y%m%d}2359]"
    if topic:
        query += f" AND ({' OR '.join(f'all:{chr(34)}{term}{chr(34)}' for term in search_terms(topic))})"
    order = {"sortBy": "submittedDate", "sortOrder": "descending"}
    return f"{API}?" + urlencode({"search_query": query, "start": 0, "max_results": most} | order)


def collect(http: Http) -> Iterator[Row]:
    settled = (http.now - SETTLED).date()
    monday = settled - timedelta(days=settled.weekday()) - WEEK
    seen: set[str] = set()
    yield from history(http, monday, monday + WEEK - timedelta(days=1), seen)
    for topic in ASKED:
        url = address(monday + WEEK, http.now.date(), topic, NEWEST)
        if http.has(url):
            yield from _new(_papers(http, url)[1], seen)


def history(http: Http, first: date, last: date, seen: set[str] | None = None) -> Iterator[Row]:
    """Papers and weekly numbers of the whole weeks from `first` to `last`; `seen`: papers that came already."""
    seen = set() if seen is None else seen
    first += timedelta(days=-first.weekday() % 7)
    while first + WEEK - timedelta(days=1) <= last:
        sunday = first + WEEK - timedelta(days=1)
        if http.has(address(first, sunday)):
            everything, _ = _papers(http, address(first, sunday))
            for topic in ASKED:
                if not http.has(address(first, sunday, topic, NEWEST)):
                    continue
                found, papers = _papers(http, address(first, sunday, topic, NEWEST))
                yield from _new(papers, seen)
                yield from _week(topic, first, found, everything)
        first += WEEK


def _week(topic: str, monday: date, found: int, everything: int) -> Iterator[Observation]:
    yield _PAPERS[topic].observed(date=monday, value=found, variant=VERSION, read=everything)
    if everything:
        yield _SHARES[topic].observed(date=monday, value=found / everything, variant=VERSION, read=everything)


def _new(papers: list[Mention], seen: set[str]) -> Iterator[Mention]:
    for paper in papers:
        if paper.native_key not in seen:
            seen.add(paper.native_key)
            yield paper


def _papers(http: Http, url: str) -> tuple[int, list[Mention]]:
    """How many papers there are, and those of them that came along."""
    body = http.get(url).body
    items = feeds.read(body, url, http.now).items
    if items and "/api/errors" in items[0].key:
        raise Failure("bad_content", f"{url}: {items[0].summary}")
    total = _TOTAL.search(body)
    if total is None:
        raise Failure("schema", f"{url}: no totalResults")
    if int(total[1]) and not items:
        raise Failure("incomplete", f"{url}: an empty page for {int(total[1])} papers")
    return int(total[1]), [_paper(item) for item in items]


def _paper(item: feeds.Item) -> Mention:
    key = _VERSION.sub("", item.key.rpartition("/abs/")[2])
    return Mention(
        at=item.at,
        title=item.title,
        url=f"https://arxiv.org/abs/{key}",
        outlet="arXiv",
        native_key=key,
        kind="preprint",
        precision=item.precision,
        summary=item.summary,
        ai_only=True,
    )
