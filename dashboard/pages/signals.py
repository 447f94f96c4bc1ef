"""The ledger: what is flagged now, every change of a flag, what changed besides, and how often flags are wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import streamlit as st

from dashboard import changed, evidence, frame, markup, verdicts, words
from dashboard.live import reader
from dashboard.markup import Cell, Html
from dashboard.pages import overview
from dashboard.reading import Series, entity_of
from dashboard.theme import FLAGS, lab_names, lab_style
from dashboard.view import View
from dashboard.words import NBSP
from signals import forecast
from signals.finding import METHOD, Shares
from signals.forecast import Projection
from signals.licence import COUNTS, STRESS, USUAL, Calibration
from signals.licence import table as calibration
from signals.verdict import ENOUGH_FOR_TREND

PATH = "signals"
TABS = {
    "": "Now", "history": "History", "changes": "Changes", "forecasts": "Forecast book", "record": "False-alarm record",
}  # fmt: skip
ORDER = ("confirmed", "signal", "watch", "slowing", "steady", "cannot tell")
MOST_EVENTS = 200


def page() -> None:
    """One of five tabs over the same tables."""

    def tabs(view: View) -> View:
        names = list(TABS)
        frame.clamp("w_tab", names, "")
        tab = st.pills(
            "Part", names, format_func=TABS.__getitem__, key="w_tab", required=True, wrap=True,
            label_visibility="collapsed",
        )  # fmt: skip
        return replace(view, tab=tab or "")

    view = frame.top(PATH, tabs)
    found = [reader().series(key, view.instant) for key in reader().catalogue(view.instant)]
    found = [s for s in found if len(s.rows)]
    events = [e for e in verdicts.events(reader(), None, view.instant) if e["method"] == METHOD]
    _title(found, events)
    tabs_of = {"history": _history, "changes": _changes, "forecasts": _forecasts, "record": _record}
    tabs_of.get(view.tab, _now)(found, events, view)
    frame.watch()


Events = Sequence[dict[str, object]]


def _title(found: list[Series], events: Events) -> None:
    raised = sum(s.verdict.state in words.FLAGGED for s in found)
    tested = sum(s.verdict.shown is not None for s in found)
    expected = _expected(tested)
    rule = f"{tested} indicators are tested; among that many the rule raises about {expected}."
    if raised:
        st.title(f"{raised} {'flag is' if raised == 1 else 'flags are'} up")
    else:
        st.title("No flag is up" if events else "No flag has been raised yet")
    st.caption(rule if expected else f"{tested} indicators are tested.")


def _expected(tested: int) -> str:
    """How often a false signal comes among the tested, from the simulation; empty where there is none."""
    row = next((c for c in _widest(USUAL) if c.state == "signal" and c.ratio == 1), None)
    a_year = row.rate * tested / 200 if row else 0.0
    if not a_year:
        return ""
    if a_year >= 1:
        return f"{words.number(a_year, 2)} false signals a year"
    return f"one false signal in {words.number(1 / a_year, 1)} years"


def _widest(world: str) -> Iterator[Calibration]:
    """The rows of a world over all sizes and all noises."""
    return (c for c in calibration() if c.world == world and (c.n_low, c.n_high, c.phi_low, c.phi_high) == (None,) * 4)


def _now(found: list[Series], events: Events, view: View) -> None:
    del events
    judged = [s for s in found if s.verdict.state in ORDER]
    judged.sort(key=lambda s: (ORDER.index(s.verdict.state), s.verdict.shown.p if s.verdict.shown else 1.0))
    columns = ("Indicator", "State", "Bend", "Speed before and after", "Chance", "Other analyses", "n")
    for about, part in _parts(judged, view):
        if part:
            frame.block(markup.table(about, columns, [_row(s, view) for s in part]))
        else:
            st.text("None of these has enough data yet.")
    few = [s for s in found if s.verdict.state not in ORDER and (not view.only or _is_chosen(s, view))]
    if few:
        with st.expander(f"{len(few)} indicators with too few data"):
            rows = [[_named(s, view), str(s.verdict.n), " ".join(s.verdict.reasons)] for s in few]
            frame.block(markup.table("Indicators with too few data", ("Indicator", "n", "Why"), rows))


def _parts(judged: list[Series], view: View) -> Iterator[tuple[str, list[Series]]]:
    """All in one table; with "only" those about the chosen labs first, and the world under a heading of its own."""
    if not view.only:
        yield "Every indicator with enough data", judged
        return
    about = f"About {_chosen(view)}"
    st.header(about)
    yield about, [s for s in judged if _is_chosen(s, view)]
    st.header("About the world")
    st.caption("Frontiers and totals belong to no single lab; the verdict on them is always for all labs.")
    yield "Indicators about the world", [s for s in judged if entity_of(s) is None]


def _chosen(view: View) -> str:
    names = lab_names()
    return ", ".join(names[lab] for lab in view.labs)


def _is_chosen(series: Series, view: View) -> bool:
    return entity_of(series) in view.labs


def _named(series: Series, view: View) -> Html:
    """The indicator's name as a link; with the sign of a chosen lab, in bold, where it is about that lab."""
    key, lab = series.indicator["indicator"], entity_of(series) if view.labs else None
    link = markup.link(series.indicator["name"], frame.address(frame.carried(view), key))
    if lab is None or lab not in view.labs:
        return link
    return Html(f"<b>{markup.text(lab_style(lab, 'light').sign)} {link}</b>")


