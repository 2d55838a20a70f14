"""The condition tree: built from a document, checked against the vocabulary, evaluated in three-valued logic.

One tree, many folds. `evaluate` folds it into a proof; other modules fold the same tree into solver clauses,
English or another engine's language. None of them reads the YAML again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.documents import Document, Map, Path_, Seq, nearest
from engine.facts import (
    Absence,
    CodeSet,
    Declared,
    Duration,
    Scalar,
    Truth,
    Value,
    Vocabulary,
    all_of,
    any_of,
    at_least,
    negation,
    printable,
    read_scalar,
)

# The tree -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every condition may carry: an id, its own words, its paragraph, and how far the source was verified.

    `path` is its place in the document that it was built from.
    """

    id: str = ""
    says: str = ""
    cite: str = ""
    checked: str = ""
    path: Path_ = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FactName:
    """The right side of a test that compares two facts."""

    name: str


@dataclass(frozen=True, slots=True)
class Test(Node):
    """One test of one fact. `operands` are constants, or one `FactName`."""

    fact: str
    operator: str
    operands: tuple[Scalar | FactName, ...]


@dataclass(frozen=True, slots=True)
class All(Node):
    """True when every part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either(Node):
    """True when some part is (`any` in a document)."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """True when its part is false."""

    part: Condition


@dataclass(frozen=True, slots=True)
class AtLeast(Node):
    """True when `count` or more parts are."""

    count: int
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Use(Node):
    """A definition used by name."""

    name: str
    part: Condition


Condition = Test | All | Either | Not | AtLeast | Use


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions directly below one."""
    match condition:
        case Test():
            return ()
        case Not(part=part) | Use(part=part):
            return (part,)
        case _:
            return condition.parts


def is_list(condition: Condition) -> bool:
    """Whether a rule's condition is a plain list; its parts are then what the rule holds or fails by."""
    return isinstance(condition, All) and not condition.id


def label(condition: Condition) -> str:
    """What a case or a message calls the condition: its id, or else its fact, definition or form."""
    if condition.id:
        return condition.id
    match condition:
        case Test(fact=fact):
            return fact
        case Use(name=name):
            return name
        case Not(part=part):
            return f"not {label(part)}"
        case _:
            return {All: "all", Either: "any", AtLeast: "at_least"}[type(condition)]


def tests_in(condition: Condition) -> list[Test]:
    """All single tests below a condition, left to right."""
    if isinstance(condition, Test):
        return [condition]
    return [test for part in parts_of(condition) for test in tests_in(part)]


def facts_in(condition: Condition) -> list[str]:
    """The names of the facts that a condition reads, in order of first use."""
    tests = tests_in(condition)
    read = [name for t in tests for name in (t.fact, *(o.name for o in t.operands if isinstance(o, FactName)))]
    return list(dict.fromkeys(read))


# Building -------------------------------------------------------------------------------------------------------------

_EVERY = ("boolean", "code", "number", "date", "duration")
OPERATORS: dict[str, tuple[str, ...]] = {
    "is": _EVERY,
    "any_of": ("code", "codes", "number", "date"),
    "not": ("boolean", "code"),
    "includes": ("codes",),
    "includes_any": ("codes",),
    "includes_all": ("codes",),
    "excludes": ("codes",),
    "within": ("codes",),
    "before": ("date",),
    "after": ("date",),
    "on_or_before": ("date",),
    "on_or_after": ("date",),
    "at_least": ("number", "duration"),
    "at_most": ("number", "duration"),
    "known": (*_EVERY, "text"),
}
"""The types of fact that each operator tests."""

_ONE_VALUE = {"is", "includes", "before", "after", "on_or_before", "on_or_after", "at_least", "at_most"}
_NOTES = ("id", "says", "cite", "checked")
_FORMS = ("all", "any", "not", "at_least", "definition")
CHECKED = ("text", "summary", "interpretation", "unverified")


def _fitting(kind: str) -> str:
    """The operators that test facts of a type, beyond plain values."""
    return ", ".join(o for o, kinds in OPERATORS.items() if kind in kinds and o not in ("is", "known")) or "known"


