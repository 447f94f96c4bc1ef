"""The mentions page: numbers against all that was read, gaps that are no zeros, and titles that cannot do harm."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from collectors.mentions import mention_rows
from collectors.registry import one
from collectors.run import _observation_row, catalogue_rows
from dashboard import attention
from data import mentions
from data.schema import Mention
from data.store import Store
from tests.pages.conftest import goto
from tests.pages.test_pages import words

KNOWN = datetime(2026, 11, 2, tzinfo=UTC)
MONDAY = date(2025, 9, 1)
WEEKS = 60


def counts(weeks: int = WEEKS, lacking: tuple[int, ...] = ()) -> pl.DataFrame:
    """Ten items a day, one of them about OpenAI; in the last week five are. Days `lacking` were not read."""
    days = [n for n in range(7 * weeks) if n not in lacking]
    found = [("", 10.0), ("lab:openai", 1.0), ("topic:rsi", 0.0)]
    rows = [
        ("press_feeds", "press_daily", series, MONDAY + timedelta(days=n), 5.0 if series == "lab:openai" and n >= 7 * (weeks - 1) else value)
        for n in days
        for series, value in found
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=["source", "indicator", "series", "date", "value"], orient="row")


def test_a_week_is_a_share_of_what_was_read_and_scaled_up_to_seven_days() -> None:
    found = mentions.by_period(counts(2, lacking=(0, 1)), ["lab:openai"])
    assert found.select("date", "number", "share").rows() == [(MONDAY, 7.0, 0.1), (date(2025, 9, 8), 35.0, 0.5)]


def test_a_week_of_two_days_and_one_that_is_not_over_are_missing_and_zero_is_zero() -> None:
    found = mentions.by_period(counts(3, lacking=(0, 1, 2, 3, 4, 20)), ["topic:rsi"])
    assert found.select("date", "number").rows() == [(date(2025, 9, 8), 0.0)]


def test_a_gap_in_the_reading_is_a_gap_in_the_line() -> None:
    drawn = attention.lines(counts(4, lacking=tuple(range(7, 14))), by_topic=False)
    (line,) = attention.figure(drawn, share=True, mode="light").data
    assert list(line.y) == [0.1, None, 0.1, 0.5]
    assert line.connectgaps is False
    assert line.customdata[1].endswith("not read")


def test_a_burst_is_told_by_the_share_and_not_by_more_feeds() -> None:
    alarm = attention.burst_of(mentions.by_period(counts(), ["lab:openai"]))
    assert alarm is not None
    assert (alarm.is_alarm, alarm.count) == (True, 35)
    tenfold = counts().with_columns(
        value=pl.when(pl.col("date") < MONDAY + timedelta(weeks=WEEKS - 1)).then("value").otherwise(
            pl.when(pl.col("series") == "").then(100.0).when(pl.col("series") == "lab:openai").then(10.0).otherwise(0.0)
        )
    )  # fmt: skip
    steady = attention.burst_of(mentions.by_period(tenfold, ["lab:openai"]))
    assert steady is not None
    assert not steady.is_alarm


def test_too_short_a_past_gives_no_alarm() -> None:
    assert attention.burst_of(mentions.by_period(counts(20), ["lab:openai"])) is None


@pytest.fixture
def news(tmp_path: Path) -> str:
    """A store with counts of the press, two copies of a story, a post of a lab's own, and a hostile title."""
    store = Store(str(tmp_path / "tables"))
    store.create()
    press = one("press_feeds")
    for name in ("press_feeds", "hacker_news", "lab_feeds"):
        store.append_vintages("indicators", catalogue_rows(one(name)))
    daily = press.source.indicators[0]
    variant = daily.variants[0].key
    rows = [
        daily.observed(date=day, value=value, subject=series, variant=variant)
        for _, _, series, day, value in counts().rows()
    ]
    store.append_vintages("observations", [_observation_row("press_feeds", row, "r") for row in rows], KNOWN)
    title = "OpenAI releases GPT-9, a model for long tasks at home"
    at = KNOWN - timedelta(days=1)
    items = [
        ("hacker_news", Mention(at=at, title=title, url="https://a.example/1", outlet="A", kind="forum")),
        ("hacker_news", Mention(at=at, title=title, url="https://b.example/1", outlet="B", kind="forum")),
        ("hacker_news", Mention(at=at, title="Anthropic [x](javascript:alert(1)) <b>AI</b>", url="https://c.example/1",
                                outlet="C", kind="forum")),
        ("lab_feeds", Mention(at=at, title="A letter from OpenAI", url="https://openai.com/l", outlet="OpenAI", kind="lab")),
    ]  # fmt: skip
    store.append_new("mentions", [r for s, m in items for r in mention_rows(s, m, "r", KNOWN)])
    return store.uri


