"""The bend test against dense algebra, published series, and simulated series whose truth is known."""

import re
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from signals import bend, whitening
from signals.band import NotPointData, Point, near_frontier, usable
from signals.chance import chance as besag_clifford
from signals.chance import null_draws, seed_for
from signals.design import candidate_positions, design_for, design_of, trim_of, years_since_first
from signals.frontier import records
from signals.precision import intervals, power
from signals.rivals import ANDREWS, sup_wald
from signals.scale import OffScale, Scale
from signals.skill import forecast_skill
from signals.statistic import doubling_time, score, slope_ratio
from signals.whitening import GRID

ROOT = Path(__file__).resolve().parents[2]
METR = ROOT.parent / "shared" / "payloads" / "metr"
ECI = ROOT.parent / "shared" / "payloads" / "epoch" / "benchmark_data" / "epoch_capabilities_index.csv"

# METR's p50 in minutes as published, four digits; * is METR's state-of-the-art flag (signals.md 5.2, 5.3).
SUITE_1_0 = """
2019-02-14 0.03976* 2020-05-28 0.1488* 2022-03-15 0.6042* 2023-03-14 5.352* 2023-11-06 8.526* 2024-01-25 5.358
2024-03-04 6.405 2024-04-09 6.557 2024-05-13 9.179* 2024-06-07 2.243 2024-06-20 18.68* 2024-09-12 21.96*
2024-09-19 5.156 2024-10-22 29.58* 2024-12-05 41.05* 2024-12-26 18.48 2025-01-20 26.92 2025-02-24 56.09*
2025-03-24 23.26 2025-04-16 94.01* 2025-04-16 78.59 2025-05-22 85.56 2025-05-22 74.94 2025-05-28 32.17
2025-06-05 39.53 2025-07-09 109.2* 2025-08-05 113.7* 2025-08-05 44.75 2025-08-07 137.7* 2025-09-29 121.9
2025-11-06 57.6 2025-11-19 173.3* 2025-11-24 288.9*
"""
SUITE_1_1 = """
2019-02-14 0.05378* 2020-05-28 0.1441* 2022-03-15 0.5992* 2023-03-14 3.987* 2023-11-06 4.045* 2024-03-04 3.952
2024-04-09 3.733 2024-05-13 6.991* 2024-06-20 11.4* 2024-09-12 20.33* 2024-10-22 20.52* 2024-12-05 38.83*
2025-02-24 60.39* 2025-04-16 119.7* 2025-05-22 100.4 2025-08-05 100.5 2025-08-07 203* 2025-11-18 224.3*
2025-11-19 223.7 2025-11-24 293* 2025-12-11 352.2* 2026-02-05 718.8* 2026-02-05 349.5 2026-02-19 384.1
2026-03-05 341.7
"""
# The three oldest rows as they stood in the copy of 2026-03-03.
ROWS_OF_MARCH = {"2019-02-14": 0.0398, "2020-05-28": 0.1488, "2022-03-15": 0.6042}


# All digits, or what four printed ones lose: T moves by up to .0025 and a doubling time of 414 days by .13.
EXACT = METR.exists()
STATISTIC, DAYS, EVIDENCE = (0.001, 0.06, 0.006) if EXACT else (0.0035, 0.2, 0.012)


def printed(table):
    rows = re.findall(r"(\d{4}-\d\d-\d\d) ([\d.]+)(\*?)", table)
    return [(day, float(value), star == "*") for day, value, star in rows]


def published(suite):
    """Every digit where the recorded payload is at hand, else the printed ones."""
    path = METR / f"benchmark_results_{suite}.yaml"
    if not path.exists():
        return printed(SUITE_1_0 if suite == "1_0" else SUITE_1_1)
    import yaml

    results = yaml.safe_load(path.read_text())["results"].values()
    rows = [
        (str(r["release_date"]), r["metrics"]["p50_horizon_length"]["estimate"], r["metrics"]["is_sota"])
        for r in results
    ]
    return sorted(rows, key=lambda row: (row[0], -row[1]))


