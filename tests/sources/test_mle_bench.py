"""What was learnt about the table in MLE-bench's README."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collectors.parse import markdown_table
from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.mle_bench import URL, collect
from data.schema import Failure, Observation, Refused
from tests.conftest import NOW, PAYLOADS


def observed(rows: list[Row]) -> dict[str, Observation]:
    return {r.subject: r for r in rows if isinstance(r, Observation)}


def test_a_row_is_a_mean_and_one_standard_error(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("mle_bench"))["Weaver, gpt-test-5"]
    assert (row.value, row.low, row.high, row.level) == (48.44, 43.3, 53.58, 0.68)
    assert (row.date, row.lab, row.unit) == (date(2025, 11, 10), "openai", "percent")


def test_links_footnotes_and_odd_spaces_are_no_part_of_a_cell(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("mle_bench"))["Loom ensemble, gpt-test-5 (low effort)"]
    assert (row.value, row.low, row.detail["hours"]) == (39.56, 36.3, "36")


def test_an_interval_does_not_leave_the_scale(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("mle_bench"))["Loom, claude-test"].low == 0


def test_an_undisclosed_model_has_no_lab(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("mle_bench"))["Spindle multi-agent, undisclosed"].lab is None


def test_a_mean_without_its_error_is_held_back(replay: Callable[..., list[Row]]) -> None:
    assert [r.row["subject"] for r in replay("mle_bench") if isinstance(r, Refused)] == ["Loom, deepseek-test"]


def test_a_table_is_found_by_its_columns_and_ends_with_the_first_other_line() -> None:
    readme = (PAYLOADS / "mle_bench" / "README.md").read_bytes()
    assert [row["Value"] for row in markdown_table(readme, ("Setting", "Value"), URL)] == ["24"]


def test_a_renamed_column_and_a_broken_row_fail_loudly() -> None:
    readme = (PAYLOADS / "mle_bench" / "README.md").read_text(encoding="utf-8")
    with pytest.raises(Failure, match="no table with the columns"):
        markdown_table(readme.replace("All (%)", "Total").encode(), ("All (%)",), URL)
    with pytest.raises(Failure, match="3 cells under 10 columns"):
        markdown_table(
            readme.replace("| Loom | deepseek-test | 20.0 |", "| a | b | c |\n|", 1).encode(), ("All (%)",), URL
        )


def test_the_real_table_has_seventeen_rows(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes((shared / "mle-bench" / "README_leaderboard.excerpt.md").read_bytes())
    (tmp_path / "index.json").write_text(f'{{"{URL}": {{"file": "README.md"}}}}', encoding="utf-8")
    rows = observed(list(collect(Replay(tmp_path, NOW))))
    assert len(rows) == 17
    assert (min(r.value for r in rows.values()), max(r.value for r in rows.values())) == (1.3, 48.44)
    assert {s for s, r in rows.items() if not r.lab} == {"Neo multi-agent, undisclosed"}
