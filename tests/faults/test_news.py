"""Two faults on every source of news, in the usual run; the whole matrix runs with the slow tests."""

import pytest

from tests.faults.faults import CASES
from tests.faults.matrix import SOURCES, verdict
from tests.faults.server import FaultServer

NEWS = (
    "arxiv_papers", "congress", "federal_register", "gdelt", "gov_uk", "hacker_news", "lab_feeds", "manifold",
    "newsroom_copies", "openalex", "org_feeds", "polymarket", "press_feeds", "semantic_scholar", "wikimedia_pageviews",
)  # fmt: skip
FAULTS = ("U5 503", "U7 a web page under the type of the data")


@pytest.mark.parametrize("label", FAULTS)
@pytest.mark.parametrize("name", NEWS)
def test_news_are_not_harmed(name: str, label: str, server: FaultServer) -> None:
    found = verdict(CASES[label], name, server, clean_runs=1)
    assert found.outcome
    assert not found.wrong, found


def test_they_are_on_the_bench() -> None:
    assert set(NEWS) <= set(SOURCES)
