"""Every row of the decision table, as sequences of updates and the verdict they end in."""

from collections import Counter
from dataclasses import FrozenInstanceError, replace
from datetime import date, timedelta

import numpy as np
import pytest

from signals.decision import COUNT, Evidence, Level, Qualifier, State, Update, fold, has_effect
from signals.monitoring import flags, monitored

QUIET = Evidence(p=0.5, q=0.9, q_by=1.0, slope_before=1, slope_after=1.1)
BETWEEN = replace(QUIET, p=0.05, slope_after=2)  # neither a watch nor quiet
WATCH = replace(QUIET, p=0.004, slope_after=2)
SIGNAL = replace(WATCH, q=0.08)
CONFIRMED = replace(SIGNAL, q_by=0.09)
SMALL = replace(CONFIRMED, slope_after=1.4)
JUMP = replace(CONFIRMED, is_jump=True)
FLOOR = replace(CONFIRMED, floors_agree=False)
SLOWER = replace(CONFIRMED, slope_before=2, slope_after=1)
NAMED = {"q": QUIET, "b": BETWEEN, "w": WATCH, "s": SIGNAL, "c": CONFIRMED, "e": SMALL, "j": JUMP, "f": FLOOR}

START = date(2025, 1, 1)


def updates(story, n=20, **common):
    """One update a month from letters; a capital letter is a restatement without a new point."""
    return [
        Update(
            on=START + timedelta(days=30 * i),
            n=n,
            faster=NAMED[letter.lower()],
            has_new_point=letter.islower(),
            power=common.get("power", 0.8),
            **{key: value for key, value in common.items() if key != "power"},
        )
        for i, letter in enumerate(story)
    ]


@pytest.mark.parametrize(
    ("story", "state"),
    [
        ("w", State.STEADY),  # one update is never enough
        ("ww", State.WATCH),
        ("wqw", State.STEADY),  # not in a row
        ("wb", State.STEADY),
        ("ss", State.SIGNAL),
        ("cc", State.CONFIRMED),
        ("ws", State.WATCH),  # the highest level earned twice
        ("sc", State.SIGNAL),
        ("wsscc", State.CONFIRMED),
        ("ee", State.STEADY),  # no effect
        ("jj", State.STEADY),
        ("ff", State.STEADY),
        ("wwb", State.WATCH),  # holds
        ("wwbb", State.WATCH),
        ("wwq", State.WATCH),
        ("wwqq", State.STEADY),  # quiet twice
        ("wwqbq", State.WATCH),
        ("ccw", State.CONFIRMED),  # no flapping between levels
        ("ccwwww", State.CONFIRMED),
        ("ccqq", State.STEADY),
        ("ccqqw", State.STEADY),
        ("ccqqww", State.WATCH),
    ],
)
def test_states_are_climbed_held_and_left(story, state):
    assert fold(updates(story)).state == state


@pytest.mark.parametrize(
    ("story", "state"),
    [
        ("wW", State.STEADY),  # a restatement is not a second update
        ("wWWW", State.STEADY),
        ("wWw", State.WATCH),
        ("wqW", State.STEADY),  # nor can it turn the second update into a confirmation
        ("wqWw", State.WATCH),  # what it says is confirmed by the next update
        ("wwQ", State.STEADY),  # but it can take the second confirmation back
        ("wwQW", State.WATCH),  # and a further restatement give it back
        ("wwqQ", State.WATCH),  # a restatement is not a second quiet update either
        ("wwqBq", State.WATCH),
        ("wwbQ", State.WATCH),
        ("wwqqW", State.WATCH),  # the quiet that was restated never was
        ("wcC", State.WATCH),
        ("wwwC", State.WATCH),
    ],
)
def test_a_restatement_replaces_and_never_confirms(story, state):
    assert fold(updates(story)).state == state


@pytest.mark.parametrize(
    ("n", "state"),
    [
        (0, State.NOT_ENOUGH_DATA),
        (9, State.NOT_ENOUGH_DATA),
        (10, State.WATCH),
        (14, State.WATCH),
        (15, State.CONFIRMED),
    ],
)
def test_how_many_points_a_state_needs(n, state):
    assert fold(updates("cc", n=n)).state == state


def test_fifteen_points_are_needed_at_both_updates():
    first, second = updates("cc")
    assert fold([replace(first, n=14), replace(second, n=15)]).state == State.WATCH


def test_too_few_points_show_at_once_and_start_over():
    told = updates("cccccc")
    told[3] = replace(told[3], n=9, faster=None)
    assert fold(told[:4]).state == State.NOT_ENOUGH_DATA
    assert fold(told[:4]).why == ("9 points, 10 needed",)
    assert fold(told[:5]).state == State.STEADY
    assert fold(told[:6]).state == State.CONFIRMED


def test_no_update_is_not_enough_data():
    assert fold([]).state == State.NOT_ENOUGH_DATA


@pytest.mark.parametrize(
    ("story", "power", "state"),
    [
        ("qq", 0.49, State.CANNOT_TELL),
        ("qq", 0.50, State.STEADY),
        ("qq", None, State.CANNOT_TELL),
        ("bb", 0.49, State.STEADY),  # p = .05 is not above .05
        ("ww", 0.10, State.WATCH),
    ],
)
def test_no_flag_is_steady_only_with_power(story, power, state):
    assert fold(updates(story, power=power)).state == state


def test_a_verdict_says_since_when_why_and_what_ends_it():
    verdict = fold(updates("qwwb"))
    assert verdict.since == START + timedelta(days=60)
    assert verdict.level == Level.WATCH
    assert verdict.ends_when == "p > 0.10 at 2 updates in a row"
    assert verdict.why[0] == "p = 0.05"
    assert "20 points" in verdict.why
    assert (verdict.streak_on, verdict.streak_off) == (0, 0)
    assert (fold(updates("qwww")).streak_on, fold(updates("wwq")).streak_off) == (2, 1)


