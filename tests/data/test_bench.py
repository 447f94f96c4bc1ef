"""The benchmark compares like with like, on a scale at which it takes a moment."""

from tests.data import bench


def test_every_system_gives_the_same_answers_and_a_figure_for_each_work() -> None:
    found, pages = bench.measured(6_000, 5_000, None)
    ours, *others = found
    assert len(others) >= 2
    works = set(found[ours])
    assert works >= set(bench.ASKED)
    assert all(works - set(figures) <= {"memory of that process, MB"} for figures in found.values())
    text = bench.section({6_000: (found, pages), 60_000: (found, pages)}, 5_000)
    assert "| a run of 200 new mentions appended |" in text
    assert "| the dashboard: how every source stands | 1.0x |" in text
