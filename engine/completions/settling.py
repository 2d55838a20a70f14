"""The exact answer of a conjunction over all completions, and the facts on which it depends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import combinations

from engine.completions.diagrams import FALSE, TRUE, Diagram
from engine.completions.formulas import FactKey, Formula, Link
from engine.completions.variables import Scope
from engine.conditions import Reading
from engine.facts import Truth, Vocabulary, all_of


class ContradictionError(Exception):
    """No completion of the unknown facts satisfies the constraints."""


class Answer:
    """The exact truth of a conjunction, and (worked out when asked) the facts that can still change it."""

    def __init__(self, truth: Truth, joint: _Joint | None = None) -> None:
        self.truth = truth
        self._joint = joint

    @cached_property
    def matters(self) -> dict[FactKey, Reading]:
        """The facts on which the answer depends, by key, as first read; none where it is settled."""
        if self._joint is None:
            return {}
        matters = self._joint.essential()
        readings = self._joint.diagram.scope.readings
        return {key: reading for key, reading in readings.items() if key in matters}


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
        return Answer(truth)
    joint = _joint(parts, constraints, vocabulary, link)
    if not joint.consistent():
        raise ContradictionError
    if not joint.possible():
        return Answer(False)
    if joint.certain():
        return Answer(True)
    return Answer(None, joint)


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

    A satisfiability solver searches for completions; the diagrams give it few variables and short clauses. To ask what
    a change of one fact does, it holds each completion twice: before and after.
    """

    def __init__(self, diagram: Diagram, cells: list[int], limits: list[int]) -> None:
        self.diagram, self.cells, self.limits = diagram, cells, limits
        self.supports = {part: diagram.support(part) for part in {*cells, *limits}}
        self.clauses = _Clauses(diagram)

    def consistent(self) -> bool:
        """Whether the limits leave any completion at all."""
        return self.clauses.solve(self.clauses.before.all(self.limits)) is not None

    def possible(self) -> bool:
        """Whether all parts can be true together."""
        return self.clauses.solve(self.clauses.before.all([*self.cells, *self.limits])) is not None

    def certain(self) -> bool:
        """Whether the limits make every cell true."""
        fails = [self.diagram.opposite(cell) for cell in self.cells]
        return all(self.clauses.solve(self.clauses.before.all([*self.limits, fail])) is None for fail in fails)

    def essential(self) -> set[FactKey]:
        """The facts whose value can change the answer while all that no limit ties to them stays."""
        found: set[FactKey] = set()
        clauses, tied = self.clauses, self._tied()
        allowed = [*clauses.before.all([*self.cells, *self.limits]), *clauses.after.all(self.limits)]
        fails = clauses.some(clauses.after.node(self.diagram.opposite(cell)) for cell in self.cells)
        completion = clauses.solve(clauses.before.all([*self.cells, *self.limits]))
        for rank, variable in enumerate(self.diagram.variables):
            if completion is not None:
                self._neighbors(completion, found)
            completion = None
            if variable.fact not in found:
                cluster = tied.get(rank, {rank})
                same = [clauses.same(other) for other in range(len(self.diagram.variables)) if other not in cluster]
                wanted = [*allowed, fails, *same]
                completion = clauses.solve([*wanted, clauses.differ(rank, [])])
                if completion is not None and rank in tied:
                    completion = clauses.solve([*wanted, self._change(rank)])
                if completion is not None:
                    found.add(variable.fact)
        return found

    def _neighbors(self, completion: list[int], found: set[FactKey]) -> None:
        """Add the facts of which one other value alone, still within the limits, makes a cell fail."""
        for rank, variable in enumerate(self.diagram.variables):
            if variable.fact in found:
                continue
            cells = [cell for cell in self.cells if rank in self.supports[cell]]
            limits = [limit for limit in self.limits if rank in self.supports[limit]]
            for value in range(len(self.diagram.values[rank])):
                other = [*completion[:rank], value, *completion[rank + 1 :]]
                holding = all(self.diagram.holds(limit, other) for limit in limits)
                if holding and not all(self.diagram.holds(cell, other) for cell in cells):
                    found.add(variable.fact)
                    break

    def _change(self, rank: int) -> int:
        """The literal that a tied variable changes between values that some rule or limit can tell apart."""
        clauses = self.clauses
        cells = [cell for cell in self.cells if rank in self.supports[cell]]
        limits = [limit for limit in self.limits if rank in self.supports[limit]]
        here = [
            clauses.before.all(self.limits),
            [clauses.same(r) for r in range(len(clauses.before.values)) if r != rank],
        ]
        felt = clauses.some(
            [
                *(clauses.after.node(self.diagram.opposite(limit)) for limit in limits),
                *(clauses.both(clauses.before.node(c), clauses.after.node(self.diagram.opposite(c))) for c in cells),
                *(clauses.both(clauses.before.node(self.diagram.opposite(c)), clauses.after.node(c)) for c in cells),
            ]
        )

        def apart(i: int, j: int) -> bool:
            pair = [clauses.before.values[rank][i], clauses.after.values[rank][j]]
            return clauses.solve([*here[0], *here[1], felt, *pair]) is not None

        choices = range(len(self.diagram.values[rank]))
        alike = [(i, j) for i, j in combinations(choices, 2) if not apart(i, j) and not apart(j, i)]
        return clauses.differ(rank, alike)

    def _tied(self) -> dict[int, set[int]]:
        """For each variable that a limit reads: the variables tied to it, directly or through others."""
        clusters: list[set[int]] = []
        for limit in self.limits:
            cluster = self.supports[limit]
            clusters = [*(c for c in clusters if not c & cluster), cluster.union(*(c for c in clusters if c & cluster))]
        return {rank: cluster for cluster in clusters for rank in cluster}


