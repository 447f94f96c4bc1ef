"""A file holds exactly what the chart shows, with its terms, and no live formula."""

import csv
import io
from dataclasses import replace

import pandas as pd

from dashboard import charts, export
from dashboard.reading import Reader
from dashboard.view import View
from data import queries


def test_the_csv_in_pandas_is_what_the_chart_shows(reader: Reader) -> None:
    for key in ("metr_p50", "metr_p80", "eci_frontier"):
        for view in (View(), View(labs=("openai", "meta"), only=True), View(start="2y"),
                     View(start="2024-01-01", end="2025-06-30")):  # fmt: skip
            series = reader.series(key)
            frame = pd.read_csv(io.BytesIO(export.as_csv(series, view)))
            drawn = [v for t in charts.figure(series, view, "light").data if t.mode == "markers" for v in t.y]
            assert sorted(frame["value"]) == sorted(drawn), (key, view)


def test_the_name_of_a_file_says_which_labs_and_days_are_in_it(reader: Reader) -> None:
    view = View(labs=("openai", "meta"), only=True, start="2024-01-01", end="2025-06-30")
    named = export.file_name(reader.series("metr_p50"), view, "2026-05-10")
    assert named == "metr_p50_2026-05-10_only_openai_meta_from_2024-01-01_to_2025-06-30.csv"


def test_it_carries_its_terms_in_each_row(reader: Reader) -> None:
    frame = pd.read_csv(io.BytesIO(export.as_csv(reader.series("eci_frontier"), View())))
    assert set(frame["licence"]) == {"CC BY 4.0"}
    assert frame["known_at"].str.endswith("Z").all()
    assert frame["url"].str.startswith("https://").all()


def test_line_ends_and_the_mark_for_excel(reader: Reader) -> None:
    plain, excel = (export.as_csv(reader.series("metr_p50"), View(), excel=e) for e in (False, True))
    assert plain.count(b"\r\n") == plain.count(b"\n") == 26
    assert excel == b"\xef\xbb\xbf" + plain


def test_formulas_are_text_and_numbers_are_numbers(reader: Reader) -> None:
    series = reader.series("metr_p50")
    rows = series.rows.assign(subject="=cmd|' /C calc'!A0\rx", value=-series.rows["value"])
    body = export.as_csv(replace(series, rows=rows), View())
    found = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert len(found) == len(rows)
    assert all(row["subject"].startswith("'=") for row in found)
    assert all(float(row["value"]) < 0 for row in found)


def test_an_address_that_may_not_be_a_link_is_left_out(reader: Reader) -> None:
    series = reader.series("metr_p50")
    for url in ("javascript:alert(1)", "https://a@b/", "https://example.org/\\x", "=https://example.org"):
        body = export.as_csv(replace(series, rows=series.rows.assign(url=url)), View())
        assert {row["url"] for row in csv.DictReader(io.StringIO(body.decode(), newline=""))} == {""}


def test_a_bound_is_a_word_and_no_cell_begins_like_a_formula(reader: Reader) -> None:
    series = reader.series("metr_p50")
    body = export.as_csv(replace(series, rows=series.rows.assign(bound=">=")), View())
    assert {row["bound"] for row in csv.DictReader(io.StringIO(body.decode(), newline=""))} == {"at least"}
    for row in csv.reader(io.StringIO(export.as_csv(series, View()).decode(), newline="")):
        assert not [cell for cell in row if cell.startswith(("=", "+", "@", "-"))]


def test_numbers_read_back_as_the_same_double(reader: Reader) -> None:
    series = reader.series("eci_frontier")
    body = export.as_csv(series, View()).decode()
    found = {float(row["value"]) for row in csv.DictReader(io.StringIO(body, newline=""))}
    assert found == set(series.rows["value"])


def test_the_whole_indicator_has_all_variants_and_marks_only_the_records_of_one(reader: Reader) -> None:
    rows = queries.observations(reader.store, "metr_p50")
    whole = export.table(export.whole(reader.series("metr_p50"), rows), View())
    assert len(whole) == len(rows) > len(export.table(reader.series("metr_p50"), View()))
    assert set(whole["variant"][whole["on_frontier"]]) == {reader.series("metr_p50").variant}


def test_an_empty_selection_is_a_file_with_its_columns(reader: Reader) -> None:
    body = export.as_csv(reader.series("metr_p50"), View(start="1990-01-01", end="1990-01-02"))
    assert body.decode() == ",".join(export.COLUMNS) + "\r\n"
    assert export.as_rows(reader.series("metr_p50"), View(start="1990-01-01", end="1990-01-02")) == []
