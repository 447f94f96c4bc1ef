"""From daily counts to weekly rates: weekdays, outages, bursts; and the false episodes they leave."""

import warnings

import numpy as np
import pytest

from signals.bend import NotEnoughData
from signals.counts import count_design, count_test, outages, weekday_means, weekly_rates, winsorised
from signals.decision import COUNT, Evidence, State, Update, fold

FACTORS = np.array([1.1, 1.15, 1.15, 1.1, 1.0, 0.55, 0.5])  # Monday first
MONDAY = np.datetime64("2023-01-02")


def days_from(start, n):
    return start + np.arange(n)


def simulated(rng, n, bursts=False, weekly_noise=False, broken=False):
    """Daily counts growing 1 log2 a year from 40 a day, with the nuisances of signals.md 4.6."""
    t = np.arange(n)
    mean = 40 * 2 ** (t / 365.25) * FACTORS[t % 7]
    if weekly_noise:
        mean = mean * np.exp(0.2 * autoregressive(rng, n // 7 + 1)[t // 7])
    for _ in range(rng.poisson(8 * n / 365.25) if bursts else 0):
        start, length, height = rng.integers(n), rng.integers(3, 15), rng.uniform(2, 5)
        age = np.arange(min(length, n - start))
        mean[start : start + length] *= 1 + (height - 1) * np.exp(-3 * age / length)
    counts = rng.negative_binomial(8, 8 / (8 + mean)).astype(float)
    for _ in range(rng.poisson(2 * n / 365.25) if broken else 0):
        start = rng.integers(n)
        counts[start : start + rng.integers(3, 15)] = 0
    return days_from(MONDAY, n), counts


def autoregressive(rng, n, phi=0.7):
    e = np.empty(n)
    e[0] = rng.standard_normal()
    for i in range(1, n):
        e[i] = phi * e[i - 1] + np.sqrt(1 - phi**2) * rng.standard_normal()
    return e


def episodes(flags):
    """How often a flag goes up."""
    flags = np.asarray(flags, dtype=bool)
    return int(flags[0]) + int((flags[1:] & ~flags[:-1]).sum())


# --- weekday factors ------------------------------------------------------------------------------


def test_weekday_factors_agree_with_a_poisson_regression():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = pytest.importorskip("statsmodels.api")
    days, counts = simulated(np.random.default_rng(1), 200)
    valid = np.random.default_rng(2).random(200) < 0.9
    dummies = (np.arange(200)[:, None] % 7 == np.arange(7)).astype(float)
    columns = np.column_stack([np.arange(200) / 200, dummies])
    fit = api.GLM(counts[valid], columns[valid], family=api.families.Poisson()).fit(tol=1e-12)
    theirs = np.exp(fit.params[1:])
    found = weekday_means(days, counts, valid)
    np.testing.assert_allclose(found.factor, theirs / theirs.mean(), rtol=1e-7)
    assert found.per_day == pytest.approx(fit.params[0] / 200, rel=1e-6)
    np.testing.assert_allclose(found.mean, fit.predict(columns), rtol=1e-7)


def test_weekday_factors_start_on_monday():
    days = days_from(MONDAY + 3, 70)
    counts = np.where((np.arange(70) + 3) % 7 >= 5, 0.0, 10.0)  # nothing on Saturday and Sunday
    found = weekday_means(days, counts, np.ones(70, dtype=bool))
    np.testing.assert_allclose(found.factor, [1.4] * 5 + [0, 0])
    assert found.per_day == pytest.approx(0, abs=1e-12)


def test_nothing_counted_has_no_weekdays():
    with pytest.raises(ValueError, match="no count"):
        weekday_means(days_from(MONDAY, 14), np.zeros(14), np.ones(14, dtype=bool))


# --- outages --------------------------------------------------------------------------------------


def test_a_zero_in_a_busy_source_is_an_outage():
    counts = np.full(70, 40.0)
    counts[30] = 0
    assert np.flatnonzero(outages(days_from(MONDAY, 70), counts)).tolist() == [30]


def test_a_quiet_source_needs_a_long_run_of_zeros():
    # At a mean of 1 a zero has chance (8/9)^8 = .39: four in a row .023, five .009.
    counts = np.ones(140)
    counts[40:44] = 0
    counts[80:86] = 0
    assert np.flatnonzero(outages(days_from(MONDAY, 140), counts)).tolist() == [80, 81, 82, 83, 84, 85]


def test_marked_and_missing_days_are_outages():
    counts = np.full(70, 40.0)
    counts[10] = np.nan
    marked = np.arange(70) == 20
    assert np.flatnonzero(outages(days_from(MONDAY, 70), counts, marked)).tolist() == [10, 20]


# --- weeks ----------------------------------------------------------------------------------------


def test_weeks_are_anchored_at_the_last_day():
    weekly = weekly_rates(days_from(MONDAY + 2, 30), np.full(30, 8.0))
    assert weekly.week.tolist() == [-3, -2, -1, 0]  # the two oldest days are no week
    assert weekly.last_day[-1] == MONDAY + 31
    np.testing.assert_allclose(weekly.rate, np.log2(56.5 / 7))


def test_an_oldest_week_of_three_days_counts():
    assert weekly_rates(days_from(MONDAY, 31), np.full(31, 8.0)).valid_days.tolist() == [3, 7, 7, 7, 7]


def test_a_week_with_too_few_valid_days_is_dropped_not_imputed():
    counts = np.full(70, 40.0)
    counts[14:19] = np.nan
    weekly = weekly_rates(days_from(MONDAY, 70), counts)
    assert weekly.week.tolist() == [-9, -8, -6, -5, -4, -3, -2, -1, 0]


def test_a_missing_sunday_does_not_raise_the_rate():
    days, counts = days_from(MONDAY, 70), 100 * FACTORS[np.arange(70) % 7]
    whole = weekly_rates(days, counts)
    counts[34] = np.nan
    np.testing.assert_allclose(weekly_rates(days, counts).rate, whole.rate, atol=0.001)


def test_no_counts_are_not_enough_data():
    assert isinstance(weekly_rates(days_from(MONDAY, 70), np.zeros(70)), NotEnoughData)


@pytest.mark.parametrize(("counts", "message"), [([1.0, -1.0], "negative"), ([1.0], "one count")])
def test_wrong_counts_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        weekly_rates(days_from(MONDAY, 2), counts)


def test_a_burst_is_clipped_and_the_line_kept():
    rng = np.random.default_rng(3)
    week = np.arange(60)
    rate = 0.02 * week + 0.1 * rng.standard_normal(60)
    bursting = rate.copy()
    bursting[30] += 3
    clipped = winsorised(week, bursting)
    assert clipped[30] < rate[30] + 0.6
    np.testing.assert_allclose(np.delete(clipped, 30), np.delete(winsorised(week, rate), 30), atol=0.05)


def test_an_exact_line_is_not_clipped():
    rate = 0.02 * np.arange(40)
    np.testing.assert_array_equal(winsorised(np.arange(40), rate), rate)


# --- the test -------------------------------------------------------------------------------------


def test_lags_go_by_index_and_the_trim_is_a_tenth():
    days, counts = simulated(np.random.default_rng(4), 7 * 52)
    counts[100:130] = np.nan
    weekly = weekly_rates(days, counts)
    design = count_design(weekly)
    assert len(weekly.week) == 48
    assert design.candidates[0] == 4  # ceil(4.8) - 1
    np.testing.assert_allclose(design.noise.persistence[2, 1:], 0.5)


def test_half_a_year_of_weeks_is_needed():
    days, counts = simulated(np.random.default_rng(5), 7 * 25)
    assert count_test(weekly_rates(days, counts), seed=1) == NotEnoughData(25, "25 weeks, 26 needed")


def test_a_fourfold_growth_rate_is_found():
    days, counts = simulated(np.random.default_rng(6), 365)
    late = np.maximum(np.arange(365) - 245, 0)
    counts = np.round(counts * 2 ** (3 * late / 365.25))
    found = count_test(weekly_rates(days, counts), seed=1, draws=999)
    assert found.p <= 0.05
    assert found.fit.slope_change > 0.5


def test_counts_raise_few_false_watches_where_a_naive_rule_raises_many():
    """F10: twenty monitored years with bursts, outages and autocorrelated weeks, and no acceleration."""
    rng = np.random.default_rng(10)
    naive = watches = 0
    for seed in range(20):
        days, counts = simulated(rng, 730, bursts=True, weekly_noise=True, broken=True)
        naive += episodes(last_week_against_the_month_before(counts)[365:])
        watches += episodes(watched(days, counts, seed))
    assert naive / 20 >= 5
    assert watches / 20 <= 0.30


def last_week_against_the_month_before(counts):
    total = np.concatenate([[0], np.cumsum(counts)])
    day = np.arange(34, len(counts))
    week, month = (total[day + 1] - total[day - 6]) / 7, (total[day - 6] - total[day - 34]) / 28
    return np.concatenate([np.zeros(34, dtype=bool), week > 1.5 * month])


def watched(days, counts, seed):
    """Whether the fold stands at "watch" after each week of the second year."""
    told, flags = [], []
    for end in range(371, 731, 7):
        found = count_test(weekly_rates(days[:end], counts[:end]), seed, draws=999)
        evidence = Evidence(found.p, None, None, found.fit.slope_before, found.fit.slope_after)
        told.append(Update(days[end - 1].item(), found.n, evidence))
        flags.append(fold(told, COUNT).state == State.WATCH)
    return flags
