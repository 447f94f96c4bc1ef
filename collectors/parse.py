"""Strict readers: bytes in, plain values out, or a Failure that names the address, field and value.

Publishers' servers answer 200 with error pages, cut files and renamed columns; none of that may
pass for data. The limits are those of a believable answer from any of our sources.
"""

import csv
import io
import json
import lzma
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from itertools import takewhile, zip_longest
from typing import Any, TypeVar
from urllib.parse import urljoin

import yaml

from data.schema import Failure
from data.text import visible

EARLIEST = date(1900, 1, 1)
"""No publisher of ours has a fact from before; a year 1 or 202 is a slip."""
MOST_MEMBERS = 200
MOST_BYTES = 100_000_000
MOST_RATIO = 200
MOST_ROWS, MOST_ROWS_READ = 2_000_000, 100_000
MOST_DIGITS = 300
MOST_YAML = 500_000
"""In characters: PyYAML needs some 3 s for as many."""
_ERROR_KEYS = frozenset(("error", "errors", "message", "detail", "msg"))
_BESIDE_ERROR = _ERROR_KEYS | {"code", "status", "statusCode", "status_code", "ok", "success", "documentation_url"}
_BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, RuntimeError, OSError, ValueError, LookupError),
)
# the last four: PyYAML stumbles over tags on values they do not fit
_BROKEN_YAML = (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError, ArithmeticError)
Entry = TypeVar("Entry")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


_records: ContextVar[list[int] | None] = ContextVar("records", default=None)


@contextmanager
def counting() -> Iterator[list[int]]:
    """Collects how many records (lines of a table, objects of a document) each reader finds meanwhile.

    What comes out of a sum says nothing about how much went in: half an answer is found by its records.
    """
    read: list[int] = []
    token = _records.set(read)
    try:
        yield read
    finally:
        _records.reset(token)


def note(records: int) -> None:
    if (read := _records.get()) is not None:
        read.append(records)


def text_document(body: bytes, where: str) -> str:
    """UTF-8 (or UTF-16 with a byte-order mark) as text. Never a replacement character."""
    if not body.strip():
        raise Failure("bad_content", f"{where}: the answer is empty")
    coding = _coding(body)
    try:
        text = body.decode(coding)
    except UnicodeDecodeError as error:
        raise Failure("bad_content", f"{where}: not {coding} text ({error.reason} at byte {error.start})") from None
    if "\0" in text:  # UTF-16 or UTF-32 without its mark, or no text at all
        raise Failure("bad_content", f"{where}: not {coding} text (a NUL at character {text.index(chr(0))})")
    return text


def _coding(body: bytes) -> str:
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    return next((name for mark, name in marks if body.startswith(mark)), "utf-8")


def _data(body: bytes, where: str) -> str:
    text = text_document(body, where)
    if re.match(r"\s*<(?:!doctype|html|head|\?xml|!--)", text, re.IGNORECASE):
        raise Failure("bad_content", f"{where}: a web page instead of data, beginning {_start(text)}")
    return text


def _start(text: str) -> str:
    return repr(text.strip()[:200])


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:  # JSON sets no limit, and a float does
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def json_document(body: bytes, where: str) -> Any:
    """One JSON document; NaN, Infinity, duplicate keys, half characters, null and error messages are refused."""
    objects = 0

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal objects
        objects += 1
        keys = {key: _cleaned(value) for key, value in pairs}
        if len(keys) != len(pairs):
            raise ValueError("a key stands twice in one object")
        return keys

    text = _data(body, where)
    try:
        if re.search(r"\\u[dD][89a-fA-F]", text):
            # escapes can spell half a character, which no table can store; encoding finds it
            json.dumps(json.loads(text), ensure_ascii=False).encode()
        document = json.loads(text, parse_constant=_no_number, parse_float=_finite, parse_int=_whole,
                              object_pairs_hook=once)  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise Failure("bad_content", f"{where}: not JSON ({error})") from None
    if document is None or _is_error(document):
        raise _message(text, where)
    note(objects)
    return document


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    return [_cleaned(entry) for entry in value] if isinstance(value, list) else value


