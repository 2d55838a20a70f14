"""Reduced ordered multi-valued decision diagrams of open formulas.

R. E. Bryant, IEEE Trans. Computers C-35(8), 1986; multi-valued: A. Srinivasan et al., ICCAD 1990.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.completions.formulas import Formula, key_of
from engine.completions.variables import Scope, Variable, possible_codes
from engine.conditions import All, AtLeast, Either, Not, Proof, Reading, Test, holds
from engine.documents import CannotDo
from engine.facts import CodeSet, Value, unknown

MAX_NODES = 4_000_000
"""The size beyond which a diagram is given up; real requests need a few thousand nodes."""
FALSE, TRUE = 0, 1
_LEAF = 1 << 30


class Diagram:
    """A reduced ordered multi-valued decision diagram. Nodes are numbers; equal functions have equal numbers."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.variables = scope.order()
        self.rank = {variable: i for i, variable in enumerate(self.variables)}
        self.values = [scope.values(variable) for variable in self.variables]
        self.ranks = [_LEAF, _LEAF]
        self.children: list[tuple[int, ...]] = [(), ()]
        self.nodes: dict[tuple[int, tuple[int, ...]], int] = {}
        self.products: dict[tuple[int, int], int] = {}
        self.opposites: dict[int, int] = {FALSE: TRUE, TRUE: FALSE}
        self.links: dict[int, int] = {}

    # Building

    def formula(self, formula: Formula) -> int:
        """The diagram of a formula."""
        if formula.truth is not None:
            return int(formula.truth)
        if formula.proof is not None:
            return self.proof(formula.proof)
        parts = [self.formula(part) for part in formula.parts]
        if formula.form == "not":
            return self.opposite(parts[0])
        return self.both(*parts) if formula.form == "all" else self.either(*parts)

    def proof(self, proof: Proof) -> int:
        """The diagram of an evaluated condition; what is settled in it is constant."""
        if proof.truth is not None:
            return int(proof.truth)
        condition = proof.condition
        if isinstance(condition, Test):
            return self.test(condition, proof.readings)
        parts = [self.proof(part) for part in proof.parts]
        match condition:
            case All():
                return self.both(*parts)
            case Either():
                return self.either(*parts)
            case Not():
                return self.opposite(parts[0])
            case AtLeast(count=count):
                return self.at_least(count, parts)
            case _:
                return parts[0]

    def test(self, test: Test, readings: tuple[Reading, ...]) -> int:
        """The diagram of one test of unknown facts."""
        if self.scope.vocabulary[readings[0].name].fact.type == "codes":
            return self.set_test(test, readings[0])
        if (linked := self.scope.link(readings[0], "")) is not None:
            behind = self.formula(linked)
            if_true, if_false = (int(bool(holds(test.operator, value, test.operands))) for value in (True, False))
            return self.either(self.both(behind, if_true), self.both(self.opposite(behind), if_false))
        open_ranks = sorted({self.rank[Variable(key_of(r))] for r in readings if unknown(r.value)})

        def decide(chosen: dict[int, Value]) -> int:
            values = [chosen[self.rank[Variable(key_of(r))]] if unknown(r.value) else r.value for r in readings]
            operands = (values[1],) if len(values) > 1 else test.operands
            truth = holds(test.operator, values[0], operands)
            assert truth is not None, "a completed fact is known"
            return int(truth)

        return self.table(open_ranks, decide)

    def table(self, ranks: list[int], decide: Callable[[dict[int, Value]], int]) -> int:
        """The diagram of a function given by its value for each choice of the variables at `ranks`."""

        def below(i: int, chosen: dict[int, Value]) -> int:
            if i == len(ranks):
                return decide(chosen)
            rank = ranks[i]
            return self.node(rank, tuple(below(i + 1, {**chosen, rank: v}) for v in self.values[rank]))

        return below(0, {})

    def set_test(self, test: Test, reading: Reading) -> int:
        """The diagram of a test of a set, code by code."""

        def member(code: str) -> int:
            if isinstance(reading.value, CodeSet) and code in reading.value.has:
                return TRUE
            if code not in may:
                return FALSE
            linked = self.scope.link(reading, code)
            return self.formula(linked) if linked is not None else self.bit(Variable(key_of(reading), code))

        may = possible_codes(reading, self.scope.vocabulary)
        wanted = [str(operand) for operand in test.operands]
        if test.operator in ("includes", "includes_any", "any_of"):
            return self.either(*map(member, wanted))
        if test.operator == "includes_all":
            return self.both(*map(member, wanted))
        if test.operator == "excludes":
            return self.opposite(self.either(*map(member, wanted)))
        inside = self.either(*map(member, wanted))  # within: some of these, and no other
        has = reading.value.has if isinstance(reading.value, CodeSet) else frozenset[str]()
        outside = self.either(*map(member, sorted((may | has) - set(wanted))))
        return self.both(inside, self.opposite(outside))

    def bit(self, variable: Variable) -> int:
        """The diagram that is true where the variable is."""
        return self.node(self.rank[variable], (FALSE, TRUE))

    def at_least(self, count: int, parts: list[int]) -> int:
        """The diagram that is true where `count` or more parts are."""
        reached = [TRUE] + [FALSE] * count  # reached[n]: n or more of the parts so far
        for part in parts:
            reached = [TRUE] + [self.either(reached[n], self.both(reached[n - 1], part)) for n in range(1, count + 1)]
        return reached[count]

    # Algebra

    def node(self, rank: int, children: tuple[int, ...]) -> int:
        """The number of a node; a node whose children are all one is that child."""
        if all(child == children[0] for child in children):
            return children[0]
        key = (rank, children)
        if key not in self.nodes:
            if len(self.ranks) > MAX_NODES:
                raise CannotDo("too much is unknown to settle the answer exactly; state more facts of the request")
            self.nodes[key] = len(self.ranks)
            self.ranks.append(rank)
            self.children.append(children)
        return self.nodes[key]

    def both(self, *parts: int) -> int:
        """The conjunction; smaller diagrams first."""
        result = TRUE
        for part in sorted(parts):
            result = self._both(result, part)
        return result

    def _both(self, a: int, b: int) -> int:
        if FALSE in (a, b):
            return FALSE
        if a in (TRUE, b):
            return b
        if b == TRUE:
            return a
        key = (a, b) if a < b else (b, a)
        if key not in self.products:
            rank = min(self.ranks[a], self.ranks[b])
            pairs = zip(self.cofactors(a, rank), self.cofactors(b, rank), strict=True)
            self.products[key] = self.node(rank, tuple([self._both(x, y) for x, y in pairs]))
        return self.products[key]

    def either(self, *parts: int) -> int:
        """The disjunction."""
        return self.opposite(self.both(*[self.opposite(part) for part in parts]))

    def opposite(self, a: int) -> int:
        """The negation."""
        if a not in self.opposites:
            result = self.node(self.ranks[a], tuple([self.opposite(child) for child in self.children[a]]))
            self.opposites[a], self.opposites[result] = result, a
        return self.opposites[a]

    def cofactors(self, a: int, rank: int) -> tuple[int, ...]:
        """The diagram for each value of the variable at `rank`, which stands at its top or above it."""
        return self.children[a] if self.ranks[a] == rank else (a,) * len(self.values[rank])

    # Questions

    def support(self, a: int) -> set[int]:
        """The ranks of the variables a diagram depends on."""
        seen, edge, ranks = {FALSE, TRUE}, [a], set[int]()
        while edge:
            node = edge.pop()
            if node not in seen:
                seen.add(node)
                ranks.add(self.ranks[node])
                edge += self.children[node]
        return ranks

    def holds(self, a: int, completion: Sequence[int]) -> bool:
        """Whether a diagram is true where each variable has the value of that number."""
        while a > TRUE:
            a = self.children[a][completion[self.ranks[a]]]
        return a == TRUE
