"""Burst alarms: thresholds by hand and against statsmodels, and what the alarm ignores."""

import warnings

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from signals.burst import Alarm, burst_alarm, in_burst, season_levels


def test_a_constant_series_has_the_poisson_threshold_of_its_mean():
    alarm = burst_alarm(np.full(60, 20.0), 59)
    assert alarm.expected == pytest.approx(20)
    assert alarm.threshold == poisson.ppf(0.99, 20) == 31
    assert (alarm.dispersion, alarm.reference_weeks, alarm.is_alarm) == (1, 33, False)


@pytest.mark.parametrize(("count", "is_alarm"), [(31, False), (32, True)])
def test_an_alarm_is_above_the_threshold_not_at_it(count, is_alarm):
    counts = np.full(60, 20.0)
    counts[59] = count
    assert burst_alarm(counts, 59).is_alarm == is_alarm


def test_growth_is_expected_to_go_on():
    weeks = np.arange(80)
    alarm = burst_alarm(10 * np.exp(0.01 * weeks), 79)
    assert alarm.expected == pytest.approx(10 * np.exp(0.79), rel=1e-9)


def test_the_last_26_weeks_teach_nothing():
    counts = np.random.default_rng(1).poisson(30, 160).astype(float)
    before = burst_alarm(counts, 159)
    counts[159 - 26 : 159] *= 50
    after = burst_alarm(counts, 159)
    assert (after.expected, after.threshold) == (before.expected, before.threshold)
    counts[159 - 27] *= 2
    assert burst_alarm(counts, 159).expected != before.expected


def test_weeks_to_come_are_not_read():
    counts = np.random.default_rng(2).poisson(30, 160).astype(float)
    assert burst_alarm(counts, 130) == burst_alarm(counts[:131], 130)


def test_five_counts_in_four_weeks_are_needed():
    counts = np.zeros(160)
    counts[::40] = 1  # rare, so that four in a week exceed any threshold
    counts[159] = 4
    assert burst_alarm(counts, 159).count > burst_alarm(counts, 159).threshold
    assert not burst_alarm(counts, 159).is_alarm
    counts[156] = 1
    assert burst_alarm(counts, 159).is_alarm
    counts[155:157] = [1, 0]  # five weeks ago is too long ago
    assert not burst_alarm(counts, 159).is_alarm


@pytest.mark.parametrize(("week", "used"), [(51, None), (52, 26), (82, 56), (83, 29), (107, 81), (300, 185)])
def test_how_much_past_is_used(week, used):
    alarm = burst_alarm(np.full(301, 10.0), week)
    assert (alarm.reference_weeks if alarm else None) == used


def test_season_levels_are_windows_and_nine_blocks_of_five_weeks():
    assert season_levels([0, 3, 49, 52, 55, 101, 104, 107]).tolist() == [0] * 8
    calendar_order = season_levels(np.arange(48, 3, -1))
    assert calendar_order.tolist() == np.repeat(np.arange(1, 10), 5).tolist()
    np.testing.assert_array_equal(season_levels(np.arange(208)), season_levels(np.arange(52, 260)))


def by_statsmodels(counts, week, years):
    """The same steps with a general GLM and its own leverages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = pytest.importorskip("statsmodels.api")
    reference = np.arange(week - 52 * years - 3, week - 26)
    y, levels = counts[reference], season_levels(week - reference)
    columns = np.column_stack([np.ones(len(y)), reference - week, *(levels == i for i in range(1, 10))]).astype(float)

    def fit(weights):
        found = api.GLM(y, columns, family=api.families.Poisson(), var_weights=weights).fit(tol=1e-14, maxiter=200)
        spare = len(y) - columns.shape[1]
        return found, max(1, (weights * (y - found.mu) ** 2 / found.mu).sum() / spare)

    found, phi = fit(np.ones(len(y)))
    hat = found.get_influence(observed=False).hat_matrix_diag
    s = 1.5 * (y ** (2 / 3) * found.mu ** (-1 / 6) - found.mu**0.5) / np.sqrt(phi * (1 - hat))
    weights = np.where(s > 2.58, np.abs(s) ** -2.0, 1.0)
    found, phi = fit(weights * len(y) / weights.sum())
    expected = np.exp(found.params[0])
    return expected, nbinom.ppf(0.99, expected / (phi - 1), 1 / phi)


def test_expected_counts_and_thresholds_agree_with_a_general_glm():
    rng = np.random.default_rng(3)
    weeks = np.arange(330)
    mean = 30 * np.exp(0.002 * weeks + 0.4 * np.sin(2 * np.pi * weeks / 52))
    counts = rng.negative_binomial(5, 5 / (5 + mean)).astype(float)
    counts[[120, 121, 200]] *= 6  # past outbreaks to be weighted down
    for week in range(260, 330, 10):
        expected, threshold = by_statsmodels(counts, week, years=4)
        alarm = burst_alarm(counts, week)
        assert alarm.expected == pytest.approx(expected, rel=1e-6)
        assert alarm.threshold == threshold


def test_a_past_outbreak_hardly_moves_the_threshold():
    counts = np.random.default_rng(4).poisson(30, 160).astype(float)
    calm = burst_alarm(counts, 159).threshold
    counts[70:73] = 400
    assert burst_alarm(counts, 159).threshold < 2 * calm


def test_seasons_of_zeros_are_no_trouble():
    counts = np.where(np.arange(330) % 52 < 20, 30.0, 0.0)
    alarm = burst_alarm(counts, 320)
    assert np.isfinite([alarm.expected, alarm.threshold]).all()


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_what_is_not_a_count_is_refused(bad):
    with pytest.raises(ValueError, match="counts must be"):
        burst_alarm(np.append(np.full(60, 5.0), bad), 60)


def week(count, is_alarm=False):
    return Alarm(0, count, 10, 20, is_alarm, 1, 100)


def test_a_burst_ends_with_the_second_quiet_week():
    told = [week(5), week(25, True), week(15), week(25), week(20), week(15), week(25)]
    assert in_burst(told) == (False, True, True, True, True, False, False)


def test_weeks_without_a_verdict_change_nothing():
    assert in_burst([None, week(25, True), None, week(5), None, week(5)]) == (False, True, True, True, True, False)
