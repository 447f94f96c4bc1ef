"""Posts of the organisations that evaluate AI and work on its safety.

METR's two feeds are one blog on two sites; the older address is asked only where the newer is gone.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from collectors.counts import complete_weeks
from collectors.feeds import gather, mention
from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused

FEEDS = {
    "https://epoch.ai/atom.xml": "Epoch AI",
    "https://metr.substack.com/feed": "METR",
    "https://blog.redwoodresearch.org/feed": "Redwood Research",
    "https://www.lesswrong.com/feed.xml?view=community-rss&karmaThreshold=125": "LessWrong",
    "https://importai.substack.com/feed": "Import AI",
}
COUNTED = ("Epoch AI", "METR", "Redwood Research")
"""Who evaluates or does safety research; a forum and a newsletter are read, and not counted among them."""

POSTS = Indicator(
    key="eval_org_posts",
    title="Posts by AI evaluators",
    plural=True,
    unit="posts/week",
    stage="oversight",
    transform="log2",
    better="context",
    definition=f"Posts a week in the feeds of {', '.join(COUNTED)}, by publication date.",
    marks="week",
    date_kind="period",
    caveat="Counted only for weeks that all these feeds reach back to.",
)

SOURCE = Source(
    redirects_to=None,
    title="Evaluation and safety organisations",
    homepage="https://metr.org/",
    licence="titles and links with credit; posts belong to their authors",
    credit="the organisations, each named beside its posts",
    share="none",
    every=timedelta(hours=6),
    at_least=1,
    indicators=(POSTS,),
)


def collect(http: Http) -> Iterator[Row]:
    begin, days, counted = date.min, list[date](), 0
    for _, outlet, feed in gather(http, FEEDS):
        if isinstance(feed, Refused):
            yield feed
            continue
        yield from feed.refused
        yield from (mention(item, outlet, ai_only=outlet != "LessWrong") for item in feed.items)
        if outlet in COUNTED and feed.is_dated:
            counted += 1
            dated = [item.at.date() for item in feed.items if item.at is not None]
            begin = max(begin, min(dated) + timedelta(days=1))
            days += dated
    if counted == len(COUNTED):
        found = Counter(day - timedelta(days=day.weekday()) for day in days)
        for monday in complete_weeks(begin, http.now):
            yield POSTS.observed(date=monday, value=found[monday])
