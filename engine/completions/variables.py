"""The variables behind open formulas: the unknown facts, and the values that the rules can tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from engine.completions.formulas import FactKey, Formula, Link, Node, key_of
from engine.conditions import FactName, Proof, Reading, Test
from engine.facts import Absence, CodeSet, Declared, Duration, Value, Vocabulary, unknown


class Variable(NamedTuple):
    """An unknown fact, or whether one code is in an unknown set."""

    fact: FactKey
    code: str = ""


Mask = int
"""A set of variables: bit `i` stands for the variable with index `i`."""


@dataclass(slots=True)
class Scope:
    """The variables of some formulas, in order of first use, and which values each can take."""

    vocabulary: Vocabulary
    link: Link
    variables: list[Variable] = field(default_factory=list)
    index: dict[Variable, int] = field(default_factory=dict)
    readings: dict[FactKey, Reading] = field(default_factory=dict)
    masks: dict[int, Mask] = field(default_factory=dict)
    kept: list[Node] = field(default_factory=list)
    """What `masks` names by identity stays alive."""
    links: dict[tuple[str, str, str], Formula | None] = field(default_factory=dict)
    constants: dict[FactKey, set[Any]] = field(default_factory=dict)
    partners: dict[FactKey, set[FactKey]] = field(default_factory=dict)

    def reads(self, node: Node) -> Mask:
        """The variables that bear on a formula or an evaluated condition."""
        if node.truth is not None:
            return 0
        key = id(node)
        if key not in self.masks:
            self.kept.append(node)
            mask = 0
            for variable, reading in self.own(node):
                mask |= 1 << self._enter(variable, reading)
            for part in self.parts(node):
                mask |= self.reads(part)
            self.masks[key] = mask
        return self.masks[key]

    def named_in(self, nodes: Iterable[Node]) -> dict[FactKey, Reading]:
        """The facts that formulas read, each as first read."""
        found: dict[FactKey, Reading] = {}
        seen: set[int] = set()
        waiting = [*nodes][::-1]
        while waiting:
            node = waiting.pop()
            if id(node) not in seen and self.reads(node):
                seen.add(id(node))
                for _, reading in self.own(node):
                    found.setdefault(key_of(reading), reading)
                waiting += [*self.parts(node)][::-1]
        return found

    def linked(self, reading: Reading, code: str = "") -> Formula | None:
        """The formula behind a derived fact, or behind one code of a derived set."""
        key = (reading.about, reading.name, code)
        if key not in self.links:
            self.links[key] = self.link(reading, code)
        return self.links[key]

    def values(self, variable: Variable) -> list[Value]:
        """The values the rules can tell apart."""
        if variable.code:
            return [False, True]
        declared = self.declared(variable.fact)
        group = self.group(variable.fact)
        constants = {c for fact in group for c in self.constants.get(fact, ())}
        values = apart(declared, constants, len(group))
        return [*values, Absence.DOES_NOT_APPLY] if declared.optional else values

    def declared(self, fact: FactKey) -> Declared:
        """The declaration behind a fact."""
        return self.vocabulary[self.readings[fact].name]

    def group(self, fact: FactKey) -> set[FactKey]:
        """The facts that a fact is compared with, directly or through others, and itself."""
        group, edge = {fact}, [fact]
        while edge:
            for partner in self.partners.get(edge.pop(), ()):
                if partner not in group:
                    group.add(partner)
                    edge.append(partner)
        return group

    def parts(self, node: Node) -> Iterator[Node]:
        """What a node is made of; a test of a derived fact is made of the formula behind it."""
        if isinstance(node, Formula):
            yield from (node.proof,) if node.proof is not None else node.parts
        elif isinstance(node.condition, Test):
            for code in self._codes(node.condition, node.readings[0]):
                if (linked := self.linked(node.readings[0], code)) is not None:
                    yield linked
        else:
            yield from node.parts

    def own(self, node: Node) -> Iterator[tuple[Variable, Reading]]:
        """The variables that a test reads itself, each with its reading."""
        if isinstance(node, Formula) or not isinstance(node.condition, Test):
            return
        reading = node.readings[0]
        if self.vocabulary[reading.name].fact.type == "codes":
            for code in self._codes(node.condition, reading):
                if self.linked(reading, code) is None:
                    yield Variable(key_of(reading), code), reading
        elif self.linked(reading) is None:
            yield from self._compared(node)

    def _codes(self, test: Test, reading: Reading) -> list[str]:
        is_set = self.vocabulary[reading.name].fact.type == "codes"
        return codes_tested(test, reading, self.vocabulary) if is_set else [""]

    def _compared(self, proof: Proof) -> Iterator[tuple[Variable, Reading]]:
        """The unknown facts of a test, which are compared with its constants and with each other."""
        assert isinstance(proof.condition, Test)
        open_readings = [reading for reading in proof.readings if unknown(reading.value)]
        keys = [key_of(reading) for reading in open_readings]
        known = {operand for operand in proof.condition.operands if not isinstance(operand, FactName)}
        known |= {reading.value for reading in proof.readings if not isinstance(reading.value, Absence | CodeSet)}
        for key, reading in zip(keys, open_readings, strict=True):
            self.constants.setdefault(key, set()).update(known)
            self.partners.setdefault(key, set()).update(k for k in keys if k != key)
            yield Variable(key), reading

    def _enter(self, variable: Variable, reading: Reading) -> int:
        self.readings.setdefault(variable.fact, reading)
        if variable not in self.index:
            self.index[variable] = len(self.variables)
            self.variables.append(variable)
        return self.index[variable]

    def bit(self, variable: Variable) -> Mask:
        """The mask of one variable."""
        return 1 << self.index[variable]

    def chosen(self, mask: Mask) -> list[Variable]:
        """The variables of a mask."""
        found = []
        while mask:
            lowest = mask & -mask
            found.append(self.variables[lowest.bit_length() - 1])
            mask ^= lowest
        return found


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


def apart(declared: Declared, constants: set[Any], facts: int) -> list[Value]:
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
