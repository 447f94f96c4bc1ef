"""What could hurt the machine itself: addresses that lead inside (G5), and answers that are bombs (G6)."""

import ipaddress
import os
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from collectors.archive import Archive
from collectors.fetch import Pace, Web
from collectors.guard import is_public
from data.schema import Failure
from tests.conftest import NOW
from tests.faults.bench import Clock, Target, aim, attach, seed
from tests.faults.faults import CASES, _lying, _zeros, _zip
from tests.faults.matrix import aimed, course, fitted, scratch
from tests.faults.server import FaultServer, redirect

INSIDE = [
    *("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "0.0.0.0/8"),
    *("224.0.0.0/4", "240.0.0.0/4", "192.0.0.0/24", "198.18.0.0/15", "::/127", "fc00::/7", "fe80::/10", "ff02::/16"),
    *("::ffff:127.0.0.0/104", "64:ff9b::7f00:0/104", "2002:7f00::/24", "2001:db8::/32"),
]
HOSTILE = 1000


def hostile_addresses(rng: Random, port: int) -> Iterator[str]:
    """Addresses of machines inside, in all the ways in which they can be written."""
    while True:
        network = ipaddress.ip_network(rng.choice(INSIDE))
        ip = network[rng.randrange(min(network.num_addresses, 2**32))]
        ip = ipaddress.ip_address("127.0.0.1") if rng.random() < 0.2 else ip
        user = rng.choice(["", "", "", "user@", "epoch.ai@", "user:word@", "epoch.ai%40"])
        scheme = rng.choice(["http", "https", "HTTPS", "hTTp"])
        dot = rng.choice(["", "", "."])
        yield f"{scheme}://{user}{_written(rng, ip)}{dot}:{rng.choice([port, 80, 443, 8501])}/{rng.choice(['', 'canary', '%2e%2e/'])}"


def _written(rng: Random, ip: Any) -> str:
    if ip.version == 6:
        return f"[{rng.choice([str(ip), ip.exploded, str(ip).upper()])}]"
    a, b, c, d = ip.packed
    forms = [
        str(ip),
        str(int(ip)),
        hex(int(ip)),
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a}.{b}.{c * 256 + d}",
        f"{a}.{(b * 256 + c) * 256 + d}",
        f"0x{a:x}.{b}.{c}.{d}",
        f"[::ffff:{ip}]",
        f"name-{int(ip)}.example",
        f"twofold-{int(ip)}.example",
    ]
    return rng.choice(forms)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Connections that were tried; none is made. Names under .example lead inside, some of them first outside."""
    tried: list[object] = []
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host.rstrip(".").endswith(".example"):
            inside = str(ipaddress.ip_address(int(host.split("-")[1].split(".")[0])))
            found = ["93.184.216.34", inside] if host.startswith("twofold") else [inside]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]
        return real(host, port, *args, **{**kwargs, "flags": socket.AI_NUMERICHOST})

    def connect(address: object, *_: object, **__: object) -> socket.socket:
        tried.append(address)
        raise OSError("not in a test")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


def web(folder: Path, **more: Any) -> Web:
    clock = Clock()
    pace = Pace(clock=clock.time, sleep=clock.sleep)
    return Web(now=NOW, contact="", seconds=5, archive=Archive(folder, 10_000_000), pace=pace, **more)


def test_a_thousand_hostile_addresses_reach_nobody(attempts: list[object], tmp_path: Path) -> None:
    addresses = hostile_addresses(Random(7), 8501)
    outcomes = set()
    for _ in range(HOSTILE):
        url = next(addresses)
        with pytest.raises(Failure) as caught:
            web(tmp_path).get(url)
        outcomes.add(caught.value.outcome)
        assert caught.value.outcome in ("refused", "network"), (url, caught.value)
    assert attempts == []
    assert "refused" in outcomes


class Door(Web):
    """Only its first address leads to the fault server; where that one sends us is asked as it stands."""

    door = ""

    def _converse(self, url: str, headers: Any, guard: Any) -> Any:
        guard._allow_private = url == "https://publisher.example/a"
        return super()._converse(self.door if guard._allow_private else url, headers, guard)


def test_a_hundred_hostile_redirects_reach_nobody(tmp_path: Path) -> None:
    rng = Random(8)
    with FaultServer() as publisher, FaultServer() as canary:
        addresses = hostile_addresses(rng, canary.port)
        for _ in range(100):
            target = next(a for a in addresses if ".example" not in a)
            Door.door = publisher.on("/a", redirect(target))
            clock = Clock()
            pace = Pace(clock=clock.time, sleep=clock.sleep)
            http = Door(now=NOW, contact="", seconds=2, archive=Archive(tmp_path, 10_000_000), pace=pace)
            with pytest.raises(Failure) as caught:
                http.get("https://publisher.example/a")
            assert caught.value.outcome in ("refused", "network"), (target, caught.value)
        assert publisher.calls
        assert canary.connections == 0


def test_a_name_that_leads_elsewhere_when_connected_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: looked up as public, connected to the loopback."""
    outside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]
    with FaultServer() as canary:

        def elsewhere(*_: object, **__: object) -> socket.socket:
            connection = socket.socket()
            connection.connect(("127.0.0.1", canary.port))
            return connection

        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: outside)
        monkeypatch.setattr(socket, "create_connection", elsewhere)
        with pytest.raises(Failure) as caught:
            web(tmp_path).get("http://rebind.example/a")
        assert caught.value.outcome == "refused"
        assert canary.settled().calls == []


def test_the_inside_is_inside() -> None:
    for text in INSIDE:
        network = ipaddress.ip_network(text)
        assert not is_public(str(network[0]))
        assert not is_public(str(network[-1]))


BOMBS = [label for label, case in CASES.items() if case.id in ("U21", "U22")]
QUICK, REST = "epoch_eci", ("gso", "aider_polyglot", "epoch_external", "lmarena", "mle_bench", "org_feeds")
"""One source of every format."""
MOST_MEMORY, MOST_SECONDS = 100_000_000, 5.0


def peak() -> int:
    """The most memory that this process has had since `forget`, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def forget() -> int:
    """Start a new peak; what is in use now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pytest.skip("this kernel does not reset the peak")
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("name", [QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)])
def test_a_bomb_costs_little(name: str, server: FaultServer, capsys: pytest.CaptureFixture[str]) -> None:
    usual = course(name, server)
    bench = attach(usual.baseline.copy(scratch() / "bench"))
    costs: dict[str, tuple[float, float]] = {}
    for bomb in (_zeros, _lying, lambda: _zip("a.csv", 50_000_000)):
        bomb()  # made beforehand, since making one costs more than defusing it
    for number, label in enumerate(BOMBS):
        case = fitted(CASES[label], name)
        target = aimed(case, aim(bench, usual.days[1]), Random(seed(label, name))) or Target("")
        if not target.url:
            continue
        before, start, spent = forget(), time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
        run = bench.run(usual.days[1] + number * (usual.days[1] - usual.days[0]) / 1000, (case, target))
        assert run.outcome in case.outcomes, (label, run.outcome, run.error)
        costs[label] = (peak() - before) / 1e6, time.monotonic() - start
        spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime - spent
        assert costs[label][0] * 1e6 < MOST_MEMORY, (label, costs[label])
        assert min(costs[label][1], spent) < MOST_SECONDS, (label, costs[label])
    assert len(costs) >= 10
    memory, seconds = (max(cost[n] for cost in costs.values()) for n in (0, 1))
    with capsys.disabled():
        print(f"\n{name}: at most {memory:.0f} MB and {seconds:.1f} s a bomb")
