"""Lab reports: dated readings of how far AI does AI research, kept by hand in data/lab_reports.csv.

There is no feed. Each row is one published figure with its method, basis (measured, estimated or self-reported),
confidence (documented: the page was read; secondary: through somebody else) and address. Readings of unlike
definition are variants of their own and never one series; none of them is fitted. A row counts from the day it was
published.
To add one: a row in the file, and a variant here where its definition is new.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from collectors.parse import csv_rows, day, number
from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused, Variant

LEDGER = "lab_reports.csv"
COLUMNS = (
    "date",
    "published",
    "series",
    "variant",
    "lab",
    "quantity",
    "value",
    "low",
    "high",
    "level",
    "bound",
    "unit",
    "method",
    "basis",
    "confidence",
    "source_url",
    "note",
)
_SHARE = {"unit": "percent", "transform": "logit", "floor": 0.0, "ceiling": 100.0}


def _readings(key: str, title: str, definition: str, variants: dict[str, str], **fields: Any) -> Indicator:
    common = {
        "stage": "ai_rd_automation",
        "marks": "reading",
        "date_kind": "reading",
        "family": key,
        "caveat": "Single published readings by different methods: marks on a timeline, never a trend.",
    }
    return Indicator(
        key=key,
        title=title,
        definition=definition,
        variants=tuple(Variant(key=k, title=t) for k, t in variants.items()),
        **{**common, **fields},
    )


READINGS = (
    _readings(
        "rd_ai_led_share",
        "R&D work led by AI",
        "Share of a lab's own model research in which AI leads, by the lab's account.",
        {"anthropic-al4": "Anthropic, level AL4 and above"},
        **_SHARE,
    ),
    _readings(
        "ai_written_code_share",
        "Code written by AI",
        "Share of a company's new or merged code that AI wrote, by its account.",
        {"anthropic": "Anthropic, merged code", "google": "Google, new code"},
        **_SHARE,
    ),
    _readings(
        "rd_speedup",
        "Reported R&D speed-up",
        "How many times as much gets done with AI; every variant is another definition.",
        {
            "overall-2026": "Overall research in one lab, outside estimate",
            "anthropic-outside": "Anthropic researchers, outside estimate",
            "anthropic-researchers": "Anthropic researchers, their own estimate",
            "workers-2026": "Technical workers, their own estimate",
            "anthropic-merged-lines": "Anthropic, merged lines per engineer-day",
        },
        unit="ratio",
        transform="log2",
    ),
    _readings(
        "rd_experiment_velocity",
        "Experiments a researcher",
        "Experiments per active experimenter at one lab, its mean of 2025 being 1.",
        {"openai": "OpenAI, four-week mean"},
        unit="index 2025=1",
        transform="log2",
        plural=True,
    ),
    _readings(
        "uplift_trials",
        "Task time with AI, trials",
        "How much longer developers take for a task when AI is allowed, in randomised trials.",
        {
            "2026-returning": "Returning developers, 2026",
            "2026-new": "New developers, 2026",
            "2025": "Experienced developers, 2025",
        },
        unit="percent longer",
        transform="linear",
        better="down",
    ),
    _readings(
        "expenditure_horizon",
        "Expenditure horizon",
        "Budget from which people achieve more than agents do with the same money.",
        {"nanogpt": "NanoGPT training speed"},
        unit="USD",
        transform="log2",
        stage="autonomy",
    ),
    _readings(
        "feedback_return",
        "Return of ability on R&D",
        "Gain in research productivity for each unit of model ability, by a model of the feedback.",
        {"2609.15802": "arXiv 2609.15802"},
        unit="percent",
        transform="linear",
    ),
    _readings(
        "rd_compute_share",
        "Compute for AI-led R&D",
        "Share of a lab's compute that goes to research led by AI, by its account.",
        {"anthropic": "Anthropic"},
        stage="inputs",
        **_SHARE,
    ),
    _readings(
        "safety_compute_share",
        "R&D compute for safety",
        "Share of a lab's research compute that goes to safety, by its account.",
        {"anthropic": "Anthropic"},
        stage="oversight",
        **_SHARE,
    ),
    _readings(
        "monitored_actions_share",
        "Agent actions monitored",
        "Share of its agents' actions that a lab has monitored, by its account.",
        {"anthropic": "Anthropic"},
        stage="oversight",
        plural=True,
        **_SHARE,
    ),
)

SOURCE = Source(
    title="Lab reports (ledger)",
    homepage="https://metr.org/notes/",
    licence="single facts, each with its source",
    credit="the publisher named in each row; kept by this project",
    share="credit",
    every=timedelta(days=1),
    at_least=1,
    by_hand=True,
    indicators=READINGS,
)


def collect(http: Http) -> Iterator[Row]:
    indicators = {indicator.key: indicator for indicator in READINGS}
    for row in csv_rows((files("data") / LEDGER).read_bytes(), COLUMNS, LEDGER):
        at = f"{LEDGER}: {row['date']}, {row['series']}"
        published, indicator = day(row["published"], at), indicators[row["series"]]
        if published > http.now.date():
            continue  # not known yet at the instant of a replay
        if row["unit"] != indicator.unit:
            yield Refused(reason=f"{row['unit']} instead of {indicator.unit}", row=row)
            continue
        low, high, level = (number(row[name], at) if row[name] else None for name in ("low", "high", "level"))
        yield indicator.observed(
            date=day(row["date"], at),
            value=number(row["value"], at),
            low=low,
            high=high,
            level=level,
            bound=row["bound"],  # type: ignore[arg-type]
            subject=row["quantity"],
            lab=row["lab"] or None,
            variant=row["variant"],
            url=row["source_url"] or None,
            stated_at=datetime.combine(published, time(), UTC),
            method=row["method"],
            basis=row["basis"],
            confidence=row["confidence"],
            note=row["note"],
        )