def _row(series: Series, view: View) -> list[Cell]:
    verdict, change, flag = series.verdict, series.verdict.shown, FLAGS[series.verdict.state]
    look = f"{flag.colour} outline" if verdict.state == "watch" else flag.colour
    bend: Cell = ""
    speed: Cell = words.sentence_case(words.growth(verdict.trend, series.indicator["unit"])) if verdict.trend else ""
    chance: Cell = ""
    if change is not None:
        span = f"90 % range {words.month(change.break_low)} to {words.month(change.break_high)}"
        bend = markup.both(words.month(change.break_on), span)
        before, after = change.doubling_days_before, change.doubling_days_after
        if before is not None and after is not None:
            speed = markup.both(f"{words.duration(before)} → {words.duration(after)}", "doubling time")
        q = f"q{NBSP}={NBSP}{words.number(change.q, 2)}" if change.q is not None else ""
        chance = markup.both(f"p{NBSP}={NBSP}{words.number(change.p, 2)}", q)
    shares = verdict.finding.multiverse if verdict.finding else None
    others: Cell = _shares(shares) if shares else ""
    state = markup.both(markup.badge(f"{flag.icon} {flag.word}", look), evidence.short_reason(verdict))
    return [_named(series, view), state, bend, speed, chance, others, str(verdict.n)]


def _shares(shares: Shares) -> Html:
    """How many of the other analyses say what, in words."""
    said = f"{shares.faster} faster, {shares.same} same, {shares.slower} slower, {shares.cannot_tell} cannot tell"
    return markup.both(f"{shares.faster} of {shares.cells} faster", said.split(", ", 1)[1])


def _history(found: list[Series], events: Events, view: View) -> None:
    of = {s.indicator["indicator"]: s for s in found}
    if view.only:
        events = [
            e for e in events if e["indicator"] in of and entity_of(of[str(e["indicator"])]) in (None, *view.labs)
        ]
        st.caption(f"Flags about {_chosen(view)} and about the world; those about other labs are left out.")
    if not events:
        st.text("No flag has been raised or cleared so far, in any vintage that is stored.")
        st.caption("The ledger is replayed from the stored vintages: python -m signals backtest shows the same.")
        return
    rows: list[list[Cell]] = []
    for event in events[:MOST_EVENTS]:
        known_at = event["known_at"]
        key = str(event["indicator"])
        name = _named(of[key], view) if key in of else markup.text(event["name"])
        when = words.day(known_at.date())  # type: ignore[attr-defined]
        rows.append([name, when, markup.text(event["sentence"])])
    frame.block(markup.table("Every change of a flag, newest first", ("Indicator", "When known", "What"), rows))
    st.caption(
        "When known: the vintage that caused it. As a feed: /feeds/signals.atom, or one a stage and indicator. "
        "That the flags of any day follow from what was known then shows: python -m signals replay --as-of DAY."
    )


def _changes(found: list[Series], events: Events, view: View) -> None:
    del found, events
    visit = frame.last_visit()
    changes = changed.read(reader(), changed.since_of(view, visit, frame.now(view)), view.instant)
    since = changed.label(changes.since, visit)
    st.text(f"Since {since}: {changed.counted(changes)}." if not changes.is_empty else f"No change since {since}.")
    overview.changes(changes, view, most=1000)


