"""`python -m collectors`: list, run, schedule, replay, record, quarantine, accept, tag, retag, backfill, bench, new."""

import collectors.allocators  # noqa: F401 - before the libraries that it is about

# isort: split

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from collectors import backfill, catalogue, logs, registry, tagging, template, topics
from collectors.live import Live
from collectors.replay import NoNetwork, PartNotRecorded, Recorder, Replay
from collectors.run import SETTLED_BY_NEXT, held_rows, release, run_source, run_together
from collectors.source import Collector
from collectors.validators import validators_from_json
from data import queries, settings, upkeep
from data.queries import Held
from data.schema import SUCCESS, Failure, Run
from data.settings import Settings, key_setting
from data.store import Store
from signals import notify


def main(argv: list[str] | None = None) -> int:
    """Run one verb; exit code 1 with one sentence when something failed."""
    args = _parser().parse_args(argv)
    try:
        here = settings.read()
        logs.start(here.log_level, settings.secrets())
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

    listing = verb("list", _list, "the sources and how they stand")
    listing.add_argument("--json", action="store_true")
    listing.add_argument("--unmapped", action="store_true", help="who stands in stored rows and is none of our labs")
    listing.add_argument("--moved", action="store_true", help="addresses that have moved for good, and where to")
    listing.add_argument(
        "--markdown", type=Path, metavar="README", help="write the table of indicators between the marks in this file"
    )
    run = verb("run", _run, "collect now; one line a source; exit code 1 if any failed")
    run.add_argument("names", nargs="*", metavar="NAME")
    run.add_argument("--all", action="store_true", help="all sources")
    run.add_argument(
        "--at", type=_instant, metavar="INSTANT", help="only for sources kept by hand: when their rows were known"
    )
    verb("schedule", _schedule, "collect each source at its own pace until stopped (the worker)")
    replay = verb("replay", _replay, "collect from a folder of recorded answers instead of the network")
    replay.add_argument("folder", type=Path, metavar="DIR")
    replay.add_argument("--at", type=_instant, metavar="INSTANT", help="when these answers were known (default: now)")
    record = verb("record", _record, "ask a source once and keep its answers for a test")
    record.add_argument("name", metavar="NAME")
    record.add_argument("--rows", type=int, metavar="N", help="keep the first N rows of a CSV file or JSON list")
    record.add_argument("--folder", type=Path, help="where to (default: tests/payloads/NAME)")
    quarantine = verb("quarantine", _quarantine, "values that are held until somebody or the next answer confirms them")
    quarantine.add_argument("--json", action="store_true")
    quarantine.add_argument("--all", action="store_true", help="also what was refused for good, the newest 100")
    accept = verb("accept", _accept, "let held values through at the next run")
    accept.add_argument("q_ids", nargs="+", metavar="Q_ID", help="as `quarantine` prints it, or its beginning")
    tag = verb("tag", _tag, "say which labs and topics titles name, and why, as JSON lines")
    tag.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="titles or JSON lines (default: standard input)"
    )
    tag.add_argument("--stored", action="store_true", help="the stored titles instead of a file")
    what = tag.add_mutually_exclusive_group()
    what.add_argument("--unmatched", action="store_true", help="words that look like a model's name and are not known")
    what.add_argument("--score", action="store_true", help="precision and recall, where lines have `labs` and `topics`")
    what.add_argument("--speed", action="store_true", help="titles a second on one core")
    verb("retag", _retag, "tag the stored titles again with the lists of now, as new rows")
    past = verb("backfill", _backfill, "fetch a source's past, month by month; goes on where it was stopped")
    past.add_argument("name", metavar="NAME")
    past.add_argument("--from", dest="first", required=True, type=date.fromisoformat, metavar="DAY")
    past.add_argument("--to", dest="last", type=date.fromisoformat, metavar="DAY", help="default: yesterday")
    benchmark = verb("bench", _bench, "what a replay of every source costs beyond parsing")
    benchmark.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="folders of payload folders")
    benchmark.add_argument("--rounds", type=int, default=5)
    benchmark.add_argument("--write", type=Path, metavar="FILE", help="put the figures into this document")
    verb("new", _new, "write a source with the blanks to fill, its test and a made-up answer").add_argument(
        "name", metavar="NAME"
    )
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
    upkeep.mend(store)
    store.create()
    return store


