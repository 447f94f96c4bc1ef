import pytest

from collectors import topics
from collectors.topics import TopicMatch, topics_of
from data.lists import own_data


def found(title, summary="", **how):
    return [match.topic for match in topics_of(title, summary, **how)]


def test_a_strict_term_makes_a_topic():
    assert topics_of("Notes on recursive self-improvement") == (TopicMatch("rsi", "recursive self-improvement"),)


def test_a_broad_term_does_not():
    assert found("A feedback loop, an agent, a data center and a new model") == []


def test_hyphen_space_case_and_plural_make_no_difference():
    assert found("SELF IMPROVING\u2011AI") == found("Self-Improving Agents") == ["rsi"]
    assert found("The first AI layoff") == ["labor"]


def test_part_of_a_word_is_no_term():
    assert found("AGIle work and VAGI") == []


def test_abbreviations_keep_their_case():
    assert found("AGI soon") == ["agi_timelines"]
    assert found("Agi soon") == []
    assert found("SB-53 passes") == ["regulation"]
    assert found("sb 53 passes") == []


def test_a_topic_is_reported_once_by_its_first_and_longest_term():
    assert topics_of("The software intelligence explosion and seed AI") == (
        TopicMatch("rsi", "software intelligence explosion"),
    )


def test_a_text_may_have_several_topics():
    assert found("An AI scientist writes a paper on scaling laws and AGI") == [
        "agi_timelines",
        "ai_rnd",
        "compute_scaling",
    ]


def test_a_veto_drops_only_its_terms():
    assert found("AGI and your tax return") == []
    assert found("AGI, superintelligence and your tax return") == ["agi_timelines"]
    assert found("AISI figures on steel") == []


def test_some_terms_need_a_further_word():
    assert found("An AI scientist retires") == []
    assert found("Codex restored by monks") == []
    assert found("Codex, a tool for coding") == ["agents_coding"]
    assert found("Cursor after the sale to SpaceX") == ["agents_coding"]
    assert found("Cursor keys for a keyboard") == []


def test_the_further_word_may_stand_in_the_summary():
    assert found("Codex is fast", "The agent writes tests.") == ["agents_coding"]


def test_everyday_words_need_ai_beside_them():
    assert found("Sabotage on the railway") == []
    assert found("Sabotage by language models") == ["safety_incident"]
    assert found("Sabotage, says OpenAI") == ["safety_incident"]
    assert found("Sabotage in the sandbox", ai_only=True) == ["safety_incident"]
    assert found("Sandbagging in the sandbox") == ["safety_incident"]


def test_a_release_is_a_verb_and_a_lab_in_one_title():
    assert topics_of("OpenAI launches a browser") == (TopicMatch("release", "launches"),)
    assert found("The navy launches a ship") == []
    assert found("The navy launches a ship", "OpenAI was there.") == []
    assert found("OpenAI was there", "The navy launches a ship.") == []


def test_a_product_name_makes_a_release():
    assert found("Introducing Muse Image") == ["release"]


def test_a_weak_lab_name_makes_a_release_only_if_it_counts():
    assert found("Amazon launches a van") == []
    assert found("Amazon launches a van", "With a chatbot.") == ["release"]
    assert found("Claude launches in Wales", "Anthropic said so.") == ["release"]
    assert found("Introducing Claude for Gardeners", ai_only=True) == ["release"]


def test_escaped_ampersands_are_read():
    assert found("AI R&amp;D automation") == ["ai_rnd"]


@pytest.mark.parametrize("title", ["", "0", "&", "<b>"])
def test_odd_titles_are_about_nothing(title):
    assert found(title, title, ai_only=True) == []


def test_the_tagger_names_the_versions_of_both_lists():
    versions = own_data("labs.yaml")["version"], own_data("topics.yaml")["version"]
    assert "labs-{}.topics-{}".format(*versions) == topics.tagger()


def test_every_special_case_in_the_list_is_about_a_listed_term():
    for topic, entry in own_data("topics.yaml")["topics"].items():
        listed = {*entry["strict"], *entry["broad"], *entry.get("strict_with_lab_alias", ())}
        assert set(entry.get("requires", {})) <= set(entry["strict"]), topic
        assert set(entry.get("case_sensitive", ())) <= listed, topic
        assert set(entry.get("context_outside_ai_sources", ())) <= set(entry["strict"]), topic
        assert {term for veto in entry["veto"] for term in veto["drops"]} <= listed, topic


def test_every_plain_strict_term_is_found():
    for topic, entry in own_data("topics.yaml")["topics"].items():
        for term in set(entry["strict"]) - set(entry.get("requires", {})):
            assert topic in found(f"On {term}, today", ai_only=True), term


def test_some_words_are_enough_where_all_is_about_ai_and_nowhere_else() -> None:
    assert [m.topic for m in topics_of("A framework for trustworthy agents", ai_only=True)] == ["agents_coding"]
    assert not topics_of("A framework for trustworthy agents")
    assert not topics_of("Presenting the Poster Agent", ai_only=True)  # the name of a product
    assert not topics_of("An estate agent moves", ai_only=True)
