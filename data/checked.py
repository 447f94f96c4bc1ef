"""The door of the tables: rows become a frame of the declared types, or are refused."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from data.schema import BadRow, Column, Table

_PART = r"^[A-Za-z0-9_.-]+$"


def checked(table: Table, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of the declared types. BadRow for what no table may hold, naming column and value."""
    names = set(table.schema.names)
    listed = list(rows)
    for row in listed:
        if row.keys() != names:
            raise BadRow(f"{table.name}: columns {sorted(set(row) ^ names)} are missing or unknown")
    for column in table.columns:  # Arrow would take an instant without a zone for UTC
        if pa.types.is_timestamp(column.type):
            _refuse(table, column, "has no zone", [v for row in listed if (v := row[column.name]) and v.tzinfo is None])
    try:
        frame = pl.from_arrow(pa.Table.from_pylist(listed, schema=table.schema))
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise BadRow(f"{table.name}: {error}") from error
    assert isinstance(frame, pl.DataFrame)
    for column in table.columns:
        values = frame[column.name]
        if not column.nullable:
            _refuse(table, column, "is missing", values.filter(values.is_null()))
        if values.dtype.is_float():
            _refuse(table, column, "is not a finite number", values.filter(~values.is_finite()))
        if column.name == table.partition:
            _refuse(table, column, "cannot name a folder", values.filter(~values.str.contains(_PART)))
    return frame


def _refuse(table: Table, column: Column, problem: str, wrong: Sequence[object] | pl.Series) -> None:
    if len(wrong):
        raise BadRow(f"{table.name}: {column.name} {problem}: {wrong[0]!r}")
