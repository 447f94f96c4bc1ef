"""The bench itself: would it notice? Every defect put in here on purpose has to be found."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

import collectors.fetch
import collectors.guard
import collectors.run
from collectors.archive import Archive
from tests.conftest import NOW
from tests.faults import judge
from tests.faults.bench import CONTACT, Logged
from tests.faults.faults import CASES
from tests.faults.matrix import course, verdict
from tests.faults.server import Call, FaultServer

SOURCE = "epoch_eci"
AGENT = {"user-agent": f"ai-progress-monitor/1 (+{CONTACT})"}


@pytest.fixture(autouse=True)
def _alone(server: FaultServer) -> Iterator[None]:
    """How a source went on after a run with a defect is nobody else's to use, nor the other way round."""
    recovered = course(SOURCE, server).recovered
    recovered.clear()
    yield
    recovered.clear()


def wrong(label: str, server: FaultServer) -> str:
    return " / ".join(verdict(CASES[label], SOURCE, server, clean_runs=1).wrong)


def test_too_few_tries_are_noticed(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collectors.fetch, "TRIES", 1)
    assert "1 requests, not 3" in wrong("U2 reset before the answer", server)


def test_a_door_to_the_inside_is_noticed(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collectors.guard, "is_public", lambda _: True)
    assert "not refused" in wrong("U20 loopback", server)


def test_a_deadline_that_does_not_hold_is_noticed(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collectors.guard.Guard, "_cut", lambda _: None)
    assert "took " in wrong("U1 body dripping", server)


def test_impatience_is_noticed(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collectors.fetch, "USUAL_WAIT", timedelta(minutes=10))
    assert "asked again" in wrong("U5 429 without a time", server)


def test_a_validator_kept_after_a_bad_answer_is_noticed(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collectors.run, "SUCCESS", frozenset(("ok", "not_modified", "no_data", "schema")))
    assert "left validators" in wrong("U9 renamed", server)


def test_a_body_that_was_not_kept_whole_is_noticed(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Archive.get
    monkeypatch.setattr(Archive, "get", lambda self, sha256: (kept(self, sha256) or b"")[:-40])
    assert wrong("U6 404", server)


def line(seconds: float, real: float, *, host: str = "h.example", wait: float = 0, **headers: str) -> Logged:
    """One request, answered within half a second."""
    call = Call("/", {**AGENT, **headers}, socket.socket(), real, last_send_at=real + 0.5)
    call.connection.close()
    more = {"wait": timedelta(seconds=wait)} if wait else {}
    return Logged("s", f"https://{host}/a", NOW + timedelta(seconds=seconds), call, b"HTTP/1.1 200", "U4", **more)


def test_the_judge_has_nothing_against_good_manners() -> None:
    assert judge.complaints([line(0, 0), line(1, 1), line(0.1, 0.1, host="other.example")]) == []


@pytest.mark.parametrize(
    ("log", "complaint"),
    [
        ([line(0, 0), line(0.5, 1)], "0.50 s apart"),
        ([line(0, 0), line(2, 0.05)], "two at a time"),
        ([line(0, 0, wait=60), line(30, 1)], "before U4 allowed it"),
        ([line(0, 0, **{"user-agent": "Mozilla/5.0"})], "called itself Mozilla"),
    ],
    ids=["in a hurry", "twice at once", "too soon", "in disguise"],
)
def test_the_judge_sees_bad_manners(log: list[Logged], complaint: str) -> None:
    assert complaint in " ".join(judge.complaints(log))


def test_the_judge_counts_what_was_asked_for_again() -> None:
    first, second, third = line(0, 0), line(60, 1), line(120, 2, **{"if-none-match": '"1"'})
    for one in (first, second):
        one.good = True
        one.call.record += one.honest
    assert judge.repeats([first, second, third]) == (2, 1)
    assert judge.too_often([first, second], {"s": timedelta(hours=1)})
