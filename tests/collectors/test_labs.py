from pathlib import Path

import pytest
import yaml

from collectors.labs import LabMatch, lab_of, labs_mentioned, publisher_of
from collectors.matching import read
from data.lists import own_data

TRAPS = Path(__file__).resolve().parents[2].parent / "shared" / "sources" / "trap_titles.yaml"


def labs(title, summary="", **how):
    return [match.lab for match in labs_mentioned(title, summary, **how)]


def one(title, summary="", **how):
    (match,) = labs_mentioned(title, summary, **how)
    return match


# ---- titles


def test_no_trap_title_names_a_lab():
    if not TRAPS.exists():
        pytest.skip("needs ../shared/sources/trap_titles.yaml")
    titles = [trap["title"] for trap in yaml.safe_load(TRAPS.read_text(encoding="utf-8"))["titles"]]
    assert {title: labs_mentioned(title) for title in titles} == dict.fromkeys(titles, ())


def test_a_strong_alias_is_enough():
    assert labs_mentioned("Anthropic opens an office") == (LabMatch("anthropic", "Anthropic", "strong", ""),)


def test_a_bare_weak_alias_does_not_count():
    assert labs("Meta buys an office block") == []


def test_a_weak_alias_counts_beside_an_ai_word():
    assert one("Meta trains a larger language model") == LabMatch("meta", "Meta", "weak", "context")


def test_the_context_may_stand_in_the_summary():
    assert one("Apple buys a start-up", "It makes chatbots.").rescued_by == "context"


def test_an_alias_in_the_summary_counts_too():
    assert labs("A quiet week", "OpenAI hired a chef.") == ["openai"]


def test_a_phrase_does_not_run_from_the_title_into_the_summary():
    assert labs("Everyone is on Open", "AI is late") == []


def test_a_strong_alias_of_another_lab_is_context():
    assert LabMatch("amazon", "AWS", "weak", "strong_alias") in labs_mentioned("AWS resells ChatGPT")


def test_a_weak_alias_counts_in_an_ai_source():
    assert one("Gemma for everyone", ai_only=True) == LabMatch("google", "Gemma", "weak", "ai_source")


def test_upper_case_xai_is_explainable_ai_even_in_an_ai_source():
    assert labs("XAI for radiologists: a model survey", ai_only=True) == []
    assert labs("Musk renames XAI") == ["xai"]


def test_an_alias_is_no_context_for_itself():
    assert labs("X.AI moves house") == []


def test_o3_needs_its_own_context_and_lower_case():
    assert labs("AI agents in schools score o3") == []
    assert labs("What o3 tells about reasoning") == ["openai"]
    assert labs("O3 and other reasoning models") == []


def test_ozone_is_not_a_model():
    assert labs("A model of ozone: o3 over the pole") == []


def test_bare_glm_never_counts():
    assert labs("A GLM for counts", ai_only=True) == []
    assert one("GLM-5-Turbo is out").alias == "GLM-5-Turbo"


def test_meta_learning_is_not_meta():
    assert labs("Meta-learning with language models", ai_only=True) == []
    assert labs("On meta and AI") == []


def test_a_hyphen_before_the_name_makes_another_word():
    assert labs("The pre-Anthropic years") == []


def test_a_possessive_is_the_name():
    assert labs("OpenAI's plan") == labs("OpenAI’s plan") == ["openai"]


def test_a_version_may_follow_a_hyphen():
    assert one("A day with GPT-5.2-Codex-Max.") == LabMatch("openai", "GPT-5.2-Codex-Max", "strong", "")
    assert labs("GPT-45 is a joke") == []


def test_part_of_a_word_is_no_name():
    assert labs("OpenAIs and xAIr, MiniMaxed") == []


def test_a_veto_beats_the_context():
    assert labs("Gemini exchange launches an AI agent") == []
    assert labs("Claude Monet, painted by an AI model") == []


def test_a_veto_forbids_only_its_alias():
    assert one("Gemini horoscope, written by Gemini 3").alias == "Gemini 3"


def test_a_vetoed_strong_alias_rescues_nobody():
    assert labs("The anthropic principle, Anthropic said, and Fable") == []


def test_the_longest_alias_is_the_evidence():
    assert one("Claude Opus by the sea").alias == "Claude Opus"
    assert one("Mistral Large and the winds").alias == "Mistral Large"


def test_a_strong_match_hides_the_weak_ones():
    assert one("Claude and the people at Anthropic") == LabMatch("anthropic", "Anthropic", "strong", "")


def test_a_distilled_model_names_both_labs():
    assert labs("DeepSeek-R1-Distill-Qwen-32B on a laptop") == ["alibaba", "deepseek"]
    assert labs("DeepSeek-R1-Distill-Llama-70B on a laptop") == ["deepseek", "meta"]


def test_a_venue_is_a_mention():
    assert labs("Claude 4 on Amazon Bedrock") == ["amazon", "anthropic"]


def test_people_who_changed_labs_are_not_evidence():
    assert labs("Yann LeCun gives an AI lecture") == []
    assert labs("Demis Hassabis gives a lecture") == ["google"]


def test_groq_is_not_grok():
    assert labs("Groq raises money for AI chips") == []


def test_le_chat_is_a_cat_in_french():
    assert labs("Le Chat learns to read") == ["mistral"]
    assert labs("Le Chat dans la maison") == labs("Le Chat Noir, a cabaret") == labs("A poem on le chat") == []


@pytest.mark.parametrize(
    "title",
    [
        "OpenAI发布新模型",
        "深度OpenAI解读",
        "OpenAI가 모델을 공개",
    ],
)
def test_letters_of_unspaced_scripts_do_not_hide_a_name(title):
    assert labs(title) == ["openai"]


