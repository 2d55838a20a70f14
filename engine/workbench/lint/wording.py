"""Words: what people are asked, and what they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine.conditions import All, AtLeast, Condition, Either, Not, Test, Use, parts_of, tests_in
from engine.policies import Framework
from engine.workbench.lint.registry import Found, Subject, check, value_at, walk

_WITH_A_QUESTION = """
    facts:
      receiver.other_trained: {type: boolean, question: Have the receiver's staff been trained?, cite: s. 4}
    bars:
      untrained:
        says: Nobody without training may have the data
        cite: s. 4
        checked: text
        when: {receiver.other_trained: false}
"""
"""A fact that people state, with its question."""


@check(
    "question-missing",
    "warning",
    "a fact that people state has no question",
    bad="""
        facts:
          receiver.other_trained: {type: boolean, cite: s. 4}
        bars:
          untrained:
            says: Nobody without training may have the data
            cite: s. 4
            checked: text
            when: {receiver.other_trained: false}
        """,
    good=_WITH_A_QUESTION,
)
def question_missing(subject: Subject) -> Iterator[Found]:
    """When the fact is missing, the requester sees its question. Without one, all there is to see is its name."""
    for document, path, name in subject.declared("facts"):
        raw = value_at(document, path)
        asked = not raw.get("derived") and not name.startswith("deployment.")
        if asked and not raw.get("question"):
            yield Found(document, path, f'the fact "{name}" has no question', "add question: ...?")


@check(
    "question-form",
    "warning",
    "a question has no question mark",
    bad="""
        facts:
          receiver.other_trained: {type: boolean, question: Whether staff have been trained, cite: s. 4}
        bars:
          untrained:
            says: Nobody without training may have the data
            cite: s. 4
            checked: text
            when: {receiver.other_trained: false}
        """,
    good=_WITH_A_QUESTION,
)
def question_form(subject: Subject) -> Iterator[Found]:
    """The question is shown to a person as it stands. A sentence on how to answer may follow its question mark."""
    for document, path, _ in subject.declared("facts"):
        question = value_at(document, path).get("question")
        if question and "?" not in question:
            yield Found(document, (*path, "question"), f'"{question}" is not a question', "end it with ?")


@check(
    "ask-unused",
    "warning",
    "a clause asks for a text that it never prints",
    bad="""
        clauses:
          law.clause.use:
            title: Use
            element: a
            text: "{{ receiver.name }} uses the data for {{ purpose }} alone."
            asks: {activity: Describe what the data will be used for.}
        """,
    good="""
        clauses:
          law.clause.use:
            title: Use
            element: a
            text: "{{ receiver.name }} uses the data for this alone: {{ text.activity }}."
            asks: {activity: Describe what the data will be used for.}
        """,
)
def ask_unused(subject: Subject) -> Iterator[Found]:
    """The requester writes a text that the agreement does not show."""
    for document, path, name in subject.clauses():
        clause = subject.policies.clauses[name]
        printed = set(re.findall(r"\btext\.([a-z0-9_]+)", clause.text))
        for ask in clause.asks:
            if ask not in printed:
                yield Found(document, (*path, "asks", ask), f'the clause asks for "{ask}" and does not print it')


@check(
    "words-missing",
    "note",
    "a group of conditions inside a rule does not say what it means",
    bad="""
        bars:
          advertising:
            says: The data may not serve advertising
            cite: s. 5
            checked: text
            when:
              - request.purpose: marketing
              - any:
                  - data.sensitive: true
                  - receiver.trusted: false
        """,
    good="""
        bars:
          advertising:
            says: The data may not serve advertising
            cite: s. 5
            checked: text
            when:
              - request.purpose: marketing
              - any:
                  - data.sensitive: true
                  - receiver.trusted: false
                says: The data are sensitive, or the receiver is not trusted
        """,
)
def words_missing(subject: Subject) -> Iterator[Found]:
    """A test without words of its own is explained by its fact; a group of tests only by "one of these holds".

    Nobody can take that to the regulation. A group is `all`, `any` or `at_least` with several tests below it, alone or
    under `not`.

    The whole condition of a rule needs none, since the rule itself has words; nor does what stands inside a group that
    has some.
    """
    for framework, _ in subject.frameworks():
        for rule in framework.rules():
            whole = rule.when
            while isinstance(whole, All) and len(whole.parts) == 1:
                whole = whole.parts[0]
            inside = () if whole.says or isinstance(whole, Use) else parts_of(whole)
            for group in (group for part in inside for group in _wordless(part)):
                message = f"this part of {rule.id} does not say what it means"
                yield Found(framework.document, group.path, message, "add says: ONE SENTENCE")


def _wordless(condition: Condition) -> Iterator[Condition]:
    """The outermost groups without words at or below a condition."""
    if condition.says or isinstance(condition, Test | Use):
        return
    if len(tests_in(condition)) > 1 and not isinstance(condition, Not | Use):
        yield condition
        return
    for part in parts_of(condition):
        yield from _wordless(part)


@check(
    "unverified",
    "note",
    "nobody has verified a rule's source",
    bad="""
        bars:
          advertising:
            says: The data may not serve advertising
            cite: s. 5
            checked: unverified
            when: {request.purpose: marketing}
        """,
    good="""
        bars:
          advertising:
            says: The data may not serve advertising
            cite: s. 5
            checked: text
            when: {request.purpose: marketing}
        """,
)
def unverified(subject: Subject) -> Iterator[Found]:
    """A rule written from knowledge is a draft, and every output that relies on it says so.

    Read the source, and say with `checked` how far it bears the rule.
    """
    for framework, _ in subject.frameworks():
        for rule in framework.rules():
            if rule.checked == "unverified":
                path = (*framework.path_of(rule), "checked")
                yield Found(framework.document, path, f'"{rule.id}" rests on a source that nobody has verified')


REPEATED = 3
"""How often a group of conditions may stand in a framework before it should have a name."""


@check(
    "condition-repeated",
    "note",
    "the same group of conditions stands three times or more in a framework",
    bad="""
        bars:
          one:
            says: Not for advertising
            cite: s. 5
            checked: text
            when:
              - request.purpose: marketing
              - any: [{data.sensitive: true}, {receiver.trusted: false}]
                says: Delicate
          two:
            says: Not without approval
            cite: s. 6
            checked: text
            when:
              - request.approved: false
              - any: [{receiver.trusted: false}, {data.sensitive: true}]
                says: Delicate
          three:
            says: Not in full
            cite: s. 7
            checked: text
            when:
              - flow.form: identified
              - any: [{data.sensitive: true}, {receiver.trusted: false}]
                says: Delicate
        """,
    good="""
        definitions:
          delicate:
            says: The data are sensitive, or the receiver is not trusted
            cite: s. 2
            checked: text
            when:
              any: [{data.sensitive: true}, {receiver.trusted: false}]
        bars:
          one:
            says: Not for advertising
            cite: s. 5
            checked: text
            when:
              - request.purpose: marketing
              - definition: delicate
        """,
)
def condition_repeated(subject: Subject) -> Iterator[Found]:
    """What stands in three places is changed in two. A definition has a name, words and a paragraph of its own.

    Groups count as the same if they test the same in any order, whatever they say of themselves.
    """
    for framework, _ in subject.frameworks():
        groups: dict[Any, list[Condition]] = {}
        for condition in _groups(framework):
            groups.setdefault(_shape(condition), []).append(condition)
        often = {shape: found for shape, found in groups.items() if len(found) >= REPEATED}
        for shape, found in often.items():
            if not any(_part_of(shape, other) and len(often[other]) >= len(found) for other in often):
                found.sort(key=lambda group: framework.document.mark_of(group.path))
                others = ", ".join(str(framework.document.mark_of(group.path).line) for group in found[1:])
                message = f"the same conditions stand {len(found)} times, also on lines {others}"
                yield Found(framework.document, found[0].path, message, "define them once")


def _groups(framework: Framework) -> Iterator[Condition]:
    """The groups of two tests or more in the rules of a framework."""
    for rule in framework.rules():
        for condition in walk(rule.when):
            if isinstance(condition, All | Either | AtLeast) and len(condition.parts) > 1:
                yield condition


def _shape(condition: Condition) -> Any:
    """What a condition tests, without words and without order; equal for conditions that test the same."""
    match condition:
        case Test(fact=fact, operator=operator, operands=operands):
            return (fact, operator, frozenset(operands))
        case Use(name=name):
            return ("use", name)
        case AtLeast(count=count):
            return (count, frozenset(map(_shape, condition.parts)))
        case _:
            return (type(condition).__name__, frozenset(map(_shape, parts_of(condition))))


def _part_of(shape: Any, other: Any) -> bool:
    """Whether a shape stands inside another."""
    inside = other[-1] if isinstance(other[-1], frozenset) else ()
    return any(part == shape or (isinstance(part, tuple) and _part_of(shape, part)) for part in inside)
