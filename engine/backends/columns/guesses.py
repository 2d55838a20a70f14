"""Values for unknown facts that are likely to turn an answer one way.

Whatever is guessed here is tried afterwards; a bad guess costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from engine.backends.columns.program import Program
from engine.completions.variables import apart
from engine.conditions import FactName, Test, holds
from engine.facts import PARTY_SCOPES, Absence, Declared, Value


class Variable(NamedTuple):
    """A fact in whatever role it is read, or whether one code is in a set."""

    fact: str
    code: str = ""


Guess = Mapping[tuple[str, str], int]
"""For names that rules read (and codes of sets) the position of the value in the domain of the variable."""
Root = tuple[int, bool]
"""A step, and the truth that is wanted of it."""

_FAR = (date(1800, 1, 1), date(2500, 1, 1))
"""Days before and after all that is stated."""
_NEAR = date(2026, 1, 1)
"""Stands for a day that a test compares with, where rows state it."""


def fact_of(name: str) -> str:
    """The fact that rules read under a name."""
    scope, _, key = name.partition(".")
    return f"party.{key}" if scope in PARTY_SCOPES else name


@dataclass
class Guesses:
    """Guesses for a program: for each framework, ways to permit and ways to forbid."""

    program: Program

    @cached_property
    def permitting(self) -> list[list[Guess]]:
        """For each framework: that it does not apply; then for each basis, that it permits and no bar stands."""
        return [
            [
                self._guess([(law.applies, False)]),
                *(self._guess([(basis.when, True)], [(bar.when, False) for bar in law.bars]) for basis in law.bases),
            ]
            for law in self.program.laws
        ]

    @cached_property
    def forbidding(self) -> list[list[Guess]]:
        """For each framework: that it applies and no basis permits; then for each bar, that it stands."""
        return [
            [
                self._guess([(law.applies, True)], [(basis.when, False) for basis in law.bases]),
                *(self._guess([(law.applies, True), (bar.when, True)]) for bar in law.bars),
            ]
            for law in self.program.laws
        ]

    @cached_property
    def usual(self) -> dict[bool, list[int]]:
        """For permitting and for forbidding: the value of each variable that serves most frameworks."""
        guesses = {permit: self._for_most(permit) for permit in (True, False)}
        by_variable = {
            permit: {Variable(fact_of(name), code): value for (name, code), value in guess.items()}
            for permit, guess in guesses.items()
        }
        return {permit: [found.get(v, 0) for v in self.domains] for permit, found in by_variable.items()}

    def _for_most(self, permit: bool) -> Guess:
        laws = self.program.laws
        applies = [(law.applies, True) for law in laws]
        bases = [(basis.when, permit) for law in laws for basis in law.bases]
        bars = [(bar.when, not permit) for law in laws for bar in law.bars]
        return self._guess([*bases, *applies], bars if permit else ())

    def number(self, name: str, code: str = "") -> int:
        """The number of the variable that a name stands for: its place among the domains."""
        return self._numbers[Variable(fact_of(name), code)]

    @cached_property
    def _numbers(self) -> dict[Variable, int]:
        return {variable: i for i, variable in enumerate(self.domains)}

    @cached_property
    def avoiding(self) -> dict[int, Guess]:
        """For each condition that excludes another: that it fails."""
        return {step: self._guess([(step, False)]) for group in self.program.exclusive for step in group}

    @cached_property
    def excluding(self) -> tuple[list[int], set[str]]:
        """The steps below the conditions that exclude one another, parts first, and the names they read."""
        steps, names = self.program.steps, set[str]()
        found: set[int] = set()
        waiting = list(self.avoiding)
        while waiting:
            step = waiting.pop()
            found.add(step)
            waiting += steps[step].parts
            if (test := steps[step].test) is not None:
                names |= {test.fact, *(o.name for o in test.operands if isinstance(o, FactName))}
        return sorted(found), names

    @cached_property
    def domains(self) -> dict[Variable, list[Value]]:
        """The values of each variable that tests tell apart."""
        return {variable: self._domain(variable, tests) for variable, tests in self._tests.items()}

    @cached_property
    def codes(self) -> dict[str, list[str]]:
        """For each set, the codes that some test asks for."""
        found: dict[str, list[str]] = {}
        for variable in self._tests:
            if variable.code:
                found.setdefault(variable.fact, []).append(variable.code)
        return found

    # Making them ------------------------------------------------------------------------------------------------------

    @cached_property
    def _limits(self) -> list[Root]:
        return [(step, False) for group in self.program.exclusive for step in group]

    @cached_property
    def _tests(self) -> dict[Variable, list[Test]]:
        found: dict[Variable, list[Test]] = {}
        for test in self.program.tests():
            for (name, code), _ in self._of_test(test, True):
                found.setdefault(Variable(fact_of(name), code), []).append(test)
        return found

    def _guess(self, first: Iterable[Root], then: Iterable[Root] = ()) -> Guess:
        """For each variable the value that turns most tests the way they are wanted, the first ones above all."""
        wanted: dict[tuple[str, str], list[tuple[Test, bool, int]]] = {}
        for weight, roots in ((1000, first), (100, then), (1, self._limits)):
            for test, truth in self._literals(roots):
                for name, inside in self._of_test(test, truth):
                    if weight > 1 or name in wanted:
                        wanted.setdefault(name, []).append((test, inside, weight))
        return {(name, code): self._best(Variable(fact_of(name), code), t) for (name, code), t in wanted.items()}

    def _best(self, variable: Variable, wanted: list[tuple[Test, bool, int]]) -> int:
        domain = self.domains[variable]

        def score(value: Value) -> int:
            if variable.code:
                return sum(weight for _, inside, weight in wanted if inside is value)
            return sum(weight for test, truth, weight in wanted if _passes(test, value) is truth)

        return max(range(len(domain)), key=lambda i: (score(domain[i]), -i))

    def _literals(self, roots: Iterable[Root]) -> list[tuple[Test, bool]]:
        """The tests below some steps, each with the truth that helps."""
        found: dict[Root, None] = {}
        waiting = list(roots)[::-1]
        while waiting:
            index, truth = here = waiting.pop()
            if here not in found:
                found[here] = None
                step = self.program.steps[index]
                waiting += [(part, truth is not (step.form == "not")) for part in step.parts[::-1]]
        steps = self.program.steps
        return [(test, truth) for index, truth in found if (test := steps[index].test) is not None]

    def _of_test(self, test: Test, truth: bool) -> Iterator[tuple[tuple[str, str], bool]]:
        """The names that a test reads; for the codes of a set, whether being in it helps."""
        declared = self.program.policies.vocabulary[test.fact]
        if declared.fact.type != "codes":
            for name in (test.fact, *(o.name for o in test.operands if isinstance(o, FactName))):
                yield (name, ""), truth
            return
        wanted = [str(operand) for operand in test.operands]
        inside = truth is not (test.operator == "excludes")
        for code in declared.codes if test.operator == "within" else wanted:
            yield (test.fact, code), inside is (code in wanted)

    def _domain(self, variable: Variable, tests: list[Test]) -> list[Value]:
        if variable.code:
            return [False, True]
        declared = self._declared(variable)
        constants = {o for test in tests for o in test.operands if not isinstance(o, FactName)}
        compared = any(isinstance(o, FactName) for test in tests for o in test.operands)
        values = apart(declared, constants, 2 if compared else 1)
        if declared.fact.type == "date":
            values = [*values, *_FAR]
        return [*values, Absence.DOES_NOT_APPLY] if declared.optional else values

    def _declared(self, variable: Variable) -> Declared:
        scope, _, key = variable.fact.partition(".")
        vocabulary = self.program.policies.vocabulary
        names = [f"{role}.{key}" for role in PARTY_SCOPES] if scope == "party" else [variable.fact]
        return next(declared for name in names if (declared := vocabulary.get(name)))


def _passes(test: Test, value: Value) -> Any:
    operands = tuple(_NEAR if isinstance(operand, FactName) else operand for operand in test.operands)
    comparable = operands == test.operands or isinstance(value, date | Absence)
    return holds(test.operator, value, operands) if comparable else None
