"""Manifold: the probability that its players give to a few pinned questions. Play money, and no input of any flag.

A question is pinned by its slug. Times are in milliseconds; only yes-no questions have one probability.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from collectors.forecasts import Question, asked, market_source, probabilities, probability
from collectors.instants import from_milliseconds
from collectors.source import Http, Row
from data.schema import Failure, Refused

API = "https://api.manifold.markets/v0"
MARKETS = {
    "agi_2028": Question("will-we-get-agi-before-2028-ff560f9e9346", "AGI before 2028", "AGI before 2028"),
    "agi_2030": Question("will-we-get-agi-before-2030", "AGI before 2030", "AGI before 2030"),
    "dropin_worker": Question(
        "will-we-develop-leopolds-dropin-rem", "drop-in workers", "Drop-in remote workers made of AI"
    ),
}
MOST_PAGES = 50
BETS = 1000

PROBABILITY = probabilities(
    "Manifold",
    MARKETS,
    definition="Probability of the pinned question “{}” on Manifold, on the day it was read.",
    caveat="Players bet play money; the question's own rules decide what it means.",
)
SOURCE = market_source("Manifold", "https://manifold.markets/", "Manifold Markets", PROBABILITY)


def address(slug: str) -> str:
    return f"{API}/slug/{slug}"


def collect(http: Http) -> Iterator[Row]:
    for key, market in _markets(http):
        if isinstance(market, Refused):
            yield market
        elif not market["isResolved"]:
            yield _observed(key, http.now.date(), market["probability"], market)


def history(http: Http, first: date, last: date) -> Iterator[Row]:
    """The probability after the last bet of each day: bets come newest first, a thousand a page."""
    for key, market in _markets(http):
        if isinstance(market, Refused):
            yield market
            continue
        days: dict[date, float] = {}
        before = ""
        for _ in range(MOST_PAGES):
            page = f"{API}/bets?contractId={market['id']}&limit={BETS}" + (f"&before={before}" if before else "")
            bets = http.json(page)
            for bet in bets:
                day = from_milliseconds(bet["createdTime"], page).date()
                if "probAfter" in bet:  # a limit order that never met another changed nothing
                    days.setdefault(day, bet["probAfter"])
            if len(bets) < BETS or min(days, default=first) < first:
                break
            before = bets[-1]["id"]
        for day in sorted(days):
            if first <= day <= last:
                yield _observed(key, day, days[day], market)


def _markets(http: Http) -> Iterator[tuple[str, Any]]:
    """The questions, or why one cannot be read. Where none is there any more, that is a Failure."""
    answered, gone = 0, None
    for key, url in asked(http, MARKETS, address):
        row = {"slug": MARKETS[key].slug, "title": MARKETS[key].title}
        try:
            market = http.json(url)
        except Failure as failure:
            if failure.outcome != "gone":
                raise
            gone = failure
            yield key, Refused(reason="no question of this name", row=row, status="pending")
            continue
        answered += 1
        yield key, market if market["outcomeType"] == "BINARY" else Refused(reason="not a yes-no question", row=row)
    if gone is not None and not answered:
        raise gone


def _observed(key: str, day: date, value: object, market: dict[str, Any]) -> Row:
    where = f"{API}: {market['question']}"
    return PROBABILITY[key].observed(
        date=day,
        value=probability(value, where),
        url=market["url"],
        question=market["question"],
        closes=from_milliseconds(market["closeTime"], where).date().isoformat(),
    )
