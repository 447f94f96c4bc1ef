"""Silence is loud: what /health says of a worker that is gone and of sources that are late."""

from datetime import UTC, datetime, timedelta

import pytest

from collectors.registry import one
from collectors.run import catalogue_rows, recorded
from dashboard import health
from dashboard.reading import Reader
from data.schema import Outcome, Run
from data.store import Store

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def reader(store: Store) -> Reader:
    store.append_vintages("indicators", catalogue_rows(one("epoch_eci")) + catalogue_rows(one("hacker_news")))
    return Reader(store)


def ran(store: Store, source: str, ago: timedelta, outcome: Outcome = "ok", error: str | None = None) -> None:
    at = NOW - ago
    recorded([Run(run_id=f"{source} {ago}", source=source, started_at=at, ended_at=at, outcome=outcome, error=error)],
             store)  # fmt: skip


def test_all_is_well_while_every_source_reports(store: Store, reader: Reader) -> None:
    ran(store, "epoch_eci", timedelta(hours=20))
    ran(store, "hacker_news", timedelta(hours=1), "not_modified")
    said = health.report(reader, NOW)
    assert (said["ok"], said["reasons"], said["late_sources"]) == (True, [], [])


def test_a_worker_that_is_gone_is_said_with_how_long(store: Store, reader: Reader) -> None:
    ran(store, "hacker_news", DAY)
    said = health.report(reader, NOW)
    assert not said["ok"]
    assert said["reasons"] == ["the worker is silent: no collector has reported for 24 h, 12 h is usual"]


def test_a_late_source_is_named_with_its_delay_and_its_last_error(store: Store, reader: Reader) -> None:
    ran(store, "hacker_news", timedelta(hours=1))
    ran(store, "epoch_eci", 8 * DAY)
    ran(store, "epoch_eci", timedelta(hours=2), "timeout", "epoch.ai: no answer within 30 s")
    said = health.report(reader, NOW)
    assert said["reasons"] == [
        "epoch_eci: no success for 8 days, it is asked every 24 h; last: epoch.ai: no answer within 30 s"
    ]
    assert said["late_sources"][0]["overdue_seconds"] == 7 * 86_400


@pytest.mark.parametrize(("days", "late"), [(4.9, False), (5.1, True)])
def test_a_source_is_late_after_two_periods_and_its_grace(
    store: Store, reader: Reader, days: float, late: bool
) -> None:
    ran(store, "hacker_news", timedelta(hours=1))
    ran(store, "epoch_eci", timedelta(days=days))
    assert bool(health.report(reader, NOW)["late_sources"]) is late


def test_a_source_that_never_succeeded_is_late_from_its_first_try_on(store: Store, reader: Reader) -> None:
    for days in (9, 5, 1):
        ran(store, "epoch_eci", days * DAY, "gone", "the address is gone")
    ran(store, "hacker_news", timedelta(hours=1))
    assert health.report(reader, NOW)["reasons"] == [
        "epoch_eci: no success ever for 9 days, it is asked every 24 h; last: the address is gone"
    ]


def test_an_error_of_ours_shows_nothing_of_the_inside(store: Store, reader: Reader) -> None:
    ran(store, "hacker_news", timedelta(hours=1))
    ran(store, "epoch_eci", 8 * DAY, "storage", "cannot write table runs at /srv/secret/tables: no space")
    said = health.report(reader, NOW)
    assert "/srv" not in str(said)
    assert said["late_sources"][0]["error"] == "the tables could not be written"
