"""News readers' feeds, Atom and JSON Feed: changes of flags, and the newest mentions.

Ids never change, `updated` is when we knew it, and every text from outside stays text: it is written by
an XML writer, as plain text, with links only where a link may stand.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from dashboard import answers, verdicts, words
from dashboard.answers import Ask, Body, Plan, address, instant_text, json_body, not_found
from dashboard.asking import wanted_mentions
from dashboard.view import query
from data import mentions
from data.text import safe_link

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE, FEED_TYPE = "application/atom+xml; charset=utf-8", "application/feed+json; charset=utf-8"
AUTHORITY = "tag:ai-progress-monitor,2026:"
NEWEST = 100
LONGEST_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """One piece of news: `id` for ever, `link` a path of this server or a checked address elsewhere."""

    id: str
    title: str
    text: str
    updated: datetime
    link: str | None
    published: datetime | None = None


@dataclass(frozen=True)
class Feed:
    """Entries with what they have in common; newest first."""

    id: str
    title: str
    link: str
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime:
        return max((entry.updated for entry in self.entries), default=LONGEST_AGO)


Found = tuple[Sequence[str], object, Callable[[], Feed]]


def table() -> dict[str, answers.Handler]:
    """The routes of the feeds, in the order in which they are tried."""
    found: dict[str, answers.Handler] = {}
    for path, make in (("signals", signals), ("mentions", newest_mentions), ("{key}", of_key)):
        found[f"/feeds/{path}.atom"] = _as(make, atom, ATOM_TYPE)
        found[f"/feeds/{path}.json"] = _as(make, json_feed, FEED_TYPE)
    return found


def _as(make: Callable[[Ask], Found], write: Callable[[Feed, str], bytes], media: str) -> answers.Handler:
    def feed(ask: Ask) -> Plan:
        tables, key, build = make(ask)
        own = address(ask.path, query(ask.view))
        return Plan(tables, (media, key), lambda: Body(write(build(), own), media))

    return feed


def signals(ask: Ask) -> Found:
    """Every change of a flag."""
    return verdicts.TABLES, "all", lambda: _flags(ask, "signals", "all indicators", lambda _: True)


def of_key(ask: Ask) -> Found:
    """The changes of one stage's flags, or of one indicator's."""
    key, catalogue = ask.parts["key"], ask.reader.catalogue(ask.instant)
    if key in words.STAGES:
        name = words.STAGES[key][0]
        return verdicts.TABLES, key, lambda: _flags(ask, key, name, lambda event: bool(event["stage"] == key))
    if key in catalogue:
        name = catalogue[key]["name"]
        return verdicts.TABLES, key, lambda: _flags(ask, key, name, lambda event: bool(event["indicator"] == key))
    raise not_found("feed")


def _flags(ask: Ask, key: str, name: str, wanted: Callable[[dict[str, Any]], bool]) -> Feed:
    events = [event for event in verdicts.events(ask.reader, LONGEST_AGO, ask.instant) if wanted(event)][:NEWEST]
    entries = [
        Entry(
            id=f"{AUTHORITY}signals/{event['id']}",
            title=f"{event['name']}: {event['sentence'].split(':')[0]}",
            text=event["sentence"],
            updated=event["known_at"],
            link=f"/{event['indicator']}",
        )
        for event in events
    ]
    return Feed(f"{AUTHORITY}feeds/{key}", f"AI Progress Monitor: signals, {name}", "/signals", entries)


def newest_mentions(ask: Ask) -> Found:
    """The newest articles that name a lab or a topic; the same filters as the page."""
    wanted = wanted_mentions(ask)

    def build() -> Feed:
        rows, _ = mentions.page(ask.store, wanted, NEWEST * 4)
        articles: dict[str, list[dict[str, Any]]] = {}
        for row in rows.to_dicts():
            articles.setdefault(row["article_id"], []).append(row)
        entries = [_article(key, found) for key, found in list(articles.items())[:NEWEST]]
        return Feed(f"{AUTHORITY}feeds/mentions", "AI Progress Monitor: mentions", "/mentions", entries)

    return ("mentions", "indicators"), wanted, build


def _article(key: str, rows: list[dict[str, Any]]) -> Entry:
    first = rows[0]
    named = sorted({row[name] for row in rows for name in ("lab", "topic") if row[name]})
    return Entry(
        id=f"{AUTHORITY}mentions/{key}",
        title=first["title"],
        text=f"{first['outlet']}: {', '.join(named)}",
        updated=first["known_at"],
        link=safe_link(first["url"]),
        published=first["published_at"],
    )


def _text(text: str) -> str:
    return _NOT_XML.sub("", text)


def atom(feed: Feed, own: str) -> bytes:
    """The feed as Atom 1.0. Addresses of this server are relative: the reader knows where it asked."""
    root = ElementTree.Element("feed", {"xmlns": ATOM})

    def add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
        made = ElementTree.SubElement(parent, name, attributes)
        made.text = None if text is None else _text(text)
        return made

    add(root, "id", feed.id)
    add(root, "title", feed.title, type="text")
    add(root, "updated", instant_text(feed.updated))
    add(root, "link", rel="self", href=own, type="application/atom+xml")
    add(root, "link", rel="alternate", href=feed.link, type="text/html")
    add(add(root, "author"), "name", "AI Progress Monitor")
    for entry in feed.entries:
        item = add(root, "entry")
        add(item, "id", entry.id)
        add(item, "title", entry.title, type="text")
        add(item, "updated", instant_text(entry.updated))
        if entry.published:
            add(item, "published", instant_text(entry.published))
        if entry.link:
            add(item, "link", rel="alternate", href=entry.link)
        add(item, "content", entry.text, type="text")
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def json_feed(feed: Feed, own: str) -> bytes:
    """The feed as JSON Feed 1.1."""
    items = [
        {
            "id": entry.id,
            "title": entry.title,
            "content_text": entry.text,
            "date_modified": entry.updated,
            **({"date_published": entry.published} if entry.published else {}),
            **({"url": entry.link} if entry.link else {}),
        }
        for entry in feed.entries
    ]
    version = "https://jsonfeed.org/version/1.1"
    found = {"version": version, "title": feed.title, "home_page_url": feed.link, "feed_url": own, "items": items}
    return json_body(found).content
