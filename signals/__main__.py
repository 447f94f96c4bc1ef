"""`python -m signals`: judge all indicators as of an instant, a series of your own, or the rules themselves."""

import argparse
import json
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from data import queries, settings
from data.schema import Failure
from data.store import Store
from signals import bench, ledger, notify, simulate
from signals.band import NotPointData
from signals.own import BadSeries, How, own_series
from signals.scale import OffScale, Scale
from signals.verdict import Verdict

HOME = Path(__file__).resolve().parents[1]


def main(argv: list[str] | None = None) -> int:
    """Run one verb; exit code 1 with one sentence when it cannot be done."""
    args = _parser().parse_args(argv)
    verbs = {"evaluate": _evaluate, "test": _test, "backtest": _backtest, "simulate": _simulate, "bench": _bench,
             "replay": _replay, "notify": _notify}  # fmt: skip
    try:
        return verbs[args.verb](args)
    except (Failure, BadSeries, OffScale, NotPointData, settings.BadSetting) as problem:
        print(problem, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m signals",
        description="Trends and verdicts, from the tables or from a file of your own.",
        epilog=settings.described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    every = verbs.add_parser("evaluate", help="one object an indicator, as known at an instant")
    every.add_argument(
        "--as-of", type=_instant, metavar="T", help="an instant, or a day (its end); default: the newest"
    )
    every.add_argument("--indicator", metavar="KEY", help="only this one")
    every.add_argument(
        "--variant", help="another variant than the first; A,B joins two, to reproduce a published number"
    )
    every.add_argument("--from", dest="start", type=date.fromisoformat, metavar="DAY", help="only values from this day")
    every.add_argument("--to", dest="end", type=date.fromisoformat, metavar="DAY", help="only values before this day")
    every.add_argument("--write", action="store_true", help="also append what is new to the ledger, as the worker does")
    every.add_argument("--json", action="store_true")
    _own_arguments(verbs.add_parser("test", help="the same for a CSV file with the columns date and value"))
    back = verbs.add_parser("backtest", help="when each flag would have been raised, replaying all stored vintages")
    back.add_argument("--write", action="store_true", help="also append what is new to the ledger")
    back.add_argument("--json", action="store_true")
    again = verbs.add_parser("replay", help="find the ledger's newest findings again from the data known then")
    again.add_argument(
        "--as-of", type=_instant, metavar="T", help="an instant, or a day (its end); default: the newest"
    )
    worlds = verbs.add_parser("simulate", help="simulated worlds of known truth: docs/simulation.md and the licence")
    simulate.add_arguments(worlds, HOME)
    speed = verbs.add_parser("bench", help="speed against other tools, in one run: rows of docs/benchmarks.md")
    bench.add_arguments(speed, HOME)
    telling = verbs.add_parser("notify", help="send what is new to the addresses of ALERTS, as the worker does")
    telling.add_argument("--dry-run", action="store_true", help="print the messages instead; nothing is remembered")
    telling.add_argument("--test", action="store_true", help="send a greeting to every address, to see it arrive")
    return parser


def _own_arguments(own: argparse.ArgumentParser) -> None:
    own.add_argument("file", type=Path, metavar="FILE.csv", help="columns date,value and, for models, id")
    own.add_argument("--transform", choices=("log2", "logit", "linear"), help="where steady growth is a straight line")
    own.add_argument("--floor", type=float, default=0.0, help="chance level of a bounded score (logit)")
    own.add_argument("--ceiling", type=float, default=1.0, help="upper limit of a bounded score (logit)")
    own.add_argument("--floor-doubt", type=float, default=0.0, metavar="D", help="how far the floor may be off")
    own.add_argument("--falling", action="store_true", help="lower is better, as for prices")
    own.add_argument("--counts", action="store_true", help="daily or weekly counts: columns date,count")
    own.add_argument(
        "--series",
        choices=("band", "records", "all"),
        help="which points to test; default: the band near the frontier if there is an id column, else all",
    )
    own.add_argument("--multiverse", action="store_true", help="also try every other reasonable analysis (seconds)")
    own.add_argument("--json", action="store_true")


def _instant(text: str) -> datetime:
    try:
        if len(text) == len("2026-01-30"):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a day or an instant: {text!r}") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _evaluate(args: argparse.Namespace) -> int:
    store = Store(settings.read().store_uri)
    if args.write:
        ledger.update(store)
    if args.indicator:
        verdicts = [_one(store, args)]
    elif args.variant or args.start or args.end:
        raise BadSeries("--variant, --from and --to go with --indicator KEY")
    else:
        verdicts = ledger.evaluate(store, args.as_of)
    if args.json:
        print(json.dumps([v.as_json() for v in verdicts], indent=1))
    else:
        lines = "\n".join(_line(v) for v in verdicts)
        print(lines or "no indicator is known yet: run the collectors, or load the baseline")
    return 0


def _one(store: Store, args: argparse.Namespace) -> Verdict:
    catalogue = {row["indicator"]: row for row in queries.as_dicts(queries.indicators(store, args.as_of))}
    if args.indicator not in catalogue:
        raise BadSeries(f"there is no indicator {args.indicator!r}; there are {', '.join(catalogue) or 'none'}")
    indicator = catalogue[args.indicator]
    if not (args.variant or args.start or args.end or indicator["figure_of"]):
        return next(v for v in ledger.evaluate(store, args.as_of) if v.indicator == args.indicator)
    rows = queries.observations(store, args.indicator, args.as_of)
    variants = tuple(args.variant.split(",")) if args.variant else ()
    return ledger.look(indicator, rows, variants=variants, as_of=args.as_of, start=args.start, end=args.end)


def _test(args: argparse.Namespace) -> int:
    if not (args.transform or args.counts):
        raise BadSeries("say which scale makes steady growth straight (--transform), or that these are --counts")
    scale = Scale("log2") if args.counts else Scale(args.transform, args.floor, args.ceiling, args.falling)
    how = How(scale, args.counts, args.series, args.floor_doubt, args.multiverse)
    verdict = own_series(args.file, how)
    print(json.dumps(verdict.as_json(), indent=1) if args.json else _told(verdict))
    return 0


def _replay(args: argparse.Namespace) -> int:
    count, differences = ledger.replay(Store(settings.read().store_uri), args.as_of)
    for d in differences:
        print(f"{d.indicator}: {d.what} is {d.written!r} in the ledger and {d.again!r} by the data known then")
    print(f"{count} findings found again, {len({d.indicator for d in differences}) or 'none'} of them otherwise")
    return 1 if differences else 0


def _backtest(args: argparse.Namespace) -> int:
    store = Store(settings.read().store_uri)
    rows = ledger.backtest(store)
    if args.write:
        ledger.update(store)
    if args.json:
        print(json.dumps(rows, indent=1))
    else:
        print("\n".join(_change_line(row) for row in rows) or "no indicator has a value yet")
    return 0


def _notify(args: argparse.Namespace) -> int:
    here, now = settings.read(), datetime.now(UTC)
    notify.check(here.alerts)
    if not here.alerts and not args.dry_run:
        raise Failure("refused", "ALERTS names no address; see docs/operating.md")
    if args.test:
        refused = [n for n, a in enumerate(here.alerts, 1) if not notify.by_apprise(a, *notify.GREETING)]
        print("\n".join(f"address {n}: refused" for n in refused) or f"{len(here.alerts)} sent")
        return 1 if refused else 0
    store = Store(here.store_uri)
    if not args.dry_run:
        print(f"{notify.tell(store, here.alerts, here.site_url, now=now)} sent")
        return 0
    for number, address in enumerate(here.alerts or ("",), 1):
        message = notify.waiting(store, address, here.site_url, now)
        head = f"address {number} of {len(here.alerts)}" if here.alerts else "ALERTS names no address; it would be told"
        print(f"{head}: nothing new" if message is None else f"{head}:\n{message.title}\n\n{message.text}")
    return 0


def _simulate(args: argparse.Namespace) -> int:
    return simulate.run_all(args)


def _bench(args: argparse.Namespace) -> int:
    print(bench.run_all(args))
    return 0


def _line(verdict: Verdict) -> str:
    shown = verdict.shown
    evidence = "" if shown is None else f"  p={shown.p:.2g}" + ("" if shown.q is None else f" q={shown.q:.2g}")
    head = f"{verdict.indicator:<20} {verdict.variant:<14} {verdict.state:<16} n={verdict.n:<4}"
    return f"{head} {_growth(verdict)}{evidence}"


def _growth(verdict: Verdict) -> str:
    trend = verdict.trend
    if trend is None:
        return "no trend"
    if trend.doubling_days is None:
        return f"{trend.slope_per_year:+.3g} a year ({trend.slope_low:.3g} to {trend.slope_high:.3g}, 90 %)"
    high = "no end" if trend.doubling_days_high is None else f"{trend.doubling_days_high:.1f}"
    return f"doubles in {trend.doubling_days:.3f} days ({trend.doubling_days_low:.1f} to {high}, 90 %)"


def _told(verdict: Verdict) -> str:
    """The verdict on one's own series, a line a fact."""
    lines = [f"{verdict.indicator}: {verdict.state}", f"trend: n={verdict.n}, {_growth(verdict)}"]
    shown, finding = verdict.shown, verdict.finding
    if shown is not None and finding is not None:
        lines.append(f"break: {shown.break_on}, 90 % between {shown.break_low} and {shown.break_high}; {shown.jump}")
        lines.append(f"slope a year: {shown.slope_before:.3g} before, {shown.slope_after:.3g} after")
        if shown.doubling_days_before and shown.doubling_days_after:
            pair = shown.doubling_days_before, shown.doubling_days_after
            lines.append(f"doubling time: {pair[0]:.1f} days before, {pair[1]:.1f} after")
        frontier = "" if shown.p_frontier is None else f", seen at its frontier {shown.p_frontier:.3g}"
        lines.append(f"chance: p={shown.p:.3g} (noise alone {shown.p_noise:.3g}{frontier}); n={finding.n} tested")
        lines.append(f"autocorrelation: {shown.autocorrelation:.2f}")
        power = ", ".join(f"{share:.0%} for x{ratio}" for ratio, share in (finding.power or {}).items())
        lines.append(f"would have been seen: {power}")
    return "\n".join([*lines, *(f"- {reason}" for reason in verdict.reasons)])


def _change_line(row: dict[str, Any]) -> str:
    evidence = "" if row["p"] is None else f" p={row['p']:.2g}"
    news = "" if row["new_points"] else " (restatement)"
    was = f" (was {row['was']})" if row["was"] else ""
    return f"{row['known_at'][:16]}  {row['indicator']:<20} {row['state']}{was} n={row['n']}{evidence}{news}"


if __name__ == "__main__":
    sys.exit(main())
