"""Colours, symbols and the look of flags: a table, never by rank or order of appearance.

Measured: marks have at least 3:1 against both page grounds, label texts 4.5:1; the six hues stay apart
under the three common colour-vision deficiencies. A colour belongs to a lab for ever.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from data.lists import own_data

Mode = Literal["light", "dark"]


@dataclass(frozen=True)
class Ink:
    """The colours of one mode that belong to no lab."""

    page: str
    text: str
    muted: str
    grid: str
    step: str
    accent: str
    other: str
    other_text: str


INKS: dict[Mode, Ink] = {
    "light": Ink("#ffffff", "#101418", "#6b7280", "#e5e7eb", "#4b5563", "#1d4f91", "#8b929c", "#6f757d"),
    "dark": Ink("#14171c", "#e8eaed", "#9aa3af", "#2a303a", "#aab3bf", "#8fb8f0", "#8b929c", "#8b929c"),
}


@dataclass(frozen=True)
class LabStyle:
    """How a lab is drawn and written, in both modes."""

    name: str
    mark: str
    text_light: str
    text_dark: str
    symbol: str
    sign: str

    def text(self, mode: Mode) -> str:
        return self.text_light if mode == "light" else self.text_dark


MAIN_LABS: dict[str, LabStyle] = {
    "openai": LabStyle("OpenAI", "#1da699", "#178379", "#1da699", "circle", "●"),
    "google": LabStyle("DeepMind", "#2e62c1", "#2e62c1", "#5881cd", "square", "■"),
    "anthropic": LabStyle("Anthropic", "#f16938", "#be532c", "#f16938", "diamond", "◆"),
    "meta": LabStyle("Meta", "#bf74f1", "#955abc", "#bf74f1", "triangle-up", "▲"),
    "deepseek": LabStyle("DeepSeek", "#c30b74", "#c30b74", "#d44f9b", "x", "✕"),
    "alibaba": LabStyle("Qwen", "#71640f", "#71640f", "#8d833f", "triangle-down", "▼"),
}
_BORROWED = (("star", "★"), ("hexagon", "⬢"), ("cross", "✚"), ("pentagon", "⬟"))


@cache
def lab_names() -> dict[str, str]:
    """Name of every lab by id: the six main ones first, then the rest by name."""
    known = own_data("labs.yaml")
    names = {key: lab["name"] for part in ("labs", "metrics_only_labs") for key, lab in known[part].items()}
    rest = {key: name for key, name in sorted(names.items(), key=lambda kv: kv[1].lower()) if key not in MAIN_LABS}
    return {key: style.name for key, style in MAIN_LABS.items()} | rest


@cache
def topic_names() -> dict[str, str]:
    """Name of every topic by id."""
    known = own_data("topics.yaml")
    return {key: topic["name"] for key, topic in known["topics"].items()}


def lab_style(lab: str, mode: Mode) -> LabStyle:
    """The look of a lab. One outside the six borrows grey, with a symbol and its written name."""
    if lab in MAIN_LABS:
        return MAIN_LABS[lab]
    ink = INKS[mode]
    others = [key for key in lab_names() if key not in MAIN_LABS]
    symbol, sign = _BORROWED[(others.index(lab) if lab in others else 0) % len(_BORROWED)]
    return LabStyle(lab_names().get(lab, lab), ink.other, ink.other_text, ink.other_text, symbol, sign)


@dataclass(frozen=True)
class Badge:
    """A flag as it is shown: always a word and an icon, never a colour alone."""

    word: str
    icon: str
    colour: Literal["orange", "blue", "gray", "yellow", "red"]


FLAGS: dict[str, Badge] = {
    "confirmed": Badge("Signal, confirmed", "▲", "orange"),
    "signal": Badge("Signal", "▲", "orange"),
    "watch": Badge("Watch", "?", "orange"),
    "slowing": Badge("Slowing", "▼", "blue"),
    "steady": Badge("Steady", "=", "gray"),
    "cannot tell": Badge("Cannot tell", "…", "gray"),
    "not enough data": Badge("Too few data", "…", "gray"),
}

_BADGES: dict[str, dict[Mode, tuple[str, str]]] = {  # text, ground
    "orange": {"light": ("#9a3412", "#fff4ec"), "dark": ("#f59e5b", "#3a2817")},
    "blue": {"light": ("#1d4f91", "#eaf1fb"), "dark": ("#8fb8f0", "#1b2a40")},
    "gray": {"light": ("#4b5563", "#f1f3f5"), "dark": ("#aab3bf", "#262b33")},
    "yellow": {"light": ("#7a5200", "#fff7db"), "dark": ("#f2cc60", "#332a10")},
    "red": {"light": ("#a61b1b", "#fdecec"), "dark": ("#ff9a94", "#3b1a1c")},
}


def css_inks(mode: Mode) -> dict[str, str]:
    """The colours of a mode by the names that our rules of style use."""
    ink = INKS[mode]
    found = {"text": ink.text, "muted": ink.muted, "line": ink.grid, "accent": ink.accent}
    for colour, modes in _BADGES.items():
        found[colour], found[f"{colour}-ground"] = modes[mode]
    return found


def spark_ink(state: str, mode: Mode) -> str:
    """The colour of a sparkline: orange for what speeds up, else that of the line of records."""
    raised = {"light": "#d9480f", "dark": "#f59e5b"}
    return raised[mode] if state in ("watch", "signal", "confirmed") else INKS[mode].step


def streamlit_options() -> dict[str, str]:
    """The theme as Streamlit's own settings."""
    options = {
        "theme.font": "Inter, system-ui, sans-serif",
        "theme.headingFont": "Inter, system-ui, sans-serif",
        "theme.light.textColor": INKS["light"].text,
        "theme.light.primaryColor": INKS["light"].accent,
        "theme.light.linkColor": INKS["light"].accent,
        "theme.dark.backgroundColor": INKS["dark"].page,
        "theme.dark.secondaryBackgroundColor": "#1e232b",
        "theme.dark.textColor": INKS["dark"].text,
        "theme.dark.primaryColor": INKS["dark"].accent,
        "theme.dark.linkColor": INKS["dark"].accent,
    }
    for colour, modes in _BADGES.items():
        for mode, (text, ground) in modes.items():
            options[f"theme.{mode}.{colour}TextColor"] = text
            options[f"theme.{mode}.{colour}BackgroundColor"] = ground
    return options
