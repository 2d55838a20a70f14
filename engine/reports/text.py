"""A decision as text for a terminal or a pipe: the answer first, then why, then what is left to do."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.tree import Tree

from engine.advice.nearest import nearest_bases
from engine.decisions import Decision
from engine.documents import Mark, visible
from engine.records import (
    DecisionRecord,
    FindingRecord,
    MissingRecord,
    ObligationRecord,
    ProofRecord,
    RuleRecord,
    record,
)

OUTCOME_STYLE = {"allow": "bold green", "deny": "bold red", "undetermined": "bold yellow", "not_applicable": "dim"}
_SIGN = {"true": "[green]holds[/]", "false": "[red]fails[/]", "unknown": "[yellow]unknown[/]"}
_MARKS = {"summary": "summary", "interpretation": "interpretation", "unverified": "unverified"}
_ASKED_OF = {
    "requester": "the requester",
    "provider": "the owner of the data",
    "hub": "the hub",
    "receiver": "the receiver of the data",
    "counsel": "counsel",
    "": "whoever knows",
}
NEAREST = 3
"""How many failing bases are shown where none holds; `--explain` shows all."""


def escape(text: str) -> str:
    """Text of a document as it is shown: no markup and no control characters of its own."""
    return escape_markup(visible(text))


def place(file: str, mark: Mark | None = None) -> str:
    """A file, and a line in it, as people and terminals find it: from the current folder where the file is below it."""
    path = Path(file)
    here = Path.cwd()
    shown = path.relative_to(here).as_posix() if path.is_relative_to(here) else file
    return shown if mark is None else f"{shown}:{mark.line}"


def console() -> Console:
    """Colored and wrapped in a terminal; plain and unwrapped in a pipe."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=10_000, no_color=True, color_system=None)


def show_decision(decision: Decision, out: Console, *, explain: bool = False) -> None:
    """Print a decision."""
    document = record(decision, whole=explain)
    for line in _lines(decision, document, explain=explain):
        out.print(line, soft_wrap=not out.is_terminal)


def show_proofs(proofs: Iterable[tuple[str, RuleRecord]], out: Console) -> None:
    """Print the proof of one rule on every disclosure it was asked of."""
    for disclosure, rule in proofs:
        out.print(f"[bold]{escape(disclosure)}[/]")
        out.print(_tree(rule), soft_wrap=not out.is_terminal)
        if rule.note:
            out.print(f"  note: {escape(rule.note)}", soft_wrap=not out.is_terminal)


def _lines(decision: Decision, document: DecisionRecord, *, explain: bool) -> Iterator[str | Tree]:
    ready = "" if document.outcome != "allow" else ", ready" if document.ready else ", not ready: steps are outstanding"
    yield f"[{OUTCOME_STYLE[document.outcome]}]{document.outcome.upper()}[/]{ready}"
    yield f"{escape(document.title)} ({escape(document.decision)}), as of {document.as_of.isoformat()}"
    nearest = {
        (finding.disclosure.id, finding.framework.framework): nearest_bases(decision, finding)
        for finding in decision.findings
        if finding.outcome in ("deny", "undetermined")
    }
    for disclosure in document.disclosures:
        yield ""
        purpose = f", for {disclosure.purpose.replace('_', ' ')}"
        yield (
            f"[bold]{escape(disclosure.id)}[/]: {disclosure.sender} -> {disclosure.receiver}, "
            f"data of {disclosure.provider}, {disclosure.form.replace('_', ' ')}{purpose}"
        )
        findings = [f for f in document.findings if f.disclosure == disclosure.id]
        for finding in findings:
            if finding.outcome != "not_applicable":
                order = [found.basis.id for found in nearest.get((disclosure.id, finding.framework), ())]
                yield from _finding(finding, order, explain=explain)
    engaged = {f.framework for f in document.findings if f.outcome != "not_applicable"}
    others = sorted({f.framework for f in document.findings} - engaged)
    if others:
        yield ""
        yield f"[dim]Frameworks that reach none of these data: {', '.join(others)}[/]"
    yield from _duties(decision, document)
    yield from _missing(document)
    if document.penalties:
        yield ""
        yield "[bold]What follows a breach[/]"
        yield from (f"  {escape(p.says)} ({escape(p.cite)}){_mark(p.checked)}" for p in document.penalties)


def _finding(finding: FindingRecord, nearest: Sequence[str], *, explain: bool) -> Iterator[str | Tree]:
    head = f"  [{OUTCOME_STYLE[finding.outcome]}]{finding.outcome}[/] [bold]{finding.framework}[/]"
    if explain:
        yield f"{head} {escape(finding.title)}"
        yield from (_tree(rule) for rule in (finding.applies, *finding.bars, *finding.bases))
        return
    if finding.basis is not None and finding.outcome == "allow":
        yield f"{head}: {_named(next(b for b in finding.bases if b.rule == finding.basis))}"
        return
    yield f"{head}: {escape(finding.title)}"
    for bar in finding.bars:
        if bar.truth == "true" or (bar.truth == "unknown" and finding.outcome != "allow"):
            word = "barred" if bar.truth == "true" else "perhaps barred"
            yield f"    {word}: {_named(bar)}"
    yield from _bases(finding, nearest)


