"""The baseline: facts that come with the program, so that a machine without network shows true charts.

One tidy CSV a source in `data/baseline/`, written from a store that our own collectors filled, every row
with source, licence and vintage, and the catalogue in `indicators.csv`. It is loaded once, into an
empty store, in order of vintage. Mentions lie beside it in `baseline_mentions.csv`: what a publisher's headline says
stays with the publisher, so their titles are made of the words of the address.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl

from data.schema import BASELINE, INDICATORS, MENTIONS, OBSERVATIONS, Table
from data.store import Store
from data.text import clean
from data.vintages import as_of

CATALOGUE = "indicators"
SHIPPED_MENTIONS = "baseline_mentions.csv"
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
    catalogue = as_of(store.read("indicators")).filter(pl.col("share") != "none")
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
    load_mentions(store)
    return sum(store.append_vintages("observations", rows, known_at) for known_at, rows in sorted(vintages.items()))


def write_mentions(store: Store, path: Path) -> int:
    """Write the store's mentions as the baseline, by date; the number of rows."""
    rows = (
        store.read("mentions").filter((pl.col("lab") != "") | (pl.col("topic") != "")).drop("month", "run_id").collect()
    )
    shown = [
        {
            **row,
            "title": title_from_address(row["url"]),
            **{name: row[name].strftime(_INSTANT) for name in ("published_at", "known_at")},
        }
        for row in rows.sort("published_at", "id").iter_rows(named=True)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=rows.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(shown)
    return len(shown)


def load_mentions(store: Store) -> int:
    """Load the shipped mentions into a store that has none; the number of rows added."""
    if not store.read("mentions").select("id").head(1).collect().is_empty():
        return 0
    rows = []
    for row in csv.DictReader(files("data").joinpath(SHIPPED_MENTIONS).read_text(encoding="utf-8").splitlines()):
        known_at = datetime.strptime(row["known_at"], _INSTANT).replace(tzinfo=UTC)
        typed = _typed(MENTIONS, row | {"month": row["published_at"][:7]})
        rows.append(typed | {"known_at": known_at, "run_id": f"{BASELINE}-{known_at:%Y-%m-%d}"})
    return store.append_new("mentions", rows)


def title_from_address(url: str) -> str:
    """A title of the words in the last part of an address: ".../news/claude-opus-4-7" is "Claude opus 4 7"."""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    words = re.sub(r"[-_+]+", " ", unquote(re.sub(r"\.\w{2,5}$", "", parts[-1] if parts else ""))).strip()
    found = clean(words) or urlsplit(url).hostname or url
    return found[:1].upper() + found[1:]


def _shipped() -> Iterator[tuple[str, dict[str, str]]]:
    for entry in sorted(files("data").joinpath("baseline").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".csv"):
            for row in csv.DictReader(entry.read_text(encoding="utf-8").splitlines()):
                yield entry.name.removesuffix(".csv"), row


def _typed(table: Table, row: Mapping[str, str]) -> dict[str, Any]:
    """The cells of a row as the table's types; what the store or the loader sets itself is left out."""
    set_later = {"row_id", "prev_id", "known_at", "run_id"}
    return {c.name: _cell(c.type, c.nullable, row[c.name]) for c in table.columns if c.name not in set_later}


def _cell(kind: pl.DataType, nullable: bool, text: str) -> Any:
    if nullable and not text:
        return None
    if kind.is_float():
        return float(text)
    if kind == pl.Boolean:
        return text == "true"
    if kind == pl.Date:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if isinstance(kind, pl.Datetime) else text
