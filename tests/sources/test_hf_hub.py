"""What was learnt about the Hub's list of models. The payloads are made up in the documented format: no real answer is at hand."""

from collections.abc import Callable

from collectors.source import Row
from collectors.sources.hf_hub import ACCOUNTS, address
from data.lists import own_data
from data.schema import Observation, Refused
from tests.conftest import NOW


def observed(rows: list[Row], indicator: str) -> dict[str, Observation]:
    return {r.subject: r for r in rows if isinstance(r, Observation) and r.indicator == indicator}


def test_downloads_and_likes_are_summed_over_a_labs_account(replay: Callable[..., list[Row]]) -> None:
    rows = replay("hf_hub")
    downloads, likes = (observed(rows, key)["deepseek-ai"] for key in ("hf_downloads_lab", "hf_likes_lab"))
    assert (downloads.value, downloads.unit, downloads.lab) == (1_000_000, "downloads/30 days", "deepseek")
    assert (likes.value, likes.detail["models"]) == (6500, 2)


def test_a_snapshot_carries_the_day_of_the_run(replay: Callable[..., list[Row]]) -> None:
    assert {r.date for r in replay("hf_hub") if isinstance(r, Observation)} == {NOW.date()}


def test_an_account_without_models_is_held_back_and_not_zero(replay: Callable[..., list[Row]]) -> None:
    rows = replay("hf_hub")
    assert "zai-org" not in observed(rows, "hf_downloads_lab")
    assert {r.row["account"] for r in rows if isinstance(r, Refused)} == {"zai-org"}


def test_an_account_is_asked_for_its_hundred_most_downloaded_models() -> None:
    assert address("Qwen") == "https://huggingface.co/api/models?author=Qwen&sort=downloads&direction=-1&limit=100"


def test_every_account_belongs_to_one_of_our_labs() -> None:
    assert set(ACCOUNTS.values()) <= set(own_data("labs.yaml")["labs"])