@pytest.fixture
def app(app: Any) -> Any:
    """The page of mentions over a store, at an address."""
    return lambda uri, **query: goto(app(uri, **query), "mentions")


def tables(at: AppTest) -> list[Element]:
    bodies = [block.proto.body for block in at.get("html")]
    return [fromstring(body) for body in bodies if body.startswith("<table")]


def lines(table: Element) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in table.findall("tbody/tr")]


def titles(at: AppTest) -> list[str]:
    return [link.text or "" for link in tables(at)[-1].findall("tbody/tr/th/a")]


def test_the_page_says_the_share_the_burst_and_the_stories(app: Any, news: str) -> None:
    at = app(news)
    said = words(at)
    assert at.title[0].value == "OpenAI is named in 20% of items in 4 weeks from 28 Sep 2026"
    assert "Newest 3 articles, 2 stories" in said
    bursts, articles = map(lines, tables(at))
    assert bursts[0][0].startswith("OpenAI")
    assert (bursts[0][1], bursts[0][3]) == ("35", "burst")
    assert ["this story in 2 outlets" in row[0] for row in articles].count(True) == 2


def test_own_posts_are_left_out_until_they_are_asked_for(app: Any, news: str) -> None:
    assert "A letter from OpenAI" not in titles(app(news))
    own = app(news, kind="lab")
    assert titles(own) == ["A letter from OpenAI"]
    assert lines(tables(own)[-1])[0][0] == "A letter from OpenAIOpenAI", "the title, and who published it"
    assert "1 of these rows are not ours to pass on" in words(own)


@pytest.mark.parametrize(
    ("query", "count"),
    [({"lab": "anthropic"}, 1), ({"topic": "release"}, 2), ({"out": "B"}, 1), ({"src": "lab_feeds"}, 1),
     ({"q": "gpt-9"}, 2), ({"out": "nobody", "src": "nothing"}, 3)],
)  # fmt: skip
def test_titles_are_filtered_by_lab_topic_outlet_source_and_words(
    app: Any, news: str, query: dict[str, str], count: int
) -> None:
    assert len(titles(app(news, **query))) == count


def test_topics_and_days_are_drawn_too_and_nothing_is_not_zero_percent(app: Any, news: str) -> None:
    at = app(news, by="topic", step="day", m="count")
    assert at.title[0].value.startswith("Recursive self-improvement is the topic of 0% of items in 4 days")
    none = app(news, lab="mistral")
    assert none.title[0].value == "Nothing is counted for this choice yet"


def test_a_title_is_text_and_a_link_is_a_link(app: Any, news: str) -> None:
    at = app(news, lab="anthropic")
    assert "javascript" not in " ".join(str(block.value) for block in [*at.markdown, *at.caption, *at.title])
    (link,) = tables(at)[-1].findall("tbody/tr//a")
    assert link.attrib == {"href": "https://c.example/1", "target": "_blank", "rel": "noopener noreferrer"}
    assert link.text == "Anthropic [x](javascript:alert(1)) <b>AI</b>"


def test_the_baseline_is_called_so(app: Any, baseline_uri: str) -> None:
    said = words(app(baseline_uri))
    assert "Baseline" in said or "baseline" in said
    assert "Anthropic wrote" in said
