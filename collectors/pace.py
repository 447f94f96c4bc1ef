"""When a host may be asked again: one request at a time, and no sooner than it wants."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType

GAPS: Mapping[str, float] = MappingProxyType(
    {
        "api.github.com": 6.5,  # ten searches a minute without a token
        "api.semanticscholar.org": 3.0,  # one a second with a key, and a pool that all share without
        "export.arxiv.org": 3.0,  # asked for in its terms of use
        "pypistats.org": 3.0,  # thirty requests a minute, and quick to answer 429
    }
)
"""Seconds between requests to the hosts that want more than the usual one."""


class Pace:
    """One a process: a host is asked one thing at a time, with a gap between an answer and the next request.

    `gap` is the usual one in seconds; `gaps` are those of single hosts.
    """

    def __init__(
        self,
        gap: float = 1.0,
        gaps: Mapping[str, float] = GAPS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.not_before: dict[str, datetime] = {}  # so that a run already waiting for its turn hears of a 429 too
        self._gap = gap
        self._gaps = gaps
        self._turns: dict[str, threading.Lock] = {}
        self._ended: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for this host, then keep it for the length of the block."""
        with self._turns.setdefault(host, threading.Lock()):
            gap = self._gaps.get(host, self._gap)
            wait = self._ended[host] + gap - self.clock() if host in self._ended else 0
            if wait > 0:
                self.sleep(wait)
            try:
                yield
            finally:
                self._ended[host] = self.clock()
