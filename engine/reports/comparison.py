"""A comparison of two states of the law as text and as plain data: the verdict, each framework, then the words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console

from engine.decisions import Finding
from engine.documents import Place
from engine.facts import printable
from engine.reports.text import escape, place
from engine.workbench.changes import ConditionChange, DemandChange, Field, RuleChange, Stated
from engine.workbench.comparison import (
    Answers,
    ClauseChange,
    Comparison,
    DeploymentChange,
    FactChange,
    FrameworkComparison,
    Piece,
    Verdict,
    verdict,
    wording,
)
from engine.workbench.recorded import Recorded
from engine.workbench.situations import Example
from engine.workbench.verdicts import DIRECTIONS, Answer, Direction, Reach, Witness

_STYLE = {"same": "bold green", "stricter": "bold red", "looser": "bold yellow", "both": "bold red", "open": "bold red"}
_VERDICTS: dict[Verdict, str] = {
    "same": "no request is decided otherwise",
    "stricter": "some requests that were permitted no longer are, and none the other way",
    "looser": "some requests that were not permitted now are, and none the other way",
    "both": "some requests that were permitted no longer are, and some that were not now are",
    "open": "not settled in every direction",
}
_NAMES: dict[Verdict, str] = {"both": "stricter and looser", "open": "not settled"}
_FOUND: dict[Direction, str] = {"stricter": "no longer permitted", "looser": "newly permitted"}
_NONE: dict[Direction, str] = {
    "stricter": "proven: nothing that was permitted is now denied",
    "looser": "proven: nothing that was denied is now permitted",
}
_REACHES: dict[Reach, str] = {
    "same": "its condition holds in the same situations",
    "wider": "its condition is wider: it holds in more situations",
    "narrower": "its condition is narrower: it holds in fewer situations",
    "both": "its condition holds in some situations in which it did not, and no longer in others",
    "unknown": "how its condition compares was not settled",
}
_AMONG = {"all": "condition", "any": "alternative", "not": "exception", "day": "condition on the date"}
_NEAR = 6
"""How many words are shown on either side of a change in a text."""


# Text -----------------------------------------------------------------------------------------------------------------


def show_comparison(comparison: Comparison, out: Console) -> None:
    """Print a comparison."""
    for line in _lines(comparison):
        out.print(line, soft_wrap=not out.is_terminal)


def _lines(comparison: Comparison) -> Iterator[str]:
    whole = verdict(comparison.together)
    yield f"[{_STYLE[whole]}]{_name(whole).upper()}[/]: {_VERDICTS[whole]}"
    yield _compared(comparison)
    if len(comparison.frameworks) != 1 or comparison.compared != 1:
        yield from (f"  {_NONE[d]}" for d in DIRECTIONS if comparison.together[d].exists is False)
    for framework in comparison.frameworks:
        if _matters(framework):
            yield ""
            yield from _framework(comparison, framework)
    yield from _section("Facts", [line for fact in comparison.facts if _fact_matters(fact) for line in _fact(fact)])
    yield from _section("Clauses", [line for clause in comparison.clauses for line in _clause(clause)])
    yield from _section(
        "Deployments (no part of a proof)", [line for d in comparison.deployments for line in _deployment(d)]
    )
    yield from _section("Recorded requests", _recorded(comparison.recorded))
    yield from _section("No effect on any decision", _words(comparison))


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    if lines:
        yield ""
        yield f"[bold]{heading}[/]"
        yield from (f"  {line}" for line in lines)


def _compared(comparison: Comparison) -> str:
    frameworks = "1 framework" if comparison.compared == 1 else f"{comparison.compared} frameworks"
    names = f"{escape(comparison.old.name)} -> {escape(comparison.new.name)}"
    differ = sum(map(_matters, comparison.frameworks))
    days = "" if comparison.old.day else f", as of {', '.join(day.isoformat() for day, _ in comparison.days)}"
    return f"{names}{days}; {frameworks} compared, {differ or 'none'} changed"


def _name(found: Verdict) -> str:
    return _NAMES.get(found, found)


def _matters(framework: FrameworkComparison) -> bool:
    changed = any(rule.matters for rule in framework.rules)
    return framework.kind != "changed" or verdict(framework.answers) != "same" or changed


def _framework(comparison: Comparison, framework: FrameworkComparison) -> Iterator[str]:
    found = verdict(framework.answers)
    only = {"added": " (a new framework)", "removed": " (the framework is gone)"}.get(framework.kind, "")
    title = f"[bold]{framework.name}[/] {escape(framework.title)}{only}"
    yield f"{title}: [{_STYLE[found]}]{_name(found)}[/], {_VERDICTS[found]}"
    yield from _answers(comparison, framework.answers)
    for rule in framework.rules:
        if rule.matters:
            yield from (f"  {line}" for line in _rule(rule, framework.reaches.get(rule.id)))


def _answers(comparison: Comparison, answers: Answers) -> Iterator[str]:
    for direction in DIRECTIONS:
        yield from (f"  {line}" for line in _answer(comparison, direction, answers[direction]))


def _answer(comparison: Comparison, direction: Direction, answer: Answer) -> Iterator[str]:
    if answer.exists is None:
        yield f"{_FOUND[direction]}: [yellow]not settled[/]: {escape(answer.reason)}"
    elif not answer.exists:
        yield f"{_NONE[direction]}"
    elif answer.witness is None:
        yield f"{_FOUND[direction]}: something is, but no request can say the same to both sides"
    else:
        yield f"{_FOUND[direction]}, for example: {escape(answer.witness.says)}"
        yield from (f"  {line}" for line in _witness(comparison, answer.witness))


def _witness(comparison: Comparison, witness: Witness) -> Iterator[str]:
    for name, about, value in witness.facts:
        yield f"{name} of {escape(about)}: {escape(_value(value))}"
    for unread, what in witness.unread:
        yield f"{escape(getattr(comparison, unread).name)} does not know {escape(what)}"
    for side, example in ((comparison.old, witness.old), (comparison.new, witness.new)):
        day = f" as of {example.situation.day}" if len(comparison.days) > 1 else ""
        yield f"under {escape(side.name)}{day}: {escape(_why(witness, example))}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(code for code, held in sorted(value.items()) if held) or "none"
    shown = printable(value)
    return str(shown).lower() if isinstance(shown, bool) else str(shown)


def _why(witness: Witness, example: Example) -> str:
    found = witness.why(example)
    if not found:
        return "permitted: no framework says anything"
    denied = [finding for finding in found if finding.outcome == "deny"]
    if not denied and len(witness.frameworks) > 1:
        return "permitted by every framework"
    return "; ".join(dict.fromkeys(map(_reason, denied[:1] or found)))


def _reason(finding: Finding) -> str:
    name = finding.framework.framework
    if finding.outcome == "not_applicable" or (finding.outcome == "allow" and finding.applies.truth is False):
        return f"permitted: {name} does not apply"
    if finding.outcome == "allow":
        used = finding.used.basis if finding.used else None
        return f"permitted under {used.id}: {used.title} ({used.cite})" if used else f"permitted by {name}"
    if finding.holding:
        bar = finding.holding[0]
        return f"denied, barred by {bar.id}: {bar.says} ({bar.cite})"
    return f"denied: no basis of {name} holds"


def _rule(rule: RuleChange, reach: Reach | None) -> Iterator[str]:
    was = f", was {rule.was}" if rule.was else ""
    yield f"[bold]{rule.kind}[/] {rule.id}{was}: {escape(rule.title)} ({escape(rule.cite)}) {_places(rule.places)}"
    for condition in rule.conditions:
        yield from (f"  {line}" for line in _condition(condition))
    for name in rule.through:
        yield f'  through the definition "{escape(name)}"'
    if reach:
        yield f"  {_REACHES[reach]}"
    for field in rule.fields:
        yield f"  {_field(field)}"
    for demand in rule.demands:
        yield from (f"  {line}" for line in _demand(demand))


def _condition(change: ConditionChange) -> Iterator[str]:
    kind = _AMONG.get(change.among, "condition")
    if change.old is None or change.new is None:
        stated = change.new or change.old
        assert stated is not None
        if change.among == "day":
            word = "now holds" if change.new else "no longer holds"
        else:
            word = "added" if change.new else "dropped"
        yield f"{kind} {word}: {_stated(stated)} {_places([stated.place])}"
        return
    yield f"{kind} changed: {_stated(change.new)} {_places([change.old.place, change.new.place])}"
    if change.lost or change.gained:
        if change.lost:
            yield f"  no longer: {escape(', '.join(change.lost))}"
        if change.gained:
            yield f"  newly: {escape(', '.join(change.gained))}"
    else:
        yield f"  was: {escape(change.old.test or change.old.says)}"
        yield f"  now: {escape(change.new.test or change.new.says)}"


def _stated(stated: Stated) -> str:
    test = f" [dim]{escape(stated.test)}[/]" if stated.test and stated.test != stated.says else ""
    cite = f" ({escape(stated.cite)})" if stated.cite else ""
    return f"{escape(stated.says)}{cite}{test}"


def _demand(demand: DemandChange) -> Iterator[str]:
    says = f": {escape(demand.says)}" if demand.says else ""
    word = {"added": "now required", "removed": "no longer required"}.get(demand.change, "required otherwise")
    yield f"{word}: {demand.kind} {demand.name}{says}"
    for field in demand.fields:
        yield f"  {_field(field)}"
    for condition in demand.conditions:
        yield from (f"  {line}" for line in _condition(condition))


def _field(field: Field) -> str:
    return f"{field.name}: {escape(field.old) or 'nothing'} -> {escape(field.new) or 'nothing'}"


def _places(places: Iterable[Place | None]) -> str:
    shown = dict.fromkeys(place(p.file, p.mark) for p in places if p is not None)
    return f"[dim]{escape('[' + ' -> '.join(shown) + ']')}[/]"


# Facts, clauses and the rest ------------------------------------------------------------------------------------------


def _fact_matters(fact: FactChange) -> bool:
    return bool(fact.kind != "changed" or fact.fields or fact.lost or fact.gained)


def _fact(fact: FactChange) -> Iterator[str]:
    if fact.kind != "changed":
        yield f"{fact.kind} {fact.name}: only one side knows it"
        return
    yield f"changed {fact.name}"
    yield from (f"  {_field(field)}" for field in fact.fields)
    for codes, word in ((fact.lost, "codes that are gone"), (fact.gained, "new codes")):
        if codes:
            yield f"  {word}: {escape(', '.join(codes))}"


def _clause(clause: ClauseChange) -> Iterator[str]:
    yield f"{clause.kind} {clause.name}"
    yield from (f"  {_field(field)}" for field in clause.fields)
    if clause.text:
        yield f"  {_text(clause.text)}"


def _deployment(deployment: DeploymentChange) -> Iterator[str]:
    yield f"{deployment.kind} {deployment.name}"
    yield from (f"  {_field(field)}" for field in deployment.fields)


def _recorded(requests: Sequence[Recorded]) -> Iterator[str]:
    if requests:
        differing = [request for request in requests if request.differences]
        yield f"{len(requests)} decided under both; {len(differing) or 'none'} differently"
        for request in differing:
            yield f"[bold]{escape(request.title)}[/] [dim]{escape(f'[{place(request.file)}]')}[/]"
            for what, old, new in request.differences:
                yield f"  {_field(Field(what, ', '.join(old), ', '.join(new)))}"


def _words(comparison: Comparison) -> Iterator[str]:
    for framework in comparison.frameworks:
        for rule in framework.rules:
            yield from (f"{rule.id}: {_word(field)}" for field in rule.words)
    for fact in comparison.facts:
        yield from (f"{fact.name}: {_word(field)}" for field in fact.words)


def _word(field: Field) -> str:
    return f"{field.name}: {_text(tuple(wording(field.old, field.new)))}"


def _text(pieces: Sequence[Piece]) -> str:
    """A text with what is gone and what is new marked, and what is far from both left out."""
    shown = []
    for i, piece in enumerate(pieces):
        words = " ".join(piece.text.split())
        if piece.side == "old":
            shown.append(f"[red]{escape(f'[-{words}-]')}[/]")
        elif piece.side == "new":
            shown.append(f"[green]{escape('{+' + words + '+}')}[/]")
        else:
            shown.append(escape(_short(words.split(), first=i == 0, last=i == len(pieces) - 1)))
    return " ".join(filter(None, shown))


def _short(words: list[str], *, first: bool, last: bool) -> str:
    before, after = ([] if first else words[:_NEAR]), ([] if last else words[-_NEAR:])
    if len(words) <= len(before) + len(after) + 1:
        return " ".join(words)
    return " ".join([*before, "...", *after])


# Plain data -----------------------------------------------------------------------------------------------------------


def as_document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "old": comparison.old.name,
        "new": comparison.new.name,
        "days": [[old.isoformat(), new.isoformat()] for old, new in comparison.days],
        "compared": comparison.compared,
        "verdict": verdict(comparison.together),
        "differs": comparison.differs,
        "answers": _answers_document(comparison.together),
        "frameworks": [
            {
                "framework": framework.name,
                "title": framework.title,
                "change": framework.kind,
                "verdict": verdict(framework.answers),
                "answers": _answers_document(framework.answers),
                "rules": [_rule_document(rule, framework.reaches.get(rule.id)) for rule in framework.rules],
            }
            for framework in comparison.frameworks
        ],
        "facts": [_plain(fact) for fact in comparison.facts],
        "clauses": [_plain(clause) for clause in comparison.clauses],
        "deployments": [_plain(deployment) for deployment in comparison.deployments],
        "recorded": [_plain(request) for request in comparison.recorded],
    }


def _answers_document(answers: Answers) -> dict[str, Any]:
    return {
        direction: {
            "exists": answer.exists,
            **({"reason": answer.reason} if answer.reason else {}),
            **({"request": answer.witness.whole.text} if answer.witness else {}),
        }
        for direction, answer in answers.items()
    }


def _rule_document(rule: RuleChange, reach: Reach | None) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "change": rule.kind,
        "was": rule.was,
        "title": rule.title,
        "cite": rule.cite,
        "matters": rule.matters,
        "reach": reach,
        "places": [_plain(found) for found in rule.places],
        "conditions": [_plain(condition) for condition in rule.conditions],
        "through": list(rule.through),
        "requirements": [_plain(demand) for demand in rule.demands],
        "fields": [_plain(field) for field in rule.fields],
        "words": [_plain(field) for field in rule.words],
    }


def _plain(value: Any) -> Any:
    """Named tuples as mappings."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def witness_files(comparison: Comparison) -> dict[str, str]:
    """The requests that show a difference, by file name, each with a comment that says what it shows."""
    asked = [(f.name, f.answers) for f in comparison.frameworks]
    if comparison.compared > 1:
        asked.append(("together", comparison.together))
    return {
        f"{name}-{direction}.yaml": _witness_file(comparison, answers[direction].witness)
        for name, answers in asked
        for direction in DIRECTIONS
        if answers[direction].witness
    }


def _witness_file(comparison: Comparison, witness: Witness | None) -> str:
    assert witness is not None
    lines = []
    for side, example in ((comparison.old, witness.old), (comparison.new, witness.new)):
        lines.append(f"# under {side.name} as of {example.situation.day}: {_why(witness, example)}")
    for unread, what in witness.unread:
        lines.append(f"# {getattr(comparison, unread).name} does not know {what}: leave it out there")
    return "\n".join([*lines, witness.whole.text])
