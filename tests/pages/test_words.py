"""Numbers and findings read as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard import words
from dashboard.reading import Reader, latest_record
from dashboard.words import NBSP
from tests.conftest import NOW


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (45, "45 days"),
        (128.744, "4.2 months"),
        (59.6, "60 days"),
        (302, "9.9 months"),
        (365, "12 months"),
        (731, "2.0 years"),
        (4000, "11 years"),
    ],
)
def test_durations(days: float, text: str) -> None:
    assert words.duration(days) == text.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0.0398, "2.4 s"),
        (3.99, "4 min"),
        (59.8, "60 min"),
        (89, "89 min"),
        (203, "3.4 h"),
        (718.8, "12 h"),
        (2400, "40 h"),
        (9600, "4 working weeks"),
    ],
)
def test_working_time(minutes: float, text: str) -> None:
    assert words.working_time(minutes).replace(NBSP, " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234567, "1,230,000"), (0.0872, "0.0872"), (158.67, "159"), (2.5e25, "2.5×10²⁵"), (12.0, "12")],
)
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert words.number(value) == text


def test_an_age_is_said_in_one_unit() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    ages = [words.age(now - timedelta(minutes=m), now).replace(NBSP, " ") for m in (0, 5, 130, 60 * 24 * 9)]
    assert ages == ["just now", "5 min ago", "2 h ago", "9 days ago"]


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("metr_p50", "Time horizon (50 %) doubles every 4.2 months"),
        ("eci_frontier", "Epoch Capabilities Index gains 14 points a year"),
    ],
)
def test_the_title_is_the_finding_and_claims_no_more(reader: Reader, key: str, title: str) -> None:
    series = reader.series(key)
    leader = latest_record(series)
    assert leader is not None
    said = words.title(series.indicator, series.verdict, leader["value"]).replace(NBSP, " ")
    assert said == title
    assert len(said) <= 95


def test_a_rate_never_comes_without_its_interval(reader: Reader) -> None:
    trend = reader.series("metr_p50").verdict.trend
    assert trend is not None
    said = words.growth(trend, "minutes").replace(NBSP, " ")
    assert said == "Doubles every 4.2 months (90 % interval 3.7 to 4.9 months); 7.1x a year"


def test_a_source_without_its_key_says_so_instead_of_being_late() -> None:
    never = {"closed_on": None, "period_days": 7.0, "grace_days": 3.0}
    assert words.standing({**never, "source": "openalex"}, None, NOW) == ("Needs a key", "gray")
    assert words.standing({**never, "source": "gso"}, None, NOW) == ("No data yet", "gray")
