"""A real HTTP server on the loopback that misbehaves as told: one scripted fault per request, and a log.

A fault is a function that gets the `Call` and writes raw bytes to its connection. The log says what was
asked and how each fault went, so that a test can show that its fault really happened. Paths without a
script go to `site`, where one is given: a whole publisher instead of single answers.
"""

import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WAIT = 5.0
"""The longest that a fault goes on, in seconds; the client should have left long before."""

RECORDED = 2_000_000
"""How much of an answer the log keeps, in bytes."""


@dataclass
class Call:
    """One request as it arrived, and what became of its answer. Instants are monotonic seconds."""

    path: str
    headers: Mapping[str, str]
    connection: socket.socket
    at: float
    fault: str = ""
    sent: int = 0
    left_after: float | None = None
    ended_at: float | None = None
    last_send_at: float = 0.0
    record: bytearray = field(default_factory=bytearray, repr=False)

    def send(self, content: bytes) -> None:
        self.last_send_at = time.monotonic()
        self.record += content[: max(0, RECORDED - len(self.record))]
        self.connection.sendall(content)
        self.sent += len(content)


Fault = Callable[[Call], None]


@dataclass(eq=False)
class FaultServer:
    """`with FaultServer() as server:`, then `server.on(path, fault, fault, …)`; the last fault repeats."""

    site: Callable[[Call], Fault] | None = None
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    _faults: dict[str, list[Fault]] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> "FaultServer":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in [*self._threads]:
            thread.join(WAIT + 1)

    def on(self, path: str, *faults: Fault) -> str:
        """Script the answers of a path; returns its address."""
        self._faults[path] = list(faults)
        return self.url(path)

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def asked(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    def settled(self) -> "FaultServer":
        """Wait until every fault has run its course, so that the log is complete."""
        end = time.monotonic() + WAIT + 1
        while any(call.ended_at is None for call in self.calls) and time.monotonic() < end:
            time.sleep(0.005)
        return self

    def _spawn(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        if len(self._threads) > 100:  # a simulated week has thousands of requests
            self._threads = [self._threads[0], *(t for t in self._threads[1:] if t.is_alive())]
            self._open = [connection for connection in self._open if connection.fileno() >= 0]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            call = self._read(connection)
            if call is None:
                return
            faults = self._faults.get(call.path) or [(self.site or _unscripted)(call)]
            fault = faults.pop(0) if len(faults) > 1 else faults[0]
            call.fault = getattr(fault, "__name__", "fault")
            self.calls.append(call)
            try:
                fault(call)
            except OSError:
                call.left_after = time.monotonic() - call.at
            finally:
                call.ended_at = time.monotonic()

    def _read(self, connection: socket.socket) -> Call | None:
        connection.settimeout(WAIT)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return None
            head += piece
            if head[:1] == b"\x16":  # a TLS greeting: it stays without an answer
                self.calls.append(call := Call("TLS", {}, connection, time.monotonic(), "silent"))
                _until_gone(call)
                call.ended_at = time.monotonic()
                return None
        first, *lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Call(first.split()[1], headers, connection, time.monotonic())


def _unscripted(_: Call) -> Fault:
    return answer(b"not scripted", status=599)


def raw(content: bytes) -> Fault:
    """These bytes, then a proper end of the connection."""

    def raw(call: Call) -> None:
        call.send(content)

    return raw


def answer(body: bytes, status: int = 200, **headers: str) -> Fault:
    """A proper answer. Header names are written with underscores: content_type."""
    length = {} if "transfer_encoding" in headers else {"content_length": str(len(body))}
    return raw(head(status, **{**length, **headers}) + body)


def head(status: int = 200, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Scripted", *lines, "", ""]).encode("latin-1")


def redirect(target: str, status: int = 302, **headers: str) -> Fault:
    return answer(b"elsewhere", status, location=target, **headers)


def known(etag: str, body: bytes) -> Fault:
    """304 to whoever shows this ETag, else the body with it."""

    def known(call: Call) -> None:
        same = call.headers.get("if-none-match") == etag
        call.send(head(304, etag=etag) if same else head(200, etag=etag, content_length=str(len(body))) + body)

    return known


def silent(call: Call) -> None:
    """No answer at all."""
    _until_gone(call)


def drip(first: bytes, drop: bytes = b"x", every: float = 0.05) -> Fault:
    """`first` at once, then `drop` again and again: never silent for long, never done."""

    def drip(call: Call) -> None:
        call.send(first)
        while time.monotonic() - call.at < WAIT:
            time.sleep(every)
            call.send(drop)

    return drip


def reset(first: bytes = b"") -> Fault:
    """`first`, then the connection is torn down (RST) instead of ended."""

    def reset(call: Call) -> None:
        if first:
            call.send(first)
            time.sleep(0.05)  # else the reset overtakes what was sent
        call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        call.connection.close()

    return reset


def flood(first: bytes, piece: bytes, times: int) -> Fault:
    """`first`, then `piece` so many times, or until the client leaves."""

    def flood(call: Call) -> None:
        call.send(first)
        for _ in range(times):
            call.send(piece)

    return flood


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _until_gone(call: Call) -> None:
    call.connection.settimeout(WAIT)
    with contextlib.suppress(OSError):
        while call.connection.recv(4096):
            pass
    call.left_after = time.monotonic() - call.at
