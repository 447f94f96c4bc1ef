"""The simulated tables as a document: measured values beside their bounds, rivals beside our test."""

from collections.abc import Mapping, Sequence
from typing import Any

from signals.monitoring import RULES
from signals.worlds import NOISES

Results = Mapping[tuple[str, str], Mapping[str, Any]]

SIZES = (10, 15, 30, 60)

HEAD = """# How often are the flags wrong?

Made by `python -m signals simulate` from worlds whose truth is known; nothing here is typed by hand. The
designs, bounds and reference values are those of the specification of `signals/`, section 4. Shares are of
runs; "Andrews" is the textbook sup-Wald test with asymptotic critical values, "BIC" prefers two lines by
three more parameters. Both are what a careful analyst would otherwise use.
"""


def document(results: Results, complaints: Sequence[str]) -> str:
    """The whole document in Markdown."""
    verdict = "All bounds hold." if not complaints else "Broken bounds: " + "; ".join(complaints) + "."
    parts = [HEAD, verdict, _size(results), _power(results), _years(results), _traps(results), _counts(results)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _size(results: Results) -> str:
    rows = []
    for noise in NOISES:
        cells = [results["size", f"{noise}, n {n}"] for n in SIZES]
        ours = [f"{_number(c['p05'])} / {_number(c['p01'])}" for c in cells]
        rows.append([noise, *ours, *(_number(cells[2][rival]) for rival in ("andrews", "bic"))])
    head = ["noise", *(f"n = {n}" for n in SIZES), "Andrews, n = 30", "BIC, n = 30"]
    return "## Steady growth called a bend: share with p ≤ .05 / p ≤ .01\n\n" + _table(head, rows)


def _power(results: Results) -> str:
    names = sorted({name.rsplit(", n ", 1)[0] for table, name in results if table == "power"})
    rows = []
    for name in names:
        cells = [results["power", f"{name}, n {n}"] for n in SIZES]
        rows.append([name, *(f"{_number(c['p05'])} / {_number(c['p01'])}" for c in cells)])
    said = "## A slope that grew 1.5 years ago is found: share with p ≤ .05 / p ≤ .01\n\n"
    return said + _table(["noise, slope times", *(f"n = {n}" for n in SIZES)], rows)


def _years(results: Results) -> str:
    null, stress = results["null years", "null"], results["null years", "stress"]
    changed = results["changed years", "changed"]
    rows = []
    for rule in RULES:
        found = [_number(changed[f"{rule} x{ratio}"]) for ratio in (2, 3)]
        delays = [_number(changed[f"{rule} x{ratio}, delay"]) for ratio in (2, 3)]
        first = f"{_number(null[rule])} [{_number(null[f'{rule}, day one'])}]"
        rows.append([rule, first, _number(stress[rule]), " / ".join(found), " / ".join(delays)])
    head = ["rule", "new false flags a year [on day one]", "under strong autocorrelation", "found x2 / x3 in 1.5 years"]
    said = "## 200 indicators watched for a year, every new point re-tested\n\n"
    return said + _table([*head, "median delay x2 / x3, years"], rows)


def _traps(results: Results) -> str:
    names = ("chance floor", "chance floor, items", "step-filled", "frontier", "jump", "break interval", "revision")
    rows = [
        [table, name, ", ".join(f"{key} {_number(value)}" for key, value in cell.items())]
        for wanted in names
        for (table, name), cell in results.items()
        if table == wanted
    ]
    return "## Traps: shares with p ≤ .05 unless named otherwise\n\n" + _table(["trap", "world", "measured"], rows)


def _counts(results: Results) -> str:
    rows = [
        [name, _number(cell["p05"]), _number(cell["p01"])]
        for (table, name), cell in results.items()
        if table == "counts"
    ]
    monitored = results["counts, monitored", "1 yr of history"]
    year = [[rule, _number(value)] for rule, value in monitored.items()]
    one = _table(["series", "p ≤ .05", "p ≤ .01 with effect"], rows)
    two = _table(["rule", "false episodes a series-year"], year)
    return f"## Daily counts: one look\n\n{one}\n\n## Daily counts: a year, with bursts, outages and memory\n\n{two}"
