"""What was learnt about the SWE-bench board."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.swe_bench import SOURCE, collect
from data.schema import Observation, Refused
from tests.conftest import NOW


def observed(rows: list[Row]) -> dict[str, Observation]:
    return {r.subject: r for r in rows if isinstance(r, Observation)}


def test_only_rows_with_the_same_small_agent_are_kept(replay: Callable[..., list[Row]]) -> None:
    assert len(observed(replay("swe_bench"))) == 4
    assert not [s for s in observed(replay("swe_bench")) if "_mini-v" not in s]


def test_versions_of_the_agent_are_kept_apart_and_an_unknown_one_is_held_back(replay: Callable[..., list[Row]]) -> None:
    rows = replay("swe_bench")
    assert [r.variant for r in observed(rows).values()] == ["2", "1", "1", "0"]
    assert [r.reason for r in rows if isinstance(r, Refused)] == ["unknown version 3 of mini-SWE-agent"]


def test_the_organisation_is_the_models_and_not_the_agents(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("swe_bench"))
    new, old = rows["20260210_mini-v2.1.0_model-two"], rows["20251124_mini-v1.16.0_model-one"]
    assert (new.lab, new.model, new.detail["organisation"]) == ("anthropic", "Claude Test 2", "Anthropic")
    assert (old.lab, old.model, old.detail["organisation"]) == ("openai", "gpt-test-1", "OpenAI")


def test_a_row_whose_only_organisation_is_the_agents_has_no_lab(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("swe_bench"))["20250720_mini-v0.0.0-model-first"].lab is None


def test_the_board_is_frozen() -> None:
    assert SOURCE.closed_on == date(2026, 2, 26)
    assert SOURCE.share == "none"


def test_the_real_board_has_thirty_one_rows_of_the_agent_all_with_a_lab(shared: Path) -> None:
    rows = observed(list(collect(Replay(shared / "replay" / "2025-12-10", NOW))))
    assert len(rows) == 31
    assert {r.variant for r in rows.values()} == {"0", "1"}
    assert all(r.lab for r in rows.values())
    best = max(rows.values(), key=lambda r: r.value)
    assert (best.value, best.date, best.lab) == (74.4, date(2025, 11, 24), "anthropic")
