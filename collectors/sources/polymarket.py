"""Polymarket: the prices that its traders pay on pinned events, read as probabilities. No input of any flag.

Outcomes and prices are JSON inside strings, in the same order. An event holds one market, or one for each answer.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Refused

API = "https://gamma-api.polymarket.com/events"
EVENTS = {
    "openai_agi_2027": (
        "openai-announces-it-has-achieved-agi-before-2027",
        "OpenAI announces AGI before 2027",
    ),
    "best_model_2026": ("which-company-has-best-ai-model-end-of-2026", "Best AI model at the end of 2026"),
}

PROBABILITY = {
    key: Indicator(
        key=f"market_p_{key}",
        title=f"Polymarket: {title}",
        unit="probability",
        stage="attention",
        transform="logit",
        floor=0.0,
        ceiling=1.0,
        better="context",
        definition=f"Price of “Yes” for “{title}” on Polymarket, on the day it was read.",
        family="forecasts",
        marks="day",
        date_kind="period",
        caveat="A price is a probability only as far as the market is deep and fair.",
    )
    for key, (_, title) in EVENTS.items()
}

SOURCE = Source(
    title="Polymarket",
    homepage="https://polymarket.com/",
    licence="not stated for the data; shown, not passed on",
    credit="Polymarket",
    share="none",
    every=timedelta(days=1),
    at_least=1,
    indicators=tuple(PROBABILITY.values()),
)


def address(slug: str) -> str:
    return f"{API}?slug={slug}"


def collect(http: Http) -> Iterator[Row]:
    asked = [key for key, (slug, _) in EVENTS.items() if http.has(address(slug))] or list(EVENTS)[:1]
    for key in asked:
        slug = EVENTS[key][0]
        events = http.json(address(slug))
        if not isinstance(events, list):
            raise Failure("schema", f"{address(slug)}: not a list of events")
        if not events:
            yield Refused(reason="no event of this name", row={"slug": slug}, status="pending")
            continue
        several = len(events[0]["markets"]) > 1
        for market in events[0]["markets"]:
            if market["active"] and not market["closed"]:
                yield PROBABILITY[key].observed(
                    date=http.now.date(),
                    value=_yes(market, address(slug)),
                    subject=market["groupItemTitle"] if several else "",
                    url=f"https://polymarket.com/event/{slug}",
                    question=market["question"],
                    closes=market.get("endDateIso"),
                )


def _yes(market: dict[str, Any], where: str) -> float:
    """The price of "Yes"."""
    try:
        outcomes, prices = json.loads(market["outcomes"]), json.loads(market["outcomePrices"])
        price = float(prices[outcomes.index("Yes")])
    except (ValueError, IndexError) as error:
        raise Failure("schema", f"{where}: {market['question']!r} has no price of Yes ({error})") from None
    if not 0 <= price <= 1:
        raise Failure("schema", f"{where}: {market['question']!r} has the price {price}")
    return price
