"""The cheapest measures under which every disclosure of a request is permitted, exactly.

Facts that people can change are left open, and what may be left out of the request becomes a choice; then it is a
question of weighted satisfiability which measures permit everything that is left, at least cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from engine.advice.measures import Measure, Theme
from engine.advice.offers import Plan
from engine.advice.parts import DERIVED, Parts
from engine.advice.program import Program
from engine.advice.stances import Stances
from engine.completions import Formula
from engine.completions.clauses import Completion
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
    cost is then no more than what it takes.
    """

    def __init__(self, policies: PolicySet, request: Request, day: date, *, parts: bool) -> None:
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
        self._bind_limits(limits)
        self.wanted = [self._permitted(finding) for finding in self.open]
        self.bits = dict(self._bits())
        self.themes = self._themes()

    def _permitted(self, finding: Finding) -> int:
        """The literal that implies that what a finding is about is permitted, or is left out."""
        permitted = self.plan.literal(finding.permitted, True)
        if self.parts is None:
            return permitted
        return self.program.gates.some([-self.parts.present(finding.disclosure), permitted])

    def _bind_limits(self, limits: list[Formula]) -> None:
        """What is given must leave a possible world."""
        if not limits:
            return
        world = _World(self.program, self.plan)
        for limit in limits:
            self.program.add(world.literal(limit, True))

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
        from pysat.examples.rc2 import RC2Stratified

        with RC2Stratified(self.program.formula, exhaust=True, minz=True) as solver:
            for literal in self.wanted:
                solver.add_clause([literal])
            model, cost = solver.compute(), solver.cost
        if model is None:
            return None
        true = {literal for literal in model if literal > 0}
        chosen = tuple(literal for literal in self.bits if literal in true)
        return Candidate(cost, tuple(self._measures(true)), chosen)

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

    def impossible(self) -> list[Finding]:
        """The findings that no measure can make permitted, each asked alone and with nothing left out."""
        from pysat.solvers import Solver

        with Solver("g3", bootstrap_with=self.program.formula.hard) as solver:
            return [f for f, literal in zip(self.open, self.wanted, strict=True) if not solver.solve([literal])]

    def _measures(self, true: set[int]) -> Iterator[Measure]:
        if self.parts:
            yield from (measure for literal, measure in self.parts.left_out.items() if literal in true)
        for offers in self.plan.offers.values():
            yield from (offer.measure for offer in offers if offer.literal in true and offer.measure)
        yield from (measure for literal, measure in self.plan.papers.items() if literal in true)
        for offer in self.plan.sets.values():
            yield from offer.measures(true)


class _World(Completion):
    """A whole completion that agrees with what a plan gives."""

    def __init__(self, program: Program, plan: Plan) -> None:
        super().__init__(program.gates, ())
        self.domains = plan.domains
        for variable, literals in plan.own.items():
            mine = self.own[variable] = [program.gates.new() for _ in literals]
            program.add(*mine)
            for i, one in enumerate(mine):
                for other in mine[i + 1 :]:
                    program.add(-one, -other)
                program.add(-literals[i], one)
