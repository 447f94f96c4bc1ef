"""The contract that every source keeps, unasked: a new file in collectors/sources is tested by being there."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.registry import all_collectors
from collectors.replay import Replay
from collectors.run import run_source
from collectors.source import Collector, Http, Payload, Row
from data import queries
from data.schema import Failure, Mention, Observation, Refused
from data.store import Store
from tests.conftest import NOW, PAYLOADS

COLLECTORS = all_collectors()
every_source = pytest.mark.parametrize("collector", COLLECTORS.values(), ids=COLLECTORS.keys())


def rows_of(collector: Collector) -> list[Row]:
    return list(collector.collect(Replay(PAYLOADS / collector.name, NOW)))


class Answering(Http):
    """Answers every question with the same bytes."""

    def __init__(self, body: bytes) -> None:
        self.now, self.body = NOW, body

    def get(self, url: str, *, headers: object = None) -> Payload:
        return Payload(url=url, status=200, headers={}, body=self.body)


@every_source
def test_says_what_it_is(collector: Collector) -> None:
    source = collector.source
    assert collector.about
    assert all((source.title, source.homepage.startswith("https://"), source.licence, source.credit))


@every_source
def test_its_titles_fit_on_a_card(collector: Collector) -> None:
    assert not [i.title for i in collector.source.indicators if len(i.title) > 26 and not i.figure_of]


@every_source
def test_asks_no_more_than_twice_an_hour(collector: Collector) -> None:
    assert collector.source.every >= timedelta(minutes=30)


@every_source
def test_replays_enough_rows(collector: Collector) -> None:
    assert len(rows_of(collector)) >= max(1, collector.source.at_least)


@every_source
def test_yields_only_declared_indicators(collector: Collector) -> None:
    declared = {i.key for i in collector.source.indicators}
    found = {row.indicator for row in rows_of(collector) if isinstance(row, Observation)}
    assert found <= declared


@every_source
def test_has_one_row_per_fact(collector: Collector) -> None:
    points = [row.point for row in rows_of(collector) if isinstance(row, Observation)]
    keys = [row.native_key or row.url for row in rows_of(collector) if isinstance(row, Mention)]
    assert len(points) == len(set(points))
    assert len(keys) == len(set(keys))


@every_source
def test_does_not_foretell(collector: Collector) -> None:
    for row in rows_of(collector):
        if isinstance(row, Observation):
            assert row.date <= NOW.date()
        elif isinstance(row, Mention) and row.at:
            assert row.at <= NOW


@every_source
def test_reads_no_clock_and_no_environment(collector: Collector) -> None:
    path = Path(COLLECTORS[collector.name].collect.__code__.co_filename)
    calls = {ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)}
    assert not {
        c
        for c in calls
        if c.endswith((".now", ".today", ".utcnow", "getenv")) or c.startswith(("time.", "os.", "random."))
    }


@every_source
@pytest.mark.parametrize(
    "body",
    [b"", b"<!DOCTYPE html><html><body>Sorry</body></html>", b"null", b'{"message": "try later"}', b"\xff\xfe\x00"],
    ids=["empty", "web page", "null", "error object", "noise"],
)
def test_fails_loudly_on_an_answer_that_is_no_data(collector: Collector, body: bytes, store: Store) -> None:
    if collector.source.by_hand:
        pytest.skip("asks no publisher: a ledger kept by hand in this repository")
    run = run_source(collector, Answering(body), store)
    assert run.outcome in ("bad_content", "schema", "incomplete"), run.error
    assert run.error
    assert run.rows_new == 0


@every_source
def test_same_payload_twice_is_one_vintage(collector: Collector, store: Store) -> None:
    folder = PAYLOADS / collector.name
    first = run_source(collector, Replay(folder, NOW), store, at=NOW)
    before = queries.status(store)["tables"]
    again = run_source(collector, Replay(folder, NOW), store, at=NOW)
    after = queries.status(store)["tables"]
    assert (first.outcome, again.outcome) == ("ok", "ok"), (first.error, again.error)
    assert first.rows_new > 0
    assert again.rows_new == 0
    assert all(after[name] == before[name] for name in ("observations", "mentions", "indicators"))


@every_source
def test_a_row_that_is_held_back_says_why(collector: Collector) -> None:
    assert all(row.reason for row in rows_of(collector) if isinstance(row, Refused))


def test_a_new_source_needs_only_a_payload_folder(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="not a payload folder"):
        Replay(tmp_path, NOW)


def _unused(folder: Path) -> Iterator[Path]:
    served = {(folder / e["file"]).resolve() for e in Replay(folder, NOW)._index.values()}
    return (p for p in folder.iterdir() if p.name != "index.json" and p.resolve() not in served)


def test_every_payload_file_is_used() -> None:
    assert not [p for folder in PAYLOADS.iterdir() for p in _unused(folder)]
