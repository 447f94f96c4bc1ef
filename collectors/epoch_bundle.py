"""Epoch's benchmark bundle, read in one way for two sources with different terms.

The archive holds one table for each benchmark, and two tables about them. What a series is made of (table,
score column, scale, floor, ceiling) is declared in the source files, and `benchmark_metadata.csv` confirms
it: where that table describes a benchmark otherwise than we do, the values of that series are held back.
A row of it without a `source_file` declares nothing, and bundles from before it existed declare nothing
either; there our declaration stands alone. A declared column that is not in its table is a failure.

`model_metadata.csv` names the model that a version is of. Bundles of the old layout (to August 2026)
say it in the table of the capabilities index.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from collectors.labs import lab_of
from collectors.parse import csv_rows, day, number
from collectors.source import Http, Row
from data.schema import Indicator, Observation, Refused

URL = "https://epoch.ai/data/benchmark_data.zip"
TOLERANCE = 1e-6
_METADATA = "benchmark_metadata.csv"
_DECLARED = ("source_file", "score_column", "scale", "random_baseline", "score_ceiling")
_GROUPS = (
    ("model_metadata.csv", "model_version", "model_group"),
    ("epoch_capabilities_index.csv", "Model version", "Model name"),
)

Members = Mapping[str, bytes]
Cells = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Board:
    """One table of the bundle and the series made of one of its columns.

    `scale` turns the column into the unit of the indicator (0.01 for percent). `charted` is the score
    column that Epoch itself uses, where ours is another one on purpose. `kept` are further columns
    that tell how the best row was reached, by the name they get in the detail.
    """

    indicator: Indicator
    member: str
    column: str
    charted: str = ""
    scale: float = 1.0
    tier: str = "independent"
    kept: Mapping[str, str] = field(default_factory=dict)


def members_of(http: Http, boards: tuple[Board, ...]) -> Members:
    """The bundle. Failure where none of the tables is in it: a new layout, or a folder with a part of the bundle."""
    members = http.archive(URL)
    if not any(board.member in members for board in boards):
        raise http.lacking(f"{URL}: no member named {boards[0].member!r}, nor any other that is wanted")
    return members


def scores(members: Members, boards: tuple[Board, ...]) -> Iterator[Row]:
    """The best row of every model version, board by board."""
    declared, groups = _declared(members), groups_of(members)
    for board in boards:
        if board.member not in members:
            yield _held_back(board, f"the bundle has no table {board.member}")
        elif change := _change(board, declared.get(board.member)):
            yield _held_back(board, f"definition changed: {change}")
        else:
            yield from _board(board, members[board.member], groups)


def _declared(members: Members) -> dict[str, Cells]:
    """What Epoch says of each table, by its file name."""
    if _METADATA not in members:
        return {}
    rows = csv_rows(members[_METADATA], _DECLARED, f"{URL}: {_METADATA}")
    return {row["source_file"]: row for row in rows if row["source_file"]}


def publication_days(members: Members) -> dict[str, date]:
    """When each benchmark was published, by the file name of its table, as far as Epoch says so."""
    if _METADATA not in members:
        return {}
    rows = csv_rows(members[_METADATA], ("source_file", "release_date"), f"{URL}: {_METADATA}")
    said = {row["source_file"]: row["release_date"] for row in rows if row["source_file"] and row["release_date"]}
    return {name: day(text, f"{URL}: {_METADATA}: {name}") for name, text in said.items()}


def groups_of(members: Members) -> dict[str, str]:
    """The model that each version is of, where the bundle says so."""
    for name, version, group in _GROUPS:
        if name in members:
            return {row[version]: row[group] for row in csv_rows(members[name], (version, group), f"{URL}: {name}")}
    return {}


def _change(board: Board, said: Cells | None) -> str:
    """How Epoch's description differs from ours, or "". Floor and ceiling belong to the scaled score."""
    if said is None:
        return ""
    indicator, column = board.indicator, board.charted or board.column
    ours: dict[str, float | None] = {"scale": board.scale}
    if indicator.transform == "logit":
        ours |= {"random_baseline": indicator.floor, "score_ceiling": indicator.ceiling}
    differing = [f"score_column is {said['score_column']!r}, not {column!r}"] if said["score_column"] != column else []
    for name, value in ours.items():
        theirs = number(said[name], f"{URL}: {_METADATA}: {board.member}")
        if value is None or abs(theirs - value) > TOLERANCE:
            differing.append(f"{name} is {theirs}, not {value}")
    return "; ".join(differing)


def _held_back(board: Board, reason: str) -> Refused:
    return Refused(reason=reason, row={"indicator": board.indicator.key, "member": board.member})


def _board(board: Board, body: bytes, groups: Mapping[str, str]) -> Iterator[Row]:
    where = f"{URL}: {board.member}"
    versions: dict[str, list[tuple[float, Cells]]] = {}
    unbelieved = set()
    for row in csv_rows(body, ("Model version", board.column, "Release date", "Organization"), where):
        if not row[board.column]:
            continue  # listed, but without this score (GSO checked only some of its rows for hacks)
        value = round(board.scale * number(row[board.column], f"{where}: {row['Model version']}"), 10)
        if reason := _doubt(board, row, value):
            yield Refused(reason=reason, row={"indicator": board.indicator.key, "value": value, **_shown(row)})
            unbelieved.add(row["Model version"])
        else:
            versions.setdefault(row["Model version"], []).append((value, row))
    for version, found in versions.items():
        if version in unbelieved:
            continue  # the best of the others would pass for the best of all
        yield _best(board, version, found, groups.get(version), where)


def _doubt(board: Board, row: Cells, value: float) -> str:
    """Why a row is not believed, or "". The release is never replaced by the day of the test."""
    if not row["Model version"]:
        return "no model version"
    if not row["Release date"]:
        return "no release date"
    outside = board.indicator.unit == "fraction" and not 0 <= value <= 1
    return "outside 0 to 1: is it percent?" if outside else ""


def _shown(row: Cells) -> Cells:
    """The short cells of a row, to tell it from others."""
    return {name: cell for name, cell in row.items() if cell and len(cell) <= 60}


def _best(board: Board, version: str, found: list[tuple[float, Cells]], group: str | None, where: str) -> Observation:
    """A version has a row for every agent, effort or repeated run; the best stands for it and says of how many."""
    value, row = max(found, key=lambda pair: pair[0])
    kept: dict[str, Any] = {name: row.get(column) for name, column in board.kept.items()}
    return board.indicator.observed(
        date=day(row["Release date"], f"{where}: {version}"),
        value=value,
        subject=version,
        model=group or None,
        lab=lab_of(row["Organization"], name=version),
        url=URL,
        organisation=row["Organization"],
        tier=board.tier,
        best_of=len(found) if len(found) > 1 else None,
        **kept,
    )
