"""The only file that knows where rows live: append and read Delta tables. Nothing is ever overwritten.

`row_id` chains each vintage to the one before it. What is new is worked out from one version of a table, and the
commit fails if another writer has touched the same partitions since; then it is worked out again. So keys stay
unique, chains do not fork, and repeats add nothing, whoever writes at the same time.
"""

import hashlib
import json
import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import narwhals as nw
import polars as pl
from arro3.core import Table as ArrowTable
from deltalake import (
    CommitProperties,
    DeltaTable,
    Field,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import PrimitiveType

from data import engine
from data.checked import checked
from data.schema import TABLES, Column, Failure, Table
from data.vintages import as_of

TRIES, PATIENCE = 20, 120.0
"""A commit that other writers were faster than is tried again, at least so often and for so many seconds."""
_TURNS: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)
"""Threads of one process take turns to write to a table; only processes race."""
LAYOUT = WriterProperties(compression="ZSTD", max_row_group_size=16_384)
"""How files are written. Engines leave out whole groups of rows by the least and greatest value of a column in each:
small groups leave out more, smaller ones than this compress worse and take longer to open."""
CHECKPOINT_EVERY = "20"
"""Opening a table reads the commits since its last checkpoint one by one, which tells on a bucket."""

_KINDS: dict[pl.DataType, str] = {
    pl.String(): "string", pl.Float64(): "double", pl.Int32(): "integer", pl.Int64(): "long", pl.Boolean(): "boolean",
    pl.Date(): "date", pl.Datetime("us", "UTC"): "timestamp",
}  # fmt: skip
"""How Delta calls the types of our columns."""


class OlderThanStored(Failure):
    """A back-dated vintage that differs from what was known then, while newer vintages exist."""

    def __init__(self, message: str) -> None:
        super().__init__("refused", message)


