"""The numbers to take along: one file for everything, one for each indicator, and how to fetch them by machine."""

import streamlit as st

from dashboard import export, frame
from dashboard.live import reader
from dashboard.reading import shown_rows
from dashboard.view import View

PATH = "data"
SHARES = {"full": "yes", "credit": "with credit", "none": "no: derived values only"}


def page() -> None:
    """Downloads."""
    view = frame.top(PATH)
    catalogue = reader().catalogue(view.instant)
    ours = [key for key, row in catalogue.items() if export.may_be_passed_on(row)]
    st.title(f"Take the numbers along: {len(ours)} indicators as CSV")
    withheld = len(catalogue) - len(ours)
    if withheld:
        st.caption(f"{withheld} indicators are not ours to redistribute; their pages lead to the publisher.")
    asked = f"?asof={view.as_of}" if view.as_of else ""
    st.link_button("Whole snapshot (zip)", f"/api/v1/snapshot.zip{asked}", icon=":material/download:")
    st.caption("Tidy CSVs, schema, licences, citation and hashes; python -m data verify FILE.zip proves it.")
    _table(view)
    _machines()
    frame.watch()


def _table(view: View) -> None:
    rows = []
    for key, indicator in reader().catalogue(view.instant).items():
        series = reader().series(key, view.instant)
        free = export.may_be_passed_on(indicator)
        csv = frame.address(View(labs=view.labs, only=view.only, as_of=view.as_of), f"api/v1/indicators/{key}.csv")
        rows.append(
            {
                "Indicator": indicator["name"],
                "Rows": len(series.rows),
                "As displayed": len(shown_rows(series, view)),
                "Source": indicator["source_title"],
                "Licence": indicator["licence"],
                "May be passed on": SHARES[indicator["share"]],
                "CSV": csv if free else None,
                "CSV for Excel": f"{csv}{'&' if '?' in csv else '?'}excel=1" if free else None,
            }
        )
    links = {name: st.column_config.LinkColumn(display_text="download") for name in ("CSV", "CSV for Excel")}
    st.dataframe(rows, hide_index=True, height="content", column_config=links)


def _machines() -> None:
    st.header("By machine")
    base = frame.address(View(), "").rstrip("/")
    st.text(f"pandas:  pandas.read_csv('{base}/api/v1/indicators/metr_p50.csv')")
    st.text(f"shell:   curl -H 'If-None-Match: \"…\"' {base}/api/v1/indicators/metr_p50.csv")
    st.text(f"state:   {base}/health")
