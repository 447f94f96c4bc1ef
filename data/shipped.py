"""The baseline: facts that come with the program, so that a machine without network shows true charts.

One tidy CSV a source in `data/baseline/`, written from a store that our own collectors filled, every row
with source, licence and vintage. It is loaded once, into an empty store, in order of vintage.
"""

import csv
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from data.schema import BASELINE
from data.store import Store

COLUMNS = (
    "known_at", "source", "licence", "indicator", "variant", "subject", "model", "lab", "date", "value",
    "low", "high", "level", "bound", "unit", "url", "stated_at", "detail",
)  # fmt: skip
_NUMBERS = ("value", "low", "high", "level")


def write(store: Store, folder: Path) -> dict[str, int]:
    """Write the store's observations as the baseline; the number of rows by source.

    Sources that may not be passed on are left out, and the rows of each file stand in the order in
    which they became known.
    """
    terms = store.read("indicators").sort("known_at").group_by("indicator", maintain_order=True).last()
    rows = (
        store.read("observations")
        .join(terms.select("indicator", "licence", "share"), on="indicator")
        .filter(pl.col("share") != "none")
        .with_columns(known_at=pl.col("known_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
        .sort("known_at", "indicator", "variant", "date", "subject")
        .select(COLUMNS)
        .collect()
    )
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for (source,), group in rows.group_by("source", maintain_order=True):
        group.write_csv(folder / f"{source}.csv")
        counts[str(source)] = len(group)
    return counts


def load(store: Store) -> int:
    """Load the baseline if the store holds no observation yet; the number of rows added."""
    if not store.read("observations").select("row_id").head(1).collect().is_empty():
        return 0
    return sum(
        store.append_vintages("observations", rows, known_at) for known_at, rows in sorted(_vintages().items())
    )


def _vintages() -> dict[datetime, list[dict[str, Any]]]:
    found: dict[datetime, list[dict[str, Any]]] = {}
    for entry in sorted(files("data").joinpath("baseline").iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".csv"):
            continue
        for row in csv.DictReader(entry.read_text(encoding="utf-8").splitlines()):
            known_at = datetime.strptime(row["known_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            found.setdefault(known_at, []).append(_observation(row, known_at))
    return found


def _observation(row: dict[str, str], known_at: datetime) -> dict[str, Any]:
    numbers = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    texts = {name: row[name] or None for name in ("model", "lab", "url", "detail")}
    return {
        **{name: row[name] for name in ("source", "indicator", "variant", "subject", "bound", "unit")},
        **numbers,
        **texts,
        "date": date.fromisoformat(row["date"]),
        "stated_at": datetime.fromisoformat(row["stated_at"]) if row["stated_at"] else None,
        "run_id": f"{BASELINE}-{known_at:%Y-%m-%d}",
    }
