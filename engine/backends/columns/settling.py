"""The exact answers of single requests that three-valued logic leaves open, from the few facts on which they turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from engine.backends.columns.domains import IN, OUT, PURPOSE, Domains, Variable, fact_of, mask
from engine.backends.columns.evaluation import BasisFound, Evaluation, LawFound, attached_by, openings
from engine.backends.columns.planes import Kleene, Plane
from engine.backends.columns.polarity import LINKED, member, pairs_of
from engine.backends.columns.program import Demand
from engine.backends.columns.sheets import PAPERS as PAPER_COLUMNS
from engine.backends.columns.sheets import TEXTS, Sheet
from engine.backends.columns.trees import Leaf, Limit, Limits, TooMuchError, Tree, at_least, every, leaf, negated, some
from engine.conditions import FactName, Test, holds
from engine.facts import PAPERS, SAME_PURPOSE, TRAVELLING, Absence, FactType, Truth, Value, unknown
from engine.rows import PaperRow, Row, value_of

Flags = npt.NDArray[np.bool_]
MANY = 100
"""Open findings of one request that are better left to a solver that learns from each for the next."""
Unknown = tuple[str, str, str]
"""What a fact is about, the fact, and a code where it is a set."""
Findings = dict[tuple[int, int], Truth]
"""By row and framework: whether it permits, unknown where that is undetermined."""


@dataclass
class Settler:
    """Settles requests of one evaluation."""

    evaluation: Evaluation
    domains: Domains
    entangled: Flags
    """The requests in which what excludes one another may leave no values."""
    _members: dict[tuple[str, str], Kleene] = field(default_factory=dict)
    _read: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    _blocking: dict[int, list[tuple[Demand, Kleene]]] = field(default_factory=dict)

    def settle(self, request: int) -> tuple[Findings, Truth] | None:
        """The open findings of a request, and whether all of them permit; None where a better solver has to look.

        That is where two unknown facts are compared, where nothing satisfies what excludes one another, and where the
        search is too long.
        """
        try:
            return self._settled(request)
        except TooMuchError:
            return None

    def _settled(self, request: int) -> tuple[Findings, Truth] | None:
        starts = self.evaluation.table.starts
        rows = range(int(starts[request]), int(starts[request + 1]))
        trees = _Trees(self, dict(zip(rows, self.heads(request), strict=True)))
        limits = Limits(limit for row in rows for limit in trees.clashes(row))
        if self.entangled[request] and not limits.consistent():
            return None
        places = [(row, i) for i, found in self.open for row in rows if _bit(found, row)]
        if len(places) > MANY:
            raise TooMuchError
        open_ = {(row, i): trees.permitted(i, row) for row, i in places}
        findings: Findings = {}
        for place, tree in open_.items():
            can_permit, can_forbid = (limits.satisfiable([(tree, truth)]) for truth in (True, False))
            findings[place] = None if can_permit and can_forbid else can_permit
        left = [(open_[place], True) for place, truth in findings.items() if truth is None]
        if False in findings.values() or not limits.satisfiable(left):
            return findings, False
        return findings, None if left else True

    @cached_property
    def open(self) -> list[tuple[int, Plane]]:
        """The frameworks with open answers, and where these are."""
        return [(i, found.open) for i, found in enumerate(self.evaluation.laws) if found.open.any()]

    @cached_property
    def attaching(self) -> dict[tuple[str, str], list[tuple[int, BasisFound, Kleene]]]:
        """For each code of a travelling fact: the frameworks and bases that attach it, and the rows that they open."""
        found: dict[tuple[str, str], list[tuple[int, BasisFound, Kleene]]] = {}
        for i, law in enumerate(self.evaluation.laws):
            for basis, (code, opens) in zip(law.bases, openings(self.evaluation, law), strict=True):
                for attached in attached_by(code):
                    found.setdefault(attached, []).append((i, basis, opens))
        return found

    def earlier(self, row: int) -> list[int]:
        """The rows from which a row's data come."""
        later, earlier = self.evaluation.table.edges
        return [int(source) for source in earlier[later == row]]

    @cached_property
    def clashes(self) -> tuple[list[tuple[int, int]], Flags]:
        """Each two conditions that exclude one another, and in which rows both may hold."""
        steps, planes = self.evaluation.steps, self.evaluation.planes
        pairs = list(pairs_of(self.evaluation.program))
        flags = [planes.flags(steps[one].possible & steps[other].possible) for one, other in pairs]
        return pairs, np.array(flags, np.bool_).reshape(len(pairs), planes.rows)

    def read_by(self, step: int) -> list[tuple[str, str]]:
        """The facts and codes that a condition reads."""
        if step not in self._read:
            program = self.evaluation.program
            test = program.steps[step].test
            below = [name for part in program.steps[step].parts for name in self.read_by(part)]
            self._read[step] = list(dict.fromkeys([*below, *(self.domains.read_by(test) if test else ())]))
        return self._read[step]

    def blocking(self, demands: tuple[Demand, ...]) -> list[tuple[Demand, Kleene]]:
        """The requirements that are refused or lacking somewhere, and whether they are owed there."""
        if id(demands) not in self._blocking:
            self._blocking[id(demands)] = self.evaluation.blocking(demands)
        return self._blocking[id(demands)]

    def heads(self, request: int) -> list[Row]:
        """The rows of a request, with no facts but those that are compared with others."""
        found = []
        for row in self._heads.document(request, self._kinds)["rows"]:
            papers = tuple([PaperRow.model_construct(**paper) for paper in row.pop("papers")])
            found.append(Row.model_construct(papers=papers, **row))
        return found

    @cached_property
    def _heads(self) -> Sheet:
        sheet = self.evaluation.table.source
        names = (*TEXTS, "about", *PAPER_COLUMNS, *self._kinds)
        return Sheet(sheet.table.select([name for name in names if sheet.has(name)]), sheet.starts)

    @cached_property
    def _kinds(self) -> dict[str, FactType]:
        """The facts that are compared with others, and their types."""
        vocabulary = self.domains.program.policies.vocabulary
        names = sorted({name for names in self.domains.compared.values() for name in names})
        return {name: vocabulary[name].fact.type for name in names}

    def member(self, name: str, code: str) -> Kleene:
        """In which rows a set has a code."""
        if (name, code) not in self._members:
            self._members[name, code] = member(self.evaluation.table, name, code)
        return self._members[name, code]


