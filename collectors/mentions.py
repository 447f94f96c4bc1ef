"""From a news item to rows of the mentions table: who and what it is about, one row a lab and topic."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import polars as pl

from collectors.labs import LabMatch, labs_mentioned, publisher_of
from collectors.topics import TopicMatch, tagger, topics_of
from data.schema import Mention
from data.store import Store, digest
from data.text import canonical_url, clean


def mention_rows(source: str, mention: Mention, run_id: str, known_at: datetime) -> list[dict[str, Any]]:
    """One row a lab and topic named; nothing where neither matched, unless the item is to be kept."""
    title = clean(mention.title)
    labs = labs_mentioned(title, mention.summary, ai_only=mention.ai_only)
    about = topics_of(title, mention.summary, ai_only=mention.ai_only)
    if not labs and not about and not mention.keep:
        return []
    canonical = canonical_url(mention.url)
    published = mention.at or known_at
    article = {
        "article_id": digest(source, mention.native_key or canonical),
        "source": source,
        "kind": mention.kind,
        "outlet": clean(mention.outlet, 100),
        "publisher_lab": publisher_of(mention.url),
        "title": title,
        "url": mention.url,
        "canonical_url": canonical,
        "published_at": published,
        "precision": mention.precision,
        "known_at": known_at,
        "lang": mention.lang,
        "month": f"{published:%Y-%m}",
        "run_id": run_id,
    }
    return tagged_rows(article, labs, about, ai_only=mention.ai_only)


def tagged_rows(
    article: dict[str, Any], labs: Iterable[LabMatch], about: Iterable[TopicMatch], *, ai_only: bool
) -> list[dict[str, Any]]:
    """The rows of one article under the lists of now: every lab with every topic, "" for none."""
    rows = []
    named: list[LabMatch | None] = [*labs]
    spoken: list[TopicMatch | None] = [*about]
    for lab in named or [None]:
        for topic in spoken or [None]:
            pair = (lab.lab if lab else "", topic.topic if topic else "")
            known = {
                "alias": lab and lab.alias,
                "strength": lab and lab.strength,
                "rescued_by": lab and lab.rescued_by,
                "term": topic and topic.term,
                "ai_only": ai_only,
            }
            evidence = json.dumps({k: v for k, v in known.items() if v}, ensure_ascii=False, sort_keys=True)
            key = digest(article["article_id"], *pair, tagger())
            rows.append(
                {**article, "id": key, "lab": pair[0], "topic": pair[1], "tagger": tagger(), "evidence": evidence}
            )
    return rows


def first_seen(rows: list[dict[str, Any]], source: str, store: Store) -> list[dict[str, Any]]:
    """Without the rows of undated items that are stored already: those lie in the month in which they were seen."""
    if not any(row["precision"] == "seen" for row in rows):
        return rows
    seen = store.read("mentions").filter((pl.col("source") == source) & (pl.col("precision") == "seen"))
    known = set(seen.select("id").collect()["id"].to_list())
    return [row for row in rows if row["id"] not in known]
