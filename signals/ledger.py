"""All indicators judged as of an instant, from nothing but what the tables knew then; and the ledger of it.

`evaluate` computes, `update` also writes changes to the table `flags`, `read` gives the newest stored
findings, which is all that a page needs. The same data are never tested twice: stored results are
found again by the hash of the data, so looking more often changes nothing.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

import pandas as pd

from data import queries
from data.store import Store
from signals.analyses import shares_of
from signals.finding import METHOD, Finding, Shares, from_json, to_json
from signals.history import Step, as_rows, finding_of, identities, is_countable, is_raised, step_of, with_q
from signals.inquiry import Described, Examined, data_id, described, examine, seed_of
from signals.licence import licence_for
from signals.recent import Recent
from signals.series import Selection, is_stale, kind_of
from signals.verdict import Verdict, assess, points, scale_of, selection_for, verdict_on

Indicator = Mapping[str, Any]

_COLUMNS = ["indicator", "subject", "variant", "date", "value", "low", "high", "level", "bound", "model", "detail"]

# Results of this process by the hash of the data and the seed; a re-test costs nothing. Some kilobytes each, and
# twenty states of each of a hundred indicators.
_MOST = 2_000
_EXAMINED: Recent[Examined] = Recent(_MOST)
_DESCRIBED: Recent[Described | None] = Recent(_MOST)
_SHARES: Recent[Shares | None] = Recent(_MOST)


def primary_variant(indicator: Indicator, rows: pd.DataFrame) -> str:
    """The first declared variant that has values; the first declared one where none has."""
    return _primary(indicator, set(rows["variant"]))


def _primary(indicator: Indicator, present: set[str]) -> str:
    keys: list[str] = [v["key"] for v in indicator["variants"] if not v["beside"]] or [""]
    return next((key for key in keys if key in present), keys[0])


def judge(
    indicator: Indicator,
    rows: pd.DataFrame,
    *,
    variants: tuple[str, ...] = (),
    as_of: datetime | None = None,
    start: date | None = None,
    end: date | None = None,
    finding: Finding | None = None,
) -> Verdict:
    """The verdict on one indicator (a row of the catalogue) from its rows; all labs, whatever is shown.

    `finding` is what the ledger knows (`read`); it is used where it is about these variants and the
    whole history. Nothing is simulated here: a page may call this.
    """
    return assess(
        indicator["indicator"],
        scale_of(indicator),
        points(rows, indicator["marks"]),
        variants=variants or (primary_variant(indicator, rows),),
        as_of=as_of,
        start=start,
        end=end,
        kind=kind_of(indicator),
        is_panel=indicator["marks"] != "model",
        finding=finding if start is None and end is None else None,
    )


def look(
    indicator: Indicator,
    rows: pd.DataFrame,
    *,
    variants: tuple[str, ...] = (),
    as_of: datetime | None = None,
    start: date | None = None,
    end: date | None = None,
) -> Verdict:
    """One look at another variant or window than the ledger follows: everything is tested, nothing is raised.

    A state wants two updates and the pool of all indicators; one look has neither.
    """
    chosen = variants or (primary_variant(indicator, rows),)
    selection = selection_for(indicator, points(rows, indicator["marks"]), chosen, start, end)
    name = f"{indicator['indicator']}|{' + '.join(chosen)}"
    seed = seed_of(name, selection, f"{start}|{end}")
    examined = examine(selection, seed)
    step = Step(
        at=as_of,
        variant=" + ".join(chosen),
        data_id=data_id(name, selection),
        seed=seed,
        tested_as=selection.tested_as,
        scale=selection.scale.kind,
        examined=examined,
        has_new_point=True,
        joins_suites=selection.everything.joins_suites,
        is_stale=False,
        is_saturated=selection.is_saturated,
    )
    more = described(selection, examined, seed)
    finding = finding_of(indicator["indicator"], [step], more.power if more else None)
    if more is not None:
        finding = replace(finding, faster=more.faster, slower=more.slower, skill=more.skill)
        finding = replace(finding, licence=_licence(finding))
    return verdict_on(indicator["indicator"], selection, chosen, as_of, finding)


def evaluate(store: Store, as_of: datetime | None = None) -> list[Verdict]:
    """One verdict an indicator, in order of the catalogue; publishers' own growth figures are not judged."""
    return list(_evaluated(store, as_of, _versions(store)))


