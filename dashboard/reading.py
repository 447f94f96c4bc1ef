"""What a page or a file needs, read once a table version and shared by all who look. Knows no Streamlit."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, wraps
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import polars as pl

from dashboard.theme import lab_names
from dashboard.view import View
from data import changes, mentions, queries
from data.extent import all_values
from data.mentions import Wanted
from data.queries import SourceState
from data.store import Store, Watch
from signals import forecast, ledger
from signals.finding import Finding
from signals.forecast import Projection
from signals.frontier import running_best
from signals.ledger import judge, primary_variant
from signals.trend import days
from signals.verdict import Verdict, scale_of

Indicator = Mapping[str, Any]
Versions = tuple[int, ...]
Rest = ParamSpec("Rest")
Result = TypeVar("Result")

MOST_ABOUT_ONE = 64
"""Visitors choose labs, and a card differs with the choice."""


@dataclass(frozen=True, eq=False)
class Series:
    """One indicator as known at an instant: its definition, its values, the verdict on all labs.

    `rows` are the chosen variant's values and those drawn beside it, by date; `on_frontier` marks the
    records of the fitted series. `figures` are the publisher's own statements of its growth.
    """

    indicator: Indicator
    variant: str
    usual_variant: str
    variants: tuple[Mapping[str, str], ...]
    rows: pd.DataFrame
    verdict: Verdict
    figures: pd.DataFrame


def kept_with_series(
    function: Callable[Concatenate[Series, Rest], Result],
) -> Callable[Concatenate[Series, Rest], Result]:
    """Have what is worked out about a series kept as long as the series itself, and no longer.

    A cache by series would keep old states of it alive long after the tables have moved on.
    """
    results: WeakKeyDictionary[Series, dict[Any, Result]] = WeakKeyDictionary()

    @wraps(function)
    def asked(series: Series, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        known, key = results.setdefault(series, {}), (rest, *named.items())
        if key not in known:
            if len(known) >= MOST_ABOUT_ONE:
                known.clear()
            known[key] = function(series, *rest, **named)
        return known[key]

    return asked


WATCHED = ("observations", "indicators", "flags", "runs", "mentions")


class Reader:
    """Reads one store; every result is cached by the versions of the tables and never by a clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._versions: Versions = ()
        self._looked = float("-inf")
        self._looking = Lock()
        self._watch = Watch(store, WATCHED)
        self._catalogue = lru_cache(16)(self._read_catalogue)
        self._series = lru_cache(1024)(self._read_series)  # four days of each indicator, some 12 MB a day
        self._states = lru_cache(16)(self._read_states)
        self._findings = lru_cache(16)(self._read_findings)
        self._values = lru_cache(4)(self._read_values)
        self._earlier = lru_cache(64)(self._read_earlier)
        self._forecasts = lru_cache(4)(self._read_forecasts)
        self._daily = lru_cache(8)(self._read_daily)
        self._articles = lru_cache(32)(self._read_articles)
        self._present = lru_cache(8)(self._read_present)
        self._of_versions = (
            (slice(0, 1), (self._values, self._earlier)),
            (slice(0, 2), (self._catalogue, self._forecasts)),
            (slice(0, 3), (self._series, self._findings)),
            (slice(4, 5), (self._present,)),
            (slice(0, 5), (self._states, self._daily, self._articles)),
        )
        """Which versions each cache goes by: nobody asks for what it holds of older ones."""

    def versions(self) -> Versions:
        """Numbers that change when anything shown may have changed.

        Looked up at most twice a second, by one reader at a time: meanwhile the others go on with what is known.
        """
        if time.monotonic() - self._looked > 0.5 and self._looking.acquire(blocking=not self._versions):
            try:
                before, self._versions = self._versions, self._watch.versions()
                for part, caches in self._of_versions:
                    if self._versions[part] != before[part]:
                        for cache in caches:
                            cache.cache_clear()
                self._looked = time.monotonic()
            finally:
                self._looking.release()
        return self._versions

    def catalogue(self, instant: datetime | None = None) -> dict[str, Indicator]:
        """Definitions by indicator key, without the publishers' own figures, which have no page."""
        return {k: v for k, v in self._catalogue(instant, self.versions()[:2]).items() if not v["figure_of"]}

    def series(self, key: str, instant: datetime | None = None, variant: str = "") -> Series:
        """One indicator; KeyError for a key that is not in the catalogue."""
        return self._series(key, instant, variant, self.versions()[:3])

    def states(self, instant: datetime | None = None) -> Mapping[str, SourceState]:
        """How each source stands, by name."""
        return self._states(instant, self.versions())

    def earlier_values(self, key: str, instant: datetime | None = None) -> list[dict[str, Any]]:
        """Values that were restated or withdrawn since, as `changes.superseded` tells them."""
        return self._earlier(key, instant, self.versions()[:1])

    def forecasts(self, instant: datetime | None = None) -> list[Projection]:
        """The forecast book; computed when first asked for, a second or so, and kept while the tables stay."""
        return self._forecasts(instant, self.versions()[:2])

    def _read_forecasts(self, instant: datetime | None, _: Versions) -> list[Projection]:
        return forecast.read(self.store, instant)

    def daily_counts(self, instant: datetime | None = None) -> pl.DataFrame:
        """How often labs and topics were named, as `mentions.daily` tells it."""
        return self._daily(instant, self.versions())

    def articles(self, wanted: Wanted, most: int) -> pl.DataFrame:
        """The newest titles that are wanted, as `mentions.articles` tells them."""
        return self._articles(wanted, most, self.versions())

    def mentions_present(self, instant: datetime | None = None) -> pl.DataFrame:
        """What mentions there are to choose from. Looks at every row, so that only new mentions make it look again."""
        return self._present(instant, self.versions()[4:])

    def _read_daily(self, instant: datetime | None, _: Versions) -> pl.DataFrame:
        return mentions.daily(self.store, instant)

    def _read_articles(self, wanted: Wanted, most: int, _: Versions) -> pl.DataFrame:
        return mentions.articles(self.store, wanted, most)

    def _read_present(self, instant: datetime | None, _: Versions) -> pl.DataFrame:
        return mentions.present(self.store, instant)

    def _read_earlier(self, key: str, instant: datetime | None, _: Versions) -> list[dict[str, Any]]:
        return changes.superseded(self.store, key, instant).to_dicts()

    def _read_catalogue(self, instant: datetime | None, _: Versions) -> dict[str, Indicator]:
        return {row["indicator"]: row for row in queries.as_dicts(queries.indicators(self.store, instant))}

    def _read_states(self, instant: datetime | None, _: Versions) -> Mapping[str, SourceState]:
        return queries.source_states(self.store, instant)

    def _rows(self, key: str, instant: datetime | None, versions: Versions) -> pd.DataFrame:
        found, empty = self._values(instant, versions[:1])
        return found.get(key, empty)

    def _read_values(self, instant: datetime | None, _: Versions) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
        """All values by indicator, and what there is of an indicator without any: the columns."""
        return all_values(self.store, instant), queries.observations(self.store, "", instant)

    def _read_findings(self, instant: datetime | None, _: Versions) -> Mapping[str, Finding]:
        return ledger.read(self.store, instant)

    def _read_series(self, key: str, instant: datetime | None, variant: str, versions: Versions) -> Series:
        catalogue = self._catalogue(instant, versions[:2])
        indicator = catalogue[key]
        rows = self._rows(key, instant, versions)
        choices = tuple(v for v in indicator["variants"] if not v["beside"])
        usual = primary_variant(indicator, rows)
        chosen = variant if variant in {v["key"] for v in choices} else usual
        beside = {v["key"] for v in indicator["variants"] if v["beside"] == chosen}
        shown = rows[rows["variant"].isin({chosen, *beside})].reset_index(drop=True)
        finding = self._findings(instant, versions).get(key)
        verdict = judge(indicator, rows, variants=(chosen,), as_of=instant, finding=finding)
        shown["beside"] = shown["variant"] != chosen
        fitted = set(zip(verdict.fitted.ids, days(verdict.fitted.dates), strict=True))
        mine = zip(shown["subject"], days(shown["date"].to_numpy()), strict=True)
        shown["on_frontier"] = np.array([row in fitted for row in mine], dtype=bool) & ~shown["beside"].to_numpy()
        names = lab_names()
        shown["lab_name"] = [names.get(lab, "") if isinstance(lab, str) else "" for lab in shown["lab"]]
        own = [k for k, v in catalogue.items() if v["figure_of"] == key]
        figures = [self._rows(k, instant, versions) for k in own]
        return Series(
            indicator=indicator,
            variant=chosen,
            usual_variant=usual,
            variants=choices,
            rows=shown,
            verdict=verdict,
            figures=pd.concat(figures, ignore_index=True) if figures else rows.iloc[:0],
        )


