"""Which points are judged: the catalogue's meaning, applied to models, panels, prices and counts."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from signals.band import Point
from signals.finding import Licence
from signals.inquiry import weekly_of
from signals.licence import Calibration, licence_for, table
from signals.scale import Scale
from signals.series import Kind, is_stale, kind_of, select

LOG2, SHARE = Scale("log2"), Scale("logit", 0.25, 1.0)
DAY = date(2025, 1, 1)


def panel(*rows: tuple[int, str, float]) -> list[Point]:
    return [Point(DAY + timedelta(days=d), v, id=who, key=f"{who}|{d}") for d, who, v in rows]


@pytest.mark.parametrize(
    ("marks", "date_kind", "better", "scale", "kind"),
    [
        ("model", "release", "up", "log2", "models"),
        ("chip", "release", "context", "log2", "models"),
        ("company", "report", "up", "log2", "models"),
        ("quarter", "period", "context", "log2", "periods"),
        ("day", "snapshot", "down", "log2", "periods"),
        ("lab and day", "period", "context", "logit", "periods"),
        ("day", "period", "up", "log2", "counts"),
        ("agent and week", "period", "up", "log2", "counts"),
    ],
)
def test_the_catalogue_says_what_kind_of_series_it_is(
    marks: str, date_kind: str, better: str, scale: str, kind: Kind
) -> None:
    row: dict[str, Any] = {"marks": marks, "date_kind": date_kind, "better": better, "scale": scale}
    assert kind_of(row) == kind


def test_the_published_total_is_judged_not_its_parts() -> None:
    found = panel((0, "", 10), (0, "A", 7), (0, "B", 3), (30, "", 12), (30, "A", 12))
    chosen = select(found, LOG2, "periods", is_panel=True)
    assert np.exp2(chosen.tested.heights) == pytest.approx([10, 12])
    assert chosen.left_out == {"not the total": 3}
    assert chosen.notes == ("The total is judged; 2 single series beside it are not.",)


def test_without_a_total_the_best_of_each_day_is_judged_and_said() -> None:
    found = panel((0, "A", 7), (0, "B", 9), (30, "A", 12), (30, "B", 11), (60, "B", 20))
    chosen = select(found, LOG2, "models", is_panel=True)
    assert chosen.tested.ids == ("B", "A", "B")
    assert "The best value of each day is judged, whoever it belongs to (2 of 2)." in chosen.notes


def test_a_company_keeps_all_its_days() -> None:
    found = panel((0, "A", 1), (30, "A", 2), (60, "A", 4))
    assert select(found, LOG2, "models", is_panel=True).tested.ids == ("A", "A", "A")


def test_scores_at_or_below_chance_are_left_out() -> None:
    found = [Point(DAY + timedelta(days=i), v, f"m{i}") for i, v in enumerate((0.2, 0.25, 0.5, 1.0))]
    chosen = select(found, SHARE, "models")
    assert chosen.everything.ids == ("m2",)
    assert chosen.left_out["at its limit"] == 3


def test_a_score_near_its_ceiling_is_saturated() -> None:
    low = select([Point(DAY, 0.9, "m")], SHARE, "models")
    high = select([Point(DAY, 0.97, "m")], SHARE, "models")
    assert (low.is_saturated, high.is_saturated) == (False, True)


def test_a_series_is_stale_after_twice_its_longest_gap_and_grace() -> None:
    chosen = select([Point(DAY + timedelta(days=30 * i), 2.0**i, f"m{i}") for i in range(5)], LOG2, "models")
    last = DAY + timedelta(days=120)
    assert not is_stale(chosen.everything, last + timedelta(days=63), 3)
    assert is_stale(chosen.everything, last + timedelta(days=64), 3)


def test_days_become_complete_weeks_and_a_missing_day_is_no_zero() -> None:
    monday = date(2025, 1, 6)
    days = [monday + timedelta(days=i) for i in range(31) if i != 10]
    chosen = select([Point(day, 70.0, key=str(day)) for day in days], LOG2, "counts")
    assert chosen.left_out == {"incomplete week": 3}
    weekly = weekly_of(chosen.points)
    assert list(weekly.week) == [-3, -2, -1, 0]  # type: ignore[union-attr]
    assert list(weekly.valid_days) == [7, 6, 7, 7]  # type: ignore[union-attr]
    assert np.exp2(weekly.rate) == pytest.approx(70, rel=0.005)  # type: ignore[union-attr]


def test_weekly_sums_are_taken_as_they_are() -> None:
    mondays = [date(2025, 1, 6) + timedelta(weeks=i) for i in range(30)]
    weekly = weekly_of([Point(day, 700.0, key=str(day)) for day in mondays])
    assert len(weekly.week) == 30  # type: ignore[union-attr]
    assert np.exp2(weekly.rate) == pytest.approx(100, rel=0.001)  # type: ignore[union-attr]
    assert weekly.last_day[-1] == np.datetime64(mondays[-1]) + 6  # type: ignore[union-attr]


def calibration(n: int | None, phi: float | None, ratio: float, indicators: int, rate: float) -> Calibration:
    return Calibration("usual", n, None, phi, None, "signal", ratio, indicators, rate, None if ratio == 1 else 1.25)


def test_a_licence_is_read_from_the_narrowest_bucket_with_enough_simulated_indicators() -> None:
    rows = [
        calibration(15, 0.5, 1.0, 500, 0.1),
        calibration(15, 0.5, 2.0, 3, 0.9),
        calibration(15, None, 2.0, 90, 0.4),
        calibration(None, None, 2.0, 900, 0.3),
    ]
    told = licence_for(30, 0.6, "signal", rows=rows)
    assert told == Licence("signal", 500, 15, None, 0.5, None, 0.1, None, 0.4, 15.0, None, None)
    assert licence_for(12, 0.6, "signal", rows=rows) is None


def test_every_state_has_a_licence_in_the_shipped_table() -> None:
    assert table()
    for state in ("watch", "signal", "confirmed"):
        for n in (10, 15, 30, 100):
            told = licence_for(n, 0.6, state)
            assert told is not None
            assert told.false_a_year is not None
            assert told.found_x2 is not None
    assert licence_for(60, 0.6, "watch", is_count=True) is not None
