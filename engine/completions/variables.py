"""The variables behind open formulas: the unknown facts, and the values that the rules can tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from engine.completions.formulas import FactKey, Formula, Link, key_of
from engine.conditions import FactName, Proof, Reading, Test
from engine.facts import Absence, CodeSet, Declared, Duration, Value, Vocabulary, unknown


class Variable(NamedTuple):
    """An unknown fact, or whether one code is in an unknown set."""

    fact: FactKey
    code: str = ""


@dataclass(slots=True)
class Scope:
    """The variables of some formulas: which there are, in which order, and which values each can take."""

    vocabulary: Vocabulary
    link: Link
    readings: dict[FactKey, Reading] = field(default_factory=dict)
    uses: dict[Variable, None] = field(default_factory=dict)
    read: dict[int, dict[Variable, None]] = field(default_factory=dict)
    kept: list[Formula] = field(default_factory=list)
    names: dict[int, dict[FactKey, Reading]] = field(default_factory=dict)
    naming: dict[FactKey, Reading] = field(default_factory=dict)
    constants: dict[FactKey, set[Any]] = field(default_factory=dict)
    partners: dict[FactKey, set[FactKey]] = field(default_factory=dict)

    def enter(self, formula: Formula) -> None:
        """Take in the variables of a formula."""
        self.uses.update(dict.fromkeys(self.variables_of(formula)))

    def variables_of(self, formula: Formula) -> dict[Variable, None]:
        """The variables that a formula reads, in order of first use."""
        if id(formula) not in self.read:
            self.kept.append(formula)
            self.names[id(formula)] = self.naming = {}
            self.read[id(formula)] = dict.fromkeys(self._walk(formula))
        return self.read[id(formula)]

    def named_in(self, formulas: Sequence[Formula]) -> dict[FactKey, Reading]:
        """The facts that formulas read, each as first read."""
        found: dict[FactKey, Reading] = {}
        for formula in formulas:
            self.variables_of(formula)
            for key, reading in self.names[id(formula)].items():
                found.setdefault(key, reading)
        return found

    def order(self) -> list[Variable]:
        """The variables in order of first use."""
        return list(self.uses)

    def values(self, variable: Variable) -> list[Value]:
        """The values the rules can tell apart."""
        if variable.code:
            return [False, True]
        declared = self.declared(variable.fact)
        group = self._group(variable.fact)
        constants = {c for fact in group for c in self.constants.get(fact, ())}
        values = _apart(declared, constants, len(group))
        return [*values, Absence.DOES_NOT_APPLY] if declared.optional else values

    def declared(self, fact: FactKey) -> Declared:
        """The declaration behind a fact."""
        return self.vocabulary[self.readings[fact].name]

    def _group(self, fact: FactKey) -> set[FactKey]:
        group, edge = {fact}, [fact]
        while edge:
            for partner in self.partners.get(edge.pop(), ()):
                if partner not in group:
                    group.add(partner)
                    edge.append(partner)
        return group

    def _walk(self, formula: Formula) -> Iterator[Variable]:
        if formula.truth is not None:
            return
        if formula.proof is not None:
            yield from self._walk_proof(formula.proof)
        for part in formula.parts:
            yield from self._walk(part)

    def _walk_proof(self, proof: Proof) -> Iterator[Variable]:
        if proof.truth is not None:
            return
        for part in proof.parts:
            yield from self._walk_proof(part)
        if isinstance(proof.condition, Test):
            yield from self._walk_test(proof.condition, proof.readings)

    def _walk_test(self, test: Test, readings: tuple[Reading, ...]) -> Iterator[Variable]:
        reading = readings[0]
        if self.vocabulary[reading.name].fact.type == "codes":
            for code in codes_tested(test, reading, self.vocabulary):
                if (linked := self.link(reading, code)) is not None:
                    yield from self._walk(linked)
                else:
                    yield Variable(self._enter(reading), code)
            return
        if (linked := self.link(reading, "")) is not None:
            yield from self._walk(linked)
            return
        open_readings = [r for r in readings if unknown(r.value)]
        keys = [self._enter(r) for r in open_readings]
        known = {o for o in test.operands if not isinstance(o, FactName)}
        known |= {r.value for r in readings if not isinstance(r.value, Absence | CodeSet)}
        for key in keys:
            self.constants.setdefault(key, set()).update(known)
            self.partners.setdefault(key, set()).update(k for k in keys if k != key)
            yield Variable(key)

    def _enter(self, reading: Reading) -> FactKey:
        key = key_of(reading)
        self.readings.setdefault(key, reading)
        self.naming.setdefault(key, reading)
        return key


def codes_tested(test: Test, reading: Reading, vocabulary: Vocabulary) -> list[str]:
    """The codes whose membership is open and bears on a test of a set."""
    may = possible_codes(reading, vocabulary)
    wanted = sorted(may) if test.operator == "within" else [str(o) for o in test.operands]
    return [code for code in wanted if code in may]


def possible_codes(reading: Reading, vocabulary: Vocabulary) -> frozenset[str]:
    """The codes that may or may not be in a set."""
    if isinstance(reading.value, CodeSet):
        return reading.value.may
    return frozenset(vocabulary[reading.name].codes) if unknown(reading.value) else frozenset()


def _apart(declared: Declared, constants: set[Any], facts: int) -> list[Value]:
    """One value for each region that tests against the constants can tell apart.

    There are `facts` of them in each open region, so that as many facts compared with each other fit in any order.
    """
    kind = declared.fact.type
    if kind == "boolean":
        return [True, False]
    if kind == "text":
        return ["text"]
    if kind == "code":
        named = [code for code in sorted(declared.codes) if code in constants]
        others = [code for code in sorted(declared.codes) if code not in constants]
        return [*named, *(others if facts > 1 else others[:1])]
    if kind == "date":
        return [*_dates(sorted(constants), facts)]
    if kind == "duration":
        units = sorted({c.unit for c in constants})
        amounts = {unit: _whole([c.amount for c in constants if c.unit == unit], facts) for unit in units}
        return [Duration(0, "of another class"), *(Duration(n, unit) for unit in units for n in amounts[unit])]
    return [*_numbers(sorted(constants), facts)]


def _dates(constants: list[date], facts: int) -> list[date]:
    days = [c.toordinal() for c in constants]
    return [date.fromordinal(n) for n in _whole(days, facts) if date.min.toordinal() <= n <= date.max.toordinal()]


def _whole(constants: list[int], facts: int) -> list[int]:
    near = {c + step for c in constants for step in range(-facts, facts + 1)}
    return sorted(near) or list(range(1, facts + 1))


def _numbers(constants: list[float], facts: int) -> list[float]:
    if not constants:
        return [float(n) for n in range(facts)]
    ends = [constants[0] - 1 - facts, *constants, constants[-1] + 1 + facts]
    between = [low + (high - low) * i / (facts + 1) for low, high in pairwise(ends) for i in range(1, facts + 1)]
    return sorted({*constants, *between})
