"""What was learnt about LMArena's dataset. The shared excerpt holds its rows as JSON; here they are made parquet again."""

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.lmarena import TEXT, collect
from data.schema import Failure, Observation, Refused
from tests.conftest import NOW, PAYLOADS


def observed(rows: list[Row], indicator: str) -> list[Observation]:
    return [r for r in rows if isinstance(r, Observation) and r.indicator == indicator]


def served(folder: Path, body: bytes) -> Replay:
    (folder / "text").write_bytes(body)
    (folder / "index.json").write_text(json.dumps({TEXT: {"file": "text"}}), encoding="utf-8")
    return Replay(folder, NOW)


def test_a_snapshot_gives_the_best_model_of_each_lab(replay: Callable[..., list[Row]]) -> None:
    newest = [r for r in observed(replay("lmarena"), "arena_text_top") if r.date == date(2026, 11, 20)]
    assert [(r.subject, r.lab, r.value) for r in newest] == [
        ("claude-test", "anthropic", 1320.5),
        ("gpt-test-a", "openai", 1300.25),
        ("deepseek-test", "deepseek", 1280.5),
    ]
    assert (newest[0].low, newest[0].high, newest[0].level) == (1314.5, 1326.5, 0.95)


def test_a_model_of_no_known_lab_counts_only_where_it_leads(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("lmarena"), "arena_text_top")
    assert [(r.subject, r.lab) for r in rows if r.date == date(2023, 6, 1)] == [
        ("Vale-13b", None),
        ("Gemini-zero", "google"),
    ]
    assert "old-thing" not in {r.subject for r in rows}


def test_a_change_of_method_starts_another_series(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("lmarena"), "arena_text_top")
    assert {r.date.isoformat(): r.variant for r in rows} == {
        "2023-06-01": "elo",
        "2024-01-09": "bradley-terry",
        "2026-11-20": "reweighted",
    }


def test_only_the_overall_category_is_read(replay: Callable[..., list[Row]]) -> None:
    assert 1400.0 not in {r.value for r in observed(replay("lmarena"), "arena_text_top")}


def test_the_early_rows_have_no_interval(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("lmarena"), "arena_text_top")[0]
    assert (row.low, row.high, row.level) == (None, None, None)


def test_the_gap_is_the_best_proprietary_model_minus_the_best_open_one(replay: Callable[..., list[Row]]) -> None:
    gap = observed(replay("lmarena"), "arena_gap")[-1]
    assert (gap.value, gap.detail["closed"], gap.detail["open"]) == (40.0, "claude-test", "deepseek-test")


def test_the_agent_board_has_scores_below_zero_and_no_variant(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("lmarena"), "arena_agent")[-1]
    assert (row.subject, row.value, row.low, row.variant, row.unit) == ("Grok Test", -0.065, -0.075, "", "score")


def test_a_model_without_a_rating_is_held_back(replay: Callable[..., list[Row]]) -> None:
    assert [r.row["model"] for r in replay("lmarena") if isinstance(r, Refused)] == ["unrated-thing"]


def test_a_cut_file_and_a_renamed_column_fail_loudly(tmp_path: Path) -> None:
    whole = (PAYLOADS / "lmarena" / "text_latest.parquet").read_bytes()
    with pytest.raises(Failure, match="not a Parquet file"):
        list(collect(served(tmp_path, whole[:-20])))
    renamed = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(whole)).rename_columns({"rating": "score"}), renamed)
    with pytest.raises(Failure, match="no column named 'rating'"):
        list(collect(served(tmp_path, renamed.getvalue())))


def test_the_real_rows_break_where_the_ratings_jump(shared: Path, tmp_path: Path) -> None:
    rows = json.loads((shared / "lmarena" / "leaderboard-dataset_text.excerpt.rows.json").read_text(encoding="utf-8"))
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    found = observed(list(collect(served(tmp_path, sink.getvalue()))), "arena_text_top")
    gpt = [(r.date.isoformat(), r.variant, round(r.value)) for r in found if r.subject == "gpt-4-0314"]
    assert gpt == [("2023-12-06", "elo", 1125), ("2024-01-09", "bradley-terry", 1190)]
