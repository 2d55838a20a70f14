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
from engine.completions.formulas import Node, key_of
from engine.completions.variables import Mask, Scope, Variable
from engine.conditions import Not, Proof, Reading, Test, holds

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
        self._safe = self._leaned(limits, False)
        self._free = Clauses(plan.scope, plan.domains)
        self._met: dict[tuple[Formula, Variable, int], bool] = {}

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
        values, worst = self.clauses.before.values, self._worst_of(formula)
        failing = self.clauses.before.literal(formula, False)
        wanted = self._safe | worst
        found = self._leaning(
            [*self._fixed(given), failing], [literal for variable, literal in wanted.items() if variable not in given]
        )
        kept = [n for v in self.clauses.scope.variables if v not in given for n in values(v) if n in found]
        found = self._leaning([*kept, failing], [literal for variable, literal in wanted.items() if variable in given])
        world = {v: next(i for i, n in enumerate(values(v)) if n in found) for v in self.clauses.scope.variables}
        return {variable: world[variable] for variable in self._bearing(formula, world)}

    def _bearing(self, formula: Formula, world: Values) -> list[Variable]:
        """The variables on whose values in a world a formula rests.

        They are those that it reads, and those that these restrict: that one has its value in the world says something
        of another where a limit is not met by that value alone. Any possible world stays possible with their values,
        as far as it has none of its own that a limit among them excludes.
        """
        scope = self.clauses.scope
        mask, before = scope.reads(formula), 0
        while mask != before:
            before = mask
            for limit in self.limits:
                read = scope.reads(limit)
                if read & mask and read & ~mask and not self._is_met(limit, world, mask):
                    mask |= read
        return scope.chosen(mask)

    def _is_met(self, limit: Formula, world: Values, mask: Mask) -> bool:
        """Whether a limit on two variables, of which a mask has one, is met by what this one is in a world."""
        one, *others = self.clauses.scope.chosen(self.clauses.scope.reads(limit) & mask)
        if others or self.clauses.scope.reads(limit).bit_count() > 2:
            return False
        key = (limit, one, world[one])
        if key not in self._met:
            free = self._free.before
            broken = [free.values(one)[world[one]], free.literal(limit, False)]
            self._met[key] = not self._free.solve(broken)
        return self._met[key]

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
            self._worst[formula] = self._leaned([formula], True)
        return self._worst[formula]

    def _leaned(self, formulas: Sequence[Formula], truth: bool) -> dict[Variable, int]:
        """By variable the literal of the value with which the most tests fail that bring formulas nearer to a truth."""
        world, scope = self.clauses.before, self.clauses.scope
        wanted = {world.literal(test, value) for f in formulas for test, value in tests(scope, f, truth)}
        variables = dict.fromkeys(variable for f in formulas for variable in scope.chosen(scope.reads(f)))
        return {v: max(world.values(v), key=lambda n: len(wanted & self._excluded_by(n))) for v in variables}

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


class Brought(Completion):
    """What is certain by what is stated and by what measures change: what they assume tells nothing here."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.gates, (), domains=plan.domains)
        self.plan = plan

    def values(self, variable: Variable) -> list[int]:
        """The literals of a variable's values."""
        return self.plan.brought_about[variable]

    def _comparison(self, test: Test, readings: tuple[Reading, ...], truth: bool) -> int:
        """A test of two facts, of which nothing is certain unless both have a value."""
        result = super()._comparison(test, readings, truth)
        for reading in readings:
            self.clauses.add(-result, *self.values(Variable(key_of(reading))))
        return result


class Possible(Completion):
    """What may be: a value is possible if it is what a plan gives, or if the plan gives none."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.gates, (), domains=plan.domains)
        self.plan = plan

    def values(self, variable: Variable) -> list[int]:
        """The literals of a variable's values."""
        if variable not in self.own:
            given = self.plan.own[variable]
            none = self.plan.program.all_of(-literal for literal in given)
            self.own[variable] = [self.clauses.some([literal, none]) for literal in given]
        return self.own[variable]

    def _comparison(self, test: Test, readings: tuple[Reading, ...], truth: bool) -> int:
        """A test of two facts, which may pass if some of their possible values do."""
        one, other = (Variable(key_of(reading)) for reading in readings)
        return self.clauses.some(
            self.clauses.every([here, there])
            for left, here in zip(self.domains[one], self.values(one), strict=True)
            for right, there in zip(self.domains[other], self.values(other), strict=True)
            if holds(test.operator, left, (right,)) is truth and (one != other or left == right)
        )


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


def keep_laws(plan: Plan, laws: Iterable[tuple[Proof, int]]) -> None:
    """No law is assumed away: where it no longer may apply, what is stated or changed keeps it from applying.

    Each law comes as the condition under which it applies, and the literal that says that what it reaches is present.
    """
    brought, possible = Brought(plan), Possible(plan)
    for applies, present in laws:
        if any(plan.brought_about[v] != plan.own[v] for v in plan.scope.chosen(plan.scope.reads(applies))):
            plan.gates.add(-present, possible.literal(applies, True), brought.literal(applies, False))
