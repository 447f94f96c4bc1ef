"""Lazy frames of whatever engine, and the answer as something at hand: a pandas or Polars frame, or mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

if TYPE_CHECKING:  # 60 MB, which a collector that asks for mappings does without
    import pandas as pd

Rows = nw.LazyFrame[Any]


def as_pandas(rows: Rows) -> pd.DataFrame:
    """The rows as pages use them."""
    found: pd.DataFrame = rows.collect(backend="pyarrow").to_native().to_pandas(date_as_object=False)
    return found


def as_polars(rows: Rows) -> pl.DataFrame:
    """The rows as collectors use them."""
    found: pl.DataFrame = rows.collect(backend="polars").to_native()
    return found


def lazily(rows: Rows) -> pl.LazyFrame:
    """The rows as a Polars query where Polars answers it, so that they need not be in memory at once."""
    native = rows.to_native()
    return native if isinstance(native, pl.LazyFrame) else as_polars(rows).lazy()


def as_mappings(rows: Rows) -> list[dict[str, Any]]:
    """One mapping a row."""
    return as_polars(rows).to_dicts()


def first_row(rows: Rows) -> dict[str, Any] | None:
    """The first row, or None where there is none."""
    found = as_mappings(rows.head(1))
    return found[0] if found else None


def differs(column: str, other: str) -> nw.Expr:
    """Whether two columns differ, where missing equals missing and nothing else."""
    one, two = nw.col(column), nw.col(other)
    return (one.is_null() != two.is_null()) | (~one.is_null() & ~two.is_null() & (one != two))
