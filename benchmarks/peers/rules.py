"""The rules of some frameworks, and the facts of a disclosure, in the plain form that every peer can take.

Peers know two truth values, so they are only ever asked about disclosures of which every fact is stated. A fact named
`receiver.kind` becomes `receiver_kind`; a day becomes its ordinal number; a duration its amount; a set of codes a
sorted list. A fact that does not apply has a stand-in of its type, and `receiver_kind_applies` is false.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from engine.conditions import (
    All,
    AtLeast,
    Condition,
    FactName,
    Facts,
    Not,
    Test,
    Use,
    facts_in,
)
from engine.facts import Absence, CodeSet, Duration, Scalar, Value, Vocabulary, unknown
from engine.policies import Framework

Plain = bool | str | int | float | list[str]
STAND_INS: Mapping[str, Plain] = {
    "boolean": False, "code": "", "text": "", "date": 0, "number": 0, "duration": 0, "codes": [],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Law:
    """What of a framework is in force on a day: permitted = not applies, or no bar and some basis."""

    framework: str
    applies: Condition
    bars: tuple[Condition, ...]
    bases: tuple[Condition, ...]

    def facts(self) -> set[str]:
        """The names of the facts that it reads."""
        return {name for condition in (self.applies, *self.bars, *self.bases) for name in facts_in(condition)}


def laws(frameworks: Iterable[Framework], day: date) -> list[Law]:
    """The laws in force on a day."""
    return [
        Law(
            framework.framework,
            framework.applies.when,
            tuple(bar.when for bar in framework.bars.values() if bar.in_force.on(day)),
            tuple(basis.when for basis in framework.bases.values() if basis.in_force.on(day)),
        )
        for framework in frameworks
        if framework.in_force.on(day) and framework.applies.in_force.on(day)
    ]


def identifier(fact: str) -> str:
    """The name of a fact in a peer's language."""
    return fact.replace(".", "_")


def plain_facts(names: Iterable[str], facts: Facts, vocabulary: Vocabulary) -> dict[str, Plain]:
    """The facts of one disclosure. Raises `ValueError` where one is unknown."""
    found: dict[str, Plain] = {}
    for name in names:
        value = facts[name].value
        if unknown(value) or (isinstance(value, CodeSet) and value.may):
            raise ValueError(f"{name} is unknown")
        applies = value is not Absence.DOES_NOT_APPLY
        found[identifier(name)] = _plain(value) if applies else STAND_INS[vocabulary[name].fact.type]
        found[f"{identifier(name)}_applies"] = applies
    return found


def _plain(value: Value | Scalar) -> Plain:
    if isinstance(value, CodeSet):
        return sorted(value.has)
    if isinstance(value, Duration):
        return value.amount
    if isinstance(value, date):
        return value.toordinal()
    assert not isinstance(value, Absence)
    return value


class Language(Protocol):
    """How a language writes conditions. Every part it is given is text of its own that can stand anywhere."""

    def every(self, parts: list[Any]) -> Any:
        """That all parts hold; there is at least one."""

    def some(self, parts: list[Any]) -> Any:
        """That some part holds; there is at least one."""

    def opposite(self, part: Any) -> Any:
        """That a part does not hold."""

    def constant(self, truth: bool) -> Any:
        """What is always so, or never."""

    def flag(self, name: str) -> Any:
        """That a boolean fact is true."""

    def compare(self, name: str, sign: str, other: Plain | None, other_name: str) -> Any:
        """A fact set against a constant or, if it is named, another fact: ==, <, >, <= or >=."""

    def one_of(self, name: str, values: list[Plain]) -> Any:
        """That a fact has one of some values."""

    def has_any(self, name: str, codes: list[str]) -> Any:
        """That a set has one of some codes."""

    def has_all(self, name: str, codes: list[str]) -> Any:
        """That a set has all of some codes."""

    def within(self, name: str, codes: list[str]) -> Any:
        """That a set has something, and nothing but some codes."""


def permitted(law: Law, language: Language, vocabulary: Vocabulary) -> Any:
    """That one framework permits a disclosure, in a language."""

    def write(condition: Condition) -> Any:
        return _write(condition, language, vocabulary)

    bars = [language.opposite(write(bar)) for bar in law.bars]
    bases = [write(basis) for basis in law.bases]
    lawful = language.every([*bars, language.some(bases) if bases else language.constant(False)])
    return language.some([language.opposite(write(law.applies)), lawful])


def _write(condition: Condition, language: Language, vocabulary: Vocabulary) -> Any:
    """A condition in a language; definitions are written out."""
    if isinstance(condition, Test):
        return _test(condition, language, vocabulary)
    if isinstance(condition, Use | Not):
        part = _write(condition.part, language, vocabulary)
        return language.opposite(part) if isinstance(condition, Not) else part
    parts = [_write(part, language, vocabulary) for part in condition.parts]
    if isinstance(condition, AtLeast):
        return _at_least(condition.count, parts, language)
    if not parts:
        return language.constant(isinstance(condition, All))
    return language.every(parts) if isinstance(condition, All) else language.some(parts)


def _at_least(count: int, parts: list[Any], language: Language) -> Any:
    if count == 0:
        return language.constant(True)
    if count > len(parts):
        return language.constant(False)
    first, rest = parts[0], parts[1:]
    with_first = language.every([first, _at_least(count - 1, rest, language)])
    return language.some([with_first, _at_least(count, rest, language)])


_SIGNS = {
    "is": "==", "before": "<", "after": ">", "on_or_before": "<=", "on_or_after": ">=", "at_least": ">=",
    "at_most": "<=",
}  # fmt: skip


def _test(test: Test, language: Language, vocabulary: Vocabulary) -> Any:
    name, operator = identifier(test.fact), test.operator
    applies = language.flag(f"{name}_applies")
    if operator == "known":
        return applies
    operands = [_plain(o) for o in test.operands if not isinstance(o, FactName)]
    other = next((identifier(o.name) for o in test.operands if isinstance(o, FactName)), "")
    if operator in _SIGNS:
        parts = [applies, language.compare(name, _SIGNS[operator], operands[0] if operands else None, other)]
        return language.every([*parts, language.flag(f"{other}_applies")] if other else parts)
    if vocabulary[test.fact].fact.type == "codes":
        return _set_test(operator, name, [str(code) for code in operands], language)
    found = language.one_of(name, operands)
    return language.every([applies, language.opposite(found) if operator == "not" else found])


def _set_test(operator: str, name: str, codes: list[str], language: Language) -> Any:
    if operator == "within":
        return language.within(name, codes)
    if operator == "includes_all":
        return language.has_all(name, codes)
    found = language.has_any(name, codes)
    return language.opposite(found) if operator == "excludes" else found
