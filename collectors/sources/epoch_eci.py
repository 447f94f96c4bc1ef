"""Epoch Capabilities Index: one number for general capability, fitted over many benchmarks.

Every update re-fits all models, so old values drift: one download is one vintage. Since September 2026
the file has one row a model, with an interval; before that one row a model version, many without a
score. The two layouts are two variants and never one series.

Two more series are made of the same answer: how long the best model stays the best, and how long it takes until a
model that everybody can download is as able as a closed one was. Both count records only: small open models
come out every week and say nothing about the lag.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import pairwise

from collectors.labs import lab_of
from collectors.parse import csv_rows, day, number, zip_members
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Observation, Refused, Variant

SCORES = "https://epoch.ai/data/eci_scores.csv"
BUNDLE = "https://epoch.ai/data/benchmark_data.zip"
MEMBERS = ("epoch_capabilities_index/eci_scores.csv", "epoch_capabilities_index.csv")
BY_MODEL, BY_VERSION = "by-model", "by-version"
CLOSED = ("Closed weights", "API access", "Hosted access (no API)", "Unreleased")

ECI = Indicator(
    key="eci_frontier",
    title="Epoch Capabilities Index",
    unit="points",
    stage="capability",
    transform="linear",
    definition="Ability across many benchmarks on one scale, on which Claude 3.5 Sonnet is 130 and GPT-5 is 150.",
    variants=(
        Variant(key=BY_MODEL, title="One score a model (since September 2026)"),
        Variant(key=BY_VERSION, title="One score a model version (to August 2026)"),
    ),
    full_list=True,
    caveat="Every update re-fits all scores. Models enter once they have four benchmark results.",
    max_factor=1.5,
)
GAP = Indicator(
    key="release_gap",
    title="Days between records",
    unit="days",
    stage="ai_rd_automation",
    transform="log2",
    better="down",
    definition="Days from one record of the Epoch Capabilities Index to the next, of all models or of one lab's.",
    plural=True,
    variants=(
        Variant(key=BY_MODEL, title="All labs (layout since September 2026)"),
        Variant(key=BY_VERSION, title="All labs (layout to August 2026)"),
        Variant(key=f"{BY_MODEL}-lab", title="Each lab for itself", beside=BY_MODEL),
        Variant(key=f"{BY_VERSION}-lab", title="Each lab for itself (layout to August 2026)", beside=BY_VERSION),
    ),
    family="epoch_eci",
    full_list=True,
    marks="record",
    caveat="Each update re-fits the scores, so that records come and go. A record by a hair counts like a leap.",
)
OPEN_LAG = Indicator(
    key="eci_open_lag",
    title="Lag of open models",
    unit="days",
    stage="diffusion",
    transform="linear",
    better="context",
    definition="Days from the first closed model of at least that index to the best open-weight model of its day.",
    variants=ECI.variants,
    family="epoch_eci",
    full_list=True,
    marks="open record",
    caveat="Open models that no closed one equals yet are not in it. Negative where the open model came first.",
)

SOURCE = Source(
    title="Epoch Capabilities Index",
    homepage="https://epoch.ai/benchmarks/eci",
    licence="CC BY 4.0",
    credit='Epoch AI, "Epoch Capabilities Index". Published online at epoch.ai',
    share="full",
    every=timedelta(days=1),
    at_least=10,
    indicators=(ECI, GAP, OPEN_LAG),
)

_NEW = ("Model", "eci", "eci_ci_low", "eci_ci_high", "date", "Organization")
_OLD = ("Model version", "ECI Score", "Release date", "Organization", "Model name")


def collect(http: Http) -> Iterator[Row]:
    answer = http.first(SCORES, BUNDLE)
    if answer.body.startswith(b"PK"):
        members = zip_members(answer.body, answer.url)
        found = [name for name in MEMBERS if name in members]
        if not found:
            raise Failure("schema", f"{answer.url}: no member named {MEMBERS[0]!r}")
        rows = list(_rows(members[found[0]], f"{answer.url}: {found[0]}", answer.url))
    else:
        rows = list(_rows(answer.body, answer.url, answer.url))
    yield from rows
    scored = sorted((row for row in rows if isinstance(row, Observation)), key=lambda row: (row.date, -row.value))
    yield from _gaps([row for row in scored if row.date <= http.now.date()])
    yield from _lags([row for row in scored if row.date <= http.now.date()])


def _records(scored: Iterable[Observation]) -> Iterator[Observation]:
    """The models that were better than all before them, at most one a day; `scored` from the oldest on."""
    best = float("-inf")
    for row in scored:
        if row.value > best:
            best = row.value
            yield row


def _gaps(scored: list[Observation]) -> Iterator[Observation]:
    labs = sorted({row.lab for row in scored if row.lab})
    series = [("", scored), *(("-lab", [row for row in scored if row.lab == lab]) for lab in labs)]
    for kind, rows in series:
        for before, row in pairwise(_records(rows)):
            yield GAP.observed(
                date=row.date,
                value=(row.date - before.date).days,
                subject=row.subject,
                lab=row.lab,
                variant=row.variant + kind,
                url=row.url,
                derived=True,
                before=before.subject,
            )


def _lags(scored: list[Observation]) -> Iterator[Observation]:
    closed = [row for row in scored if row.detail.get("access") in CLOSED]
    for row in _records(row for row in scored if str(row.detail.get("access", "")).startswith("Open weights")):
        first = next((other for other in closed if other.value >= row.value), None)
        if first is not None:
            yield OPEN_LAG.observed(
                date=row.date,
                value=(row.date - first.date).days,
                subject=row.subject,
                lab=row.lab,
                variant=row.variant,
                url=row.url,
                derived=True,
                first_closed=first.subject,
            )


def _rows(body: bytes, where: str, url: str) -> Iterator[Row]:
    old = "ECI Score" in next(iter(csv_rows(body, ("Organization",), where)), {})
    for row in csv_rows(body, _OLD if old else _NEW, where):
        if old and not row["ECI Score"]:
            continue  # listed, but not yet on enough benchmarks to have a score
        yield _old(row, where, url) if old else _new(row, where, url)


def _new(row: dict[str, str], where: str, url: str) -> Observation:
    at = f"{where}: {row['Model']}"
    # the two anchors of the scale have no interval
    low, high = (number(row[c], at) if row[c] else None for c in ("eci_ci_low", "eci_ci_high"))
    return ECI.observed(
        date=day(row["date"], at),
        value=number(row["eci"], at),
        low=low,
        high=high,
        level=0.90 if low is not None else None,
        subject=row["Model"],
        lab=lab_of(row["Organization"], name=row["Model"]),
        variant=BY_MODEL,
        url=url,
        organisation=row["Organization"],
        access=row.get("Accessibility group"),
    )


def _old(row: dict[str, str], where: str, url: str) -> Row:
    at = f"{where}: {row['Model version']}"
    if not row["Release date"]:
        return Refused(reason="no release date", row={"subject": row["Model version"], "eci": row["ECI Score"]})
    return ECI.observed(
        date=day(row["Release date"], at),
        value=number(row["ECI Score"], at),
        subject=row["Model version"],
        model=row["Model name"] or None,
        lab=lab_of(row["Organization"], name=row["Model version"]),
        variant=BY_VERSION,
        url=url,
        organisation=row["Organization"],
        access=row.get("Model accessibility"),
    )