def _versions(store: Store) -> tuple[int, ...]:
    return tuple(store.version(name) for name in ("observations", "indicators", "flags"))


@lru_cache(8)
def _evaluated(store: Store, as_of: datetime | None, _: tuple[int, ...]) -> tuple[Verdict, ...]:
    told = _Evaluation(store, as_of)
    return tuple(told.verdict(name) for name in told.catalogue)


def read(store: Store, as_of: datetime | None = None) -> dict[str, Finding]:
    """The newest stored finding of each indicator, as the ledger knew it; pages pass it to `judge`."""
    rows = queries.as_dicts(queries.newest_flags(store, METHOD, as_of))
    return {row["indicator"]: from_json(Finding, json.loads(row["detail"])) for row in rows}


def update(store: Store) -> int:
    """Evaluate what is new and append changes of state, streak or data to `flags`; the number of rows added."""
    store.create()
    told = _Evaluation(store, None)
    waiting = sorted(told.unwritten(), key=lambda item: item[0])
    added = 0
    for stamp, group in groupby(waiting, key=lambda item: item[0]):
        added += store.append_vintages("flags", [_row(finding) for _, finding in group], stamp)
    return added


def backtest(store: Store) -> list[dict[str, Any]]:
    """Every change of state that the stored vintages would have caused, by the instant they became known."""
    told = _Evaluation(store, None, fresh=True)
    rows = [row for name in told.catalogue for row in as_rows(told.timeline(name))]
    return sorted(rows, key=lambda row: (row["known_at"] or "", row["indicator"]))


@dataclass(frozen=True)
class Difference:
    """What the ledger says of an indicator, and what its data say again."""

    indicator: str
    what: str
    written: object
    again: object


def replay(store: Store, as_of: datetime | None = None) -> tuple[int, list[Difference]]:
    """The newest finding of each indicator, found again from the vintages known then: how many, and what differs."""
    told, held = _Evaluation(store, as_of, fresh=True), read(store, as_of)
    return len(held), [difference for name in held for difference in _differences(told, name, held[name])]


def _differences(told: "_Evaluation", name: str, written: Finding) -> Iterator[Difference]:
    again = next((f for f in reversed(told.timeline(name)) if f.data_id == written.data_id), None)
    if again is not None and written.power is not None:  # it was the newest then, which has its power in full
        again = told.finding(name)
    if again is None or again.data_id != written.data_id:
        yield Difference(name, "data", written.data_id, None)
        return
    for what in ("state", "since", "n", "tested_as", "is_suppressed"):
        if (one := getattr(written, what)) != (other := getattr(again, what)):
            yield Difference(name, what, one, other)
    for what in ("p", "ratio"):
        one, other = (getattr(f.faster, what, None) for f in (written, again))
        if one != other and not (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-6)):
            yield Difference(name, what, one, other)


