"""Instants as people write them: a day means its end, and what names no zone is UTC."""

import re
from datetime import UTC, date, datetime, time

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST = 40


def read_instant(text: str) -> datetime | None:
    """The instant of `2026-01-30` (its last microsecond) or `2026-01-30T06:00:00Z`; None for anything else."""
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        if len(text) > _LONGEST or not text[:1].isascii() or "T" not in text:
            return None
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
