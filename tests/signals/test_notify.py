"""Alerts as their readers get them, from a real web hook and a real mail server on the loopback."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from collectors.registry import one
from collectors.run import catalogue_rows, recorded
from data import queries
from data.schema import FLAGS, Failure, Outcome, Run
from data.store import Store
from signals import notify
from signals.__main__ import main
from tests.ports import free_port

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Hook(HTTPServer):
    """A web hook that keeps what it was told, and answers with `status`."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if hook.status == 200:
                    hook.told.append(json.loads(body))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/hook/a-secret-token"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as made:
        yield made
        made.shutdown()


class Mails:
    """What aiosmtpd hands over."""

    def __init__(self) -> None:
        self.found: list[Any] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802 - its name there
        self.found.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def known(store: Store) -> Store:
    """A store that knows two indicators whose sources report."""
    store.append_vintages("indicators", catalogue_rows(one("metr_horizons")) + catalogue_rows(one("epoch_eci")))
    ran(store, "epoch_eci", NOW - HOUR)
    return store


def ran(store: Store, source: str, at: datetime, outcome: Outcome = "ok", error: str | None = None) -> None:
    recorded([Run(run_id=f"{source} {at}", source=source, started_at=at, ended_at=at, outcome=outcome, error=error)],
             store)  # fmt: skip


def flagged(store: Store, state: str, at: datetime, indicator: str = "metr_p50") -> None:
    blank = {name: None for name in FLAGS.names if name not in ("row_id", "prev_id", "known_at")}
    row = {**blank, "indicator": indicator, "subject": "", "method": "bend-1", "state": state, "streak_on": 0,
           "streak_off": 0, "data_id": f"{at}", "n": 14, "ratio": 1.62, "p": 0.0004, "q": 0.02}  # fmt: skip
    store.append_vintages("flags", [row], at)


def tell(store: Store, *addresses: str, at: datetime = NOW) -> int:
    return notify.tell(store, addresses, "https://watch.example.org/", now=at)


def test_a_raised_flag_is_told_once_with_its_figures_and_a_link(known: Store, hook: Hook) -> None:
    flagged(known, "steady", NOW - 9 * DAY)
    flagged(known, "signal", NOW - HOUR)
    assert tell(known, hook.address) == 1
    assert [told["title"] for told in hook.told] == ["AI Progress Monitor: 1 flag changed"]
    line = hook.told[0]["message"].splitlines()[0]
    assert line == ('- Flag raised: Time horizon (50 %) is "signal", was "steady". n = 14, slope ratio 1.62, p = 0.0004, '
                    "q = 0.02. https://watch.example.org/metr_p50")  # fmt: skip
    assert tell(known, hook.address, at=NOW + DAY) == 0


def test_what_was_told_is_known_after_a_restart(known: Store, hook: Hook) -> None:
    flagged(known, "watch", NOW - HOUR)
    tell(known, hook.address)
    assert tell(Store(known.uri), hook.address, at=NOW + DAY) == 0
    assert len(queries.runs(known)) == 1, "what was told is no run"


def test_changed_and_cleared_flags_are_told_and_calm_changes_are_not(known: Store, hook: Hook) -> None:
    for hour, state in enumerate(("steady", "cannot tell", "watch", "confirmed", "steady")):
        flagged(known, state, NOW - 9 * HOUR + hour * HOUR)
    tell(known, hook.address)
    verbs = [line.split(":")[0] for line in hook.told[0]["message"].splitlines() if line.startswith("-")]
    assert verbs == ["- Flag raised", "- Flag changed", "- Flag cleared"]


def test_nothing_old_is_told_to_a_new_address(known: Store, hook: Hook) -> None:
    flagged(known, "signal", NOW - 8 * DAY)
    assert tell(known, hook.address) == 0


def test_messages_come_at_most_hourly_and_hold_all_that_came_in_between(known: Store, hook: Hook) -> None:
    for minutes in range(0, 180, 20):
        at = NOW + timedelta(minutes=minutes)
        flagged(known, "watch" if minutes % 40 else "steady", at)
        tell(known, hook.address, at=at)
    tell(known, hook.address, at=NOW + 4 * HOUR)
    assert 3 <= len(hook.told) <= 4
    lines = [line for told in hook.told for line in told["message"].splitlines() if line.startswith("- ")]
    assert len(lines) == 8, "every change once"


