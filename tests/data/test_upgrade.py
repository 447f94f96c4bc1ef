"""Upgrades go forward only: every released layout can be read and written by this program, and a newer one is refused."""

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable, Schema, write_deltalake

from data import schema, store
from data.schema import TABLES, Column, Failure, Table
from data.store import Store
from tests.data.test_store import at, row, values

LAYOUTS = sorted((Path(__file__).parent / "layouts").glob("*.json"))
TYPES = {
    "string": pa.string(), "double": pa.float64(), "int32": pa.int32(), "int64": pa.int64(), "bool": pa.bool_(),
    "date32[day]": pa.date32(), "timestamp[us, tz=UTC]": pa.timestamp("us", "UTC"),
}  # fmt: skip


def made(uri: str, layout: dict[str, Any]) -> Store:
    """A store as an older program left it, with one observation."""
    for name, table in layout.items():
        fields = [pa.field(column, TYPES[kind], null) for column, (kind, null) in table["columns"].items()]
        part = [table["partition"]] if table["partition"] else []
        arrow = pa.schema(fields)
        append_only = {"delta.appendOnly": "true"}
        DeltaTable.create(
            f"{uri}/{name}", schema=Schema.from_arrow(arrow), partition_by=part, configuration=append_only
        )
        if name == "observations":
            old = row(1.0) | {"row_id": "x", "prev_id": None, "known_at": at(1)}
            rows = pa.Table.from_pylist([{k: v for k, v in old.items() if k in table["columns"]}], schema=arrow)
            write_deltalake(f"{uri}/{name}", rows, mode="append")
    return Store(uri)


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda p: p.stem)
def test_a_store_of_an_earlier_release_is_upgraded_in_place(path: Path, tmp_path: Path) -> None:
    old = made(str(tmp_path / "old"), json.loads(path.read_text()))
    assert values(old) == [1.0], "readable before the upgrade"
    old.create()
    assert old.append_vintages("observations", [row(2.0)], at(2)) == 1
    assert (values(old, at(1)), values(old)) == ([1.0], [2.0])
    for name, table in TABLES.items():
        assert set(old.read(name).collect_schema().names()) == set(table.names)


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda p: p.stem)
def test_what_is_new_since_a_release_may_be_empty_and_nothing_is_gone(path: Path) -> None:
    for name, old in json.loads(path.read_text()).items():
        now = {c.name: (c.type, c.nullable) for c in TABLES[name].columns}
        then = {
            column: (pl.Series(pa.array([], TYPES[kind])).dtype, null)
            for column, (kind, null) in old["columns"].items()
        }
        assert {k: now.get(k) for k in then} == then
        assert all(nullable for column, (_, nullable) in now.items() if column not in old["columns"])


def later(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """From here on the program declares observations as a later release might."""
    table: Table = replace(TABLES["observations"], **changes)
    monkeypatch.setattr(store, "TABLES", MappingProxyType({**schema.TABLES, "observations": table}))


def test_a_new_column_reads_as_empty_before_and_after_the_upgrade(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append_vintages("observations", [row(1.0)], at(1))
    columns = TABLES["observations"].columns
    later(monkeypatch, columns=(*columns[:5], Column("note", pl.String(), "a remark", nullable=True), *columns[5:]))
    assert store.read("observations").select("note").collect()["note"].to_list() == [None]
    store.create()
    store.create()
    store.append_vintages("observations", [row(2.0, note="restated")], at(2))
    stored = store.read("observations").sort("known_at").collect()
    assert stored["note"].to_list() == [None, "restated"]
    assert stored.columns[5] == "note", "columns stand in the declared order, wherever they lie in the file"


def test_a_store_newer_than_the_program_is_read_and_not_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append_vintages("observations", [row(1.0, detail="{}")], at(1))
    later(monkeypatch, columns=tuple(c for c in TABLES["observations"].columns if c.name != "detail"))
    without = row(2.0)
    del without["detail"]
    for write in (store.create, lambda: store.append_vintages("observations", [without], at(2))):
        with pytest.raises(Failure, match="another version of this program \\(columns detail\\)"):
            write()
    assert values(store) == [1.0]


def test_a_column_that_must_be_filled_cannot_be_added(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = TABLES["observations"].columns
    later(monkeypatch, columns=(*columns, Column("colour", pl.String(), "a colour")))
    with pytest.raises(Failure, match="columns colour"):
        store.create()
