"""Manifold: one probability a day of pinned yes-no questions."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from collectors.source import Http, Row
from collectors.sources import manifold
from data.schema import Observation, Refused
from tests.conftest import NOW


def test_an_open_question_has_todays_probability(replay: Callable[..., list[Row]]) -> None:
    (row,) = [row for row in replay("manifold") if isinstance(row, Observation)]
    assert (row.indicator, row.date, row.value) == ("market_p_agi_2028", date(2026, 11, 23), 0.31)


def test_a_question_with_many_answers_is_refused_and_a_resolved_one_is_over(replay: Callable[..., list[Row]]) -> None:
    assert [row.reason for row in replay("manifold") if isinstance(row, Refused)] == ["not a yes-no question"]


class Bets(Http):
    """One question with a bet every six hours, newest first."""

    now = NOW

    def json(self, url: str) -> object:
        if "/slug/" in url:
            return {
                "id": "m",
                "outcomeType": "BINARY",
                "url": "https://manifold.markets/x",
                "question": "?",
                "closeTime": 1830297540000,
            }
        number = int(url.split("before=b")[1]) if "before=" in url else 1200
        step = 6 * 3600 * 1000
        return [
            {"id": f"b{n}", "createdTime": 1764547200000 + n * step, "probAfter": n / 1200}
            for n in range(number - 1, max(number - 1001, -1), -1)
        ]

    def get(self, url: str, *, headers: object = None) -> object:  # type: ignore[override]
        raise NotImplementedError


def test_history_is_the_last_bet_of_each_day() -> None:
    rows = [r for r in manifold.history(Bets(), date(2025, 12, 1), date(2025, 12, 3)) if isinstance(r, Observation)]
    assert [(row.date.day, row.value) for row in rows if row.indicator == "market_p_agi_2030"] == [
        (1, 3 / 1200), (2, 7 / 1200), (3, 11 / 1200),
    ]  # fmt: skip


def test_real_questions_have_the_fields_that_are_read(shared: Path) -> None:
    for market in json.loads((shared / "manifold/markets_2022-10_first40.json").read_bytes()):
        assert {"id", "question", "url", "outcomeType", "isResolved"} <= market.keys()
        assert ("probability" in market) == (market["outcomeType"] == "BINARY")
