"""A series of one's own, from a CSV file to the same verdict that an indicator gets.

With a column `id` (one row a model) the frontier carries the trend and the band near it is tested;
without one every row counts. The decision wants two updates in a row, so the file is judged as it
stands and as it stood before its newest day (counts: before each of its last weeks). One series alone
has no false-discovery rate, so a watch is the most that it can raise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from data import queries
from signals import decision
from signals.analyses import shares_of
from signals.band import Point
from signals.band import variants as doubted
from signals.finding import Finding
from signals.history import Step, finding_of
from signals.inquiry import data_id, described, examine, seed_of
from signals.licence import licence_for
from signals.scale import Scale
from signals.series import Kind, Selection, Tested, last_sunday, select
from signals.verdict import Verdict, verdict_on

VARIANT = ""
ALONE = "A single series has no false-discovery rate: a watch is the most it can raise."


class BadSeries(ValueError):
    """A file of one's own that cannot be read; the message names line, column and value."""


@dataclass(frozen=True)
class How:
    """How to judge the file: its scale, daily or weekly counts or not, and which points to test.

    `floor_doubt` is how far the chance floor may be off: a flag then needs all of its values to
    agree. `with_analyses` adds the multiverse, which takes seconds.
    """

    scale: Scale
    is_count: bool = False
    tested_as: Tested | None = None
    floor_doubt: float = 0.0
    with_analyses: bool = False


def own_series(path: Path, how: How) -> Verdict:
    """The verdict on a CSV file with the columns date (YYYY-MM-DD) and value (or count), and optionally id.

    BadSeries, OffScale or NotPointData with one sentence where it cannot be judged.
    """
    found = read(path, how)
    history = [_selected(part, how) for part in _states(found, how)]
    steps: list[Step] = []
    for selection in history:
        step = _step(path.stem, selection, how, bool(steps))
        if not steps or steps[-1].data_id != step.data_id:
            steps.append(step)
    return verdict_on(path.stem, history[-1], (VARIANT,), finding=_finding(path.stem, steps, history[-1], how))


def read(path: Path, how: How) -> list[Point]:
    """The rows of the file as points; every value that the scale cannot show is an error."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise BadSeries(f"{path}: cannot be read ({' '.join(str(error).split())})") from None
    if how.is_count and "count" not in frame.columns and "value" in frame.columns:
        frame = frame.rename(columns={"value": "count"})
    value = "count" if how.is_count else "value"
    for column in ("date", value):
        if column not in frame.columns:
            raise BadSeries(f"{path}: no column named {column!r} (found {', '.join(map(str, frame.columns))})")
    found = [_point(path, number, row, value) for number, row in enumerate(queries.as_dicts(frame), 2)]
    finite = [
        p.value for p in found if p.value is not None and isfinite(p.value) and not (how.is_count and p.value == 0)
    ]
    how.scale.forward(np.array(finite))
    return found


def _point(path: Path, number: int, row: dict[str, str], value: str) -> Point:
    try:
        day = date.fromisoformat(row["date"])
    except ValueError:
        raise BadSeries(f"{path}: line {number}: not a day (YYYY-MM-DD): {row['date']!r}") from None
    try:
        amount = float(row[value])
    except ValueError:
        raise BadSeries(f"{path}: line {number}: not a number: {row[value]!r}") from None
    return Point(day, amount, id=row.get("id", ""), key=f"{day}" if value == "count" else "")


def _kind(found: Sequence[Point], how: How) -> Kind:
    if how.is_count:
        return "counts"
    return "models" if any(p.id for p in found) or how.tested_as in ("band", "records") else "periods"


def _selected(found: Sequence[Point], how: How) -> Selection:
    kind = _kind(found, how)
    return select(found, how.scale, kind, tested_as=how.tested_as, keep_repeats=True)


def _states(found: Sequence[Point], how: How) -> list[list[Point]]:
    """The file as it stood before its newest day or days, and as it stands, oldest first."""
    days = sorted({p.date for p in found if p.date is not None and p.value is not None and isfinite(p.value)})
    if not days:
        return [list(found)]
    if how.is_count:
        last = last_sunday(days[-1])
        ends = [last - timedelta(weeks=k) for k in reversed(range(decision.COUNT.updates))]
        return [[p for p in found if p.date is not None and p.date <= end] for end in ends[:-1]] + [list(found)]
    return [[p for p in found if p.date is None or p.date < days[-1]], list(found)]


def _step(name: str, selection: Selection, how: How, is_later: bool) -> Step:
    series_id = f"{name}|{VARIANT}"
    identity = data_id(series_id, selection)
    newest = selection.tested.dates
    vintage = str(newest[-1]) if len(newest) else ""
    seed = seed_of(series_id, selection, vintage)
    return Step(
        at=None,
        variant=VARIANT,
        data_id=identity,
        seed=seed,
        tested_as=selection.tested_as,
        scale=selection.scale.kind,
        examined=examine(selection, seed),
        has_new_point=True,
        joins_suites=False,
        is_stale=False,
        is_saturated=selection.is_saturated,
        floors_agree=not is_later or _floors_agree(selection, seed, how),
        selection=selection,
    )


def _floors_agree(selection: Selection, seed: int, how: How) -> bool:
    """Whether every floor within the doubt says the same at p <= .05 (signals.md 2.1)."""
    answers = set()
    for scale in doubted(selection.scale, how.floor_doubt):
        tested = examine(_selected(selection.points, replace(how, scale=scale)), seed)
        answers.add(tested.faster is not None and tested.faster.p <= decision.METRIC.tell_p)
        if how.floor_doubt == 0:
            return True
    return len(answers) == 1


def _finding(name: str, steps: Sequence[Step], selection: Selection, how: How) -> Finding:
    last = steps[-1]
    more = described(selection, last.examined, last.seed)
    finding = finding_of(name, steps, more.power if more else None)
    if more is None:
        return finding
    finding = replace(finding, faster=more.faster, slower=more.slower, skill=more.skill)
    finding = replace(finding, reasons=(*finding.reasons, ALONE))
    if how.with_analyses and not how.is_count:
        finding = replace(finding, multiverse=shares_of(selection, last.seed))
    shown = finding.shown
    assert shown is not None
    return replace(finding, licence=licence_for(finding.n, shown.autocorrelation, "watch", how.is_count))
