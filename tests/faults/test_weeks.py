"""Simulated weeks: what is stored in the end does not depend on the faults on the way."""

from functools import cache
from pathlib import Path
from random import Random

import pytest

from collectors.registry import one
from tests.conftest import NOW
from tests.faults import judge
from tests.faults.bench import Bench
from tests.faults.matrix import SOURCES, every_source, lasts
from tests.faults.server import FaultServer
from tests.faults.weeks import History, Weather, differences, fleet, lived

SEEDS = (1, 2, 3)
LONG, RUNS = 200, 20
FLEET = ("epoch_eci", "epoch_benchmarks", "epoch_external", "openrouter_prices", "openrouter_tokens", "hacker_news")
"""Sources that share hosts, so that they get into each other's way."""


def weeks_of(name: str) -> int:
    """Days to simulate: fewer for sources that are asked many times a day, more for those that are asked monthly."""
    days = one(name).source.every.days
    return max(LONG, RUNS * days) if days else LONG // 10


@cache
def lasting() -> tuple[str, ...]:
    """Sources whose recorded answers serve later days too; the others' addresses follow the calendar."""
    end = max(one(name).source.every for name in SOURCES) * 8
    return tuple(name for name in SOURCES if lasts(Bench(name, FaultServer(), Path()), NOW + end))


@cache
def undisturbed(name: str, server: FaultServer, days: int) -> History:
    return lived(name, server, days, None)


@pytest.mark.parametrize(("name", "days"), [("epoch_eci", 12), ("sec_capex", 60)])
def test_weeks_with_faults_end_like_weeks_without(name: str, days: int, server: FaultServer) -> None:
    history = lived(name, server, days, Weather(Random(1)))
    assert history.faults
    assert not differences(undisturbed(name, server, days), history, one(name).source.every), history.faults


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
@every_source
def test_months_with_faults_end_like_months_without(name: str, seed: int, server: FaultServer) -> None:
    if name not in lasting():
        pytest.skip("its addresses follow the calendar, and its answers are of one day")
    days = weeks_of(name)
    history = lived(name, server, days, Weather(Random(f"{seed} {name}")))
    assert history.faults
    assert not differences(undisturbed(name, server, days), history, one(name).source.every), history.faults


# U25: politeness


@pytest.mark.parametrize(
    ("names", "days"),
    [
        pytest.param(FLEET, 2, id="two days"),
        pytest.param((), 7, id="a week of all", marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
    ],
)
@pytest.mark.parametrize("seed", [None, 5], ids=["in good weather", "with faults"])
def test_nobody_is_bothered(names: tuple[str, ...], days: int, seed: int | None, server: FaultServer) -> None:
    names = names or lasting()
    log, runs = fleet([*names], server, days, Weather(Random(seed)) if seed else None)
    assert not judge.complaints(log)
    assert not [(run.source, run.error) for run in runs if run.outcome in ("crash", "storage")]
    asked, conditional = judge.repeats(log)
    assert asked > 0
    assert conditional >= 0.99 * asked
    if seed is None:
        assert not judge.too_often(log, {name: one(name).source.every for name in names})
