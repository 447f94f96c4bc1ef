"""Would another reasonable analyst say the same? Every defensible choice, tried and counted.

Window start x series x scale x estimator, and leaving out one point at a time. Cells are
descriptive; only the baseline's p is a test (signals.md 6; Steegen et al. 2016).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Literal

import numpy as np

from signals.band import Point, Sample, near_frontier, usable, variants
from signals.bend import FEWEST_POINTS, Bend, NotEnoughData, bend_test
from signals.chance import chance_under_model_growth
from signals.design import design_of, years_since_first
from signals.frontier import records
from signals.precision import power
from signals.scale import Scale
from signals.statistic import slope_ratio
from signals.whitening import GRID, INDEPENDENT, Floats

Series = Literal["band", "records", "all models"]
Answer = Literal["faster", "slower", "same", "cannot tell"]

RATIO = 1.5
LEVEL = 0.10
POWER = 0.5
DRAWS = 999
POWER_NULLS, POWER_DRAWS = 399, 199
AGREEMENT = 0.80
MOST_STARTS = 12

ESTIMATORS = {
    "E1": "bent line, autocorrelated noise",
    "E2": "bent line, independent noise",
    "E3": "bent line, published intervals as weights",
    "E4": "median slopes before and after the break",
}


@dataclass(frozen=True)
class Choice:
    """One way to analyse: points from `start` on (None: all), which series, scale and estimator.

    `without` is the id (or the date, where there is none) of a point left out of the series.
    """

    start: date | None
    series: Series
    scale: Scale
    estimator: str = "E1"
    without: str = ""


@dataclass(frozen=True)
class Cell:
    """What one choice finds. Slopes a year on its scale; `p` belongs to the direction shown.

    `power` (to see a doubled slope) is only computed where the answer is not faster or slower.
    """

    choice: Choice
    answer: Answer
    n: int
    p: float | None = None
    slope_before: float | None = None
    slope_after: float | None = None
    break_date: date | None = None
    power: float | None = None

    @property
    def slope_ratio(self) -> float | None:
        """Slope after over slope before, as `slope_ratio`."""
        if self.slope_before is None or self.slope_after is None:
            return None
        return slope_ratio(self.slope_before, self.slope_after)


@dataclass(frozen=True)
class Multiverse:
    """All cells, the baseline first, and what they say together.

    `counts` has all four answers. `flips_it` is the first single change of the baseline with another
    answer. `break_range` spans the breaks of the cells that say faster or slower.
    """

    cells: tuple[Cell, ...]
    counts: dict[Answer, int]
    headline: Literal["robust", "depends on choices", "cannot tell"]
    flips_it: Cell | None
    break_range: tuple[date, date] | None

    @property
    def baseline(self) -> Cell:
        """Declared scale, primary series, full history, E1."""
        return self.cells[0]


def multiverse(
    points: Sequence[Point],
    scale: Scale,
    seed: int,
    series: Series = "band",
    suite: str | None = None,
    width: float | None = None,
    floor_doubt: float = 0.0,
    ceiling_doubt: float = 0.0,
    draws: int = DRAWS,
    with_errors: bool = False,
    only_primary: bool = False,
) -> Multiverse | NotEnoughData:
    """Analyse `points` in every way of signals.md 6, `series` being the primary one.

    Where only the frontier is published pass `series="records"` and points that are records: the
    three series then coincide and are tried once; `only_primary` does so for series without a
    frontier (prices, totals). `with_errors` lets E1 use standard errors too.
    Raises as `band.usable`. NotEnoughData if the baseline cannot be tested.
    """
    scales = scales_for(scale, floor_doubt, ceiling_doubt)
    samples = {one: usable(points, one, suite) for one in scales}
    lab = _Lab(samples, width, seed, draws, with_errors)
    baseline = lab.cell(Choice(None, series, scale))
    if baseline.n < FEWEST_POINTS:
        return NotEnoughData(baseline.n, f"{baseline.n} points, {FEWEST_POINTS} needed")
    others = [lab.cell(choice) for choice in _choices(lab, series, scale, only_primary)]
    lab.known_power = baseline.power  # one point less hardly changes what could be seen
    left_out = [lab.cell(choice) for choice in lab.leave_one_out(baseline.choice)]
    return summarised([baseline, *others, *left_out])


def scales_for(scale: Scale, floor_doubt: float = 0.0, ceiling_doubt: float = 0.0) -> tuple[Scale, ...]:
    """The declared scale first, then every other legal one for its kind."""
    if scale.kind != "logit":
        return (scale,)
    others = [*variants(scale, floor_doubt, ceiling_doubt), Scale("logit"), Scale("log2")]
    return tuple(dict.fromkeys([scale, *others]))


def summarised(cells: Sequence[Cell]) -> Multiverse:
    """Count the answers of `cells`, the baseline first, and find what flips it."""
    counts = Counter(cell.answer for cell in cells)
    told = [cell for cell in cells if cell.answer != "cannot tell"]
    agreeing = sum(cell.answer == cells[0].answer for cell in told)
    headline: Literal["robust", "depends on choices", "cannot tell"] = "depends on choices"
    if counts["cannot tell"] > len(cells) / 2:
        headline = "cannot tell"
    elif told and agreeing >= AGREEMENT * len(told):
        headline = "robust"
    answers: tuple[Answer, ...] = ("faster", "slower", "same", "cannot tell")
    return Multiverse(
        cells=tuple(cells),
        counts={answer: counts[answer] for answer in answers},
        headline=headline,
        flips_it=_flip(cells),
        break_range=_range(c.break_date for c in cells if c.answer in ("faster", "slower")),
    )


def _flip(cells: Sequence[Cell]) -> Cell | None:
    """The first cell that differs from the baseline in one choice and in its answer."""
    base = cells[0]
    for dimension in ("start", "series", "scale", "estimator", "without"):
        for cell in cells[1:]:
            changed = {name for name in _DIMENSIONS if getattr(cell.choice, name) != getattr(base.choice, name)}
            if changed == {dimension} and cell.answer != base.answer:
                return cell
    return None


_DIMENSIONS = ("start", "series", "scale", "estimator", "without")


def _range(days: Iterable[date | None]) -> tuple[date, date] | None:
    known = [day for day in days if day is not None]
    return (min(known), max(known)) if known else None


def _choices(lab: "_Lab", series: Series, scale: Scale, only_primary: bool) -> Iterator[Choice]:
    """Every other combination, the ones nearest to the baseline first."""
    order: list[Series] = [series, *(s for s in ("band", "records", "all models") if s != series)]
    if only_primary or all(records(s.dates.astype(float), s.heights).all() for s in lab.samples.values()):
        order = [series]
    for start in lab.starts(scale):
        for kind in order:
            for one in lab.samples:
                for estimator in ESTIMATORS:
                    choice = Choice(start, kind, one, estimator)
                    if choice != Choice(None, series, scale) and lab.can_do(choice):
                        yield choice


class _Lab:
    """The samples, and the results that several cells share."""

    def __init__(
        self,
        samples: dict[Scale, Sample],
        width: float | None,
        seed: int,
        draws: int,
        with_errors: bool,
    ) -> None:
        self.samples, self.width, self.seed, self.draws = samples, width, seed, draws
        self.with_errors = with_errors
        self.known_power: float | None = None
        self.declared = next(iter(samples))
        self.shared: Callable[[Choice], Cell] = cache(self._bent)

    def starts(self, scale: Scale) -> list[date | None]:
        """Full history, then each 1 January after the first point that leaves ten points, at most the last twelve."""
        days = self.samples[scale].dates
        years = np.unique(days.astype("datetime64[Y]"))[1:]
        januaries = [year.astype("datetime64[D]") for year in years]
        kept = [day.item() for day in januaries if (days >= day).sum() >= FEWEST_POINTS]
        return [None, *kept[-MOST_STARTS:]]

    def can_do(self, choice: Choice) -> bool:
        """E3 needs a standard error for every point, on the declared scale."""
        is_weighted = choice.estimator == "E3"
        return not is_weighted or (choice.scale == self.declared and self.samples[choice.scale].errors is not None)

    def everything(self, choice: Choice) -> Sample:
        """All models of the window."""
        sample = self.samples[choice.scale]
        if choice.start is None:
            return sample
        return sample.only(sample.dates >= np.datetime64(choice.start))

    def tested(self, choice: Choice) -> Sample:
        """The series of this choice."""
        sample = self.everything(choice)
        if choice.series == "records":
            sample = sample.only(records(sample.dates.astype(float), sample.heights))
        elif choice.series == "band":
            width = self.width if choice.scale == self.declared else None
            sample = sample.only(near_frontier(sample.dates, sample.heights, width).kept)
        return sample.only(np.array([name != choice.without for name in names(sample)], dtype=bool))

    def leave_one_out(self, choice: Choice) -> Iterator[Choice]:
        """The same choice without each point in turn."""
        return (replace(choice, without=name) for name in names(self.tested(choice)))

    def cell(self, choice: Choice) -> Cell:
        """The answer of one choice."""
        if choice.estimator == "E4":
            return self._median_slopes(choice)
        return self.shared(choice)

    def _bent(self, choice: Choice) -> Cell:
        sample = self.tested(choice)
        grid = INDEPENDENT if choice.estimator == "E2" else GRID
        weighted = choice.estimator == "E3" or (self.with_errors and choice.estimator == "E1")
        errors = sample.errors if weighted else None
        faster, slower = (
            bend_test(sample.dates, sign * sample.heights, self.seed, errors, draws=self.draws, grid=grid)
            for sign in (1, -1)
        )
        if isinstance(faster, NotEnoughData) or isinstance(slower, NotEnoughData):
            return Cell(choice, "cannot tell", len(sample.heights))
        faster = self._seen_at_the_frontier(choice, faster)
        sign, shown = (1, faster) if faster.statistic >= slower.statistic else (-1, slower)
        before, after = sign * shown.fit.slope_before, sign * shown.fit.slope_after
        cell = Cell(choice, "same", shown.n, shown.p, before, after, shown.fit.break_date)
        if shown.p <= LEVEL and (sign == 1 and _is_faster(before, after)):
            return replace(cell, answer="faster")
        if shown.p <= LEVEL and (sign == -1 and _is_slower(before, after)):
            return replace(cell, answer="slower")
        return self._with_power(cell, sample, errors, grid)

    def _seen_at_the_frontier(self, choice: Choice, found: Bend) -> Bend:
        """Add p_F where it can change the answer: E1 on a frontier series that looks faster."""
        fit = found.fit
        if choice.estimator != "E1" or choice.series == "all models" or choice.without:
            return found
        if found.p > LEVEL or not _is_faster(fit.slope_before, fit.slope_after):
            return found
        sample = self.everything(choice)
        if len(sample.heights) == found.n:  # only the frontier is published
            return found
        width = self.width if choice.scale == self.declared else None
        chance = chance_under_model_growth(
            sample.dates, sample.heights, found.statistic, choice.series, self.seed, width, draws=self.draws
        )
        return replace(found, p=max(found.p, chance.p), frontier_chance=chance)

    def _with_power(
        self, cell: Cell, sample: Sample, errors: Floats | None, grid: tuple[tuple[float, float], ...]
    ) -> Cell:
        if self.known_power is not None:
            found = self.known_power
            return replace(cell, power=found, answer="same" if found >= POWER else "cannot tell")
        design = design_of(sample.dates, sample.heights, errors, grid)
        found = power(design, sample.heights, self.seed, (2.0,), POWER_NULLS, POWER_DRAWS)[2.0]
        return replace(cell, power=found, answer="same" if found >= POWER else "cannot tell")

    def _median_slopes(self, choice: Choice) -> Cell:
        """E4: Theil-Sen slopes on either side of E1's break, 90 % interval by resampling points."""
        base = self.shared(replace(choice, estimator="E1"))
        if base.break_date is None:
            return replace(base, choice=choice)
        sample = self.tested(choice)
        years = years_since_first(sample.dates)
        tau, rng = np.datetime64(base.break_date), np.random.default_rng([self.seed, 4])
        sides = [
            median_slopes(years[side], sample.heights[side], rng, self.draws)
            for side in (sample.dates <= tau, sample.dates >= tau)
        ]
        (before, befores), (after, afters) = sides
        cell = Cell(choice, "same", base.n, None, before, after, base.break_date, base.power)
        told = np.isfinite(befores) & np.isfinite(afters)
        ratios = [slope_ratio(b, a) for b, a in zip(befores[told], afters[told], strict=True)]
        low, high = np.quantile(np.nan_to_num(ratios, nan=1.0, posinf=np.inf), [0.05, 0.95], method="inverted_cdf")
        if low > 1 and _is_faster(before, after):
            return replace(cell, answer="faster")
        if high < 1 and _is_slower(before, after):
            return replace(cell, answer="slower")
        if base.power is None:
            return self._with_power(cell, sample, None, GRID)
        return replace(cell, answer="same" if base.power >= POWER else "cannot tell")


