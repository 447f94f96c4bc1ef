"""Truth checks at the door: what differs too much from what is stored waits for somebody to confirm it."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from collectors import doubt, registry
from collectors.__main__ import main as collectors
from collectors.parse import csv_rows
from collectors.registry import one
from collectors.replay import Replay
from collectors.run import RELEASED, held_rows, release, run_source
from collectors.source import Collector, Http, Payload, Row, Source, Traffic
from data import queries
from data.schema import Failure, Indicator, Mention, Observation, Run
from data.store import Store
from tests.conftest import NOW, PAYLOADS

DAY = timedelta(days=1)
JANUARY = date(2026, 1, 1)


def indicator(key: str, **fields: Any) -> Indicator:
    usual = {"title": key, "unit": "points", "stage": "capability", "transform": "log2", "definition": "It."}
    return Indicator(key=key, **{**usual, **fields})


SCORE = indicator("score", max_factor=5.0)
COUNT = indicator("count_of_things")
SHARE = indicator("share", unit="fraction", transform="logit", floor=0.0, ceiling=1.0)
PERCENT = indicator("percentage", unit="percent", transform="logit", floor=0.0, ceiling=100.0)
SOURCE = Source(
    title="T", homepage="https://example.org/", licence="L", credit="C", share="full", every=DAY, at_least=1,
    indicators=(SCORE, COUNT, SHARE, PERCENT),
)  # fmt: skip


class Web(Http):
    """A web on which one request was made."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def get(self, url: str, *, headers: object = None) -> Payload:
        raise Failure("network", url)

    def traffic(self) -> Traffic:
        return Traffic(requests=1)


def made_up(*rows: Row) -> Collector:
    def collect(http: Http) -> Iterator[Row]:
        yield from rows

    return Collector(name="made_up", source=SOURCE, collect=collect, about="made up")


def run(store: Store, day: int, *rows: Row) -> Run:
    at = NOW + day * DAY
    return run_source(made_up(*rows), Web(at), store, at=at)


def scores(values: dict[str, float], day: date = JANUARY) -> list[Row]:
    return [SCORE.observed(date=day, value=value, subject=subject) for subject, value in values.items()]


def current(store: Store, key: str = "score") -> dict[str, float]:
    found = queries.observations(store, key)
    return dict(zip(found["subject"], found["value"], strict=True))


def reasons(store: Store, status: str) -> list[str]:
    held = store.read("quarantine").collect().filter(status=status)
    return held["reason"].to_list()


USUAL = {name: 10.0 + place for place, name in enumerate("abcdefghij")}


def test_an_outlier_waits_for_the_next_run_to_confirm_it(store: Store) -> None:
    run(store, 0, *scores(USUAL))
    first = run(store, 1, *scores({**USUAL, "a": 75.0}))
    assert (first.outcome, first.rows_new, first.rows_quarantined) == ("ok", 0, 1)
    assert reasons(store, "pending") == ["outlier: 7.5 times the value stored for it, 10"]
    assert current(store)["a"] == 10.0
    assert run(store, 2, *scores({**USUAL, "a": 75.0})).rows_new == 1
    assert current(store)["a"] == 75.0
    assert reasons(store, "accepted") == ["confirmed by the next answer"]


def test_an_outlier_that_is_taken_back_was_never_stored(store: Store) -> None:
    run(store, 0, *scores(USUAL))
    run(store, 1, *scores({**USUAL, "a": 75.0}))
    run(store, 2, *scores(USUAL))
    run(store, 3, *scores({**USUAL, "a": 75.0}))
    assert current(store)["a"] == 10.0
    assert len(queries.observations(store, "score")) == 10


def test_a_run_repeated_at_once_confirms_nothing(store: Store) -> None:
    run(store, 0, *scores(USUAL))
    for minute in (0, 1):
        at = NOW + DAY + timedelta(minutes=minute)
        run_source(made_up(*scores({**USUAL, "a": 75.0})), Web(at), store, at=at)
    assert current(store)["a"] == 10.0


