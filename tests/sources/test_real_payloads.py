"""All real answers that this project has, replayed in order of date: how much they fill, and twenty values by hand.

Each expected value was read in the publisher's file with other tools than our collectors, and stands here as
it is written there; where the unit differs, the comment says so.
"""

import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.registry import all_collectors, one
from collectors.replay import NoNetwork, Replay
from collectors.run import run_source, run_together
from collectors.sources import live_bench, lmarena, mle_bench
from data.store import Store
from tests.conftest import SHARED

EPOCH = "https://epoch.ai/data"


def folder(home: Path, day: str, answers: Mapping[str, Path]) -> tuple[str, Path]:
    """A folder with answers that the shared replay folders lack."""
    made = home / f"{day}-{len(list(home.iterdir()))}"
    made.mkdir()
    (made / "index.json").write_text(json.dumps({url: {"file": str(file)} for url, file in answers.items()}))
    return day, made


def arena(home: Path) -> Path:
    """The excerpt of the text board, which is kept as JSON, as the Parquet file that it was cut from."""
    rows = json.loads((SHARED / "lmarena" / "leaderboard-dataset_text.excerpt.rows.json").read_text())
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    (home / "arena.parquet").write_bytes(file.getvalue())
    return home / "arena.parquet"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The observations that all real answers leave in the store, every vintage."""
    if not SHARED.is_dir():
        pytest.skip("no real payloads beside this checkout (../shared/payloads)")
    home = tmp_path_factory.mktemp("answers")
    tables = {a: SHARED / "livebench" / a.rpartition("/")[2] for r in live_bench.RELEASES for a in live_bench.addresses(r)}  # fmt: skip
    folders = [(path.name, path) for path in (SHARED / "replay").iterdir() if path.is_dir()]
    folders += [
        folder(home, "2026-07-01", {url: file for url, file in tables.items() if file.exists()}),
        folder(home, "2026-04-20", {mle_bench.URL: SHARED / "mle-bench" / "README_leaderboard.excerpt.md"}),
        folder(home, "2026-10-09", {lmarena.TEXT: arena(home)}),
    ]
    store = Store(str(tmp_path_factory.mktemp("store")))
    store.create()
    metrics = {n: c for n, c in all_collectors().items() if c.source.counts is None and c.source.indicators}
    for day, path in sorted(folders):
        at = datetime.fromisoformat(f"{'2026-04-29' if day == '2026-04-19' else day}T00:00:00+00:00")
        run_together([(c, Replay(path, at)) for c in metrics.values() if not c.source.by_hand], store, at)
    at = datetime(2026, 10, 3, tzinfo=UTC)
    assert run_source(one("lab_reports"), NoNetwork(at), store, at=at).outcome == "ok"
    return store.read("observations").collect()


def test_they_fill_sixty_indicators(filled: pl.DataFrame) -> None:
    assert filled["indicator"].n_unique() >= 60


def test_they_fill_every_stage_that_numbers_alone_can_fill(filled: pl.DataFrame) -> None:
    stages = {i.key: i.stage for c in all_collectors().values() for i in c.source.indicators}
    found = {stages[key] for key in filled["indicator"].unique()}
    assert found >= {"inputs", "capability", "coding_agents", "autonomy", "ai_rd_automation", "diffusion", "oversight"}


SPOT_CHECKS = [
    # indicator, variant, subject, date, value, low, high
    ("metr_p50", "1.1", "gpt_5_2", "2025-12-11", 352.249302, 198.067494, 815.177445),
    ("eci_frontier", "by-version", "gpt-5.4-pro-2026-03-05_xhigh", "2026-03-05", 157.721702523329, None, None),
    ("gpqa", "", "gpt-5.5-pre-release_xhigh", "2026-04-23", 0.9400252525, None, None),
    ("swe_verified", "", "claude-opus-4-7_max", "2026-04-16", 0.8347107438, None, None),
    ("frontiermath_t4_2025", "", "gpt-5.5-pro-pre-release_xhigh", "2026-04-23", 0.396, None, None),
    ("chess_puzzles", "", "claude-opus-4-7_xhigh", "2026-04-16", 0.3, None, None),
    ("posttrain", "", "gemini-3.1-pro-preview", "2026-02-19", 0.2159, None, None),
    ("weirdml", "", "gpt-5.3-codex_xhigh", "2026-02-05", 0.793, None, None),
    ("terminal_bench", "", "gpt-5.4-2026-03-05_unknown", "2026-03-05", 0.818, None, None),
    ("osworld", "", "claude-opus-4-5-20251101", "2025-11-24", 0.663, None, None),  # 66.3 percent in the file
    ("arc_agi_2", "", "gpt-5.5_xhigh", "2026-04-23", 0.85, None, None),
    ("creative_writing", "", "o3-2025-04-16_medium", "2025-04-16", 0.839, None, None),  # 8.39 of 10 in the file
    ("flop_per_watt", "", "NVIDIA H100 SXM5 80GB", "2022-09-20", 989.4e12 / 700, None, None),
    ("flop_per_usd", "", "NVIDIA GeForce RTX 4090", "2022-09-20", 330e12 / 1599, None, None),
    ("models_per_quarter", "", "", "2023-04-01", 19, None, None),
    ("open_share", "", "", "2023-01-01", 48 / 75, None, None),
    ("aider_polyglot", "", "gpt-5 (high)", "2025-08-23", 88.0, None, None),
    ("swe_mini", "1", "20251124_mini-v1.16.0_claude-opus-4-5-20251101", "2025-11-24", 74.4, None, None),
    ("mle_bench_medal", "", "FM Agent, Gemini-2.5-Pro", "2025-10-10", 43.56, 41.78, 45.34),
    ("rd_ai_led_share", "anthropic-al4", "share of model R&D work where AI leads (AL4+)", "2026-08-31", 26, 21.2, 32.5),
]


@pytest.mark.parametrize(("indicator", "variant", "subject", "day", "value", "low", "high"), SPOT_CHECKS)
def test_a_value_is_what_the_publishers_file_says(
    filled: pl.DataFrame,
    indicator: str,
    variant: str,
    subject: str,
    day: str,
    value: float,
    low: float | None,
    high: float | None,
) -> None:
    point = {"indicator": indicator, "variant": variant, "subject": subject, "date": date.fromisoformat(day)}
    row = filled.filter(**point).sort("known_at").tail(1).to_dicts()
    assert row, f"nothing stored for {point}"
    assert row[0]["value"] == pytest.approx(value, rel=1e-9)
    assert (row[0]["low"], row[0]["high"]) == pytest.approx((low, high)) if low is not None else row[0]["low"] is None
