"""What the web process keeps: it runs for months while the tables change below it."""

import gc
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.reading import Reader, Series, kept_with_series, lab_standings
from data.store import Store


def test_what_is_worked_out_about_a_series_is_kept_while_it_lives_and_not_longer(reader: Reader) -> None:
    series = replace(reader.series("metr_p50"))
    assert lab_standings(series) is lab_standings(series)
    left = weakref.ref(series)
    del series
    gc.collect()
    assert left() is None


def test_many_questions_about_one_series_do_not_pile_up(reader: Reader) -> None:
    asked: list[int] = []

    @kept_with_series
    def told(_: object, number: int) -> int:
        asked.append(number)
        return number

    series = reader.series("metr_p50")
    for number in (0, 0, *range(1, 1000), 0):
        told(series, number)
    assert asked == [*range(1000), 0], "kept at first, and forgotten after many others"


def test_who_goes_to_and_fro_between_today_and_past_days_finds_them_worked_out(
    baseline_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = Reader._read_series

    def counted(self: Reader, key: str, *asked: Any) -> Series:
        read.append(key)
        return real(self, key, *asked)

    monkeypatch.setattr(Reader, "_read_series", counted)
    reader = Reader(Store(baseline_uri))
    days = (None, datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    for day in (*days, *days):
        for key in reader.catalogue():
            reader.series(key, day)
    assert len(read) == len(days) * len(reader.catalogue()), "each once"
