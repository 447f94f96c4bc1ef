"""Wikipedia pageviews: how often people look up a lab or an idea.

Views of an old title stay with the old title, so the titles of one subject are added up. A title without
any view in the range answers 404. One question gives any range, so the whole past costs as much as a month.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from collectors import parse
from collectors.counts import FEWEST_DAYS, WEEK
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Refused

API = "https://wikimedia.org/api/rest_v1/metrics/pageviews/per-article/en.wikipedia/all-access/user"
WEEKS = 5
SETTLED = timedelta(days=3)
PAGES = {
    "rsi": ("self-improvement", ("Recursive_self-improvement", "Intelligence_explosion")),
    "singularity": ("the singularity", ("Technological_singularity",)),
    "agi": ("AGI", ("Artificial_general_intelligence",)),
    "alignment": ("AI alignment", ("AI_alignment", "AI_safety")),
    "xrisk": ("existential risk", ("Existential_risk_from_artificial_intelligence",)),
    "llm": ("language models", ("Large_language_model",)),
    "agents": ("AI agents", ("AI_agent", "Vibe_coding")),
    "ai_act": ("the EU's AI Act", ("Artificial_Intelligence_Act",)),
    "anthropic": ("Anthropic, Claude", ("Anthropic", "Claude_(language_model)")),
    "openai": ("OpenAI, ChatGPT", ("OpenAI", "ChatGPT")),
    "google": ("DeepMind, Gemini", ("Google_DeepMind", "Gemini_(language_model)")),
    "xai": ("xAI, Grok", ("XAI_(company)", "Grok_(chatbot)")),
    "deepseek": ("DeepSeek", ("DeepSeek",)),
    "alibaba": ("Qwen", ("Qwen",)),
    "mistral": ("Mistral AI", ("Mistral_AI",)),
    "moonshot": ("Moonshot AI", ("Moonshot_AI",)),
}
LABS = ("anthropic", "openai", "google", "xai", "deepseek", "alibaba", "mistral", "moonshot")

VIEWS = {
    key: Indicator(
        key=f"wiki_views_{key}",
        title=f"Wiki: {name}",
        plural=True,
        unit="views/week",
        stage="attention",
        transform="log2",
        better="context",
        definition=f"Views a week by people of: {', '.join(t.replace('_', ' ') for t in titles)} (English Wikipedia).",
        family="wikipedia",
        marks="week",
        date_kind="period",
        max_factor=5.0,  # more happens, in news: then the next answer says the same
    )
    for key, (name, titles) in PAGES.items()
}

SOURCE = Source(
    title="Wikimedia pageviews",
    homepage="https://pageviews.wmcloud.org/",
    licence="CC0",
    credit="Wikimedia Foundation, Pageviews API",
    share="full",
    every=timedelta(days=1),
    at_least=1,
    indicators=tuple(VIEWS.values()),
)


def address(title: str, first: date, last: date) -> str:
    """The daily views of one title."""
    return f"{API}/{quote(title, safe='')}/daily/{first:%Y%m%d}/{last:%Y%m%d}"


def collect(http: Http) -> Iterator[Row]:
    today = http.now.date()
    monday = today - timedelta(days=today.weekday()) - WEEKS * WEEK
    yield from history(http, monday, today - timedelta(days=1))


def history(http: Http, first: date, last: date) -> Iterator[Row]:
    """The whole weeks from `first` on that are over and, mostly, complete by `last`."""
    first += timedelta(days=-first.weekday() % 7)
    answered, gone = 0, None
    for key, (_, titles) in PAGES.items():
        views: dict[date, int] = {}
        for title in titles:
            if not http.has(address(title, first, last)):
                continue
            try:
                items = http.json(address(title, first, last))["items"]
            except Failure as failure:
                if failure.outcome != "gone":
                    raise
                gone = failure
                row = {"title": title, "from": first.isoformat()}
                yield Refused(reason="no views, or the page has another title now", row=row, status="pending")
                continue
            answered += 1
            for day, number in _daily(items, title, first, last).items():
                views[day] = views.get(day, 0) + number
        yield from _weeks(key, views, first, last)
    if gone is not None and not answered:
        raise gone


def _daily(items: Iterable[Mapping[str, Any]], title: str, first: date, last: date) -> dict[date, int]:
    """The views of one title by day; a day that stands twice counts once, and with two numbers is none."""
    found: dict[date, int] = {}
    for item in items:
        day = _day(item["timestamp"], title)
        if not first <= day <= last:
            raise Failure("bad_content", f"{title}: {day} is not between {first} and {last}")
        if found.setdefault(day, item["views"]) != item["views"]:
            raise Failure("bad_content", f"{title}: {day} has {found[day]} views and {item['views']}")
    return found


def _day(timestamp: str, title: str) -> date:
    """The UTC day of "2026102600"."""
    written = f"{timestamp[:4]}-{timestamp[4:6]}-{timestamp[6:8]}"
    return parse.day(written, f"{title}: timestamp {timestamp}")


def _weeks(key: str, views: dict[date, int], first: date, last: date) -> Iterator[Row]:
    """Weeks are complete, or were over some days ago: the newest day comes late, an absent one may never come."""
    while first + WEEK - timedelta(days=1) <= last:
        days = [first + timedelta(days=n) for n in range(7) if first + timedelta(days=n) in views]
        late = last - (first + WEEK) < SETTLED
        if len(days) == 7 or (len(days) >= FEWEST_DAYS and not late):
            value = sum(views[day] for day in days) * 7 / len(days)
            yield VIEWS[key].observed(date=first, value=value, lab=key if key in LABS else None, days=len(days))
        first += WEEK
