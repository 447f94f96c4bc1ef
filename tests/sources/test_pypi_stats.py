"""What was learnt about PyPI Stats. The payloads are made up in the documented format: no real answer is at hand."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collectors.labs import lab_of
from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.pypi_stats import PACKAGES, address, collect
from data.schema import Failure, Observation, Refused
from tests.conftest import NOW


def observed(rows: list[Row], package: str) -> dict[date, Observation]:
    return {r.date: r for r in rows if isinstance(r, Observation) and r.subject == package}


def test_a_week_is_the_sum_of_monday_to_sunday_without_mirrors(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("pypi_stats"), "openai")[date(2026, 11, 9)]
    assert (row.value, row.lab, row.unit) == (7 * 1000 + sum(range(9, 16)), "openai", "downloads/week")


def test_a_week_that_is_cut_at_either_end_is_left_out(replay: Callable[..., list[Row]]) -> None:
    found = observed(replay("pypi_stats"), "openai")  # the answer begins on a Friday and ends on a Sunday
    assert list(found) == [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]


def test_a_week_with_a_day_of_zero_is_held_back(replay: Callable[..., list[Row]]) -> None:
    rows = replay("pypi_stats")
    assert list(observed(rows, "anthropic")) == [date(2026, 11, 16)]
    assert [(r.row["package"], r.row["week"]) for r in rows if isinstance(r, Refused)] == [("anthropic", "2026-11-09")]


def test_a_package_that_calls_anybodys_models_has_no_lab(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("pypi_stats"), "litellm")[date(2026, 11, 16)].lab is None


def test_every_lab_named_here_is_one_of_ours() -> None:
    assert {lab for lab in PACKAGES.values() if lab} == {lab_of(lab) for lab in PACKAGES.values() if lab}


def test_an_answer_about_another_package_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "0").write_text('{"data": [], "package": "other", "type": "overall_downloads"}', encoding="utf-8")
    (tmp_path / "index.json").write_text(json.dumps({address("openai"): {"file": "0"}}), encoding="utf-8")
    with pytest.raises(Failure, match="an answer about 'other'"):
        list(collect(Replay(tmp_path, NOW)))
