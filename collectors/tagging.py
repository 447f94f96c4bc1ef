"""The verbs about names: tag titles with the evidence, score the lists against labels, find new names, tag again."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from typing import Any

import polars as pl

from collectors.labs import LabMatch, labs_mentioned, publisher_of, title_names_a_product
from collectors.matching import fold, normalise
from collectors.mentions import tagged_rows
from collectors.run import count
from collectors.source import Collector
from collectors.topics import TopicMatch, tagger, topics_of
from data import queries
from data.lists import own_data
from data.schema import Failure
from data.store import Store

Found = tuple[tuple[LabMatch, ...], tuple[TopicMatch, ...]]


@dataclass(frozen=True)
class Title:
    """One line of the input: a title, or a JSON object with `title` and perhaps the rest."""

    title: str
    summary: str = ""
    url: str = ""
    outlet: str = ""
    ai_only: bool = False
    labs: frozenset[str] | None = None
    topics: frozenset[str] | None = None

    def found(self) -> Found:
        return (
            labs_mentioned(self.title, self.summary, ai_only=self.ai_only),
            topics_of(self.title, self.summary, ai_only=self.ai_only),
        )


def titles(lines: Iterable[str]) -> Iterator[Title]:
    """The titles of a file, one a line; empty lines are skipped. Failure names the line that is no JSON."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text.startswith("{"):
            if text:
                yield Title(text)
            continue
        try:
            row = json.loads(text)
            labels = {k: None if row.get(k) is None else frozenset(row[k]) for k in ("labs", "topics")}
            plain = {k: str(row.get(k) or "") for k in ("summary", "url", "outlet")}
            yield Title(title=str(row["title"]), ai_only=bool(row.get("ai_only")), **plain, **labels)  # type: ignore[arg-type]
        except (ValueError, KeyError, TypeError) as error:
            raise Failure("bad_content", f"line {number}: not a JSON object with a title ({error})") from None


def tags(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """For each title the labs and topics with what made them match. To publish is another thing than to be named."""
    for title in titles(lines):
        labs, about = title.found()
        yield {
            "title": title.title,
            **({"url": title.url, "publisher_lab": publisher_of(title.url)} if title.url else {}),
            **({"outlet": title.outlet} if title.outlet else {}),
            "labs": [
                {"lab": m.lab, "alias": m.alias, "strength": m.strength, "rescued_by": m.rescued_by} for m in labs
            ],
            "topics": [{"topic": m.topic, "term": m.term} for m in about],
            "tagger": tagger(),
        }


def half_of(title: str) -> str:
    """The half that a labelled title belongs to, by its hash: words of the lists are chosen on the first one only."""
    return ("tuned on", "held out")[sha256(title.encode()).digest()[-1] % 2]


def score(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Precision and recall over labelled titles: what is wrong one by one, then the figures, whole and by halves."""
    right, wrong, missed = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    number = Counter[str]()
    for title in titles(lines):
        parts = ("all", half_of(title.title))
        number.update(parts)
        labs, about = title.found()
        for kind, got, wanted in (
            ("labs", {m.lab for m in labs}, title.labs),
            ("topics", {m.topic for m in about}, title.topics),
        ):
            if wanted is None:
                continue
            for part in parts:
                right[kind, part] += len(got & wanted)
                wrong[kind, part] += len(got - wanted)
                missed[kind, part] += len(wanted - got)
            if got != wanted:
                yield {
                    "title": title.title,
                    "half": parts[1],
                    "wrong": sorted(got - wanted),
                    "missed": sorted(wanted - got),
                }
    for kind, part in product(("labs", "topics"), ("all", "tuned on", "held out")):
        at = (kind, part)
        yield {
            "of": kind,
            "part": part,
            "titles": number[part],
            "right": right[at],
            "wrong": wrong[at],
            "missed": missed[at],
            "precision": _ratio(right[at], wrong[at]),
            "recall": _ratio(right[at], missed[at]),
            "tagger": tagger(),
        }


def _ratio(right: int, wrong: int) -> float | None:
    return round(right / (right + wrong), 4) if right + wrong else None


def unmatched(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Words that look like a model's name and that no list knows, the most frequent first, each with one title."""
    pattern = re.compile(rf"(?<![\w-]){own_data('labs.yaml')['unmatched_model_pattern']}(?!\w)")
    times: Counter[str] = Counter()
    example: dict[str, str] = {}
    for title in titles(lines):
        for word in set(pattern.findall(normalise(title.title))):
            times[word] += 1
            example.setdefault(word, title.title)
    for word, number in times.most_common():
        if not title_names_a_product(word, ai_only=True) and not labs_mentioned(word, ai_only=True):
            yield {"word": word, "titles": number, "example": example[word]}


def speed(lines: Iterable[str]) -> dict[str, Any]:
    """How many titles a second one core tags, labs and topics, in processor time: a busy machine changes nothing."""
    listed = list(titles(lines))
    for title in listed[:100]:
        title.found()
    start = time.process_time()
    for title in listed:
        title.found()
    seconds = time.process_time() - start
    return {"titles": len(listed), "seconds": round(seconds, 3), "titles_per_second": round(len(listed) / seconds)}


def stored(store: Store) -> Iterator[str]:
    """All stored titles, one a line, each once."""
    yield from store.read("mentions").select(pl.col("title").unique()).collect()["title"].to_list()


def retag(store: Store, now: datetime | None = None) -> int:
    """Tag every stored article with the lists of now: rows are added under the new tagger, none is changed.

    An article that no longer names anybody gets a row that says so. What once came from a summary, which is
    never stored, is carried over. The number of rows added.
    """
    rows = store.read("mentions").sort("known_at").collect()
    articles = rows.group_by("article_id", maintain_order=True)
    known_at = now or datetime.now(UTC)
    made: list[dict[str, Any]] = []
    for _, group in articles:
        newest = group.row(-1, named=True)
        if newest["tagger"] == tagger():
            continue
        old = [row for row in group.to_dicts() if row["tagger"] == newest["tagger"]]
        made += _again(old, known_at)
    return store.append_new("mentions", made)


def _again(old: list[dict[str, Any]], known_at: datetime) -> list[dict[str, Any]]:
    title = old[0]["title"]
    exact = normalise(title)
    plain = fold(exact)
    before = [(row, json.loads(row["evidence"] or "{}")) for row in old]
    ai_only = any(known.get("ai_only") for _, known in before)
    labs = {m.lab: m for m in labs_mentioned(title, ai_only=ai_only)}
    about = {m.topic: m for m in topics_of(title, ai_only=ai_only)}
    for row, known in before:
        # as it is written: a shipped title is made of an address, which has no capitals
        if row["lab"] and (known.get("alias") or exact) not in exact:
            labs.setdefault(
                row["lab"], LabMatch(row["lab"], known["alias"], known["strength"], known.get("rescued_by", ""))
            )
        if row["topic"] and fold(known.get("term") or plain) not in plain:
            about.setdefault(row["topic"], TopicMatch(row["topic"], known["term"]))
    plain_row = {k: v for k, v in old[0].items() if k not in ("id", "lab", "topic", "tagger", "evidence")}
    article = {**plain_row, "known_at": known_at, "run_id": f"retag-{tagger()}"}
    return tagged_rows(article, labs.values(), about.values(), ai_only=ai_only)


def recount(store: Store, collectors: Mapping[str, Collector], now: datetime | None = None) -> int:
    """Count all days again, under the lists of now, of the sources that are counted by their stored titles."""
    now = now or datetime.now(UTC)
    new = 0
    for name, collector in collectors.items():
        counts = collector.source.counts
        if counts is not None and counts.from_table:
            days = sorted(queries.good_days(store, name))
            if days:
                new += count(collector, (), store, f"retag-{tagger()}", now, None, since=days[0])
    return new
