"""Open formulas as clauses of a satisfiability solver (Glucose, of G. Audemard and L. Simon)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from engine.completions.formulas import Formula, Node, key_of
from engine.completions.variables import Mask, Scope, Variable, possible_codes
from engine.conditions import AtLeast, Either, Not, Proof, Reading, Test, holds
from engine.documents import CannotDo
from engine.facts import CodeSet, Value, unknown

MAX_CONFLICTS = 2_000_000
"""How long the solver searches before a question is given up; real requests need a few thousand conflicts."""


class Literals:
    """The literals that questions are made of. Each implies what it stands for, not the converse.

    `add` takes the clauses that say so.
    """

    def __init__(self, scope: Scope, add: Callable[[Sequence[int]], object]) -> None:
        self.scope, self._add = scope, add
        self.literals = 0
        self.joined: dict[tuple[bool, frozenset[int]], int] = {}
        self.true = self.new()
        self.add(self.true)

    def add(self, *clause: int) -> None:
        """Add a clause."""
        self._add(clause)

    def new(self) -> int:
        """A new literal."""
        self.literals += 1
        return self.literals

    def some(self, literals: Iterable[int]) -> int:
        """The literal that implies that one of several is true."""
        choices = frozenset(literals) - {-self.true}
        if self.true in choices:
            return self.true
        if len(choices) < 2:
            return next(iter(choices), -self.true)
        if (False, choices) not in self.joined:
            result = self.joined[False, choices] = self.new()
            self.add(-result, *choices)
        return self.joined[False, choices]

    def every(self, literals: Iterable[int]) -> int:
        """The literal that implies that all of several are true."""
        parts = frozenset(literals) - {self.true}
        if -self.true in parts:
            return -self.true
        if len(parts) < 2:
            return next(iter(parts), self.true)
        if (True, parts) not in self.joined:
            result = self.joined[True, parts] = self.new()
            for literal in parts:
                self.add(-result, literal)
        return self.joined[True, parts]


class Clauses(Literals):
    """A solver, and the literals that questions are made of.

    `before` is a completion of the facts; `after(changed)` is the same with some variables free to differ.
    """

    def __init__(self, scope: Scope, domains: Mapping[Variable, list[Value]] | None = None) -> None:
        from pysat.solvers import Solver

        self.solver = Solver(name="minisat-gh")
        super().__init__(scope, self.solver.add_clause)
        self.before = Completion(self, scope.variables, domains=domains)
        self.changes: dict[Mask, Completion] = {}

    def after(self, changed: Mask) -> Completion:
        """The completion that may differ from `before` in some variables."""
        if changed not in self.changes:
            self.changes[changed] = Completion(self, self.scope.chosen(changed), changed, self.before)
        return self.changes[changed]

    def solve(self, wanted: Iterable[int]) -> bool:
        """Whether all literals can be true together."""
        self.solver.conf_budget(MAX_CONFLICTS)
        answer: bool | None = self.solver.solve_limited(assumptions=list(wanted))
        if answer is None:
            raise CannotDo("too much is unknown to settle the answer exactly; state more facts of the request")
        return answer

    def likely(self, literals: Iterable[int]) -> None:
        """Try these literals as true first, so that one solution makes many of them true."""
        self.solver.set_phases(list(literals))

    def solution(self) -> set[int]:
        """The literals that are true in the solution last found."""
        return set(self.solver.get_model())

    def core(self) -> set[int]:
        """Of what was last wanted, literals that cannot be true together."""
        return set(self.solver.get_core())

    def follows(self, literal: int) -> list[int]:
        """What the clauses say at once where a literal is true."""
        found: list[int] = self.solver.propagate([literal])[1]
        return found


class Completion:
    """A literal for each value of each variable, and for each truth of each formula asked about.

    The values are those of `domains`, else those that the rules can tell apart. What does not read a changed variable
    has the literals of the completion that this one differs from.
    """

    def __init__(
        self, clauses: Literals, variables: Iterable[Variable], changed: Mask = 0, base: Completion | None = None,
        domains: Mapping[Variable, list[Value]] | None = None,
    ) -> None:  # fmt: skip
        self.clauses, self.scope, self.changed, self.base = clauses, clauses.scope, changed, base
        self.domains: Mapping[Variable, list[Value]]
        if base is not None:
            self.domains = base.domains
        else:
            self.domains = domains or {variable: self.scope.values(variable) for variable in variables}
        self.own: dict[Variable, list[int]] = {}
        self.known: dict[tuple[int, bool], int] = {}
        for variable in variables:
            literals = self.own[variable] = [clauses.new() for _ in self.domains[variable]]
            clauses.add(*literals)
            for one, other in combinations(literals, 2):
                clauses.add(-one, -other)

    def values(self, variable: Variable) -> list[int]:
        """The literals of a variable's values."""
        return self.base.values(variable) if self.base and variable not in self.own else self.own[variable]

    def literal(self, node: Node, truth: bool) -> int:
        """The literal that implies that a formula, or an evaluated condition, has a truth."""
        if node.truth is not None:
            return self.constant(node.truth is truth)
        if self.base and not self.scope.reads(node) & self.changed:
            return self.base.literal(node, truth)
        key = (id(node), truth)
        if key not in self.known:
            self.scope.reads(node)  # keeps it alive, so that no other takes its identity
            self.known[key] = self._formula(node, truth) if isinstance(node, Formula) else self._proof(node, truth)
        return self.known[key]

    def constant(self, truth: bool) -> int:
        """The literal that is always true, or never."""
        return self.clauses.true if truth else -self.clauses.true

    def _formula(self, formula: Formula, truth: bool) -> int:
        if formula.proof is not None:
            return self.literal(formula.proof, truth)
        wanted = truth if formula.form != "not" else not truth
        parts = [self.literal(part, wanted) for part in formula.parts]
        together = (formula.form == "all") is truth
        return self.clauses.every(parts) if together else self.clauses.some(parts)

    def _proof(self, proof: Proof, truth: bool) -> int:
        condition, clauses = proof.condition, self.clauses
        if isinstance(condition, Test):
            return self._test(condition, proof.readings, truth)
        parts = [self.literal(part, truth if not isinstance(condition, Not) else not truth) for part in proof.parts]
        if isinstance(condition, AtLeast):
            needed = condition.count if truth else len(parts) - condition.count + 1
            groups = combinations(parts, len(parts) - needed + 1)
            return clauses.every([clauses.some(group) for group in groups])
        together = isinstance(condition, Either) is not truth
        return clauses.every(parts) if together else clauses.some(parts)

    def _test(self, test: Test, readings: tuple[Reading, ...], truth: bool) -> int:
        """One test of unknown facts."""
        if self.scope.vocabulary[readings[0].name].fact.type == "codes":
            return self._set_test(test, readings[0], truth)
        linked = self.scope.linked(readings[0])
        if linked is not None:
            values = [value for value in (True, False) if holds(test.operator, value, test.operands) is truth]
            return self.clauses.some([self.literal(linked, value) for value in values])
        if len(readings) > 1 and all(unknown(reading.value) for reading in readings):
            return self._comparison(test, readings, truth)
        at = next(i for i, reading in enumerate(readings) if unknown(reading.value))
        variable = Variable(key_of(readings[at]))

        def passes(value: Value) -> bool:
            values = [value if i == at else reading.value for i, reading in enumerate(readings)]
            return holds(test.operator, values[0], tuple(values[1:]) or test.operands) is truth

        pairs = zip(self.domains[variable], self.values(variable), strict=True)
        return self.clauses.some([literal for value, literal in pairs if passes(value)])

    def _comparison(self, test: Test, readings: tuple[Reading, ...], truth: bool) -> int:
        """A test of two unknown facts that are compared with each other."""
        one, other = (Variable(key_of(reading)) for reading in readings)
        result = self.clauses.new()
        for value, literal in zip(self.domains[one], self.values(one), strict=True):
            pairs = zip(self.domains[other], self.values(other), strict=True)
            fitting = [found for right, found in pairs if holds(test.operator, value, (right,)) is truth]
            if one == other:
                fitting = [self.constant(holds(test.operator, value, (value,)) is truth)]
            self.clauses.add(-result, -literal, *fitting)
        return result

    def _set_test(self, test: Test, reading: Reading, truth: bool) -> int:
        """A test of a set, code by code."""
        clauses = self.clauses
        may = possible_codes(reading, self.scope.vocabulary)
        has = reading.value.has if isinstance(reading.value, CodeSet) else frozenset[str]()
        wanted = [str(operand) for operand in test.operands]

        def members(codes: Iterable[str], inside: bool) -> list[int]:
            return [self._member(reading, code, inside, code in has, code in may) for code in codes]

        if test.operator == "includes_all":
            return clauses.every(members(wanted, True)) if truth else clauses.some(members(wanted, False))
        if test.operator == "within":  # some of these, and no other
            others = sorted((may | has) - set(wanted))
            if truth:
                return clauses.every([clauses.some(members(wanted, True)), *members(others, False)])
            return clauses.some([clauses.every(members(wanted, False)), *members(others, True)])
        some = truth is not (test.operator == "excludes")
        return clauses.some(members(wanted, True)) if some else clauses.every(members(wanted, False))

    def _member(self, reading: Reading, code: str, inside: bool, sure: bool, possible: bool) -> int:
        """The literal that implies that a code is in a set, or is not."""
        if sure or not possible:
            return self.constant(sure is inside)
        linked = self.scope.linked(reading, code)
        if linked is not None:
            return self.literal(linked, inside)
        out, in_ = self.values(Variable(key_of(reading), code))
        return in_ if inside else out
