"""A weighted problem of satisfiability: what must hold, and what each measure costs.

The solver is RC2 (A. Ignatiev, A. Morgado and J. Marques-Silva, RC2: an Efficient MaxSAT Solver, 2019), which finds a
solution of least cost.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.completions.clauses import Literals
from engine.completions.variables import Scope


class Program:
    """Literals with clauses and costs. Literals of `gates` imply what they stand for; those of `all_of` equal it."""

    def __init__(self, scope: Scope) -> None:
        from pysat.formula import WCNF

        self.formula = WCNF()
        self.gates = Literals(scope, self.formula.append)
        self.costs: dict[int, int] = {}

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