def log_horizons(rows, since="2019", everything=False):
    kept = [row for row in rows if row[0] >= since and (row[2] or everything)]
    return np.array([row[0] for row in kept], dtype="datetime64[D]"), np.log2([row[1] for row in kept])


def metr(name):
    """The six series of signals.md 5.4."""
    if name == "1.1 of March":
        rows = [(day, ROWS_OF_MARCH.get(day, value), star) for day, value, star in published("1_1")]
        return log_horizons(rows)
    if name == "1.0 all models":
        return log_horizons(published("1_0"), everything=True)
    since = "2023" if name.endswith("since 2023") else "2019"
    return log_horizons(published("1_0" if name.startswith("1.0") else "1_1"), since)


def random_years(rng, n):
    return np.sort(rng.choice(4000, n, replace=False)) / 365.25


def denser_recently(rng, n):
    """Days 5 sqrt(U) years after a start: more points near the end, as releases are (signals.md 4.2)."""
    days = np.sort(np.round(5 * np.sqrt(rng.random(n)) * 365.25)).astype(int)
    return np.datetime64("2020-01-01") + days


def autoregressive(rng, n, phi):
    if phi == 1:
        return np.cumsum(rng.standard_normal(n))
    e = np.empty(n)
    e[0] = rng.standard_normal()
    for i in range(1, n):
        e[i] = phi * e[i - 1] + np.sqrt(1 - phi**2) * rng.standard_normal()
    return e


def share_flagged(p_values, level=0.05):
    return np.mean(np.array(p_values) <= level)


# --- F1: the kernel ------------------------------------------------------------------------------


def dense_covariance(years, phi, nu):
    """The correlation matrix of signals.md 2.4, element by element."""
    steps = np.diff(years)
    gaps = np.clip(steps / np.median(steps), 0.5, 2)
    n = len(years)
    smooth = np.eye(n)
    for i in range(n):
        for j in range(i):
            smooth[i, j] = smooth[j, i] = np.prod(phi ** gaps[j:i])
    return (1 - nu) * smooth + nu * np.eye(n)


def dense_t(years, y, tau, covariance):
    """The t value of the hinge by textbook generalised least squares."""
    inverse = np.linalg.inv(covariance)
    columns = np.column_stack([np.ones_like(years), years, np.maximum(years - tau, 0)])
    bread = np.linalg.inv(columns.T @ inverse @ columns)
    coefficients = bread @ columns.T @ inverse @ y
    residuals = y - columns @ coefficients
    variance = residuals @ inverse @ residuals / (len(y) - 3)
    return coefficients[2] / np.sqrt(variance * bread[2, 2])


@pytest.mark.parametrize("n", [12, 30, 60])
def test_every_noise_model_agrees_with_dense_generalised_least_squares(n):
    rng = np.random.default_rng(n)
    years = random_years(rng, n)
    y = years + rng.standard_normal(n)
    design = design_for(years)
    scores = score(design, y[:, None])
    part = scores.hinge_part[:, :, 0]
    t = part / np.sqrt((scores.ssr_line - part**2) / (n - 3))
    for cell, (phi, nu) in enumerate(GRID):
        covariance = dense_covariance(years, phi, nu)
        dense = [dense_t(years, y, years[k], covariance) for k in design.candidates]
        np.testing.assert_allclose(t[cell], dense, rtol=1e-8)


@pytest.mark.parametrize("n", [12, 30, 60])
def test_the_reml_term_is_the_dense_determinant(n):
    years = random_years(np.random.default_rng(n), n)
    design = design_for(years)
    columns = np.column_stack([np.ones(n), years])
    for cell, (phi, nu) in enumerate(GRID):
        covariance = dense_covariance(years, phi, nu)
        information = columns.T @ np.linalg.solve(covariance, columns)
        dense = (np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]) / 2
        assert design.half_log_determinant[cell] == pytest.approx(dense, rel=1e-8)


