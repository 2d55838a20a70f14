"""What every completion of the unknown facts would answer, exactly.

Three-valued evaluation is sound but not complete: of `A or not A` it says unknown. Where it does, the formulas that are
still open are turned into one reduced ordered multi-valued decision diagram over the values that the rules can tell
apart (R. E. Bryant, IEEE Trans. Computers C-35(8), 1986; multi-valued: A. Srinivasan et al., ICCAD 1990). A formula is
true in every completion if and only if its diagram is the constant true, and a fact can change it if and only if the
diagram depends on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from engine.conditions import All, AtLeast, Either, FactName, Not, Proof, Reading, Test, holds
from engine.documents import CannotDo
from engine.facts import (
    Absence,
    CodeSet,
    Declared,
    Duration,
    Truth,
    Value,
    Vocabulary,
    all_of,
    any_of,
    negation,
    unknown,
)

# Formulas -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A combination of evaluated conditions, with its three-valued truth."""

    form: Literal["proof", "all", "any", "not"]
    truth: Truth
    parts: tuple[Formula, ...] = ()
    proof: Proof | None = None


def proven(proof: Proof) -> Formula:
    """The formula of one evaluated condition."""
    return Formula("proof", proof.truth, (), proof)


def conjunction(parts: Iterable[Formula]) -> Formula:
    """All parts."""
    parts = tuple(parts)
    return Formula("all", all_of([p.truth for p in parts]), parts)


def disjunction(parts: Iterable[Formula]) -> Formula:
    """Some part."""
    parts = tuple(parts)
    return Formula("any", any_of([p.truth for p in parts]), parts)


def opposite(part: Formula) -> Formula:
    """Not the part."""
    return Formula("not", negation(part.truth), (part,))


FactKey = tuple[str, str]
"""What a fact is about and its key; the same whatever role it is read in."""

Link = Callable[[Reading, str], Formula | None]
"""The formula behind a derived fact (or behind one code of a derived set), where other facts decide it."""


class ContradictionError(Exception):
    """No completion of the unknown facts satisfies the constraints."""


def key_of(reading: Reading) -> FactKey:
    """The fact behind a reading."""
    scope, _, key = reading.name.partition(".")
    return reading.about, key if scope in ("provider", "sender", "receiver") else reading.name


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
    scope = _Scope(vocabulary, link)
    waiting = [part for part in parts if part.truth is None]
    for part in waiting:
        scope.enter(part)
    limits = scope.relevant(constraints)
    diagram = _Diagram(scope)
    bounds = [diagram.formula(limit) for limit in limits]
    cells = dict.fromkeys(diagram.formula(part) for part in waiting)
    joint = _Joint(diagram, [cell for cell in cells if cell not in bounds], bounds)
    if not joint.consistent():
        raise ContradictionError
    if not joint.possible():
        return Answer(False, {})
    if joint.certain():
        return Answer(True, {})
    matters = joint.essential()
    return Answer(None, {key: reading for key, reading in scope.readings.items() if key in matters})


# Variables ------------------------------------------------------------------------------------------------------------


class Variable(NamedTuple):
    """An unknown fact, or whether one code is in an unknown set."""

    fact: FactKey
    code: str = ""


