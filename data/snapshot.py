"""The download: one zip with tidy CSVs, their description, licences, citation and hashes.

The same rows always give the same bytes: rows are sorted, no clock is read, the zip has fixed times. The
instant that a snapshot names is that of the newest row in it, so tables that have grown since give it again.
"""

import hashlib
import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import polars as pl

from data import package
from data.package import Member
from data.resources import Resource, Scope, known, resources
from data.schema import TABLES, Failure
from data.store import Store
from data.terms import Terms
from data.tidy import csv_pieces

FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Snapshot:
    """What was written: the instant of the newest row, the files, and how many rows were left out, by reason."""

    instant: datetime
    members: tuple[Member, ...]
    left_out: dict[str, int]


def newest(store: Store, instant: datetime | None = None) -> datetime | None:
    """When the newest row known at `instant` was stored; None where nothing was known."""
    found: list[datetime] = []
    for name, table in TABLES.items():
        rows = store.read(name) if instant is None else known(store, name, instant)
        last = rows.select(pl.col(table.stamp).max()).collect().item()
        if last is not None:
            found.append(last)
    return max(found, default=None)


def write(store: Store, out: Path, instant: datetime | None = None, indicators: Iterable[str] = ()) -> Snapshot:
    """Write the state of `instant` (the newest, if None) to `out`; the file appears whole or not at all."""
    at = newest(store, instant)
    if at is None:
        raise Failure(
            "no_data",
            "the tables hold nothing" + (f" that was known at {instant:%Y-%m-%d %H:%M} UTC" if instant else ""),
        )
    wanted = tuple(sorted(set(indicators)))
    scope = Scope.of(store, at, wanted)
    if missing := set(wanted) - set(scope.catalogue["indicator"]):
        raise Failure("no_data", f"there is no indicator {sorted(missing)[0]!r} as known at {at:%Y-%m-%d %H:%M} UTC")
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            made = build(scope, file)
        part.replace(out)
    except OSError as error:
        raise Failure("storage", f"cannot write {out}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return made


def build(scope: Scope, out: IO[bytes]) -> Snapshot:
    """Write the zip into an open file, one piece after the other."""
    files: list[tuple[Resource, Member]] = []
    left_out: Counter[str] = Counter()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for resource in resources():
            pieces = _shaped(resource, scope)
            if resource.name == "left_out":
                pieces = _noted(pieces, left_out)
            files.append((resource, _table(archive, resource, pieces)))
        withheld = _withheld(scope)
        papers = [
            _file(archive, "README.md", [package.readme(scope, files, left_out)]),
            _file(archive, "LICENCES.md", [package.licences(scope.sources(), withheld)]),
            _file(archive, "CITATION.cff", [package.citation(scope)]),
        ]
        tables = [member for _, member in files]
        papers.append(_file(archive, package.PACKAGE, [package.datapackage(scope, files, papers)]))
        papers.append(_file(archive, package.SUMS, [package.sums([*tables, *papers])]))
    return Snapshot(scope.instant, (*tables, *papers), dict(left_out))


def _withheld(scope: Scope) -> list[Terms]:
    wanted = set(scope.catalogue["source"])
    return [t for name, t in scope.terms.items() if t.share == "none" and name in wanted]


def _shaped(resource: Resource, scope: Scope) -> Iterator[pl.DataFrame]:
    names = [column.name for column in resource.columns]
    for rows in resource.rows(scope):
        yield rows.select(names)


def _noted(pieces: Iterable[pl.DataFrame], counts: Counter[str]) -> Iterator[pl.DataFrame]:
    for rows in pieces:
        for reason, number in rows.select("reason", "rows").iter_rows():
            counts[reason] += number
        yield rows


def _table(archive: zipfile.ZipFile, resource: Resource, pieces: Iterable[pl.DataFrame]) -> Member:
    count = 0

    def text() -> Iterator[bytes]:
        nonlocal count
        yield from csv_pieces(resource.empty())
        for rows in pieces:
            count += len(rows)
            yield from csv_pieces(rows, header=False)

    member = _file(archive, f"{resource.name}.csv", text())
    return Member(member.name, member.bytes, member.sha256, count)


def _file(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> Member:
    info = zipfile.ZipInfo(name, FIXED_TIME)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
    size, total = 0, hashlib.sha256()
    with archive.open(info, "w", force_zip64=True) as member:
        for piece in pieces:
            member.write(piece)
            total.update(piece)
            size += len(piece)
    return Member(name, size, total.hexdigest())
