"""What leaves the program as a file: exactly the rows that a view shows, with their terms."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.reading import Series, shown_rows
from dashboard.view import View
from data.text import csv_cell

COLUMNS = (
    "indicator", "variant", "date", "date_kind", "subject", "model", "lab", "value", "unit", "low", "high", "level",
    "bound", "on_frontier", "source", "licence", "url", "known_at", "first_known_at",
)  # fmt: skip
_TEXT = ("variant", "date_kind", "subject", "model", "lab", "unit", "source", "licence", "url")


def may_be_passed_on(indicator: Mapping[str, Any]) -> bool:
    """Whether the publisher's terms allow the rows in a file."""
    return bool(indicator["share"] != "none")


def table(series: Series, view: View) -> pd.DataFrame:
    """The shown rows under the column names of the file, newest first; numbers as numbers."""
    rows = shown_rows(series, view).sort_values(["date", "subject"], ascending=[False, True])
    rows = rows.assign(licence=series.indicator["licence"], date_kind=series.indicator["date_kind"])
    return rows[list(COLUMNS)].reset_index(drop=True)


def as_csv(series: Series, view: View, *, excel: bool = False) -> bytes:
    """UTF-8 with CRLF line ends, ISO dates, numbers plain; text cells that look like formulas are made harmless."""
    rows = table(series, view)
    for name in _TEXT:
        rows[name] = [csv_cell(text) if isinstance(text, str) else "" for text in rows[name]]
    for name in ("known_at", "first_known_at"):
        rows[name] = rows[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    rows["date"] = rows["date"].dt.strftime("%Y-%m-%d")
    rows["on_frontier"] = rows["on_frontier"].map({True: "true", False: "false"})
    out = io.StringIO()
    rows.to_csv(out, index=False, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    return (b"\xef\xbb\xbf" if excel else b"") + out.getvalue().encode()


def file_name(series: Series, view: View, newest: str) -> str:
    """`metr_p50_2026-05-10_openai.csv`: indicator, day of knowledge, labs."""
    labs = ["only" if view.only else "with", *view.labs] if view.labs else []
    return "_".join([series.indicator["indicator"], newest, *labs]) + ".csv"
