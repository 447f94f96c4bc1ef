"""LiveBench: questions with checkable answers, renewed with every release; overall, and agentic coding alone.

A release is a suite of its own: its tasks change, and values of two releases are never one series. The tables say
neither when a model came out nor when it was run, so all rows of a release carry the release's day, and
nothing can be said about speed. One release goes on gaining and revising rows. The list of releases is in the
site's program code and not in its data: a new one has to be added here.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import chain
from statistics import mean

from collectors.labs import lab_of
from collectors.parse import CsvRows, number
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Refused, Stage, Variant

SITE = "https://livebench.ai"
RELEASES = ("2026-06-25", "2026-01-08", "2025-12-23")
AGENTIC = "Agentic Coding"
WANTED: tuple[tuple[str, str, Stage, str], ...] = (
    (
        "livebench_overall",
        "LiveBench, overall",
        "capability",
        "Mean of the category means of questions with checkable answers.",
    ),
    (
        "livebench_agentic_coding",
        "LiveBench, agentic coding",
        "coding_agents",
        "Mean score over the tasks in which a model works in a code repository.",
    ),
)


_CAVEAT = "All models of a release carry its date: read the ranking, not the time. Effort levels are rows of their own."
OVERALL, CODING = (
    Indicator(
        key=key,
        title=title,
        unit="percent",
        stage=stage,
        transform="logit",
        floor=0.0,
        ceiling=100.0,
        definition=definition,
        variants=tuple(Variant(key=release, title=f"Release of {release}") for release in RELEASES),
        family="live_bench",
        date_kind="release of the suite",
        caveat=_CAVEAT,
    )
    for key, title, stage, definition in WANTED
)

SOURCE = Source(
    title="LiveBench",
    homepage="https://livebench.ai/",
    licence="CC BY-SA 4.0",
    credit="LiveBench team, livebench.ai",
    share="none",
    every=timedelta(days=7),
    at_least=5,
    indicators=(OVERALL, CODING),
)


def addresses(release: str) -> tuple[str, str]:
    """Where the scores and the categories of a release are."""
    name = release.replace("-", "_")
    return f"{SITE}/table_{name}.csv", f"{SITE}/categories_{name}.json"


def collect(http: Http) -> Iterator[Row]:
    for release in RELEASES:
        table, categories = addresses(release)
        if http.has(table) and http.has(categories):
            tasks = http.json(categories)
            if AGENTIC not in tasks or not all(tasks.values()):
                raise Failure("schema", f"{categories}: {AGENTIC!r} is not there, or a category has no task")
            # rows with too few cells occur, and one of them must not cost the others
            rows = http.csv(table, ("model", *chain(*tasks.values())), ragged=True)
            yield from _models(release, rows, tasks, table)


def _models(release: str, rows: CsvRows, categories: Mapping[str, list[str]], url: str) -> Iterator[Row]:
    whole = [row for row in rows if "" not in row.values()]
    for task in chain(*categories.values()):
        best = max((number(row[task], f"{url}: {row['model']}") for row in whole), default=100.0)
        if best <= 1:  # percent; what nobody can do at all is no task of theirs
            raise Failure("schema", f"{url}: no model reaches more than {best:g} % in {task!r}: is it in another unit?")
    for row in rows:
        if "" in row.values():
            reason = f"only {sum(map(bool, row.values()))} of {len(row)} cells: their mean would be another score"
            yield Refused(reason=reason, row={"release": release, "model": row["model"]})
            continue
        at = f"{url}: {row['model']}"
        means = {name: mean(number(row[task], at) for task in tasks) for name, tasks in categories.items()}
        common = {
            "date": date.fromisoformat(release),
            "subject": row["model"],
            "lab": lab_of(name=row["model"]),
            "variant": release,
            "url": url,
            "tier": "independent",
        }
        yield OVERALL.observed(value=mean(means.values()), **common)  # type: ignore[arg-type]
        yield CODING.observed(value=means[AGENTIC], **common)  # type: ignore[arg-type]
