"""Press feeds: which labs and topics the news names.

A feed holds ten to fifty items, so a day is counted from what was stored over many runs, never from one
answer, and there is no past: the series starts with the collection. Every item is stored, also those that
name nobody, because the share needs them. Titles, links and dates only; the text stays the publishers'.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors.counts import Counts, daily, each_lab, each_topic, number, share
from collectors.feeds import gather, mention
from collectors.source import Http, Row, Source
from data.schema import Refused

# an AI section lets weak names count ("Claude" alone); the general ones do not
AI_SECTIONS = {
    "https://www.theverge.com/rss/ai-artificial-intelligence/index.xml": "The Verge",
    "https://www.technologyreview.com/topic/artificial-intelligence/feed": "MIT Technology Review",
}
GENERAL = {
    "https://feeds.arstechnica.com/arstechnica/technology-lab": "Ars Technica",
    "https://techcrunch.com/feed/": "TechCrunch",
    "https://www.wired.com/feed/rss": "Wired",
    "https://api.axios.com/feed/": "Axios",
    "https://venturebeat.com/feed/": "VentureBeat",
    "https://www.techmeme.com/feed.xml": "Techmeme",
    "https://www.semianalysis.com/feed": "SemiAnalysis",
}

COUNTS = Counts(
    daily=daily("press", "Press feeds", "items"),
    weekly=(
        *each_topic(
            share,
            "press_share",
            "Press on {}",
            "Press items with strict terms of “{}” among all items of the same feeds, by publication date.",
            family="press",
        ),
        *each_lab(
            number,
            "press_mentions_lab",
            "Press on {}",
            "Press items a week whose title or summary names {}; the lab's own posts are left out.",
            items="items",
            family="press",
        ),
        number(
            "incident_mentions",
            "Incidents in the press",
            "topic:safety_incident",
            items="items",
            family="press",
            about="Press items a week with strict terms of safety incidents and control.",
        ),
    ),
    from_table=True,
)

SOURCE = Source(
    redirects_to=None,
    title="Press feeds",
    homepage="https://www.techmeme.com/",
    licence="titles and links with credit; articles belong to the publishers",
    credit="the outlets, each named beside its items",
    share="none",
    every=timedelta(hours=1),
    at_least=3,
    indicators=COUNTS.indicators,
    counts=COUNTS,
)


def collect(http: Http) -> Iterator[Row]:
    for url, outlet, feed in gather(http, AI_SECTIONS | GENERAL):
        if isinstance(feed, Refused):
            yield feed
            continue
        yield from feed.refused
        yield from (mention(item, outlet, keep=True, ai_only=url in AI_SECTIONS) for item in feed.items)
