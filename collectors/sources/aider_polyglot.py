"""Aider polyglot: programming exercises in six languages, solved within two tries.

Dated by the run, not by the model's release. The names are free text: effort stands in the name, and pairs of models
("o3 (high) + gpt-4.1") are rows of their own. Frozen since October 2025.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from collectors.labs import lab_of
from collectors.parse import day
from collectors.source import Http, Row, Source
from data.schema import Indicator

URL = "https://raw.githubusercontent.com/Aider-AI/aider/main/aider/website/_data/polyglot_leaderboard.yml"

POLYGLOT = Indicator(
    key="aider_polyglot",
    title="Aider polyglot",
    unit="percent",
    stage="coding_agents",
    transform="logit",
    floor=0.0,
    ceiling=100.0,
    definition="Share of 225 programming exercises that a model solves in Aider within two tries.",
    full_list=True,
    date_kind="run",
)

SOURCE = Source(
    title="Aider leaderboards",
    homepage="https://aider.chat/docs/leaderboards/",
    licence="Apache-2.0",
    credit="Aider, polyglot leaderboard",
    share="full",
    every=timedelta(days=30),
    at_least=5,
    closed_on=date(2025, 10, 3),
    indicators=(POLYGLOT,),
)


def collect(http: Http) -> Iterator[Row]:
    for run in http.yaml(URL):
        yield POLYGLOT.observed(
            date=day(run["date"], f"{URL}: {run['dirname']}"),
            value=run["pass_rate_2"],
            subject=run["model"],
            lab=lab_of(name=run["model"]),
            url=URL,
            edit_format=run["edit_format"],
            cost_usd=run.get("total_cost"),  # early runs did not count it
            tier="independent",
        )
