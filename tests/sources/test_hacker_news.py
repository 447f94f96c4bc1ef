"""Hacker News: whole slices, whole days, and the odd stories."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from collectors.source import Http, Payload, Row
from collectors.sources import hacker_news
from data.schema import Failure, Mention, Observation
from tests.conftest import NOW


def test_an_ask_has_its_own_page_as_address(replay: Callable[..., list[Row]]) -> None:
    found = {row.native_key: row for row in replay("hacker_news") if isinstance(row, Mention)}
    assert found["900003"].url == "https://news.ycombinator.com/item?id=900003"
    assert found["900001"].at == datetime(2026, 11, 23, 0, 1, tzinfo=UTC)


def test_a_deleted_story_is_no_mention(replay: Callable[..., list[Row]]) -> None:
    assert "900005" not in {row.native_key for row in replay("hacker_news") if isinstance(row, Mention)}


def test_days_that_are_over_are_counted_zeros_included_and_today_is_not(replay: Callable[..., list[Row]]) -> None:
    rows = [row for row in replay("hacker_news") if isinstance(row, Observation)]
    assert {row.date for row in rows} == {date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)}
    assert {row.value for row in rows} == {0}


class Stories(Http):
    """A search with one story a second, that answers at most `most` of them."""

    def __init__(self, most: int, now: datetime = NOW) -> None:
        self.now, self.most, self.asked = now, most, 0

    def get(self, url: str, *, headers: object = None) -> Payload:
        raise NotImplementedError

    def json(self, url: str) -> object:
        self.asked += 1
        first, last = (int(part.split("%3D")[-1].split("%3C")[-1].split("&")[0]) for part in url.split("%2C")[:2])
        found = [
            {"objectID": str(n), "title": f"Story {n}", "url": "ftp://odd", "created_at_i": n}
            for n in range(first, last, 60)
        ]
        return {"nbHits": len(found), "hits": found[: self.most]}


def test_a_slice_that_is_too_full_is_halved() -> None:
    http = Stories(most=200)
    start = datetime(2026, 11, 20, tzinfo=UTC)
    found = list(hacker_news._stories(http, start, start + timedelta(hours=6)))
    assert len(found) == 360
    assert http.asked == 3
    assert found[0].url == "https://news.ycombinator.com/item?id=1795132800"


def test_a_minute_that_cannot_be_halved_fails_rather_than_undercounts() -> None:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    with pytest.raises(Failure, match="more than 1000"):
        list(hacker_news._stories(Stories(most=0), start, start + timedelta(hours=6)))


def test_history_asks_for_whole_days() -> None:
    rows = list(hacker_news.history(Stories(most=1000), date(2026, 11, 1), date(2026, 11, 2)))
    everything = {row.date: row.value for row in rows if isinstance(row, Observation) and not row.subject}
    assert everything == {date(2026, 11, 1): 1440, date(2026, 11, 2): 1440}


def test_a_run_is_a_dozen_requests_and_repeats_them_within_the_day() -> None:
    addresses = [hacker_news.address(*piece) for piece in hacker_news.slices(NOW)]
    assert len(addresses) == 13
    later = [hacker_news.address(*piece) for piece in hacker_news.slices(NOW + timedelta(hours=5))]
    assert later[:13] == addresses


@pytest.mark.parametrize("at", [1795132800000, 10**30, 1795132800 + 86400, "yesterday"])
def test_a_story_of_another_time_than_asked_for_makes_a_bad_answer(at: object) -> None:
    class Wrong(Stories):
        def json(self, url: str) -> object:
            answer = super().json(url)
            answer["hits"][3]["created_at_i"] = at  # type: ignore[index]
            return answer

    start = datetime(2026, 11, 20, tzinfo=UTC)
    with pytest.raises(Failure, match="item\\?id=") as caught:
        list(hacker_news._stories(Wrong(most=1000), start, start + timedelta(hours=6)))
    assert caught.value.outcome == "bad_content"
