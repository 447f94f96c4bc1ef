"""GDELT: a sample of bulk files, with its own shares; untidy titles made tidy."""

from collections.abc import Callable
from datetime import date

import pytest

from collectors.source import Http, Payload, Row
from collectors.sources import gdelt
from data.schema import Failure, Mention, Observation
from data.text import canonical_url
from tests.conftest import NOW


def test_an_article_is_one_however_often_it_was_seen(replay: Callable[..., list[Row]]) -> None:
    found = [row for row in replay("gdelt") if isinstance(row, Mention)]
    assert len(found) == 4
    assert found[0].title == "OpenAI opens a library; readers are pleased, quietly"
    assert canonical_url(found[0].url) == "https://example.com/a"


def test_the_denominator_is_all_articles_with_a_title(replay: Callable[..., list[Row]]) -> None:
    rows = {row.subject: row for row in replay("gdelt") if isinstance(row, Observation)}
    assert (rows[""].date, rows[""].value, rows["topic:regulation"].value) == (date(2026, 11, 22), 4, 1)


class Gone(Http):
    now = NOW

    def get(self, url: str, *, headers: object = None) -> Payload:
        raise Failure("gone", f"{url}: answered HTTP 404")


def test_if_every_slot_is_missing_the_run_fails() -> None:
    with pytest.raises(Failure, match="404"):
        list(gdelt.collect(Gone()))


def test_another_number_of_columns_is_a_new_layout() -> None:
    with pytest.raises(Failure, match="3 columns"):
        list(gdelt._articles({"a": b"1\t2\t3\n"}, NOW, "u"))
