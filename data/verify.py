"""The proof of a snapshot: every hash, and the same bytes made again from the tables, where they are at hand.

A zip from a stranger is read with care: only plain names, no more than it declares, nothing is unpacked.
"""

import hashlib
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data import package, snapshot
from data.package import FORMAT, INSTANT, PACKAGE, SUMS
from data.schema import Failure
from data.store import Store

MOST_FILES = 40
MOST_DESCRIPTION = 20_000_000
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}")
_PIECE = 1 << 20


class NotProven(ValueError):
    """A snapshot that is not what it says; the message is one sentence."""


@dataclass(frozen=True)
class Proof:
    """What was found: the instant, the files whose hashes are right, and whether the zip was made again.

    `unchecked` says why it was not; it is empty where the bytes were compared and are the same.
    """

    instant: datetime
    files: int
    rows: int
    sha256: str
    unchecked: str

    def __str__(self) -> str:
        rebuilt = (
            f"not rebuilt: {self.unchecked}" if self.unchecked else "rebuilt from the tables: the same, bit for bit"
        )
        return (
            f"{self.files} files, {self.rows:,} rows, as known at {self.instant:{INSTANT}}\n"
            f"hashes: all right\n{rebuilt}\nsha256 of the zip: {self.sha256}"
        )


def verify(path: Path, store: Store) -> Proof:
    """Prove a snapshot, or raise NotProven."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = _names(archive, path)
            description = _description(archive, path)
            sums = _hashes(archive, names, description, path)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged or not a zip file"
        raise NotProven(f"{path}: cannot be read: {reason}.") from error
    instant, indicators = _asked(description, path)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    rows = sum(rows for _, _, _, rows in description["listed"])
    return Proof(instant, len(names), rows, sha256, _rebuilt(path, store, instant, indicators, sha256, sums))


def _names(archive: zipfile.ZipFile, path: Path) -> list[str]:
    names = [info.filename for info in archive.infolist()]
    if len(names) > MOST_FILES:
        raise NotProven(f"{path}: holds {len(names)} files, which no snapshot does.")
    for name in names:
        if not _PLAIN.fullmatch(name):
            raise NotProven(f"{path}: holds a file whose name is a path ({name[:60]!r}).")
    if len(set(names)) != len(names):
        raise NotProven(f"{path}: holds two files of one name.")
    for needed in (PACKAGE, SUMS):
        if needed not in names:
            raise NotProven(f"{path}: is not a snapshot: it has no {needed}.")
    return names


def _description(archive: zipfile.ZipFile, path: Path) -> Mapping[str, Any]:
    body = _small(archive, PACKAGE, path)
    try:
        found = json.loads(body)
        made = found["snapshot"]
        listed = [(str(r["path"]), int(r["bytes"]), str(r["hash"]), int(r["rows"])) for r in found["resources"]]
        listed += [(str(r["path"]), int(r["bytes"]), str(r["hash"]), 0) for r in found["papers"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotProven(f"{path}: its {PACKAGE} is not that of a snapshot.") from None
    if made.get("format") != FORMAT:
        raise NotProven(f"{path}: was made in another format than this program writes ({made.get('format')!r}).")
    return {"snapshot": made, "listed": listed}


def _small(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    with archive.open(name) as member:
        body = member.read(MOST_DESCRIPTION + 1)
    if len(body) > MOST_DESCRIPTION:
        raise NotProven(f"{path}: its {name} is too large to be one.")
    return body


def _hashes(archive: zipfile.ZipFile, names: list[str], description: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Compare every file with what is declared of it; the hashes by name."""
    declared = {name: (size, total) for name, size, total, _ in description["listed"]}
    sums = dict(_sums(_small(archive, SUMS, path), path))
    for name in names:
        if name not in sums and name != SUMS:
            raise NotProven(f"{path}: holds a file that is not listed ({name}).")
    for name in [*declared, *sums]:
        if name not in names:
            raise NotProven(f"{path}: {name!r} is listed and not there.")
    for name, total in sums.items():
        size, said = declared.get(name, (MOST_DESCRIPTION, f"sha256:{total}"))
        found = _digest(archive, name, size)
        if found is None:
            raise NotProven(f"{path}: {name} has been changed: it is longer than it was.")
        if said != f"sha256:{total}" or found[0] != total or (name in declared and found[1] != size):
            raise NotProven(f"{path}: {name} has been changed: its hash is not the one that is listed.")
    return sums


def _sums(body: bytes, path: Path) -> list[tuple[str, str]]:
    found = [re.fullmatch(r"([0-9a-f]{64})  (\S+)", line) for line in body.decode("utf-8", "replace").splitlines()]
    if not all(found):
        raise NotProven(f"{path}: its {SUMS} is not a list of hashes.")
    return [(m[2], m[1]) for m in found if m]


def _digest(archive: zipfile.ZipFile, name: str, most: int) -> tuple[str, int] | None:
    """Hash and size of a file; None where it is longer than declared, so that a bomb is not unpacked."""
    total, size = hashlib.sha256(), 0
    with archive.open(name) as member:
        while piece := member.read(_PIECE):
            size += len(piece)
            if size > most:
                return None
            total.update(piece)
    return total.hexdigest(), size


def _asked(description: Mapping[str, Any], path: Path) -> tuple[datetime, tuple[str, ...]]:
    made = description["snapshot"]
    try:
        instant = datetime.strptime(made["as_of"], INSTANT).replace(tzinfo=UTC)
        indicators = tuple(made["indicators"])
        if all(isinstance(key, str) for key in indicators):
            return instant, indicators
    except (KeyError, TypeError, ValueError):
        pass
    raise NotProven(f"{path}: its {PACKAGE} does not say of which instant and indicators it is.")


def _rebuilt(
    path: Path, store: Store, instant: datetime, indicators: tuple[str, ...], sha256: str, sums: Mapping[str, str]
) -> str:
    """Make the zip again and compare. Empty if it is the same; a reason if these are not the tables it came from."""
    try:
        if snapshot.newest(store, instant) != instant:
            return f"the tables at {store.uri} hold nothing that was stored at that instant, so they are other ones"
        with tempfile.TemporaryDirectory(prefix="snapshot-") as folder:
            again = Path(folder) / "again.zip"
            made = snapshot.write(store, again, instant, indicators)
            with again.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                    return ""
    except Failure as failure:
        return str(failure)
    other = [m.name for m in made.members if m.name != SUMS and sums.get(m.name) != m.sha256]
    if not other:
        raise NotProven(
            f"{path}: every file is as the tables give it, but the zip around them is not; packed elsewhere."
        )
    raise NotProven(
        f"{path}: its hashes are right, but the tables at {store.uri} give other bytes: {', '.join(other)} "
        f"(checked by {package.program()})."
    )
