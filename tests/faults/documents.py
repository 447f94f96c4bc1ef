"""Recorded answers as plain values and back, whatever their format, so that one fault fits every source.

CSV, JSON, YAML, Parquet, feeds, a Markdown table and a zip of tables all become dicts, lists and scalars.
"""

import copy
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

Scalar = Any
NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?:\s*±\s*(\d+(?:\.\d+)?))?\s*")
"""A number as text, perhaps with its error behind it."""
Change = Callable[[str, Scalar], Scalar]


class Table(list[dict[str, Any]]):
    """Rows by column name; `columns` says the order, `around` the text before and after a Markdown table."""

    def __init__(self, rows: Any, columns: list[str], around: tuple[str, str] = ("", ""), schema: Any = None) -> None:
        super().__init__(rows)
        self.columns, self.around, self.schema = columns, around, schema

    def like(self, rows: Any) -> "Table":
        rows = list(rows)
        known = [c for c in self.columns if not rows or any(c in row for row in rows)]
        more = [c for row in rows for c in row if c not in self.columns]
        if rows and rows[0].keys() == set(self.columns):
            known = list(rows[0])  # the order of columns may be the change
        return Table(rows, [*known, *dict.fromkeys(more)], self.around, self.schema)


TEMPLATE = "\0template"
"""Where a feed's entry keeps its text, with all that is not a simple element."""
TIMES = re.compile(r"(created|published|updated|time|timestamp|_at|_at_i)$", re.IGNORECASE)
"""Keys whose large numbers are instants."""


class Bundle(dict[str, Any]):
    """The members of a zip archive."""


def form_of(url: str, body: bytes) -> str:
    """csv, json, yaml, zip, parquet, markdown, feed or page."""
    if body.startswith(b"PK"):
        return "zip"
    if body.startswith(b"PAR1"):
        return "parquet"
    if body.lstrip()[:1] == b"<":
        return "feed" if re.search(rb"<(rss|feed|rdf:RDF)\b", body[:2000]) else "page"
    path = url.split("?", 1)[0]
    for ending, form in ((".yml", "yaml"), (".yaml", "yaml"), (".md", "markdown"), (".csv", "csv")):
        if path.endswith(ending):
            return form
    return "json"


def load(form: str, body: bytes) -> Any:
    return _READERS[form](body)


def dump(form: str, document: Any) -> bytes:
    return _WRITERS[form](document)


# Walking


