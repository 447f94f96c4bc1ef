"""Epoch's AI chips: how much computing has been sold, by designer, and how much of it each lab uses.

Sales come by quarter and chip. We add them up; the publisher's percentiles cannot be added, so the sums have no
interval. A quarter marked `Incomplete` is not shown, since fiscal quarters end before it does, but what it
holds is counted from the next one on: Google's first quarter is of that kind too. The designers are brought up
to date at different times, and the total ends where the first of them does: a sum with one missing
would look like a fall.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from operator import itemgetter

from collectors.labs import lab_of
from collectors.parse import day, number, once
from collectors.source import Http, Row, Source
from data.schema import Indicator, Observation, Variant

SALES = "https://epoch.ai/data/ai_chip_sales_timelines_by_chip.csv"
USERS = "https://epoch.ai/data/ai_chip_users_year_end_by_lab.csv"
AMOUNT = "Compute estimate in H100e (median)"

INSTALLED = Indicator(
    key="chips_installed",
    title="AI chips sold so far",
    unit="H100-equivalents",
    stage="inputs",
    transform="log2",
    better="context",
    definition="Computing of all AI chips sold up to the end of a quarter, in units of one H100 chip.",
    plural=True,
    full_list=True,
    variants=(
        Variant(key="total", title="All designers"),
        Variant(key="designer", title="By designer", beside="total"),
    ),
    family="epoch_chips",
    marks="quarter",
    date_kind="quarter end",
    caveat="Nvidia counts from 2022, Google from late 2022, others from 2024. Sums of medians; no chip is retired.",
    max_factor=5.0,
)
LAB_COMPUTE = Indicator(
    key="lab_compute",
    title="Computing used by labs",
    unit="H100-equivalents",
    stage="inputs",
    transform="log2",
    better="context",
    definition="Computing that a lab uses at the end of a year, owned or rented, in units of one H100 chip.",
    full_list=True,
    family="epoch_chips",
    marks="company",
    date_kind="year end",
    max_factor=10.0,
)

SOURCE = Source(
    title="Epoch AI chip sales and users",
    homepage="https://epoch.ai/data/ai-chip-sales",
    licence="CC BY 4.0",
    credit='Epoch AI, "Data on AI Chip Sales" and "Data on AI Chip Users". Published online at epoch.ai',
    share="full",
    every=timedelta(days=7),
    at_least=10,
    indicators=(INSTALLED, LAB_COMPUTE),
)

_SALES = ("Name", "Chip manufacturer", "End date", "Incomplete", AMOUNT)
_USERS = ("Lab", "Year", "h100e_med", "h100e_p5", "h100e_p95")


def collect(http: Http) -> Iterator[Row]:
    sales = once(http.csv(SALES, _SALES), itemgetter("Name", "Chip manufacturer", "End date"), SALES)
    stocks = _stocks(sales, http)
    for designer, stock in stocks.items():
        for end, value in stock.items():
            yield INSTALLED.observed(
                date=end,
                value=round(value, 3),
                subject=designer,
                lab=lab_of(designer),
                variant="designer",
                url=SALES,
                derived=True,
                organisation=designer,
            )
    yield from _total(stocks)
    yield from map(_user, http.csv(USERS, _USERS))


def _stocks(rows: list[dict[str, str]], http: Http) -> dict[str, dict[date, float]]:
    """The stock of each designer's chips at the end of each of its complete quarters."""
    sold: dict[str, dict[date, float]] = {}
    unfinished = set()
    for row in rows:
        designer, end = row["Chip manufacturer"], http.past_day(row["End date"], f"{SALES}: {row['Name']}")
        quarters = sold.setdefault(designer, {})
        quarters[end] = quarters.get(end, 0.0) + number(row[AMOUNT], f"{SALES}: {row['Name']}")
        if row["Incomplete"] not in ("", "False"):
            unfinished.add((designer, end))
    stocks = {}
    for designer, quarters in sold.items():
        so_far = {end: sum(v for e, v in quarters.items() if e <= end) for end in sorted(quarters)}
        stocks[designer] = {end: v for end, v in so_far.items() if (designer, end) not in unfinished}
    return stocks


def _total(stocks: dict[str, dict[date, float]]) -> Iterator[Observation]:
    """The sum over designers, to the last quarter of which all of them are known."""
    last = min(max(stock, default=date.min) for stock in stocks.values()) if stocks else date.min
    for end in sorted({end for stock in stocks.values() for end in stock if end <= last}):
        # a designer without a row in a quarter sold nothing new: its stock is that of the quarter before
        newest = [max((e for e in stock if e <= end), default=None) for stock in stocks.values()]
        value = sum(stock[e] for stock, e in zip(stocks.values(), newest, strict=True) if e)
        yield INSTALLED.observed(date=end, value=round(value, 3), variant="total", url=SALES, derived=True)


def _user(row: dict[str, str]) -> Observation:
    at = f"{USERS}: {row['Lab']} {row['Year']}"
    median, low, high = (number(row[column], at) for column in ("h100e_med", "h100e_p5", "h100e_p95"))
    return LAB_COMPUTE.observed(
        date=day(f"{row['Year']}-12-31", at),
        value=median,
        low=low,
        high=high,
        level=0.90,
        subject=row["Lab"],
        lab=lab_of(row["Lab"]),
        url=USERS,
        organisation=row["Lab"],
    )
