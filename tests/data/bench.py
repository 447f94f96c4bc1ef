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
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data import extent, mentions, queries, upkeep
from data.mentions import Wanted
from data.schema import INDICATORS, MENTIONS, OBSERVATIONS
from data.store import Store, digest
from data.tidy import csv_pieces
from data.vintages import as_of
from tests.data.peers import Peer, peers, started

BEGIN, END = "<!-- store: written by `make bench-store` -->", "<!-- end of store -->"
MONTHS, LAST = 60, date(2026, 10, 31)
LABS = ("openai", "anthropic", "google_deepmind", "meta", "xai", "mistral", "deepseek", "qwen", "")
TOPICS = ("rsi", "agents", "compute", "policy", "safety", "")
RARE = "zebrafish"
FIRST = LAST - timedelta(days=90)
KNOWN = datetime(2026, 10, 20, tzinfo=UTC)
YEAR = LAST - timedelta(days=365)
TYPES = {
    table.name: pl.DataFrame(pl.from_arrow(table.schema.empty_table())).schema for table in (MENTIONS, OBSERVATIONS)
}


def days(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def hexes(chance: np.random.Generator, count: int) -> list[str]:
    text = chance.bytes(16 * count).hex()
    return [text[start : start + 32] for start in range(0, len(text), 32)]


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
        slug = pl.Series(ids).str.slice(0, 30)
        yield pl.DataFrame(
            {
                "id": ids, "article_id": hexes(chance, count), "published_at": at,
                "known_at": at + pl.Series(chance.integers(60, 86_400, count) * 1_000_000).cast(pl.Duration("us")),
                "lab": chance.choice(LABS, count, p=(0.25, 0.16, 0.15, 0.1, 0.08, 0.05, 0.06, 0.05, 0.1)),
                "topic": chance.choice(TOPICS, count, p=(0.05, 0.25, 0.15, 0.15, 0.1, 0.3)),
                "outlet": chance.choice([f"outlet {n}" for n in range(200)], count),
                "source": chance.choice(["hacker_news", "press_feeds", "gdelt"], count),
                "title": pl.select(pl.concat_str(picked, separator=" ")).to_series() + rare,
                "url": "https://www.example.org/articles/" + slug, "canonical_url": "https://example.org/articles/" + slug,
            }
        ).with_columns(
            kind=pl.lit("press"), publisher_lab=pl.lit(None, pl.String), precision=pl.lit("second"), lang=pl.lit("en"),
            tagger=pl.lit("t1"), evidence=pl.lit('{"alias": "a", "strength": "strong"}'), month=pl.lit(f"{first:%Y-%m}"),
            run_id=pl.lit(digest(number)),
        ).select(MENTIONS.schema.names).cast(TYPES["mentions"])  # fmt: skip


def made_observations(total: int) -> Iterator[pl.DataFrame]:
    """50 indicators of 5 sources, 90 dates, up to 200 subjects (of a million rows); one in ten restated."""
    point = pl.DataFrame({"i": range(50)}).join(pl.DataFrame({"s": range(total // 5000)}), how="cross")
    point = point.join(pl.DataFrame({"d": range(90)}), how="cross")
    chance = np.random.default_rng(1)
    again = point.filter(pl.Series(chance.random(len(point)) < 1 / 9))
    both = pl.concat([point.with_columns(v=pl.lit(0)), again.with_columns(v=pl.lit(1))])
    start = pl.lit(datetime(2026, 1, 1, tzinfo=UTC)).cast(pl.Datetime("us", "UTC"))
    rows = both.select(
        row_id=pl.Series(hexes(chance, len(both))), prev_id=pl.lit(None, pl.String), source=pl.format("source_{}", pl.col("i") % 5),
        indicator=pl.format("indicator_{}", "i"), subject=pl.format("model {}", "s"), variant=pl.lit(""),
        date=pl.lit(date(2024, 1, 1)) + pl.duration(days=pl.col("d")), known_at=start + pl.duration(days=pl.col("v") * 100, hours="d"),
        value=pl.Series(chance.random(len(both))), low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64),
        level=pl.lit(None, pl.Float64), bound=pl.lit("="), unit=pl.lit("points"), lab=pl.lit("openai"), model=pl.lit(None, pl.String),
        url=pl.lit("https://example.org/data"), stated_at=pl.lit(None, pl.Datetime("us", "UTC")), detail=pl.lit(None, pl.String),
        run_id=pl.lit("r"),
    )  # fmt: skip
    for _, piece in rows.group_by("source", maintain_order=True):
        yield piece.select(OBSERVATIONS.schema.names).cast(TYPES["observations"])


def new_run(number: int) -> pl.DataFrame:
    """Two hundred mentions of the last month that nobody has yet."""
    rows = next(made_mentions(200 * MONTHS))
    ids = hexes(np.random.default_rng(10_000 + number), len(rows))
    at = pl.lit(datetime(2026, 10, 30, tzinfo=UTC)).cast(pl.Datetime("us", "UTC"))
    return rows.with_columns(id=pl.Series(ids), published_at=at, known_at=at, month=pl.lit("2026-10"))


class Ours:
    """The tables, asked by the functions that the program uses."""

    name = "this program"

    def __init__(self, home: Path) -> None:
        self.home, self.store = home, Store(str(home / "tables"))
        self.store.create()

    def load(self, table: str, pieces: Iterator[pl.DataFrame]) -> None:
        for piece in pieces:
            self.store.append_frame(table, piece)

    def ask(self, what: str) -> list[tuple[Any, ...]]:
        wanted = {
            "daily": Wanted(),
            "recent": Wanted(first=FIRST, labs=("openai", "anthropic", "meta")),
            "as_of": Wanted(first=FIRST, instant=KNOWN),
        }
        if what == "search":
            return mentions.page(self.store, Wanted(search=RARE), 100)[0].rows()
        return mentions.counted(self.store, wanted[what]).rows()

    def latest(self) -> tuple[int, float]:
        rows = as_of(self.store.read("observations"), KNOWN)
        found: tuple[int, float] = (
            rows.select(count=pl.col("value").count(), total=pl.col("value").sum()).collect().row(0)
        )
        return found

    def export(self, path: Path) -> int:
        rows = mentions.chosen(self.store, Wanted(labs=("openai",))).select(*mentions.STORED).collect(backend="polars")
        with path.open("wb") as file:
            file.writelines(csv_pieces(rows.to_native()))
        return path.stat().st_size

    def append(self, rows: pl.DataFrame) -> None:
        self.store.append_new("mentions", rows.to_dicts())

    def bytes(self) -> int:
        return sum(upkeep.extent(self.store, name)["bytes"] for name in ("mentions", "observations"))

    def cold(self) -> str:
        wanted = f"Wanted(first=date({YEAR.year}, {YEAR.month}, {YEAR.day}))"
        imports = "from datetime import date; from data.store import Store; from data.mentions import Wanted, counted"
        return f"{imports}; counted(Store({self.store.uri!r}), {wanted})"


def best(work: Callable[[], object], times: int = 3) -> float:
    seconds = []
    for _ in range(times):
        clock = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - clock)
    return min(seconds)


ASKED = {
    "daily counts by lab and topic, all years": "daily",
    "the same, 3 labs, last 90 days": "recent",
    "the same as known on a past day, 90 days": "as_of",
    "search for a rare word in all titles, newest 100": "search",
}
GIVEN = {"first": days(FIRST), "known": micros(KNOWN), "word": RARE}
Figures = dict[str, float]


def figures_of_ours(ours: Ours, home: Path) -> Figures:
    found = {title: best(lambda what=what: ours.ask(what)) for title, what in ASKED.items()}
    found["newest value of each point as of a day, all observations"] = best(ours.latest)
    found["CSV of all titles that name one lab"] = best(lambda: ours.export(home / "ours.csv"))
    runs = [new_run(number) for number in range(3)]
    waiting = iter(runs)
    found["a run of 200 new mentions appended"] = best(lambda: ours.append(next(waiting)))
    waiting = iter(runs)
    found["the same run collected again"] = best(lambda: ours.append(next(waiting)))
    costs = [started(ours.cold()) for _ in range(3)]
    found["new process to the data of a chart of one year"] = min(seconds for seconds, _ in costs)
    found["memory of that process, MB"] = min(mb for _, mb in costs)
    found["size on disk, MB"] = ours.bytes() / 1e6
    return found


def figures_of(peer: Peer, home: Path) -> Figures:
    found = {title: best(lambda what=what: peer.ask(what, **GIVEN)) for title, what in ASKED.items()}
    known = micros(KNOWN)
    found["newest value of each point as of a day, all observations"] = best(lambda: peer.latest(known))
    found["CSV of all titles that name one lab"] = best(lambda: peer.export(home / "peer.csv"))
    runs = [new_run(number) for number in range(3)]
    waiting = iter(runs)
    found["a run of 200 new mentions appended"] = best(lambda: peer.append(next(waiting)))
    waiting = iter(runs)
    found["the same run collected again"] = best(lambda: peer.append(next(waiting)))
    costs = [started(peer.cold(days(YEAR))) for _ in range(3)]
    found["new process to the data of a chart of one year"] = min(seconds for seconds, _ in costs)
    if not peer.name.startswith("PostgreSQL"):  # most of its memory is the server's
        found["memory of that process, MB"] = min(mb for _, mb in costs)
    found["size on disk, MB"] = peer.bytes() / 1e6
    return found


def check(ours: Ours, peer: Peer) -> None:
    """Both must answer alike before their speed means anything."""
    for what in ("daily", "recent", "as_of"):
        mine = [(days(day), *rest) for day, *rest in ours.ask(what)]
        assert mine == [tuple(row) for row in peer.ask(what, **GIVEN)], (peer.name, what)
    assert [row[-1] for row in ours.ask("search")] == [row[-1] for row in peer.ask("search", **GIVEN)], peer.name
    (count, total), (peer_count, peer_total) = ours.latest(), peer.latest(micros(KNOWN))
    assert (count, round(total, 3)) == (peer_count, round(peer_total, 3)), peer.name


def dashboard(ours: Ours) -> Figures:
    """What the pages on indicators ask, none of which looks at mentions."""
    return {
        "all indicators and their extent": best(lambda: extent.extents(ours.store)),
        "values of one indicator": best(lambda: queries.observations(ours.store, "indicator_7")),
        "how every source stands": best(lambda: queries.source_states(ours.store)),
    }


def measured(total: int, observations: int, folder: Path | None) -> tuple[dict[str, Figures], Figures]:
    """Figures by system, and those of the dashboard."""
    home = Path(tempfile.mkdtemp(prefix="bench-store-", dir=folder))
    try:
        ours = Ours(home / "ours")
        load = {"mentions": lambda: made_mentions(total), "observations": lambda: made_observations(observations)}
        clock = time.perf_counter()
        for table, pieces in load.items():
            ours.load(table, pieces())
        filled = {ours.name: time.perf_counter() - clock}
        ours.store.append_new("indicators", [sourced(source) for source in ("hacker_news", "press_feeds", "gdelt")])
        upkeep.tidy(ours.store)
        found: dict[str, Figures] = {}
        for peer in peers(home):
            try:
                clock = time.perf_counter()
                for table, key in (("mentions", "id"), ("observations", "row_id")):
                    peer.load(table, key, load[table]())
                filled[peer.name] = time.perf_counter() - clock
                check(ours, peer)
                found[peer.name] = figures_of(peer, home)
            finally:
                peer.stop()
        found = {ours.name: figures_of_ours(ours, home), **found}
        for name, seconds in filled.items():
            found[name]["all rows written"] = seconds
        return found, dashboard(ours)
    finally:
        shutil.rmtree(home)


def sourced(source: str) -> dict[str, Any]:
    """A line of the catalogue, so that the source's rows may be shown."""
    numbers = {"period_days": 1.0, "grace_days": 1.0, "plural": False, "known_at": datetime(2026, 1, 1, tzinfo=UTC)}
    none = dict.fromkeys(("lower", "upper", "closed_on", "max_factor", "prev_id"))
    named = {"source": source, "indicator": source, "row_id": source, "share": "full", "variants": "[]"}
    return dict.fromkeys(INDICATORS.schema.names, "") | numbers | none | named


def section(results: dict[int, tuple[dict[str, Figures], Figures]], observations: int) -> str:
    """The tables of the page."""
    load = f"{os.getloadavg()[0]:.0f}"
    lines = [
        "## Tables",
        "",
        (
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {load} from other work; "
            "made by `make bench-store`. Best of three; the first figure is ours, the others are how many times that the "
            "peers need (more than 1x: we are faster or smaller). All answers were compared first."
        ),
    ]
    for total, (found, _) in results.items():
        ours, *others = found
        lines += ["", f"### {total:,} mentions and {observations:,} observations", ""]
        lines += [f"| work | {ours} | {' | '.join(others)} |", "|---|" + "---|" * len(found)]
        for work, figure in found[ours].items():
            ratios = [f"{found[o][work] / figure:.2g}x" if work in found[o] else "not measured" for o in others]
            lines.append(f"| {work} | {shown(work, figure)} | {' | '.join(ratios)} |")
        if not any(name.startswith("PostgreSQL") for name in others):
            lines.append("\nPostgreSQL: not measured, no server binary here (Debian: `apt-get install postgresql`).")
    if len(results) > 1:
        (small, (few, few_pages)), (large, (many, many_pages)) = results.items()
        lines += ["", f"### How cost grows, {large // small} times the mentions", "", "| work | times |", "|---|---|"]
        growth = {**{k: many[Ours.name][k] / v for k, v in few[Ours.name].items()}}
        growth |= {f"the dashboard: {k}": many_pages[k] / v for k, v in few_pages.items()}
        lines += [f"| {work} | {times:.1f}x |" for work, times in growth.items()]
    return "\n".join(lines)


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
