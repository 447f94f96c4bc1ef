"""The HTTP policy, against a server that misbehaves in every way we know of."""

import contextlib
import ipaddress
import itertools
import logging
import random
import resource
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.archive import Archive
from collectors.fetch import Pace, Validator, Web, redacted, validators_from_json, validators_to_json
from collectors.guard import is_public
from data import queries
from data.schema import Failure, Run
from data.store import Store
from tests.faults.server import (
    WAIT,
    Fault,
    FaultServer,
    answer,
    drip,
    flood,
    head,
    known,
    raw,
    redirect,
    reset,
    silent,
    zipped,
)

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
BODY = b"model,date,score\nA,2026-05-01,1.5\n"
DEADLINE = 0.5
LATE = 3.0
"""What a busy machine may take beyond that. Every slow answer would go on for far longer."""


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "payloads", 10_000_000)


@pytest.fixture
def web(archive: Archive, clock: Clock) -> Callable[..., Web]:
    def make(**changes: Any) -> Web:
        pace = Pace(clock=clock.time, sleep=clock.sleep)
        usual = {"now": NOW, "contact": "me@example.org", "seconds": 5, "archive": archive, "pace": pace}
        return Web(**{**usual, "allow_private": True, **changes})

    return make


def failure(fetch: Callable[..., object], *args: object, **kwargs: object) -> Failure:
    with pytest.raises(Failure) as caught:
        fetch(*args, **kwargs)
    return caught.value


# A good day


def test_an_answer_comes_back_as_sent(server: FaultServer, web: Callable[..., Web]) -> None:
    url = server.on("/a", answer(BODY, content_type="text/html", etag='"1"'))
    http = web()
    payload = http.get(url)
    assert (payload.url, payload.status, payload.body, payload.unchanged) == (url, 200, BODY, False)
    assert payload.headers["content-type"] == "text/html"
    assert (http.requests, http.status, http.url, http.bytes_body) == (1, 200, url, len(BODY))
    assert http.bytes_wire == server.settled().calls[0].sent > len(BODY)
    assert http.unchanged is False


def test_a_packed_answer_is_unpacked_and_counted_twice(server: FaultServer, web: Callable[..., Web]) -> None:
    members = zipped(BODY * 500) + zipped(BODY)
    http = web()
    payload = http.get(server.on("/a", answer(members, content_encoding="gzip")))
    assert payload.body == BODY * 501
    assert http.bytes_body == len(BODY) * 501
    assert len(members) < http.bytes_wire < len(members) + 200


def test_we_say_who_we_are_and_nothing_else(
    server: FaultServer, web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    first = server.on("/a", redirect("/b", set_cookie="track=1; Path=/"))
    server.on("/b", answer(BODY, set_cookie="track=2; Path=/"))
    http = web()
    http.get(first, headers={"User-Agent": "Mozilla/5.0", "Accept": "text/csv"})
    http.get(first)
    assert [call.path for call in server.calls] == ["/a", "/b"] * 2
    for call in server.calls:
        assert call.headers["user-agent"].startswith("ai-progress-monitor/")
        assert call.headers["user-agent"].endswith(" (+me@example.org)")
        assert set(call.headers) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert server.calls[1].headers["accept"] == "text/csv"


def test_what_a_source_tells_its_publisher_is_not_told_to_others(server: FaultServer, web: Callable[..., Web]) -> None:
    with FaultServer() as other:
        other.on("/b", answer(BODY))
        url = server.on("/a", redirect("/here"))
        server.on("/here", redirect(other.url("/b")))
        web().get(url, headers={"Authorization": "Bearer abc", "Accept": "text/csv"})
        assert [call.headers.get("authorization") for call in server.calls] == ["Bearer abc", "Bearer abc"]
        assert "authorization" not in other.calls[0].headers
        assert other.calls[0].headers["accept"] == "text/csv"


# U1: an end in time

HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW: dict[str, Fault] = {
    "no answer": silent,
    "status line dripping": drip(b"H", b"T"),
    "headers dripping": drip(HEAD + b"X-Long: ", b"x"),
    "endless headers": drip(HEAD, b"A: b\r\n"),
    "endless interim answers": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body dripping": drip(head(content_length="100000")),
    "body dripping without a length": drip(head()),
    "packed body dripping": drip(head(content_encoding="gzip") + zipped(BODY), zipped(b"")),
    "chunks dripping": drip(head(transfer_encoding="chunked"), b"1\r\nx\r\n"),
    "chunk size dripping": drip(head(transfer_encoding="chunked"), b"0"),
    "trailers dripping": drip(head(transfer_encoding="chunked") + b"1\r\nx\r\n0\r\n", b"A: b\r\n"),
}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW.keys())
def test_a_slow_answer_ends_at_the_deadline(fault: Fault, server: FaultServer, web: Callable[..., Web]) -> None:
    http, start = web(seconds=DEADLINE), time.monotonic()
    problem = failure(http.get, server.on("/a", fault))
    assert DEADLINE - 0.1 < time.monotonic() - start < DEADLINE + LATE
    assert (problem.outcome, http.requests) == ("timeout", 1)
    [call] = server.settled().calls
    assert call.left_after is not None
    assert call.left_after < WAIT, "the client left: alone it would have gone on"


