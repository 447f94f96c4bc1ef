"""Rows as a tidy CSV for strangers: UTF-8, CRLF, ISO dates, numbers that round-trip, no live formula.

Text cells only are made harmless, by the one rule of `csv_cell`; a number is never touched.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from data.text import FORMULA

INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"
BOUNDS = {"=": "exact", ">=": "at least", "<=": "at most"}
"""How a bound is written in a file: a cell that is a bare = is a formula to some programs."""

ROWS_AT_ONCE = 50_000
_END = "\r\n"
_LIVE = f"^[{re.escape(FORMULA)}]"


def cells(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with every column as it stands in a file."""
    return rows.select(_cell(pl.col(name), name, kind) for name, kind in rows.collect_schema().items())


def _cell(column: pl.Expr, name: str, kind: pl.DataType) -> pl.Expr:
    if name == "bound":
        return column.replace_strict(BOUNDS, return_dtype=pl.String)
    if kind == pl.String:
        return pl.when(column.str.contains(_LIVE)).then(pl.lit("'") + column).otherwise(column).alias(name)
    if isinstance(kind, pl.Datetime):  # all are UTC; without the zone it is twice as fast
        return column.dt.replace_time_zone(None).dt.strftime(INSTANT)
    return column


def csv_file(made: pl.LazyFrame, path: Path) -> None:
    """The file of these `cells`, written as the rows are read: of any length in little memory."""
    made.sink_csv(path, line_terminator=_END, engine="streaming")


def csv_pieces(rows: pl.DataFrame, *, header: bool = True) -> Iterator[bytes]:
    """The file in pieces of some megabytes; the first one begins with the names of the columns."""
    for start in range(0, max(len(rows), 1), ROWS_AT_ONCE):
        piece = io.BytesIO()
        cells(rows.slice(start, ROWS_AT_ONCE).lazy()).collect().write_csv(
            piece, include_header=header and start == 0, line_terminator=_END
        )
        yield piece.getvalue()