def test_without_memory_the_statistic_is_the_least_squares_t():
    rng = np.random.default_rng(1)
    years = random_years(rng, 30)
    y = years + rng.standard_normal(30)
    design = design_for(years, grid=whitening.INDEPENDENT)
    brute = max(dense_t(years, y, years[k], np.eye(30)) for k in design.candidates)
    assert score(design, y[:, None]).statistic[0] == pytest.approx(brute, rel=1e-10)


def test_standard_errors_enter_as_weights():
    rng = np.random.default_rng(2)
    years, scale = random_years(rng, 20), rng.uniform(0.5, 2, 20)
    y = years + scale * rng.standard_normal(20)
    design = design_for(years, scale)
    part = score(design, y[:, None])
    weights = np.outer(scale, scale)
    for cell, (phi, nu) in enumerate(GRID):
        covariance = dense_covariance(years, phi, nu) * weights
        tau = years[design.candidates[part.best[cell, 0]]]
        assert part.t[cell, 0] == pytest.approx(dense_t(years, y, tau, covariance), rel=1e-8)


def test_numpy_alone_gives_the_same_numbers_as_the_compiled_kernels():
    rng = np.random.default_rng(3)
    prepared = whitening.whitener(whitening.gaps_between(random_years(rng, 40)))
    columns = rng.standard_normal((40, 5))
    inputs = prepared.signal, prepared.persistence, prepared.gain, prepared.deviation, columns
    np.testing.assert_allclose(whitening.whiten(prepared, columns), whitening._whiten_numpy(*inputs), rtol=1e-12)
    np.testing.assert_allclose(whitening._whiten_loops(*inputs), whitening._whiten_numpy(*inputs), rtol=1e-12)
    cells, normals = rng.integers(len(GRID), size=6), rng.standard_normal((6, 2, 40))
    noise = prepared.signal, prepared.noise, prepared.persistence, prepared.scale, cells, normals
    np.testing.assert_allclose(whitening.simulate(prepared, cells, normals), whitening._simulate_numpy(*noise))
    np.testing.assert_allclose(whitening._simulate_loops(*noise), whitening._simulate_numpy(*noise))


def test_simulated_noise_has_the_covariance_it_is_whitened_with():
    years = np.arange(8.0)
    prepared = whitening.whitener(whitening.gaps_between(years))
    normals = np.random.default_rng(4).standard_normal((40_000, 2, 8))
    noise = whitening.simulate(prepared, np.full(40_000, 7), normals)
    np.testing.assert_allclose(np.cov(noise), dense_covariance(years, *GRID[7]), atol=0.03)


def test_candidates_are_thinned_to_twenty_five():
    assert list(candidate_positions(10)) == [2, 3, 4, 5, 6, 7]
    assert len(candidate_positions(200)) == 25
    assert len(candidate_positions(6)) == 0


# --- F2: invariance ------------------------------------------------------------------------------


def test_growth_units_and_calendar_do_not_change_the_statistic():
    rng = np.random.default_rng(5)
    dates = denser_recently(rng, 25)
    y = rng.standard_normal(25)
    plain = bend.bend_test(dates, y, seed=1)
    tilted = bend.bend_test(dates, 7 + 3 * years_since_first(dates) + 11 * y, seed=1)
    shifted = bend.bend_test(dates + 5000, y, seed=1)
    assert tilted.statistic == pytest.approx(plain.statistic, abs=1e-9)
    assert shifted.statistic == pytest.approx(plain.statistic, abs=1e-9)
    assert plain.p == tilted.p == shifted.p


def test_p_does_not_depend_on_how_many_replicates_are_computed_at_once():
    rng = np.random.default_rng(6)
    design = design_for(random_years(rng, 20))
    weights = np.full(len(GRID), 1 / len(GRID))
    one_by_one = besag_clifford(null_draws(design, weights, 9), 1.2, 10, 500, batch=1, largest_batch=1)
    at_once = besag_clifford(null_draws(design, weights, 9), 1.2, 10, 500, batch=500)
    assert one_by_one == at_once


