"""What was learnt about OpenRouter's rankings export."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.openrouter_tokens import collect
from data.schema import Observation, Refused
from tests.conftest import NOW


def observed(rows: list[Row], indicator: str, day: date, variant: str = "") -> dict[str, Observation]:
    chosen = [
        r for r in rows if isinstance(r, Observation) and (r.indicator, r.date, r.variant) == (indicator, day, variant)
    ]
    return {r.subject: r for r in chosen}


def test_the_total_of_a_day_includes_the_models_outside_the_fifty_largest(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("openrouter_tokens"), "or_tokens", date(2026, 11, 16), "day")[""]
    assert (row.value, row.unit) == (1_001e9, "tokens/day")


def test_the_mean_of_seven_days_needs_seven_days(replay: Callable[..., list[Row]]) -> None:
    rows = [r for r in replay("openrouter_tokens") if isinstance(r, Observation) and r.variant == "7-day"]
    assert [(r.date, r.value) for r in rows] == [
        (date(2026, 11, 22), pytest.approx((6 * 1004 + 2686) * 1e9 / 7, rel=1e-3))
    ]


def test_a_day_that_is_not_over_is_left_out(replay: Callable[..., list[Row]]) -> None:
    assert max(r.date for r in replay("openrouter_tokens") if isinstance(r, Observation)) == date(2026, 11, 22)


def test_a_day_without_its_remainder_is_held_back(replay: Callable[..., list[Row]]) -> None:
    assert [r.row for r in replay("openrouter_tokens") if isinstance(r, Refused)] == [{"date": "2026-11-15"}]


def test_a_lab_with_several_author_names_has_one_share(replay: Callable[..., list[Row]]) -> None:
    shares = observed(replay("openrouter_tokens"), "or_lab_share", date(2026, 11, 16))
    assert (shares["meta"].lab, shares["meta"].value) == ("meta", pytest.approx(80 / 1001))


def test_anonymous_models_belong_to_no_lab_and_to_neither_kind_of_weights(replay: Callable[..., list[Row]]) -> None:
    rows = replay("openrouter_tokens")
    assert observed(rows, "or_lab_share", date(2026, 11, 16))["stealth"].lab is None
    opened = observed(rows, "or_open_share", date(2026, 11, 16))[""]
    assert opened.value == pytest.approx((401 + 100) / (401 + 100 + 200))  # the free variant counts with its model
    assert opened.detail["share_of_tokens_known"] == 0.7


def test_nothing_is_said_of_open_weights_where_most_tokens_are_unknown(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("openrouter_tokens"), "or_open_share", date(2026, 11, 21)) == {}


def test_the_real_excerpt_adds_up_to_one_day(shared: Path) -> None:
    rows = list(collect(Replay(shared / "replay" / "2026-10-08", NOW)))
    total = observed(rows, "or_tokens", date(2026, 10, 7), "day")[""]
    shares = observed(rows, "or_lab_share", date(2026, 10, 7))
    assert total.value == pytest.approx(25.12e12, rel=1e-3)
    assert shares["deepseek"].value == pytest.approx(0.3584, abs=1e-4)
    assert sum(r.value for r in shares.values()) == pytest.approx(1 - 0.0705274, abs=1e-6)  # all but the row `other`