def _is_error(document: Any) -> bool:
    """Whether this is what an API says in place of an answer: an error, and nothing beside it."""
    return isinstance(document, dict) and bool(_ERROR_KEYS & document.keys()) and document.keys() <= _BESIDE_ERROR


def _message(text: str, where: str) -> Failure:
    return Failure("bad_content", f"{where}: a message instead of data: {_start(text)}")


class _PlainYaml(yaml.SafeLoader):
    """Safe YAML without aliases: a few lines of them can expand to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)

    mappings = 0

    def construct_scalar(self, node: Any) -> Any:
        return visible(super().construct_scalar(node))

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        self.mappings += 1
        keys = super().construct_mapping(node, deep)
        if len(keys) != len(node.value):
            raise yaml.YAMLError(f"a key stands twice in one mapping (line {node.start_mark.line + 1})")
        return keys


def yaml_document(body: bytes, where: str) -> Any:
    """One YAML document, a list or mapping of plain values; aliases and duplicate keys are refused."""
    text = _data(body, where)
    if len(text) > MOST_YAML:
        raise Failure("too_large", f"{where}: {len(text)} characters of YAML")
    try:
        loader = _PlainYaml(text)  # which refuses control characters already
        document = loader.get_single_data()
    except _BROKEN_YAML as error:
        raise Failure("bad_content", f"{where}: not YAML ({' '.join(str(error).split())[:200]})") from None
    # any words are YAML: a text, and no table
    if not isinstance(document, list | dict) or _is_error(document):
        raise _message(text, where)
    note(loader.mappings)
    return document


@dataclass(frozen=True)
class CsvRows:
    """The rows of a CSV file that has been checked to its end, as mappings from name to cleaned cell.

    Made one by one, and anew each time: all at once they take ten times the room of their text.
    """

    _body: bytes
    _header: list[str]

    def __iter__(self) -> Iterator[dict[str, str]]:
        lines = filter(None, _csv_lines(self._body))
        next(lines)
        for cells in lines:
            yield dict(zip_longest(self._header, map(visible, cells), fillvalue=""))


def _csv_lines(body: bytes) -> Any:
    """A reader of lists of cells. Decodes as it goes."""
    return csv.reader(io.TextIOWrapper(io.BytesIO(body), _coding(body), newline=""), strict=True)


def csv_rows(body: bytes, required: tuple[str, ...], where: str, *, ragged: bool = False) -> CsvRows:
    """Rows by column name, cells cleaned. Order and extra columns do not matter; a missing column is `schema`.

    A row with too few cells is `bad_content`; with `ragged` the cells that it lacks are empty.
    """
    try:
        lines = _csv_lines(body)
        header = _header(body, required, where)
        rows = 0
        for cells in filter(None, lines):
            if len(cells) > len(header) or (len(cells) < len(header) and not ragged):
                line = f"{where}: line {lines.line_num}"
                raise Failure("bad_content", f"{line} has another number of cells than the header")
            rows += 1
    except csv.Error as error:
        raise Failure("bad_content", f"{where}: not CSV ({error})") from None
    note(rows - 1)
    return CsvRows(body, header)


def _header(body: bytes, required: tuple[str, ...], where: str) -> list[str]:
    text = _data(body, where)
    if not text.endswith(("\n", "\r")):  # every publisher of ours ends its last line; a cut number is another number
        raise Failure("bad_content", f"{where}: the last line has no end, so that the answer may be cut")
    header = [name.strip() for name in next(_csv_lines(body))]
    _check_header(header, required, text, where)
    return header


def _check_header(header: list[str], required: tuple[str, ...], text: str, where: str) -> None:
    found = [header.count(name) for name in required]
    # one column renamed is a new layout; none of them known, or nothing below them, is no table of ours
    if required and not any(found) and (len(required) > 1 or len(text.strip().splitlines()) == 1):
        raise Failure("bad_content", f"{where}: not a table, beginning {_start(text)}")
    for name, times in zip(required, found, strict=True):
        if times == 0:
            raise Failure("schema", f"{where}: no column named {name!r} (found {', '.join(header)[:200]})")
        if times > 1:
            raise Failure("schema", f"{where}: {times} columns named {name!r}")


def markdown_table(body: bytes, required: tuple[str, ...], where: str) -> list[dict[str, str]]:
    """The rows of the first table that has the required columns, by column name; links and footnote marks removed.

    A row with another number of cells is `bad_content`; no such table is `schema`.
    """
    text = _data(body, where)
    lines = iter(text.splitlines())
    tables = 0
    for line in lines:
        header = _markdown_cells(line)
        tables += bool(header)
        if not set(required) <= set(header):
            continue
        rule = _markdown_cells(next(lines, ""))
        if len(rule) != len(header) or not all(re.fullmatch(r":?-+:?", cell) for cell in rule):
            continue
        rows = []
        for cells in takewhile(bool, map(_markdown_cells, lines)):
            if len(cells) != len(header):
                at = f"{where}: {cells[0][:80]!r}"
                raise Failure("bad_content", f"{at} has {len(cells)} cells under {len(header)} columns")
            rows.append(dict(zip(header, cells, strict=True)))
        note(len(rows))
        return rows
    if not tables:
        raise _message(text, where)
    raise Failure("schema", f"{where}: no table with the columns {', '.join(required)}")


def _markdown_cells(line: str) -> list[str]:
    """The cells of one line of a table, as plain text; none for any other line."""
    line = line.strip()
    if not (line.startswith("|") and line.endswith("|") and len(line) > 1):
        return []
    plain = re.sub(r"\[\^[^\]]*\]", "", re.sub(r"\[([^\]^]+)\]\((?:[^()]|\([^()]*\))*\)", r"\1", line))
    return [visible(cell) for cell in plain[1:-1].split("|")]


def zip_members(body: bytes, where: str) -> Mapping[str, bytes]:
    """The members of an archive by name, within the caps on number, size and ratio. Names are never paths on disk."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            total = sum(m.file_size for m in members)
            if len(members) > MOST_MEMBERS or total > MOST_BYTES or total > MOST_RATIO * max(len(body), 1):
                raise Failure("too_large", f"{where}: an archive of {len(members)} members and {total} bytes")
            if len({m.filename for m in members}) < len(members):
                raise Failure("bad_content", f"{where}: a member stands twice in the archive")
            return {m.filename: _member(archive, m, where) for m in members}
    except _BROKEN_ZIP as error:
        raise Failure("bad_content", f"{where}: not a zip archive ({error})") from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> bytes:
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    if len(content) > member.file_size:
        raise Failure("too_large", f"{where}: {member.filename} is larger than it says")
    return content


def number(text: str, where: str) -> float:
    """A plain decimal number. No thousands separators, no decimal commas, no nan: a guess could be off by 1,000."""
    if not _NUMBER.fullmatch(text.strip()) or not math.isfinite(float(text)):
        raise Failure("bad_content", f"{where}: not a number: {text!r}")
    return float(text)


def day(value: object, where: str) -> date:
    """A day since 1900, written YYYY-MM-DD or already a date."""
    found = value if type(value) is date else None
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            found = date.fromisoformat(value)
    except ValueError:
        pass
    if found is None or found < EARLIEST:
        raise Failure("bad_content", f"{where}: not a day: {value!r}")
    return found


def joined(base: str, link: str) -> str:
    """A link made whole; as it stands where it cannot be read, for the check of addresses to refuse."""
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def once(entries: Iterable[Entry], key: Callable[[Entry], Hashable], where: str) -> list[Entry]:
    """The entries, each of which must stand there once: a sum would count it again."""
    kept: dict[Hashable, Entry] = {}
    for entry in entries:
        if (name := key(entry)) in kept:
            raise Failure("bad_content", f"{where}: {name!r} stands there twice")
        kept[name] = entry
    return list(kept.values())