def test_chinese_names_match_inside_a_run_of_characters():
    assert labs("昨日月之暗面与智谱发布模型") == ["moonshot", "zhipu"]
    assert labs("通义千问-Max上线") == ["alibaba"]


@pytest.mark.parametrize(
    "title",
    [
        "GPT\u20115 is here",  # non-breaking hyphen
        "GPT\u20105 is here",
        "\uff27\uff30\uff34-5 is here",  # full-width letters
        "<b>GPT</b>-5 is here",
        "&lt;em&gt;GPT-5&lt;/em&gt; is here",
        "&amp;lt;em&amp;gt;GPT-5&amp;lt;/em&amp;gt; is here",
        "G\u200bPT-5\u2122 is here",
        "\u201cGPT-5\u201d is here",
        "\u0130stanbul: GPT-5 is here",  # the lower case of İ is two characters
    ],
)
def test_typography_and_markup_do_not_hide_a_name(title):
    assert labs(title) == ["openai"]


def test_markup_is_not_text():
    assert labs('<a href="https://example.org/" title="OpenAI">A link</a>') == []


def test_folded_text_keeps_every_character_in_its_place():
    text = read("İ-Ş and ẞ", "Straße")
    assert len(text.exact) == len(text.folded)


@pytest.mark.parametrize("title", ["", " ", "0", "<", "&", "&#0;", "<<<<b", "-", "\n"])
def test_odd_titles_name_nobody(title):
    assert labs(title, title, ai_only=True) == []


# ---- publishers


@pytest.mark.parametrize(
    ("url", "lab"),
    [
        ("https://www.anthropic.com/news/x", "anthropic"),
        ("https://OpenAI.com:443/", "openai"),
        ("https://openai.com./x", "openai"),
        ("https://machinelearning.apple.com/research", "apple"),
        ("https://notopenai.com/", None),
        ("https://openai.com.example.org/", None),
        ("https://openai.com@example.org/", None),
        ("https://example.org/?u=https://openai.com/", None),
        ("mailto:press@openai.com", None),
        ("http://[/", None),
        ("", None),
    ],
)
def test_a_publisher_is_known_by_its_host(url, lab):
    assert publisher_of(url) == lab


@pytest.mark.parametrize(
    ("path", "lab"),
    [
        ("", "huggingface"),
        ("/blog", "huggingface"),
        ("/blog/a-post", "huggingface"),
        ("/blog/nvidia/a-guest-post", "nvidia"),
        ("/blog/a-reader/a-guest-post", None),
        ("/deepseek-ai/DeepSeek-V3", "deepseek"),
        ("/meta-llama/Llama-4", "meta"),
        ("/datasets/allenai/c4", "ai2"),
    ],
)
def test_hugging_face_pages_belong_to_their_authors(path, lab):
    assert publisher_of(f"https://huggingface.co{path}") == lab


# ---- metric rows


@pytest.mark.parametrize(
    ("organisation", "lab"),
    [
        ("OpenAI", "openai"),
        ("ANTHROPIC ", "anthropic"),
        ("Google DeepMind,Google", "google"),
        ("Princeton University, Alibaba,Meta", "alibaba"),  # the first that is a lab
        ("Z.ai (Zhipu AI)", "zhipu"),
        ("Xiaomi", "xiaomi"),
        ("Nous Research", None),
    ],
)
def test_a_metric_row_is_known_by_its_organisation(organisation, lab):
    assert lab_of(organisation) == lab


@pytest.mark.parametrize("organisation", ["", "  ", "Multiple", "Undisclosed", "Stealth", "Nous Research"])
def test_an_organisation_that_is_no_lab_stays_unmapped_whatever_the_name_says(organisation):
    assert lab_of(organisation, slug="openai/gpt-5", name="GPT-5") is None


def test_an_organisation_wins_over_a_name():
    assert lab_of("Ai2", name="Llama-3.1-Tulu-3-70B") == "ai2"


@pytest.mark.parametrize(
    ("slug", "lab"),
    [
        ("~anthropic/claude-latest", "anthropic"),
        ("meta-llama/llama-4-scout:free", "meta"),
        ("z-ai/glm-5", "zhipu"),
        ("stealth/claude-like", None),
        ("somebody/hermes-llama-3", None),
    ],
)
def test_a_metric_row_is_known_by_its_slug(slug, lab):
    assert lab_of(slug=slug, name="Claude") == lab


@pytest.mark.parametrize(
    ("name", "lab"),
    [
        ("DeepSeek-R1-Distill-Qwen-32B", "deepseek"),
        ("claude_3_7_sonnet_inspect", "anthropic"),
        ("GPT\u20115-Codex", "openai"),
        ("o3-mini (high)", "openai"),
        ("hy4-preview", "tencent"),
        ("Aristotle", None),
        ("", None),
    ],
)
def test_a_metric_row_is_known_by_its_name_at_last(name, lab):
    assert lab_of(name=name) == lab_of(slug=name) == lab


def test_a_row_without_any_field_is_unmapped():
    assert lab_of() is None


# ---- the list itself


def test_every_special_case_in_the_list_is_about_a_listed_alias():
    for lab, entry in own_data("labs.yaml")["labs"].items():
        known = {*entry["strong"], *entry["weak"]}
        assert set(entry["veto"]) <= known, lab
        assert set(entry.get("weak_context", {})) <= set(entry["weak"]), lab


def test_every_lab_is_found_by_its_strong_aliases():
    for lab, entry in own_data("labs.yaml")["labs"].items():
        for alias in entry["strong"]:
            assert lab in labs(f"On {alias}, today"), alias


def test_no_host_belongs_to_two_labs():
    hosts = [host for entry in own_data("labs.yaml")["labs"].values() for host in entry["hosts"]]
    assert len(hosts) == len(set(hosts))
