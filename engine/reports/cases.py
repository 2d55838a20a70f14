"""Results of worked cases as text and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from engine.cases import Result
from engine.reports.text import escape, place


def show_results(results: Sequence[Result], out: Console) -> None:
    """Print the cases that differ from what they expect, and the count."""
    for result in results:
        if result.differences:
            out.print(f"[red]differs[/] [bold]{escape(result.case.id)}[/]: {escape(result.case.title)}")
            out.print(f"  {escape(place(result.file, result.mark))}, after {escape(result.case.source.citation)}")
            for difference in result.differences:
                out.print(f"  - {escape(difference)}")
    passed = sum(not result.differences for result in results)
    style = "green" if results and passed == len(results) else "red"
    out.print(f"[{style}]{passed} of {len(results)} cases pass[/]")


def as_document(results: Sequence[Result]) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "passed": sum(not result.differences for result in results),
        "cases": [
            {
                "id": result.case.id,
                "title": result.case.title,
                "file": result.file,
                "line": result.mark.line,
                "differences": list(result.differences),
            }
            for result in results
        ],
    }
