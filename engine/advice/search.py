"""The cheapest measures under which every disclosure of a request is permitted, exactly.

Facts that people can change are left open, and what may be left out of the request becomes a choice; then it is a
question of weighted satisfiability which measures permit everything that is left, at least cost.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from engine.advice.measures import Measure, Theme
from engine.advice.offers import Plan
from engine.advice.parts import DERIVED, Parts
from engine.advice.program import Program, holds_in
from engine.advice.stances import Stances
from engine.advice.worlds import Changed, Doubts, Values, bind, keep_laws
from engine.completions import Formula
from engine.completions.variables import Scope
from engine.decisions import Finding, Judge
from engine.graph import Graph
from engine.policies import PolicySet
from engine.requests import Request


@dataclass(frozen=True, slots=True)
class Candidate:
    """Measures that should permit everything, their cost, and their literals."""

    cost: int
    measures: tuple[Measure, ...]
    literals: tuple[int, ...]


class Search:
    """Candidates for one request, cheapest first.

    With `parts`, something may be left out; what that does to facts of the graph as a whole is not worked out: the
    cost is then no more than what it takes. Without `escapes`, no candidate assumes that a law does not apply.
    """

    def __init__(
        self, policies: PolicySet, request: Request, day: date, *, parts: bool, escapes: bool = True
    ) -> None:  # fmt: skip
        self.stances = Stances(request, policies.vocabulary)
        opened = self.stances.opened(day, categories=parts)
        graph = Graph(policies, opened, day, DERIVED if parts else ())
        judge = Judge(policies, opened, day)
        judge.examine(graph.disclosures)
        self.open = [finding for finding in judge.findings if finding.permitted.truth is not True]
        limits = [limit for limit in judge.constraints if limit.truth is None]
        scope = Scope(policies.vocabulary, judge.link)
        for formula in (*(finding.permitted for finding in self.open), *limits):
            scope.reads(formula)
        self.program = Program(scope)
        self.parts = Parts(self.program, graph) if parts else None

        self.plan = Plan(self.program, self.stances, self.parts, judge.disclosures)
        bind(self.plan, limits)
        if not escapes:
            keep_laws(self.plan, [(finding.applies, self._present(finding)) for finding in self.open])
        self.doubts = Doubts(self.plan, limits)
        self.limits = limits
        self.bits = dict(self._bits())
        self.themes = self._themes()

    def _bits(self) -> Iterator[tuple[int, Theme]]:
        """The literals of all measures, each with its theme."""
        for found in ([*self.parts.left_out.items()] if self.parts else []), self.plan.papers.items():
            yield from ((literal, measure.theme) for literal, measure in found)
        for offers in self.plan.offers.values():
            yield from ((offer.literal, offer.measure.theme) for offer in offers if offer.measure)
        for fact, offer in self.plan.sets.items():
            yield from ((literal, (kind, fact[0])) for kind, literal in offer.bits())

    def _themes(self) -> dict[Theme, int]:
        """By theme the literal that says that some measure has it."""
        found: dict[Theme, list[int]] = {}
        for literal, theme in self.bits.items():
            found.setdefault(theme, []).append(literal)
        return {theme: self.program.any_of(literals) for theme, literals in found.items()}

    def next(self) -> Candidate | None:
        """The cheapest candidate that is not excluded."""
        while solution := self.program.cheapest():
            if not (demands := self._doubted(self.open, solution.true)):
                chosen = tuple(literal for literal in self.bits if literal in solution.true)
                return Candidate(solution.cost, tuple(self._measures(solution.true)), chosen)
            for demand in demands:
                self.program.add(demand)
        return None

    def _doubted(self, findings: Sequence[Finding], true: Container[int]) -> list[int]:
        """What a cure has to make true and a solution does not: that a finding is permitted in some world; else none.

        What is left out needs no permission, and no world counts that the measures make impossible.
        """
        given = self.plan.given(true)
        present = {f.permitted: self._present(f) for f in findings}
        failing = self.doubts.failing([f for f, literal in present.items() if holds_in(true, literal)], given)
        return [self._demand(formula, present[formula], self.doubts.worst(formula, given)) for formula in failing]

    def _demand(self, formula: Formula, present: int, world: Values) -> int:
        """The literal that implies that a formula is true in a world, or not asked for, or the world impossible."""
        changed, scope = Changed(self.plan, world), self.plan.scope
        limits = [limit for limit in self.limits if world.keys() >= {*scope.chosen(scope.reads(limit))}]
        impossible = [changed.literal(limit, False) for limit in limits]
        return self.program.gates.some([-present, changed.literal(formula, True), *impossible])

    def _present(self, finding: Finding) -> int:
        """The literal that says that what a finding is about still takes place."""
        return self.parts.present(finding.disclosure) if self.parts else self.program.gates.true

    def exclude(self, themes: Iterable[Theme]) -> None:
        """Leave out every candidate with measures of all these themes."""
        self.program.add(*(-self.themes[theme] for theme in themes))

    def exclude_all(self, candidate: Candidate) -> None:
        """Leave out every candidate with all these measures."""
        self.program.add(*(-literal for literal in candidate.literals))

    def exclude_parts(self, candidate: Candidate) -> None:
        """Leave out every candidate that leaves out exactly the same parts."""
        assert self.parts is not None, "asked only where parts may be left out"
        self.program.add(*(-bit if bit in candidate.literals else bit for bit in self.parts.left_out))

    def impossible(self) -> Iterator[Finding]:
        """The findings that no measure can make permitted, each asked alone and with nothing left out."""
        for finding in self.open:
            demands: list[int] = []
            while true := self.program.solution(demands):
                if not (more := self._doubted([finding], true)):
                    break
                demands += more
            else:
                yield finding

    def _measures(self, true: Container[int]) -> Iterator[Measure]:
        if self.parts:
            yield from (measure for literal, measure in self.parts.left_out.items() if literal in true)
        for offers in self.plan.offers.values():
            yield from (offer.measure for offer in offers if offer.literal in true and offer.measure)
        yield from (measure for literal, measure in self.plan.papers.items() if literal in true)
        for offer in self.plan.sets.values():
            yield from offer.measures(true)
