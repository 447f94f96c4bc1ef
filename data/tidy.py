"""Rows as a tidy CSV for strangers: UTF-8, CRLF, ISO dates, numbers that round-trip, no live formula.

Text cells only are made harmless, by the one rule of `csv_cell`; a number is never touched.
"""

import io
from collections.abc import Iterator

import polars as pl

from data.text import csv_cell

INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"
BOUNDS = {"=": "exact", ">=": "at least", "<=": "at most"}
"""How a bound is written in a file: a cell that is a bare = is a formula to some programs."""

ROWS_AT_ONCE = 50_000


def harmless(text: pl.Series) -> pl.Series:
    """A text column in which no cell is taken for a formula."""
    first = text.str.slice(0, 1)
    live = [c for c in first.unique().to_list() if c and csv_cell(c) != c]
    if not live:
        return text
    frame = pl.DataFrame({"text": text, "first": first})
    return frame.select(
        pl.when(pl.col("first").is_in(live)).then("'" + pl.col("text")).otherwise(pl.col("text")).alias(text.name)
    )[text.name]


def cells(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with every column as it stands in a file."""
    columns = []
    for column in rows.iter_columns():
        if column.name == "bound":
            columns.append(column.replace_strict(BOUNDS, return_dtype=pl.String))
        elif column.dtype == pl.String:
            columns.append(harmless(column))
        elif isinstance(column.dtype, pl.Datetime):
            columns.append(column.dt.strftime(INSTANT))
        else:
            columns.append(column)
    return pl.DataFrame(columns)


def csv_pieces(rows: pl.DataFrame, *, header: bool = True) -> Iterator[bytes]:
    """The file in pieces of some megabytes; the first one begins with the names of the columns."""
    for start in range(0, max(len(rows), 1), ROWS_AT_ONCE):
        piece = io.BytesIO()
        cells(rows.slice(start, ROWS_AT_ONCE)).write_csv(
            piece, include_header=header and start == 0, line_terminator="\r\n"
        )
        yield piece.getvalue()
