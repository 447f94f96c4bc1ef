"""METR time horizons: the length of task, in human working time, that an AI agent finishes half (or 80 %) of the time.

One value a model and suite, dated by the model's release. Minutes, although the files say so nowhere.
METR re-estimates old models at an unchanged address (all of them in March 2026): a new value is not a
new model. The file of suite 1.1 carries three old models over from suite 1.0; they are kept apart,
since a change of suite tilts the line.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import compress
from math import log2
from statistics import linear_regression
from typing import Any

import numpy as np

from collectors.labs import lab_of
from collectors.parse import day
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Observation, Refused, Variant
from signals.frontier import records

SUITES = {
    "1.1": "https://metr.org/assets/benchmark_results_1_1.yaml",
    "1.0": "https://metr.org/assets/benchmark_results_1_0.yaml",
}
CARRIED_OVER = "METR-Horizon-v1.0"
RELIABLE_MINUTES = 960.0  # "Measurements above 16 hrs are unreliable with our current task suite"
WINDOWS = {"all_time_stitched": None, "from_2023_on": date(2023, 1, 1)}

_VARIANTS = (
    Variant(key="1.1", title="Suite 1.1"),
    Variant(key="1.0", title="Suite 1.0"),
    Variant(key="1.1-stitched", title="carried over from suite 1.0", beside="1.1"),
)
_CAVEAT = (
    "Intervals are wide, and most of their width is shared by all models. Values above 16 hours are shown as bounds. "
    "Human time is that of people new to the code, not of its experts."
)
HORIZONS = {
    chance: Indicator(
        key=f"metr_{chance}",
        title=f"Time horizon ({chance[1:]} %)",
        unit="minutes",
        stage="autonomy",
        transform="log2",
        definition=f"Length of task, by the time that people take, which a model finishes {chance[1:]} % of the time.",
        variants=_VARIANTS,
        family="metr_horizons",
        full_list=True,
        caveat=_CAVEAT,
        max_factor=5.0,  # the restatement of March 2026 moved some by 0.47 and some by 1.7
    )
    for chance in ("p50", "p80")
}
PUBLISHED = Indicator(
    key="metr_doubling_time",
    title="Doubling time as METR states it",
    unit="days",
    stage="autonomy",
    transform="log2",
    better="down",
    definition="METR's own doubling time of the 50 % horizon, dated by the newest model of the file.",
    figure_of="metr_p50",
    variants=tuple(Variant(key=name, title=name.replace("_", " ")) for name in WINDOWS),
    marks="publication",
    date_kind="newest model",
    max_factor=3.0,
)

SOURCE = Source(
    title="METR time horizons",
    homepage="https://metr.org/time-horizons/",
    licence="no licence stated; facts with credit to METR",
    credit="METR, Measuring AI Ability to Complete Long Tasks (time horizons)",
    share="credit",
    every=timedelta(days=7),
    at_least=10,
    closed_on=date(2026, 9, 8),
    indicators=(*HORIZONS.values(), PUBLISHED),
)


def collect(http: Http) -> Iterator[Row]:
    for suite, url in SUITES.items():
        if not http.has(url):
            continue
        document = http.yaml(url)
        rows = [row for slug, result in document["results"].items() for row in _model(suite, slug, result, url)]
        yield from rows
        yield from _published(document.get("doubling_time_in_days", {}), rows, url)


def _model(suite: str, slug: str, result: dict[str, Any], url: str) -> Iterator[Observation]:
    carried = suite == "1.1" and result["benchmark_name"] == CARRIED_OVER
    for chance, indicator in HORIZONS.items():
        horizon = result["metrics"][f"{chance}_horizon_length"]
        beyond = suite == "1.1" and horizon["estimate"] > RELIABLE_MINUTES
        interval = {} if beyond else {"low": horizon["ci_low"], "high": horizon["ci_high"], "level": 0.95}
        yield indicator.observed(
            date=day(result["release_date"], f"{url}: {slug}"),
            value=RELIABLE_MINUTES if beyond else horizon["estimate"],
            bound=">=" if beyond else "=",
            **interval,
            subject=slug,
            lab=lab_of(name=slug),
            variant="1.1-stitched" if carried else suite,
            url=url,
            publisher_record=result["metrics"]["is_sota"],
            average_score=result["metrics"]["average_score"]["estimate"],
            published_estimate=horizon["estimate"] if beyond else None,
        )


def _published(figures: dict[str, Any], rows: list[Observation], url: str) -> Iterator[Row]:
    """The publisher's doubling times, each recomputed from the rows that came with it."""
    p50 = [row for row in rows if row.indicator == "metr_p50" and row.bound == "="]
    if not p50:
        raise Failure("incomplete", f"{url}: no model with a horizon")
    for name, start in WINDOWS.items():
        if name not in figures:
            continue  # suite 1.0 states none
        stated = figures[name]["point_estimate"]
        days = _doubling_days([row for row in p50 if start is None or row.date >= start])
        figure = PUBLISHED.observed(
            date=max(row.date for row in p50),
            value=stated,
            low=figures[name].get("ci_low"),
            high=figures[name].get("ci_high"),
            level=0.95 if "ci_low" in figures[name] else None,
            variant=name,
            url=url,
            recomputed=days and round(days, 3),
        )
        if days is not None and abs(days - stated) <= 0.001:
            yield figure
        else:
            yield Refused.of(
                figure, f"METR states {stated} days for {name}, its own rows give {days and round(days, 3)}"
            )


def _doubling_days(rows: list[Observation]) -> float | None:
    """METR's method: least squares of log2(p50) on the release date, through the records among these rows.

    Not by `signals.trend`, which also knows how sure one can be of it, and needs SciPy for that: 28 MB for one slope.
    """
    best = records(np.array([row.date.toordinal() for row in rows], dtype=float), np.array([row.value for row in rows]))
    line = [(row.date.toordinal(), log2(row.value)) for row in compress(rows, best)]
    if len({on for on, _ in line}) < 2:
        return None
    slope = linear_regression(*zip(*line, strict=True)).slope
    return 1 / slope if slope > 0 else None
