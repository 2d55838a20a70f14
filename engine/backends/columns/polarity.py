"""Which open answers are undetermined for certain, by the direction in which unknown facts turn them.

Three-valued logic leaves an answer open that may be settled after all: of `A or not A` it says unknown. It is right
where all unknown tests on which answers still turn can go the way that permits, and all of them the way that forbids:
the one completion permits whatever is open, the other forbids it. Tests on which nothing turns may go any way. So each
test says which values of its fact it wishes for in either direction, and the wishes of all tests of one fact must leave
a value. Of two facts that exclude one another, one is wished false in both directions.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.backends.columns.columns import Sets, Truths
from engine.backends.columns.domains import IN, OUT, Domains, Keys, Variable, fact_of
from engine.backends.columns.evaluation import Evaluation, LawFound
from engine.backends.columns.planes import Kleene, Plane, Rows
from engine.backends.columns.program import Program
from engine.backends.columns.table import Table
from engine.backends.exclusions import ways_out
from engine.conditions import FactName, Test
from engine.facts import SAME_PURPOSE, TRAVELLING

Flags = npt.NDArray[np.bool_]
LINKED = (*TRAVELLING, SAME_PURPOSE)
"""Facts that follow from others, and cannot be wished for."""
_TOO_WIDE = 1 << 62
"""A mask that has no room in a number."""


class Colliding(NamedTuple):
    """The requests in which wishes collide, so that nothing is shown; the open answers of all others are right.

    `entangled` are those where that may be because no values keep apart what excludes one another.
    """

    requests: Flags
    entangled: Flags


def colliding(evaluation: Evaluation, domains: Domains) -> Colliding:
    """The requests of which the direction of facts shows nothing."""
    wishes = _Wishes(evaluation, domains)
    for test, truth, plane in _exclusions(evaluation, wishes).tests():
        wishes.add(test, truth, plane, both=True)
    entangled = wishes.collide()
    for found in evaluation.laws:
        if found.open.any():
            for test, truth, plane in _live(evaluation, found).tests():
                wishes.add(test, truth, plane)
    return Colliding(wishes.collide(), entangled)


def pairs_of(program: Program) -> Iterator[tuple[int, int]]:
    """Each two conditions that exclude one another, the first of them one that can give way if either can."""
    for group, ways in zip(program.exclusive, ways_out(program.policies), strict=True):
        can_give_way = {step: bool(way.fact) for step, way in zip(group, ways, strict=True)}
        yield from combinations(sorted(group, key=lambda step: not can_give_way[step]), 2)


def member(table: Table, name: str, code: str) -> Kleene:
    """In which rows a set has a code."""
    column = table.columns[name]
    if isinstance(column, Sets | Truths):
        return column.member(table.planes, code)
    return Kleene(table.planes.none, column.open)


def _open(truth: Kleene) -> Plane:
    return truth.possible & ~truth.true


class _Live:
    """The steps on which answers still turn: for each, the rows where it is wished false, and where true."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.steps: dict[int, list[Plane]] = {}

    def add(self, step: int, plane: Plane, truth: bool) -> None:
        """Wish for a truth of a step on some rows, so far as it is unknown there."""
        here = plane & _open(self.evaluation.steps[step])
        if here.any():
            none = self.evaluation.planes.none
            planes = self.steps.setdefault(step, [none, none])
            planes[truth] = planes[truth] | here

    def tests(self) -> Iterator[tuple[Test, bool, Plane]]:
        """The tests on which the steps turn, with what is wished of them and where; wholes before their parts."""
        waiting = [-step for step in self.steps]
        heapify(waiting)
        while waiting:
            number = -heappop(waiting)
            step = self.evaluation.program.steps[number]
            for truth, plane in enumerate(self.steps[number]):
                if step.test is not None and plane.any():
                    yield step.test, bool(truth), plane
                for part in step.parts:
                    known = part in self.steps
                    self.add(part, plane, bool(truth) is not (step.form == "not"))
                    if part in self.steps and not known:
                        heappush(waiting, -part)


