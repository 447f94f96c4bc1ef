"""Who is told when a flag is raised, changed or cleared, or when a source falls silent or is back.

One message for all that is new, to every address of the setting ALERTS (apprise: web hooks, mail, chats). What
has been told to whom stands in the tables, so that a restart repeats nothing; what could not be delivered is
tried again with the next message.
"""

import hashlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from data import queries
from data.changes import CALM, changed_flags
from data.schema import ALERT, Failure, Run
from data.store import Store
from signals.silence import late_sources

log = logging.getLogger("signals")

NEWS = timedelta(days=7)
"""Older events are history: whoever switches alerts on is not told everything since the beginning."""
DIGEST = timedelta(hours=1)
"""The shortest time between two messages to one address."""
MOST_LINES = 50
KINDS = {
    "flag": ("flag changed", "flags changed"),
    "late": ("source late", "sources late"),
    "back": ("source back", "sources back"),
}
MEANING = (
    "A flag is evidence that a slope has changed, with its interval and error rate on the page; it is no forecast."
)

GREETING = ("AI Progress Monitor: alerts arrive", "This is a test. Alerts will come to this address.")

Catalogue = Sequence[Mapping[str, Any]]

Deliver = Callable[[str, str, str], bool]
"""Sends (address, title, text); whether it was accepted."""


@dataclass(frozen=True)
class Event:
    """Something to tell; `id` stays the same however often one looks."""

    id: str
    kind: str
    at: datetime
    text: str
    page: str


@dataclass(frozen=True)
class Message:
    """All that one address has not been told yet. `is_due`: the last message to it is long enough ago."""

    title: str
    text: str
    events: Sequence[Event]
    is_due: bool


def check(addresses: Sequence[str]) -> None:
    """Raises Failure for an address that cannot be written to, without repeating it: most contain a secret."""
    from apprise import Apprise  # its hundred services are loaded only where alerts are wanted

    for number, address in enumerate(addresses, 1):
        if not Apprise().add(address):
            raise Failure("refused", f"ALERTS: address {number} of {len(addresses)} is none that apprise knows")


def tell(
    store: Store,
    addresses: Sequence[str],
    site: str = "",
    *,
    now: datetime | None = None,
    deliver: Deliver | None = None,
) -> int:
    """Send what is new to every address that has not been told; the number of messages that were accepted."""
    now, deliver, sent = now or datetime.now(UTC), deliver or by_apprise, 0
    for number, address in enumerate(addresses, 1):
        message = waiting(store, address, site, now)
        if message is None or not message.is_due:
            continue
        accepted = deliver(address, message.title, message.text)
        sent += accepted
        log.log(
            logging.INFO if accepted else logging.WARNING,
            "notify=%s address=%d events=%d", "sent" if accepted else "refused", number, len(message.events),
        )  # fmt: skip
        if accepted:
            _remember(store, _target(address), message.events, now)
    return sent


def waiting(store: Store, address: str, site: str, now: datetime) -> Message | None:
    """What an address would be told now; None if it knows everything."""
    target = _target(address)
    told, last = _told(store, target)
    new = [event for event in events(store, now, told) if event.id not in told]
    if not new:
        return None
    counts = [_counted(sum(event.kind == kind for event in new), words) for kind, words in KINDS.items()]
    title = "AI Progress Monitor: " + ", ".join(filter(None, counts))
    site = site.rstrip("/")
    lines = [f"- {event.text} {site}{event.page}" for event in new]
    more = [f"- and {len(lines) - MOST_LINES} more: {site}/signals"] if len(lines) > MOST_LINES else []
    text = "\n".join([*lines[:MOST_LINES], *more, "", MEANING])
    return Message(title, text, new, last is None or now - last >= DIGEST)


def by_apprise(address: str, title: str, text: str) -> bool:
    """Deliver one message."""
    from apprise import Apprise, NotifyFormat

    outlet = Apprise()
    outlet.add(address)
    return bool(outlet.notify(text, title, body_format=NotifyFormat.TEXT))