def test_a_tls_greeting_without_reply_ends_at_the_deadline(server: FaultServer, web: Callable[..., Web]) -> None:
    start = time.monotonic()
    problem = failure(web(seconds=DEADLINE).get, server.url("/a", "https"))
    assert time.monotonic() - start < DEADLINE + LATE
    assert problem.outcome == "timeout"
    assert [call.path for call in server.settled().calls] == ["TLS"]


def test_all_redirects_share_one_deadline(server: FaultServer, web: Callable[..., Web]) -> None:
    def late(call: Any) -> None:
        time.sleep(0.2)
        call.send(head(302, location="/a", content_length="0"))

    start = time.monotonic()
    problem = failure(web(seconds=DEADLINE).get, server.on("/a", late))
    assert time.monotonic() - start < DEADLINE + LATE
    assert problem.outcome == "timeout"
    assert len(server.calls) <= 3


def test_a_name_that_nobody_looks_up_ends_at_the_deadline(
    web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, done = [], threading.Event()

    def never(host: str, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        done.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    start = time.monotonic()
    problem = failure(web(seconds=0.2).get, "https://example.org/a")
    done.set()
    assert time.monotonic() - start < 0.2 + LATE
    assert (problem.outcome, asked) == ("timeout", ["example.org"])


def test_nothing_is_left_open(server: FaultServer, web: Callable[..., Web]) -> None:
    def left() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    faults = (answer(BODY), reset(), raw(b"nonsense\r\n\r\n"), answer(b"", 404), redirect("file:///etc/passwd"))
    urls = [server.on(f"/{n}", fault) for n, fault in enumerate(faults)]
    server.settled()
    before = left()
    for url in urls * 5:
        with contextlib.suppress(Failure):
            web().get(url)
    server.settled()
    end = time.monotonic() + 30
    # the server keeps one descriptor for a moment; the client none
    while left() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert left() <= before


# U2, U3: cut and broken answers

CUT: dict[str, Fault] = {
    "reset before the answer": reset(),
    "reset within the headers": reset(HEAD + b"Content-"),
    "reset within the body": reset(head(content_length="1000") + b"half"),
    "reset within a body without length": reset(head() + b"half"),
    "nothing": raw(b""),
    "broken status line": raw(b"SMTP ready\r\n\r\n"),
    "body shorter than its length": raw(head(content_length="1000") + b"half"),
    "packed body shorter than its length": raw(head(content_length="1000", content_encoding="gzip") + zipped(BODY)[:9]),
    "chunks cut": raw(head(transfer_encoding="chunked") + b"4\r\nhalf\r\n"),
    "chunk cut": raw(head(transfer_encoding="chunked") + b"ff\r\nhalf"),
    "chunk size broken": raw(head(transfer_encoding="chunked") + b"zz\r\nhalf\r\n"),
    "headers cut": raw(HEAD + b"Content-Type: text/csv\r\nContent-Le"),
    "headers cut at a line": raw(HEAD + b"Content-Type: text/csv\r\n"),
    "too many headers": raw(HEAD + b"A: b\r\n" * 200 + b"\r\n"),
    "two lengths": raw(HEAD + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nhalf!"),
}


@pytest.mark.parametrize("fault", CUT.values(), ids=CUT.keys())
def test_a_cut_answer_is_tried_three_times(
    fault: Fault, server: FaultServer, web: Callable[..., Web], clock: Clock, tmp_path: Path
) -> None:
    http = web()
    assert failure(http.get, server.on("/a", fault)).outcome == "network"
    assert [call.fault for call in server.settled().calls] == [fault.__name__] * 3
    assert http.requests == 3
    assert http.validators == {}
    assert not list(tmp_path.rglob("*.gz"))
    first, second = (wait for wait in clock.slept if wait != 0)
    assert 1 <= first <= 2 <= second <= 3  # doubling, each with up to 1 s of jitter


def test_the_waits_between_tries_differ(server: FaultServer, web: Callable[..., Web], clock: Clock) -> None:
    url = server.on("/a", reset())
    for _ in range(3):
        failure(web().get, url)
    assert len(set(clock.slept)) == 6


def test_an_answer_after_two_cut_ones_counts(server: FaultServer, web: Callable[..., Web]) -> None:
    http = web()
    url = server.on("/a", reset(), raw(head(content_length="99") + b"half"), answer(BODY))
    assert http.get(url).body == BODY
    assert [call.fault for call in server.settled().calls] == ["reset", "raw", "raw"]
    assert http.requests == 3


BROKEN: dict[str, Fault] = {
    "gzip that is none": answer(BODY, content_encoding="gzip"),
    "gzip with a flipped bit": answer(zipped(BODY)[:20] + b"\x00" + zipped(BODY)[21:], content_encoding="gzip"),
    "gzip with a wrong sum": answer(zipped(BODY)[:-8] + b"12345678", content_encoding="gzip"),
    "gzip cut, with the right length": answer(zipped(BODY)[:-4], content_encoding="gzip"),
    "gzip cut, without a length": raw(head(content_encoding="gzip") + zipped(BODY * 99)[:40]),
    "gzip with rubbish behind it": answer(zipped(BODY) + b"rubbish", content_encoding="gzip"),
    "a packing we did not ask for": answer(BODY, content_encoding="br"),
    "packed twice": answer(zipped(zipped(BODY)), content_encoding="gzip, gzip"),
    "longer than its length": raw(head(content_length="9") + BODY),
    "empty": answer(b""),
    "empty chunks": raw(head(transfer_encoding="chunked") + b"0\r\n\r\n"),
    "a part only": answer(BODY, 206, content_range="bytes 0-33/99"),
    "not yet": answer(b"computing", 202),
    "no content": raw(head(204)),
}


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_no_answer(
    fault: Fault, server: FaultServer, web: Callable[..., Web], tmp_path: Path
) -> None:
    http = web()
    assert failure(http.get, server.on("/a", fault)).outcome == "bad_content"
    assert len(server.settled().calls) == http.requests == 1
    assert server.calls[0].sent > 0
    assert http.validators == {}
    assert not list(tmp_path.rglob("*.gz"))


# U4, U5, U6: refusals


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    [
        (429, "120", timedelta(seconds=120)),
        (503, "120", timedelta(seconds=120)),
        (502, "0", timedelta(0)),
        (429, format_datetime(NOW + timedelta(minutes=9), usegmt=True), timedelta(minutes=9)),
        (503, format_datetime(NOW + timedelta(minutes=9), usegmt=True), timedelta(minutes=9)),
        (429, format_datetime(NOW - timedelta(minutes=9), usegmt=True), timedelta(0)),
        (429, "999999999", timedelta(hours=24)),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", timedelta(hours=24)),
        (429, "soon", timedelta(hours=1)),
        (429, "", timedelta(hours=1)),
    ],
)
def test_a_host_that_asks_us_to_wait_is_not_waited_for(
    status: int, header: str, wait: timedelta, server: FaultServer, web: Callable[..., Web], clock: Clock
) -> None:
    http = web()
    url = server.on("/a", answer(b"slow down", status, retry_after=header))
    assert failure(http.get, url).outcome == "rate_limited"
    assert http.not_before == {"127.0.0.1": NOW + wait}
    assert http.status == status
    assert clock.slept == []
    assert len(server.calls) == 1


def test_github_says_in_its_own_words_how_long_to_wait(server: FaultServer, web: Callable[..., Web]) -> None:
    until = NOW + timedelta(minutes=40)
    spent = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(until.timestamp()))}
    for status in (403, 429):
        http = web()
        assert failure(http.get, server.on(f"/{status}", answer(b"{}", status, **spent))).outcome == "rate_limited"
        assert http.not_before == {"127.0.0.1": until}
    left = web()
    spent["x_ratelimit_remaining"] = "7"
    assert failure(left.get, server.on("/b", answer(b"{}", 403, **spent))).outcome == "client_error"
    assert left.not_before == {}
    http = web()
    spent |= {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "soon"}
    assert failure(http.get, server.on("/c", answer(b"{}", 403, **spent))).outcome == "rate_limited"
    assert http.not_before == {"127.0.0.1": NOW + timedelta(hours=1)}


