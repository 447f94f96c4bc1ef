"""Epoch's database of AI models: training compute, its cost, how many notable models appear, how many are open.

Compute and cost come from the list of frontier models (among the ten largest of their day), counts from the list of
all models, where a notable one says by which criterion. Labs have stopped disclosing compute: the newest
estimate of April 2026 was of July 2025, so a flat line is missing data and not a plateau. Compute counts only where
Epoch is confident of it or finds it likely. Models are entered with a delay of months, hence the newest
quarter and year of the list are left out as unfinished.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from collectors.labs import lab_of
from collectors.parse import day, number
from collectors.periods import quarter
from collectors.source import Http, Row, Source
from data.schema import Indicator, Observation, Refused

FRONTIER = "https://epoch.ai/data/frontier_ai_models.csv"
ALL = "https://epoch.ai/data/all_ai_models.csv"
COMPUTE, COST, CONFIDENCE = "Training compute (FLOP)", "Training compute cost (2023 USD)", "Confidence"
TRUSTED = ("Confident", "Likely")
BELIEVABLE = {COMPUTE: (1.0, 1e29), COST: (1.0, 1e12)}
COUNTED_FROM, OPEN_FROM = date(2010, 1, 1), date(2019, 1, 1)

MAX_FLOP = Indicator(
    key="max_flop",
    title="Training compute",
    unit="FLOP",
    stage="inputs",
    transform="log2",
    better="context",
    definition="Arithmetic operations spent on training a model, as estimated by Epoch; the records count.",
    full_list=True,
    caveat="Labs disclose ever less: no new record can mean no new data. Speculative estimates are left out.",
    max_factor=30.0,
)
RUN_COST = Indicator(
    key="run_cost",
    title="Cost of a training run",
    unit="2023 USD",
    stage="inputs",
    transform="log2",
    better="context",
    definition="Cost of the computing for a model's final training run, as estimated by Epoch; the records count.",
    full_list=True,
    caveat="Estimates of every confidence; few since 2025.",
    max_factor=30.0,
)
PER_QUARTER = Indicator(
    key="models_per_quarter",
    title="Notable models a quarter",
    unit="models",
    stage="inputs",
    transform="log2",
    better="context",
    definition="How many models that Epoch calls notable were published in a quarter.",
    plural=True,
    marks="quarter",
    date_kind="period",
    caveat="Recent quarters still grow: models are entered months after they appear.",
    max_factor=5.0,
)
OPEN_SHARE = Indicator(
    key="open_share",
    title="Share of open models",
    unit="fraction",
    stage="diffusion",
    transform="logit",
    better="context",
    definition="Share of a year's notable models whose weights can be downloaded, among those of which it is known.",
    floor=0.0,
    ceiling=1.0,
    marks="year",
    date_kind="period",
)

SOURCE = Source(
    title="Epoch AI models",
    homepage="https://epoch.ai/data/ai-models",
    licence="CC BY 4.0",
    credit='Epoch AI, "Data on AI Models". Published online at epoch.ai',
    share="full",
    every=timedelta(days=7),
    at_least=10,
    indicators=(MAX_FLOP, RUN_COST, PER_QUARTER, OPEN_SHARE),
)

_FRONTIER = ("Model", "Organization", "Publication date", COMPUTE, COST, CONFIDENCE)
_ALL = ("Publication date", "Notability criteria", "Model accessibility")


def collect(http: Http) -> Iterator[Row]:
    if http.has(FRONTIER):
        for row in http.csv(FRONTIER, _FRONTIER):
            if row[COMPUTE] and row[CONFIDENCE] in TRUSTED:
                yield _estimate(MAX_FLOP, COMPUTE, row)
            if row[COST]:
                yield _estimate(RUN_COST, COST, row)
    if http.has(ALL):
        yield from _counts(http)


def _estimate(indicator: Indicator, column: str, row: dict[str, str]) -> Row:
    at = f"{FRONTIER}: {row['Model']}"
    value, (least, most) = number(row[column], at), BELIEVABLE[column]
    shown = {"indicator": indicator.key, "subject": row["Model"], "date": row["Publication date"], "value": value}
    if not row["Publication date"]:
        return Refused(reason="no publication date", row=shown)
    if not least <= value <= most:
        return Refused(reason=f"not between {least:g} and {most:g}", row=shown)
    return indicator.observed(
        date=day(row["Publication date"], at),
        value=value,
        subject=row["Model"],
        lab=lab_of(row["Organization"], name=row["Model"]),
        url=FRONTIER,
        organisation=row["Organization"],
        confidence=row[CONFIDENCE],
    )


def _counts(http: Http) -> Iterator[Observation]:
    # a model without a date (40 of 2,228) belongs to no quarter
    dated = [
        (day(row["Publication date"], ALL), row["Model accessibility"])
        for row in http.csv(ALL, _ALL)
        if row["Notability criteria"] and row["Publication date"]
    ]
    newest = max((published for published, _ in dated), default=COUNTED_FROM)
    quarters = Counter(quarter(published) for published, _ in dated)
    for start, models in sorted(quarters.items()):
        if COUNTED_FROM <= start < quarter(newest):
            yield PER_QUARTER.observed(date=start, value=models, url=ALL, derived=True)
    for year in range(OPEN_FROM.year, newest.year):
        access = [access for published, access in dated if published.year == year]
        known = [a.startswith("Open weights") for a in access if a]
        if known:
            share = sum(known) / len(known)
            yield OPEN_SHARE.observed(
                date=date(year, 1, 1),
                value=share,
                url=ALL,
                derived=True,
                known=len(known),
                unknown=len(access) - len(known),
            )
