"""The source board: which sources are up to date, what was said when one failed, what was held back."""

import json
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from dashboard import frame, words
from dashboard.live import reader
from dashboard.view import View
from data import queries
from data.queries import SourceState
from data.schema import SUCCESS

PATH = "sources"
SIGNS = {"ok": "●", "not_modified": "·", "no_data": "·"}
LAST_RUNS = 30
MOST_HELD_BACK = 200
SHARES = {"full": "yes", "credit": "with credit", "none": "no"}


def page() -> None:
    """The board, the refused rows, and what the signs mean."""
    view = frame.top(PATH)
    board = _board(view)
    good = sum(str(row["State"]).startswith(("ok", "Closed")) for row in board)
    st.title(f"{good} of {len(board)} sources are up to date")
    st.caption(_worker(view))
    st.dataframe(
        board,
        hide_index=True,
        height="content",
        column_config={"Homepage": st.column_config.LinkColumn(display_text="open")},
    )
    st.caption(
        f"Last {LAST_RUNS} runs, oldest first: ● new rows or all well, · unchanged, ! failed. All instants are UTC."
    )
    _held_back(view)
    frame.watch()


def _worker(view: View) -> str:
    """Whether the collectors are at work, as seen from the web process alone."""
    tried = [s.last_try for s in reader().states(view.instant).values() if s.last_try]
    if not tried:
        return "No collector has reported yet: values come from the baseline. Start the worker with: make run."
    newest, now = max(tried), frame.now(view)
    silent = "" if now - newest < timedelta(hours=25) else " Values below are ageing: is the worker running?"
    return f"Collectors last reported {words.instant(newest)} ({words.age(newest, now)}).{silent}"


def _board(view: View) -> list[dict[str, object]]:
    terms = {row["source"]: row for row in reader().catalogue(view.instant).values()}
    states, runs = reader().states(view.instant), queries.runs(reader().store, view.instant)
    history = dict(iter(runs.groupby("source"))) if len(runs) else {}
    return [
        _row(name, states.get(name), terms.get(name), history.get(name), frame.now(view))
        for name in sorted({*terms, *states})
    ]


def _row(
    name: str, state: SourceState | None, terms: object, runs: pd.DataFrame | None, now: datetime
) -> dict[str, object]:
    known = terms if isinstance(terms, dict) else {}
    last_good, last_try = (state.last_good, state.last_try) if state else (None, None)
    return {
        "Source": known.get("source_title", name),
        "State": _state(state, known, now),
        "Last good": words.instant(last_good) if last_good else "never",
        "Last try": words.instant(last_try) if last_try else "never",
        "Every": words.duration(known["period_days"]) if known else "",
        "Last runs": "".join(SIGNS.get(o, "!") for o in runs["outcome"].tail(LAST_RUNS)) if runs is not None else "",
        "Rows new": int(runs["rows_new"].sum()) if runs is not None else 0,
        "Held back": int(runs["rows_quarantined"].tail(1).sum()) if runs is not None else 0,
        "Licence": known.get("licence", ""),
        "Download": SHARES.get(known.get("share", ""), ""),
        "Homepage": known.get("homepage"),
    }


def _state(state: SourceState | None, terms: dict[str, object], now: datetime) -> str:
    word, _ = words.standing(terms, state, now) if terms else ("", "gray")
    if state is not None and state.failures:
        return f"{word or 'failing'}: {words.OUTCOMES.get(state.outcome, state.outcome)}"
    if state is not None and state.outcome in SUCCESS and not word:
        return "ok"
    return word or "ok"


def _held_back(view: View) -> None:
    rows = queries.quarantine(reader().store, view.instant)
    st.header(f"Held back: {len(rows)} rows")
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
