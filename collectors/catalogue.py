"""The table of indicators in the README, written from what the source files declare."""

from collections.abc import Iterator
from typing import get_args

from collectors.registry import all_collectors
from collectors.source import Collector
from data.schema import Failure, Indicator, Share, Stage

BEGIN = "<!-- indicators: written by `python -m collectors list --markdown README.md` -->"
END = "<!-- end of indicators -->"
PASSED_ON: dict[Share, str] = {"full": "yes", "credit": "as facts, with credit", "none": "no, derived values only"}


def markdown() -> str:
    """One row an indicator, stage by stage. What a source counts by topic and lab, dozens of series, is one row."""
    rows = ["| stage | indicator | unit | source | terms | in snapshots |", "|---|---|---|---|---|---|"]
    for stage in get_args(Stage):
        rows += [row for collector in all_collectors().values() for row in _rows(collector, stage)]
    return "\n".join(rows)


def put_into(text: str) -> str:
    """The text with the table between its two marks made anew."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise Failure("refused", f"the marks {BEGIN} and {END} are not in this file")
    return f"{before}{BEGIN}\n{markdown()}\n{END}{after}"


def _rows(collector: Collector, stage: Stage) -> Iterator[str]:
    shown = [i for i in collector.source.indicators if i.stage == stage and not i.figure_of]
    source = collector.source
    counted = {i.key for i in source.counts.indicators} if source.counts else set()
    series = [i for i in shown if i.key in counted]
    for indicator in (i for i in shown if i.key not in counted):
        yield _row(stage, indicator.title, indicator, collector)
    if len(series) == 1:
        yield _row(stage, series[0].title, series[0], collector)
    elif series:
        yield _row(stage, f"{source.title}: {len(series)} series by topic or lab", series[0], collector)


def _row(stage: Stage, title: str, indicator: Indicator, collector: Collector) -> str:
    source = collector.source
    unit = "by the week" if source.counts else indicator.unit
    link = f"[{source.title}]({source.homepage})"
    cells = (stage.replace("_", " "), title, unit, link, source.licence, PASSED_ON[source.share])
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
