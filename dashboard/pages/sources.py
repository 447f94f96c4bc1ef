"""The source board: which sources are up to date, what was said when one failed, what was held back."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import frame, health, markup, words
from dashboard.live import reader
from dashboard.markup import Cell, Html
from dashboard.reading import Versions
from dashboard.theme import lab_names
from dashboard.view import View
from data import queries
from data.extent import rows_naming
from data.queries import SourceState
from data.schema import SUCCESS
from data.store import Store

PATH = "sources"
SIGNS = {"ok": "●", "not_modified": "·", "no_data": "·"}
LAST_RUNS = 30
NAMING = timedelta(days=30)
MOST_HELD_BACK = 200
SHARES = {"full": "yes", "credit": "with credit", "none": "no"}
ORDER = ("red", "yellow", "blue", "gray")


@dataclass(frozen=True)
class Standing:
    """A source on the board: how it stands in a word and a colour, and what is behind that."""

    name: str
    title: str
    word: str
    colour: str
    why: str
    is_good: bool
    terms: Mapping[str, Any]
    state: SourceState | None
    runs: pd.DataFrame | None


def page() -> None:
    """The worker, the board, and the rows held back."""
    view = frame.top(PATH)
    board = sorted(_board(view), key=lambda s: (ORDER.index(s.colour), s.title.lower()))
    good = sum(s.is_good for s in board)
    st.title(f"{good} of {len(board)} sources are up to date")
    _worker(view)
    columns = ["Source", "State", "Last good", "Last try", "Due", "Last runs", "Rows", "Licence"]
    named = _naming(view)
    if view.only:
        board = [s for s in board if named.get(s.name)]
        said = f"{len(board)} of them named {_chosen(view)} in the {NAMING.days} days before; only these are listed."
        st.text(said if board else f"None of them named {_chosen(view)} in the {NAMING.days} days before.")
    rows = [_row(s, frame.now(view)) for s in board]
    if view.labs:
        columns.insert(1, f"Rows naming {_chosen(view)}, {NAMING.days} days")
        for row, s in zip(rows, board, strict=True):
            row.insert(1, f"{named.get(s.name, 0):,}")
    if board:
        frame.block(markup.table("Every source and how it stands", columns, rows))
    st.caption(
        f"Last {LAST_RUNS} runs, oldest first: ● new rows or all well, · unchanged, ! failed. All instants are UTC. "
        "The same for machines: /api/v1/sources.json and /health."
    )
    _held_back(view)
    frame.watch()


def _naming(view: View) -> Mapping[str, int]:
    """How many rows of each source named the chosen labs lately: new values of theirs, and articles about them."""
    if not view.labs:
        return {}
    since = (frame.now(view) - NAMING).replace(minute=0, second=0, microsecond=0)
    versions = (*reader().versions(), reader().store.version("mentions"))
    return _read_naming(reader().store, view.labs, since, view.instant, versions)


@lru_cache(16)
def _read_naming(
    store: Store, labs: tuple[str, ...], since: datetime, instant: datetime | None, _: Versions
) -> Mapping[str, int]:
    return rows_naming(store, labs, since, instant)


def _chosen(view: View) -> str:
    names = lab_names()
    return ", ".join(names[lab] for lab in view.labs)


def _worker(view: View) -> None:
    """Whether the collectors are at work, as seen from the web process alone; silence is loud."""
    now = frame.now(view)
    found = health.worker(reader(), now) if view.as_of is None else None
    if found is None:
        return
    limit = words.duration_of(found.patience)
    if found.last_report is None:
        word = "No collector has reported yet"
        more = "Values come from the baseline that ships with the program. Start the worker with: make run."
    elif found.is_silent:
        word = f"No collector has reported for {words.age(found.last_report, now).removesuffix(' ago')}"
        more = f"The last word was {words.instant(found.last_report)}; values below are ageing. Is the worker running?"
    else:
        word = f"Collectors last reported {words.age(found.last_report, now)}"
        more = f"{words.instant(found.last_report)}. Silence of more than {limit} would be said here."
    look = "red" if found.last_report and found.is_silent else "yellow" if found.is_silent else "gray"
    frame.block(f'<p class="worker">{markup.badge(word, look)} {markup.text(more)}</p>')


def _board(view: View) -> Iterator[Standing]:
    terms: dict[str, Mapping[str, Any]] = {}
    for row in reader().catalogue(view.instant).values():
        known = terms.get(row["source"])
        # the indicator that is asked most often says when the source is due
        if known is None or row["period_days"] < known["period_days"]:
            terms[row["source"]] = row
    states, runs = reader().states(view.instant), queries.runs(reader().store, view.instant)
    history = dict(iter(runs.groupby("source"))) if len(runs) else {}
    for name in sorted({*terms, *states}):
        about, state = terms.get(name, {}), states.get(name)
        word, colour, why = _standing(about, state, frame.now(view))
        is_good = colour == "gray" and (word in ("Up to date", "Unchanged") or word.startswith("Closed"))
        yield Standing(
            name, about.get("source_title", name), word, colour, why, is_good, about, state, history.get(name)
        )


def _standing(about: Mapping[str, Any], state: SourceState | None, now: datetime) -> tuple[str, str, str]:
    """A word, its colour, and the reason in a sentence."""
    if state is not None and state.not_before is not None and state.not_before > now:
        return "Waiting", "yellow", f"the publisher asked us to wait until {words.instant(state.not_before)}"
    word, colour = words.standing(about, state, now) if about else ("", "gray")
    if state is not None and state.failures:
        times = f"{state.failures} {'try' if state.failures == 1 else 'tries'} in a row"
        said = f"{words.OUTCOMES.get(state.outcome, state.outcome)} ({times})"
        return word or "Failing", "red", said
    if word:
        return word, colour, _lateness(about, state, now) if colour == "yellow" else ""
    if state is not None and state.outcome in SUCCESS:
        return ("Unchanged" if state.outcome != "ok" else "Up to date"), "gray", ""
    return "Up to date", "gray", ""


def _lateness(about: Mapping[str, Any], state: SourceState | None, now: datetime) -> str:
    if state is None or state.last_good is None:
        return ""
    late = (now - state.last_good).total_seconds() / 86_400 - about["period_days"]
    return f"late by {words.duration(late)}"


def _row(s: Standing, now: datetime) -> list[Cell]:
    about, state, runs = s.terms, s.state, s.runs
    stated = markup.both(markup.badge(s.word, s.colour), _reason(s))
    signs = "".join(SIGNS.get(o, "!") for o in runs["outcome"].tail(LAST_RUNS)) if runs is not None else ""
    counts = ""
    if runs is not None:
        held = int(runs["rows_quarantined"].tail(1).sum())
        counts = markup.whole(markup.both(f"{int(runs['rows_new'].sum()):,} new", f"{held} held back" if held else ""))
    licence = markup.both(about.get("licence", ""), f"download: {SHARES.get(about.get('share', ''), 'no')}")
    last_good, last_try = (state.last_good, state.last_try) if state else (None, None)
    name = markup.away(s.title, about.get("homepage"))
    return [name, stated, _when(last_good, now), _when(last_try, now), _due(s, now), _runs(signs), counts, licence]


def _reason(s: Standing) -> str:
    """The sentence behind the state; for a failure also what the collector wrote down."""
    error = s.state.error if s.state is not None and s.state.failures else ""
    return f"{s.why}: {error[:160]}" if error else s.why


def _when(at: datetime | None, now: datetime) -> Cell:
    return markup.whole(markup.both(words.age(at, now), words.instant(at))) if at else "never"


def _due(s: Standing, now: datetime) -> Cell:
    """When the next try is due, and how often."""
    if not s.terms or s.word.startswith("Closed"):
        return ""
    period = s.terms["period_days"]
    every = f"every {words.duration(period)}" if period >= 1 else f"every {round(period * 24)} h"
    last = s.state.last_try if s.state else None
    if last is None:
        return markup.both("now", every)
    due = last + pd.Timedelta(days=period)
    return markup.whole(markup.both(words.instant(due) if due > now else "now", every))


def _runs(signs: str) -> Cell:
    failed = signs.count("!")
    return markup.both(signs, f"{failed} of {len(signs)} failed" if failed else "") if signs else Html("")


def _held_back(view: View) -> None:
    rows = queries.quarantine(reader().store, view.instant)
    st.header(f"Held back: {len(rows)} {'row' if len(rows) == 1 else 'rows'}", anchor="held-back")
    st.caption("Rows that were seen and not believed. They are drawn nowhere and stored here with the reason.")
    if len(rows):
        newest = rows.head(MOST_HELD_BACK)
        st.dataframe(
            pd.DataFrame(
                {
                    "When": newest["known_at"],
                    "Source": newest["source"],
                    "Reason": newest["reason"],
                    "Row": [
                        ", ".join(f"{k} {v}" for k, v in json.loads(r).items()) if r.endswith("}") else r
                        for r in newest["row"]
                    ],
                    "Status": newest["status"],
                }
            ),
            hide_index=True,
        )
