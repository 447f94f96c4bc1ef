"""A publisher's key goes out with every request, is seen nowhere else, and a source without one is off."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.__main__ import main
from collectors.live import Live
from collectors.registry import all_collectors, one
from collectors.run import run_source
from collectors.source import Collector, Http, Key
from data import settings
from data.schema import Failure, Indicator, Run
from data.settings import BadSetting, key_setting
from data.store import Store
from tests.faults.server import Call, FaultServer, answer

SECRET = "kept-apart/4711"


def live(folder: Path, **environ: str) -> Live:
    return Live(settings.read({"PAYLOADS": str(folder), **environ}))


def test_every_source_with_a_key_has_its_setting_and_no_other_has() -> None:
    for name, collector in all_collectors().items():
        assert bool(key_setting(name)) == (collector.source.key is not None), name


def test_without_its_key_a_source_is_off_and_says_which_setting_is_missing(store: Store, tmp_path: Path) -> None:
    here = live(tmp_path)
    assert here.lacks_key(one("openalex"))
    assert not here.lacks_key(one("gso"))
    with pytest.raises(Failure, match="OPENALEX_KEY"):
        here.http(one("openalex"), store)
    assert not live(tmp_path, OPENALEX_KEY=SECRET).lacks_key(one("openalex"))


def test_the_list_says_which_sources_need_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORE_URI", str(tmp_path))
    monkeypatch.delenv("CONGRESS_KEY", raising=False)
    monkeypatch.setenv("OPENALEX_KEY", SECRET)
    assert main(["list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "needs a key" in lines["congress"]
    assert "needs a key" not in lines["openalex"]
    assert SECRET not in "".join(lines.values())


def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadSetting, match="CONGRESS_KEY") as caught:
        settings.read({"CONGRESS_KEY": "one\ntwo"})
    assert "two" not in str(caught.value)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


VALUE = Indicator(key="made", title="T", unit="x", stage="attention", transform="linear", definition="It.")


@pytest.mark.parametrize("key", [Key("header", "X-Api-Key"), Key("parameter", "api_key")])
@pytest.mark.parametrize("status", [200, 403, 500])
def test_the_key_is_sent_and_told_nowhere(
    key: Key, status: int, store: Store, tmp_path: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, calls = _run(key, status, store, tmp_path, server, monkeypatch)
    sent = [call.headers.get("x-api-key") or call.path.partition("api_key=")[2] for call in calls]
    assert set(sent) <= {SECRET, "kept-apart%2F4711"}
    assert sent
    told = f"{run} {store.read('runs').collect().to_dicts()} {store.read('quarantine').collect().to_dicts()}"
    assert "4711" not in told
    assert (run.outcome == "ok") == (status == 200), run.error


def _run(
    key: Key, status: int, store: Store, folder: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> tuple[Run, list[Call]]:
    calls: list[Call] = []

    def site(call: Call) -> object:
        calls.append(call)
        return answer(b'{"n": 1}', status=status)

    monkeypatch.setattr(server, "site", site)

    def collect(http: Http) -> object:
        found: Mapping[str, float] = http.json(f"http://127.0.0.1:{server.port}/it?a=b")
        yield VALUE.observed(date=http.now.date(), value=found["n"])

    source = replace(one("openalex").source, indicators=(VALUE,), key=key)
    made = Collector(name="openalex", source=source, collect=collect, about="made up")  # type: ignore[arg-type]
    web = live(folder, OPENALEX_KEY=SECRET).http(made, store)
    web._allow_private = True
    web._pace.sleep = lambda seconds: None
    return run_source(made, web, store), calls