class _Evaluation:
    """One evaluation: catalogue, histories with their q, and the findings that the ledger holds already."""

    def __init__(self, store: Store, as_of: datetime | None, fresh: bool = False) -> None:
        rows = queries.as_dicts(queries.indicators(store, as_of))
        self.as_of = as_of
        self.catalogue: dict[str, Indicator] = {r["indicator"]: r for r in rows if not r["figure_of"]}
        newest = as_of or queries.newest_known(store) or datetime(1970, 1, 1, tzinfo=UTC)
        self.today = newest.date()
        self.stored: dict[str, list[Finding]] = {}
        self.stamps: dict[str, datetime] = {}
        if not fresh:
            for row in queries.as_dicts(queries.flags(store, METHOD, as_of)):
                self.stored.setdefault(row["indicator"], []).append(_stored(row))
                self.stamps[row["indicator"]] = row["known_at"].to_pydatetime()
        vintages = queries.vintages(store, as_of)
        known = {str(name): frame for name, frame in vintages.groupby("indicator", sort=False)}
        histories, self.newest = {}, {}
        for name, indicator in self.catalogue.items():
            found = known.get(name, vintages.iloc[:0])
            told = _History(indicator, found, self.stored.get(name, []))
            histories[name] = told.steps
            self.newest[name] = told.newest
        families = {name: indicator["family"] for name, indicator in self.catalogue.items()}
        self.histories = with_q(histories, families)

    def timeline(self, name: str) -> list[Finding]:
        """What would have been found after each step."""
        steps = self.histories.get(name, [])
        return [finding_of(name, steps[: i + 1]) for i in range(len(steps))]

    def verdict(self, name: str) -> Verdict:
        """The whole verdict on one indicator; its analyses (the multiverse) only if the ledger has them."""
        newest = self.newest[name]
        finding = self.finding(name) if self.histories[name] else None
        return verdict_on(name, newest.selection, (newest.variant,), self.as_of, finding)

    def finding(self, name: str, with_analyses: bool = False) -> Finding:
        """The newest finding with everything that is shown beside it; stored results are used again."""
        indicator, steps, selection = self.catalogue[name], self.histories[name], self.newest[name].selection
        last = steps[-1]
        held = next((f for f in reversed(self.stored.get(name, [])) if f.data_id == last.data_id), None)
        stale = is_stale(selection.everything, self.today, float(indicator["grace_days"]))
        closed = indicator["closed_on"]
        is_closed = isinstance(closed, datetime) and not pd.isna(closed) and closed.date() <= self.today
        if held is not None and held.power is not None:
            finding = finding_of(name, steps, held.power, stale, is_closed)
            finding = replace(
                finding, faster=held.faster, slower=held.slower, skill=held.skill, multiverse=held.multiverse
            )
        else:
            finding = self._described(name, steps, selection, stale, is_closed)
        if with_analyses and finding.multiverse is None and finding.faster is not None and not is_countable(last):
            finding = replace(finding, multiverse=_shares(selection, last))
        return replace(finding, licence=_licence(finding))

    @staticmethod
    def _described(name: str, steps: Sequence[Step], selection: Selection, stale: bool, is_closed: bool) -> Finding:
        last = steps[-1]
        more = _DESCRIBED.get((last.data_id, last.seed), lambda: described(selection, last.examined, last.seed))
        finding = finding_of(name, steps, more.power if more else None, stale, is_closed)
        if more is None or finding.faster is None or finding.slower is None:
            return finding
        faster = replace(more.faster, q=finding.faster.q, q_by=finding.faster.q_by)
        slower = replace(more.slower, q=finding.slower.q, q_by=finding.slower.q_by)
        return replace(finding, faster=faster, slower=slower, skill=more.skill)

    def unwritten(self) -> Iterator[tuple[datetime, Finding]]:
        """Findings that the ledger does not hold yet, each with the instant it is to be stamped with."""
        for name, steps in self.histories.items():
            held = self.stored.get(name, [])
            if not steps:
                continue
            written = _position(steps, held)
            last_stamp = self.stamps.get(name)
            first = len(steps) - 1 if written is None else written + 1  # after a change of definition: the newest only
            for i in range(first, len(steps)):
                is_newest = i == len(steps) - 1
                finding = self.finding(name, with_analyses=True) if is_newest else finding_of(name, steps[: i + 1])
                stamp = finding.known_at or datetime.now(UTC)
                if last_stamp is not None and stamp <= last_stamp:
                    stamp = last_stamp + timedelta(microseconds=1)
                last_stamp = stamp
                yield stamp, finding


def _position(steps: Sequence[Step], held: Sequence[Finding]) -> int | None:
    """Where in `steps` the newest stored finding stands; -1 if nothing is stored, None if it is not among them."""
    if not held:
        return -1
    found = [i for i, step in enumerate(steps) if step.data_id == held[-1].data_id]
    return found[-1] if found else None


@dataclass(frozen=True, eq=False)
class _Newest:
    """The newest state of an indicator's data."""

    variant: str
    selection: Selection


