"""Colours that everyone can read and tell apart: computed from the tables, for both modes."""

from itertools import combinations

import numpy as np
import pytest

from dashboard.theme import INKS, MAIN_LABS, Mode, css_inks, lab_names, lab_style

MODES: tuple[Mode, ...] = ("light", "dark")
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB
BLIND = {
    "nobody's": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    lms = np.cbrt(np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                            [0.0883024619, 0.2817188376, 0.6299787005]]) @ np.clip(rgb, 0, 1))  # fmt: skip
    return np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                     [0.0259040371, 0.7827717662, -0.8086757660]]) @ lms  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_texts_can_be_read_and_marks_be_seen(mode: Mode) -> None:
    ink = INKS[mode]
    for text in (ink.text, ink.muted, ink.accent, ink.other_text):
        assert contrast(text, ink.page) >= 4.5, text
    for lab in lab_names():
        style = lab_style(lab, mode)
        assert contrast(style.text(mode), ink.page) >= 4.5, lab
        assert contrast(style.mark, ink.page) >= 2.95, lab


@pytest.mark.parametrize("mode", MODES)
def test_badges_can_be_read_on_their_ground(mode: Mode) -> None:
    inks = css_inks(mode)
    grounds = {name.removesuffix("-ground") for name in inks if name.endswith("-ground")}
    assert grounds == {"orange", "blue", "gray", "yellow", "red"}
    for name in grounds:
        assert contrast(inks[name], inks[f"{name}-ground"]) >= 4.5, name


@pytest.mark.parametrize("eyes", BLIND)
def test_labs_are_told_apart_by_colour_blind_eyes_too(eyes: str) -> None:
    seen = {name: oklab(BLIND[eyes] @ linear(lab.mark)) for name, lab in MAIN_LABS.items()}
    apart = min(100 * float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(seen, 2))
    assert apart >= 10


def test_no_two_labs_share_a_symbol() -> None:
    assert len({lab.symbol for lab in MAIN_LABS.values()}) == len({lab.sign for lab in MAIN_LABS.values()}) == 6
