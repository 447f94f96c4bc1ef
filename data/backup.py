"""Backup and restore: the rows of one store copied to another one, exact to the instant at which each was known.

A backup is a store itself, in a folder or a bucket: it can be read, served and proved like any other. Copying again
adds only what is new; a copy that was cut is finished by the next one.
"""

import polars as pl

from data.schema import TABLES, Failure
from data.store import Store


def copy(source: Store, target: Store) -> dict[str, int]:
    """Add to `target` the rows that it lacks; their number by table. Failure("refused") if it holds others.

    Runs come first: what a run counts was stored before its record, so a copy made while a worker
    writes never has a record without its rows.
    """
    for name in TABLES:
        if strangers := _strangers(source, target, name):
            raise Failure(
                "refused",
                f"{target.uri} holds {strangers} rows of {name} that are not in {source.uri}: it is no copy of it",
            )
    target.create()
    return {name: _copy(source, target, name) for name in ("runs", *(name for name in TABLES if name != "runs"))}


def _strangers(source: Store, target: Store, name: str) -> int:
    key = TABLES[name].key
    there, here = target.read(name).select(key), source.read(name).select(key)
    return len(there.join(here, on=key, how="anti").collect())


def _copy(source: Store, target: Store, name: str) -> int:
    rows, part = source.read(name), TABLES[name].partition
    if part is None:
        return target.append_frame(name, rows.collect())
    values = rows.select(pl.col(part).unique().sort()).collect()[part]
    # a partition at a time, so that the memory of one is enough
    return sum(target.append_frame(name, rows.filter(pl.col(part) == value).collect()) for value in values)
