"""OpenRouter catalogue: what a million output tokens cost today, and what a fixed ability costs.

The catalogue has no history and no release dates (`created` is the day of listing), so each day's own
snapshot is the series. Ability is read from the Epoch Capabilities Index, by exact name and never by guess:
a model that is spelt differently there counts for nothing here.
"""

from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any

from collectors.labs import lab_of
from collectors.parse import csv_rows, number
from collectors.source import Http, Row, Source
from data.schema import Indicator, Observation, Variant

CATALOGUE = "https://openrouter.ai/api/v1/models"
ABILITY = "https://epoch.ai/data/eci_scores.csv"
BARS = (150, 130)  # GPT-5 and Claude 3.5 Sonnet, the two anchors of the index
MILLION = 1_000_000

_CAVEAT = (
    "List prices of one reseller. When the mix of listed models changes, the figure moves without any price moving."
)


def _price(key: str, title: str, definition: str, variants: tuple[Variant, ...] = ()) -> Indicator:
    return Indicator(
        key=key,
        title=title,
        definition=definition,
        unit="USD per million tokens",
        stage="capability",
        transform="log2",
        better="down",
        variants=variants,
        family="openrouter_prices",
        marks="day",
        date_kind="snapshot",
        caveat=_CAVEAT,
        max_factor=10.0,
    )


AT_BAR = _price(
    "price_at_bar",
    "Price at fixed ability",
    "Lowest output price among the listed models whose Epoch Capabilities Index reaches a fixed value.",
    tuple(Variant(key=f"eci-{bar}", title=f"Index of {bar} or more") for bar in BARS),
)
MEDIANS = {
    True: _price(
        "price_median_open",
        "Median price, open models",
        "Median output price of the paid models with published weights.",
    ),
    False: _price(
        "price_median_closed",
        "Median price, closed",
        "Median output price of the paid models without published weights.",
    ),
}

SOURCE = Source(
    title="OpenRouter model catalogue",
    homepage="https://openrouter.ai/models",
    licence="terms of the catalogue unclear; derived values with credit",
    credit="OpenRouter, model catalogue; Epoch AI, Epoch Capabilities Index",
    share="none",
    every=timedelta(days=1),
    at_least=2,
    indicators=(AT_BAR, *MEDIANS.values()),
)


def collect(http: Http) -> Iterator[Row]:
    paid = [model for model in http.json(CATALOGUE)["data"] if _is_paid_model(model)]
    for is_open, indicator in MEDIANS.items():
        prices = [_usd(model) for model in paid if bool(model["hugging_face_id"]) == is_open]
        if prices:
            yield indicator.observed(
                date=http.now.date(), value=median(prices), url=CATALOGUE, derived=True, models=len(prices)
            )
    if http.has(ABILITY):
        yield from _at_bars(http, paid)


def _is_paid_model(model: dict[str, Any]) -> bool:
    """Not an alias of another row ("~"), not a free variant, not a router (price -1), not a gift (price 0)."""
    return not model["id"].startswith("~") and not model["id"].endswith(":free") and _usd(model) > 0


def _usd(model: dict[str, Any]) -> float:
    return round(number(model["pricing"]["completion"], f"{CATALOGUE}: {model['id']}") * MILLION, 6)


def _at_bars(http: Http, paid: list[dict[str, Any]]) -> Iterator[Observation]:
    ability = {}
    for row in csv_rows(http.get(ABILITY).body, ("Display name", "eci"), ABILITY):
        ability[_name(row["Display name"])] = number(row["eci"], f"{ABILITY}: {row['Display name']}")
    for bar in BARS:
        able = [model for model in paid if ability.get(_name(model["name"].rpartition(": ")[2]), 0) >= bar]
        if able:  # an old index may name no model that is still listed
            cheapest = min(able, key=lambda model: (_usd(model), model["id"]))
            yield AT_BAR.observed(
                date=http.now.date(),
                value=_usd(cheapest),
                lab=lab_of(slug=cheapest["id"]),
                variant=f"eci-{bar}",
                url=CATALOGUE,
                derived=True,
                cheapest=cheapest["id"],
                models=len(able),
            )


def _name(text: str) -> str:
    return " ".join(text.casefold().replace("-", " ").split())
