"""A backup gives back every row as it was known at every instant."""

from pathlib import Path

import pytest

from data import backup, upkeep
from data.__main__ import main
from data.schema import TABLES, Failure
from data.store import Store
from tests.data.test_store import at, row, values


def rows(store: Store) -> dict[str, list[dict[str, object]]]:
    return {n: store.read(n).sort(t.key).collect().to_dicts() for n, t in TABLES.items()}


def test_what_was_lost_comes_back_exactly(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(str(prepared))
    monkeypatch.setenv("STORE_URI", store.uri)
    assert main(["backup", str(tmp_path / "safe")]) == 0
    monkeypatch.setenv("STORE_URI", str(tmp_path / "new"))
    assert main(["restore", str(tmp_path / "safe")]) == 0
    assert "rows copied" in capsys.readouterr().out
    assert rows(Store(str(tmp_path / "new"))) == rows(store)


def test_a_second_backup_adds_only_what_is_new(store: Store, tmp_path: Path) -> None:
    safe = Store(str(tmp_path / "safe"))
    store.append_vintages("observations", [row(1.0)], at(1))
    assert backup.copy(store, safe)["observations"] == 1
    store.append_vintages("observations", [row(2.0)], at(2))
    upkeep.tidy(store)
    assert backup.copy(store, safe)["observations"] == 1
    assert (values(safe, at(1)), values(safe)) == ([1.0], [2.0])
    assert upkeep.faults(safe) == []


def test_a_store_that_went_on_by_itself_is_not_mixed_with_another(store: Store, tmp_path: Path) -> None:
    other = Store(str(tmp_path / "other"))
    other.create()
    store.append_vintages("observations", [row(1.0)], at(1))
    other.append_vintages("observations", [row(5.0)], at(1))
    before = rows(other)
    with pytest.raises(Failure, match="no copy of it"):
        backup.copy(store, other)
    assert rows(other) == before


def test_a_backup_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_URI", str(tmp_path / "tables"))
    assert main(["restore", str(tmp_path / "nowhere")]) == 1
