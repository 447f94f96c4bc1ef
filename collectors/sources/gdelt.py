"""GDELT: which labs and topics the world's news names, from a sample of its bulk files.

Every quarter of an hour GDELT writes the articles that it saw; four of yesterday's 96 files are read, some
25 MB. Times are when GDELT saw an article. A missing file is a gap; a day with fewer than three is not counted.
"""

import csv
import html
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from collectors.counts import Counts, daily, each_topic, share, tally
from collectors.source import Http, Row, Source
from data.schema import Failure, Mention, Refused
from data.text import clean, safe_link

# the project's own http-only host has this mirror
FILES = "https://storage.googleapis.com/data.gdeltproject.org/gdeltv2"
HOURS = (1, 7, 13, 19)
FEWEST_FILES = 3
COLUMNS = 27
_TITLE = re.compile(r"<PAGE_TITLE>(.*?)</PAGE_TITLE>", re.DOTALL)
_SPACED = re.compile(r" +(?=[,;:.!?')])")  # "sanctions ; Tehran hits back , calls"

COUNTS = Counts(
    daily=daily("gdelt", "GDELT sample", "articles"),
    weekly=each_topic(
        share,
        "gdelt_share",
        "News on {}",
        "Articles with strict terms of “{}” in the title among all in the sample (4 of 96 files a day).",
        family="gdelt",
    ),
)

SOURCE = Source(
    title="GDELT",
    homepage="https://www.gdeltproject.org/",
    licence="free for any use with citation of and link to the GDELT Project",
    credit="The GDELT Project, https://www.gdeltproject.org/",
    share="credit",
    every=timedelta(days=1),
    at_least=1,
    indicators=COUNTS.indicators,
    counts=COUNTS,
)


def address(at: datetime) -> str:
    return f"{FILES}/{at:%Y%m%d%H%M%S}.gkg.csv.zip"


def collect(http: Http) -> Iterator[Row]:
    yield from _day(http, http.now.date() - timedelta(days=1))


def _day(http: Http, day: date) -> Iterator[Row]:
    slots = [datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for hour in HOURS]
    asked = [slot for slot in slots if http.has(address(slot))] or slots[:1]
    found: dict[str, Mention] = {}
    read = 0
    for slot in asked:
        try:
            members = http.archive(address(slot))
        except Failure as failure:
            if failure.outcome != "gone" or (slot == asked[-1] and not read):
                raise
            yield Refused(reason="no file for this slot", row={"slot": slot.isoformat()}, target="mentions")
            continue
        read += 1
        for article in _articles(members, slot, address(slot)):
            found.setdefault(article.url, article)
    yield from found.values()
    if read >= FEWEST_FILES:
        yield from tally(COUNTS, found.values(), [day])


def _articles(members: Mapping[str, bytes], slot: datetime, where: str) -> Iterator[Mention]:
    """The articles of one file that have a title, which stands in the extras. Tab-separated, no header, no quoting."""
    if len(members) != 1:
        raise Failure("schema", f"{where}: {len(members)} members instead of one")
    text = next(iter(members.values())).decode("utf-8", "replace")
    for row in csv.reader(io.StringIO(text, newline="\n"), delimiter="\t", quoting=csv.QUOTE_NONE):
        if len(row) != COLUMNS:
            raise Failure("schema", f"{where}: {len(row)} columns instead of {COLUMNS}")
        title = _TITLE.search(row[26])
        if title and safe_link(row[4]) and (words := clean(_SPACED.sub("", html.unescape(title[1])))):
            yield Mention(at=slot, title=words, url=row[4], outlet=row[3] or "GDELT", native_key=row[4])
