"""The rules of the house that no tool knows: one door to each library, and documents that tell the truth."""

import ast
import re
from pathlib import Path

import pytest

from data.settings import as_markdown

HOME = Path(__file__).parents[1]
FILES = [p for package in ("collectors", "data", "signals", "dashboard") for p in (HOME / package).rglob("*.py")]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize(
    ("library", "door"),
    [
        ("requests", {"collectors/fetch.py"}),
        ("urllib3", {"collectors/fetch.py", "collectors/guard.py"}),
        ("apscheduler", {"collectors/schedule.py"}),
        ("deltalake", {"data/store.py"}),
        ("plotly", {"dashboard/charts.py"}),
    ],
)
def test_each_outside_door_is_one_file(library: str, door: set[str]) -> None:
    users = {p.relative_to(HOME).as_posix() for p in FILES if library in imports(p)}
    assert users <= door
    assert users


def test_only_the_dashboard_knows_streamlit() -> None:
    users = {p.relative_to(HOME).parts[0] for p in FILES if "streamlit" in imports(p)}
    assert users == {"dashboard"}


def test_only_the_settings_read_the_environment() -> None:
    readers = {p.relative_to(HOME).as_posix() for p in FILES if re.search(r"os\.environ|getenv", p.read_text())}
    assert readers == {"data/settings.py", "collectors/allocators.py"}  # the latter speaks to libraries, not to us


def test_nothing_is_printed_but_by_commands() -> None:
    assert not [p for p in FILES if p.name != "__main__.py" and re.search(r"^\s*print\(", p.read_text(), re.MULTILINE)]


def test_pages_show_outside_text_only_where_it_stays_text() -> None:
    live = re.compile(r"unsafe_allow_html|st\.table\(|ImageColumn|st\.write\(")
    assert not [p for p in FILES if "dashboard" in p.parts and live.search(p.read_text())]
    html = [p.name for p in FILES if "st.html(" in p.read_text()]
    assert html == ["frame.py"], "only our own style sheet"


def test_every_file_says_what_it_is_for() -> None:
    assert not [p for p in FILES if not ast.get_docstring(ast.parse(p.read_text()))]


def test_the_operators_table_is_that_of_the_settings() -> None:
    assert as_markdown() in (HOME / "docs" / "operating.md").read_text(), "write it anew: .ci/settings"


def test_no_file_is_named_like_a_standard_module() -> None:
    import sys

    assert not [p for p in FILES if p.stem in sys.stdlib_module_names]


def test_the_wheel_lists_every_package() -> None:
    import tomllib

    listed = tomllib.loads((HOME / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert set(listed) == {
        p.parent.relative_to(HOME).as_posix().replace("/", ".") for p in FILES if p.name == "__init__.py"
    }
