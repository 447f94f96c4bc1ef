"""Epoch's lists of AI chips and of clusters: what a dollar and a watt buy, and the largest machine there is.

Both ratios are computed from the 16-bit tensor performance, the price at release and the rated power: Epoch's own
columns `Price-performance` and `Energy efficiency` take the best number format of each chip instead. Most
chips of data centres have no list price, so consumer cards lead that series. In the list of clusters the
Chinese systems are anonymous, with rounded sizes and many to a day; none of them can be told from another.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors.labs import lab_of
from collectors.parse import day, number
from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused

CHIPS = "https://epoch.ai/data/ml_hardware.csv"
CLUSTERS = "https://epoch.ai/data/gpu_clusters.csv"
SPEED = "Tensor-FP16/BF16 performance (FLOP/s)"
ANONYMOUS = "Anonymized"

PER_DOLLAR = Indicator(
    key="flop_per_usd",
    title="Chip speed per dollar",
    unit="FLOP/s/USD",
    stage="inputs",
    transform="log2",
    better="context",
    definition="16-bit operations per second that a chip delivers for each dollar of its price at release.",
    full_list=True,
    marks="chip",
    caveat="Few chips for data centres have a public price.",
    max_factor=10.0,
)
PER_WATT = Indicator(
    key="flop_per_watt",
    title="Chip speed per watt",
    unit="FLOP/s/W",
    stage="inputs",
    transform="log2",
    better="context",
    definition="16-bit operations per second that a chip delivers for each watt of its rated power.",
    full_list=True,
    marks="chip",
    max_factor=10.0,
)
LARGEST = Indicator(
    key="largest_cluster",
    title="Largest AI cluster",
    unit="H100-equivalents",
    stage="inputs",
    transform="log2",
    better="context",
    definition="Size of computing clusters known to be in operation, by the day they started; the records count.",
    full_list=True,
    marks="cluster",
    date_kind="start of operation",
    caveat="Covers a tenth to a fifth of the world's AI chips; anonymous entries are left out.",
    max_factor=10.0,
)

SOURCE = Source(
    title="Epoch AI hardware and clusters",
    homepage="https://epoch.ai/data/machine-learning-hardware",
    licence="CC BY 4.0",
    credit='Epoch AI, "Data on Machine Learning Hardware" and "Data on GPU Clusters". Published online at epoch.ai',
    share="full",
    every=timedelta(days=30),
    at_least=10,
    indicators=(PER_DOLLAR, PER_WATT, LARGEST),
)

_CHIPS = ("Hardware name", "Manufacturer", "Release date", "Release price (USD)", SPEED, "TDP (W)")
_CLUSTERS = ("Name", "Owner", "Status", "Certainty", "H100 equivalents", "First Operational Date", "Exclude")


def collect(http: Http) -> Iterator[Row]:
    for row in http.csv(CHIPS, _CHIPS):
        for indicator, divisor in ((PER_DOLLAR, "Release price (USD)"), (PER_WATT, "TDP (W)")):
            if row[SPEED] and row[divisor]:
                yield _ratio(indicator, divisor, row)
    if http.has(CLUSTERS):
        for row in http.csv(CLUSTERS, _CLUSTERS):
            built = row["Status"] == "Existing" and row["Exclude"] in ("", "False")
            if built and row["H100 equivalents"] and not row["Name"].startswith(ANONYMOUS):
                yield _cluster(row)


def _ratio(indicator: Indicator, divisor: str, row: dict[str, str]) -> Row:
    at = f"{CHIPS}: {row['Hardware name']}"
    speed, by = number(row[SPEED], at), number(row[divisor], at)
    shown = {"indicator": indicator.key, "subject": row["Hardware name"], SPEED: speed, divisor: by}
    if not row["Release date"]:
        return Refused(reason="no release date", row=shown)
    if speed <= 0 or by <= 0:
        return Refused(reason="not a ratio of positive numbers", row=shown)
    return indicator.observed(
        date=day(row["Release date"], at),
        value=speed / by,
        subject=row["Hardware name"],
        lab=lab_of(row["Manufacturer"]),
        url=CHIPS,
        organisation=row["Manufacturer"],
    )


def _cluster(row: dict[str, str]) -> Row:
    at = f"{CLUSTERS}: {row['Name']}"
    size = number(row["H100 equivalents"], at)
    if not row["First Operational Date"]:
        return Refused(reason="no first day", row={"indicator": LARGEST.key, "subject": row["Name"], "value": size})
    return LARGEST.observed(
        date=day(row["First Operational Date"], at),
        value=size,
        subject=row["Name"],
        lab=lab_of(row["Owner"]),
        url=CLUSTERS,
        organisation=row["Owner"],
        certainty=row["Certainty"],
    )