def names(sample: Sample) -> list[str]:
    """Each point's id, or its date where it has none; both where an id has several points."""
    told = [name or str(day) for name, day in zip(sample.ids, sample.dates, strict=True)]
    if len(set(told)) == len(told):
        return told
    return [f"{name} {day}" for name, day in zip(told, sample.dates, strict=True)]


def median_slopes(x: Floats, y: Floats, rng: np.random.Generator, draws: int) -> tuple[float, Floats]:
    """Theil-Sen slope of (x, y), both (n,), and those of `draws` resamples of the points.

    Pairs on one day (within a thousandth of a year) have no slope; without any pair the slope is
    nan. Theil 1950; Sen 1968.
    """
    first, second = np.triu_indices(len(x), 1)
    picks = np.vstack([np.arange(len(x)), rng.integers(len(x), size=(draws, len(x)))])
    xs, ys = x[picks], y[picks]
    run, rise = xs[:, second] - xs[:, first], ys[:, second] - ys[:, first]
    apart = np.abs(run) > 1e-3
    slopes = np.sort(np.divide(rise, run, out=np.full(run.shape, np.inf), where=apart), axis=1)
    pairs, rows = apart.sum(axis=1), np.arange(draws + 1)
    # Pairs without a slope were sorted to the end: the median is among the first `pairs`.
    middle = (slopes[rows, np.maximum(pairs - 1, 0) // 2] + slopes[rows, pairs // 2]) / 2
    middle = np.where(pairs > 0, middle, np.nan)
    return float(middle[0]), middle[1:]


def _is_faster(before: float, after: float) -> bool:
    return after > 0 and after >= RATIO * before


def _is_slower(before: float, after: float) -> bool:
    return before > 0 and after <= before / RATIO


# --- influence -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Influence:
    """The series without one point: slope of the straight line (a year), p and date of the bend."""

    without: str
    slope: float
    p: float | None
    break_date: date | None


@dataclass(frozen=True)
class Influences:
    """Every point's influence, and the point that moves the slope most.

    `warnings` name points whose removal moves p across .05 or the slope (doubling time) by 10 %.
    """

    slope: float
    p: float | None
    each: tuple[Influence, ...]
    largest: Influence
    warnings: tuple[str, ...]


def influence(sample: Sample, seed: int, draws: int = DRAWS) -> Influences:
    """Drop each point of a tested series in turn (signals.md 6). At least 3 points, else ValueError."""
    if len(sample.heights) < 3:
        raise ValueError("influence needs three points")
    whole = _fitted("", sample, seed, draws)
    each = []
    for i, name in enumerate(names(sample)):
        kept = np.arange(len(sample.heights)) != i
        each.append(_fitted(name, sample.only(kept), seed, draws))
    largest = max(each, key=lambda one: abs(1 / one.slope - 1 / whole.slope) if one.slope and whole.slope else 0.0)
    return Influences(whole.slope, whole.p, tuple(each), largest, tuple(_warnings(whole, each)))


def _fitted(name: str, sample: Sample, seed: int, draws: int) -> Influence:
    years = years_since_first(sample.dates)
    slope = float(np.polyfit(years, sample.heights, 1)[0])
    found = bend_test(sample.dates, sample.heights, seed, draws=draws)
    if isinstance(found, NotEnoughData):
        return Influence(name, slope, None, None)
    return Influence(name, slope, found.p, found.fit.break_date)


def _warnings(whole: Influence, each: Sequence[Influence]) -> Iterator[str]:
    for one in each:
        if one.p is not None and whole.p is not None and (one.p <= 0.05) != (whole.p <= 0.05):
            yield f"without {one.without} p against noise alone is {one.p:.2g} instead of {whole.p:.2g}"
        if one.slope * whole.slope <= 0 or not 1 / 1.1 <= whole.slope / one.slope <= 1.1:
            yield f"without {one.without} the slope is {one.slope:.3g} a year instead of {whole.slope:.3g}"
