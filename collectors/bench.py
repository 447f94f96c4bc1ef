"""What it costs to replay every source end to end, against parsing the same answers and doing nothing with them.

Both are measured in the same process, one after the other, several times; only their ratio means anything on a
machine that others use too.
"""

import csv
import io
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from statistics import median
from xml.sax.saxutils import escape

import feedparser

from collectors import feeds, tagging
from collectors.registry import all_collectors
from collectors.replay import INDEX, Replay
from collectors.run import run_together
from collectors.source import Collector
from data.schema import SUCCESS, Failure
from data.shipped import SHIPPED_MENTIONS
from data.store import Store

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
BEGIN, END = "<!-- collectors: written by `python -m collectors bench` -->", "<!-- end of collectors -->"

Jobs = Sequence[tuple[Collector, Path]]


@dataclass(frozen=True)
class Cost:
    """Medians over the rounds, in seconds; `most_mb` is the largest the process has ever been."""

    sources: int
    rows: int
    parsing: float
    replay: float
    again: float
    most_mb: float

    @property
    def ratio(self) -> float:
        return self.replay / self.parsing


def jobs_in(folders: Iterable[Path]) -> list[tuple[Collector, Path]]:
    """For each source the folder that makes most rows of it: the most real answer there is."""
    best: dict[str, tuple[int, Path]] = {}
    for folder in folders:
        for name, collector in all_collectors().items():
            rows = 0 if collector.source.by_hand else _rows(collector, folder)
            if rows > best.get(name, (0, folder))[0]:
                best[name] = rows, folder
    return [(all_collectors()[name], folder) for name, (_, folder) in best.items()]


def measure(jobs: Jobs, rounds: int = 5) -> Cost:
    """Parse, then replay into an empty store, then replay the same again, `rounds` times."""
    parsing, replay, again = [], [], []
    rows = 0
    for _ in range(rounds):
        start = time.perf_counter()
        rows = sum(_rows(collector, folder) for collector, folder in jobs)
        parsing.append(time.perf_counter() - start)
        with tempfile.TemporaryDirectory() as home:
            store = Store(home)
            store.create()
            replay.append(_replay(jobs, store))
            again.append(_replay(jobs, store))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(len(jobs), rows, median(parsing), median(replay), median(again), most)


@dataclass(frozen=True)
class News:
    """Titles tagged a second on one core, and the time to read one feed: ours with its checks, and feedparser alone."""

    titles: int
    feed_kb: float
    ours_ms: float
    feedparser_ms: float


def measure_news(entries: int = 400) -> News:
    """On the shipped titles, repeated, and on a feed made of them. Processor time: a busy machine changes little."""
    found = csv.DictReader(files("data").joinpath(SHIPPED_MENTIONS).read_text(encoding="utf-8").splitlines())
    rows = list(found)
    speed = tagging.speed([row["title"] for row in rows] * 20)["titles_per_second"]
    items = "".join(
        f"<item><title>{escape(row['title'])}</title><link>{escape(row['url'])}</link>"
        f"<pubDate>{AT:%a, %d %b %Y} 06:00:00 GMT</pubDate></item>"
        for row in rows[:entries]
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Made</title>{items}</channel></rss>'.encode()
    ours = _seconds(lambda: feeds.read(feed, "https://example.org/feed", AT))
    alone = _seconds(lambda: feedparser.parse(io.BytesIO(feed)))
    return News(speed, len(feed) / 1000, 1000 * ours, 1000 * alone)


def _seconds(work: Callable[[], object], rounds: int = 7) -> float:
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return median(taken)


def put_into(text: str, cost: Cost, news: News) -> str:
    """The document with its section on the collectors made anew, or added at its end."""
    before, begin, rest = text.partition(BEGIN)
    after = rest.partition(END)[2] if begin else "\n"
    if not begin:
        before = before.rstrip("\n") + "\n\n" if before.strip() else "# Benchmarks\n\n"
    return f"{before}{BEGIN}\n{_section(cost)}\n\n{_news_section(news)}\n{END}{after}"


def _section(cost: Cost) -> str:
    cells = (
        str(cost.sources),
        f"{cost.rows:,}",
        f"{cost.parsing:.2f} s",
        f"{cost.replay:.2f} s",
        f"{cost.ratio:.1f}",
        f"{cost.again:.2f} s",
        f"{cost.most_mb:.0f} MB",
    )
    return f"{_TEXT}\n| {' | '.join(cells)} |\n\n{_READING}"


def _news_section(news: News) -> str:
    return (
        f"{_NEWS}\n| {news.titles:,} | {news.feed_kb:.0f} kB | {news.ours_ms:.0f} ms | {news.feedparser_ms:.0f} ms "
        f"| {news.ours_ms / news.feedparser_ms:.2f} |"
    )


_NEWS = """## News

Labs and topics of the shipped titles, on one core (the goal is 50,000 a second); and one feed of 400 entries, read with
our checks against entity bombs, cut answers and hostile text, beside feedparser alone. Processor time.

| titles a second | feed | ours | feedparser | ratio |
|---|---|---|---|---|"""
_TEXT = """## Collectors

Replaying all sources end to end (parse, check, compare with what is stored, store), one commit a table, against
parsing the same answers alone, in the same process. Medians; seconds on a machine that others use too: read the ratio.

| sources | rows | parsing | replay into an empty store | ratio | the same again | most memory |
|---|---|---|---|---|---|---|"""
_READING = """The goal is a ratio of 2 and 300 MB. What a replay costs beyond parsing is mostly opening and committing
tables, which is the same for ten rows as for ten thousand: the fuller the answers, the smaller the ratio. Of the
memory some 80 MB are the libraries once loaded, and most of the rest is their code that a first commit brings in."""


def _rows(collector: Collector, folder: Path) -> int:
    if not (folder / INDEX).is_file():
        return 0
    try:
        replay = Replay(folder, AT)
        rows = sum(1 for _ in collector.collect(replay))
        return rows if replay.asked else 0
    except Failure:
        return 0


def _replay(jobs: Jobs, store: Store) -> float:
    start = time.perf_counter()
    runs = run_together([(collector, Replay(folder, AT)) for collector, folder in jobs], store, AT)
    bad = [f"{run.source}: {run.error}" for run in runs if run.outcome not in SUCCESS]
    if bad:
        raise Failure("incomplete", f"a benchmark of failures says nothing: {'; '.join(bad)}")
    return time.perf_counter() - start
