"""What leaves the program as a file about one indicator: exactly the rows that a view shows, with their terms."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pandas as pd
import polars as pl

from dashboard.reading import Series, shown_rows
from dashboard.view import View, query
from data import tidy
from data.schema import OBSERVATIONS
from data.text import safe_link

COLUMNS = (
    "indicator", "variant", "date", "date_kind", "subject", "model", "lab", "value", "unit", "low", "high", "level",
    "bound", "on_frontier", "source", "licence", "url", "known_at", "first_known_at",
)  # fmt: skip
_MEANING = {c.name: c.meaning for c in OBSERVATIONS.columns} | {
    "date_kind": "which date it is: release, evaluation, period",
    "bound": "exact, or at least / at most where only a bound was measured",
    "on_frontier": "whether it was a record when it came, among the values that the trend is fitted to",
    "licence": "licence or terms, as the publisher states them",
    "first_known_at": "when the first value of this point was stored",
}
_BOM = b"\xef\xbb\xbf"


def may_be_passed_on(indicator: Mapping[str, Any]) -> bool:
    """Whether the publisher's terms allow the rows in a file."""
    return bool(indicator["share"] != "none")


def whole(series: Series, rows: pd.DataFrame) -> Series:
    """The series with all rows of its indicator, every variant: `rows` as the tables give them."""
    is_usual = rows["variant"] == series.variant
    on_frontier = rows["subject"].isin(series.verdict.fitted.ids) & is_usual
    return replace(series, rows=rows.assign(on_frontier=on_frontier, beside=~is_usual))


def table(series: Series, view: View) -> pd.DataFrame:
    """The shown rows under the column names of the file, newest first; numbers as numbers."""
    rows = shown_rows(series, view).sort_values(["date", "subject", "variant"], ascending=[False, True, True])
    rows = rows.assign(licence=series.indicator["licence"], date_kind=series.indicator["date_kind"])
    rows["url"] = [safe_link(url) if isinstance(url, str) else None for url in rows["url"]]
    return rows[list(COLUMNS)].reset_index(drop=True)


def as_csv(series: Series, view: View, *, excel: bool = False) -> bytes:
    """UTF-8 with CRLF line ends, ISO dates, numbers plain; text cells that look like formulas are made harmless."""
    rows = pl.from_pandas(table(series, view)).with_columns(pl.col("date").cast(pl.Date))
    texts = [name for name in COLUMNS if rows.schema[name] == pl.Null]  # a text column in which nothing is known
    return (_BOM if excel else b"") + b"".join(tidy.csv_pieces(rows.with_columns(pl.col(texts).cast(pl.String))))


def as_rows(series: Series, view: View) -> list[dict[str, Any]]:
    """The shown rows for JSON: nothing made harmless, None where nothing is known."""
    found = table(series, view)
    return [{str(name): _plain(name, value) for name, value in row.items()} for row in found.to_dict("records")]


def _plain(name: object, value: Any) -> Any:
    if value is None or value != value:  # NaN and NaT differ from themselves
        return None
    if isinstance(value, pd.Timestamp):
        return value.date() if name == "date" else value.to_pydatetime()
    return value


def columns() -> list[dict[str, str]]:
    """What each column of the file means."""
    return [{"name": name, "meaning": _MEANING[name]} for name in COLUMNS]


def definition(indicator: Mapping[str, Any]) -> dict[str, Any]:
    """What an indicator is, from the catalogue."""
    names = (
        "indicator", "name", "definition", "unit", "stage", "better", "scale", "family", "marks", "date_kind", "note",
        "source", "source_title", "homepage", "licence", "credit", "share", "period_days",
    )  # fmt: skip
    found = {name: indicator[name] for name in names}
    return {**found, "homepage": safe_link(found["homepage"]), "variants": list(indicator["variants"])}


def citation(indicator: Mapping[str, Any], day: date, link: str) -> str:
    """How to cite an indicator as known on a day."""
    return (
        f"{indicator['name']}. {indicator['source_title']} ({indicator['licence']}), via AI Progress Monitor, "
        f"as known on {day.isoformat()}, {link}."
    )


def bibtex(indicator: Mapping[str, Any], day: date, link: str) -> str:
    """The same as an entry of BibTeX; braces and backslashes of outside words are left out."""
    name, producer, licence = (
        re.sub(r"[{}\\]", "", str(indicator[part])).replace("%", r"\%").replace("&", r"\&")
        for part in ("name", "source_title", "licence")
    )
    fields = {
        "title": f"{{{name}}}",
        "author": f"{{{{{producer}}}}}",
        "year": f"{{{day.year}}}",
        "howpublished": f"{{via AI Progress Monitor, as known on {day.isoformat()}}}",
        "note": f"{{Licence: {licence}}}",
        "url": f"{{{link}}}",
        "urldate": f"{{{day.isoformat()}}}",
    }
    body = ",\n".join(f"  {key} = {value}" for key, value in fields.items())
    return f"@misc{{{indicator['indicator']}_{day:%Y_%m_%d},\n{body}\n}}"


def newest_known(series: Series) -> datetime | None:
    """When the newest of the rows was stored."""
    rows = series.rows
    return rows["known_at"].max().to_pydatetime() if len(rows) else None


def newest_day(series: Series, view: View) -> str:
    """The day of knowledge for the name of a file: that of the view, else of the newest row."""
    newest = newest_known(series)
    return view.as_of.isoformat() if view.as_of else f"{newest:%Y-%m-%d}" if newest else "empty"


def filters(view: View) -> dict[str, list[str]]:
    """The part of the view that says which rows are shown."""
    return {name: values for name, values in query(view).items() if name in ("lab", "only", "from", "to", "v", "asof")}


def file_name(series: Series, view: View, newest: str) -> str:
    """`metr_p50_2026-05-10_only_openai_from_2y.csv`: indicator, day of knowledge, labs, range."""
    labs = ["only" if view.only else "with", *view.labs] if view.labs else []
    days = [*(["from", view.start] if view.start else []), *(["to", view.end] if view.end else [])]
    return "_".join([series.indicator["indicator"], newest, *labs, *days]) + ".csv"