@dataclass(slots=True)
class Builder:
    """Builds conditions of one document. `definition(name)` gives the condition a name stands for, or None."""

    document: Document
    vocabulary: Vocabulary
    definition: Callable[[str], Condition | None]
    definition_names: Callable[[], list[str]] = field(default=list)

    def build(self, raw: Any, path: Path_) -> Condition:
        """The condition that `raw` writes; what is wrong is reported to the document."""
        if isinstance(raw, Seq):
            return All(self._list(raw, raw.path), path=raw.path)
        if not isinstance(raw, Map):
            self._report("wrong-kind", "a condition should be a mapping or a list", path)
            return All(())
        path = raw.path
        bodies = [key for key in raw if key not in _NOTES]
        notes = self._notes(raw)
        if len(bodies) != 1:
            if bodies:
                message = f"this condition tests {len(bodies)} things; one condition tests one"
                self._report("one-test", message, path, "put each into a list item of its own")
            else:
                self._report("one-test", "this condition tests nothing", path, "name a fact and its test")
            return All((), **notes)
        body = bodies[0]
        return self._form(raw, body, notes) if body in _FORMS else self._test(raw, body, notes)

    def _notes(self, raw: Map) -> dict[str, Any]:
        result: dict[str, Any] = {"path": raw.path}
        for key in _NOTES:
            if key not in raw:
                continue
            if not isinstance(raw[key], str):
                self._report("wrong-kind", f'"{key}" should be text', (*raw.path, key))
                continue
            result[key] = raw[key]
        if result.get("checked", "text") not in CHECKED:
            found = result.pop("checked")
            self._report(
                "unknown-code", f'"checked" cannot be "{found}"', (*raw.path, "checked"),
                nearest(found, CHECKED, among="one of"),
            )  # fmt: skip
        return result

    def _list(self, raw: Any, path: Path_) -> tuple[Condition, ...]:
        if not isinstance(raw, Seq) or not raw:
            self._report("wrong-kind", "a list of conditions is needed", path)
            return ()
        return tuple(self.build(item, (*path, i)) for i, item in enumerate(raw))

    def _form(self, raw: Map, form: str, notes: dict[str, Any]) -> Condition:
        value, path = raw[form], (*raw.path, form)
        if form == "all":
            return All(self._list(value, path), **notes)
        if form == "any":
            return Either(self._list(value, path), **notes)
        if form == "not":
            return Not(self.build(value, path), **notes)
        if form == "at_least":
            if not isinstance(value, Map) or set(value) != {"count", "of"} or type(value["count"]) is not int:
                self._report("wrong-kind", '"at_least" needs "count" (a whole number) and "of" (a list)', path)
                return All((), **notes)
            parts = self._list(value["of"], (*path, "of"))
            if not 1 <= value["count"] <= len(parts):
                self._report("bad-value", f"the count should lie between 1 and {len(parts)}", (*path, "count"))
            return AtLeast(value["count"], parts, **notes)
        found = self.definition(value) if isinstance(value, str) else None
        if found is None and value in self.definition_names():
            self._report("circle", f'the definition "{value}" uses itself', path)
        elif found is None:
            help_line = nearest(str(value), self.definition_names(), among="defined")
            self._report("unknown-definition", f'"{value}" is not defined', path, help_line)
        return All((), **notes) if found is None else Use(value, found, **notes)

    def _test(self, raw: Map, name: str, notes: dict[str, Any]) -> Condition:
        path = (*raw.path, name)
        declared = self.vocabulary.get(name)
        if declared is None:
            help_line = nearest(name, [*self.vocabulary.names(), *_FORMS])
            self.document.report("unknown-fact", f'"{name}" is not a fact', path, help=help_line, key=True)
            return All((), **notes)
        value = raw[name]
        if isinstance(value, Map) and len(value) != 1:
            message = f"the test of {name} names {len(value)} operators; a test has one"
            self._report("one-test", message, path, "put each into a list item of its own")
            return All((), **notes)
        operator, right = self._operator(value)
        kind = declared.fact.type
        if operator not in OPERATORS:
            help_line = nearest(operator, OPERATORS) or f"tests of {name}: {_fitting(kind)}"
            self._report("unknown-operator", f'"{operator}" is not a test', path, help_line)
        elif kind not in OPERATORS[operator]:
            message = f'{name} is of type {kind}, which "{operator}" does not test'
            if operator == "is":
                message = f"{name} is of type {kind}, which one value alone does not test"
            self._report("wrong-operator", message, path, f"tests for it: {_fitting(kind)}")
        else:
            return Test(name, operator, self._operands(declared, operator, right, path), **notes)
        return All((), **notes)

    def _operator(self, value: Any) -> tuple[str, Any]:
        if isinstance(value, Map) and "fact" not in value:
            return next(iter(value.items()))
        if isinstance(value, list):
            return "any_of", value
        return "is", value

    def _operands(self, declared: Declared, operator: str, right: Any, path: Path_) -> tuple[Scalar | FactName, ...]:
        if operator == "known":
            if not declared.optional:
                self._report("wrong-operator", f"{declared.name} always applies; there is nothing to test", path)
            if right is not True:
                self._report("bad-value", '"known" is written as known: true; for the opposite use not:', path)
            return ()
        if isinstance(right, Map):
            return self._other_fact(declared, right, path)
        items = right if isinstance(right, list) else [right]
        if not items:
            self._report("bad-value", "an empty list tests nothing", path, "list at least one value")
        elif len(items) > 1 and operator in _ONE_VALUE:
            self._report("bad-value", f'"{operator}" takes one value', path, "for several, use a list or includes_any")

        def note(code: str, message: str, help: str) -> None:
            self._report(code, message, path, help)

        return tuple(read_scalar(declared, item, note) for item in items)

    def _other_fact(self, declared: Declared, right: Map, path: Path_) -> tuple[FactName, ...]:
        name = right.get("fact")
        if set(right) != {"fact"} or not isinstance(name, str):
            self._report(
                "wrong-kind", "a test takes a value, a list, or one other fact", path, "as in {fact: request.date}"
            )
            return (FactName(declared.name),)
        other = self.vocabulary.get(name)
        if other is None:
            self._report("unknown-fact", f'"{name}" is not a fact', path, nearest(name, self.vocabulary.names()))
        elif other.fact.type != declared.fact.type or declared.fact.type == "codes":
            message = f"{declared.name} ({declared.fact.type}) cannot be compared with {other.name} ({other.fact.type})"
            self._report("wrong-operator", message, path)
        return (FactName(name),)

    def _report(self, code: str, message: str, path: Path_, help: str = "") -> None:
        self.document.report(code, message, path, help=help)


