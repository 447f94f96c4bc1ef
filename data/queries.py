"""Every question asked of the tables, each written once, for any engine. Frames out are pandas; instants are UTC."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from data.frames import Rows, as_mappings, as_pandas, as_polars, first_row
from data.schema import BASELINE, HOUSEKEEPING, OBSERVATIONS, SUCCESS, TABLES
from data.store import Store
from data.upkeep import extent
from data.vintages import latest

if TYPE_CHECKING:
    import pandas as pd

DAILY = "_daily"
"""How the daily counts of what titles name are called: they have no page of their own."""


def as_dicts(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame as one mapping a row, for what is done row by row."""
    return [dict(zip(map(str, frame.columns), row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def indicators(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """The catalogue: one row an indicator, as defined at `instant`; variants parsed.

    An old view shows the definition of its day; an indicator first declared later than `instant`
    keeps its first definition, so that replayed history can be read with a catalogue.
    """
    rows = store.rows("indicators")
    known = latest(rows, instant)
    if instant is not None:
        first = rows.join(
            rows.group_by("indicator").agg(nw.col("known_at").min()), on=["indicator", "known_at"], how="inner"
        )
        known = nw.concat(
            [known, first.join(known, on="indicator", how="anti").select(*known.collect_schema().names())]
        )
    frame = as_pandas(known.sort("stage", "indicator"))
    frame["variants"] = [json.loads(text) for text in frame["variants"]]
    return frame


def observations(store: Store, indicator: str, instant: datetime | None = None) -> pd.DataFrame:
    """The values of one indicator as known at `instant`, all variants, withdrawn ones left out.

    Columns as in the table, and `first_known_at`: when the point was first stored. Sorted by date,
    then subject.
    """
    rows = store.rows("observations").filter(nw.col("indicator") == indicator)
    return as_pandas(with_first(rows, instant).sort("date", "subject", "variant"))


def with_value(rows: Rows, instant: datetime | None = None) -> Rows:
    """The observations that had a value at an instant: of each point the newest row, withdrawn ones left out."""
    return latest(rows, instant).filter(~nw.col("value").is_null())


def with_first(rows: Rows, instant: datetime | None = None) -> Rows:
    """The values known at `instant` among all vintages of some points, each with first_known_at and vintages."""
    point = list(OBSERVATIONS.point)
    first = rows.group_by(*point).agg(
        first_known_at=nw.col("known_at").min(), vintages=nw.col("row_id").len().cast(nw.Int64)
    )
    return with_value(rows, instant).join(first, on=point, how="left")


def current_points(store: Store, source: str, instant: datetime) -> list[dict[str, Any]]:
    """The points of a source that have a value as known at `instant`, as rows of the table."""
    return points_by_source(store, [source], instant).get(source, [])


def points_by_source(store: Store, sources: Sequence[str], instant: datetime) -> dict[str, list[dict[str, Any]]]:
    """The current points of several sources, read at once."""
    rows = store.rows("observations").filter(nw.col("source").is_in(list(sources)))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in as_mappings(with_value(rows, instant).drop("row_id", "prev_id", "known_at")):
        found.setdefault(row["source"], []).append(row)
    return found


def rows_by_run(store: Store, run_ids: Sequence[str], table: str = "observations") -> dict[str, int]:
    """How many rows each of these runs added to a table."""
    rows = store.rows(table).filter(nw.col("run_id").is_in(list(run_ids)))
    counted = rows.group_by("run_id").agg(rows=nw.col("run_id").len())
    return {row["run_id"]: int(row["rows"]) for row in as_mappings(counted)}


def noted(store: Store, source: str, reason: str, instant: datetime) -> frozenset[str]:
    """The rows (as JSON) that the last good run of a source up to `instant` held back for `reason`."""
    last = _last_good(store, source, instant)
    if last is None:
        return frozenset()
    rows = store.rows("quarantine").filter(
        nw.col("source") == source, nw.col("reason") == reason, nw.col("run_id") == last["run_id"]
    )
    return frozenset(row["row"] for row in as_mappings(rows.select("row")))


@dataclass(frozen=True)
class Held:
    """A row of quarantine that waits for somebody or something to confirm it, or that confirms another one."""

    q_id: str
    source: str
    reason: str
    known_at: datetime
    row: Mapping[str, Any]


def held(store: Store, source: str, instant: datetime) -> list[Held]:
    """What the last good run of a source up to `instant` held back, and the answers refused since then."""
    last = _last_good(store, source, instant)
    if last is None:
        return []
    pending = store.rows("quarantine").filter(nw.col("source") == source, nw.col("status") == "pending")
    since = (nw.col("target") == "answer") & (nw.col("known_at") >= last["ended_at"])
    return _held(pending.filter((nw.col("run_id") == last["run_id"]) | since))


def released(store: Store, source: str, reason: str, instant: datetime) -> list[Held]:
    """What a person has let through since the last good run up to `instant`: it counts once, for the next one."""
    last = _last_good(store, source, instant)
    if last is None:
        return []
    accepted = store.rows("quarantine").filter(
        nw.col("source") == source, nw.col("status") == "accepted", nw.col("reason") == reason
    )
    return _held(accepted.filter(nw.col("known_at") >= last["ended_at"]))


def records_read(store: Store, source: str) -> int:
    """How many records a good answer has: the least of the last three from the network; 0 before there was one.

    The least, so that one answer in which everything stood twice does not make half an answer of the next.
    """
    asked = _good(store, source).filter(nw.col("requests") > 0)
    last = as_mappings(_newest_first(asked).select("records").head(3))
    return min((row["records"] or 0 for row in last), default=0)


def refused_before(store: Store, q_ids: Iterable[str], instant: datetime) -> frozenset[str]:
    """Those of the rows that had been refused by `instant`."""
    known = store.rows("quarantine").filter(nw.col("q_id").is_in(sorted(q_ids)), nw.col("known_at") <= instant)
    return frozenset(row["q_id"] for row in as_mappings(known.select("q_id")))


def _good(store: Store, source: str) -> Rows:
    return store.rows("runs").filter(nw.col("source") == source, nw.col("outcome").is_in(sorted(SUCCESS)))


def _newest_first(runs: Rows) -> Rows:
    return runs.sort("ended_at", "run_id", descending=True)


def _last_good(store: Store, source: str, instant: datetime) -> dict[str, Any] | None:
    ended = _good(store, source).filter(nw.col("ended_at") <= instant)
    return first_row(_newest_first(ended.select("run_id", "ended_at")))


def _held(rows: Rows) -> list[Held]:
    found = as_mappings(rows.sort("known_at", "q_id").select("q_id", "source", "reason", "known_at", "row"))
    return [Held(**{**row, "row": _object(row["row"])}) for row in found]


def _object(text: str) -> Mapping[str, Any]:
    """A row of quarantine as it was; empty where it was too long to be kept whole."""
    try:
        row: Mapping[str, Any] = json.loads(text)
        return row
    except ValueError:
        return {}


def validators(store: Store, source: str) -> str | None:
    """What the last run of a source that ended well remembered about its addresses, as JSON."""
    kept = store.rows("runs").filter(nw.col("source") == source, ~nw.col("validators").is_null())
    # in two steps: a year of validators would be sorted for the sake of one
    last = first_row(_newest_first(kept.select("run_id", "ended_at")))
    if last is None:
        return None
    text: str = as_mappings(kept.filter(nw.col("run_id") == last["run_id"]).select("validators"))[0]["validators"]
    return text


def blocked_hosts(store: Store, now: datetime) -> dict[str, datetime]:
    """Hosts that asked us to wait, and until when; kept in the tables, so that a restart waits too."""
    until: dict[str, datetime] = {}
    for run in as_mappings(store.rows("runs").filter(nw.col("not_before") > now).select("host", "not_before")):
        # a run in which several hosts asked names them all, with the last instant: too long for some, never too short
        for host in run["host"].split(" "):
            until[host] = max(run["not_before"], until.get(host, run["not_before"]))
    return until


def unmapped(store: Store) -> list[dict[str, Any]]:
    """Who stands in current rows without a lab, most rows first: source, organisation, rows, an example.

    Where the publisher names no organisation the subject stands for it. Rows about the world belong to nobody, and
    daily counts to what was looked for in titles.
    """
    named = (nw.col("subject") != "") & ~nw.col("indicator").str.ends_with(DAILY)
    rows = with_value(store.rows("observations").filter(named)).filter(nw.col("lab").is_null())
    found: dict[tuple[str, str], list[str]] = {}
    for row in as_mappings(rows.select("source", "subject", "detail")):
        said = _object(row["detail"] or "{}").get("organisation")
        found.setdefault((row["source"], said or row["subject"]), []).append(row["subject"])
    listed = [
        {"source": source, "organisation": organisation, "rows": len(subjects), "example": min(subjects)}
        for (source, organisation), subjects in found.items()
    ]
    return sorted(listed, key=lambda row: (-row["rows"], row["source"], row["organisation"]))


def runs(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """All runs that had ended at `instant`, oldest first; without their validators, which are most of the table."""
    rows = store.rows("runs").filter(~nw.col("month").is_in(list(HOUSEKEEPING))).drop("validators")
    if instant is not None:
        rows = rows.filter(nw.col("ended_at") <= instant)
    return as_pandas(rows.sort("ended_at", "run_id"))


def known(rows: Rows, instant: datetime | None) -> Rows:
    """The rows stored by an instant; None means all."""
    return rows if instant is None else rows.filter(nw.col("known_at") <= instant)


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
    first_try: datetime | None = None


def source_states(store: Store, instant: datetime | None = None) -> Mapping[str, SourceState]:
    """The state of every source that has rows or runs, by name."""
    attempts = dict(iter(runs(store, instant).groupby("source")))
    live = nw.when(nw.col("run_id").str.starts_with(BASELINE)).then(nw.lit(0)).otherwise(nw.lit(1))
    newest = (
        known(store.rows("observations"), instant)
        .with_columns(live=live)
        .group_by("source")
        .agg(newest=nw.col("known_at").max(), live=nw.col("live").max())
    )
    stored = {row["source"]: row for row in as_mappings(newest)}
    return {name: _source_state(name, attempts.get(name), stored.get(name)) for name in sorted({*attempts, *stored})}


def _source_state(name: str, attempts: pd.DataFrame | None, stored: Mapping[str, Any] | None) -> SourceState:
    first_try = last_good = last_try = not_before = None
    failures, outcome, error = 0, "", ""
    if attempts is not None:
        good = attempts["outcome"].isin(SUCCESS).to_numpy()
        last_good = attempts["ended_at"][good].max().to_pydatetime() if good.any() else None
        newest, first_try = attempts.iloc[-1], attempts["ended_at"].min().to_pydatetime()
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
        is_baseline=last_good is None and stored is not None and not stored["live"],
        newest_known_at=stored["newest"] if stored else None,
        not_before=not_before,
        first_try=first_try,
    )


def status(store: Store) -> dict[str, Any]:
    """Version, files, rows, bytes and newest vintage (to the millisecond) of every table, from the logs alone."""
    return {"store": store.uri, "tables": {name: extent(store, name) for name in TABLES}}


def good_days(store: Store, source: str) -> set[date]:
    """The days on which a run of the source ended well."""
    days = _good(store, source).select(day=nw.col("ended_at").dt.date())
    return {row["day"] for row in as_mappings(days.unique())}


def daily_counts(store: Store, source: str, indicator: str, variant: str, first: date) -> pl.DataFrame:
    """subject, date, value of a daily table from `first` on, as known now."""
    rows = store.rows("observations").filter(
        nw.col("source") == source,
        nw.col("indicator") == indicator,
        nw.col("variant") == variant,
        nw.col("date") >= first,
    )
    return as_polars(with_value(rows).select("subject", "date", "value"))


def tagged(store: Store, source: str, tagger: str, first: date) -> dict[tuple[date, str], int]:
    """Articles of a source from `first` on by day and series ("topic:rsi", "lab:openai", "" for all), by one tagger.

    A lab's own posts name it without being talk about it: they count for all, not for their lab.
    """
    rows = (
        store.rows("mentions")
        .filter(nw.col("source") == source, nw.col("tagger") == tagger, nw.col("month") >= f"{first:%Y-%m}")
        .with_columns(day=nw.col("published_at").dt.date(), own=nw.col("publisher_lab").fill_null(""))
        .filter(nw.col("day") >= first, nw.col("precision") != "seen")  # without a date there is no day to count it on
    )
    series = (
        rows.with_columns(series=nw.lit("")),
        rows.filter(nw.col("topic") != "").with_columns(series=nw.concat_str(nw.lit("topic:"), nw.col("topic"))),
        rows.filter(nw.col("lab") != "", nw.col("lab") != nw.col("own")).with_columns(
            series=nw.concat_str(nw.lit("lab:"), nw.col("lab"))
        ),
    )
    listed = nw.concat([each.select("day", "article_id", "series") for each in series])
    counted = listed.group_by("day", "series").agg(articles=nw.col("article_id").n_unique())
    return {(row["day"], row["series"]): int(row["articles"]) for row in as_mappings(counted)}


def quarantine(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """The refused rows known at `instant`, newest first."""
    rows = known(store.rows("quarantine"), instant)
    return as_pandas(rows.sort("known_at", "q_id", descending=[True, False]))


def vintages(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """Every vintage of every observation known at `instant`, withdrawals (value null) included, oldest first."""
    values = ["value", "low", "high", "level", "bound", "model", "detail"]
    columns = ["indicator", "subject", "variant", "date", "known_at", *values]
    rows = known(store.rows("observations"), instant).select(*columns)
    return as_pandas(rows.sort("known_at", "indicator", "date", "subject", "variant"))


def flags(store: Store, method: str, instant: datetime | None = None) -> pd.DataFrame:
    """All rows of the ledger that one method had written by `instant`, oldest first."""
    rows = store.rows("flags").filter(nw.col("method") == method)
    return as_pandas(known(rows, instant).sort("known_at", "indicator"))


def newest_flags(store: Store, method: str, instant: datetime | None = None) -> pd.DataFrame:
    """The newest row of the ledger for each indicator, as known at `instant`."""
    rows = store.rows("flags").filter(nw.col("method") == method)
    return as_pandas(latest(rows, instant).sort("indicator"))


def newest_known(store: Store) -> datetime | None:
    """When the newest observation was stored; None for an empty store. Stands for "now" where no clock may be read."""
    newest = first_row(store.rows("observations").select(nw.col("known_at").max()))
    return newest["known_at"] if newest else None
