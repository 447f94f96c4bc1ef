"""PyPI Stats: how often the labs' and agents' Python packages are downloaded in a week.

Much of it is test machines. The service keeps 180 days and drops what is older, and a day of zero is an outage of the
count or lies before the launch: a week with such a day is held back, so that it does not look like a fall.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from collectors.parse import day
from collectors.source import Http, Row, Source
from data.schema import Failure, Indicator, Refused

API = "https://pypistats.org/api/packages"
WITHOUT_MIRRORS = "without_mirrors"
PACKAGES = {  # package: the lab whose models it calls; None where it calls anybody's
    "openai": "openai",
    "openai-agents": "openai",
    "anthropic": "anthropic",
    "claude-agent-sdk": "anthropic",
    "google-genai": "google",
    "mistralai": "mistral",
    "cohere": "cohere",
    "xai-sdk": "xai",
    "litellm": None,
    "langgraph": None,
}
WEEK = 7

DOWNLOADS = Indicator(
    key="sdk_downloads",
    title="SDK downloads a week",
    plural=True,
    unit="downloads/week",
    stage="diffusion",
    transform="log2",
    definition="Downloads in a week, Monday to Sunday, of a Python package that calls language models.",
    marks="package and week",
    date_kind="period",
    caveat="Test machines download again and again; a package is not a user.",
    max_factor=2.0,
)

SOURCE = Source(
    title="PyPI Stats",
    homepage="https://pypistats.org/",
    licence="free to use with credit",
    credit="PyPI Stats",
    share="credit",
    every=timedelta(days=1),
    at_least=1,
    indicators=(DOWNLOADS,),
)


def address(package: str) -> str:
    """Where the daily downloads of a package are."""
    return f"{API}/{package}/overall?mirrors=false"


def collect(http: Http) -> Iterator[Row]:
    for package, lab in PACKAGES.items():
        if not http.has(address(package)):
            continue
        answer = http.json(address(package))
        if answer["package"] != package:
            raise Failure("schema", f"{address(package)}: an answer about {answer['package']!r}")
        weeks: dict[date, dict[date, int]] = defaultdict(dict)
        for row in answer["data"]:
            at = day(row["date"], address(package))
            if row["category"] == WITHOUT_MIRRORS:
                weeks[at - timedelta(days=at.weekday())][at] = row["downloads"]
        for monday, days in sorted(weeks.items()):
            if len(days) < WEEK:
                continue  # the week that is running, or the one cut by the 180 days
            if 0 in days.values():
                row = {"package": package, "week": monday.isoformat(), "downloads": sum(days.values())}
                yield Refused(
                    reason="a day without any download: an outage of the count, or before the launch", row=row
                )
                continue
            yield DOWNLOADS.observed(
                date=monday, value=sum(days.values()), subject=package, lab=lab, url=address(package)
            )
