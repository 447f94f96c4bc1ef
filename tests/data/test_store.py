"""The tables remember: nothing is overwritten, repeats add nothing, and any past instant can be read."""

import shutil
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from deltalake.exceptions import CommitFailedError, DeltaError

from data.schema import TABLES, BadRow, Failure, Run
from data.store import OlderThanStored, Store, Watch
from data.vintages import as_of

DAY = date(2026, 1, 1)


def row(value: float | None, subject: str = "m", **other: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("low", "high", "level", "lab", "model", "url", "stated_at", "detail"))
    return {
        **blank, "source": "s", "indicator": "i", "subject": subject, "variant": "", "date": DAY, "value": value,
        "bound": "=", "unit": "points", "run_id": "r", **other,
    }  # fmt: skip


def at(day: int) -> datetime:
    return datetime(2026, 2, day, tzinfo=UTC)


def values(store: Store, instant: datetime | None = None) -> list[float | None]:
    rows = as_of(store.read("observations"), instant)
    return rows.sort("subject").select("value").collect()["value"].to_list()


def test_a_value_that_changes_back_is_three_vintages(store: Store) -> None:
    added = [
        store.append_vintages("observations", [row(v)], at(d)) for d, v in enumerate((1.0, 1.0, 2.0, 2.0, 1.0, 1.0), 1)
    ]
    assert added == [1, 0, 1, 0, 1, 0]
    assert [values(store, at(d)) for d in (1, 2, 3, 5)] == [[1.0], [1.0], [2.0], [1.0]]
    assert values(store) == [1.0]


def test_each_vintage_names_the_one_before(store: Store) -> None:
    for day, value in enumerate((1.0, 2.0, 3.0), 1):
        store.append_vintages("observations", [row(value)], at(day))
    chain = store.read("observations").sort("known_at").select("row_id", "prev_id").collect()
    assert chain["prev_id"].to_list() == [None, *chain["row_id"].to_list()[:-1]]


def test_an_interval_that_moves_alone_is_a_vintage_and_a_lab_is_not(store: Store) -> None:
    store.append_vintages("observations", [row(1.0, low=0.5, high=2.0, level=0.95)], at(1))
    assert store.append_vintages("observations", [row(1.0, low=0.6, high=2.0, level=0.95)], at(2)) == 1
    assert store.append_vintages("observations", [row(1.0, low=0.6, high=2.0, level=0.95, lab="meta")], at(3)) == 0


def test_a_withdrawn_value_is_gone_from_then_on_and_stays_in_the_past(store: Store) -> None:
    for day, value in enumerate((1.0, None, None, 1.0), 1):
        store.append_vintages("observations", [row(value)], at(day))
    assert [values(store, at(d)) for d in (1, 2, 4)] == [[1.0], [None], [1.0]]
    assert len(store.read("observations").collect()) == 3


def test_nothing_is_known_before_the_first_vintage(store: Store) -> None:
    store.append_vintages("observations", [row(1.0)], at(2))
    assert values(store, at(1)) == []


def test_a_clock_that_was_set_back_does_not_hide_the_newer_value(store: Store) -> None:
    future = datetime.now(UTC) + timedelta(days=7)
    store.append_vintages("observations", [row(1.0)], future)
    store.append_vintages("observations", [row(2.0)])
    assert values(store) == [2.0]


def test_an_older_vintage_cannot_be_slipped_in_before_newer_ones(store: Store) -> None:
    store.append_vintages("observations", [row(1.0)], at(1))
    store.append_vintages("observations", [row(2.0)], at(3))
    assert store.append_vintages("observations", [row(1.0)], at(2)) == 0
    with pytest.raises(OlderThanStored, match="in order of date"):
        store.append_vintages("observations", [row(5.0)], at(2))
    assert values(store) == [2.0]


def test_the_same_point_twice_in_a_batch_is_stored_once(store: Store) -> None:
    assert store.append_vintages("observations", [row(1.0), row(1.0)], at(1)) == 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"value": float("nan")}, "value is not a finite number"),
        ({"value": float("inf")}, "value is not a finite number"),
        ({"unit": None}, "unit is missing"),
        ({"source": "a/b"}, "source cannot name a folder"),
        ({"source": ""}, "source cannot name a folder"),
        ({"source": "a' or '1'='1"}, "source cannot name a folder"),
        ({"stated_at": datetime(2026, 1, 1)}, "stated_at has no zone"),  # noqa: DTZ001 - that is the mistake
        ({"stated_at": "2026-01-01"}, "stated_at is no instant"),
        ({"date": "2026-01-01"}, "date is no day"),
        ({"date": datetime(2026, 1, 1, tzinfo=UTC)}, "date is no day"),
        ({"value": "much"}, "observations: value"),
        ({"lab": 7}, "observations: lab"),
    ],
)
def test_a_wrong_row_is_refused_at_the_door_and_nothing_is_stored(
    store: Store, wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadRow, match=named):
        store.append_vintages("observations", [row(1.0, "good"), row(**{"value": 1.0, **wrong})], at(1))
    assert values(store) == []


