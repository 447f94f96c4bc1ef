"""`python -m data`: what the tables hold, the baseline, and snapshots to take along."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from data import dictionary, queries, settings, shipped, snapshot, verify
from data.instants import read_instant
from data.schema import Failure
from data.store import Store


def main(argv: list[str] | None = None) -> int:
    """Run one verb; exit code 1 with one sentence when it cannot be done."""
    args = _parser().parse_args(argv)
    verbs: dict[str, Callable[[Store, argparse.Namespace], str]] = {
        "status": _status,
        "baseline": _baseline,
        "snapshot": _snapshot,
        "verify": _verify,
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
    status = verbs.add_parser("status", help="rows and newest vintage of each table")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    baseline = verbs.add_parser("baseline", help="load the shipped facts into an empty store, or write them anew")
    baseline.add_argument("action", choices=("load", "write"))
    baseline.add_argument("--folder", type=Path, default=Path("data/baseline"), help="where `write` puts the files")
    whole = verbs.add_parser("snapshot", help="write everything that may be passed on, as one zip")
    whole.add_argument("out", type=Path, metavar="OUT.zip")
    whole.add_argument(
        "--as-of", type=_instant, metavar="T", help="an instant, or a day (its end), UTC; default: the newest state"
    )
    whole.add_argument("--indicator", nargs="+", default=[], metavar="KEY", help="only these indicators, no mentions")
    proof = verbs.add_parser("verify", help="prove a snapshot: every hash, and the same bytes from the tables")
    proof.add_argument("file", type=Path, metavar="FILE.zip")
    verbs.add_parser("dictionary", help="every table and column with unit and meaning, as the page docs/tables.md")
    return parser


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
        f"{name:<13} {table['rows']:>9,} rows   newest {table['newest_known_at'] or 'none'}"
        for name, table in status["tables"].items()
    ]
    return "\n".join([f"store {store.uri}", *lines])


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


def _verify(store: Store, args: argparse.Namespace) -> str:
    return str(verify.verify(args.file, store))


if __name__ == "__main__":
    sys.exit(main())
