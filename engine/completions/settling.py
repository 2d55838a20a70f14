"""The exact answer of a conjunction over all completions, and the facts on which it depends.

A satisfiability solver searches for completions. To ask what a change of one fact does, it searches for two: before the
change and after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import combinations

from engine.completions.clauses import Clauses
from engine.completions.formulas import FactKey, Formula, Link
from engine.completions.ordering import order
from engine.completions.variables import Mask, Scope, Variable
from engine.conditions import Reading
from engine.facts import Truth, Value, Vocabulary, all_of


class ContradictionError(Exception):
    """No completion of the unknown facts satisfies the constraints."""


class Answer:
    """The exact truth of a conjunction, and (worked out when asked) the facts that can still change it."""

    def __init__(self, truth: Truth, settler: Settler | None = None, parts: Sequence[Formula] = ()) -> None:
        self.truth = truth
        self._settler, self._parts = settler, parts

    @cached_property
    def matters(self) -> dict[FactKey, Reading]:
        """The facts on which the answer depends, by key, as first read; none where it is settled."""
        return self._nearby.essential(self._parts) if self._settler else {}

    @cached_property
    def _nearby(self) -> Settler:
        assert self._settler is not None, "asked only of what is not settled"
        return self._settler.about(self._parts)

    @cached_property
    def effects(self) -> dict[Variable, dict[Value, bool]]:
        """For each variable, the possible values of it that settle the answer, each with the truth that it gives."""
        return self._settler.effects(self._parts) if self._settler else {}

    def settled_by(self, fact: FactKey, value: Value, code: str = "") -> Truth:
        """The truth that the answer has once a fact has a value, or a set has a code or not; None if still open."""
        variable = Variable(fact, code)
        found = self.effects.get(variable)
        if self._settler is None or not found:
            return None
        values = self._settler.scope.values(variable)
        if isinstance(value, str) and value not in values:  # codes that no rule names are all alike
            value = [other for other in values if isinstance(other, str)][-1]
        return found.get(value)

    def open_codes(self, fact: FactKey) -> list[str]:
        """The codes of a set of which the rules ask whether it has them."""
        variables = self._settler.scope.variables if self._settler else []
        return [variable.code for variable in variables if variable.fact == fact]

    def first(self, wanted: Callable[[Reading], bool]) -> Reading | None:
        """The first fact in order that matters and is wanted: found sooner than the whole order."""
        if self._settler is None:
            return None
        alone = {variable.fact for variable in self.effects} - self._nearby.limited
        named = self._settler.scope.readings | self._settler.scope.named_in(self._parts)
        for fact in order(self._settler.scope, self._parts, named, self.effects):
            if wanted(named[fact]) and (fact in alone or self._nearby.essential(self._parts, [fact])):
                return named[fact]
        return None

    @cached_property
    def in_order(self) -> tuple[Reading, ...]:
        """The facts on which the answer depends, in the order that settles it soonest."""
        if self._settler is None:
            return ()
        return tuple(self.matters[fact] for fact in order(self._settler.scope, self._parts, self.matters, self.effects))


class Settler:
    """Answers questions about some formulas over all completions of the unknown facts that satisfy the constraints.

    A fact matters to a conjunction if two such completions that differ in it alone give different truths; or two that
    differ in it and one other fact, where the constraints let neither change without the other.
    """

    def __init__(
        self, formulas: Iterable[Formula], constraints: Iterable[Formula], vocabulary: Vocabulary, link: Link
    ) -> None:
        self.limits = [constraint for constraint in constraints if constraint.truth is None]
        self.scope = Scope(vocabulary, link)
        for formula in (*formulas, *self.limits):
            self.scope.reads(formula)
        self.clauses = Clauses(self.scope)
        for limit in self.limits:
            self.clauses.add(self.clauses.before.literal(limit, True))

    def about(self, parts: Sequence[Formula]) -> Settler:
        """A settler for some of the formulas, with only the constraints that bear on them: it has less to search."""
        return Settler(parts, bearing(self.scope, self.limits, parts), self.scope.vocabulary, self.scope.link)

    @property
    def limited(self) -> set[FactKey]:
        """The facts that constraints read: a value of one may settle the answer and yet not be needed for that."""
        return {variable.fact for variable in self.scope.chosen(self._read_by(self.limits))}

    def check_consistent(self) -> None:
        """Raise `ContradictionError` where no completion satisfies the constraints."""
        if self.limits and not self.clauses.solve([]):
            raise ContradictionError

    def answer(self, parts: Sequence[Formula]) -> Answer:
        """The exact answer of the conjunction of some of the formulas."""
        truth = all_of([part.truth for part in parts])
        if truth is not None:
            return Answer(truth)
        waiting = [part for part in parts if part.truth is None]
        before = self.clauses.before
        if not self.clauses.solve([before.literal(part, True) for part in waiting]):
            return Answer(False)
        if not any(self.clauses.solve([before.literal(part, False)]) for part in waiting):
            return Answer(True)
        return Answer(None, self, waiting)

    def effects(self, parts: Sequence[Formula]) -> dict[Variable, dict[Value, bool]]:
        """For each variable, the possible values of it that settle the conjunction, each with the truth it gives."""
        before = self.clauses.before
        literals = {
            literal: (variable, value)
            for variable in self.scope.chosen(self._read_by(parts))
            for value, literal in zip(before.domains[variable], before.values(variable), strict=True)
        }
        possible = literals.keys() - self._never(literals, [])
        found = dict.fromkeys(self._never(possible, [before.literal(part, True) for part in parts]), False)
        certain = possible
        for part in parts:
            certain = certain and self._never(certain, [before.literal(part, False)])
        found |= dict.fromkeys(certain, True)
        result: dict[Variable, dict[Value, bool]] = {}
        for literal in sorted(found):
            variable, value = literals[literal]
            result.setdefault(variable, {})[value] = found[literal]
        return result

    def _never(self, literals: Iterable[int], wanted: Sequence[int]) -> set[int]:
        """Those of some literals that are false wherever others are true."""
        left = set(literals)
        while left:
            self.clauses.likely(sorted(left))
            if not self.clauses.solve([*wanted, self.clauses.some(left)]):
                return left
            left -= self.clauses.solution()
        return left

    def essential(self, parts: Sequence[Formula], among: Sequence[FactKey] = ()) -> dict[FactKey, Reading]:
        """The facts that can change the conjunction: all of them, or those among some.

        Each solution shows as many changes as it can, until none is left to show.
        """
        wanted = [self.clauses.before.literal(part, True) for part in parts]
        shown = dict(self._changes(parts, among))
        self.clauses.likely(shown.values())
        found: set[FactKey] = set()
        while self.clauses.solve([*wanted, self.clauses.some(shown.values())]):
            solution = self.clauses.solution()
            found |= {v.fact for change, literal in shown.items() if literal in solution for v in change}
            shown = {change: literal for change, literal in shown.items() if not {v.fact for v in change} <= found}
            if found.issuperset(among) and among:
                break
        named = self.scope.readings | self.scope.named_in(parts)
        return {key: reading for key, reading in named.items() if key in found and (not among or key in among)}

    def _changes(
        self, parts: Sequence[Formula], among: Sequence[FactKey]
    ) -> Iterator[tuple[tuple[Variable, ...], int]]:
        """The changes that may make a part false, each with the literal that implies that it does."""
        read = self._read_by(parts)
        for variable in self.scope.chosen(read):
            if among and variable.fact not in among:
                continue
            yield (variable,), self._breaks(parts, self.scope.bit(variable))
        pairs = [pair for limit in self.limits for pair in combinations(self.scope.chosen(self.scope.reads(limit)), 2)]
        for one, other in dict.fromkeys(pairs):
            if among and one.fact not in among and other.fact not in among:
                continue
            both = self.scope.bit(one) | self.scope.bit(other)
            if both & read:
                bound = [self._bound(one, both), self._bound(other, both)]
                yield (one, other), self.clauses.every([self._breaks(parts, both), *bound])

    def _breaks(self, parts: Sequence[Formula], changed: Mask) -> int:
        """The literal that implies that a change of some variables is possible and makes a part false."""
        clauses, after = self.clauses, self.clauses.after(changed)
        possible = clauses.every(after.literal(limit, True) for limit in self._limits_on(changed))
        broken = clauses.some(after.literal(part, False) for part in parts if self.scope.reads(part) & changed)
        return clauses.every([possible, broken])

    def _bound(self, one: Variable, both: Mask) -> int:
        """The literal that implies that one of two variables cannot change as it does with the other, but alone."""
        clauses, together, alone = self.clauses, self.clauses.after(both), self.clauses.after(self.scope.bit(one))
        pairs = zip(together.values(one), alone.values(one), strict=True)
        same = clauses.every(clauses.some([-here, there]) for here, there in pairs)
        limits = self._limits_on(alone.changed)
        return clauses.every([same, clauses.some(alone.literal(limit, False) for limit in limits)])

    def _limits_on(self, changed: Mask) -> list[Formula]:
        """The constraints that read some variables; the others hold after a change as they did before."""
        return [limit for limit in self.limits if self.scope.reads(limit) & changed]

    def _read_by(self, formulas: Iterable[Formula]) -> Mask:
        """The variables that some formula reads."""
        mask = 0
        for formula in formulas:
            mask |= self.scope.reads(formula)
        return mask


def bearing(scope: Scope, limits: Sequence[Formula], formulas: Sequence[Formula]) -> list[Formula]:
    """The constraints that bear on formulas, through one another too."""
    found: dict[Formula, None] = {}
    near, read = [*formulas], 0
    while near:
        for formula in near:
            read |= scope.reads(formula)
        near = [limit for limit in limits if limit not in found and scope.reads(limit) & read]
        found |= dict.fromkeys(near)
    return [*found]
