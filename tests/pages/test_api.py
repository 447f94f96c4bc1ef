"""The routes for machines: the documented examples are true, tags save work, and nothing leaves that must not."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from collectors.mentions import mention_rows
from collectors.registry import one
from collectors.run import catalogue_rows
from dashboard import api
from dashboard.reading import Reader
from data.schema import Mention
from data.store import Store
from tests.pages.client import Client

DOCUMENT = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```http\nGET (\S+)\n(\d+) (.+)\n((?:.*\n)*?)```", DOCUMENT)
KNOWN_AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = '<script>alert(1)</script> OpenAI & "friends" =1+1'


@pytest.fixture(scope="module")
def client(reader: Reader) -> Client:
    return Client(api.routes(lambda: reader))


@pytest.fixture
def own(store: Store) -> Client:
    """Routes over a store of one's own."""
    made = Reader(store)
    return Client(api.routes(lambda: made))


@pytest.mark.parametrize("example", EXAMPLES, ids=[path for path, *_ in EXAMPLES])
def test_every_documented_example_is_true(client: Client, example: tuple[str, ...]) -> None:
    path, status, media, lines = example
    answer = client.get(path)
    assert (answer.status, answer.headers["content-type"]) == (int(status), media)
    found = "\n".join([*(f"{k}: {v}" for k, v in answer.headers.items()), answer.content.decode("utf-8", "replace")])
    assert not [line for line in lines.splitlines() if line not in found]


def test_every_route_is_documented() -> None:
    paths = {path.partition("?")[0] for path, *_ in EXAMPLES}
    routes = [route for route in api.routes(lambda: pytest.fail("not asked")) if "rest" not in route.path]
    assert len(paths) >= 12
    assert not [r.path for r in routes if not any(r.path_regex.match(p) for p in paths) and "feeds" not in r.path]


@pytest.mark.parametrize("path", ["/api/v1/indicators.json", "/api/v1/indicators/metr_p50.csv?lab=openai",
                                  "/api/v1/sources.json", "/api/v1/snapshot.zip", "/feeds/signals.atom"])  # fmt: skip
