"""Federal Register: all pages or none, keys with the day, whole weeks."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collectors.source import Http, Payload, Row
from collectors.sources import federal_register
from data.schema import Failure, Mention, Observation
from tests.conftest import NOW


class Answer(Http):
    def __init__(self, document: object) -> None:
        self.now, self.body = NOW, json.dumps(document).encode()

    def get(self, url: str, *, headers: object = None) -> Payload:
        return Payload(url=url, status=200, headers={}, body=self.body)


def test_pages_are_followed_and_a_repeated_document_is_one(replay: Callable[..., list[Row]]) -> None:
    keys = [row.native_key for row in replay("federal_register") if isinstance(row, Mention)]
    assert keys == ["2026-90001/2026-11-20", "2026-90002/2026-11-13", "2026-90003/2026-11-12", "2026-90004/2026-10-27"]


def test_whole_weeks_are_counted_zeros_included(replay: Callable[..., list[Row]]) -> None:
    weeks = {row.date: row.value for row in replay("federal_register") if isinstance(row, Observation)}
    assert weeks == {date(2026, 10, 26): 1, date(2026, 11, 2): 0, date(2026, 11, 9): 2, date(2026, 11, 16): 1}


def test_a_real_answer_at_the_cap_of_the_count_is_incomplete(shared: Path) -> None:
    document = json.loads((shared / "federal_register/documents_agencies_3.json").read_bytes())
    assert document["count"] == 10_000
    with pytest.raises(Failure, match="more documents"):
        list(federal_register.history(Answer(document), date(2026, 8, 1), date(2026, 8, 28)))


def test_a_real_document_is_read(shared: Path) -> None:
    document = json.loads((shared / "federal_register/documents_agencies_3.json").read_bytes())
    document |= {"count": 3, "next_page_url": None}
    rows = list(federal_register.history(Answer(document), date(2026, 8, 1), date(2026, 8, 28)))
    first = next(row for row in rows if isinstance(row, Mention))
    assert (first.native_key, first.precision) == ("2026-17625/2026-08-28", "day")


def test_a_list_that_is_shorter_than_its_count_is_incomplete() -> None:
    with pytest.raises(Failure, match="0 of 3"):
        list(federal_register.history(Answer({"count": 3, "results": []}), date(2026, 8, 1), date(2026, 8, 28)))


def test_no_documents_are_zeros() -> None:
    rows = list(federal_register.history(Answer({"count": 0}), date(2026, 8, 3), date(2026, 8, 17)))
    assert [row.value for row in rows if isinstance(row, Observation)] == [0, 0]
