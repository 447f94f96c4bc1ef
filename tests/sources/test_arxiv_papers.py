"""arXiv: the number and the newest papers of a topic from one question; errors in the clothes of a feed."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collectors import topics
from collectors.source import Http, Payload, Row
from collectors.sources import arxiv_papers
from data.schema import Failure, Mention, Observation
from tests.conftest import NOW


class Answer(Http):
    def __init__(self, body: bytes) -> None:
        self.now, self.body = NOW, body

    def get(self, url: str, *, headers: object = None) -> Payload:
        return Payload(url=url, status=200, headers={}, body=self.body)


def test_a_week_is_counted_when_it_has_settled(replay: Callable[..., list[Row]]) -> None:
    rows = {row.indicator: row for row in replay("arxiv_papers") if isinstance(row, Observation)}
    assert (rows["arxiv_papers_rsi"].date, rows["arxiv_papers_rsi"].value) == (date(2026, 11, 9), 12)
    assert rows["arxiv_share_rsi"].value == 12 / 2400
    assert rows["arxiv_share_ai_rnd"].value == 0


def test_a_paper_is_known_by_its_number_without_the_version(replay: Callable[..., list[Row]]) -> None:
    found = {row.native_key: row for row in replay("arxiv_papers") if isinstance(row, Mention)}
    assert found["2611.90001"].url == "https://arxiv.org/abs/2611.90001"
    assert found["2611.90001"].title == "A recursive self-improvement loop that stops"
    assert found["2611.90002"].title == "0"


@pytest.mark.parametrize(
    ("name", "total", "first"),
    [
        ("query_testing_10", 214881, "2202.12139"),
        ("paper_titled_0", 1, "2104.12255"),
        ("old_style_id", 1, "astro-ph/0601001"),
        ("query_unknown_id_200_empty", 0, None),
    ],
)
def test_real_answers_are_read(shared: Path, name: str, total: int, first: str | None) -> None:
    found, papers = arxiv_papers._papers(Answer((shared / f"arxiv/{name}.atom.xml").read_bytes()), "u")
    assert found == total
    assert (papers[0].native_key if papers else None) == first


def test_an_error_that_looks_like_a_paper_is_a_failure(shared: Path) -> None:
    body = (shared / "arxiv/error_bad_id_400.atom.xml").read_bytes()
    with pytest.raises(Failure, match="incorrect id format"):
        arxiv_papers._papers(Answer(body), "u")


def test_an_empty_page_for_many_papers_is_incomplete() -> None:
    feed = b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
    with pytest.raises(Failure, match="empty page"):
        arxiv_papers._papers(Answer(feed + b"<opensearch:totalResults>9</opensearch:totalResults></feed>"), "u")


def test_terms_that_need_a_further_word_are_not_asked_for() -> None:
    assert "Cursor" not in topics.search_terms("agents_coding")
    assert "release" not in arxiv_papers.ASKED