def test_of_several_hosts_that_ask_us_to_wait_none_is_forgotten(web: Callable[..., Web], store: Store) -> None:
    http = web()
    http.not_before = {"b.example": NOW + timedelta(hours=2), "a.example": NOW + timedelta(hours=1)}
    traffic = http.traffic()
    assert (traffic.host, traffic.not_before) == ("a.example b.example", NOW + timedelta(hours=2))
    run = Run(run_id="r", source="s", started_at=NOW, ended_at=NOW, outcome="rate_limited", host=traffic.host, not_before=traffic.not_before)  # fmt: skip
    store.append_new("runs", [{**asdict(run), "month": "2026-05"}])
    until = NOW + timedelta(hours=2)
    assert queries.blocked_hosts(store, NOW) == {"a.example": until, "b.example": until}
    assert queries.blocked_hosts(store, until) == {}


def test_a_waiting_time_counts_from_the_answer(server: FaultServer, web: Callable[..., Web], clock: Clock) -> None:
    http = web()
    clock.now = 40
    failure(http.get, server.on("/a", answer(b"", 429, retry_after="60")))
    assert http.not_before == {"127.0.0.1": NOW + timedelta(seconds=100)}


def test_a_waiting_host_gets_no_request(server: FaultServer, web: Callable[..., Web]) -> None:
    url = server.on("/a", answer(BODY))
    http = web(blocked={"127.0.0.1": NOW + timedelta(seconds=1)})
    assert failure(http.get, url).outcome == "rate_limited"
    assert (server.connections, http.requests) == (0, 0)
    assert web(blocked={"127.0.0.1": NOW}).get(url).body == BODY


