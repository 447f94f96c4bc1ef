"""What a title is about. Terms and rules are in data/topics.yaml; only strict terms count (rule 2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from collectors.labs import speaks_of_ai, title_names_a_product
from collectors.matching import Text, finder, fold, read
from data.lists import own_data


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """A topic and the listed term that made it."""

    topic: str
    term: str


def topics_of(title: str, summary: str = "", *, ai_only: bool = False) -> tuple[TopicMatch, ...]:
    """The topics of a text, one match each (the first term), by topic. `ai_only`: its source writes only about AI."""
    text = read(title, summary)
    terms, words = _seen(text)
    if not terms:
        return ()
    found: dict[str, TopicMatch] = {}
    for start, term in terms:
        if term.topic in found or not term.vetoes.isdisjoint(words):
            continue
        if term.requires and term.requires.isdisjoint(words):
            continue
        if term.only_ai and not ai_only:
            continue
        if term.needs_ai and not ai_only and not speaks_of_ai(title, summary):
            continue
        if term.needs_product and not (
            start < text.title_end and title_names_a_product(title, summary, ai_only=ai_only)
        ):
            continue
        found[term.topic] = TopicMatch(term.topic, term.words)
    return tuple(found[topic] for topic in sorted(found))


def tagger() -> str:
    """The lists that make a tag, for example "labs-1.topics-1"; stored with every mention."""
    return f"labs-{own_data('labs.yaml')['version']}.topics-{own_data('topics.yaml')['version']}"


def search_terms(topic: str) -> list[str]:
    """The strict terms that a search can be asked for; those that need a further word are left out."""
    entry = own_data("topics.yaml")["topics"][topic]
    return [term for term in entry["strict"] if term not in entry.get("requires", {})]


def search_version() -> str:
    """The lists behind what is counted by asking for `search_terms`."""
    return f"topics-{own_data('topics.yaml')['version']}"


@dataclass(frozen=True, slots=True)
class _Term:
    topic: str
    words: str  # as listed
    spelling: str | None  # None where case does not matter; hyphens as spaces
    vetoes: frozenset[str]
    requires: frozenset[str]
    needs_ai: bool  # an everyday word: outside AI-only sources it needs company (context_outside_ai_sources)
    only_ai: bool  # enough alone only where all is about AI (strict_in_ai_sources)
    needs_product: bool  # a verb: it needs a lab or a product in the same title (strict_with_lab_alias)


def _seen(text: Text) -> tuple[list[tuple[int, _Term]], set[str]]:
    """The terms in the text with their place, first and longest first, and the words that veto or support them."""
    terms: list[tuple[int, int, _Term]] = []
    words: set[str] = set()
    for start, end, tag in _find()(text.folded):
        if isinstance(tag, str):
            words.add(tag)
        elif tag.spelling is None or text.exact[start:end].replace("-", " ") == tag.spelling:
            terms.append((start, -end, tag))
    terms.sort(key=lambda term: term[:2])
    return [(start, term) for start, _, term in terms], words


@cache
def _find() -> Callable[[str], list[tuple[int, int, _Term | str]]]:
    phrases: list[tuple[str, _Term | str]] = []
    words: set[str] = set()
    for topic, entry in own_data("topics.yaml")["topics"].items():
        for form, term in _terms(topic, entry):
            phrases.append((form, term))
            words |= term.vetoes | term.requires
    return finder(phrases + [(word, word) for word in sorted(words)])


def _terms(topic: str, entry: dict[str, Any]) -> Iterator[tuple[str, _Term]]:
    """Each strict term in its forms."""
    verbs, at_home = entry.get("strict_with_lab_alias", []), entry.get("strict_in_ai_sources", [])
    for words in (*entry["strict"], *at_home, *verbs):
        vetoes = {form for veto in entry["veto"] if words in veto["drops"] for form in _folded(veto["terms"])}
        for form in _forms(words):
            yield (
                form,
                _Term(
                    topic,
                    words,
                    spelling=form.replace("-", " ") if words in entry.get("case_sensitive", ()) else None,
                    vetoes=frozenset(vetoes),
                    requires=frozenset(_folded(entry.get("requires", {}).get(words, ()))),
                    needs_ai=words in entry.get("context_outside_ai_sources", ()),
                    only_ai=words in at_home,
                    needs_product=words in verbs,
                ),
            )


def _folded(phrases: list[str]) -> set[str]:
    return {fold(form) for phrase in phrases for form in _forms(phrase)}


def _forms(phrase: str) -> tuple[str, str]:
    """With and without a plural s (rule 1)."""
    return (phrase, phrase[:-1]) if phrase.endswith("s") and not phrase.endswith("ss") else (phrase, phrase + "s")
