"""OpenAlex: months that are over, without the false first of January. The answer is made up in the documented format."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from collectors.source import Http, Payload, Row
from collectors.sources import openalex
from data.schema import Failure, Observation


def test_a_month_is_counted_when_it_has_been_over_for_a_month(replay: Callable[..., list[Row]]) -> None:
    rows = [row for row in replay("openalex") if isinstance(row, Observation)]
    assert [(row.indicator, row.date, row.value) for row in rows] == [
        ("openalex_works_rsi", date(2026, 8, 1), 41),
        ("openalex_works_rsi", date(2026, 9, 1), 57),
    ]


class Asked(Http):
    """Notes what it is asked."""

    def __init__(self, count: object = 3) -> None:
        self.now, self.count, self.wanted = datetime(2026, 3, 10, tzinfo=UTC), count, list[str]()

    def get(self, url: str, *, headers: object = None) -> Payload:
        self.wanted += parse_qs(urlsplit(url).query)["filter"]
        return Payload(url=url, status=200, headers={}, body=json.dumps({"meta": {"count": self.count}}).encode())


def test_the_first_of_january_is_left_out() -> None:
    http = Asked()
    rows = list(openalex.collect(http))
    assert {row.date for row in rows if isinstance(row, Observation)} == {
        date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1),
    }  # fmt: skip
    assert sum("from_publication_date:2026-01-02,to_publication_date:2026-01-31" in w for w in http.wanted) == 8
    assert '"seed AI" OR ' in http.wanted[0]


@pytest.mark.parametrize("count", ["3", None, -1, True, 2.5])
def test_what_is_no_number_of_works_is_a_new_layout(count: object) -> None:
    with pytest.raises(Failure, match="meta.count"):
        list(openalex.collect(Asked(count)))


def test_a_real_answer_has_its_count_where_it_is_read(shared: Path) -> None:
    answer = json.loads((shared / "openalex/works_title_search_paperqa.json").read_bytes())
    assert answer["meta"]["count"] == 1
