"""The bent line of a finding as a curve to draw: two slopes that meet at the break."""

import numpy as np
import numpy.typing as npt

from signals.band import Sample
from signals.finding import Change
from signals.scale import Scale
from signals.trend import DAYS_A_YEAR, Dates, days

Array = npt.NDArray[np.float64]


def bent_line(tested: Sample, scale: Scale, change: Change, when: Dates) -> Array:
    """The bent line at dates (k,), in the unit of the values, shape (k,).

    Slopes and break are those of the finding (generalised least squares); the level, which a finding
    does not carry, is the mean distance of the tested points, that is least squares given the shape.
    """
    level = float(np.mean(tested.heights - _shape(change, tested.dates)))
    return scale.back(level + _shape(change, when))


def _shape(change: Change, when: Dates) -> Array:
    since_break = (days(when) - days([change.break_on])[0]) / DAYS_A_YEAR
    bend = (change.slope_after - change.slope_before) * np.maximum(since_break, 0)
    return np.asarray(change.slope_before * since_break + bend)
