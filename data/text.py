"""Text from outside, made harmless: cleaned before the store, neutralised at the window.

The character classes come from trying some 130 hostile strings in a real browser: invisible and
direction-changing characters, control characters, formula starters.
"""

import html
import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from data.schema import is_web_link

_UNSEEN = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f"
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
_NEVER = rf"\x00-\x20\\\x7f-\x9f{_UNSEEN}"
LINK = rf"^(?i:https?)://[^{_NEVER}/?#@:\[\]]+(?::[0-9]{{1,5}})?(?:[/?#][^{_NEVER}]*)?$"
"""What may be shown as a link, as a pattern that Polars reads too. No user, nothing invisible, no other scheme."""
FORMULA = "=+-@\t\r\n\0＝＋－＠"


def visible(text: str) -> str:
    """NFC text in one line without invisible or control characters, so that names that look alike are alike."""
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
        text = _INVISIBLE.sub("", text)
        text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join(text.split())


def clean(text: str, limit: int = 300) -> str:
    """`visible` text of at most `limit` characters."""
    return visible(text)[:limit]


def plotly_text(text: str) -> str:
    """Outside text for a chart label, at most 60 characters: markup and templates become literal."""
    return html.escape(clean(text, 60), quote=False).replace("%{", "%&#123;")


def safe_link(url: str | None) -> str | None:
    """The address if it may be shown as a link, else None."""
    return url if url and re.fullmatch(LINK, url) and is_web_link(url) else None


def csv_cell(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula. For text columns only, at the export edge only."""
    return "'" + text if text and text[0] in FORMULA else text


_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|mc_[ce]id|ref|ref_src|igshid|cmpid|smid|guccounter|guce_referrer\w*|ftag|ncid|amp|outputType",
    re.IGNORECASE,
)
_AMP = re.compile(r"^/amp(?=/)|[/.]amp$|-amp(?=\.html$)")


def canonical_url(url: str) -> str:
    """The address without what only tracks the reader or the device: tracking, fragment, `www.` or `m.`, AMP copies."""
    parts = urlsplit(url)
    host = re.sub(r"^(?:www|m|mobile|amp)\.", "", (parts.hostname or "").lower())
    port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(k)]
    kept = [(k, v) for k, v in kept if (k, v) != ("source", "rss")]
    path = _AMP.sub("", parts.path.rstrip("/")).rstrip("/") or "/"
    return urlunsplit(("https", host + port, path, urlencode(sorted(kept)), ""))
