"""The papers that go with a snapshot: Frictionless datapackage.json, README, citation, licences, sums.

All of them are made from the rows and from what the catalogue says; none reads a clock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import polars as pl

from data.resources import Resource, Scope
from data.schema import Column
from data.terms import Terms
from data.tidy import BOUNDS

NAME = "ai-progress-monitor-snapshot"
FORMAT = 1
PACKAGE, SUMS = "datapackage.json", "SHA256SUMS"
INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"
_FRICTIONLESS_INSTANT = INSTANT


@dataclass(frozen=True)
class Member:
    """One file of the zip, as written: its size and the SHA-256 of its bytes."""

    name: str
    bytes: int
    sha256: str
    rows: int = 0


def program() -> str:
    """Name and version of what made the snapshot."""
    try:
        return f"AI Progress Monitor {version('ai-progress-monitor')}"
    except PackageNotFoundError:
        return "AI Progress Monitor, not installed"


def permalink(scope: Scope) -> str:
    """The address of this state on any server of the program."""
    return f"/data?asof={scope.instant:%Y-%m-%d}"


def datapackage(scope: Scope, files: Sequence[tuple[Resource, Member]], papers: Sequence[Member]) -> bytes:
    """The description that programs read: schemas, sources, licences, sizes and hashes."""
    sources = scope.sources()
    described = {
        "profile": "data-package",
        "name": NAME,
        "title": "AI Progress Monitor: snapshot of the tables",
        "description": "Indicators of AI progress and news mentions of AI labs, as known at an instant.",
        "version": f"{scope.instant:{INSTANT}}",
        "created": f"{scope.instant:{INSTANT}}",
        "snapshot": {
            "format": FORMAT,
            "as_of": f"{scope.instant:{INSTANT}}",
            "indicators": list(scope.indicators),
            "permalink": permalink(scope),
            "made_by": program(),
        },
        "licenses": [{"name": "various", "title": "by source, see LICENCES.md", "path": "LICENCES.md"}],
        "sources": [_source(t) for t in sources],
        "resources": [_resource(resource, member, sources) for resource, member in files],
        "papers": [{"path": m.name, "bytes": m.bytes, "hash": f"sha256:{m.sha256}"} for m in papers],
    }
    return (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode()


def _source(terms: Terms) -> dict[str, str]:
    return {
        "name": terms.source,
        "title": terms.title,
        "path": terms.homepage,
        "licence": terms.licence,
        "credit": terms.credit,
        "share": terms.share,
    }


def _resource(resource: Resource, member: Member, sources: Sequence[Terms]) -> dict[str, Any]:
    of_publishers = any(c.name == "licence" for c in resource.columns)
    licences = sorted({t.licence for t in sources}) if of_publishers else []
    return {
        "name": resource.name,
        "title": resource.title,
        "path": member.name,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "bytes": member.bytes,
        "hash": f"sha256:{member.sha256}",
        "rows": member.rows,
        "licenses": [{"name": "other", "title": title, "path": "LICENCES.md"} for title in licences],
        "sources": [{"title": t.title, "path": t.homepage} for t in sources] if of_publishers else [],
        "schema": {
            "fields": [_field(column) for column in resource.columns],
            "primaryKey": list(resource.key),
            "missingValues": [""],
        },
    }


def _field(column: Column) -> dict[str, Any]:
    kind, more = _type(column.type)
    field: dict[str, Any] = {"name": column.name, "type": kind, **more, "description": column.meaning}
    constraints: dict[str, Any] = {} if column.nullable or kind == "string" else {"required": True}
    if column.name == "bound":
        constraints = {"required": True, "enum": list(BOUNDS.values())}
        field["description"] = "exact, or at least / at most where only a bound was measured"
    return {**field, "constraints": constraints} if constraints else field


def _type(kind: pl.DataType) -> tuple[str, dict[str, str]]:
    if isinstance(kind, pl.Datetime):
        return "datetime", {"format": _FRICTIONLESS_INSTANT}
    if kind == pl.Date:
        return "date", {}
    if kind.is_float():
        return "number", {}
    if kind.is_integer():
        return "integer", {}
    return ("boolean", {}) if kind == pl.Boolean else ("string", {})


def sums(members: Sequence[Member]) -> bytes:
    """The hashes as `sha256sum -c SHA256SUMS` reads them."""
    return "".join(f"{m.sha256}  {m.name}\n" for m in members).encode()


def readme(scope: Scope, files: Sequence[tuple[Resource, Member]], left_out: Mapping[str, int]) -> bytes:
    """What a stranger needs to know before the first file is opened."""
    table = "\n".join(f"| `{m.name}` | {m.rows:,} | {r.title} |" for r, m in files)
    missing = "\n".join(f"- {rows:,} rows: {reason}." for reason, rows in sorted(left_out.items()))
    chosen = f"Only these indicators: {', '.join(scope.indicators)}.\n\n" if scope.indicators else ""
    day = f"{scope.instant:%Y-%m-%d}"
    return f"""# AI Progress Monitor: snapshot

