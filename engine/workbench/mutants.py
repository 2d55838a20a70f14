"""Frameworks with one thing changed: a condition left out, a day moved, a requirement dropped.

A mutant is made from the compiled rules; no YAML is read again. A change inside a definition reaches every rule that
uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal, TypeVar

from engine.conditions import All, AtLeast, Condition, Either, FactName, Not, Test, Use, in_words, label, parts_of
from engine.documents import Path_
from engine.facts import Duration, Scalar, Vocabulary, printable
from engine.policies import Bar, Basis, Framework, Penalty, Rule
from engine.policies.models import Applies, Definition, Demand, InForce, Requirement, Step

Kind = Literal[
    "drop-condition", "swap", "negate", "move-date", "move-threshold", "move-in-force", "narrow", "widen",
    "drop-requirement", "drop-when", "drop-restriction", "drop-bar", "drop-basis",
]  # fmt: skip
Stated = Callable[[str, str], Collection[str]]
"""The codes that the cases of a rule state for a fact."""
T = TypeVar("T")
Conditional = TypeVar("Conditional", Applies, Definition, Bar, Basis, Step, Requirement)
Demanding = TypeVar("Demanding", bound=Demand)

ALWAYS = All(())
NEVER = Either(())


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a framework.

    `rule` is what it changes, `path` the place in the framework's document, `question` what a case would have to tell,
    in words that follow "no case tells". `conditions` are the rules whose condition it changes, each with the new one.
    `make` builds the whole framework with the change.
    """

    kind: Kind
    rule: str
    path: Path_
    question: str
    make: Callable[[], Framework]
    conditions: Mapping[str, Condition]


def mutants(framework: Framework, vocabulary: Vocabulary, stated: Stated) -> Iterator[Mutant]:
    """Every mutant of a framework.

    A list is widened by a code that cases state, where there is one: no case can notice another.
    """
    yield from _Conditions(framework, vocabulary, stated).mutants()
    yield from _days(framework)
    yield from _left_out(framework)
    yield from _restrictions(framework)
    yield from _requirements(framework)


# Conditions -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Change:
    """One change inside a condition: the node at `target` becomes `new`; `path` is the place the question is about."""

    kind: Kind
    target: Path_
    new: Condition
    path: Path_
    question: str


@dataclass(frozen=True, slots=True)
class _Conditions:
    framework: Framework
    vocabulary: Vocabulary
    stated: Stated

    def mutants(self) -> Iterator[Mutant]:
        rules = [rule for rule in self.framework.rules() if not isinstance(rule, Penalty)]
        made: set[tuple[Path_, Condition]] = set()
        for rule in rules:
            for change in self.changes(rule.when, rule.id):
                if (change.target, change.new) in made:
                    continue  # an alias writes one condition into several rules
                made.add((change.target, change.new))
                rewrite = partial(_rewritten, change=change, own=self.framework.definitions)
                touched = {other.id: new for other in rules if (new := rewrite(other.when)) is not other.when}
                make = partial(_with_conditions, self.framework, rewrite)
                yield Mutant(change.kind, rule.id, change.path, change.question, make, touched)

    def changes(self, node: Condition, rule: str, *, negated: bool = False) -> Iterator[_Change]:
        """The changes of a condition and of its parts; a definition is changed where it is written."""
        match node:
            case Test():
                yield from self.test_changes(node, rule)
            case All() | Either() | AtLeast():
                yield from _group_changes(node, rule)
        words = f'"{in_words(node)}"'
        if isinstance(node, Not):
            yield _Change("negate", node.path, node.part, node.path, f"{words} from its opposite in {rule}")
        elif isinstance(node, Test | Use) and not negated:
            yield _Change("negate", node.path, Not(node), node.path, f"{words} from its opposite in {rule}")
        if not isinstance(node, Use):
            for part in parts_of(node):
                yield from self.changes(part, rule, negated=isinstance(node, Not))

    def test_changes(self, test: Test, rule: str) -> Iterator[_Change]:
        words = f'"{in_words(test)}"'

        def change(kind: Kind, question: str, *operands: Scalar | FactName, operator: str = test.operator) -> _Change:
            new = replace(test, operator=operator, operands=operands)
            return _Change(kind, test.path, new, test.path, question)

        declared = self.vocabulary[test.fact]
        for i, operand in enumerate(test.operands):
            before, after = test.operands[:i], test.operands[i + 1 :]
            if isinstance(operand, date):
                for day, side in _neighbours(operand):
                    question = f"{operand} from the day {side} in {words} of {rule}"
                    yield change("move-date", question, *before, day, *after)
            elif declared.fact.type in ("number", "duration") and not isinstance(operand, FactName):
                for other in _steps(operand):
                    question = f"{printable(operand)} from {printable(other)} in {words} of {rule}"
                    yield change("move-threshold", question, *before, other, *after)
            elif isinstance(operand, str) and len(test.operands) > 1:
                yield change("narrow", f"whether {operand} belongs in {words} of {rule}", *before, *after)
        code = self.another_code(test, rule)
        if code is not None:
            operator = {"is": "any_of", "includes": "includes_any"}.get(test.operator, test.operator)
            question = f"whether {code} stays out of {words} in {rule}"
            yield change("widen", question, *test.operands, code, operator=operator)

    def another_code(self, test: Test, rule: str) -> str | None:
        """A code that a test does not name: one that a case states, or else the first declared."""
        if not all(isinstance(operand, str) for operand in test.operands):
            return None
        others = [code for code in self.vocabulary[test.fact].codes if code not in test.operands]
        stated = self.stated(rule, test.fact)
        return next((code for code in others if code in stated), next(iter(others), None))