def test_a_truth_is_no_number(store: Store) -> None:
    lease = asdict(Run(run_id="r", source="s", started_at=at(1), ended_at=at(1), outcome="ok"))
    with pytest.raises(BadRow, match="requests is no number: True"):
        store.append_new("runs", [{**lease, "requests": True, "month": "2026-01"}])


def test_a_table_refuses_to_be_rewritten(store: Store) -> None:
    from deltalake import DeltaTable

    store.append_vintages("observations", [row(1.0)], at(1))
    with pytest.raises(Exception, match="(?i)append"):
        DeltaTable(f"{store.uri}/observations").delete()
    assert values(store) == [1.0]


def test_a_watch_sees_what_others_commit_and_tables_that_are_made_later(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "later"))
    watch = Watch(store, ("observations", "runs"))
    assert watch.versions() == (-1, -1)
    store.create()
    assert watch.versions() == (0, 0)
    Store(store.uri).append_vintages("observations", [row(1.0)], at(1))
    assert watch.versions() == (store.version("observations"), 0) == (1, 0)


def test_a_watch_finds_a_table_that_was_put_back_from_a_copy(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append_vintages("observations", [row(1.0)], at(1))
    now = [0.0]
    monkeypatch.setattr("data.store.time.monotonic", lambda: now[0])
    watch = Watch(store, ("observations",))
    assert watch.versions() == (1,)
    shutil.rmtree(Path(store.uri) / "observations")
    store.create()
    now[0] = 61.0
    assert watch.versions() == (0,)


def test_an_absent_table_reads_as_an_empty_one(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "nowhere"))
    assert store.version("observations") == -1
    assert store.read("observations").collect().schema == TABLES["observations"].schema
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Failure, match="cannot create table") as problem:
        Store(str(tmp_path / "file")).create()
    assert problem.value.outcome == "storage"


def _write(uri: str, rounds: int) -> None:
    store = Store(uri)
    store.create()
    for number in range(rounds):
        store.append_vintages("observations", [row(float(number % 2), subject) for subject in "abcd"])


def test_two_writers_at_once_make_one_chain_and_no_duplicate(tmp_path: Path) -> None:
    uri = str(tmp_path / "shared")
    workers = [get_context("spawn").Process(target=_write, args=(uri, 6)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(240)
    assert [w.exitcode for w in workers] == [0, 0]
    rows = Store(uri).read("observations").collect()
    assert rows["row_id"].n_unique() == len(rows)
    followers = rows["prev_id"].drop_nulls()
    assert followers.n_unique() == len(followers), "two rows follow the same one"
    assert rows["prev_id"].null_count() == 4


def test_a_commit_that_another_writer_was_faster_than_is_tried_again(store: Store) -> None:
    lost = iter([True, True, False])

    def write() -> int:
        if next(lost):
            raise CommitFailedError("another was first")
        return 7

    assert store.attempt("runs", write) == 7


@pytest.mark.parametrize("problem", [CommitFailedError("always"), DeltaError("broken"), OSError(28, "no space left")])
def test_a_commit_that_cannot_be_made_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def write() -> int:
        raise problem

    monkeypatch.setattr("data.store.PATIENCE", -1.0)
    monkeypatch.setattr("data.store.TRIES", 2)
    with pytest.raises(Failure, match="cannot write table runs") as caught:
        store.attempt("runs", write)
    assert caught.value.outcome == "storage"


def test_tables_that_cannot_be_reached_are_said_whatever_is_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def __init__(self, *_: object, **__: object) -> None:
            raise DeltaError("away")

        is_deltatable = create = __init__

    monkeypatch.setattr("data.store.DeltaTable", Away)
    for ask in (store.exists, store.version, store.find, store.read):
        with pytest.raises(Failure, match="cannot read table runs"):
            ask("runs")


def test_partitions_are_told_by_the_log_last_first(store: Store, tmp_path: Path) -> None:
    assert Store(str(tmp_path / "nowhere")).partitions("mentions") == []
    store.append_vintages("observations", [row(1.0), row(1.0, source="t")], at(1))
    assert store.partitions("observations") == ["t", "s"]
