"""Manifold: the probability that its players give to a few pinned questions. Play money, and no input of any flag.

A question is pinned by its slug. Times are in milliseconds; only yes-no questions have one probability.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Refused

API = "https://api.manifold.markets/v0"
MARKETS = {
    "agi_2028": ("will-we-get-agi-before-2028-ff560f9e9346", "AGI before 2028"),
    "agi_2030": ("will-we-get-agi-before-2030", "AGI before 2030"),
    "dropin_worker": ("will-we-develop-leopolds-dropin-rem", "Drop-in remote workers made of AI"),
}
MOST_PAGES = 50
BETS = 1000

PROBABILITY = {
    key: Indicator(
        key=f"market_p_{key}",
        title=f"Manifold: {title}",
        unit="probability",
        stage="attention",
        transform="logit",
        floor=0.0,
        ceiling=1.0,
        better="context",
        definition=f"Probability of the pinned question “{title}” on Manifold, on the day it was read.",
        family="forecasts",
        marks="day",
        date_kind="period",
        caveat="Players bet play money; the question's own rules decide what it means.",
    )
    for key, (_, title) in MARKETS.items()
}

SOURCE = Source(
    title="Manifold",
    homepage="https://manifold.markets/",
    licence="not stated for the data; shown, not passed on",
    credit="Manifold Markets",
    share="none",
    every=timedelta(days=1),
    at_least=1,
    indicators=tuple(PROBABILITY.values()),
)


def address(slug: str) -> str:
    return f"{API}/slug/{slug}"


def collect(http: Http) -> Iterator[Row]:
    asked = [key for key, (slug, _) in MARKETS.items() if http.has(address(slug))] or list(MARKETS)[:1]
    for key in asked:
        market = _market(http, key)
        if isinstance(market, Refused):
            yield market
        elif not market["isResolved"]:
            yield _observed(key, http.now.date(), market["probability"], market)


def history(http: Http, first: date, last: date) -> Iterator[Row]:
    """The probability after the last bet of each day: bets come newest first, a thousand a page."""
    for key in MARKETS:
        market = _market(http, key)
        if isinstance(market, Refused):
            yield market
            continue
        days: dict[date, float] = {}
        before = ""
        for _ in range(MOST_PAGES):
            page = f"{API}/bets?contractId={market['id']}&limit={BETS}" + (f"&before={before}" if before else "")
            bets = http.json(page)
            for bet in bets:
                day = datetime.fromtimestamp(bet["createdTime"] / 1000, UTC).date()
                if "probAfter" in bet:  # a limit order that never met another changed nothing
                    days.setdefault(day, bet["probAfter"])
            if len(bets) < BETS or min(days, default=first) < first:
                break
            before = bets[-1]["id"]
        for day in sorted(days):
            if first <= day <= last:
                yield _observed(key, day, days[day], market)


def _market(http: Http, key: str) -> Any:
    """The question, or why it cannot be read."""
    slug, title = MARKETS[key]
    try:
        market = http.json(address(slug))
    except Failure as failure:
        if failure.outcome != "gone":
            raise
        return Refused(reason="no question of this name", row={"slug": slug}, status="pending")
    if market["outcomeType"] != "BINARY":
        return Refused(reason="not a yes-no question", row={"slug": slug, "title": title})
    return market


def _observed(key: str, day: date, value: float, market: dict[str, Any]) -> Row:
    closes = datetime.fromtimestamp(market["closeTime"] / 1000, UTC).date()
    return PROBABILITY[key].observed(
        date=day, value=value, url=market["url"], question=market["question"], closes=closes.isoformat()
    )
