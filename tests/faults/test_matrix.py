"""Every fault of U1 to U24 on every source: the right class, nothing lost, doubled or wrong, and good again after it."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from collectors.registry import all_collectors
from data.schema import SUCCESS
from tests.conftest import NOW
from tests.faults.bench import Bench, Target, aim, attach, current, seed
from tests.faults.faults import CASES, Case
from tests.faults.known import KNOWN, reason
from tests.faults.matrix import ASKS_NOBODY, SOURCES, aimed, course, every_source, scratch, together, verdict
from tests.faults.publishers import Publisher
from tests.faults.server import FaultServer, head, raw

QUICK = ("epoch_eci", "gso", "aider_polyglot", "epoch_external", "lmarena", "mle_bench", "hacker_news")
"""One source of every format: the fast run tries each fault on one of them."""
NOWHERE = Path()
"""For benches that only aim, and write nothing."""


def chosen(case: Case, server: FaultServer) -> str:
    """A source that the fault fits, by a seeded choice; all sources where none of the quick ones does."""
    names = [*QUICK]
    Random(seed(case.label)).shuffle(names)
    for name in [*names, *SOURCES]:
        usual = course(name, server)
        found = aim(usual.baseline, usual.days[1])
        if not reason(name, case.label) and aimed(case, found, Random(seed(case.label, name))) is not None:
            return name
    pytest.fail(f"{case.label} fits no source")


@pytest.mark.parametrize("label", CASES)
def test_a_fault_does_no_harm(label: str, server: FaultServer) -> None:
    case = CASES[label]
    found = verdict(case, name := chosen(case, server), server, clean_runs=1, slack=3)  # other tests take their share
    assert found.outcome, f"{label} does not fit {name} after all"
    assert not found.wrong, (name, found)


@pytest.mark.slow
@pytest.mark.parametrize("line", dict.fromkeys(case.id for case in CASES.values()))
@every_source
def test_no_fault_does_harm(name: str, line: str, server: FaultServer) -> None:
    found = {label: verdict(case, name, server) for label, case in CASES.items() if case.id == line}
    wrong = {label: (v.outcome, v.wrong, v.error) for label, v in found.items() if v.wrong}
    assert not {label: what for label, what in wrong.items() if not reason(name, label)}
    healed = [label for label in found if reason(name, label) and label not in wrong]
    assert not healed, "known to go wrong, and does not: strike it from known.py"


def test_every_source_is_on_the_bench_or_says_why_not() -> None:
    assert set(SOURCES) | set(ASKS_NOBODY) == set(all_collectors())
    assert {source for source, _ in KNOWN} <= set(SOURCES)
    assert {label for _, label in KNOWN} <= set(CASES)


def test_there_is_a_fault_for_every_line_of_the_fault_model() -> None:
    assert {case.id for case in CASES.values()} == {f"U{n}" for n in range(1, 25)}  # U25 is for the judge
    assert len(CASES) >= 60


@every_source
def test_what_the_bench_writes_again_says_the_same(name: str) -> None:
    """Else a fault would be the bench's own doing."""
    found = aim(Bench(name, FaultServer(), NOWHERE), NOW)
    for url in found.urls:
        assert found.tried(url, found.document(url)) == found.honest


def some(name: str) -> object:
    return pytest.param(name, marks=[together(name), *([] if name in QUICK[:2] else [pytest.mark.slow])])


@pytest.mark.parametrize("name", [some(name) for name in SOURCES])
def test_an_answer_lost_from_the_archive_is_fetched_again(name: str, server: FaultServer) -> None:
    usual = course(name, server)
    bench = attach(usual.baseline.copy(scratch() / "bench"))
    shutil.rmtree(bench.folder / "payloads")
    assert bench.run(usual.days[1]).outcome in SUCCESS
    given = {""}  # the archive has again what this run was given, at whichever address
    for line in bench.log:
        assert line.call.headers.get("if-none-match", "") in given
        given |= set(re.findall(r'etag: ("[^"]*")', line.honest.decode("latin-1").lower()))
    assert current(bench.store, usual.days[1]) == usual.after[1]


STUBBORN = Case(
    id="U23",
    name="always 304 to a conditional question",
    outcomes=(),
    everywhere=True,
    wire=lambda ask: raw(head(304)) if "if-none-match" in ask.call.headers else None,
)


@pytest.mark.parametrize("name", [some(name) for name in SOURCES])
def test_a_change_under_the_same_etag_is_seen_after_a_week(name: str, server: FaultServer) -> None:
    usual = course(name, server)
    keys = tuple(sorted({t.key for t in aim(usual.baseline, NOW).fields("value")}))
    if not keys or usual.days[1] - usual.days[0] < usual.baseline.collector.source.every:
        pytest.skip("has no values, or its addresses follow the calendar")
    bench = attach(usual.baseline.copy(scratch() / "bench"))
    bench.publisher = Publisher(name, keys)
    days = [NOW + timedelta(days=d) for d in range(1, 15)]
    outcomes = [bench.run(day, (STUBBORN, Target(""))).outcome for day in days]
    assert set(outcomes) <= SUCCESS
    seen, series = bench.store.read("observations").collect(), ["indicator", "subject", "variant"]
    first = seen.filter(pl.col("known_at") < days[0])
    later = seen.filter(pl.col("known_at") >= days[0]).join(first, on=series, how="semi")
    # a restated value, or for what is read anew each day another one than on the first day
    assert len(later.join(first, on=[*series, "value"], how="anti")), "the change was never seen"
