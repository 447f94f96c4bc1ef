"""LMArena: which answer people prefer when they see two without the names, as a rating for each model.

Dated by publication. Every snapshot rates all models anew, retired ones leave all snapshots, and the method changed
three times: the text board is four variants and never one series. Of each snapshot the best model of every lab is
kept. The whole text history has 58 MB, more than we read in one answer: the text board starts with its newest
snapshot (a replay folder may serve the whole history under the same address).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from collectors.labs import lab_of
from collectors.parquet import parquet_rows
from collectors.parse import day
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Observation, Refused, Variant

DATASET = "https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset/resolve/main"
TEXT = f"{DATASET}/text/latest-00000-of-00001.parquet"
WEBDEV = f"{DATASET}/webdev/full-00000-of-00001.parquet"
AGENT = f"{DATASET}/agent/full-00000-of-00001.parquet"

METHODS = {
    "reweighted": date(2025, 7, 23),
    "style-control": date(2025, 5, 16),
    "bradley-terry": date(2024, 1, 9),
    "elo": date.min,
}
_VARIANTS = (
    Variant(key="reweighted", title="Re-weighted votes (since July 2025)"),
    Variant(key="style-control", title="Style control (May to July 2025)"),
    Variant(key="bradley-terry", title="Bradley-Terry (January 2024 to May 2025)"),
    Variant(key="elo", title="Elo (2023)"),
)
_CAVEAT = "Ratings are relative: read gaps and slopes, not the level. Retired models are removed from the past as well."


def _board(key: str, title: str, definition: str, **fields: Any) -> Indicator:
    common = {"transform": "linear", "family": "lmarena", "date_kind": "publication", "caveat": _CAVEAT}
    return Indicator(key=key, title=title, definition=definition, **{**common, **fields})


TEXT_TOP = _board(
    "arena_text_top",
    "Arena text, best rating",
    "Rating of a lab's best chat model from blind votes between two answers.",
    unit="Elo points",
    stage="capability",
    variants=_VARIANTS,
    max_factor=1.5,
)
WEBDEV_TOP = _board(
    "arena_webdev_top",
    "Arena webdev, best rating",
    "Rating of a lab's best model from blind votes between two web pages it built.",
    unit="Elo points",
    stage="coding_agents",
    max_factor=1.5,
)
AGENT_TOP = _board(
    "arena_agent",
    "Arena agent, best score",
    "Score of a lab's best agent, as Arena computes it from people's own agent sessions.",
    unit="score",
    stage="autonomy",
)
GAP = _board(
    "arena_gap",
    "Closed over open in Arena",
    "Best rating of a proprietary model minus the best of an open one, text board.",
    unit="Elo points",
    stage="diffusion",
    better="context",
    variants=_VARIANTS,
    marks="snapshot",
)
RATING = ("rating", "rating_lower", "rating_upper")
SCORE = ("score", "score_ci_lower", "score_ci_upper")
BOARDS = {TEXT: (TEXT_TOP, RATING), WEBDEV: (WEBDEV_TOP, RATING), AGENT: (AGENT_TOP, SCORE)}

SOURCE = Source(
    redirects_to=("hf.co",),  # where the hub keeps its files
    title="LMArena leaderboards",
    homepage="https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
    licence="CC BY 4.0",
    credit="Arena (LMArena), leaderboard dataset",
    share="full",
    every=timedelta(days=1),
    at_least=5,
    indicators=(TEXT_TOP, WEBDEV_TOP, AGENT_TOP, GAP),
)


def collect(http: Http) -> Iterator[Row]:
    for url, (indicator, columns) in BOARDS.items():
        if not http.has(url):
            continue
        for published, models in groupby(_overall(http, url, columns), key=lambda row: row["leaderboard_publish_date"]):
            at = day(published, url)
            variant = next(key for key, start in METHODS.items() if at >= start) if indicator.variants else ""
            rated = []
            for model in models:
                if model["value"] is None:
                    yield Refused(reason="no rating", row={"url": url, "date": published, "model": model["model_name"]})
                else:
                    rated.append(model)
            yield from _best_of_each_lab(indicator, at, variant, rated, url)
            yield from _gap(at, variant, rated, url) if indicator is TEXT_TOP else ()


def _overall(http: Http, url: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows of the category "overall", by date and then from the best down; value, low and high by these names."""
    needed = ("model_name", "organization", "license", "category", "leaderboard_publish_date", *columns)
    found = parquet_rows(http.get(url).body, needed, url, only=("category", "overall"))
    if not found:
        raise Failure("schema", f"{url}: no rows of the category 'overall'")
    names = dict(zip(columns, ("value", "low", "high"), strict=True))
    rows = [{names.get(name, name): cell for name, cell in row.items()} for row in found]
    return sorted(rows, key=lambda row: (row["leaderboard_publish_date"], -(row["value"] or 0), row["model_name"]))


def _best_of_each_lab(
    indicator: Indicator, at: date, variant: str, rated: list[dict[str, Any]], url: str
) -> Iterator[Observation]:
    """The first model of each lab; of those that we cannot map to a lab only one that leads the board."""
    seen: set[str | None] = set()
    for place, model in enumerate(rated):
        lab = lab_of(model["organization"] or "")
        if lab in seen or (lab is None and place):
            continue
        seen.add(lab)
        yield indicator.observed(
            date=at,
            value=model["value"],
            low=model["low"],
            high=model["high"],
            level=0.95 if model["low"] is not None else None,  # 2023 and the first agent boards have no interval
            subject=model["model_name"],
            lab=lab,
            variant=variant,
            url=url,
            organisation=model["organization"],
            access=model["license"],
            tier="independent",
        )


def _gap(at: date, variant: str, rated: list[dict[str, Any]], url: str) -> Iterator[Observation]:
    closed = [m for m in rated if m["license"] == "Proprietary"]
    opened = [m for m in rated if m["license"] not in ("Proprietary", "", None)]  # no licence stated: unknown, not open
    if closed and opened:
        names = {"closed": closed[0]["model_name"], "open": opened[0]["model_name"]}
        yield GAP.observed(
            date=at, value=closed[0]["value"] - opened[0]["value"], variant=variant, url=url, derived=True, **names
        )
