"""`make bench-web`: how fast the pages are, in a real Chromium, as ratios to the least that Streamlit can do.

Seconds on a shared machine say little; both sides run in turns in the same minutes, and the ratio is read.
"""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import write_deltalake
from playwright.sync_api import Browser, Page, sync_playwright

from collectors.schedule import prepare
from data.resources import current_tagger
from data.schema import TABLES
from data.store import Store
from tests.bench.viewer import crowd
from tests.browser.conftest import FLAGS, Server, chromium
from tests.ports import free_port

CHART = ".js-plotly-plot .main-svg .xtick"
SPARKLINE = ".card img"
PAGES = ("/", "/metr_p50", "/labs", "/lab-openai", "/mentions", "/signals", "/data", "/sources", "/methods")
MEGABYTE = 1_000_000
TARGETS = {"first chart": 1.4, "overview": 1.2, "click": 1.5, "crowd": 2.0, "bytes": 2.6}
WATCH = """(() => { const look = () => { if (document.querySelector(%r)) window.drawn = performance.now();
else requestAnimationFrame(look) }; requestAnimationFrame(look) })()"""
SHOWN = """[...document.querySelectorAll('.js-plotly-plot .xtick, .js-plotly-plot .ytick')].map(t => t.textContent).join()
+ document.querySelectorAll('.js-plotly-plot .scatterlayer .trace').length"""
CLICKED = f"""() => {{ const shown = () => {SHOWN}; window.took = undefined;
document.addEventListener('pointerdown', () => {{ const before = shown(), began = performance.now();
  const look = () => {{ if (shown() !== before) window.took = performance.now() - began; else requestAnimationFrame(look) }};
  requestAnimationFrame(look) }}, {{once: true, capture: true}}) }}"""


@contextmanager
def floor(*options: str) -> Iterator[str]:
    """The address of the floor's server, in Streamlit's own configuration."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("floor.py"))]
    flags = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", str(port)]
    flags += ["--browser.gatherUsageStats", "false", *options]
    process = subprocess.Popen([*command, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(lambda: bool(urllib.request.urlopen(f"{url}/_stcore/health").status == 200))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(ready: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            if ready():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def _polled(page: Page, name: str, seconds: float = 60) -> float:
    end = time.monotonic() + seconds
    while (found := page.evaluate(f"() => window.{name} ?? null")) is None:
        if time.monotonic() > end:
            raise TimeoutError(f"{name} on {page.url}")
        page.wait_for_timeout(20)
    return float(found)


def first_seen(browser: Browser, address: str, selector: str) -> float:
    """Milliseconds from the start of the navigation until the selector is there, in a new browser session."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH % selector)
    page.goto(address)
    took = _polled(page, "drawn")
    context.close()
    return took


def clicks(browser: Browser, address: str, names: tuple[str, str], times: int) -> list[float]:
    """Milliseconds from each pointer press on one of two controls, in turns, until the chart has changed."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH % CHART)
    page.goto(address)
    _polled(page, "drawn")
    page.wait_for_timeout(1500)
    found = []
    for turn in range(times):
        page.evaluate(CLICKED)
        page.get_by_text(names[turn % 2], exact=True).first.click()
        found.append(_polled(page, "took"))
        page.wait_for_timeout(300)
    context.close()
    return found


def weight(browser: Browser, address: str, selector: str) -> int:
    """Bytes over the wire of a first visit, until 2.5 s after the selector is there; scripts, data and websocket."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    total = [0]

    def add(count: float) -> None:
        total[0] += int(count)

    wire.on("Network.loadingFinished", lambda event: add(event["encodedDataLength"]))
    wire.on("Network.webSocketFrameReceived", lambda event: add(len(event["response"]["payloadData"]) * 0.75))
    page.add_init_script(WATCH % selector)
    page.goto(address)
    _polled(page, "drawn")
    page.wait_for_timeout(2500)
    context.close()
    return total[0]


def selector_of(path: str) -> str:
    """What a reader waits for on a page."""
    return {"/": SPARKLINE, "/metr_p50": CHART, "/labs": CHART, "/lab-openai": CHART}.get(path, "h1")


