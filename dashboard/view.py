"""What a page shows, as one frozen value, to and from the URL. Nothing else holds state.

Unknown keys and values are ignored and never echoed; defaults are left out; the printed form is
canonical, so that equal views have equal links.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from dashboard.theme import lab_names
from data.text import clean

Query = dict[str, list[str]]
RANGES = ("2y", "5y")
AGO = ("7d", "30d", "90d")
MARKS = ("restated", "events")
MOST_LABS = 6
MOST_SEARCH = 100
FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2099, 12, 31)


@dataclass(frozen=True)
class View:
    """Labs highlighted (or the only ones shown), the day of knowledge, the range, the scale and the variant.

    `since` is what changes are counted from: a day, a number of days (`30d`), or nothing for the reader's
    last visit. The rest is for single pages: `state` and `layout` the overview, `tab` the signals and the
    data, `shown` the marks of the indicator that are off by default, the others from `kind` on the
    mentions.
    """

    labs: tuple[str, ...] = ()
    only: bool = False
    as_of: date | None = None
    since: str = ""
    start: str = ""
    end: str = ""
    scale: Literal["", "lin", "log"] = ""
    variant: str = ""
    state: str = ""
    layout: Literal["", "table"] = ""
    tab: str = ""
    shown: tuple[str, ...] = ()
    kind: str = ""
    topic: str = ""
    search: str = ""
    measure: Literal["", "count"] = ""
    source: str = ""
    outlet: str = ""
    by: Literal["", "topic"] = ""
    step: Literal["", "day"] = ""

    @property
    def instant(self) -> datetime | None:
        """The last instant of the as-of day, UTC; None for the latest state."""
        return None if self.as_of is None else datetime.combine(self.as_of, time.max, UTC)

    def window(self, newest: date) -> tuple[date | None, date | None]:
        """First and last day shown; `2y` and `5y` count back from the newest value."""
        start = (
            newest - timedelta(days=round(365.25 * int(self.start[0]))) if self.start in RANGES else _day(self.start)
        )
        return start, _day(self.end)


def parse(query: Mapping[str, Sequence[str]]) -> View:
    """The view that a query string asks for; whatever makes no sense falls back to the default."""
    wanted = set(query.get("lab", ()))
    labs = tuple(lab for lab in lab_names() if lab in wanted)[:MOST_LABS]
    start, end = _range_end(_last(query, "from"), RANGES), _range_end(_last(query, "to"))
    if start and end and start not in RANGES and start > end:
        start, end = end, start
    scale = _last(query, "y")
    return View(
        labs=labs,
        only=bool(labs) and _last(query, "only") == "1",
        as_of=_day(_last(query, "asof")),
        since=_range_end(_last(query, "since"), AGO),
        start=start,
        end=end,
        scale=scale if scale in ("lin", "log") else "",  # type: ignore[arg-type]
        variant=_slug(_last(query, "v")),
        state=_slug(_last(query, "st")),
        layout="table" if _last(query, "as") == "table" else "",
        tab=_slug(_last(query, "tab")),
        shown=tuple(name for name in MARKS if name in query.get("show", ())),
        kind=_slug(_last(query, "kind")),
        topic=_slug(_last(query, "topic")),
        search=clean(_last(query, "q"), MOST_SEARCH).strip(),
        measure="count" if _last(query, "m") == "count" else "",
        source=_slug(_last(query, "src")),
        outlet=clean(_last(query, "out"), MOST_SEARCH).strip(),
        by="topic" if _last(query, "by") == "topic" else "",
        step="day" if _last(query, "step") == "day" else "",
    )


def query(view: View) -> Query:
    """The canonical query of a view: sorted keys, defaults left out."""
    parts: Query = {
        "as": [view.layout] if view.layout else [],
        "asof": [view.as_of.isoformat()] if view.as_of else [],
        "by": [view.by] if view.by else [],
        "from": [view.start] if view.start else [],
        "kind": [view.kind] if view.kind else [],
        "lab": list(view.labs),
        "m": [view.measure] if view.measure else [],
        "only": ["1"] if view.only else [],
        "out": [view.outlet] if view.outlet else [],
        "q": [view.search] if view.search else [],
        "show": list(view.shown),
        "since": [view.since] if view.since else [],
        "src": [view.source] if view.source else [],
        "st": [view.state] if view.state else [],
        "step": [view.step] if view.step else [],
        "tab": [view.tab] if view.tab else [],
        "to": [view.end] if view.end else [],
        "topic": [view.topic] if view.topic else [],
        "v": [view.variant] if view.variant else [],
        "y": [view.scale] if view.scale else [],
    }
    return {key: values for key, values in parts.items() if values}


def clamped(view: View, today: date) -> View:
    """The view without a day of knowledge that has not come yet, and without changes since a day after it."""
    view = replace(view, as_of=None) if view.as_of and view.as_of >= today else view
    since = _day(view.since)
    return replace(view, since="") if since and since >= (view.as_of or today) else view


def _last(query: Mapping[str, Sequence[str]], key: str) -> str:
    values = query.get(key) or ("",)
    return values[-1]


def _slug(text: str) -> str:
    """Text that can be the name of a choice; whether it is one is for the page to say."""
    return text if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", text, re.ASCII) else ""


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
    except ValueError:
        return None
    return found if found and FIRST_DAY <= found <= LAST_DAY else None


def _range_end(text: str, allowed: tuple[str, ...] = ()) -> str:
    return text if text in allowed or _day(text) else ""
