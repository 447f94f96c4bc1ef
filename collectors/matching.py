"""Finding many phrases in one text: normalised spelling, whole words, one Aho-Corasick pass.

What a phrase means is the business of labs.py and topics.py; this file only says where it stands.
"""

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple, TypeVar

import ahocorasick

T = TypeVar("T")

# Scripts without spaces between words (Thai, Han, kana), or whose particles cling to a Latin name (Hangul).
# Their letters neither continue nor cut a word: "DeepSeek发布" names DeepSeek.
UNSPACED = "\u0e00-\u0eff\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")

_TYPOGRAPHY = str.maketrans(
    {
        "\u2010": "-",
        "\u2011": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2122": " ",  # NFKC would make "GeminiTM" of the trade mark sign
        "\u00ad": None,  # the rest is invisible
        "\u200b": None,
        "\u2060": None,
        "\ufeff": None,
    }
)
# Marks inside a sentence leave no gap ("<b>GPT</b>-5"), all other tags do.
_INLINE_TAG = re.compile(r"</?(?:a|b|code|em|i|mark|small|span|strong|sub|sup|u|wbr)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)


class Text(NamedTuple):
    """A title and its summary. `exact` and `folded` are of the same length: an offset serves for both."""

    exact: str  # as published, with plain typography
    folded: str  # lower case, hyphens as spaces
    title_end: int  # a line break and the summary follow here, if there is one


@lru_cache(maxsize=8)  # labs and topics of one text are asked for one after the other
def read(title: str, summary: str = "") -> Text:
    """The text as all matching sees it."""
    exact = normalise(title)
    title_end = len(exact)
    if summary:
        exact += "\n" + normalise(summary)
    return Text(exact, fold(exact), title_end)


def normalise(text: str) -> str:
    """One line without markup: NFKC, straight quotes, ASCII hyphens."""
    if "<" in text or "&" in text:
        text = _without_markup(_without_markup(text))  # some feeds escape twice
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_TYPOGRAPHY))
    return " ".join(text.split())


def _without_markup(text: str) -> str:
    return _TAG.sub(" ", _INLINE_TAG.sub("", html.unescape(text)))


def fold(text: str) -> str:
    """Lower case and hyphens as spaces, every character in its place."""
    text = text.replace("-", " ")
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower()[0] for c in text)  # "İ" would become two


def finder(
    words: Iterable[tuple[str, T]], beginnings: Iterable[tuple[str, T]] = ()
) -> Callable[[str], list[tuple[int, int, T]]]:
    """A search through folded text: (start, end, tag) of each phrase that stands there as whole words.

    Of `beginnings` only the left edge is looked at; what follows is for the caller to judge.
    """
    tags: defaultdict[str, tuple[list[T], list[T]]] = defaultdict(lambda: ([], []))
    for phrase, tag in words:
        tags[fold(normalise(phrase))][0].append(tag)
    for phrase, tag in beginnings:
        tags[fold(normalise(phrase))][1].append(tag)
    automaton = ahocorasick.Automaton()
    for key, (whole, begun) in tags.items():
        automaton.add_word(key, (len(key), whole, begun))
    automaton.make_automaton()

    def find(folded: str) -> list[tuple[int, int, T]]:
        found: list[tuple[int, int, T]] = []
        after_all = len(folded)
        for last, (length, whole, begun) in automaton.iter(folded):
            start, end = last + 1 - length, last + 1
            # most neighbours are spaces: asked first, since this is the innermost loop
            if start and folded[start - 1].isalnum() and continues(folded[start], folded[start - 1]):
                continue
            for tag in begun:
                found.append((start, end, tag))
            if whole and (end == after_all or not (folded[end].isalnum() and continues(folded[last], folded[end]))):
                for tag in whole:
                    found.append((start, end, tag))
        return found

    return find


def continues(edge: str, neighbour: str) -> bool:
    """Whether the character beside the edge of a phrase belongs to the same word."""
    return neighbour.isalnum() and not is_unspaced(neighbour) and not is_unspaced(edge)


def is_unspaced(character: str) -> bool:
    """Whether the character is of a script in which a name may stand in the middle of a run of letters."""
    return not character.isascii() and _UNSPACED_CHARACTER.match(character) is not None