@dataclass
class _Trees:
    """The formulas of some rows. Raises `TooMuchError` where one turns on facts that follow from others."""

    settler: Settler
    rows: Mapping[int, Row]
    known: dict[tuple[int, int], Tree] = field(default_factory=dict)
    others: dict[str, frozenset[Value]] = field(default_factory=dict)

    def clashes(self, row: int) -> Iterator[Limit]:
        """What must be false on a row, because it excludes itself."""
        pairs, flags = self.settler.clashes
        for i in np.flatnonzero(flags[:, row]):
            one, other = pairs[i]
            yield Limit(self._read_by(one, other, row), partial(self._both, one, other, row))

    def _both(self, one: int, other: int, row: int) -> Tree:
        return every([self.step(one, row), self.step(other, row)])

    def _read_by(self, one: int, other: int, row: int) -> list[Unknown] | None:
        names = [*self.settler.read_by(one), *self.settler.read_by(other)]
        if any(name in (*LINKED, PAPERS) for name, _ in names):
            return None
        return [self._variable(name, code, row) for name, code in names]

    def permitted(self, law: int, row: int) -> Tree:
        """Whether a framework permits a row."""
        found = self.settler.evaluation.laws[law]
        bases = [self._basis(basis, row) for basis in found.bases]
        return some([negated(self._applies(found, row)), every([self._free(found, row), some(bases)])])

    def _applies(self, found: LawFound, row: int) -> Tree:
        return self._of(found.applies, found.law.applies, row)

    def _free(self, found: LawFound, row: int) -> Tree:
        bars = (self._of(truth, bar.when, row) for bar, truth in zip(found.law.bars, found.bars, strict=True))
        return every([*(negated(bar) for bar in bars), *self._unblocked(found.law.demands, row)])

    def _basis(self, found: BasisFound, row: int) -> Tree:
        return every([self._of(found.holds, found.code.when, row), *self._unblocked(found.code.demands, row)])

    def _unblocked(self, demands: tuple[Demand, ...], row: int) -> list[Tree]:
        blocking = self.settler.blocking(demands)
        return [negated(self._of(blocked, demand.when, row)) for demand, blocked in blocking]

    def _of(self, truth: Kleene, step: int, row: int) -> Tree:
        """A step with whatever else decides it."""
        known = _truth(truth, row)
        return self.step(step, row) if known is None else known

    def step(self, number: int, row: int) -> Tree:
        """One condition on a row."""
        if (number, row) not in self.known:
            truth = _truth(self.settler.evaluation.steps[number], row)
            self.known[number, row] = self._step(number, row) if truth is None else truth
        return self.known[number, row]

    def _step(self, number: int, row: int) -> Tree:
        step = self.settler.evaluation.program.steps[number]
        if step.test is not None:
            return self._test(step.test, row)
        parts = [self.step(part, row) for part in step.parts]
        if step.form == "not":
            return negated(parts[0])
        least = {"all": len(parts), "any": 1}.get(step.form, step.least)
        return at_least(least, parts)

    def _test(self, test: Test, row: int) -> Tree:
        if test.fact == SAME_PURPOSE:
            same = some(self._compared(PURPOSE, "is", PURPOSE, row, source) for source in self.settler.earlier(row))
            sides = ((same, True), (negated(same), False))
            return some(tree for tree, value in sides if holds(test.operator, value, test.operands))
        domains = self.settler.domains
        if domains.program.policies.vocabulary[test.fact].fact.type == "codes":
            return self._set(test, row)
        if test.operands and isinstance(test.operands[0], FactName):
            return self._compared(test.fact, test.operator, test.operands[0].name, row, row)
        others = self._others(test.fact)
        return self._leaf(test.fact, row, domains.passing(test, others))

    def _compared(self, name: str, operator: str, other: str, row: int, other_row: int) -> Tree:
        """Whether a fact of one row and a fact of another, or of the same, are so related."""
        if self._variable(name, "", row) == self._variable(other, "", other_row):
            values = self._values(name)
            return self._leaf(name, row, mask(holds(operator, value, (value,)) for value in values))
        vocabulary = self.settler.domains.program.policies.vocabulary
        here, there = value_of(self.rows[row], vocabulary[name]), value_of(self.rows[other_row], vocabulary[other])
        if unknown(here) and unknown(there):
            raise TooMuchError
        if unknown(here):
            values = self._values(name)
            return self._leaf(name, row, mask(holds(operator, value, (there,)) for value in values))
        if unknown(there):
            values = self._values(other)
            return self._leaf(other, other_row, mask(holds(operator, here, (value,)) for value in values))
        return holds(operator, here, (there,)) is True

    def _leaf(self, name: str, row: int, passing: int) -> Tree:
        return leaf(self._variable(name, "", row), passing, (1 << len(self._values(name))) - 1)

    def _values(self, name: str) -> list[Value]:
        return self.settler.domains.around(Variable(fact_of(name)), self._others(name))

    def _others(self, name: str) -> frozenset[Value]:
        """The values in this request of the facts with which one is compared."""
        fact = fact_of(name)
        if fact not in self.others:
            vocabulary = self.settler.domains.program.policies.vocabulary
            names = self.settler.domains.compared.get(fact, ())
            found = {value_of(row, vocabulary[other]) for other in names for row in self.rows.values()}
            self.others[fact] = frozenset(value for value in found if not isinstance(value, Absence))
        return self.others[fact]

    def _set(self, test: Test, row: int) -> Tree:
        wanted = [str(operand) for operand in test.operands]
        members = {code: self._member(test.fact, code, row) for code in self.settler.domains.codes(test)}
        found = [members[code] for code in wanted]
        if test.operator == "within":  # some of these, and no other
            others = [member for code, member in members.items() if code not in wanted]
            return every([some(found), negated(some(others))])
        if test.operator == "includes_all":
            return every(found)
        return negated(some(found)) if test.operator == "excludes" else some(found)

    def _member(self, name: str, code: str, row: int) -> Tree:
        if name in TRAVELLING:
            return self._arrived(name, code, row)
        if name == PAPERS:
            return some(self._contains(paper, code) for paper in self.rows[row].papers)
        truth = _truth(self.settler.member(name, code), row)
        if truth is not None:
            return truth
        return Leaf(self._variable(name, code, row), IN, IN | OUT)

    def _contains(self, paper: PaperRow, code: str) -> Tree:
        """Whether one of the papers between some parties is such an instrument."""
        if code in paper.has or code in paper.reported:
            return code in paper.has
        return Leaf((paper.about, PAPERS, code), IN, IN | OUT)

    def _variable(self, name: str, code: str, row: int) -> Unknown:
        head = self.rows[row]
        about = head.about.get(name) or head.subject(self.settler.domains.program.policies.vocabulary[name])
        return about, fact_of(name), code

    def _arrived(self, name: str, code: str, row: int) -> Tree:
        """Whether an earlier row attached a code, or was given it itself."""
        sources = self.settler.earlier(row)
        attached = [
            self._opens(*attaching, source)
            for source in sources
            for attaching in self.settler.attaching.get((name, code), ())
        ]
        return some([*attached, *(self._arrived(name, code, source) for source in sources)])

    def _opens(self, law: int, basis: BasisFound, opens: Kleene, row: int) -> Tree:
        """Whether a basis opens a row: if claimed, or if no claimed one permits."""
        known = _truth(opens, row)
        if known is not None:
            return known
        evaluation = self.settler.evaluation
        found, claims, none = evaluation.laws[law], evaluation.table.claims, evaluation.planes.none
        claimed = [b for b in found.bases if _bit(claims.get(b.code.rule.id, none), row)]
        others = [] if basis in claimed else [negated(some([self._basis(b, row) for b in claimed]))]
        return every([self._applies(found, row), self._free(found, row), self._basis(basis, row), *others])


def _truth(truth: Kleene, row: int) -> Truth:
    if _bit(truth.true, row):
        return True
    return None if _bit(truth.possible, row) else False


def _bit(plane: Plane, row: int) -> bool:
    return bool(plane.view("uint8")[row >> 3] >> (row & 7) & 1)
