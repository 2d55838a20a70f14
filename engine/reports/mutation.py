"""What worked cases leave open: the mutation score of every framework, and each change that no case notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from engine.reports.text import escape, place
from engine.workbench.mutation import Judged


def show_mutation(judged: Sequence[Judged], out: Console) -> None:
    """Print every change that no case notices, as a sentence with its place, and the score of each framework."""
    for found in judged:
        if found.verdict == "survived":
            out.print(escape(f"{place(found.file, found.mark)}: {_sentence(found)}"), soft_wrap=not out.is_terminal)
    scores = _scores(judged)
    width = max(len("framework"), *map(len, scores), 0)
    out.print(f"{'framework':{width}} {'changes':>8} {'noticed':>8} {'not noticed':>11} {'no effect':>9} {'score':>6}")
    for name, count in scores.items():
        out.print(
            f"{name:{width}} {count.total():8} {count['killed']:8} {count['survived']:11} {count['equivalent']:9} "
            f"{_percent(count):5.1f}%"
        )


def as_document(judged: Sequence[Judged]) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "frameworks": [
            {
                "framework": name,
                "killed": count["killed"],
                "survived": count["survived"],
                "equivalent": count["equivalent"],
                "percent": round(_percent(count), 2),
            }
            for name, count in _scores(judged).items()
        ],
        "survivors": [
            {
                "framework": found.framework,
                "rule": found.mutant.rule,
                "kind": found.mutant.kind,
                "file": found.file,
                "line": found.mark.line,
                "column": found.mark.column,
                "message": _sentence(found),
            }
            for found in judged
            if found.verdict == "survived"
        ],
    }


def _sentence(found: Judged) -> str:
    return f"no case tells {found.mutant.question}"


def _scores(judged: Sequence[Judged]) -> dict[str, Counter[str]]:
    scores: dict[str, Counter[str]] = {}
    for found in judged:
        scores.setdefault(found.framework, Counter())[found.verdict] += 1
    return scores


def _percent(count: Counter[str]) -> float:
    """The share of changes noticed, of those that have an effect."""
    effective = count["killed"] + count["survived"]
    return 100 * count["killed"] / effective if effective else 100.0
