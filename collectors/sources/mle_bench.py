"""MLE-bench: in how many Kaggle competitions an agent working alone would have won a medal.

The only place is a table in the README, written by hand: links, footnote marks, irregular spaces around "±". Teams
submit their own runs, with 12 to 36 hours and scaffolds of their own, so a rising line is agents and models
together. The error given is one standard error.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors.labs import lab_of
from collectors.parse import day, markdown_table, number
from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused

URL = "https://raw.githubusercontent.com/openai/mle-bench/main/README.md"
AGENT, MODELS, ALL, HOURS, DATE = "Agent", "LLM(s) used", "All (%)", "Running Time (hours)", "Date"
ONE_ERROR = 0.68  # coverage of plus or minus one standard error

MEDALS = Indicator(
    key="mle_bench_medal",
    title="MLE-bench, any medal",
    unit="percent",
    stage="ai_rd_automation",
    transform="logit",
    floor=0.0,
    ceiling=100.0,
    definition="Share of 75 Kaggle competitions in which an agent's entry would have won a medal.",
    full_list=True,
    marks="agent and model",
    date_kind="submission",
    caveat="Submitted by the agents' makers; running time and scaffold differ; some competitions are known to leak.",
)

SOURCE = Source(
    title="MLE-bench",
    homepage="https://github.com/openai/mle-bench",
    licence="not stated; derived values with credit",
    credit="MLE-bench, table of results",
    share="none",
    every=timedelta(days=30),
    at_least=5,
    indicators=(MEDALS,),
)


def collect(http: Http) -> Iterator[Row]:
    for row in markdown_table(http.get(URL).body, (AGENT, MODELS, ALL, HOURS, DATE), URL):
        subject = f"{row[AGENT]}, {row[MODELS]}"
        at = f"{URL}: {subject}"
        mean, sign, error = (part.strip() for part in row[ALL].partition("±"))
        if not sign:
            yield Refused(reason="no standard error", row={"subject": subject, "date": row[DATE], "all": row[ALL]})
            continue
        value, spread = number(mean, at), number(error, at)
        yield MEDALS.observed(
            date=day(row[DATE], at),
            value=value,
            low=max(0.0, round(value - spread, 6)),
            high=min(100.0, round(value + spread, 6)),
            level=ONE_ERROR,
            subject=subject,
            lab=lab_of(name=row[MODELS]),
            url=URL,
            agent=row[AGENT],
            llm=row[MODELS],
            hours=row[HOURS],
            tier="submitted",
        )
