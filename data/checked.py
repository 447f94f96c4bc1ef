"""The door of the tables: rows become a frame of the declared types, or are refused."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from data.schema import BadRow, Column, Table

_PART = r"^[A-Za-z0-9_.-]+$"


def checked(table: Table, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of the declared types. BadRow for what no table may hold, naming column and value."""
    names = set(table.names)
    listed = list(rows)
    for row in listed:
        if row.keys() != names:
            raise BadRow(f"{table.name}: columns {sorted(set(row) ^ names)} are missing or unknown")
    for column in table.columns:
        _refuse_kind(table, column, [value for row in listed if (value := row[column.name]) is not None])
    frame = pl.DataFrame([_series(table, name, kind, listed) for name, kind in table.schema.items()])
    for column in table.columns:
        values = frame[column.name]
        if not column.nullable:
            _refuse(table, column, "is missing", values.filter(values.is_null()))
        if values.dtype.is_float():
            _refuse(table, column, "is not a finite number", values.filter(~values.is_finite()))
        if column.name == table.partition:
            _refuse(table, column, "cannot name a folder", values.filter(~values.str.contains(_PART)))
    return frame


def _series(table: Table, name: str, kind: pl.DataType, rows: Sequence[Mapping[str, Any]]) -> pl.Series:
    try:
        return pl.Series(name, [row[name] for row in rows], dtype=kind, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        raise BadRow(f"{table.name}: {name}: {error}") from error


def _refuse_kind(table: Table, column: Column, values: Sequence[Any]) -> None:
    """What Polars would take for something else: a truth for a number, a day or a text for an instant."""
    if isinstance(column.type, pl.Datetime):
        _refuse(table, column, "is no instant", [v for v in values if not isinstance(v, datetime)])
        _refuse(table, column, "has no zone", [v for v in values if v.tzinfo is None])
    elif column.type == pl.Date:
        _refuse(table, column, "is no day", [v for v in values if not isinstance(v, date) or isinstance(v, datetime)])
    elif column.type.is_integer():
        _refuse(table, column, "is no number", [v for v in values if isinstance(v, bool)])


def _refuse(table: Table, column: Column, problem: str, wrong: Sequence[object] | pl.Series) -> None:
    if len(wrong):
        raise BadRow(f"{table.name}: {column.name} {problem}: {wrong[0]!r}")
