"""The only file that reads the environment. Every setting, its meaning and its default stand in one table."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


class BadSetting(ValueError):
    """A setting that cannot be used; the message names it and says what would do."""


_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)$")
SHORTEST_SECRET = 6
"""Shorter values are no secrets, and hiding them would eat ordinary words."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, what it does, and the text that stands for its default."""

    name: str
    meaning: str
    default: str = ""


SETTINGS: tuple[Setting, ...] = (
    Setting("STORE_URI", "folder or s3://bucket/prefix that holds the tables", "data/tables"),
    Setting("ENGINE_URL", "sc://host:port of a Spark Connect server that answers queries; else they run here", ""),
    Setting("PAYLOADS", "folder that keeps the answers as received (for conditional requests)", "data/payloads"),
    Setting("PAYLOADS_MB", "most that this folder may hold, in megabytes", "500"),
    Setting("HOST", "address that the dashboard listens on", "127.0.0.1"),
    Setting("PORT", "port that the dashboard listens on", "8501"),
    Setting(
        "ALLOWED_HOSTS",
        "names that the dashboard answers to, separated by spaces; * for any",
        "local names; * if HOST is not local",
    ),
    Setting(
        "SIGN_IN",
        "who may see the dashboard: mail addresses, @domains, * for all whom the provider knows; "
        "everybody without it (docs/operating.md)",
        "",
    ),
    Setting("SITE_URL", "address under which visitors reach the dashboard, for links in alerts", ""),
    Setting("ALERTS", "where alerts go: apprise addresses, separated by spaces (docs/operating.md)", ""),
    Setting("EMBED_ORIGINS", "sites that may show a chart in a frame: *, none, or origins with spaces between", "*"),
    Setting("CONTACT", "mail or web address that publishers can reach you by; part of the User-Agent", ""),
    Setting("FETCH_SECONDS", "deadline of one request, in seconds", "30"),
    Setting("CONGRESS_KEY", "free key of api.congress.gov; without one, bills are not collected"),
    Setting("OPENALEX_KEY", "free key of openalex.org; without one, its papers are not counted"),
    Setting("LOG_LEVEL", "debug, info, warning or error", "info"),
)


@dataclass(frozen=True)
class Settings:
    """The settings as values; made by `read`."""

    store_uri: str
    engine_url: str
    payloads: Path
    payloads_mb: int
    host: str
    port: int
    allowed_hosts: tuple[str, ...]
    sign_in: tuple[str, ...]
    site_url: str
    alerts: tuple[str, ...]
    embed_origins: str
    contact: str
    fetch_seconds: float
    log_level: str
    keys: Mapping[str, str]
    """Keys of publishers by the name of their source; empty for one that is not set."""


def key_setting(source: str) -> str:
    """The setting that holds the key which this source needs; empty for a source that needs none."""
    name = f"{source.upper()}_KEY"
    return name if any(s.name == name for s in SETTINGS) else ""


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment. Raises BadSetting with one sentence for a value that cannot be used."""
    given = os.environ if environ is None else environ
    text = {s.name: given.get(s.name, "").strip() or s.default for s in SETTINGS}
    values: dict[str, Any] = {name.lower(): value for name, value in text.items()}
    values["payloads"] = Path(text["PAYLOADS"])
    values["payloads_mb"] = _number(text, "PAYLOADS_MB", 1, 1_000_000)
    values["port"] = _number(text, "PORT", 1, 65535)
    values["sign_in"] = tuple(text["SIGN_IN"].lower().split())
    values["alerts"] = tuple(text["ALERTS"].split())
    values["allowed_hosts"] = _hosts(given.get("ALLOWED_HOSTS", ""), text["HOST"])
    if text["SITE_URL"] and not re.fullmatch(r"https?://[A-Za-z0-9.:/_\[\]-]+", text["SITE_URL"]):
        raise BadSetting(f"SITE_URL must be an http or https address, not {text['SITE_URL']!r}.")
    values["fetch_seconds"] = float(_number(text, "FETCH_SECONDS", 1, 600))
    values["log_level"] = text["LOG_LEVEL"].lower()
    if values["log_level"] not in ("debug", "info", "warning", "error"):
        raise BadSetting(f"LOG_LEVEL must be debug, info, warning or error, not {text['LOG_LEVEL']!r}.")
    if not re.fullmatch(r"[\x20-\x7e]{0,200}", text["CONTACT"]):
        raise BadSetting("CONTACT must be plain text of at most 200 characters.")
    values["keys"] = {name[:-4].lower(): key for name, key in text.items() if name.endswith("_KEY")}
    for source, key in values["keys"].items():
        if not re.fullmatch(r"[\x21-\x7e]{0,200}", key):  # the value of a secret is not repeated
            raise BadSetting(f"{key_setting(source)} must be at most 200 characters without spaces.")
    origins = text["EMBED_ORIGINS"]
    if not re.fullmatch(r"\*|none|https?://[\w.:*-]+(?: https?://[\w.:*-]+)*", origins, re.ASCII):
        raise BadSetting(f"EMBED_ORIGINS must be *, none, or origins like https://example.org, not {origins!r}.")
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text["STORE_URI"])
    if scheme and scheme[1] not in ("s3", "file"):
        raise BadSetting(f"STORE_URI must be a folder or s3://bucket/prefix, not {text['STORE_URI']!r}.")
    if not re.fullmatch(r"(sc://[A-Za-z0-9.-]+(:[0-9]+)?(/\S*)?)?", text["ENGINE_URL"]):
        raise BadSetting(f"ENGINE_URL must be sc://host:port, not {text['ENGINE_URL']!r}.")
    return Settings(**{f.name: values[f.name] for f in fields(Settings)})


def _hosts(given: str, host: str) -> tuple[str, ...]:
    """Who binds to this machine alone is safe from a foreign page that takes its name; who is public says which."""
    local = ("localhost", "127.0.0.1", "[::1]")
    hosts = tuple(given.split()) or (local if host in ("localhost", "127.0.0.1", "::1") else ("*",))
    for name in hosts:
        if not re.fullmatch(r"\*|(\*\.)?[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]", name):
            raise BadSetting(f"ALLOWED_HOSTS must be names such as app.example.org, without port, not {name!r}.")
    return hosts


def secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The values in the environment that must appear nowhere: keys, tokens, passwords, and where alerts go."""
    given = os.environ if environ is None else environ
    named = [value for name, value in given.items() if _SECRET.search(name.upper())]
    return tuple(value for value in (*named, *given.get("ALERTS", "").split()) if len(value) >= SHORTEST_SECRET)


def _number(text: Mapping[str, str], name: str, low: int, high: int) -> int:
    value = text[name]
    if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
        raise BadSetting(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
    return int(value)


def as_markdown() -> str:
    """The table of settings for docs/operating.md."""
    rows = [f"| `{s.name}` | {s.meaning} | {f'`{s.default}`' if s.default else 'none'} |" for s in SETTINGS]
    return "\n".join(["| setting | meaning | default |", "|---|---|---|", *rows])


def described() -> str:
    """The table of settings for `--help`."""
    width = max(len(s.name) for s in SETTINGS)
    lines = [f"  {s.name:<{width}}  {s.meaning} (default: {s.default or 'none'})" for s in SETTINGS]
    return "settings, read from the environment:\n" + "\n".join(lines)
