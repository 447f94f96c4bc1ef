"""The data dictionary: every table and column in words, as a page made from the schema."""

import polars as pl

from data.schema import TABLES, Column, Table

COMMAND = "python -m data dictionary"


def page() -> str:
    """docs/tables.md: what a row of each table is, then its columns with type, unit and meaning."""
    intro = f"""# The tables

Made from `data/schema.py` by `{COMMAND} > docs/tables.md`. Instants are UTC, to the microsecond. A column
that may be empty is marked so; an empty cell is a missing value and never zero. Rows are added and never changed.
"""
    return "\n".join([intro, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    lines = [f"## {table.name}", "", table.about, "", f"- Unique by `{table.key}`."]
    if table.partition:
        lines.append(f"- Stored in one folder a `{table.partition}`.")
    if table.point:
        lines.append(f"- Keeps vintages. A point is {_names(table.point)}; a row is added where one of these differs ")
        lines[-1] += f"from the point's newest row: {_names(table.compared)}."
    lines += ["", "| column | type | unit | may be empty | meaning |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(_row(column) for column in table.columns), ""])


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in columns)


def _row(column: Column) -> str:
    empty = "yes" if column.nullable else ""
    return f"| `{column.name}` | {_type(column.type)} | {column.unit} | {empty} | {column.meaning} |"


def _type(kind: pl.DataType) -> str:
    if isinstance(kind, pl.Datetime):
        return "instant"
    names = {pl.String(): "text", pl.Float64(): "number", pl.Date(): "day", pl.Boolean(): "yes or no"}
    return names.get(kind, "whole number")
