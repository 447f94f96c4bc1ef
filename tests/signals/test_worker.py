"""The worker judges what came in, and survives a ledger that fails."""

import logging
from datetime import UTC, datetime

import pytest

from collectors import schedule
from data.schema import Outcome, Run
from data.store import Store


@pytest.mark.parametrize(
    ("outcome", "new", "news"), [("ok", 3, True), ("ok", 0, False), ("not_modified", 0, False), ("schema", 0, False)]
)
def test_only_runs_that_brought_data_are_news(outcome: Outcome, new: int, news: bool) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    run = Run(run_id="r", source="s", started_at=at, ended_at=at, outcome=outcome, rows_new=new)
    assert schedule.brings_news(run) is news


def test_an_empty_store_is_judged_without_a_word(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "collectors")
    schedule.judge(store)
    assert "ledger=evaluated changes=0" in caplog.text


def test_a_ledger_that_fails_is_logged_and_the_worker_goes_on(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Store) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(schedule.ledger, "update", broken)
    schedule.judge(store)
    assert "ledger=failed" in caplog.text
