"""Every question asked of the tables, each written once. Frames out are pandas; instants are UTC."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import polars as pl

from data.schema import BASELINE, FLAGS, HOUSEKEEPING, INDICATORS, OBSERVATIONS, SUCCESS, TABLES
from data.store import Store
from data.stories import Article, stories
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


def points_by_source(store: Store, sources: Sequence[str], instant: datetime) -> dict[str, list[dict[str, Any]]]:
    """The current points of several sources, read at once."""
    rows = store.read("observations").filter(pl.col("source").is_in(list(sources)))
    current = as_of(rows, OBSERVATIONS.point, instant).filter(pl.col("value").is_not_null())
    found: dict[str, list[dict[str, Any]]] = {}
    for row in current.drop("row_id", "prev_id", "known_at").collect().iter_rows(named=True):
        found.setdefault(row["source"], []).append(row)
    return found


def rows_by_run(store: Store, run_ids: Sequence[str], table: str = "observations") -> dict[str, int]:
    """How many rows each of these runs added to a table."""
    rows = store.read(table).filter(pl.col("run_id").is_in(list(run_ids)))
    return dict(rows.group_by("run_id").agg(pl.len()).collect().iter_rows())


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


@dataclass(frozen=True)
class Held:
    """A row of quarantine that waits for somebody or something to confirm it, or that confirms another one."""

    q_id: str
    source: str
    reason: str
    known_at: datetime
    row: Mapping[str, Any]


def held(store: Store, source: str, instant: datetime) -> list[Held]:
    """What the last good run of a source up to `instant` held back for a confirmation."""
    last = _last_good(store, source).filter(pl.col("ended_at") <= instant).tail(1).select("run_id").collect()
    if last.is_empty():
        return []
    of_run = (pl.col("source") == source) & (pl.col("run_id") == last.item()) & (pl.col("status") == "pending")
    return _held(store.read("quarantine").filter(of_run))


def released(store: Store, source: str, reason: str, instant: datetime) -> list[Held]:
    """What a person has let through since the last good run up to `instant`: it counts once, for the next one."""
    last = _last_good(store, source).filter(pl.col("ended_at") <= instant).tail(1).select("ended_at").collect()
    if last.is_empty():
        return []
    accepted = (pl.col("source") == source) & (pl.col("status") == "accepted") & (pl.col("reason") == reason)
    return _held(store.read("quarantine").filter(accepted & (pl.col("known_at") >= last.item())))


def rows_read(store: Store, source: str) -> int:
    """How many rows the last good answer from the network had; 0 before there was one."""
    last = _last_good(store, source).filter(pl.col("requests") > 0).tail(1).select("rows_seen").collect()
    return 0 if last.is_empty() else int(last.item())


def _last_good(store: Store, source: str) -> pl.LazyFrame:
    good = store.read("runs").filter((pl.col("source") == source) & pl.col("outcome").is_in(sorted(SUCCESS)))
    return good.sort("ended_at")


def _held(rows: pl.LazyFrame) -> list[Held]:
    found = rows.sort("known_at").select("q_id", "source", "reason", "known_at", "row").collect()
    return [Held(q_id, source, reason, at, _object(row)) for q_id, source, reason, at, row in found.iter_rows()]


def _object(text: str) -> Mapping[str, Any]:
    """A row of quarantine as it was; empty where it was too long to be kept whole."""
    try:
        row: Mapping[str, Any] = json.loads(text)
        return row
    except ValueError:
        return {}


def validators(store: Store, source: str) -> str | None:
    """What the last run of a source that ended well remembered about its addresses, as JSON."""
    kept = store.read("runs").filter((pl.col("source") == source) & pl.col("validators").is_not_null())
    last = kept.sort("ended_at").select("validators").tail(1).collect()
    return None if last.is_empty() else str(last.item())


def blocked_hosts(store: Store, now: datetime) -> dict[str, datetime]:
    """Hosts that asked us to wait, and until when; kept in the tables, so that a restart waits too."""
    waiting = store.read("runs").filter(pl.col("not_before") > now)
    # a run in which several hosts asked names them all, with the last instant: too long for some, never too short
    each = waiting.with_columns(pl.col("host").str.split(" ")).explode("host")
    until = each.group_by("host").agg(pl.col("not_before").max()).collect()
    return dict(until.iter_rows())


def unmapped(store: Store) -> list[dict[str, Any]]:
    """Who stands in current rows without a lab, most rows first: source, organisation, rows, an example.

    Where the publisher names no organisation the subject stands for it. Rows about the world belong to nobody.
    """
    rows = store.read("observations").filter(pl.col("lab").is_null() & (pl.col("subject") != ""))
    current = as_of(rows, OBSERVATIONS.point).filter(pl.col("value").is_not_null())
    said = pl.col("detail").str.json_path_match("$.organisation")
    named = pl.when(said.fill_null("") != "").then(said).otherwise(pl.col("subject"))
    counted = current.group_by("source", organisation=named).agg(rows=pl.len(), example=pl.col("subject").min())
    return counted.sort(["rows", "source", "organisation"], descending=[True, False, False]).collect().to_dicts()


def runs(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """All runs that had ended at `instant`, oldest first."""
    rows = store.read("runs").filter(~pl.col("month").is_in(HOUSEKEEPING))
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
    first_try: datetime | None = None


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
        is_baseline=last_good is None and stored is not None and bool(stored["baseline"]),
        newest_known_at=stored["newest"] if stored else None,
        not_before=not_before,
        first_try=first_try,
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


def good_days(store: Store, source: str) -> set[date]:
    """The days on which a run of the source ended well."""
    good = store.read("runs").filter((pl.col("source") == source) & pl.col("outcome").is_in(sorted(SUCCESS)))
    return set(good.select(pl.col("ended_at").dt.date().unique()).collect()["ended_at"].to_list())


def daily_counts(store: Store, source: str, indicator: str, variant: str, first: date) -> pl.DataFrame:
    """subject, date, value of a daily table from `first` on, as known now."""
    rows = store.read("observations").filter(
        (pl.col("source") == source)
        & (pl.col("indicator") == indicator)
        & (pl.col("variant") == variant)
        & (pl.col("date") >= first)
    )
    current = as_of(rows, OBSERVATIONS.point).filter(pl.col("value").is_not_null())
    return current.select("subject", "date", "value").collect()


def tagged(store: Store, source: str, tagger: str, first: date) -> dict[tuple[date, str], int]:
    """Articles of a source from `first` on by day and series ("topic:rsi", "lab:openai", "" for all), by one tagger.

    A lab's own posts name it without being talk about it: they count for all, not for their lab.
    """
    rows = store.read("mentions").filter(
        (pl.col("source") == source)
        & (pl.col("tagger") == tagger)
        & (pl.col("month") >= f"{first:%Y-%m}")
        & (pl.col("published_at").dt.date() >= first)
        & (pl.col("precision") != "seen")  # without a date there is no day to count it on
    )
    day, article = pl.col("published_at").dt.date().alias("day"), pl.col("article_id")
    foreign = pl.col("lab") != pl.col("publisher_lab").fill_null("")
    series = (
        rows.select(day, article, series=pl.lit("")),
        rows.filter(pl.col("topic") != "").select(day, article, series="topic:" + pl.col("topic")),
        rows.filter((pl.col("lab") != "") & foreign).select(day, article, series="lab:" + pl.col("lab")),
    )
    counted = pl.concat(series).group_by("day", "series").agg(pl.col("article_id").n_unique())
    return {(found_on, name): number for found_on, name, number in counted.collect().iter_rows()}


def quarantine(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """The refused rows known at `instant`, newest first."""
    rows = store.read("quarantine")
    if instant is not None:
        rows = rows.filter(pl.col("known_at") <= instant)
    return _frame(rows.sort("known_at", descending=True))


def mentions(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """All mentions known at `instant`, oldest first; each article by the newest tagger that had read it by then."""
    rows = store.read("mentions")
    if instant is not None:
        rows = rows.filter(pl.col("known_at") <= instant)
    newest = pl.col("tagger").sort_by("known_at").last().over("article_id")
    # what names nobody is stored only to be counted
    named = (pl.col("lab") != "") | (pl.col("topic") != "")
    return _frame(rows.filter((pl.col("tagger") == newest) & named).sort("published_at", "id"))


def vintages(store: Store, instant: datetime | None = None) -> pd.DataFrame:
    """Every vintage of every observation known at `instant`, withdrawals (value null) included, oldest first."""
    rows = store.read("observations")
    if instant is not None:
        rows = rows.filter(pl.col("known_at") <= instant)
    values = ["value", "low", "high", "level", "bound", "model", "detail"]
    columns = ["indicator", "subject", "variant", "date", "known_at", *values]
    return _frame(rows.select(columns).sort("known_at", "indicator", "date", "subject", "variant"))


def flags(store: Store, method: str, instant: datetime | None = None) -> pd.DataFrame:
    """All rows of the ledger that one method had written by `instant`, oldest first."""
    rows = store.read("flags").filter(pl.col("method") == method)
    if instant is not None:
        rows = rows.filter(pl.col("known_at") <= instant)
    return _frame(rows.sort("known_at", "indicator"))


def newest_flags(store: Store, method: str, instant: datetime | None = None) -> pd.DataFrame:
    """The newest row of the ledger for each indicator, as known at `instant`."""
    rows = store.read("flags").filter(pl.col("method") == method)
    return _frame(as_of(rows, FLAGS.point, instant).sort("indicator"))


def newest_known(store: Store) -> datetime | None:
    """When the newest observation was stored; None for an empty store. Stands for "now" where no clock may be read."""
    found: datetime | None = store.read("observations").select(pl.col("known_at").max()).collect().item()
    return found


def with_stories(found: pd.DataFrame) -> pd.DataFrame:
    """Rows of `mentions` with `story`, the article that the same story began with, and `outlets`, how many had it.

    Articles are counted by distinct `article_id`, stories by distinct `story`. Within what is given: filter afterwards.
    """
    unique = found.drop_duplicates("article_id")
    listed = [
        Article(row["article_id"], row["title"], row["canonical_url"], row["published_at"].to_pydatetime())
        for row in as_dicts(unique)
    ]
    story = pd.Series(stories(listed), dtype="str")
    told = found.assign(story=found["article_id"].map(story))
    return told.assign(outlets=told.groupby("story")["outlet"].transform("nunique").astype("int64"))
