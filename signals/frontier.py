"""Records: the values not beaten by any earlier one. The frontier is the line of records."""

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.float64]
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def running_best(dates: Days, values: Values, *, falling: bool = False) -> Values:
    """The best value up to and including each row's own day.

    Args:
        dates: shape (n,), days, in any order.
        values: shape (n,), same order; `falling` means that lower is better.

    Returns:
        shape (n,), in the order given. All models of a day share that day's best.
    """
    sign = -1.0 if falling else 1.0
    order = np.argsort(dates, kind="stable")
    days = np.unique(dates)
    best = np.maximum.accumulate(sign * values[order])
    last = np.searchsorted(dates[order], days, side="right") - 1
    return np.asarray(sign * best[last][np.searchsorted(days, dates)])


def records(dates: Days, values: Values, *, falling: bool = False) -> Mask:
    """Which rows are records: at least as good as the best among all released on or before that day.

    Ties count, as in METR's published rule ("p50 >= the highest seen among all released on or
    before that date"). Shapes as in `running_best`; returns a mask in the order given.
    """
    if len(values) == 0:
        return np.zeros(0, dtype=bool)
    return np.asarray(values == running_best(dates, values, falling=falling))
