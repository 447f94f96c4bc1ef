"""What changed between two instants, against a plain model that remembers everything."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as some

from data.changes import changed_definitions, changed_values
from data.schema import OBSERVATIONS
from data.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
TYPES = OBSERVATIONS.schema
State = tuple[float | None, float | None, str]


def observation(subject: str, state: State) -> dict[str, Any]:
    value, high, bound = state
    return {
        "source": "metr_horizons", "indicator": "metr_p50", "subject": subject, "variant": "", "date": date(2026, 1, 1),
        "value": value, "low": None, "high": None if value is None else high, "level": None, "bound": bound,
        "unit": "minutes", "lab": None, "model": None, "url": None, "stated_at": None, "detail": None, "run_id": "r",
    }  # fmt: skip


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


values = some.sampled_from([None, 1.0, 2.0])
states: some.SearchStrategy[State] = some.tuples(
    values, some.sampled_from([None, 5.0, 6.0]), some.sampled_from(["=", ">="])
)
histories = some.lists(some.dictionaries(some.sampled_from("ab"), states, min_size=1), min_size=1, max_size=6)


def expected(history: list[dict[str, State]], since: int, until: int) -> dict[str, str]:
    """The kinds by subject, from a replay of the whole history."""

    def at(instant: int) -> dict[str, State]:
        known: dict[str, State] = {}
        for number, batch in enumerate(history):
            if number <= instant:
                known |= {k: (v, None if v is None else high, bound) for k, (v, high, bound) in batch.items()}
        return known

    then, now = at(since), at(until)
    kinds = {}
    for subject, (value, high, bound) in now.items():
        old = then.get(subject)
        if old is None:
            kind = "" if value is None else "new" if then else "first"
        elif (value is None) != (old[0] is None):
            kind = "withdrawn" if value is None else "returned"
        elif value is None:
            kind = ""
        else:
            kind = "restated" if (value, bound) != (old[0], old[2]) else "interval" if high != old[1] else ""
        if kind:
            kinds[subject] = kind
    return kinds


class Remembered(Store):
    """A store in memory: the vintages that a history leaves behind, without the disk."""

    def read(self, name: str) -> pl.LazyFrame:
        assert name == "observations"
        return pl.LazyFrame(self.vintages, schema=TYPES)

    vintages: ClassVar[list[dict[str, Any]]] = []


def remembered(history: list[dict[str, State]]) -> Store:
    vintages: list[dict[str, Any]] = []
    latest: dict[str, dict[str, Any]] = {}
    chain: dict[str, str] = {}
    for number, batch in enumerate(history):
        for subject, state in batch.items():
            row = observation(subject, state)
            if latest.get(subject) != row:
                latest[subject] = row
                row_id = str(len(vintages))
                vintages.append({**row, "known_at": hour(number), "row_id": row_id, "prev_id": chain.get(subject)})
                chain[subject] = row_id
    store = Remembered("memory")
    vars(store)["vintages"] = vintages
    return store


@settings(max_examples=60)
@given(history=histories, data=some.data())
def test_any_two_instants_agree_with_a_model_that_remembers_everything(
    history: list[dict[str, State]], data: some.DataObject
) -> None:
    store = remembered(history)
    since = data.draw(some.integers(-1, len(history) - 1))
    until = data.draw(some.integers(since, len(history) - 1))
    found = changed_values(store, hour(since), hour(until))
    assert dict(found.select("subject", "kind").iter_rows()) == expected(history, since, until)
    newest = changed_values(store, hour(since))
    assert dict(newest.select("subject", "kind").iter_rows()) == expected(history, since, len(history) - 1)


def test_what_is_collected_for_the_first_time_is_no_news_of_its_publisher(store: Store) -> None:
    old, other = observation("a", (1.0, None, "=")), observation("b", (2.0, None, "="))
    store.append_vintages("observations", [old], hour(0))
    store.append_vintages("observations", [other, {**other, "indicator": "metr_p80"}], hour(1))
    found = changed_values(store, hour(0))
    assert set(found.select("indicator", "kind").iter_rows()) == {("metr_p50", "new"), ("metr_p80", "first")}


def test_a_change_shows_both_values_and_how_many_steps_led_there(store: Store) -> None:
    for number, value in enumerate((1.0, 2.0, 3.0)):
        store.append_vintages("observations", [observation("a", (value, None, "="))], hour(number))
    row = changed_values(store, hour(0)).row(0, named=True)
    assert (row["kind"], row["value_before"], row["value"], row["steps"]) == ("restated", 1.0, 3.0, 2)


def test_a_new_definition_names_what_is_new_in_it(store: Store) -> None:
    from collectors.registry import one
    from collectors.run import catalogue_rows

    rows = catalogue_rows(one("metr_horizons"))
    store.append_vintages("indicators", rows, hour(0))
    store.append_vintages("indicators", [{**rows[0], "note": "other", "licence": "other"}], hour(1))
    found = changed_definitions(store, hour(0))
    assert list(found.select("indicator", "columns").iter_rows()) == [(rows[0]["indicator"], ["licence", "note"])]
    assert len(changed_definitions(store, hour(-1))) == len(rows)