def _forecasts(found: list[Series], events: Events, view: View) -> None:
    """What was projected, what came, and how often the interval held."""
    del events
    shown = {s.indicator["indicator"]: s for s in found}
    book = [p for p in reader().forecasts(view.instant) if p.indicator in shown]
    scored = [p for p in book if p.observed is not None]
    held = forecast.coverage(scored)
    open_ones = [p for p in book if p.observed is None and not p.is_over]
    if held.share is not None:
        st.header(f"{held.inside} of {held.n} scored projections held")
        few = " These are too few to judge the intervals by." if held.n < ENOUGH_FOR_TREND else ""
        st.text(
            f"The 80 % interval should hold four times in five. It held in {held.share:.0%} (90 % interval "
            f"{held.low:.0%} to {held.high:.0%}, n = {held.n}); projections of one series overlap, so that the true "
            f"uncertainty is larger.{few}"
        )
    else:
        st.header("Not enough vintages yet")
        st.text("No value has come so far that is dated after a projection was issued: there is nothing to score.")
    expired = len(book) - len(scored) - len(open_ones)
    st.caption(
        "Once a month each trend is frozen by what was known that day and projected to the next value, 3, 6 and 12 "
        "months ahead, with its 80 % prediction interval. The first record or value of that day or of the 3 months "
        "after it is the score. It is computed from the stored vintages alone, so that nobody can change it later. "
        f"Weekly counts are not projected. {expired} projections passed without a new value. "
        "The same for machines: /api/v1/forecasts.json."
    )
    columns = ("Indicator", "Issued", "For", "Projected, 80 % interval", "Observed", "Inside", "Error")
    if scored:
        newest = sorted(scored, key=lambda p: (p.observed_on or p.due, p.issued_on), reverse=True)[:MOST_EVENTS]
        rows = [_projection(p, shown[p.indicator], view) for p in newest]
        frame.block(markup.table("Projections that were scored, newest first", columns, rows))
    if open_ones:
        part = st.expander(f"{len(open_ones)} projections that wait for a value", key="open", on_change="rerun")
        with part:
            if part.open:
                waiting = sorted(open_ones, key=lambda p: (p.due, p.indicator))[:MOST_EVENTS]
                rows = [_projection(p, shown[p.indicator], view)[:5] for p in waiting]
                frame.block(markup.table("Projections that wait for a value, next due first", columns[:5], rows))


def _projection(of: Projection, series: Series, view: View) -> list[Cell]:
    unit = series.indicator["unit"]
    ahead = "the next value" if of.horizon == forecast.NEXT else f"{words.duration(of.horizon)} ahead"
    span = f"{words.quantity(of.low, unit)} to {words.quantity(of.high, unit)}"
    observed: Cell = "not yet"
    if of.observed is not None and of.observed_on is not None:
        observed = markup.both(words.quantity(of.observed, unit), words.day(of.observed_on))
    inside = "" if of.is_inside is None else "yes" if of.is_inside else "no"
    error = "" if of.error is None else words.miss(of.error, of.scale, unit)
    return [
        _named(series, view), words.day(of.issued_on), markup.both(words.day(of.due), ahead),
        markup.both(words.quantity(of.projected, unit), span), observed, inside, error,
    ]  # fmt: skip


def _record(found: list[Series], events: Events, view: View) -> None:
    """How often such flags are false and how soon true ones come, in worlds whose truth is known."""
    del found, events, view
    worlds = {USUAL: "Usual noise", STRESS: "Strongly autocorrelated noise", COUNTS: "Weekly counts"}
    rows = []
    for world, name in worlds.items():
        for state in ("watch", "signal", "confirmed"):
            of = {c.ratio: c for c in _widest(world) if c.state == state}
            if of:
                cells = [name, FLAGS[state].word, *(_cell(of.get(ratio)) for ratio in (1.0, 2.0, 3.0))]
                rows.append(cells)
    columns = ("Simulated world", "Flag", "False flags a year, of 200", "Slope doubles: found", "Slope triples: found")
    frame.block(markup.table("How often flags are false", columns, rows))
    st.caption(
        "Found: share flagged within 18 months of the change, with the median delay. False: new flags a year among 200 "
        "indicators that only grow steadily. Made by python -m signals simulate; docs/simulation.md has all of it."
    )


def _cell(row: Calibration | None) -> Cell:
    if row is None:
        return "not simulated"
    if row.ratio == 1:
        return words.number(row.rate, 2)
    delay = f"after {row.delay * 12:.0f} months" if row.delay is not None else ""
    return markup.both(f"{row.rate:.0%}", delay)
