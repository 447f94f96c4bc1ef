"""When a host may be asked again: one request at a time, and no sooner than it wants."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime


class Pace:
    """One a process: a host is asked one thing at a time, with `gap` seconds between an answer and the next request."""

    def __init__(
        self,
        gap: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.not_before: dict[str, datetime] = {}  # so that a run already waiting for its turn hears of a 429 too
        self._gap = gap
        self._turns: dict[str, threading.Lock] = {}
        self._ended: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for this host, then keep it for the length of the block."""
        with self._turns.setdefault(host, threading.Lock()):
            wait = self._ended[host] + self._gap - self.clock() if host in self._ended else 0
            if wait > 0:
                self.sleep(wait)
            try:
                yield
            finally:
                self._ended[host] = self.clock()
