"""Whatever is written, by whom and in which pieces: every instant reads as a model that simply remembers says."""

import tempfile
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from data import upkeep
from data.changes import changed_values
from data.store import Store
from data.vintages import as_of
from tests.data.test_changes import State, expected, hour, observation

States = dict[str, State]
states: some.SearchStrategy[State] = some.tuples(
    some.sampled_from([None, 1.0, 2.0]), some.sampled_from([None, 5.0]), some.sampled_from(["=", ">="])
)
runs = some.lists(some.dictionaries(some.sampled_from("abc"), states, min_size=1), min_size=1, max_size=6)
SHAPE = ("value", "high", "bound")


class Remembers:
    """The plain model: for each subject the states that it had, and since when."""

    def __init__(self) -> None:
        self.vintages: dict[str, list[tuple[datetime, State]]] = {}

    def run(self, found: States, at: datetime) -> None:
        for subject, (value, high, bound) in found.items():
            state = (value, None if value is None else high, bound)
            known = self.vintages.setdefault(subject, [])
            if not known or known[-1][1] != state:
                known.append((at, state))

    def at(self, instant: datetime | None) -> States:
        known = {s: [v for at, v in all_of if instant is None or at <= instant] for s, all_of in self.vintages.items()}
        return {subject: states[-1] for subject, states in known.items() if states}


def states_in(store: Store, instant: datetime | None) -> States:
    rows = as_of(store.read("observations"), instant).select("subject", *SHAPE).collect()
    return {subject: (value, high, bound) for subject, value, high, bound in rows.iter_rows()}


def pieces(found: States, chance: Any) -> list[dict[str, Any]]:
    """The rows of a run in any order, with some of them sent twice."""
    rows = [observation(subject, state) for subject, state in found.items()]
    return list(chance.draw(some.permutations([*rows, *chance.draw(some.lists(some.sampled_from(rows), max_size=2))])))


def any_writing_agrees(history: list[States], chance: some.DataObject) -> None:
    model = Remembers()
    with tempfile.TemporaryDirectory() as home, patch("data.store.os.fsync"):
        writers = [Store(home) for _ in range(3)]
        writers[0].create()
        for number, found in enumerate(history):
            at, rows = hour(number), pieces(found, chance)
            model.run(found, at)
            while rows:
                size = chance.draw(some.integers(1, len(rows)))
                chance.draw(some.sampled_from(writers)).append_vintages("observations", rows[:size], at)
                rows = rows[size:]
            if chance.draw(some.booleans()):
                upkeep.tidy(writers[0])
        for number in range(-1, len(history)):
            assert states_in(writers[1], hour(number)) == model.at(hour(number))
        assert states_in(writers[1], None) == model.at(None)
        assert len(writers[1].read("observations").collect()) == sum(map(len, model.vintages.values()))
        assert upkeep.faults(writers[1]) == []
        since = chance.draw(some.integers(-1, len(history) - 1))
        until = chance.draw(some.integers(since, len(history) - 1))
        changes = changed_values(writers[2], hour(since), hour(until))
        assert dict(changes.select("subject", "kind").iter_rows()) == expected(history, since, until)


@settings(max_examples=8)
@given(history=runs, chance=some.data())
def test_any_sequence_of_runs_by_any_writers_reads_as_the_model(history: list[States], chance: some.DataObject) -> None:
    any_writing_agrees(history, chance)


@pytest.mark.slow
@settings(max_examples=400)
@given(history=runs, chance=some.data())
def test_four_hundred_sequences_read_as_the_model(history: list[States], chance: some.DataObject) -> None:
    any_writing_agrees(history, chance)


@settings(max_examples=12)
@given(jumps=some.lists(some.integers(-3, 3), min_size=1, max_size=5))
def test_the_newest_row_is_the_one_written_last_whatever_the_clock_says(jumps: list[int]) -> None:
    """A live writer stamps by its clock; one that was set back must not hide what came later."""
    clock = hour(0)
    with tempfile.TemporaryDirectory() as home, patch("data.store.os.fsync"), patch("data.store.datetime") as clocked:
        store = Store(home)
        store.create()
        for number, jump in enumerate(jumps):
            clock += timedelta(days=jump)
            clocked.now.return_value = clock
            store.append_vintages("observations", [observation("a", (float(number), None, "="))])
            assert states_in(store, None)["a"][0] == float(number)
        known = store.read("observations").select(pl.col("known_at")).collect()["known_at"]
        assert known.n_unique() == len(jumps)
