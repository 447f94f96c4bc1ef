"""OpenAlex: how many works a month have the terms of a topic in title or abstract, in all fields of science.

Preprints whose day is not known are dated 1 January, so that day is left out of every year. A month is counted
once it has been over for a month, and twice more, since works arrive late. A key is free.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlencode

from collectors.periods import month_ends
from collectors.source import Http, Key, Row, Source
from collectors.topics import search_terms, search_version
from data.lists import own_data
from data.schema import Failure, Indicator, Variant

API = "https://api.openalex.org/works"
SETTLED = timedelta(days=31)
READ_AGAIN = timedelta(days=92)

WORKS = {
    topic: Indicator(
        key=f"openalex_works_{topic}",
        title=f"Works on {entry['short']}",
        plural=True,
        unit="works/month",
        stage="attention",
        transform="log2",
        better="context",
        definition=f"Works a month in OpenAlex with strict terms of “{entry['name']}” in title or abstract.",
        family="openalex",
        marks="month",
        date_kind="period",
        variants=(Variant(key=search_version(), title=f"counted with the lists {search_version()}"),),
        caveat="Without works dated 1 January, which mostly stands for an unknown day. Science as a whole grows too.",
    )
    for topic, entry in own_data("topics.yaml")["topics"].items()
    if search_terms(topic)
}

SOURCE = Source(
    title="OpenAlex",
    homepage="https://openalex.org/",
    licence="CC0",
    credit="OpenAlex, OurResearch",
    share="full",
    every=timedelta(days=7),
    at_least=1,
    indicators=tuple(WORKS.values()),
    key=Key("parameter", "api_key"),
)


def address(topic: str, first: date, last: date) -> str:
    """The question for the works of `first` to `last`; only their number is read."""
    terms = " OR ".join(f'"{term}"' for term in search_terms(topic))
    wanted = f"title_and_abstract.search:({terms}),from_publication_date:{first},to_publication_date:{last}"
    return f"{API}?" + urlencode({"filter": wanted, "per_page": 1, "select": "id"})


def collect(http: Http) -> Iterator[Row]:
    settled = (http.now - SETTLED).date()
    for last in month_ends(settled - READ_AGAIN, settled):
        month = last.replace(day=1)
        first = date(last.year, 1, 2) if last.month == 1 else month
        for topic, indicator in WORKS.items():
            url = address(topic, first, last)
            if http.has(url):
                yield indicator.observed(date=month, value=_count(http, url), variant=search_version())


def _count(http: Http, url: str) -> int:
    count = http.json(url)["meta"]["count"]
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise Failure("schema", f"{url}: meta.count is no number of works: {count!r}")
    return count
