"""SEC filings: what five builders of data centres spend on property and equipment in a quarter.

Cash flows are filed as sums since the start of the fiscal year, so a quarter is the difference of two of them;
where a filer states the three months themselves, these count. Each fact is filed again a year later, sometimes
restated: the latest filing holds. Fiscal years differ, so a quarter is placed by its last day.
Leased equipment is not in these sums.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from collectors.labs import lab_of
from collectors.parse import day
from collectors.periods import quarter
from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused

API = "https://data.sec.gov/api/xbrl/companyconcept"
PLANT = "PaymentsToAcquirePropertyPlantAndEquipment"
FILERS = {
    "Microsoft": f"{API}/CIK0000789019/us-gaap/{PLANT}.json",
    "Alphabet": f"{API}/CIK0001652044/us-gaap/{PLANT}.json",
    "Meta": f"{API}/CIK0001326801/us-gaap/{PLANT}.json",
    "Oracle": f"{API}/CIK0001341439/us-gaap/{PLANT}.json",
    "Amazon": f"{API}/CIK0001018724/us-gaap/PaymentsToAcquireProductiveAssets.json",
}
LAB_NAMES = {"Alphabet": "Google"}
SHORTEST, LONGEST = timedelta(days=80), timedelta(days=100)  # a quarter has 89 to 92 days

_CAVEAT = "Finance leases are not included, and not everything bought is for AI. A quarter is placed by its last day."


def _capex(key: str, title: str, definition: str, marks: str, max_factor: float) -> Indicator:
    return Indicator(
        key=key,
        title=title,
        definition=definition,
        marks=marks,
        unit="USD/quarter",
        stage="inputs",
        transform="log2",
        better="context",
        family="sec_capex",
        date_kind="period",
        caveat=_CAVEAT,
        max_factor=max_factor,
    )


TOTAL = _capex(
    "capex_q",
    "Capital spending of five",
    "Spending on property and equipment of Microsoft, Alphabet, Amazon, Meta and Oracle together.",
    "quarter",
    3.0,
)
BY_COMPANY = _capex(
    "capex_q_company",
    "Capital spending",
    "Spending of one company on property and equipment.",
    "company and quarter",
    5.0,
)

SOURCE = Source(
    title="SEC company facts",
    homepage="https://www.sec.gov/edgar/sec-api-documentation",
    licence="public domain (US government)",
    credit="US Securities and Exchange Commission, EDGAR",
    share="full",
    every=timedelta(days=7),
    at_least=1,
    indicators=(TOTAL, BY_COMPANY),
)


class Fact(NamedTuple):
    """One amount as last filed; `start` and `end` are days, both within the period."""

    start: date
    end: date
    usd: float
    filed: date
    url: str


def collect(http: Http) -> Iterator[Row]:
    sums: dict[date, float] = defaultdict(float)
    present: Counter[date] = Counter()
    for company, url in FILERS.items():
        if not http.has(url):
            continue
        for fact in _quarters(_as_last_filed(http.json(url), url)):
            first_day = quarter(fact.end)
            if fact.usd <= 0:
                row = {"company": company, "end": fact.end.isoformat(), "usd": fact.usd}
                yield Refused(reason="no spending: one of two sums was restated without the other", row=row)
                continue
            sums[first_day] += fact.usd
            present[first_day] += 1
            name = LAB_NAMES.get(company, company)
            yield BY_COMPANY.observed(
                date=first_day,
                value=fact.usd,
                subject=company,
                lab=lab_of(name),
                url=url,
                stated_at=datetime.combine(fact.filed, time(), UTC),
                organisation=name,
                period_end=fact.end.isoformat(),
            )
    for first_day, filers in present.items():
        if filers == len(FILERS):  # one who has not filed yet makes the sum incomplete, not smaller
            yield TOTAL.observed(date=first_day, value=sums[first_day], url=SOURCE.homepage, derived=True)


def _as_last_filed(document: Mapping[str, Any], url: str) -> dict[tuple[date, date], Fact]:
    facts: dict[tuple[date, date], Fact] = {}
    for row in document["units"]["USD"]:
        at = f"{url}: {row['accn']}"
        fact = Fact(day(row["start"], at), day(row["end"], at), row["val"], day(row["filed"], at), url)
        earlier = facts.get((fact.start, fact.end))
        if earlier is None or earlier.filed <= fact.filed:
            facts[fact.start, fact.end] = fact
    return facts


def _quarters(facts: Mapping[tuple[date, date], Fact]) -> list[Fact]:
    """One fact a quarter, by its end: three months as filed, else the difference of two sums with one start."""
    found = {end: fact for (start, end), fact in facts.items() if _is_quarter(start, end)}
    for (start, end), whole in sorted(facts.items()):
        for (other_start, before), part in facts.items():
            next_day = before + timedelta(days=1)
            if other_start == start and end not in found and _is_quarter(next_day, end):
                found[end] = Fact(next_day, end, whole.usd - part.usd, max(whole.filed, part.filed), whole.url)
    return [found[end] for end in sorted(found)]


def _is_quarter(start: date, end: date) -> bool:
    return SHORTEST <= end - start <= LONGEST