@dataclass(slots=True)
class _Scope:
    """The variables of some formulas: which there are, in which order, and which values each can take."""

    vocabulary: Vocabulary
    link: Link
    readings: dict[FactKey, Reading] = field(default_factory=dict)
    uses: Counter[Variable] = field(default_factory=Counter)
    constants: dict[FactKey, set[Any]] = field(default_factory=dict)
    partners: dict[FactKey, set[FactKey]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def enter(self, formula: Formula) -> None:
        """Take in the variables of a formula, counted once for every rule that reads them."""
        if formula.truth is not None:
            return
        if formula.proof is not None:
            self.uses.update(list(dict.fromkeys(self._walk_proof(formula.proof))))
        for part in formula.parts:
            self.enter(part)

    def relevant(self, constraints: Sequence[Formula]) -> list[Formula]:
        """The open constraints that bear on the variables so far; theirs are taken in too."""
        waiting = [(c, {v.fact for v in self._walk(c)}) for c in constraints if c.truth is None]
        chosen: list[Formula] = []
        facts = {v.fact for v in self.uses}
        while nearer := [(c, theirs) for c, theirs in waiting if theirs & facts]:
            waiting = [(c, theirs) for c, theirs in waiting if not theirs & facts]
            for constraint, theirs in nearer:
                chosen.append(constraint)
                facts |= theirs
                self.uses.update(self._walk(constraint))
        return chosen

    def order(self) -> list[Variable]:
        """Variables that more rules read come first, then in order of first use: that keeps diagrams small."""
        return sorted(self.uses, key=lambda v: -self.uses[v])

    def values(self, variable: Variable) -> list[Value]:
        """The values the rules can tell apart."""
        if variable.code:
            return [False, True]
        declared = self.declared(variable.fact)
        group = self._group(variable.fact)
        constants = {c for fact in group for c in self.constants.get(fact, ())}
        values = _apart(declared, constants, len(group))
        return [*values, Absence.DOES_NOT_APPLY] if declared.optional else values

    def declared(self, fact: FactKey) -> Declared:
        return self.vocabulary[self.readings[fact].name]

    def _group(self, fact: FactKey) -> set[FactKey]:
        group, edge = {fact}, [fact]
        while edge:
            for partner in self.partners.get(edge.pop(), ()):
                if partner not in group:
                    group.add(partner)
                    edge.append(partner)
        return group

    def _walk(self, formula: Formula) -> Iterator[Variable]:
        if formula.truth is not None:
            return
        if formula.proof is not None:
            yield from self._walk_proof(formula.proof)
        for part in formula.parts:
            yield from self._walk(part)

    def _walk_proof(self, proof: Proof) -> Iterator[Variable]:
        if proof.truth is not None:
            return
        for part in proof.parts:
            yield from self._walk_proof(part)
        if isinstance(proof.condition, Test):
            yield from self._walk_test(proof.condition, proof.readings)

    def _walk_test(self, test: Test, readings: tuple[Reading, ...]) -> Iterator[Variable]:
        reading = readings[0]
        if self.vocabulary[reading.name].fact.type == "codes":
            for code in codes_tested(test, reading, self.vocabulary):
                if (linked := self.link(reading, code)) is not None:
                    yield from self._walk(linked)
                else:
                    yield Variable(self._enter(reading), code)
            return
        if (linked := self.link(reading, "")) is not None:
            yield from self._walk(linked)
            return
        open_readings = [r for r in readings if unknown(r.value)]
        keys = [self._enter(r) for r in open_readings]
        known = {o for o in test.operands if not isinstance(o, FactName)}
        known |= {r.value for r in readings if not isinstance(r.value, Absence | CodeSet)}
        for key in keys:
            self.constants.setdefault(key, set()).update(known)
            self.partners.setdefault(key, set()).update(k for k in keys if k != key)
            yield Variable(key)

    def _enter(self, reading: Reading) -> FactKey:
        key = key_of(reading)
        self.readings.setdefault(key, reading)
        return key


def codes_tested(test: Test, reading: Reading, vocabulary: Vocabulary) -> list[str]:
    """The codes whose membership is open and bears on a test of a set."""
    may = possible_codes(reading, vocabulary)
    wanted = sorted(may) if test.operator == "within" else [str(o) for o in test.operands]
    return [code for code in wanted if code in may]


def possible_codes(reading: Reading, vocabulary: Vocabulary) -> frozenset[str]:
    """The codes that may or may not be in a set."""
    if isinstance(reading.value, CodeSet):
        return reading.value.may
    return frozenset(vocabulary[reading.name].codes) if unknown(reading.value) else frozenset()


def _apart(declared: Declared, constants: set[Any], facts: int) -> list[Value]:
    """One value for each region that tests against the constants can tell apart.

    There are `facts` of them in each open region, so that as many facts compared with each other fit in any order.
    """
    kind = declared.fact.type
    if kind == "boolean":
        return [True, False]
    if kind == "text":
        return ["text"]
    if kind == "code":
        named = [code for code in sorted(declared.codes) if code in constants]
        others = [code for code in sorted(declared.codes) if code not in constants]
        return [*named, *(others if facts > 1 else others[:1])]
    if kind == "date":
        return [*_dates(sorted(constants), facts)]
    if kind == "duration":
        units = sorted({c.unit for c in constants})
        amounts = {unit: _whole([c.amount for c in constants if c.unit == unit], facts) for unit in units}
        return [Duration(0, "of another class"), *(Duration(n, unit) for unit in units for n in amounts[unit])]
    return [*_numbers(sorted(constants), facts)]


def _dates(constants: list[date], facts: int) -> list[date]:
    days = [c.toordinal() for c in constants]
    return [date.fromordinal(n) for n in _whole(days, facts) if date.min.toordinal() <= n <= date.max.toordinal()]


def _whole(constants: list[int], facts: int) -> list[int]:
    near = {c + step for c in constants for step in range(-facts, facts + 1)}
    return sorted(near) or list(range(1, facts + 1))


def _numbers(constants: list[float], facts: int) -> list[float]:
    if not constants:
        return [float(n) for n in range(facts)]
    ends = [constants[0] - 1 - facts, *constants, constants[-1] + 1 + facts]
    between = [low + (high - low) * i / (facts + 1) for low, high in pairwise(ends) for i in range(1, facts + 1)]
    return sorted({*constants, *between})


# Diagrams -------------------------------------------------------------------------------------------------------------

MAX_NODES = 4_000_000
"""The size beyond which a diagram is given up; real requests need a few thousand nodes."""
FALSE, TRUE = 0, 1
_LEAF = 1 << 30


class _Diagram:
    """A reduced ordered multi-valued decision diagram. Nodes are numbers; equal functions have equal numbers."""

    def __init__(self, scope: _Scope) -> None:
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
        return self.node(self.rank[variable], (FALSE, TRUE))

    def at_least(self, count: int, parts: list[int]) -> int:
        reached = [TRUE] + [FALSE] * count  # reached[n]: n or more of the parts so far
        for part in parts:
            reached = [TRUE] + [self.either(reached[n], self.both(reached[n - 1], part)) for n in range(1, count + 1)]
        return reached[count]

    # Algebra

    def node(self, rank: int, children: tuple[int, ...]) -> int:
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

    def fix(self, a: int, rank: int, value: int) -> int:
        """The diagram with one variable fixed."""
        memo: dict[int, int] = {}

        def fix(node: int) -> int:
            if self.ranks[node] > rank:
                return node
            if self.ranks[node] == rank:
                return self.children[node][value]
            if node not in memo:
                memo[node] = self.node(self.ranks[node], tuple([fix(child) for child in self.children[node]]))
            return memo[node]

        return fix(a)

    def forget(self, a: int, ranks: Set[int]) -> int:
        """The diagram true where some choice of the variables at `ranks` makes `a` true."""
        memo: dict[int, int] = {}

        def forget(node: int) -> int:
            if node <= TRUE:
                return node
            if node not in memo:
                children = [forget(child) for child in self.children[node]]
                rank = self.ranks[node]
                memo[node] = self.either(*children) if rank in ranks else self.node(rank, tuple(children))
            return memo[node]

        return forget(a)


class _Joint:
    """Questions about the conjunction of some diagrams, without building it.

    What only one diagram depends on is quantified away first; the search then runs over the variables that are shared.
    """

    def __init__(self, diagram: _Diagram, cells: list[int], limits: list[int]) -> None:
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
        allowed = diagram.both(fails, *[limit for limit in self.limits if self.supports[limit] & cluster])
        choices = range(len(diagram.values[rank]))
        effects = [[diagram.fix(part, rank, i) for part in self.supports] for i in choices]
        for i in choices:
            other = diagram.node(rank, tuple(int(effects[i] != effects[j]) for j in choices))
            yield diagram.both(other, diagram.forget(diagram.fix(allowed, rank, i), cluster - {rank}))

    def tied(self) -> dict[int, set[int]]:
        """For each variable that a limit reads: the variables tied to it, directly or through others."""
        clusters: list[set[int]] = []
        for limit in self.limits:
            cluster = self.supports[limit]
            clusters = [*(c for c in clusters if not c & cluster), cluster.union(*(c for c in clusters if c & cluster))]
        return {rank: cluster for cluster in clusters for rank in cluster}
