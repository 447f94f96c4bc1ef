"""Bodies as publishers sent them, kept by their SHA-256: what a 304 refers to, within a set size.

The folder is a cache: whatever is missing or damaged reads as None and is fetched again.
"""

import contextlib
import gzip
import hashlib
import os
import re
import tempfile
import time
import zlib
from pathlib import Path

from data.schema import Failure

_LEFTOVER_SECONDS = 3600


class Archive:
    """A folder of gzip files that holds at most `most_bytes`; what was used longest ago goes first."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most = most_bytes

    def get(self, sha256: str) -> bytes | None:
        """The body with this hash, or None where it is missing or damaged. Reading counts as use."""
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            return None
        path = self._path(sha256)
        try:
            body = gzip.decompress(path.read_bytes())
        except (OSError, EOFError, zlib.error):
            return None
        if hashlib.sha256(body).hexdigest() != sha256:
            return None
        with contextlib.suppress(OSError):  # a folder that cannot be written can still be read
            os.utime(path)
        return body

    def put(self, body: bytes) -> str:
        """Keep a body and return its hash. Raises Failure `storage` where the disk refuses."""
        sha256 = hashlib.sha256(body).hexdigest()
        if self.get(sha256) is None:
            try:
                self._write(self._path(sha256), gzip.compress(body, compresslevel=6, mtime=0))
                self._retain(sha256)
            except OSError as error:
                raise Failure("storage", f"{self._folder}: cannot keep an answer ({error.strerror or error})") from None
        return sha256

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.gz"

    def _write(self, path: Path, content: bytes) -> None:
        """All or nothing: a crash leaves the old file, or none, and perhaps a leftover `.part`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise

    def _retain(self, newest: str) -> None:
        """Remove by age of use until the rest fits; `newest`, about to be used, goes only if it is too large alone."""
        files = [(stat.st_mtime_ns, stat.st_size, path) for path in self._folder.glob("??/*") if (stat := _stat(path))]
        used = sum(size for _, size, _ in files)
        for when, size, path in sorted(files, key=lambda file: (file[2].stem == newest, file[0])):
            abandoned = path.suffix == ".part" and time.time() - when / 1e9 > _LEFTOVER_SECONDS
            if abandoned or (used > self._most and path.suffix == ".gz"):
                path.unlink(missing_ok=True)
                used -= size


def _stat(path: Path) -> os.stat_result | None:
    """None for a file that another process has just removed."""
    try:
        return path.stat()
    except OSError:
        return None
