"""The limits of one HTTP exchange, held at the socket: an end in time, a cap in bytes, public addresses only.

Timeouts of HTTP libraries count each read, so a server that drips a byte a second holds its caller
as long as it likes. Caps on bodies miss endless headers and chunk sizes. At the socket nothing gets past.
"""

import contextlib
import io
import ipaddress
import os
import queue
import socket
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from data.schema import Failure

HEADER_BYTES = 100_000
"""What headers and chunk marks may add to the body on the wire."""

_GZIP = 16 + zlib.MAX_WBITS
_UNICAST = ipaddress.ip_network("2000::/3")
_DISGUISES = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("192.88.99.0/24"))
_SPECIAL = ipaddress.ip_network("192.0.0.0/24")  # a cloud keeps its metadata here; Python 3.11.9 knows half of it


def is_public(address: str) -> bool:
    """Whether an IP address lies in the public internet.

    Python calls multicast, NAT64 (64:ff9b::/96) and 6to4 addresses global; the latter two can carry a
    private one inside, and all three are refused.
    """
    ip = ipaddress.ip_address(address.split("%")[0])
    if not ip.is_global or ip.is_multicast or any(ip in network for network in (*_DISGUISES, _SPECIAL)):
        return False
    return ip.version == 4 or ip in _UNICAST


class Guard:
    """One exchange. Leave its `with` block and the timer and all sockets are gone.

    `expired`: the deadline cut the connection. `received`: bytes so far, headers included. `connected`:
    a connection stood. `surplus`: more bytes came than Content-Length declared.
    """

    def __init__(self, seconds: float, most_bytes: int, *, allow_private: bool = False) -> None:
        self.expired = self.surplus = self.connected = False
        self.received = 0
        self._most = most_bytes + HEADER_BYTES
        self._allow_private = allow_private
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Guard":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    @property
    def left(self) -> float:
        """Seconds until the deadline; never quite 0, which a socket would take for 'do not block'."""
        return max(self._end - time.monotonic(), 0.001)

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to `host`, whose name is looked up once: every address found must be public.

        Raises Failure `refused` before anything is sent to an address that is not.
        """
        problem = OSError("the name has no address")
        addresses = self._addresses(host, port)
        for tried, address in enumerate(addresses):
            # an equal share of what is left for each address, so that a dead one cannot use it all up
            share = self.left / (len(addresses) - tried)
            try:
                connection = socket.create_connection((address, port), share)
            except OSError as error:
                problem = error
            else:
                return self._watched(connection)
        raise problem

    def tap(self, stream: io.BufferedReader) -> io.BufferedReader:
        """The same stream, with its bytes counted and cut off at the cap."""
        return io.BufferedReader(_Tap(self, stream.detach()))

    def count(self, received: int) -> None:
        """Note bytes from the wire. Raises Failure `too_large` past the cap."""
        self.received += received
        if self.received > self._most:
            raise Failure("too_large", f"more than {self._most} bytes on the wire")

    def _addresses(self, host: str, port: int) -> list[str]:
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in _looked_up(host, port, self.left)))
        for address in addresses:
            self._check(address)
        return addresses

    def _check(self, address: str) -> None:
        if not self._allow_private and not is_public(address):
            raise Failure("refused", f"{address} is not a public address")

    def _watched(self, connection: socket.socket) -> socket.socket:
        try:
            self._check(connection.getpeername()[0])
            connection.settimeout(self.left)
            # a duplicate, because TLS takes the descriptor away from the socket object
            duplicate = socket.socket(fileno=os.dup(connection.fileno()))
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self.connected = True
            self._sockets.append(duplicate)
        if self.expired:
            self._cut()
        return connection

    def _cut(self) -> None:
        self.expired = True  # before the shutdown, so that the caller can tell why the read ended
        with self._lock:
            for watched in self._sockets:
                with contextlib.suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)


class _Tap(io.RawIOBase):
    def __init__(self, guard: Guard, raw: io.RawIOBase) -> None:
        self._guard = guard
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        received: int | None = self._raw.readinto(buffer)
        self._guard.count(received or 0)
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()


def unpacked(pieces: Iterable[bytes], coding: str, most_bytes: int) -> bytes:
    """A body without its transport coding. Stops at the first byte past the cap, with Failure `too_large`."""
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise Failure("bad_content", f"packed as {coding[:40]!r}, which we did not ask for")
    body = bytearray()  # a list of pieces would cost many times their size where they are tiny
    for piece in _gunzipped(pieces) if coding.endswith("gzip") else pieces:
        body += piece
        if len(body) > most_bytes:
            raise Failure("too_large", f"more than {most_bytes} bytes")
    return bytes(body)


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unzip, begun = zlib.decompressobj(_GZIP), False
    try:
        for packed in pieces:
            rest, begun = packed, True
            while rest:
                if unzip.eof:  # gzip allows several members in a row
                    unzip = zlib.decompressobj(_GZIP)
                yield unzip.decompress(rest, 65_536)
                rest = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
        yield unzip.flush()  # at most the few bytes that the last cap held back
    except zlib.error as error:
        raise Failure("bad_content", f"broken gzip ({error})") from None
    if begun and not unzip.eof:
        raise Failure("bad_content", "gzip that ends too early")


def _looked_up(host: str, port: int, seconds: float) -> list[Any]:
    """getaddrinfo with an end: the resolver itself has none that we could set, so it works in a thread."""
    answers: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, name=f"look up {host}"[:60], daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the name could not be looked up in time") from None
    if isinstance(found, Exception):
        raise found
    return found
