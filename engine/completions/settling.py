"""The exact answer of a conjunction over all completions, and the facts on which it depends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from engine.completions.diagrams import FALSE, TRUE, Diagram
from engine.completions.formulas import FactKey, Formula, Link
from engine.completions.variables import Scope
from engine.conditions import Reading
from engine.facts import Truth, Vocabulary, all_of


class ContradictionError(Exception):
    """No completion of the unknown facts satisfies the constraints."""


class Answer(NamedTuple):
    """The exact truth of a conjunction, and the facts that can still change it, by key, as first read."""

    truth: Truth
    matters: dict[FactKey, Reading]


def settle(
    parts: Sequence[Formula],
    constraints: Sequence[Formula],
    vocabulary: Vocabulary,
    link: Link = lambda reading, code: None,
) -> Answer:
    """The exact answer of the conjunction of `parts` over all completions that satisfy `constraints`.

    A fact matters if two such completions that differ in it, and otherwise only in facts that a constraint ties to it,
    get different answers. Constraints that share no fact with the parts, directly or through others, are left out.

    Raises `ContradictionError` where the constraints cannot be satisfied.
    """
    truth = all_of([part.truth for part in parts])
    if truth is not None:
        return Answer(truth, {})
    joint = _joint(parts, constraints, vocabulary, link)
    if not joint.consistent():
        raise ContradictionError
    if not joint.possible():
        return Answer(False, {})
    if joint.certain():
        return Answer(True, {})
    matters = joint.essential()
    readings = joint.diagram.scope.readings
    return Answer(None, {key: reading for key, reading in readings.items() if key in matters})


def check_consistent(constraints: Sequence[Formula], vocabulary: Vocabulary, link: Link) -> None:
    """Raise `ContradictionError` where no completion of the unknown facts satisfies the constraints."""
    waiting = [constraint for constraint in constraints if constraint.truth is None]
    if waiting and not _joint(waiting, (), vocabulary, link).possible():
        raise ContradictionError


def _joint(parts: Sequence[Formula], constraints: Sequence[Formula], vocabulary: Vocabulary, link: Link) -> _Joint:
    scope = Scope(vocabulary, link)
    waiting = [part for part in parts if part.truth is None]
    for part in waiting:
        scope.enter(part)
    limits = scope.relevant(constraints)
    diagram = Diagram(scope)
    bounds = [diagram.formula(limit) for limit in limits]
    cells = dict.fromkeys(diagram.formula(part) for part in waiting)
    return _Joint(diagram, [cell for cell in cells if cell not in bounds], bounds)


class _Joint:
    """Questions about the conjunction of some diagrams, without building it.

    What only one diagram depends on is quantified away first; the search then runs over the variables that are shared.
    """

    def __init__(self, diagram: Diagram, cells: list[int], limits: list[int]) -> None:
        self.diagram, self.cells, self.limits = diagram, cells, limits
        self.supports = {part: diagram.support(part) for part in {*cells, *limits}}
        counts = Counter(rank for part in self.supports for rank in self.supports[part])
        self.shared = {rank for rank, count in counts.items() if count > 1}
        self.projected = {part: self.project(part) for part in self.supports}
        self.impossible: set[frozenset[int]] = set()

    def project(self, part: int) -> int:
        """A diagram over the shared variables alone."""
        return self.diagram.forget(part, self.diagram.support(part) - self.shared)

    def consistent(self) -> bool:
        """Whether the limits leave any completion at all."""
        return self.together(self.projected[limit] for limit in self.limits)

    def possible(self) -> bool:
        """Whether all parts can be true together."""
        return self.together(self.projected.values())

    def certain(self) -> bool:
        """Whether the limits make every cell true."""
        limits = [self.projected[limit] for limit in self.limits]
        return not any(self.together([*limits, self.project(self.diagram.opposite(cell))]) for cell in self.cells)

    def together(self, parts: Iterable[int]) -> bool:
        """Whether diagrams over shared variables can be true together."""
        state = frozenset(part for part in parts if part != TRUE)
        if FALSE in state or state in self.impossible:
            return False
        if len(state) <= 1:
            return True
        rank = min(self.diagram.ranks[part] for part in state)
        for choices in zip(*(self.diagram.cofactors(part, rank) for part in state), strict=True):
            if self.together(choices):
                return True
        self.impossible.add(state)
        return False

    def essential(self) -> set[FactKey]:
        """The facts whose value can change the answer while all that no limit ties to them stays."""
        tied = self.tied()
        found: set[FactKey] = set()
        for rank, variable in enumerate(self.diagram.variables):
            if variable.fact not in found and self.turns(rank, tied.get(rank)):
                found.add(variable.fact)
        return found

    def turns(self, rank: int, cluster: Set[int] | None) -> bool:
        """Whether some allowed completion where all cells hold has a neighbor along a variable where one fails."""
        reach = cluster or {rank}
        for cell in set(self.cells):
            if not self.supports[cell] & reach:
                continue
            others = [self.projected[part] for part in self.supports if part != cell]
            for neighbor in self.failing(cell, rank, cluster):
                here = self.diagram.both(cell, neighbor)
                if here != FALSE and self.together([*others, self.project(here)]):
                    return True
        return False

    def failing(self, cell: int, rank: int, cluster: Set[int] | None) -> Iterator[int]:
        """Where a change of the variable (and of what is tied to it) makes the cell fail, as seen from before."""
        diagram, fails = self.diagram, self.diagram.opposite(cell)
        if cluster is None:
            yield diagram.forget(fails, {rank})
            return
        limit = diagram.both(*[limit for limit in self.limits if self.supports[limit] & cluster])
        choices = range(len(diagram.values[rank]))
        seen_together = [limit, *[diagram.both(part, limit) for part in self.cells]]
        effects = [[diagram.fix(part, rank, i) for part in seen_together] for i in choices]
        for i in choices:
            other = diagram.node(rank, tuple(int(effects[i] != effects[j]) for j in choices))
            changed = diagram.fix(diagram.both(fails, limit), rank, i)
            yield diagram.both(other, diagram.forget(changed, cluster - {rank}))

    def tied(self) -> dict[int, set[int]]:
        """For each variable that a limit reads: the variables tied to it, directly or through others."""
        clusters: list[set[int]] = []
        for limit in self.limits:
            cluster = self.supports[limit]
            clusters = [*(c for c in clusters if not c & cluster), cluster.union(*(c for c in clusters if c & cluster))]
        return {rank: cluster for cluster in clusters for rank in cluster}
