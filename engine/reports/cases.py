"""Results of worked cases as text, and how far they pin the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from engine.cases import Result, RuleCoverage
from engine.reports.text import escape


def show_results(results: Sequence[Result], out: Console) -> None:
    """Print the cases that differ from what they expect, and the count."""
    for result in results:
        if result.differences:
            place = f"{result.file}:{result.mark.line}"
            out.print(f"[red]differs[/] [bold]{escape(result.case.id)}[/]: {escape(result.case.title)}")
            out.print(f"  {escape(place)}, after {escape(result.case.source.citation)}")
            for difference in result.differences:
                out.print(f"  - {escape(difference)}")
    passed = sum(not result.differences for result in results)
    style = "green" if results and passed == len(results) else "red"
    out.print(f"[{style}]{passed} of {len(results)} cases pass[/]")


def show_coverage_table(rules: Sequence[RuleCoverage], out: Console) -> None:
    """Print how many tests and cases each framework has, and every rule that the cases do not pin."""
    by_framework: dict[str, list[RuleCoverage]] = {}
    for rule in rules:
        by_framework.setdefault(rule.rule.partition(".")[0], []).append(rule)
    width = max(map(len, by_framework), default=9)
    out.print(f"{'framework':{width}} {'rules':>6} {'tests':>6} {'cases':>6} {'not pinned':>10}")
    for name, found in by_framework.items():
        cases = sum(rule.cases for rule in found)
        open_rules = sum(not rule.complete for rule in found)
        out.print(f"{name:{width}} {len(found):6} {sum(r.tests for r in found):6} {cases:6} {open_rules:10}")
    for rule in rules:
        if not rule.complete:
            out.print(f"[yellow]not pinned[/] {rule.rule}: {escape('; '.join(_reasons(rule)))}")


def _reasons(rule: RuleCoverage) -> list[str]:
    reasons = ["never true"] if not rule.ever_true else []
    if not rule.ever_false and rule.tests:
        reasons.append("never false")
    if rule.idle:
        reasons.append(f"no case turns on {', '.join(rule.idle)}")
    return reasons


def as_document(results: Sequence[Result], rules: Sequence[RuleCoverage]) -> dict[str, Any]:
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
        "not_pinned": [{"rule": rule.rule, "reasons": _reasons(rule)} for rule in rules if not rule.complete],
    }
