"""Strict readers: bytes in, plain values out, or a Failure that names the address, field and value.

Publishers' servers answer 200 with error pages, cut files and renamed columns; none of that may
pass for data. The limits are those of a believable answer from any of our sources.
"""

import csv
import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import yaml

from data.schema import Failure

MOST_MEMBERS = 200
MOST_BYTES = 100_000_000
MOST_RATIO = 200
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def text_document(body: bytes, where: str) -> str:
    """UTF-8 (or UTF-16 with a byte-order mark) as text. Never a replacement character."""
    if not body.strip():
        raise Failure("bad_content", f"{where}: the answer is empty")
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    coding = next((name for mark, name in marks if body.startswith(mark)), "utf-8")
    try:
        return body.decode(coding)
    except UnicodeDecodeError as error:
        raise Failure("bad_content", f"{where}: not {coding} text ({error.reason} at byte {error.start})") from None


def _data(body: bytes, where: str) -> str:
    text = text_document(body, where)
    if re.match(r"\s*<(?:!doctype|html|head|\?xml|!--)", text, re.IGNORECASE):
        raise Failure("bad_content", f"{where}: a web page instead of data, beginning {text.strip()[:80]!r}")
    return text


def json_document(body: bytes, where: str) -> Any:
    """One JSON document; NaN, Infinity and duplicate keys are refused."""

    def constant(name: str) -> float:
        raise ValueError(f"{name} is not a number")

    def finite(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(f"{text} is not a number")
        return value

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = dict(pairs)
        if len(keys) != len(pairs):
            raise ValueError("a key stands twice in one object")
        return keys

    try:
        return json.loads(_data(body, where), parse_constant=constant, parse_float=finite, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Failure("bad_content", f"{where}: not JSON ({error})") from None


class _PlainYaml(yaml.SafeLoader):
    """Safe YAML without aliases: a few lines of them can expand to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def yaml_document(body: bytes, where: str) -> Any:
    """One YAML document of plain values."""
    try:
        return yaml.load(_data(body, where), Loader=_PlainYaml)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Failure("bad_content", f"{where}: not YAML ({' '.join(str(error).split())[:200]})") from None


def csv_rows(body: bytes, required: tuple[str, ...], where: str) -> list[dict[str, str]]:
    """Rows by column name, cells stripped. Order and extra columns do not matter; a missing column is `schema`."""
    reader = csv.DictReader(io.StringIO(_data(body, where), newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        missing = [name for name in required if name not in header]
        if missing:
            raise Failure("schema", f"{where}: no column named {missing[0]!r} (found {', '.join(header)[:200]})")
        reader.fieldnames = header
        rows = []
        for row in reader:
            if None in row or None in row.values():
                raise Failure("bad_content", f"{where}: line {reader.line_num} has another number of cells than the header")
            rows.append({name: cell.strip() for name, cell in row.items()})
        return rows
    except csv.Error as error:
        raise Failure("bad_content", f"{where}: not CSV ({error})") from None


def zip_members(body: bytes, where: str) -> Mapping[str, bytes]:
    """The members of an archive by name, within the caps on number, size and ratio. Names are never paths on disk."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            total = sum(m.file_size for m in members)
            if len(members) > MOST_MEMBERS or total > MOST_BYTES or total > MOST_RATIO * max(len(body), 1):
                raise Failure("too_large", f"{where}: an archive of {len(members)} members and {total} bytes")
            return {m.filename: _member(archive, m, where) for m in members}
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, OSError, ValueError) as error:
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
    """A day, written YYYY-MM-DD or already a date."""
    if type(value) is date:
        return value
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return datetime.strptime(value, "%Y-%m-%d").date()
    except ValueError:
        pass
    raise Failure("bad_content", f"{where}: not a day: {value!r}")

