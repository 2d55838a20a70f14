"""The exact answer of a conjunction over all completions, and the facts on which it depends.

A satisfiability solver searches for completions. To ask what a change of one fact does, each completion is there twice:
before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import combinations

from engine.completions.clauses import Clauses
from engine.completions.formulas import FactKey, Formula, Link
from engine.completions.variables import Scope, Variable
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
        return self._settler.essential(self._parts) if self._settler else {}


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
            self.scope.enter(formula)
        self.clauses = Clauses(self.scope)
        for limit in self.limits:
            self.clauses.add(self.clauses.before.literal(limit, True))
        self.allowed_after = self.clauses.every(self.clauses.after.literal(limit, True) for limit in self.limits)

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
        clauses = self.clauses
        read = {variable for part in parts for variable in self.scope.variables_of(part)}
        wanted = [clauses.before.literal(part, True) for part in parts]
        wanted += [clauses.some(clauses.after.literal(part, False) for part in parts), self.allowed_after]
        found: set[FactKey] = set()
        for variable in self.scope.order():
            cluster = self.tied.get(variable, {variable})
            if variable.fact in found or not read & cluster:
                continue
            same = [clauses.same(other) for other in self.scope.order() if other not in cluster]
            change = [*wanted, *same, clauses.differ(variable, ())]
            if clauses.solve(change) and variable in self.tied:
                change[-1] = clauses.differ(variable, self.alike(variable, parts))
            if clauses.solve(change):
                found.add(variable.fact)
        named = self.scope.readings | self.scope.named_in(parts)
        return {key: reading for key, reading in named.items() if key in found}

    def alike(self, variable: Variable, parts: Sequence[Formula]) -> list[tuple[int, int]]:
        """The pairs of values of a tied variable that no part and no limit can tell apart."""
        clauses, before, after = self.clauses, self.clauses.before, self.clauses.after
        limits = [limit for limit in self.limits if variable in self.scope.variables_of(limit)]
        cells = [part for part in parts if variable in self.scope.variables_of(part)]
        felt = clauses.some(
            [
                *(after.literal(limit, False) for limit in limits),
                *(clauses.every([before.literal(c, True), after.literal(c, False)]) for c in cells),
                *(clauses.every([before.literal(c, False), after.literal(c, True)]) for c in cells),
            ]
        )
        same = [clauses.same(other) for other in self.scope.order() if other != variable]

        def apart(i: int, j: int) -> bool:
            return clauses.solve([*same, felt, before.values[variable][i], after.values[variable][j]])

        choices = range(len(before.values[variable]))
        return [(i, j) for i, j in combinations(choices, 2) if not apart(i, j) and not apart(j, i)]

    @cached_property
    def tied(self) -> dict[Variable, set[Variable]]:
        """For each variable that a constraint reads: the variables tied to it, directly or through others."""
        clusters: list[set[Variable]] = []
        for limit in self.limits:
            cluster = set(self.scope.variables_of(limit))
            clusters = [*(c for c in clusters if not c & cluster), cluster.union(*(c for c in clusters if c & cluster))]
        return {variable: cluster for cluster in clusters for variable in cluster}
