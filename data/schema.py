"""What a row is: indicators, observations, mentions, runs and refused rows, each declared once.

The dataclasses refuse wrong rows when they are made, so that nobody downstream has to check.
The `TABLES` at the end say how the rows lie in the store; column meanings stand beside their types.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import polars as pl

Stage = Literal[
    "inputs",
    "capability",
    "coding_agents",
    "autonomy",
    "ai_rd_automation",
    "diffusion",
    "attention",
    "oversight",
]
Transform = Literal["log2", "logit", "linear"]
Better = Literal["up", "down", "context"]
Bound = Literal["=", ">=", "<="]
Share = Literal["full", "credit", "none"]
"""full: free to pass on; credit: facts with credit; none: shown as derived values only."""

Kind = Literal["press", "forum", "preprint", "policy", "lab", "market"]
Precision = Literal["second", "day", "month", "seen"]
Status = Literal["rejected", "pending", "accepted"]

Outcome = Literal[
    "ok",
    "not_modified",
    "no_data",
    "timeout",
    "network",
    "rate_limited",
    "server_error",
    "client_error",
    "gone",
    "redirect",
    "refused",
    "too_large",
    "bad_content",
    "schema",
    "incomplete",
    "storage",
    "crash",
]
SUCCESS: frozenset[Outcome] = frozenset(("ok", "not_modified", "no_data"))
"""The only outcomes that count as a success or move a cursor."""

BASELINE = "baseline"
"""Prefix of the run_id of rows that came with the program instead of from a live run."""

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_TOKEN = re.compile(r"[A-Za-z0-9_.-]*")


class BadRow(ValueError):
    """A row that must not exist; the message names the field and the value."""


class Failure(Exception):
    """Why a run did not succeed: an outcome class and a sentence naming source, field and value."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome: Outcome = outcome


def _require(ok: bool, what: str, value: object) -> None:
    if not ok:
        raise BadRow(f"{what}: {value!r}")


