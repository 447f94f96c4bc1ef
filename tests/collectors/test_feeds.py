"""Feeds as the web really sends them: the right items, or a clear refusal."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.feeds import Feed, Item, gather, mention, read
from collectors.source import Http, Payload
from data.schema import Failure, Refused
from tests.conftest import NOW

URL = "https://example.org/feed.xml"

# items, and what is known of their dates; or the class of refusal
REAL = {
    "feeds/community_aisi.rss.xml": 95,
    "feeds/community_anthropic_news.rss.xml": 255,
    "feeds/community_cohere.rss.xml": 50,
    "feeds/community_deepseek_news.xml": 14,
    "feeds/community_meta_ai.rss.xml": 88,
    "feeds/community_minimax_blog.xml": 19,
    "feeds/community_mistral.rss.xml": 54,
    "feeds/community_openai_research.rss.xml": 194,
    "feeds/community_xainews.rss.xml": 39,
    "feeds/community_z_ai_blog.xml": 16,
    "feeds/huggingface_blog_20260828.rss.xml": 3,
    "feeds/openai_news_20260829.rss.xml": 3,
    "feeds_odd/atom-feed-alternate-link.xml": 1,
    "feeds_odd/atom-feed-created-updated.xml": 1,
    "feeds_odd/atom-feed-reddit.xml": 1,
    "feeds_odd/atom-relative-url.xml": 1,
    "feeds_odd/encoding.rss": 40,
    "feeds_odd/fastfeedparser_json_feed_sample.json": 2,
    "feeds_odd/fastfeedparser_malformed_rss_namespaced.xml": "bad_content",
    "feeds_odd/fastfeedparser_osm.xml": 20,
    "feeds_odd/fastfeedparser_stackoverflow.xml": 2,
    "feeds_odd/fastfeedparser_utf16_encoded.xml": 1,
    "feeds_odd/feed-char-escape.xml": 1,
    "feeds_odd/feed-dcdate.xml": 1,
    "feeds_odd/feed-escape-malformed.xml": 1,
    "feeds_odd/feed-google-blog.xml": 2,
    "feeds_odd/feed-mismatched-html-tags.xml": 1,
    "feeds_odd/feed-test-greek.xml": 1,
    "feeds_odd/feed-test-malformed.xml": 1,
    "feeds_odd/feed-test-time.xml": 1,
    "feeds_odd/feedburner.atom": 25,
    "feeds_odd/feedparser_bozo_bogus_encoding.xml": "bad_content",
    "feeds_odd/feedparser_bozo_invalid-bytes-with-bom.xml": "bad_content",
    "feeds_odd/feedparser_demoronize-1.xml": "schema",
    "feeds_odd/feedparser_double-encoded-html.xml": "schema",
    "feeds_odd/feedparser_http_high_bit_date.xml": 0,
    "feeds_odd/feedparser_rss_incomplete_cdata.xml": "incomplete",
    "feeds_odd/feedparser_rss_item_link_corrupted_ampersands.xml": "schema",
    "feeds_odd/feedparser_undeclared_namespace.xml": "bad_content",
    "feeds_odd/guardian.rss": 55,
    "feeds_odd/heise.atom": 15,
    "feeds_odd/incomplete-fields.atom": "schema",
    "feeds_odd/missing-fields.atom": "schema",
    "feeds_odd/rdf-feed-test.xml": 1,
    "feeds_odd/reddit-home.rss": 24,
    "feeds_odd/rss-1.rss": 69,
    "feeds_odd/unrecognized.rss": "bad_content",
    "feeds_odd/uolNoticias.rss": 15,
}


def rss(items: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f'{head}<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()


def item(title: str = "A title", link: str = "https://example.org/a", when: str = "", rest: str = "") -> str:
    date = f"<pubDate>{when}</pubDate>" if when else ""
    return f"<item><title>{title}</title><link>{link}</link>{date}{rest}</item>"


def one(body: bytes) -> Item:
    (found,) = read(body, URL, NOW).items
    return found


@pytest.mark.parametrize(("path", "expected"), REAL.items(), ids=REAL)
def test_every_real_feed_gives_its_items_or_a_clear_refusal(shared: Path, path: str, expected: int | str) -> None:
    body = (shared / path).read_bytes()
    if isinstance(expected, str):
        with pytest.raises(Failure) as refusal:
            read(body, URL, NOW)
        assert refusal.value.outcome == expected
    else:
        feed = read(body, URL, NOW)
        assert len(feed.items) == expected
        assert not any("\ufffd" in found.title or "<" in found.title for found in feed.items)


def test_all_real_feeds_are_tried(shared: Path) -> None:
    found = {p.relative_to(shared).as_posix() for folder in ("feeds", "feeds_odd") for p in (shared / folder).iterdir()}
    assert found == set(REAL)


def test_wrong_and_missing_charsets_are_read_as_they_are_meant(shared: Path) -> None:
    assert "ã" in "".join(
        found.title for found in read((shared / "feeds_odd/uolNoticias.rss").read_bytes(), URL, NOW).items
    )
    assert one((shared / "feeds_odd/fastfeedparser_utf16_encoded.xml").read_bytes()).title == "UTF-16 Entry 1"


def test_one_link_for_all_posts_is_no_key(shared: Path) -> None:
    items = read((shared / "feeds/community_minimax_blog.xml").read_bytes(), URL, NOW).items
    assert len({found.url for found in items}) == 1
    assert len({found.key for found in items}) == 19


def test_a_key_is_the_id_and_else_the_link_with_the_title() -> None:
    assert one(rss(item(rest="<guid isPermaLink='false'>x-1</guid>"))).key == "x-1"
    assert one(rss(item())).key == "https://example.org/a A title"


def test_the_same_item_twice_is_one() -> None:
    assert len(read(rss(item() + item()), URL, NOW).items) == 1


def test_a_relative_link_is_resolved(shared: Path) -> None:
    found = one((shared / "feeds_odd/atom-relative-url.xml").read_bytes())
    assert found.url == "https://example.org/2024/12/18/What-The-Distribution.html"


def test_feed_proxies_are_seen_through(shared: Path) -> None:
    items = read((shared / "feeds_odd/feedburner.atom").read_bytes(), URL, NOW).items
    assert not any("feedproxy" in found.url for found in items)


def test_publication_comes_before_the_last_change(shared: Path) -> None:
    found = one((shared / "feeds_odd/atom-feed-created-updated.xml").read_bytes())
    assert (found.at, found.precision) == (datetime(2023, 10, 2, tzinfo=UTC), "day")


@pytest.mark.parametrize(
    ("text", "at", "precision"),
    [
        ("Fri, 20 Nov 2026 12:00:00 GMT", datetime(2026, 11, 20, 12, tzinfo=UTC), "second"),
        ("Fri, 20 Nov 2026 10:15:30 -0500", datetime(2026, 11, 20, 15, 15, 30, tzinfo=UTC), "second"),
        ("Fri, 20 Nov 2026 00:00:00 GMT", datetime(2026, 11, 20, tzinfo=UTC), "day"),
        ("Fri, 20 Nov 2026 00:00:00 +0900", datetime(2026, 11, 20, tzinfo=UTC), "day"),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC), "day"),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC), "month"),
        ("Sat, 31 Feb 2026 10:00:00 GMT", None, "seen"),
        ("2026-02-31T10:00:00Z", None, "seen"),
        ("Fri, 05/03/2019 - 15:21", None, "seen"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None, "seen"),
        ("2026", None, "seen"),
        ("yesterday", None, "seen"),
        ("", None, "seen"),
    ],
)
def test_a_date_is_what_the_publisher_wrote_and_never_now(text: str, at: datetime | None, precision: str) -> None:
    found = one(rss(item(when=text)))
    assert (found.at, found.precision) == (at, precision)


def test_a_date_far_ahead_is_refused_and_hours_ahead_are_unknown() -> None:
    feed = read(rss(item(when="Thu, 31 Dec 2026 10:00:00 GMT")), URL, NOW)
    assert [row.reason for row in feed.refused] == ["a date in the future"]
    soon = one(rss(item(when=f"{NOW + timedelta(hours=5):%a, %d %b %Y %H:%M:%S} GMT")))
    assert (soon.at, soon.precision) == (None, "seen")


def test_dates_of_a_publisher_who_invents_them_are_not_read() -> None:
    (found,) = read(rss(item(when="Fri, 20 Nov 2026 12:00:00 GMT")), URL, NOW, dated=False).items
    assert (found.at, found.precision) == (None, "seen")


def test_hostile_titles_become_plain_text() -> None:
    hostile = "&lt;img src=x onerror=alert(1)&gt;A\u202eB\u200b &amp;amp; [x](javascript:1)"
    assert one(rss(item(hostile))).title == "AB & [x](javascript:1)"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "http://a:b@example.org/", "http://x:99999/"]
)
def test_a_link_that_must_not_be_shown_is_refused(link: str) -> None:
    feed = read(rss(item() + item("B", link)), URL, NOW)
    assert len(feed.items) == 1
    assert [row.reason for row in feed.refused] == ["no usable address"]


def bomb(levels: int = 9) -> bytes:
    names = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE r [<!ENTITY a0 "aaaaaaaaaa">{names}]>'.encode() + rss(item(f"&a{levels - 1};"), "")


@pytest.mark.parametrize(
    "body",
    [
        bomb(),
        b"\n" + b'<?xml version="1.0"?>' + bomb(),
        bomb().decode().encode("utf-16"),
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss(item("&x;"), ""),
        b"<rss>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</rss>",
        b"<rss>&x;" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</rss>",
        b"/etc/passwd",
        b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * 100_000,
    ],
    ids=["bomb", "broken bomb", "wide bomb", "outside entity", "deep", "broken and deep", "a path", "deep JSON"],
)
def test_attacks_are_refused_within_a_second(body: bytes) -> None:
    start = time.process_time()
    with pytest.raises(Failure):
        read(body, URL, NOW)
    assert time.process_time() - start < 1


def test_a_feed_that_is_cut_is_refused() -> None:
    whole = rss("".join(item(str(n), f"https://example.org/{n}") for n in range(20)))
    for at in range(120, len(whole) - 15, 97):
        with pytest.raises(Failure):
            read(whole[:at], URL, NOW)


def test_an_empty_feed_is_no_news_and_a_web_page_is_a_failure() -> None:
    assert read(rss(""), URL, NOW) == Feed(())
    with pytest.raises(Failure, match="not a feed"):
        read(b"<!DOCTYPE html><html><body>Sorry</body></html>", URL, NOW)


class Some(Http):
    """Answers for some addresses."""

    def __init__(self, answers: dict[str, bytes | Failure]) -> None:
        self.now, self.answers = NOW, answers

    def get(self, url: str, *, headers: object = None) -> Payload:
        answer = self.answers[url]
        if isinstance(answer, Failure):
            raise answer
        return Payload(url=url, status=200, headers={}, body=answer)


def test_a_feed_that_disappears_is_noted_and_the_others_are_read() -> None:
    gone = Failure("gone", "a: answered HTTP 410")
    found = list(gather(Some({"https://a/": gone, "https://b/": rss(item())}), {"https://a/": "A", "https://b/": "B"}))
    assert isinstance(found[0][2], Refused)
    assert isinstance(found[1][2], Feed)


def test_if_no_feed_can_be_read_the_run_fails() -> None:
    gone = Failure("gone", "a: answered HTTP 410")
    with pytest.raises(Failure, match="410"):
        list(gather(Some({"https://a/": gone}), {"https://a/": "A"}))


def test_an_item_becomes_a_mention_with_its_own_precision() -> None:
    found = mention(one(rss(item())), "Outlet", kind="lab")
    assert (found.at, found.precision, found.kind, found.outlet) == (None, "seen", "lab", "Outlet")