def digest(*parts: object) -> str:
    """32 hex characters that stand for `parts`; the same on every machine."""
    text = json.dumps(parts, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Store:
    """The tables below one address: a local folder or `s3://bucket/prefix`.

    `rows` are for questions: lazy frames of the engine, which is Polars in this process, or the Spark Connect
    server that `engine` names (sc://host:port). `read` gives lazy Polars frames whatever the engine.
    Failure("storage") where the address cannot be read or written; readers see rows only from whole commits.
    """

    uri: str
    engine: str = ""

    @cached_property
    def _io(self) -> dict[str, str] | None:
        # without these limits an unresponsive bucket blocks for minutes
        return {"timeout": "30s", "connect_timeout": "5s", "retry_timeout": "30s"} if "://" in self.uri else None

    def _at(self, name: str) -> str:
        return f"{self.uri.rstrip('/')}/{name}"

    def create(self) -> None:
        """Make the tables that do not exist yet and give older ones their new columns.

        Safe to call from several processes at once. Failure("refused") for a store that is newer than this program.
        """
        for table in TABLES.values():
            if not self.exists(table.name):
                self._make(table)
            elif missing := self._missing(table, self.table(table.name)):
                self.attempt(table.name, partial(self._add, table, missing))

    def _make(self, table: Table) -> None:
        try:
            if "://" not in self.uri:
                Path(self._at(table.name)).mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                self._at(table.name),
                schema=Schema(_fields(table.columns)),
                partition_by=[table.partition] if table.partition else [],
                mode="ignore",
                configuration={"delta.appendOnly": "true", "delta.checkpointInterval": CHECKPOINT_EVERY},
                storage_options=self._io,
            )
        except CommitFailedError:  # another process created it at the same instant
            if not self.exists(table.name):
                raise
        except (DeltaError, OSError) as error:
            raise self.failed("create", table.name, error) from error

    def _add(self, table: Table, columns: Sequence[Column]) -> int:
        stored = self.table(table.name)
        names = {field.name for field in stored.schema().fields}
        if wanted := [f for f in _fields(columns) if f.name not in names]:  # not added by another process since
            stored.alter.add_columns(wanted)
        return len(wanted)

    def _missing(self, table: Table, stored: DeltaTable) -> list[Column]:
        """Declared columns that a stored table lacks. Upgrades only ever add columns that may be empty."""
        here, there = ({f.name: f for f in fields} for fields in (_fields(table.columns), stored.schema().fields))
        newer = sorted(there.keys() - here.keys())
        newer += [name for name in there if name in here and here[name] != there[name]]
        missing = [c for c in table.columns if c.name not in there]
        if newer or not all(c.nullable for c in missing):
            named = ", ".join(newer or [c.name for c in missing if not c.nullable])
            raise Failure(
                "refused",
                f"table {table.name} at {self.uri} was made by another version of this program (columns {named}): "
                "it can be read, but only that version or a later one may write to it",
            )
        return missing

    def exists(self, name: str) -> bool:
        try:
            return bool(DeltaTable.is_deltatable(self._at(name), self._io))
        except (DeltaError, OSError) as error:
            raise self.failed("read", name, error) from error

    def version(self, name: str) -> int:
        """Number of the newest commit of a table; -1 before it exists. Cheap: the key for caches."""
        found = self.find(name)
        return int(found.version()) if found else -1

    def find(self, name: str) -> DeltaTable | None:
        """The table itself, as of its newest commit, or None before it exists. Failure("storage") if it is damaged."""
        try:
            return DeltaTable(self._at(name), storage_options=self._io)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise self.failed("read", name, error) from error

    def partitions(self, name: str) -> list[str]:
        """The partitions that a table has, last first, from its log alone: no row is read."""
        table = self.find(name)
        found = table.partitions() if table else []
        return sorted({value for partition in found for value in partition.values() if value}, reverse=True)

    def table(self, name: str) -> DeltaTable:
        """The same where it has to exist."""
        found = self.find(name)
        if found is None:
            raise Failure("storage", f"there is no table {name} at {self.uri}")
        return found

    def read(self, name: str) -> pl.LazyFrame:
        """All rows of a table, every vintage. An absent table reads as an empty one, an absent column as empty."""
        found = self.find(name)
        if found is None:
            return pl.LazyFrame(schema=TABLES[name].schema)
        return self._scan(name, found)

    def rows(self, name: str) -> nw.LazyFrame[Any]:
        """The same as a frame of the engine."""
        if self.engine and self.exists(name):
            return engine.rows(self.engine, self._at(name) if self._io else str(Path(self._at(name)).resolve()))
        return nw.from_native(self.read(name))

    def _scan(self, name: str, stored: DeltaTable) -> pl.LazyFrame:
        rows, names = pl.scan_delta(stored, storage_options=self._io), TABLES[name].names
        there = [field.name for field in stored.schema().fields]
        if there == names:
            return rows
        absent = {n: pl.lit(None, dtype) for n, dtype in TABLES[name].schema.items() if n not in there}
        return rows.with_columns(**absent).select(names)

    def append_new(self, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Add the rows whose key is not stored yet; the number added."""
        return self.append_frame(name, checked(TABLES[name], rows))

    def append_frame(self, name: str, rows: pl.DataFrame) -> int:
        """The same for rows that come from another store, as they stand there."""
        table = TABLES[name]
        batch = rows.unique(table.key, keep="first", maintain_order=True)
        if batch.is_empty():
            return 0
        parts = {n for value in _parts(table, batch) for n in _neighbours(table, value)}

        def write() -> int:
            stored = self._open(name)
            there = _within(table, self._scan(name, stored), parts).select(table.key)
            known = there.join(batch.lazy().select(table.key), on=table.key, how="semi").collect()
            return self._commit(stored, table, batch.join(known, on=table.key, how="anti"), parts)

        return self.attempt(name, write)

    def append_vintages(self, name: str, rows: Sequence[Mapping[str, Any]], at: datetime | None = None) -> int:
        """Add the rows that differ from the newest vintage of their point; the number added.

        Without `at` a row is stamped now, or just after its predecessor should the clock have been
        set back. With `at` (replays) rows are compared with what was known at that instant, and
        OlderThanStored is raised if a differing row would have to be slipped in before newer ones.
        """
        table = TABLES[name]
        blank = {"row_id": "", "prev_id": None, "known_at": at or datetime.now(UTC)}
        batch = checked(table, [{**row, **blank} for row in rows])
        batch = batch.unique(table.point, keep="last", maintain_order=True).drop("row_id", "prev_id", "known_at")
        if batch.is_empty():
            return 0
        parts = _parts(table, batch)

        def write() -> int:
            stored = self._open(name)
            new = _new_vintages(table, batch, _within(table, self._scan(name, stored), parts), at)
            return self._commit(stored, table, new, parts)

        return self.attempt(name, write)

    def _open(self, name: str) -> DeltaTable:
        """A table to write to."""
        stored = self.table(name)
        self._missing(TABLES[name], stored)
        return stored

    def _commit(self, stored: DeltaTable, table: Table, rows: pl.DataFrame, parts: Iterable[str]) -> int:
        """Append rows that were worked out from `stored`. CommitFailedError if one of `parts` was written since.

        A commit names as its transactions all partitions that were looked at; of two that name the same
        one and were worked out from the same version the second fails.
        """
        if rows.is_empty():
            return 0
        rows = rows.sort(table.together, maintain_order=True) if table.together else rows
        looked_at = [Transaction(f"{table.name}/{part}", stored.version()) for part in sorted(set(parts))]
        write_deltalake(
            stored,
            _arrow(table, rows),
            mode="append",
            writer_properties=LAYOUT,
            commit_properties=CommitProperties(app_transactions=looked_at),
        )
        if self._io is None:
            _to_disk(Path(self._at(table.name)), stored.version())
        return len(rows)

    def attempt(self, name: str, write: Callable[[], int]) -> int:
        """Do what commits to a table; again where another writer was first. Failure("storage") if it cannot be done."""
        until = time.monotonic() + PATIENCE
        with _TURNS[self.uri, name]:
            for attempt in count(1):
                try:
                    return write()
                except CommitFailedError as error:  # another writer was first: read again
                    if attempt >= TRIES and time.monotonic() > until:
                        raise self.failed("write", name, error) from error
                    time.sleep(random.random() * 0.05 * min(attempt, TRIES))  # noqa: S311 - jitter
                except (DeltaError, OSError) as error:
                    raise self.failed("write", name, error) from error
        raise AssertionError("unreachable")

    def failed(self, verb: str, name: str, error: Exception) -> Failure:
        """What to raise where a table cannot be read or written."""
        reason = " ".join(str(error).split())[:200]
        return Failure("storage", f"cannot {verb} table {name} at {self.uri}: {reason}")


class Watch:
    """The versions of some tables, looked at again and again: tables stay open, since opening one costs 20 ms.

    They are opened anew each minute, for what only that finds: a log of which the next entries are gone, or a
    table that was put back from a copy.
    """

    def __init__(self, store: Store, names: Sequence[str]) -> None:
        self._store, self._names = store, names
        self._tables: dict[str, DeltaTable] = {}
        self._opened = time.monotonic()

    def versions(self) -> tuple[int, ...]:
        """The newest commit of each table, in the order of the names; -1 before it exists. Failure("storage")."""
        if time.monotonic() - self._opened > 60:
            self._tables.clear()
            self._opened = time.monotonic()
        return tuple(self._version(name) for name in self._names)

    def _version(self, name: str) -> int:
        table = self._tables.get(name)
        if table is None:
            table = self._store.find(name)
            if table is None:
                return -1
            self._tables[name] = table
        else:
            try:
                table.update_incremental()
            except (DeltaError, OSError) as error:
                raise self._store.failed("read", name, error) from error
        return int(table.version())


def _to_disk(folder: Path, version: int) -> None:
    """Have the system write a commit and its files to the disk, which delta-rs never asks for."""
    commit = folder / "_delta_log" / f"{version:020}.json"
    actions = map(json.loads, commit.read_text(encoding="utf-8").splitlines())
    files = [folder / unquote(action["add"]["path"]) for action in actions if "add" in action]
    for path in dict.fromkeys([*files, *(file.parent for file in files), commit, commit.parent]):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _fields(columns: Iterable[Column]) -> list[Field]:
    return [Field(c.name, PrimitiveType(_KINDS[c.type]), nullable=c.nullable) for c in columns]


def _arrow(table: Table, rows: pl.DataFrame) -> ArrowTable:
    """The rows with the types that the table has in files: a file keeps Polars' own ones, which Sail cannot read."""
    schema, given = Schema(_fields(table.columns)).to_arrow(), ArrowTable.from_arrow(rows)
    return ArrowTable.from_arrays(
        [given.column(name).cast(schema.field(name).type) for name in schema.names], schema=schema
    )


def _parts(table: Table, rows: pl.DataFrame) -> list[str]:
    """The partitions that rows belong to; one without a name where a table has none."""
    return rows[table.partition].unique().to_list() if table.partition else [""]


def _within(table: Table, rows: pl.LazyFrame, parts: Iterable[str]) -> pl.LazyFrame:
    return rows.filter(pl.col(table.partition).is_in(sorted(parts))) if table.partition else rows


def _neighbours(table: Table, value: str) -> tuple[str, ...]:
    """Partition values in which the same key may already lie: feeds re-date articles across a month's end."""
    if table.name != "mentions":
        return (value,)
    first = date(int(value[:4]), int(value[5:7]), 1)
    months = first.year * 12 + first.month - 1
    return tuple(f"{m // 12:04}-{m % 12 + 1:02}" for m in (months - 1, months, months + 1))


def _new_vintages(table: Table, batch: pl.DataFrame, stored: pl.LazyFrame, at: datetime | None) -> pl.DataFrame:
    point = list(table.point)
    old = as_of(stored, at).select(
        *point, prev_id="row_id", prev_at="known_at", **{f"old_{c}": pl.col(c) for c in table.compared}
    )
    differs = pl.any_horizontal([pl.col(c).ne_missing(pl.col(f"old_{c}")) for c in table.compared])
    fresh = pl.col("prev_id").is_null()
    new = batch.lazy().join(old, on=point, how="left").filter(differs | fresh)
    stamp = pl.lit(at or datetime.now(UTC)).cast(pl.Datetime("us", "UTC"))
    # a clock that was set back must not hide the newer row behind the older one
    known_at = pl.max_horizontal(stamp, pl.col("prev_at") + pl.duration(microseconds=1))
    done = new.with_columns(known_at=known_at).collect()
    if at is not None and len(done):
        _refuse_older(table, done, stored, at)
    ids = [digest(*row) for row in done.select(*point, *table.compared, "prev_id").iter_rows()]
    return done.with_columns(row_id=pl.Series(ids, dtype=pl.String)).select(table.names)


def _refuse_older(table: Table, new: pl.DataFrame, stored: pl.LazyFrame, at: datetime) -> None:
    point = list(table.point)
    later = stored.filter(pl.col("known_at") > at).join(new.lazy().select(point), on=point, how="semi")
    newest = later.select(pl.col("known_at").max()).collect().item()
    if newest is not None:
        raise OlderThanStored(
            f"{table.name}: {len(new)} rows differ from what was known at {at:%Y-%m-%d %H:%M} UTC, "
            f"but rows of {newest:%Y-%m-%d %H:%M} UTC are stored already; replay vintages in order of date"
        )
