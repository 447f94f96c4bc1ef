"""The ledger: what was known when, and that looking again never changes anything."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from collectors.run import catalogue_rows
from collectors.source import Collector, Source
from data import queries
from data.schema import Indicator, Observation
from data.store import Store
from signals import inquiry, ledger
from signals.finding import METHOD, Finding, from_json, to_json

HORIZON = Indicator(
    key="toy_horizon", title="Toy horizon", unit="minutes", stage="autonomy", transform="log2", definition="a toy"
)
PRICE = Indicator(
    key="toy_price",
    title="Toy price",
    unit="US$",
    stage="capability",
    transform="log2",
    better="down",
    definition="a toy",
    marks="day",
    date_kind="snapshot",
)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def made(indicator: Indicator) -> Collector:
    source = Source(
        title="Toy", homepage="https://example.org/", licence="CC0", credit="Toy", share="full", every=timedelta(days=1),
        at_least=1, indicators=(indicator,),
    )  # fmt: skip
    return Collector(name=f"source_of_{indicator.key}", source=source, collect=lambda http: iter(()), about="a toy")


def declare(store: Store, *indicators: Indicator) -> None:
    for indicator in indicators:
        store.append_vintages("indicators", catalogue_rows(made(indicator)), at=FIRST)


def bent_world(n: int = 30, steep: float = 6.0) -> list[tuple[date, float]]:
    """Models every 40 days; the slope grows from 1 to `steep` doublings a year at two thirds."""
    rng = np.random.default_rng(5)
    years = 40 * np.arange(n) / 365.25
    heights = years + (steep - 1) * np.maximum(years - years[2 * n // 3], 0) + 0.1 * rng.standard_normal(n)
    return [(date(2022, 12, 1) + timedelta(days=40 * i), float(2**h)) for i, h in enumerate(heights)]


def stored(store: Store, indicator: Indicator, points: Sequence[tuple[date, float]], at: datetime) -> None:
    rows = []
    for i, (day, value) in enumerate(points):
        subject = f"model {i}" if indicator.marks == "model" else ""
        row = Observation(indicator=indicator.key, date=day, value=value, unit=indicator.unit, subject=subject)
        rows.append(
            {name: getattr(row, name) for name in ("indicator", "subject", "variant", "date", "value", "bound", "unit")}
            | {"source": f"source_of_{indicator.key}", "low": None, "high": None, "level": None, "lab": None}
            | {"model": None, "url": None, "stated_at": None, "detail": None, "run_id": "test"}
        )
    store.append_vintages("observations", rows, at)


def told(store: Store, key: str = "toy_horizon") -> Finding:
    return ledger.read(store)[key]


def flags(store: Store) -> int:
    return len(queries.flags(store, METHOD))


@pytest.fixture
def watched(store: Store) -> Store:
    """A world that sped up, known up to its last point but two, then one point more at a time."""
    declare(store, HORIZON)
    world = bent_world()
    for i, known in enumerate((28, 29, 30)):
        stored(store, HORIZON, world[:known], FIRST + timedelta(days=30 * i))
    return store


def test_a_flag_needs_a_second_update_and_dates_itself(watched: Store) -> None:
    ledger.update(watched)
    history = queries.flags(watched, METHOD)
    assert list(history["state"]) == ["steady", "confirmed", "confirmed"]
    assert list(history["known_at"].dt.date) == [date(2026, 1, 1), date(2026, 1, 31), date(2026, 3, 2)]
    found = told(watched)
    assert found.since == date(2026, 1, 31)
    assert found.faster is not None
    assert found.faster.break_low <= date(2025, 2, 8) <= found.faster.break_high
    assert found.faster.p <= 0.01
    assert found.power is not None
    assert set(found.power) == {"1.5", "2", "3"}


def test_asking_again_changes_nothing(watched: Store) -> None:
    assert ledger.update(watched) == 3
    before = told(watched)
    assert ledger.update(watched) == 0
    assert told(watched) == before


def test_the_same_data_are_never_tested_twice(watched: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.update(watched)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("tested again")

    for name in ("examine", "described"):
        monkeypatch.setattr(ledger, name, refuse)
    stored(watched, HORIZON, bent_world()[:30], FIRST + timedelta(days=300))  # the same answer once more
    verdict = ledger.evaluate(watched)[0]
    assert verdict.state == "confirmed"
    assert ledger.update(watched) == 0


def test_a_restatement_cannot_confirm(store: Store) -> None:
    declare(store, HORIZON)
    world = bent_world()
    stored(store, HORIZON, world, FIRST)
    restated = [(day, value * (1.01 if i == 3 else 1)) for i, (day, value) in enumerate(world)]
    stored(store, HORIZON, restated, FIRST + timedelta(days=30))
    ledger.update(store)
    found = told(store)
    assert not found.has_new_point
    assert found.state == "steady"
    assert found.faster is not None
    assert found.faster.p <= 0.01


def test_what_the_ledger_knew_does_not_depend_on_what_came_later(watched: Store) -> None:
    early = ledger.evaluate(watched, FIRST + timedelta(days=1))[0]
    ledger.update(watched)
    assert ledger.read(watched, FIRST + timedelta(days=1))["toy_horizon"].state == early.state == "steady"
    again = ledger.evaluate(watched, FIRST + timedelta(days=1))[0]
    assert again.finding is not None
    assert early.finding is not None
    assert again.finding.faster is not None
    assert early.finding.faster is not None
    assert replace(again.finding.faster, q=None) == replace(early.finding.faster, q=None)


def test_step_by_step_or_all_at_once_the_states_are_the_same(tmp_path: Path) -> None:
    states = []
    for name, each in (("one", True), ("two", False)):
        store = Store(str(tmp_path / name))
        store.create()
        declare(store, HORIZON)
        for i, known in enumerate((28, 29, 30)):
            stored(store, HORIZON, bent_world()[:known], FIRST + timedelta(days=30 * i))
            if each:
                ledger.update(store)
        ledger.update(store)
        states.append(queries.flags(store, METHOD)[["known_at", "state", "p", "q", "data_id", "streak_on"]])
    assert states[0].equals(states[1])


def test_a_page_never_simulates(watched: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("simulated on a page")

    rows = queries.observations(watched, "toy_horizon")
    indicator = queries.as_dicts(queries.indicators(watched))[0]
    for module, name in ((inquiry, "examine"), (inquiry, "described"), (ledger, "examine"), (ledger, "described")):
        monkeypatch.setattr(module, name, refuse)
    alone = ledger.judge(indicator, rows)
    assert alone.state == "cannot tell"
    assert any("not evaluated yet" in reason for reason in alone.reasons)
    monkeypatch.undo()
    ledger.update(watched)
    judged = ledger.judge(indicator, rows, finding=told(watched))
    assert judged.state == "confirmed"
    assert not judged.is_behind
    assert judged.as_json()["break_on"] == judged.shown.break_on.isoformat()  # type: ignore[union-attr]
    older = ledger.judge(indicator, rows.iloc[:-1], finding=told(watched))
    assert older.is_behind


def test_the_backtest_says_when_each_flag_would_have_been_raised(watched: Store) -> None:
    rows = ledger.backtest(watched)
    assert [(row["state"], row["known_at"][:10]) for row in rows] == [
        ("steady", "2026-01-01"),
        ("confirmed", "2026-01-31"),
    ]
    assert flags(watched) == 0


def test_a_replay_finds_the_ledger_again_and_tells_what_was_changed_in_it(watched: Store) -> None:
    ledger.update(watched)
    for day in (1, 31, 61):
        assert ledger.replay(watched, FIRST + timedelta(days=day)) == (1, [])
    row = ledger._row(replace(told(watched), state="steady"))
    watched.append_vintages("flags", [row], FIRST + timedelta(days=62))
    assert ledger.replay(watched, FIRST + timedelta(days=61)) == (1, [])
    assert ledger.replay(watched) == (1, [ledger.Difference("toy_horizon", "state", "steady", "confirmed")])


def test_a_finding_survives_the_table(watched: Store) -> None:
    ledger.update(watched)
    found = told(watched)
    assert from_json(Finding, to_json(found)) == found
    assert found.multiverse is not None
    assert found.multiverse.faster > found.multiverse.slower
    assert found.licence is not None
    assert found.licence.state == "confirmed"


def test_prices_without_subject_keep_their_rows_and_repeats_are_no_news(store: Store) -> None:
    declare(store, PRICE)
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(40)]
    stored(store, PRICE, [(day, 10.0 / (1 + i // 4)) for i, day in enumerate(days)], FIRST + timedelta(days=60))
    verdict = ledger.evaluate(store)[0]
    assert verdict.n == 10
    assert verdict.left_out == {"repeats the value before": 30}
    assert any("only the changes are judged" in reason for reason in verdict.reasons)


def test_what_cannot_be_judged_is_said_and_does_not_stop_the_others(store: Store) -> None:
    declare(store, HORIZON, PRICE)
    stored(store, HORIZON, [(day, 0.0 if i == 3 else value) for i, (day, value) in enumerate(bent_world())], FIRST)
    stored(store, PRICE, [(date(2026, 1, 1), -1.0), (date(2026, 1, 2), 0.0)], FIRST)
    verdicts = {v.indicator: v for v in ledger.evaluate(store)}
    assert verdicts["toy_price"].state == "not enough data"
    assert verdicts["toy_price"].left_out == {"off the scale": 2}
    assert verdicts["toy_horizon"].left_out["off the scale"] == 1
    assert any("1 value is off the scale" in reason for reason in verdicts["toy_horizon"].reasons)


def test_metr_vintages_raise_nothing_on_suite_1_0_and_say_when(
    shared: Path, store: Store, replay: Callable[..., object]
) -> None:
    from collectors.registry import one
    from collectors.replay import Replay
    from collectors.run import run_source

    for day in ("2026-01-30", "2026-02-22", "2026-05-10"):
        at = datetime.fromisoformat(f"{day}T00:00:00+00:00")
        run_source(one("metr_horizons"), Replay(shared / "replay" / day, at), store, at=at)
    rows = [row for row in ledger.backtest(store) if row["indicator"] == "metr_p50"]
    assert rows[0]["known_at"].startswith("2026-01-30")
    assert rows[0]["state"] in ("steady", "cannot tell")
    verdict = next(v for v in ledger.evaluate(store) if v.indicator == "metr_p50")
    assert verdict.trend is not None
    assert verdict.trend.doubling_days == pytest.approx(128.744, abs=0.001)
    assert verdict.finding is not None
    assert verdict.finding.tested_as == "band"
    suite = ledger.look(
        next(r for r in queries.as_dicts(queries.indicators(store)) if r["indicator"] == "metr_p50"),
        queries.observations(store, "metr_p50"),
        variants=("1.0",),
    )
    assert suite.shown is not None
    assert suite.shown.p > 0.01
    assert suite.state in ("steady", "cannot tell")