def entity_of(series: Series) -> str | None:
    """The lab that an indicator is about: its key ends with it, or all its rows are that lab's; None for the world."""
    key = series.indicator["indicator"]
    named = next((lab for lab in lab_names() if key.endswith(f"_{lab}")), None)
    labs = set(series.rows["lab"].dropna()) if named is None and series.rows["lab"].notna().all() else set()
    return named or (str(labs.pop()) if len(labs) == 1 else None)


def has_frontier(series: Series) -> bool:
    """Whether values compete, so that the best so far says something: models do, quarters and readings do not."""
    return series.verdict.kind == "models" and series.indicator["marks"] != "reading"


def shown_rows(series: Series, view: View) -> pd.DataFrame:
    """The rows that a view draws: inside its range and, with "only", of its labs. They are also what is downloaded."""
    rows = series.rows
    if rows.empty:
        return rows
    start, end = view.window(rows["date"].max().date())
    keep = np.ones(len(rows), dtype=bool)
    if start:
        keep &= (rows["date"] >= pd.Timestamp(start)).to_numpy()
    if end:
        keep &= (rows["date"] <= pd.Timestamp(end)).to_numpy()
    if view.only:
        keep &= rows["lab"].isin(view.labs).to_numpy()
    return rows[keep].reset_index(drop=True)