def _bases(finding: FindingRecord, nearest: Sequence[str]) -> Iterator[str]:
    """The bases nearest to holding, with the conditions that fail or are unknown."""
    scored = sorted(finding.bases, key=lambda basis: nearest.index(basis.rule))
    if not any(b.permits == "true" for b in finding.bases):
        yet = " yet" if finding.outcome == "undetermined" else ""
        yield f"    no basis holds{yet}; the nearest:" if finding.bases else "    there is no basis in force"
    for basis in scored[:NEAREST]:
        yield f"    {_named(basis)}"
        for word in ("false", "unknown"):
            for part in _parts(basis, word):
                cite = f" ({escape(part.cite)})" if part.cite else ""
                read = "; ".join(dict.fromkeys(_facts(part)))
                yield f"      {_SIGN[word]}: {escape(part.says)}{cite}{f' [dim]{read}[/]' if read else ''}"
        if basis.truth == "true" and basis.permits != "true":
            yield "      its conditions hold, but something it requires was refused or is lacking"
    if len(scored) > NEAREST:
        yield f"    [dim]and {len(scored) - NEAREST} more; --explain shows all[/]"


def _parts(rule: RuleRecord, truth: str) -> list[ProofRecord]:
    """The conditions of a rule with that value."""
    parts = rule.proof.parts if rule.proof.condition == "all" else (rule.proof,)
    return [part for part in parts if part.truth == truth]


def _facts(proof: ProofRecord) -> Iterator[str]:
    for fact in proof.facts:
        yield f"{fact.fact} of {escape(fact.about)}: {_value(fact.value)}"
    for part in proof.parts:
        yield from _facts(part)


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def _duties(decision: Decision, document: DecisionRecord) -> Iterator[str]:
    blocking = [o for o in document.obligations if o.status in ("refused", "lacking")]
    outstanding = [o for o in document.obligations if o.kind != "clause" and o.status == "outstanding"]
    later = [o for o in document.obligations if o.kind != "clause" and o.status == "later"]
    for heading, found in (
        ("In the way", blocking),
        ("Outstanding before the data move", outstanding),
        ("Later", later),
    ):
        if found:
            yield ""
            yield f"[bold]{heading}[/]"
            yield from (f"  {_duty(decision, o)}" for o in found)
    clauses = [o for o in document.obligations if o.kind == "clause"]
    if clauses:
        names = dict.fromkeys(o.name for o in clauses)
        yield ""
        yield f"[bold]Clauses the agreement must contain[/] ({len(names)}; assent draft writes them out)"
        for name in names:
            same = [o for o in clauses if o.name == name]
            cites = "; ".join(dict.fromkeys(f"{escape(d.cite)}{_mark(d.checked)}" for o in same for d in o.required_by))
            state = " [green]in the agreement[/]" if all(o.status == "in the agreement" for o in same) else ""
            yield f"  {name}: {escape(decision.policies.clauses[name].title)} ({cites}){state}"


def _duty(decision: Decision, o: ObligationRecord) -> str:
    if o.kind == "clause":
        what = f"the signed agreement lacks: {decision.policies.clauses[o.name].title}"
    elif o.kind == "instrument":
        what = o.says or decision.policies.instruments[o.name].title
    else:
        what = o.says
    bodies = decision.request.deployment.bodies if decision.request.deployment else {}
    names = [bodies[party].name if party in bodies else party for party in o.parties]
    who = " and ".join(names) if o.kind == "instrument" else ", ".join(names)
    when = f", time limit: {o.within}" if o.within else ""
    refused = " [red]refused[/]" if o.status == "refused" else ""
    perhaps = " [yellow]if a missing fact turns out so[/]" if o.conditional else ""
    cites = "; ".join(dict.fromkeys(f"{escape(d.cite)}{_mark(d.checked)}" for d in o.required_by))
    due = o.due.replace("_", " ")
    return f"{escape(what)}: {escape(who)}, {due}{escape(when)} ({cites}) [dim]{o.name}[/]{refused}{perhaps}"


def missing_lines(missing: Sequence[MissingRecord]) -> Iterator[str]:
    """Lines with the facts that can still change an answer, by who can answer them."""
    if missing:
        yield ""
        count = len(missing)
        yield f"[bold]Missing facts that can still change the answer[/] ({count}), which assent ask asks one by one"
        for role in dict.fromkeys(m.asked_of for m in missing):
            yield f"  To be answered by {asked_of(role)}"
            yield from (f"    {_question(m)}" for m in missing if m.asked_of == role)


def _missing(document: DecisionRecord) -> Iterator[str]:
    yield from missing_lines(document.missing)
    for dataset, elements in document.unclassified.items():
        yield ""
        yield f"[bold]Not in the catalogue[/], so of unknown kind, in {escape(dataset)}: {escape(', '.join(elements))}"


def _question(m: MissingRecord) -> str:
    return f"{m.fact} of {escape(m.about)}: {escape(m.question)} [dim]{escape(m.absence)}[/]"


def asked_of(role: str | None) -> str:
    """Who can answer a question."""
    return _ASKED_OF[role or ""]


def _named(rule: RuleRecord) -> str:
    return f"{escape(rule.says)} ({escape(rule.cite)}){_mark(rule.checked)} [dim]{rule.rule}[/]"


def _mark(checked: str) -> str:
    return escape(f" [{_MARKS[checked]}]") if checked in _MARKS else ""


def _tree(rule: RuleRecord) -> Tree:
    tree = Tree(f"{_SIGN[rule.truth]} {_named(rule)}")
    parts: Iterable[ProofRecord] = rule.proof.parts if rule.proof.condition == "all" else (rule.proof,)
    for part in parts:
        _grow(tree, part)
    return tree


def _grow(tree: Tree, proof: ProofRecord) -> None:
    cite = f" ({escape(proof.cite)})" if proof.cite else ""
    branch = tree.add(f"{_SIGN[proof.truth]} {escape(proof.says)}{cite}{_mark(proof.checked)}")
    for fact in proof.facts:
        stated = f", stated by {escape(fact.stated_by)}" if fact.stated_by else ""
        branch.add(f"[dim]{fact.fact} of {escape(fact.about)}: {_value(fact.value)}{stated}[/]")
    for part in proof.parts:
        _grow(branch, part)