@pytest.mark.parametrize("factor", [10, 60, 100, 1000, 1 / 10, 1 / 60, 1 / 100, 1 / 1000])
def test_a_change_of_unit_is_seen_even_where_no_factor_is_declared(store: Store, factor: float) -> None:
    run(store, 0, COUNT.observed(date=JANUARY, value=600.0))
    held = run(store, 1, COUNT.observed(date=JANUARY, value=600.0 * factor))
    assert (held.rows_new, held.rows_quarantined) == (0, 1)
    assert run(store, 2, COUNT.observed(date=JANUARY, value=600.0 * 7)).rows_new == 1, "no unit is seven times another"


@pytest.mark.parametrize("factor", [10, 60, 100, 1000, 1 / 60, 7.3])
def test_many_values_moved_by_one_factor_wait_for_a_person(store: Store, factor: float) -> None:
    run(store, 0, *scores(USUAL))
    moved = {name: value * factor for name, value in USUAL.items()}
    new = {"k": 12 * factor}
    for day in (1, 2, 3):
        held = run(store, day, *scores({**moved, **new}))
        assert (held.outcome, held.rows_new, held.rows_quarantined) == ("ok", 0, 1)
    assert current(store) == USUAL
    said = reasons(store, "pending")
    assert len(said) == 3
    assert "10 values are" in said[0]
    assert "only a person" in said[0]


def test_a_person_lets_a_common_factor_through_once(store: Store) -> None:
    run(store, 0, *scores(USUAL))
    moved = {name: value * 60 for name, value in USUAL.items()}
    run(store, 1, *scores(moved))
    waiting = held_rows(store, ["made_up"], NOW + 2 * DAY)
    assert len(waiting) == 1
    release(store, waiting[0], NOW + 1.5 * DAY)
    assert held_rows(store, ["made_up"], NOW + 2 * DAY) == []
    assert run(store, 2, *scores(moved)).rows_new == 10
    assert current(store) == moved
    run(store, 3, *scores(USUAL))
    assert current(store) == moved, "the way back is another change of unit"
    run(store, 4, *scores({name: value * 60 for name, value in moved.items()}))
    assert current(store) == moved, "a release counts once"


def test_a_person_lets_one_outlier_through_without_waiting(store: Store) -> None:
    run(store, 0, *scores(USUAL))
    run(store, 1, *scores({**USUAL, "a": 75.0}))
    release(store, held_rows(store, ["made_up"], NOW + 2 * DAY)[0], NOW + 1.1 * DAY)
    at = NOW + 1.2 * DAY
    run_source(made_up(*scores({**USUAL, "a": 75.0})), Web(at), store, at=at)
    assert current(store)["a"] == 75.0
    assert RELEASED in reasons(store, "accepted")


def test_two_outliers_of_one_factor_may_be_an_accident(store: Store) -> None:
    run(store, 0, *scores(USUAL))
    run(store, 1, *scores({**USUAL, "a": 100.0, "b": 110.0}))
    assert run(store, 2, *scores({**USUAL, "a": 100.0, "b": 110.0})).rows_new == 2


def test_a_new_model_is_compared_with_the_others_and_a_new_day_with_the_day_before(store: Store) -> None:
    run(store, 0, *scores(USUAL))
    assert run(store, 1, *scores({**USUAL, "new": 19 * 4.9})).rows_new == 1
    assert run(store, 2, *scores({**USUAL, "new": 19 * 4.9, "newer": 19 * 4.9 * 5.1})).rows_quarantined == 1
    next_day = JANUARY + DAY
    assert run(store, 3, *scores(USUAL), *scores({"a": 49.0, "b": 56.0}, next_day)).rows_new == 1
    held = [row for row in reasons(store, "pending") if "2026-01-01" in row]
    assert held == ["outlier: 5.09 times the stored value of 2026-01-01, 11"]


def test_a_first_answer_has_nothing_to_be_compared_with(store: Store) -> None:
    assert run(store, 0, *scores({"a": 1.0, "b": 1e6, "c": 1e12})).rows_new == 3