def frontier_steps(series: Series, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The best so far among `rows` at each of their days: shapes (k,) and (k,), in the unit of the values."""
    fitted = rows[(rows["bound"] == "=") & ~rows["beside"]]
    when, value = fitted["date"].to_numpy(), fitted["value"].to_numpy(dtype=float)
    if not len(when):
        return when, value
    best = running_best(days(when), value, falling=scale_of(series.indicator).falling)
    first = np.unique(when, return_index=True)[1]
    return when[first], best[first]


def latest_record(series: Series) -> pd.Series | None:
    """The row that holds the frontier now; None where nothing was fitted."""
    leading = series.rows[series.rows["on_frontier"]]
    return None if leading.empty else leading.iloc[-1]


def record_labs(series: Series, newest: int = 4) -> list[str]:
    """The labs of the newest records, newest first, each once; empty where values belong to no lab."""
    names = series.rows.loc[series.rows["on_frontier"], "lab_name"].tail(newest)
    return list(dict.fromkeys(str(name) for name in reversed(names.tolist()) if name))


def monthly(series: Series, newest: date, months: int = 36) -> list[float]:
    """The value at the end of each of the last months, on the straight-line scale, for a sparkline.

    That is the best so far where values compete, else the newest value of the series that is judged.
    """
    when, best = frontier_steps(series, series.rows) if has_frontier(series) else _totals(series)
    if series.indicator["scale"] == "log2":  # a week of nothing has no place on a scale of doublings
        when, best = when[best > 0], best[best > 0]
    if not len(when):
        return []
    ends = pd.date_range(end=pd.Timestamp(newest) + pd.offsets.MonthEnd(0), periods=months, freq="ME").to_numpy()
    position = np.searchsorted(when, ends, side="right") - 1
    heights = scale_of(series.indicator).forward(best)
    return [float(heights[p]) for p in position if p >= 0]


def _totals(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """Days and values of the judged points, each day once."""
    fitted = series.rows[series.rows["on_frontier"]].drop_duplicates("date", keep="last")
    return fitted["date"].to_numpy(), fitted["value"].to_numpy(dtype=float)


@dataclass(frozen=True)
class Standing:
    """A lab's place on one indicator: its best value and day, and how long ago the frontier passed that value."""

    best: float
    on: date
    leads: bool
    days_behind: float


@kept_with_series
def lab_standings(series: Series) -> dict[str, Standing]:
    """The standing of every lab that has a fitted value."""
    rows = series.rows[(series.rows["bound"] == "=") & ~series.rows["beside"] & series.rows["lab"].notna()]
    when, best = frontier_steps(series, series.rows)
    falling = scale_of(series.indicator).falling
    found = {}
    for lab, mine in rows.groupby("lab"):
        top = mine.sort_values(["value", "date"], ascending=[not falling, False]).iloc[-1]
        passed = when[best < top["value"]] if falling else when[best > top["value"]]
        newest = pd.Timestamp(when[-1])
        behind = (newest - pd.Timestamp(passed[0])).days if len(passed) else 0
        found[str(lab)] = Standing(float(top["value"]), top["date"].date(), not len(passed), float(behind))
    return found
