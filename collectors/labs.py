"""Who a title or a metric row is about, and who published an address. The names are in data/labs.yaml.

The numbers in the comments (3a, T5, ...) are those of the rules at the head of that file. To publish and
to be mentioned are two things, asked by two functions.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from collectors.matching import UNSPACED, Text, finder, fold, is_unspaced, normalise, read
from data.lists import own_data

# "Le Chat" is also a cat and a cabaret: not in a French text, told by words that English titles do without.
FRENCH_NAMES = ("Le Chat", "le Chat")
FRENCH_WORDS = ("avec", "chez", "dans", "de", "des", "du", "est", "et", "les", "noir", "pour", "qui", "ses", "une")

# After a pattern (rule 3): any hyphenated suffixes, then neither letter nor digit nor a hanging hyphen.
_AFTER_PATTERN = rf"(?:-[A-Za-z0-9.]+)*(?!(?![{UNSPACED}])[^\W_]|-(?!\d))"
_COMPOUND = re.compile(r"[a-z]+(?![^\W_]|-)")
_LITERAL_BEGINNING = re.compile(r"[A-Za-z0-9 -]+(?![?*{])")
_NOTE = re.compile(r"\s*\(.*\)$")  # "Gemini 2.5 Pro (Mar 2025)" is written without its date

Find = Callable[[str], list[tuple[int, int, "_Alias | _Word"]]]


@dataclass(frozen=True, slots=True)
class LabMatch:
    """A counted mention of a lab, with its evidence.

    `strength` is "strong" or "weak". `rescued_by` says what made a weak alias count: "context" (a word that goes
    with AI), "strong_alias" (of another lab; one of the same lab would itself be the match) or "ai_source".
    """

    lab: str
    alias: str
    strength: str
    rescued_by: str


def lab_of(organisation: str | None = None, *, slug: str | None = None, name: str | None = None) -> str | None:
    """The lab of a metric row (T8, T10, T12); None is "unmapped", never a guess.

    The first field that the source has decides, even where it is blank or unknown: somebody's fine-tune of Llama
    is not Meta's. A field that the source does not publish is None, not "".
    """
    if organisation is not None:
        return _lab_of_organisation(organisation)
    if slug is not None and "/" in slug:
        return _lab_of_slug(slug)
    return _lab_of_name(name or slug or "")


def publisher_of(url: str) -> str | None:
    """The lab on whose site the page is (T5 to T7), or None."""
    try:
        address = urlsplit(url)
        host = (address.hostname or "").rstrip(".")
    except ValueError:  # a feed may well contain http://[/
        return None
    if host.removeprefix("www.") == "huggingface.co":
        return _hugging_face_author(address.path)
    labels = host.split(".")
    suffixes = (".".join(labels[i:]) for i in range(len(labels)))
    return next((_labs_by_host()[suffix] for suffix in suffixes if suffix in _labs_by_host()), None)


def labs_mentioned(title: str, summary: str = "", *, ai_only: bool = False) -> tuple[LabMatch, ...]:
    """The labs that a text names, one match each, by lab id. `ai_only`: its source writes about nothing but AI (3c)."""
    best: dict[str, _Sighting] = {}
    for sighting in _counted(read(title, summary), ai_only):
        lab = sighting.alias.lab
        if sighting.alias.strength != "product" and (lab not in best or sighting.rank() < best[lab].rank()):
            best[lab] = sighting
    return tuple(LabMatch(lab, s.spelling, s.alias.strength, s.rescued_by) for lab, s in sorted(best.items()))


def title_names_a_product(title: str, summary: str = "", *, ai_only: bool = False) -> bool:
    """Whether a lab or one of its products stands in the title itself; the summary may only give the context."""
    text = read(title, summary)
    return any(sighting.start < text.title_end for sighting in _counted(text, ai_only))


def speaks_of_ai(title: str, summary: str = "") -> bool:
    """Whether the text holds a context word or a strong alias of any lab."""
    sightings, words = _seen(read(title, summary))
    return any(word.is_general for _, _, word in words) or any(s.alias.strength == "strong" for s in sightings)


# ---- titles


@dataclass(frozen=True, slots=True, eq=False)  # told apart by identity, which is quicker
class _Alias:
    lab: str
    words: str
    strength: str  # strong, weak, or product: a product name, too plain to stand for its lab
    vetoes: frozenset[str] = frozenset()
    context: frozenset[str] | None = None  # None: any AI context word will do
    pattern: re.Pattern[str] | None = None  # strong_patterns: `words` is only the beginning


@dataclass(frozen=True, slots=True, eq=False)
class _Word:
    """A word that vetoes or gives context. `spelling` is None where case does not matter."""

    phrase: str
    is_general: bool = False
    spelling: str | None = None


class _Sighting(NamedTuple):
    start: int
    end: int
    alias: _Alias
    spelling: str
    rescued_by: str = ""

    def rank(self) -> tuple[bool, int, int]:
        """T2, T1: strong first, then the earliest, then the longest."""
        return self.alias.strength != "strong", self.start, -self.end


Spoken = list[tuple[int, int, _Word]]


def _counted(text: Text, ai_only: bool) -> Iterator[_Sighting]:
    sightings, words = _seen(text)
    strong = {s.alias.lab for s in sightings if s.alias.strength == "strong"}
    for sighting in sightings:
        if sighting.alias.strength != "weak":
            yield sighting
        elif rescuer := _rescuer(sighting, words, strong, ai_only):
            yield sighting._replace(rescued_by=rescuer)


def _seen(text: Text) -> tuple[list[_Sighting], Spoken]:
    """The first place of each alias that no veto forbids (rule 4), and all the words that veto or give context."""
    sightings: dict[_Alias, _Sighting] = {}
    words: Spoken = []
    for start, end, tag in _find()(text.folded):
        if isinstance(tag, _Word):
            if tag.spelling is None or text.exact[start:end] == tag.spelling:
                words.append((start, end, tag))
        elif tag not in sightings and (spelling := _spelling(text.exact, start, end, tag)):
            sightings[tag] = _Sighting(start, start + len(spelling), tag, spelling.rstrip("."))
    if not sightings:
        return [], words
    said = {word.phrase for _, _, word in words}
    return [s for s in sightings.values() if s.alias.vetoes.isdisjoint(said)], words


def _spelling(exact: str, start: int, end: int, alias: _Alias) -> str:
    """How the alias is written there, or "" if it is not (rules 2 and 3): another case, a hyphenated word."""
    if start and exact[start - 1] == "-" and not is_unspaced(exact[start]):
        return ""
    if alias.pattern is not None:
        match = alias.pattern.match(exact, start)
        return match[0] if match else ""
    if exact[start:end] != alias.words:
        return ""
    hangs_on = exact[end : end + 1] == "-" and not exact[end + 1 : end + 2].isdigit()  # "Meta-learning"
    if hangs_on and (suffix := _COMPOUND.match(exact, end + 1)):
        hangs_on = suffix[0] not in _compounds()  # "OpenAI-backed"
    return "" if hangs_on and not is_unspaced(exact[end - 1]) else alias.words


def _rescuer(sighting: _Sighting, words: Spoken, strong: set[str], ai_only: bool) -> str:
    """The reason why a weak alias counts (rule 3), or "". One with a context of its own accepts nothing general."""
    alias = sighting.alias
    for start, end, word in words:
        fits = word.is_general if alias.context is None else word.phrase in alias.context
        if fits and not (sighting.start <= start and end <= sighting.end):  # the AI of "X.AI" is no context
            return "context"
    if alias.lab in strong or (strong and alias.context is None):
        return "strong_alias"
    return "ai_source" if ai_only and alias.context is None else ""


@cache
def _find() -> Find:
    aliases = [alias for lab, entry in own_data("labs.yaml")["labs"].items() for alias in _aliases(lab, entry)]
    words = [*_general_context(), *_own_words()]
    return finder(
        words=[(a.words, a) for a in aliases if a.pattern is None] + [(w.phrase, w) for w in words],
        beginnings=[(a.words, a) for a in aliases if a.pattern is not None],
    )


@cache
def _compounds() -> frozenset[str]:
    return frozenset(own_data("labs.yaml")["compounds"])


def _aliases(lab: str, entry: dict[str, Any]) -> Iterator[_Alias]:
    people = [p["name"] for p in entry["people"] if p["strength"] == "strong"]
    products = {_NOTE.sub("", p["name"]) for p in entry["products"]}
    known = {*entry["strong"], *entry["weak"], *people}
    contexts = entry.get("weak_context", {})
    for strength, names in (("strong", entry["strong"]), ("strong", people), ("product", sorted(products - known))):
        for name in names:
            yield _Alias(lab, normalise(name), strength, _vetoes(entry, name))
    for name in entry["weak"]:
        own = contexts.get(name, ())
        if own is not None:  # null: the alias alone never counts
            yield _Alias(lab, normalise(name), "weak", _vetoes(entry, name), frozenset(map(fold, own)) or None)
    for pattern in entry["strong_patterns"]:
        beginning = _LITERAL_BEGINNING.match(pattern)
        if beginning is None:
            raise ValueError(f"labs.yaml: {lab}: the pattern {pattern!r} must begin with plain letters")
        yield _Alias(lab, beginning[0], "strong", pattern=re.compile(f"(?:{pattern}){_AFTER_PATTERN}"))


def _vetoes(entry: dict[str, Any], name: str) -> frozenset[str]:
    french = FRENCH_WORDS if name in FRENCH_NAMES else ()
    return frozenset(fold(normalise(phrase)) for phrase in (*entry["veto"].get(name, ()), *french))


def _general_context() -> Iterator[_Word]:
    listed = own_data("labs.yaml")["context_words"]
    for phrase in listed["case_sensitive"]:
        for spelling in (phrase, phrase + "s"):
            yield _Word(fold(spelling), is_general=True, spelling=spelling)
    for phrase in listed["case_insensitive"]:
        yield _Word(fold(phrase), is_general=True)
        yield _Word(fold(phrase) + "s", is_general=True)


def _own_words() -> Iterator[_Word]:
    """The vetoes of all aliases, and the contexts that only some of them accept."""
    entries = own_data("labs.yaml")["labs"].values()
    vetoes = {phrase for entry in entries for name in entry["veto"] for phrase in _vetoes(entry, name)}
    for phrase in sorted(vetoes):
        yield _Word(phrase)
    contexts = {own for entry in entries for listed in entry.get("weak_context", {}).values() for own in listed or ()}
    for own in sorted(contexts):
        yield _Word(fold(own), spelling=None if own.islower() else own)


# ---- metric rows and hosts


def _lab_of_organisation(organisation: str) -> str | None:
    exact, any_case = _labs_by_organisation()
    for part in map(str.strip, normalise(organisation).split(",")):
        if lab := exact.get(part) or any_case.get(fold(part)):
            return lab
    return None


def _lab_of_slug(slug: str) -> str | None:
    author = slug.strip().removeprefix("~").partition("/")[0]
    return _labs_by_author().get(author.lower() + "/")


def _lab_of_name(name: str) -> str | None:
    plain = normalise(name)
    return next((lab for lab, pattern in _name_patterns() if pattern.search(plain)), None)


def _hugging_face_author(path: str) -> str | None:
    """/blog/SLUG is Hugging Face's own; /blog/ORG/SLUG and /ORG/MODEL belong to ORG (T7)."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] in (["datasets"], ["spaces"]):
        parts = parts[1:]
    elif parts[:1] == ["blog"]:
        parts = parts[1:] if len(parts) > 2 else []
    if not parts:
        return "huggingface"
    return _lab_of_slug(parts[0] + "/") or _lab_of_organisation(parts[0])