def test_p_does_not_depend_on_the_order_of_evaluation():
    rng = np.random.default_rng(7)
    series = [(denser_recently(rng, 20), rng.standard_normal(20), seed) for seed in range(3)]
    forwards = [bend.bend_test(*one) for one in series]
    backwards = [bend.bend_test(*one) for one in reversed(series)]
    assert forwards == backwards[::-1]


def test_p_is_the_same_in_another_process():
    code = """
import numpy as np
from signals import bend
rng = np.random.default_rng(8)
dates = np.datetime64("2020-01-01") + np.sort(rng.choice(1500, 20, replace=False))
print(repr(bend.bend_test(dates, rng.standard_normal(20), seed=3).noise_chance))
"""
    runs = [subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True) for _ in range(2)]
    rng = np.random.default_rng(8)
    dates = np.datetime64("2020-01-01") + np.sort(rng.choice(1500, 20, replace=False))
    here = repr(bend.bend_test(dates, rng.standard_normal(20), seed=3).noise_chance)
    assert [run.stdout.decode().strip() for run in runs] == [here, here]


def test_the_seed_is_the_start_of_a_hash():
    assert seed_for("metr.p50", date(2025, 11, 24), "2026-01-30") == int("02dc3f900f22ecb3", 16)


# --- stopping ------------------------------------------------------------------------------------


def counting(values):
    """A draw function over a fixed list."""
    stream = iter(values)
    return lambda size: np.array([next(stream) for _ in range(size)])


def test_simulation_stops_at_the_tenth_exceedance():
    found = besag_clifford(counting([0, 1] * 500), 1, stop_after=10, draws=1000)
    assert (found.p, found.draws, found.exceedances) == (0.5, 20, 10)
    assert found.low < 0.5 < found.high


def test_without_ten_exceedances_all_draws_are_used():
    found = besag_clifford(counting([0] * 998 + [1]), 1, stop_after=10, draws=999)
    assert (found.p, found.draws, found.exceedances) == (0.002, 999, 1)


# --- F4 and F15: METR ----------------------------------------------------------------------------

METR_BENDS = [
    # series, n, T, p between, break, break interval, doubling times before and after, ratio
    ("1.0", 17, 3.3265, (0.019, 0.034), "2024-05-13", ("2022-03-15", "2025-02-24"), (224.4, 134.1), 1.67),
    ("1.0 all models", 33, 2.6560, (0.015, 0.028), "2024-06-07", ("2023-11-06", "2025-04-16"), (250.6, 126.2), 1.98),
    ("1.1", 17, 6.7681, (0.0003, 0.0035), "2024-05-13", ("2023-03-14", "2024-12-05"), (256.6, 101.0), 2.54),
    ("1.1 of March", 17, 6.9449, (0.0002, 0.0028), "2024-05-13", None, (246.9, 102.0), 2.42),
    ("1.1 since 2023", 14, 4.3728, (0.011, 0.021), "2024-05-13", None, (413.9, 98.7), 4.19),
    ("1.0 since 2023", 14, 4.3878, (0.001, 0.0055), "2024-05-13", None, (353.0, 131.6), 2.68),
]


@pytest.mark.parametrize("row", METR_BENDS, ids=lambda row: row[0])
def test_metr_bends_as_specified(row):
    name, n, statistic, (low, high), break_date, interval, times, ratio = row
    found = bend.bend_test(*metr(name), seed=20_260_130, stop_after=None)
    assert found.n == n
    assert found.statistic == pytest.approx(statistic, abs=STATISTIC)
    assert low <= found.p <= high
    assert found.fit.break_date == date.fromisoformat(break_date)
    if interval:
        assert found.break_interval == tuple(date.fromisoformat(day) for day in interval)
    assert doubling_time(found.fit.slope_before) == pytest.approx(times[0], abs=DAYS)
    assert doubling_time(found.fit.slope_after) == pytest.approx(times[1], abs=DAYS)
    assert found.fit.slope_ratio == pytest.approx(ratio, abs=0.006)


