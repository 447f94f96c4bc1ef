"""The only file that imports an HTTP library: how we ask, how often, how long, and what counts as an answer.

One address at a time: look up the validator, wait for the host's turn, send, follow redirects in our own
loop, read within the limits of `guard.py`, and turn whatever goes wrong into a Failure without secrets.
`HTTPAdapter` is used without a `Session`: no cookies, no netrc, no environment, and no redirect body
read behind our back (a Session reads it whole, even with `allow_redirects=False`).
"""

import http.client
import logging
import re
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import SplitResult, quote, quote_plus, unquote, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.sessions import SessionRedirectMixin
from requests.structures import CaseInsensitiveDict
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, LocationParseError

from collectors.archive import Archive
from collectors.guard import Guard, unpacked
from collectors.pace import Pace
from collectors.source import Http, Payload, Traffic
from collectors.validators import SIGHTS, Validator, validators_from_json, validators_to_json
from data.schema import Failure, is_web_link

__all__ = ["Pace", "Validator", "Web", "redacted", "validators_from_json", "validators_to_json"]

HOPS = 5
TRIES = 3
PIECE = 65_536
TRUST = timedelta(days=7)
LONGEST_WAIT = timedelta(hours=24)
USUAL_WAIT = timedelta(hours=1)
_SECRET_NAMES = ("key", "token", "secret", "password", "passwd", "pwd", "signature", "credential", "jwt")
_FOR_ALL = ("accept", "if-none-match", "if-modified-since")
_PROBLEMS = (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError, Failure)


def redacted(text: str, secrets: Collection[str] = ()) -> str:
    """`text` with every one of `secrets`, user info, and the values of keys, tokens and the like as `***`."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret)):
            text = text.replace(form, "***")
    text = re.sub(r"//[^/\s?#]*@", "//***@", text)
    return re.sub(r"([\w.%-]+)=([^&#;\s'\"]*)", lambda m: f"{m[1]}=***" if _is_secret(m[1]) else m[0], text)


def _is_secret(name: str) -> bool:
    words = re.split(r"[^a-z0-9]", unquote(name).lower())
    return any(word.endswith(_SECRET_NAMES) or word in ("sig", "auth") for word in words)


class _Again(Failure):
    """A failure that may pass within seconds, so that it is worth another try in the same run."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    target: str | None
    body: bytes = b""
    moved_to: str | None = None
    """Where nothing but permanent redirects led."""


