"""`python -m collectors`: list, run, schedule, replay, record, new."""

import argparse
import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from collectors import registry
from collectors.live import Live
from collectors.replay import Recorder, Replay
from collectors.run import run_source
from collectors.source import Collector
from data import queries, settings
from data.schema import SUCCESS, Failure, Run
from data.settings import Settings
from data.store import Store

TEMPLATE = '''"""{name}: what it measures, and what surprised you about it."""

from collections.abc import Iterator
from datetime import timedelta

from collectors.labs import lab_of
from collectors.parse import day, number
from collectors.source import Http, Row, Source
from data.schema import Indicator

URL = "https://example.org/data.csv"

INDICATOR = Indicator(
    key="{name}",
    title="Title on screen",
    unit="points",
    stage="capability",
    transform="linear",
    definition="What is measured, in one sentence.",
)

SOURCE = Source(
    title="Publisher's title",
    homepage="https://example.org/",
    licence="as the publisher states it",
    credit="how the publisher wants to be cited",
    share="none",
    every=timedelta(days=1),
    at_least=1,
    indicators=(INDICATOR,),
)


def collect(http: Http) -> Iterator[Row]:
    for row in http.csv(URL, ("model", "date", "score")):
        at = f"{{URL}}: {{row['model']}}"
        yield INDICATOR.observed(
            date=day(row["date"], at),
            value=number(row["score"], at),
            subject=row["model"],
            lab=lab_of(name=row["model"]),
            url=URL,
        )
'''


def main(argv: list[str] | None = None) -> int:
    """Run one verb; exit code 1 with one sentence when something failed."""
    args = _parser().parse_args(argv)
    try:
        here = settings.read()
        logging.basicConfig(level=here.log_level.upper(), format="time=%(asctime)s level=%(levelname)s %(message)s")
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        verb: Callable[[argparse.Namespace, Settings], int] = args.do
        return verb(args, here)
    except (Failure, settings.BadSetting) as problem:
        print(problem, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m collectors",
        description="Collect metrics and mentions into the tables.",
        epilog=settings.described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name: str, do: Callable[[argparse.Namespace, Settings], int], about: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=about, description=about)
        made.set_defaults(do=do)
        return made

    verb("list", _list, "the sources and how they stand").add_argument("--json", action="store_true")
    run = verb("run", _run, "collect now; one line a source; exit code 1 if any failed")
    run.add_argument("names", nargs="*", metavar="NAME")
    run.add_argument("--all", action="store_true", help="all sources")
    verb("schedule", _schedule, "collect each source at its own pace until stopped (the worker)")
    replay = verb("replay", _replay, "collect from a folder of recorded answers instead of the network")
    replay.add_argument("folder", type=Path, metavar="DIR")
    replay.add_argument("--at", type=_instant, metavar="INSTANT", help="when these answers were known (default: now)")
    record = verb("record", _record, "ask a source once and keep its answers for a test")
    record.add_argument("name", metavar="NAME")
    record.add_argument("--folder", type=Path, help="where to (default: tests/payloads/NAME)")
    verb("new", _new, "write a source file with the blanks to fill").add_argument("name", metavar="NAME")
    return parser


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"not an instant such as 2026-05-10 or 2026-05-10T06:00:00Z: {text!r}"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _store(here: Settings) -> Store:
    store = Store(here.store_uri)
    store.create()
    return store


def _list(args: argparse.Namespace, here: Settings) -> int:
    states = queries.source_states(Store(here.store_uri))
    rows = []
    for name, collector in registry.all_collectors().items():
        state, source = states.get(name), collector.source
        rows.append(
            {
                "name": name,
                "title": source.title,
                "homepage": source.homepage,
                "licence": source.licence,
                "every_hours": source.every.total_seconds() / 3600,
                "indicators": [i.key for i in source.indicators],
                "last_good": state and state.last_good and state.last_good.isoformat(),
                "last_outcome": (state and state.outcome) or None,
                "is_baseline": bool(state and state.is_baseline),
            }
        )
    if args.json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        stands = row["last_outcome"] or ("baseline" if row["is_baseline"] else "never run")
        print(f"{row['name']:<16} every {row['every_hours']:>4.0f} h   {stands:<12} {row['title']}")
    return 0


def _run(args: argparse.Namespace, here: Settings) -> int:
    if bool(args.names) == args.all:
        raise Failure("refused", "name the sources to run, or say --all")
    chosen = list(registry.all_collectors().values()) if args.all else [registry.one(name) for name in args.names]
    store, live = _store(here), Live(here)
    return _report([run_source(c, live.http(c, store), store) for c in chosen])


def _replay(args: argparse.Namespace, here: Settings) -> int:
    at = args.at or datetime.now(UTC)
    store = _store(here)
    runs = []
    for collector in registry.all_collectors().values():
        replay = Replay(args.folder, at)
        if _answers(collector, replay):
            runs.append(run_source(collector, Replay(args.folder, at), store, at=at))
    if not runs:
        raise Failure("no_data", f"{args.folder}: none of its addresses belongs to a source")
    return _report(runs)


def _answers(collector: Collector, replay: Replay) -> bool:
    """Whether the folder serves this source anything; whether it is any good is for the run to say."""
    try:
        for _ in collector.collect(replay):
            break
    except Exception:  # noqa: S110 - the run will meet it again and write it down
        pass
    return replay.asked > 0


def _report(runs: list[Run]) -> int:
    for run in runs:
        said = f"{run.outcome}: {run.rows_new} new of {run.rows_seen} rows, {run.rows_quarantined} held back"
        print(f"{run.source:<16} {said}" if run.error is None else f"{run.source:<16} {run.outcome}: {run.error}")
    return 0 if all(run.outcome in SUCCESS for run in runs) else 1


def _schedule(args: argparse.Namespace, here: Settings) -> int:
    from collectors.schedule import work  # the scheduler is loaded by the worker alone

    return work(_store(here), Live(here))


def _record(args: argparse.Namespace, here: Settings) -> int:
    collector = registry.one(args.name)
    recorder = Recorder(Live(here).http(collector, Store(here.store_uri)))
    rows = sum(1 for _ in collector.collect(recorder))
    folder = args.folder or Path("tests/payloads") / collector.name
    index = recorder.write(folder)
    print(f"{collector.name:<16} {rows} rows; {index} written: trim it to a few honest rows, keep the odd ones")
    return 0


def _new(args: argparse.Namespace, here: Settings) -> int:
    if not args.name.isidentifier() or args.name != args.name.lower():
        raise Failure("refused", f"a source is named publisher_thing, in lower case, not {args.name!r}")
    path = Path(registry.__file__).parent / "sources" / f"{args.name}.py"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(name=args.name))
    except FileExistsError:
        raise Failure("refused", f"{path} exists already") from None
    print(f"{path} written: fill it, then `python -m collectors record {args.name}`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
