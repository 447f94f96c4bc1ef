"""What is particular about Epoch's benchmark bundle, and about the benchmarks it runs itself."""

import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from collectors.epoch_bundle import URL
from collectors.registry import one
from collectors.replay import Replay
from collectors.run import run_source
from collectors.source import Http, Payload, Row
from data.schema import Failure, Observation, Refused
from data.store import Store
from tests.conftest import NOW, PAYLOADS

Rows = Callable[..., list[Row]]
Bundle = Callable[[Mapping[str, str | None]], Path]
APRIL = datetime(2026, 4, 29, tzinfo=UTC)


class Served(Http):
    """The web, on which one body lies at every address."""

    def __init__(self, body: bytes) -> None:
        self.now, self.body = NOW, body

    def get(self, url: str, *, headers: object = None) -> Payload:
        return Payload(url=url, status=200, headers={}, body=self.body)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A payload folder whose bundle has some members replaced; None leaves one out."""

    def made(changes: Mapping[str, str | None]) -> Path:
        with zipfile.ZipFile(PAYLOADS / "epoch_benchmarks" / "benchmark_data.zip") as archive:
            members: dict[str, str | None] = {name: archive.read(name).decode() for name in archive.namelist()}
        with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
            for name, text in {**members, **changes}.items():
                if text is not None:
                    archive.writestr(name, text)
        (tmp_path / "index.json").write_text(json.dumps({URL: {"file": "bundle.zip", "status": 200, "headers": {}}}))
        return tmp_path

    return made


def member(name: str) -> str:
    with zipfile.ZipFile(PAYLOADS / "epoch_benchmarks" / "benchmark_data.zip") as archive:
        return archive.read(name).decode()


def found(rows: list[Row], indicator: str) -> list[Observation]:
    return [row for row in rows if isinstance(row, Observation) and row.indicator == indicator]


def held_back(rows: list[Row]) -> list[Refused]:
    return [row for row in rows if isinstance(row, Refused)]


def test_a_version_is_dated_by_its_release_and_knows_its_model(replay: Rows) -> None:
    row = found(replay("epoch_benchmarks"), "gpqa")[1]
    assert (row.subject, row.model, row.lab) == ("birch-2", "Birch 2", "openai")
    assert (row.date, row.value) == (date(2025, 4, 2), 0.52)
    assert row.detail["organisation"] == "OpenAI"


def test_of_two_runs_of_a_version_the_better_one_stands_and_says_so(replay: Rows) -> None:
    row = found(replay("epoch_benchmarks"), "swe_verified")[0]
    assert (row.subject, row.value) == ("birch-2_high", 0.655)
    assert (row.detail["best_of"], row.detail["started"]) == (2, "2025-07-01T10:00:00.000Z")


def test_effort_levels_stay_apart_and_share_their_model(replay: Rows) -> None:
    birch = [row for row in found(replay("epoch_benchmarks"), "gpqa") if row.model == "Birch 2"]
    assert [(row.subject, row.value) for row in birch] == [("birch-2", 0.52), ("birch-2_high", 0.58)]


def test_the_day_of_a_test_never_stands_in_for_a_release(replay: Rows) -> None:
    rows = replay("epoch_benchmarks")
    assert "elm-nodate" not in {row.subject for row in found(rows, "simpleqa")}
    assert [r.row["Model version"] for r in held_back(rows) if r.reason == "no release date"] == ["elm-nodate"]


def test_old_and_new_frontiermath_are_separate_series_with_their_own_ceilings(replay: Rows) -> None:
    rows, source = replay("epoch_benchmarks"), one("epoch_benchmarks").source
    ceilings = {i.key: i.ceiling for i in source.indicators if i.key.startswith("frontiermath")}
    assert ceilings == {
        "frontiermath_t13": 1.0,
        "frontiermath_t4": 1.0,
        "frontiermath_t13_2025": 0.57,
        "frontiermath_t4_2025": 0.60,
    }
    # above the ceiling of the old set, whose answers were partly wrong; the scale clips it
    assert found(rows, "frontiermath_t13_2025")[1].value == 0.59
    assert found(rows, "frontiermath_t13")[1].value == 0.66


def test_mirrorcode_is_read_like_the_other_runs(replay: Rows) -> None:
    """The payload is synthetic: no real copy of this table was at hand."""
    assert [row.value for row in found(replay("epoch_benchmarks"), "mirrorcode")] == [0.02, 0.35]


def test_a_changed_definition_holds_back_that_series_only(replay: Rows, bundle: Bundle) -> None:
    table = member("benchmark_metadata.csv").replace("gpqa_diamond.csv,Best score (across scorers),1.0,0.25", "{}")
    moved = table.replace("{}", "gpqa_diamond.csv,Best score (across scorers),1.0,0.2")
    rows = replay("epoch_benchmarks", bundle({"benchmark_metadata.csv": moved}))
    assert not found(rows, "gpqa")
    assert found(rows, "simpleqa")
    assert "definition changed: random_baseline is 0.2, not 0.25" in [r.reason for r in held_back(rows)]


def test_a_changed_scale_or_score_column_is_a_changed_definition(replay: Rows, bundle: Bundle) -> None:
    moved = member("benchmark_metadata.csv").replace("gpqa_diamond.csv,Best score (across scorers),1.0", "{}")
    rows = replay(
        "epoch_benchmarks", bundle({"benchmark_metadata.csv": moved.replace("{}", "gpqa_diamond.csv,mean_score,0.01")})
    )
    reason = (
        "definition changed: score_column is 'mean_score', not 'Best score (across scorers)'; scale is 0.01, not 1.0"
    )
    assert reason in [r.reason for r in held_back(rows)]


def test_without_the_table_of_definitions_ours_stand_alone(replay: Rows, bundle: Bundle) -> None:
    rows = replay("epoch_benchmarks", bundle({"benchmark_metadata.csv": None}))
    assert found(rows, "gpqa") == found(replay("epoch_benchmarks"), "gpqa")


def test_bundles_of_the_old_layout_name_the_model_in_the_index(replay: Rows, bundle: Bundle) -> None:
    index = "Model version,ECI Score,Model name\nbirch-2_high,140.1,Birch Two\n"
    rows = replay("epoch_benchmarks", bundle({"model_metadata.csv": None, "epoch_capabilities_index.csv": index}))
    assert [row.model for row in found(rows, "gpqa")[:3]] == [None, None, "Birch Two"]


def test_a_renamed_score_column_fails_loudly(replay: Rows, bundle: Bundle) -> None:
    renamed = member("gpqa_diamond.csv").replace("Best score (across scorers)", "Best score")
    with pytest.raises(Failure, match=r"gpqa_diamond.csv: no column named 'Best score \(across scorers\)'") as failure:
        replay("epoch_benchmarks", bundle({"gpqa_diamond.csv": renamed}))
    assert failure.value.outcome == "schema"


def test_a_table_that_is_not_in_the_bundle_is_noted(replay: Rows, bundle: Bundle) -> None:
    rows = replay("epoch_benchmarks", bundle({"mirrorcode.csv": None}))
    assert Refused(
        reason="the bundle has no table mirrorcode.csv", row={"indicator": "mirrorcode", "member": "mirrorcode.csv"}
    ) in held_back(rows)


def test_an_archive_with_none_of_the_tables_is_another_archive(replay: Rows, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        archive.writestr("epoch_capabilities_index.csv", "Model version,ECI Score\n")
    (tmp_path / "index.json").write_text(json.dumps({URL: {"file": "bundle.zip", "status": 200, "headers": {}}}))
    with pytest.raises(Failure, match="nor any other that is wanted"):
        replay("epoch_benchmarks", tmp_path)


def test_the_wait_for_a_test_counts_the_first_run_of_any_version(replay: Rows) -> None:
    """Birch was run the day after its release, as `birch-2`; Cedar a day before; Dogwood's quarter is not over."""
    (row,) = found(replay("epoch_benchmarks"), "eval_delay")
    assert (row.date, row.value, row.detail["models"]) == (date(2025, 4, 1), 1.5, 2)


