"""What was learnt about the GSO board."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.gso import collect
from data.schema import Observation, Refused
from tests.conftest import NOW


def observed(rows: list[Row]) -> dict[str, Observation]:
    return {r.subject: r for r in rows if isinstance(r, Observation)}


def test_percent_becomes_a_fraction_after_the_check_for_cheating(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("gso"))["GPT Test (xhigh)"]
    assert (row.value, row.unit, row.lab, row.date) == (0.3725, "fraction", "openai", date(2026, 4, 27))


def test_effort_makes_another_subject_of_the_same_model(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("gso"))
    assert {s for s, r in rows.items() if r.model == "GPT Test"} == {"GPT Test (xhigh)", "GPT Test (high)"}


def test_only_one_try_a_task_counts(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("gso"))["Claude Test"].value == 0.245


def test_a_score_of_zero_is_a_score_and_an_unchecked_one_is_held_back(replay: Callable[..., list[Row]]) -> None:
    rows = replay("gso")
    assert observed(rows)["Old Test"].value == 0
    assert [r.row["subject"] for r in rows if isinstance(r, Refused)] == ["New Test"]


def test_an_undisclosed_organisation_is_no_lab(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("gso"))["Odd Test"].lab is None


def test_the_real_board_has_twenty_six_rows_of_one_try_all_with_a_lab(shared: Path) -> None:
    rows = observed(list(collect(Replay(shared / "replay" / "2026-04-19", NOW))))
    assert len(rows) == 26
    assert all(r.lab for r in rows.values())
    assert max(r.value for r in rows.values()) == 0.4216
