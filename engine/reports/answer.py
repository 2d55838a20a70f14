"""What another engine answers to a request, as text: the answer first, then why, then what is left to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console

from engine.backends.rego.answers import Answer, Found
from engine.policies import PolicySet, Rule
from engine.records import title_of
from engine.reports.text import NEAREST, OUTCOME_STYLE, escape, missing_lines


def show_answer(answer: Answer, policies: PolicySet, engine: str, out: Console) -> None:
    """Print an answer; `engine` says who gave it."""
    for line in _lines(answer, policies, engine):
        out.print(line, soft_wrap=not out.is_terminal)


def _lines(answer: Answer, policies: PolicySet, engine: str) -> Iterator[str]:
    ready = "" if answer.outcome != "allow" else ", ready" if answer.ready else ", not ready: steps are outstanding"
    yield f"[{OUTCOME_STYLE[answer.outcome]}]{answer.outcome.upper()}[/]{ready}"
    yield f"{escape(answer.request)}, as of {answer.as_of.isoformat()}, decided by {escape(engine)}"
    rules = policies.rules()
    for disclosure in answer.disclosures:
        yield ""
        yield f"[bold]{escape(disclosure.disclosure)}[/]"
        for found in answer.findings:
            if found.disclosure == disclosure.disclosure and found.outcome != "not_applicable":
                yield from _finding(found, rules)
    clauses = _once(name for found in answer.findings for name in found.clauses)
    if clauses:
        yield ""
        yield f"[bold]Clauses the agreement must contain[/] ({len(clauses)})"
        yield from (f"  {name}: {escape(policies.clauses[name].title)}" for name in clauses)
    outstanding = _once(key for found in answer.findings for key in found.outstanding)
    if outstanding:
        yield ""
        yield "[bold]Outstanding before the data move[/]"
        yield from (f"  {escape(key)}" for key in outstanding)
    yield from missing_lines(answer.missing)


def _finding(found: Found, rules: dict[str, Rule]) -> Iterator[str]:
    here = " [dim]left open by the server, settled here[/]" if found.settled_here else ""
    basis = f": {_named(rules[found.basis])}" if found.basis and found.outcome == "allow" else ""
    yield f"  [{OUTCOME_STYLE[found.outcome]}]{found.outcome}[/] [bold]{found.framework}[/]{basis}{here}"
    if found.outcome == "allow":
        return
    yield from (f"    barred: {_named(rules[name])}" for name in found.bars)
    yield from (f"    perhaps barred: {_named(rules[name])}" for name in found.maybe_bars)
    yield from (f"    may be a basis: {_named(rules[name])}" for name in found.maybe)
    if found.outcome == "deny":
        yield from _failing(found, rules)


def _failing(found: Found, rules: dict[str, Rule]) -> Iterator[str]:
    """The bases nearest to holding, with the conditions that fail."""
    failed: dict[str, list[str]] = {}
    for name in found.failed:
        basis, _, condition = name.partition(": ")
        failed.setdefault(basis, []).append(condition)
    nearest = sorted(failed, key=lambda basis: len(failed[basis]))
    for basis in nearest[:NEAREST]:
        yield f"    fails: {_named(rules[basis])}: {escape(', '.join(failed[basis]))}"
    if len(nearest) > NEAREST:
        yield f"    [dim]and {len(nearest) - NEAREST} more; --json has them all[/]"


def _named(rule: Rule) -> str:
    return f"{escape(title_of(rule))} ({escape(rule.cite)}) [dim]{rule.id}[/]"


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