def test_four_printed_digits_are_enough_for_the_metr_statistics():
    old = bend.bend_test(*log_horizons(printed(SUITE_1_0)), seed=1, draws=10)
    new = bend.bend_test(*log_horizons(printed(SUITE_1_1)), seed=1, draws=10)
    assert (old.statistic, new.statistic) == (pytest.approx(3.3265, abs=0.002), pytest.approx(6.7681, abs=0.002))


@pytest.mark.parametrize(
    ("name", "phi", "persistence", "evidence", "skill", "pairs", "powers"),
    [
        ("1.0", 0.0, 0.66, -5.06, 0.747, 19, (0.17, 0.52, 0.94)),
        ("1.1", 0.25, 0.60, -14.25, 0.926, 15, (0.27, 0.75, 0.99)),
    ],
)
def test_what_the_metr_results_report(name, phi, persistence, evidence, skill, pairs, powers):
    dates, heights = metr(name)
    found = bend.bend_test(dates, heights, seed=1, draws=10)
    assert (found.fit.phi, found.fit.white_share) == (phi, 0)
    assert found.persistence == pytest.approx(persistence, abs=0.006)
    assert found.jump.evidence == pytest.approx(evidence, abs=EVIDENCE)
    assert found.jump.label == "bend"
    forecast = forecast_skill(dates, heights)
    assert (forecast.skill, forecast.pairs) == (pytest.approx(skill, abs=0.0006), pairs)
    measured = power(design_of(dates, heights), heights, seed=1)
    assert list(measured.values()) == pytest.approx(list(powers), abs=0.06)


def test_metr_skill_over_all_models():
    old = forecast_skill(*metr("1.0 all models"))
    assert (old.skill, old.pairs) == (pytest.approx(0.332, abs=0.0006), 113)


def test_metr_intervals_of_doubling_times_and_ratio():
    series = metr("1.0"), metr("1.1")
    old, new = (intervals(design_of(dates, heights), heights, seed=1) for dates, heights in series)
    limits = old.doubling_time_before, old.doubling_time_after, new.doubling_time_before, new.doubling_time_after
    specified = [(200, 279), (80, 168), (222, 309), (78, 120)]
    for limit, expected in zip(limits, specified, strict=True):
        assert (limit.low, limit.high) == (pytest.approx(expected[0], rel=0.06), pytest.approx(expected[1], rel=0.06))
    assert (old.slope_ratio.low, old.slope_ratio.high) == (pytest.approx(1.33, rel=0.05), pytest.approx(2.88, rel=0.1))
    assert (new.slope_ratio.low, new.slope_ratio.high) == (pytest.approx(2.08, rel=0.05), pytest.approx(3.44, rel=0.1))


@pytest.mark.parametrize(
    ("suite", "statistics", "chances"),
    [
        ("1_0", (1.4439, 2.2573, 2.7147, 3.3265), (0.27, 0.10, 0.077, 0.026)),
        ("1_1", (2.6557, 4.9521, 6.1911, 5.7507), (0.083, 0.0067, 0.0016, 0.0051)),
    ],
)
def test_metr_as_if_known_on_four_days(suite, statistics, chances):
    dates, heights = log_horizons(published(suite))
    days = np.array(["2024-12-31", "2025-05-31", "2025-09-30", "2025-12-31"], dtype="datetime64[D]")
    found = [bend.bend_test(dates[dates <= d], heights[dates <= d], seed=1, stop_after=None) for d in days]
    assert [one.statistic for one in found] == pytest.approx(list(statistics), abs=STATISTIC)
    # Two significant digits in the text, and 9,999 draws here: 15 % or 4 standard errors.
    for one, p in zip(found, chances, strict=True):
        assert one.p == pytest.approx(p, rel=0.05, abs=4 * np.sqrt(p / 9_999))


