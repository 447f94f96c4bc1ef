"""News feeds: RSS 0.9 to 2.0, RDF, Atom and JSON Feed as items, or a clear refusal.

feedparser reads what real publishers really send. Before it come the checks that it lacks: entity
bombs, web pages, cut answers. It is given a stream: it would take bytes for a path and open that.
"""

import io
import json
import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Literal

import feedparser
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from collectors.matching import normalise
from collectors.parse import joined
from collectors.source import Http
from data.schema import Failure, Mention, Refused
from data.text import clean, safe_link

MOST_ITEMS = 5000
MOST_BROKEN = 60_000  # tags of a broken feed: some 0.7 s for feedparser
DEEPEST = 100
FORETOLD = timedelta(days=1)
SUMMARY = 2000
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>?\s*\Z", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([\w.-]+)")
_MIDNIGHT = re.compile(r"(?<![\d:+-])(?:00|24):00(?::00(?:\.0+)?)?(?![\d:])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(
    rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<iso>\d\d)"
    rf"|(?P<day>\d{{1,2}})[ -](?P<name>{'|'.join(_MONTHS)})[a-z]*[ -](?P<since>\d{{4}})",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")
# feedparser forgives much and stumbles over some: bytes of no charset, a NUL in an address
_BROKEN_FEED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
_LOST = "\ufffd"

Precision = Literal["second", "day", "month", "seen"]


@dataclass(frozen=True)
class Item:
    """One entry of a feed. `at` is None, and precision "seen", where no date can be believed."""

    key: str
    title: str
    url: str
    at: datetime | None
    precision: Precision
    summary: str = ""
    lang: str | None = None


