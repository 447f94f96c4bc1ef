"""Polymarket: the prices that its traders pay on pinned events, read as probabilities. No input of any flag.

Outcomes and prices are JSON inside strings, in the same order. An event holds one market, or one for each answer.
"""

import json
from collections.abc import Iterator
from typing import Any

from collectors.forecasts import Question, asked, market_source, probabilities, probability
from collectors.source import Http, Row
from data.schema import Failure, Refused

API = "https://gamma-api.polymarket.com/events"
EVENTS = {
    "openai_agi_2027": Question(
        "openai-announces-it-has-achieved-agi-before-2027", "OpenAI has AGI", "OpenAI announces AGI before 2027"
    ),
    "best_model_2026": Question(
        "which-company-has-best-ai-model-end-of-2026", "best AI model", "Best AI model at the end of 2026"
    ),
}

PROBABILITY = probabilities(
    "Polymarket",
    EVENTS,
    definition="Price of “Yes” for “{}” on Polymarket, on the day it was read.",
    caveat="A price is a probability only as far as the market is deep and fair.",
)
SOURCE = market_source("Polymarket", "https://polymarket.com/", "Polymarket", PROBABILITY)


def address(slug: str) -> str:
    return f"{API}?slug={slug}"


def collect(http: Http) -> Iterator[Row]:
    found = False
    for key, url in asked(http, EVENTS, address):
        slug = EVENTS[key].slug
        events = http.json(url)
        if not isinstance(events, list):
            raise Failure("schema", f"{url}: not a list of events")
        if not events:
            yield Refused(reason="no event of this name", row={"slug": slug}, status="pending")
            continue
        found = True
        several = len(events[0]["markets"]) > 1
        for market in events[0]["markets"]:
            if market["active"] and not market["closed"]:
                yield PROBABILITY[key].observed(
                    date=http.now.date(),
                    value=_yes(market, url),
                    subject=market["groupItemTitle"] if several else "",
                    url=f"https://polymarket.com/event/{slug}",
                    question=market["question"],
                    closes=market.get("endDateIso"),
                )
    if not found:
        raise Failure("incomplete", f"{API}: none of the pinned events is there")


def _yes(market: dict[str, Any], where: str) -> float:
    """The price of "Yes"."""
    try:
        outcomes, prices = json.loads(market["outcomes"]), json.loads(market["outcomePrices"])
        price = prices[outcomes.index("Yes")]
    except (ValueError, IndexError, RecursionError) as error:
        raise Failure("schema", f"{where}: {market['question']!r} has no price of Yes ({error})") from None
    return probability(price, f"{where}: {market['question']!r}")
