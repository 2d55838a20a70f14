"""Every rule on every row, in three-valued logic; what earlier rows decide travels to the later ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.backends.columns.columns import Column, Facts, Truths
from engine.backends.columns.planes import Kleene, Plane, Planes
from engine.backends.columns.program import BasisCode, Demand, Law, Program
from engine.backends.columns.table import Table
from engine.decisions import NOW
from engine.facts import TRAVELLING
from engine.policies.models import InForce
from engine.rows import ends


@dataclass(frozen=True, slots=True)
class BasisFound:
    """One basis on every row: whether it is in force, its condition, whether it permits."""

    code: BasisCode
    in_force: Plane
    holds: Kleene
    permits: Kleene


@dataclass(frozen=True, slots=True)
class LawFound:
    """One framework on every row. It says nothing of rows where it is not `present`, and does not apply in others."""

    law: Law
    present: Plane
    applies: Kleene
    bars: tuple[Kleene, ...]
    free: Kleene
    bases: tuple[BasisFound, ...]
    permitted: Kleene

    @property
    def open(self) -> Plane:
        """The rows that three-valued logic leaves open."""
        return self.permitted.possible & ~self.permitted.true & self.present


@dataclass(slots=True)
class Evaluation:
    """The program on a table."""

    program: Program
    table: Table
    facts: Facts
    steps: list[Kleene] = field(init=False)
    laws: list[LawFound] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.steps = [self.planes.false] * len(self.program.steps)

    @property
    def planes(self) -> Planes:
        """The planes of the table's rows."""
        return self.table.planes

    # Requirements -----------------------------------------------------------------------------------------------------

    def owed(self, demand: Demand) -> Plane:
        """The rows on which a requirement is owed, or may be."""
        planes, owed = self.planes, demand.owed
        due = [self.in_force(owed.in_force), self.steps[demand.when].possible]
        if owed.kind == "instrument":
            due.append(planes.outside(self.table.one_party(ends(owed))))
        return planes.all(due)

    def outstanding(self, demand: Demand) -> Plane:
        """The rows on which a requirement, if owed, is still outstanding."""
        planes, owed, statuses = self.planes, demand.owed, self.table.statuses
        settled = ("contained", "lacking") if owed.kind == "clause" else ("done", "refused")
        reported = planes.some(statuses[status].get(demand.key, planes.none) for status in settled)
        if owed.kind == "clause" or owed.due in NOW:
            return planes.outside(reported)
        if owed.due != "before_publication":
            return planes.none
        published = self.table.columns["flow.leg"].test(planes, "is", ("publication",)).true
        return planes.all([published, planes.outside(reported)])

    def in_force(self, spans: Iterable[InForce]) -> Plane:
        """The rows decided on a day that is in all of some spans."""
        return self.planes.all(self.table.within(span.from_, span.until) for span in spans)

    def unblocked(self, demands: Sequence[Demand]) -> Kleene:
        """That nothing owed was refused or is lacking."""
        return self.planes.negation(self.planes.any_of([blocked for _, blocked in self.blocking(demands)]))

    def blocking(self, demands: Sequence[Demand]) -> list[tuple[Demand, Kleene]]:
        """The requirements that are refused or lacking somewhere, and whether they are owed there."""
        planes, found = self.planes, []
        for demand in demands:
            status = "lacking" if demand.owed.kind == "clause" else "refused"
            if (reported := self.table.statuses[status].get(demand.key)) is not None:
                here = planes.sure(planes.all([reported, self.owed(demand)]))
                found.append((demand, planes.all_of([self.steps[demand.when], here])))
        return found


def evaluate(program: Program, table: Table, columns: Mapping[str, Column] | None = None) -> Evaluation:
    """Every rule of a program on a table of rows, or on other columns of the same rows."""
    nothing = Truths(table.planes.none, {})
    columns = {**(columns or table.columns), **dict.fromkeys(TRAVELLING, nothing)}
    found = Evaluation(program, table, Facts(table.planes, columns))
    _steps(found, range(len(program.steps)))
    found.laws = [_law(found, law) for law in program.laws]
    if len(table.edges[0]) and any(program.travels):
        _travel(found, columns)
    return found


def evaluate_steps(program: Program, table: Table, columns: Mapping[str, Column], which: Iterable[int]) -> Evaluation:
    """Some conditions on a table, parts before wholes; all others are false."""
    found = Evaluation(program, table, Facts(table.planes, columns))
    _steps(found, which)
    return found


def _steps(found: Evaluation, which: Iterable[int]) -> None:
    planes, steps = found.planes, found.steps
    for i in which:
        step = found.program.steps[i]
        if step.test is not None:
            steps[i] = found.facts.test(step.test)
            continue
        parts = [steps[part] for part in step.parts]
        if step.form == "all":
            steps[i] = planes.all_of(parts)
        elif step.form == "any":
            steps[i] = planes.any_of(parts)
        elif step.form == "not":
            steps[i] = planes.negation(parts[0])
        else:
            steps[i] = planes.at_least(step.least, parts)