def test_values_outside_the_range_of_their_unit_are_refused_for_good(store: Store) -> None:
    rows = [
        SHARE.observed(date=JANUARY, value=0.7, subject="fine"),
        SHARE.observed(date=JANUARY, value=70.0, subject="percent"),
        PERCENT.observed(date=JANUARY, value=101.0),
        COUNT.observed(date=JANUARY, value=-1.0),
        PERCENT.observed(date=JANUARY, value=50.0, low=55.0, high=60.0, subject="not in its interval"),
    ]
    done = run(store, 0, *rows)
    assert (done.rows_seen, done.rows_new, done.rows_quarantined) == (5, 1, 4)
    assert run(store, 1, *rows).rows_new == 0
    assert len(reasons(store, "rejected")) == 4, "listed once and not at every run"


def summed(*amounts: float) -> Collector:
    """A source that reads a table and yields its sum alone."""

    def collect(http: Http) -> Iterator[Row]:
        read = csv_rows(b"amount\n" + b"".join(b"%g\n" % a for a in amounts), ("amount",), "made up")
        total = sum(float(row["amount"]) for row in read)
        yield COUNT.observed(date=http.now.date(), value=total, derived=True)

    return Collector(name="made_up", source=SOURCE, collect=collect, about="made up")


def at_day(day: float, store: Store, collector: Collector, web: type[Web] = Web) -> Run:
    at = NOW + day * DAY
    return run_source(collector, web(at), store, at=at)


class Folder(Web):
    partial = True


def test_half_an_answer_is_found_by_what_went_into_a_sum(store: Store) -> None:
    assert at_day(0, store, summed(*[1.0] * 20)).records == 20
    half = at_day(1, store, summed(*[1.0] * 14))
    assert (half.outcome, half.rows_new) == ("incomplete", 0)
    assert "14 records, the last good answer had 20" in (half.error or "")
    assert at_day(2, store, summed(*[1.0] * 15)).outcome == "ok"
    assert at_day(3, store, summed(1.0), Folder).outcome == "ok", "a folder may hold less"


def test_a_first_answer_in_which_everything_stands_twice_makes_no_half_of_the_next(store: Store) -> None:
    def listed(times: int) -> Collector:
        def collect(http: Http) -> Iterator[Row]:
            names = [f"m{n}" for n in range(12)] * times
            for row in csv_rows("\n".join(["name", *names, ""]).encode(), ("name",), "made up"):
                yield COUNT.observed(date=JANUARY, value=1.0, subject=row["name"])

        return Collector(name="made_up", source=SOURCE, collect=collect, about="made up")

    assert at_day(0, store, listed(2)).records == 12
    assert at_day(1, store, listed(1)).outcome == "ok"


