"""What the labs themselves publish: official feeds, and Anthropic's newsroom page, since it has no feed.

A post belongs to the lab on whose site it stands; most titles do not name their own lab. Posts a week are
counted only for weeks that every feed of the lab reaches back to. Hugging Face's feed carries guest posts,
which belong to their authors by address. xAI, Mistral, Meta's AI blog and the Chinese labs offer no feed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from collectors.counts import complete_weeks, labs
from collectors.feeds import Feed, Item, gather, mention
from collectors.instants import from_text
from collectors.labs import publisher_of
from collectors.matching import normalise
from collectors.source import Http, Row, Source
from data.lists import own_data
from data.schema import Failure, Indicator, Observation, Refused
from data.text import clean

ANTHROPIC = "https://www.anthropic.com/news"
FEEDS = {
    "https://openai.com/news/rss.xml": "openai",
    "https://deepmind.google/blog/rss.xml": "google",
    "https://research.google/blog/rss/": "google",
    "https://www.microsoft.com/en-us/research/feed/": "microsoft",
    "https://www.microsoft.com/en-us/ai/blog/feed/": "microsoft",
    "https://nvidianews.nvidia.com/releases.xml": "nvidia",
    "https://developer.nvidia.com/blog/feed": "nvidia",
    "https://www.amazon.science/index.rss": "amazon",
    "https://aws.amazon.com/blogs/machine-learning/feed/": "amazon",
    "https://machinelearning.apple.com/rss.xml": "apple",
    "https://thinkingmachines.ai/blog/index.xml": "thinking",
    "https://huggingface.co/blog/feed.xml": "huggingface",
}
# a post in the script of the newsroom page, whose quotes are escaped once more
_POST = re.compile(
    r'publishedOn\\?":\\?"(?P<at>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))\\?",\\?"slug\\?":\{\\?"_type\\?":\\?"slug\\?",'
    r'\\?"current\\?":\\?"(?P<slug>[\w-]+)\\?"\}(?P<rest>.{0,4000}?)\\?"title\\?":\\?"(?P<title>.{1,400}?)(?<!\\)\\?"[,}]',
    re.DOTALL,
)
_SECTION = re.compile(r'directories\\?":\[\{[^\]]*?value\\?":\\?"(news|research|engineering)')


def _posts(lab: str, name: str) -> Indicator:
    return Indicator(
        key=f"lab_posts_{lab}",
        title=f"Posts by {name}",
        plural=True,
        unit="posts/week",
        stage="attention",
        transform="log2",
        better="context",
        definition=f"Posts a week in the official feeds of {name}, by publication date.",
        family="lab_posts",
        marks="week",
        date_kind="period",
    )


POSTS = {lab: _posts(lab, labs()[lab]) for lab in sorted({*FEEDS.values(), "anthropic"})}

SOURCE = Source(
    redirects_to=None,
    title="Official posts of the labs",
    homepage="https://openai.com/news/",
    licence="titles and links with credit; posts belong to the labs",
    credit="the labs, each named beside its posts",
    share="none",
    every=timedelta(hours=1),
    at_least=3,
    indicators=tuple(POSTS.values()),
)


def collect(http: Http) -> Iterator[Row]:
    found: dict[str, list[Feed]] = {}
    silent: set[str] = set()
    for _, lab, feed in gather(http, FEEDS | {ANTHROPIC: "anthropic"}, {ANTHROPIC: newsroom}):
        if isinstance(feed, Refused):
            silent.add(lab)
            yield feed
        else:
            found.setdefault(lab, []).append(feed)
            yield from feed.refused
    seen: set[str] = set()
    for lab, feeds in found.items():
        for item in (item for feed in feeds for item in feed.items if item.key not in seen):
            seen.add(item.key)
            general = publisher_of(item.url) is None or _is_general(item.url)
            yield mention(item, labs()[lab], kind="lab", ai_only=not general)
        asked = sum(1 for url, owner in (FEEDS | {ANTHROPIC: "anthropic"}).items() if owner == lab and http.has(url))
        if lab not in silent and len(feeds) == asked:
            yield from _by_week(lab, feeds, http.now)


def newsroom(body: bytes, url: str, now: datetime) -> Feed:
    """The posts in Anthropic's newsroom page: publication instant, address and title stand in its script."""
    text = body.decode("utf-8", "replace")
    if not text.rstrip().endswith("</html>"):
        raise Failure("bad_content", f"{url}: the page does not end, so that it may be cut")
    items = {}
    for post in _POST.finditer(text):
        if "publishedOn" in post["rest"]:
            continue  # this post has no title of its own: that one is the next post's
        section = _SECTION.search(text, text.rfind("directories", 0, post.start()), post.start())
        address = f"https://www.anthropic.com/{section[1] if section else 'news'}/{post['slug']}"
        title = clean(normalise(_unescaped(post["title"])))
        at = from_text(post["at"], address)
        if title and at <= now:
            items[address] = Item(address, title, address, at, "second")
    if not items:
        raise Failure("bad_content", f"{url}: no post with a publication date")
    return Feed(tuple(items.values()))


def _is_general(url: str) -> bool:
    """Whether the site also writes about other things than AI (hosts_general)."""
    general = {host for entry in own_data("labs.yaml")["labs"].values() for host in entry.get("hosts_general", ())}
    host = url.split("/")[2].lower()
    return any(host == known or host.endswith("." + known) for known in general)


def _is_own(url: str, lab: str) -> bool:
    """Whether a post in the lab's feed is the lab's: guests at Hugging Face may be anybody."""
    owner = publisher_of(url)
    return owner == lab or (owner is None and lab != "huggingface")


def _by_week(lab: str, feeds: Iterable[Feed], now: datetime) -> Iterator[Observation]:
    """Posts a week, from the first whole week that all feeds of the lab reach."""
    days: dict[str, date] = {}
    begin = date.min
    for feed in feeds:
        if not feed.is_dated:
            return
        begin = max(begin, min(item.at.date() for item in feed.items if item.at) + timedelta(days=1))
        days |= {item.key: item.at.date() for item in feed.items if item.at and _is_own(item.url, lab)}
    found = Counter(day - timedelta(days=day.weekday()) for day in days.values())
    for monday in complete_weeks(begin, now):
        yield POSTS[lab].observed(date=monday, value=found[monday], lab=lab)


def _unescaped(text: str) -> str:
    """A title as it stands in a script inside a script."""
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    return re.sub(r"\\+(.)", r"\1", text)
