"""What was learnt about Aider's leaderboard."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.aider_polyglot import SOURCE, collect
from data.schema import Observation
from tests.conftest import NOW


def observed(rows: list[Row]) -> dict[str, Observation]:
    return {r.subject: r for r in rows if isinstance(r, Observation)}


def test_the_second_try_counts_and_the_date_is_the_runs(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("aider_polyglot"))["Claude-Test (no think)"]
    assert (row.value, row.unit, row.date, row.lab) == (44.9, "percent", date(2025, 1, 10), "anthropic")


def test_a_pair_of_models_is_a_row_of_its_own(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("aider_polyglot"))["o3 (high) + gpt-4.1"].detail["edit_format"] == "architect"


def test_a_run_whose_cost_was_not_counted_is_kept_without_one(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("aider_polyglot"))
    assert "cost_usd" not in rows["Mystery Alpha"].detail
    assert rows["DeepSeek Test"].detail["cost_usd"] == 0.0  # free is not unknown


def test_the_board_is_frozen() -> None:
    assert SOURCE.closed_on == date(2025, 10, 3)


def test_the_real_file_has_sixty_nine_runs_and_the_best_is_gpt_5(shared: Path) -> None:
    rows = list(collect(Replay(shared / "replay" / "2026-04-19", NOW)))
    assert len(rows) == 69
    best = max((r for r in rows if isinstance(r, Observation)), key=lambda r: r.value)
    assert (best.subject, best.value, best.date) == ("gpt-5 (high)", 88.0, date(2025, 8, 23))
