"""What measures leave open: the worlds in which something is still not permitted, and what they ask of a cure.

Measures are a cure if everything is permitted in every world that they leave possible. There are too many worlds to ask
of each, so they are looked for one by one: the search proposes the cheapest measures that cure the worlds found so far,
and a world is looked for that these do not cure. If there is none, they are the cheapest cure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.advice.offers import Plan
from engine.completions import Formula
from engine.completions.clauses import Clauses, Completion
from engine.completions.formulas import Node
from engine.completions.settling import bearing
from engine.completions.variables import Scope, Variable
from engine.conditions import Not, Proof, Test

Values = Mapping[Variable, int]
"""By variable the index of its value."""


class Doubts:
    """The search for a world that agrees with what is given and in which a formula is not true."""

    def __init__(self, plan: Plan, limits: Sequence[Formula]) -> None:
        self.clauses = Clauses(plan.scope, plan.domains)
        self.limits = limits
        for limit in limits:
            self.clauses.add(self.clauses.before.literal(limit, True))
        self._worst: dict[Formula, dict[Variable, int]] = {}

    def failing(self, formulas: Iterable[Formula], given: Values) -> list[Formula]:
        """Those of some formulas that are not true in some possible world."""
        left = {self.clauses.before.literal(formula, False): formula for formula in formulas}
        fixed = self._fixed(given)
        self.clauses.likely(left)
        found: list[Formula] = []
        while left and self.clauses.solve([*fixed, self.clauses.some(left)]):
            true = self.clauses.solution() & left.keys()
            found += [left.pop(literal) for literal in sorted(true)]
        return found

    def worst(self, formula: Formula, given: Values) -> Values:
        """The worst possible world in which a formula is not true, also in what is given: the fewer worlds suffice.

        It says only what bears on the formula.
        """
        scope, values, worst = self.clauses.scope, self.clauses.before.values, self._worst_of(formula)
        mask = 0
        for node in (formula, *bearing(scope, self.limits, [formula])):
            mask |= scope.reads(node)
        variables = scope.chosen(mask)
        failing = self.clauses.before.literal(formula, False)
        others = [literal for variable, literal in worst.items() if variable not in given]
        found = self._leaning([*self._fixed(given), failing], others)
        kept = [n for v in variables if v not in given for n in values(v) if n in found]
        found = self._leaning(kept, [literal for variable, literal in worst.items() if variable in given])
        return {v: next(i for i, literal in enumerate(values(v)) if literal in found) for v in variables}

    def _fixed(self, given: Values) -> list[int]:
        """The literals that say what is given."""
        return [self.clauses.before.values(variable)[i] for variable, i in given.items()]

    def _leaning(self, fixed: Sequence[int], wanted: Iterable[int]) -> set[int]:
        """A solution in which what is fixed is true, and of what is wanted much."""
        left = [*wanted]
        while not self.clauses.solve([*fixed, *left]):
            core = self.clauses.core()
            left = [literal for literal in left if literal not in core]
        return self.clauses.solution()

    def _worst_of(self, formula: Formula) -> dict[Variable, int]:
        """By variable the literal of the value with which the fewest of the tests pass that a formula wants passed."""
        if formula not in self._worst:
            world, scope = self.clauses.before, self.clauses.scope
            wanted = {world.literal(test, truth) for test, truth in tests(scope, formula, True)}
            self._worst[formula] = {
                variable: max(
                    world.values(variable),
                    key=lambda literal: len(wanted & self._excluded_by(literal)),
                )
                for variable in scope.chosen(scope.reads(formula))
            }
        return self._worst[formula]

    def _excluded_by(self, literal: int) -> frozenset[int]:
        """The literals that a literal makes false."""
        return frozenset(-n for n in self.clauses.follows(literal))


def tests(scope: Scope, formula: Formula, truth: bool) -> Iterator[tuple[Proof, bool]]:
    """The tests that make up a formula, each with the truth that brings the formula nearer to a truth."""
    seen: set[tuple[int, bool]] = set()
    waiting: list[tuple[Node, bool]] = [(formula, truth)]
    while waiting:
        node, wanted = waiting.pop()
        if node.truth is not None or (id(node), wanted) in seen:
            continue
        seen.add((id(node), wanted))
        if isinstance(node, Proof) and isinstance(node.condition, Test):
            yield node, wanted
        inverted = node.form == "not" if isinstance(node, Formula) else isinstance(node.condition, Not)
        waiting += [(part, wanted is not inverted) for part in scope.parts(node)]


class Changed(Completion):
    """A world in which measures may have changed facts: what a plan gives no value has the world's."""

    def __init__(self, plan: Plan, values: Values) -> None:
        super().__init__(plan.gates, (), domains=plan.domains)
        self.plan, self.world = plan, values

    def values(self, variable: Variable) -> list[int]:
        """The literals of a variable's values."""
        return self.plan.values_else(variable, self.world[variable])


def bind(plan: Plan, limits: Sequence[Formula]) -> None:
    """What a plan gives must leave a possible world."""
    if not limits:
        return
    world = Completion(plan.gates, plan.own, domains=plan.domains)
    for variable, literals in plan.own.items():
        for given, literal in zip(literals, world.values(variable), strict=True):
            plan.gates.add(-given, literal)
    for limit in limits:
        plan.gates.add(world.literal(limit, True))
