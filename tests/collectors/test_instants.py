"""What is no instant is named and refused, however it is written."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from collectors.instants import from_milliseconds, from_seconds, from_text
from data.schema import Failure

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (from_seconds, NOON.timestamp()),
        (from_milliseconds, NOON.timestamp() * 1000),
        (from_text, "2026-11-20T14:00:00+02:00"),
    ],
)
def test_an_instant_is_read_in_utc(read: Callable[[object, str], datetime], value: object) -> None:
    assert read(value, "it") == NOON
    assert read(value, "it").tzinfo is UTC


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (from_seconds, NOON.timestamp() * 1000),
        (from_seconds, 0),
        (from_seconds, "last Tuesday"),
        (from_seconds, True),
        (from_seconds, float("nan")),
        (from_milliseconds, 10**20),
        (from_milliseconds, None),
        (from_text, "2026-02-31T00:00:00Z"),
        (from_text, "2026-02-20"),
        (from_text, "0001-01-01T00:00:00+14:00"),
        (from_text, 5),
    ],
)
def test_anything_else_is_refused_by_name(read: Callable[[object, str], datetime], value: object) -> None:
    with pytest.raises(Failure, match="story 7: not an instant") as caught:
        read(value, "story 7")
    assert caught.value.outcome == "bad_content"
