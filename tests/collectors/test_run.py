"""A run is all or nothing: what is believed is stored, what is not is held back or fails loudly."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors.registry import one
from collectors.replay import Replay
from collectors.run import run_source, run_together
from collectors.source import Collector, Http, Payload, Row, Source
from data import queries
from data.schema import Failure, Indicator, Refused, Run
from data.store import Store
from tests.conftest import NOW, PAYLOADS

SUITE = "https://metr.org/assets/benchmark_results_1_1.yaml"
SCORE = Indicator(
    key="score", title="Score", unit="points", stage="capability", transform="linear", definition="It.", full_list=True
)
LEAD = replace(SCORE, key="lead", title="Lead of the best")
SOURCE = Source(
    title="T", homepage="https://example.org/", licence="L", credit="C", share="full", every=timedelta(days=1), at_least=1,
    indicators=(SCORE, LEAD),
)  # fmt: skip


class Nothing(Http):
    """No network at all."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def get(self, url: str, *, headers: object = None) -> Payload:
        raise Failure("network", f"{url}: no route")


def source(*rows: Row | Exception) -> Collector:
    def collect(http: Http) -> Iterator[Row]:
        for row in rows:
            if isinstance(row, Exception):
                raise row
            yield row

    return Collector(name="made_up", source=SOURCE, collect=collect, about="made up")


def score(subject: str, value: float = 1.0, day: date = date(2026, 1, 1)) -> Row:
    return SCORE.observed(date=day, value=value, subject=subject)


def run(store: Store, *rows: Row | Exception, at: datetime = NOW) -> Run:
    return run_source(source(*rows), Nothing(at), store, at=at)


def current(store: Store) -> dict[str, float]:
    found = queries.observations(store, "score")
    return dict(zip(found["subject"], found["value"], strict=True))


@pytest.mark.parametrize(
    ("problem", "outcome", "said"),
    [
        (Failure("timeout", "made_up: no answer"), "timeout", "no answer"),
        (KeyError("score"), "schema", "named 'score' is gone"),
        (TypeError("'NoneType' object is not subscriptable"), "schema", "another shape"),
        (ZeroDivisionError("division by zero"), "crash", "ZeroDivisionError"),
        (RecursionError("too deep"), "crash", "RecursionError"),
    ],
)
def test_whatever_happens_is_written_down_and_nothing_is_stored(
    store: Store, problem: Exception, outcome: str, said: str
) -> None:
    run(store, score("a"))
    failed = run(store, score("b"), problem, at=NOW + timedelta(days=1))
    assert failed.outcome == outcome
    assert said in (failed.error or "")
    assert current(store) == {"a": 1.0}
    assert queries.runs(store)["outcome"].tolist() == ["ok", outcome]


def test_two_values_for_one_point_are_no_answer(store: Store) -> None:
    assert run(store, score("a", 1.0), score("a", 2.0)).outcome == "schema"


def test_a_date_that_has_not_come_is_held_back(store: Store) -> None:
    done = run(store, score("a"), score("b", day=NOW.date() + timedelta(days=2)))
    assert (done.rows_new, done.rows_quarantined) == (1, 1)
    assert current(store) == {"a": 1.0}


def test_fewer_rows_than_a_believable_answer_has_are_incomplete(store: Store) -> None:
    assert run(store).outcome == "incomplete"


def test_a_value_missing_once_is_noted_and_missing_again_is_withdrawn(store: Store) -> None:
    names = [chr(97 + i) for i in range(12)]
    run(store, *map(score, names))
    day = timedelta(days=1)
    first = run(store, *map(score, names[1:]), at=NOW + day)
    assert (first.rows_vanished, first.rows_new) == (1, 0)
    assert "a" in current(store)
    at_once = run(store, *map(score, names[1:]), at=NOW + day + timedelta(minutes=1))
    assert at_once.rows_new == 0, "a run repeated at once proves nothing"
    assert run(store, *map(score, names[1:]), at=NOW + 2 * day).rows_new == 1
    assert "a" not in current(store)
    assert run(store, *map(score, names), at=NOW + 3 * day).rows_new == 1
    assert current(store)["a"] == 1.0


