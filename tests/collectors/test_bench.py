"""The benchmark measures what it says, and keeps the rest of its document."""

import subprocess
import sys
from pathlib import Path

from collectors.bench import BEGIN, END, Cost, News, jobs_in, measure, measure_news, put_into
from tests.conftest import PAYLOADS

HOME = Path(__file__).parents[2]
COST = Cost(sources=2, rows=1234, parsing=1.0, replay=1.5, again=1.25, most_mb=250.4)
NEWS = News(titles=90_000, feed_kb=70.0, ours_ms=90.0, feedparser_ms=45.0)


def test_each_source_is_replayed_from_the_folder_that_makes_most_of_it() -> None:
    folders = [PAYLOADS / "epoch_eci", PAYLOADS / "metr_horizons"]
    assert {collector.name for collector, _ in jobs_in(folders)} == {"epoch_eci", "metr_horizons"}


def test_a_replay_costs_something_and_every_source_ends_well() -> None:
    cost = measure(jobs_in([PAYLOADS / "epoch_eci", PAYLOADS / "metr_horizons"]), rounds=1)
    assert cost.sources == 2
    assert cost.rows > 10
    assert min(cost.parsing, cost.replay, cost.again) > 0


def test_the_section_is_added_once_and_the_rest_of_the_document_stays() -> None:
    once = put_into("# Benchmarks\n\nMine.\n", COST, NEWS)
    assert once.startswith("# Benchmarks\n\nMine.\n\n" + BEGIN)
    assert "| 2 | 1,234 | 1.00 s | 1.50 s | 1.5 | 1.25 s | 250 MB |" in once
    assert "| 90,000 | 70 kB | 90 ms | 45 ms | 2.00 |" in once
    assert put_into(once, COST, NEWS) == once
    assert put_into(once + "More.\n", COST, NEWS).endswith(END + "\nMore.\n")
    assert put_into("", COST, NEWS).startswith("# Benchmarks")


def test_titles_and_a_feed_are_timed() -> None:
    news = measure_news(entries=20)
    assert news.titles > 5000  # a floor for any machine
    assert min(news.ours_ms, news.feedparser_ms) > 0


LIGHT = """
import sys
from pathlib import Path
from collectors.bench import jobs_in, measure
measure(jobs_in(map(Path, sys.argv[1:])), rounds=1)
print(*sorted({"pandas", "scipy"} & sys.modules.keys()))
"""


def test_collecting_does_without_the_libraries_of_pages_and_signals() -> None:
    """They would be a hundred of the megabytes that a replay may take; Arrow and Polars load pandas unasked."""
    folders = [PAYLOADS / name for name in ("epoch_eci", "lmarena", "metr_horizons", "lab_feeds")]
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, *map(str, folders)], capture_output=True, text=True, timeout=120, cwd=HOME
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
