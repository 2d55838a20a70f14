"""Cures as text for a terminal or a pipe, and as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from engine.advice.cures import Advice, Cure
from engine.advice.measures import Measure
from engine.advice.stances import written
from engine.advice.weights import PARTS
from engine.decisions import Decision, Finding
from engine.facts import CodeSet, Value, printable
from engine.records import ObligationRecord, obligations
from engine.reports.text import escape


def show_advice(advice: Advice, out: Console) -> None:
    """Print the cures of a request, or why it has none."""
    for line in _lines(advice):
        out.print(line, soft_wrap=not out.is_terminal)


def as_document(advice: Advice) -> dict[str, Any]:
    """The cures, or what stands in the way, as data."""
    request, decision = advice.decision.request, advice.decision
    return {
        "request": request.file.request,
        "outcome": decision.outcome,
        "laws_assumed_away": advice.escapes,
        "cures": [
            {
                "cost": cure.cost,
                "changes": [_measure(cure, m) for m in cure.measures if m.kind != "assume"],
                "assumptions": [_measure(cure, m) for m in cure.measures if m.kind == "assume"],
                "opens": [
                    {"basis": f.used.basis.id, "title": f.used.basis.title, "cite": f.used.basis.cite,
                     "disclosure": f.disclosure.id}
                    for f in opened(decision, cure) if f.used
                ],
                "due": [o.model_dump(mode="json", exclude_defaults=True) for o in due(decision, cure)],
            }
            for cure in advice.cures
        ],
        "obstacles": [
            {"disclosure": f.disclosure.id, "framework": f.framework.framework, "bars": [bar.id for bar in f.holding]}
            for f in advice.obstacles
        ],
    }  # fmt: skip


def opened(before: Decision, cure: Cure) -> Iterator[Finding]:
    """The findings with a basis, of frameworks that did not allow the request as it was."""
    closed = {f.framework.framework for f in before.findings if f.outcome in ("deny", "undetermined")}
    return (f for f in cure.decision.findings if f.used and f.framework.framework in closed)


def due(before: Decision, cure: Cure) -> list[ObligationRecord]:
    """What is not done yet and was not owed before."""
    owed = {(o.kind, o.name, o.parties) for o in obligations(before)}
    return [
        o
        for o in obligations(cure.decision)
        if o.status in ("outstanding", "later") and (o.kind, o.name, o.parties) not in owed
    ]


def _lines(advice: Advice) -> Iterator[str]:
    decision, request = advice.decision, advice.decision.request
    if decision.outcome == "allow":
        yield "The request is allowed as it is; there is nothing to cure."
        return
    if not advice.cures:
        yield from _no_cure(advice)
        return
    yield f"{decision.outcome.upper()}: {escape(request.file.title)}, as of {decision.as_of.isoformat()}"
    several = len(advice.cures) > 1
    yield f"{len(advice.cures)} ways to make it allowed, least hard first" if several else "One way to make it allowed"
    if advice.escapes:
        yield "None was found for all laws that may apply: each assumes that a law does not apply."
    for number, cure in enumerate(advice.cures, 1):
        yield ""
        yield f"[bold]{number}. {_headline(cure)}[/] (weight {cure.cost})"
        yield from (f"  - {escape(words(cure, measure))}" for measure in cure.measures if measure.kind != "assume")
        assumed = [measure for measure in cure.measures if measure.kind == "assume"]
        if assumed:
            yield "  if it is so that (nobody has stated it; find out first):"
            yield from (f"  - {escape(words(cure, measure))}" for measure in assumed)
        yield from _opens(decision, cure)
        yield from _due(decision, cure)


def _headline(cure: Cure) -> str:
    changes = [measure for measure in cure.measures if measure.kind != "assume"]
    left_out = sum(measure.kind in PARTS for measure in changes)
    parts = [f"{len(changes)} {'change' if len(changes) == 1 else 'changes'}"] if changes else []
    parts += [f"{left_out} of them {'leaves' if left_out == 1 else 'leave'} something out"] if left_out else []
    assumed = len(cure.measures) - len(changes)
    parts += [f"{assumed} {'assumption' if assumed == 1 else 'assumptions'}"] if assumed else []
    return ", ".join(parts)


def _opens(before: Decision, cure: Cure) -> Iterator[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for finding in opened(before, cure):
        if finding.used:
            basis = finding.used.basis
            found.setdefault((basis.title, basis.cite), []).append(finding.disclosure.id)
    if found:
        yield "  opens:"
    for (title, cite), disclosures in found.items():
        yield f"  - {escape(title)} ({escape(cite)}): {escape(', '.join(dict.fromkeys(disclosures)))}"


def _due(before: Decision, cure: Cure) -> Iterator[str]:
    new = due(before, cure)
    clauses = sum(obligation.kind == "clause" for obligation in new)
    acts = [obligation for obligation in new if obligation.kind != "clause"]
    if acts or clauses:
        yield "  then also due:"
    instruments = cure.decision.policies.instruments
    for act in acts:
        says = act.says or (instruments[act.name].title if act.kind == "instrument" else act.name)
        yield f"  - {escape(says)} ({escape(' and '.join(act.parties))}; {act.due.replace('_', ' ')})"
    if clauses:
        yield f"  - {clauses} {'clause' if clauses == 1 else 'clauses'} of the agreement"


def _no_cure(advice: Advice) -> Iterator[str]:
    yield f"No cure: {escape(advice.decision.request.file.title)}"
    yield "Nothing that can be changed makes this request allowed."
    yield "Another purpose would be another request, and is not proposed."
    found: dict[str, list[str]] = {}
    for finding in advice.obstacles:
        reasons = [f"barred: {bar.says} ({bar.cite})" for bar in finding.holding] or [
            f"no basis can be opened under {finding.framework.title} ({finding.framework.authority})"
        ]
        for reason in reasons:
            found.setdefault(reason, []).append(finding.disclosure.id)
    for reason, disclosures in found.items():
        yield f"  {escape(reason)}: {escape(', '.join(dict.fromkeys(disclosures)))}"
    if not found:
        yield "  each disclosure could be permitted alone, but not all of them together"


# Measures -------------------------------------------------------------------------------------------------------------


def words(cure: Cure, measure: Measure) -> str:
    """A measure in one sentence."""
    policies, part = cure.decision.policies, measure.part
    match measure.kind, part:
        case "flow", (flow,):
            return f"drop the flow {flow}"
        case "dataset", (name,):
            return f"leave the dataset {name} out of the request"
        case "dataset", (flow, name):
            return f"send {name} no more on the flow {flow}"
        case "dataset", (name, one, _):
            return f"leave {one} out of {name}"
        case "element", (name, _, element):
            return f'leave the element "{element}" out of {name}'
        case "sign", (instrument, *ends) if measure.fact is None and instrument in policies.instruments:
            return f"sign between {' and '.join(ends)}: {policies.instruments[instrument].title}"
        case "sign", _ if measure.fact is None:
            return f"{measure.subject}: amend the paper so that it contains {measure.name}"
        case "overturn", _:
            return f"{measure.subject}: obtain after all what was refused: {measure.name}"
    declared = policies.vocabulary[measure.name]
    question = declared.fact.question.rstrip("?") or declared.key
    old = f"{_shown(measure.old, declared.codes)} -> " if measure.old is not None else ""
    change = f"{measure.subject}: {question}? {old}{_shown(measure.new, declared.codes)}"
    if measure.kind == "recipient":
        return f"name another recipient in place of {change.removeprefix('party ')}"
    return change


def _shown(value: Value | None, codes: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, CodeSet):
        return "; ".join(codes.get(code, code) for code in sorted(value.has)) or "nothing"
    if isinstance(value, str):
        return str(codes.get(value, value))
    return str(written(value)) if isinstance(value, float) else str(printable(value)) if value is not None else ""


def _measure(cure: Cure, measure: Measure) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": measure.kind, "about": measure.subject, "says": words(cure, measure)}
    if measure.fact is not None and measure.new is not None:
        found |= {"fact": measure.name, "value": printable(measure.new)}
    return found
