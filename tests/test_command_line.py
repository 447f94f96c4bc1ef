"""The commands as a user types them: what they print, and how they fail."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from collectors.__main__ import main as collectors
from collectors.replay import Replay
from collectors.run import run_source
from collectors.source import Collector
from data.__main__ import main as data
from data.store import Store
from signals.__main__ import main as signals
from tests.conftest import PAYLOADS

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_URI", str(tmp_path / "tables"))
    monkeypatch.setenv("PAYLOADS", str(tmp_path / "payloads"))


def said(capsys: Out) -> tuple[str, str]:
    out = capsys.readouterr()
    return out.out, out.err


def replay(folder: Path, at: str) -> int:
    return collectors(["replay", str(folder), "--at", at])


def rows(capsys: Out) -> int:
    capsys.readouterr()
    assert data(["status", "--json"]) == 0
    return int(json.loads(said(capsys)[0])["tables"]["observations"]["rows"])


def test_list_names_every_source(capsys: Out) -> None:
    assert collectors(["list", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(said(capsys)[0])}
    assert {"metr_horizons", "epoch_eci", "hacker_news"} <= set(listed)
    assert "metr_p50" in listed["metr_horizons"]["indicators"]


def test_replay_stamps_the_vintage_and_a_second_one_adds_nothing(capsys: Out) -> None:
    assert replay(PAYLOADS / "metr_horizons", "2026-11-01T00:00:00Z") == 0
    once = rows(capsys)
    assert replay(PAYLOADS / "metr_horizons", "2026-11-01") == 0
    assert rows(capsys) == once > 0
    data(["status", "--json"])
    assert json.loads(said(capsys)[0])["tables"]["observations"]["newest_known_at"] == "2026-11-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("index", "words"),
    [(None, "no readable index.json"), ("{", "no readable index.json"), ("[]", "not a mapping"), ('{"https://example.org/": {}}', "belongs to a source"),
     ('{"https://metr.org/assets/benchmark_results_1_1.yaml": {"file": "gone.yaml"}}', "cannot read the file")],
)  # fmt: skip
def test_a_folder_that_cannot_be_replayed_fails_in_a_sentence(
    tmp_path: Path, capsys: Out, index: str | None, words: str
) -> None:
    if index is not None:
        (tmp_path / "index.json").write_text(index)
    assert replay(tmp_path, "2026-11-01") == 1
    out, err = said(capsys)
    assert words in out + err
    assert "Traceback" not in out + err


def test_a_folder_with_a_part_of_an_archive_is_replayed_by_who_reads_that_part(shared: Path, capsys: Out) -> None:
    assert replay(shared / "replay" / "2026-03-12", "2026-03-12") == 0
    assert [line.split()[0] for line in said(capsys)[0].splitlines()] == ["epoch_eci"]


def test_what_is_kept_by_hand_runs_without_a_folder_and_is_stamped_on_request(capsys: Out) -> None:
    assert collectors(["run", "lab_reports", "--at", "2026-10-03"]) == 0
    assert rows(capsys) > 20
    data(["status", "--json"])
    assert json.loads(said(capsys)[0])["tables"]["observations"]["newest_known_at"] == "2026-10-03T00:00:00+00:00"
    assert collectors(["run", "metr_horizons", "--at", "2026-10-03"]) == 1
    assert "kept by hand" in said(capsys)[1]


def test_a_source_that_does_not_exist_is_named(capsys: Out) -> None:
    assert collectors(["run", "metr"]) == 1
    assert "no source named 'metr'" in said(capsys)[1]


def test_a_bad_setting_stops_with_a_sentence(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    assert collectors(["list"]) == 1
    assert "PORT must be a whole number" in said(capsys)[1]


@pytest.mark.parametrize("verb", [["list"], ["run"], ["schedule"], ["replay"], ["record"], ["new"]])
def test_every_verb_has_help(verb: list[str], capsys: Out) -> None:
    with pytest.raises(SystemExit) as ended:
        collectors([*verb, "--help"])
    assert ended.value.code == 0
    assert "usage" in said(capsys)[0]


def test_help_lists_the_settings(capsys: Out) -> None:
    for command in (collectors, data, signals):
        with pytest.raises(SystemExit):
            command(["--help"])
        assert "STORE_URI" in said(capsys)[0]


def test_new_writes_a_source_that_loads(capsys: Out, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collectors import registry

    home = tmp_path / "collectors"
    (home / "sources").mkdir(parents=True)
    monkeypatch.setattr(registry, "__file__", str(home / "registry.py"))
    assert collectors(["new", "example_thing"]) == 0
    written = (home / "sources" / "example_thing.py").read_text()
    compile(written, "example_thing.py", "exec")
    assert max(map(len, written.splitlines())) <= 120
    assert collectors(["new", "example_thing"]) == 1
    assert "exists already" in said(capsys)[1]
    assert collectors(["new", "../oops"]) == 1


def test_a_new_source_passes_the_contract_as_it_is_written(
    capsys: Out, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    from datetime import UTC, datetime

    from collectors import registry

    monkeypatch.setattr(registry, "__file__", str(tmp_path / "collectors" / "registry.py"))
    assert collectors(["new", "example_thing"]) == 0
    module: dict[str, Any] = {}
    exec((tmp_path / "collectors" / "sources" / "example_thing.py").read_text(), module)
    collector = Collector(name="example_thing", source=module["SOURCE"], collect=module["collect"], about="made up")
    at = datetime(2026, 11, 1, tzinfo=UTC)
    folder = Replay(tmp_path / "tests" / "payloads" / "example_thing", at)
    run = run_source(collector, folder, store, at=at)
    assert (run.outcome, run.rows_new, run.rows_quarantined) == ("ok", 2, 0)
    test: dict[str, Any] = {}
    exec((tmp_path / "tests" / "sources" / "test_example_thing.py").read_text(), test)
    test["test_a_row_says_what_the_publisher_says"](lambda name: list(collector.collect(folder)))


def test_organisations_without_a_lab_are_listed_with_their_rows(capsys: Out) -> None:
    replay(PAYLOADS / "epoch_eci", "2026-11-01")
    capsys.readouterr()
    assert collectors(["list", "--unmapped"]) == 0
    assert "  epoch_eci          Small Firm\n" in said(capsys)[0]
    assert collectors(["list", "--unmapped", "--json"]) == 0
    listed = {row["organisation"]: row for row in json.loads(said(capsys)[0])}
    assert listed["Small Firm"]["source"] == "epoch_eci"
    assert listed["Old Open Model"]["rows"] >= 1, "a blank organisation: the model stands for it"


def test_what_was_looked_for_in_titles_is_no_organisation(capsys: Out) -> None:
    replay(PAYLOADS / "hacker_news", "2026-11-23")
    capsys.readouterr()
    assert collectors(["list", "--unmapped"]) == 0
    assert "topic:" not in said(capsys)[0]


def test_what_was_refused_for_good_is_listed_when_asked_for(capsys: Out) -> None:
    replay(PAYLOADS / "gso", "2026-11-20")
    capsys.readouterr()
    assert collectors(["quarantine"]) == 0
    assert "--all lists what was refused for good" in said(capsys)[0]
    assert collectors(["quarantine", "--all"]) == 0
    assert "rejected  gso              not yet checked for cheating" in said(capsys)[0]


def test_the_readme_lists_every_indicator_as_it_is_declared_now() -> None:
    from collectors.catalogue import put_into

    text = (Path(__file__).parents[1] / "README.md").read_text()
    assert text == put_into(text), "run: python -m collectors list --markdown README.md"


def test_evaluate_prints_one_object_an_indicator(capsys: Out) -> None:
    replay(PAYLOADS / "metr_horizons", "2026-11-01")
    capsys.readouterr()
    assert signals(["evaluate", "--json"]) == 0
    found = {v["indicator"]: v for v in json.loads(said(capsys)[0])}
    assert set(found) == {"metr_p50", "metr_p80"}
    asked = (
        "indicator",
        "as_of",
        "n",
        "state",
        "doubling_days",
        "doubling_days_low",
        "doubling_days_high",
        "slope_per_year",
        "reasons",
    )
    assert all(name in found["metr_p50"] for name in asked)
    assert (found["metr_p50"]["n"], found["metr_p50"]["state"]) == (4, "not enough data")


def test_evaluate_knows_nothing_before_the_first_vintage(capsys: Out) -> None:
    replay(PAYLOADS / "metr_horizons", "2026-11-01")
    capsys.readouterr()
    assert signals(["evaluate", "--as-of", "2026-10-31", "--json"]) == 0
    assert all(v["n"] == 0 and v["state"] == "not enough data" for v in json.loads(said(capsys)[0]))


def test_evaluate_of_an_empty_store_is_an_empty_list(capsys: Out) -> None:
    assert signals(["evaluate", "--json"]) == 0
    assert json.loads(said(capsys)[0]) == []


def test_a_series_of_ones_own_is_judged_alike(capsys: Out, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("date,value\n" + "".join(f"{2010 + k}-01-01,{2**k}\n" for k in range(12)))
    assert signals(["test", str(file), "--transform", "log2", "--json"]) == 0
    verdict = json.loads(said(capsys)[0])
    assert verdict["n"] == 12
    assert verdict["doubling_days"] == pytest.approx(365.25, abs=0.2)


@pytest.mark.parametrize(
    ("content", "words"),
    [("day,value\n2026-01-01,1\n", "no column named 'date'"), ("date,value\n01/02/2026,1\n", "line 2: not a day"),
     ("date,value\n2026-01-01,many\n", "line 2: not a number: 'many'"), ("date,value\n2026-01-01,-1\n", "above zero"), ("", "cannot be read")],
)  # fmt: skip
def test_a_bad_series_is_named_by_line_and_value(content: str, words: str, capsys: Out, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(content)
    assert signals(["test", str(file), "--transform", "log2"]) == 1
    assert words in said(capsys)[1]


def test_the_baseline_loads_once(capsys: Out) -> None:
    assert data(["baseline", "load"]) == 0
    loaded = rows(capsys)
    assert loaded > 500
    assert data(["baseline", "load"]) == 0
    assert rows(capsys) == loaded


def test_replay_of_the_real_vintages_in_order_and_again(shared: Path, capsys: Out) -> None:
    days = ("2026-01-30", "2026-02-22", "2026-05-10")
    for day in days:
        assert replay(shared / "replay" / day, day) == 0
    once = rows(capsys)
    for day in days:
        assert replay(shared / "replay" / day, day) == 0
    assert rows(capsys) == once


def test_an_older_vintage_that_differs_is_refused_in_a_sentence(shared: Path, capsys: Out, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(PAYLOADS / "metr_horizons", folder)
    assert replay(folder, "2026-11-01") == 0
    text = (folder / "suite_1_0.yaml").read_text()
    (folder / "suite_1_0.yaml").write_text(text.replace("estimate: 5.000000", "estimate: 6.000000"))
    assert replay(folder, "2026-10-01") == 1
    assert "in order of date" in said(capsys)[0]


def test_a_past_that_ends_before_it_begins_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert collectors(["backfill", "gov_uk", "--from", "2026-11-20", "--to", "2026-11-01"]) == 1
    assert "the first day, 2026-11-20, is after the last, 2026-11-01" in capsys.readouterr().err


def test_memory_is_managed_as_we_say_from_the_first_library_on() -> None:
    script = (
        "import sys, collectors.allocators; print('pyarrow' in sys.modules or 'polars' in sys.modules); "
        "import collectors.__main__, pyarrow, os; "
        "print(pyarrow.default_memory_pool().backend_name, os.environ['_RJEM_MALLOC_CONF'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    loaded, told = done.stdout.splitlines()
    assert loaded == "False"
    assert told.startswith("system ")
    assert "narenas:1,tcache_max:1024" in told
