"""Facts that exclude one another: which of them can always give way.

Two conditions that exclude one another and may both hold are no contradiction if one of them rests on an unknown fact
that has a peaceful value: one that fails every condition, of every group, that tests the fact alone. An engine that
finds all clashes peaceful knows without search that what is stated leaves a possible world.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from engine.completions.variables import apart
from engine.conditions import Condition, FactName, Not, Test, holds, parts_of
from engine.facts import Absence, CodeSet, Declared, Value
from engine.policies import PolicySet


class WayOut(NamedTuple):
    """How one condition of a group can give way. `fact` is what it tests if that has a peaceful value, else empty."""

    fact: str
    any_state: bool
    """Whether the fact has a peaceful value also where some of its codes are known."""


def ways_out(policies: PolicySet) -> list[tuple[WayOut, ...]]:
    """For each condition of each group how it can give way where its truth is unknown."""
    found = [[_literal(condition) for condition in group] for group in policies.exclusive]
    literals = [literal for group in found for literal in group if literal]
    return [tuple(_way_out(policies, literal, literals) for literal in group) for group in found]


_Literal = tuple[Test, bool]
"""A test, and whether the condition wants it true."""


def _literal(condition: Condition) -> _Literal | None:
    """The single test of one fact that a condition is."""
    if isinstance(condition, Test):
        return None if any(isinstance(o, FactName) for o in condition.operands) else (condition, True)
    inner = parts_of(condition)
    found = _literal(inner[0]) if len(inner) == 1 else None
    return (found[0], not found[1]) if found and isinstance(condition, Not) else found


def _way_out(policies: PolicySet, literal: _Literal | None, others: Sequence[_Literal]) -> WayOut:
    vocabulary = policies.vocabulary
    declared = vocabulary[literal[0].fact] if literal else None
    if declared is None or declared.fact.derived:  # what the graph and earlier rows decide is nobody's to choose
        return WayOut("", False)
    alike = [(test, wanted) for test, wanted in others if vocabulary[test.fact].shown == declared.shown]
    constants = {operand for test, _ in alike for operand in test.operands}
    peaceful = any(
        all(holds(test.operator, value, test.operands) is not wanted for test, wanted in alike)
        for value in _values(declared, constants)
    )
    empty = declared.fact.type == "codes" and all(
        wanted and test.operator in ("includes", "includes_any", "includes_all", "any_of") for test, wanted in alike
    )
    return WayOut(declared.name if peaceful else "", declared.fact.type != "codes" or empty)


def _values(declared: Declared, constants: set[Any]) -> Iterator[Value]:
    if declared.fact.type == "codes":
        yield from (CodeSet(frozenset([code])) for code in declared.codes)
        yield CodeSet(frozenset())
    else:
        yield from apart(declared, constants, 1)
    if declared.optional:
        yield Absence.DOES_NOT_APPLY
