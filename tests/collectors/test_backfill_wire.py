"""A backfill over the wire: polite, resumable, and it says how far it is."""

import re
from datetime import date
from pathlib import Path

import pytest

from collectors.backfill import backfill
from collectors.source import Http
from tests.conftest import NOW
from tests.faults.bench import Bench, Wire, attach, serving


def wire(bench: Bench) -> Http:
    return Wire(
        bench, now=NOW, contact="bench@example.org", seconds=20, archive=bench.archive, pace=bench.pace,
    )  # fmt: skip


def test_a_month_is_asked_for_once_a_second_apart_and_goes_on_after_a_stop(tmp_path: Path) -> None:
    with serving() as server:
        bench = attach(Bench("hacker_news", server, tmp_path))
        bench.store.create()
        told: list[tuple[int, int]] = []

        def go(last: date) -> list[str]:
            runs = backfill(
                bench.collector, lambda: wire(bench), bench.store, date(2026, 9, 29), last, lambda *n: told.append(n)
            )
            return [run.outcome for run in runs]

        assert go(date(2026, 9, 30)) == ["ok"]
        first = len(bench.log)
        assert first == 8  # two days of four slices
        apart = [(b.at - a.at).total_seconds() for a, b in zip(bench.log, bench.log[1:], strict=False)]
        assert min(apart) >= 1
        assert go(date(2026, 10, 1)) == ["ok"]  # September is not asked for again
        asked = {int(re.findall(r"created_at_i%3E%3D(\d+)", line.url)[0]) for line in bench.log[first:]}
        assert len(asked) == 4
        assert told == [(1, 1), (1, 2), (2, 2)]
        days = bench.store.read("observations").filter(indicator="hn_daily", subject="").collect()["date"].to_list()
        assert sorted(days) == [date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1)]


def test_the_command_shows_a_bar_and_an_estimate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from collectors import __main__ as command

    def told_twice(
        collector: object, web: object, store: object, first: date, last: date, told: object
    ) -> list[object]:
        told(1, 2)  # type: ignore[operator]
        told(2, 2)  # type: ignore[operator]
        return []

    monkeypatch.setenv("STORE_URI", str(tmp_path / "tables"))
    monkeypatch.setenv("PAYLOADS", str(tmp_path / "payloads"))
    monkeypatch.setattr(command.backfill, "backfill", told_twice)
    assert command.main(["backfill", "hacker_news", "--from", "2026-01-01"]) == 0
    said = capsys.readouterr().err
    assert "1/2, about 0 min left" in said
    assert f"[{'#' * 30}] 2/2" in said
