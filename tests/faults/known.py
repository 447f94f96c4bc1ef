"""What is known to go wrong: by reason, the source and the faults. Empty is the aim.

The full run fails where an entry is out of date, and where something goes wrong that does not stand here.
"""

_REASONS: dict[str, dict[str, tuple[str, ...]]] = {
    "a date beyond the calendar is a crash instead of a bad answer": {
        "openrouter_tokens": ("U17 all: year 1",),
    },
    "YAML, Markdown and LiveBench's own reader take words, null or an error object for a table: schema, not bad_content": {
        "aider_polyglot": (
            "U7 an error object",
            "U7 an error object with its address",
            "U7 null",
            "U7 plain words",
        ),
        "live_bench": (
            "U7 a web page after blank lines",
            "U7 a web page under the type of the data",
            "U7 an error object",
            "U7 plain words",
        ),
        "metr_horizons": (
            "U7 an error object",
            "U7 an error object with its address",
            "U7 null",
            "U7 plain words",
        ),
        "mle_bench": (
            "U7 an error object",
            "U7 an error object with its address",
            "U7 null",
            "U7 plain words",
        ),
    },
    "LiveBench reads its table with the bare csv module: a cut last line is another number": {
        "live_bench": (
            "U3 body cut without a length",
            "U3 cut in the last line",
        ),
    },
    "rows are added up without looking whether one stands twice": {
        "epoch_chips": ("U11 rows doubled",),
        "hf_hub": ("U11 rows doubled",),
    },
    "rows that are refused count as rows read, so that an answer without any data is a success": {
        "hf_hub": ("U12 no rows",),
    },
    "sums and medians of fewer rows: only the rows that come out are counted against the last good answer": {
        "epoch_companies": ("U12 last half missing",),
        "epoch_data_centers": ("U12 last half missing",),
        "hf_hub": (
            "U12 all but one missing",
            "U12 first half missing",
            "U12 last half missing",
        ),
        "openrouter_prices": ("U12 all but one missing",),
        "openrouter_tokens": ("U12 first half missing",),
    },
    "names are compared and grouped before they are cleaned: an invisible character makes another company": {
        "epoch_companies": ("U24 invisible characters",),
        "epoch_eci": ("U24 invisible characters",),
        "epoch_models": ("U24 invisible characters",),
        "openrouter_prices": (
            "U24 a line break",
            "U24 invisible characters",
        ),
        "openrouter_tokens": (
            "U24 a line break",
            "U24 invisible characters",
        ),
    },
    "refused rows set the row floor: one bad answer of 48,622 refused rows makes every good one incomplete, for good": {
        "epoch_data_centers": ("U17 all: year 1",),
    },
    "dates are checked on what comes out; a row dated wrongly moves from one sum or gap to another": {
        "epoch_benchmarks": (
            "U17 all: in the future",
            "U17 all: year 1",
            "U17 one: in the future",
        ),
        "epoch_chips": (
            "U17 one: in the future",
            "U17 one: year 1",
        ),
        "epoch_data_centers": (
            "U17 one: in the future",
            "U17 one: year 1",
        ),
        "epoch_eci": ("U17 one: year 1",),
        "openrouter_tokens": (
            "U17 one: in the future",
            "U17 one: year 1",
        ),
    },
    "values below zero or of no factor are compared with nothing, nor with their own interval": {
        "lmarena": (
            "U14 all / 1000",
            "U14 all x 10",
            "U14 all x 100",
            "U14 all x 1000",
            "U14 all x 60",
            "U14 one x 10",
            "U14 one x 100",
            "U14 one x 60",
        ),
    },
    "a probability may be small, an answer may leave an event, and a page its month: nothing else tells": {
        "gov_uk": ("U12 first half missing",),
        "manifold": ("U14 all / 1000",),
        "polymarket": ("U12 all but one missing",),
    },
    "when the best row of a version is refused, the next best stands for it": {
        "epoch_external": ("U14 one x 1000",),
    },
    "what is made of several values (a sum, a gap, a week) is stored although one of them is held back": {
        "epoch_companies": ("U14 one x 60",),
        "epoch_eci": ("U14 one x 60",),
        "github_agents": (
            "U14 all / 1000",
            "U14 all x 10",
            "U14 one x 10",
        ),
        "hf_hub": ("U14 all x 10",),
        "live_bench": ("U14 all / 1000",),
        "openrouter_tokens": (
            "U14 one x 10",
            "U14 one x 100",
            "U14 one x 1000",
            "U14 one x 60",
        ),
        "pypi_stats": (
            "U14 one x 10",
            "U14 one x 60",
        ),
        "sec_capex": (
            "U14 all / 1000",
            "U14 all x 10",
        ),
    },
}
KNOWN = {
    (source, label): why for why, sources in _REASONS.items() for source, labels in sources.items() for label in labels
}


def reason(source: str, label: str) -> str:
    """Why this fault is known to go wrong with this source, or ""."""
    return KNOWN.get((source, label), "")
