"""Open formulas as clauses of a satisfiability solver (Glucose, of G. Audemard and L. Simon), over two completions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from engine.completions.formulas import Formula, key_of
from engine.completions.variables import Scope, Variable, possible_codes
from engine.conditions import AtLeast, Either, Not, Proof, Reading, Test, holds
from engine.documents import CannotDo
from engine.facts import CodeSet, Value, unknown

MAX_CONFLICTS = 2_000_000
"""How long the solver searches before a question is given up; real requests need a few thousand conflicts."""


class Clauses:
    """A solver over two copies of the completions of a scope, and the literals that questions are made of."""

    def __init__(self, scope: Scope) -> None:
        from pysat.solvers import Solver

        self.solver = Solver(name="glucose4")
        self.literals = 0
        self.true = self.new()
        self.add(self.true)
        self.before, self.after = Copy(self, scope), Copy(self, scope)
        self.equal: dict[Variable, int] = {}

    def solve(self, wanted: Iterable[int]) -> bool:
        """Whether all literals can be true together."""
        self.solver.conf_budget(MAX_CONFLICTS)
        answer: bool | None = self.solver.solve_limited(assumptions=list(wanted))
        if answer is None:
            raise CannotDo("too much is unknown to settle the answer exactly; state more facts of the request")
        return answer

    def add(self, *clause: int) -> None:
        """Add a clause."""
        self.solver.add_clause(clause)

    def new(self) -> int:
        """A new literal."""
        self.literals += 1
        return self.literals

    def some(self, literals: Iterable[int]) -> int:
        """The literal that implies that one of several is true."""
        result = self.new()
        self.add(-result, *literals)
        return result

    def every(self, literals: Iterable[int]) -> int:
        """The literal that implies that all of several are true."""
        result = self.new()
        for literal in literals:
            self.add(-result, literal)
        return result

    def same(self, variable: Variable) -> int:
        """The literal that implies that a variable has one value before and after."""
        if variable not in self.equal:
            self.equal[variable] = self.new()
            for one, other in zip(self.before.values[variable], self.after.values[variable], strict=True):
                self.add(-self.equal[variable], -one, other)
        return self.equal[variable]

    def differ(self, variable: Variable, alike: Iterable[tuple[int, int]]) -> int:
        """The literal that implies that a variable changes, and not merely between values that are alike."""
        result, before, after = self.new(), self.before.values[variable], self.after.values[variable]
        for one, other in zip(before, after, strict=True):
            self.add(-result, -one, -other)
        for i, j in alike:
            self.add(-result, -before[i], -after[j])
            self.add(-result, -before[j], -after[i])
        return result


class Copy:
    """One completion: a literal for each value of each variable, and for each truth of each formula asked about."""

    def __init__(self, clauses: Clauses, scope: Scope) -> None:
        self.clauses, self.scope = clauses, scope
        self.domains = {variable: scope.values(variable) for variable in scope.order()}
        self.values = {variable: [clauses.new() for _ in domain] for variable, domain in self.domains.items()}
        for literals in self.values.values():
            clauses.add(*literals)
            for one, other in combinations(literals, 2):
                clauses.add(-one, -other)
        self.known: dict[tuple[int, bool], int] = {}
        self.kept: list[Formula | Proof] = []
        """What `known` names by identity stays alive."""

    def literal(self, formula: Formula, truth: bool) -> int:
        """The literal that implies that a formula has a truth."""
        if formula.truth is not None:
            return self.constant(formula.truth is truth)
        if formula.proof is not None:
            return self.proof(formula.proof, truth)
        key = (id(formula), truth)
        if key not in self.known:
            self.kept.append(formula)
            wanted = truth if formula.form != "not" else not truth
            parts = [self.literal(part, wanted) for part in formula.parts]
            together = (formula.form == "all") is truth
            self.known[key] = self.clauses.every(parts) if together else self.clauses.some(parts)
        return self.known[key]

    def constant(self, truth: bool) -> int:
        """The literal that is always true, or never."""
        return self.clauses.true if truth else -self.clauses.true

    def proof(self, proof: Proof, truth: bool) -> int:
        """The literal that implies that an evaluated condition has a truth; what is settled in it is constant."""
        if proof.truth is not None:
            return self.constant(proof.truth is truth)
        key = (id(proof), truth)
        if key not in self.known:
            self.kept.append(proof)
            self.known[key] = self._proof(proof, truth)
        return self.known[key]

    def _proof(self, proof: Proof, truth: bool) -> int:
        condition, clauses = proof.condition, self.clauses
        if isinstance(condition, Test):
            return self.test(condition, proof.readings, truth)
        parts = [self.proof(part, truth if not isinstance(condition, Not) else not truth) for part in proof.parts]
        if isinstance(condition, AtLeast):
            needed = condition.count if truth else len(parts) - condition.count + 1
            groups = combinations(parts, len(parts) - needed + 1)
            return clauses.every([clauses.some(group) for group in groups])
        together = isinstance(condition, Either) is not truth
        return clauses.every(parts) if together else clauses.some(parts)

    def test(self, test: Test, readings: tuple[Reading, ...], truth: bool) -> int:
        """The literal that implies that one test of unknown facts has a truth."""
        if self.scope.vocabulary[readings[0].name].fact.type == "codes":
            return self.set_test(test, readings[0], truth)
        linked = self.scope.link(readings[0], "")
        if linked is not None:
            values = [value for value in (True, False) if holds(test.operator, value, test.operands) is truth]
            return self.clauses.some([self.literal(linked, value) for value in values])
        if len(readings) > 1 and all(unknown(reading.value) for reading in readings):
            return self.comparison(test, readings, truth)
        at = next(i for i, reading in enumerate(readings) if unknown(reading.value))
        variable = Variable(key_of(readings[at]))

        def passes(value: Value) -> bool:
            values = [value if i == at else reading.value for i, reading in enumerate(readings)]
            return holds(test.operator, values[0], tuple(values[1:]) or test.operands) is truth

        pairs = zip(self.domains[variable], self.values[variable], strict=True)
        return self.clauses.some([literal for value, literal in pairs if passes(value)])

    def comparison(self, test: Test, readings: tuple[Reading, ...], truth: bool) -> int:
        """The same for two unknown facts that are compared with each other."""
        one, other = (Variable(key_of(reading)) for reading in readings)
        result = self.clauses.new()
        for value, literal in zip(self.domains[one], self.values[one], strict=True):
            pairs = zip(self.domains[other], self.values[other], strict=True)
            fitting = [found for right, found in pairs if holds(test.operator, value, (right,)) is truth]
            if one == other:
                fitting = [self.constant(holds(test.operator, value, (value,)) is truth)]
            self.clauses.add(-result, -literal, *fitting)
        return result

    def set_test(self, test: Test, reading: Reading, truth: bool) -> int:
        """The same for a set, code by code."""
        clauses = self.clauses
        may = possible_codes(reading, self.scope.vocabulary)
        has = reading.value.has if isinstance(reading.value, CodeSet) else frozenset[str]()
        wanted = [str(operand) for operand in test.operands]

        def members(codes: Iterable[str], inside: bool) -> list[int]:
            return [self.member(reading, code, inside, code in has, code in may) for code in codes]

        if test.operator == "includes_all":
            return clauses.every(members(wanted, True)) if truth else clauses.some(members(wanted, False))
        if test.operator == "within":  # some of these, and no other
            others = sorted((may | has) - set(wanted))
            if truth:
                return clauses.every([clauses.some(members(wanted, True)), *members(others, False)])
            return clauses.some([clauses.every(members(wanted, False)), *members(others, True)])
        some = truth is not (test.operator == "excludes")
        return clauses.some(members(wanted, True)) if some else clauses.every(members(wanted, False))

    def member(self, reading: Reading, code: str, inside: bool, sure: bool, possible: bool) -> int:
        """The literal that implies that a code is in a set, or is not."""
        if sure or not possible:
            return self.constant(sure is inside)
        linked = self.scope.link(reading, code)
        if linked is not None:
            return self.literal(linked, inside)
        out, in_ = self.values[Variable(key_of(reading), code)]
        return in_ if inside else out