def _group_changes(group: All | Either | AtLeast, rule: str) -> Iterator[_Change]:
    does = {All: "matters to", Either: "is enough for", AtLeast: "counts for"}[type(group)]
    for i, part in enumerate(group.parts):
        rest = replace(group, parts=_without(group.parts, i))
        yield _Change("drop-condition", group.path, rest, part.path, f'whether "{in_words(part)}" {does} {rule}')
    names = ", ".join(map(label, group.parts))
    if isinstance(group, AtLeast):
        for count in (group.count - 1, group.count + 1):
            if 1 <= count <= len(group.parts):
                question = f"{group.count} from {count} of {names} in {rule}"
                yield _Change("move-threshold", group.path, replace(group, count=count), group.path, question)
    elif len(group.parts) > 1:
        other = Either if isinstance(group, All) else All
        new = other(group.parts, id=group.id, says=group.says, cite=group.cite, checked=group.checked, path=group.path)
        question = f"whether {rule} needs all of {names}, or one of them"
        yield _Change("swap", group.path, new, group.path, question)


def _neighbours(day: date) -> Iterator[tuple[date, str]]:
    if day > date.min:
        yield day - timedelta(days=1), "before"
    if day < date.max:
        yield day + timedelta(days=1), "after"


def _steps(value: Scalar) -> tuple[Scalar, ...]:
    """The values one below and one above, of the unit in which a person would write them."""
    if isinstance(value, Duration):
        size = {"hours": 24, "months": 12}.get(value.unit, 1)
        step = size if value.amount % size == 0 else 1
        return Duration(value.amount - step, value.unit), Duration(value.amount + step, value.unit)
    assert isinstance(value, int | float)
    return value - 1, value + 1


def _rewritten(condition: Condition, change: _Change, own: Collection[str]) -> Condition:
    """The condition with a change made in it, also inside the framework's own definitions; itself where there is none.

    A path is a place in the framework's document, so it names one node.
    """
    if condition.path == change.target:
        return change.new
    if isinstance(condition, Test) or (isinstance(condition, Use) and condition.name not in own):
        return condition
    parts = parts_of(condition)
    new = tuple([_rewritten(part, change, own) for part in parts])
    if all(a is b for a, b in zip(parts, new, strict=True)):
        return condition
    return replace(condition, part=new[0]) if isinstance(condition, Not | Use) else replace(condition, parts=new)


def _with_conditions(framework: Framework, rewrite: Callable[[Condition], Condition]) -> Framework:
    """The framework with every condition rewritten."""

    def at(item: Conditional) -> Conditional:
        return item.model_copy(update={"when": rewrite(item.when)})

    def basis(item: Basis) -> Basis:
        return at(item).model_copy(update={"requires": tuple(map(at, item.requires))})

    return framework.changed(
        applies=at(framework.applies),
        definitions={key: at(item) for key, item in framework.definitions.items()},
        bars={key: at(item) for key, item in framework.bars.items()},
        bases={key: basis(item) for key, item in framework.bases.items()},
        steps={key: at(item) for key, item in framework.steps.items()},
        sets={key: tuple(map(at, items)) for key, items in framework.sets.items()},
        requires=tuple(map(at, framework.requires)),
    )


# Rules ----------------------------------------------------------------------------------------------------------------


def _days(framework: Framework) -> Iterator[Mutant]:
    """The first and last days of the framework and its rules, each a day earlier and later."""
    yield from _moved(framework.in_force, framework.framework, (), lambda days: framework.changed(in_force=days))
    for rule in framework.rules():
        if not isinstance(rule, Definition | Penalty):
            path = framework.path_of(rule)
            yield from _moved(rule.in_force, rule.id, path, partial(_with_days, framework, rule))


def _with_days(framework: Framework, rule: Rule, days: InForce) -> Framework:
    return _with_rule(framework, rule, in_force=days)


