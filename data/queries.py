"""Every question asked of the tables, each written once. Frames out are pandas; instants are UTC."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import polars as pl

from data.schema import BASELINE, INDICATORS, OBSERVATIONS, SUCCESS, TABLES
from data.store import Store
from data.vintages import as_of


def _frame(rows: pl.LazyFrame) -> pd.DataFrame:
    found: pd.DataFrame = rows.collect().to_arrow().to_pandas(date_as_object=False)
    return found


def as_dicts(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame as one mapping a row, for what is done row by row."""
    return [dict(zip(map(str, frame.columns), row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def indicators(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """The catalogue: one row an indicator, as defined at `instant`; variants parsed.

    An old view shows the definition of its day; an indicator first declared later than `instant`
    keeps its first definition, so that replayed history can be read with a catalogue.
    """
    rows = store.read("indicators")
    known = as_of(rows, INDICATORS.point, instant)
    if instant is not None:
        first = rows.sort("known_at").group_by("indicator", maintain_order=True).first()
        known = pl.concat([known, first.join(known, on="indicator", how="anti").select(known.collect_schema().names())])
    frame = _frame(known.sort("stage", "indicator"))
    frame["variants"] = [json.loads(text) for text in frame["variants"]]
    return frame


def observations(store: Store, indicator: str, instant: datetime | None = None) -> pd.DataFrame:
    """The values of one indicator as known at `instant`, all variants, withdrawn ones left out.

    Columns as in the table, and `first_known_at`: when the point was first stored. Sorted by date,
    then subject.
    """
    rows = store.read("observations").filter(pl.col("indicator") == indicator)
    current = as_of(rows, OBSERVATIONS.point, instant).filter(pl.col("value").is_not_null())
    first = rows.group_by(OBSERVATIONS.point).agg(first_known_at=pl.col("known_at").min(), vintages=pl.len())
    return _frame(current.join(first, on=list(OBSERVATIONS.point), how="left").sort("date", "subject", "variant"))


def current_points(store: Store, source: str, instant: datetime) -> list[dict[str, Any]]:
    """The points of a source that have a value as known at `instant`, as rows of the table."""
    rows = store.read("observations").filter(pl.col("source") == source)
    current = as_of(rows, OBSERVATIONS.point, instant).filter(pl.col("value").is_not_null())
    return current.drop("row_id", "prev_id", "known_at").collect().to_dicts()


def noted(store: Store, source: str, reason: str, instant: datetime) -> frozenset[str]:
    """The rows (as JSON) that the last good run of a source up to `instant` held back for `reason`."""
    good = store.read("runs").filter(
        (pl.col("source") == source) & pl.col("outcome").is_in(sorted(SUCCESS)) & (pl.col("ended_at") <= instant)
    )
    last = good.sort("ended_at").select("run_id").tail(1).collect()
    if last.is_empty():
        return frozenset()
    rows = store.read("quarantine").filter(
        (pl.col("source") == source) & (pl.col("reason") == reason) & (pl.col("run_id") == last.item())
    )
    return frozenset(rows.select("row").collect()["row"].to_list())


def validators(store: Store, source: str) -> str | None:
    """What the last run of a source that ended well remembered about its addresses, as JSON."""
    kept = store.read("runs").filter((pl.col("source") == source) & pl.col("validators").is_not_null())
    last = kept.sort("ended_at").select("validators").tail(1).collect()
    return None if last.is_empty() else str(last.item())


def blocked_hosts(store: Store, now: datetime) -> dict[str, datetime]:
    """Hosts that asked us to wait, and until when; kept in the tables, so that a restart waits too."""
    waiting = store.read("runs").filter(pl.col("not_before") > now)
    until = waiting.group_by("host").agg(pl.col("not_before").max()).collect()
    return dict(until.iter_rows())


def runs(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """All runs that had ended at `instant`, oldest first."""
    rows = store.read("runs")
    if instant is not None:
        rows = rows.filter(pl.col("ended_at") <= instant)
    return _frame(rows.sort("ended_at"))


@dataclass(frozen=True)
class SourceState:
    """How a source stands: the last good and the last attempted run, and what was said then."""

    source: str
    last_good: datetime | None
    last_try: datetime | None
    failures: int
    outcome: str
    error: str
    is_baseline: bool
    newest_known_at: datetime | None
    not_before: datetime | None


def source_states(store: Store, instant: datetime | None = None) -> Mapping[str, SourceState]:
    """The state of every source that has rows or runs, by name."""
    attempts = dict(iter(runs(store, instant).groupby("source")))
    rows = store.read("observations")
    if instant is not None:
        rows = rows.filter(pl.col("known_at") <= instant)
    newest = rows.group_by("source").agg(
        newest=pl.col("known_at").max(), baseline=pl.col("run_id").str.starts_with(BASELINE).all()
    )
    stored = {row["source"]: row for row in newest.collect().to_dicts()}
    return {name: _source_state(name, attempts.get(name), stored.get(name)) for name in sorted({*attempts, *stored})}


def _source_state(name: str, attempts: pd.DataFrame | None, stored: Mapping[str, Any] | None) -> SourceState:
    last_good = last_try = not_before = None
    failures, outcome, error = 0, "", ""
    if attempts is not None:
        good = attempts["outcome"].isin(SUCCESS).to_numpy()
        last_good = attempts["ended_at"][good].max().to_pydatetime() if good.any() else None
        newest = attempts.iloc[-1]
        last_try, outcome, error = newest["ended_at"].to_pydatetime(), newest["outcome"], newest["error"]
        failures = len(good) if not good.any() else int(good[::-1].argmax())
        waits = attempts["not_before"].dropna()
        not_before = waits.max().to_pydatetime() if len(waits) else None
    return SourceState(
        source=name,
        last_good=last_good,
        last_try=last_try,
        failures=failures,
        outcome=outcome,
        error=error if isinstance(error, str) else "",
        is_baseline=last_good is None and stored is not None and bool(stored["baseline"]),
        newest_known_at=stored["newest"] if stored else None,
        not_before=not_before,
    )


def status(store: Store) -> dict[str, Any]:
    """Rows and newest vintage of every table, for people and machines."""
    tables = {}
    for name, table in TABLES.items():
        rows = store.read(name)
        stamp = "ended_at" if name == "runs" else "known_at"
        count, newest = rows.select(pl.len(), pl.col(stamp).max()).collect().row(0)
        assert stamp in table.schema.names
        tables[name] = {"rows": count, "newest_known_at": newest and newest.isoformat(), "version": store.version(name)}
    return {"store": store.uri, "tables": tables}