def test_a_waiting_host_gets_no_request_by_redirect(server: FaultServer, web: Callable[..., Web]) -> None:
    url = server.on("/a", redirect(server.url("/b").replace("127.0.0.1", "localhost")))
    problem = failure(web(blocked={"localhost": NOW + timedelta(hours=1)}).get, url)
    assert problem.outcome == "rate_limited"
    assert [call.path for call in server.calls] == ["/a"]


def test_other_runs_hear_at_once_that_a_host_wants_us_to_wait(
    server: FaultServer, web: Callable[..., Web], clock: Clock
) -> None:
    pace = Pace(clock=clock.time, sleep=clock.sleep)
    limited, fine = server.on("/a", answer(b"", 429)), server.on("/b", answer(BODY))
    one, two = web(pace=pace), web(pace=pace)
    failure(one.get, limited)
    assert failure(one.get, fine).outcome == failure(two.get, fine).outcome == "rate_limited"
    assert [call.path for call in server.calls] == ["/a"]
    assert web(pace=pace, now=NOW + timedelta(hours=1)).get(fine).body == BODY


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_tried_three_times(status: int, server: FaultServer, web: Callable[..., Web]) -> None:
    assert failure(web().get, server.on("/a", answer(b"oops", status))).outcome == "server_error"
    assert len(server.calls) == 3


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, "client_error"), (403, "client_error"), (404, "gone"), (410, "gone"), (300, "redirect")],
)
def test_a_refusal_is_not_repeated(status: int, outcome: str, server: FaultServer, web: Callable[..., Web]) -> None:
    http = web()
    assert failure(http.get, server.on("/a", answer(b"no", status, retry_after="9"))).outcome == outcome
    assert len(server.calls) == 1
    assert http.not_before == {}


def test_the_first_address_that_exists_is_taken(server: FaultServer, web: Callable[..., Web]) -> None:
    old, new = server.on("/old", answer(b"", 410)), server.on("/new", answer(BODY))
    assert web().first(old, new).url == new
    assert failure(web().first, server.on("/x", answer(b"", 403)), new).outcome == "client_error"
    assert [call.path for call in server.calls] == ["/old", "/new", "/x"]


# U18, U19, U20: redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(status: int, server: FaultServer, web: Callable[..., Web]) -> None:
    url = server.on("/0", redirect("/1", status))
    for hop in range(1, 5):
        server.on(f"/{hop}", redirect(f"/{hop + 1}", status))
    server.on("/5", answer(BODY))
    http = web()
    assert http.get(url).url == url
    assert http.url == server.url("/5")
    assert [call.path for call in server.calls] == ["/0", "/1", "/2", "/3", "/4", "/5"]


def test_a_redirect_loop_ends(server: FaultServer, web: Callable[..., Web]) -> None:
    url = server.on("/a", redirect("/b"))
    server.on("/b", redirect("/a"))
    assert failure(web().get, url).outcome == "redirect"
    assert [call.path for call in server.calls] == ["/a", "/b"] * 3


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x", "javascript:alert(1)", "gopher://127.0.0.1:25/_x",
     "http://user:word@127.0.0.1/", "http://[::1", "http://a b/", "https://exa\x00mple.org/", "http://h:99999/"],
)  # fmt: skip
def test_a_redirect_to_something_else_is_refused(target: str, server: FaultServer, web: Callable[..., Web]) -> None:
    url = server.on("/a", redirect(target))
    problem = failure(web().get, url)
    assert problem.outcome in ("refused", "redirect")
    assert len(server.settled().calls) == 1
    assert "user:word" not in str(problem)


