"""The numbers to take along: one file for everything, one for each indicator, and how to fetch them by machine."""

from dataclasses import replace

import streamlit as st

from dashboard import export, frame, markup, words
from dashboard.live import reader
from dashboard.markup import Cell, Html
from dashboard.reading import Series, shown_rows
from dashboard.view import View

PATH = "data"
SHARES = {"full": "", "credit": "with credit", "none": "derived values only"}
FIRST = 25


def page() -> None:
    """Downloads."""
    names = {"": "First", "all": "All"} | {stage: name for stage, (name, _) in words.STAGES.items()}

    def stages(view: View) -> View:
        frame.clamp("w_tab", list(names)[2:], None)
        tab = st.pills("Stage", list(names)[2:], format_func=names.__getitem__, key="w_tab", wrap=True,
                       label_visibility="collapsed")  # fmt: skip
        return replace(view, tab=tab or ("all" if view.tab == "all" else ""))

    view = frame.top(PATH, stages)
    catalogue = reader().catalogue(view.instant)
    found = [reader().series(key, view.instant) for key in catalogue]
    found = [s for s in found if len(s.rows)]
    ours = [s for s in found if export.may_be_passed_on(s.indicator)]
    st.title(f"Take the numbers along: {len(ours)} indicators with {sum(len(s.rows) for s in ours):,} values")
    st.caption("Each file holds exactly what its page shows, with source, licence and when it was known in each row.")
    _snapshot(view)
    _table(found, view)
    withheld, empty = len(found) - len(ours), len(catalogue) - len(found)
    if withheld:
        st.caption(f"{withheld} indicators are not ours to redistribute; their pages lead to the publisher.")
    if empty:
        st.caption(f"{empty} further indicators have no value yet; their files are empty until a live run succeeds.")
    _machines()
    frame.watch()


def _snapshot(view: View) -> None:
    asked = f"?asof={view.as_of}" if view.as_of else ""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.link_button("Whole snapshot (zip)", f"/api/v1/snapshot.zip{asked}", icon=":material/download:")
        st.caption(
            "Everything in one file: tidy CSVs, schema, README, licences, citation and hashes. "
            "python -m data verify FILE.zip proves it and rebuilds it bit for bit from the same tables."
        )


def _table(found: list[Series], view: View) -> None:
    chosen = [s for s in found if view.tab in ("", "all", s.indicator["stage"])]
    shown = chosen[:FIRST] if not view.tab else chosen
    columns = ("Indicator", "Values", "Licence", "Files")
    frame.block(markup.table("Each indicator as a file", columns, [_row(s, view) for s in shown]))
    if len(shown) < len(chosen):
        st.button(f"Show all {len(chosen)}", on_click=_show_all)


def _show_all() -> None:
    st.session_state["w_tab"] = None
    st.query_params["tab"] = "all"


def _row(series: Series, view: View) -> list[Cell]:
    indicator, key, carried = series.indicator, series.indicator["indicator"], frame.carried(view)
    shown = len(shown_rows(series, view))
    rows: Cell = f"{len(series.rows):,}" if shown == len(series.rows) else f"{shown:,} of {len(series.rows):,}"
    if view.labs and not view.only:
        rows = markup.both(rows, f"{len(shown_rows(series, replace(view, only=True))):,} of the chosen labs")
    name = markup.both(markup.link(indicator["name"], frame.address(carried, key)), indicator["source_title"])
    terms = markup.both(indicator["licence"], SHARES[indicator["share"]])
    return [name, rows, terms, _files(key, carried) if export.may_be_passed_on(indicator) else "at the publisher"]


def _files(key: str, view: View) -> Html:
    """The addresses of an indicator's files: as shown, for a spreadsheet, for programs, and what they mean."""
    csv = frame.address(view, f"api/v1/indicators/{key}.csv")
    zipped = f"/api/v1/snapshot.zip?indicator={key}" + (f"&asof={view.as_of}" if view.as_of else "")
    files = {
        "CSV": csv,
        "for Excel": f"{csv}{'&' if '?' in csv else '?'}excel=1",
        "JSON": frame.address(view, f"api/v1/indicators/{key}.json"),
        "metadata": frame.address(view, f"api/v1/indicators/{key}.metadata.json"),
        "zip with proof": zipped,
    }
    return Html(" · ".join(markup.link(name, path) for name, path in files.items()))


def _machines() -> None:
    st.header("By machine")
    base = frame.address(View(), "").rstrip("/")
    key = "metr_p50"
    said = (
        ("pandas", f'pandas.read_csv("{base}/api/v1/indicators/{key}.csv")'),
        ("shell", f"curl -O --etag-save {key}.etag --etag-compare {key}.etag {base}/api/v1/indicators/{key}.csv"),
        ("proof", f"curl -OJ {base}/api/v1/snapshot.zip && python -m data verify ai-progress-monitor_*.zip"),
        ("state", f"curl {base}/health"),
    )
    for name, command in said:
        st.text(f"{name}:  {command}")
    st.caption("All addresses and filters are described in docs/api.md; feeds are at /feeds/signals.atom.")
