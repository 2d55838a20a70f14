"""Facts that exclude one another: whether what is stated surely leaves a possible world.

Two conditions that exclude one another and may both hold are no contradiction if one of them rests on an unknown fact
that has a peaceful value: one that fails every condition of every group that reads the fact. Where that shows nothing,
the exact engine has to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, combinations
from typing import Any, NamedTuple

from engine.backends.columns.program import Program
from engine.backends.generated.source import Get, together, truths
from engine.completions.variables import apart
from engine.conditions import FactName, Test, holds
from engine.facts import Absence, CodeSet, Declared, Truth, Value


class _Member(NamedTuple):
    """One condition of a group. `fact` is what it reads if that has a peaceful value, else empty."""

    fact: str
    any_state: bool
    """Whether the fact has a peaceful value also where some of its codes are known."""


class Exclusions:
    """The groups of conditions of which at most one can hold."""

    def __init__(self, program: Program) -> None:
        self.together = together(program, program.exclusive)
        self.truths = truths(program, [step for group in program.exclusive for step in group])
        self.ends = list(accumulate(len(group) for group in program.exclusive))
        single = {step: found for group in program.exclusive for step in group if (found := _test_in(program, step))}
        self.members = [
            _member(program, single.get(step), list(single.values())) for group in program.exclusive for step in group
        ]

    def entangled(self, get: Get, besides: Get) -> bool:
        """Whether the facts of a row may contradict each other."""
        if not self.together(get, besides):
            return False
        found, start = self.truths(get, besides), 0
        for end in self.ends:
            if end - start - found[start:end].count(False) > 1 and any(self._clashes(found, start, end, get)):
                return True
            start = end
        return False

    def _clashes(self, found: Sequence[Truth], start: int, end: int, get: Get) -> Iterator[bool]:
        possible = [i for i in range(start, end) if found[i] is not False]
        for pair in combinations(possible, 2):
            yield not any(found[i] is None and self._yields(self.members[i], get) for i in pair)

    def _yields(self, member: _Member, get: Get) -> bool:
        return bool(member.fact) and (member.any_state or get(member.fact) is None)


_Literal = tuple[Test, bool]
"""A test, and whether the condition wants it true."""


def _test_in(program: Program, step: int) -> _Literal | None:
    """The single test of one fact that a step is."""
    wanted = True
    while program.steps[step].form == "not":
        step, wanted = program.steps[step].parts[0], not wanted
    test = program.steps[step].test
    return None if test is None or any(isinstance(o, FactName) for o in test.operands) else (test, wanted)


def _member(program: Program, literal: _Literal | None, others: Sequence[_Literal]) -> _Member:
    if literal is None:
        return _Member("", False)
    vocabulary = program.policies.vocabulary
    declared = vocabulary[literal[0].fact]
    alike = [(test, wanted) for test, wanted in others if vocabulary[test.fact].shown == declared.shown]
    constants = {operand for test, _ in alike for operand in test.operands}
    peaceful = any(
        all(holds(test.operator, value, test.operands) is not wanted for test, wanted in alike)
        for value in _values(declared, constants)
    )
    empty = declared.fact.type == "codes" and all(
        wanted and test.operator in ("includes", "includes_any", "includes_all", "any_of") for test, wanted in alike
    )
    return _Member(declared.name if peaceful else "", declared.fact.type != "codes" or empty)


def _values(declared: Declared, constants: set[Any]) -> Iterator[Value]:
    if declared.fact.type == "codes":
        yield from (CodeSet(frozenset([code])) for code in declared.codes)
        yield CodeSet(frozenset())
    else:
        yield from apart(declared, constants, 1)
    if declared.optional:
        yield Absence.DOES_NOT_APPLY
