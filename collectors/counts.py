"""How many items of a source name a lab or a topic: by day, and by week as a number and as a share of all.

The daily counts lie among the observations, so that no chart ever scans titles: the subject is "topic:rsi",
"lab:openai" for what names a lab, "from:openai" for what stands on its site, or empty for all items read. A day
that was read has a row for each, zeros included; a day that was not read has none. Weeks begin on Monday and need
three days; a shorter one is scaled up to seven. Other lists of names make another variant, never a longer line:
history is counted again instead.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collectors.labs import labs_mentioned, publisher_of
from collectors.topics import tagger, topics_of
from data import queries
from data.lists import own_data
from data.schema import Indicator, Mention, Observation, Variant
from data.store import Store

ALL = ""
DAY, WEEK = timedelta(days=1), timedelta(days=7)
FEWEST_DAYS = 3
RECOUNT = timedelta(days=10)


@dataclass(frozen=True, kw_only=True)
class Weekly:
    """A weekly indicator: the sum of the daily counts of `series`, or its share of all items."""

    indicator: Indicator
    series: str
    is_share: bool = False


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What is counted of a source. `from_table`: by the stored mentions, where feeds roll and one answer is no day."""

    daily: Indicator
    weekly: tuple[Weekly, ...]
    from_table: bool = False
    url: str | None = None
    """Where what was counted can be looked at, if that is one place."""

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        return (self.daily, *(w.indicator for w in self.weekly))


def topics() -> dict[str, str]:
    """Names of the topics by key."""
    return {key: entry["name"] for key, entry in own_data("topics.yaml")["topics"].items()}


def labs() -> dict[str, str]:
    """Names of the labs by id."""
    return {lab: entry["name"] for lab, entry in own_data("labs.yaml")["labs"].items()}


def each_topic(make: Callable[..., Weekly], key: str, title: str, about: str, **how: str) -> tuple[Weekly, ...]:
    """One weekly series a topic, made by `number` or `share`; "{}" in `title` and `about` stands for its name."""
    return _each("topic", own_data("topics.yaml")["topics"], make, key, title, about, how)


def each_lab(make: Callable[..., Weekly], key: str, title: str, about: str, **how: str) -> tuple[Weekly, ...]:
    """The same for each lab."""
    return _each("lab", own_data("labs.yaml")["labs"], make, key, title, about, how)


def _each(
    kind: str,
    entries: Mapping[str, Mapping[str, str]],
    make: Callable[..., Weekly],
    key: str,
    title: str,
    about: str,
    how: Mapping[str, str],
) -> tuple[Weekly, ...]:
    return tuple(
        make(
            f"{key}_{name}",
            title.format(entry.get("short", entry["name"])),  # cards have room for 26 characters
            f"{kind}:{name}",
            about=about.format(entry["name"]),
            **how,
        )
        for name, entry in entries.items()
    )


def lists(version: str) -> tuple[Variant, ...]:
    """The one variant that is counted now."""
    return (Variant(key=version, title=f"counted with the lists {version}"),)


def daily(prefix: str, title: str, items: str) -> Indicator:
    """The daily table of a source. It has no page: it is what the weekly ones are made of."""
    key = f"{prefix}_daily"
    return Indicator(
        key=key,
        title=f"{title}: items a day",
        plural=True,
        unit=f"{items}/day",
        stage="attention",
        transform="linear",
        better="context",
        definition=f"{items.capitalize()} a day by topic and lab, and all that were read.",
        family=prefix,
        figure_of=key,
        marks="day",
        date_kind="period",
        variants=lists(tagger()),
    )


def number(key: str, title: str, series: str, *, items: str, family: str, about: str, version: str = "") -> Weekly:
    """A weekly number of items."""
    return Weekly(
        series=series,
        indicator=Indicator(
            key=key,
            title=title,
            plural=True,
            unit=f"{items}/week",
            stage="attention",
            transform="log2",
            better="context",
            definition=about,
            family=family,
            marks="week",
            date_kind="period",
            variants=lists(version or tagger()),
            caveat="A number grows with its source too: read it beside the share.",
        ),
    )


