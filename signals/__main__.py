"""`python -m signals`: judge all indicators as of an instant, or a series of your own."""

import argparse
import json
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path

import pandas as pd

from data import queries, settings
from data.schema import Failure
from data.store import Store
from signals.band import NotPointData, Point
from signals.ledger import evaluate, judge
from signals.scale import OffScale, Scale
from signals.verdict import Verdict, assess


class BadSeries(ValueError):
    """A file of one's own that cannot be read; the message names line, column and value."""


def main(argv: list[str] | None = None) -> int:
    """Run one verb; exit code 1 with one sentence when it cannot be done."""
    args = _parser().parse_args(argv)
    try:
        if args.verb == "test":
            verdicts = [own_series(args.file, Scale(args.transform, args.floor, args.ceiling, args.falling))]
        else:
            verdicts = _evaluate(args)
    except (Failure, BadSeries, OffScale, NotPointData, settings.BadSetting) as problem:
        print(problem, file=sys.stderr)
        return 1
    if args.json:
        objects = [v.as_json() for v in verdicts]
        print(json.dumps(objects[0] if args.verb == "test" else objects, indent=1))
    else:
        print(
            "\n".join(_line(v) for v in verdicts)
            or "no indicator is known yet: run the collectors, or load the baseline"
        )
    return 0


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
    every.add_argument("--json", action="store_true")
    own = verbs.add_parser("test", help="the same for a CSV file with the columns date and value")
    own.add_argument("file", type=Path, metavar="FILE.csv")
    own.add_argument("--transform", choices=("log2", "logit", "linear"), required=True)
    own.add_argument("--floor", type=float, default=0.0, help="chance level of a bounded score (logit)")
    own.add_argument("--ceiling", type=float, default=1.0, help="upper limit of a bounded score (logit)")
    own.add_argument("--falling", action="store_true", help="lower is better, as for prices")
    own.add_argument("--json", action="store_true")
    return parser


def _instant(text: str) -> datetime:
    try:
        if len(text) == len("2026-01-30"):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a day or an instant: {text!r}") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _evaluate(args: argparse.Namespace) -> list[Verdict]:
    store = Store(settings.read().store_uri)
    if not args.indicator:
        if args.variant or args.start or args.end:
            raise BadSeries("--variant, --from and --to go with --indicator KEY")
        return evaluate(store, args.as_of)
    catalogue = {row["indicator"]: row for row in queries.as_dicts(queries.indicators(store, args.as_of))}
    if args.indicator not in catalogue:
        raise BadSeries(f"there is no indicator {args.indicator!r}; there are {', '.join(catalogue) or 'none'}")
    rows = queries.observations(store, args.indicator, args.as_of)
    variants = tuple(args.variant.split(",")) if args.variant else ()
    return [judge(catalogue[args.indicator], rows, variants=variants, as_of=args.as_of, start=args.start, end=args.end)]


def own_series(path: Path, scale: Scale) -> Verdict:
    """The verdict on a CSV file with the columns date (YYYY-MM-DD) and value, and optionally id."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise BadSeries(f"{path}: cannot be read ({' '.join(str(error).split())})") from None
    for column in ("date", "value"):
        if column not in frame.columns:
            raise BadSeries(f"{path}: no column named {column!r} (found {', '.join(map(str, frame.columns))})")
    found = [_point(path, number, row) for number, row in enumerate(queries.as_dicts(frame), 2)]
    return assess(path.stem, scale, found, variants=("",))


def _point(path: Path, number: int, row: dict[str, str]) -> Point:
    try:
        day = date.fromisoformat(row["date"])
    except ValueError:
        raise BadSeries(f"{path}: line {number}: not a day (YYYY-MM-DD): {row['date']!r}") from None
    try:
        value = float(row["value"])
    except ValueError:
        raise BadSeries(f"{path}: line {number}: not a number: {row['value']!r}") from None
    return Point(day, value, id=row.get("id", ""))


def _line(verdict: Verdict) -> str:
    trend = verdict.trend
    if trend is None:
        growth = "no trend"
    elif trend.doubling_days is None:
        growth = f"{trend.slope_per_year:+.3g} a year ({trend.slope_low:.3g} to {trend.slope_high:.3g}, 90 %)"
    else:
        high = "no end" if trend.doubling_days_high is None else f"{trend.doubling_days_high:.1f}"
        growth = f"doubles in {trend.doubling_days:.3f} days ({trend.doubling_days_low:.1f} to {high}, 90 %)"
    return f"{verdict.indicator:<20} {verdict.variant:<14} {verdict.state:<16} n={verdict.n:<4} {growth}"


if __name__ == "__main__":
    sys.exit(main())
