"""Formulas over evaluated conditions: what three-valued evaluation answered, and what it left open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from engine.conditions import Condition, Proof, Reading, evaluate
from engine.facts import Absence, Truth, Value, all_of, any_of, negation


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A combination of evaluated conditions, with its three-valued truth."""

    form: Literal["proof", "all", "any", "not"]
    truth: Truth
    parts: tuple[Formula, ...] = ()
    proof: Proof | None = None


def proven(proof: Proof) -> Formula:
    """The formula of one evaluated condition."""
    return Formula("proof", proof.truth, (), proof)


def conjunction(parts: Iterable[Formula]) -> Formula:
    """All parts."""
    parts = tuple(parts)
    return Formula("all", all_of([p.truth for p in parts]), parts)


def disjunction(parts: Iterable[Formula]) -> Formula:
    """Some part."""
    parts = tuple(parts)
    return Formula("any", any_of([p.truth for p in parts]), parts)


def opposite(part: Formula) -> Formula:
    """Not the part."""
    return Formula("not", negation(part.truth), (part,))


Node = Formula | Proof
"""A formula, or a condition within one."""

FactKey = tuple[str, str]
"""What a fact is about and its key; the same whatever role it is read in."""

Link = Callable[[Reading, str], Formula | None]
"""The formula behind a derived fact (or behind one code of a derived set), where other facts decide it."""


def key_of(reading: Reading) -> FactKey:
    """The fact behind a reading."""
    scope, _, key = reading.name.partition(".")
    return reading.about, key if scope in ("provider", "sender", "receiver") else reading.name


class _Unstated:
    """Facts of one disclosure of which nothing is known, but for those given."""

    def __init__(self, given: Mapping[str, Value]) -> None:
        self.given = given

    def __getitem__(self, name: str) -> Reading:
        return Reading(name, name.partition(".")[0], self.given.get(name, Absence.NOT_ASKED), "")


def open_proof(condition: Condition, given: Mapping[str, Value] = MappingProxyType({})) -> Proof:
    """A condition evaluated with no fact stated, also none that a graph would compute, but for those given by name."""
    return evaluate(condition, _Unstated(given))


def free(reading: Reading, code: str) -> Formula | None:
    """The link of a world in which no fact depends on others."""
    return None