def test_leaving_one_metr_model_out_moves_p_and_break():
    dates, heights = metr("1.0")
    found = [
        bend.bend_test(np.delete(dates, i), np.delete(heights, i), seed=1, stop_after=None) for i in range(len(dates))
    ]
    p = [one.p for one in found]
    assert (min(p), max(p)) == (pytest.approx(0.005, abs=0.002), pytest.approx(0.060, abs=0.007))
    assert (int(np.argmin(p)), int(np.argmax(p))) == (2, 16)  # GPT-3.5, Opus 4.5
    moved = [i for i, one in enumerate(found) if one.fit.break_date == date(2022, 3, 15)]
    assert len(moved) == 4


def test_metr_seen_only_at_its_frontier():
    dates, heights = metr("1.0 all models")
    found = bend.bend_test(*metr("1.0"), seed=1, all_models=(dates, heights), stop_after=None, draws=1_000)
    assert found.frontier_chance.p == pytest.approx(0.05, abs=0.02)
    band = near_frontier(dates, heights)
    assert band.kept.sum() == 30
    kept = dates[band.kept], heights[band.kept]
    found = bend.bend_test(*kept, seed=1, all_models=(dates, heights), series="band", stop_after=None, draws=1_000)
    assert found.frontier_chance.p == pytest.approx(0.02, abs=0.015)
    assert found.p == max(found.noise_chance.p, found.frontier_chance.p)


def test_metr_1_0_is_below_watch():
    found = bend.bend_test(*metr("1.0"), seed=seed_for("metr.p50", date(2025, 11, 24), "2026-01-30"))
    assert found.p > 0.01


# --- the Epoch Capabilities Index (signals.md 5.5) -----------------------------------------------


def capabilities():
    if not ECI.exists():
        pytest.skip(f"the recorded table is not at {ECI}")
    import pandas as pd

    frame = pd.read_csv(ECI).dropna(subset=["ECI Score", "Release date"])
    frame = frame[frame["Release date"] <= "2025-12-31"]
    points = [
        Point(date.fromisoformat(day), score, version, str(model).strip(), vendor)
        for day, score, version, model, vendor in zip(
            frame["Release date"],
            frame["ECI Score"],
            frame["Model version"],
            frame["Model name"],
            frame["Organization"],
            strict=True,
        )
    ]
    return usable(points, Scale("linear"))


@pytest.mark.parametrize(
    ("series", "width", "n", "statistic", "p", "frontier_p", "before", "after"),
    [
        ("records", None, 14, 1.203, 0.28, 0.30, 9.48, 15.55),
        ("band", 8.0, 65, 2.805, 0.027, 0.07, 3.98, 15.91),
        ("band", None, 76, 2.699, 0.039, 0.07, 3.15, 15.99),
    ],
)
def test_the_capabilities_index_bends_in_spring_2024(series, width, n, statistic, p, frontier_p, before, after):
    sample = capabilities()
    everything = sample.dates, sample.heights
    kept = records(everything[0].astype(float), everything[1])
    if series == "band":
        kept = near_frontier(*everything, width).kept
    found = bend.bend_test(
        sample.dates[kept], sample.heights[kept], 1, None, everything, series, width, stop_after=None, draws=999
    )
    assert found.n == n
    assert found.statistic == pytest.approx(statistic, abs=0.002)
    assert found.noise_chance.p == pytest.approx(p, abs=4 * np.sqrt(p / 999))
    assert found.frontier_chance.p == pytest.approx(frontier_p, abs=4 * np.sqrt(frontier_p / 999))
    assert abs((found.fit.break_date - date(2024, 2, 28)).days) <= 60
    assert found.fit.slope_before == pytest.approx(before, abs=0.01)
    assert found.fit.slope_after == pytest.approx(after, abs=0.01)


