"""The parts of a question that only some routes know: which mentions, how many rows, since when."""

import re
from datetime import UTC, datetime, timedelta

from dashboard.answers import Ask
from dashboard.theme import topic_names
from data import mentions
from data.instants import read_instant

MOST_ROWS, USUAL_ROWS = 50_000, 5_000
KINDS = ("press", "forum", "preprint", "policy", "lab", "market")
AGO = {"7d": 7, "30d": 30, "90d": 90}


def wanted_mentions(ask: Ask) -> mentions.Wanted:
    """Rows that name one of the labs asked for, whether or not the page would only highlight them."""
    view = ask.view
    first, last = view.window(view.as_of or datetime.now(UTC).date())
    return mentions.Wanted(
        labs=view.labs,
        topic=view.topic if view.topic in topic_names() else "",
        kind=view.kind if view.kind in KINDS else "",
        search=view.search,
        first=first,
        last=last,
        instant=ask.instant,
    )


def limit_of(ask: Ask) -> int:
    """`limit`, clamped; 5,000 rows where it is none."""
    given = ask.last("limit")
    return min(max(int(given), 1), MOST_ROWS) if re.fullmatch(r"[0-9]{1,9}", given, re.ASCII) else USUAL_ROWS


def since_of(ask: Ask) -> datetime:
    """`since`: `7d`, `30d` or `90d` before the view's day, a day (its end), or an instant; seven days if it is none."""
    given = ask.last("since")
    at = None if given in AGO else read_instant(given)
    if at is not None:
        return at
    until = ask.view.as_of or datetime.now(UTC).date()
    found = read_instant((until - timedelta(days=AGO.get(given, 7))).isoformat())
    assert found is not None
    return found