class Web(Http):
    """The web for one run. `seconds` is the deadline of one try, redirects included, waiting for a turn not.

    Afterwards `validators` holds this run's good answers (to be stored only if they were parsed well) and
    `not_before` the hosts that asked us to wait. Addresses that contain a secret get no validator: those
    are stored by address.
    """

    def __init__(
        self,
        *,
        now: datetime,
        contact: str,
        seconds: float,
        archive: Archive,
        pace: Pace,
        validators: Mapping[str, Validator] = {},
        blocked: Mapping[str, datetime] = {},
        allow_private: bool = False,
        secrets: Collection[str] = (),
        most_bytes: int = 20_000_000,
        redirects_to: Collection[str] | None = None,
    ) -> None:
        self.now = now
        self.validators: dict[str, Validator] = {}
        self.not_before: dict[str, datetime] = {}
        self.requests = self.bytes_wire = self.bytes_body = 0
        self.status: int | None = None
        self.url = ""
        self._agent = _agent(contact)
        self._seconds = seconds
        self._archive = archive
        self._pace = pace
        self._stored = validators
        self._blocked = blocked
        self._allow_private = allow_private
        self._secrets = secrets
        self._most_bytes = most_bytes
        self._redirects_to = redirects_to
        self._asked = self._same = 0
        self._start = pace.clock()
        # urllib3 logs whole addresses, keys included; what is worth knowing stands in our Failure
        logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)

    @property
    def unchanged(self) -> bool:
        """Whether something was asked and every single answer was 304."""
        return 0 < self._asked == self._same

    def traffic(self) -> Traffic:
        waiting = " ".join(sorted(self.not_before))
        return Traffic(
            http_status=self.status,
            requests=self.requests,
            bytes_wire=self.bytes_wire,
            bytes_body=self.bytes_body,
            validators=validators_to_json(self.validators),
            host=waiting or urlsplit(self.url).hostname or "",
            not_before=max(self.not_before.values(), default=None),
            url=self.url,
            unchanged=self.unchanged,
        )

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Payload:
        self._asked += 1
        known, body = self._known(url)
        if known is not None and known.fresh_until is not None and self.now < known.fresh_until:
            return self._not_changed(url, known, body)
        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential_jitter(initial=1, max=10),
            retry=retry_if_exception_type(_Again),
            sleep=self._pace.sleep,
            reraise=True,
        )
        asked = {**(headers or {}), **_conditions(known)}
        # once in 7 days nothing is known, and the address itself is asked even if it has moved for good
        if known is not None and known.moved_to and known.has_moved:
            try:
                answer = replace(tries(self._follow, known.moved_to, asked), moved_to=known.moved_to)
            except Failure:
                answer = tries(self._follow, url, asked)
        else:
            answer = tries(self._follow, url, asked)
        if answer.status == 304:
            if known is None or not _conditions(known):
                raise self._told(url, Failure("bad_content", "answered 304 although everything was asked for"))
            return self._not_changed(url, self._seen(url, known, answer), body)
        self.bytes_body += len(answer.body)
        sha256 = self._archive.put(answer.body)
        if self._hidden(url) == url:
            etag, last_modified = (_plain(answer.headers.get(name)) for name in ("etag", "last-modified"))
            self.validators[url] = self._seen(url, Validator(etag, last_modified, sha256, self.now), answer)
        return Payload(self._hidden(url), 200, answer.headers, answer.body)

    def _seen(self, url: str, validator: Validator, answer: _Answer) -> Validator:
        """The validator, with how long the answer stays as it is, and where it was found."""
        before, moved_to = self._stored.get(url), answer.moved_to
        if moved_to is None or self._hidden(moved_to) != moved_to:
            return replace(validator, fresh_until=self._fresh_until(answer), moved_to=None, sights=0)
        sights = min(SIGHTS, 1 + (before.sights if before and before.moved_to == moved_to else 0))
        return replace(validator, fresh_until=self._fresh_until(answer), moved_to=moved_to, sights=sights)

    def _fresh_until(self, answer: _Answer) -> datetime | None:
        """Until when the publisher says that its answer stays as it is, at most a day."""
        said = answer.headers.get("cache-control", "").lower()
        found = re.search(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})", said)
        if found is None or "no-cache" in said or "no-store" in said:
            return None
        age = answer.headers.get("age", "")
        seconds = int(found[1]) - (int(age) if re.fullmatch("[0-9]{1,9}", age) else 0)
        return self.now + min(timedelta(seconds=seconds), LONGEST_WAIT) if seconds > 0 else None

    def _known(self, url: str) -> tuple[Validator | None, bytes]:
        """The validator to ask with and the body it stands for. None without that body, and once in 7 days anyway."""
        known = self._stored.get(url)
        if known is None or not timedelta(0) <= self.now - known.fetched_at < TRUST:
            return None, b""
        body = self._archive.get(known.sha256)
        return (None, b"") if body is None else (known, body)

    def _not_changed(self, url: str, known: Validator, body: bytes) -> Payload:
        self._same += 1
        self.bytes_body += len(body)
        self.validators[url] = known
        return Payload(self._hidden(url), 304, {}, body, unchanged=True)

    def _follow(self, url: str, headers: Mapping[str, str]) -> _Answer:
        """One try: the answer behind at most 5 redirects."""
        left, start, for_good = self._seconds, url, True
        for _ in range(HOPS + 1):
            if not is_web_link(url):
                raise self._told(url, Failure("refused", "not an http or https address"))
            answer, seconds = self._take_turn(url, headers, left)
            if answer.target is None:
                return replace(answer, moved_to=url if for_good and url != start else None)
            for_good = for_good and answer.status in (301, 308)
            left -= seconds
            before, after = urlsplit(url), _joined(url, answer.target)
            if after is None:
                raise self._told(url, Failure("redirect", "a redirect to what is no address"))
            url = after.geturl()
            if before.scheme == "https" and after.scheme == "http":
                raise self._told(url, Failure("refused", "a redirect from https to http"))
            if not self._may_lead(before.hostname or "", after.hostname or ""):
                raise self._told(url, Failure("refused", f"a redirect to {after.hostname}, not a host of this source"))
            if before.netloc != after.netloc:  # what a source tells its publisher is not for others
                headers = {k: v for k, v in headers.items() if k.lower() in _FOR_ALL}
        raise self._told(url, Failure("redirect", f"more than {HOPS} redirects"))

    def _may_lead(self, host: str, other: str) -> bool:
        if self._redirects_to is None or not other:  # no host at all: refused as no address
            return True
        here, there = host.removeprefix("www."), other.removeprefix("www.")
        own = there == here or there.endswith(f".{here}") or here.endswith(f".{there}")
        return own or any(there == site or there.endswith(f".{site}") for site in self._redirects_to)

    def _take_turn(self, url: str, headers: Mapping[str, str], left: float) -> tuple[_Answer, float]:
        """One request when its host may be asked, and the seconds it took. Raises Failure for a bad status."""
        host = (urlsplit(url).hostname or "").rstrip(".")
        self._check_wait(host)
        with self._pace.turn(host):
            self._check_wait(host)
            self.url, self.status = self._hidden(url), None
            start = time.monotonic()
            answer = self._exchange(url, headers, max(left, 0.001))
            problem = self._problem(answer, host)
        if problem:
            raise self._told(url, problem)
        return answer, time.monotonic() - start

    def _check_wait(self, host: str) -> None:
        """Raises Failure `rate_limited` for a host that asked us to wait, in this run or another one."""
        for waits in (self._blocked, self._pace.not_before):
            if host in waits and waits[host] > self._instant():
                text = f"{host}: asked us to wait until {waits[host]:%Y-%m-%d %H:%M:%S} UTC"
                raise Failure("rate_limited", self._hidden(text))

    def _instant(self) -> datetime:
        return self.now + timedelta(seconds=self._pace.clock() - self._start)

    def _exchange(self, url: str, headers: Mapping[str, str], seconds: float) -> _Answer:
        """One request and its answer, whole; or Failure."""
        with Guard(seconds, self._most_bytes, allow_private=self._allow_private) as guard:
            try:
                return self._converse(url, headers, guard)
            except _PROBLEMS as error:
                problem = _failure(error, guard)
            finally:
                self.requests += guard.connected
                self.bytes_wire += guard.received
        # outside the handler, so that the library's exception with its address does not hang on ours
        raise self._told(url, problem)

    def _converse(self, url: str, headers: Mapping[str, str], guard: Guard) -> _Answer:
        asked = CaseInsensitiveDict({"Accept": "*/*"} | dict(headers))
        asked.update({"User-Agent": self._agent, "Accept-Encoding": "gzip", "Connection": "close"})
        request = requests.Request("GET", url, headers=asked).prepare()
        adapter = _GuardAdapter(guard)
        with closing(adapter), adapter.send(request, stream=True, timeout=guard.left, verify=True) as response:
            self.status = response.status_code
            target = SessionRedirectMixin().get_redirect_target(response)
            body = _body(response, guard, self._most_bytes) if response.status_code == 200 else b""
            if guard.expired:  # the cut looks like a proper end to whoever reads
                raise TimeoutError
            return _Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, target, body)

    def _problem(self, answer: _Answer, host: str) -> Failure | None:
        """What the status says went wrong. Notes how long to wait where the host says so."""
        status, text = answer.status, f"answered HTTP {answer.status}"
        if status in (200, 304) or answer.target is not None:
            return None
        wait = _wait(answer, self._instant())
        if wait is not None:
            until = self._instant() + min(max(wait, timedelta(0)), LONGEST_WAIT)
            self.not_before[host] = self._pace.not_before[host] = until
            return Failure("rate_limited", f"{text}, wait until {until:%Y-%m-%d %H:%M:%S} UTC")
        if status >= 500:
            return _Again("server_error", text)
        if status >= 400:
            return Failure("gone" if status in (404, 410) else "client_error", text)
        return Failure("redirect" if status >= 300 else "bad_content", f"{text}, which brings nothing to read")

    def _told(self, url: str, problem: Failure) -> Failure:
        """The same failure with its address, and without secrets."""
        return type(problem)(problem.outcome, self._hidden(f"{url}: {problem}"))

    def _hidden(self, text: str) -> str:
        return redacted(text, self._secrets)