def dicts(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document, outermost first."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from dicts(child)


def keys_of(document: Any) -> list[str]:
    return list(
        dict.fromkeys(key for found in dicts(document) for key in found if isinstance(key, str) and key != TEMPLATE)
    )


def rebuilt(node: Any, each: Callable[[Any], Any]) -> Any:
    """A copy in which `each` has been applied to every dict and list, innermost first."""
    if isinstance(node, Bundle):
        return each(Bundle({k: rebuilt(v, each) for k, v in node.items()}))
    if isinstance(node, Table):
        return each(node.like([each(dict(row)) for row in node]))
    if isinstance(node, dict):
        return each({k: rebuilt(v, each) for k, v in node.items()})
    if isinstance(node, list):
        return each([rebuilt(v, each) for v in node])
    return node


def renamed(document: Any, key: str, to: str | None) -> Any:
    """Without `key`, or with another name for it, wherever it stands."""

    def each(node: Any) -> Any:
        if not isinstance(node, dict) or key not in node:
            return node
        pairs = [(to if k == key else k, v) for k, v in node.items() if k != key or to is not None]
        return type(node)(pairs)

    return rebuilt(document, each)


def extended(document: Any, key: str, value: Scalar) -> Any:
    """With one more field in every record: a mapping that holds at least one plain value."""

    def each(node: Any) -> Any:
        record = type(node) is dict and any(not isinstance(v, dict | list) for v in node.values())
        return {key: value, **node} if record else node

    return rebuilt(document, each)


def reordered(document: Any, *, columns: bool) -> Any:
    """Columns, or rows, from last to first."""

    def each(node: Any) -> Any:
        if columns and type(node) is dict:
            return dict(reversed(node.items()))
        if not columns and is_rows(node):
            return like(node, reversed(node))
        return node

    return rebuilt(document, each)


def rows_changed(document: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    """With `change` applied to every list of records, and to every mapping of records by name."""

    def each(node: Any) -> Any:
        if is_rows(node):
            return like(node, copy.deepcopy(change(list(node))))
        if type(node) is dict and _by_name(node):
            return dict(change(list(node.items())))
        return node

    return rebuilt(document, each)


def is_rows(node: Any) -> bool:
    return isinstance(node, Table) or (isinstance(node, list) and bool(node) and all(type(v) is dict for v in node))


def like(node: Any, rows: Any) -> Any:
    return node.like(rows) if isinstance(node, Table) else list(rows)


def _by_name(node: dict[str, Any]) -> bool:
    return (
        len(node) > 2 and all(isinstance(v, dict) for v in node.values()) and len({*map(frozenset, node.values())}) < 3
    )


def leaves(document: Any, key: str) -> int:
    """How many values a key has."""
    return sum(1 for found in dicts(document) for k, v in found.items() if k == key and not isinstance(v, dict | list))


def at_key(document: Any, key: str, change: Change, only: int | None = None) -> Any:
    """With the values of `key` changed: all of them, or the one with number `only`."""
    made, number = copy.deepcopy(document), 0
    for found in dicts(made):
        for k, v in found.items():
            if k == key and not isinstance(v, dict | list):
                if only is None or number == only:
                    found[k] = change(k, v)
                number += 1
    return made


# What a value is


def as_number(value: Scalar) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    found = NUMBER.fullmatch(value) if isinstance(value, str) else None
    return float(found[1]) if found else None


def as_day(value: Scalar) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return None


def as_instant(key: str, value: Scalar) -> float | None:
    """Seconds or milliseconds of the epoch, under a key that says so."""
    known = isinstance(value, int) and not isinstance(value, bool) and TIMES.search(key) and value > 1e9
    return float(value) if known else None


def scaled(factor: float) -> Change:
    """Numbers, as text or not, times a factor; everything else as it is, instants too."""

    def change(key: str, value: Scalar) -> Scalar:
        number = as_number(value)
        if number is None or as_instant(key, value) is not None:
            return value
        error = NUMBER.fullmatch(value)[2] if isinstance(value, str) else None  # type: ignore[index]
        if error:
            return f"{round(number * factor, 12)} ± {round(float(error) * factor, 12)}"
        made = round(number * factor, 12)
        if isinstance(value, int) and made == int(made):
            return int(made)
        return repr(made) if isinstance(value, str) else made

    return change


# Formats


def _read_csv(body: bytes) -> Table:
    header, *rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    return Table([dict(zip(header, row, strict=False)) for row in rows], header)


def write_csv(table: Table, **how: Any) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, **{"lineterminator": "\n", **how})
    writer.writerow(table.like(table).columns if table else table.columns)
    columns = table.like(table).columns if table else table.columns
    writer.writerows([[row[c] for c in columns if c in row] for row in table])
    return out.getvalue().encode()


def _read_json(body: bytes) -> Any:
    return json.loads(body)


def _write_json(document: Any) -> bytes:
    return json.dumps(document).encode()


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_yaml(document: Any) -> bytes:
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True).encode()


def _read_parquet(body: bytes) -> Table:
    table = pq.read_table(io.BytesIO(body))
    return Table(table.to_pylist(), table.column_names, schema=table.schema)


