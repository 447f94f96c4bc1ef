"""The verbs about names: evidence as JSON lines, figures against labels, new names, and a new tagger's rows."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors import labs, tagging, topics
from collectors.__main__ import main
from collectors.mentions import mention_rows
from collectors.topics import tagger
from data.lists import own_data
from data.schema import Failure, Mention
from data.store import Store
from tests.conftest import NOW


def test_titles_and_json_lines_are_read_alike(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (
        'OpenAI hires\n\n{"title": "Claude waits", "summary": "An AI", "url": "https://openai.com/x", "outlet": "O"}\n'
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main(["tag"]) == 0
    plain, rich = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert plain["labs"] == [{"lab": "openai", "alias": "OpenAI", "strength": "strong", "rescued_by": ""}]
    assert (rich["labs"][0]["rescued_by"], rich["publisher_lab"], rich["outlet"]) == ("context", "openai", "O")


def test_topics_come_with_the_term_that_made_them() -> None:
    (row,) = tagging.tags(["On seed AI"])
    assert row["topics"] == [{"topic": "rsi", "term": "seed AI"}]
    assert row["tagger"] == tagger()


@pytest.mark.parametrize("line", ["{", '{"text": "x"}', '{"title": "x", "labs": 3}'])
def test_a_line_that_is_no_title_is_named(line: str) -> None:
    with pytest.raises(Failure, match="line 2"):
        list(tagging.tags(["OpenAI", line]))


def test_a_score_lists_what_is_wrong_and_gives_the_figures() -> None:
    lines = [
        json.dumps({"title": "OpenAI hires", "labs": ["openai"], "topics": []}),
        json.dumps({"title": "Groq hires", "labs": ["xai"], "topics": []}),
        json.dumps({"title": "Anthropic hires", "labs": [], "topics": []}),
    ]
    *wrong, of_labs, tuned, held_out, of_topics, _, _ = tagging.score(lines)
    assert [row["title"] for row in wrong] == ["Groq hires", "Anthropic hires"]
    assert (of_labs["precision"], of_labs["recall"]) == (0.5, 0.5)
    assert (tuned["part"], held_out["part"]) == ("tuned on", "held out")
    assert tuned["titles"] + held_out["titles"] == of_labs["titles"] == 3
    assert tuned["missed"] + held_out["missed"] == 1
    assert of_topics["precision"] is None


def test_a_labelled_title_stays_in_its_half() -> None:
    halves = {tagging.half_of(f"Title {n}") for n in range(40)}
    assert halves == {"tuned on", "held out"}
    assert tagging.half_of("OpenAI hires") == tagging.half_of("OpenAI hires")


def test_unknown_names_are_reported_the_most_frequent_first() -> None:
    rows = list(tagging.unmatched(["Zeta-9 beats GPT-7", "Zeta-9 again", "Quux 3.1 and Claude 9"]))
    assert [(row["word"], row["titles"]) for row in rows] == [("Zeta-9", 2), ("Quux 3.1", 1)]


def test_speed_is_measured() -> None:
    assert tagging.speed(["OpenAI hires"] * 300)["titles_per_second"] > 5000  # a floor for any machine


def item(title: str, **how: object) -> list[dict[str, Any]]:
    made = Mention(at=NOW, title=title, url="https://example.org/a", outlet="O", **how)  # type: ignore[arg-type]
    return mention_rows("made_up", made, "run", NOW)


def test_other_lists_add_rows_and_change_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append_new(
        "mentions", item("OpenAI hires", native_key="1") + item("Anthropic hires", native_key="2", keep=True)
    )
    before = store.read("mentions").collect()
    assert tagging.retag(store) == 0

    listed = own_data("labs.yaml")
    fewer = {**listed, "version": 900, "labs": {k: v for k, v in listed["labs"].items() if k != "anthropic"}}
    lists = {"labs.yaml": fewer, "topics.yaml": own_data("topics.yaml")}
    for module in (labs, topics):
        monkeypatch.setattr(module, "own_data", lists.__getitem__)
        module._find.cache_clear()
    try:
        assert tagging.retag(store, datetime(2026, 12, 1, tzinfo=UTC)) == 2
        again = tagging.retag(store)
    finally:
        monkeypatch.undo()
        labs._find.cache_clear()
        topics._find.cache_clear()
    assert again == 0
    after = store.read("mentions").collect()
    assert len(after) == len(before) + 2
    new = {(row["title"], row["lab"]) for row in after.to_dicts() if row["tagger"] != tagger()}
    assert new == {("OpenAI hires", "openai"), ("Anthropic hires", "")}
    assert before.sort("id").equals(after.filter(after["tagger"] == tagger()).sort("id"))


def test_what_a_summary_said_is_carried_over() -> None:
    (old,) = item("A quiet week", summary="OpenAI hired a chef.")
    (new,) = tagging._again([old], NOW)
    assert new["lab"] == "openai"


def test_what_a_shipped_title_has_lost_is_carried_over() -> None:
    (old,) = item("OpenAI hires")
    (new,) = tagging._again([{**old, "title": "Openai hires"}], NOW)
    assert new["lab"] == "openai"
