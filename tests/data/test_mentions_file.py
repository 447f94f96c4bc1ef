"""All mentions of a choice as one file: the rows of all the pages together, and nothing that may not leave."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data import mentions, tidy
from data.__main__ import main
from data.mentions import Wanted
from data.schema import MENTIONS
from data.store import Store
from tests.conftest import installed

OURS = "hacker_news"


@pytest.fixture(scope="module")
def news(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The shipped mentions as if found in a source whose rows may be passed on, and once as one whose may not."""
    store = installed(prepared, tmp_path_factory.mktemp("news"))
    rows = store.read("mentions").collect()
    store.append_frame(
        "mentions", rows.with_columns(pl.concat_str(pl.lit("hn-"), "id").alias("id"), source=pl.lit(OURS))
    )
    return store


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False).sort("id")


def paged(store: Store, wanted: Wanted, path: Path) -> pl.DataFrame:
    pieces, cursor = [], None
    while True:
        rows, cursor = mentions.page(store, wanted, 50, cursor)
        pieces.append(rows)
        if cursor is None:
            path.write_bytes(b"".join(tidy.csv_pieces(pl.concat(pieces))))
            return read(path)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(labs=("openai", "anthropic"), first=date(2026, 1, 1)),
        Wanted(topic="agents_coding", last=date(2026, 8, 31)),
    ],
    ids=["all", "two labs of this year", "a topic"],
)
def test_the_file_holds_what_all_pages_hold(news: Store, wanted: Wanted, tmp_path: Path) -> None:
    mentions.save(news, wanted, tmp_path / "whole.csv")
    found = read(tmp_path / "whole.csv")
    assert found.equals(paged(news, wanted, tmp_path / "pages.csv"))
    assert len(found) > 20


def test_what_is_hostile_or_not_ours_stays_behind(news: Store, tmp_path: Path) -> None:
    usual = news.read("mentions").filter(pl.col("lab") == "openai", pl.col("source") == OURS).head(1).collect()
    odd = {
        "formula": {"title": "=1+1, \"quoted\"\r"},
        "link": {"url": "javascript:alert(1)"},
        "address": {"url": "https://example.org/\u202etxt.exe"},
        "not ours": {"source": "press_feeds"},
    }  # fmt: skip
    rows = [usual.with_columns(id=pl.lit(key), **{c: pl.lit(v) for c, v in o.items()}) for key, o in odd.items()]
    news.append_frame("mentions", pl.concat(rows).select(MENTIONS.names))
    mentions.save(news, Wanted(labs=("openai",)), tmp_path / "a.csv")
    found = read(tmp_path / "a.csv").filter(pl.col("id").is_in([*odd]))
    assert dict(found.select("id", "title").iter_rows())["formula"] == '\'=1+1, "quoted"\r'
    assert dict(found.select("id", "url").iter_rows()) == {"address": None, "formula": usual["url"][0], "link": None}


def test_the_command_says_how_many_rows_it_wrote(
    news: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORE_URI", news.uri)
    out = tmp_path / "a.csv"
    assert main(["mentions", str(out), "--lab", "openai", "--from", "2026-01-01"]) == 0
    assert f"{len(read(out))} rows, {out.stat().st_size:,} bytes" in capsys.readouterr().out
    assert main(["mentions", str(out), "--lab", "openai", "--to", "1999-01-01"]) == 0
    assert ": 0 rows" in capsys.readouterr().out
    written = out.read_bytes()
    assert main(["mentions", str(out), "--lab", "openai", "nobody", "--topic", "nothing"]) == 1
    assert "no mention names 'nobody' or 'nothing'" in capsys.readouterr().err
    assert out.read_bytes() == written
    assert main(["mentions", str(out), "--topic", "openai"]) == 1, "a lab is no topic"
    assert "no mention names 'openai'" in capsys.readouterr().err
    assert main(["mentions", str(tmp_path / "none" / "a.csv")]) == 1
    assert "cannot write" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["mentions", str(out), "--from", "yesterday"])
    assert "not a day: 'yesterday'" in capsys.readouterr().err
