"""Forecasts of pinned questions: one indicator a question, and what is asked of its market. No input of any flag."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from collectors.source import Http, Source
from data.schema import Failure, Indicator


@dataclass(frozen=True)
class Question:
    """A question pinned by its `slug`; `short` is its name on a card."""

    slug: str
    short: str
    title: str


def probabilities(
    site: str, questions: Mapping[str, Question], *, definition: str, caveat: str
) -> dict[str, Indicator]:
    """An indicator for each question by its key; "{}" in `definition` stands for its title."""
    return {
        key: Indicator(
            key=f"market_p_{key}",
            title=f"{site}: {question.short}",
            unit="probability",
            stage="attention",
            transform="logit",
            floor=0.0,
            ceiling=1.0,
            better="context",
            definition=definition.format(question.title),
            family="forecasts",
            marks="day",
            date_kind="period",
            caveat=caveat,
        )
        for key, question in questions.items()
    }


def market_source(title: str, homepage: str, credit: str, indicators: Mapping[str, Indicator]) -> Source:
    """A market, asked once a day. No market states a licence for its data, so nothing is passed on."""
    return Source(
        title=title,
        homepage=homepage,
        licence="not stated for the data; shown, not passed on",
        credit=credit,
        share="none",
        every=timedelta(days=1),
        at_least=1,
        indicators=tuple(indicators.values()),
    )


def asked(http: Http, questions: Mapping[str, Question], address: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Keys and addresses of the questions to ask: all of the web, of a folder those that it holds or else the first."""
    addresses = {key: address(question.slug) for key, question in questions.items()}
    here = {key: url for key, url in addresses.items() if http.has(url)}
    yield from (here or dict(list(addresses.items())[:1])).items()


def probability(value: object, where: str) -> float:
    """A number from 0 to 1, or Failure."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = math.nan
    if isinstance(value, bool) or not 0 <= found <= 1:
        raise Failure("schema", f"{where}: not a probability: {value!r}")
    return found
