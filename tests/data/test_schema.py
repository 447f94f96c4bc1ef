"""Rows that are wrong cannot be made."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from data.schema import BadRow, Indicator, Mention, Observation, Refused, Run, Variant

GOOD: dict[str, Any] = {"indicator": "i", "date": date(2026, 1, 1), "value": 1.0, "unit": "points"}
INDICATOR: dict[str, Any] = {
    "key": "i", "title": "I", "unit": "points", "stage": "capability", "transform": "linear", "definition": "It.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"value": float("nan")}, "value"),
        ({"value": float("inf")}, "value"),
        ({"value": None}, "value"),
        ({"value": True}, "value"),
        ({"value": "3"}, "value"),
        ({"low": 2.0, "high": 1.0}, "low above high"),
        ({"level": 95}, "level"),
        ({"bound": ">"}, "bound"),
        ({"date": datetime(2026, 1, 1)}, "date"),  # noqa: DTZ001 - that is the mistake
        ({"date": "2026-01-01"}, "date"),
        ({"variant": "a/b"}, "variant"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"unit": ""}, "unit"),
        ({"indicator": "Not A Key"}, "indicator"),
    ],
)
def test_a_wrong_observation_names_the_field(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRow, match=named):
        Observation(**{**GOOD, **wrong})


def test_a_bounded_scale_needs_its_bounds_and_others_have_none() -> None:
    with pytest.raises(BadRow, match="logit"):
        Indicator(**{**INDICATOR, "transform": "logit"})
    with pytest.raises(BadRow, match="logit"):
        Indicator(**{**INDICATOR, "floor": 0.0, "ceiling": 1.0})


def test_an_undeclared_variant_is_refused() -> None:
    indicator = Indicator(**INDICATOR, variants=(Variant(key="1.0", title="Suite 1.0"),))
    assert indicator.observed(date=date(2026, 1, 1), value=1.0, variant="1.0").unit == "points"
    with pytest.raises(BadRow, match="undeclared variant"):
        indicator.observed(date=date(2026, 1, 1), value=1.0)


def test_a_mention_without_a_zone_is_refused() -> None:
    with pytest.raises(BadRow, match="zone"):
        Mention(at=datetime(2026, 1, 1), title="T", url="https://example.org/", outlet="O")  # noqa: DTZ001


RUN: dict[str, Any] = {
    "run_id": "r", "source": "s", "started_at": datetime(2026, 1, 1, tzinfo=UTC),
    "ended_at": datetime(2026, 1, 2, tzinfo=UTC), "outcome": "ok",
}  # fmt: skip
MENTION: dict[str, Any] = {"at": datetime(2026, 1, 1, tzinfo=UTC), "title": "T", "url": "https://a.org/", "outlet": "O"}


@pytest.mark.parametrize(
    ("kind", "good", "wrong", "named"),
    [
        (Run, RUN, {"outcome": "fine"}, "outcome"),
        (Run, RUN, {"run_id": ""}, "run_id"),
        (Run, RUN, {"ended_at": datetime(2025, 1, 1, tzinfo=UTC)}, "ended before"),
        (Run, RUN, {"started_at": datetime(2026, 1, 1)}, "zone"),  # noqa: DTZ001 - that is the mistake
        (Run, RUN, {"rows_new": -1}, "negative"),
        (Mention, MENTION, {"kind": "rumour"}, "kind"),
        (Mention, MENTION, {"precision": "year"}, "precision"),
        (Mention, MENTION, {"precision": "seen"}, "at and precision"),
        (Mention, MENTION, {"title": ""}, "title"),
        (Mention, MENTION, {"url": "ftp://a.org/"}, "url"),
        (Refused, {"row": {}}, {"reason": ""}, "reason"),
        (Refused, {"row": {}, "reason": "r"}, {"status": "lost"}, "status"),
        (Indicator, INDICATOR, {"better": "sideways"}, "better"),
        (Indicator, INDICATOR, {"unit": ""}, "unit"),
        (Indicator, INDICATOR, {"stage": "later"}, "stage"),
    ],
)
def test_a_wrong_row_of_any_kind_names_the_field(kind: Any, good: Any, wrong: dict[str, Any], named: str) -> None:
    if kind is not Refused or "reason" in good:
        kind(**good)
    with pytest.raises(BadRow, match=named):
        kind(**{**good, **wrong})