def test_many_values_missing_at_once_are_an_incomplete_answer(store: Store) -> None:
    run(store, *map(score, "abcdefgh"))
    lost = run(store, *map(score, "abcdef"), at=NOW + timedelta(days=1))
    assert lost.outcome == "incomplete"
    assert "2 of 8" in (lost.error or "")
    assert len(current(store)) == 8


def test_what_we_make_of_restated_values_may_vanish_and_is_no_part_of_the_answer(store: Store) -> None:
    def answer(*leads: str) -> list[Row]:
        made = [LEAD.observed(date=date(2026, 1, 1), value=1.0, subject=name, derived=True) for name in leads]
        return [*map(score, "abcdefgh"), *made]

    run(store, *answer("a", "b", "c"))
    noted, withdrawn = (run(store, *answer("a"), at=NOW + timedelta(days=day)) for day in (1, 2))
    assert (noted.outcome, noted.rows_vanished, withdrawn.rows_new) == ("ok", 2, 2)
    assert queries.observations(store, "lead")["subject"].tolist() == ["a"]


def test_a_value_that_became_impossible_is_refused_and_not_taken_for_withdrawn(store: Store) -> None:
    run(store, *map(score, "abcdefgh"))
    odd = replace(SCORE.observed(date=date(2026, 1, 1), value=1.0, subject="a"), low=2.0, high=3.0)
    for day in (1, 2):
        done = run(store, odd, *map(score, "bcdefgh"), at=NOW + timedelta(days=day))
        assert (done.outcome, done.rows_vanished, done.rows_new, done.rows_quarantined) == ("ok", 0, 0, 1)
    assert current(store)["a"] == 1.0


def test_a_name_with_invisible_characters_is_the_same_in_the_next_answer(store: Store) -> None:
    odd = [score("an  odd\u200b \x07name"), *map(score, "abcdefghijkl")]
    run(store, *odd)
    for day in (1, 2):
        done = run(store, *odd, at=NOW + timedelta(days=day))
        assert (done.rows_vanished, done.rows_new) == (0, 0)
    assert "an odd name" in current(store)


def test_names_that_look_alike_are_one_point(store: Store) -> None:
    assert run(store, score("a", 1.0), score("a\u200b", 2.0)).outcome == "schema"


def test_a_run_that_cannot_be_recorded_says_so(tmp_path: Path) -> None:
    assert run_source(source(score("a")), Nothing(), Store(str(tmp_path / "absent"))).outcome == "storage"


def metr_folder(tmp_path: Path, change: Any) -> Path:
    document = yaml.safe_load((PAYLOADS / "metr_horizons" / "suite_1_1.yaml").read_text())
    change(document)
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(document))
    (tmp_path / "index.json").write_text(f'{{"{SUITE}": {{"file": "suite.yaml"}}}}')
    return tmp_path


def test_a_publishers_number_that_its_own_rows_contradict_is_held_back(store: Store, tmp_path: Path) -> None:
    def off(document: Any) -> None:
        document["doubling_time_in_days"]["all_time_stitched"]["point_estimate"] += 3

    run_source(one("metr_horizons"), Replay(metr_folder(tmp_path, off), NOW), store, at=NOW)
    held = store.read("quarantine").collect()
    assert any("its own rows give 228.858" in reason for reason in held["reason"])
    stored = store.read("observations").collect()
    assert "all_time_stitched" not in stored["variant"].to_list()