class _History:
    """The steps of one indicator: stored ones as they are, newer ones tested now."""

    def __init__(self, indicator: Indicator, vintages: pd.DataFrame, held: Sequence[Finding]) -> None:
        self.indicator = indicator
        self.steps: list[Step] = []
        current: dict[tuple[str, str, Any], Any] = {}
        instants = list(vintages.groupby("known_at", sort=True))
        trusted = self._trusted(instants, held)
        self.steps.extend(step_of(f) for f in trusted)
        before: frozenset[tuple[str, object]] = frozenset()
        self.newest = _Newest(_primary(indicator, set()), selection_for(indicator, [], ("",)))
        skip_to = trusted[-1].known_at if trusted else None
        for at, frame in instants:
            instant = pd.Timestamp(at).to_pydatetime()  # type: ignore[arg-type]
            _apply(current, frame)
            if skip_to is not None and instant < skip_to:
                continue
            newest = self._state(current)
            if skip_to is None or instant > skip_to:
                self._add(newest, instant, before)
            self.newest, before = newest, identities(newest.selection.points)

    def _trusted(self, instants: Iterable[Any], held: Sequence[Finding]) -> list[Finding]:
        """Stored findings, if the newest of them is what the data still give; else none."""
        if not held or held[-1].known_at is None:
            return []
        current: dict[tuple[str, str, Any], Any] = {}
        for at, frame in instants:
            if pd.Timestamp(at).to_pydatetime() <= held[-1].known_at:
                _apply(current, frame)
        newest = self._state(current)
        same = data_id(self._series_id(newest.variant), newest.selection) == held[-1].data_id
        return _distinct(held) if same else []

    def _state(self, current: Mapping[tuple[str, str, Any], Any]) -> _Newest:
        """The points as they stand: withdrawn ones are left out."""
        rows = [row for row in current.values() if row["value"] == row["value"] and row["value"] is not None]
        variant = _primary(self.indicator, {row["variant"] for row in rows})
        rows.sort(key=lambda row: (row["date"], row["subject"], row["variant"]))
        frame = pd.DataFrame(rows, columns=_COLUMNS)
        return _Newest(variant, selection_for(self.indicator, points(frame, self.indicator["marks"]), (variant,)))

    def _series_id(self, variant: str) -> str:
        return f"{self.indicator['indicator']}|{variant}"

    def _add(self, newest: _Newest, at: datetime, before: frozenset[tuple[str, object]]) -> None:
        selection, name = newest.selection, self._series_id(newest.variant)
        identity = data_id(name, selection)
        if (self.steps and self.steps[-1].data_id == identity) or not selection.points:
            return
        seed = seed_of(name, selection, f"{at:%Y-%m-%d}")
        stale = is_stale(selection.everything, at.date(), float(self.indicator["grace_days"]))
        self.steps.append(
            Step(
                at=at,
                variant=newest.variant,
                data_id=identity,
                seed=seed,
                tested_as=selection.tested_as,
                scale=selection.scale.kind,
                examined=_EXAMINED.get((identity, seed), lambda: examine(selection, seed)),
                has_new_point=not self.steps or bool(identities(selection.points) - before),
                joins_suites=selection.everything.joins_suites,
                is_stale=stale,
                is_saturated=selection.is_saturated,
                selection=selection,
            )
        )


def _apply(current: dict[tuple[str, str, Any], Any], frame: pd.DataFrame) -> None:
    for row in queries.as_dicts(frame):
        current[row["subject"], row["variant"], row["date"]] = row


def _distinct(held: Sequence[Finding]) -> list[Finding]:
    """One finding a state of the data, the newest row of each, in order."""
    newest = {finding.data_id: finding for finding in held}
    return [f for f in held if newest[f.data_id] is f]


def _stored(row: Mapping[str, Any]) -> Finding:
    return from_json(Finding, json.loads(row["detail"]))


def _shares(selection: Selection, step: Step) -> Shares | None:
    return _SHARES.get((step.data_id, step.seed), lambda: shares_of(selection, step.seed))


def _licence(finding: Finding) -> Any:
    """The measured rates at this n and noise: of its own state if it is a flag, else of a signal."""
    shown = finding.shown
    if shown is None:
        return None
    names = {1: "watch", 2: "signal", 3: "confirmed"}
    state = names[finding.level] if is_raised(finding) else "signal"
    return licence_for(finding.n, shown.autocorrelation, state, finding.tested_as == "weekly counts")


def _row(finding: Finding) -> dict[str, Any]:
    shown = finding.shown
    return {
        "indicator": finding.indicator,
        "subject": "",
        "method": finding.method,
        "state": finding.state,
        "streak_on": finding.streak_on,
        "streak_off": finding.streak_off,
        "data_id": finding.data_id,
        "last_period": finding.last_date,
        "n": finding.n,
        "ratio": shown and shown.ratio,
        "p": shown and shown.p,
        "q": shown and shown.q,
        "break_date": shown and shown.break_on,
        "detail": json.dumps(to_json(finding), sort_keys=True, ensure_ascii=False),
    }