def test_a_late_source_is_told_once_and_again_when_it_is_back(known: Store, hook: Hook) -> None:
    late = NOW + 10 * DAY
    ran(known, "epoch_eci", late - HOUR, "timeout", "epoch.ai: no answer within 30 s")
    assert tell(known, hook.address, at=late) == 1
    assert tell(known, hook.address, at=late + DAY) == 0
    assert "Source late: Epoch" in hook.told[0]["message"]
    assert "last good run 2026-11-23 05:00 UTC; timeout, epoch.ai: no answer within 30 s." in hook.told[0]["message"]
    ran(known, "epoch_eci", late + 2 * DAY)
    assert tell(known, hook.address, at=late + 2 * DAY) == 1
    assert tell(known, hook.address, at=late + 3 * DAY) == 0
    assert hook.told[1]["title"] == "AI Progress Monitor: 1 source back"


def test_what_is_refused_is_sent_again_and_only_to_those_that_refused(known: Store, hook: Hook) -> None:
    flagged(known, "watch", NOW - HOUR)
    with Hook() as other:
        other.status = 500
        assert tell(known, hook.address, other.address) == 1
        other.status = 200
        assert tell(known, hook.address, other.address, at=NOW + timedelta(minutes=1)) == 1
        assert (len(hook.told), len(other.told)) == (1, 1)
        other.shutdown()


def test_a_mail_is_plain_text_and_says_the_same(known: Store) -> None:
    flagged(known, "watch", NOW - HOUR)
    mails = Mails()
    port = free_port()
    server = Controller(mails, hostname="127.0.0.1", port=port, ready_timeout=120)
    server.start()
    try:
        sent = tell(
            known, f"mailto://127.0.0.1:{port}?mode=insecure&from=watch@example.org&to=you@example.org&format=text"
        )
    finally:
        server.stop()
    assert sent == 1
    mail = mails.found[0]
    assert mail["subject"] == "AI Progress Monitor: 1 flag changed"
    assert mail["to"] == "you@example.org"
    assert mail.get_content_type() == "text/plain"
    assert "https://watch.example.org/metr_p50" in mail.get_content()


def test_an_address_is_stored_nowhere(known: Store, hook: Hook) -> None:
    flagged(known, "watch", NOW - HOUR)
    tell(known, hook.address)
    stored = str(known.read("runs").collect().to_dicts())
    assert "alert-" in stored
    assert "secret" not in stored
    assert "127.0.0.1" not in stored


def test_an_address_that_cannot_be_is_refused_without_repeating_it() -> None:
    with pytest.raises(Failure, match="ALERTS: address 2 of 2") as caught:
        notify.check(["json://127.0.0.1:1/x", "no-such-service://token"])
    assert "token" not in str(caught.value)


def test_a_dry_run_prints_and_remembers_nothing(
    known: Store, hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flagged(known, "watch", datetime.now(UTC) - HOUR)
    monkeypatch.setenv("STORE_URI", known.uri)
    monkeypatch.setenv("ALERTS", hook.address)
    for _ in range(2):
        assert main(["notify", "--dry-run"]) == 0
        assert "Flag raised: Time horizon (50 %)" in capsys.readouterr().out
    assert not hook.told
    assert main(["notify", "--test"]) == 0
    assert hook.told[0]["title"] == "AI Progress Monitor: alerts arrive"
    assert main(["notify"]) == 0
    assert "sent" in capsys.readouterr().out
    assert len(hook.told) == 2


def test_without_addresses_nothing_is_sent_and_it_is_said(
    known: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORE_URI", known.uri)
    monkeypatch.delenv("ALERTS", raising=False)
    assert main(["notify"]) == 1
    assert "ALERTS names no address" in capsys.readouterr().err
    assert main(["notify", "--dry-run"]) == 0
