"""The same story once: copies of one article, and the same title in several outlets within three days.

Three layers: the source's own key (article_id), the canonical address, and near-equal titles. The last is
meant for syndicated copies only: other numbers ("GPT-5.1", "GPT-5.2") or other words make another story.
"""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapidfuzz import fuzz

WINDOW = timedelta(hours=72)
ALIKE = 92  # token set ratio; it forgives a subset, so the second one looks at the whole
WHOLE = 80
FEWEST_WORDS = 4
RAREST, SHARED = 5, 3  # copies share most of their rarest words; nothing else is compared
_WORD = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")
_OUTLET = re.compile(r"\s+[-|–—·]\s+(?:\S+\s?){1,4}$")


@dataclass(frozen=True)
class Article:
    """What tells one article from another."""

    id: str
    title: str
    canonical_url: str
    at: datetime


def stories(articles: Sequence[Article]) -> dict[str, str]:
    """The id of the earliest article of the story that each article belongs to, by article id."""
    order = sorted(articles, key=lambda a: (a.at, a.id))
    joined = _Joined([a.id for a in order])
    by_address: dict[str, str] = {}
    for article in order:
        joined.join(by_address.setdefault(article.canonical_url, article.id), article.id)
    for earlier, later in _copies(order):
        joined.join(earlier, later)
    starts: dict[str, str] = {}
    for article in order:  # the earliest of each story names it
        starts.setdefault(joined.root(article.id), article.id)
    return {a.id: starts[joined.root(a.id)] for a in order}


class _Joined:
    """Disjoint sets."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._first = {key: key for key in keys}

    def root(self, key: str) -> str:
        while self._first[key] != key:
            self._first[key] = self._first[self._first[key]]
            key = self._first[key]
        return key

    def join(self, one: str, other: str) -> None:
        self._first[self.root(other)] = self.root(one)


def _copies(order: Sequence[Article]) -> Iterator[tuple[str, str]]:
    """Pairs of articles within the window whose titles are alike. `order` is by time."""
    words = {a.id: _words(a.title) for a in order}
    numbers = {key: {w for w in listed if any(c.isdigit() for c in w)} for key, listed in words.items()}
    common = Counter(word for listed in words.values() for word in set(listed))
    by_word: defaultdict[str, deque[Article]] = defaultdict(deque)
    for article in order:
        own = words[article.id]
        if len(own) < FEWEST_WORDS:
            continue
        near: Counter[str] = Counter()
        for word in sorted(set(own), key=lambda word: (common[word], word))[:RAREST]:
            recent = by_word[word]
            while recent and article.at - recent[0].at > WINDOW:
                recent.popleft()
            near.update(other.id for other in recent)
            recent.append(article)
        for other, shared in near.items():
            # "episode 12" and "episode 13" are not alike
            if shared >= SHARED and numbers[other] == numbers[article.id] and _alike(words[other], own):
                yield other, article.id


def _words(title: str) -> list[str]:
    """The words of a title in lower case, without the outlet's name at its end."""
    plain = _OUTLET.sub("", title)
    found = _WORD.findall(plain.lower())
    return found if len(found) >= FEWEST_WORDS else _WORD.findall(title.lower())


def _alike(one: list[str], other: list[str]) -> bool:
    left, right = " ".join(one), " ".join(other)
    return fuzz.token_set_ratio(left, right) >= ALIKE and fuzz.token_sort_ratio(left, right) >= WHOLE
