"""What earlier answers left behind, so that a publisher can say 'not changed' instead of sending everything."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

SIGHTS = 3
"""So often in a row must a permanent redirect be seen before its target is asked at once."""


@dataclass(frozen=True)
class Validator:
    """What lets us ask 'has it changed?'. `fetched_at`: the last unconditional 200.

    `fresh_until`: the publisher says that there is nothing new before. `moved_to`: where permanent redirects led,
    `sights` answers in a row.
    """

    etag: str | None
    last_modified: str | None
    sha256: str
    fetched_at: datetime
    fresh_until: datetime | None = None
    moved_to: str | None = None
    sights: int = 0

    @property
    def has_moved(self) -> bool:
        """Whether the redirect was seen so often that its target is asked at once."""
        return self.moved_to is not None and self.sights >= SIGHTS


def validators_to_json(validators: Mapping[str, Validator]) -> str:
    """Validators by address, for the runs table."""
    entries = {url: {k: v for k, v in vars(kept).items() if v} for url, kept in validators.items()}
    return json.dumps(entries, sort_keys=True, default=datetime.isoformat)


def validators_from_json(text: str | None) -> dict[str, Validator]:
    """The reverse. What cannot be read is left out: it costs one unconditional fetch."""
    try:
        entries = json.loads(text or "{}")
        return {url: _validator(**entry) for url, entry in entries.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _validator(
    *,
    sha256: str,
    fetched_at: str,
    etag: str | None = None,
    last_modified: str | None = None,
    fresh_until: str | None = None,
    moved_to: str | None = None,
    sights: int = 0,
) -> Validator:
    until = None if fresh_until is None else _instant(fresh_until)
    return Validator(etag, last_modified, sha256, _instant(fetched_at), until, moved_to, int(sights))


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"an instant without a zone: {text}")
    return at
