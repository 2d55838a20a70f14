"""The exact answer of a conjunction over all completions, and the facts on which it depends.

A satisfiability solver searches for completions. To ask what a change of one fact does, it searches for two: before the
change and after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    A fact matters to a conjunction if two such completions that differ in it, and otherwise only in facts that a
    constraint ties to it, give it different truths.
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
        near = sum(cluster for cluster in self.clusters if cluster & read)
        limits = [limit for limit in self.limits if self.scope.reads(limit) & near]
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
        """The facts that can change the conjunction."""
        wanted = [self.clauses.before.literal(part, True) for part in parts]
        read = self._read_by(parts)
        limited = self._read_by(self.limits)
        found: set[FactKey] = set()
        for cluster in self.clusters:
            if cluster & read:
                found |= self._essential_limited(cluster, parts, wanted)
        found |= self._essential_free(self.scope.chosen(read & ~limited), parts, wanted)
        named = self.scope.readings | self.scope.named_in(parts)
        return {key: reading for key, reading in named.items() if key in found}

    def _essential_free(
        self, variables: Sequence[Variable], parts: Sequence[Formula], wanted: Sequence[int]
    ) -> set[FactKey]:
        """The facts, of those in no constraint, that can make a part false.

        Each solution shows as many as it can, until none is left to show.
        """
        shown = {variable: self._broken(parts, self.scope.bit(variable)) for variable in variables}
        self.clauses.likely(shown.values())
        found: set[FactKey] = set()
        while self.clauses.solve([*wanted, self.clauses.some(shown.values())]):
            solution = self.clauses.solution()
            found |= {variable.fact for variable, literal in shown.items() if literal in solution}
            shown = {variable: literal for variable, literal in shown.items() if variable.fact not in found}
        return found

    def _essential_limited(self, cluster: Mask, parts: Sequence[Formula], wanted: Sequence[int]) -> set[FactKey]:
        """The same for facts in constraints: when one changes, those tied to it may have to follow."""
        clauses, after = self.clauses, self.clauses.after(cluster)
        limits = clauses.every(after.literal(limit, True) for limit in self.limits)
        change = [*wanted, limits, self._broken(parts, cluster)]
        found: set[FactKey] = set()
        for variable in self.scope.chosen(cluster):
            if variable.fact not in found and clauses.solve([*change, clauses.differ(variable, after, ())]):
                alike = self._alike(variable, cluster, parts)
                if clauses.solve([*change, clauses.differ(variable, after, alike)]):
                    found.add(variable.fact)
        return found

    def _broken(self, parts: Sequence[Formula], changed: Mask) -> int:
        """The literal that implies that a change of some variables makes a part false."""
        after = self.clauses.after(changed)
        return self.clauses.some(after.literal(part, False) for part in parts if self.scope.reads(part) & changed)

    def _alike(self, variable: Variable, cluster: Mask, parts: Sequence[Formula]) -> list[tuple[int, int]]:
        """The pairs of values of a tied variable that no part and no limit can tell apart."""
        clauses, before, after = self.clauses, self.clauses.before, self.clauses.after(self.scope.bit(variable))
        cells = [part for part in parts if self.scope.reads(part) & after.changed]
        felt = clauses.some(
            [
                *(after.literal(limit, False) for limit in self.limits),
                *(clauses.every([before.literal(c, True), after.literal(c, False)]) for c in cells),
                *(clauses.every([before.literal(c, False), after.literal(c, True)]) for c in cells),
            ]
        )

        def apart(i: int, j: int) -> bool:
            return clauses.solve([felt, before.values(variable)[i], after.values(variable)[j]])

        choices = range(len(before.values(variable)))
        return [(i, j) for i, j in combinations(choices, 2) if not apart(i, j) and not apart(j, i)]

    def _read_by(self, formulas: Iterable[Formula]) -> Mask:
        """The variables that some formula reads."""
        mask = 0
        for formula in formulas:
            mask |= self.scope.reads(formula)
        return mask

    @cached_property
    def clusters(self) -> list[Mask]:
        """The facts that constraints tie together, directly or through others."""
        clusters = [self.scope.bit(variable) for variable in self.scope.chosen(self._read_by(self.limits))]
        pairs = {pair for limit in self.limits for pair in combinations(self.scope.chosen(self.scope.reads(limit)), 2)}
        for one, other in sorted(pairs):
            pair = self.scope.bit(one) | self.scope.bit(other)
            touched = [cluster for cluster in clusters if cluster & pair]
            if len(touched) > 1 and self._tied(one, other):
                clusters = [*(cluster for cluster in clusters if not cluster & pair), sum(touched)]
        return clusters

    def _tied(self, one: Variable, other: Variable) -> bool:
        """Whether the possible values of one fact depend on the other: whether two completions cannot be mixed."""
        clauses, limits = self.clauses, self.limits
        both = clauses.after(self.scope.bit(one) | self.scope.bit(other))
        mixed = clauses.after(self.scope.bit(other))
        possible = clauses.every(both.literal(limit, True) for limit in limits)
        impossible = clauses.some(mixed.literal(limit, False) for limit in limits)
        pairs = zip(both.values(other), mixed.values(other), strict=True)
        same = clauses.every(clauses.some([-here, there]) for here, there in pairs)
        return clauses.solve([possible, impossible, same])
