"""Epoch's data centres: power and computing of the largest sites, as far as they were running at each month's end.

The file has a row for each change at a site, with its state from that day on. Rows dated in the future are Epoch's
projections and stay out. The whole history is revised as pictures from satellites come in, and sites are
added with their past, so an old month can change long after.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors.parse import day, number
from collectors.periods import month_ends
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator

URL = "https://epoch.ai/data/data_centers/data_center_timelines.csv"

_CAVEAT = "Only the sites that Epoch follows, about 93 in 2026. Old months change as sites are added."
POWER = Indicator(
    key="dc_mw",
    title="Power of AI data centres",
    unit="MW",
    stage="inputs",
    transform="log2",
    better="context",
    definition="Electric power of the AI data centres in operation at the end of a month, summed over the known sites.",
    full_list=True,
    family="epoch_data_centers",
    marks="month",
    date_kind="month end",
    caveat=_CAVEAT,
    max_factor=2.0,
)
COMPUTE = Indicator(
    key="dc_h100e",
    title="Chips in AI data centres",
    unit="H100-equivalents",
    stage="inputs",
    transform="log2",
    better="context",
    definition="Computing of the AI data centres in operation at the end of a month, in units of one H100 chip.",
    plural=True,
    full_list=True,
    family="epoch_data_centers",
    marks="month",
    date_kind="month end",
    caveat=_CAVEAT,
    max_factor=2.0,
)
COLUMNS = {"Power (MW)": POWER, "H100 equivalents": COMPUTE}

SOURCE = Source(
    title="Epoch AI data centres",
    homepage="https://epoch.ai/data/ai-data-centers",
    licence="CC BY 4.0",
    credit='Epoch AI, "Data on AI Data Centers". Published online at epoch.ai',
    share="full",
    every=timedelta(days=7),
    at_least=10,
    indicators=(POWER, COMPUTE),
)


def collect(http: Http) -> Iterator[Row]:
    today = http.now.date()
    rows = [(day(row["Date"], f"{URL}: {row['Data center']}"), row) for row in http.csv(URL, _COLUMNS)]
    built = sorted(((at, row) for at, row in rows if at <= today), key=lambda pair: pair[0])
    if not built:
        raise Failure("incomplete", f"{URL}: no row of {today} or before")
    for end in month_ends(built[0][0], today):
        states = {row["Data center"]: row for at, row in built if at <= end}
        for column, indicator in COLUMNS.items():
            # a site of which the power is not known yet adds nothing
            amounts = [number(row[column], f"{URL}: {site}: {column}") for site, row in states.items() if row[column]]
            if sum(amounts) > 0:  # the first sites were fields for years
                running = sum(amount > 0 for amount in amounts)
                yield indicator.observed(date=end, value=round(sum(amounts), 3), url=URL, derived=True, sites=running)


_COLUMNS = ("Data center", "Date", *COLUMNS)