def is_web_link(url: str) -> bool:
    """Whether `url` is an absolute http(s) address with a host and a possible port, and without user info."""
    try:
        parts = urlsplit(url)
        is_reachable = bool(parts.hostname) and parts.port != 0  # a port that cannot be is a ValueError
        return parts.scheme in ("http", "https") and is_reachable and "@" not in parts.netloc
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way the same thing is measured: a suite version, a scaffold, a file layout.

    Variants are alternatives and never one trend. A variant with `beside` is drawn next to that
    other one as context (rows a publisher carried over from an older suite) and never fitted.
    """

    key: str
    title: str
    beside: str = ""

    def __post_init__(self) -> None:
        _require(bool(_TOKEN.fullmatch(self.key)), "variant key", self.key)


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """A measured series: what it is, its unit, its scale and the better direction.

    `transform` is the scale on which steady growth is a straight line; `floor` and `ceiling` belong
    to logit only. `variants` come in order of preference: pages start with the first that has rows.
    `figure_of` names the indicator whose growth this series states in the publisher's own words; it
    is shown on that one's page instead of having one. `full_list` says that an answer names every
    value there is, so that one that is missing has been withdrawn. `max_factor` is the largest believable factor
    between a value and what is stored next to it. `closed_on`: the day on which this series was frozen.
    """

    key: str
    title: str
    unit: str
    stage: Stage
    transform: Transform
    better: Better = "up"
    definition: str
    plural: bool = False
    floor: float | None = None
    ceiling: float | None = None
    variants: tuple[Variant, ...] = ()
    family: str = ""
    figure_of: str = ""
    full_list: bool = False
    marks: str = "model"
    date_kind: str = "release"
    caveat: str = ""
    max_factor: float | None = None
    closed_on: date | None = None

    def __post_init__(self) -> None:
        _require(bool(_KEY.fullmatch(self.key)), "indicator key", self.key)
        _require(self.stage in get_args(Stage), f"{self.key}: stage", self.stage)
        _require(self.transform in get_args(Transform), f"{self.key}: transform", self.transform)
        _require(self.better in get_args(Better), f"{self.key}: better", self.better)
        _require(bool(self.unit), f"{self.key}: unit", self.unit)
        bounded = self.floor is not None and self.ceiling is not None
        _require(
            bounded == (self.transform == "logit"),
            f"{self.key}: logit needs floor and ceiling, others neither",
            (self.floor, self.ceiling),
        )

    def observed(
        self,
        *,
        date: date,
        value: float,
        subject: str = "",
        model: str | None = None,
        lab: str | None = None,
        low: float | None = None,
        high: float | None = None,
        level: float | None = None,
        bound: Bound = "=",
        variant: str = "",
        url: str | None = None,
        stated_at: datetime | None = None,
        derived: bool = False,
        **detail: object,
    ) -> "Observation":
        """One value of this indicator. `detail` is kept as JSON and makes no vintage."""
        known = {v.key for v in self.variants} or {""}
        _require(variant in known, f"{self.key}: undeclared variant", variant)
        return Observation(
            indicator=self.key,
            date=date,
            value=value,
            subject=subject,
            model=model,
            lab=lab,
            low=low,
            high=high,
            level=level,
            bound=bound,
            variant=variant,
            unit=self.unit,
            url=url,
            stated_at=stated_at,
            derived=derived,
            detail=MappingProxyType({k: v for k, v in detail.items() if v not in (None, "")}),
        )


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One value of an indicator on a date, in the indicator's unit.

    `derived`: made by us of several values of the answer (a sum, a median, a gap), and in doubt where one of them is.
    """

    indicator: str
    date: date
    value: float
    unit: str
    subject: str = ""
    model: str | None = None
    lab: str | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    bound: Bound = "="
    variant: str = ""
    url: str | None = None
    stated_at: datetime | None = None
    derived: bool = False
    detail: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"{self.indicator}, {self.subject or 'no subject'}"
        _require(bool(_KEY.fullmatch(self.indicator)), "indicator", self.indicator)
        _require(type(self.date) is date, f"{where}: date is not a day", self.date)
        for name in ("value", "low", "high", "level"):
            number = getattr(self, name)
            wanted = number is None and name != "value"
            _require(
                wanted or (isinstance(number, float | int) and not isinstance(number, bool) and math.isfinite(number)),
                f"{where}: {name} is not a finite number",
                number,
            )
        if self.low is not None and self.high is not None:
            _require(self.low <= self.high, f"{where}: low above high", (self.low, self.high))
        _require(self.level is None or 0 < self.level < 1, f"{where}: level", self.level)
        _require(self.bound in get_args(Bound), f"{where}: bound", self.bound)
        _require(bool(_TOKEN.fullmatch(self.variant)), f"{where}: variant", self.variant)
        _require(self.url is None or is_web_link(self.url), f"{where}: url", self.url)
        _require(bool(self.unit), f"{where}: unit", self.unit)

    @property
    def point(self) -> tuple[object, ...]:
        """What this row is a value of; two rows of one run must not share it."""
        return (self.indicator, self.subject, self.variant, self.date)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """One news item as it appeared: who and what it is about is decided later, by the tagger.

    `keep`: stored even where it names nobody, because its source is counted from the table.
    """

    at: datetime | None
    title: str
    url: str
    outlet: str
    native_key: str = ""
    kind: Kind = "press"
    precision: Precision = "second"
    lang: str | None = None
    summary: str = ""
    ai_only: bool = False
    keep: bool = False

    def __post_init__(self) -> None:
        _require(bool(self.title), f"{self.outlet}: title", self.title)
        _require(is_web_link(self.url), f"{self.outlet}: url", self.url)
        _require(self.kind in get_args(Kind), f"{self.outlet}: kind", self.kind)
        _require(self.precision in get_args(Precision), f"{self.outlet}: precision", self.precision)
        _require((self.at is None) == (self.precision == "seen"), f"{self.outlet}: at and precision", self.precision)
        if self.at is not None:
            _require(self.at.tzinfo is not None, f"{self.outlet}: instant without a zone", self.at)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A row that was seen and not believed; it goes to quarantine with its reason and is shown there.

    `target`: the table it was meant for, or the answer as a whole. `ref` names the held row (its q_id) that an
    accepted one lets through.
    """

    reason: str
    row: Mapping[str, object]
    target: Literal["observations", "mentions", "answer"] = "observations"
    status: Status = "rejected"
    ref: str | None = None

    def __post_init__(self) -> None:
        _require(bool(self.reason), "refused without a reason", dict(self.row))
        _require(self.status in get_args(Status), "status of a refused row", self.status)

    @classmethod
    def of(
        cls,
        observation: Observation,
        reason: str,
        *,
        status: Status = "rejected",
        ref: str | None = None,
    ) -> "Refused":
        """Hold back a well-formed observation that contradicts something else."""
        row: dict[str, object] = {
            "indicator": observation.indicator,
            "subject": observation.subject,
            "variant": observation.variant,
            "date": observation.date.isoformat(),
            "value": observation.value,
            "unit": observation.unit,
        }
        return cls(reason=reason, row=row, status=status, ref=ref)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One attempt of a collector; written last, so that what it counts is already stored."""

    run_id: str
    source: str
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    http_status: int | None = None
    requests: int = 0
    bytes_wire: int = 0
    bytes_body: int = 0
    rows_seen: int = 0
    rows_new: int = 0
    rows_quarantined: int = 0
    rows_vanished: int = 0
    records: int | None = None
    validators: str | None = None
    not_before: datetime | None = None
    host: str = ""
    url: str = ""
    error: str | None = None
    code_version: str = ""

    def __post_init__(self) -> None:
        where = f"run of {self.source}"
        _require(bool(self.run_id), f"{where}: run_id", self.run_id)
        _require(self.outcome in get_args(Outcome), f"{where}: outcome", self.outcome)
        for name in ("started_at", "ended_at"):
            _require(getattr(self, name).tzinfo is not None, f"{where}: {name} without a zone", getattr(self, name))
        _require(self.started_at <= self.ended_at, f"{where}: ended before it started", self.ended_at)
        counts = {name: value for name, value in vars(self).items() if name.startswith(("rows_", "bytes_", "requests"))}
        _require(min(counts.values()) >= 0, f"{where}: a negative count", counts)


