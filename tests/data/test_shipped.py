"""The facts that come with the program are true, complete with their terms, and loaded once."""

import csv
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from data import queries, shipped
from data.store import Store
from signals.ledger import judge
from signals.verdict import Verdict
from tests.conftest import installed


def rows() -> list[dict[str, str]]:
    folder = files("data").joinpath("baseline")
    return [
        row
        for f in folder.iterdir()
        if f.name.endswith(".csv") and f.name != "indicators.csv"
        for row in csv.DictReader(f.read_text().splitlines())
    ]


@pytest.fixture
def loaded(prepared: Path, tmp_path: Path) -> Store:
    return installed(prepared, tmp_path)


def judged(store: Store, instant: datetime | None = None, **selection: Any) -> Verdict:
    """METR's time horizon alone, from the tables as known at an instant."""
    catalogue = queries.indicators(store).set_index("indicator", drop=False)
    return judge(catalogue.loc["metr_p50"].to_dict(), queries.observations(store, "metr_p50", instant), **selection)


def test_every_row_names_its_source_licence_and_vintage() -> None:
    assert rows()
    assert all(row["source"] and row["licence"] and row["known_at"].endswith("Z") for row in rows())
    # a reading that came to us through somebody else has no address that we have read
    assert all(row["url"] or '"confidence": "secondary"' in row["detail"] for row in rows())


def test_nothing_is_shipped_that_may_not_be_passed_on_or_is_only_an_excerpt() -> None:
    from collectors.registry import all_collectors

    shipped_sources = {row["source"] for row in rows()}
    assert all(all_collectors()[name].source.share != "none" for name in shipped_sources)
    assert "openrouter_tokens" not in shipped_sources
    assert not [row for row in rows() if row["variant"].startswith("by-model")], "the new index is an excerpt"


def test_the_ledger_is_known_from_the_day_it_was_drawn_up_and_says_when_each_reading_was_published() -> None:
    ledger = [row for row in rows() if row["source"] == "lab_reports"]
    assert {row["known_at"] for row in ledger} == {"2026-10-03T00:00:00Z"}
    assert min(row["stated_at"] for row in ledger) == "2024-10-31T00:00:00Z"


def test_the_baseline_stays_small() -> None:
    folder = files("data").joinpath("baseline")
    assert sum(len(f.read_bytes()) for f in folder.iterdir()) < 3_000_000


def test_it_shows_real_restatements() -> None:
    vintages = {
        source: {r["known_at"] for r in rows() if r["source"] == source} for source in ("metr_horizons", "epoch_eci")
    }
    assert len(vintages["metr_horizons"]) == 3
    assert len(vintages["epoch_eci"]) == 2


def test_it_is_loaded_into_an_empty_store_and_only_there(loaded: Store) -> None:
    assert queries.status(loaded)["tables"]["observations"]["rows"] == len(rows())
    assert shipped.load(loaded) == 0


def test_it_is_marked_until_a_live_run_succeeds(loaded: Store) -> None:
    assert all(state.is_baseline for state in queries.source_states(loaded).values())


def test_writing_it_again_from_the_loaded_store_changes_nothing(loaded: Store, tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "again"
    shipped.write(loaded, folder)
    for file in folder.iterdir():
        assert file.read_text() == files("data").joinpath("baseline", file.name).read_text(), file.name


@pytest.mark.parametrize(("day", "n", "doubling_days"), [(31, 11, 130.801), (28 + 31, 14, 122.611), (365, 14, 128.744)])
def test_metrs_published_doubling_time_comes_out_of_the_tables_as_known_on_each_day(
    loaded: Store, day: int, n: int, doubling_days: float
) -> None:
    instant = datetime.fromordinal(datetime(2025, 12, 31).toordinal() + day).replace(tzinfo=UTC)  # noqa: DTZ001
    verdict = judged(loaded, instant)
    assert verdict.n == n
    assert verdict.trend is not None
    assert verdict.trend.doubling_days == pytest.approx(doubling_days, abs=0.001)


@pytest.mark.parametrize(
    ("variants", "instant", "start", "end", "doubling_days"),
    [
        (("1.0",), None, "2019-01-01", "2025-02-25", 212.176),
        (("1.0",), None, "2023-01-01", None, 165.251),
        (("1.1", "1.1-stitched"), datetime(2026, 1, 31, tzinfo=UTC), None, None, 196.475),
        (("1.1", "1.1-stitched"), None, None, None, 187.778),
    ],
)
def test_other_suites_and_windows_come_out_of_the_tables_too(
    loaded: Store,
    variants: tuple[str, ...],
    instant: datetime | None,
    start: str | None,
    end: str | None,
    doubling_days: float,
) -> None:
    from datetime import date

    verdict = judged(
        loaded,
        instant,
        variants=variants,
        start=start and date.fromisoformat(start),
        end=end and date.fromisoformat(end),
    )
    assert verdict.trend is not None
    assert verdict.trend.doubling_days == pytest.approx(doubling_days, abs=0.001)


def test_a_series_that_joins_suites_raises_no_state(loaded: Store) -> None:
    verdict = judged(loaded, variants=("1.1", "1.1-stitched"))
    assert verdict.state == "cannot tell"
    assert any("joins suites" in reason for reason in verdict.reasons)
