"""The web for one run of a source, with what earlier runs remembered: validators and hosts to wait for."""

from datetime import UTC, datetime

from collectors.archive import Archive
from collectors.fetch import Pace, Web, validators_from_json
from collectors.source import Collector
from data import queries
from data.settings import Settings, secrets
from data.store import Store


class Live:
    """One a process: all runs share the pace, so that a host is never asked twice within a second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pace = Pace()
        self._secrets = secrets()
        self._archive = Archive(settings.payloads, settings.payloads_mb * 1_000_000)

    def http(self, collector: Collector, store: Store) -> Web:
        """The network as this run of the source may use it."""
        now = datetime.now(UTC)
        return Web(
            now=now,
            contact=self._settings.contact,
            seconds=self._settings.fetch_seconds,
            archive=self._archive,
            pace=self._pace,
            validators=validators_from_json(queries.validators(store, collector.name)),
            blocked=queries.blocked_hosts(store, now),
            secrets=self._secrets,
        )
