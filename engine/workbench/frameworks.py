"""The frameworks of a policy set as a table, for the terminal and the README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.policies import Framework, PolicySet

_MARKS = ("text", "summary", "interpretation", "unverified")


def framework_rows(policies: PolicySet) -> Iterator[dict[str, Any]]:
    """One row for each framework: its rules counted by kind and by how far their sources were verified."""
    house = [(f, d.deployment) for d in policies.deployments.values() for f in d.rules]
    for framework, deployment in [*((f, "") for f in policies.frameworks), *house]:
        rules = [framework.applies, *framework.bars.values(), *framework.bases.values()]
        yield {
            "framework": framework.framework,
            "title": framework.title,
            "authority": framework.authority,
            "deployment": deployment,
            "bars": len(framework.bars),
            "bases": len(framework.bases),
            "clauses": len(_clauses(framework)),
            **{mark: sum(rule.checked == mark for rule in rules) for mark in _MARKS},
        }


def _clauses(framework: Framework) -> set[str]:
    owed = [duty for key in ("", *framework.bases) for duty in framework.owed(key)]
    return {duty.name for duty in owed if duty.kind == "clause"}


def markdown_table(rows: Iterable[dict[str, Any]]) -> str:
    """The rows as a Markdown table; the last column counts rules not read in the text of the law."""
    lines = [
        "| framework | law | bars | bases | clauses | rules read in the text | below |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        below = sum(row[mark] for mark in _MARKS[1:])
        law = f"{row['title']} ({row['authority']})".replace("|", "\\|")
        counts = f"{row['bars']} | {row['bases']} | {row['clauses']} | {row['text']} | {below}"
        lines.append(f"| `{row['framework']}` | {law} | {counts} |")
    return "\n".join(lines) + "\n"
