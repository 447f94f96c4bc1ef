"""The real feeds and answers that this project has, replayed into the mentions table, and twenty rows checked by hand.

Each row was read in the publisher's file: whom and what it is about, who published it, its day and its address. Titles
stay with their publishers, so that a row is named by its address here.
"""

import json
from datetime import date, datetime, timedelta

import pytest

from collectors.feeds import mention, read
from collectors.instants import from_text
from collectors.labs import publisher_of
from collectors.mentions import mention_rows
from collectors.registry import one
from collectors.replay import Replay
from collectors.run import run_source
from collectors.source import Http, Payload
from collectors.sources import hacker_news, lab_feeds
from data import mentions
from data.store import Store
from tests.conftest import NOW, SHARED

COPIES = ("anthropic_news", "meta_ai", "mistral", "xainews", "aisi", "openai_research")
OWN = {
    "https://openai.com/news/rss.xml": "feeds/openai_news_20260829.rss.xml",
    "https://huggingface.co/blog/feed.xml": "feeds/huggingface_blog_20260828.rss.xml",
    lab_feeds.ANTHROPIC: "anthropic_site/newsroom_2026-05.html",
}


class OneStory(Http):
    """The search of Hacker News with one recorded story in it."""

    now = NOW

    def __init__(self, hit: dict[str, object]) -> None:
        self.hit = hit

    def get(self, url: str, *, headers: object = None) -> Payload:
        body = json.dumps({"nbHits": 1, "hits": [self.hit]}).encode()
        return Payload(url=url, status=200, headers={}, body=body)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str, str, date]]:
    """By address: the labs named, the topics, who published it, and the day."""
    if not SHARED.is_dir():
        pytest.skip("no real payloads beside this checkout (../shared/payloads)")
    store = Store(str(tmp_path_factory.mktemp("store")))
    store.create()
    folder = tmp_path_factory.mktemp("answers")
    (folder / "index.json").write_text(json.dumps({url: {"file": str(SHARED / name)} for url, name in OWN.items()}))
    assert run_source(one("lab_feeds"), Replay(folder, NOW), store, at=NOW).outcome == "ok"
    rows = []
    for name in COPIES:
        path = SHARED / "feeds" / f"community_{name}.rss.xml"
        for item in read(path.read_bytes(), f"https://example.org/{name}", NOW).items:
            rows += mention_rows("copies", mention(item, name, ai_only=True, kind="lab"), "r", NOW)
    for hit in json.loads((SHARED / "hn_algolia/search_anthropic_or_claude_ai.json").read_text())["hits"]:
        at: datetime = from_text(hit["created_at"], "HN")
        for story in hacker_news._stories(OneStory(hit), at, at + timedelta(seconds=1)):
            rows += mention_rows("hacker_news", story, "r", NOW)
    store.append_new("mentions", rows)
    return {
        row["url"]: (
            " ".join(row["labs"]),
            " ".join(row["topics"]),
            publisher_of(row["url"]) or "",
            row["published_at"].date(),
        )
        for row in mentions.articles(store, mentions.Wanted(), 5000).iter_rows(named=True)
    }


BY_HAND = [
    # address, labs named, topics, published by, day
    ("https://openai.com/index/our-decision-on-cursor-following-its-acquisition-by-spacex", "openai", "agents_coding", "openai", "2026-08-28"),
    ("https://openai.com/index/what-students-gain-from-chatgpt-critical-thinking-training", "openai", "", "openai", "2026-08-27"),
    ("https://www.anthropic.com/news/claude-text-watermark", "anthropic", "", "anthropic", "2026-08-14"),
    ("https://www.anthropic.com/news/tino-cuellar", "anthropic", "", "anthropic", "2026-08-04"),
    ("https://www.anthropic.com/news/cognizant-anthropic", "anthropic", "", "anthropic", "2026-07-27"),
    ("https://www.aisi.gov.uk/blog/how-our-new-control-red-team-is-stress-testing-frontier-monitors", "", "safety_incident", "", "2026-07-23"),
    ("https://www.aisi.gov.uk/blog/preliminary-assessment-of-kimi-k3s-cyber-capabilities", "moonshot", "regulation", "", "2026-07-23"),
    ("https://www.aisi.gov.uk/blog/how-far-behind-the-frontier-are-leading-open-weight-models-on-cyber", "deepseek zhipu", "", "", "2026-07-17"),
    ("https://ai.meta.com/blog/genesis-mission-lawrence-berkeley-national-laboratory-segment-anything-dino/", "meta", "", "meta", "2026-07-21"),
    ("https://ai.meta.com/blog/introducing-muse-spark-msl/", "meta", "agi_timelines release", "meta", "2026-04-08"),
    ("https://mistral.ai/news/accelerate-ai-native-industry", "mistral", "", "mistral", "2026-05-22"),
    ("https://mistral.ai/news/vibe-remote-agents-mistral-medium-3-5", "mistral", "agents_coding", "mistral", "2026-04-29"),
    ("https://mistral.ai/news/le-chat-mcp-connectors-memories", "mistral", "", "mistral", "2025-09-02"),
    ("https://x.ai/news/grok-opencode", "xai", "", "xai", "2026-05-21"),
    ("https://x.ai/news/grok-openclaw", "xai", "agents_coding", "xai", "2026-05-19"),
    ("https://x.ai/news/grok-build-cli", "xai", "agents_coding release", "xai", "2026-05-14"),
    ("https://x.ai/news/grok-imagine-quality-mode", "xai", "", "xai", "2026-05-06"),
    ("https://x.ai/news/grok-imagine-api", "xai", "", "xai", "2026-01-28"),
    ("https://github.com/MergeMint/mergemint-app", "anthropic", "", "", "2025-12-10"),
    ("https://news.ycombinator.com/item?id=44292640", "", "agents_coding", "", "2025-06-16"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "labs", "topics", "publisher", "day"), BY_HAND)
def test_a_real_row_is_about_whom_and_what_a_reader_finds(
    found: dict[str, tuple[str, str, str, date]], url: str, labs: str, topics: str, publisher: str, day: str
) -> None:
    assert found[url] == (labs, topics, publisher, date.fromisoformat(day))


def test_all_the_real_answers_make_hundreds_of_articles(found: dict[str, tuple[str, str, str, date]]) -> None:
    assert len(found) > 400
    assert len({lab for labs, *_ in found.values() for lab in labs.split()}) >= 12
