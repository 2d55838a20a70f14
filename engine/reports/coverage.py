"""How far worked cases pin the rules: as a table, as plain data, and as a page that shows it beside every rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console

from engine.conditions import in_words
from engine.documents import visible
from engine.facts import Truth
from engine.reports.text import escape, place
from engine.workbench.coverage import ConditionCoverage, RuleCoverage, share_seen_both_ways

_WORDS: tuple[tuple[Truth, str], ...] = ((True, "true"), (False, "false"), (None, "unknown"))


@dataclass(frozen=True, slots=True)
class FrameworkCoverage:
    """The counts of one framework. The last three count conditions."""

    framework: str
    rules: int
    conditions: int
    cases: int
    never_true: int
    never_false: int
    not_pinned: int


def by_framework(rules: Sequence[RuleCoverage]) -> list[FrameworkCoverage]:
    """The counts of every framework, in the order of its rules."""
    return [_counts(name, list(own)) for name, own in groupby(rules, lambda rule: rule.rule.partition(".")[0])]


def _counts(name: str, rules: list[RuleCoverage]) -> FrameworkCoverage:
    conditions = [condition for rule in rules for condition in rule.conditions]
    return FrameworkCoverage(
        framework=name,
        rules=len(rules),
        conditions=len(conditions),
        cases=sum(rule.cases for rule in rules),
        never_true=sum(True not in c.seen for c in conditions),
        never_false=sum(False not in c.seen for c in conditions),
        not_pinned=sum(not c.pinned for c in conditions),
    )


# For a terminal -------------------------------------------------------------------------------------------------------


def show_coverage(rules: Sequence[RuleCoverage], out: Console) -> None:
    """Print the counts of every framework, and everything that the cases leave open, each with its place."""
    counts = by_framework(rules)
    width = max([len(c.framework) for c in counts] + [9])
    out.print(
        f"{'framework':{width}} {'rules':>6} {'conditions':>10} {'cases':>6} "
        f"{'never true':>10} {'never false':>11} {'not pinned':>10}"
    )
    for c in counts:
        out.print(
            f"{c.framework:{width}} {c.rules:6} {c.conditions:10} {c.cases:6} "
            f"{c.never_true:10} {c.never_false:11} {c.not_pinned:10}"
        )
    for rule in rules:
        for line in _open(rule):
            out.print(f"[yellow]open[/] {escape(line)}", soft_wrap=not out.is_terminal)
    out.print(f"{share_seen_both_ways(rules):.1f}% of all conditions were seen true and seen false")


def _open(rule: RuleCoverage) -> Iterator[str]:
    """What is left to show of a rule."""
    if not rule.cases and rule.conditions:
        yield f"{place(rule.file, rule.mark)}: {rule.rule}: no case"
        return
    if rule.never:
        yield f"{place(rule.file, rule.mark)}: {rule.rule}: {_never(rule.never)}"
    for condition in rule.conditions:
        if not condition.complete:
            words = f'"{in_words(condition.condition)}" of {rule.rule}'
            yield f"{place(rule.file, condition.mark)}: {words}: {_lacks(condition)}"


def _lacks(condition: ConditionCoverage) -> str:
    never = _never(tuple(value for value in (True, False) if value not in condition.seen))
    return ", ".join(filter(None, [never, "" if condition.pinned else "not pinned"]))


def _never(values: tuple[bool, ...]) -> str:
    return ", ".join(f"never {'true' if value else 'false'}" for value in values)


# For programs ---------------------------------------------------------------------------------------------------------


def as_document(rules: Sequence[RuleCoverage]) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "percent": round(share_seen_both_ways(rules), 2),
        "rules": [
            {
                "rule": rule.rule,
                "file": rule.file,
                "line": rule.mark.line,
                "cases": rule.cases,
                **_seen(rule.seen),
                "conditions": [
                    {
                        "condition": in_words(condition.condition),
                        "line": condition.mark.line,
                        "column": condition.mark.column,
                        **_seen(condition.seen),
                        "pinned": condition.pinned,
                    }
                    for condition in rule.conditions
                ],
            }
            for rule in rules
        ],
    }


def _seen(values: frozenset[Truth]) -> dict[str, bool]:
    return {word: value in values for value, word in _WORDS}


# As a page ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    conditions: tuple[ConditionCoverage, ...]
    notes: str

    @property
    def marks(self) -> list[str]:
        """One word for each value that every condition on the line had, and whether all are pinned."""
        if not self.conditions:
            return []
        seen = [word if all(value in c.seen for c in self.conditions) else "" for value, word in _WORDS]
        return [*seen, "pinned" if all(c.pinned for c in self.conditions) else "not pinned"]

    @property
    def complete(self) -> bool:
        """Nothing is left to show of its conditions."""
        return all(condition.complete for condition in self.conditions)


def page(rules: Sequence[RuleCoverage]) -> str:
    """An HTML page, complete in itself: the counts, and every policy file with what the cases show of each line."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("engine.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    files = sorted({rule.file for rule in rules})
    return environment.get_template("coverage.html").render(
        percent=f"{share_seen_both_ways(rules):.1f}",
        frameworks=by_framework(rules),
        files=[(place(file), list(_lines(file, rules))) for file in files],
        file_of={rule.rule.partition(".")[0]: place(rule.file) for rule in rules},
    )


def _lines(file: str, rules: Sequence[RuleCoverage]) -> Iterator[_Line]:
    found: dict[int, list[tuple[str, ConditionCoverage]]] = {}
    for rule in rules:
        for condition in rule.conditions if rule.file == file else ():
            found.setdefault(condition.mark.line, []).append((rule.rule, condition))
    for number, text in enumerate(Path(file).read_text(encoding="utf-8-sig").splitlines(), 1):
        here = found.get(number, [])
        notes = "; ".join(f"{rule}: {in_words(c.condition)}: {_lacks(c) or 'pinned'}" for rule, c in here)
        yield _Line(number, visible(text), tuple(c for _, c in here), notes)
