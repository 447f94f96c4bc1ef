"""Hugging Face Hub: how often the open models of a lab's own accounts are downloaded, and how many people like them.

`downloads` counts the last 30 days and is much swayed by test machines; copies under other accounts are not in it.
Of each account the 100 most downloaded models are read. The Hub keeps no history, so that each day's own snapshot
is the series.
"""

from collections.abc import Iterator
from datetime import timedelta
from operator import itemgetter
from urllib.parse import urlencode

from collectors.parse import once
from collectors.source import Http, Row, Source
from data.schema import Indicator, Refused

API = "https://huggingface.co/api/models"
MOST = 100
ACCOUNTS = {  # account on the Hub: lab
    "meta-llama": "meta",
    "google": "google",
    "microsoft": "microsoft",
    "nvidia": "nvidia",
    "openai": "openai",
    "mistralai": "mistral",
    "Qwen": "alibaba",
    "deepseek-ai": "deepseek",
    "moonshotai": "moonshot",
    "zai-org": "zhipu",
    "MiniMaxAI": "minimax",
    "tencent": "tencent",
    "allenai": "ai2",
}

DOWNLOADS = Indicator(
    key="hf_downloads_lab",
    title="Open-model downloads",
    plural=True,
    unit="downloads/30 days",
    stage="diffusion",
    transform="log2",
    better="context",
    definition="Downloads in the last 30 days of the 100 most downloaded models of a lab's account on the Hub.",
    family="hf_hub",
    marks="lab and day",
    date_kind="snapshot",
    caveat="A rolling count, swayed by test machines; copies under other accounts are not in it.",
    max_factor=4.0,
)
LIKES = Indicator(
    key="hf_likes_lab",
    title="Likes of open models",
    plural=True,
    unit="likes",
    stage="attention",
    transform="log2",
    better="context",
    definition="Likes of the 100 most downloaded models of a lab's account on the Hub.",
    family="hf_hub",
    marks="lab and day",
    date_kind="snapshot",
    max_factor=2.0,
)

SOURCE = Source(
    title="Hugging Face Hub",
    homepage="https://huggingface.co/models",
    licence="public counts, with credit",
    credit="Hugging Face, Hub API",
    share="credit",
    every=timedelta(days=1),
    at_least=2,
    indicators=(DOWNLOADS, LIKES),
)


def address(account: str) -> str:
    """The question for the most downloaded models of an account."""
    return f"{API}?" + urlencode({"author": account, "sort": "downloads", "direction": -1, "limit": MOST})


def collect(http: Http) -> Iterator[Row]:
    for account, lab in ACCOUNTS.items():
        url = address(account)
        if not http.has(url):
            continue
        models = once(http.json(url), itemgetter("id"), url)
        sums = {DOWNLOADS: sum(m["downloads"] for m in models), LIKES: sum(m["likes"] for m in models)}
        for indicator, total in sums.items():
            if models:
                today = http.now.date()
                yield indicator.observed(
                    date=today, value=total, subject=account, lab=lab, url=url, derived=True, models=len(models)
                )
            else:
                # an account that was renamed answers with an empty list, not with an error
                yield Refused(
                    reason="no models under this account", row={"account": account, "indicator": indicator.key}
                )