def test_a_person_can_let_a_smaller_answer_through(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    at_day(0, store, summed(*[1.0] * 20))
    assert {at_day(day, store, summed(*[1.0] * 9)).outcome for day in (1, 2)} == {"incomplete"}
    (waiting,) = held_rows(store, ["made_up"], NOW + 3 * DAY)
    assert waiting.row == {"records": 9, "before": 20}
    release(store, waiting, NOW + 2.1 * DAY)
    assert at_day(3, store, summed(*[1.0] * 8)).outcome == "incomplete", "another answer than the one released"
    assert at_day(4, store, summed(*[1.0] * 9)).outcome == "ok"
    assert at_day(5, store, summed(*[1.0] * 9)).outcome == "ok"


def test_an_answer_of_refused_rows_alone_is_no_success(store: Store) -> None:
    done = run(store, 0, PERCENT.observed(date=JANUARY, value=101.0))
    assert done.outcome == "incomplete"
    assert "every row is refused, the first: outside 0 to 100" in (done.error or "")


def total(value: float) -> Observation:
    return COUNT.observed(date=JANUARY, value=value, derived=True)


def test_a_sum_waits_where_one_of_its_parts_is_in_doubt(store: Store) -> None:
    run(store, 0, *scores(USUAL), total(100.0))
    wrong = {**USUAL, "a": USUAL["a"] * 10}
    assert run(store, 1, *scores(wrong), total(199.0)).rows_new == 0
    assert "made of several values, of which one is held back" in " ".join(reasons(store, "pending"))
    assert run(store, 2, *scores(wrong), total(199.0)).rows_new == 2, "both are confirmed by the next answer"


def test_a_sum_does_not_wait_for_a_part_that_is_refused_every_time(store: Store) -> None:
    broken = PERCENT.observed(date=JANUARY, value=101.0)
    run(store, 0, *scores(USUAL), total(100.0), broken)
    assert run(store, 1, *scores(USUAL), total(105.0), broken).rows_new == 1
    another = PERCENT.observed(date=JANUARY, value=102.0)
    assert run(store, 2, *scores(USUAL), total(106.0), another).rows_new == 0


def test_what_is_restated_may_move_less_than_what_is_new(store: Store) -> None:
    run(store, 0, *scores(USUAL))
    assert run(store, 1, *scores({**USUAL, "a": USUAL["a"] * 2.6})).rows_new == 0


def test_a_negative_value_can_change_its_unit_too(store: Store) -> None:
    gap = COUNT.observed(date=JANUARY, value=-0.065)
    level = [indicator("count_of_things", transform="linear")]
    judged = doubt.judge(
        {"count_of_things": level[0]},
        [gap],
        [{"indicator": "count_of_things", "subject": "", "variant": "", "date": JANUARY, "value": -65.0}],
    )
    assert [row.status for row in judged.refused] == ["pending"]


def test_a_mention_from_the_future_is_refused(store: Store) -> None:
    fine, foretold = (
        Mention(
            at=NOW + days * DAY, title=f"News of {days}", url=f"https://example.org/{days}", outlet="Example", keep=True
        )
        for days in (0, 2)
    )
    done = run(store, 0, fine, foretold)
    assert (done.rows_new > 0, done.rows_quarantined) == (True, 1)
    assert reasons(store, "rejected") == ["a date in the future"]


def test_no_restatement_that_metr_really_made_is_held(store: Store, shared: Any) -> None:
    for vintage in ("2026-01-30", "2026-02-22", "2026-05-10"):
        at = datetime.fromisoformat(f"{vintage}T00:00:00+00:00")
        done = run_source(one("metr_horizons"), Replay(shared / "replay" / vintage, at), store, at=at)
        assert (done.outcome, done.rows_quarantined) == ("ok", 0)


def test_minutes_that_become_seconds_are_held(store: Store, tmp_path: Any) -> None:
    url = "https://metr.org/assets/benchmark_results_1_1.yaml"
    text = (PAYLOADS / "metr_horizons" / "suite_1_1.yaml").read_text()
    for place, factor in enumerate((1, 60)):
        folder = tmp_path / str(place)
        folder.mkdir()
        lines = []
        for line in text.splitlines():
            name, _, number = line.partition(": ")
            horizon = name.strip() in ("estimate", "ci_low", "ci_high") and "average_score" not in lines[-1]
            lines.append(f"{name}: {float(number) * factor}" if horizon else line)
        (folder / "suite.yaml").write_text("\n".join(lines))
        (folder / "index.json").write_text(json.dumps({url: {"file": "suite.yaml"}}))
        at = NOW + place * 30 * DAY
        done = run_source(one("metr_horizons"), Replay(folder, at), store, at=at)
        assert done.outcome == "ok", done.error
    assert any("times what they were; only a person" in reason for reason in reasons(store, "pending"))
    assert len(queries.observations(store, "metr_p50")["vintages"].unique()) == 1


def test_the_commands_list_what_is_held_and_release_it(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORE_URI", str(tmp_path / "tables"))
    store = Store(str(tmp_path / "tables"))
    store.create()
    monkeypatch.setattr(registry, "all_collectors", lambda: {"made_up": made_up()})
    run(store, -9, *scores(USUAL))
    run(store, -8, *scores({**USUAL, "a": 75.0}))
    assert collectors(["quarantine"]) == 0
    line = capsys.readouterr().out
    assert "score a 2026-01-01  outlier: 7.5 times" in line
    assert collectors(["quarantine", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["source"], row["row"]["value"]) == ("made_up", 75.0)
    assert collectors(["accept", "ffff"]) == 1
    assert "0 held values begin so" in capsys.readouterr().err
    assert collectors(["accept", line.split()[0]]) == 0
    assert "next run" in capsys.readouterr().out
    assert collectors(["quarantine"]) == 0
    assert "nothing is held" in capsys.readouterr().out
