"""What an analysis of rules found, as text, as plain data, and as requests to feed to `assent check`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console

from engine.reports.text import escape, place
from engine.workbench.analysis import Concern
from engine.workbench.invariants import Verdict
from engine.workbench.situations import WAYS, Example

_STYLE = {"defect": "bold red", "doubt": "yellow", "note": "cyan"}
HEAD = "# assent analyze: "
"""How every request that an analysis writes begins."""


def show_concerns(concerns: Sequence[Concern], out: Console) -> None:
    """Print concerns, each with its places."""
    for concern in concerns:
        sign = f"[{_STYLE[concern.severity]}]{concern.severity}[/]"
        _, first = concern.rules[0]
        line = escape(f"{place(first.file, first.mark)}: {concern.says} [{concern.code}]")
        out.print(f"{sign} {line}", soft_wrap=not out.is_terminal)
        if len(concern.rules) > 1:
            places = ", ".join(f"{rule} ({at.mark.line})" for rule, at in concern.rules)
            out.print(escape(f"  {places}"), soft_wrap=not out.is_terminal)


def show_verdicts(verdicts: Sequence[Verdict], out: Console) -> None:
    """Print what came of each invariant."""
    for verdict in verdicts:
        invariant, file, mark = verdict.of
        line = escape(f"{place(file, mark)} {invariant.id}: {invariant.says}")
        out.print(f"{_SIGNS[_verdict(verdict)]} {line}", soft_wrap=not out.is_terminal)


_SIGNS = {"proven": "[green]proven[/]", "broken": "[bold red]broken[/]", "idle": "[yellow]idle[/]"}


def _verdict(verdict: Verdict) -> str:
    return "broken" if verdict.example else "idle" if verdict.idle else "proven"


def show_scope(day: date, shown: int, folder: Path | None, out: Console) -> None:
    """Print what the findings hold of, and where the requests are that show them."""
    text = f"This holds of every request in {len(WAYS)} ways in which data travel, as of {day}: {', '.join(WAYS)}"
    out.print(text, soft_wrap=not out.is_terminal)
    if shown:
        requests = "1 request shows" if shown == 1 else f"{shown} requests show"
        where = f"written to {folder}" if folder else "add -o DIR to write them, and decide them with assent check"
        out.print(escape(f"{requests} what was found: {where}"), soft_wrap=not out.is_terminal)


def some_defect(concerns: Iterable[Concern], verdicts: Iterable[Verdict]) -> bool:
    """Whether something has to be mended."""
    return any(concern.severity == "defect" for concern in concerns) or any(verdict.example for verdict in verdicts)


def examples(concerns: Iterable[Concern], verdicts: Iterable[Verdict], day: date) -> dict[str, str]:
    """The requests that show what was found: the names of their files, and their text."""
    found: dict[str, str] = {}
    for concern in concerns:
        if concern.example is not None:
            name = f"{concern.code}-{concern.rules[0][0]}".replace(".", "-")
            notes = [f"{HEAD}{concern.code}", concern.says, *_places(concern)]
            _add(found, name, notes, concern.example, day)
    for verdict in verdicts:
        if verdict.example is not None:
            invariant, file, mark = verdict.of
            notes = [f"{HEAD}never", invariant.says, f"{place(file, mark)} {invariant.id}"]
            _add(found, f"never-{invariant.id}", notes, verdict.example, day)
    return found


def _add(found: dict[str, str], name: str, notes: list[str], example: Example, day: date) -> None:
    names = (f"{name}{f'-{i}' if i > 1 else ''}.yaml" for i in count(1))
    file = next(name for name in names if name not in found)
    head, *rest = notes
    lines = [head, *(f"# {line}" for line in [*rest, f"Decide it with: assent check {file} --as-of {day}"])]
    found[file] = "\n".join([*lines, example.text])


def _places(concern: Concern) -> list[str]:
    return [f"{place(at.file, at.mark)} {rule}" for rule, at in concern.rules]


# For programs ---------------------------------------------------------------------------------------------------------


def as_document(concerns: Iterable[Concern], verdicts: Iterable[Verdict], day: date) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "as_of": day.isoformat(),
        "ways": dict(WAYS),
        "concerns": [_concern(concern) for concern in concerns],
        "never": [_proof(verdict) for verdict in verdicts],
    }


def _concern(concern: Concern) -> dict[str, Any]:
    return {
        "code": concern.code,
        "severity": concern.severity,
        "framework": concern.framework,
        "says": concern.says,
        "rules": [
            {"rule": rule, "file": at.file, "line": at.mark.line, "column": at.mark.column}
            for rule, at in concern.rules
        ],
        "request": concern.example.text if concern.example else None,
    }


def _proof(verdict: Verdict) -> dict[str, Any]:
    invariant, file, mark = verdict.of
    return {
        "id": invariant.id,
        "says": invariant.says,
        "cite": invariant.cite,
        "file": file,
        "line": mark.line,
        "verdict": _verdict(verdict),
        "request": verdict.example.text if verdict.example else None,
    }
