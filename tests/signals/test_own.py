"""A series of one's own: found where it bends, refused in a sentence where it cannot be judged, never a crash."""

import json
import math
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.__main__ import main
from signals.band import NotPointData
from signals.own import BadSeries, How, own_series
from signals.scale import OffScale, Scale

Out = pytest.CaptureFixture[str]
LOG2 = Scale("log2")


def written(folder: Path, rows: Sequence[tuple[object, ...]], head: str = "date,value") -> Path:
    file = folder / "mine.csv"
    file.write_text(head + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return file


def growing(slope: float, later: float, n: int = 30, scatter: float = 0.1, seed: int = 3) -> list[tuple[date, float]]:
    rng = np.random.default_rng(seed)
    years = 45 * np.arange(n) / 365.25
    heights = slope * years + (later - slope) * np.maximum(years - years[2 * n // 3], 0)
    heights = heights + scatter * rng.standard_normal(n)
    return [(date(2020, 1, 1) + timedelta(days=45 * i), round(float(2**h), 6)) for i, h in enumerate(heights)]


def test_a_speed_up_is_found_dated_and_measured(tmp_path: Path, capsys: Out) -> None:
    file = written(tmp_path, growing(1.0, 3.0))
    assert main(["test", str(file), "--transform", "log2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "watch", "one series alone has no false-discovery rate"
    assert told["p"] <= 0.001
    assert told["q"] is None
    assert told["is_behind"] is False
    assert told["n"] == told["n_tested"] == 30
    assert told["break_low"] <= "2022-06-18" <= told["break_high"]
    assert told["ratio"] == pytest.approx(3.0, rel=0.15)
    assert told["doubling_days_before"] == pytest.approx(365.25, rel=0.1)
    assert told["doubling_days_after"] == pytest.approx(121.75, rel=0.1)
    assert told["slope_after"] > told["slope_before"]
    assert 0 <= told["autocorrelation"] <= 1
    assert told["level_jump"] is False
    assert told["evidence"]["faster"]["ratio_interval"]["low"] > 2
    assert told["evidence"]["licence"]["state"] == "watch"


def test_steady_growth_is_steady_and_a_slowdown_is_slowing(tmp_path: Path) -> None:
    assert own_series(written(tmp_path, growing(2.0, 2.0)), How(LOG2)).state == "steady"
    verdict = own_series(written(tmp_path, growing(3.0, 0.8)), How(LOG2))
    assert verdict.state == "slowing"
    assert verdict.shown is not None
    assert verdict.shown.direction == "slower"
    assert verdict.shown.slope_before == pytest.approx(3.0, rel=0.15)
    assert verdict.shown.slope_after == pytest.approx(0.8, rel=0.3)


def test_order_does_not_matter(tmp_path: Path) -> None:
    rows = growing(1.0, 3.0)
    forwards = own_series(written(tmp_path, rows), How(LOG2))
    backwards = own_series(written(tmp_path, rows[::-1]), How(LOG2))
    assert forwards.finding == backwards.finding


def test_with_ids_the_frontier_is_judged(tmp_path: Path) -> None:
    rows = [(day, value, f"m{i}") for i, (day, value) in enumerate(growing(1.0, 3.0))]
    poor = [(day, value / 50, f"poor {name}") for day, value, name in rows[3:]]
    verdict = own_series(written(tmp_path, [*rows, *poor], "date,value,id"), How(LOG2))
    assert verdict.n < 30 < len(verdict.series.ids)
    assert verdict.finding is not None
    assert verdict.finding.tested_as == "band"


def test_a_frontier_filled_forward_is_refused(tmp_path: Path) -> None:
    best = np.repeat(2.0 ** np.arange(10), 4)
    rows = [(date(2020, 1, 1) + timedelta(days=30 * i), value) for i, value in enumerate(best)]
    with pytest.raises(NotPointData, match="repeat the one before"):
        own_series(written(tmp_path, rows), How(LOG2))


def test_a_jump_is_named(tmp_path: Path, capsys: Out) -> None:
    rows = [(day, value * (16 if i >= 20 else 1)) for i, (day, value) in enumerate(growing(1.0, 1.0))]
    assert main(["test", str(written(tmp_path, rows)), "--transform", "log2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["level_jump"] is True
    assert told["state"] not in ("watch", "signal", "confirmed")


def daily(days: int, later: float = 1.0) -> list[tuple[date, int]]:
    rng = np.random.default_rng(4)
    t = np.arange(days)
    mean = 200 * 2 ** (t / 365.25 + (later - 1) * np.maximum(t - days * 2 // 3, 0) / 365.25)
    counts = rng.negative_binomial(8, 8 / (8 + mean))
    return [(date(2024, 1, 1) + timedelta(days=int(i)), int(c)) for i, c in zip(t, counts, strict=True)]


def test_counts_are_judged_by_the_week(tmp_path: Path, capsys: Out) -> None:
    file = written(tmp_path, daily(500, later=4.0), "date,count")
    assert main(["test", str(file), "--counts", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "watch"
    assert told["tested_as"] == "weekly counts"
    assert told["n_tested"] == 71
    assert own_series(written(tmp_path, daily(500), "date,count"), How(LOG2, is_count=True)).state == "steady"


def test_too_short_counts_say_how_many_weeks_are_needed(tmp_path: Path) -> None:
    verdict = own_series(written(tmp_path, daily(60), "date,count"), How(LOG2, is_count=True))
    assert verdict.state == "not enough data"
    assert any("26 needed" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([], "not enough data"),
        ([("2020-01-01", 1)], "not enough data"),
        ([("2020-01-01", 1), ("2021-01-01", 2)], "not enough data"),
        ([("2020-01-01", v) for v in range(1, 30)], "not enough data"),
        ([(f"{1000 + 10 * i}-01-01", 2.0**i) for i in range(100)], "steady"),
        ([(f"{2000 + i}-01-01", "nan" if i == 4 else 2.0**i) for i in range(12)], "steady"),
    ],
)
def test_odd_series_get_a_typed_answer(tmp_path: Path, rows: list[tuple[object, ...]], state: str) -> None:
    assert own_series(written(tmp_path, rows), How(LOG2)).state == state


def test_the_answer_is_told_in_lines_too(tmp_path: Path, capsys: Out) -> None:
    assert main(["test", str(written(tmp_path, growing(1.0, 3.0))), "--transform", "log2"]) == 0
    said = capsys.readouterr().out
    assert "mine: watch" in said
    assert "break: 20" in said
    assert "doubling time:" in said


def test_a_floor_in_doubt_must_not_decide(tmp_path: Path) -> None:
    years = np.linspace(0, 5, 30)
    score = 0.25 + 0.75 / (1 + np.exp(5 - years - 0.5 * np.maximum(years - 3.3, 0)))
    score = score + np.random.default_rng(2).normal(0, 0.002, 30)
    rows = [(date(2020, 1, 1) + timedelta(days=int(365 * x)), v) for x, v in zip(years, score, strict=True)]
    sure = own_series(written(tmp_path, rows), How(Scale("logit", 0.24, 1.0)))
    doubted = own_series(written(tmp_path, rows), How(Scale("logit", 0.24, 1.0), floor_doubt=0.015))
    assert sure.finding is not None
    assert doubted.finding is not None
    assert sure.finding.floors_agree
    assert not doubted.finding.floors_agree


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(st.dates(date(1, 1, 1), date(9999, 12, 31)), st.floats(allow_subnormal=False) | st.integers(-3, 3)),
        max_size=24,
    ),
    kind=st.sampled_from(["log2", "logit", "linear"]),
)
def test_whatever_the_file_holds_the_answer_is_typed(tmp_path: Path, rows: list[tuple[date, float]], kind: str) -> None:
    file = written(tmp_path, [(day.isoformat(), value) for day, value in rows])
    try:
        verdict = own_series(file, How(Scale(kind)))  # type: ignore[arg-type]
    except (BadSeries, OffScale, NotPointData):
        return
    assert verdict.state in ("not enough data", "cannot tell", "steady", "watch", "slowing")
    assert not any(isinstance(v, float) and math.isnan(v) for v in verdict.as_json().values())
