"""A recording is kept whole, or cut where it is asked for and said."""

import json
from pathlib import Path

from collectors.replay import Recorder, Replay
from collectors.source import Http, Payload
from tests.conftest import NOW

TABLE = b'model,note\n"a","two\nlines"\nb,one\nc,one\n'
ANSWERS = {
    "https://x.example/table.csv": TABLE,
    "https://x.example/list": b'[{"a": 1}, {"a": 2}, {"a": 3}]',
    "https://x.example/object": b'{"a": [1, 2, 3]}',
    "https://x.example/bytes": b"PAR1\xff\xfe",
    "https://x.example/text": b"one\ntwo\nthree\n",
}


class Web(Http):
    now = NOW

    def get(self, url: str, *, headers: object = None) -> Payload:
        return Payload(url=url, status=200, headers={"etag": "x", "set-cookie": "secret"}, body=ANSWERS[url])


def recorded(folder: Path, rows: int | None) -> dict[str, str]:
    recorder = Recorder(Web())
    for url in ANSWERS:
        recorder.get(url)
    return dict(zip(ANSWERS, recorder.write(folder, rows), strict=True))


def test_nothing_is_cut_unasked(tmp_path: Path) -> None:
    said = recorded(tmp_path, None)
    assert all(": whole, " in line for line in said.values())
    assert {url: Replay(tmp_path, NOW).get(url).body for url in ANSWERS} == ANSWERS


def test_a_table_and_a_list_are_cut_after_whole_rows_and_it_is_said(tmp_path: Path) -> None:
    said = recorded(tmp_path, 1)
    folder = Replay(tmp_path, NOW)
    cut = b'model,note\n"a","two\nlines"\n'
    assert folder.get("https://x.example/table.csv").body == cut
    assert f"1 of 3 rows, {len(cut)} bytes of {len(TABLE)}" in said["https://x.example/table.csv"]
    assert json.loads(folder.get("https://x.example/list").body) == [{"a": 1}]
    assert "1 of 3 entries" in said["https://x.example/list"]


def test_what_is_neither_stays_whole(tmp_path: Path) -> None:
    recorded(tmp_path, 1)
    for name in ("object", "bytes", "text"):
        assert Replay(tmp_path, NOW).get(f"https://x.example/{name}").body == ANSWERS[f"https://x.example/{name}"]


def test_no_header_is_kept_that_is_nobodys_business(tmp_path: Path) -> None:
    recorded(tmp_path, None)
    assert "secret" not in (tmp_path / "index.json").read_text()
