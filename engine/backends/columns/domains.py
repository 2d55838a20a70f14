"""The unknown facts of rows as variables, and the values of each that tests tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from engine.backends.columns.planes import Rows
from engine.backends.columns.program import Program
from engine.backends.columns.table import Subjects, Table
from engine.completions.variables import apart
from engine.conditions import FactName, Test, holds
from engine.facts import PAPERS, PARTY_SCOPES, Absence, Declared, Truth, Value

OUT, IN = 1, 2
"""The values of a code in a set, as masks."""
PURPOSE = "request.purpose"


class Variable(NamedTuple):
    """A fact in whatever role it is read, or whether one code is in a set."""

    fact: str
    code: str = ""


def mask(chosen: Iterable[Truth]) -> int:
    """The mask of those that are surely chosen."""
    return sum(1 << i for i, truth in enumerate(chosen) if truth is True)


def fact_of(name: str) -> str:
    """The fact that rules read under a name."""
    scope, _, key = name.partition(".")
    return f"party.{key}" if scope in PARTY_SCOPES else name


@dataclass
class Domains:
    """The domains of a program's variables. A mask stands for some values of one: bit `i` for the value at `i`."""

    program: Program

    @cached_property
    def values(self) -> dict[Variable, list[Value]]:
        """The values of each variable that tests against constants tell apart."""
        return {variable: self.around(variable) for variable in self._tests}

    @cached_property
    def every(self) -> dict[Variable, int]:
        """For each variable the mask of all its values."""
        return {variable: (1 << len(values)) - 1 for variable, values in self.values.items()}

    def around(self, variable: Variable, others: frozenset[Value] = frozenset()) -> list[Value]:
        """The values that tests tell apart against constants, and against the values that other facts have."""
        if (variable, others) not in self._around:
            self._around[variable, others] = self._domain(variable, others)
        return self._around[variable, others]

    def passing(self, test: Test, others: frozenset[Value] = frozenset()) -> int:
        """The mask of the values `around` those of other facts that pass a test of one fact that is no set."""
        if (test, others) not in self._passing:
            values = self.around(Variable(fact_of(test.fact)), others)
            self._passing[test, others] = mask(holds(test.operator, value, test.operands) for value in values)
        return self._passing[test, others]

    @cached_property
    def compared(self) -> dict[str, set[str]]:
        """For each fact, the names of those with which some test compares it; purposes are compared with each other."""
        found: dict[str, set[str]] = {PURPOSE: {PURPOSE}}
        for test in self.program.tests():
            for operand in test.operands:
                if isinstance(operand, FactName):
                    found.setdefault(fact_of(test.fact), set()).add(operand.name)
                    found.setdefault(fact_of(operand.name), set()).add(test.fact)
        return found

    def codes(self, test: Test) -> list[str]:
        """The codes on which a test of a set turns."""
        declared = self.program.policies.vocabulary[test.fact]
        return sorted(declared.codes) if test.operator == "within" else sorted({str(o) for o in test.operands})

    def read_by(self, test: Test) -> Iterator[tuple[str, str]]:
        """The names that a test reads, or the name of a set and each code on which it turns."""
        if self.program.policies.vocabulary[test.fact].fact.type == "codes":
            yield from ((test.fact, code) for code in self.codes(test))
        else:
            yield test.fact, ""
            yield from ((operand.name, "") for operand in test.operands if isinstance(operand, FactName))

    @cached_property
    def _tests(self) -> dict[Variable, list[Test]]:
        found: dict[Variable, list[Test]] = {}
        for test in self.program.tests():
            for name, code in self.read_by(test):
                found.setdefault(Variable(fact_of(name), code), []).append(test)
        return found

    @cached_property
    def _around(self) -> dict[tuple[Variable, frozenset[Value]], list[Value]]:
        return {}

    @cached_property
    def _passing(self) -> dict[tuple[Test, frozenset[Value]], int]:
        return {}

    def _domain(self, variable: Variable, others: frozenset[Value]) -> list[Value]:
        if variable.code:
            return [False, True]
        declared = self._declared(variable)
        tests = self._tests.get(variable, ())
        constants = {o for test in tests for o in test.operands if not isinstance(o, FactName)}
        values = apart(declared, {*constants, *others}, 1)
        return [*values, Absence.DOES_NOT_APPLY] if declared.optional else values

    def _declared(self, variable: Variable) -> Declared:
        scope, _, key = variable.fact.partition(".")
        vocabulary = self.program.policies.vocabulary
        names = [f"{role}.{key}" for role in PARTY_SCOPES] if scope == "party" else [variable.fact]
        return next(declared for name in names if (declared := vocabulary.get(name)))


class Keys:
    """Numbers for the variables of a table: one for each variable and what it may be about.

    Several facts may have one number, such as all papers of a request: that they have one value, too, is a completion
    like any other. One fact never has several.
    """

    def __init__(self, table: Table, domains: Domains) -> None:
        self.table = table
        self.starts: dict[Variable, int] = {}
        self.count = 0
        for variable in domains.values:
            self.starts[variable] = self.count
            self.count += self._subjects(variable.fact).count

    def of(self, name: str, code: str = "") -> Rows:
        """For each row the number of the variable that rules read by a name, or of a code in a set."""
        fact = fact_of(name)
        return self.starts[Variable(fact, code)] + self._subjects(fact).of(name.partition(".")[0])

    def _subjects(self, fact: str) -> Subjects:
        return self.table.subjects("request" if fact == PAPERS else fact.partition(".")[0])
