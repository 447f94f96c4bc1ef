"""GSO: how often a model makes slow code as fast as an expert did, rows that cheat taken out.

Scores are percent here and fractions in Epoch's copy of this board; they are stored as fractions. Only the value
after the check for cheating is kept, and only one try a task (Opt@1). Effort is part of the subject, since the same
model comes with several. It is the measurement of Epoch's `gso_hack_adjusted`: one family, not to be counted twice.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors.labs import lab_of
from collectors.parse import day
from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused

URL = "https://gso-bench.github.io/assets/leaderboard.json"
SETTING = "Opt@1"

GSO = Indicator(
    key="gso_opt1",
    title="GSO, cheating removed",
    unit="fraction",
    stage="coding_agents",
    transform="logit",
    floor=0.0,
    ceiling=1.0,
    definition="Share of 102 tasks in which a model, at one try and without cheating, makes code as fast as experts.",
    family="gso_hack_adjusted",
    full_list=True,
    date_kind="submission",
    caveat="An audit of July 2026 found faults in some of the reference solutions.",
)

SOURCE = Source(
    title="GSO leaderboard",
    homepage="https://gso-bench.github.io/",
    licence="not stated; derived values with credit",
    credit="GSO benchmark, leaderboard",
    share="none",
    every=timedelta(days=30),
    at_least=5,
    indicators=(GSO,),
)


def collect(http: Http) -> Iterator[Row]:
    for row in http.json(URL)["models"]:
        if row["setting"] != SETTING:
            continue  # the best of ten tries is another measurement
        effort = row.get("reasoning_effort") or ""
        subject = f"{row['name']} ({effort})" if effort else row["name"]
        if row["score_hack_control"] is None:
            unchecked = {"subject": subject, "date": row["date"], "score": row["score"]}
            yield Refused(reason="not yet checked for cheating", row=unchecked)
            continue
        yield GSO.observed(
            date=day(row["date"], f"{URL}: {subject}"),
            value=round(row["score_hack_control"] / 100, 6),
            subject=subject,
            model=row["name"],
            lab=lab_of(row["model_org"], name=row["name"]),
            url=URL,
            organisation=row["model_org"],
            scaffold=row["scaffold"],
            tier="independent" if row.get("submission_org_name") == "GSO" else "submitted",
        )
