"""A past is fetched month by month and goes on where it was stopped."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from collectors import backfill as past
from collectors.registry import one
from collectors.source import Collector, Http, Payload, Row, Source
from data.schema import Failure, Indicator
from data.store import Store
from tests.conftest import NOW

README = Path(__file__).resolve().parents[2] / "README.md"
VALUE = Indicator(key="made", title="T", unit="x", stage="attention", transform="linear", definition="It.")
SOURCE = Source(
    title="T", homepage="https://example.org/", licence="L", credit="C", share="full", every=timedelta(days=1), at_least=1,
    indicators=(VALUE,),
)  # fmt: skip


class Nothing(Http):
    now = NOW

    def get(self, url: str, *, headers: object = None) -> Payload:
        raise Failure("network", url)


def test_months_are_asked_for_with_a_week_before_each() -> None:
    spans = past.pieces("federal_register", date(2026, 1, 15), date(2026, 3, 10))
    assert spans == [
        (date(2026, 1, 15), date(2026, 1, 31)),
        (date(2026, 1, 25), date(2026, 2, 28)),
        (date(2026, 2, 22), date(2026, 3, 10)),
    ]


def test_days_need_no_overlap_and_pageviews_no_months() -> None:
    assert past.pieces("hacker_news", date(2026, 1, 31), date(2026, 2, 1)) == [
        (date(2026, 1, 31), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 1)),
    ]
    assert past.pieces("wikimedia_pageviews", date(2015, 7, 1), date(2026, 1, 1)) == [
        (date(2015, 7, 1), date(2026, 1, 1))
    ]


def test_press_has_no_past_and_one_is_told_what_has() -> None:
    with pytest.raises(Failure, match=r"no history .* These have: arxiv_papers, .*wikimedia_pageviews$"):
        past.history_of("press_feeds")


def test_the_readme_names_the_sources_with_a_past() -> None:
    row = next(line for line in README.read_text().splitlines() if "collectors backfill NAME" in line)
    assert re.findall(r"`(\w+)`", row) == past.looking_back()
    assert all(callable(past.history_of(name)) for name in past.looking_back())


def test_an_interrupted_backfill_goes_on_where_it_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[date] = []
    broken = {date(2026, 2, 22)}

    def history(http: Http, first: date, last: date) -> Iterator[Row]:
        asked.append(first)
        if first in broken:
            raise Failure("rate_limited", "wait")
        yield VALUE.observed(date=last, value=1.0)

    monkeypatch.setattr(past, "history_of", lambda name: history)
    made = Collector(name="made_up", source=SOURCE, collect=lambda http: iter(()), about="made up")
    told: list[tuple[int, int]] = []

    def go() -> list[str]:
        runs = past.backfill(made, Nothing, store, date(2026, 1, 1), date(2026, 4, 30), lambda *done: told.append(done))
        return [run.outcome for run in runs]

    assert go() == ["ok", "ok", "rate_limited"]
    broken.clear()
    assert go() == ["ok", "ok"]
    assert go() == []
    assert asked == [date(2026, 1, 1), date(2026, 1, 25), date(2026, 2, 22), date(2026, 2, 22), date(2026, 3, 25)]
    assert told[-1] == (4, 4)


def test_every_source_named_in_the_tables_here_exists() -> None:
    assert all(one(name) for name in past.WHOLE | past.BY_DAY)
