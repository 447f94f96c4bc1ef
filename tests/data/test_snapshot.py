"""A snapshot is whole, honest about what is not in it, the same for ever, and found out when it was touched."""

import csv
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
import yaml

from collectors.registry import one
from collectors.run import _observation_row, catalogue_rows
from data import queries, snapshot, tidy
from data.__main__ import main
from data.schema import Failure, Indicator, Refused
from data.store import Store
from data.verify import NotProven, verify
from tests.conftest import installed

AT = datetime(2026, 11, 1, tzinfo=UTC)
SECRET = "epoch_external"


@pytest.fixture(scope="module")
def baseline(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return installed(prepared, tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="module")
def written(baseline: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("written") / "whole.zip"
    snapshot.write(baseline, out)
    return out


@pytest.fixture
def zipped(written: Path, tmp_path: Path) -> Path:
    """A snapshot of the baseline, to be touched."""
    return Path(shutil.copy(written, tmp_path))


def member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def rows(path: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(member(path, f"{name}.csv").decode(), newline="")))


def declared(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(member(path, "datapackage.json"))
    return found


def indicator(source: str, key: str) -> Indicator:
    return next(i for i in one(source).source.indicators if i.key == key)


def store_values(store: Store, source: str, key: str, *values: dict[str, Any], at: datetime = AT) -> None:
    store.append_vintages("indicators", catalogue_rows(one(source)), at)
    made = [indicator(source, key).observed(**{"date": date(2026, 1, 1), **value}) for value in values]
    store.append_vintages("observations", [_observation_row(source, row, "run") for row in made], at)


def p50(value: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"value": value, "variant": "1.1", "subject": "Model", **more}


# --- what is in it


def test_it_holds_every_value_as_the_tables_give_it(baseline: Store, zipped: Path) -> None:
    found = pd.read_csv(io.BytesIO(member(zipped, "observations.csv")), keep_default_na=False)
    for key in ("metr_p50", "eci_frontier"):
        mine = found[found["indicator"] == key]
        tables = queries.observations(baseline, key)
        assert sorted(mine["value"].astype(float)) == sorted(tables["value"])
        assert set(mine["date"]) == set(tables["date"].dt.strftime("%Y-%m-%d"))
    assert len(rows(zipped, "vintages")) == queries.status(baseline)["tables"]["observations"]["rows"]


def test_as_of_a_day_it_holds_what_was_known_then(baseline: Store, tmp_path: Path) -> None:
    then = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    made = snapshot.write(baseline, tmp_path / "then.zip", then)
    found = [r for r in rows(tmp_path / "then.zip", "observations") if r["indicator"] == "metr_p50"]
    assert sorted(float(r["value"]) for r in found) == sorted(queries.observations(baseline, "metr_p50", then)["value"])
    assert made.instant <= then
    assert (
        max(r["known_at"] for r in rows(tmp_path / "then.zip", "vintages")) == f"{made.instant:%Y-%m-%dT%H:%M:%S.%fZ}"
    )


def test_every_hash_size_and_row_count_is_declared(zipped: Path) -> None:
    described = declared(zipped)
    for resource in [*described["resources"], *described["papers"]]:
        body = member(zipped, resource["path"])
        assert resource["hash"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert resource["bytes"] == len(body)
    for resource in described["resources"]:
        assert resource["rows"] == len(rows(zipped, resource["name"]))
        assert [f["name"] for f in resource["schema"]["fields"]] == member(
            zipped, resource["path"]
        ).decode().splitlines()[0].split(",")
        assert all(f["type"] and f["description"] for f in resource["schema"]["fields"])
    sums = dict(reversed(line.split("  ")) for line in member(zipped, "SHA256SUMS").decode().splitlines())
    with zipfile.ZipFile(zipped) as archive:
        assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}


def test_primary_keys_are_unique(zipped: Path) -> None:
    for resource in declared(zipped)["resources"]:
        keys = [tuple(row[k] for k in resource["schema"]["primaryKey"]) for row in rows(zipped, resource["name"])]
        assert len(keys) == len(set(keys)), resource["name"]


def test_the_papers_say_whose_it_is_and_when(zipped: Path) -> None:
    described = declared(zipped)
    instant = described["snapshot"]["as_of"]
    assert instant in member(zipped, "README.md").decode()
    assert described["snapshot"]["permalink"] == f"/data?asof={instant[:10]}"
    citation = yaml.safe_load(member(zipped, "CITATION.cff"))
    assert (citation["cff-version"], citation["type"], citation["date-released"]) == ("1.2.0", "dataset", instant[:10])
    assert "Epoch Capabilities Index" in {r["title"] for r in citation["references"]}
    assert "CC BY 4.0" in member(zipped, "LICENCES.md").decode()


def test_only_some_indicators(baseline: Store, tmp_path: Path) -> None:
    out = tmp_path / "some.zip"
    snapshot.write(baseline, out, indicators=["metr_p80", "metr_p50"])
    assert {r["indicator"] for r in rows(out, "observations")} == {"metr_p50", "metr_p80"}
    assert [r["indicator"] for r in rows(out, "indicators")] == ["metr_p50", "metr_p80"]
    assert verify(out, baseline).unchecked == ""
    with pytest.raises(Failure, match="no indicator 'nope'"):
        snapshot.write(baseline, out, indicators=["nope"])


# --- what is not


def test_rows_that_are_not_ours_are_left_out_and_listed(store: Store, tmp_path: Path) -> None:
    key = one(SECRET).source.indicators[0]
    variant = key.variants[0].key if key.variants else ""
    secret = {"value": 0.4321, "subject": "Secret", "variant": variant}
    store_values(store, SECRET, key.key, secret)
    store_values(store, "metr_horizons", "metr_p50", p50())
    made = snapshot.write(store, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert not [n for n in archive.namelist() if b"0.4321" in archive.read(n) or b"Secret" in archive.read(n)]
    assert [(r["table"], r["source"], r["rows"]) for r in rows(tmp_path / "a.zip", "left_out")] == [
        ("observations", SECRET, "1")
    ]
    assert list(made.left_out.values()) == [1]
    assert "1 rows: the publisher's terms do not allow it." in member(tmp_path / "a.zip", "README.md").decode()


def test_terms_that_became_stricter_hold_for_old_days_too(store: Store, tmp_path: Path) -> None:
    store_values(store, "metr_horizons", "metr_p50", p50())
    strict = [{**row, "share": "none"} for row in catalogue_rows(one("metr_horizons"))]
    store.append_vintages("indicators", strict, AT + timedelta(days=9))
    snapshot.write(store, tmp_path / "a.zip", AT)
    assert rows(tmp_path / "a.zip", "observations") == []


def test_a_withdrawn_value_is_a_vintage_and_no_observation(store: Store, tmp_path: Path) -> None:
    store_values(store, "metr_horizons", "metr_p50", p50())
    row = {**store.read("observations").drop("row_id", "prev_id", "known_at").collect().to_dicts()[0], "value": None}
    store.append_vintages("observations", [row], AT + timedelta(days=1))
    snapshot.write(store, tmp_path / "a.zip")
    assert rows(tmp_path / "a.zip", "observations") == []
    assert [r["value"] for r in rows(tmp_path / "a.zip", "vintages")] == ["1.0", ""]


# --- how it is written


def test_text_is_harmless_and_numbers_are_untouched(store: Store, tmp_path: Path) -> None:
    hostile = ["=cmd|' /C calc'!A0", "+1", "-5.2", "@x", "＝1", 'a "quoted", text', "ümlaut", "plain"]
    values = [-5.2, 1e-300, 1.7976931348623157e308, 0.1 + 0.2, 123456789.123456, 5e-324, 1e22, -0.0]
    store_values(store, "metr_horizons", "metr_p50", *[p50(v, subject=s) for v, s in zip(values, hostile, strict=True)])
    snapshot.write(store, tmp_path / "a.zip")
    body = member(tmp_path / "a.zip", "observations.csv")
    assert body.count(b"\r\n") == body.count(b"\n") == len(values) + 1
    found = rows(tmp_path / "a.zip", "observations")
    assert {r["subject"].removeprefix("'"): repr(float(r["value"])) for r in found} == {
        s: repr(v) for s, v in zip(hostile, values, strict=True)
    }
    numbers = {
        f["name"] for f in declared(tmp_path / "a.zip")["resources"][0]["schema"]["fields"] if f["type"] == "number"
    }
    cells = [cell for row in found for name, cell in row.items() if name not in numbers]
    assert not [cell for cell in cells if cell[:1] in "=+-@＝\t\r\n\0" and cell]


def test_a_bare_return_in_a_cell_makes_no_row() -> None:
    written = b"".join(
        tidy.csv_pieces(pl.DataFrame({"text": ["x\r=1+1", "\r=1", None, ""], "number": [1.5, -2.0, None, 0.0]}))
    )
    assert list(csv.reader(io.StringIO(written.decode(), newline=""))) == [
        ["text", "number"], ["x\r=1+1", "1.5"], ["'\r=1", "-2.0"], ["", ""], ["", "0.0"],
    ]  # fmt: skip


def test_a_bound_is_written_in_words(store: Store, tmp_path: Path) -> None:
    store_values(store, "metr_horizons", "metr_p50", p50(subject="a"), p50(subject="b", bound=">="))
    snapshot.write(store, tmp_path / "a.zip")
    assert [r["bound"] for r in rows(tmp_path / "a.zip", "observations")] == ["exact", "at least"]


def test_refused_rows_are_there_with_their_reason(store: Store, tmp_path: Path) -> None:
    from collectors.run import _refused_row

    store_values(store, "metr_horizons", "metr_p50", p50())
    refused = Refused(reason="=a jump", row={"value": 9.0})
    store.append_new("quarantine", [_refused_row("metr_horizons", refused, "run", AT)])
    snapshot.write(store, tmp_path / "a.zip")
    assert [(r["source"], r["reason"]) for r in rows(tmp_path / "a.zip", "quarantine")] == [
        ("metr_horizons", "'=a jump")
    ]


# --- the same for ever


def test_the_same_state_gives_the_same_bytes_however_the_tables_have_grown(store: Store, tmp_path: Path) -> None:
    store_values(store, "metr_horizons", "metr_p50", p50())
    first = snapshot.write(store, tmp_path / "a.zip")
    store_values(store, "metr_horizons", "metr_p50", p50(2.0), p50(3.0, subject="Other"), at=AT + timedelta(days=3))
    snapshot.write(store, tmp_path / "b.zip", AT + timedelta(days=2))
    snapshot.write(store, tmp_path / "c.zip", first.instant)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes() == (tmp_path / "c.zip").read_bytes()
    assert verify(tmp_path / "a.zip", store).unchecked == ""


def test_the_clock_and_the_folder_are_not_in_it(baseline: Store, zipped: Path, tmp_path: Path) -> None:
    snapshot.write(baseline, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == zipped.read_bytes()
    with zipfile.ZipFile(zipped) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_nothing_is_left_behind_where_it_cannot_be_written(baseline: Store, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot write"):
        snapshot.write(baseline, tmp_path / "no" / "a.zip")
    with pytest.raises(Failure, match="hold nothing that was known at 1999"):
        snapshot.write(baseline, tmp_path / "a.zip", datetime(1999, 1, 1, tzinfo=UTC))
    assert list(tmp_path.iterdir()) == []


# --- found out


def repacked(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    out = path.with_name("changed.zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out


def with_right_hashes(files: dict[str, bytes]) -> None:
    """A forger who knows how it is done: a value is changed, and every hash with it."""
    files["observations.csv"] = files["observations.csv"].replace(b"99.8", b"11.8", 1)
    described = json.loads(files["datapackage.json"])
    for resource in described["resources"]:
        body = files[resource["path"]]
        resource |= {"bytes": len(body), "hash": f"sha256:{hashlib.sha256(body).hexdigest()}"}
    files["datapackage.json"] = json.dumps(described).encode()
    sums = [f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in files.items() if name != "SHA256SUMS"]
    files["SHA256SUMS"] = "".join(sums).encode()


CHANGES: dict[str, tuple[Callable[[dict[str, bytes]], Any], str]] = {
    "a cell": (lambda f: f.update({"observations.csv": f["observations.csv"].replace(b"99.8", b"11.8", 1)}), "observations.csv has been changed: its hash"),
    "a longer file": (lambda f: f.update({"runs.csv": f["runs.csv"] + b"x" * 9}), "runs.csv has been changed: it is longer"),
    "a file gone": (lambda f: f.pop("mentions.csv"), "'mentions.csv' is listed and not there"),
    "a file more": (lambda f: f.update({"more.csv": b"x"}), "not listed"),
    "a path": (lambda f: f.update({"../../evil.csv": b"x"}), "name is a path"),
    "a windows path": (lambda f: f.update({"..\\evil.csv": b"x"}), "name is a path"),
    "an absolute path": (lambda f: f.update({"/etc/evil": b"x"}), "name is a path"),
    "the description": (lambda f: f.update({"datapackage.json": b"[]"}), "not that of a snapshot"),
    "a deep description": (lambda f: f.update({"datapackage.json": b"[" * 200_000}), "not that of a snapshot"),
    "the sums": (lambda f: f.update({"SHA256SUMS": b"hello"}), "not a list of hashes"),
    "the readme": (lambda f: f.update({"README.md": b"all free"}), "README.md has been changed"),
    "everything": (with_right_hashes, "hashes are right, but the tables .* give other bytes: observations.csv"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_touched_snapshot_is_found_out(baseline: Store, zipped: Path, change: tuple[Any, str]) -> None:
    with pytest.raises(NotProven, match=change[1]) as found:
        verify(repacked(zipped, change[0]), baseline)
    assert "\n" not in str(found.value)


def test_files_that_were_packed_again_are_told_apart(baseline: Store, zipped: Path) -> None:
    with pytest.raises(NotProven, match="packed elsewhere"):
        verify(repacked(zipped, lambda _: None), baseline)


def test_a_bomb_is_not_unpacked(baseline: Store, zipped: Path) -> None:
    bomb = repacked(zipped, lambda f: f.update({"vintages.csv": b"0" * 40_000_000}))
    with pytest.raises(NotProven, match="longer than it was"):
        verify(bomb, baseline)


@pytest.mark.parametrize("cut", [0, 1, 100, 5000, -1, -30])
def test_a_cut_zip_is_said_to_be_damaged(baseline: Store, zipped: Path, cut: int) -> None:
    zipped.write_bytes(zipped.read_bytes()[:cut])
    with pytest.raises(NotProven, match="damaged or not a zip file"):
        verify(zipped, baseline)


def test_a_flipped_byte_anywhere_is_found(baseline: Store, zipped: Path) -> None:
    whole = zipped.read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        zipped.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(NotProven):
            verify(zipped, baseline)


def test_without_the_tables_it_says_what_was_not_checked(store: Store, zipped: Path, tmp_path: Path) -> None:
    proof = verify(zipped, Store(str(tmp_path / "nowhere")))
    assert "hold nothing that was stored at that instant" in proof.unchecked
    store_values(store, "metr_horizons", "metr_p50", p50())
    assert verify(zipped, store).unchecked
    assert "not rebuilt" in str(proof)


def test_the_commands_write_prove_and_fail_in_a_sentence(
    baseline: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORE_URI", baseline.uri)
    out = tmp_path / "a.zip"
    assert main(["snapshot", str(out), "--as-of", "2026-02-28", "--indicator", "metr_p50"]) == 0
    assert "as known at 2026-02-22" in capsys.readouterr().out
    assert main(["verify", str(out)]) == 0
    assert "the same, bit for bit" in capsys.readouterr().out
    out.write_bytes(b"PK nonsense")
    assert main(["verify", str(out)]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert main(["snapshot", str(out), "--indicator", "nope"]) == 1
    with pytest.raises(SystemExit):
        main(["snapshot", str(out), "--as-of", "yesterday"])
