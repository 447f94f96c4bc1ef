"""What one would use otherwise, on the same rows: SQLite, PostgreSQL, a DuckDB file. One SQL for all three.

Instants are microseconds and days are numbers, which costs each of them the same; in a CSV all write them in ISO 8601.
Each has a primary key, and an index that holds all that the counts need; titles are searched as the store does it, by
substring, without a word index.
"""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg

MENTION = "tagger = 't1' AND (lab <> '' OR topic <> '')"
COUNTS = f"SELECT day, lab, topic, count(*) FROM mentions WHERE {MENTION} {{0}} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
LABS = "AND lab IN ('openai', 'anthropic', 'meta')"
SHOWN = "published_at, precision, lab, topic, kind, outlet, publisher_lab, title, url, lang, source, known_at, article_id, id"
POINT = "source, indicator, subject, variant, day"
ASKED = {
    "daily": COUNTS.format(""),
    "recent": COUNTS.format(f"AND day >= {{first}} {LABS}"),
    "as_of": COUNTS.format("AND day >= {first} AND known_at <= {known}"),
    "search": f"SELECT {SHOWN} FROM mentions WHERE {MENTION} AND lower(title) LIKE '%{{word}}%' "
    "ORDER BY published_at DESC, id LIMIT 100",
}
EXPORT = f"SELECT {SHOWN} FROM mentions WHERE {MENTION} AND lab = 'openai'"
TYPES = {
    pl.String: "TEXT",
    pl.Float64: "DOUBLE PRECISION",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Boolean: "BOOLEAN",
}


def flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with numbers for days and instants, and the day of publication as a column of its own."""
    if "published_at" in rows.columns:
        rows = rows.with_columns(day=pl.col("published_at").dt.date())
    rows = rows.rename({"date": "day"}) if "date" in rows.columns else rows
    return rows.with_columns(pl.col(pl.Date).to_physical(), pl.col(pl.Datetime("us", "UTC")).to_physical())


class Peer:
    """A database with the same rows."""

    name = "?"
    newest = f"SELECT value, max(known_at) FROM observations WHERE known_at <= {{known}} GROUP BY {POINT}"
    mark = "?"
    instant: str
    """A column of microseconds as it stands in a file: every file says the same."""

    @property
    def exported(self) -> str:
        sql = EXPORT
        for name in ("published_at", "known_at"):
            sql = sql.replace(name, f"{self.instant.format(name)} AS {name}", 1)
        return sql

    def __init__(self, home: Path) -> None:
        self.home = home

    def connect(self) -> Any:
        raise NotImplementedError

    def insert(self, connection: Any, table: str, rows: pl.DataFrame) -> None:
        raise NotImplementedError

    def load(self, table: str, key: str, pieces: Iterator[pl.DataFrame]) -> None:
        """Make a table, fill it, and index it afterwards, its key too, as one does."""
        with closing(self.connect()) as connection:
            for number, piece in enumerate(pieces):
                rows = flat(piece)
                if not number:
                    columns = ", ".join(f"{name} {TYPES[type(kind)]}" for name, kind in rows.schema.items())
                    connection.execute(f"CREATE TABLE {table} ({columns})")
                self.insert(connection, table, rows)
            connection.execute(f"CREATE UNIQUE INDEX {table}_key ON {table} ({key})")
            self.index(connection, table)
            connection.commit()

    def index(self, connection: Any, table: str) -> None:
        if table == "mentions":
            connection.execute("CREATE INDEX by_day ON mentions (day, lab, topic, tagger, known_at)")
            connection.execute("CREATE INDEX by_time ON mentions (published_at DESC, id)")
        else:
            connection.execute(f"CREATE INDEX by_point ON observations ({POINT}, known_at, value)")

    def ask(self, what: str, **given: Any) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection:
            found: list[tuple[Any, ...]] = connection.execute(ASKED[what].format(**given)).fetchall()
            return found

    def latest(self, known: int) -> tuple[int, float]:
        with closing(self.connect()) as connection:
            sql = f"SELECT count(value), sum(value) FROM ({self.newest.format(known=known)}) AS n"
            found: tuple[int, float] = connection.execute(sql).fetchall()[0]
            return found

    def export(self, path: Path) -> int:
        with closing(self.connect()) as connection, path.open("w", newline="") as file:
            rows = connection.execute(self.exported)
            writer = csv.writer(file)
            writer.writerow(SHOWN.split(", "))
            writer.writerows(iter(rows.fetchone, None))
        return path.stat().st_size

    def append(self, rows: pl.DataFrame) -> None:
        """A run of some rows; those that are stored already are left out."""
        listed = flat(rows)
        marks = ", ".join(self.mark for _ in listed.columns)
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            sql = f"INSERT INTO mentions ({', '.join(listed.columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
            cursor.executemany(sql, listed.rows())
            connection.commit()

    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.home.rglob("*") if path.is_file())

    def cold(self, first: int) -> str:
        """A program that opens the database and reads what the first chart needs."""
        raise NotImplementedError

    def stop(self) -> None:
        """End what was started."""


class SQLite(Peer):
    name = f"SQLite {sqlite3.sqlite_version}"
    journal = "WAL"
    instant = "strftime('%Y-%m-%dT%H:%M:%S', {0} / 1000000, 'unixepoch') || printf('.%06dZ', {0} % 1000000)"

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.home / "peer.sqlite")
        connection.execute(f"PRAGMA journal_mode = {self.journal}")
        connection.execute("PRAGMA cache_size = -200000")
        return connection

    def insert(self, connection: Any, table: str, rows: pl.DataFrame) -> None:
        marks = ", ".join("?" for _ in rows.columns)
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows.rows())

    def load(self, table: str, key: str, pieces: Iterator[pl.DataFrame]) -> None:
        self.journal = "OFF"  # no log of what is loaded: it would hold everything once more
        super().load(table, key, pieces)
        self.journal = "WAL"
        with closing(self.connect()) as connection:
            connection.execute("ANALYZE")

    def cold(self, first: int) -> str:
        sql = COUNTS.format(f"AND day >= {first}")
        return f"import sqlite3; sqlite3.connect({str(self.home / 'peer.sqlite')!r}).execute({sql!r}).fetchall()"


class DuckDB(Peer):
    name = f"DuckDB {duckdb.__version__}"
    instant = "strftime(make_timestamp({0}), '%Y-%m-%dT%H:%M:%S.%fZ')"
    newest = f"SELECT arg_max(value, known_at) AS value FROM observations WHERE known_at <= {{known}} GROUP BY {POINT}"

    def connect(self) -> Any:
        return duckdb.connect(str(self.home / "peer.duckdb"))

    def insert(self, connection: Any, table: str, rows: pl.DataFrame) -> None:
        connection.register("piece", rows.to_arrow())
        connection.execute(f"INSERT INTO {table} SELECT * FROM piece")
        connection.unregister("piece")

    def index(self, connection: Any, table: str) -> None:
        """Its columns need none."""

    def export(self, path: Path) -> int:
        with closing(self.connect()) as connection:
            connection.execute(f"COPY ({self.exported}) TO '{path}' (HEADER)")
        return path.stat().st_size

    def cold(self, first: int) -> str:
        sql = COUNTS.format(f"AND day >= {first}")
        return f"import duckdb; duckdb.connect({str(self.home / 'peer.duckdb')!r}).execute({sql!r}).fetchall()"


class PostgreSQL(Peer):
    mark = "%s"
    instant = "to_char('epoch'::timestamp + {0} * interval '1 microsecond', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    newest = (
        f"SELECT DISTINCT ON ({POINT}) value FROM observations WHERE known_at <= {{known}} "
        f"ORDER BY {POINT}, known_at DESC"
    )

    def __init__(self, home: Path, programs: Path) -> None:
        super().__init__(home)
        self.user = "postgres" if os.getuid() == 0 else None  # the server refuses to be root
        self.programs = programs
        if self.user:
            shutil.chown(home, self.user)
            home.parent.chmod(0o755)
        self._run("initdb", "-D", str(home / "db"), "-A", "trust", "-U", "bench", "-E", "UTF8", "--locale=C")
        settings = "-c listen_addresses='' -c shared_buffers=1GB -c work_mem=128MB -c maintenance_work_mem=512MB"
        settings += f" -c max_wal_size=8GB -c wal_level=minimal -c max_wal_senders=0 -c unix_socket_directories={home}"
        self._run("pg_ctl", "-D", str(home / "db"), "-o", settings, "-w", "-l", str(home / "log"), "start")
        with closing(self.connect()) as connection:
            self.name = f"PostgreSQL {connection.execute('SHOW server_version').fetchall()[0][0].split()[0]}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        subprocess.run(command, check=True, user=self.user, stdout=subprocess.DEVNULL, cwd=self.home)

    def connect(self) -> Any:
        return psycopg.connect(f"host={self.home} user=bench dbname=postgres", prepare_threshold=None)

    def ask(self, what: str, **given: Any) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection:
            return connection.execute(ASKED[what].format(**given).encode()).fetchall()

    def insert(self, connection: Any, table: str, rows: pl.DataFrame) -> None:
        with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
            copy.write(rows.write_csv(include_header=False, quote_style="non_numeric").encode())

    def load(self, table: str, key: str, pieces: Iterator[pl.DataFrame]) -> None:
        super().load(table, key, pieces)
        with closing(psycopg.connect(f"host={self.home} user=bench dbname=postgres", autocommit=True)) as connection:
            connection.execute(f"VACUUM ANALYZE {table}".encode())

    def export(self, path: Path) -> int:
        copy_out = f"COPY ({self.exported}) TO STDOUT (FORMAT csv, HEADER)".encode()
        with closing(self.connect()) as there, path.open("wb") as file, there.cursor().copy(copy_out) as copy:
            for piece in copy:
                file.write(piece)
        return path.stat().st_size

    def bytes(self) -> int:
        with closing(self.connect()) as connection:
            sizes = "SELECT pg_total_relation_size('mentions') + pg_total_relation_size('observations')"
            return int(connection.execute(sizes).fetchall()[0][0])

    def cold(self, first: int) -> str:
        sql = COUNTS.format(f"AND day >= {first}")
        where = f"host={self.home} user=bench dbname=postgres"
        return f"import psycopg; psycopg.connect({where!r}).execute({sql!r}).fetchall()"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.home / "db"), "-m", "immediate", "stop")


def peers(home: Path) -> Iterator[Peer]:
    """All that are here."""
    (home / "sqlite").mkdir()
    yield SQLite(home / "sqlite")
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if servers:
        (home / "pg").mkdir()
        yield PostgreSQL(home / "pg", servers[-1].parent)
    (home / "duckdb").mkdir()
    yield DuckDB(home / "duckdb")


def started(program: str) -> tuple[float, float]:
    """Seconds and megabytes of a Python program from its start to its end."""
    # not ru_maxrss, which begins with the size of the process that started this one
    told = "; print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    clock = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program + told], check=True, capture_output=True, text=True)
    return time.perf_counter() - clock, float(done.stdout) / 1024
