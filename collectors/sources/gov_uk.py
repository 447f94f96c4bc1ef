"""GOV.UK: documents of or about the AI Security Institute, which was the AI Safety Institute until February 2025.

The search tells the day a page was last published, not the first; a page is counted in that month.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlencode

from collectors.instants import from_text
from collectors.parse import joined
from collectors.source import Http, Row, Source
from data.schema import Indicator, Mention

SITE = "https://www.gov.uk"
NAMES = ("AI Security Institute", "AI Safety Institute")
PAGE = 100
MOST_PAGES = 20

DOCUMENTS = Indicator(
    key="gov_uk_aisi_docs",
    title="UK documents on the AISI",
    plural=True,
    unit="documents/month",
    stage="oversight",
    transform="log2",
    better="context",
    definition="Pages a month on GOV.UK that name the AI Security Institute or its former name, by last publication.",
    marks="month",
    date_kind="period",
    caveat="A page that is published again leaves its old month: past months can only shrink.",
)

SOURCE = Source(
    title="GOV.UK",
    homepage="https://www.gov.uk/",
    licence="Open Government Licence v3.0",
    credit="Contains public sector information licensed under the Open Government Licence v3.0 (GOV.UK)",
    share="full",
    every=timedelta(days=1),
    at_least=1,
    indicators=(DOCUMENTS,),
)


def address(name: str, start: int = 0) -> str:
    """One page of the search for a name, newest first."""
    fields = "title,link,public_timestamp,format,description"
    asked = {"q": f'"{name}"', "order": "-public_timestamp", "count": PAGE, "start": start, "fields": fields}
    return f"{SITE}/api/search.json?" + urlencode(asked, quote_via=quote, safe=",")


def collect(http: Http) -> Iterator[Row]:
    """The newest page of each search."""
    yield from history(http, http.now.date() - timedelta(days=1), http.now.date())


def history(http: Http, first: date, last: date) -> Iterator[Row]:
    """Pages until both searches reach back to `first`, and the number of each month that they cover."""
    found: dict[str, tuple[datetime, Mention]] = {}
    begin = date.min
    for name in NAMES:
        oldest: datetime | None = None
        for page in range(MOST_PAGES):
            url = address(name, page * PAGE)
            if not http.has(url):
                break
            results = http.json(url)["results"]
            for result in results:
                if not result.get("public_timestamp"):
                    continue  # collections and people have none
                oldest = from_text(result["public_timestamp"], url)
                if result["title"] and oldest <= http.now:
                    found.setdefault(result["link"], (oldest, _mention(result, oldest)))
            if len(results) < PAGE:
                oldest = None  # the end of the list: everything is known
                break
            if oldest is not None and oldest.date() < first:
                break
        begin = max(begin, oldest.date() + timedelta(days=1) if oldest else date.min)
    yield from (item for _, item in found.values())
    if found:
        begin = max(begin, min(at for at, _ in found.values()).date().replace(day=1))
        yield from _months([at.date() for at, _ in found.values()], begin, min(last, http.now.date()))


def _mention(result: dict[str, str], at: datetime) -> Mention:
    return Mention(
        at=at,
        title=result["title"],
        url=joined(SITE, result["link"]),
        outlet="GOV.UK",
        native_key=result["link"],
        kind="policy",
        lang="en",
        summary=result.get("description") or "",
    )


def _months(days: list[date], begin: date, last: date) -> Iterator[Row]:
    """The months that begin on or after `begin` and are over by `last`."""
    number = Counter(day.replace(day=1) for day in days)
    month = begin if begin.day == 1 else (begin.replace(day=1) + timedelta(days=32)).replace(day=1)
    while (following := (month + timedelta(days=32)).replace(day=1)) <= last:
        yield DOCUMENTS.observed(date=month, value=number[month])
        month = following
