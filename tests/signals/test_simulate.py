"""The simulation itself: the same answer every time, taken up where it stopped, honest about bounds."""

import json

import numpy as np

from signals import simulate
from signals.calibration import calibrate
from signals.monitoring import Flag, Look, flags
from signals.rivals import sup_wald
from signals.simulate import Cell, broken, plan, run

SMALL = Cell("size", "small", 5, {"noise": "AR .6", "n": 12}, {"p05": 0.9}, {"p01": 0.5})


def test_every_cell_of_the_plan_has_its_own_name_and_a_table():
    cells = list(plan())
    assert len({cell.key for cell in cells}) == len(cells)
    assert {cell.table for cell in cells} == set(simulate.TABLES)


def test_a_cell_gives_the_same_results_every_time():
    assert run(SMALL) == run(SMALL)


def test_a_broken_bound_is_said_in_words():
    assert broken(SMALL, {"p05": 0.95, "p01": 0.1}) == []
    assert broken(SMALL, {"p05": 0.8, "p01": 0.6}) == ["small: p05 = 0.800 < 0.9", "small: p01 = 0.600 > 0.5"]


def test_a_run_is_taken_up_where_it_stopped(tmp_path):
    path = tmp_path / "results.jsonl"
    other = Cell("size", "other", 5, {"noise": "t3", "n": 12})
    first = simulate.run_missing([SMALL], path, jobs=1)
    told = path.read_text()
    path.write_text(told + '{"key": "half a li')  # stopped while writing
    both = simulate.run_missing([SMALL, other], path, jobs=1)
    assert both[SMALL.key] == first[SMALL.key]
    assert path.read_text().count(json.dumps(SMALL.key)) == 1
    assert simulate.run_missing([SMALL, other], path, jobs=1) == both


def test_andrews_is_positive_for_speeding_up():
    x = np.linspace(0, 5, 30)
    noise = 0.1 * np.random.default_rng(1).standard_normal(30)
    bent = np.maximum(x - 2.5, 0)
    assert sup_wald(x, bent + noise) > 11.79
    assert sup_wald(x, -bent + noise) < -11.79


def look(at, p, indicator=0):
    return Look(indicator, at, p, 1.0, 2.0, False, 20, 0.4, False)


def test_a_flag_is_raised_once_and_again_after_it_fell():
    raised = flags([look(0, 0.03), look(0.1, 0.04), look(0.2, 0.5), look(0.3, 0.02)], 1)
    assert [flag for flag in raised if flag.rule == "p05"] == [Flag("p05", 0, 0), Flag("p05", 0, 0.3)]


def test_a_state_needs_two_updates_so_none_is_raised_on_day_one():
    raised = flags([look(0, 0.001), look(0.1, 0.001)], 1)
    assert Flag("confirmed", 0, 0.1) in raised
    assert not [flag for flag in raised if flag.rule == "watch" and flag.at == 0]


def test_the_calibration_table_has_rates_for_steady_indicators_and_delays_for_the_others():
    steady = [{"ratio": 1.0, "years": 1.0, "n": 0, "phi": 1}] * 99 + [
        {"ratio": 1.0, "years": 1.0, "n": 0, "phi": 1, "watch": [0.5]}
    ]
    changed = [{"ratio": 2.0, "years": 1.25, "n": 0, "phi": 1, "watch": [0.75]}, {**steady[0], "ratio": 2.0}]
    table = list(calibrate("usual", steady + changed))
    assert {(row.n_low, row.n_high, row.phi_low, row.phi_high) for row in table} == {
        (None, 15, 0.5, 0.65),
        (None, 15, None, None),
        (None, None, None, None),
    }
    rows = {(row.state, row.ratio): row for row in table[:6]}
    assert (rows["watch", 1.0].rate, rows["watch", 1.0].delay) == (2.0, None)
    assert (rows["watch", 2.0].rate, rows["watch", 2.0].delay) == (0.5, 1.0)
    assert (rows["signal", 2.0].rate, rows["signal", 2.0].delay) == (0.0, None)
