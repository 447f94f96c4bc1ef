"""Evaluation organisations: relative links, and weeks that all their feeds reach."""

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from collectors.source import Row
from data.schema import Mention, Observation
from tests.conftest import PAYLOADS


def test_posts_are_counted_for_weeks_that_all_feeds_reach(replay: Callable[..., list[Row]]) -> None:
    weeks = {row.date: row.value for row in replay("org_feeds") if isinstance(row, Observation)}
    assert weeks == {date(2026, 11, 2): 0, date(2026, 11, 9): 2, date(2026, 11, 16): 1}


def test_a_post_without_a_date_leaves_every_week_uncounted(replay: Callable[..., list[Row]], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PAYLOADS / "org_feeds", tmp_path / "org_feeds"))
    for file in folder.glob("*metr*"):
        file.write_text(re.sub("(<(pubDate|published|updated)>)[^<]*", r"\1some day", file.read_text(), count=2))
    rows = replay("org_feeds", folder)
    assert not [row for row in rows if isinstance(row, Observation)]
    assert len([row for row in rows if isinstance(row, Mention)]) > 3, "the posts themselves are there"


def test_a_relative_link_is_made_whole(replay: Callable[..., list[Row]]) -> None:
    urls = [row.url for row in replay("org_feeds") if isinstance(row, Mention)]
    assert "https://epoch.ai/gradient-updates/counting-chips-twice" in urls
