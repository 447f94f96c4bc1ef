"""What earlier answers left behind, so that a publisher can say 'not changed' instead of sending everything."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Validator:
    """What lets us ask 'has it changed?'. `fetched_at`: the last unconditional 200."""

    etag: str | None
    last_modified: str | None
    sha256: str
    fetched_at: datetime


def validators_to_json(validators: Mapping[str, Validator]) -> str:
    """Validators by address, for the runs table."""
    entries = {url: {**vars(v), "fetched_at": v.fetched_at.isoformat()} for url, v in validators.items()}
    return json.dumps(entries, sort_keys=True)


def validators_from_json(text: str | None) -> dict[str, Validator]:
    """The reverse. What cannot be read is left out: it costs one unconditional fetch."""
    try:
        entries = json.loads(text or "{}")
        return {url: _validator(**entry) for url, entry in entries.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _validator(etag: str | None, last_modified: str | None, sha256: str, fetched_at: str) -> Validator:
    at = datetime.fromisoformat(fetched_at)
    if at.tzinfo is None:
        raise ValueError(f"an instant without a zone: {fetched_at}")
    return Validator(etag, last_modified, sha256, at)
