"""SWE-bench Verified: the share of real GitHub issues that a model resolves, always with the same small agent.

Of the board only the rows of mini-SWE-agent are kept: elsewhere the scaffold differs from row to row, and a better
scaffold looks like a better model. Versions 1 and 2 of the agent are not comparable. Rows are dated by submission,
not by the model's release, and known by their folder, since the names change. The board stopped in February 2026.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from collectors.labs import lab_of
from collectors.parse import day
from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused, Variant

URL = "https://raw.githubusercontent.com/SWE-bench/swe-bench.github.io/master/data/leaderboards.json"
BOARD = "Verified"
FOLDER = re.compile(r"\d{8}_mini-v(\d+)\.")
AGENT_ORGANISATION = "SWE-agent"

SWE_MINI = Indicator(
    key="swe_mini",
    title="SWE-bench, one agent",
    unit="percent",
    stage="coding_agents",
    transform="logit",
    floor=0.0,
    ceiling=100.0,
    definition="Share of 500 checked GitHub issues that a model resolves with the mini-SWE-agent scaffold.",
    variants=(
        Variant(key="2", title="mini-SWE-agent 2"),
        Variant(key="1", title="mini-SWE-agent 1"),
        Variant(key="0", title="mini-SWE-agent before version 1", beside="1"),
    ),
    full_list=True,
    date_kind="submission",
    caveat="Near its ceiling, and its issues may be in the training data. Newer agents are measured elsewhere.",
)

SOURCE = Source(
    title="SWE-bench leaderboards",
    homepage="https://www.swebench.com/",
    licence="CC BY-NC 4.0",
    credit="SWE-bench team, leaderboards",
    share="none",
    every=timedelta(days=7),
    at_least=5,
    closed_on=date(2026, 2, 26),
    indicators=(SWE_MINI,),
)


def collect(http: Http) -> Iterator[Row]:
    boards = {board["name"]: board["results"] for board in http.json(URL)["leaderboards"]}
    for entry in boards[BOARD]:
        agent = FOLDER.match(entry["folder"])
        if agent is None:
            continue  # another scaffold
        if agent[1] not in {variant.key for variant in SWE_MINI.variants}:
            yield Refused(reason=f"unknown version {agent[1]} of mini-SWE-agent", row={"folder": entry["folder"]})
            continue
        organisation, model = _tagged(entry, "Org", "model_org"), _tagged(entry, "Model", "model_display")
        yield SWE_MINI.observed(
            date=day(entry["date"], f"{URL}: {entry['folder']}"),
            value=entry["resolved"],
            subject=entry["folder"],
            model=model or None,
            lab=lab_of(organisation, name=entry["name"]),
            variant=agent[1],
            url=URL,
            organisation=organisation,
            name=entry["name"],
            warning=entry.get("warning"),
            tier="submitted",
        )


def _tagged(entry: dict[str, Any], tag: str, field: str) -> str:
    """A field of the newer layout, else the first tag of that kind that is not the agent's; blank for none."""
    values = [text.removeprefix(f"{tag}: ") for text in entry["tags"] if text.startswith(f"{tag}: ")]
    return entry.get(field) or next((value for value in values if value != AGENT_ORGANISATION), "")
