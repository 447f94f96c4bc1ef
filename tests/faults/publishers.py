"""What the publishers honestly answer: the recorded folder of a source, or rules where addresses follow the calendar."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

from collectors.replay import INDEX
from tests.conftest import NOW, PAYLOADS
from tests.faults import documents

EDITION = timedelta(days=3)
"""How often the publishers of a simulated week bring their figures up to date."""


class Honest(NamedTuple):
    """The right answer to one address."""

    body: bytes
    type: str

    @property
    def etag(self) -> str:
        return f'"{crc32(self.body):08x}"'


class Publisher:
    """All that one source may ask. With `drift`, values fall a little with every edition from `NOW` on.

    An edition comes at midnight. Every tenth is as the first was, so that no value leaves its own interval.
    """

    def __init__(self, source: str, drift: tuple[str, ...] = ()) -> None:
        self.source, self.drift = source, drift
        self._folder: Path = PAYLOADS / source
        self._index: Mapping[str, dict[str, object]] = json.loads((self._folder / INDEX).read_text())
        self._editions: dict[tuple[str, int], Honest] = {}
        self.hosts = {urlsplit(url).hostname or "" for url in self._index}

    def answer(self, url: str, now: datetime) -> Honest | None:
        """The answer at an instant, or None for an address that does not exist."""
        rule = RULES.get(self.source)
        if rule is not None:
            return Honest(json.dumps(rule(url, now)).encode(), "application/json")
        if url not in self._index:
            return None
        edition = (now.date() - NOW.date()) // EDITION % 10 if self.drift else 0
        if (url, edition) not in self._editions:
            self._editions[url, edition] = self._drifted(url, edition)
        return self._editions[url, edition]

    def _drifted(self, url: str, edition: int) -> Honest:
        entry = self._index[url]
        body = (self._folder / str(entry["file"])).read_bytes()
        headers = entry.get("headers")
        kind = headers.get("content-type", "text/plain") if isinstance(headers, dict) else "text/plain"
        if edition:
            form = documents.form_of(url, body)
            document = documents.load(form, body)
            for key in self.drift:
                document = documents.at_key(document, key, documents.scaled(1 - 0.0004 * edition))
            body = documents.dump(form, document)
        return Honest(body, kind)


TITLES = (
    "OpenAI and Anthropic publish evaluations of each other's models",
    "A compiler in 500 lines",
    "Claude writes most of Claude Code",
    "Gemini, read aloud",
    "Recursive self-improvement, a survey",
)


def _hacker_news(url: str, now: datetime) -> object:
    """One story every five hours, told once it has happened."""
    start, end = (
        int(n) for n in re.findall(r"created_at_i[><]=?(\d+)", parse_qs(urlsplit(url).query)["numericFilters"][0])
    )
    hours = range(-(-start // 3600), -(-min(end, int(now.timestamp())) // 3600))
    hits = [
        {
            "objectID": str(h),
            "title": TITLES[h % 7 % len(TITLES)],
            "url": f"https://example.org/{h}",
            "created_at_i": h * 3600,
        }
        for h in hours
        if h % 5 == 0
    ]
    return {"nbHits": len(hits), "hits": hits}


def _github(url: str, now: datetime) -> object:
    """Counts that follow from the question; merged ones are fewer than opened ones."""
    query = parse_qs(urlsplit(url).query)["q"][0]
    kind = urlsplit(url).path.rsplit("/", 1)[-1]
    few = "merged:" in query or "Co-Authored" in query
    count = (100 if few else 5000) + crc32(query.encode()) % (800 if few else 4000)
    return {"total_count": count * (10 if kind == "commits" else 1), "incomplete_results": False, "items": []}


RULES = {"hacker_news": _hacker_news, "github_agents": _github}
