"""How fast the tables are, as ratios against databases that hold the same rows: `make bench-store`.

    python -m tests.data.bench [--mentions 1000000 10000000] [--write docs/benchmarks.md]

All answers are compared before anything is timed; each figure is the best of three, all in one go.
"""

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from data import extent, mentions, queries, upkeep
from data.mentions import Wanted
from data.schema import INDICATORS, MENTIONS, OBSERVATIONS
from data.store import Store, digest
from data.vintages import as_of
from tests.data.peers import Peer, peers, started

BEGIN, END = "<!-- store: written by `make bench-store` -->", "<!-- end of store -->"
MONTHS, LAST = 60, date(2026, 10, 31)
LABS = ("openai", "anthropic", "google_deepmind", "meta", "xai", "mistral", "deepseek", "qwen", "")
TOPICS = ("rsi", "agents", "compute", "policy", "safety", "")
SOURCES = ("hacker_news", "press_feeds", "gdelt")
OUTLETS = tuple(f"outlet {n}" for n in range(200))
RARE = "zebrafish"
TIMES = 3
"""How often each work is timed; the shortest counts."""
FIRST = LAST - timedelta(days=90)
KNOWN = datetime(2026, 10, 20, tzinfo=UTC)
YEAR = LAST - timedelta(days=365)


