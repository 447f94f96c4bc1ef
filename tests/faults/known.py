"""What is known to go wrong: by reason, the source and the faults. Empty is the aim.

The full run fails where an entry is out of date, and where something goes wrong that does not stand here.
"""

_REASONS: dict[str, dict[str, tuple[str, ...]]] = {
    "one of fifty models ten times as large leaves a day's total within what days differ by: no rule can tell": {
        "openrouter_tokens": ("U14 one x 10",),
    },
    "a day of news may have ten times as many views: no rule can tell": {
        "wikimedia_pageviews": ("U14 one x 10",),
    },
    "a release may be announced: a model that was run early has its release ahead of it, and is in no median": {
        "epoch_benchmarks": ("U17 one: in the future",),
    },
    "a probability may be small, an answer may leave an event, a page its month, and a lab write nothing: nothing else tells": {
        "gov_uk": ("U12 first half missing",),
        "lab_feeds": ("U12 first half missing",),
        "manifold": ("U14 all / 1000",),
        "org_feeds": ("U12 first half missing",),
    },
    "these hit a part alone, and a source of many parts goes on with the others": {
        "org_feeds": ("U8 Latin-1",),
        "lab_feeds": ("U8 UTF-16 without its mark", "U8 Latin-1", "U12 no rows"),
    },
}
KNOWN = {
    (source, label): why for why, sources in _REASONS.items() for source, labels in sources.items() for label in labels
}


def reason(source: str, label: str) -> str:
    """Why this fault is known to go wrong with this source, or ""."""
    return KNOWN.get((source, label), "")