@dataclass(frozen=True)
class Column:
    """One column of a table: its type, whether it may be null, what it means, and the unit of a number."""

    name: str
    type: pl.DataType
    meaning: str
    nullable: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """How one kind of row lies in the store.

    `key` names the column that makes a row unique. Tables with a `point` keep vintages: a row is
    added only when one of `compared` differs from the newest row of the same point. `stamp` names
    the column that says when a row was stored. Rows that are alike in `together` lie together within a
    file, so that a question about one value reads a part of each.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    key: str
    partition: str | None = None
    point: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    stamp: str = "known_at"
    together: str | None = None

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    @property
    def schema(self) -> pl.Schema:
        return pl.Schema({c.name: c.type for c in self.columns})


_INSTANT = pl.Datetime("us", "UTC")
_text, _double, _int, _int64, _day = pl.String(), pl.Float64(), pl.Int32(), pl.Int64(), pl.Date()


def _columns(*rows: tuple[Any, ...]) -> tuple[Column, ...]:
    return tuple(Column(name.rstrip("?"), kind, text, name.endswith("?"), *unit) for name, kind, text, *unit in rows)


_VINTAGE = (
    ("row_id", _text, "hash of the point, its compared values and prev_id; unique"),
    ("prev_id?", _text, "row_id of the point's previous vintage; null for the first"),
)

OBSERVATIONS = Table(
    "observations",
    "One value of an indicator on a date, in every vintage: values that were restated or withdrawn stay.",
    _columns(
        *_VINTAGE,
        ("source", _text, "who publishes: the name of the collector file"),
        ("indicator", _text, "key of the indicator, as in the catalogue"),
        ("subject", _text, "what the value is about, as the publisher writes it; empty for the world"),
        ("variant", _text, "suite version, scaffold or file layout; empty where there is only one"),
        ("date", _day, "the day the value refers to; first day of a week, month or quarter"),
        ("known_at", _INSTANT, "when we stored this value; set by the store"),
        ("value?", _double, "the value; null means withdrawn and nothing else", "that of `unit`"),
        ("low?", _double, "lower end of the published interval", "that of `unit`"),
        ("high?", _double, "upper end of the published interval", "that of `unit`"),
        ("level?", _double, "coverage of the interval, 0 to 1 (0.95)", "fraction"),
        ("bound", _text, "=, or >= / <= where only a bound was measured"),
        ("unit", _text, "unit of value, low and high"),
        ("lab?", _text, "id of the lab in labs.yaml; null where the organisation is unknown"),
        ("model?", _text, "the model that the subject is a version of; null where the subject is the model"),
        ("url?", _text, "where the value can be read"),
        ("stated_at?", _INSTANT, "the publisher's own publication time, where it states one"),
        ("detail?", _text, "further published facts as JSON with sorted keys"),
        ("run_id", _text, "the run that stored the row; begins with 'baseline' for shipped rows"),
    ),
    key="row_id",
    partition="source",
    together="indicator",
    point=("source", "indicator", "subject", "variant", "date"),
    compared=("value", "low", "high", "level", "bound", "unit"),
)

INDICATORS = Table(
    "indicators",
    "The catalogue: what each indicator measures, in every wording it has had.",
    _columns(
        *_VINTAGE,
        ("known_at", _INSTANT, "when this definition was stored"),
        ("indicator", _text, "key of the indicator"),
        ("name", _text, "title on screen"),
        ("plural", pl.Boolean(), "whether the title takes a plural verb"),
        ("definition", _text, "what is measured, in our words"),
        ("unit", _text, "unit of the values"),
        ("stage", _text, "stage of the loop that the indicator stands at"),
        ("better", _text, "up, down or context: which way is more of what is measured"),
        ("scale", _text, "linear, log2 or logit: where steady growth is a straight line"),
        ("lower?", _double, "chance floor of a bounded score", "that of `unit`"),
        ("upper?", _double, "ceiling of a bounded score", "that of `unit`"),
        ("variants", _text, "JSON list of {key, title, beside}, in order of preference"),
        ("family", _text, "indicators from one instrument share it and count as one in the false-discovery control"),
        ("figure_of", _text, "indicator whose growth this is the publisher's own statement of; else empty"),
        ("marks", _text, "what one mark is: model, company, day"),
        ("date_kind", _text, "which date the values carry: release, evaluation, period"),
        ("source", _text, "name of the collector"),
        ("source_title", _text, "publisher's title"),
        ("homepage", _text, "publisher's page"),
        ("licence", _text, "licence or terms, as the publisher states them"),
        ("credit", _text, "how to cite the publisher"),
        ("share", _text, "full, credit or none: what may be passed on"),
        ("period_days", _double, "how often the source is asked", "days"),
        ("grace_days", _double, "how long after a missed period it is called stale", "days"),
        ("closed_on?", _day, "the day the publisher froze it"),
        ("max_factor?", _double, "largest believable factor between neighbours", "ratio"),
        ("note", _text, "caveats"),
    ),
    key="row_id",
    point=("indicator",),
    compared=(
        "name",
        "plural",
        "definition",
        "unit",
        "stage",
        "better",
        "scale",
        "lower",
        "upper",
        "variants",
        "family",
        "figure_of",
        "marks",
        "date_kind",
        "source",
        "source_title",
        "homepage",
        "licence",
        "credit",
        "share",
        "period_days",
        "grace_days",
        "closed_on",
        "max_factor",
        "note",
    ),
)

MENTIONS = Table(
    "mentions",
    "One news item, once for each lab and topic that its title names; articles are counted by distinct `article_id`.",
    _columns(
        ("id", _text, "hash of article_id, lab, topic and tagger; unique"),
        ("article_id", _text, "hash of the source and its own key, else of the address"),
        ("source", _text, "name of the collector"),
        ("kind", _text, "press, forum, preprint, policy, lab or market"),
        ("outlet", _text, "where it appeared"),
        ("publisher_lab?", _text, "lab whose site published it; not the same as being mentioned"),
        ("title", _text, "title, cleaned"),
        ("url", _text, "address as published"),
        ("canonical_url", _text, "address without tracking parts"),
        ("published_at", _INSTANT, "publication instant; equals known_at where precision is 'seen'"),
        ("precision", _text, "second, day, month or seen"),
        ("known_at", _INSTANT, "when we stored it"),
        ("lang?", _text, "language tag, where stated"),
        ("lab", _text, "lab named in the title; empty for none"),
        ("topic", _text, "topic of the title; empty for none"),
        ("tagger", _text, "version of the alias and term lists"),
        ("evidence?", _text, "JSON: the alias and term that matched, the alias's strength and what rescued a weak one"),
        ("month", _text, "YYYY-MM of published_at"),
        ("run_id", _text, "the run that stored the row"),
    ),
    key="id",
    partition="month",
    together="lab",
)

LEASE, ALERT = "lease", "alert"
HOUSEKEEPING = (LEASE, ALERT)
"""Months of `runs` that hold no runs: whose turn it is to work, and what has been told to whom."""

RUNS = Table(
    "runs",
    "Every attempt to collect a source and how it ended; written last, so what it counts is stored.",
    _columns(
        ("run_id", _text, "made at the start of the run; unique"),
        ("source", _text, "name of the collector"),
        ("month", _text, "YYYY-MM of ended_at; 'lease' and 'alert' rows are no runs"),
        ("started_at", _INSTANT, "start of the run"),
        ("ended_at", _INSTANT, "end of the run"),
        ("outcome", _text, "ok, not_modified, no_data, or the class of failure"),
        ("http_status?", _int, "last HTTP status", "status code"),
        ("requests", _int, "HTTP requests sent, repeats included", "requests"),
        ("bytes_wire", _int64, "bytes received", "bytes"),
        ("bytes_body", _int64, "bytes after decompression", "bytes"),
        ("rows_seen", _int64, "rows the collector yielded", "rows"),
        ("rows_new", _int64, "rows added to the tables", "rows"),
        ("rows_quarantined", _int64, "rows refused", "rows"),
        ("rows_vanished", _int64, "stored points missing from a complete answer", "rows"),
        (
            "records?",
            _int64,
            "lines of tables and objects of documents in the answers, whatever became of them",
            "rows",
        ),
        ("validators?", _text, "JSON by address: etag, last_modified, sha256, fetched_at; only after a good run"),
        ("not_before?", _INSTANT, "no request to these hosts before"),
        ("host", _text, "host asked last; or all hosts that asked us to wait, separated by spaces"),
        ("url", _text, "last address asked, without secrets"),
        ("error?", _text, "what went wrong, without secrets, at most 500 characters"),
        ("code_version", _text, "version of this program"),
    ),
    key="run_id",
    partition="month",
    stamp="ended_at",
)

QUARANTINE = Table(
    "quarantine",
    "Rows that were seen and not believed, and why.",
    _columns(
        ("q_id", _text, "hash of source, target, reason and row (and run, while pending); unique"),
        ("ref?", _text, "q_id that this row accepts"),
        ("known_at", _INSTANT, "when it was refused"),
        ("run_id", _text, "the run that refused it first"),
        ("source", _text, "name of the collector"),
        ("target", _text, "table it was meant for; answer: the answer as a whole"),
        ("status", _text, "rejected, pending or accepted"),
        ("reason", _text, "why, in a sentence"),
        ("row", _text, "the row as JSON with sorted keys, at most 4 kB"),
    ),
    key="q_id",
)

FLAGS = Table(
    "flags",
    "The ledger: one row where a signal's state or the evidence that leads to it changed.",
    _columns(
        *_VINTAGE,
        ("known_at", _INSTANT, "when the data that gave this state became known"),
        ("indicator", _text, "key of the indicator"),
        ("subject", _text, "what the state is about; empty for the whole indicator"),
        ("method", _text, "version of the method: results of different versions are not compared"),
        ("state", _text, "not enough data, cannot tell, steady, watch, signal, confirmed or slowing"),
        (
            "streak_on",
            _int,
            "last updates in a row with the evidence of a flag, up to what the rule needs",
            "updates",
        ),
        ("streak_off", _int, "last updates in a row with p above the quiet limit, likewise", "updates"),
        ("data_id", _text, "hash of the data tested; the same data is never tested twice"),
        ("last_period?", _day, "date of the newest point tested"),
        ("n", _int, "points tested", "points"),
        ("ratio?", _double, "slope after over slope before; null where there was no growth before", "ratio"),
        ("p?", _double, "chance of such a bend under steady growth, search over breaks included", "probability"),
        ("q?", _double, "the same over all indicators: false-discovery rate", "probability"),
        ("break_date?", _day, "where the slope changes"),
        ("detail?", _text, "the whole verdict as JSON"),
    ),
    key="row_id",
    point=("indicator", "subject", "method"),
    compared=("state", "streak_on", "streak_off", "data_id"),
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {t.name: t for t in (OBSERVATIONS, INDICATORS, MENTIONS, RUNS, QUARANTINE, FLAGS)}
)
