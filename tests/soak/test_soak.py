"""A short soak on each change; the long one is `make soak`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from collectors.registry import one
from collectors.schedule import Worker
from tests.collectors.simulated import START, Asked, Clock, Week
from tests.soak.soak import Leg, differences, growth, judged, live, paces

FEW = ("epoch_eci", "org_feeds", "gov_uk")


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Leg, Leg]:
    folder = tmp_path_factory.mktemp("soak")
    calm = live(folder / "calm", FEW, 4, None, 0, 0, silent)
    return calm, live(folder / "stormy", FEW, 4, Random(1), 0.4, 4, silent)


def test_a_short_soak_keeps_its_promises(legs: tuple[Leg, Leg]) -> None:
    calm, stormy = legs
    promises = judged(calm, stormy, FEW, 4)
    # four days are too few for a slope
    assert not [v for v in promises if not v.is_kept and "flat" not in v.promise]
    assert stormy.faults
    assert stormy.kills + len(stormy.stops) > 0
    assert stormy.latencies


def test_the_soak_would_see_what_is_lost_or_wrong(legs: tuple[Leg, Leg]) -> None:
    calm, stormy = legs
    assert len(calm.facts) > 30
    key = next(iter(calm.facts))
    lost = Leg({k: v for k, v in stormy.facts.items() if k != key}, [], stormy.good, 0, [])
    assert differences(calm, lost) == [f"{key} is missing"]
    wrong = Leg({**stormy.facts, key: ("other",)}, [], stormy.good, 0, [])
    assert len(differences(calm, wrong)) == 1


def test_growth_is_measured_after_the_first_quarter() -> None:
    rising = Leg({}, [], {}, 0, [{"day": day, "rss": 100.0 + (50 if day > 0 else 0)} for day in range(1, 20)])
    assert growth(rising, "rss") == pytest.approx(0)
    leaking = Leg({}, [], {}, 0, [{"day": day, "rss": 100.0 + 10 * day} for day in range(1, 21)])
    assert growth(leaking, "rss") > 0.5


def test_a_missed_run_would_be_seen() -> None:
    instants = [datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=6 * n) for n in range(20)]
    assert paces(Leg({}, [], {"org_feeds": instants}, 0, []), ["org_feeds"], 7) == {"org_feeds": (20, 28.0)}


@pytest.mark.slow
def test_a_week_of_five_thousand_runs_leaves_memory_threads_and_files_flat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from data.store import Store
    from tests.soak.worker import figures

    monkeypatch.setattr("os.sync", lambda: None)
    monkeypatch.setattr("collectors.schedule.judge", lambda _: None)
    store, clock = Store(str(tmp_path / "tables")), Clock()
    store.create()
    clock.install(monkeypatch)
    asked = Asked(clock, store)
    often = {name: replace(c, source=replace(c.source, every=timedelta(minutes=10))) for name, c in
             ((name, one(name)) for name in ("epoch_eci", "org_feeds", "gov_uk", "lab_feeds", "hacker_news"))}  # fmt: skip
    week = Week(Worker(store, often, asked, now=clock.now, passed=clock.passed, jitter=0), clock)
    week.worker.begin()
    leg = Leg({}, [], {}, 0, [])
    for day in range(1, 15):
        week.until(START + timedelta(days=day / 2))
        leg.figures.append({"day": day / 2, **figures()})
    week.stop()
    assert len(asked.runs) >= 5000
    assert all(growth(leg, figure) <= 0.05 for figure in ("rss", "threads", "files")), leg.figures
