"""A weighted problem of satisfiability: what must hold, and what each measure costs.

The solver is RC2 (A. Ignatiev, A. Morgado and J. Marques-Silva, RC2: an Efficient MaxSAT Solver, 2019), which finds a
solution of least cost.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.completions.clauses import Literals
from engine.completions.variables import Scope

if TYPE_CHECKING:
    from pysat.examples.rc2 import RC2Stratified
    from pysat.solvers import Solver


class Solution(NamedTuple):
    """The literals that are true, and what they cost."""

    true: frozenset[int]
    cost: int


class Program:
    """Literals with clauses and costs. Literals of `gates` imply what they stand for; those of `all_of` equal it.

    Clauses may be added between one solution and the next.
    """

    def __init__(self, scope: Scope) -> None:
        from pysat.formula import WCNF

        self.formula = WCNF()
        self.costs: dict[int, int] = {}
        self._solver: Solver | None = None
        self._optimum: RC2Stratified | None = None
        self.gates = Literals(scope, self._append)

    def _append(self, clause: Sequence[int]) -> None:
        self.formula.append(clause)
        if self._solver is not None:
            self._solver.add_clause(clause)
        if self._optimum is not None:
            self._optimum.add_clause(clause)

    def add(self, *clause: int) -> None:
        """Add a clause."""
        self.gates.add(*clause)

    def priced(self, cost: int) -> int:
        """A new literal that costs something where it is true."""
        literal = self.gates.new()
        if cost:
            self.costs[literal] = cost
            self.formula.append([-literal], weight=cost)
        return literal

    def all_of(self, parts: Iterable[int]) -> int:
        """The literal that is true exactly if all parts are."""
        parts = [part for part in dict.fromkeys(parts) if part != self.gates.true]
        if -self.gates.true in parts:
            return -self.gates.true
        if len(parts) < 2:
            return parts[0] if parts else self.gates.true
        result = self.gates.new()
        for part in parts:
            self.add(-result, part)
        self.add(result, *(-part for part in parts))
        return result

    def any_of(self, parts: Iterable[int]) -> int:
        """The literal that is true exactly if some part is."""
        return -self.all_of([-part for part in parts])

    def cheapest(self) -> Solution | None:
        """The solution of least cost, if there is one. The next rests on what this one has learnt."""
        from pysat.examples.rc2 import RC2Stratified

        if not self.costs:
            true = self.solution([])
            return None if true is None else Solution(true, 0)
        if self._optimum is None:  # hardening would rest on bounds that clauses added later may break
            self._optimum = RC2Stratified(self.formula, solver="minisat-gh", exhaust=True, minz=True, nohard=True)
        model = self._optimum.compute()
        return None if model is None else Solution(frozenset(n for n in model if n > 0), self._optimum.cost)

    def solution(self, wanted: Sequence[int]) -> frozenset[int] | None:
        """The literals that are true in some solution in which all that is wanted is true."""
        from pysat.solvers import Solver

        if self._solver is None:
            self._solver = Solver("minisat-gh", bootstrap_with=self.formula.hard)
        if not self._solver.solve(wanted):
            return None
        return frozenset(n for n in self._solver.get_model() if n > 0)


def holds_in(true: Container[int], literal: int) -> bool:
    """Whether a literal is true in a solution."""
    return literal in true if literal > 0 else -literal not in true
