"""Upkeep changes no row, blocks nobody, and tells what is wrong."""

import os
from pathlib import Path

import polars as pl
import pytest

from data import queries, upkeep
from data.schema import Failure
from data.store import Store
from tests.data.test_store import at, row, values

OLD = 1  # seconds since 1970: long before any safe age


def worn(store: Store, commits: int = 12) -> None:
    for number in range(commits):
        store.append_vintages("observations", [row(float(number), f"s{number % 2}")], at(number + 1))


def files(store: Store) -> list[Path]:
    return sorted(Path(store.uri, "observations").rglob("*.parquet"))


def test_many_small_files_become_one_and_every_instant_reads_as_before(store: Store) -> None:
    worn(store)
    before = [values(store, at(day)) for day in range(1, 13)]
    assert queries.status(store)["tables"]["observations"]["files"] == 12
    upkeep.tidy(store)
    assert queries.status(store)["tables"]["observations"]["files"] == 1
    assert [values(store, at(day)) for day in range(1, 13)] == before
    assert list(Path(store.uri, "observations", "_delta_log").glob("*.checkpoint.parquet"))


def test_rows_of_one_indicator_lie_together_after_tidying(store: Store) -> None:
    for number in range(6):
        rows = [{**row(float(number), f"s{number}"), "indicator": name} for name in ("b", "c", "a")]
        store.append_vintages("observations", rows, at(number + 1))
    upkeep.tidy(store)
    read = pl.read_parquet(store.table("observations").file_uris(), hive_partitioning=False)
    assert read["indicator"].to_list() == ["a"] * 6 + ["b"] * 6 + ["c"] * 6


def test_a_tidy_part_is_left_alone_when_another_one_grows(store: Store) -> None:
    for source in ("one", "other"):
        store.append_vintages("observations", [{**row(1.0), "source": source}], at(1))
    store.append_vintages("observations", [{**row(2.0), "source": "one"}], at(2))
    other = [uri for uri in store.table("observations").file_uris() if "source=other" in uri]
    upkeep.tidy(store)
    kept = store.table("observations").file_uris()
    assert set(other) < set(kept)
    assert len(kept) == 2


def test_tidying_again_commits_nothing(store: Store) -> None:
    worn(store)
    upkeep.tidy(store)
    version = store.version("observations")
    upkeep.tidy(store)
    assert store.version("observations") == version


def test_a_reader_that_began_before_goes_on(store: Store) -> None:
    worn(store)
    reader = store.read("observations")
    upkeep.tidy(store)
    assert len(reader.collect()) == 12


def test_leftovers_of_a_killed_writer_go_when_they_are_old_enough(store: Store) -> None:
    worn(store, 2)
    young, old = (Path(store.uri, "observations", "source=s", f"{age}.parquet") for age in ("young", "old"))
    for path in (young, old):
        path.write_bytes(b"half a file")
    os.utime(old, (OLD, OLD))
    upkeep.tidy(store)
    assert (young.exists(), old.exists()) == (True, False)
    assert len(store.read("observations").collect()) == 2


def test_files_that_were_merged_stay_for_readers_until_they_are_old(store: Store) -> None:
    worn(store)
    upkeep.tidy(store)
    assert len([p for p in files(store) if "_delta_log" not in p.parts]) == 13


def test_a_table_that_cannot_be_tidied_stops_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise Failure("storage", "disk full")

    worn(store)
    monkeypatch.setattr(upkeep, "_compact", full)
    upkeep.tidy(store)
    assert values(store) == [10.0, 11.0]


def test_status_tells_versions_files_rows_size_and_the_newest_vintage(store: Store) -> None:
    worn(store, 3)
    table = queries.status(store)["tables"]["observations"]
    size = sum(path.stat().st_size for path in files(store))
    assert table == {"version": 3, "files": 3, "rows": 3, "bytes": size, "newest_known_at": at(3).isoformat()}


def test_status_of_no_store_is_all_zero(tmp_path: Path) -> None:
    tables = queries.status(Store(str(tmp_path / "nowhere")))["tables"]
    assert {(t["version"], t["rows"], t["newest_known_at"]) for t in tables.values()} == {(-1, 0, None)}


def test_a_sound_store_has_no_faults(store: Store) -> None:
    worn(store)
    assert upkeep.faults(store) == []


def test_a_doubled_row_and_a_torn_chain_are_told(store: Store) -> None:
    from deltalake import write_deltalake

    worn(store, 4)
    rows = store.read("observations").sort("known_at").collect()
    write_deltalake(f"{store.uri}/observations", rows[2:3], mode="append")
    assert [f.split(": ")[1] for f in upkeep.faults(store)] == [
        "1 rows more than there are values of row_id",
        "1 vintages are followed by more than one",
    ]


@pytest.mark.parametrize(
    "damage", ["", '{"add":{"path":"source=s/x.parq', '{"commitInfo":{}}\n{"add":{"path":"gone","size":1}}']
)
def test_a_commit_that_a_power_cut_left_half_written_is_moved_aside_and_its_run_repeated(
    store: Store, damage: str
) -> None:
    worn(store, 2)
    last = max(Path(store.uri, "observations", "_delta_log").glob("*.json"))
    last.write_text(damage)
    assert [path.suffix for path in upkeep.mend(store)] == [".broken"]
    assert values(store) == [0.0]
    worn(store, 2)
    assert values(store) == [0.0, 1.0]
    assert upkeep.mend(store) == []
    assert upkeep.faults(store) == []
