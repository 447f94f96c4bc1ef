"""Each host is asked at its own pace, and a host's wish costs no other host anything."""

import pytest

from collectors.pace import GAPS, Pace


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("host", "gap"), [("example.org", 1.0), ("api.github.com", 6.5), ("export.arxiv.org", 3.0)])
def test_a_host_is_left_alone_as_long_as_it_wants(host: str, gap: float) -> None:
    clock = Clock()
    pace = Pace(clock=clock.time, sleep=clock.sleep)
    started = []
    for _ in range(3):
        with pace.turn(host):
            started.append(clock.now)
    assert started == [0, gap, 2 * gap]


def test_a_slow_host_delays_no_other_one() -> None:
    clock = Clock()
    pace = Pace(clock=clock.time, sleep=clock.sleep)
    for host in ("api.github.com", "example.org"):
        with pace.turn(host):
            assert clock.now == 0


def test_ten_searches_a_minute_are_not_exceeded() -> None:
    assert 60 / GAPS["api.github.com"] < 10