def _list(args: argparse.Namespace, here: Settings) -> int:
    if args.markdown:
        args.markdown.write_text(catalogue.put_into(args.markdown.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    if args.unmapped:
        return _list_unmapped(args, here)
    if args.moved:
        return _list_moved(args, here)
    states, live = queries.source_states(Store(here.store_uri)), Live(here)
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
                "needs": key_setting(name) if live.lacks_key(collector) else "",
            }
        )
    if args.json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        stands = (
            (row["needs"] and "needs a key")
            or row["last_outcome"]
            or ("baseline" if row["is_baseline"] else "never run")
        )
        print(f"{row['name']:<16} every {row['every_hours']:>4.0f} h   {stands:<12} {row['title']}")
    return 0


def _list_moved(args: argparse.Namespace, here: Settings) -> int:
    store = Store(here.store_uri)
    found = [
        {"source": name, "address": url, "moved_to": kept.moved_to}
        for name in registry.all_collectors()
        for url, kept in validators_from_json(queries.validators(store, name)).items()
        if kept.has_moved
    ]
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    for row in found:
        print(f"{row['source']:<18} {row['address']} -> {row['moved_to']}")
    return 0


def _list_unmapped(args: argparse.Namespace, here: Settings) -> int:
    found = queries.unmapped(Store(here.store_uri))
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    for row in found:
        print(f"{row['rows']:>5}  {row['source']:<18} {row['organisation']}")
    return 0


def _run(args: argparse.Namespace, here: Settings) -> int:
    if bool(args.names) == args.all:
        raise Failure("refused", "name the sources to run, or say --all")
    chosen = list(registry.all_collectors().values()) if args.all else [registry.one(name) for name in args.names]
    if args.at is not None and not all(c.source.by_hand for c in chosen):
        raise Failure("refused", "--at is for sources that are kept by hand: others answer now")
    store, live = _store(here), Live(here)
    if args.all:
        for collector in [c for c in chosen if live.lacks_key(c)]:
            print(f"{collector.name:<16} off: needs a key, {key_setting(collector.name)}")
            chosen.remove(collector)
    if args.at is not None:
        return _report([run_source(c, NoNetwork(args.at), store, at=args.at) for c in chosen])
    return _report([run_source(c, live.http(c, store), store) for c in chosen])


def _replay(args: argparse.Namespace, here: Settings) -> int:
    at = args.at or datetime.now(UTC)
    store = _store(here)
    asked = (c for c in registry.all_collectors().values() if not c.source.by_hand)
    jobs = [(c, Replay(args.folder, at)) for c in asked if _answers(c, Replay(args.folder, at))]
    if not jobs:
        raise Failure("no_data", f"{args.folder}: none of its addresses belongs to a source")
    return _report(run_together(jobs, store, at))


def _answers(collector: Collector, replay: Replay) -> bool:
    """Whether the folder serves this source anything; whether it is any good is for the run to say."""
    try:
        for _ in collector.collect(replay):
            break
    except PartNotRecorded:
        return False
    except Exception:  # noqa: S110 - the run will meet it again and write it down
        pass
    return replay.asked > 0


def _report(runs: list[Run]) -> int:
    for run in runs:
        said = f"{run.outcome}: {run.rows_new} new of {run.rows_seen} rows, {run.rows_quarantined} kept out"
        print(f"{run.source:<16} {said}" if run.error is None else f"{run.source:<16} {run.outcome}: {run.error}")
    return 0 if all(run.outcome in SUCCESS for run in runs) else 1


def _schedule(args: argparse.Namespace, here: Settings) -> int:
    from collectors.schedule import work  # the scheduler is loaded by the worker alone

    notify.check(here.alerts)
    store = _store(here)
    return work(store, Live(here), lambda: notify.tell(store, here.alerts, here.site_url), lambda: upkeep.tidy(store))


def _record(args: argparse.Namespace, here: Settings) -> int:
    collector = registry.one(args.name)
    recorder = Recorder(Live(here).http(collector, Store(here.store_uri)))
    rows = sum(1 for _ in collector.collect(recorder))
    folder = args.folder or Path("tests/payloads") / collector.name
    for said in recorder.write(folder, args.rows):
        print(said)
    print(f"{collector.name:<16} {rows} rows; {folder}: look through it, keep the odd rows, publish no secret")
    return 0


def _quarantine(args: argparse.Namespace, here: Settings) -> int:
    held = _held(here)
    if args.all:
        return _list_refused(here)
    if args.json:
        print(json.dumps([{**asdict(row), "known_at": row.known_at.isoformat()} for row in held], indent=1))
        return 0
    for row in held:
        about = " ".join(
            str(row.row[name]) for name in ("indicator", "subject", "variant", "date") if row.row.get(name)
        )
        print(f"{row.q_id[:12]}  {row.source:<16} {about}  {row.reason}")
    if not held:
        print("nothing is held; --all lists what was refused for good")
    return 0