class _Response(http.client.HTTPResponse):
    """Counts at the wire, and notes what follows the declared length: http.client throws that away unseen."""

    def __init__(self, guard: Guard, connection: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(connection, *args, **kwargs)
        self._guard, self._connection = guard, connection
        self.fp = guard.tap(self.fp)

    def _close_conn(self) -> None:
        if self.length == 0:
            with suppress(OSError, ValueError):
                self._connection.settimeout(0)  # only what has arrived: there is nothing to wait for
                self._guard.surplus = bool(self.fp.peek(1))
        super()._close_conn()  # type: ignore[misc]


class _GuardAdapter(HTTPAdapter):
    """requests over connections that a guard makes and can cut."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        connect = {
            "_new_conn": lambda connection: self._guard.connect(connection.host, connection.port),
            "response_class": partial(_Response, self._guard),
        }
        kinds = {"http": (HTTPConnectionPool, HTTPConnection), "https": (HTTPSConnectionPool, HTTPSConnection)}
        self.poolmanager.pool_classes_by_scheme = {
            scheme: type("GuardedPool", (pool,), {"ConnectionCls": type("Guarded", (connection,), connect)})
            for scheme, (pool, connection) in kinds.items()
        }


def _body(response: requests.Response, guard: Guard, most_bytes: int) -> bytes:
    headers = response.headers
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most_bytes:
        raise Failure("too_large", f"{declared[:20]} bytes are announced, {most_bytes} are allowed")
    coding = headers.get("content-encoding", "").strip().lower()
    body = unpacked(response.raw.stream(PIECE, decode_content=False), coding, most_bytes)
    if guard.surplus:
        raise Failure("bad_content", "the answer is longer than its Content-Length")
    if not body and not declared and "transfer-encoding" not in headers:
        raise _Again("network", "the connection ended before the body")  # cut headers look like this
    if not body:
        raise Failure("bad_content", "the answer is empty")
    return body


def _failure(error: BaseException, guard: Guard) -> Failure:
    """What went wrong, by class. Names the innermost exception: the outer ones repeat the address."""
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = inner
    if guard.expired or isinstance(error, TimeoutError):
        return Failure("timeout", "no whole answer before the deadline")
    if isinstance(error, Failure):
        return error
    text = f"{type(error).__name__}: {error}"[:300]
    if isinstance(error, requests.exceptions.InvalidURL | LocationParseError | UnicodeError | http.client.InvalidURL):
        return Failure("refused", f"not an address ({text})")
    return Failure("network", text) if isinstance(error, ssl.SSLCertVerificationError) else _Again("network", text)


def _joined(url: str, target: str) -> SplitResult | None:
    """Where a redirect leads, or None where it cannot be read."""
    try:
        return urlsplit(urljoin(url, target))
    except ValueError:
        return None


def _wait(answer: _Answer, now: datetime) -> timedelta | None:
    """How long the host wants us to wait, by Retry-After as seconds or as a date; None where it does not say so.

    GitHub says it in its own words: 403 or 429, nothing remaining, and the second of the epoch to wait for.
    """
    text = answer.headers.get("retry-after", "").strip()
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    spent = answer.status in (403, 429) and answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
    if spent and not text and re.fullmatch("[0-9]{10}", reset):
        return datetime.fromtimestamp(int(reset), UTC) - now
    if answer.status != 429 and answer.status < 500 and not spent:
        return None
    if re.fullmatch("[0-9]{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return USUAL_WAIT if answer.status == 429 or spent else None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now


def _conditions(known: Validator | None) -> dict[str, str]:
    if known is None:
        return {}
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in asked.items() if value}


def _plain(value: str | None) -> str | None:
    """A header value that can be sent back as it is, else None."""
    return value if value and re.fullmatch(r"[\x20-\x7e]{1,500}", value) else None


def _agent(contact: str) -> str:
    try:
        release = version("ai-progress-monitor")
    except PackageNotFoundError:
        release = "0"
    return f"ai-progress-monitor/{release}" + (f" (+{contact})" if contact else "")
