"""What a newcomer reads first: short, in order, its commands and snippets run, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from helpers.__main__ import COMMANDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path for path in ROOT.rglob("*.md")
    if not {".venv", "venv", "build", "models", "bge-m3", "node_modules", ".git"} & set(path.relative_to(ROOT).parts)
    and path.relative_to(ROOT).parts[0] != "BAAI" and not path.relative_to(ROOT).parts[0].startswith(".pytest")
)  # fmt: skip
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "notebooks" / "README.zh.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))
TABLES = ["README.md", "notebooks/README.md", "notebooks/README.zh.md"]  # each lists the lessons
FAULTS = ROOT / "helpers" / "checkpoint" / "README.md"


def without_code(text: str) -> str:
    """A document without its fenced blocks, where brackets are no links and ``#`` is no heading."""
    return re.sub(r"^ *(```).*?^ *\1", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The ends of addresses that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(text: str, folder: Path) -> list[str]:
    """The relative links of a document, and the headings they name, that are not there."""
    broken = []
    for target in re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", without_code(text)):
        name, _, heading = target.partition("#")
        path = folder / name
        if not path.exists() or (heading and heading not in anchors(path.read_text("utf-8") if name else text)):
            broken.append(target)
    return broken


def minutes(path: Path) -> int | None:
    """The reading minutes on a page's card; a page whose card states none yet has no number."""
    stated = re.search(r"(\d+)\W*minutes", nbformat.read(path, as_version=4).cells[0].source)
    return int(stated[1]) if stated else None


def test_readme_is_short_and_in_order() -> None:
    """120 lines: what it is, the picture, the lessons, two commands, the package, the weights, the licence."""
    assert len(README.splitlines()) <= 120
    headings = ["The lessons", "Two commands", "Use `helpers`", "The real weights", "Licence"]
    places = [README.index(part) for part in ["README.zh.md", "![The road", *(f"## {name}" for name in headings)]]
    assert places == sorted(places)


def test_nothing_is_left_open() -> None:
    """Tables that are measured late are filled in."""
    assert not [
        path for path in DOCUMENTS if re.search(r"@@|\bT(?:ODO|BD)\b|not yet measured", path.read_text("utf-8"))
    ]


@pytest.mark.parametrize("name", TABLES)
def test_every_lesson_is_listed_with_the_minutes_of_its_card(name: str) -> None:
    """In order, none twice; the minutes are those that a page's own card states."""
    text = (ROOT / name).read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d\d) · [^\]]+\]\(([^)]+)\) \| ([^|]+[?？]) \| (\d+) \|", text, flags=re.MULTILINE)
    assert [Path(target).name for _, target, _, _ in rows] == [path.name for path in PAGES]
    assert all(Path(target).name.startswith(number) for number, target, _, _ in rows)
    listed = {path.name: int(row[3]) for path, row in zip(PAGES, rows, strict=True)}
    stated = {path.name: minutes(path) for path in PAGES}
    assert {page: f"{time} minutes" for page, time in stated.items() if time not in (None, listed[page])} == {}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(path: Path) -> None:
    """No link goes nowhere, and pictures have words."""
    text = path.read_text(encoding="utf-8")
    assert broken_links(text, path.parent) == []
    assert all(len(alt.split()) >= 4 for alt in re.findall(r"!\[(.*?)\]\(", without_code(text)))


def test_links_that_go_nowhere_are_seen(tmp_path: Path) -> None:
    """Missing files, missing headings here and elsewhere; code and addresses on the web are not looked at."""
    (tmp_path / "a.md").write_text("# 原版权重\n## What `it` says\n", encoding="utf-8")
    good = "[a](a.md) [b](a.md#原版权重) [c](a.md#what-it-says) [d](https://e.f/g.md) [h](#here)\n# Here\n"
    good += "```\n[i](j)\n```\n"
    assert broken_links(good, tmp_path) == []
    assert broken_links("[a](b.md) [c](a.md#d) [e](#f)", tmp_path) == ["b.md", "a.md#d", "#f"]


def run(code: str, folder: Path) -> str:
    """What a snippet prints as a script of its own, in a folder of its own."""
    script = folder / "我的 脚本.py"
    script.write_text(code, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "notebooks")])}
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(script)], capture_output=True, encoding="utf-8", cwd=folder, timeout=300,
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_snippet_prints_what_stands_below_it(tmp_path: Path) -> None:
    """Ten lines of ``helpers`` with their output, to the letter."""
    snippets = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, flags=re.DOTALL)
    assert len(snippets) == README.count("```python") == 1
    code, printed = snippets[0]
    assert len(code.split("\n\n", 1)[1].splitlines()) <= 10
    assert run(code, tmp_path) == printed


def test_the_chinese_snippet_runs(tmp_path: Path) -> None:
    """Its comments tell the shape."""
    (code,) = re.findall(r"```python\n(.*?)```", CHINESE, flags=re.DOTALL)
    assert "tensor([[1.0000" in run(code + "print(tuple(vectors.shape))\n", tmp_path)


def test_ci_runs_the_command_the_readme_prints() -> None:
    """.ci/run, the README and its Chinese edition must not drift apart."""
    commands = re.findall(r"```(?:bash|bat)\n(.*?-m venv .*?)\n```", README)
    assert len(commands) == 4 and "00_from_text_to_vector.ipynb" in commands[0] and "00_from_" in commands[1]
    assert commands[2] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [command for command in commands if command not in CHINESE] == []


def test_commands_can_be_pasted() -> None:
    """No comment behind a command (cmd and zsh take it for arguments); every subcommand exists and is told of."""
    told = set()
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        assert not [block for block in re.findall(r"```(?:bash|bat)\n(.*?)```", text, flags=re.DOTALL) if "#" in block]
        told |= set(re.findall(r"python -m helpers (\w+)", text))
    assert told == set(COMMANDS)


def test_the_messages_that_are_explained_exist() -> None:
    """What the table of faults quotes stands in the code, so that a reader who searches for it finds it."""
    text = FAULTS.read_text(encoding="utf-8")
    table = re.findall(r"^\| (`.+?) \|", text.partition("## What the messages mean")[2], flags=re.MULTILINE)
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.py"))
    quoted = [part for row in table for part in re.findall(r"`([^`]+)`", row)]
    assert len(quoted) >= 15 and [part for part in quoted if part not in source] == []


def test_templates_and_citation_can_be_read() -> None:
    """GitHub drops a template or a citation that is no YAML, without a word."""
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert path.name == "config.yml" or {"name", "description", "body"} <= set(form), path.name
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
