"""OpenRouter: how many tokens pass through this reseller in a day, and whose models they go to.

The export holds 30 days, each with its 50 largest models and a row `other`. The last two or three days are
revised. Only models among the 50 are named, so a lab's share is at least this large. One reseller's customers
are not the market.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from collectors.labs import lab_of
from collectors.parse import number
from collectors.source import Http, Row, Source
from data.schema import Indicator, Observation, Refused, Variant

EXPORT = "https://openrouter.ai/api/v1/datasets/exports/rankings-daily/latest.csv"
CATALOGUE = "https://openrouter.ai/api/v1/models"
OTHER, STEALTH = "other", "stealth"
WEEK = 7

TOKENS = Indicator(
    key="or_tokens",
    title="Tokens routed a day",
    plural=True,
    unit="tokens/day",
    stage="diffusion",
    transform="log2",
    definition="Tokens that went through OpenRouter, as the mean of seven days and day by day.",
    variants=(Variant(key="7-day", title="Mean of seven days"), Variant(key="day", title="Single days")),
    family="openrouter_tokens",
    marks="day",
    date_kind="period",
    caveat="A reseller's slice, not the market. The newest days are provisional.",
    max_factor=2.0,
)
LAB_SHARE = Indicator(
    key="or_lab_share",
    title="Share of routed tokens",
    unit="fraction",
    stage="diffusion",
    transform="logit",
    floor=0.0,
    ceiling=1.0,
    better="context",
    definition="A lab's share of the tokens of the day, counted over the models among the 50 largest.",
    family="openrouter_tokens",
    marks="lab and day",
    date_kind="period",
    caveat="Models outside the 50 largest are in nobody's share. Anonymous test models belong to no lab.",
)
OPEN_SHARE = Indicator(
    key="or_open_share",
    title="Open-weight token share",
    unit="fraction",
    stage="diffusion",
    transform="logit",
    floor=0.0,
    ceiling=1.0,
    better="context",
    definition="Share of models with published weights in the day's tokens, among models of which this is known.",
    family="openrouter_tokens",
    marks="day",
    date_kind="period",
    caveat="Open means that OpenRouter's catalogue names a place to download the weights.",
)

SOURCE = Source(
    title="OpenRouter rankings",
    homepage="https://openrouter.ai/rankings",
    licence="CC BY 4.0",
    credit="OpenRouter, daily rankings export",
    share="full",
    every=timedelta(days=1),
    at_least=5,
    indicators=(TOKENS, LAB_SHARE, OPEN_SHARE),
)


def collect(http: Http) -> Iterator[Row]:
    days: dict[date, dict[str, float]] = defaultdict(dict)
    for row in http.csv(EXPORT, ("date", "model_permaslug", "total_tokens")):
        at = f"{EXPORT}: {row['date']}, {row['model_permaslug']}"
        days[http.past_day(row["date"], at)][row["model_permaslug"]] = number(row["total_tokens"], at)
    days.pop(http.now.date(), None)  # a day that is not over is no day's total
    open_weights = _open_weights(http)
    for at_day, models in sorted(days.items()):
        if OTHER not in models:
            yield Refused(reason=f"no row {OTHER!r}, so that the total is unknown", row={"date": at_day.isoformat()})
        else:
            yield TOKENS.observed(date=at_day, value=sum(models.values()), variant="day", url=EXPORT, derived=True)
            yield from _lab_shares(at_day, models)
            yield from _open_share(at_day, models, open_weights)
    totals = {d: sum(models.values()) for d, models in days.items() if OTHER in models}
    for at_day in sorted(totals):
        week = [totals.get(at_day - timedelta(days=back)) for back in range(WEEK)]
        if None not in week:  # the first six days of the export have no whole week behind them
            mean = sum(tokens for tokens in week if tokens is not None) / WEEK
            yield TOKENS.observed(date=at_day, value=mean, variant="7-day", url=EXPORT, derived=True)


def _lab_shares(at_day: date, models: Mapping[str, float]) -> Iterator[Observation]:
    """One row a lab; authors that we cannot map stand under their own name, without a lab."""
    shares: dict[tuple[str, str | None], float] = defaultdict(float)
    for slug, tokens in models.items():
        if slug != OTHER:
            lab = lab_of(slug=slug)
            shares[lab or slug.partition("/")[0], lab] += tokens
    for (subject, lab), tokens in shares.items():
        yield LAB_SHARE.observed(
            date=at_day,
            value=tokens / sum(models.values()),
            subject=subject,
            lab=lab,
            url=EXPORT,
            derived=True,
            organisation=subject,
        )


def _open_weights(http: Http) -> dict[str, bool]:
    """Whether a model's weights can be downloaded, by permaslug; empty in a folder without the catalogue."""
    if not http.has(CATALOGUE):
        return {}
    found: dict[str, bool] = defaultdict(bool)
    for model in http.json(CATALOGUE)["data"]:
        found[model["canonical_slug"]] |= bool(model["hugging_face_id"])  # a model and its free variant share the slug
    return dict(found)


def _open_share(at_day: date, models: Mapping[str, float], open_weights: Mapping[str, bool]) -> Iterator[Observation]:
    known = {
        slug: tokens
        for slug, tokens in models.items()
        if slug.partition(":")[0] in open_weights and slug.partition("/")[0] != STEALTH
    }
    covered = sum(known.values()) / sum(models.values())
    if covered < 0.5:
        return  # retired and anonymous models leave the catalogue: too little is known about this day
    opened = sum(tokens for slug, tokens in known.items() if open_weights[slug.partition(":")[0]])
    yield OPEN_SHARE.observed(
        date=at_day,
        value=opened / sum(known.values()),
        url=EXPORT,
        derived=True,
        share_of_tokens_known=round(covered, 3),
    )
