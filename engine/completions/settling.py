"""The exact answer of a conjunction over all completions, and the facts on which it depends.

A satisfiability solver searches for completions. To ask what a change of one fact does, it searches for two: before the
change and after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import combinations

from engine.completions.clauses import Clauses
from engine.completions.formulas import FactKey, Formula, Link
from engine.completions.variables import Mask, Scope, Variable
from engine.conditions import Reading
from engine.facts import Truth, Vocabulary, all_of


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
        return self._settler.about(self._parts).essential(self._parts) if self._settler else {}


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
        read = self._read_by(parts)
        limits: list[Formula] = []
        while near := [limit for limit in self.limits if limit not in limits and self.scope.reads(limit) & read]:
            limits += near
            read |= self._read_by(near)
        return Settler(parts, limits, self.scope.vocabulary, self.scope.link)

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

    def essential(self, parts: Sequence[Formula]) -> dict[FactKey, Reading]:
        """The facts that can change the conjunction.

        Each solution shows as many changes as it can, until none is left to show.
        """
        wanted = [self.clauses.before.literal(part, True) for part in parts]
        shown = dict(self._changes(parts))
        self.clauses.likely(shown.values())
        found: set[FactKey] = set()
        while self.clauses.solve([*wanted, self.clauses.some(shown.values())]):
            solution = self.clauses.solution()
            found |= {v.fact for change, literal in shown.items() if literal in solution for v in change}
            shown = {change: literal for change, literal in shown.items() if not {v.fact for v in change} <= found}
        named = self.scope.readings | self.scope.named_in(parts)
        return {key: reading for key, reading in named.items() if key in found}

    def _changes(self, parts: Sequence[Formula]) -> Iterator[tuple[tuple[Variable, ...], int]]:
        """The changes that may make a part false, each with the literal that implies that it does."""
        read = self._read_by(parts)
        for variable in self.scope.chosen(read):
            yield (variable,), self._breaks(parts, self.scope.bit(variable))
        pairs = [pair for limit in self.limits for pair in combinations(self.scope.chosen(self.scope.reads(limit)), 2)]
        for one, other in dict.fromkeys(pairs):
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