@cache
def _metrics() -> dict[str, dict[str, list[str]]]:
    labs = own_data("labs.yaml")
    return {lab: entry["metrics"] for lab, entry in (labs["labs"] | labs["metrics_only_labs"]).items()}


@cache
def _labs_by_host() -> dict[str, str]:
    return {host: lab for lab, entry in own_data("labs.yaml")["labs"].items() for host in entry["hosts"]}


@cache
def _labs_by_organisation() -> tuple[dict[str, str], dict[str, str]]:
    exact = {normalise(name): lab for lab, listed in _metrics().items() for name in listed["org_strings"]}
    return exact, {fold(name): lab for name, lab in exact.items()}


@cache
def _labs_by_author() -> dict[str, str]:
    return {prefix.lower(): lab for lab, listed in _metrics().items() for prefix in listed["slug_prefixes"]}


@cache
def _name_patterns() -> list[tuple[str, re.Pattern[str]]]:
    order = own_data("labs.yaml")["name_regex_order"]
    forgotten = [lab for lab, listed in _metrics().items() if listed["name_regex"] and lab not in order]
    if forgotten:
        raise ValueError(f"labs.yaml: name_regex_order lacks {', '.join(forgotten)}")
    return [(lab, re.compile("|".join(_metrics()[lab]["name_regex"]), re.IGNORECASE)) for lab in order]
