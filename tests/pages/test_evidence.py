"""The argument of a flag is complete, in words, and never surer than its state."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from dashboard import charts, evidence, words
from dashboard.reading import Reader, Series
from dashboard.view import View
from signals.finding import Change, Finding, Interval, Licence, Shares
from signals.shape import bent_line
from signals.verdict import scale_of

CHANGE = Change(
    direction="faster", statistic=4.4, p=0.004, p_noise=0.004, p_frontier=0.002, p_low=0.002, p_high=0.006, draws=9999,
    exceedances=40, break_on=date(2024, 5, 13), break_low=date(2024, 2, 1), break_high=date(2025, 1, 10), slope_before=0.9,
    slope_after=3.7, ratio=4.1, doubling_days_before=413.9, doubling_days_after=98.7, jump="", jump_evidence=-5.0,
    autocorrelation=0.6, n_before=3, n_after=11, q=0.06, q_by=0.2, ratio_interval=Interval(2.0, 41.0),
    doubling_days_before_interval=Interval(300.0, None), doubling_days_after_interval=Interval(80.0, 120.0),
)  # fmt: skip
FINDING = Finding(
    indicator="metr_p50", variant="1.1", method="bend-1", known_at=datetime(2026, 5, 10, tzinfo=UTC), data_id="x", seed=1,
    tested_as="records", scale="log2", n=14, last_date=date(2026, 2, 5), state="signal", level=2, since=date(2026, 5, 10),
    ends_when="p > 0.10 at 2 updates in a row", reasons=(), qualifiers=(), is_suppressed=False, streak_on=2,
    streak_off=0, updates=3, has_new_point=True, faster=CHANGE, power={"2": 0.75},
    multiverse=Shares(48, 31, 6, 2, 9, "faster", "robust", "start in 2024", "same", None, None, "gpt_4", 2.9, 104.0, 0.03),
    licence=Licence("signal", 4000, 10, 20, None, 0.5, 0.18, 5.1, 0.41, 15.0, 0.88, 10.8),
)  # fmt: skip


@pytest.fixture
def flagged(reader: Reader) -> Series:
    series = reader.series("metr_p50")
    return replace(series, verdict=replace(series.verdict, finding=FINDING, state="signal"))


def said(series: Series) -> str:
    parts = evidence.sections(series.indicator, series.verdict)
    return " ".join([heading + ": " + " ".join(lines) for heading, lines in parts]).replace(words.NBSP, " ")


def test_a_flag_says_how_big_how_sure_and_what_would_flip_it(flagged: Series) -> None:
    text = said(flagged)
    for part in (
        "Growth is credibly faster since about May 2024 (90 % range Feb 2024 to Jan 2025).",
        "before: 14 months (90 % interval 9.9 months to no growth); after: 3.2 months",
        "4.1 (90 % interval 2 to 41) times the slope before",
        "probability 0.004 (n = 14)",
        "at most about 6%",
        "raised 0.18 false flags a year among 200 such indicators; 5.1 when noise is strongly",
        "Simulated: 4,000 indicators, for a year each.",
        "doubled, simulation flagged it within 18 months in 41%",
        "see it in 75% of cases",
        "Of 48 analyses: faster in 31",
        "start in 2024",
        "gpt_4",
        "It is cleared by p > 0.10 at 2 updates in a row.",
    ):
        assert part in text, (part, text)


def test_a_rate_of_none_seen_is_told_with_its_upper_limit(flagged: Series) -> None:
    none_seen = replace(FINDING, licence=replace(FINDING.licence, indicators=500, false_a_year=0.0))
    text = said(replace(flagged, verdict=replace(flagged.verdict, finding=none_seen)))
    assert "raised no false flag a year among 200 such indicators, so at most 1.2 (95 % limit)" in text


@pytest.mark.parametrize(
    ("level", "ends_when", "told"),
    [
        (0, "p ≤ 0.01 and a large enough change at 2 updates in a row", "It becomes a watch with p ≤ 0.01 and"),
        (0, "more points", "It needs more points."),
        (2, "p > 0.10 at 2 updates in a row", "It is cleared by p > 0.10"),
    ],
)
def test_what_would_change_a_verdict_is_a_sentence(flagged: Series, level: int, ends_when: str, told: str) -> None:
    finding = replace(FINDING, level=level, ends_when=ends_when)
    assert told in said(replace(flagged, verdict=replace(flagged.verdict, finding=finding)))


def test_the_title_of_a_flag_says_before_and_after(flagged: Series) -> None:
    title = words.title(flagged.indicator, flagged.verdict, 718.8).replace(words.NBSP, " ")
    assert title == "Time horizon (50 %) doubles every 3.2 months; before May 2024 it took 14 months"


@pytest.mark.parametrize(
    ("state", "words_said", "unsaid"),
    [
        ("watch", "may be faster", "credibly"),
        ("steady", "not surely enough to flag", "faster"),
        ("cannot tell", "cannot be told", "faster"),
    ],
)
def test_a_sentence_is_never_surer_than_the_state(flagged: Series, state: Any, words_said: str, unsaid: str) -> None:
    found = evidence.sentence(replace(flagged.verdict, state=state))
    assert words_said in found
    assert unsaid not in found


def test_a_flag_is_drawn_with_its_break_and_both_slopes(flagged: Series) -> None:
    fig = charts.figure(flagged, View(), "light")
    assert [s.x0 for s in fig.layout.shapes] == ["2024-05-13", "2024-02-01"]
    assert "May 2024" in fig.layout.annotations[0].text
    only = charts.figure(flagged, View(labs=("openai",), only=True), "light")
    assert not only.layout.shapes, "no flag where only some labs are shown"


def test_the_drawn_line_has_the_slopes_of_the_finding(flagged: Series) -> None:
    assert flagged.verdict.tested is not None
    when = np.array(["2023-05-13", "2024-05-13", "2025-05-13"], dtype="datetime64[D]")
    y = np.log2(bent_line(flagged.verdict.tested, scale_of(flagged.indicator), CHANGE, when))
    assert np.diff(y) == pytest.approx([0.9, 3.7], rel=0.01)