# --- F5 to F8: known truths ----------------------------------------------------------------------


@pytest.mark.parametrize(("phi", "bound"), [(0.0, 0.05), (0.6, 0.11), (1.0, 0.20)])
def test_steady_growth_is_seldom_called_a_bend(phi, bound):
    rng = np.random.default_rng(50)
    found = []
    for seed in range(400):
        dates = denser_recently(rng, 30)
        y = 2 * years_since_first(dates) + 0.6 * autoregressive(rng, 30, phi)
        found.append(bend.bend_test(dates, y, seed, draws=1_999).p)
    assert share_flagged(found) <= bound


def test_a_doubled_slope_is_found():
    rng = np.random.default_rng(60)
    found = []
    for seed in range(200):
        dates = denser_recently(rng, 30)
        x = (dates - np.datetime64("2020-01-01")).astype(float) / 365.25
        y = 2 * x + 2 * np.maximum(x - 3.5, 0) + 0.6 * rng.standard_normal(30)
        found.append(bend.bend_test(dates, y, seed, draws=999).p)
    assert share_flagged(found) >= 0.82


def test_a_chance_floor_looks_like_a_bend_until_it_is_removed():
    rng = np.random.default_rng(70)
    ordinary, removed = [], []
    for seed in range(100):
        dates = denser_recently(rng, 30)
        x = (dates - np.datetime64("2020-01-01")).astype(float) / 365.25
        accuracy = 0.25 + 0.75 / (1 + np.exp(5 - x - 0.3 * rng.standard_normal(30)))
        for scale, found in ((Scale("logit"), ordinary), (Scale("logit", floor=0.25), removed)):
            found.append(bend.bend_test(dates, scale.forward(accuracy), seed, draws=999).p)
    assert share_flagged(ordinary) >= 0.70
    assert share_flagged(removed) <= 0.10


def monthly_best(dates, y):
    """The best so far on the first of every month: a staircase, not data."""
    month_starts = np.arange(dates[0].astype("datetime64[M]") + 1, np.datetime64("2025-02"), dtype="datetime64[M]")
    starts = month_starts.astype("datetime64[D]")
    return starts, np.array([y[dates <= day].max() for day in starts])


def gap_model(rng, n):
    dates = denser_recently(rng, n)
    x = (dates - np.datetime64("2020-01-01")).astype(float) / 365.25
    return dates, 2 * x - 1.5 * np.abs(rng.standard_t(4, n)) / np.sqrt(2)


def test_a_frontier_filled_forward_fools_andrews():
    rng = np.random.default_rng(80)
    fooled = 0
    for _ in range(100):
        days, best = monthly_best(*gap_model(rng, 30))
        fooled += sup_wald(days.astype(float) / 365.25, best) > ANDREWS
    assert fooled >= 50


def filled_forward(days, heights, with_ids):
    """Every day from first to last carries the latest record, with that record's id and date."""
    every_day = np.arange(days[0], days[-1] + 1)
    current = np.searchsorted(days, every_day, side="right") - 1
    return [
        Point(days[i].item() if with_ids else day.item(), float(heights[i]), id=f"model {i}" if with_ids else "")
        for day, i in zip(every_day, current, strict=True)
    ]


def test_a_frame_filled_forward_with_ids_is_its_records():
    rng = np.random.default_rng(81)
    dates, y = gap_model(rng, 60)
    kept = records(dates.astype(float), y)
    days, heights = dates[kept], y[kept]
    sample = usable(filled_forward(days, heights, with_ids=True), Scale("linear"))
    np.testing.assert_array_equal(sample.dates, days)
    assert bend.bend_test(sample.dates, sample.heights, seed=1) == bend.bend_test(days, heights, seed=1)


def test_a_frame_filled_forward_without_ids_is_refused():
    dates, y = gap_model(np.random.default_rng(82), 30)
    days, best = monthly_best(dates, y)
    with pytest.raises(NotPointData, match="repeat"):
        usable([Point(d.item(), float(v)) for d, v in zip(days, best, strict=True)], Scale("linear"))


