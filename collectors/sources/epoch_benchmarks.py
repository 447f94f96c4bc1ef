"""Benchmarks that Epoch AI runs itself: the tables of its bundle whose names do not end in `_external`.

All models get the same scaffold, and the results are CC BY 4.0, unlike those of the boards that Epoch copies
from others; these are read from the same bundle by `epoch_external`. A model is dated by its release, and
a version stands with its best run. `Best score (across scorers)` is what Epoch itself uses; the standard
error belongs to `mean_score`, nearly always the same number.

FrontierMath was replaced in June 2026. The set of 2025 had wrong answers in it, hence its ceilings of 0.57 and
0.60; old and new are separate series and never one trend.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median

from collectors.epoch_bundle import URL, Board, Members, groups_of, members_of, publication_days, scores
from collectors.parse import csv_rows, day
from collectors.periods import quarter
from collectors.source import Http, Row, Source
from data.schema import Indicator, Observation, Stage

FIRST_RUN = date(2025, 1, 27)
DAYS_A_MONTH = 365.25 / 12


def _board(
    member: str,
    key: str,
    title: str,
    stage: Stage,
    definition: str,
    *,
    floor: float = 0.0,
    ceiling: float = 1.0,
    family: str = "",
    caveat: str = "",
    closed_on: date | None = None,
) -> Board:
    indicator = Indicator(
        key=key,
        title=title,
        unit="fraction",
        stage=stage,
        transform="logit",
        definition=definition,
        floor=floor,
        ceiling=ceiling,
        family=family,
        full_list=True,
        caveat=caveat,
        closed_on=closed_on,
    )
    return Board(
        indicator=indicator,
        member=member,
        column="Best score (across scorers)",
        kept={"stderr": "stderr", "started": "Started at"},
    )


_REPLACED = date(2026, 6, 12)
_OLD_SET = "The set of 2025, replaced in June 2026; its ceiling allows for wrong answers in it."
BOARDS = (
    _board(
        "mirrorcode.csv",
        "mirrorcode",
        "MirrorCode",
        "ai_rd_automation",
        "Share of whole programs, weeks of work for a person, that a model writes anew and gets right.",
        caveat="Few models so far.",
    ),
    _board(
        "swe_bench_verified.csv",
        "swe_verified",
        "SWE-bench Verified",
        "coding_agents",
        "Share of real bug reports of Python projects that a model resolves, in one fixed scaffold.",
        caveat="Near its ceiling.",
    ),
    _board(
        "frontiermath_tiers_1_3_v2.csv",
        "frontiermath_t13",
        "FrontierMath Tiers 1-3",
        "capability",
        "Share of hard mathematics problems, up to research level, that a model solves.",
        family="frontiermath",
    ),
    _board(
        "frontiermath_tier_4_v2.csv",
        "frontiermath_t4",
        "FrontierMath Tier 4",
        "capability",
        "Share of the hardest tier of research-level mathematics problems that a model solves.",
        family="frontiermath",
    ),
    _board(
        "frontiermath.csv",
        "frontiermath_t13_2025",
        "FrontierMath T1-3 (2025)",
        "capability",
        "Share of hard mathematics problems, up to research level, that a model solves.",
        ceiling=0.57,
        family="frontiermath",
        caveat=_OLD_SET,
        closed_on=_REPLACED,
    ),
    _board(
        "frontiermath_tier_4.csv",
        "frontiermath_t4_2025",
        "FrontierMath T4 (2025)",
        "capability",
        "Share of the hardest tier of research-level mathematics problems that a model solves.",
        ceiling=0.60,
        family="frontiermath",
        caveat=_OLD_SET,
        closed_on=_REPLACED,
    ),
    _board(
        "gpqa_diamond.csv",
        "gpqa",
        "GPQA Diamond",
        "capability",
        "Share of graduate-level science questions with four choices that a model answers correctly.",
        floor=0.25,
        caveat="Near its ceiling.",
    ),
    _board(
        "simpleqa_verified.csv",
        "simpleqa",
        "SimpleQA Verified",
        "capability",
        "Share of short questions of fact that a model answers correctly.",
    ),
    _board(
        "chess_puzzles.csv",
        "chess_puzzles",
        "Chess Puzzles",
        "capability",
        "Share of chess puzzles that a model solves.",
        floor=0.0496,
    ),
    _board(
        "otis_mock_aime_2024_2025.csv",
        "otis_mock_aime",
        "OTIS Mock AIME",
        "capability",
        "Share of the questions of two mock exams for mathematics olympiads that a model answers correctly.",
        floor=0.001,
        caveat="Near its ceiling.",
    ),
    _board(
        "math_level_5.csv",
        "math_level_5",
        "MATH, level 5",
        "capability",
        "Share of the hardest questions of a set of school mathematics that a model answers correctly.",
        caveat="At its ceiling since 2025; the questions are public.",
    ),
    _board(
        "mystery_game_puzzles.csv",
        "mystery_game_puzzles",
        "Mystery Game Puzzles",
        "capability",
        "Share of puzzles in a game, the rules of which have to be found out, that a model solves.",
        floor=0.0922,
    ),
)

DELAY = Indicator(
    key="eval_delay",
    title="Days to evaluation",
    unit="days",
    stage="oversight",
    transform="log2",
    better="down",
    definition="Days from a model's release, counted as day one, to Epoch's first run: median of a quarter's models.",
    plural=True,
    marks="quarter",
    date_kind="quarter of release",
    caveat="Only models that were tested count. A repeated run can hide the first one.",
)

HALF_LIFE = Indicator(
    key="benchmark_half_life",
    title="Benchmark half-life",
    unit="months",
    stage="capability",
    transform="log2",
    better="down",
    definition="Months from a benchmark's publication to the first model that is halfway from chance to full marks.",
    marks="benchmark",
    date_kind="publication of the benchmark",
    caveat="Only benchmarks that Epoch runs itself and that have been passed: the hardest are not among them yet.",
)

SOURCE = Source(
    title="Epoch AI benchmarks",
    homepage="https://epoch.ai/benchmarks",
    licence="CC BY 4.0",
    credit='Epoch AI, "AI Benchmarking Hub". Published online at epoch.ai',
    share="full",
    every=timedelta(days=1),
    at_least=20,
    indicators=(*(board.indicator for board in BOARDS), DELAY, HALF_LIFE),
)


def collect(http: Http) -> Iterator[Row]:
    members = members_of(http, BOARDS)
    rows = list(scores(members, BOARDS))
    yield from rows
    yield from _delays(members, http.now.date())
    yield from _half_lives(members, [row for row in rows if isinstance(row, Observation)])


def _half_lives(members: Members, rows: list[Observation]) -> Iterator[Observation]:
    """One row for every benchmark that has been passed, by the release of the first model that did."""
    published = publication_days(members)
    for board in BOARDS:
        indicator, start = board.indicator, published.get(board.member)
        assert indicator.floor is not None
        assert indicator.ceiling is not None
        half = (indicator.floor + indicator.ceiling) / 2
        passed = [row for row in rows if row.indicator == indicator.key and row.value >= half]
        first = min(passed, key=lambda row: (row.date, row.subject), default=None)
        # models that were out before the benchmark say nothing about how long it lasted
        if first and start and first.date > start and not any(row.date <= start for row in passed):
            months = round((first.date - start).days / DAYS_A_MONTH, 2)
            yield HALF_LIFE.observed(
                date=start, value=months, subject=indicator.title, url=URL, derived=True, passed_by=first.subject
            )


def _delays(members: Members, today: date) -> Iterator[Observation]:
    """A median for every quarter that is over. Models from before Epoch's first run had nobody to wait for."""
    waits: dict[date, list[int]] = {}
    for released, started in _first_runs(members).values():
        # a run before the release, by arrangement with the lab, is no wait
        waits.setdefault(quarter(released), []).append(max((started - released).days, 0) + 1)
    for start, days in sorted(waits.items()):
        if FIRST_RUN <= start < quarter(today):
            yield DELAY.observed(date=start, value=float(median(days)), url=URL, derived=True, models=len(days))


def _first_runs(members: Members) -> dict[str, tuple[date, date]]:
    """The first release and the first run of every model, over all tables that Epoch made itself."""
    groups = groups_of(members)
    first: dict[str, tuple[date, date]] = {}
    for name, body in members.items():
        if name.endswith("_external.csv") or b"Started at" not in body.split(b"\n", 1)[0]:
            continue  # not Epoch's own runs
        for row in csv_rows(body, ("Model version", "Release date", "Started at"), f"{URL}: {name}"):
            version, at = row["Model version"], f"{URL}: {name}: {row['Model version']}"
            if not (version and row["Release date"] and row["Started at"]):
                continue  # a few old runs have no time, and a wait needs both its ends
            found = day(row["Release date"], at), day(row["Started at"][:10], at)
            earlier = first.get(groups.get(version) or version, found)
            first[groups.get(version) or version] = min(found[0], earlier[0]), min(found[1], earlier[1])
    return first
