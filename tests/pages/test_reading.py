"""What the web process keeps: it runs for months while the tables change below it."""

import gc
import weakref
from dataclasses import replace

from dashboard.reading import Reader, kept_with_series, lab_standings


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
