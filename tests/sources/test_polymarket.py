"""Polymarket: JSON inside strings, and "Yes" wherever it stands."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.source import Row
from collectors.sources import polymarket
from data.schema import Failure, Observation


def test_each_answer_of_an_event_is_a_subject_and_a_single_market_has_none(replay: Callable[..., list[Row]]) -> None:
    rows = [row for row in replay("polymarket") if isinstance(row, Observation)]
    assert {(row.indicator, row.subject): row.value for row in rows} == {
        ("market_p_openai_agi_2027", ""): 0.07,
        ("market_p_best_model_2026", "Anthropic"): 0.6,
        ("market_p_best_model_2026", "Google"): 0.25,
    }


def test_real_markets_are_read(shared: Path) -> None:
    markets = json.loads((shared / "polymarket/gamma_markets_2026-07.json").read_bytes())
    assert all(0 <= polymarket._yes(market, "u") <= 1 for market in markets)


@pytest.mark.parametrize(
    ("outcomes", "prices"),
    [('["A", "B"]', '["0.5", "0.5"]'), ('["Yes", "No"]', "[]"), ("x", "y"), ('["Yes"]', '["7"]')],
)
def test_a_market_without_a_price_of_yes_is_a_new_layout(outcomes: str, prices: str) -> None:
    with pytest.raises(Failure):
        polymarket._yes({"question": "?", "outcomes": outcomes, "outcomePrices": prices}, "u")