def _write_parquet(table: Table) -> bytes:
    columns = table.like(table).columns if table else table.columns
    rows = [{c: row.get(c) for c in columns} for row in table]
    try:
        kinds = {field.name: field for field in table.schema}
        made = pa.Table.from_pylist(rows, pa.schema([kinds[c] for c in columns]))
    except (KeyError, pa.ArrowException):
        made = pa.table({c: _column([row[c] for row in rows]) for c in columns})
    out = io.BytesIO()
    pq.write_table(made, out)
    return out.getvalue()


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except pa.ArrowException:
        return pa.array([None if v is None else str(v) for v in values])


def _read_markdown(body: bytes) -> Table:
    """The first table with at least four rows."""
    lines = body.decode().split("\n")
    for n, line in enumerate(lines):
        if line.strip().startswith("|") and n + 1 < len(lines) and re.fullmatch(r"[|:\- ]+", lines[n + 1] or "x"):
            end = n + 2
            while end < len(lines) and lines[end].strip().startswith("|"):
                end += 1
            if end - n > 5:
                header, *rows = [
                    [c.strip() for c in t.strip().strip("|").split("|")] for t in (line, *lines[n + 2 : end])
                ]
                around = "\n".join(lines[:n]), "\n".join(lines[end:])
                return Table([dict(zip(header, row, strict=False)) for row in rows], header, around)
    raise ValueError("no table")


def _write_markdown(table: Table) -> bytes:
    columns = table.like(table).columns if table else table.columns
    lines = [columns, ["---"] * len(columns), *([str(row[c]) for c in columns if c in row] for row in table)]
    text = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return "\n".join((table.around[0], text, table.around[1])).encode()


def _read_zip(body: bytes) -> Bundle:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    tables = {name for name, m in members.items() if name.endswith(".csv") and m.strip() and b"\t" not in m}
    return Bundle({name: _read_csv(m) if name in tables else m for name, m in members.items()})


def _write_zip(bundle: Bundle) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in bundle.items():
            archive.writestr(zipfile.ZipInfo(name), member if isinstance(member, bytes) else write_csv(member))
    return out.getvalue()


_ENTRY = re.compile(r"<(item|entry)\b.*?</\1>", re.DOTALL)
_ELEMENT = re.compile(r"<([\w:]+)([^>]*)>([^<]*)</\1>")


def _read_feed(body: bytes) -> Table:
    text = body.decode()
    blocks = list(_ENTRY.finditer(text))
    if not blocks:
        return Table([], [], (text, ""))
    rows = [{TEMPLATE: b[0], **{e[1]: e[3] for e in _ELEMENT.finditer(b[0])}} for b in blocks]
    return Table(rows, [], (text[: blocks[0].start()], text[blocks[-1].end() :]))


def _write_feed(table: Table) -> bytes:
    return (table.around[0] + "\n".join(map(_entry, table)) + table.around[1]).encode()


def _entry(row: dict[str, Any]) -> str:
    template = row[TEMPLATE]
    names = {e[1] for e in _ELEMENT.finditer(template)}

    def element(found: re.Match[str]) -> str:
        return f"<{found[1]}{found[2]}>{row[found[1]]}</{found[1]}>" if found[1] in row else ""

    text = _ELEMENT.sub(element, template)
    tags = {key.replace(" ", "_"): value for key, value in row.items() if key not in names and key != TEMPLATE}
    more = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags.items())
    at = text.rindex("</")
    return text[:at] + more + text[at:]


_READERS: dict[str, Callable[[bytes], Any]] = {
    "csv": _read_csv,
    "json": _read_json,
    "yaml": lambda body: yaml.safe_load(body),
    "parquet": _read_parquet,
    "markdown": _read_markdown,
    "feed": _read_feed,
    "page": lambda body: body,
    "zip": _read_zip,
}
_WRITERS: dict[str, Callable[[Any], bytes]] = {
    "csv": write_csv,
    "json": _write_json,
    "yaml": _write_yaml,
    "parquet": _write_parquet,
    "markdown": _write_markdown,
    "feed": _write_feed,
    "page": bytes,
    "zip": _write_zip,
}
