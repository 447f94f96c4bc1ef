"""Other choices, other answers: METR and the capabilities index, whose verdicts hang on the window."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from signals import bend
from signals.band import Point, Sample, usable
from signals.design import years_since_first
from signals.frontier import records
from signals.multiverse import Cell, Choice, influence, median_slopes, multiverse, scales_for, summarised
from signals.scale import Scale
from signals.statistic import doubling_time
from signals.whitening import INDEPENDENT

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "payloads"
LOG2 = Scale("log2")

# METR suite 1.1 as of 2026-01-29, records from 2023 on, minutes (signals.md 5.3).
JANUARY_2026 = [
    ("2023-03-14", 3.5245, "GPT-4"),
    ("2023-11-06", 3.6096, "GPT-4 1106"),
    ("2024-05-13", 6.4045, "GPT-4o"),
    ("2024-06-20", 10.7716, "Claude 3.5 Sonnet"),
    ("2024-09-12", 19.3951, "o1-preview"),
    ("2024-10-22", 19.7762, "Claude 3.5 Sonnet (new)"),
    ("2024-12-05", 37.9375, "o1"),
    ("2025-02-24", 59.7638, "Claude 3.7"),
    ("2025-04-16", 120.7305, "o3"),
    ("2025-08-07", 213.9545, "GPT-5"),
    ("2025-11-24", 320.4225, "Opus 4.5"),
]


def series(rng, slope, bend_at=None, change=0.0, n=40, scatter=0.2):
    """Points on a log2 line, one every 45 days."""
    days = np.datetime64("2020-01-01") + 45 * np.arange(n)
    x = 45 * np.arange(n) / 365.25
    y = slope * x + (change * np.maximum(x - bend_at, 0) if bend_at else 0) + scatter * rng.standard_normal(n)
    return [Point(d.item(), float(2**v), f"m{i}") for i, (d, v) in enumerate(zip(days, y, strict=True))]


def cell(answer, **choice):
    base = {"start": None, "series": "band", "scale": LOG2} | choice
    day = date(2024, 5, 1) if answer in ("faster", "slower") else None
    return Cell(Choice(**base), answer, 20, break_date=day)


def test_a_strong_bend_is_robust():
    found = multiverse(series(np.random.default_rng(1), 1.0, 2.5, 2.0), LOG2, seed=1, draws=199)
    assert found.baseline.answer == "faster"
    assert found.baseline.choice == Choice(None, "band", LOG2)
    assert found.headline == "robust"
    assert sum(found.counts.values()) == len(found.cells)
    low, high = found.break_range
    assert low <= date(2022, 7, 1) <= high


def test_a_slowdown_is_told_as_slower():
    points = series(np.random.default_rng(2), 3.0, 2.5, -2.0)
    assert multiverse(points, LOG2, seed=1, draws=199).baseline.answer == "slower"


def test_steady_growth_is_the_same_in_most_cells():
    found = multiverse(series(np.random.default_rng(3), 2.0), LOG2, seed=1, draws=199)
    assert found.baseline.answer == "same"
    assert found.baseline.power >= 0.5
    assert found.counts["same"] > len(found.cells) / 2


def test_few_points_make_no_multiverse():
    points = series(np.random.default_rng(4), 2.0, n=9)
    assert multiverse(points, LOG2, seed=1) == bend.NotEnoughData(9, "9 points, 10 needed")


def test_the_same_seed_gives_the_same_multiverse():
    points = series(np.random.default_rng(5), 1.0, n=15)
    assert multiverse(points, LOG2, seed=7, draws=99) == multiverse(points[::-1], LOG2, seed=7, draws=99)


def test_published_intervals_add_an_estimator():
    points = [Point(p.date, p.value, p.id, error=0.3) for p in series(np.random.default_rng(6), 1.0, 2.5, 2.0, n=20)]
    found = multiverse(points, LOG2, seed=1, draws=99)
    assert {one.choice.estimator for one in found.cells} == {"E1", "E2", "E3", "E4"}


def test_a_bounded_score_is_also_tried_on_other_scales():
    score = Scale("logit", floor=0.25)
    assert scales_for(LOG2) == (LOG2,)
    assert scales_for(score) == (score, Scale("logit"), LOG2)
    assert len(scales_for(score, floor_doubt=0.03)) == 5


@pytest.mark.parametrize(
    ("answers", "headline"),
    [
        (["faster"] * 8 + ["same"] * 2, "robust"),
        (["faster"] * 7 + ["same"] * 3, "depends on choices"),
        (["faster"] * 4 + ["same"] + ["cannot tell"] * 5, "robust"),
        (["faster"] * 4 + ["cannot tell"] * 5, "cannot tell"),
        (["cannot tell"] + ["faster"] * 9, "depends on choices"),
    ],
)
def test_the_headline_counts_the_cells_that_can_tell(answers, headline):
    assert summarised([cell(answer) for answer in answers]).headline == headline


def test_what_flips_it_is_one_change_and_the_first():
    two = cell("same", start=date(2023, 1, 1), series="records")
    late = cell("same", start=date(2024, 1, 1))
    series_flip = cell("cannot tell", series="records")
    found = summarised([cell("faster"), two, series_flip, late, cell("faster", start=date(2023, 1, 1))])
    assert found.flips_it == late  # the window is tried before the series
    assert summarised([cell("faster"), two]).flips_it is None
    assert found.break_range == (date(2024, 5, 1), date(2024, 5, 1))


def test_median_slopes_agree_with_scipy():
    from scipy.stats import theilslopes

    rng = np.random.default_rng(8)
    x, y = np.sort(rng.random(21)), rng.standard_normal(21)
    middle, resampled = median_slopes(x, y, rng, 50)
    apart = np.abs(x[:, None] - x[None, :])[np.triu_indices(21, 1)] > 1e-3
    assert apart.all()
    assert middle == pytest.approx(theilslopes(y, x)[0])
    assert resampled.shape == (50,)


def test_points_of_one_day_have_no_median_slope():
    middle, resampled = median_slopes(np.zeros(3), np.arange(3.0), np.random.default_rng(9), 5)
    assert np.isnan(middle)
    assert np.isnan(resampled).all()


def test_without_gpt_4_metr_doubles_in_104_days():
    sample = usable([Point(date.fromisoformat(day), v, name) for day, v, name in JANUARY_2026], LOG2)
    found = influence(sample, seed=1, draws=99)
    times = {one.without: doubling_time(one.slope) for one in found.each}
    assert doubling_time(found.slope) == pytest.approx(130.801, abs=0.02)
    assert times.pop("GPT-4") == pytest.approx(104.4, abs=0.06)
    assert min(times.values()) == pytest.approx(130.5, abs=0.06)
    assert max(times.values()) == pytest.approx(136.0, abs=0.06)
    assert found.largest.without == "GPT-4"
    assert any("GPT-4 the slope" in warning for warning in found.warnings)


def test_the_median_slope_of_metr_in_january():
    sample = usable([Point(date.fromisoformat(day), v, name) for day, v, name in JANUARY_2026], LOG2)
    middle, _ = median_slopes(years_since_first(sample.dates), sample.heights, np.random.default_rng(1), 1)
    assert doubling_time(middle) == pytest.approx(106.6, abs=0.1)


def capabilities():
    path = SHARED / "epoch" / "benchmark_data" / "epoch_capabilities_index.csv"
    if not path.exists():
        pytest.skip(f"the recorded table is not at {path}")
    import pandas as pd

    frame = pd.read_csv(path).dropna(subset=["ECI Score", "Release date"])
    daily = frame.groupby("Release date")["ECI Score"].max()
    return np.array(daily.index, dtype="datetime64[D]"), daily.to_numpy()


@pytest.mark.parametrize(
    ("start", "end", "n", "break_month", "before", "after", "ratio"),
    [
        ("2023-03-14", "2025-12-31", 14, "2024-05", 3.84, 15.82, 4.1),
        ("2023-02-24", "2025-12-31", 15, None, 10.63, 15.45, 1.45),
        ("2023-03-14", "2026-04-30", 18, None, None, None, 3.49),
        ("2023-02-24", "2026-04-30", 19, None, None, None, 1.34),
        ("2024-01-01", "2026-04-30", 18, "2024-12", 24.37, 11.87, 0.49),
    ],
)
def test_the_window_decides_whether_the_capabilities_index_speeds_up(start, end, n, break_month, before, after, ratio):
    days, scores = capabilities()
    inside = (days >= np.datetime64(start)) & (days <= np.datetime64(end))
    days, scores = days[inside], scores[inside]
    kept = records(days.astype(float), scores)
    days, scores = days[kept], scores[kept]
    found = [bend.bend_test(days, sign * scores, seed=1, draws=10, grid=INDEPENDENT) for sign in (1, -1)]
    shown = max(found, key=lambda one: one.statistic)
    sign = 1 if shown is found[0] else -1
    assert shown.n == n
    assert shown.fit.slope_after / shown.fit.slope_before == pytest.approx(ratio, abs=0.02)
    if break_month:
        assert f"{shown.fit.break_date:%Y-%m}" == break_month
    if before:  # the text allows 1.5; ours differ by up to .03 in the slopes
        assert sign * shown.fit.slope_before == pytest.approx(before, abs=0.04)
        assert sign * shown.fit.slope_after == pytest.approx(after, abs=0.04)


def test_influence_needs_three_points():
    empty = Sample(np.array([], dtype="datetime64[D]"), np.array([]), (), None, ())
    with pytest.raises(ValueError, match="three points"):
        influence(empty, seed=1)
