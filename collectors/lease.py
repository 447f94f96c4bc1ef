"""Whose turn it is: of several workers over one store, one works and the others stand by.

On a folder a lock that the kernel releases when its holder dies, however it dies. On a bucket a lease, kept
as rows of `runs` (storage.md): a row numbered one higher than the newest can be appended by one worker only,
and the next one may do so once it has expired. Even two workers at once would double no row; they would only
ask publishers twice.
"""

import fcntl
import logging
import os
import socket
import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import polars as pl

from data.schema import LEASE, Failure, Run
from data.store import Store

log = logging.getLogger("collectors")

TERM = timedelta(minutes=10)
"""How long a worker on a bucket may be silent before another takes over. Each renewal is a small commit."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Turn(Protocol):
    """The right to work, and how often to look whose it is."""

    seconds_between_looks: float

    def take(self) -> bool:
        """Take the turn, or keep it; False while it is somebody else's."""

    def release(self) -> None:
        """Give it up, so that another worker need not wait."""


def turn_over(store: Store) -> Turn:
    """The kind of turn that fits the address of the store."""
    folder = store.uri.removeprefix("file://")
    return StoredTurn(store) if "://" in folder else FileTurn(Path(folder) / ".worker.lock")


class FileTurn:
    """A locked file; it says in clear text who holds it."""

    seconds_between_looks = 5.0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> bool:
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Failure("storage", f"cannot open {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class StoredTurn:
    """A lease in the tables, renewed when half of it has passed."""

    seconds_between_looks = 30.0

    def __init__(
        self,
        store: Store,
        holder: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        term: timedelta = TERM,
    ) -> None:
        self._store, self._now, self._term = store, now, term
        self._until = _LONG_AGO
        self.holder = holder or f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"

    def take(self) -> bool:
        now = self._now()
        if self._term / 2 < self._until - now <= self._term:
            return True
        number, holder, until = self._newest()
        # a clock far ahead of ours must not keep everybody waiting for longer than a term
        if holder not in ("", self.holder) and now < until <= now + 2 * self._term:
            return False
        taken = self._append(number + 1, self.holder, now, now + self._term)
        self._until = now + self._term if taken else _LONG_AGO
        return taken

    def release(self) -> None:
        self._until = _LONG_AGO
        number, holder, _ = self._newest()
        if holder == self.holder:
            now = self._now()
            self._append(number + 1, "", now, now)

    def _newest(self) -> tuple[int, str, datetime]:
        rows = self._store.read("runs").filter(pl.col("month") == LEASE)
        newest = rows.sort("run_id").select("run_id", "host", "not_before").tail(1).collect()
        if newest.is_empty():
            return 0, "", _LONG_AGO
        run_id, holder, until = newest.row(0)
        return int(run_id.rpartition("-")[2]), holder, until

    def _append(self, number: int, holder: str, now: datetime, until: datetime) -> bool:
        run = Run(
            run_id=f"lease-{number:09}", source=LEASE, started_at=now, ended_at=now, outcome="ok", host=holder,
            not_before=until,
        )  # fmt: skip
        return self._store.append_new("runs", [{**asdict(run), "month": LEASE}]) == 1
