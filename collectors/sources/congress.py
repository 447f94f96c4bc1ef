"""US Congress: bills and resolutions of this Congress whose title names AI.

The list has no search and no day of introduction, so it is read whole, 250 a page, and counted as it stands:
how many there are so far. A Congress begins every odd year in January, and the count with it. A bill
that was just brought in may have no title yet. A key is free.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from collectors.parse import day
from collectors.source import Http, Key, Row, Source
from data.schema import Failure, Indicator, Mention, Variant

API = "https://api.congress.gov/v3/bill"
PAGE = 250
MOST_PAGES = 120
SETTLED = timedelta(days=14)
"""A new Congress is asked for when its first list is there."""
_NAMES_AI = re.compile(r"\bAI\b|(?i:artificial intelligence)")
CONGRESSES = {122: "122nd", 121: "121st", 120: "120th", 119: "119th"}
_KINDS = {
    "HR": "house-bill",
    "S": "senate-bill",
    "HJRES": "house-joint-resolution",
    "SJRES": "senate-joint-resolution",
    "HCONRES": "house-concurrent-resolution",
    "SCONRES": "senate-concurrent-resolution",
    "HRES": "house-resolution",
    "SRES": "senate-resolution",
}

BILLS = Indicator(
    key="us_ai_bills",
    title="US bills that name AI",
    plural=True,
    unit="bills",
    stage="oversight",
    transform="linear",
    better="context",
    definition="Bills and resolutions of this Congress so far whose title has “AI” or “artificial intelligence”.",
    marks="day",
    date_kind="period",
    variants=tuple(Variant(key=str(n), title=f"{written} Congress") for n, written in CONGRESSES.items()),
    caveat="Starts from none every second January. Most bills never become law.",
)

SOURCE = Source(
    title="Congress.gov",
    homepage="https://www.congress.gov/",
    licence="US government work",
    credit="Library of Congress, Congress.gov",
    share="full",
    every=timedelta(days=7),
    at_least=1,
    indicators=(BILLS,),
    key=Key("header", "X-Api-Key"),
)


def congress_on(on: date) -> int:
    """The number of the Congress; the first sat in 1789, each for two years from 3 January."""
    return ((on - timedelta(days=2)).year - 1789) // 2 + 1


def address(congress: int, offset: int) -> str:
    """One page of the list; the order is fixed, so that no bill moves between pages while they are read."""
    asked = {"format": "json", "limit": PAGE, "offset": offset, "sort": "updateDate asc"}
    return f"{API}/{congress}?{urlencode(asked)}"


def collect(http: Http) -> Iterator[Row]:
    congress = congress_on((http.now - SETTLED).date())
    found = {f"{bill['type']}-{bill['number']}": bill for bill in _bills(http, congress) if _names_ai(bill)}
    for bill in found.values():
        yield _mention(bill, http.now)
    yield BILLS.observed(date=http.now.date(), value=len(found), variant=str(congress))


def _bills(http: Http, congress: int) -> Iterator[dict[str, Any]]:
    seen = 0
    for page in range(MOST_PAGES):
        answer = http.json(address(congress, page * PAGE))
        yield from answer["bills"]
        seen += len(answer["bills"])
        if seen >= answer["pagination"]["count"]:
            return
        if len(answer["bills"]) < PAGE:  # only the last page is shorter
            break
    raise Failure("incomplete", f"{address(congress, 0)}: {seen} bills of {answer['pagination']['count']}")


def _names_ai(bill: dict[str, Any]) -> bool:
    return _NAMES_AI.search(bill["title"] or "") is not None


def _mention(bill: dict[str, Any], now: datetime) -> Mention:
    """Dated by the latest action, which may be announced for a later day."""
    key = f"{bill['congress']}-{bill['type'].lower()}-{bill['number']}"
    acted = day(bill["latestAction"]["actionDate"], f"{API}: {key}")
    at = datetime(acted.year, acted.month, acted.day, tzinfo=UTC) if acted <= now.date() else None
    return Mention(
        at=at,
        title=bill["title"],
        url=f"https://www.congress.gov/bill/{CONGRESSES[bill['congress']]}-congress/{_KINDS[bill['type']]}/{bill['number']}",
        outlet="US Congress",
        native_key=key,
        kind="policy",
        precision="day" if at else "seen",
        lang="en",
    )
