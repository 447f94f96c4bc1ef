"""`python -m data`: what the tables hold, and the baseline."""

import argparse
import json
import sys
from pathlib import Path

from data import queries, settings, shipped
from data.schema import Failure
from data.store import Store


def main(argv: list[str] | None = None) -> int:
    """Run one verb; exit code 1 with one sentence when it cannot be done."""
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
    args = parser.parse_args(argv)
    try:
        store = Store(settings.read().store_uri)
        if args.verb == "status":
            print(_status(store, args.json))
        else:
            print(_baseline(store, args.action, args.folder))
    except (Failure, settings.BadSetting) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _status(store: Store, as_json: bool) -> str:
    status = queries.status(store)
    if as_json:
        return json.dumps(status, indent=1)
    lines = [
        f"{name:<13} {table['rows']:>9,} rows   newest {table['newest_known_at'] or 'none'}"
        for name, table in status["tables"].items()
    ]
    return "\n".join([f"store {store.uri}", *lines])


def _baseline(store: Store, action: str, folder: Path) -> str:
    if action == "load":
        store.create()
        return f"{shipped.load(store)} rows loaded"
    return "\n".join(f"{folder / source}.csv: {rows} rows" for source, rows in shipped.write(store, folder).items())


if __name__ == "__main__":
    sys.exit(main())
