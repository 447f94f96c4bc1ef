"""Epoch's database of AI companies: revenue, spending on computing, funding, staff, users and tokens.

Every row is a report, by the company or the press, with Epoch's confidence in it: self-reported figures. Rows that
Epoch keeps out of its own charts (`Exclude from graph view`) stay out here. Things that are not the same stay
apart as variants: run rate, recurring revenue and period revenue blown up to a year; users a day, a week and a
month; the spending of a year and what was only projected for it when the report was written. Of two
reports about the same day the later one stands, then the surer one.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import accumulate

from collectors.labs import lab_of
from collectors.parse import day, number
from collectors.source import Http, Row, Source
from data.schema import Indicator, Observation, Refused, Stage, Variant

FOLDER = "https://epoch.ai/data/ai_companies"
SPENDING = {
    "total": ("Total compute spend", "All computing"),
    "research": ("R&D compute spend", "Research and training"),
    "serving": ("Inference compute spend", "Serving users"),
}
REVENUE_TYPES = {
    "Annualized run rate": Variant(key="run-rate", title="Run rate: a recent month times twelve"),
    "Annual recurring revenue (ARR)": Variant(key="recurring", title="Recurring revenue"),
    "Period interpolation": Variant(key="period", title="A longer period, blown up to a year"),
}
STAFF_TYPES = {
    "Full company": Variant(key="company", title="Whole company"),
    "Full AI division": Variant(key="division", title="AI division of a larger company", beside="company"),
}
USER_PERIODS = {
    "Weekly": Variant(key="weekly", title="Active in a week"),
    "Monthly": Variant(key="monthly", title="Active in a month"),
    "Daily": Variant(key="daily", title="Active in a day"),
}

_CAVEAT = "Reported by the companies or the press, not audited; sparse."


def _indicator(
    key: str, title: str, unit: str, definition: str, *variants: Variant, stage: Stage = "inputs", plural: bool = False
) -> Indicator:
    return Indicator(
        key=key,
        title=title,
        unit=unit,
        stage=stage,
        transform="log2",
        better="up" if stage == "diffusion" else "context",
        definition=definition,
        plural=plural,
        variants=variants,
        full_list=True,
        marks="company",
        date_kind="report",
        caveat=_CAVEAT,
        max_factor=10.0,
    )


def _projected(key: str) -> str:
    return f"{key}-projected"


REVENUE = _indicator(
    "lab_revenue",
    "Revenue of AI labs",
    "USD/year",
    "Revenue of a whole company, as a yearly rate on the day it refers to.",
    *REVENUE_TYPES.values(),
)
SPEND = _indicator(
    "lab_compute_spend",
    "Computing bills of labs",
    "USD/year",
    "What a company spent on computing in a year.",
    *(Variant(key=key, title=title) for key, (_, title) in SPENDING.items()),
    *(Variant(key=_projected(key), title=f"{title}, projected", beside=key) for key, (_, title) in SPENDING.items()),
    plural=True,
)
FUNDING = _indicator(
    "lab_funding",
    "Money raised by AI labs",
    "USD",
    "Equity that a company has raised in all its closed rounds of known size so far, debt and resold shares apart.",
)
STAFF = _indicator(
    "lab_staff", "Staff of AI labs", "persons", "Number of people employed by a company.", *STAFF_TYPES.values()
)
USERS = _indicator(
    "lab_users",
    "Users of AI products",
    "persons",
    "Active users of a product in the period named.",
    *USER_PERIODS.values(),
    stage="diffusion",
    plural=True,
)
TOKENS = _indicator(
    "lab_daily_tokens",
    "Tokens a day by company",
    "tokens/day",
    "Pieces of text that a company's models read and write in a day, for the products named.",
    stage="diffusion",
    plural=True,
)

SOURCE = Source(
    title="Epoch AI companies",
    homepage="https://epoch.ai/data/ai-companies",
    licence="CC BY 4.0",
    credit='Epoch AI, "Data on AI Companies". Published online at epoch.ai',
    share="full",
    every=timedelta(days=7),
    at_least=10,
    indicators=(REVENUE, SPEND, FUNDING, STAFF, USERS, TOKENS),
)

Cells = dict[str, str]
_EXCLUDED = "Exclude from graph view"
_CONFIDENCE = ("Confident", "Likely")


def collect(http: Http) -> Iterator[Row]:
    reports = [*_revenue(http), *_spending(http), *_staff(http), *_usage(http)]
    yield from (row for row in reports if isinstance(row, Refused))
    yield from _settled(row for row in reports if isinstance(row, Observation))
    yield from _funding(http)


def _rows(http: Http, table: str, *columns: str) -> Iterator[tuple[Cells, str]]:
    """The rows of a table that Epoch shows itself, each with the address of the table."""
    url = f"{FOLDER}_{table}.csv"
    for row in http.csv(url, ("Id", "Company", "Confidence", *columns)):
        if row.get(_EXCLUDED) != "True":
            yield row, url


def _revenue(http: Http) -> Iterator[Row]:
    amount, kind = "Annualized revenue (USD)", "Annualized revenue type"
    for row, url in _rows(http, "revenue_reports", "Date", amount, kind, "Scope", "Report date"):
        if row["Scope"] != "Full company" or not row[amount]:
            continue  # a product or a division; or the sum of a past year, which is no rate
        yield _report(REVENUE, row, url, amount, variant=_key(REVENUE_TYPES, row[kind]))


def _spending(http: Http) -> Iterator[Row]:
    columns = [column for column, _ in SPENDING.values()]
    for row, url in _rows(http, "compute_spend", "Date", "Period type", "Report date", _EXCLUDED, *columns):
        if row["Date"] > http.now.date().isoformat():
            continue  # plans for a year that is not over
        ahead = row["Date"] > row["Report date"] > ""
        for key, (column, _) in SPENDING.items():
            if row[column]:
                variant = _projected(key) if ahead else key
                yield _report(SPEND, row, url, column, variant=variant, period=row["Period type"])


def _staff(http: Http) -> Iterator[Row]:
    for row, url in _rows(http, "staff_reports", "Date", "Staff count", "Type", "Division name"):
        if row["Type"] in ("Division/role", "Contractors") or not row["Staff count"]:
            continue  # part of a company, or outside it
        yield _report(STAFF, row, url, "Staff count", variant=_key(STAFF_TYPES, row["Type"]), part=row["Division name"])


def _usage(http: Http) -> Iterator[Row]:
    period = "Active users time period"
    columns = ("Date", "Active users", period, "Daily tokens", "Product", "Report date", _EXCLUDED)
    for row, url in _rows(http, "usage_reports", *columns):
        if row["Active users"]:
            variant = _key(USER_PERIODS, row[period])
            yield _report(USERS, row, url, "Active users", variant=variant, part=row["Product"])
        if row["Daily tokens"]:
            yield _report(TOKENS, row, url, "Daily tokens", part=row["Product"])


def _key(variants: Mapping[str, Variant], kind: str) -> str | None:
    return variants[kind].key if kind in variants else None


def _report(
    indicator: Indicator,
    row: Cells,
    url: str,
    column: str,
    *,
    variant: str | None = "",
    part: str = "",
    period: str = "",
) -> Row:
    """One report; `part` is the product or division that it is about. No variant: of a kind that we do not know."""
    value = number(row[column], f"{url}: {row['Id']}")
    doubt = "no date" if not row["Date"] else "not above zero" if value <= 0 else "of no known kind"
    if variant is None or not row["Date"] or value <= 0:
        shown = {"indicator": indicator.key, "id": row["Id"], "company": row["Company"], "value": value}
        return Refused(reason=doubt, row=shown)
    return indicator.observed(
        date=day(row["Date"], f"{url}: {row['Id']}"),
        value=value,
        subject=f"{row['Company']}: {part}" if part else row["Company"],
        lab=lab_of(row["Company"]),
        variant=variant,
        url=url,
        organisation=row["Company"],
        tier="self_reported",
        confidence=row["Confidence"],
        reported=row.get("Report date"),
        source=row.get("Source 1"),
        source_type=row.get("Source type"),
        period=period,
    )


def _settled(reports: Iterable[Observation]) -> Iterator[Row]:
    """One report a point: the latest, then the surest. Where two are as good and differ, none is believed."""
    points: dict[object, list[Observation]] = {}
    for report in reports:
        points.setdefault(report.point, []).append(report)
    for found in points.values():
        best = max(map(_weight, found))
        candidates = [report for report in found if _weight(report) == best]
        if len({report.value for report in candidates}) == 1:
            yield candidates[0]
        else:
            yield from (Refused.of(report, "two reports of the same day disagree") for report in candidates)


def _weight(report: Observation) -> tuple[str, int]:
    sure = report.detail.get("confidence")
    return str(report.detail.get("reported", "")), -_CONFIDENCE.index(sure) if sure in _CONFIDENCE else -9


def _funding(http: Http) -> Iterator[Row]:
    equity = "Funding (equity)"
    rounds: dict[str, dict[date, float]] = {}
    for row, url in _rows(http, "funding_rounds", "Close date", "Status", equity, "Type", _EXCLUDED):
        # talks are no money; in a secondary sale the company gets none; of some rounds the size is not known
        if row["Status"] != "Closed" or row["Type"] == "Secondary" or not row[equity]:
            continue
        amount = number(row[equity], f"{url}: {row['Id']}")
        if not row["Close date"]:
            yield Refused(reason="no date", row={"indicator": FUNDING.key, "id": row["Id"], "value": amount})
        elif amount > 0:
            closed = rounds.setdefault(row["Company"], {})
            at = day(row["Close date"], f"{url}: {row['Id']}")
            closed[at] = closed.get(at, 0.0) + amount
    for company, closed in rounds.items():
        for at, raised in zip(sorted(closed), accumulate(closed[at] for at in sorted(closed)), strict=True):
            yield FUNDING.observed(
                date=at,
                value=raised,
                subject=company,
                lab=lab_of(company),
                url=f"{FOLDER}_funding_rounds.csv",
                derived=True,
                organisation=company,
                tier="self_reported",
            )
