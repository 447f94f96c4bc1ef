"""Projections come out the same whenever they are computed, and are scored by what came later, never by the past."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.store import Store
from signals import forecast
from signals.forecast import HORIZONS, NEXT, PATIENCE, Coverage, Projection, book, coverage
from tests.signals.test_ledger import HORIZON, declare, stored

START = date(2022, 1, 1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
INDICATOR: dict[str, Any] = {
    "indicator": "toy", "marks": "model", "scale": "log2", "better": "up", "date_kind": "release", "lower": None,
    "upper": None, "closed_on": None, "figure_of": "", "variants": [{"key": "", "title": "", "beside": ""}],
}  # fmt: skip


def points(n: int, step: int = 40, noise: float = 0.1, bend: float = 0.0) -> list[tuple[date, float]]:
    """A record every `step` days, doubling every year; `bend` doublings more for each after the twentieth."""
    rng = np.random.default_rng(3)
    heights = step * np.arange(n) / 365.25 + bend * np.maximum(np.arange(n) - 20, 0) + noise * rng.standard_normal(n)
    return [(START + timedelta(days=step * i), float(2.0**h)) for i, h in enumerate(heights)]


def vintages(found: list[tuple[date, float]], *, lag: int = 3) -> pd.DataFrame:
    """Each value known `lag` days after its date."""
    rows = [
        {"subject": f"m{i}", "variant": "", "date": pd.Timestamp(day), "value": value, "low": np.nan, "high": np.nan,
         "level": np.nan, "bound": "=", "model": None, "detail": None, "indicator": "toy",
         "known_at": pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=lag)}
        for i, (day, value) in enumerate(found)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_projection_is_the_same_whatever_came_to_be_known_after_its_issue() -> None:
    rows = vintages(points(36))
    early, late = (book(INDICATOR, rows, at) for at in (datetime(2024, 6, 1, tzinfo=UTC), NOW))
    frozen = {(p.issued_on, p.horizon): p for p in late}
    unscored = [p for p in early if p.observed is None]
    assert unscored
    for before in early:
        after = frozen[before.issued_on, before.horizon]
        assert (before.n, before.due) == (after.n, after.due)
        if before.observed == after.observed:
            assert (before.projected, before.low, before.high) == (after.projected, after.low, after.high)


def test_a_value_restated_later_moves_no_projection_of_the_past() -> None:
    rows = vintages(points(30))
    again = rows.tail(15).assign(value=lambda r: r["value"] * 8, known_at=pd.Timestamp("2026-03-01", tz="UTC"))
    plain, restated = (book(INDICATOR, r, NOW) for r in (rows, pd.concat([rows, again])))
    day = date(2024, 1, 1)
    old = [(p.issued_on, p.horizon, p.n) for p in plain if p.issued_on < day]
    assert old == [(p.issued_on, p.horizon, p.n) for p in restated if p.issued_on < day]


def test_steady_growth_stays_in_the_interval_about_as_often_as_it_says() -> None:
    held = coverage(book(INDICATOR, vintages(points(38)), NOW))
    assert held.n > 40
    assert held.share is not None
    assert held.low is not None
    assert held.high is not None
    assert 0.6 < held.share <= 1
    assert held.low < held.share <= held.high


def test_a_speed_up_is_missed_on_the_fast_side_and_said_in_doublings() -> None:
    found = [
        p for p in book(INDICATOR, vintages(points(36, bend=0.5)), NOW) if p.horizon == 365 and p.error is not None
    ]
    late = [p for p in found if p.issued_on > START + timedelta(days=40 * 21)]
    assert late
    assert not any(p.is_inside for p in late)
    for p in late:
        assert p.observed is not None
        assert p.error == pytest.approx(np.log2(p.observed / p.projected))
        assert p.error > 1


def test_a_price_that_falls_faster_than_projected_has_an_error_above_zero() -> None:
    falling = [(day, 1 / value) for day, value in points(36, bend=0.5)]
    found = book({**INDICATOR, "better": "down"}, vintages(falling), NOW)
    last = next(p for p in found if p.horizon == 365 and p.error is not None)
    assert last.observed is not None
    assert last.observed < last.low < last.projected < last.high
    assert (last.error or 0) > 1


def test_a_value_scores_only_what_was_issued_before_it_and_due_by_then() -> None:
    for p in book(INDICATOR, vintages(points(36)), NOW):
        assert p.due == p.issued_on + timedelta(days=p.horizon)
        if p.observed_on is not None:
            assert p.issued_on < p.due <= p.observed_on <= p.due + PATIENCE


def test_one_issue_a_month_with_every_horizon() -> None:
    found = book(INDICATOR, vintages(points(60, step=9)), NOW)
    issues = {p.issued_on for p in found}
    assert len({(day.year, day.month) for day in issues}) == len(issues)
    assert [p.horizon for p in found if p.issued_on == max(issues)] == list(HORIZONS)


def test_nothing_is_projected_from_few_points_counts_or_what_the_publisher_closed() -> None:
    rows = vintages(points(30))
    assert book(INDICATOR, vintages(points(9)), NOW) == []
    assert book({**INDICATOR, "marks": "week", "date_kind": "period"}, rows, NOW) == []
    closed = book({**INDICATOR, "closed_on": datetime(2024, 1, 1, tzinfo=UTC)}, rows, NOW)
    assert closed
    assert max(p.issued_on for p in closed) < date(2024, 1, 1)


def test_a_day_that_passes_without_a_value_is_over_and_no_score() -> None:
    only = vintages(points(20))
    found = book(INDICATOR, only, NOW)
    last = max(p.issued_on for p in found)
    open_ones = [p for p in found if p.issued_on == last]
    assert all(p.observed is None and p.is_over for p in open_ones)
    assert coverage(open_ones) == Coverage(0, 0)
    assert Coverage(0, 0).as_json() == {"n": 0, "inside": 0, "share": None, "low": None, "high": None}


def test_an_interval_of_coverage_is_wilsons() -> None:
    held = Coverage(10, 8)  # statsmodels: proportion_confint(8, 10, alpha=0.1, method="wilson")
    assert (held.low, held.high) == (pytest.approx(0.5408, abs=1e-4), pytest.approx(0.9315, abs=1e-4))


def test_both_ends_of_the_interval_hold() -> None:
    one = Projection("toy", "", START, NEXT, START, 12, 2.0, 1.0, 4.0, "log2")
    assert one.is_inside is None
    assert [replace(one, observed=value).is_inside for value in (0.9, 1.0, 4.0, 4.1)] == [False, True, True, False]


def test_a_store_is_read_as_of_an_instant(store: Store) -> None:
    declare(store, HORIZON)
    world = points(30)
    for n in (12, 20, 30):
        stored(
            store, HORIZON, world[:n], datetime.combine(world[n - 1][0], datetime.min.time(), UTC) + timedelta(days=1)
        )
    whole = forecast.read(store)
    first = forecast.read(store, datetime(2023, 12, 1, tzinfo=UTC))
    assert {p.issued_on for p in first} < {p.issued_on for p in whole}
    assert coverage(whole).n > 0
    assert forecast.read(store, datetime(2020, 1, 1, tzinfo=UTC)) == []
