"""Epoch Capabilities Index: one number for general capability, fitted over many benchmarks.

Every update re-fits all models, so old values drift: one download is one vintage. Since September 2026
the file has one row a model, with an interval; before that one row a model version, many without a
score. The two layouts are two variants and never one series.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors.labs import lab_of
from collectors.parse import csv_rows, day, number, zip_members
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Observation, Refused, Variant

SCORES = "https://epoch.ai/data/eci_scores.csv"
BUNDLE = "https://epoch.ai/data/benchmark_data.zip"
MEMBERS = ("epoch_capabilities_index/eci_scores.csv", "epoch_capabilities_index.csv")
BY_MODEL, BY_VERSION = "by-model", "by-version"

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
)

SOURCE = Source(
    title="Epoch Capabilities Index",
    homepage="https://epoch.ai/benchmarks/eci",
    licence="CC BY 4.0",
    credit='Epoch AI, "Epoch Capabilities Index". Published online at epoch.ai',
    share="full",
    every=timedelta(days=1),
    at_least=10,
    indicators=(ECI,),
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
        yield from _rows(members[found[0]], f"{answer.url}: {found[0]}", answer.url)
    else:
        yield from _rows(answer.body, answer.url, answer.url)


def _rows(body: bytes, where: str, url: str) -> Iterator[Row]:
    rows = csv_rows(body, ("Organization",), where)
    old = bool(rows) and "ECI Score" in rows[0]
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
