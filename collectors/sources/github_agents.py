"""GitHub: how many pull requests coding agents open and get merged in a week, and how many commits they co-sign.

Counted with the search, by week of creation or merge: the running totals can fall when repositories disappear,
and their differences would show that as activity. Claude Code signs its commits and has no branch prefix of its
own, so it is among the commits and not among the pull requests. Counts above about a million are estimates of the
search, which come out differently the next day: three weeks of commits are read again each time, and the share of
all commits is taken from seven sampled hours. Without a token the search answers ten questions a minute, so that
the 41 questions of a run take four and a half minutes.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused

API = "https://api.github.com/search"
AGENTS = {  # agent: how the search finds its pull requests, and the lab whose agent it is
    "Codex": ("head:codex/", "openai"),
    "Copilot": ("head:copilot/", "microsoft"),
    "Cursor": ("head:cursor/", None),
    "Devin": ("author:devin-ai-integration[bot]", None),
    "Codegen": ("author:codegen-sh[bot]", None),
    "Jules": ("author:google-labs-jules[bot]", "google"),
}
TRAILERS = {"Claude Code": ('"Co-Authored-By: Claude"', "anthropic")}
ALL_COMMITS = "is:public"
WEEK = timedelta(days=7)
PULLS_FROM, COMMITS_FROM = date(2025, 5, 5), date(2025, 2, 24)
"""The first whole weeks to look back to: before them most of these agents did not exist."""
SAMPLED_HOURS = (1, 4, 8, 11, 15, 18, 22)  # Monday to Sunday (UTC): around the clock and around the week

_PULLS = "A search count of public repositories. Agents that leave no branch prefix or bot author are not seen."
_COMMITS = "An estimate by the search, default branches only. Trailers can be switched off by the user."


def _count(key: str, title: str, definition: str, unit: str, caveat: str) -> Indicator:
    return Indicator(
        key=key,
        title=title,
        plural=True,
        unit=unit,
        stage="coding_agents",
        transform="log2",
        definition=definition,
        family="github_agents",
        marks="agent and week",
        date_kind="period",
        caveat=caveat,
        max_factor=10.0,
    )


OPENED = _count(
    "agent_prs_opened", "Agent PRs opened", "Public pull requests that coding agents opened.", "PRs/week", _PULLS
)
MERGED = _count(
    "agent_prs_merged",
    "Agent PRs merged",
    "Public pull requests of coding agents that were merged.",
    "PRs/week",
    _PULLS,
)
COAUTHORED = _count(
    "coauth_commits",
    "Commits with an agent",
    "Public commits that name an agent as co-author.",
    "commits/week",
    _COMMITS,
)
_SHARE = {
    "unit": "fraction",
    "stage": "coding_agents",
    "transform": "logit",
    "floor": 0.0,
    "ceiling": 1.0,
    "family": "github_agents",
    "date_kind": "period",
}
MERGE_RATE = Indicator(
    key="agent_pr_merge_rate",
    title="Agent PRs that get merged",
    plural=True,
    better="context",
    definition="Share of the week's pull requests, drafts apart, that were merged by two weeks later.",
    marks="agent and week",
    caveat=_PULLS,
    **_SHARE,  # type: ignore[arg-type]
)
COAUTH_SHARE = Indicator(
    key="coauth_share",
    title="Share of commits",
    definition="Share of public commits that name an agent as co-author, in seven sampled hours of the week.",
    marks="agent and week",
    caveat=f"Our sample of seven hours, since the search cannot count more than about a million. {_COMMITS}",
    **_SHARE,  # type: ignore[arg-type]
)

SOURCE = Source(
    title="GitHub search",
    homepage="https://docs.github.com/en/rest/search/search",
    licence="counts through the public API",
    credit="GitHub, search API",
    share="credit",
    every=timedelta(days=7),
    at_least=1,
    indicators=(OPENED, MERGED, MERGE_RATE, COAUTHORED, COAUTH_SHARE),
)


def collect(http: Http) -> Iterator[Row]:
    weeks = [_monday(http) - back * WEEK for back in (1, 2, 3)]
    yield from _pull_requests(http, weeks[0])
    yield from _merge_rates(http, weeks[2])
    for monday in weeks:
        yield from _commits(http, monday)
    yield from _shares(http, weeks[1])


def history(http: Http, first: date, last: date) -> Iterator[Row]:
    """The whole weeks from `first` to `last`: 39 questions a week, so that a month takes about twenty minutes."""
    monday = first + timedelta(days=-first.weekday() % 7)
    while monday + WEEK <= min(last + timedelta(days=1), _monday(http)):
        if monday >= PULLS_FROM:
            yield from _pull_requests(http, monday)
            if monday + 3 * WEEK <= _monday(http):
                yield from _merge_rates(http, monday)
        if monday >= COMMITS_FROM:
            yield from _commits(http, monday)
            yield from _shares(http, monday)
        monday += WEEK


def _monday(http: Http) -> date:
    """The Monday of the week that is not over."""
    return http.now.date() - timedelta(days=http.now.weekday())


def address(kind: str, query: str) -> str:
    """The question for the number of pull requests ("issues") or commits that a query finds."""
    return f"{API}/{kind}?" + urlencode({"q": query, "per_page": 1})


def span(monday: date) -> str:
    """The week from that Monday to its Sunday, as the search writes it."""
    return f"{monday}..{monday + WEEK - timedelta(days=1)}"


def hour(monday: date, weekday: int) -> str:
    """The sampled hour of a weekday, as the search writes it."""
    start = datetime.combine(monday + timedelta(days=weekday), time(SAMPLED_HOURS[weekday]))
    return f"{start.isoformat()}Z..{start.replace(minute=59, second=59).isoformat()}Z"


def _total(http: Http, url: str) -> dict[str, Any]:
    answer = http.json(url)
    # the search gave up before it had seen everything: marked as an estimate
    return {"value": answer["total_count"], "estimate": answer["incomplete_results"] or None}


def _pull_requests(http: Http, monday: date) -> Iterator[Row]:
    """One row an agent, and their total where all of them answered."""
    for indicator, when in ((OPENED, "created"), (MERGED, "merged")):
        totals = []
        for agent, (mark, lab) in AGENTS.items():
            url = address("issues", f"is:pr {mark} {when}:{span(monday)}")
            if http.has(url):
                found = _total(http, url)
                totals.append(found["value"])
                yield indicator.observed(date=monday, subject=agent, lab=lab, url=url, **found)
        if len(totals) == len(AGENTS):
            yield indicator.observed(date=monday, value=sum(totals), url=SOURCE.homepage, derived=True)


def _commits(http: Http, monday: date) -> Iterator[Row]:
    for agent, (trailer, lab) in TRAILERS.items():
        url = address("commits", f"{trailer} committer-date:{span(monday)}")
        if http.has(url):
            yield COAUTHORED.observed(date=monday, subject=agent, lab=lab, url=url, **_total(http, url))


def _merge_rates(http: Http, monday: date) -> Iterator[Row]:
    merged_by = monday + 3 * WEEK - timedelta(days=1)
    for agent, (mark, lab) in AGENTS.items():
        ready = address("issues", f"is:pr {mark} -is:draft created:{span(monday)}")
        done = address("issues", f"is:pr {mark} -is:draft created:{span(monday)} merged:{monday}..{merged_by}")
        if not (http.has(ready) and http.has(done)):
            continue
        opened, merged = _total(http, ready)["value"], _total(http, done)["value"]
        if opened >= merged and opened > 0:
            yield MERGE_RATE.observed(
                date=monday, value=merged / opened, subject=agent, lab=lab, url=done, opened=opened
            )
        else:
            row = {"agent": agent, "date": monday.isoformat(), "opened": opened, "merged": merged}
            yield Refused(reason="no pull requests, or fewer than were merged", row=row)


def _shares(http: Http, monday: date) -> Iterator[Row]:
    for agent, (trailer, lab) in TRAILERS.items():
        signed = [address("commits", f"{ALL_COMMITS} {trailer} committer-date:{hour(monday, d)}") for d in range(7)]
        every = [address("commits", f"{ALL_COMMITS} committer-date:{hour(monday, d)}") for d in range(7)]
        if not all(http.has(url) for url in (*signed, *every)):
            continue
        ours, whole = (sum(_total(http, url)["value"] for url in urls) for urls in (signed, every))
        if whole >= ours and whole > 0:
            share = ours / whole
            yield COAUTH_SHARE.observed(date=monday, value=share, subject=agent, lab=lab, url=every[0], commits=whole)
        else:
            row = {"agent": agent, "date": monday.isoformat(), "signed": ours, "all": whole}
            yield Refused(reason="no commits at all, or fewer than were co-signed", row=row)