def _live(evaluation: Evaluation, found: LawFound) -> _Live:
    """What a framework's open answers turn on, as it is wished so that it permits."""
    planes, law, live = evaluation.planes, found.law, _Live(evaluation)
    some = planes.any_of([basis.permits for basis in found.bases])
    live.add(law.applies, found.open & _open(found.applies), False)
    lawful = found.open & found.free.possible & some.possible
    for bar, truth in zip(law.bars, found.bars, strict=True):
        live.add(bar.when, lawful & _open(truth), False)
    for demand, blocked in evaluation.blocking(law.demands):
        live.add(demand.when, lawful & _open(blocked), False)
    for basis in found.bases:
        here = lawful & ~some.true & _open(basis.permits)
        live.add(basis.code.when, here & _open(basis.holds), True)
        for demand, blocked in evaluation.blocking(basis.code.demands):
            live.add(demand.when, here & _open(blocked), False)
    return live


def _exclusions(evaluation: Evaluation, wishes: _Wishes) -> _Live:
    """Of each two facts that exclude one another and may both hold, the first that is unknown is wished false."""
    live, steps = _Live(evaluation), evaluation.steps
    for one, other in pairs_of(evaluation.program):
        both = steps[one].possible & steps[other].possible
        if both.any():
            live.add(one, both, False)
            live.add(other, both & steps[one].true, False)
            wishes.doubt(both & steps[one].true & steps[other].true)
    return live


class _Wishes:
    """What is wished of which variable, to permit and to forbid: masks of its values."""

    def __init__(self, evaluation: Evaluation, domains: Domains) -> None:
        self.table, self.domains = evaluation.table, domains
        self.keys = Keys(evaluation.table, domains)
        self.doubted = evaluation.planes.none
        self.wished: list[tuple[Rows, Rows, Rows, Rows]] = []
        """Rows, numbers of variables, masks that permit, masks that forbid."""

    def doubt(self, plane: Plane) -> None:
        """Show nothing of the requests with these rows."""
        self.doubted = self.doubted | plane

    def add(self, test: Test, truth: bool, plane: Plane, *, both: bool = False) -> None:
        """Wish for a truth of a test on some rows in order to permit, and for the opposite, or the same, to forbid."""
        if test.fact in LINKED or any(isinstance(operand, FactName) for operand in test.operands):
            self.doubt(plane)
            return
        if fact_of(test.fact).startswith(("party.", "flow.")):  # it may be about the party or flow of another row
            self.doubt(plane & self.table.about.get(test.fact, self.table.planes.none))
        if self.table.policies.vocabulary[test.fact].fact.type == "codes":
            self._add_set(test, truth, plane, both)
        else:
            passing = self.domains.passing(test)
            every = self.domains.every[Variable(fact_of(test.fact))]
            true, false = passing, every & ~passing
            wished = (true, false) if truth else (false, true)
            self._put(test.fact, "", plane, wished, both)

    def _add_set(self, test: Test, truth: bool, plane: Plane, both: bool) -> None:
        if test.operator == "within":  # of a set that is known in part the codes that are left need not suffice
            wholly = self.table.columns[test.fact].open
            self.doubt(plane & ~wholly)
            plane = plane & wholly
        for code in self.domains.codes(test):
            wished = (_wished(test, code, truth), _wished(test, code, not truth))
            self._put(test.fact, code, plane & _open(member(self.table, test.fact, code)), wished, both)

    def _put(self, name: str, code: str, plane: Plane, wished: tuple[int, int], both: bool) -> None:
        rows = self.table.planes.positions(plane)
        if max(wished) >= _TOO_WIDE:
            self.doubt(plane)
        elif len(rows):
            permit, forbid = wished
            masks = [np.full(len(rows), mask, np.int64) for mask in (permit, permit if both else forbid)]
            self.wished.append((rows, self.keys.of(name, code)[rows], masks[0], masks[1]))

    def collide(self) -> Flags:
        """The requests in which wishes of one variable leave no value, or of which nothing can be shown."""
        found = self.table.requests_in(self.doubted)
        if self.wished:
            rows, keys, *masks = (np.concatenate(parts) for parts in zip(*self.wished, strict=True))
            order = np.argsort(keys, kind="stable")
            firsts = np.flatnonzero(np.diff(keys[order], prepend=-1))
            requests = self.table.request_of[rows[order[firsts]]]
            for mask in masks:
                found[requests[np.bitwise_and.reduceat(mask[order], firsts) == 0]] = True
        return found


def _wished(test: Test, code: str, truth: bool) -> int:
    """Whether a code in a set serves a truth of a test; an empty set is within nothing."""
    if test.operator == "within":
        return IN if truth and code in test.operands else OUT
    return IN if truth is not (test.operator == "excludes") else OUT