def share(key: str, title: str, series: str, *, family: str, about: str, version: str = "") -> Weekly:
    """A weekly share of all items read."""
    return Weekly(
        series=series,
        is_share=True,
        indicator=Indicator(
            key=key,
            title=title,
            unit="fraction",
            stage="attention",
            transform="logit",
            floor=0.0,
            ceiling=1.0,
            better="context",
            definition=about,
            family=family,
            marks="week",
            date_kind="period",
            variants=lists(version or tagger()),
            caveat="A word that spreads looks like the thing itself spreading.",
        ),
    )


def tally(counts: Counts, mentions: Iterable[Mention], days: Iterable[date]) -> Iterator[Observation]:
    """The daily rows of `days`, all of whose items are in `mentions`."""
    seen: dict[date, Counter[str]] = {day: Counter() for day in days}
    for item in mentions:
        if item.at is not None and item.at.date() in seen:
            seen[item.at.date()].update(_series_of(item))
    for day, found in seen.items():
        yield from _day(counts, day, found)


def from_table(
    counts: Counts, source: str, store: Store, now: datetime, since: date | None = None
) -> list[Observation]:
    """The daily rows by the stored mentions, of the last days or `since` one.

    Only of days with a good run on the day and on the next: what appeared between them was not missed.
    """
    first = since or (now - RECOUNT).date()
    runs = queries.good_days(store, source) | {now.date()}
    days = [
        first + n * DAY for n in range((now.date() - first).days) if {first + n * DAY, first + (n + 1) * DAY} <= runs
    ]
    if not days:
        return []
    rows = queries.tagged(store, source, tagger(), first)
    seen: dict[date, Counter[str]] = {day: Counter() for day in days}
    for (day, series), articles in rows.items():
        if day in seen:
            seen[day][series] += articles
    return [row for day, found in seen.items() for row in _day(counts, day, found)]


def by_week(counts: Counts, source: str, store: Store, first: date, now: datetime) -> Iterator[Observation]:
    """The weekly rows from the week of `first` to the last complete one, by the stored daily rows."""
    monday = first - timedelta(days=first.weekday())
    stored = queries.daily_counts(store, source, counts.daily.key, tagger(), monday)
    by_series: dict[str, dict[date, float]] = {}
    for series, day, value in stored.select("subject", "date", "value").iter_rows():
        by_series.setdefault(series, {})[day] = value
    read = by_series.get(ALL, {})
    while (monday + WEEK) <= now.date():
        days = [monday + n * DAY for n in range(7) if monday + n * DAY in read]
        if len(days) >= FEWEST_DAYS:
            yield from _week(counts, monday, days, read, by_series)
        monday += WEEK


def _week(
    counts: Counts,
    monday: date,
    days: list[date],
    read: Mapping[date, float],
    by_series: Mapping[str, dict[date, float]],
) -> Iterator[Observation]:
    everything = sum(read[day] for day in days)
    for weekly in counts.weekly:
        found = by_series.get(weekly.series, {})
        if any(day not in found for day in days):
            continue  # the series is younger than the table
        number = sum(found[day] for day in days)
        if weekly.is_share and not everything:
            continue
        value = number / everything if weekly.is_share else number * 7 / len(days)
        yield weekly.indicator.observed(
            date=monday, value=value, variant=tagger(), url=counts.url, days=len(days), found=number, read=everything
        )


def _day(counts: Counts, day: date, found: Counter[str]) -> Iterator[Observation]:
    wanted = dict.fromkeys([ALL, *(w.series for w in counts.weekly)])
    for series in wanted:
        yield counts.daily.observed(date=day, value=found[series], subject=series, variant=tagger(), url=counts.url)


def _series_of(item: Mention) -> Iterator[str]:
    yield ALL
    if publisher := publisher_of(item.url):
        yield f"from:{publisher}"
    for topic in topics_of(item.title, item.summary, ai_only=item.ai_only):
        yield f"topic:{topic.topic}"
    for lab in labs_mentioned(item.title, item.summary, ai_only=item.ai_only):
        yield f"lab:{lab.lab}"


def complete_weeks(first: date, now: datetime) -> Iterator[date]:
    """The Mondays of the weeks that begin on or after `first` and are over."""
    monday = first + timedelta(days=-first.weekday() % 7)
    while monday + WEEK <= now.date():
        yield monday
        monday += WEEK
