"""From a news item to rows of the mentions table: who and what it is about, one row a lab and topic."""

from datetime import datetime
from typing import Any

from collectors.labs import labs_mentioned, publisher_of
from collectors.topics import tagger, topics_of
from data.schema import Mention
from data.store import digest
from data.text import canonical_url, clean


def mention_rows(source: str, mention: Mention, run_id: str, known_at: datetime) -> list[dict[str, Any]]:
    """One row a lab and topic named; nothing where neither matched."""
    title = clean(mention.title)
    labs = [m.lab for m in labs_mentioned(title, mention.summary, ai_only=mention.ai_only)]
    about = [m.topic for m in topics_of(title, mention.summary, ai_only=mention.ai_only)]
    if not labs and not about:
        return []
    canonical = canonical_url(mention.url)
    article = digest(source, mention.native_key or canonical)
    published = mention.at or known_at
    common = {
        "article_id": article,
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
        "tagger": tagger(),
        "month": f"{published:%Y-%m}",
        "run_id": run_id,
    }
    pairs = [(lab, topic) for lab in labs or [""] for topic in about or [""]]
    return [{**common, "id": digest(article, lab, topic, tagger()), "lab": lab, "topic": topic} for lab, topic in pairs]