def test_a_redirect_from_https_to_http_is_refused(web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch) -> None:
    from collectors.fetch import _Answer

    asked = []

    def exchange(_: Web, url: str, *__: object) -> _Answer:
        asked.append(url)
        return _Answer(302, {}, "http://example.org/b")

    monkeypatch.setattr(Web, "_exchange", exchange)
    assert failure(web().get, "https://example.org/a").outcome == "refused"
    assert asked == ["https://example.org/a"]


def test_a_bomb_behind_a_redirect_is_not_read(server: FaultServer, web: Callable[..., Web]) -> None:
    bomb = head(302, location="/b", content_encoding="gzip", content_length=str(10**9))
    url = server.on("/a", flood(bomb, b"x" * 65536, 10**9 // 65536))
    server.on("/b", answer(BODY))
    http = web()
    assert http.get(url).body == BODY
    assert http.bytes_wire < 300_000
    [call] = server.settled().asked("/a")
    assert call.left_after is not None


PRIVATE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1", "::1",
    "::", "fe80::1", "fc00::1", "ff02::1", "ff0e::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::1", "2001::1", "2001:db8::1", "fe80::1%lo",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001:80b::200e"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def test_nothing_private_is_ever_connected_to(
    server: FaultServer, web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand ways to write an address that is not public, asked for directly and by redirect."""
    dice, connected = random.Random(20260510), []

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("collectors.guard.socket.create_connection", connect)
    blocks = ("127.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "224.0.0.0/4")
    networks = [ipaddress.ip_network(block) for block in blocks]
    http = web(allow_private=False)
    for _ in range(1000):
        host = _spelling(dice.choice(networks)[dice.randrange(2**16)], dice)
        url = f"{dice.choice(['http', 'HTTPS'])}://{host}{dice.choice(['', ':80', ':8501'])}/{dice.randrange(99)}"
        assert failure(http.get, url).outcome == "refused", url
    assert connected == []
    assert (http.requests, server.connections) == (0, 0)


def _spelling(ip: Any, dice: random.Random) -> str:
    number, parts = int(ip), str(ip).split(".")
    ways = [
        str(ip),
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(hex(int(p)) for p in parts),
        ".".join(f"0{int(p):o}" for p in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"[::ffff:{ip}]",
        f"[::{ip}]",
        f"[64:ff9b::{ip}]",
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
    ]
    return dice.choice(ways)


def test_a_redirect_into_our_own_network_is_refused(
    server: FaultServer, web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first host is made to look public; what it points to is judged as it is."""
    monkeypatch.setattr("collectors.guard.is_public", lambda address: address == "127.0.0.1")
    with FaultServer() as inner:
        for target in ("http://169.254.169.254/latest/meta-data", "http://[::1]/", f"http://0.0.0.0:{inner.port}/"):
            http = web(allow_private=False)
            assert failure(http.get, server.on("/a", redirect(target))).outcome == "refused"
            assert http.requests == 1
        assert inner.connections == 0
    assert len(server.calls) == 3


def test_of_several_addresses_a_dead_one_is_passed_over(
    server: FaultServer, web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    really, tried = socket.create_connection, []

    def connect(address: tuple[str, int], *more: Any) -> socket.socket:
        tried.append(address[0])
        if address[0] == "127.0.0.2":
            raise ConnectionRefusedError
        return really(address, *more)

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, server.port)) for ip in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr("collectors.guard.socket.create_connection", connect)
    assert web().get(server.on("/a", answer(BODY))).body == BODY
    assert tried == ["127.0.0.2", "127.0.0.1"]


def test_a_name_that_does_not_exist_is_a_fault_of_the_network(
    web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert failure(web().get, "https://example.org/").outcome == "network"


def test_one_private_address_among_public_ones_is_enough(
    web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("connected"))
    assert failure(web(allow_private=False).get, "https://example.org/").outcome == "refused"


def test_the_connected_address_is_judged_too(
    server: FaultServer, web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the name looked public, as with a name server that answers differently each time."""
    really = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda *_: really(("127.0.0.1", server.port)))
    assert failure(web(allow_private=False).get, "http://93.184.216.34/").outcome == "refused"
    end = time.monotonic() + 30
    while not server.connections and time.monotonic() < end:
        time.sleep(0.01)
    assert (server.connections, server.calls) == (1, [])


def test_the_name_is_looked_up_once(
    server: FaultServer, web: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]]
    really = socket.getaddrinfo

    def once(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        return answers.pop() if host == "rebind.test" else really(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    server.on("/a", answer(BODY))
    assert web().get(f"http://rebind.test:{server.port}/a").body == BODY
    assert server.calls[0].headers["host"] == f"rebind.test:{server.port}"


# U21: caps


def test_a_gzip_bomb_is_stopped_early(server: FaultServer, web: Callable[..., Web]) -> None:
    bomb = zipped(b"0" * 300_000_000)
    url = server.on("/a", answer(bomb, content_encoding="gzip"))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    http = web(seconds=20)
    assert failure(http.get, url).outcome == "too_large"
    assert time.process_time() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB
    assert len(server.calls) == 1
    assert http.bytes_wire < 300_000


HUGE = {
    "body without length": head(),
    "chunks": head(transfer_encoding="chunked"),
    "endless header": HEAD,
}


@pytest.mark.parametrize("first", HUGE.values(), ids=HUGE.keys())
def test_a_huge_answer_is_cut_off(first: bytes, server: FaultServer, web: Callable[..., Web]) -> None:
    piece = b"400\r\n" + b"x" * 1024 + b"\r\n" if b"chunked" in first else b"x" * 1024
    http = web(most_bytes=500_000)
    problem = failure(http.get, server.on("/a", flood(first, piece, 100_000)))
    assert problem.outcome == ("network" if first == HEAD else "too_large")
    call = server.settled().calls[0]
    assert call.left_after is not None
    assert http.bytes_wire < 1_000_000


def test_endless_marks_around_an_empty_body_are_cut_off(server: FaultServer, web: Callable[..., Web]) -> None:
    first = head(transfer_encoding="chunked") + b"1\r\nx\r\n0\r\n"
    http = web(most_bytes=1000)
    assert failure(http.get, server.on("/a", flood(first, b"A: b\r\n" * 100, 100_000))).outcome == "too_large"
    assert server.settled().calls[0].left_after is not None


@pytest.mark.parametrize("declared", ["20000001", str(10**13), "9" * 400])
def test_a_huge_announcement_is_enough(declared: str, server: FaultServer, web: Callable[..., Web]) -> None:
    http = web()
    assert failure(http.get, server.on("/a", raw(head(content_length=declared) + b"x"))).outcome == "too_large"
    assert len(server.calls) == 1


def test_the_cap_itself_is_allowed(server: FaultServer, web: Callable[..., Web]) -> None:
    assert len(web(most_bytes=1000).get(server.on("/a", answer(b"x" * 1000))).body) == 1000
    packed = answer(zipped(b"x" * 1000), content_encoding="gzip")
    assert len(web(most_bytes=1000).get(server.on("/b", packed)).body) == 1000
    assert failure(web(most_bytes=999).get, server.on("/b", packed)).outcome == "too_large"


# U23: asking only for changes


def test_an_unchanged_answer_comes_from_the_archive(server: FaultServer, web: Callable[..., Web]) -> None:
    url = server.on("/a", known('"1"', BODY))
    first = web()
    first.get(url)
    stored = validators_from_json(validators_to_json(first.validators))
    assert stored == first.validators
    assert stored[url].fetched_at == NOW

    second = web(now=NOW + timedelta(days=6), validators=stored)
    payload = second.get(url)
    assert (payload.status, payload.unchanged, payload.body) == (304, True, BODY)
    assert second.unchanged
    assert second.validators == stored  # still dated by the last whole answer
    assert [call.headers.get("if-none-match") for call in server.calls] == [None, '"1"']


def test_the_date_of_change_is_asked_with(server: FaultServer, web: Callable[..., Web]) -> None:
    date = "Fri, 01 May 2026 00:00:00 GMT"
    url = server.on("/a", answer(BODY, last_modified=date), raw(head(304)))
    first = web()
    first.get(url)
    second = web(validators=first.validators)
    assert second.get(url).unchanged
    assert server.calls[1].headers["if-modified-since"] == date
    assert "if-none-match" not in server.calls[1].headers


@pytest.mark.parametrize("age", [timedelta(days=7), timedelta(days=700), timedelta(seconds=-1)])
def test_once_in_seven_days_everything_is_fetched(age: timedelta, server: FaultServer, web: Callable[..., Web]) -> None:
    """For servers that always answer 304, or keep an ETag over changed content."""
    url = server.on("/a", known('"1"', BODY), known('"1"', b"new" + BODY))
    first = web()
    first.get(url)
    later = web(now=NOW + age, validators=first.validators)
    assert later.get(url).body == b"new" + BODY
    assert later.validators[url].fetched_at == NOW + age
    assert "if-none-match" not in server.calls[1].headers


def test_a_body_lost_from_the_archive_is_fetched_again(
    server: FaultServer, web: Callable[..., Web], tmp_path: Path
) -> None:
    url = server.on("/a", known('"1"', BODY))
    first = web()
    first.get(url)
    [kept] = tmp_path.rglob("*.gz")
    kept.write_bytes(b"damaged")
    second = web(validators=first.validators)
    assert second.get(url).body == BODY
    assert (second.requests, second.unchanged) == (1, False)
    assert web(validators=second.validators).get(url).unchanged


@pytest.mark.parametrize(
    ("said", "hours"),
    [("max-age=7200", 2), ("public, max-age=604800, immutable", 24), ("max-age=3600, no-cache", 0), ("no-store", 0)],
)
def test_what_stays_as_it_is_for_hours_is_not_asked_for_again(
    said: str, hours: int, server: FaultServer, web: Callable[..., Web]
) -> None:
    url = server.on("/a", answer(BODY, cache_control=said))
    first = web()
    first.get(url)
    stored = validators_from_json(validators_to_json(first.validators))
    for later, asked in ((hours - 0.1, 0), (hours + 0.1, 1)):
        second = web(now=NOW + timedelta(hours=max(later, 0)), validators=stored)
        assert second.get(url).body == BODY
        assert second.requests == (asked if hours else 1)


def test_a_permanent_redirect_is_followed_at_once_after_three_sights(
    server: FaultServer, web: Callable[..., Web]
) -> None:
    url, moved = server.on("/a", redirect("/b", 301)), server.on("/b", known('"1"', BODY))
    stored: dict[str, Validator] = {}
    asked = []
    for day in range(9):
        before = len(server.calls)
        http = web(now=NOW + timedelta(days=day), validators=stored)
        assert http.get(url).body == BODY
        stored = validators_from_json(validators_to_json(http.validators))
        asked.append("".join(call.path[-1] for call in server.calls[before:]))
    assert asked == ["ab", "ab", "ab", "b", "b", "b", "b", "ab", "b"], "and once a week it is asked itself"
    assert stored[url].moved_to == moved


def test_a_target_that_is_gone_is_forgotten(server: FaultServer, web: Callable[..., Web]) -> None:
    url, moved = server.on("/a", answer(BODY)), server.on("/b", answer(b"", 404))
    first = web()
    first.get(url)
    stored = {url: replace(first.validators[url], moved_to=moved, sights=3)}
    http = web(validators=stored)
    assert http.get(url).body == BODY
    assert http.validators[url].moved_to is None


def test_a_redirect_stays_with_the_hosts_of_its_source(server: FaultServer, web: Callable[..., Web]) -> None:
    elsewhere = server.url("/b").replace("127.0.0.1", "localhost")
    url = server.on("/a", redirect(elsewhere))
    server.on("/b", answer(BODY))
    problem = failure(web(redirects_to=()).get, url)
    assert (problem.outcome, "localhost" in str(problem)) == ("refused", True)
    assert len(server.calls) == 1
    assert web(redirects_to=("localhost",)).get(url).body == BODY
    assert web(redirects_to=None).get(url).body == BODY


def test_304_to_a_plain_question_is_no_answer(server: FaultServer, web: Callable[..., Web]) -> None:
    assert failure(web().get, server.on("/a", raw(head(304)))).outcome == "bad_content"
    bare = Validator(None, None, "0" * 64, NOW)
    assert failure(web(validators={server.url("/a"): bare}).get, server.url("/a")).outcome == "bad_content"
    assert len(server.calls) == 2


def test_a_run_is_unchanged_only_if_every_answer_was(server: FaultServer, web: Callable[..., Web]) -> None:
    same = server.on("/a", known('"1"', BODY))
    new, lost = server.on("/b", answer(BODY)), server.on("/c", answer(b"", 404))
    first = web()
    first.get(same)
    for other in (new, lost):
        http = web(validators=first.validators)
        assert http.get(same).unchanged
        assert http.unchanged
        with contextlib.suppress(Failure):
            http.get(other)
        assert not http.unchanged
    assert not web().unchanged


def test_an_etag_that_cannot_be_sent_back_is_forgotten(server: FaultServer, web: Callable[..., Web]) -> None:
    url = server.on("/a", answer(BODY, etag='"\xe9"', last_modified="x" * 600))
    http = web()
    http.get(url)
    assert (http.validators[url].etag, http.validators[url].last_modified) == (None, None)


NO_ZONE = '{"u": {"etag": null, "last_modified": null, "sha256": "", "fetched_at": "2026-01-01"}}'


@pytest.mark.parametrize("text", [None, "", "nonsense", "[]", "3", '{"u": 3}', '{"u": {"etag": "1"}}', NO_ZONE])
def test_unreadable_validators_are_none(text: str | None) -> None:
    assert validators_from_json(text) == {}


# U25: politeness


def test_a_host_is_asked_one_thing_a_second(server: FaultServer, web: Callable[..., Web], clock: Clock) -> None:
    pace = Pace(clock=clock.time, sleep=clock.sleep)
    url = server.on("/a", answer(BODY))
    for _ in range(3):
        web(pace=pace).get(url)
    assert clock.slept == [1.0, 1.0]
    clock.now += 5
    web(pace=pace).get(url)
    assert clock.slept == [1.0, 1.0]
    assert len(server.calls) == 4


def test_two_runs_never_ask_a_host_at_the_same_time(server: FaultServer, web: Callable[..., Web]) -> None:
    def late(call: Any) -> None:
        time.sleep(0.1)
        call.send(head(content_length="1") + b"x")

    url, pace = server.on("/a", late), Pace(gap=0.1)
    threads = [threading.Thread(target=web(pace=pace).get, args=(url,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    calls = server.settled().calls
    assert len(calls) == 4
    for before, after in itertools.pairwise(calls):
        assert after.at - before.last_send_at > 0.09


def test_hosts_do_not_wait_for_each_other(server: FaultServer, web: Callable[..., Web], clock: Clock) -> None:
    pace, url = Pace(clock=clock.time, sleep=clock.sleep), server.on("/a", answer(BODY))
    web(pace=pace).get(url)
    web(pace=pace).get(url.replace("127.0.0.1", "localhost"))
    assert clock.slept == []
    assert len(server.calls) == 2


def test_redirects_and_repeats_keep_the_distance(server: FaultServer, web: Callable[..., Web], clock: Clock) -> None:
    url = server.on("/a", redirect("/b"))
    server.on("/b", reset(), answer(BODY))
    web().get(url)
    assert [call.path for call in server.calls] == ["/a", "/b", "/a", "/b"]
    assert clock.now >= 3


# Secrets


def test_addresses_are_shown_without_secrets() -> None:
    shown = {
        "https://u:p@h.org/a": "https://***@h.org/a",
        "/a?api_key=K&q=gpt&sig=K": "/a?api_key=***&q=gpt&sig=***",
        "/a?X-Amz-Signature=K;accessToken=K#token=K": "/a?X-Amz-Signature=***;accessToken=***#token=***",
        "no API-KEY=K here, api%5Fkey=K there": "no API-KEY=*** here, api%5Fkey=*** there",
        "/a?design=7&keyword=gpt&page=2": "/a?design=7&keyword=gpt&page=2",
    }
    assert {text: redacted(text) for text in shown} == shown
    assert redacted("/deep%20secret/deep+secret/deep secret", ["deep secret", ""]) == "/***/***/***"


KEY, WORD = "k3y-in-the-query", "w0rd-we-were-told"
SECRETIVE: dict[str, Fault] = {
    "good": answer(BODY, etag='"1"'),
    "reset": reset(),
    "cut": raw(head(content_length="99") + b"half"),
    "malformed headers": raw(HEAD + b"no colon here\r\nContent-Length: 0\r\n\r\n"),
    "error": answer(b"", 500),
    "limited": answer(b"", 429),
    "gone": answer(b"", 404),
    "loop": redirect(f"?token={KEY}"),
    "refused": redirect(f"file:///{WORD}?password={KEY}"),
    "not an address": redirect(f"http://[{WORD}"),
    "broken": answer(b"x", content_encoding="gzip"),
    "large": raw(head(content_length="99999999999")),
    "slow": silent,
    "status line": raw(f"HTTP/1.1 {WORD} x\r\n\r\n".encode()),
}


@pytest.mark.parametrize("fault", SECRETIVE.values(), ids=SECRETIVE.keys())
def test_no_secret_gets_out(
    fault: Fault, server: FaultServer, web: Callable[..., Web], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on(f"/{WORD}?key={KEY}", fault)
    server.on(f"/{WORD}?token={KEY}", fault)
    http, seen = web(seconds=DEADLINE, secrets=[WORD]), ""
    if fault is SECRETIVE["good"]:
        seen += http.get(server.url(f"/{WORD}?key={KEY}")).url
    else:
        problem = failure(http.get, server.url(f"/{WORD}?key={KEY}"))
        seen += "".join(traceback.format_exception(problem)) + repr(problem)
        assert (problem.__cause__, problem.__context__) == (None, None)
        assert "/***" in str(problem)
    assert server.settled().calls
    assert (KEY in server.calls[0].path, WORD in server.calls[0].path) == (True, True)
    seen += http.url + caplog.text + validators_to_json(http.validators)
    assert KEY not in seen
    assert WORD not in seen
