"""Every question has the same answer in this process and on Spark Connect, row by row."""

import importlib.util
import inspect
import os
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from collectors.run import run_source
from data import changes, engine, extent, mentions, queries, shipped, upkeep
from data.mentions import Cursor, Wanted
from data.resources import current_tagger
from data.schema import Failure
from data.store import Store
from tests.data.test_store import at, row
from tests.data.working import NOW, Nothing, numbered
from tests.ports import free_port

THEN = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
INSTANTS = (BEFORE, THEN, None)
RELEASED = "released by a person"


def at_each(ask: Callable[..., Any], *args: Any) -> Callable[[Store], Any]:
    return lambda store: [ask(store, *args, instant) for instant in INSTANTS]


def pages(store: Store) -> list[Any]:
    """Mentions page by page, searched and filtered."""
    first, cursor = mentions.page(store, Wanted(), 20)
    assert isinstance(cursor, Cursor)
    searched = Wanted(search="OpenAI", first=date(2020, 1, 1), last=date(2030, 1, 1), kind="press", labs=("openai",))
    return [first, mentions.page(store, Wanted(), 20, cursor), mentions.page(store, searched, 5)]


def saved(store: Store) -> list[Any]:
    """The file of all mentions of a lab."""
    with tempfile.TemporaryDirectory() as home:
        mentions.save(store, Wanted(labs=("openai",)), path := Path(home) / "a.csv")
        return sorted(path.read_text(encoding="utf-8").splitlines())


QUESTIONS: dict[str, Callable[[Store], Any]] = {
    "indicators": at_each(queries.indicators),
    "observations": at_each(queries.observations, "metr_p50"),
    "current_points": lambda s: by_row(queries.current_points(s, "metr_horizons", THEN)),
    "points_by_source": lambda s: by_row(queries.points_by_source(s, ["s", "made_up"], LATER)["s"]),
    "rows_by_run": lambda s: queries.rows_by_run(s, queries.runs(s)["run_id"].tolist(), "mentions"),
    "noted": lambda s: queries.noted(s, "made_up", "odd 2", LATER),
    "held": lambda s: queries.held(s, "asked", LATER),
    "released": lambda s: queries.released(s, "made_up", RELEASED, LATER),
    "records_read": lambda s: queries.records_read(s, "asked"),
    "refused_before": lambda s: sorted(queries.refused_before(s, ["1", "2", "3"], LATER)),
    "validators": lambda s: queries.validators(s, "asked"),
    "blocked_hosts": lambda s: queries.blocked_hosts(s, THEN),
    "unmapped": queries.unmapped,
    "runs": at_each(queries.runs),
    "source_states": at_each(queries.source_states),
    "good_days": lambda s: queries.good_days(s, "made_up"),
    "daily_counts": lambda s: by_row(queries.daily_counts(s, "s", "i", "", date(2025, 1, 1)).to_dicts()),
    "tagged": lambda s: queries.tagged(s, "made_up", newest_tagger(s), date(2026, 11, 1)),
    "quarantine": at_each(queries.quarantine),
    "vintages": at_each(queries.vintages),
    "flags": at_each(queries.flags, "bend-1"),
    "newest_flags": at_each(queries.newest_flags, "bend-1"),
    "newest_known": queries.newest_known,
    "extents": at_each(extent.extents),
    "all_values": at_each(extent.all_values),
    "rows_naming": lambda s: extent.rows_naming(s, ("openai", "google"), BEFORE),
    "changed_values": lambda s: [changes.changed_values(s, BEFORE, THEN), changes.changed_values(s, at(1))],
    "changed_definitions": lambda s: [changes.changed_definitions(s, BEFORE), changes.changed_definitions(s, LATER)],
    "changed_flags": lambda s: [changes.changed_flags(s), changes.changed_flags(s, at(2), at(3))],
    "page": pages,
    "save": saved,
    "daily": lambda s: mentions.daily(s),
    "present": at_each(mentions.present),
    "absent": lambda s: mentions.absent(s, Wanted(labs=("openai", "nobody"), topic="nothing")),
    "articles": lambda s: mentions.articles(s, Wanted(), 20),
    "superseded": lambda s: changes.superseded(s, "made_up"),
    "counted": lambda s: [mentions.counted(s, Wanted()), mentions.counted(s, Wanted(labs=("openai",), instant=THEN))],
}
OF_FILES = {"status", "chosen"}
"""What tells of the files themselves, and a part of other questions."""


