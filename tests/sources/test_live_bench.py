"""What was learnt about LiveBench's tables."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.live_bench import addresses, collect
from data.schema import Failure, Observation, Refused
from tests.conftest import NOW


def observed(rows: list[Row], indicator: str, release: str) -> dict[str, Observation]:
    chosen = [r for r in rows if isinstance(r, Observation) and (r.indicator, r.variant) == (indicator, release)]
    return {r.subject: r for r in chosen}


def served(folder: Path, release: str, table: str, categories: str) -> Replay:
    for name, body in (("table", table), ("categories", categories)):
        (folder / name).write_text(body, encoding="utf-8")
    index = {url: {"file": name} for url, name in zip(addresses(release), ("table", "categories"), strict=True)}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    return Replay(folder, NOW)


def test_overall_is_the_mean_of_the_category_means(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("live_bench"), "livebench_overall", "2026-06-25")["claude-test-high-effort"]
    assert row.value == (80 + (60 + 40) / 2 + 90 + 85.5) / 4
    assert row.lab == "anthropic"


def test_agentic_coding_is_one_of_the_categories(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("live_bench"), "livebench_agentic_coding", "2026-06-25")
    assert {name: r.value for name, r in rows.items()} == {
        "claude-test-high-effort": 50.0, "gpt-test-5-xhigh": 50.0, "elephant-test": 10.0,
    }  # fmt: skip


def test_releases_are_variants_with_the_releases_own_date(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("live_bench"), "livebench_overall", "2026-01-08")["claude-test-high-effort"]
    assert (row.date, row.value) == (date(2026, 1, 8), 71.25)


def test_a_score_of_zero_counts_and_a_missing_one_holds_the_row_back(replay: Callable[..., list[Row]]) -> None:
    rows = replay("live_bench")
    assert observed(rows, "livebench_overall", "2026-06-25")["gpt-test-5-xhigh"].value == 55.0
    assert [r.row["model"] for r in rows if isinstance(r, Refused)] == ["nemotron-test", "kimi-test"]


def test_a_category_whose_task_has_no_column_fails_loudly(tmp_path: Path) -> None:
    replay = served(
        tmp_path, "2026-06-25", "model,typos\nx,1.0\n", '{"Agentic Coding": ["python"], "Language": ["typos"]}'
    )
    with pytest.raises(Failure, match="no column named 'python'"):
        list(collect(replay))


def test_the_real_tables_lose_one_short_row_and_give_the_published_means(shared: Path, tmp_path: Path) -> None:
    for release, models, held_back in (("2025-12-23", 65, []), ("2026-01-08", 126, ["nemotron-3-super-120b-a12b"])):
        name = release.replace("-", "_")
        table, categories = (shared / "livebench" / f for f in (f"table_{name}.csv", f"categories_{name}.json"))
        answers = served(tmp_path, release, table.read_text(encoding="utf-8"), categories.read_text(encoding="utf-8"))
        rows = list(collect(answers))
        overall = observed(rows, "livebench_overall", release)
        assert len(overall) == models
        assert [r.row["model"] for r in rows if isinstance(r, Refused)] == held_back
    assert overall["gpt-5.5-xhigh"].value == pytest.approx(80.71, abs=0.005)


def test_a_release_without_the_coding_category_fails_loudly(tmp_path: Path) -> None:
    folder = served(tmp_path, "2026-01-08", "model,a\nx,1\n", '{"Reasoning": ["a"]}')
    with pytest.raises(Failure, match="'Agentic Coding' is not there") as failure:
        list(collect(folder))
    assert failure.value.outcome == "schema"