def test_another_vintage_adds_a_vintage_and_nothing_else(store: Store, tmp_path: Path) -> None:
    run_source(one("metr_horizons"), Replay(PAYLOADS / "metr_horizons", NOW), store, at=NOW)
    before = queries.observations(store, "metr_p50")

    def restate(document: Any) -> None:
        horizon = document["results"]["gpt_4"]["metrics"]["p50_horizon_length"]
        for name, value in copy.copy(horizon).items():
            horizon[name] = value * 1.1
        del document["doubling_time_in_days"]

    later = NOW + timedelta(days=30)
    folder = metr_folder(tmp_path, restate)
    assert run_source(one("metr_horizons"), Replay(folder, later), store, at=later).rows_new == 1
    assert run_source(one("metr_horizons"), Replay(folder, later), store, at=later).rows_new == 0
    after = queries.observations(store, "metr_p50")
    assert len(after) == len(before)
    assert queries.observations(store, "metr_p50", NOW)["value"].tolist() == before["value"].tolist()
    changed = after[after["vintages"] == 2]
    assert changed["subject"].tolist() == ["gpt_4"]
    assert changed["value"].tolist() == pytest.approx([4.4])


def test_a_row_held_back_for_good_is_listed_once(store: Store) -> None:
    refused = Refused(reason="no release date", row={"subject": "x"})
    run(store, score("a"), refused)
    run(store, score("a"), refused, at=NOW + timedelta(days=1))
    assert len(store.read("quarantine").collect()) == 1


def test_a_story_is_stored_with_its_labs_and_topics_and_others_are_not(store: Store) -> None:
    run_source(one("hacker_news"), Replay(PAYLOADS / "hacker_news", NOW), store, at=NOW)
    rows = store.read("mentions").sort("published_at", "lab").collect()
    assert rows.select("lab", "topic").rows() == [
        ("", "rsi"), ("anthropic", ""), ("openai", ""), ("anthropic", "agents_coding"),
    ]  # fmt: skip
    assert rows["canonical_url"][0] == "https://example.org/rsi"
    assert rows["published_at"][0] == datetime(2026, 11, 23, 0, 1, tzinfo=UTC)


def test_sources_replayed_together_leave_what_they_leave_one_by_one(store: Store, tmp_path: Path) -> None:
    other = Store(str(tmp_path / "others"))
    other.create()
    names = ("metr_horizons", "epoch_eci", "openrouter_tokens")
    together = run_together([(one(name), Replay(PAYLOADS / name, NOW)) for name in names], store, NOW)
    singly = [run_source(one(name), Replay(PAYLOADS / name, NOW), other, at=NOW) for name in names]
    counts = [(run.source, run.outcome, run.rows_seen, run.rows_new, run.rows_quarantined) for run in together]
    assert counts == [(run.source, run.outcome, run.rows_seen, run.rows_new, run.rows_quarantined) for run in singly]
    for table in ("observations", "indicators", "quarantine"):
        rows = [s.read(table).drop("run_id", "known_at", strict=False).collect() for s in (store, other)]
        assert rows[0].sort(rows[0].columns).equals(rows[1].sort(rows[1].columns)), table
    again = run_together([(one(name), Replay(PAYLOADS / name, NOW)) for name in names], store, NOW)
    assert [run.rows_new for run in again] == [0, 0, 0]


def test_one_of_several_that_fails_takes_no_other_along(store: Store) -> None:
    bad, good = source(score("a"), KeyError("b")), one("metr_horizons")
    runs = run_together([(bad, Nothing()), (good, Replay(PAYLOADS / "metr_horizons", NOW))], store, NOW)
    assert [run.outcome for run in runs] == ["schema", "ok"]
    assert runs[1].rows_new > 0
    older = NOW - timedelta(days=30)
    rows = [score(name, 2.0) for name in "ab"]
    run(store, *[score(name, 1.0) for name in "ab"])
    runs = run_together([(source(*rows), Nothing(older)), (one("epoch_eci"), Replay(PAYLOADS / "epoch_eci", older))], store, older)  # fmt: skip
    assert [done.outcome for done in runs] == ["refused", "ok"], "a vintage that comes too late is refused alone"
