"""Counts that mean something: zero is not missing, a gap is a gap, and the share knows its denominator."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from collectors.counts import Counts, complete_weeks, daily, number, share, tally
from collectors.run import run_source
from collectors.source import Collector, Http, Payload, Row, Source
from collectors.topics import tagger
from data import queries
from data.schema import Failure, Mention
from data.store import Store

MONDAY = date(2026, 11, 9)
WEEKLY = (
    number("made_rsi", "T", "topic:rsi", items="items", family="made", about="It."),
    share("made_share_rsi", "T", "topic:rsi", family="made", about="It."),
    number("made_openai", "T", "lab:openai", items="items", family="made", about="It."),
)


def counts(*, from_table: bool = False) -> Counts:
    return Counts(daily=daily("made", "Made", "items"), weekly=WEEKLY, from_table=from_table)


def story(title: str, day: date, key: str, **how: object) -> Mention:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    fields: dict[str, object] = {"url": f"https://example.org/{key}", "outlet": "O", "native_key": key} | how
    return Mention(at=at, title=title, **fields)  # type: ignore[arg-type]


class Nothing(Http):
    def __init__(self, now: datetime) -> None:
        self.now = now

    def get(self, url: str, *, headers: object = None) -> Payload:
        raise Failure("network", url)


def collector(rows: Iterable[Row], *, from_table: bool = False) -> Collector:
    made = counts(from_table=from_table)
    source = Source(
        title="T", homepage="https://example.org/", licence="L", credit="C", share="full", every=timedelta(hours=1),
        at_least=0, indicators=made.indicators, counts=made,
    )  # fmt: skip
    listed = list(rows)

    def collect(http: Http) -> Iterator[Row]:
        yield from listed

    return Collector(name="made_up", source=source, collect=collect, about="made up")


def run(store: Store, rows: Iterable[Row], at: datetime, *, from_table: bool = False) -> None:
    done = run_source(collector(rows, from_table=from_table), Nothing(at), store, at=at)
    assert done.outcome in ("ok", "no_data"), done.error


def values(store: Store, indicator: str) -> dict[date, float]:
    found = queries.observations(store, indicator)
    return {day.date(): value for day, value in zip(found["date"], found["value"], strict=True)}


def evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC)


def test_a_day_that_was_read_has_its_zeros_and_another_has_no_row() -> None:
    rows = list(tally(counts(), [story("Seed AI", MONDAY, "1"), story("Rain", MONDAY, "2")], [MONDAY]))
    assert {row.subject: row.value for row in rows} == {"": 2, "topic:rsi": 1, "lab:openai": 0}
    assert {row.variant for row in rows} == {tagger()}


def test_a_story_on_two_things_counts_for_both_and_once_for_all() -> None:
    rows = list(tally(counts(), [story("OpenAI and seed AI", MONDAY, "1")], [MONDAY]))
    assert {row.subject: row.value for row in rows} == {"": 1, "topic:rsi": 1, "lab:openai": 1}


def test_weeks_are_sums_and_shares_of_the_days_that_were_read(store: Store) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    items = [story("Seed AI", day, f"{day}-a") for day in days] + [
        story("Rain", day, f"{day}-{n}") for day in days for n in range(3)
    ]
    run(store, [*items, *tally(counts(), items, days)], evening(MONDAY + timedelta(days=7)))
    assert values(store, "made_rsi") == {MONDAY: 7}
    assert values(store, "made_share_rsi") == {MONDAY: 0.25}
    assert values(store, "made_openai") == {MONDAY: 0}


def test_a_week_that_is_not_over_is_not_counted(store: Store) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(6)]
    run(store, tally(counts(), [], days), evening(days[-1]))
    assert values(store, "made_rsi") == {}


@pytest.mark.parametrize(("days", "expected"), [(2, {}), (3, {MONDAY: 7.0}), (6, {MONDAY: 7.0})])
def test_a_week_needs_three_days_and_a_shorter_one_is_scaled_to_seven(
    store: Store, days: int, expected: dict[date, float]
) -> None:
    read = [MONDAY + timedelta(days=n) for n in range(days)]
    run(
        store,
        tally(counts(), [story("Seed AI", day, f"{day}") for day in read], read),
        evening(MONDAY + timedelta(days=8)),
    )
    assert values(store, "made_rsi") == expected


def test_days_of_several_runs_make_one_week(store: Store) -> None:
    for first in (0, 4):
        read = [MONDAY + timedelta(days=n) for n in range(first, min(first + 4, 7))]
        items = [story("Seed AI", day, f"{day}") for day in read]
        run(store, tally(counts(), items, read), evening(read[-1] + timedelta(days=1)))
    assert values(store, "made_rsi") == {MONDAY: 7}


def test_a_late_arrival_is_a_new_vintage_and_a_repeat_is_none(store: Store) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    items = [story("Seed AI", day, f"{day}") for day in days]
    for extra, at in (([], 7), ([], 8), ([story("Seed AI", MONDAY, "late")], 9)):
        run(store, tally(counts(), [*items, *extra], days), evening(MONDAY + timedelta(days=at)))
    assert values(store, "made_rsi") == {MONDAY: 8}
    assert queries.observations(store, "made_rsi")["vintages"].to_list() == [2]


def test_rolling_feeds_are_counted_by_what_was_stored(store: Store) -> None:
    for n in range(9):
        day = MONDAY + timedelta(days=n)
        items = [story("Seed AI", day, f"{day}-a", keep=True), story("Rain", day, f"{day}-b", keep=True)]
        run(store, items, evening(day), from_table=True)
    assert values(store, "made_rsi") == {MONDAY: 7}
    assert values(store, "made_share_rsi") == {MONDAY: 0.5}


def test_a_day_without_a_run_is_a_gap_for_rolling_feeds(store: Store) -> None:
    for n in (0, 1, 2, 3, 6, 7, 8):  # Friday and Saturday are lost
        day = MONDAY + timedelta(days=n)
        run(store, [story("Seed AI", day, f"{day}", keep=True)], evening(day), from_table=True)
    daily_rows = queries.observations(store, "made_daily")
    days = {day.date() for day in daily_rows["date"]}
    assert MONDAY + timedelta(days=4) not in days
    assert MONDAY + timedelta(days=3) not in days  # nobody looked on the next day: some of it may be lost
    assert MONDAY in days


def test_a_labs_own_post_is_no_press_mention_of_it(store: Store) -> None:
    for n in range(2):
        day = MONDAY + timedelta(days=n)
        own = story("OpenAI hires", day, f"{day}", keep=True, url=f"https://openai.com/{n}")
        run(store, [own, story("OpenAI moves", day, f"{day}-x", keep=True)], evening(day), from_table=True)
    rows = queries.observations(store, "made_daily").set_index("subject")["value"]
    assert (rows[""], rows["lab:openai"]) == (2, 1)


def test_whole_weeks_begin_on_the_first_monday() -> None:
    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert list(complete_weeks(date(2026, 11, 3), now)) == [date(2026, 11, 9), date(2026, 11, 16)]
    assert list(complete_weeks(date(2026, 11, 16), datetime(2026, 11, 22, 23, tzinfo=UTC))) == []