def many_mentions(store: Store, count: int) -> None:
    """Fill a store with made-up mentions, a thousand days back from the newest, tagged by the current lists."""
    tagger = current_tagger(store.rows("mentions"))
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    labs = ["openai", "google", "anthropic", "meta", "deepseek", "alibaba", ""]
    schema = TABLES["mentions"].schema
    for start in range(0, count, 500_000):
        n = pl.int_range(start, min(start + 500_000, count), eager=True)
        seconds = (n * (1000 * 86_400) / count).cast(pl.Int64)
        rows = pl.DataFrame({"n": n}).with_columns(published_at=pl.lit(now) - pl.duration(seconds=seconds))
        rows = rows.with_columns(
            id=pl.lit("made-") + pl.col("n").cast(pl.String),
            article_id=pl.lit("made-") + pl.col("n").cast(pl.String),
            source=pl.lit("hacker_news"),
            kind=pl.lit("forum"),
            outlet=pl.lit("made up"),
            title=pl.lit("A made-up title, number ") + pl.col("n").cast(pl.String),
            url=pl.lit("https://example.org/") + pl.col("n").cast(pl.String),
            canonical_url=pl.lit("https://example.org/") + pl.col("n").cast(pl.String),
            precision=pl.lit("second"),
            known_at=pl.col("published_at"),
            lab=pl.lit(pl.Series(labs)).gather(pl.col("n") % len(labs)),
            topic=pl.lit("release"),
            tagger=pl.lit(tagger),
            month=pl.col("published_at").dt.strftime("%Y-%m"),
            run_id=pl.lit("made-up"),
        )
        missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in rows.columns]
        rows = rows.with_columns(missing).select([pl.col(name).cast(kind) for name, kind in schema.items()])
        write_deltalake(f"{store.uri}/mentions", rows.to_arrow(), mode="append", partition_by=["month"])


def _baseline(folder: str) -> Store:
    store = Store(folder)
    store.create()
    prepare(store)
    return store


def _ms(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f} ms"


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)] if values else float("nan")


def pages(browser: Browser, url: str, rounds: int) -> Iterator[str]:
    """First chart, overview and click, in turns with the floor."""
    yield "## Web: pages against the least that Streamlit can do\n"
    yield "Medians, both in turns, a new browser session each. The floor is one Plotly chart and one control.\n"
    yield "| | floor | ours | ratio | target |\n| --- | --- | --- | --- | --- |"
    with floor() as least:
        one, ours, overview = [], [], []
        for turn in range(rounds + 1):  # the first round warms both up
            found = (first_seen(browser, least, CHART), first_seen(browser, f"{url}/metr_p50", CHART),
                     first_seen(browser, f"{url}/", SPARKLINE))  # fmt: skip
            if turn:
                one.append(found[0])
                ours.append(found[1])
                overview.append(found[2])
        for name, mine, target in (
            ("first chart, indicator page", ours, "first chart"),
            ("overview, first card", overview, "overview"),
        ):
            ratio = statistics.median(mine) / statistics.median(one)
            yield f"| {name} | {_ms(one)} | {_ms(mine)} | {ratio:.2f} | ≤ {TARGETS[target]} |"
        theirs, mine = [], []
        for _ in range(2):
            theirs += clicks(browser, least, ("linear", "log"), 10)[2:]
            mine += clicks(browser, f"{url}/metr_p50", ("● OpenAI", "● OpenAI"), 10)[2:]
        ratio = statistics.median(mine) / statistics.median(theirs)
        yield f"| filter click, chart changed | {_ms(theirs)} | {_ms(mine)} | {ratio:.2f} | ≤ {TARGETS['click']} |"
    yield ""


def weights(browser: Browser, url: str) -> Iterator[str]:
    """What a first visit brings over the wire, page by page."""
    yield "## Web: weight\n"
    yield f"First visit over the wire (target ≤ {TARGETS['bytes']} MB each):\n"
    yield "| page | MB |\n| --- | --- |"
    for path in PAGES:
        yield f"| `{path}` | {weight(browser, url + path, selector_of(path)) / MEGABYTE:.2f} |"
    yield ""


