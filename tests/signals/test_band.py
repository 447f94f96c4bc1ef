"""Which published points are tested: the sample rules one by one, the limits of scores, the band."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from signals.band import NotPointData, Point, data_hash, logit_errors, near_frontier, near_limits, usable, variants
from signals.scale import Scale

LINEAR = Scale("linear")
JANUARY, FEBRUARY, MARCH = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)


def test_points_are_sorted_by_date_then_value_descending_then_id():
    sample = usable(
        [Point(FEBRUARY, 1, "d"), Point(JANUARY, 1, "b"), Point(JANUARY, 2, "c"), Point(JANUARY, 1, "a")], LINEAR
    )
    assert sample.ids == ("c", "a", "b", "d")


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (Point(JANUARY, None, "x"), "missing"),
        (Point(None, 1.0, "x"), "missing"),
        (Point(JANUARY, float("nan"), "x"), "missing"),
        (Point(JANUARY, float("inf"), "x"), "missing"),
        (Point(JANUARY, 1.0, "x", excluded=True), "excluded"),
        (Point(JANUARY, 1.0, "x", suite="new", bound=">="), "bound"),
        (Point(JANUARY, 1.0, "x", suite="old"), "other suite"),
        (Point(FEBRUARY, 5.0, "kept", suite="new"), "repeated id"),
    ],
)
def test_what_cannot_be_fitted_is_left_out_and_counted(point, reason):
    sample = usable([Point(MARCH, 1.0, "kept", suite="new"), point], LINEAR, suite="new")
    assert sample.ids == ("kept",)
    assert sample.left_out == {reason: 1}


def test_the_best_version_of_a_model_counts_at_its_own_date():
    versions = [
        Point(JANUARY, 1.0, "v1", model="m"),
        Point(MARCH, 3.0, "v3", model="m"),
        Point(FEBRUARY, 3.0, "v2", model="m"),
    ]
    sample = usable(versions, LINEAR)
    assert sample.ids == ("v2",)  # equal values: the earliest
    assert sample.left_out == {"version": 2}


def test_the_best_version_of_a_price_is_the_cheapest():
    versions = [Point(JANUARY, 8.0, "dear", model="m"), Point(FEBRUARY, 2.0, "cheap", model="m")]
    sample = usable(versions, Scale("log2", falling=True))
    assert (sample.ids, sample.heights.tolist()) == (("cheap",), [-1.0])


def test_one_vendor_has_one_point_a_day_and_versions_go_first():
    points = [
        Point(JANUARY, 5.0, "a", model="big", vendor="v"),
        Point(JANUARY, 4.0, "b", model="small", vendor="v"),
        Point(JANUARY, 3.0, "c", model="other", vendor="w"),
        # The better version moves "big" to March, so that "small" is the vendor's best in January.
        Point(MARCH, 6.0, "d", model="big", vendor="v"),
    ]
    assert usable(points, LINEAR).ids == ("b", "c", "d")


def test_unknown_models_and_vendors_are_not_merged():
    points = [Point(JANUARY, 1.0, "a"), Point(JANUARY, 2.0, "b")]
    assert usable(points, LINEAR).ids == ("b", "a")


def test_a_sample_says_that_it_joins_suites():
    points = [Point(JANUARY, 1.0, "a", suite="1.0"), Point(FEBRUARY, 2.0, "b", suite="1.1")]
    assert usable(points, LINEAR).joins_suites
    assert not usable(points, LINEAR, suite="1.1").joins_suites


@pytest.mark.parametrize(("repeats", "refused"), [(3, False), (4, True)])
def test_repeats_without_ids_are_refused_above_three_in_ten(repeats, refused):
    values = [*range(11 - repeats), *[10 - repeats] * repeats]
    points = [Point(date(2025, 1, day + 1), float(value)) for day, value in enumerate(values)]
    if refused:
        with pytest.raises(NotPointData, match="40% of the values"):
            usable(points, LINEAR)
    else:
        assert len(usable(points, LINEAR).ids) == 11


def test_ids_excuse_repeats():
    points = [Point(date(2025, 1, day + 1), 1.0, f"m{day}") for day in range(20)]
    assert len(usable(points, LINEAR).ids) == 20


def test_errors_are_kept_when_every_point_has_one():
    points = [Point(JANUARY, 1.0, "a", error=0.1), Point(FEBRUARY, 2.0, "b", error=0.2)]
    assert usable(points, LINEAR).errors.tolist() == [0.1, 0.2]
    assert usable([points[0], replace(points[1], error=None)], LINEAR).errors is None


def test_scores_near_a_limit_are_left_out_when_the_items_are_known():
    scale = Scale("logit", floor=0.25)
    # 2 binomial standard errors at .31 with 200 items are .065, at .97 .024, at .985 .017.
    assert near_limits(scale, np.array([0.31, 0.33, 0.97, 0.985]), 200).tolist() == [True, False, False, True]
    points = [Point(JANUARY, 0.31, "a", items=200), Point(FEBRUARY, 0.6, "b", items=200)]
    sample = usable(points, scale)
    assert (sample.ids, sample.left_out) == (("b",), {"at its limit": 1})
    # se_v = sqrt(.24 / 200), se_y = se_v (.75) / (.35 x .4)
    assert sample.errors[0] == pytest.approx(np.sqrt(0.24 / 200) * 0.75 / 0.14)


def test_logit_errors_are_the_slope_of_the_scale():
    scale, step = Scale("logit", floor=0.25, ceiling=0.95), 1e-6
    slope = np.diff(scale.forward(np.array([0.6 - step, 0.6 + step])))[0] / (2 * step)
    assert logit_errors(scale, 0.6, 100) == pytest.approx(slope * np.sqrt(0.24 / 100), rel=1e-6)


def test_an_uncertain_floor_and_ceiling_give_nine_scales():
    scale = Scale("logit", floor=0.25, ceiling=0.97)
    found = variants(scale, floor_doubt=0.05, ceiling_doubt=0.02)
    assert found[0] == scale
    assert len(set(found)) == 9
    assert variants(scale) == (scale,)


def test_the_band_holds_what_was_near_the_frontier_of_its_day():
    dates = np.array(["2025-01-01", "2025-02-01", "2025-03-01", "2025-03-01"], dtype="datetime64[D]")
    band = near_frontier(dates, np.array([5.0, 1.0, 7.0, 4.0]), width=2.5)
    assert band.kept.tolist() == [True, False, True, False]


def test_the_band_of_its_own_width_is_one_and_a_half_robust_deviations():
    rng = np.random.default_rng(1)
    days = np.datetime64("2025-01-01") + np.arange(5000)
    band = near_frontier(days, 0.01 * np.arange(5000) + 2 * rng.standard_normal(5000))
    assert band.width == pytest.approx(3, rel=0.05)


def test_an_empty_sample_has_an_empty_band():
    sample = usable([], LINEAR)
    assert len(near_frontier(sample.dates, sample.heights).kept) == 0


def test_the_data_hash_knows_the_rows_and_not_their_order():
    points = [Point(JANUARY, 1.0, "a"), Point(FEBRUARY, 2.0, "b")]
    first = data_hash("1", "", "metr.p50", points)
    assert data_hash("1", "", "metr.p50", points[::-1]) == first
    assert data_hash("2", "", "metr.p50", points) != first
    assert data_hash("1", "", "metr.p50", [points[0], replace(points[1], value=2.0000001)]) != first
