"""What was learnt about GitHub's search. The payloads are made up in the documented format: no real answer is at hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from collectors.pace import GAPS
from collectors.registry import one
from collectors.replay import Replay
from collectors.source import Row
from collectors.sources.github_agents import address, history, hour, span
from data.schema import Observation, Refused
from tests.conftest import NOW, PAYLOADS


class Everything(Replay):
    """A search that finds four of everything."""

    def __init__(self, folder: Path, now: datetime) -> None:
        super().__init__(folder, now)
        self.asked: list[str] = []

    def has(self, url: str) -> bool:
        return True

    def json(self, url: str) -> dict[str, object]:
        self.asked.append(url)
        return {"total_count": 4, "incomplete_results": False}


LAST_WEEK, BEFORE, THIRD = date(2026, 11, 16), date(2026, 11, 9), date(2026, 11, 2)


def observed(rows: list[Row], indicator: str, monday: date) -> dict[str, Observation]:
    chosen = [r for r in rows if isinstance(r, Observation) and (r.indicator, r.date) == (indicator, monday)]
    return {r.subject: r for r in chosen}


def test_a_week_runs_from_monday_to_sunday_and_the_running_one_is_left_out(replay: Callable[..., list[Row]]) -> None:
    assert span(LAST_WEEK) == "2026-11-16..2026-11-22"
    dates = {r.date for r in replay("github_agents") if isinstance(r, Observation)}
    assert max(dates) == LAST_WEEK
    assert {d.weekday() for d in dates} == {0}


def test_the_same_questions_are_asked_on_every_day_of_a_week(replay: Callable[..., list[Row]]) -> None:
    sunday = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
    assert replay("github_agents", now=sunday) == replay("github_agents")


def test_weeks_are_counted_by_creation_and_merge_and_not_by_differences(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("github_agents"), "agent_prs_opened", LAST_WEEK)["Codex"]
    assert (row.value, row.lab, row.unit) == (6000, "openai", "PRs/week")
    asked = parse_qs(urlsplit(row.url or "").query)
    assert asked == {"q": ["is:pr head:codex/ created:2026-11-16..2026-11-22"], "per_page": ["1"]}


def test_a_count_of_zero_is_a_count(replay: Callable[..., list[Row]]) -> None:
    assert observed(replay("github_agents"), "agent_prs_opened", LAST_WEEK)["Codegen"].value == 0


def test_the_total_stands_only_where_every_agent_was_counted(replay: Callable[..., list[Row]]) -> None:
    rows = replay("github_agents")
    assert observed(rows, "agent_prs_opened", LAST_WEEK)[""].value == 30_000
    assert "" not in observed(rows, "agent_prs_merged", LAST_WEEK)  # nothing is known of Cursor
    assert len(observed(rows, "agent_prs_merged", LAST_WEEK)) == 5


def test_no_run_asks_more_than_five_minutes_of_questions(replay: Callable[..., list[Row]]) -> None:
    asked: list[str] = []

    class Asking(Replay):
        def has(self, url: str) -> bool:
            asked.append(url)
            return False

    list(one("github_agents").collect(Asking(PAYLOADS / "github_agents", NOW)))
    assert len(set(asked)) * GAPS["api.github.com"] < 300


def test_a_merge_rate_waits_two_weeks_and_is_a_share(replay: Callable[..., list[Row]]) -> None:
    rows = replay("github_agents")
    assert observed(rows, "agent_pr_merge_rate", THIRD)["Devin"].value == 0.75
    held_back = {r.row["agent"]: (r.row["opened"], r.row["merged"]) for r in rows if isinstance(r, Refused)}
    assert held_back == {"Codegen": (0, 0), "Jules": (4800, 5000)}


def test_an_answer_that_is_incomplete_is_marked_as_an_estimate(replay: Callable[..., list[Row]]) -> None:
    rows = replay("github_agents")
    assert observed(rows, "coauth_commits", LAST_WEEK)["Claude Code"].detail["estimate"] is True
    assert "estimate" not in observed(rows, "coauth_commits", BEFORE)["Claude Code"].detail


def test_commits_of_three_weeks_are_read_again(replay: Callable[..., list[Row]]) -> None:
    found = {r.date for r in replay("github_agents") if isinstance(r, Observation) and r.indicator == "coauth_commits"}
    assert found == {LAST_WEEK, BEFORE, THIRD}


def test_the_share_of_commits_is_taken_from_seven_hours(replay: Callable[..., list[Row]]) -> None:
    row = observed(replay("github_agents"), "coauth_share", BEFORE)["Claude Code"]
    assert (row.value, row.detail["commits"]) == (0.125, 7 * 320_000)
    assert hour(BEFORE, 6) == "2026-11-15T22:00:00Z..2026-11-15T22:59:59Z"


def test_the_past_is_asked_for_week_by_week_as_far_as_it_is_over() -> None:
    web = Everything(PAYLOADS / "github_agents", NOW)
    rows = [r for r in history(web, date(2026, 10, 28), date(2026, 11, 29)) if isinstance(r, Observation)]
    weeks = {i: sorted({r.date for r in rows if r.indicator == i}) for i in {r.indicator for r in rows}}
    assert weeks.pop("agent_pr_merge_rate") == [THIRD]
    counted = ("agent_prs_opened", "agent_prs_merged", "coauth_commits", "coauth_share")
    assert weeks == {key: [THIRD, BEFORE, LAST_WEEK] for key in counted}
    a_week = (len(web.asked) - 12) / 3
    assert a_week == 27  # and 12 for the merge rate


def test_the_past_of_pull_requests_begins_when_there_were_agents_to_open_them() -> None:
    rows = list(history(Everything(PAYLOADS / "github_agents", NOW), date(2025, 1, 1), date(2025, 5, 11)))
    first = {r.indicator: r.date for r in reversed(rows) if isinstance(r, Observation)}
    assert first == {
        "coauth_commits": date(2025, 2, 24),
        "coauth_share": date(2025, 2, 24),
        "agent_prs_opened": date(2025, 5, 5),
        "agent_prs_merged": date(2025, 5, 5),
        "agent_pr_merge_rate": date(2025, 5, 5),
    }


def test_a_question_is_written_so_that_the_search_understands_it() -> None:
    assert address("commits", '"Co-Authored-By: Claude" x:y').endswith(
        "q=%22Co-Authored-By%3A+Claude%22+x%3Ay&per_page=1"
    )