def events(store: Store, now: datetime, told: Collection[str] = ()) -> list[Event]:
    """What is worth telling, oldest first, to somebody who has been told the events of these ids."""
    catalogue = queries.as_dicts(queries.indicators(store))
    found = [*_flags(store, catalogue, now), *_sources(store, catalogue, now, told)]
    return sorted(found, key=lambda event: (event.at, event.id))


def _flags(store: Store, catalogue: Catalogue, now: datetime) -> Iterator[Event]:
    """Changes from, to or between raised states."""
    names = {row["indicator"]: row["name"] for row in catalogue}
    for row in changed_flags(store, now - NEWS, now).iter_rows(named=True):
        was, state = row["was"] in CALM or row["was"] is None, row["state"] in CALM
        if was and state:
            continue
        verb = "cleared" if state else "raised" if was else "changed"
        figures = [f"n = {row['n']}"]
        figures += [f"slope ratio {row['ratio']:.2f}"] if row["ratio"] is not None else []
        figures += [f"{key} = {row[key]:.2g}" for key in ("p", "q") if row[key] is not None]
        about = f" ({row['subject']})" if row["subject"] else ""
        name = names.get(row["indicator"], row["indicator"])
        text = f'Flag {verb}: {name}{about} is "{row["state"]}", was "{row["was"] or "not judged"}".'
        text = f"{text} {', '.join(figures)}."
        yield Event(f"flag-{row['row_id']}", "flag", row["known_at"], text, f"/{row['indicator']}")


def _sources(store: Store, catalogue: Catalogue, now: datetime, told: Collection[str]) -> Iterator[Event]:
    """Sources that are late, and those whose lateness was told and is over."""
    states = queries.source_states(store)
    for late in late_sources(catalogue, states, now):
        since = "last good run" if late.has_succeeded else "no good run since the first try"
        why = f"{late.outcome}, {late.error}" if late.error else late.outcome
        text = f"Source late: {late.title}, {since} {late.since:%Y-%m-%d %H:%M} UTC; {why}."
        yield Event(f"late-{late.source}-{late.since:%Y%m%dT%H%M%S}", "late", late.since, text, "/sources")
    titles = {row["source"]: row["source_title"] for row in catalogue}
    for told_id in told:
        kind, _, rest = told_id.partition("-")
        source, _, since_text = rest.rpartition("-")
        if kind != "late" or source not in states or source not in titles:
            continue
        good = states[source].last_good
        if good is not None and f"{good:%Y%m%dT%H%M%S}" > since_text:
            yield Event(f"back-{rest}", "back", good, f"Source back: {titles[source]}.", "/sources")


def _counted(count: int, words: tuple[str, str]) -> str:
    return f"{count} {words[count != 1]}" if count else ""


def _target(address: str) -> str:
    """Stands for an address in the tables, which are public and must not hold it."""
    return hashlib.sha256(address.encode()).hexdigest()[:12]


def _told(store: Store, target: str) -> tuple[frozenset[str], datetime | None]:
    """The events that an address has been told, and when the last message went out."""
    start = f"{ALERT}-{target}-"
    rows = store.read("runs").filter((pl.col("month") == ALERT) & pl.col("run_id").str.starts_with(start))
    found = rows.select("run_id", "ended_at").collect()
    ids = frozenset(run_id.removeprefix(start) for run_id in found["run_id"])
    last = found.select(pl.col("ended_at").max()).item()
    return ids, last


def _remember(store: Store, target: str, told: Sequence[Event], now: datetime) -> None:
    runs = [Run(run_id=f"{ALERT}-{target}-{e.id}", source=ALERT, started_at=now, ended_at=now, outcome="ok")
            for e in told]  # fmt: skip
    store.append_new("runs", [{**asdict(run), "month": ALERT} for run in runs])