def _with_rule(framework: Framework, rule: Rule, **parts: Any) -> Framework:
    changed = rule.model_copy(update=parts)
    section, key = framework.path_of(rule)[-2:] if rule is not framework.applies else ("applies", "")
    table = {**getattr(framework, str(section)), key: changed} if key else changed
    return framework.changed(**{str(section): table})


def _moved(days: InForce, name: str, path: Path_, make: Callable[[InForce], Framework]) -> Iterator[Mutant]:
    for key, field, which in (("from", "from_", "first"), ("until", "until", "last")):
        day: date | None = getattr(days, field)
        for other, side in _neighbours(day) if day else ():
            moved = days.model_copy(update={field: other})
            question = f"{day} from the day {side} as the {which} day of {name}"
            yield Mutant("move-in-force", name, (*path, "in_force", key), question, partial(make, moved), {})


def _left_out(framework: Framework) -> Iterator[Mutant]:
    tables: tuple[tuple[Kind, str, str], ...] = (("drop-bar", "bars", "forbids"), ("drop-basis", "bases", "permits"))
    for kind, section, does in tables:
        table: Mapping[str, Rule] = getattr(framework, section)
        for key, rule in table.items():
            rest = {name: other for name, other in table.items() if name != key}
            make = partial(framework.changed, **{section: rest})
            question = f"whether {rule.id} {does} anything"
            yield Mutant(kind, rule.id, framework.path_of(rule), question, make, {rule.id: NEVER})


def _restrictions(framework: Framework) -> Iterator[Mutant]:
    for basis in framework.bases.values():
        for i, name in enumerate(basis.attaches):
            make = partial(_with_rule, framework, basis, attaches=_without(basis.attaches, i))
            path = (*framework.path_of(basis), "attaches", i)
            yield Mutant("drop-restriction", basis.id, path, f"whether {basis.id} attaches {name}", make, {})


# Requirements ---------------------------------------------------------------------------------------------------------


def _requirements(framework: Framework) -> Iterator[Mutant]:
    """Every requirement dropped, freed of its condition, or with its days moved."""
    root = framework.path_of(framework.applies)[:-1]
    name = framework.framework
    yield from _listed(framework.requires, name, (*root, "requires"), lambda items: framework.changed(requires=items))
    for basis in framework.bases.values():
        put = partial(_with_requirements, framework, basis)
        yield from _listed(basis.requires, basis.id, (*framework.path_of(basis), "requires"), put)
    for key, items in framework.sets.items():
        put = partial(_with_set, framework, key)
        yield from _listed(items, f"the set {key} of {name}", (*root, "sets", key), put)
    for key, step in framework.steps.items():
        put_step = partial(_with_step, framework, key)
        yield from _loosened(step, f"the step {key}", f"{name}", (*root, "steps", key), put_step)


def _listed(
    items: tuple[Requirement, ...], owner: str, path: Path_, put: Callable[[tuple[Requirement, ...]], Framework]
) -> Iterator[Mutant]:
    for i, item in enumerate(items):
        kind = next(kind for kind in ("clause", "instrument", "step", "set") if getattr(item, kind))
        what = f"the {kind} {getattr(item, kind)}"
        question = f"whether {owner} requires {what}"
        make = partial(put, _without(items, i))
        yield Mutant("drop-requirement", owner, (*path, i), question, make, {})

        def put_item(new: Requirement, i: int = i) -> Framework:
            return put((*items[:i], new, *items[i + 1 :]))

        yield from _loosened(item, what, owner, (*path, i), put_item)


def _loosened(
    item: Demanding, what: str, owner: str, path: Path_, put: Callable[[Demanding], Framework]
) -> Iterator[Mutant]:
    """A requirement or step without its condition, and with its days moved."""
    if item.when != ALWAYS:
        question = f'whether {owner} requires {what} only where "{in_words(item.when)}"'
        make = partial(put, item.model_copy(update={"when": ALWAYS}))
        yield Mutant("drop-when", owner, (*path, "when"), question, make, {})
    yield from _moved(
        item.in_force, f"{what} of {owner}", path, lambda days: put(item.model_copy(update={"in_force": days}))
    )


def _with_requirements(framework: Framework, basis: Basis, items: tuple[Requirement, ...]) -> Framework:
    return _with_rule(framework, basis, requires=items)


def _with_set(framework: Framework, key: str, items: tuple[Requirement, ...]) -> Framework:
    return framework.changed(sets={**framework.sets, key: items})


def _with_step(framework: Framework, key: str, step: Step) -> Framework:
    return framework.changed(steps={**framework.steps, key: step})


def _without(items: tuple[T, ...], i: int) -> tuple[T, ...]:
    return (*items[:i], *items[i + 1 :])
