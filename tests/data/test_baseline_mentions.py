"""The shipped mentions are facts with addresses; the publishers' headlines stay with them."""

import csv
import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from data import mentions
from data.frames import as_polars
from data.mentions import Wanted
from data.schema import BASELINE
from data.shipped import SHIPPED_MENTIONS, load_mentions, title_from_address, write_mentions
from data.store import Store


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(files("data").joinpath(SHIPPED_MENTIONS).read_text(encoding="utf-8").splitlines()))


def test_they_are_loaded_once_and_labelled(store: Store) -> None:
    assert load_mentions(store) == len(rows()) > 400
    assert load_mentions(store) == 0
    shown = as_polars(mentions.chosen(store, Wanted()))
    assert shown["run_id"].str.starts_with(BASELINE).all()
    assert {"anthropic", "openai", "google", "meta", "mistral", "xai", "cohere", "deepseek"} <= set(shown["lab"])
    assert {"release", "agents_coding", "regulation"} <= set(shown["topic"])


def test_every_title_is_made_of_its_address() -> None:
    assert {row["title"] for row in rows()} == {title_from_address(row["url"]) for row in rows()}


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://www.anthropic.com/news/claude-opus-4-7", "Claude opus 4 7"),
        ("https://example.org/2026/a_long-story.html?x=1", "A long story"),
        ("https://example.org/%E5%8F%91", "发"),
        ("https://example.org/", "example.org".capitalize()),
    ],
)
def test_a_title_is_the_words_of_the_last_part(url: str, title: str) -> None:
    assert title_from_address(url) == title


def test_every_row_names_a_lab_or_a_topic_with_evidence_and_a_date_before_it_was_known() -> None:
    for row in rows():
        assert row["lab"] or row["topic"]
        assert "alias" in row["evidence"] or "term" in row["evidence"]
        assert re.fullmatch(r"https://\S+", row["url"])
        assert row["published_at"] <= row["known_at"] <= f"{datetime(2026, 11, 23, tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_what_is_written_is_what_is_loaded(store: Store, tmp_path: object) -> None:
    from pathlib import Path

    load_mentions(store)
    path = Path(str(tmp_path)) / "again.csv"
    assert write_mentions(store, path) == len(rows())
    assert path.read_text(encoding="utf-8") == files("data").joinpath(SHIPPED_MENTIONS).read_text(encoding="utf-8")