class _Clauses:
    """Diagrams as clauses, over two completions, for a satisfiability solver: Glucose, of G. Audemard and L. Simon."""

    def __init__(self, diagram: Diagram) -> None:
        from pysat.solvers import Solver

        self.solver = Solver(name="glucose4")
        self.literals = 0
        self.before, self.after = _Copy(self, diagram), _Copy(self, diagram)
        self.equal: dict[int, int] = {}

    def solve(self, wanted: Iterable[int]) -> list[int] | None:
        """The first completion in which all literals are true, as the number of each variable's value, or None."""
        if not self.solver.solve(assumptions=[literal for literal in wanted if literal != self.before.true]):
            return None
        model: list[int] = self.solver.get_model()
        return [next(i for i, x in enumerate(values) if model[x - 1] > 0) for values in self.before.values]

    def add(self, *clause: int) -> None:
        """Add a clause."""
        self.solver.add_clause(clause)

    def literal(self) -> int:
        """A new literal."""
        self.literals += 1
        return self.literals

    def some(self, literals: Iterable[int]) -> int:
        """The literal that implies that one of several is true."""
        result = self.literal()
        self.add(-result, *literals)
        return result

    def both(self, one: int, other: int) -> int:
        """The literal that implies two others."""
        result = self.literal()
        self.add(-result, one)
        self.add(-result, other)
        return result

    def same(self, rank: int) -> int:
        """The literal that implies that a variable has one value before and after."""
        if rank not in self.equal:
            self.equal[rank] = self.literal()
            for one, other in zip(self.before.values[rank], self.after.values[rank], strict=True):
                self.add(-self.equal[rank], -one, other)
        return self.equal[rank]

    def differ(self, rank: int, alike: Iterable[tuple[int, int]]) -> int:
        """The literal that implies that a variable changes, and not merely between values that are alike."""
        result, before, after = self.literal(), self.before.values[rank], self.after.values[rank]
        for one, other in zip(before, after, strict=True):
            self.add(-result, -one, -other)
        for i, j in alike:
            self.add(-result, -before[i], -after[j])
            self.add(-result, -before[j], -after[i])
        return result


class _Copy:
    """One completion: a literal for each value of each variable, and for each node of the diagrams asked about."""

    def __init__(self, clauses: _Clauses, diagram: Diagram) -> None:
        self.clauses, self.diagram = clauses, diagram
        self.values = [[clauses.literal() for _ in values] for values in diagram.values]
        for literals in self.values:
            clauses.add(*literals)
            for one, other in combinations(literals, 2):
                clauses.add(-one, -other)
        self.true = clauses.literal()
        clauses.add(self.true)
        self.nodes: dict[int, int] = {TRUE: self.true, FALSE: -self.true}

    def all(self, parts: Iterable[int]) -> list[int]:
        """The literals that imply that diagrams are true."""
        return [self.node(part) for part in parts]

    def node(self, node: int) -> int:
        """The literal that implies that a diagram is true."""
        new, waiting = [], [node]
        while waiting:
            here = waiting.pop()
            if here not in self.nodes:
                self.nodes[here] = self.clauses.literal()
                new.append(here)
                waiting += self.diagram.children[here]
        for here in new:
            values = self.values[self.diagram.ranks[here]]
            for value, child in zip(values, self.diagram.children[here], strict=True):
                if child != TRUE:
                    self.clauses.add(-self.nodes[here], -value, self.nodes[child])
        return self.nodes[node]
