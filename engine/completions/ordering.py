"""In which order to ask for the facts that can still change an answer, so that it is settled soonest.

Every way to "allow" meets every way to "deny" in some fact. So first come the facts of which one answer settles the
whole, the likelier it is the earlier; then those of a small set that settles "allow", beginning with what the nearest
"deny" turns on too; then the others, in order of the law. The sets are found by one walk over the formulas, which is
quick and near the smallest; an order has nothing to prove.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.completions.formulas import FactKey, Formula, Node, key_of
from engine.completions.variables import Scope, Variable
from engine.conditions import AtLeast, Either, Not, Test
from engine.facts import Value

Facts = frozenset[FactKey]
Effects = Mapping[Variable, Mapping[Value, bool]]
"""For each variable, the values of it that settle the answer, each with the answer."""


def order(scope: Scope, parts: Sequence[Formula], matters: Iterable[FactKey], effects: Effects) -> list[FactKey]:
    """The facts that matter to the conjunction of some formulas, in the order to ask for them."""
    matters = list(matters)
    chances = {fact: _chance(scope, effects, fact) for fact in matters}
    alone = sorted((fact for fact in matters if chances[fact]), key=lambda fact: -chances[fact])
    denying = sorted((_Way(scope, frozenset()).to(part, False) or frozenset() for part in parts), key=len)
    allowing = _allowing(scope, parts, frozenset(alone))
    shared = [fact for way in denying for fact in matters if fact in way and fact in allowing]
    others = [fact for fact in matters if fact in allowing]
    return list(dict.fromkeys([*alone, *shared, *others, *matters]))


def _chance(scope: Scope, effects: Effects, fact: FactKey) -> float:
    """The share of a fact's values that settle the answer; of a set, that of the code that does so most often."""
    shares = [len(found) / len(scope.values(variable)) for variable, found in effects.items() if variable.fact == fact]
    return max(shares, default=0.0)


def _allowing(scope: Scope, parts: Sequence[Formula], have: Facts) -> Facts:
    """A small set of facts that can make every part true: those that leave least choice come first."""
    sizes = {id(part): len(_Way(scope, have).to(part, True) or ()) for part in parts}
    for part in sorted(parts, key=lambda part: sizes[id(part)]):
        have |= _Way(scope, have).to(part, True) or frozenset()
    return have


class _Way:
    """The smallest sets of facts that settle formulas, not counting those that one has."""

    def __init__(self, scope: Scope, have: Facts) -> None:
        self.scope, self.have = scope, have
        self.known: dict[tuple[int, bool], Facts | None] = {}

    def to(self, node: Node, truth: bool) -> Facts | None:
        """The facts that can give a formula, or an evaluated condition, a truth; None where nothing can."""
        if node.truth is not None:
            return frozenset() if node.truth is truth else None
        key = (id(node), truth)
        if key not in self.known:
            self.known[key] = self._formula(node, truth) if isinstance(node, Formula) else self._proof(node, truth)
        return self.known[key]

    def _formula(self, formula: Formula, truth: bool) -> Facts | None:
        if formula.proof is not None:
            return self.to(formula.proof, truth)
        wanted = truth if formula.form != "not" else not truth
        ways = [self.to(part, wanted) for part in formula.parts]
        return _joined(ways) if (formula.form == "all") is truth else self._least(ways, 1)

    def _proof(self, proof: Node, truth: bool) -> Facts | None:
        assert not isinstance(proof, Formula)
        condition = proof.condition
        if isinstance(condition, Test):
            own = frozenset(key_of(reading) for variable, reading in self.scope.own(proof))
            behind = [self.to(part, value) for part in self.scope.parts(proof) for value in (True, False)]
            return self._least([*([own] if own else []), *behind], 1)
        ways = [self.to(part, truth if not isinstance(condition, Not) else not truth) for part in proof.parts]
        if isinstance(condition, AtLeast):
            return self._least(ways, condition.count if truth else len(ways) - condition.count + 1)
        return self._least(ways, 1) if isinstance(condition, Either) is truth else _joined(ways)

    def _least(self, ways: Iterable[Facts | None], count: int) -> Facts | None:
        """The facts of so many ways that add least to those one has."""
        possible = sorted((way for way in ways if way is not None), key=lambda way: len(way - self.have))
        return _joined(possible[:count]) if len(possible) >= count else None


def _joined(ways: Iterable[Facts | None]) -> Facts | None:
    found: Facts = frozenset()
    for way in ways:
        if way is None:
            return None
        found |= way
    return found