# --- F14: degenerate input -----------------------------------------------------------------------

WEEKLY = np.datetime64("2024-01-01") + 7 * np.arange(20)


@pytest.mark.parametrize("y", [np.full(20, 3.0), np.full(20, 1e9), np.zeros(20)], ids=["three", "huge", "zero"])
def test_a_constant_series_has_no_bend(y):
    found = bend.bend_test(WEEKLY, y, seed=1)
    assert (found.statistic, found.p) == (0, 1)


@pytest.mark.parametrize("level", [0.0, 1e6])
def test_a_perfect_line_has_no_bend(level):
    y = level + 2 * years_since_first(WEEKLY)
    found = bend.bend_test(WEEKLY, y, seed=1)
    assert (found.statistic, found.p, found.jump.label) == (0, 1, "bend or jump")
    assert found.fit.slope_ratio == pytest.approx(1, abs=1e-6)


def test_a_perfect_bend_is_certain():
    x = years_since_first(WEEKLY)
    found = bend.bend_test(WEEKLY, x + 2 * np.maximum(x - x[9], 0), seed=1, draws=999)
    assert found.p == pytest.approx(1 / 1000)
    assert found.fit.break_date == WEEKLY[9].item()
    assert found.fit.slope_ratio == pytest.approx(3)


@pytest.mark.parametrize("n", range(10))
def test_fewer_than_ten_points_are_not_enough(n):
    found = bend.bend_test(WEEKLY[:n], np.arange(float(n)), seed=1)
    assert found == bend.NotEnoughData(n, f"{n} points, 10 needed")


def test_one_day_is_not_enough():
    found = bend.bend_test(np.repeat(WEEKLY[:1], 12), np.arange(12.0)[::-1], seed=1)
    assert found == bend.NotEnoughData(12, "all points on one day")


def test_ties_in_date_and_value_are_tested():
    dates = np.repeat(WEEKLY[:7], 3)
    found = bend.bend_test(dates, np.tile([2.0, 1.0, 1.0], 7), seed=1)
    assert 0 < found.p <= 1


def test_missing_values_are_refused():
    y = np.arange(20.0)
    y[3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        bend.bend_test(WEEKLY, y, seed=1)


def test_unsorted_dates_are_refused():
    with pytest.raises(ValueError, match="sorted"):
        bend.bend_test(WEEKLY[::-1], np.arange(20.0), seed=1)


def test_values_below_zero_have_no_doubling_time():
    with pytest.raises(OffScale):
        usable([Point(day.item(), -1.0) for day in WEEKLY[:2]], Scale("log2"))


def test_growth_that_begins_at_the_break_has_an_infinite_ratio():
    assert slope_ratio(-1, 2) == np.inf
    assert np.isnan(slope_ratio(-1, -2))
    assert doubling_time(-1) is None


def test_a_one_off_step_is_called_a_jump():
    rng = np.random.default_rng(90)
    y = 0.1 * rng.standard_normal(20) + (np.arange(20) >= 10)
    assert bend.bend_test(WEEKLY, y, seed=1, draws=10).jump.label == "jump, not acceleration"


def test_a_slowdown_is_found_on_the_negated_series():
    rng = np.random.default_rng(91)
    x = years_since_first(WEEKLY)
    y = 30 * x - 25 * np.maximum(x - x[9], 0) + 0.1 * rng.standard_normal(20)
    assert bend.bend_test(WEEKLY, -y, seed=1).p <= 0.01 < bend.bend_test(WEEKLY, y, seed=1).p


def test_candidates_never_leave_the_trim():
    for n in range(7, 80):
        kept, trim = candidate_positions(n), trim_of(n)
        assert kept[0] == trim - 1
        assert kept[-1] == n - trim
        assert all(a < b for a, b in pairwise(kept))
