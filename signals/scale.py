"""The scale on which steady growth is a straight line, declared per indicator and never chosen by fit."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Kind = Literal["log2", "logit", "linear"]

CLIP = 0.0025
"""A bounded score is read as at least this share away from its floor and its ceiling."""


LARGEST = 1e100
"""Squares of larger values overflow; nothing that is measured comes near."""


class OffScale(ValueError):
    """A value that the declared scale cannot show; the message names it."""


@dataclass(frozen=True)
class Scale:
    """log2 for what doubles, logit between `floor` and `ceiling` for bounded scores, linear for indices.

    `falling` says that lower is better (a price): the transformed series then rises as it improves.
    """

    kind: Kind
    floor: float = 0.0
    ceiling: float = 1.0
    falling: bool = False

    def __post_init__(self) -> None:
        if self.kind == "logit" and not self.floor < self.ceiling:
            raise OffScale(f"the floor {self.floor} is not below the ceiling {self.ceiling}")

    def forward(self, values: Array) -> Array:
        """Values in their unit to the straight-line scale; shape unchanged."""
        if len(values) and not np.all(np.isfinite(values)):
            raise OffScale(f"not a finite number: {values[~np.isfinite(values)][0]}")
        if np.any(np.abs(values) > LARGEST):
            raise OffScale(f"too large to compute with: {values[np.abs(values) > LARGEST][0]}")
        if self.kind == "log2":
            if np.any(values <= 0):
                raise OffScale(f"a doubling scale needs values above zero, not {values[values <= 0][0]}")
            out = np.log2(values)
        elif self.kind == "logit":
            share = np.clip((values - self.floor) / (self.ceiling - self.floor), CLIP, 1 - CLIP)
            out = np.log(share / (1 - share))
        else:
            out = values.astype(float)
        return -out if self.falling else out

    def back(self, scaled: Array) -> Array:
        """From the straight-line scale to the unit."""
        y = -scaled if self.falling else scaled
        if self.kind == "log2":
            return np.asarray(np.exp2(y))
        if self.kind == "logit":
            return np.asarray(self.floor + (self.ceiling - self.floor) / (1 + np.exp(-y)))
        return np.asarray(y)
