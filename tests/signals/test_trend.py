"""The line through the records, and the numbers that METR published from it."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from signals.frontier import records, running_best
from signals.scale import OffScale, Scale
from signals.trend import days, frontier_trend, trend

LOG2 = Scale("log2")

# p50 in minutes by release date, suite 1.0 with four digits, as METR published them on 30 January 2026
SUITE_1_0 = {
    "2019-02-14": 0.03976, "2020-05-28": 0.1488, "2022-03-15": 0.6042, "2023-03-14": 5.352, "2023-11-06": 8.526,
    "2024-05-13": 9.179, "2024-06-20": 18.68, "2024-09-12": 21.96, "2024-10-22": 29.58, "2024-12-05": 41.05,
    "2025-02-24": 56.09, "2025-04-16": 94.01, "2025-07-09": 109.2, "2025-08-05": 113.7, "2025-08-07": 137.7,
    "2025-11-19": 173.3, "2025-11-24": 288.9,
}  # fmt: skip


def metr(path: Path) -> tuple[list[date], list[float]]:
    results = yaml.safe_load(path.read_text())["results"].values()
    return [r["release_date"] for r in results], [r["metrics"]["p50_horizon_length"]["estimate"] for r in results]


@pytest.mark.parametrize(
    ("file", "start", "end", "n", "doubling_days"),
    [
        ("benchmark_results_1_0.yaml", date(2019, 1, 1), date(2025, 2, 25), 11, 212.176),
        ("benchmark_results_1_0.yaml", date(2024, 1, 1), date(2025, 2, 25), 9, 108.868),
        ("benchmark_results_1_0.yaml", date(2023, 1, 1), None, 14, 165.251),
        ("benchmark_results_1_0.yaml", date(2019, 1, 1), None, 17, 195.823),
        ("benchmark_results_1_0.yaml", date(2024, 1, 1), None, 15, 122.524),
        ("vintages/benchmark_results_1_1.2026-01-30.yaml", None, None, 14, 196.475),
        ("vintages/benchmark_results_1_1.2026-01-30.yaml", date(2023, 1, 1), None, 11, 130.801),
        ("vintages/benchmark_results_1_1.2026-01-30.yaml", date(2024, 1, 1), date(2025, 2, 25), 7, 88.585),
        ("vintages/benchmark_results_1_1.2026-02-22.yaml", None, None, 17, 182.725),
        ("vintages/benchmark_results_1_1.2026-02-22.yaml", date(2023, 1, 1), None, 14, 122.611),
        ("benchmark_results_1_1.yaml", None, None, 17, 187.778),
        ("benchmark_results_1_1.yaml", date(2023, 1, 1), None, 14, 128.744),
        ("benchmark_results_1_1.yaml", date(2024, 1, 1), None, 13, 102.176),
        ("benchmark_results_1_1.yaml", date(2024, 1, 1), date(2025, 2, 25), 7, 91.590),
    ],
)
def test_metr_doubling_times_come_out_to_the_printed_digit(
    shared: Path, file: str, start: date | None, end: date | None, n: int, doubling_days: float
) -> None:
    found = frontier_trend(*metr(shared / "metr" / file), LOG2, start=start, end=end)
    assert found is not None
    assert found.n == n
    assert found.doubling_days == pytest.approx(doubling_days, abs=0.001)


def test_the_published_four_digits_give_the_published_doubling_time() -> None:
    found = frontier_trend([date.fromisoformat(d) for d in SUITE_1_0], list(SUITE_1_0.values()), LOG2)
    assert found is not None
    assert found.doubling_days == pytest.approx(195.821, abs=0.001)
    from_2023 = frontier_trend(
        [date.fromisoformat(d) for d in SUITE_1_0], list(SUITE_1_0.values()), LOG2, start=date(2023, 1, 1)
    )
    assert from_2023 is not None
    assert from_2023.doubling_days == pytest.approx(165.247, abs=0.001)


def test_the_interval_is_that_of_textbook_regression() -> None:
    when = np.array(["2024-01-01", "2024-05-01", "2024-07-15", "2025-01-01", "2025-03-01"], dtype="datetime64[D]")
    value = np.array([1.0, 3.0, 3.5, 9.0, 8.0])
    found = trend(when, value, LOG2)
    peer = stats.linregress(days(when) / 365.25, np.log2(value))
    reach = stats.t.ppf(0.95, 3) * peer.stderr
    assert found is not None
    assert (found.slope_per_year, found.slope_low, found.slope_high) == pytest.approx(
        (peer.slope, peer.slope - reach, peer.slope + reach)
    )


def test_the_prediction_band_holds_four_of_five_new_values() -> None:
    rng = np.random.default_rng(7)
    when = np.datetime64("2020-01-01") + np.arange(0, 2000, 100)
    new = np.array(["2021-06-01", "2025-12-31"], dtype="datetime64[D]")
    line = days(when) / 365.25
    inside = []
    for _ in range(2000):
        found = trend(when, line + rng.normal(0, 1, len(when)), Scale("linear"))
        assert found is not None
        low, high = found.band(new)
        truth = days(new) / 365.25 + rng.normal(0, 1, 2)
        inside.append((low < truth) & (truth < high))
    assert np.mean(inside, axis=0) == pytest.approx([0.8, 0.8], abs=0.03)


def test_prices_fall_by_halving() -> None:
    when = np.array(["2024-01-01", "2025-01-01", "2026-01-01"], dtype="datetime64[D]")
    found = trend(when, [8.0, 4.0, 2.0], Scale("log2", falling=True))
    assert found is not None
    assert found.doubling_days == pytest.approx(365.5, abs=0.5)
    assert found.at(when) == pytest.approx([8.0, 4.0, 2.0], rel=1e-3)


def test_too_little_gives_no_line() -> None:
    assert trend([], [], LOG2) is None
    assert trend(["2024-01-01", "2025-01-01"], [1, 2], LOG2) is None
    assert trend(["2024-01-01"] * 5, [1, 2, 3, 4, 5], LOG2) is None


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_value_that_the_scale_cannot_show_is_named(value: float) -> None:
    with pytest.raises(OffScale):
        trend(["2024-01-01", "2025-01-01", "2026-01-01"], [1.0, 2.0, value], LOG2)


def test_models_of_one_day_share_that_days_best() -> None:
    when = np.array([1.0, 2.0, 2.0, 3.0])
    assert records(when, np.array([1.0, 2.0, 3.0, 3.0])).tolist() == [True, False, True, True]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-20, 20)), min_size=1, max_size=40), st.booleans())
def test_the_running_best_is_the_best_of_all_days_up_to_each(points: list[tuple[int, int]], falling: bool) -> None:
    when, value = np.array([p[0] for p in points], dtype=float), np.array([p[1] for p in points], dtype=float)
    best = min if falling else max
    expected = [best(v for d, v in points if d <= day) for day, _ in points]
    assert running_best(when, value, falling=falling).tolist() == expected


@given(
    st.floats(0.01, 0.99),
    st.sampled_from([Scale("log2"), Scale("linear"), Scale("logit"), Scale("log2", falling=True)]),
)
def test_a_scale_leads_back_to_the_value(value: float, scale: Scale) -> None:
    assert scale.back(scale.forward(np.array([value])))[0] == pytest.approx(value)
