"""Looking after the tables: few large files instead of many small ones, leftovers removed, faults told.

Nothing here changes a row. Readers are never blocked: they hold the files of the commit that they opened, and those
stay for a week.
"""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl

from data.schema import TABLES, Failure, Table
from data.store import LAYOUT, Store

log = logging.getLogger("data")

FILE_BYTES = 256 * 1024 * 1024
"""Files are merged up to about this size."""
SAFE_HOURS = 7 * 24
"""Files that no commit needs any more stay this long: for readers, backups and writers that are under way."""


def tidy(store: Store) -> None:
    """Compact, checkpoint and vacuum every table. Costs little and commits nothing where there is nothing to do.

    A table that cannot be tidied (a full disk, a bucket that is away) is logged and left as it is.
    """
    for name in TABLES:
        if not store.exists(name):
            continue
        try:
            merged = store.attempt(name, partial(_compact, store, name))
            removed = store.attempt(name, partial(_clean, store, name))
        except Failure as failure:
            log.warning("upkeep table=%s error=%r", name, str(failure))
        else:
            log.info("upkeep table=%s files_merged=%d files_removed=%d", name, merged, removed)


def _compact(store: Store, name: str) -> int:
    table, optimize = TABLES[name], store.table(name).optimize
    if table.together is None or table.partition is None:
        return int(optimize.compact(target_size=FILE_BYTES, writer_properties=LAYOUT)["numFilesRemoved"])
    parts = _scattered(store, name, table.partition)
    if not parts:
        return 0
    # a Z-order by one column is a sort by it
    done = optimize.z_order(
        [table.together], [(table.partition, "in", parts)], target_size=FILE_BYTES, writer_properties=LAYOUT
    )
    return int(done["numFilesRemoved"])


def _scattered(store: Store, name: str, partition: str) -> list[str]:
    """The partitions that lie in more files than their size asks for."""
    files = pl.DataFrame(store.table(name).get_add_actions(flatten=True))
    parts = files.group_by(part=f"partition.{partition}").agg(pl.len(), pl.col("size_bytes").sum())
    return parts.filter(pl.col("len") > 1 + pl.col("size_bytes") // FILE_BYTES)["part"].sort().to_list()


def _clean(store: Store, name: str) -> int:
    table = store.table(name)
    table.create_checkpoint()
    table.cleanup_metadata()
    # full: files that a killed writer left behind, too
    return len(table.vacuum(retention_hours=SAFE_HOURS, dry_run=False, full=True))


def extent(store: Store, name: str) -> dict[str, Any]:
    """version, files, rows, bytes and newest vintage of a table, from its log alone; version -1 where there is none."""
    table = store.find(name)
    if table is None:
        return {"version": -1, "files": 0, "rows": 0, "bytes": 0, "newest_known_at": None}
    files = pl.DataFrame(table.get_add_actions(flatten=True))
    newest = files[f"max.{TABLES[name].stamp}"].max() if len(files) else None
    return {
        "version": int(table.version()),
        "files": len(files),
        "rows": int(files["num_records"].sum()),
        "bytes": int(files["size_bytes"].sum()),
        "newest_known_at": newest.isoformat() if isinstance(newest, datetime) else None,
    }


def faults(store: Store) -> list[str]:
    """What must not be in any table, a sentence each; empty if all is well. Reports, and repairs nothing."""
    return [fault for table in TABLES.values() for fault in _faults(table, store.read(table.name))]


def _faults(table: Table, rows: pl.LazyFrame) -> Iterator[str]:
    unique, count = rows.select(pl.col(table.key).n_unique(), pl.len()).collect().row(0)
    if unique < count:
        yield f"{table.name}: {count - unique} rows more than there are values of {table.key}"
    if not table.point:
        return
    point = list(table.point)
    followers = rows.filter(pl.col("prev_id").is_not_null())
    forks = followers.group_by("prev_id").agg(pl.len()).filter(pl.col("len") > 1).collect()
    if len(forks):
        yield f"{table.name}: {len(forks)} vintages are followed by more than one"
    firsts = rows.filter(pl.col("prev_id").is_null()).group_by(point).agg(pl.len())
    if several := len(firsts.filter(pl.col("len") > 1).collect()):
        yield f"{table.name}: {several} points begin more than once"
    before = rows.select(*point, prev_id="row_id", prev_at="known_at")
    chain = followers.join(before, on=[*point, "prev_id"], how="left")
    torn = chain.filter(pl.col("prev_at").is_null() | (pl.col("prev_at") >= pl.col("known_at")))
    if broken := len(torn.collect()):
        yield f"{table.name}: {broken} vintages do not follow the one that they name"


def mend(store: Store) -> list[Path]:
    """Move aside a last commit that a power cut left half written; the files moved. Local folders only.

    A run is acknowledged by the record that it writes last, after everything else has reached the disk. So
    the run of such a commit has no record, is repeated, and brings the rows again.
    """
    if "://" in store.uri:
        return []
    moved = []
    for name in TABLES:
        folder = Path(store.uri) / name
        commits = sorted((folder / "_delta_log").glob("[0-9]*.json"))
        if commits and not _is_whole(commits[-1], folder):
            moved.append(commits[-1].rename(commits[-1].with_suffix(".broken")))
            log.warning("upkeep table=%s moved_aside=%s", name, moved[-1].name)
    return moved


def _is_whole(commit: Path, folder: Path) -> bool:
    try:
        actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
        added = [action["add"] for action in actions if "add" in action]
        return bool(actions) and all((folder / unquote(add["path"])).stat().st_size == add["size"] for add in added)
    except (ValueError, OSError, KeyError, TypeError):
        return False
