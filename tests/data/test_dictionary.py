"""The page that describes the tables says what the schema says, and says something of every column."""

from pathlib import Path

import pytest

from data.dictionary import page
from data.schema import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def test_the_page_is_the_one_that_the_command_makes() -> None:
    assert PAGE.read_text() == page(), "run: python -m data dictionary > docs/tables.md"


@pytest.mark.parametrize("name", TABLES)
def test_every_number_has_a_unit_and_every_column_a_meaning(name: str) -> None:
    for column in TABLES[name].columns:
        assert len(column.meaning) > 5
        assert not column.meaning.endswith(".")
        is_number = column.type.is_numeric()
        assert bool(column.unit) == is_number, column.name


def test_keys_points_and_partitions_are_columns() -> None:
    for table in TABLES.values():
        named = {table.key, table.stamp, *table.point, *table.compared, *([table.partition] if table.partition else [])}
        assert named <= set(table.names)
