"""What the ledger of lab reports promises."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime

from collectors.source import Row
from collectors.sources.lab_reports import READINGS
from data.lists import own_data
from data.schema import Observation, Refused


def observed(rows: list[Row]) -> list[Observation]:
    return [r for r in rows if isinstance(r, Observation)]


def test_a_reading_keeps_its_method_basis_confidence_and_address(replay: Callable[..., list[Row]]) -> None:
    rows = observed(replay("lab_reports"))
    trial = next(r for r in rows if (r.indicator, r.variant) == ("uplift_trials", "2025"))
    assert (trial.value, trial.low, trial.high, trial.level, trial.unit) == (19, 2, 39, 0.95, "percent longer")
    assert trial.url == "https://arxiv.org/abs/2507.09089"
    assert all(r.detail["method"] for r in rows)
    assert {r.detail["basis"] for r in rows} == {"measured", "estimated", "self_reported"}
    assert {r.detail["confidence"] for r in rows} == {"documented", "secondary"}


def test_readings_of_unlike_definition_are_never_one_series(replay: Callable[..., list[Row]]) -> None:
    labs_and_quantities: dict[tuple[str, str], set[tuple[str | None, str]]] = {}
    for row in observed(replay("lab_reports")):
        labs_and_quantities.setdefault((row.indicator, row.variant), set()).add((row.lab, row.subject))
    assert {len(found) for found in labs_and_quantities.values()} == {1}


def test_a_series_of_readings_is_too_short_to_be_fitted(replay: Callable[..., list[Row]]) -> None:
    assert max(Counter((r.indicator, r.variant) for r in observed(replay("lab_reports"))).values()) < 10


def test_what_was_stated_as_a_bound_is_a_bound(replay: Callable[..., list[Row]]) -> None:
    bounds = {(r.indicator, r.variant): (r.value, r.bound) for r in observed(replay("lab_reports")) if r.bound != "="}
    assert bounds == {
        ("ai_written_code_share", "anthropic"): (80, ">="),
        ("ai_written_code_share", "google"): (25, ">="),
        ("expenditure_horizon", "nanogpt"): (3300, "<="),
    }


def test_a_reading_is_not_known_before_it_was_published(replay: Callable[..., list[Row]]) -> None:
    before = observed(replay("lab_reports", now=datetime(2026, 9, 16, tzinfo=UTC)))
    after = observed(replay("lab_reports", now=datetime(2026, 9, 17, tzinfo=UTC)))
    assert not [r for r in before if r.indicator == "rd_ai_led_share"]
    assert next(r.date for r in after if r.indicator == "rd_ai_led_share") == date(2026, 3, 31)


def test_every_row_of_the_ledger_is_read_and_names_one_of_our_labs(replay: Callable[..., list[Row]]) -> None:
    rows = replay("lab_reports")
    assert not [r for r in rows if isinstance(r, Refused)]
    assert len(rows) == 23
    assert {r.lab for r in observed(rows)} <= {None, *own_data("labs.yaml")["labs"]}


def test_every_declared_definition_has_a_reading(replay: Callable[..., list[Row]]) -> None:
    declared = {(indicator.key, variant.key) for indicator in READINGS for variant in indicator.variants}
    assert declared == {(r.indicator, r.variant) for r in observed(replay("lab_reports"))}
