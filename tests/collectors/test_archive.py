"""The archive of bodies: a cache that may lose anything and never returns something else."""

import errno
import gzip
import hashlib
import os
import random
import threading
import time
from pathlib import Path

import pytest

from collectors.archive import Archive
from data.schema import Failure

BODY = b"model,score\nA,1\n" * 100


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def noise(number: int, size: int = 1000) -> bytes:
    return random.Random(number).randbytes(size)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def used_at(folder: Path, body: bytes, seconds_ago: float) -> None:
    [path] = folder.rglob(f"{sha(body)}.gz")
    then = time.time() - seconds_ago
    os.utime(path, (then, then))


def test_a_body_comes_back_by_its_hash(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "not" / "yet" / "there", 10_000)
    assert archive.get(sha(BODY)) is None
    assert archive.put(BODY) == sha(BODY)
    assert archive.get(sha(BODY)) == BODY
    assert archive.get(archive.put(b"")) == b""


def test_bodies_are_packed_and_kept_once(tmp_path: Path) -> None:
    archive = Archive(tmp_path, 10_000)
    archive.put(BODY)
    [path] = files(tmp_path)
    first = path.stat().st_mtime_ns, path.stat().st_ino
    archive.put(BODY)
    assert files(tmp_path) == [path]
    assert path.stat().st_ino == first[1]
    assert path.stat().st_size < len(BODY) / 10
    assert gzip.decompress(path.read_bytes()) == BODY


@pytest.mark.parametrize(
    "damage",
    # a packed body has the second of its making in it, and a test's name must be the same in every process
    [b"", b"rubbish", gzip.compress(BODY, mtime=0)[:-9], gzip.compress(b"another body", mtime=0)],
    ids=["nothing", "rubbish", "cut", "another"],
)
def test_a_damaged_body_reads_as_none_and_can_be_kept_again(damage: bytes, tmp_path: Path) -> None:
    archive = Archive(tmp_path, 10_000)
    archive.put(BODY)
    [path] = files(tmp_path)
    path.write_bytes(damage)
    assert archive.get(sha(BODY)) is None
    archive.put(BODY)
    assert archive.get(sha(BODY)) == BODY


@pytest.mark.parametrize("name", ["", "abc", "../" * 21 + "x", "G" * 64, sha(BODY).upper(), sha(BODY) + "\n"])
def test_what_is_no_hash_reads_as_none(name: str, tmp_path: Path) -> None:
    archive = Archive(tmp_path, 10_000)
    archive.put(BODY)
    assert archive.get(name) is None


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    archive = Archive(tmp_path, 3500)
    for number in range(3):
        archive.put(noise(number))
        used_at(tmp_path, noise(number), seconds_ago=100 - number)
    assert archive.get(sha(noise(0))) is not None  # reading is use
    archive.put(noise(3))
    assert [archive.get(sha(noise(n))) is not None for n in range(4)] == [True, False, True, True]
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 3500


def test_a_body_larger_than_everything_allowed_is_not_kept(tmp_path: Path) -> None:
    archive = Archive(tmp_path, 3500)
    archive.put(BODY)
    assert archive.put(noise(1, 5000)) == sha(noise(1, 5000))
    assert archive.get(sha(noise(1, 5000))) is None
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 3500


def test_a_full_disk_is_a_failure_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = Archive(tmp_path, 10_000)
    archive.put(BODY)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failure, match="No space left") as caught:
        archive.put(noise(1))
    assert caught.value.outcome == "storage"
    assert len(files(tmp_path)) == 1
    assert archive.get(sha(BODY)) == BODY


def test_a_crash_while_writing_leaves_no_half_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path, 10_000)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: os._exit(9))
        child = os.fork()
        if child == 0:
            archive.put(BODY)
            os._exit(0)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    assert [path.suffix for path in files(tmp_path)] == [".part"]
    assert archive.get(sha(BODY)) is None
    archive.put(BODY)
    assert archive.get(sha(BODY)) == BODY


def test_leftovers_of_a_crash_are_removed_later(tmp_path: Path) -> None:
    folder = tmp_path / "ab"
    folder.mkdir()
    (old := folder / "tmpold.part").write_bytes(b"half")
    (new := folder / "tmpnew.part").write_bytes(b"half")
    os.utime(old, (0, 0))
    Archive(tmp_path, 10_000).put(BODY)
    assert (old.exists(), new.exists()) == (False, True)


def test_many_writers_and_readers_never_see_half_a_body(tmp_path: Path) -> None:
    bodies = [noise(n, 2000) for n in range(6)]
    wrong: list[object] = []

    def work(seed: int) -> None:
        archive, dice = Archive(tmp_path, 7000), random.Random(seed)
        try:
            for _ in range(60):
                body = dice.choice(bodies)
                archive.put(body)
                found = archive.get(sha(dice.choice(bodies)))
                if found is not None and found not in bodies:
                    wrong.append(found)
        except Failure as failure:
            wrong.append(failure)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert wrong == []
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 7000