def test_a_reader_who_has_it_is_told_so(client: Client, path: str) -> None:
    first = client.get(path)
    again = client.get(path, if_none_match=f'"other", W/{first.headers["etag"]}')
    assert (again.status, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.head(path).headers["content-length"] == str(len(first.content))
    assert client.get(path, if_none_match='"other"').status == 200


def test_nothing_is_built_for_a_304(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = client.get("/api/v1/indicators/eci_frontier.csv?from=2024-02-03").headers["etag"]
    monkeypatch.setattr("dashboard.export.as_csv", lambda *_, **__: pytest.fail("built"))
    assert client.get("/api/v1/indicators/eci_frontier.csv?from=2024-02-03", if_none_match=tag).status == 304


def test_equal_questions_have_equal_tags_and_others_do_not(client: Client) -> None:
    def tag(query: str) -> str:
        return client.get(f"/api/v1/indicators/metr_p50.csv?{query}").headers["etag"]

    assert tag("lab=openai&only=1") == tag("only=1&foo=1&lab=openai&lab=nobody&asof=2999-01-01")
    assert len({tag(q) for q in ("", "lab=openai", "lab=openai&only=1", "full=1", "excel=1", "asof=2026-02-28")}) == 6


def test_a_tag_changes_with_the_tables(store: Store, own: Client) -> None:
    before = own.get("/api/v1/indicators.json").headers["etag"]
    store.append_vintages("indicators", catalogue_rows(one("metr_horizons")))
    assert own.get("/api/v1/indicators.json", if_none_match=before).status == 200


def test_other_sites_may_read_here_and_nowhere_else(client: Client) -> None:
    assert client.get("/api/v1/signals/metr_p50.json").headers["access-control-allow-origin"] == "*"
    assert client.get("/api/v1/nope").headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in client.get("/health").headers
    asked = client.ask("OPTIONS", "/api/v1/indicators.json")
    assert (asked.status, asked.headers["access-control-allow-headers"]) == (204, "If-None-Match, Range")


@pytest.mark.parametrize("path", ["/api/v1/indicators/%3Cscript%3E.csv", "/api/v1/indicators/%3Cscript%3E.metadata.json",
                                  "/api/v1/signals/%3Cscript%3E.json", "/feeds/%3Cscript%3E.atom", "/api/%3Cscript%3E",
                                  "/api/v1/indicators/..%2F..%2Fetc.csv"])  # fmt: skip
def test_an_unknown_key_is_a_404_that_does_not_repeat_it(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status == 404
    assert set(answer.json()) == {"error"}
    assert b"script" not in answer.content
    assert b"etc" not in answer.content


def test_the_metadata_hold_the_hash_of_the_file(client: Client) -> None:
    import hashlib

    for query in ("", "?lab=openai&only=1", "?full=1&asof=2026-02-28", "?excel=1"):
        file = client.get(f"/api/v1/indicators/metr_p50.csv{query}")
        about = client.get(f"/api/v1/indicators/metr_p50.metadata.json{query}").json()
        assert about["sha256"] == hashlib.sha256(file.content).hexdigest()
        assert about["rows"] == file.text.count("\r\n") - 1


def test_csv_and_json_hold_the_same_rows(client: Client) -> None:
    for query in ("", "?full=1", "?asof=2026-02-28&lab=openai&only=1"):
        rows = client.get(f"/api/v1/indicators/metr_p50.json{query}").json()["rows"]
        file = client.get(f"/api/v1/indicators/metr_p50.csv{query}").text
        found = list(csv.DictReader(io.StringIO(file, newline="")))
        assert [(r["subject"], r["date"], r["value"]) for r in rows] == [
            (f["subject"], f["date"], float(f["value"])) for f in found
        ]


def test_an_old_day_shows_the_old_value_in_every_form(client: Client) -> None:
    def values(day: str) -> dict[tuple[str, str], float]:
        rows = client.get(f"/api/v1/indicators/metr_p50.json?full=1{day}").json()["rows"]
        return {(r["variant"], r["subject"]): r["value"] for r in rows}

    old, new = values("&asof=2026-02-01"), values("")
    moved = [key for key in old if new[key] != old[key]]
    assert moved
    file = client.get("/api/v1/indicators/metr_p50.csv?full=1&asof=2026-02-01").text
    found = {(r["variant"], r["subject"]): float(r["value"]) for r in csv.DictReader(io.StringIO(file, newline=""))}
    assert found == old


def test_the_verdicts_read_at_once_are_those_of_the_pages(client: Client, reader: Reader) -> None:
    for asked in ("", "?asof=2026-02-28"):
        listed = {v["id"]: v for v in client.get(f"/api/v1/signals.json{asked}").json()["signals"]}
        for key in ("metr_p50", "metr_p80", "eci_frontier", "agent_prs_merged"):
            alone = client.get(f"/api/v1/signals/{key}.json{asked}").json()
            assert listed[key] == {k: v for k, v in alone.items() if k != "history"}


# --- rows that must not leave


@pytest.fixture
def withheld(store: Store) -> Store:
    """A store in which METR has forbidden to pass its rows on."""
    rows = [{**row, "share": "none"} for row in catalogue_rows(one("metr_horizons"))]
    store.append_vintages("indicators", rows, KNOWN_AT)
    indicator = next(i for i in one("metr_horizons").source.indicators if i.key == "metr_p50")
    from collectors.run import _observation_row

    found = [
        indicator.observed(date=date(2024, 1, d), value=987.5 + d, subject=f"Secret {d}", variant="1.1")
        for d in range(1, 15)
    ]
    store.append_vintages("observations", [_observation_row("metr_horizons", o, "r") for o in found], KNOWN_AT)
    return store


def test_rows_that_are_not_ours_leave_by_no_route(withheld: Store, own: Client) -> None:
    for suffix in ("csv", "json", "csv?full=1"):
        answer = own.get(f"/api/v1/indicators/metr_p50.{suffix}")
        assert answer.status == 403
        assert "not ours" in answer.json()["error"]
    listed = own.get("/api/v1/indicators.json").json()["indicators"]
    assert next(i for i in listed if i["indicator"] == "metr_p50")["links"]["csv"] is None
    about = own.get("/api/v1/indicators/metr_p50.metadata.json")
    assert (about.status, about.json()["sha256"]) == (200, None)
    changed = own.get("/api/v1/changes.json?since=2026-01-01").json()
    assert (changed["values"], changed["withheld"]) == ([], 14)
    for path in (
        "indicators.json",
        "indicators/metr_p50.metadata.json",
        "changes.json?since=2026-01-01",
        "signals.json",
    ):
        assert b"987.5" not in own.get(f"/api/v1/{path}").content
    with zipfile.ZipFile(io.BytesIO(own.get("/api/v1/snapshot.zip").content)) as archive:
        assert not [n for n in archive.namelist() if b"Secret" in archive.read(n)]
        assert b"observations,metr_horizons,metr_p50,14," in archive.read("left_out.csv")


def test_derived_values_of_such_a_source_may_leave(withheld: Store, own: Client) -> None:
    assert own.get("/api/v1/signals/metr_p50.json").json()["n"] == 14


def test_a_range_holds_for_both_files(client: Client) -> None:
    query = "from=2024-01-01&to=2025-06-30"
    rows = client.get(f"/api/v1/indicators/eci_frontier.json?{query}").json()["rows"]
    file = csv.DictReader(io.StringIO(client.get(f"/api/v1/indicators/eci_frontier.csv?{query}").text))
    days = [row["date"] for row in file]
    assert days == [row["date"] for row in rows]
    assert "2024-01-01" <= min(days) < max(days) <= "2025-06-30"


# --- mentions


@pytest.fixture
def news(store: Store) -> Store:
    """Mentions of a source whose terms are known: thirty articles in two months, one of them hostile."""
    row = catalogue_rows(one("metr_horizons"))[0]
    store.append_vintages(
        "indicators", [{**row, "indicator": "hn", "source": "hacker_news", "share": "credit"}], KNOWN_AT
    )
    items = [
        Mention(
            at=KNOWN_AT - timedelta(days=2 * n),
            title=HOSTILE if n == 3 else f"OpenAI and Anthropic news {n}",
            url="https://example.org/\\evil" if n == 4 else f"https://example.org/{n}",
            outlet="Example",
            native_key=str(n),
        )
        for n in range(30)
    ]
    store.append_new("mentions", [r for m in items for r in mention_rows("hacker_news", m, "r", KNOWN_AT)])
    store.append_new("mentions", mention_rows("unknown_press", items[0], "r", KNOWN_AT))
    return store


def test_pages_of_mentions_follow_each_other_without_gap_or_repeat(news: Store, own: Client) -> None:
    whole = own.get("/api/v1/mentions.json").json()["mentions"]
    assert {row["source"] for row in whole} == {"hacker_news"}, "what has no terms stays here"
    found: list[Any] = []
    path = "/api/v1/mentions.json?limit=7"
    while path:
        page = own.get(path).json()
        assert len(page["mentions"]) <= 7
        found, path = found + page["mentions"], page["next"]
    assert found == whole
    assert len({row["id"] for row in found}) == len(found) > 50


def test_the_csv_names_the_next_page_in_its_header(news: Store, own: Client) -> None:
    answer = own.get("/api/v1/mentions.csv?limit=3&lab=openai")
    following = re.fullmatch(r'<(/api/v1/mentions\.csv\?[^>]+)>; rel="next"', answer.headers["link"])
    assert following
    assert own.get(following[1]).text.splitlines()[0] == answer.text.splitlines()[0]


def test_mentions_can_be_filtered(news: Store, own: Client) -> None:
    def rows(query: str) -> list[Any]:
        found: list[Any] = own.get(f"/api/v1/mentions.json?{query}").json()["mentions"]
        return found

    assert {r["lab"] for r in rows("lab=anthropic")} == {"anthropic"}
    assert all("2026-11-01" <= r["published_at"][:10] <= "2026-11-10" for r in rows("from=2026-11-01&to=2026-11-10"))
    assert len(rows("q=NEWS+7")) == 2
    assert rows("kind=policy") == rows("asof=2026-11-01") == []
    assert rows("kind=nonsense&limit=x&after=x") == rows("")


def test_hostile_titles_stay_text_in_every_form(news: Store, own: Client) -> None:
    atom = own.get("/feeds/mentions.atom").content
    assert b"<script" not in atom
    entries = ElementTree.fromstring(atom).findall(f"{ATOM}entry")
    assert HOSTILE in [entry.findtext(f"{ATOM}title") for entry in entries]
    links = [link.get("href") for entry in entries for link in entry.findall(f"{ATOM}link")]
    assert len(entries) == 30
    assert len(links) == 29, "an address that may not be a link is none"
    assert all(link and link.startswith("https://example.org/") for link in links)
    file = own.get("/api/v1/mentions.csv").text
    cells = [cell for row in csv.reader(io.StringIO(file, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]


def test_entries_keep_their_ids(news: Store, own: Client) -> None:
    def ids() -> set[str]:
        return {item["id"] for item in json.loads(own.get("/feeds/mentions.json").content)["items"]}

    before = ids()
    late = Mention(at=KNOWN_AT, title="OpenAI again", url="https://example.org/new", outlet="Example")
    news.append_new("mentions", mention_rows("hacker_news", late, "r", KNOWN_AT))
    assert before < ids()


# --- flags


def flag(state: str, hour: int, **more: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("last_period", "ratio", "p", "q", "break_date", "detail"))
    return {
        "indicator": "metr_p50", "subject": "", "method": "bend-1", "state": state, "streak_on": hour, "streak_off": 0,
        "data_id": str(hour), "n": 20, **blank, **more,
    }  # fmt: skip


def test_changes_of_flags_are_news_and_repeats_are_not(
    store: Store, own: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signals.ledger.read", lambda *_: {})  # these rows carry no findings
    store.append_vintages("indicators", catalogue_rows(one("metr_horizons")), KNOWN_AT)
    for hour, state in enumerate(("steady", "watch", "watch", "signal")):
        at = KNOWN_AT + timedelta(hours=hour)
        store.append_vintages("flags", [flag(state, hour, p=0.01, ratio=1.8)], at)
    history = own.get("/api/v1/signals/metr_p50.json").json()["history"]
    assert [(e["was"], e["state"]) for e in history] == [("watch", "signal"), ("steady", "watch")]
    entries = ElementTree.fromstring(own.get("/feeds/autonomy.atom").content).findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}updated") for entry in entries] == ["2026-11-20T09:00:00Z", "2026-11-20T07:00:00Z"]
    assert "Signal, was Watch: n = 20, slope ratio 1.8, p = 0.01" in (entries[0].findtext(f"{ATOM}content") or "")
    one_change = own.get(f"/api/v1/signals/{history[0]['row_id']}.json").json()
    assert one_change == history[0]
    assert own.get("/feeds/inputs.atom").content.count(b"<entry>") == 0
    since = own.get("/api/v1/changes.json?since=2026-11-20T08:30:00Z").json()
    assert [e["state"] for e in since["flags"]] == ["signal"]


# --- snapshot and health


def test_the_snapshot_is_built_once_a_state_of_the_tables(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/api/v1/snapshot.zip?asof=2026-03-31")
    monkeypatch.setattr("data.snapshot.write", lambda *_: pytest.fail("built again"))
    again = client.get("/api/v1/snapshot.zip?asof=2026-03-31")
    assert first.content == again.content
    assert client.get("/api/v1/snapshot.zip?asof=2026-03-30").content == first.content, "nothing was stored that day"
    with zipfile.ZipFile(io.BytesIO(first.content)) as archive:
        instant = json.loads(archive.read("datapackage.json"))["snapshot"]["as_of"]
    assert client.get(f"/api/v1/snapshot.zip?asof={instant}").content == first.content


def test_before_the_first_row_there_is_no_snapshot(client: Client) -> None:
    assert client.get("/api/v1/snapshot.zip?asof=1999-01-01").status == 404


def test_health_says_what_is_wrong(tmp_path: Path, own: Client, reader: Reader) -> None:
    answer = own.get("/health")
    empty = answer.json()
    assert (answer.status, empty["ok"], empty["worker"]["silent"]) == (503, False, True)
    assert empty["reasons"] == ["no collector has reported yet"]
    absent = Client(api.routes(lambda: Reader(Store(str(tmp_path / "absent"))))).get("/health").json()
    assert "the table observations does not exist yet" in absent["reasons"]


def test_health_is_503_when_the_tables_cannot_be_read(broken: Callable[[], Reader]) -> None:
    answer = Client(api.routes(broken)).get("/health")
    assert (answer.status, answer.json()["ok"]) == (503, False)
    assert b"/" not in answer.content, "no path of the inside"


def test_unreadable_tables_are_a_503_without_a_word_of_the_inside(broken: Callable[[], Reader]) -> None:
    for path in ("/api/v1/indicators.json", "/api/v1/snapshot.zip", "/feeds/signals.atom"):
        answer = Client(api.routes(broken)).get(path)
        assert (answer.status, answer.json()) == (503, {"error": "the tables cannot be read at the moment"})
        assert answer.headers["retry-after"]


@pytest.fixture
def broken(store: Store) -> Callable[[], Reader]:
    """A reader of tables whose log has been cut."""
    for log in Path(store.uri).rglob("_delta_log/*.json"):
        log.write_text('{"commitInfo"')
    return lambda: Reader(store)
