"""What was learnt about METR's files."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.metr_horizons import collect
from data.schema import Observation, Refused
from tests.conftest import NOW


def observed(rows: list[Row], indicator: str, variant: str) -> dict[str, Observation]:
    return {
        r.subject: r for r in rows if isinstance(r, Observation) and (r.indicator, r.variant) == (indicator, variant)
    }


def test_a_model_is_dated_by_its_release(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("metr_horizons"), "metr_p50", "1.1")["gpt_4"]
    assert (row.date, row.value, row.low, row.high, row.level, row.unit) == (
        date(2023, 3, 14),
        4.0,
        2.0,
        8.8,
        0.95,
        "minutes",
    )
    assert row.lab == "openai"
    assert row.detail["publisher_record"] is True


def test_models_carried_over_from_the_old_suite_are_kept_apart(replay: Callable[..., list[Row]]) -> None:
    rows = replay("metr_horizons")
    assert list(observed(rows, "metr_p50", "1.1-stitched")) == ["gpt2"]
    assert "gpt2" not in observed(rows, "metr_p50", "1.1")


def test_a_value_beyond_sixteen_hours_is_a_bound(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("metr_horizons"), "metr_p50", "1.1")["claude_far"]
    assert (row.bound, row.value, row.low) == (">=", 960.0, None)
    assert row.detail["published_estimate"] == 1044.8


def test_both_suites_and_both_chances_are_read(replay: Callable[..., list[Row]]) -> None:
    rows = replay("metr_horizons")
    counts = {(i, v): len(observed(rows, i, v)) for i in ("metr_p50", "metr_p80") for v in ("1.1", "1.0")}
    assert counts == {("metr_p50", "1.1"): 6, ("metr_p50", "1.0"): 5, ("metr_p80", "1.1"): 6, ("metr_p80", "1.0"): 5}


def test_a_doubling_time_that_the_rows_bear_out_is_kept_and_another_is_not(replay: Callable[..., list[Row]]) -> None:
    rows = replay("metr_horizons")
    assert observed(rows, "metr_doubling_time", "all_time_stitched")[""].value == 228.858
    assert ["from_2023_on" in r.reason for r in rows if isinstance(r, Refused)] == [True]


def test_the_real_files_bear_out_metrs_own_doubling_times(shared: Path) -> None:
    for day, stated in (("2026-01-30", 130.801), ("2026-02-22", 122.611), ("2026-05-10", 128.744)):
        rows = list(collect(Replay(shared / "replay" / day, NOW)))
        assert not [r for r in rows if isinstance(r, Refused)]
        assert observed(rows, "metr_doubling_time", "from_2023_on")[""].value == stated


def test_the_real_files_name_their_labs(shared: Path) -> None:
    rows = list(collect(Replay(shared / "replay" / "2026-01-30", NOW)))
    assert {r.subject for r in rows if isinstance(r, Observation) and r.subject and not r.lab} == set()
