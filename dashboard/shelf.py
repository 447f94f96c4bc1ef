"""Snapshots as files: each built once a state of the tables, kept in a folder of this process, sent in pieces."""

import atexit
import itertools
import shutil
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from data import snapshot
from data.schema import TABLES
from data.store import Store

KEPT = 4
PATIENCE = 20.0


class Busy(Exception):
    """Another snapshot is being built, and takes long."""


@dataclass(frozen=True)
class Filed:
    """A snapshot on the shelf, and the instant of the newest row in it."""

    path: Path
    instant: datetime


class Shelf:
    """The newest snapshots. Days on which nothing was stored share the file of the day before."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._files: OrderedDict[object, Filed] = OrderedDict()
        self._numbers = itertools.count()
        self._building = threading.Lock()

    def take(self, store: Store, instant: datetime | None, indicators: tuple[str, ...] = ()) -> Filed | None:
        """The snapshot of an instant, of all or some indicators, built if need be, one at a time.

        None where nothing was known by then.
        """
        state = (store.uri, tuple(store.version(name) for name in TABLES))
        newest = snapshot.newest(store, instant)
        if newest is None:
            return None
        key = (state, newest, indicators)
        return self._files.get(key) or self._build(store, key, newest, indicators)

    def _build(self, store: Store, key: object, instant: datetime, indicators: tuple[str, ...]) -> Filed:
        if not self._building.acquire(timeout=PATIENCE):
            raise Busy
        try:
            if key not in self._files:
                if self._folder is None:
                    self._folder = Path(tempfile.mkdtemp(prefix="ai-progress-monitor-"))
                    atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
                path = self._folder / f"{next(self._numbers)}.zip"
                snapshot.write(store, path, instant, indicators)
                self._files[key] = Filed(path, instant)
            while len(self._files) > KEPT:
                self._files.popitem(last=False)[1].path.unlink(missing_ok=True)
            return self._files[key]
        finally:
            self._building.release()
