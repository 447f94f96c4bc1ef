"""What was learnt about Epoch's index: two layouts, anchors without an interval, rows without a date."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.epoch_eci import collect
from data.schema import Failure, Observation, Refused
from tests.conftest import NOW

OLD = (
    "Model version,ECI Score,Release date,Organization,Country,Model accessibility,Training compute (FLOP),Confidence,"
    "Model name,Description,Display name\n"
    'gpt-5_high,150.5,2025-08-07,OpenAI,United States of America,API access,,Likely,"GPT-5\n",,GPT-5 (high)\n'
    "gpt-5_low,,2025-08-07,OpenAI,United States of America,API access,,Likely,GPT-5,,GPT-5 (low)\n"
    "undated,120.25,,Small Firm,France,,,Likely,Undated,,Undated\n"
)


def test_the_new_layout_has_one_row_a_model_with_its_interval(replay: Callable[..., list[Row]]) -> None:
    row = next(r for r in replay("epoch_eci") if isinstance(r, Observation) and r.subject == "GPT-4")
    assert (row.date, row.value, row.low, row.high, row.level, row.variant) == (
        date(2023, 3, 14),
        117.5,
        113.2,
        121.9,
        0.9,
        "by-model",
    )


def test_the_anchors_have_no_interval(replay: Callable[..., list[Row]]) -> None:
    anchor = next(r for r in replay("epoch_eci") if isinstance(r, Observation) and r.subject == "GPT-5")
    assert (anchor.value, anchor.low, anchor.level) == (150.0, None, None)


def test_the_first_known_organisation_of_a_list_is_the_lab_and_unknown_ones_are_kept(
    replay: Callable[..., list[Row]],
) -> None:
    labs = {r.subject: r.lab for r in replay("epoch_eci") if isinstance(r, Observation)}
    assert (labs["Gemini 2.5 Pro"], labs["Small Firm 7B"], labs["Old Open Model"]) == ("google", None, None)


def old_folder(tmp_path: Path, body: str) -> Path:
    (tmp_path / "scores.csv").write_text(body)
    (tmp_path / "index.json").write_text('{"https://epoch.ai/data/eci_scores.csv": {"file": "scores.csv"}}')
    return tmp_path


def test_the_old_layout_is_another_variant_of_the_same_indicator(tmp_path: Path) -> None:
    rows = list(collect(Replay(old_folder(tmp_path, OLD), NOW)))
    assert [(r.subject, r.model, r.variant, r.value) for r in rows if isinstance(r, Observation)] == [
        ("gpt-5_high", "GPT-5", "by-version", 150.5)
    ]
    assert [r.reason for r in rows if isinstance(r, Refused)] == ["no release date"]


def test_a_renamed_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no column named 'Release date'") as failure:
        list(collect(Replay(old_folder(tmp_path, OLD.replace("Release date", "Released")), NOW)))
    assert failure.value.outcome == "schema"


def test_the_real_bundle_holds_the_old_layout(shared: Path) -> None:
    rows = list(collect(Replay(shared / "replay" / "2026-04-19", NOW)))
    observed = [r for r in rows if isinstance(r, Observation) and r.indicator == "eci_frontier"]
    assert (len(observed), len([r for r in rows if isinstance(r, Refused)])) == (366, 3)
    assert {r.variant for r in observed} == {"by-version"}


def test_the_real_new_layout_is_read(shared: Path) -> None:
    found = [r for r in collect(Replay(shared / "replay" / "2026-10-08", NOW)) if isinstance(r, Observation)]
    rows = [r for r in found if r.indicator == "eci_frontier"]
    best = max(rows, key=lambda r: r.value)
    assert (len(rows), best.subject, best.value, best.low, best.high) == (57, "Claude Opus 5.5", 167.33, 164.06, 171.68)


def derived(folder: Path, key: str, variant: str) -> list[tuple[date, str, float]]:
    rows = [r for r in collect(Replay(folder, NOW)) if isinstance(r, Observation)]
    return [(r.date, r.subject, r.value) for r in rows if (r.indicator, r.variant) == (key, variant)]


def test_the_days_between_records_are_counted_for_all_labs_and_for_each(tmp_path: Path) -> None:
    table = OLD + (
        "gpt-5.1,152.0,2025-09-06,OpenAI,United States of America,API access,,Likely,GPT-5.1,,GPT-5.1\n"
        "open-a,149.0,2025-10-07,DeepSeek,China,Open weights (unrestricted),,Likely,Open A,,Open A\n"
        "open-b,151.0,2025-11-06,DeepSeek,China,Open weights (unrestricted),,Likely,Open B,,Open B\n"
        "open-c,140.0,2025-12-06,DeepSeek,China,Open weights (unrestricted),,Likely,Open C,,Open C\n"
    )
    folder = old_folder(tmp_path, table)
    assert derived(folder, "release_gap", "by-version") == [(date(2025, 9, 6), "gpt-5.1", 30)]
    assert derived(folder, "release_gap", "by-version-lab") == [
        (date(2025, 11, 6), "open-b", 30),
        (date(2025, 9, 6), "gpt-5.1", 30),
    ]


def test_the_lag_of_an_open_record_counts_from_the_first_closed_model_that_was_as_able(tmp_path: Path) -> None:
    table = OLD + (
        "gpt-5.1,152.0,2025-09-06,OpenAI,United States of America,API access,,Likely,GPT-5.1,,GPT-5.1\n"
        "open-a,149.0,2025-10-07,DeepSeek,China,Open weights (unrestricted),,Likely,Open A,,Open A\n"
        "open-b,151.0,2025-11-06,DeepSeek,China,Open weights (restricted use),,Likely,Open B,,Open B\n"
        "small,100.0,2025-12-06,DeepSeek,China,Open weights (unrestricted),,Likely,Small,,Small\n"
        "ahead,160.0,2025-12-07,DeepSeek,China,Open weights (unrestricted),,Likely,Ahead,,Ahead\n"
    )
    assert derived(old_folder(tmp_path, table), "eci_open_lag", "by-version") == [
        (date(2025, 10, 7), "open-a", 61),
        (date(2025, 11, 6), "open-b", 61),
    ]
