"""The web for one run of a source, with what earlier runs remembered, and a key where one is wanted."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from collectors.archive import Archive
from collectors.fetch import Pace, Web, validators_from_json
from collectors.source import Collector, Key, Payload
from data import queries
from data.schema import Failure
from data.settings import Settings, key_setting, secrets
from data.store import Store


class Live:
    """One a process: all runs share the pace, so that a host is never asked twice within a second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pace = Pace()
        self._secrets = secrets()
        self._archive = Archive(settings.payloads, settings.payloads_mb * 1_000_000)

    def lacks_key(self, collector: Collector) -> bool:
        """Whether this source is off, because its publisher wants a key and none is set."""
        return collector.source.key is not None and not self._settings.keys[collector.name]

    def http(self, collector: Collector, store: Store) -> Web:
        """The network as this run of the source may use it. Failure for a source that lacks its key."""
        if self.lacks_key(collector):
            raise Failure("refused", f"{collector.name} needs a key: set {key_setting(collector.name)}")
        now, key = datetime.now(UTC), collector.source.key
        how: dict[str, Any] = {
            "now": now,
            "contact": self._settings.contact,
            "seconds": self._settings.fetch_seconds,
            "archive": self._archive,
            "pace": self._pace,
            "validators": validators_from_json(queries.validators(store, collector.name)),
            "blocked": queries.blocked_hosts(store, now),
            "redirects_to": collector.source.redirects_to,
            "secrets": self._secrets,
        }
        return Web(**how) if key is None else Keyed(key, self._settings.keys[collector.name], **how)


class Keyed(Web):
    """The web for a source with a key: it goes with every request, and is hidden in all that is told or stored."""

    def __init__(self, key: Key, value: str, *, secrets: Collection[str] = (), **how: Any) -> None:
        super().__init__(secrets=(*secrets, value), **how)
        self._key, self._value = key, value

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Payload:
        if self._key.place == "header":
            return super().get(url, headers={**(headers or {}), self._key.name: self._value})
        return super().get(
            f"{url}{'&' if '?' in url else '?'}{self._key.name}={quote(self._value, safe='')}", headers=headers
        )