def test_a_verdict_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        fold(updates("ww")).state = State.SIGNAL


def test_a_new_suite_starts_over():
    old, new = updates("cc", suite="1.0"), updates("qqcc", suite="1.1", points_before=9, points_after=9)
    assert fold([*old, *new[:1]]).state == State.STEADY
    verdict = fold([*old, *new])
    assert (verdict.state, verdict.is_suppressed) == (State.CONFIRMED, False)


@pytest.mark.parametrize(("before", "after", "suppressed"), [(9, 2, True), (2, 9, True), (3, 3, False)])
def test_a_new_suite_needs_three_points_on_each_side(before, after, suppressed):
    old = updates("qq", suite="1.0")
    verdict = fold([*old, *updates("ww", suite="1.1", points_before=before, points_after=after)])
    assert verdict.state == State.WATCH
    assert verdict.is_suppressed == suppressed
    assert (Qualifier.NEW_SUITE in verdict.qualifiers) == suppressed


def test_a_first_suite_is_not_a_new_one():
    assert not fold(updates("ww", suite="1.0")).is_suppressed


def test_a_series_that_joins_suites_raises_nothing():
    assert fold(updates("cccc", joins_suites=True)).state == State.STEADY


def test_a_stale_series_keeps_its_state():
    told = updates("ww")
    verdict = fold(told, is_stale=True)
    assert (verdict.state, verdict.qualifiers) == (State.WATCH, (Qualifier.STALE,))
    later = [replace(update, is_stale=True) for update in updates("qqcc")]
    assert fold([*told, *later]).state == State.WATCH
    assert fold(later).state == State.STEADY


def test_a_burst_freezes_the_state():
    told = updates("wwwwcccc", n=60)
    told[4:] = [replace(update, in_burst=True) for update in told[4:]]
    change = replace(WATCH, slope_after=1.6)
    told = [replace(update, faster=change if i < 4 else replace(change, q=0.01)) for i, update in enumerate(told)]
    verdict = fold(told, COUNT)
    assert (verdict.state, verdict.qualifiers) == (State.WATCH, (Qualifier.BURST,))
    quiet = [replace(update, faster=QUIET, in_burst=True) for update in told]
    assert fold([*told, *quiet], COUNT).state == State.WATCH


def test_qualifiers_are_told_beside_the_state():
    assert fold(updates("qq"), is_closed=True).qualifiers == (Qualifier.CLOSED,)
    assert fold(updates("jj")).qualifiers == (Qualifier.JUMP,)
    assert fold(updates("qq", is_saturated=True)).qualifiers == (Qualifier.SATURATED,)


@pytest.mark.parametrize(("weeks", "state"), [(3, State.STEADY), (4, State.SIGNAL)])
def test_counts_need_four_weeks(weeks, state):
    assert fold(updates("s" * weeks, n=60), COUNT).state == state


def test_counts_fall_quiet_after_four_weeks():
    assert fold(updates("ssssqqq", n=60), COUNT).state == State.SIGNAL
    assert fold(updates("ssssqqqq", n=60), COUNT).state == State.STEADY


@pytest.mark.parametrize(("n", "state"), [(25, State.NOT_ENOUGH_DATA), (26, State.SIGNAL)])
def test_counts_need_half_a_year(n, state):
    assert fold(updates("ssss", n=n), COUNT).state == state


@pytest.mark.parametrize(("change", "effect"), [(0.49, False), (0.5, True)])
def test_the_effect_of_a_count_is_a_change_of_slope(change, effect):
    assert has_effect(replace(WATCH, slope_before=5, slope_after=5 + change), COUNT) == effect
    assert has_effect(replace(WATCH, slope_before=5, slope_after=5 - change), COUNT, slower=True) == effect


@pytest.mark.parametrize(
    ("before", "after", "faster", "slower"),
    [
        (2, 3, True, False),
        (2, 2.99, False, False),
        (-1, 1, True, False),
        (0, 1, True, False),
        (-2, -1, False, False),
        (3, 2, False, True),
        (3, 2.01, False, False),
        (3, -1, False, True),
        (-1, -3, False, False),
    ],
)
def test_the_effect_of_a_metric_is_a_ratio_of_slopes(before, after, faster, slower):
    evidence = replace(WATCH, slope_before=before, slope_after=after)
    assert has_effect(evidence) == faster
    assert has_effect(evidence, slower=True) == slower


def test_slowing_is_the_mirrored_test_under_the_same_rules():
    told = [replace(update, slower=SLOWER) for update in updates("qqq")]
    assert fold(told[:1]).state == State.STEADY
    verdict = fold(told)
    assert (verdict.state, verdict.level) == (State.SLOWING, Level.CONFIRMED)
    assert verdict.since == told[1].on
    quiet = [replace(update, slower=QUIET) for update in updates("qq")]
    assert fold([*told, *quiet]).state == State.STEADY


def test_the_stronger_direction_is_shown():
    told = updates("ww") + [replace(update, slower=SLOWER) for update in updates("bb")]
    assert fold(told).state == State.SLOWING


def test_a_year_of_fifty_steady_indicators_raises_few_signals_where_a_naive_rule_raises_many():
    """F9: every new point is tested again, and q is taken over all fifty."""
    looks = monitored(np.random.default_rng(9), 50, 1.0, (0.0, 0.3, 0.6), [1.0] * 50)
    new = Counter(flag.rule for flag in flags(looks, 50) if flag.at > 0)
    assert len(looks) > 500
    assert new["last third"] >= 10
    assert new["signal"] <= 2