Everything in these files was known at **{scope.instant:{INSTANT}}** (the as-of instant, UTC); nothing learnt later is
in them. The same state on any server of the program: `{permalink(scope)}`; this file:
`/api/v1/snapshot.zip?asof={day}`. Made by {program()}.

{chosen}| file | rows | what it holds |
|---|---|---|
{table}

`datapackage.json` (Frictionless) describes each column; `LICENCES.md` says whose the rows are and under which terms;
`CITATION.cff` how to cite; `SHA256SUMS` holds the hash of each file.

## How to read the CSVs

UTF-8, comma, CRLF line ends, the first line names the columns. Days are `YYYY-MM-DD`; instants are UTC, to the
microsecond. An empty cell is a missing value, never zero. Numbers are the shortest text that reads back as the same
double. A text cell that a spreadsheet would take for a formula (it begins with one of `= + - @`, a tab or a line end)
has an apostrophe before it; nothing else is changed. `bound` says whether a value is exact or only a bound.

## What is left out

{missing or "- Nothing."}

`left_out.csv` has the same by table, source and indicator.

## How to check

```
sha256sum -c SHA256SUMS
python -m data verify FILE.zip
```

The second one also rebuilds the zip from the tables, where they are at hand, and compares every byte.
""".encode()


def licences(sources: Sequence[Terms], withheld: Sequence[Terms]) -> bytes:
    """Whose the rows are, source by source."""
    lines = ["# Whose the rows are", "", "Each row names its `source`; these are the publishers and their terms."]
    for terms in sources:
        lines += ["", f"## {_line(terms.source)}", "", f"- Publisher: {_line(terms.title)}, <{terms.homepage}>"]
        lines += [f"- Terms: {_line(terms.licence)}", f"- Credit: {_line(terms.credit)}"]
    if withheld:
        lines += [
            "",
            "# Not here",
            "",
            "Their terms do not allow us to pass the rows on. Get them from the publishers:",
            "",
        ]
        lines += [f"- {_line(t.title)} (`{t.source}`), <{t.homepage}>: {_line(t.licence)}" for t in withheld]
    lines += ["", "Titles of news items belong to their authors; they are given as citations, with the link."]
    return ("\n".join(lines) + "\n").encode()


def _line(text: str) -> str:
    return " ".join(text.split())


def citation(scope: Scope) -> bytes:
    """CITATION.cff: this snapshot as a data set, and the publishers as its references."""
    quoted = json.dumps  # a JSON text is a YAML text
    day = f"{scope.instant:%Y-%m-%d}"
    lines = [
        "cff-version: 1.2.0",
        "message: If you use these numbers, please cite this snapshot and the publishers whose rows you use.",
        "type: dataset",
        'title: "AI Progress Monitor: snapshot of the tables"',
        "authors:",
        '  - name: "AI Progress Monitor"',
        f"version: {quoted(f'{scope.instant:{INSTANT}}')}",
        f"date-released: {quoted(day)}",
    ]
    sources = scope.sources()
    lines += ["references:"] if sources else []
    for terms in sources:
        lines += ["  - type: data", f"    title: {quoted(terms.title, ensure_ascii=False)}"]
        lines += ["    authors:", f"      - name: {quoted(terms.title, ensure_ascii=False)}"]
        lines += [f"    url: {quoted(terms.homepage)}", f"    notes: {quoted(_note(terms), ensure_ascii=False)}"]
    return ("\n".join(lines) + "\n").encode()


def _note(terms: Terms) -> str:
    return f"{_line(terms.credit)}. Terms: {_line(terms.licence)}"