def test_a_model_from_before_epochs_first_run_had_nothing_to_wait_for(replay: Rows) -> None:
    assert date(2024, 1, 1) not in {row.date for row in found(replay("epoch_benchmarks"), "eval_delay")}


def test_the_real_bundle_of_april_2026(replay: Rows, shared: Path) -> None:
    rows = replay("epoch_benchmarks", shared / "replay" / "2026-04-19", APRIL)
    counts = {key: len(found(rows, key)) for key in ("gpqa", "swe_verified", "simpleqa", "chess_puzzles", "mirrorcode")}
    assert counts == {"gpqa": 160, "swe_verified": 25, "simpleqa": 43, "chess_puzzles": 33, "mirrorcode": 0}
    assert len(found(rows, "frontiermath_t13_2025")) == 92
    assert max(row.value for row in found(rows, "gpqa")) == 0.946
    best = max(found(rows, "swe_verified"), key=lambda row: row.value)
    assert (best.subject, best.model, best.lab, best.value) == (
        "claude-opus-4-7_max",
        "Claude Opus 4.7",
        "anthropic",
        0.8347107438,
    )
    derived = ("eval_delay", "benchmark_half_life")
    assert all(row.model for row in rows if isinstance(row, Observation) and row.indicator not in derived)


def test_a_benchmark_lasts_until_a_model_is_halfway_to_full_marks(replay: Rows, shared: Path) -> None:
    rows = found(replay("epoch_benchmarks", shared / "replay" / "2026-04-19", APRIL), "benchmark_half_life")
    lived = {row.subject: (row.date, row.value, row.detail["passed_by"]) for row in rows}
    assert lived["GPQA Diamond"] == (date(2023, 11, 20), 12.91, "o1-2024-12-17_high")
    assert "OTIS Mock AIME" not in lived, "a model from before it had passed it"
    assert "SimpleQA Verified" not in lived


def test_a_bundle_without_any_of_the_tables_is_a_new_layout_or_a_folder_with_a_part(shared: Path, store: Store) -> None:
    at = datetime(2026, 3, 12, tzinfo=UTC)
    folder = Replay(shared / "replay" / "2026-03-12", at)  # the index alone
    run = run_source(one("epoch_benchmarks"), folder, store, at=at)
    assert (run.outcome, run.rows_new) == ("gone", 0)
    assert "not in this folder" in (run.error or "")
    live = run_source(one("epoch_benchmarks"), Served(folder.get(URL).body), store, at=at)
    assert (live.outcome, live.rows_new) == ("schema", 0)


def test_the_new_bundle_stores_every_value(store: Store) -> None:
    run = run_source(one("epoch_benchmarks"), Replay(PAYLOADS / "epoch_benchmarks", NOW), store, at=NOW)
    assert (run.outcome, run.rows_seen, run.rows_new, run.rows_quarantined) == ("ok", 28, 25, 3)
