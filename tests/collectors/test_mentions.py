"""From an item to rows: one a lab and topic, with the evidence; publisher and mentioned are two things."""

import json
from datetime import UTC, datetime

from collectors.mentions import first_seen, mention_rows
from collectors.topics import tagger
from data import mentions
from data.frames import as_polars
from data.mentions import Wanted
from data.schema import Mention
from data.store import Store
from tests.conftest import NOW

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rows(title: str, **how: object) -> list[dict[str, object]]:
    fields: dict[str, object] = {"at": AT, "url": "https://example.org/a?utm_source=x", "outlet": "O"} | how
    return mention_rows("made_up", Mention(title=title, **fields), "run", NOW)  # type: ignore[arg-type]


def test_every_lab_goes_with_every_topic() -> None:
    found = rows("OpenAI and Anthropic on seed AI and AGI")
    assert {(row["lab"], row["topic"]) for row in found} == {
        (lab, topic) for lab in ("openai", "anthropic") for topic in ("rsi", "agi_timelines")
    }
    assert len({row["id"] for row in found}) == 4
    assert len({row["article_id"] for row in found}) == 1


def test_what_names_nobody_is_dropped_unless_it_is_to_be_kept() -> None:
    assert rows("Rain in the north") == []
    (row,) = rows("Rain in the north", keep=True)
    assert (row["lab"], row["topic"]) == ("", "")


def test_the_evidence_says_why() -> None:
    (row,) = rows("Claude waits", ai_only=True)
    assert json.loads(str(row["evidence"])) == {
        "alias": "Claude",
        "strength": "weak",
        "rescued_by": "ai_source",
        "ai_only": True,
    }


def test_to_publish_is_not_to_be_mentioned() -> None:
    (row,) = rows("OpenAI hires a chef", url="https://www.anthropic.com/news/x")
    assert (row["publisher_lab"], row["lab"]) == ("anthropic", "openai")


def test_an_undated_item_is_dated_by_when_it_was_seen() -> None:
    (row,) = rows("OpenAI hires", at=None, precision="seen")
    assert (row["published_at"], row["precision"], row["month"]) == (NOW, "seen", "2026-11")


def test_an_undated_item_is_stored_once_however_long_it_stays_in_the_feed(store: Store) -> None:
    def again(known_at: datetime) -> int:
        item = Mention(at=None, precision="seen", title="OpenAI hires", url="https://example.org/a", outlet="O")
        made = mention_rows("made_up", item, "run", known_at)
        return store.append_new("mentions", first_seen(made, "made_up", store))

    assert again(NOW) == 1
    assert again(datetime(2027, 6, 1, tzinfo=UTC)) == 0


def test_the_key_is_the_publishers_own_or_the_canonical_address() -> None:
    assert (
        rows("OpenAI hires")[0]["article_id"]
        == rows("OpenAI hires!", url="https://www.example.org/a/")[0]["article_id"]
    )
    assert rows("OpenAI", native_key="1")[0]["article_id"] != rows("OpenAI", native_key="2")[0]["article_id"]


def test_kept_items_that_name_nobody_are_not_shown_as_mentions(store: Store) -> None:
    store.append_new("mentions", rows("Rain", keep=True) + rows("OpenAI hires", keep=True, native_key="2"))
    shown = as_polars(mentions.chosen(store, Wanted()))
    assert shown["title"].to_list() == ["OpenAI hires"]
    assert set(shown["tagger"]) == {tagger()}
