"""`python -m tests.soak`: the soak from the command line; `make soak DAYS=28` writes docs/reliability.md."""

import argparse
import re
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.soak.soak import SOURCES, judged, live, report
from tests.soak.worker import REST

START, END = "<!-- soak: written by make soak -->", "<!-- end of soak -->"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.2, help="of runs in bad weather that meet a fault")
    parser.add_argument("--every", type=float, default=30, help="seconds between kills or stops")
    parser.add_argument("--sources", default=",".join(SOURCES), help="which ones, separated by commas")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the report between the marks in this document")
    args = parser.parse_args()

    names = tuple(args.sources.split(","))

    def tell(text: str) -> None:
        print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as home:
        calm = live(Path(home) / "calm", names, args.days, None, 0, 0, tell, REST)
        stormy = live(Path(home) / "stormy", names, args.days, Random(args.seed), args.share, args.every, tell)
    print(file=sys.stderr)
    verdicts = judged(calm, stormy, names, args.days)
    text = report(verdicts, calm, stormy, names, args.days, args.seed)
    print(text)
    if args.write:
        page = args.write.read_text()
        args.write.write_text(re.sub(f"{START}.*{END}", lambda _: f"{START}\n{text}\n{END}", page, flags=re.DOTALL))
    return 0 if all(verdict.is_kept for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