def crowds(url: str, seconds: float, most: int) -> Iterator[str]:
    """Viewers on the indicator page, each clicking a lab every four seconds in the mean."""
    yield "## Web: many viewers\n"
    yield f"Viewers on the indicator page, a click every 4 s each, {seconds:.0f} s a step (target: p95 of 50 ≤ 2x one's):\n"
    yield "| viewers | clicks | p50 | p95 | p95 to one viewer's | errors |\n| --- | --- | --- | --- | --- | --- |"
    crowd(url, "metr_p50", 2, 8)
    alone = float("nan")
    for viewers in (n for n in (1, 10, 25, 50) if n <= most):
        seen = crowd(url, "metr_p50", viewers, seconds * (2 if viewers == 1 else 1))
        p95 = _p95(seen.seconds)
        alone = p95 if viewers == 1 else alone
        p50 = statistics.median(seen.seconds) if seen.seconds else float("nan")
        said = f"{len(seen.errors)}" + (f" ({seen.errors[0][:60]})" if seen.errors else "")
        yield (
            f"| {viewers} | {len(seen.seconds)} | {p50 * 1000:.0f} ms | {p95 * 1000:.0f} ms | {p95 / alone:.1f} | {said} |"
        )
    yield ""


def with_many(browser: Browser, few: int, many: int, rounds: int) -> Iterator[str]:
    """Every page with few and with many mentions in the tables, in turns."""
    yield "## Web: many mentions\n"
    yield f"Pages with {few:,} and with {many:,} mentions in the tables (target: none slower):\n"
    yield "| page | few | many | ratio |\n| --- | --- | --- | --- |"
    with tempfile.TemporaryDirectory() as home:
        servers = []
        for name, count in (("few", few), ("many", many)):
            store = _baseline(f"{home}/{name}")
            many_mentions(store, count)
            servers.append(Server(store.uri))
        for path in PAGES:
            times: tuple[list[float], list[float]] = ([], [])
            for turn in range(rounds + 1):
                for server, found in zip(servers, times, strict=True):
                    took = first_seen(browser, server.url + path, selector_of(path))
                    if turn:
                        found.append(took)
            ratio = statistics.median(times[1]) / statistics.median(times[0])
            yield f"| `{path}` | {_ms(times[0])} | {_ms(times[1])} | {ratio:.2f} |"
        for server in servers:
            server.stop()
    yield ""


def write(path: Path, part: str, text: str) -> None:
    """Put a part's section into the file, in the place of the one before."""
    begin, end = f"<!-- web {part}: begin -->", f"<!-- web {part}: end -->"
    whole, section = path.read_text(encoding="utf-8"), f"{begin}\n{text.strip()}\n{end}"
    found = re.sub(f"{begin}.*?{end}", lambda _: section, whole, flags=re.DOTALL)
    path.write_text(found if begin in whole else f"{whole.rstrip()}\n\n{section}\n", encoding="utf-8")


def machine(browser: Browser) -> str:
    """On what it was measured."""
    made = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}, Python {platform.python_version()}"
    return f"{made}, Streamlit {version('streamlit')}, Chromium {browser.version}; made by `make bench-web`."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each first visit")
    parser.add_argument("--seconds", type=float, default=60, help="length of each step of the crowd")
    parser.add_argument("--viewers", type=int, default=50, help="largest crowd")
    parser.add_argument("--mentions", type=int, default=1_000_000, help="how many are many; 0: leave that part out")
    parser.add_argument("--only", choices=("pages", "weights", "crowds", "mentions"), help="one part alone")
    parser.add_argument("--write", type=Path, help="file whose section is replaced")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=FLAGS)
        server = Server(_baseline(f"{home}/tables").uri)
        parts: dict[str, Any] = {
            "pages": lambda: pages(browser, server.url, args.rounds),
            "weights": lambda: weights(browser, server.url),
            "crowds": lambda: crowds(server.url, args.seconds, args.viewers),
            "mentions": lambda: with_many(browser, 10_000, args.mentions, max(2, args.rounds // 2)),
        }
        for name, part in parts.items():
            if (args.only or name) != name or (name == "mentions" and not args.mentions):
                continue
            lines = []
            for line in chain(part(), (machine(browser),)):
                print(line, flush=True)
                lines.append(line)
            if args.write:
                write(args.write, name, "\n".join(lines))
        server.stop()
        browser.close()


if __name__ == "__main__":
    main()