# Evaluation -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule reads of a fact on one disclosure.

    `about` is the party, dataset or flow the fact belongs to: two readings with the same `about` and key are the same
    fact, in whatever role it is read. `source` says who stated it.
    """

    name: str
    about: str
    value: Value
    source: str


class Facts(Protocol):
    """The facts of one disclosure, by the name rules read them under."""

    def __getitem__(self, name: str, /) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a condition has its value: the values of its parts, or what its test read."""

    condition: Condition
    truth: Truth
    parts: tuple[Proof, ...] = ()
    readings: tuple[Reading, ...] = ()


def readings(proofs: Iterable[Proof]) -> Iterator[Reading]:
    """Every fact that some proofs read, as often as they read it."""
    for proof in proofs:
        yield from proof.readings
        yield from readings(proof.parts)


def evaluate(condition: Condition, facts: Facts, seen: dict[int, Proof] | None = None) -> Proof:
    """The value of a condition on one disclosure, with the values of all its parts.

    `seen` keeps the proofs of definitions, by identity, between calls on the same disclosure.
    """
    if isinstance(condition, Test):
        return _evaluate_test(condition, facts)
    if isinstance(condition, Use):
        proof = seen.get(id(condition.part)) if seen is not None else None
        if proof is None:
            proof = evaluate(condition.part, facts, seen)
            if seen is not None:
                seen[id(condition.part)] = proof
        return Proof(condition, proof.truth, (proof,))
    if isinstance(condition, Not):
        proof = evaluate(condition.part, facts, seen)
        return Proof(condition, negation(proof.truth), (proof,))
    proofs = tuple([evaluate(part, facts, seen) for part in condition.parts])
    truths = [proof.truth for proof in proofs]
    if isinstance(condition, All):
        return Proof(condition, all_of(truths), proofs)
    if isinstance(condition, Either):
        return Proof(condition, any_of(truths), proofs)
    return Proof(condition, at_least(condition.count, truths), proofs)