def _law(found: Evaluation, law: Law) -> LawFound:
    planes, steps, framework = found.planes, found.steps, law.framework
    present = found.in_force([framework.in_force])
    if law.deployment is not None:
        present = planes.all([present, found.table.deployments.get(law.deployment, planes.none)])
    applies = planes.all_of([steps[law.applies], planes.sure(found.in_force([framework.applies.in_force]))])
    bars = tuple(planes.all_of([steps[bar.when], planes.sure(found.in_force([bar.rule.in_force]))]) for bar in law.bars)
    bases = tuple(_basis(found, basis) for basis in law.bases)
    free = planes.all_of([*(planes.negation(bar) for bar in bars), found.unblocked(law.demands)])
    some = planes.any_of([basis.permits for basis in bases])
    permitted = planes.any_of([planes.negation(applies), planes.all_of([free, some])])
    return LawFound(law, present, applies, bars, free, bases, permitted)


def _basis(found: Evaluation, basis: BasisCode) -> BasisFound:
    in_force = found.in_force([basis.rule.in_force])
    holds = found.planes.all_of([found.steps[basis.when], found.planes.sure(in_force)])
    return BasisFound(basis, in_force, holds, found.planes.all_of([holds, found.unblocked(basis.demands)]))


# What travels ---------------------------------------------------------------------------------------------------------


def _travel(found: Evaluation, columns: dict[str, Column]) -> None:
    """Give rows what earlier ones attach to their data, until all have it; each round reaches one leg further."""
    program = found.program
    later = [i for i, travels in enumerate(program.travels) if travels]
    laws = [(i, law) for i, law in enumerate(program.laws) if any(program.travels[step] for step in law.steps())]
    carried = _Carried(found)
    while carried.spread():
        columns.update(carried.sets())
        _steps(found, later)
        for i, law in laws:
            found.laws[i] = _law(found, law)


class _Carried:
    """What earlier rows attach: for each code the rows whose data it is, or may be, with."""

    def __init__(self, found: Evaluation) -> None:
        self.found = found
        self.arrived = dict.fromkeys(sorted(_codes_tested(found.program)), found.planes.false)

    def spread(self) -> bool:
        """Take what the rows attach one leg further; whether anything changed."""
        opened, changed = self._opened(), False
        for code, before in self.arrived.items():
            leaving = self.found.planes.any_of([before, *opened.get(code, ())])
            true = self._further(leaving.true)
            after = Kleene(true, true if leaving.true is leaving.possible else self._further(leaving.possible))
            if not all(map(np.array_equal, before, after)):
                self.arrived[code] = after
                changed = True
        return changed

    def _further(self, plane: Plane) -> Plane:
        """The rows that come after some."""
        if plane is self.found.planes.none:
            return plane
        later, earlier = self.found.table.edges
        return self.found.planes.at(later[self.found.planes.flags(plane).take(earlier)])

    def sets(self) -> Iterator[tuple[str, Truths]]:
        """The columns of the travelling facts."""
        for name in TRAVELLING:
            codes = {code: truth for (fact, code), truth in self.arrived.items() if fact == name}
            yield name, Truths(self.found.planes.none, codes)

    def _opened(self) -> dict[tuple[str, str], list[Kleene]]:
        """What each row itself attaches."""
        result: dict[tuple[str, str], list[Kleene]] = {}
        for found in self.found.laws:
            for basis, opens in openings(self.found, found):
                for code in attached_by(basis):
                    if code in self.arrived:
                        result.setdefault(code, []).append(opens)
        return result


def openings(evaluation: Evaluation, found: LawFound) -> Iterator[tuple[BasisCode, Kleene]]:
    """The bases that open each row: those claimed where one of them permits, else all that permit."""
    planes, claims = evaluation.planes, evaluation.table.claims
    reached = planes.all_of([planes.sure(found.present), found.applies, found.free])
    chosen = [claims.get(basis.code.rule.id, planes.none) for basis in found.bases]
    claimed = planes.any_of(
        [planes.all_of([planes.sure(c), b.permits]) for c, b in zip(chosen, found.bases, strict=True)]
    )
    for claim, basis in zip(chosen, found.bases, strict=True):
        alone = planes.any_of([planes.sure(claim), planes.negation(claimed)])
        yield basis.code, planes.all_of([reached, basis.permits, alone])


def attached_by(basis: BasisCode) -> list[tuple[str, str]]:
    """The codes that travel with what a basis opened, each with the fact that has it."""
    under, restrictions = TRAVELLING
    return [(under, basis.rule.id), *((restrictions, code) for code in basis.rule.attaches)]


def _codes_tested(program: Program) -> set[tuple[str, str]]:
    """The codes of travelling facts whose presence bears on some test."""
    attached = {code for law in program.laws for basis in law.bases for code in attached_by(basis)}
    found: set[tuple[str, str]] = set()
    for test in program.tests():
        if test.fact in TRAVELLING:
            every = test.operator == "within"
            found |= {code for code in attached if code[0] == test.fact and (every or code[1] in test.operands)}
    return found
