"""What is new since a day: told as it is, and counted from the last visit."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard import changed
from dashboard.delivery import visited, visits
from dashboard.reading import Reader
from dashboard.view import View

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_metr_restated_its_models_and_the_page_says_so(reader: Reader) -> None:
    since = datetime(2026, 2, 23, tzinfo=UTC)
    found = changed.read(reader, since, datetime(2026, 6, 1, tzinfo=UTC))
    assert found.values["metr_p50"]["restated"] > 5
    assert "restated" in changed.sentence(found, "metr_p50")
    assert "values restated" in changed.counted(found)
    assert changed.affected(found)


def test_a_new_record_is_counted_as_one(reader: Reader) -> None:
    rows = reader.series("metr_p50").rows
    begun = rows["first_known_at"].min()
    found = changed.read(reader, begun + timedelta(hours=1), None)
    new = found.values["metr_p50"]["new"]
    assert changed.sentence(found, "metr_p50").startswith(f"{new} new; {found.records['metr_p50']} of them")
    assert found.records["metr_p50"] == (rows["on_frontier"] & (rows["first_known_at"] > begun)).sum() > 0


def test_an_indicator_read_for_the_first_time_brings_no_records(reader: Reader) -> None:
    found = changed.read(reader, datetime(2020, 1, 1, tzinfo=UTC), None)
    assert found.begun == [*found.values]
    assert not found.records
    assert not found.total("new")
    assert f"{len(found.begun)} indicators read for the first time" in changed.counted(found)
    assert changed.sentence(found, "metr_p50") == f"{found.values['metr_p50']['first']} read for the first time"


def test_what_was_only_read_for_the_first_time_is_told_last(reader: Reader) -> None:
    found = changed.read(reader, datetime(2026, 3, 2, tzinfo=UTC), None)
    is_first = ["first" in counts for counts in found.values.values()]
    assert is_first == sorted(is_first)
    assert set(is_first) == {False, True}


def test_without_news_nothing_is_said(reader: Reader) -> None:
    found = changed.read(reader, NOW - timedelta(hours=1), None)
    assert found.is_empty
    assert changed.counted(found) == "nothing"
    assert changed.sentence(found, "metr_p50") == ""


@pytest.mark.parametrize(
    ("since", "visit", "expected"),
    [
        ("30d", None, NOW - timedelta(days=30)),
        ("2026-11-01", None, datetime(2026, 11, 1, 23, 59, 59, 999999, tzinfo=UTC)),
        ("", None, NOW - timedelta(days=7)),
        ("", NOW - timedelta(days=2), NOW - timedelta(days=2)),
        ("", NOW + timedelta(days=2), NOW - timedelta(days=7)),
    ],
)
def test_changes_are_counted_from_the_choice_else_the_last_visit_else_a_week(
    since: str, visit: datetime | None, expected: datetime
) -> None:
    assert changed.since_of(View(since=since), visit, NOW) == expected


def test_a_visit_ends_after_half_an_hour_of_silence() -> None:
    first = visited("", NOW)
    assert visits(first) == (None, NOW)
    same = visited(first, NOW + timedelta(minutes=20))
    assert visits(same) == (None, NOW + timedelta(minutes=20))
    later = visited(same, NOW + timedelta(days=3))
    assert visits(later) == (NOW + timedelta(minutes=20), NOW + timedelta(days=3))


@pytest.mark.parametrize(
    "cookie", ["", "x", "<script>", "99999999T999999.20261123T060000x", "20261399T000000.20261123T060000"]
)
def test_a_cookie_that_makes_no_sense_is_no_visit(cookie: str) -> None:
    assert visits(cookie)[0] is None
