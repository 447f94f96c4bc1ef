"""Settings come from the environment alone, and a bad one stops with a sentence."""

import pytest

from data.settings import SETTINGS, BadSetting, described, read


def test_defaults_need_no_environment() -> None:
    assert (read({}).store_uri, read({}).port) == ("data/tables", 8501)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "0"), ("PORT", "70000"), ("PORT", "٣"), ("STORE_URI", "ftp://x/y"), ("LOG_LEVEL", "loud"),
     ("CONTACT", "line\nbreak"), ("FETCH_SECONDS", "-1"), ("EMBED_ORIGINS", "javascript:x"), ("EMBED_ORIGINS", "*; script-src *"), ("PAYLOADS_MB", "1e3")],
)  # fmt: skip
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read({name: value})


def test_help_lists_every_setting() -> None:
    assert all(setting.name in described() and setting.meaning in described() for setting in SETTINGS)
