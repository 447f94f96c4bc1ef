"""LiveBench: questions with checkable answers, renewed with every release; overall, and agentic coding alone.

A release is a suite of its own: its tasks change, and values of two releases are never one series. The tables say
neither when a model came out nor when it was run, so all rows of a release carry the release's day, and
nothing can be said about speed. One release goes on gaining and revising rows. The list of releases is in the
site's program code and not in its data: a new one has to be added here.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import chain
from statistics import mean

from collectors.labs import lab_of
from collectors.parse import number, text_document
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
            yield from _models(release, http.get(table).body, http.json(categories), table)


def _models(release: str, body: bytes, categories: Mapping[str, list[str]], url: str) -> Iterator[Row]:
    # read without parse.csv_rows: rows with too few cells occur, and one of them must not cost the others
    try:
        header, *rows = csv.reader(io.StringIO(text_document(body, url), newline=""))
    except csv.Error as error:
        raise Failure("bad_content", f"{url}: not CSV ({error})") from None
    if AGENTIC not in categories or not all(categories.values()):
        raise Failure("schema", f"{url}: the categories lack {AGENTIC!r}, or one of them has no task")
    missing = [name for name in ("model", *chain(*categories.values())) if name not in header]
    if missing:
        raise Failure("schema", f"{url}: no column named {missing[0]!r}")
    for cells in rows:
        if len(cells) != len(header) or "" in cells:
            reason = f"only {sum(map(bool, cells))} of {len(header)} cells: their mean would be another score"
            yield Refused(reason=reason, row={"release": release, "model": cells[0] if cells else ""})
            continue
        row = dict(zip(header, cells, strict=True))
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
