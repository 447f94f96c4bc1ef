"""Parquet files as rows. What a file says of its size is checked before anything of it is unpacked.

Polars reads the rows; of the footer (https://parquet.apache.org/docs/file-format/metadata/) it tells no sizes, so that
the few numbers that the caps need are read here, by Thrift's compact protocol. Arrow, which tells them, would take
50 MB in every process that collects.
"""

import io
import math
from typing import Any

import polars as pl

from collectors import parse
from data.schema import Failure
from data.text import visible

_MARK = b"PAR1"
_NUM_ROWS, _ROW_GROUPS, _TOTAL_BYTE_SIZE = 3, 4, 2
"""Fields of FileMetaData and of RowGroup."""
_BROKEN = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    RecursionError,
    MemoryError,
)


def parquet_rows(
    body: bytes, required: tuple[str, ...], where: str, *, only: tuple[str, str] | None = None
) -> list[dict[str, Any]]:
    """The required columns of a Parquet file, row by row; `only` picks the rows with this value in this column.

    NaN is how pandas writes a missing value: None.
    """
    if not (len(body) > 2 * len(_MARK) and body.startswith(_MARK) and body.endswith(_MARK)):
        raise Failure("bad_content", f"{where}: not a Parquet file, beginning {body[:100]!r}")
    try:
        count, unpacked = _size(body)
        if count > parse.MOST_ROWS or unpacked > parse.MOST_BYTES or unpacked > parse.MOST_RATIO * len(body):
            raise Failure("too_large", f"{where}: a table of {count} rows and {unpacked} bytes")
        table = pl.scan_parquet(io.BytesIO(body))
        there = table.collect_schema()
        missing = [name for name in (*required, *(only or ())[:1]) if name not in there]
        if missing:
            raise Failure("schema", f"{where}: no column named {missing[0]!r}")
        wanted = table.filter(pl.col(only[0]) == only[1]) if only else table
        rows = wanted.select(required).head(parse.MOST_ROWS_READ + 1).collect().to_dicts()
    except _BROKEN as error:
        raise Failure("bad_content", f"{where}: not Parquet ({' '.join(str(error).split())[:200]})") from None
    if len(rows) > parse.MOST_ROWS_READ:
        raise Failure("too_large", f"{where}: {len(rows)} rows or more to read")
    parse.note(len(rows))
    return [{name: _cell(cell, f"{where}: {name}") for name, cell in row.items()} for row in rows]


def _cell(cell: Any, where: str) -> Any:
    if isinstance(cell, str):
        return visible(cell)
    if not isinstance(cell, float) or math.isfinite(cell):
        return cell
    if math.isnan(cell):
        return None
    raise Failure("bad_content", f"{where} is {cell}, which is no number")


def _size(body: bytes) -> tuple[int, int]:
    """Rows and unpacked bytes, as the footer says. LookupError or ValueError where it is none."""
    length = int.from_bytes(body[-8:-4], "little")
    said = _Thrift(body[-8 - length : -8]).struct()
    return said[_NUM_ROWS], sum(group[_TOTAL_BYTE_SIZE] for group in said[_ROW_GROUPS])


class _Thrift:
    """A reader of Thrift's compact protocol: structures as values by field number. No value is shorter than a byte."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def struct(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._signed()
            found[number] = self._value(head & 15)
        return found

    def _value(self, kind: int) -> Any:
        if kind in (1, 2):  # a truth is in its head
            return kind == 1
        if kind in (3, 4, 5, 6):
            return self._byte() if kind == 3 else self._signed()
        if kind in (7, 8):
            return self._bytes(8 if kind == 7 else self._unsigned())
        if kind in (9, 10):
            head = self._byte()
            length = head >> 4 if head >> 4 < 15 else self._unsigned()
            # in a list a truth is a byte of its own
            return [self._byte() if head & 15 in (1, 2) else self._value(head & 15) for _ in range(length)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"a field of kind {kind} in the footer")

    def _signed(self) -> int:
        zigzag = self._unsigned()
        return (zigzag >> 1) ^ -(zigzag & 1)

    def _unsigned(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number without end in the footer")

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        found = self._content[self._at : self._at + count]
        if len(found) < count:
            raise ValueError("the footer ends in the middle of a field")
        self._at += count
        return found
