"""What was learnt about OpenRouter's catalogue of models."""

from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.openrouter_prices import collect
from data.schema import Observation
from tests.conftest import NOW


def observed(rows: list[Row]) -> dict[tuple[str, str], Observation]:
    return {(r.indicator, r.variant): r for r in rows if isinstance(r, Observation)}


def test_aliases_free_variants_routers_and_gifts_are_no_prices(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("openrouter_prices"))
    assert rows["price_median_closed", ""].detail["models"] == 2
    assert rows["price_median_open", ""].detail["models"] == 2


def test_prices_are_per_million_tokens(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("openrouter_prices"))
    assert rows["price_median_closed", ""].value == 12.5
    assert rows["price_median_open", ""].value == 1.2


def test_a_fixed_ability_costs_what_its_cheapest_model_costs(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("openrouter_prices"))
    assert (rows["price_at_bar", "eci-130"].value, rows["price_at_bar", "eci-130"].lab) == (0.4, "deepseek")
    assert rows["price_at_bar", "eci-150"].detail["cheapest"] == "openai/gpt-test-20260901"


def test_a_name_that_only_resembles_one_of_the_index_is_not_matched(replay: Callable[..., list[Row]]) -> None:
    # "GLM Test" is cheaper than the others, but the index only has a "GLM Test Max"
    assert observed(replay("openrouter_prices"))["price_at_bar", "eci-150"].value == 10.0


def test_a_snapshot_carries_the_day_of_the_run(replay: Callable[..., list[Row]]) -> None:
    assert {r.date for r in observed(replay("openrouter_prices")).values()} == {NOW.date()}


def test_the_real_catalogue_has_plausible_prices_and_no_ability_beside_it(shared: Path) -> None:
    rows = observed(list(collect(Replay(shared / "replay" / "2026-05-10", NOW))))
    assert set(rows) == {("price_median_open", ""), ("price_median_closed", "")}
    assert rows["price_median_open", ""].value == pytest.approx(0.52)
    assert rows["price_median_closed", ""].value == pytest.approx(4.0)