def _evaluate_test(test: Test, facts: Facts) -> Proof:
    reading = facts[test.fact]
    if test.operands and isinstance(test.operands[0], FactName):
        other = facts[test.operands[0].name]
        return Proof(test, holds(test.operator, reading.value, (other.value,)), (), (reading, other))
    return Proof(test, holds(test.operator, reading.value, test.operands), (), (reading,))


def holds(operator: str, value: Value, operands: tuple[Any, ...]) -> Truth:
    """Whether a value passes a test. Every test of a fact that does not apply is false; a set is then empty."""
    other = operands[0] if operands else None
    if isinstance(value, Absence) or isinstance(other, Absence):
        if value in _UNKNOWN or other in _UNKNOWN:
            return None
        return _SET_TESTS[operator](_EMPTY, operands) if operator in _SET_TESTS else False
    if isinstance(value, CodeSet):
        return _SET_TESTS[operator](value, operands)
    return _TESTS[operator](value, operands)


def _includes(codes: CodeSet, code: str) -> Truth:
    return True if code in codes.has else None if code in codes.may else False


def _within(codes: CodeSet, allowed: tuple[str, ...]) -> Truth:
    nothing_else: Truth = False if codes.has.difference(allowed) else None if codes.may.difference(allowed) else True
    not_empty: Truth = True if codes.has else None if codes.may else False
    return all_of([nothing_else, not_empty])


_EMPTY = CodeSet(frozenset())
_UNKNOWN = (Absence.NOT_ASKED, Absence.NOT_KNOWN)
_SET_TESTS: Mapping[str, Callable[[CodeSet, tuple[Any, ...]], Truth]] = {
    "any_of": lambda codes, wanted: any_of([_includes(codes, code) for code in wanted]),
    "includes": lambda codes, wanted: _includes(codes, wanted[0]),
    "includes_any": lambda codes, wanted: any_of([_includes(codes, code) for code in wanted]),
    "includes_all": lambda codes, wanted: all_of([_includes(codes, code) for code in wanted]),
    "excludes": lambda codes, wanted: negation(any_of([_includes(codes, code) for code in wanted])),
    "within": _within,
}


def _comparable(value: Any, other: Any) -> bool:
    return not isinstance(value, Duration) or value.unit == other.unit


_TESTS: Mapping[str, Callable[[Any, tuple[Any, ...]], bool]] = {
    "is": lambda value, wanted: value == wanted[0],
    "any_of": lambda value, wanted: value in wanted,
    "not": lambda value, wanted: value not in wanted,
    "before": lambda value, other: value < other[0],
    "after": lambda value, other: value > other[0],
    "on_or_before": lambda value, other: value <= other[0],
    "on_or_after": lambda value, other: value >= other[0],
    "at_least": lambda value, other: _comparable(value, other[0]) and value >= other[0],
    "at_most": lambda value, other: _comparable(value, other[0]) and value <= other[0],
    "known": lambda value, _: True,
}


# In English -----------------------------------------------------------------------------------------------------------

_WORDS = {
    "is": "is", "any_of": "is one of", "not": "is known to be other than", "includes": "includes",
    "includes_any": "includes one of", "includes_all": "includes all of", "excludes": "includes none of",
    "within": "is within", "before": "is before", "after": "is after", "on_or_before": "is on or before",
    "on_or_after": "is on or after", "at_least": "is at least", "at_most": "is at most", "known": "is stated",
}  # fmt: skip


def in_words(condition: Condition) -> str:
    """The condition in one phrase: what it says of itself, or what it tests."""
    if condition.says:
        return condition.says
    match condition:
        case Test(fact=fact, operator=operator, operands=operands):
            right = ", ".join(o.name if isinstance(o, FactName) else str(printable(o)) for o in operands)
            return f"{fact} {_WORDS[operator]} {right.lower() if right in ('True', 'False') else right}".rstrip()
        case Use(name=name, part=part):
            return part.says or name
        case Not(part=part):
            return f"not: {in_words(part)}"
        case All():
            return "all of these hold"
        case Either():
            return "one of these holds"
        case AtLeast(count=count):
            return f"at least {count} of these hold"
