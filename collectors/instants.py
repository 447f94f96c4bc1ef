"""Instants as publishers write them. What is none is a Failure that names it: never a crash, never "now"."""

from datetime import UTC, datetime

from data.schema import Failure

FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC).timestamp(), datetime(2200, 1, 1, tzinfo=UTC).timestamp()


def from_seconds(value: object, where: str) -> datetime:
    """Seconds since 1970 as an instant; milliseconds under that name lie beyond the calendar and are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not FIRST <= value < LAST:
        raise Failure("bad_content", f"{where}: not an instant in seconds since 1970: {value!r}"[:300])
    return datetime.fromtimestamp(value, UTC)


def from_milliseconds(value: object, where: str) -> datetime:
    """The same for milliseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not FIRST <= value / 1000 < LAST:
        raise Failure("bad_content", f"{where}: not an instant in milliseconds since 1970: {value!r}"[:300])
    return datetime.fromtimestamp(value / 1000, UTC)


def from_text(value: object, where: str) -> datetime:
    """ISO 8601 with a zone, in UTC."""
    try:
        at = datetime.fromisoformat(value)  # type: ignore[arg-type]
        if at.tzinfo is None:
            raise ValueError("without a zone")
        return at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise Failure("bad_content", f"{where}: not an instant with a zone: {value!r}"[:300]) from None
