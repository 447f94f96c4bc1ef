"""Parquet files: rows by name, within the caps, and no crash whatever the bytes."""

import contextlib
import io
import math
import random
import resource

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors import parse
from collectors.parquet import _size, parquet_rows
from data.schema import Failure


def parquet(**columns: list[object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_a_parquet_file_gives_rows_by_name_and_pandas_missing_value_is_none() -> None:
    body = parquet(model=["a", "b"], kind=["x", "y"], score=[1.5, math.nan], extra=[1, 2])
    assert parquet_rows(body, ("model", "score"), "here") == [
        {"model": "a", "score": 1.5},
        {"model": "b", "score": None},
    ]
    assert parquet_rows(body, ("model",), "here", only=("kind", "y")) == [{"model": "b"}]


def test_a_parquet_file_without_a_column_names_it() -> None:
    with pytest.raises(Failure, match="no column named 'score'") as caught:
        parquet_rows(parquet(model=["a"]), ("model", "score"), "here")
    assert caught.value.outcome == "schema"


def test_infinity_in_a_parquet_file_is_no_number() -> None:
    with pytest.raises(Failure, match="score is inf") as caught:
        parquet_rows(parquet(score=[math.inf]), ("score",), "here")
    assert caught.value.outcome == "bad_content"


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_parquet_file_is_a_failure_and_never_a_crash(seed: int) -> None:
    dice = random.Random(seed)
    body = bytearray(parquet(model=["a", "b"] * 50, score=[1.5, 2.5] * 50))
    for _ in range(dice.randint(1, 20)):
        body[dice.randrange(4, len(body) - 4)] = dice.randrange(256)
    with contextlib.suppress(Failure):
        parquet_rows(bytes(body), ("model", "score"), "here")


@pytest.mark.parametrize("body", [b"", b"PAR1", b"PAR1PAR1", b"<html>", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet_file_is_bad_content(body: bytes) -> None:
    with pytest.raises(Failure) as caught:
        parquet_rows(body, ("model",), "here")
    assert caught.value.outcome == "bad_content"


def test_more_rows_than_any_source_has_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    body = parquet(model=["a"] * 11)
    for cap in ("MOST_ROWS", "MOST_ROWS_READ"):
        with monkeypatch.context() as changed:
            changed.setattr(parse, cap, 10)
            with pytest.raises(Failure, match="11 rows") as caught:
                parquet_rows(body, ("model",), "here")
            assert caught.value.outcome == "too_large"


def test_a_long_cell_repeated_costs_no_memory() -> None:
    body = parquet(model=["x" * 1_000_000] * 300 + ["a"], kind=["many"] * 300 + ["one"])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert parquet_rows(body, ("model",), "here", only=("kind", "one")) == [{"model": "a"}]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
def test_size_is_what_arrow_reads_from_the_same_footer(compression: str) -> None:
    table = pa.table(
        {"name": [f"m{n}" for n in range(5000)], "nested": [[{"a": n}] for n in range(5000)], "x": [0.5] * 5000}
    )
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=700, compression=compression)
    said = pq.ParquetFile(io.BytesIO(file.getvalue())).metadata
    assert said.num_row_groups > 5
    unpacked = sum(said.row_group(i).total_byte_size for i in range(said.num_row_groups))
    assert _size(file.getvalue()) == (said.num_rows, unpacked)


def test_a_file_that_unpacks_to_far_more_than_itself_is_too_large() -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"a": ["x" * 50_000_000]}), file, compression="zstd", use_dictionary=False)
    with pytest.raises(Failure, match="a table of 1 rows and 5") as caught:
        parquet_rows(file.getvalue(), ("a",), "here")
    assert caught.value.outcome == "too_large"


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_footer_is_a_failure_and_never_a_crash(seed: int) -> None:
    dice = random.Random(seed)
    body = bytearray(parquet(model=["a", "b"] * 50, score=[1.5, 2.5] * 50))
    footer = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
    for _ in range(dice.randint(1, 5)):
        body[dice.randrange(footer, len(body) - 4)] = dice.randrange(256)
    with contextlib.suppress(Failure):
        parquet_rows(bytes(body), ("model", "score"), "here")


def test_a_filter_by_a_column_that_is_not_there_names_it() -> None:
    with pytest.raises(Failure, match="no column named 'kind'"):
        parquet_rows(parquet(model=["a"]), ("model",), "here", only=("kind", "x"))
