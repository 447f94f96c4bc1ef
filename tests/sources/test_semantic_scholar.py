"""Semantic Scholar: papers without a day are dated by when they were seen, papers without a title are none."""

from collections.abc import Callable

from collectors.source import Row
from data.schema import Mention


def test_papers_are_dated_as_well_as_is_known(replay: Callable[..., list[Row]]) -> None:
    found = [row for row in replay("semantic_scholar") if isinstance(row, Mention)]
    assert [(row.title, row.precision) for row in found] == [
        ("Recursive Self-Improvement in a Teapot", "day"),
        ("Seed AI and seed banks", "seen"),
    ]
