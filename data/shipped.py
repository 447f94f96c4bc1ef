"""The baseline: facts that come with the program, so that a machine without network shows true charts.

One tidy CSV a source in `data/baseline/`, written from a store that our own collectors filled, every row
with source, licence and vintage, and the catalogue in `indicators.csv`. It is loaded once, into an
empty store, in order of vintage.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from data.schema import BASELINE, INDICATORS, OBSERVATIONS, Table
from data.store import Store
from data.vintages import as_of

CATALOGUE = "indicators"
COLUMNS = (
    "known_at", "source", "licence", "indicator", "variant", "subject", "model", "lab", "date", "value",
    "low", "high", "level", "bound", "unit", "url", "stated_at", "detail",
)  # fmt: skip
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def write(store: Store, folder: Path) -> dict[str, int]:
    """Write the store's observations and their catalogue as the baseline; the number of rows by file.

    Sources that may not be passed on are left out, and the rows of each file stand in the order in
    which they became known.
    """
    catalogue = as_of(store.read("indicators"), INDICATORS.point).filter(pl.col("share") != "none")
    rows = (
        store.read("observations")
        .join(catalogue.select("indicator", "licence"), on="indicator")
        .with_columns(pl.col("known_at", "stated_at").dt.strftime(_INSTANT))
        .sort("known_at", "indicator", "variant", "date", "subject")
        .select(COLUMNS)
        .collect()
    )
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for (source,), group in rows.group_by("source", maintain_order=True):
        group.write_csv(folder / f"{source}.csv")
        counts[str(source)] = len(group)
    shown = catalogue.join(rows.lazy().select("indicator").unique(), on="indicator", how="semi").sort("indicator")
    shown.drop("row_id", "prev_id", "known_at").collect().write_csv(folder / f"{CATALOGUE}.csv")
    return counts


def load(store: Store) -> int:
    """Load the baseline if the store holds no observation yet; the number of observations added."""
    if not store.read("observations").select("row_id").head(1).collect().is_empty():
        return 0
    vintages: dict[datetime, list[dict[str, Any]]] = {}
    catalogue: list[dict[str, Any]] = []
    for name, row in _shipped():
        if name == CATALOGUE:
            catalogue.append(_typed(INDICATORS, row))
            continue
        known_at = datetime.strptime(row["known_at"], _INSTANT).replace(tzinfo=UTC)
        run = {"run_id": f"{BASELINE}-{known_at:%Y-%m-%d}"}
        vintages.setdefault(known_at, []).append(_typed(OBSERVATIONS, row) | run)
    store.append_vintages("indicators", catalogue)
    return sum(store.append_vintages("observations", rows, known_at) for known_at, rows in sorted(vintages.items()))


def _shipped() -> Iterator[tuple[str, dict[str, str]]]:
    for entry in sorted(files("data").joinpath("baseline").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".csv"):
            for row in csv.DictReader(entry.read_text(encoding="utf-8").splitlines()):
                yield entry.name.removesuffix(".csv"), row


def _typed(table: Table, row: Mapping[str, str]) -> dict[str, Any]:
    """The cells of a row as the table's types; what the store or the loader sets itself is left out."""
    set_later = {"row_id", "prev_id", "known_at", "run_id"}
    return {c.name: _cell(c.type, c.nullable, row[c.name]) for c in table.columns if c.name not in set_later}


def _cell(kind: pa.DataType, nullable: bool, text: str) -> Any:
    if nullable and not text:
        return None
    if pa.types.is_floating(kind):
        return float(text)
    if pa.types.is_boolean(kind):
        return text == "true"
    if pa.types.is_date(kind):
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if pa.types.is_timestamp(kind) else text
