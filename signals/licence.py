"""How often a flag is false, and how soon a change is found: read from the shipped table of simulated years.

`calibration.csv` is written by `python -m signals simulate` (signals.md 4.4 and 6); no figure of it is
typed into any text. A bucket with too few simulated indicators gives way to a wider one.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from signals.finding import Licence

TABLE = "calibration.csv"
USUAL, STRESS, COUNTS = "usual", "stress", "counts"
FEWEST_STEADY, FEWEST_CHANGED = 100, 15
MONTHS_PER_YEAR = 12


@dataclass(frozen=True)
class Calibration:
    """One row of the table. Ratio 1: `rate` is false flags a year among 200 steady indicators. Ratio 2
    or 3: `rate` is the share found within 1.5 years and `delay` the median years that took.

    The bucket is n_low <= n < n_high and phi_low <= autocorrelation < phi_high; None is no end.
    """

    world: str
    n_low: int | None
    n_high: int | None
    phi_low: float | None
    phi_high: float | None
    state: str
    ratio: float
    indicators: int
    rate: float
    delay: float | None

    def holds(self, n: int, phi: float) -> bool:
        """Whether an indicator with n points and that autocorrelation belongs to the bucket."""
        return (
            (self.n_low is None or n >= self.n_low)
            and (self.n_high is None or n < self.n_high)
            and (self.phi_low is None or phi >= self.phi_low)
            and (self.phi_high is None or phi < self.phi_high)
        )

    @property
    def is_enough(self) -> bool:
        """Whether enough indicators were simulated to quote the rate."""
        return self.indicators >= (FEWEST_STEADY if self.ratio == 1 else FEWEST_CHANGED)


@cache
def table() -> tuple[Calibration, ...]:
    """The shipped table, narrowest buckets first; empty where it has not been made."""
    file = files("signals").joinpath(TABLE)
    if not file.is_file():
        return ()
    return tuple(_rows(file.read_text(encoding="utf-8").splitlines()))


def _rows(lines: Sequence[str]) -> Iterator[Calibration]:
    for row in csv.DictReader(lines):
        yield Calibration(
            world=row["world"],
            n_low=int(row["n_low"]) if row["n_low"] else None,
            n_high=int(row["n_high"]) if row["n_high"] else None,
            phi_low=float(row["phi_low"]) if row["phi_low"] else None,
            phi_high=float(row["phi_high"]) if row["phi_high"] else None,
            state=row["state"],
            ratio=float(row["ratio"]),
            indicators=int(row["indicators"]),
            rate=float(row["rate"]),
            delay=float(row["delay"]) if row["delay"] else None,
        )


def licence_for(
    n: int, phi: float, state: str, is_count: bool = False, rows: Sequence[Calibration] | None = None
) -> Licence | None:
    """The measured rates of `state` at n points and autocorrelation `phi`; None without a table."""
    known = table() if rows is None else rows
    world = COUNTS if is_count else USUAL
    steady = _find(known, world, state, 1.0, n, phi)
    if steady is None:
        return None
    stressed = None if is_count else _find(known, STRESS, state, 1.0, n, phi)
    doubled, tripled = (_find(known, world, state, ratio, n, phi) for ratio in (2.0, 3.0))
    return Licence(
        state=state,
        indicators=steady.indicators,
        n_low=steady.n_low,
        n_high=steady.n_high,
        phi_low=steady.phi_low,
        phi_high=steady.phi_high,
        false_a_year=steady.rate,
        false_a_year_stressed=_rate(stressed),
        found_x2=_rate(doubled),
        months_x2=_months(doubled),
        found_x3=_rate(tripled),
        months_x3=_months(tripled),
    )


def _find(rows: Sequence[Calibration], world: str, state: str, ratio: float, n: int, phi: float) -> Calibration | None:
    chosen = (r for r in rows if (r.world, r.state, r.ratio) == (world, state, ratio))
    return next((r for r in chosen if r.holds(n, phi) and r.is_enough), None)


def _rate(row: Calibration | None) -> float | None:
    return None if row is None else row.rate


def _months(row: Calibration | None) -> float | None:
    return None if row is None or row.delay is None else row.delay * MONTHS_PER_YEAR
