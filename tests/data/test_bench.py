"""The benchmark compares like with like, on a scale at which it takes a moment."""

from pathlib import Path

import pytest

from data import mentions
from tests.data import bench


def test_every_system_gives_the_same_answers_and_a_figure_for_each_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "TIMES", 1)
    found, pages = bench.measured(6_000, 5_000, None)
    ours, *others = found
    assert len(others) >= 2
    works = set(found[ours])
    assert works >= set(bench.ASKED)
    assert all(works - set(figures) <= {"memory of that process, MB"} for figures in found.values())
    text = bench.section({6_000: (found, pages), 60_000: (found, pages)}, 5_000)
    assert "| a run of 200 new mentions appended |" in text
    assert "| the dashboard: how every source stands | 1.0x |" in text


def test_a_file_that_lacks_a_row_is_another_file(tmp_path: Path) -> None:
    names = ",".join(mentions.STORED)
    row = ",".join("x" for _ in mentions.STORED)
    for name, rows in {"one": [row, row[:-1]], "same": [row[:-1], row], "other": [row]}.items():
        (tmp_path / name).write_text("\n".join([names, *rows]) + "\n")
    assert bench.same_file(tmp_path / "one", tmp_path / "same")
    assert not bench.same_file(tmp_path / "one", tmp_path / "other")