def _list_refused(here: Settings) -> int:
    rows = queries.quarantine(Store(here.store_uri)).head(100)
    if rows.empty:
        print("nothing was refused")
    for row in rows.itertuples():
        print(f"{row.known_at:%Y-%m-%d}  {row.status:<9} {row.source:<16} {row.reason}  {row.row}")
    return 0


def _accept(args: argparse.Namespace, here: Settings) -> int:
    store, held = Store(here.store_uri), _held(here)
    chosen = []
    for q_id in args.q_ids:
        found = [row for row in held if row.q_id.startswith(q_id)]
        if len(found) != 1:
            raise Failure("refused", f"{q_id}: {len(found)} held values begin so; `quarantine` lists them")
        if found[0].reason in SETTLED_BY_NEXT:
            raise Failure("refused", f"{q_id}: {found[0].reason}; the next answer settles it")
        chosen += found
    for row in chosen:
        release(store, row, datetime.now(UTC))
        print(f"{row.q_id[:12]}  {row.source:<16} will be let through by the next run")
    return 0


def _held(here: Settings) -> list[Held]:
    return held_rows(Store(here.store_uri), registry.all_collectors(), datetime.now(UTC))


def _tag(args: argparse.Namespace, here: Settings) -> int:
    if args.stored:
        lines = list(tagging.stored(Store(here.store_uri)))
    else:
        try:
            text = args.file.read_text(encoding="utf-8") if args.file else sys.stdin.read()
        except (OSError, UnicodeDecodeError) as error:
            raise Failure("refused", f"cannot read {args.file or 'standard input'}: {error}") from None
        lines = text.split("\n")
    if args.speed:
        print(json.dumps(tagging.speed(lines)))
        return 0
    told = tagging.unmatched if args.unmatched else tagging.score if args.score else tagging.tags
    for row in told(lines):
        print(json.dumps(row, ensure_ascii=False))
    return 0


def _retag(args: argparse.Namespace, here: Settings) -> int:
    store = _store(here)
    new = tagging.retag(store) + tagging.recount(store, registry.all_collectors())
    print(f"{new} rows added under {topics.tagger()}")
    return 0


def _backfill(args: argparse.Namespace, here: Settings) -> int:
    collector, store, live = registry.one(args.name), _store(here), Live(here)
    last = args.last or datetime.now(UTC).date() - timedelta(days=1)
    if args.first > last:
        raise Failure("refused", f"nothing to fetch: the first day, {args.first}, is after the last, {last}")
    start = time.monotonic()

    def told(done: int, number: int) -> None:
        left = (time.monotonic() - start) / done * (number - done)
        bar = "#" * (30 * done // number)
        print(f"\r[{bar:<30}] {done}/{number}, about {left / 60:.0f} min left ", end="", file=sys.stderr, flush=True)

    runs = backfill.backfill(collector, lambda: live.http(collector, store), store, args.first, last, told)
    print(file=sys.stderr)
    return _report(runs)


def _bench(args: argparse.Namespace, here: Settings) -> int:
    from collectors import bench  # what measures is not loaded by what runs

    logging.disable(logging.WARNING)
    folders = sorted(p for home in args.folders for p in home.iterdir() if p.is_dir())
    cost = bench.measure(bench.jobs_in(folders), args.rounds)
    print(
        f"sources={cost.sources} rows={cost.rows} parsing={cost.parsing:.2f}s replay={cost.replay:.2f}s "
        f"again={cost.again:.2f}s ratio={cost.ratio:.2f} most={cost.most_mb:.0f}MB"
    )
    news = bench.measure_news()
    print(f"titles_per_second={news.titles} feed={news.ours_ms:.0f}ms feedparser={news.feedparser_ms:.0f}ms")
    if args.write:
        text = args.write.read_text(encoding="utf-8") if args.write.exists() else ""
        args.write.write_text(bench.put_into(text, cost, news), encoding="utf-8")
    return 0


def _new(args: argparse.Namespace, here: Settings) -> int:
    if not args.name.isidentifier() or args.name != args.name.lower():
        raise Failure("refused", f"a source is named publisher_thing, in lower case, not {args.name!r}")
    for path in template.write(Path(registry.__file__).parents[1], args.name):
        print(path)
    print(f"fill the blanks, then `python -m collectors record {args.name}`; CONTRIBUTING.md has the whole way")
    return 0


if __name__ == "__main__":
    sys.exit(main())
