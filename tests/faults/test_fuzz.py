"""Parsers on broken bytes (G16): recorded answers with bytes flipped, cut, doubled or replaced, again and again.

Whatever comes, a source yields rows or fails in a class that the program knows: no crash, no endless work, and no
number that is none.
"""

import math
import time
from collections.abc import Callable, Iterable
from functools import cache
from random import Random

import pytest

from collectors.registry import all_collectors
from collectors.run import _classify
from data.schema import Observation
from tests.conftest import NOW
from tests.faults.bench import Canned
from tests.faults.matrix import ASKS_NOBODY
from tests.faults.publishers import Publisher

COLLECTORS = {name: found for name, found in all_collectors().items() if name not in ASKS_NOBODY}
QUICK, SECONDS = 20, 18.0
"""Of each source: answers tried on each change, and the time of the long run, which is ten minutes for all."""
PATIENCE = 20.0

TOKENS = [
    b"", b"0", b"-1", b"NaN", b"Infinity", b"1e999", b"null", b"[]", b"{}", b'"', b",", b"\n", b"\r", b"\0", b"\xff\xfe",
    b"\xed\xa0\x80", b"9" * 400, b"[" * 2000, b"<", b"&#0;", b"]]>", b"0000-00-00", b"2026-13-45", b"1,5", b"\xe2\x80\xae",
]  # fmt: skip


def _flip(body: bytearray, dice: Random) -> None:
    for _ in range(dice.choice((1, 1, 3, 20))):
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)


def _cut(body: bytearray, dice: Random) -> None:
    at = dice.randrange(len(body))
    del body[at : at + dice.choice((1, 10, 1000, len(body)))]


def _double(body: bytearray, dice: Random) -> None:
    at = dice.randrange(len(body))
    body[at:at] = body[at : at + dice.choice((1, 10, 1000))]


def _move(body: bytearray, dice: Random) -> None:
    at, to = dice.randrange(len(body)), dice.randrange(len(body))
    piece = body[at : at + 40]
    body[to : to + 40] = piece


def _replace(body: bytearray, dice: Random) -> None:
    at = dice.randrange(len(body))
    body[at : at + dice.choice((0, 1, 8))] = dice.choice(TOKENS)


WAYS: tuple[Callable[[bytearray, Random], None], ...] = (_flip, _cut, _double, _move, _replace, _replace)


def broken(body: bytes, dice: Random) -> bytes:
    """The same answer with one to four things wrong."""
    made = bytearray(body)
    for _ in range(dice.choice((1, 1, 2, 4))):
        if made:
            dice.choice(WAYS)(made, dice)
    return bytes(made)


@cache
def honest(name: str) -> tuple[Publisher, dict[str, bytes]]:
    """A publisher, and what its source asks of it."""
    whole = Canned(Publisher(name), NOW, {})
    list(COLLECTORS[name].collect(whole))
    return whole.publisher, whole.asked


def try_broken(name: str, dice: Random) -> str:
    """What happened to one broken answer of a source; fails where that may not happen."""
    collect, (publisher, whole) = COLLECTORS[name].collect, honest(name)
    url = dice.choice(sorted(whole))
    body = broken(whole[url], dice)
    began, outcome = time.process_time(), "ok"
    try:
        rows = list(collect(Canned(publisher, NOW, {url: body})))
    except Exception as problem:
        outcome, said = _classify(problem)
        assert outcome != "crash", (name, url, said, body[:2000])
    else:
        numbers = [n for row in rows if isinstance(row, Observation) for n in (row.value, row.low, row.high)]
        assert all(math.isfinite(number) for number in numbers if number is not None), (name, url)
    assert time.process_time() - began < PATIENCE, (name, url, body[:2000])
    return outcome


def tried(name: str, seeds: Iterable[int]) -> set[str]:
    return {try_broken(name, Random(f"{name} {seed}")) for seed in seeds}


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_broken_answer_fails_in_a_known_way(name: str) -> None:
    assert tried(name, range(QUICK)), "something was tried"


def test_broken_answers_are_noticed() -> None:
    """The breaking does break: most of what it does to a table of numbers is refused or read otherwise."""
    assert len(tried("epoch_eci", range(60))) > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", COLLECTORS)
def test_ten_minutes_of_broken_answers(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    end, seed = time.monotonic() + SECONDS, QUICK
    while time.monotonic() < end:
        tried(name, [seed])
        seed += 1
    with capsys.disabled():
        print(f"{name}: {seed - QUICK} broken answers")