def by_row(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers that have no order of their own."""
    return sorted(rows, key=repr)


def newest_tagger(store: Store) -> str:
    return current_tagger(store.rows("mentions"))


def plain(answer: Any) -> Any:
    """An answer as something that compares by value, whatever frame it came in."""
    if isinstance(answer, pd.DataFrame):
        answer = [*map(str, answer.columns)], answer.itertuples(index=False, name=None)
    if isinstance(answer, pl.DataFrame):
        answer = answer.columns, answer.rows()
    if is_dataclass(answer) and not isinstance(answer, type):
        answer = asdict(answer)
    if isinstance(answer, Mapping):
        return {key: plain(value) for key, value in sorted(answer.items(), key=repr)}
    if isinstance(answer, frozenset | set):
        return sorted(answer)
    if isinstance(answer, list | tuple | Iterator):
        return [plain(value) for value in answer]
    return None if answer is pd.NaT or answer != answer else answer


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store in which every question finds something."""
    store = Store(str(tmp_path_factory.mktemp("full") / "tables"))
    store.create()
    shipped.load(store)
    for number in range(3):
        run_source(numbered(number), Nothing(), store)
    for day, value in enumerate((1.0, 2.0, None, 2.0, 1.0), 1):
        store.append_vintages("observations", [row(value), row(value and value * 2, "n", low=value)], at(day))
        flag = {"indicator": "metr_p50", "subject": "", "method": "bend-1", "state": ("steady", "signal")[day % 2]}
        more: dict[str, Any] = {
            "streak_on": day,
            "streak_off": 0,
            "data_id": f"{day}",
            "last_period": date(2026, 1, day),
        }
        none = dict.fromkeys(("break_date", "detail", "q"))
        store.append_vintages("flags", [{**flag, **more, **none, "n": 9, "ratio": 1.5, "p": 0.01}], at(day))
    upkeep.tidy(store)
    store.append_vintages("observations", [row(7.0, "late")], at(9))
    empty = dict.fromkeys(("bytes_wire", "bytes_body", "rows_new", "rows_quarantined", "rows_vanished"), 0)
    asked = {
        "run_id": "asked", "source": "asked", "month": "2026-11", "started_at": NOW, "ended_at": NOW, "outcome": "ok",
        "http_status": 200, "requests": 1, "rows_seen": 5, "records": 7, "validators": "{}", "not_before": NOW + timedelta(hours=1),
        "host": "a.org b.org", "url": "", "error": None, "code_version": "",
    }  # fmt: skip
    store.append_new("runs", [{**asked, **empty}])
    late = {"known_at": LATER, "target": "observations", "row": "{}", "ref": None, "reason": RELEASED}
    let_through = {**late, "q_id": "1", "status": "accepted", "source": "made_up", "run_id": ""}
    store.append_new(
        "quarantine", [let_through, {**late, "q_id": "2", "status": "pending", "source": "asked", "run_id": "asked"}]
    )
    return store


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a small cluster on this machine: a driver and workers that speak Spark Connect."""
    if importlib.util.find_spec("pysail") is None or importlib.util.find_spec("pyspark") is None:
        pytest.skip("no engine to compare with (pysail and pyspark-client are in the extra [cluster])")
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):  # as in a test process of xdist: pyspark would take this for its own doctests
        main.__file__ = __file__
    port = free_port()
    command = [str(Path(sys.executable).with_name("sail")), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "SAIL_MODE": "local-cluster", "RUST_LOG": "error"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(1200):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            address = f"sc://127.0.0.1:{port}"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pyspark warns of a pandas that we do not use with it
                engine.session(address)
                yield address
                engine.session(address).stop()
        finally:
            server.kill()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUESTIONS)
def test_both_engines_answer_alike(name: str, full: Store, cluster: str) -> None:
    here, there = (plain(QUESTIONS[name](store)) for store in (full, Store(full.uri, cluster)))
    assert here == there
    assert here, "a question that finds nothing compares nothing"


def test_every_question_is_asked_of_both() -> None:
    asked = {
        name
        for module in (queries, changes, extent, mentions)
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and "store" in inspect.signature(function).parameters
    }
    assert asked - OF_FILES == set(QUESTIONS)


@pytest.mark.filterwarnings("ignore")
def test_the_engine_sees_what_was_stored_a_moment_ago(tmp_path: Path, cluster: str) -> None:
    store, there = Store(str(tmp_path / "tables")), Store(str(tmp_path / "tables"), cluster)
    assert queries.newest_known(there) is None, "no table yet"
    store.create()
    assert queries.newest_known(there) is None, "an empty table"
    for day in (1, 2):
        store.append_vintages("observations", [row(float(day))], at(day))
        assert queries.newest_known(there) == at(day)


def test_an_engine_that_is_away_is_said_in_a_sentence(full: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> None:
        raise OSError("connection refused")

    monkeypatch.setattr(engine, "session", away)
    with pytest.raises(Failure, match=r"the engine at sc://127.0.0.1:1 cannot read .*refused"):
        queries.newest_known(Store(full.uri, "sc://127.0.0.1:1"))