@dataclass(frozen=True)
class Feed:
    """What one answer held: the items in its order, and what was refused with the reason."""

    items: tuple[Item, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def is_dated(self) -> bool:
        """Whether every item has a date: else nobody can say how many came in a week."""
        return bool(self.items) and all(item.at is not None for item in self.items)


Reader = Callable[[bytes, str, datetime], Feed]


def read(body: bytes, url: str, now: datetime, *, dated: bool = True) -> Feed:
    """The items of a feed, or Failure. `dated=False`: this publisher invents dates, so none is read."""
    if not body.strip():
        raise Failure("bad_content", f"{url}: the answer is empty")
    entries = _json_entries(body, url) if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else _xml_entries(body, url)
    items: dict[str, Item] = {}
    refused = []
    for entry in entries[:MOST_ITEMS]:
        found = _item(entry, url, now, dated)
        if isinstance(found, Refused):
            refused.append(found)
        else:
            items.setdefault(found.key, found)
    if entries and not items and all(row.reason.startswith("no ") for row in refused):
        raise Failure("schema", f"{url}: none of {len(entries)} entries has a title and an address")
    return Feed(tuple(items.values()), tuple(refused))


def gather(
    http: Http, feeds: Mapping[str, str], readers: Mapping[str, Reader] = {}
) -> Iterator[tuple[str, str, Feed | Refused]]:
    """(address, name, feed) of `feeds`, which maps addresses to names, for all that answer.

    Feeds come and go: one that fails is handed over as a note, and only if none is left the first Failure is raised.
    `readers`: addresses that are no feeds, and what reads them instead.
    """
    failures: list[Failure] = []
    asked = [url for url in feeds if http.has(url)] or list(feeds)[:1]
    for url in asked:
        try:
            yield url, feeds[url], readers.get(url, read)(http.get(url).body, url, http.now)
        except Failure as failure:
            failures.append(failure)
            note = Refused(
                reason=f"feed not read: {failure.outcome}", row={"feed": url}, target="mentions", status="pending"
            )
            if len(failures) < len(asked):
                yield url, feeds[url], note
    if len(failures) == len(asked):
        raise failures[0]


def mention(item: Item, outlet: str, **how: Any) -> Mention:
    """The item as a mention; `how` are further fields of it."""
    return Mention(
        at=item.at,
        title=item.title,
        url=item.url,
        outlet=outlet,
        native_key=item.key,
        precision=item.precision,
        lang=item.lang,
        summary=item.summary,
        **how,
    )


def _xml_entries(body: bytes, url: str) -> list[Mapping[str, Any]]:
    well_formed = _check(body, url)
    # content-location resolves relative links; the charset is left to the document
    try:
        parsed = feedparser.parse(io.BytesIO(body), response_headers={"content-location": url}, sanitize_html=False)
    except _BROKEN_FEED as error:
        raise Failure("bad_content", f"{url}: not a feed ({clean(str(error), 100)})") from None
    if not parsed.version:
        raise Failure("bad_content", f"{url}: not a feed, beginning {clean(repr(body[:200]))}")
    plain = body.replace(b"\0", b"")  # UTF-16, near enough to see how it ends
    if not well_formed and not _END.search(plain):
        raise Failure("incomplete", f"{url}: the feed is cut after {len(body)} bytes")
    if not _is_as_declared(body):  # feedparser would guess, and titles be none that anybody wrote
        raise Failure("bad_content", f"{url}: the feed is not in the charset that it declares")
    entries: list[Mapping[str, Any]] = [{"base": url, **entry} for entry in parsed.entries]
    if not entries and not well_formed:
        raise Failure("bad_content", f"{url}: a broken feed without entries ({clean(str(parsed.bozo_exception), 100)})")
    if any(_LOST in str(entry.get("title")) for entry in entries):
        raise Failure("bad_content", f"{url}: the feed cannot be decoded")
    language = str(parsed.feed.get("language") or "")
    return [{"lang": language, **entry} for entry in entries]


def _is_as_declared(body: bytes) -> bool:
    """False for what says that it is UTF-8 and is not; other charsets hold any bytes."""
    declared = _DECLARED.match(body.removeprefix(b"\xef\xbb\xbf"))
    if declared is None or declared[1].lower() not in (b"utf-8", b"utf8"):
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check(body: bytes, url: str) -> bool:
    """Whether this is well-formed XML. Refuses declared entities and absurd nesting before anything expands them."""
    depth = 0
    try:
        for event, element in iterparse(io.BytesIO(body), events=("start", "end"), forbid_dtd=False):
            depth += 1 if event == "start" else -1
            if depth > DEEPEST:
                raise Failure("bad_content", f"{url}: elements nested more than {DEEPEST} deep")
            if event == "end":
                element.clear()
    except DefusedXmlException as error:
        raise Failure("bad_content", f"{url}: declares entities ({type(error).__name__})") from None
    except (ParseError, LookupError, ValueError):  # unknown encodings are LookupError
        if b"<!entity" in body.replace(b"\0", b"").lower():  # in a broken file nobody can say where it stands
            raise Failure("bad_content", f"{url}: broken XML with declared entities") from None
        if sum(1 for _ in islice(re.finditer(rb"<\w", body), MOST_BROKEN)) == MOST_BROKEN:
            raise Failure("too_large", f"{url}: broken XML of very many elements") from None
        return False
    return True


def _json_entries(body: bytes, url: str) -> list[Mapping[str, Any]]:
    """JSON Feed 1 and 1.1 (jsonfeed.org) under the names of feedparser."""
    try:
        document = json.loads(body)
        if "jsonfeed.org/version" not in document["version"]:
            raise ValueError("of another kind")
        entries: list[Mapping[str, Any]] = [
            {
                "base": url,
                "lang": document.get("language") or "",
                "id": str(item["id"]) if "id" in item else None,
                "title": item.get("title"),
                "link": item.get("url") or item.get("external_url"),
                "summary": item.get("summary") or item.get("content_text") or "",
                "published": item.get("date_published") or item.get("date_modified"),
                "published_parsed": _iso(item.get("date_published") or item.get("date_modified")),
            }
            for item in document["items"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Failure("bad_content", f"{url}: not a JSON feed ({clean(str(error), 100)})") from None
    return entries


def _iso(text: object) -> tuple[int, ...] | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return tuple((at if at.tzinfo else at.replace(tzinfo=UTC)).utctimetuple())


def _item(entry: Mapping[str, Any], url: str, now: datetime, dated: bool) -> Item | Refused:
    title = clean(normalise(str(entry.get("title") or "")))
    # Feedburner and its like rewrite links to count clicks
    link = str(entry.get("feedburner_origlink") or entry.get("link") or "").strip()
    address = safe_link(joined(entry["base"], link)) if link else None
    key = str(entry.get("id") or "").strip() or (address or "") + "\n" + title
    shown = {"feed": url, "title": title, "link": clean(link, 200)}
    if not title or address is None:
        lacking = "title" if not title else "usable address"
        return Refused(reason=f"no {lacking}", row=shown, target="mentions")
    at, precision = _when(entry) if dated else (None, "seen")
    if at is not None and at > now + FORETOLD:
        return Refused(reason="a date in the future", row={**shown, "at": at.isoformat()}, target="mentions")
    if at is not None and at > now:
        at, precision = None, "seen"  # a clock or a zone is wrong by hours
    return Item(
        key=clean(key, 500),
        title=title,
        url=address,
        at=at,
        precision=precision,
        summary=clean(normalise(str(entry.get("summary") or "")[: 4 * SUMMARY]), SUMMARY),
        lang=clean(entry["lang"], 20).replace("_", "-").lower() or None,
    )


def _is_possible(text: str) -> bool:
    """False for 31 February, which feedparser takes for a day in March."""
    day = _DAY.search(text)
    if day is None:
        return True
    year, number = int(day["year"] or day["since"]), int(day["iso"] or day["day"])
    month = int(day["month"]) if day["month"] else _MONTHS.index(day["name"].lower()) + 1
    return 1 <= month <= 12 and 1 <= number <= monthrange(year, month)[1]


def _when(entry: Mapping[str, Any]) -> tuple[datetime | None, Precision]:
    """Publication, else the last change. Midnight means that only the day is known, and it is the publisher's day."""
    name = "published" if entry.get("published_parsed") else "updated"
    parsed, text = entry.get(f"{name}_parsed"), str(entry.get(name) or "").strip()
    if not parsed or re.fullmatch(r"\d{4}", text) or not _is_possible(text):
        return None, "seen"
    try:
        year, month, day, hour, minute, second = (int(part) for part in parsed[:6])
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, TypeError):
        return None, "seen"
    if at.year < 1990:  # a zero that became 1 January 1970
        return None, "seen"
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return at, "month"
    if _MIDNIGHT.search(text) or ":" not in text:
        if offset := _OFFSET.search(text):
            east = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            at += east if offset[1] == "+" else -east
        return at.replace(hour=0, minute=0, second=0), "day"
    return at, "second"
