"""A view is its link: it survives the round trip, and nothing odd in a URL gets through."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.theme import lab_names
from dashboard.view import MOST_LABS, View, clamped, parse, query
from data.text import clean

days = st.dates(date(1950, 1, 1), date(2099, 12, 31))


lab_names()  # read once, before the strategies are timed
slugs = st.text("AZaz09_.-", max_size=20)


@st.composite
def views(draw: st.DrawFn) -> View:
    chosen = draw(st.lists(st.sampled_from(list(lab_names())), max_size=MOST_LABS, unique=True))
    labs = tuple(lab for lab in lab_names() if lab in chosen)
    start, end = draw(st.sampled_from(["", "2y", "5y"])), ""
    if draw(st.booleans()):
        start, end = sorted(d.isoformat() for d in draw(st.tuples(days, days)))
    return View(
        labs=labs,
        only=bool(labs) and draw(st.booleans()),
        as_of=draw(st.none() | days),
        start=start,
        end=end,
        scale=draw(st.sampled_from(["", "lin", "log"])),
        variant=draw(slugs),
        state=draw(slugs),
        layout=draw(st.sampled_from(["", "table"])),
        since=draw(st.sampled_from(["", "7d", "30d", "90d"]) | days.map(str)),
        tab=draw(slugs),
        shown=tuple(draw(st.sampled_from([(), ("restated",), ("events",), ("restated", "events")]))),
        kind=draw(slugs),
        topic=draw(slugs),
        search=clean(draw(st.text(max_size=60)), 100).strip(),
        measure=draw(st.sampled_from(["", "count"])),
        source=draw(slugs),
        outlet=clean(draw(st.text(max_size=60)), 100).strip(),
        by=draw(st.sampled_from(["", "topic"])),
        step=draw(st.sampled_from(["", "day"])),
    )


@given(views())
def test_a_view_survives_the_round_trip(view: View) -> None:
    assert parse(query(view)) == view
    assert list(query(view)) == sorted(query(view))


keys = st.sampled_from(
    [
        "lab",
        "only",
        "asof",
        "from",
        "to",
        "y",
        "v",
        "st",
        "as",
        "kind",
        "topic",
        "q",
        "m",
        "since",
        "tab",
        "show",
        "src",
        "out",
        "by",
        "step",
        "foo",
    ]
)


@given(st.dictionaries(keys, st.lists(st.text(max_size=30), max_size=4)))
def test_no_query_whatever_breaks_the_view(asked: dict[str, list[str]]) -> None:
    view = parse(asked)
    assert parse(query(view)) == view
    assert len(str(query(view))) < 2000


@pytest.mark.parametrize(
    "asked",
    [{"lab": ["bogus"]}, {"foo": ["1"]}, {"asof": ["2026-02-30"]}, {"asof": ["yesterday"]}, {"y": ["cubic"]}, {"only": ["1"]},
     {"v": ["<script>"]}, {"from": ["0001-01-01"]}],
)  # fmt: skip
def test_what_makes_no_sense_is_the_default(asked: dict[str, list[str]]) -> None:
    assert parse(asked) == View()


def test_a_range_the_wrong_way_round_is_swapped() -> None:
    assert parse({"from": ["2026-01-01"], "to": ["2025-01-01"]}) == View(start="2025-01-01", end="2026-01-01")


def test_a_day_that_has_not_come_is_the_latest() -> None:
    assert clamped(View(as_of=date(2026, 12, 1)), date(2026, 11, 23)) == View()


def test_changes_are_not_counted_from_a_day_after_the_one_shown() -> None:
    assert clamped(View(since="2026-12-01"), date(2026, 11, 23)) == View()
    shown = View(since="2026-01-01", as_of=date(2025, 6, 1))
    assert clamped(shown, date(2026, 11, 23)) == View(as_of=date(2025, 6, 1))