def days(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def hexes(chance: np.random.Generator, count: int) -> pl.Series:
    raw = pa.Array.from_buffers(pa.binary(16), count, [None, pa.py_buffer(chance.bytes(16 * count))])
    return pl.Series(raw.cast(pa.binary())).bin.encode("hex")


def drawn(
    chance: np.random.Generator, values: Sequence[str], count: int, odds: Sequence[float] | None = None
) -> pl.Series:
    return pl.Series(values).gather(chance.choice(len(values), count, p=odds))


def month_of(number: int) -> date:
    months = LAST.year * 12 + LAST.month - MONTHS + number
    return date(months // 12, months % 12 + 1, 1)


def made_mentions(total: int) -> Iterator[pl.DataFrame]:
    """Five years of mentions, a month at a time: titles of some 80 characters, addresses of some 60."""
    words = pl.Series([RARE, *(digest(n)[: 4 + n % 8] for n in range(3000))])
    for number in range(MONTHS):
        chance, count, first = np.random.default_rng(number), total // MONTHS, month_of(number)
        ids = hexes(chance, count)
        length = (month_of(number + 1) - first).days * 86_400_000_000
        at = pl.Series(micros(datetime(first.year, first.month, 1, tzinfo=UTC)) + chance.integers(0, length, count))
        at = at.cast(pl.Datetime("us", "UTC"))
        picked = [words.gather(chance.integers(1, len(words), count)) for _ in range(9)]
        rare = pl.Series(chance.random(count) < 20 / total).replace_strict(
            {True: f" {RARE}", False: ""}, return_dtype=pl.String
        )
        slug = ids.str.slice(0, 30)
        yield pl.DataFrame(
            {
                "id": ids, "article_id": hexes(chance, count), "published_at": at,
                "known_at": at + pl.Series(chance.integers(60, 86_400, count) * 1_000_000).cast(pl.Duration("us")),
                "lab": drawn(chance, LABS, count, (0.25, 0.16, 0.15, 0.1, 0.08, 0.05, 0.06, 0.05, 0.1)),
                "topic": drawn(chance, TOPICS, count, (0.05, 0.25, 0.15, 0.15, 0.1, 0.3)),
                "outlet": drawn(chance, OUTLETS, count),
                "source": drawn(chance, SOURCES, count),
                "title": pl.select(pl.concat_str(picked, separator=" ")).to_series() + rare,
                "url": "https://www.example.org/articles/" + slug, "canonical_url": "https://example.org/articles/" + slug,
            }
        ).with_columns(
            kind=pl.lit("press"), publisher_lab=pl.lit(None, pl.String), precision=pl.lit("second"), lang=pl.lit("en"),
            tagger=pl.lit("t1"), evidence=pl.lit('{"alias": "a", "strength": "strong"}'), month=pl.lit(f"{first:%Y-%m}"),
            run_id=pl.lit(digest(number)),
        ).select(MENTIONS.names).cast(MENTIONS.schema)  # fmt: skip


def made_observations(total: int) -> Iterator[pl.DataFrame]:
    """50 indicators of 5 sources, 90 dates, up to 200 subjects (of a million rows); one in ten restated."""
    point = pl.DataFrame({"i": range(50)}).join(pl.DataFrame({"s": range(total // 5000)}), how="cross")
    point = point.join(pl.DataFrame({"d": range(90)}), how="cross")
    chance = np.random.default_rng(1)
    again = point.filter(pl.Series(chance.random(len(point)) < 1 / 9))
    first = point.with_columns(v=pl.lit(0), row_id=hexes(chance, len(point)), prev_id=pl.lit(None, pl.String))
    again = again.with_columns(v=pl.lit(1), row_id=hexes(chance, len(again)))
    again = again.join(
        first.select("i", "s", "d", prev_id="row_id"), on=["i", "s", "d"], how="left", maintain_order="left"
    )
    both = pl.concat([first, again.select(first.columns)])
    start = pl.lit(datetime(2026, 1, 1, tzinfo=UTC)).cast(pl.Datetime("us", "UTC"))
    rows = both.select(
        row_id="row_id", prev_id="prev_id", source=pl.format("source_{}", pl.col("i") % 5),
        indicator=pl.format("indicator_{}", "i"), subject=pl.format("model {}", "s"), variant=pl.lit(""),
        date=pl.lit(date(2024, 1, 1)) + pl.duration(days=pl.col("d")), known_at=start + pl.duration(days=pl.col("v") * 100, hours="d"),
        value=pl.Series(chance.random(len(both))), low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64),
        level=pl.lit(None, pl.Float64), bound=pl.lit("="), unit=pl.lit("points"), lab=pl.lit("openai"), model=pl.lit(None, pl.String),
        url=pl.lit("https://example.org/data"), stated_at=pl.lit(None, pl.Datetime("us", "UTC")), detail=pl.lit(None, pl.String),
        run_id=pl.lit("r"),
    )  # fmt: skip
    for _, piece in rows.group_by("source", maintain_order=True):
        yield piece.select(OBSERVATIONS.names).cast(OBSERVATIONS.schema)


def made_daily() -> pl.DataFrame:
    """The daily counts that runs keep beside the mentions: five years, three sources, each lab and topic and all."""
    series = [*(f"lab:{lab}" for lab in LABS if lab), *(f"topic:{topic}" for topic in TOPICS if topic), ""]
    every = pl.DataFrame({"source": SOURCES}).join(pl.DataFrame({"subject": series}), how="cross")
    every = every.join(pl.DataFrame({"date": pl.date_range(month_of(0), LAST, eager=True)}), how="cross")
    chance = np.random.default_rng(2)
    rows = every.with_columns(
        row_id=hexes(chance, len(every)), value=pl.Series(chance.integers(0, 100, len(every))),
        indicator=pl.col("source") + "_daily", variant=pl.lit("t1"), known_at=pl.col("date").cast(pl.Datetime("us", "UTC")),
        bound=pl.lit("="), unit=pl.lit("articles"), run_id=pl.lit("r"),
    )  # fmt: skip
    empty = pl.DataFrame(schema=OBSERVATIONS.schema)
    return pl.concat([empty, rows.cast({"value": pl.Float64})], how="diagonal").select(empty.columns)


def new_run(number: int) -> pl.DataFrame:
    """Two hundred mentions of the last month that nobody has yet."""
    rows = next(made_mentions(200 * MONTHS))
    ids = hexes(np.random.default_rng(10_000 + number), len(rows))
    at = pl.lit(datetime(2026, 10, 30, tzinfo=UTC)).cast(pl.Datetime("us", "UTC"))
    return rows.with_columns(id=ids, published_at=at, known_at=at, month=pl.lit("2026-10"))


class Ours:
    """The tables, asked by the functions that the program uses."""

    name = "this program"

    def __init__(self, home: Path) -> None:
        self.home, self.store = home, Store(str(home / "tables"))
        self.store.create()

    def load(self, table: str, pieces: Iterable[pl.DataFrame]) -> None:
        """Store the rows in more commits than one a month, so that upkeep has to lay them together as it always has."""
        for piece in pieces:
            for half in (piece[::2], piece[1::2]):
                self.store.append_frame(table, half)

    def ask(self, what: str) -> pl.DataFrame:
        wanted = {
            "daily": Wanted(),
            "recent": Wanted(first=FIRST, labs=("openai", "anthropic", "meta")),
            "as_of": Wanted(first=FIRST, instant=KNOWN),
        }
        if what == "search":
            return mentions.page(self.store, Wanted(search=RARE), 100)[0]
        return mentions.counted(self.store, wanted[what])

    def latest(self) -> tuple[int, float]:
        rows = as_of(self.store.read("observations"), KNOWN)
        found: tuple[int, float] = (
            rows.select(count=pl.col("value").count(), total=pl.col("value").sum()).collect().row(0)
        )
        return found

    def export(self, path: Path) -> int:
        mentions.save(self.store, Wanted(labs=("openai",)), path)
        return path.stat().st_size

    def append(self, rows: pl.DataFrame) -> None:
        self.store.append_new("mentions", rows.to_dicts())

    def bytes(self) -> int:
        return sum(upkeep.extent(self.store, name)["bytes"] for name in ("mentions", "observations"))

    def cold(self) -> str:
        wanted = f"Wanted(first=date({YEAR.year}, {YEAR.month}, {YEAR.day}))"
        imports = "from datetime import date; from data.store import Store; from data.mentions import Wanted, counted"
        return f"{imports}; counted(Store({self.store.uri!r}), {wanted})"


def best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(TIMES):
        clock = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - clock)
    return min(seconds)


COUNTS, SEARCH = (
    "daily counts by lab and topic, all years, from the mentions",
    "search for a rare word in all titles, newest 100",
)
LATEST, CSV = "newest value of each point as of a day, all observations", "CSV of all titles that name one lab"
APPENDED, AGAIN = "a run of 200 new mentions appended", "the same run collected again"
COLD, MEMORY = "new process to the data of a chart of one year", "memory of that process, MB"
SIZE, WRITTEN = "size on disk, MB", "all rows written and laid out"
ASKED = {
    COUNTS: "daily",
    "the same, 3 labs, last 90 days": "recent",
    "the same as known on a past day, 90 days": "as_of",
    SEARCH: "search",
}
GIVEN = {"first": days(FIRST), "known": micros(KNOWN), "word": RARE}
Figures = dict[str, float]


def timed(name: str, works: Iterable[tuple[str, Callable[[], float]]]) -> Figures:
    """The figure of each work, told as soon as it is known."""
    found: Figures = {}
    for title, measure in works:
        found[title] = measure()
        print(f"{name}: {title}: {shown(title, found[title])}", flush=True)
    return found


def figures_of_ours(ours: Ours, home: Path) -> Figures:
    runs = [new_run(number) for number in range(TIMES)]
    first, second = iter(runs), iter(runs)
    works: list[tuple[str, Callable[[], float]]] = [
        *((title, partial(best, partial(ours.ask, what))) for title, what in ASKED.items()),
        (LATEST, lambda: best(ours.latest)),
        (CSV, lambda: best(lambda: ours.export(home / "ours.csv"))),
        (APPENDED, lambda: best(lambda: ours.append(next(first)))),
        (AGAIN, lambda: best(lambda: ours.append(next(second)))),
        (COLD, lambda: min(started(ours.cold())[0] for _ in range(TIMES))),
        (MEMORY, lambda: started(ours.cold())[1]),
        (SIZE, lambda: ours.bytes() / 1e6),
    ]
    return timed(ours.name, works)


def figures_of(peer: Peer, home: Path) -> Figures:
    runs = [new_run(number) for number in range(TIMES)]
    first, second = iter(runs), iter(runs)
    works: list[tuple[str, Callable[[], float]]] = [
        *((title, partial(best, partial(peer.ask, what, **GIVEN))) for title, what in ASKED.items()),
        (LATEST, lambda: best(lambda: peer.latest(micros(KNOWN)))),
        (CSV, lambda: best(lambda: peer.export(home / "peer.csv"))),
        (APPENDED, lambda: best(lambda: peer.append(next(first)))),
        (AGAIN, lambda: best(lambda: peer.append(next(second)))),
        (COLD, lambda: min(started(peer.cold(days(YEAR)))[0] for _ in range(TIMES))),
        (SIZE, lambda: peer.bytes() / 1e6),
    ]
    if not peer.name.startswith("PostgreSQL"):  # most of its memory is the server's
        works.insert(-1, (MEMORY, lambda: started(peer.cold(days(YEAR)))[1]))
    return timed(peer.name, works)


Answers = tuple[dict[str, list[tuple[Any, ...]]], tuple[int, float]]


def answers(ours: Ours) -> Answers:
    found = {
        what: [(days(day), *rest) for day, *rest in ours.ask(what).rows()] for what in ("daily", "recent", "as_of")
    }
    found["search"] = [(row[-1],) for row in ours.ask("search").rows()]
    return found, ours.latest()


def check(mine: Answers, peer: Peer) -> None:
    """Both must answer alike before their speed means anything."""
    asked, (count, total) = mine
    for what, rows in asked.items():
        theirs = [tuple(row) for row in peer.ask(what, **GIVEN)]
        assert rows == ([row[-1:] for row in theirs] if what == "search" else theirs), (peer.name, what)
    peer_count, peer_total = peer.latest(micros(KNOWN))
    assert (count, round(total, 3)) == (peer_count, round(peer_total, 3)), peer.name


def same_file(mine: Path, theirs: Path) -> bool:
    """Whether two exports hold the same rows, in whatever order."""
    one, other = (
        pl.scan_csv(path, infer_schema=False).select(pl.col(*mentions.STORED).fill_null("").hash().sum()).collect()
        for path in (mine, theirs)
    )
    return one.equals(other)


OF_PAGES = ("the newest 500 titles", "outlets to choose from")
"""What the dashboard asks of the mentions themselves; everything else it reads from tables that they do not lengthen."""


def dashboard(ours: Ours) -> Figures:
    """What the pages ask."""
    titles, outlets = OF_PAGES
    works: dict[str, Callable[[], object]] = {
        "all indicators and their extent": lambda: extent.extents(ours.store),
        "values of one indicator": lambda: queries.observations(ours.store, "indicator_7"),
        "how every source stands": lambda: queries.source_states(ours.store),
        "daily counts of all labs and topics, all years": lambda: mentions.daily(ours.store),
        titles: lambda: mentions.articles(ours.store, Wanted(), 500),
        outlets: lambda: mentions.present(ours.store),
    }
    return timed("the dashboard", ((title, partial(best, work)) for title, work in works.items()))


class Made:
    """The rows, made once and kept in files, so that every system is given the same ones quickly."""

    def __init__(self, home: Path, total: int, observations: int) -> None:
        self.home = home
        counts = (piece for _, piece in made_daily().group_by("source", maintain_order=True))
        values = chain(made_observations(observations), counts)
        for table, pieces in {"mentions": made_mentions(total), "observations": values}.items():
            for number, piece in enumerate(pieces):
                (home / table).mkdir(parents=True, exist_ok=True)
                piece.write_ipc(home / table / f"{number:03}.arrow", compression="lz4")

    def __getitem__(self, table: str) -> Iterator[pl.DataFrame]:
        return (pl.read_ipc(path) for path in sorted((self.home / table).iterdir()))


def measured(total: int, observations: int, folder: Path | None) -> tuple[dict[str, Figures], Figures]:
    """Figures by system, and those of the dashboard. One system after the other, so that the disk holds two at most."""
    home = Path(tempfile.mkdtemp(prefix="bench-store-", dir=folder))
    try:
        print(f"{total:,} mentions", flush=True)
        made, ours = Made(home / "made", total, observations), Ours(home / "ours")
        clock = time.perf_counter()
        for table in ("mentions", "observations"):
            ours.load(table, made[table])
        ours.store.append_new("indicators", [sourced(source) for source in SOURCES])
        upkeep.tidy(ours.store)
        written = time.perf_counter() - clock
        mine = answers(ours)
        pages = dashboard(ours)
        found = {ours.name: figures_of_ours(ours, home) | {WRITTEN: written}}
        for peer in peers(home):
            try:
                clock = time.perf_counter()
                for table, key in (("mentions", "id"), ("observations", "row_id")):
                    peer.load(table, key, made[table])
                written = time.perf_counter() - clock
                check(mine, peer)
                found[peer.name] = figures_of(peer, home) | {WRITTEN: written}
                assert same_file(home / "ours.csv", home / "peer.csv"), peer.name
            finally:
                peer.stop()
                shutil.rmtree(peer.home)
        return found, pages
    finally:
        shutil.rmtree(home)


def sourced(source: str) -> dict[str, Any]:
    """A line of the catalogue, so that the source's rows may be shown."""
    numbers = {"period_days": 1.0, "grace_days": 1.0, "plural": False, "known_at": datetime(2026, 1, 1, tzinfo=UTC)}
    none = dict.fromkeys(("lower", "upper", "closed_on", "max_factor", "prev_id"))
    named = {"source": source, "indicator": source, "row_id": source, "share": "full", "variants": "[]"}
    return dict.fromkeys(INDICATORS.names, "") | numbers | none | named


Results = dict[int, tuple[dict[str, Figures], Figures]]


def section(results: Results, observations: int) -> str:
    """The tables of the page."""
    load = f"{os.getloadavg()[0]:.0f}"
    lines = [
        "## Tables",
        "",
        (
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {load} from other work; "
            "made by `make bench-store`. Best of three, upkeep done before; the first figure is ours, the others are how many times that the "
            "peers need (more than 1x: we are faster or smaller). All answers were compared first."
        ),
    ]
    lines += ["", *goals(results)]
    for total, (found, pages) in results.items():
        ours, *others = found
        lines += ["", f"### {total:,} mentions and {observations:,} observations", ""]
        lines += [f"| work | {ours} | {' | '.join(others)} |", "|---|" + "---|" * len(found)]
        for work, figure in found[ours].items():
            ratios = [f"{found[o][work] / figure:.2g}x" if work in found[o] else "not measured" for o in others]
            lines.append(f"| {work} | {shown(work, figure)} | {' | '.join(ratios)} |")
        if not any(name.startswith("PostgreSQL") for name in others):
            lines.append("\nPostgreSQL: not measured, no server binary here (Debian: `apt-get install postgresql`).")
        lines += ["", "| what the dashboard asks | time |", "|---|---|"]
        lines += [f"| {work} | {shown(work, figure)} |" for work, figure in pages.items()]
    if len(results) > 1:
        growth, of_pages = grown(results)
        lines += [
            "",
            f"### How cost grows, {times_more(results):.0f} times the mentions",
            "",
            "| work | times |",
            "|---|---|",
        ]
        lines += [f"| {work} | {times:.1f}x |" for work, times in growth.items()]
        lines += [f"| the dashboard: {work} | {times:.1f}x |" for work, times in of_pages.items()]
    return "\n".join(lines)


def times_more(results: Results) -> float:
    return max(results) / min(results)


def grown(results: Results) -> tuple[Figures, Figures]:
    """How many times as much the largest size costs us as the smallest: works, and what the dashboard asks."""
    (few, few_pages), (many, many_pages) = results[min(results)], results[max(results)]
    works = {work: many[Ours.name][work] / figure for work, figure in few[Ours.name].items()}
    return works, {work: many_pages[work] / figure for work, figure in few_pages.items()}


def goals(results: Results) -> list[str]:
    """Each goal at the largest size, what was measured, and whether it is met."""
    found, _ = results[max(results)]
    ours = found[Ours.name]
    lines = [f"| goal, at {max(results):,} mentions | measured | |", "|---|---|---|"]

    def judge(goal: str, measured: str, is_met: bool | None) -> None:
        lines.append(f"| {goal} | {measured} | {'' if is_met is None else 'met' if is_met else 'missed'} |")

    for work, least, goal in (
        (COUNTS, 3, "daily counts, from the mentions themselves, 3x faster than"),
        (SEARCH, 3, "search 3x faster than"),
        (CSV, 3, "CSV of a slice 3x faster than"),
        (SIZE, 4, "a quarter of the disk of"),
        (LATEST, 1, "newest values as of a day no slower than"),
    ):
        for kind in ("SQLite", "PostgreSQL"):
            ratio = next((f[work] / ours[work] for name, f in found.items() if name.startswith(kind)), None)
            met = None if ratio is None else ratio >= least
            judge(f"{goal} {kind}", "not measured" if ratio is None else f"{ratio:.2g}x", met)
    judge("a run of 200 mentions appended in 150 ms", shown(APPENDED, ours[APPENDED]), ours[APPENDED] < 0.15)
    judge("the same run again costs less than that", shown(AGAIN, ours[AGAIN]), ours[AGAIN] < ours[APPENDED])
    if len(results) > 1:
        works, pages = grown(results)
        worst = max(works, key=lambda work: works[work])
        more = times_more(results)
        judge(
            f"nothing grows faster than the mentions, {more:.0f}x",
            f"at most {works[worst]:.1f}x: {worst}",
            works[worst] <= more,
        )
        steady = {work: times for work, times in pages.items() if work not in OF_PAGES}
        worst = max(steady, key=lambda work: steady[work])
        # 1.5x is what two measurements of the same milliseconds differ by
        judge(
            "the dashboard's own questions do not grow", f"at most {steady[worst]:.1f}x: {worst}", steady[worst] <= 1.5
        )
    return lines


def shown(work: str, figure: float) -> str:
    if work.endswith("MB"):
        return f"{figure:,.0f} MB"
    return f"{figure * 1000:,.0f} ms" if figure < 1 else f"{figure:,.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--observations", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the databases lie meanwhile")
    parser.add_argument("--write", type=Path, help="the page whose section is made anew")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no server is left running
    results = {total: measured(total, args.observations, args.folder) for total in args.mentions}
    text = section(results, args.observations)
    print(text)
    if args.write:
        page = args.write.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        after = rest.partition(END)[2]
        args.write.write_text(f"{before.rstrip()}\n\n{BEGIN}\n{text}\n{END}\n{after.lstrip()}", encoding="utf-8")


if __name__ == "__main__":
    main()
