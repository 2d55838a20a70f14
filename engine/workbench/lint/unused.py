"""What is declared and never read, required or attached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from engine.conditions import Use, facts_in, tests_in
from engine.facts import PAPERS
from engine.policies import DeploymentFact, Framework, Rule
from engine.policies.models import Demand, Requirement
from engine.workbench.lint.registry import Found, Subject, check, value_at, walk


def _demands(framework: Framework) -> Iterator[Demand]:
    """Every requirement and step that a framework writes, whether it is used or not."""
    yield from framework.steps.values()
    yield from framework.requires
    for requirements in (*framework.sets.values(), *(basis.requires for basis in framework.bases.values())):
        yield from requirements


def _owners(subject: Subject) -> Iterator[Rule | Demand]:
    """Everything that has a condition: rules, definitions, steps and requirements."""
    for framework, _ in subject.frameworks():
        yield from framework.rules()
        yield from _demands(framework)


def _facts_read(subject: Subject) -> set[str]:
    """The names, as declared, of all facts that some rule, requirement or clause reads."""
    names = {name for owner in _owners(subject) for name in facts_in(owner.when)}
    withins = [owner.within or owner.for_ for owner in _owners(subject) if isinstance(owner, Demand)]
    names |= {within.fact for within in withins if isinstance(within, DeploymentFact)}
    for clause in subject.policies.clauses.values():
        names |= {f"deployment.{name}" for name in re.findall(r"\bsettings\.([a-z0-9_]+)", clause.text)}
    vocabulary = subject.policies.vocabulary
    return {declared.shown for name in names if (declared := vocabulary.get(name))}


def _unused(subject: Subject, section: str, used: set[str], what: str) -> Iterator[Found]:
    for document, path, name in subject.declared(section):
        if name not in used:
            yield Found(document, path, f'the {what} "{name}" is not used', "use it, or take it out")


@check(
    "unused-fact",
    "warning",
    "no rule, requirement or clause reads a fact",
    bad="""
        facts:
          receiver.other_trained:
            type: boolean
            question: Have the receiver's staff been trained?
            cite: s. 4
        """,
    good="""
        facts:
          receiver.other_trained:
            type: boolean
            question: Have the receiver's staff been trained?
            cite: s. 4
        bars:
          untrained:
            says: Nobody without training may have the data
            cite: s. 4
            checked: text
            when: {receiver.other_trained: false}
        """,
)
def unused_fact(subject: Subject) -> Iterator[Found]:
    """A requester who states the fact learns nothing by it, and a rule that should read it may be missing.

    Texts are printed, never tested, and derived facts are never asked: neither is reported.
    """
    used = _facts_read(subject)
    for found in _unused(subject, "facts", used, "fact"):
        raw = value_at(found.document, found.path)
        if raw["type"] != "text" and not raw.get("derived"):
            yield found


@check(
    "unused-definition",
    "warning",
    "no condition uses a definition",
    bad="""
        definitions:
          small:
            says: The figures are small
            cite: s. 2
            checked: text
            when: {flow.smallest_cell: {at_most: 10}}
        """,
    good="""
        definitions:
          small:
            says: The figures are small
            cite: s. 2
            checked: text
            when: {flow.smallest_cell: {at_most: 10}}
        bars:
          small-figures:
            says: Small figures are not published
            cite: s. 5
            checked: text
            when: {definition: small}
        """,
)
def unused_definition(subject: Subject) -> Iterator[Found]:
    """What a definition says has no effect until a rule uses it. A rule may have been meant to, and does not."""
    everywhere = _definitions_used(_owners(subject))
    for framework, base in subject.frameworks():
        used = _definitions_used((*framework.rules(), *_demands(framework)))
        for name in framework.definitions:
            if name not in used:
                path = (*base, "definitions", name)
                yield Found(framework.document, path, f'the definition "{name}" is not used', "use it, or take it out")
    for document in subject.documents:
        if "vocabulary" in document.data:
            for name in document.data.get("definitions", ()):
                if name not in everywhere:
                    yield Found(document, ("definitions", name), f'the definition "{name}" is not used')


def _definitions_used(owners: Iterable[Rule | Demand]) -> set[str]:
    return {part.name for owner in owners for part in walk(owner.when) if isinstance(part, Use)}


@check(
    "unused-step",
    "warning",
    "no rule requires a step",
    bad="""
        steps:
          report: {says: Report to the board each year, by: provider, due: continuing, cite: s. 9}
        """,
    good="""
        steps:
          report: {says: Report to the board each year, by: provider, due: continuing, cite: s. 9}
        requires:
          - step: report
        """,
)
def unused_step(subject: Subject) -> Iterator[Found]:
    """A step that stands under `steps` is owed only where a rule, or a set that a rule requires, names it."""
    for framework, base in subject.frameworks():
        used = _named_by(_demands(framework), "step")
        for name in framework.steps:
            if name not in used:
                path = (*base, "steps", name)
                yield Found(framework.document, path, f'the step "{name}" is not used', "require it, or take it out")


@check(
    "unused-set",
    "warning",
    "no rule requires a set",
    bad="""
        sets:
          papers:
            - {instrument: pact, between: [provider, receiver]}
        """,
    good="""
        sets:
          papers:
            - {instrument: pact, between: [provider, receiver]}
        requires:
          - set: papers
        """,
)
def unused_set(subject: Subject) -> Iterator[Found]:
    """The clauses, papers and steps of a set are owed only where a rule names the set."""
    for framework, base in subject.frameworks():
        used = _named_by(_demands(framework), "set")
        for name in framework.sets:
            if name not in used:
                path = (*base, "sets", name)
                yield Found(framework.document, path, f'the set "{name}" is not used', "require it, or take it out")


def _named_by(owners: Iterable[Rule | Demand], kind: Literal["clause", "instrument", "step", "set"]) -> set[str]:
    """What requirements name: clauses, instruments, steps or sets."""
    names = [getattr(owner, kind) for owner in owners if isinstance(owner, Requirement)]
    return {name for name in names if name is not None}


def _codes_tested(subject: Subject) -> dict[str, set[str]]:
    """By fact, as declared, the codes that some condition names."""
    vocabulary, codes = subject.policies.vocabulary, dict[str, set[str]]()
    for owner in _owners(subject):
        for test in tests_in(owner.when):
            named = {operand for operand in test.operands if isinstance(operand, str)}
            codes.setdefault(vocabulary[test.fact].shown, set()).update(named)
    return codes


@check(
    "unused-clause",
    "warning",
    "no rule requires a clause of the library",
    bad="""
        clauses:
          other.clause.audit:
            title: Audit
            element: a
            text: "{{ provider.name }} may audit {{ receiver.name }}."
        """,
    good="""
        requires:
          - {clause: law.clause.use, cite: s. 3}
        """,
)
def unused_clause(subject: Subject) -> Iterator[Found]:
    """A clause enters an agreement only where a rule requires it."""
    used = _named_by(_owners(subject), "clause")
    for document, path, name in subject.clauses():
        if name not in used:
            yield Found(document, path, f'the clause "{name}" is not used', "require it, or take it out")


@check(
    "unused-instrument",
    "warning",
    "no rule requires an instrument or tests whether it is in force",
    bad="""
        instruments:
          other_certificate: {title: A certificate of the board, cite: s. 8}
        """,
    good="""
        instruments:
          other_certificate: {title: A certificate of the board, cite: s. 8}
        requires:
          - {instrument: other_certificate, between: [provider, receiver], cite: s. 8}
        """,
)
def unused_instrument(subject: Subject) -> Iterator[Found]:
    """A paper that no rule asks for changes no answer, even if the parties sign it."""
    used = _named_by(_owners(subject), "instrument") | _codes_tested(subject).get(PAPERS, set())
    yield from _unused(subject, "instruments", used, "instrument")


@check(
    "unused-restriction",
    "warning",
    "no basis attaches a restriction",
    bad="""
        restrictions:
          other_lock: {says: The data stay where they are, cite: s. 6}
        """,
    good="""
        restrictions:
          other_lock: {says: The data stay where they are, cite: s. 6}
        bases:
          visit:
            title: A visit
            cite: s. 6
            checked: text
            attaches: [other_lock]
        """,
)
def unused_restriction(subject: Subject) -> Iterator[Found]:
    """A restriction travels with data only from a basis that lists it under `attaches`."""
    used = {name for basis in subject.policies.bases().values() for name in basis.attaches}
    yield from _unused(subject, "restrictions", used, "restriction")


@check(
    "code-untested",
    "note",
    "no rule tells two or more codes of a fact apart",
    bad="""
        facts:
          receiver.other_level:
            type: code
            question: How well is the receiver's staff trained?
            codes: {full: In full, part: In part, none: Not at all}
            cite: s. 4
        bars:
          untrained:
            says: Nobody without full training may have the data
            cite: s. 4
            checked: text
            when: {receiver.other_level: {not: full}}
        """,
    good="""
        facts:
          receiver.other_level:
            type: code
            question: How well is the receiver's staff trained?
            codes: {full: In full, part: In part, none: Not at all}
            cite: s. 4
        bars:
          untrained:
            says: Nobody without training may have the data
            cite: s. 4
            checked: text
            when: {receiver.other_level: [part, none]}
        """,
)
def code_untested(subject: Subject) -> Iterator[Found]:
    """The requester has to choose between codes that lead to the same answer.

    One untested code is the natural "otherwise" and is not reported. Two or more may be a distinction of the law that a
    rule forgot. Often they are kept on purpose, because people know them by these names.
    """
    tested = _codes_tested(subject)
    for document, path, name in subject.declared("facts"):
        raw = value_at(document, path)
        open_ = [code for code in raw.get("codes", ()) if code not in tested.get(name, ())]
        if name in tested and len(open_) > 1 and not raw.get("derived"):
            quoted = ", ".join(f'"{code}"' for code in open_)
            yield Found(document, (*path, "codes"), f"no rule tells apart these codes of {name}: {quoted}")
