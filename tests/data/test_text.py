"""Text from outside is harmless before it is stored, and before it leaves."""

import pytest

from data.text import canonical_url, clean, csv_cell, plotly_text, safe_link


def test_invisible_and_control_characters_go_and_words_stay() -> None:
    assert clean("a\u200bb\u202ec\x00d\n\te") == "abc d e"
    assert clean("\ud800x") == "?x"
    assert len(clean("x" * 1000)) == 300


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://user@evil.example/", "http://[::1", "https://a b",
     "ftp://x.example/", "", None, "https://exa\u200bmple.org/", "https:///path"],
)  # fmt: skip
def test_only_plain_web_addresses_become_links(url: str | None) -> None:
    assert safe_link(url) is None


def test_a_web_address_stays_as_it_is() -> None:
    assert safe_link("https://example.org/a?b=c#d") == "https://example.org/a?b=c#d"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1"])
def test_a_formula_loses_its_power(text: str) -> None:
    assert csv_cell(text).startswith("'")


def test_chart_labels_carry_no_markup() -> None:
    assert "<" not in plotly_text('<a href="https://x.example">x</a>')
    assert "%{" not in plotly_text("%{x}")


def test_addresses_that_differ_only_in_tracking_are_one() -> None:
    assert canonical_url("http://www.Example.org/a/?utm_source=x&b=2&a=1#top") == canonical_url(
        "https://m.example.org/a?a=1&b=2"
    )
