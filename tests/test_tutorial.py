"""The tutorial, followed to the letter: its files are written, its commands run, and what it shows comes out."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from cli import main

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^(?:`(?P<file>[\w./-]+)`(?P<how>[^`\n]*):\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
_EXIT_CODE = re.compile(r"\(exit code (\d+)\)")
_CHANGE = re.compile(r"^- (?P<old>.*)\n\+ (?P<new>.*)$", re.M)


class Step(NamedTuple):
    """One block of the tutorial: a file to write or change, or commands with what they print."""

    kind: str
    file: str
    text: str


def steps() -> Iterator[Step]:
    """The blocks in order."""
    for block in _BLOCK.finditer(TUTORIAL.read_text(encoding="utf-8")):
        yield Step(block["kind"], block["file"] or "", block["text"])


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block, with the lines shown of its output."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, *shown = part.strip("\n").split("\n")
        yield command, [line.strip() for line in shown if line.strip() not in ("", "...")]


def follow(step: Step) -> None:
    """Do what a step says, and compare what it shows."""
    if step.kind == "yaml":
        path = Path(step.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.text, encoding="utf-8")
    elif step.kind == "diff":
        path = Path(step.file)
        text = path.read_text(encoding="utf-8")
        for change in _CHANGE.finditer(step.text):
            assert text.count(change["old"]) == 1, f"{change['old']!r} in {step.file}"
            text = text.replace(change["old"], change["new"])
        path.write_text(text, encoding="utf-8")
    elif step.kind == "console":
        for command, shown in commands(step.text):
            run(command, shown)


def run(command: str, shown: list[str]) -> None:
    """Run one command; the lines shown stand in its output in that order, and a code shown is its exit code."""
    program, *arguments = shlex.split(command)
    if program == "cp":
        source, target = arguments[-2:]
        (shutil.copytree if arguments[0] == "-r" else shutil.copy)(source, target)
        return
    assert program == "assent", command
    result = CliRunner().invoke(main, arguments)
    code = next((int(found[1]) for line in shown if (found := _EXIT_CODE.fullmatch(line))), 0)
    assert result.exit_code == code, f"$ {command}\n{result.output}"
    lines = iter([line.strip() for line in result.output.splitlines()])
    for expected in (line for line in shown if not _EXIT_CODE.fullmatch(line)):
        assert any(
            expected == line or (expected.endswith("...") and line.startswith(expected[:-3])) for line in lines
        ), f"$ {command}\n{result.output}\nlacks: {expected}"


def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = list(steps())
    assert {step.kind for step in found} == {"yaml", "diff", "console"}
    for step in found:
        follow(step)
