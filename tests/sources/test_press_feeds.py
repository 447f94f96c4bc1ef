"""Press feeds: every item is kept, titles are plain text, odd dates and links are held back."""

from collections.abc import Callable

from collectors.labs import labs_mentioned
from collectors.registry import one
from collectors.replay import Replay
from collectors.run import run_source
from collectors.source import Row
from data import mentions
from data.frames import as_polars
from data.mentions import Wanted
from data.schema import Mention, Refused
from data.store import Store
from tests.conftest import NOW, PAYLOADS


def test_weak_names_count_in_an_ai_section_only(replay: Callable[..., list[Row]]) -> None:
    found = {row.outlet: row for row in replay("press_feeds") if isinstance(row, Mention)}
    assert found["The Verge"].ai_only
    assert not found["TechCrunch"].ai_only
    waits = next(r for r in replay("press_feeds") if isinstance(r, Mention) and r.title.startswith("Claude"))
    assert [m.lab for m in labs_mentioned(waits.title, ai_only=waits.ai_only)] == ["anthropic"]


def test_titles_are_plain_text(replay: Callable[..., list[Row]]) -> None:
    titles = [row.title for row in replay("press_feeds") if isinstance(row, Mention)]
    assert "alert(1) A jailbreak of language models & toasters" in titles
    assert "Claude learns to wait — and nobody minds" in titles


def test_odd_dates_and_links_are_held_back_with_the_reason(replay: Callable[..., list[Row]]) -> None:
    assert [row.reason for row in replay("press_feeds") if isinstance(row, Refused)] == [
        "a date in the future",
        "no usable address",
    ]


def test_items_that_name_nobody_are_stored_to_be_counted_and_not_shown(store: Store) -> None:
    run_source(one("press_feeds"), Replay(PAYLOADS / "press_feeds", NOW), store, at=NOW)
    stored = store.read("mentions").collect()
    assert stored["article_id"].n_unique() == 6
    shown = as_polars(mentions.chosen(store, Wanted()))
    assert set(shown["title"]) == {
        "Claude learns to wait — and nobody minds",
        "Mistral AI opens a kitchen",
        "alert(1) A jailbreak of language models & toasters",
    }
