"""US Federal Register: documents that speak of artificial intelligence, and how many a week.

A document is dated by a calendar day of Washington. Numbers were used twice before 2016, so the key has
the day too. The count stops at 10,000; our windows of weeks stay far below that.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote, urlencode

from collectors.counts import WEEK
from collectors.parse import day
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Mention

API = "https://www.federalregister.gov/api/v1/documents.json"
TERM = '"artificial intelligence"'
WEEKS = 4
MOST = 10_000
MOST_PAGES = 100
FIELDS = ("document_number", "title", "type", "html_url", "publication_date", "abstract")

DOCUMENTS = Indicator(
    key="fedreg_ai_docs",
    title="US federal documents on AI",
    plural=True,
    unit="documents/week",
    stage="oversight",
    transform="log2",
    better="context",
    definition="Documents a week in the Federal Register that hold the words “artificial intelligence”.",
    marks="week",
    date_kind="period",
    caveat="The words may stand anywhere in a document, whatever it is about.",
)

SOURCE = Source(
    title="Federal Register",
    homepage="https://www.federalregister.gov/",
    licence="US government work",
    credit="Office of the Federal Register, National Archives",
    share="full",
    every=timedelta(days=1),
    at_least=1,
    indicators=(DOCUMENTS,),
)


def address(first: date, last: date) -> str:
    """The first page of the documents of `first` to `last`, newest first."""
    asked = [
        ("conditions[term]", TERM),
        ("conditions[publication_date][gte]", first.isoformat()),
        ("conditions[publication_date][lte]", last.isoformat()),
        ("order", "newest"),
        ("per_page", "100"),
        *(("fields[]", name) for name in FIELDS),
    ]
    return f"{API}?" + urlencode(asked, quote_via=quote)


def collect(http: Http) -> Iterator[Row]:
    today = http.now.date()
    yield from history(http, today - timedelta(days=today.weekday()) - WEEKS * WEEK, today)


def history(http: Http, first: date, last: date) -> Iterator[Row]:
    """The documents of `first` to `last`, and the number of each whole week that was over by `last`."""
    days: Counter[date] = Counter()
    seen: set[str] = set()
    for document in _documents(http, address(first, last)):
        published = day(document["publication_date"], f"{API}: {document['document_number']}")
        key = f"{document['document_number']}/{published}"
        if not first <= published <= last:  # an answer to another question: no week of it can be counted
            raise Failure("bad_content", f"{API}: {key} is not between {first} and {last}")
        if key in seen:
            continue  # a cursor may repeat the edge of a page
        seen.add(key)
        days[published] += 1
        yield Mention(
            at=datetime(published.year, published.month, published.day, tzinfo=UTC),
            title=document["title"],
            url=document["html_url"],
            outlet="Federal Register",
            native_key=key,
            kind="policy",
            precision="day",
            lang="en",
            summary=document["abstract"] or "",
        )
    first += timedelta(days=-first.weekday() % 7)
    while first + WEEK <= min(last, http.now.date()):
        yield DOCUMENTS.observed(date=first, value=sum(days[first + timedelta(days=n)] for n in range(7)))
        first += WEEK


def _documents(http: Http, url: str) -> Iterator[dict[str, str]]:
    answer = http.json(url)
    if answer["count"] >= MOST:
        raise Failure("incomplete", f"{url}: more documents than the search will list")
    expected, found = answer["count"], 0
    for _ in range(MOST_PAGES):
        # an answer without documents has no list at all
        results = answer.get("results", []) if not expected else answer["results"]
        found += len(results)
        yield from results
        if not answer.get("next_page_url") or found >= expected:
            break
        answer = http.json(answer["next_page_url"])
    if found < expected:
        raise Failure("incomplete", f"{url}: {found} of {expected} documents")
