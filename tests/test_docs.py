"""What the documents tell a reader to type exists, and what they link to is there."""

import re
from functools import cache
from pathlib import Path

import pytest

from collectors.__main__ import main as collectors
from data.__main__ import main as data
from signals.__main__ import main as signals

HOME = Path(__file__).parents[1]
DOCS = [HOME / "README.md", HOME / "CONTRIBUTING.md", HOME / "SECURITY.md", *sorted((HOME / "docs").glob("*.md"))]
PROGRAMS = {"collectors": collectors, "data": data, "signals": signals}


@cache
def help_of(program: str, verb: str) -> str:
    """What `--help` says; an unknown verb says nothing."""
    import contextlib
    import io

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        PROGRAMS[program]([verb, "--help"])
    return said.getvalue()


@pytest.mark.parametrize("page", DOCS, ids=lambda p: p.name)
def test_every_command_in_a_document_exists(page: Path) -> None:
    typed = re.findall(r"python -m (collectors|data|signals) ([a-z]+)([^`\n#|]*)", page.read_text())
    for program, verb, rest in typed:
        said = help_of(program, verb)
        assert said, f"python -m {program} {verb}"
        assert not [option for option in re.findall(r"--[a-z-]+", rest) if option not in said], rest


@pytest.mark.parametrize("page", DOCS, ids=lambda p: p.name)
def test_every_make_target_in_a_document_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOME / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(r"`([^`\n]+)`", page.read_text()) + re.findall(r"^\s*(make .+)$", page.read_text(), re.MULTILINE)
    assert not [c for c in code if (found := re.match(r"make ([a-z-]+)", c)) and found[1] not in targets]


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", DOCS, ids=lambda p: p.name)
def test_every_link_inside_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pytest.mark.parametrize("page", DOCS, ids=lambda p: p.name)
def test_every_file_named_in_a_document_exists(page: Path) -> None:
    named = re.findall(r"`((?:tests|deploy|collectors|data|signals|dashboard|\.ci)/[\w./-]+)`", page.read_text())
    made_at_run_time = {"data/tables", "data/payloads"}
    missing = [n for n in named if n not in made_at_run_time and not list(HOME.glob(n.rstrip("/")))]
    assert not [n for n in missing if "thing" not in n]
