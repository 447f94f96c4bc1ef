"""Was it polite? Judged from the request log alone."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from tests.faults.bench import CONTACT, Logged

GAP = timedelta(seconds=1)
WANTED = {"api.github.com": timedelta(seconds=6), "export.arxiv.org": timedelta(seconds=3)}
"""What the terms of single hosts ask for."""
TRUST = timedelta(days=7)
MOMENT = 0.2
"""In seconds."""
AGENT = re.compile(r"ai-progress-monitor/\S+ \(\+" + re.escape(CONTACT) + r"\)")


def complaints(log: Iterable[Logged]) -> list[str]:
    """What no publisher should have to see."""
    lines = sorted(log, key=lambda line: line.call.at)
    hosts: dict[str, list[Logged]] = defaultdict(list)
    for line in lines:
        hosts[line.host].append(line)
    found = [f"{line.url}: called itself {line.call.headers.get('user-agent')}" for line in lines if not _named(line)]
    for host, asked in hosts.items():
        found += [f"{host}: {complaint}" for complaint in _at_one_host(asked)]
    return found


def _named(line: Logged) -> bool:
    return bool(AGENT.fullmatch(line.call.headers.get("user-agent", "")))


def _at_one_host(asked: list[Logged]) -> Iterator[str]:
    for before, after in pairwise(asked):
        # a server may write into its buffers for a moment after the asker has hung up
        if after.call.at < before.call.last_send_at - MOMENT:
            yield f"two at a time at {after.at:%m-%d %H:%M:%S}"
        if after.at - before.at < WANTED.get(before.host, GAP) - timedelta(milliseconds=1):
            yield f"{(after.at - before.at).total_seconds():.2f} s apart at {after.at:%m-%d %H:%M:%S}"
    until, why = datetime.min.replace(tzinfo=asked[0].at.tzinfo), ""
    for line in asked:
        if line.at < until:
            yield f"asked at {line.at:%m-%d %H:%M:%S}, {until - line.at} before {why} allowed it"
        if line.wait is not None and line.at + line.wait > until:
            until, why = line.at + line.wait, line.fault


def repeats(log: Iterable[Logged]) -> tuple[int, int]:
    """Requests for what the source had got whole, in a good run, within the last seven days; and how many were conditional."""
    whole: dict[tuple[str, str], datetime] = {}
    asked = conditional = 0
    for line in sorted(log, key=lambda line: line.call.at):
        key = (line.source, line.url)
        if key in whole and line.at - whole[key] < TRUST:
            asked += 1
            conditional += "if-none-match" in line.call.headers
        if line.good and line.changed:
            whole.pop(key, None)  # what it got last had perhaps nothing to ask with
        elif line.good and line.honest.startswith(b"HTTP/1.1 200"):
            whole[key] = line.at
    return asked, conditional


def too_often(log: Iterable[Logged], periods: dict[str, timedelta]) -> list[str]:
    """Addresses that a source asked for twice within its period although every answer was good."""
    last: dict[tuple[str, str], datetime] = {}
    found = []
    for line in sorted(log, key=lambda line: line.call.at):
        key = (line.source, line.url)
        if key in last and line.at - last[key] < periods[line.source] - timedelta(minutes=10):
            found.append(f"{line.source}: {line.url} again after {line.at - last[key]}")
        last[key] = line.at
    return found
