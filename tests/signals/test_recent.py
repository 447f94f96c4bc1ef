"""What a long-lived process keeps of slow results."""

from signals.recent import Recent


def test_what_is_kept_is_not_made_again() -> None:
    made: list[int] = []
    kept: Recent[int] = Recent(2)
    for key in (1, 1, 2, 1):
        kept.get(key, lambda key=key: made.append(key) or key)  # type: ignore[misc]
    assert made == [1, 2]


def test_a_process_that_runs_for_months_keeps_the_newest_only() -> None:
    kept: Recent[int] = Recent(3)
    for key in range(1000):
        kept.get(0, lambda: 0)
        kept.get(key, lambda key=key: key)  # type: ignore[misc]
    assert len(kept) == 3
    assert [kept.get(key, lambda: -1) for key in (0, 998, 999)] == [0, 998, 999]


def test_nothing_is_a_result_too() -> None:
    kept: Recent[int | None] = Recent(1)
    assert kept.get("none", lambda: None) is None
    assert kept.get("none", lambda: 1) is None
