"""`python -m data`: what the tables hold, the baseline, and snapshots to take along."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import polars as pl

from data import backup, dictionary, mentions, queries, settings, shipped, snapshot, upkeep, verify
from data.instants import read_instant
from data.mentions import Wanted
from data.schema import TABLES, Failure
from data.store import Store


def main(argv: list[str] | None = None) -> int:
    """Run one verb; exit code 1 with one sentence when it cannot be done."""
    args = _parser().parse_args(argv)
    verbs: dict[str, Callable[[Store, argparse.Namespace], str]] = {
        "status": _status,
        "baseline": _baseline,
        "snapshot": _snapshot,
        "mentions": _mentions,
        "verify": _verify,
        "tidy": _tidy,
        "check": _check,
        "backup": _backup,
        "restore": _restore,
        "dictionary": lambda _store, _args: dictionary.page().rstrip("\n"),
    }
    try:
        print(verbs[args.verb](Store(settings.read().store_uri), args))
    except (Failure, verify.NotProven, settings.BadSetting) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m data",
        description="The tables: what they hold, and the facts shipped with the program.",
        epilog=settings.described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, said in (
        ("status", "version, files, rows, size and newest vintage of each table"),
        ("tidy", "compact, checkpoint and vacuum every table now; the worker does it by itself"),
    ):
        verbs.add_parser(verb, help=said).add_argument("--json", action="store_true", help="as one JSON object")
    verbs.add_parser("check", help="look for doubled keys and torn chains of vintages; changes nothing")
    for verb, said in (
        ("backup", "copy every row to another folder or bucket; again adds what is new"),
        ("restore", "copy every row of a backup into the store"),
    ):
        verbs.add_parser(verb, help=said).add_argument("place", metavar="FOLDER|s3://…", help="where the backup is")
    baseline = verbs.add_parser("baseline", help="load the shipped facts into an empty store, or write them anew")
    baseline.add_argument("action", choices=("load", "write"))
    baseline.add_argument("--folder", type=Path, default=Path("data/baseline"), help="where `write` puts the files")
    whole = verbs.add_parser("snapshot", help="write everything that may be passed on, as one zip")
    whole.add_argument("out", type=Path, metavar="OUT.zip")
    whole.add_argument(
        "--as-of", type=_instant, metavar="T", help="an instant, or a day (its end), UTC; default: the newest state"
    )
    whole.add_argument("--indicator", nargs="+", default=[], metavar="KEY", help="only these indicators, no mentions")
    news = verbs.add_parser("mentions", help="write all mentions of some labs or of a topic as one CSV")
    news.add_argument("out", type=Path, metavar="OUT.csv")
    news.add_argument("--lab", nargs="+", default=[], metavar="KEY", help="that name one of these labs")
    news.add_argument("--topic", default="", metavar="KEY", help="on this topic")
    news.add_argument("--from", dest="first", type=_day, metavar="DAY", help="published since")
    news.add_argument("--to", dest="last", type=_day, metavar="DAY", help="published until")
    news.add_argument("--as-of", type=_instant, metavar="T", help="an instant, or a day (its end), UTC")
    proof = verbs.add_parser("verify", help="prove a snapshot: every hash, and the same bytes from the tables")
    proof.add_argument("file", type=Path, metavar="FILE.zip")
    verbs.add_parser("dictionary", help="every table and column with unit and meaning, as the page docs/tables.md")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a day: {text!r}") from None


def _instant(text: str) -> datetime:
    at = read_instant(text)
    if at is None:
        raise argparse.ArgumentTypeError(f"not a day or an instant: {text!r}")
    return at


def _status(store: Store, args: argparse.Namespace) -> str:
    status = queries.status(store)
    if args.json:
        return json.dumps(status, indent=1)
    lines = [
        f"{name:<13} {t['version']:>7} {t['files']:>6} {t['rows']:>11,} {t['bytes'] / 1e6:>9,.1f} MB  "
        f"{(t['newest_known_at'] or 'none')[:19]}"
        for name, t in status["tables"].items()
    ]
    head = f"{'table':<13} {'version':>7} {'files':>6} {'rows':>11} {'size':>12}  newest vintage (UTC)"
    return "\n".join([f"store {store.uri}", head, *lines])


def _check(store: Store, args: argparse.Namespace) -> str:
    found = upkeep.faults(store)
    if found:
        raise Failure("storage", "\n".join(found))
    return f"store {store.uri}: every key is unique, every vintage follows exactly one other"


def _tidy(store: Store, args: argparse.Namespace) -> str:
    upkeep.tidy(store)
    return _status(store, args)


def _backup(store: Store, args: argparse.Namespace) -> str:
    return _copied(store, Store(args.place))


def _restore(store: Store, args: argparse.Namespace) -> str:
    return _copied(Store(args.place), store)


def _copied(source: Store, target: Store) -> str:
    if not any(source.exists(name) for name in TABLES):
        raise Failure("no_data", f"there are no tables at {source.uri}")
    added = backup.copy(source, target)
    return "\n".join(f"{name:<13} {rows:>11,} rows copied to {target.uri}" for name, rows in added.items())


def _baseline(store: Store, args: argparse.Namespace) -> str:
    if args.action == "load":
        store.create()
        return f"{shipped.load(store)} rows loaded"
    written = shipped.write(store, args.folder)
    return "\n".join(f"{args.folder / source}.csv: {rows} rows" for source, rows in written.items())


def _snapshot(store: Store, args: argparse.Namespace) -> str:
    made = snapshot.write(store, args.out, args.as_of, args.indicator)
    lines = [f"{m.name:<18} {m.rows:>9,} rows {m.bytes:>12,} bytes" for m in made.members if m.name.endswith(".csv")]
    lines += [f"left out: {rows:,} rows ({reason})" for reason, rows in sorted(made.left_out.items())]
    return "\n".join([f"{args.out}: as known at {made.instant.isoformat()}", *lines])


def _mentions(store: Store, args: argparse.Namespace) -> str:
    wanted = Wanted(labs=tuple(args.lab), topic=args.topic, first=args.first, last=args.last, instant=args.as_of)
    if absent := mentions.absent(store, wanted):
        raise Failure("no_data", f"no mention names {' or '.join(map(repr, absent))}")
    try:
        mentions.save(store, wanted, args.out)
    except OSError as error:
        raise Failure("storage", f"cannot write {args.out}: {error}") from None
    rows = pl.scan_csv(args.out, infer_schema=False).select(pl.len()).collect().item()
    return f"{args.out}: {rows:,} rows, {args.out.stat().st_size:,} bytes"


def _verify(store: Store, args: argparse.Namespace) -> str:
    return str(verify.verify(args.file, store))


if __name__ == "__main__":
    sys.exit(main())
