"""The facts of many rows as columns, and the tests of them as planes."""

from __future__ import annotations

import operator as compare
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.backends.columns.planes import Kleene, Plane, Planes
from engine.conditions import FactName, Test
from engine.facts import CodeSet, Duration, Scalar

FEW = 8
"""So many numbers are looked for one by one, more in a table."""


@dataclass(frozen=True, eq=False)
class Numbered:
    """A number for each row, below a count."""

    numbers: npt.NDArray[np.integer]
    _planes: dict[int, Plane] = field(default_factory=dict)

    def among(self, planes: Planes, wanted: Sequence[bool]) -> Plane:
        """The rows whose number is one of those wanted; `wanted` says of each number whether it is."""
        chosen = [i for i, there in enumerate(wanted) if there]
        if not chosen:
            return planes.none
        if len(chosen) == len(wanted):
            return planes.every
        if len(chosen) <= FEW:
            return planes.some([self._having(planes, i) for i in chosen])
        if len(wanted) - len(chosen) <= FEW:
            others = [self._having(planes, i) for i, there in enumerate(wanted) if not there]
            return planes.outside(planes.some(others))
        return planes.pack(np.array(wanted).take(self.numbers))

    def _having(self, planes: Planes, number: int) -> Plane:
        if number not in self._planes:
            self._planes[number] = planes.pack(self.numbers == number)
        return self._planes[number]


def _scalar(planes: Planes, stated: Plane, passing: Plane, open_: Plane) -> Kleene:
    true = planes.all([stated, passing])
    return planes.sure(true) if open_ is planes.none else Kleene(true, planes.some([true, open_]))


@dataclass(frozen=True, slots=True)
class Absent:
    """A fact that no row states."""

    open: Plane

    def test(self, planes: Planes, operator: str, operands: Sequence[Scalar]) -> Kleene:
        """Unknown, or false where the fact does not apply."""
        return Kleene(planes.none, self.open)


@dataclass(frozen=True, slots=True)
class Flags:
    """A boolean fact."""

    open: Plane
    stated: Plane
    value: Plane

    def test(self, planes: Planes, operator: str, operands: Sequence[Scalar]) -> Kleene:
        """Which rows pass a test against constants."""
        passing = planes.every
        if operator != "known":
            passing = self.value if (operands[0] is True) is (operator == "is") else planes.outside(self.value)
        return _scalar(planes, self.stated, passing, self.open)


_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "before": compare.lt, "after": compare.gt, "on_or_before": compare.le, "on_or_after": compare.ge,
    "at_least": compare.ge, "at_most": compare.le, "is": compare.eq,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Codes:
    """A fact that is one of some words: for each row the number of its text, which may also say that it has none."""

    open: Plane
    stated: Plane
    texts: Numbered
    words: Sequence[str]

    def test(self, planes: Planes, operator: str, operands: Sequence[Scalar]) -> Kleene:
        """Which rows pass a test against constants."""
        passing = planes.every
        if operator != "known":
            passing = self.texts.among(planes, [(word in operands) is not (operator == "not") for word in self.words])
        return _scalar(planes, self.stated, passing, self.open)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number, or a day as its ordinal."""

    open: Plane
    stated: Plane
    values: npt.NDArray[Any]

    def test(self, planes: Planes, operator: str, operands: Sequence[Scalar]) -> Kleene:
        """Which rows pass a test against constants."""
        passing = planes.every
        if operator == "any_of":
            passing = planes.some(planes.pack(self.values == _ordinal(o)) for o in operands)
        elif operator != "known":
            passing = planes.pack(_ORDER[operator](self.values, _ordinal(operands[0])))
        return _scalar(planes, self.stated, passing, self.open)


def _ordinal(value: Any) -> Any:
    return value.toordinal() if isinstance(value, date) else value


UNITS = ("hours", "business days", "months")


@dataclass(frozen=True, slots=True)
class Durations:
    """A length of time; those of different units are not comparable, and no test of them holds."""

    open: Plane
    stated: Plane
    amounts: npt.NDArray[np.int64]
    units: npt.NDArray[np.int8]

    def test(self, planes: Planes, operator: str, operands: Sequence[Scalar]) -> Kleene:
        """Which rows pass a test against constants."""
        passing = planes.every
        if operator != "known":
            wanted = operands[0]
            assert isinstance(wanted, Duration)
            same_unit = self.units == UNITS.index(wanted.unit)
            passing = planes.pack(same_unit & _ORDER[operator](self.amounts, wanted.amount))
        return _scalar(planes, self.stated, passing, self.open)


@dataclass(frozen=True, slots=True)
class Sets:
    """A set of codes: for each row the number of its value among the sets that occur."""

    open: Plane
    texts: Numbered
    sets: Sequence[CodeSet]

    def member(self, planes: Planes, code: str) -> Kleene:
        """In which rows the set has a code."""
        return self._where(planes, [code in s.has for s in self.sets], [code in s.may for s in self.sets])

    def beyond(self, planes: Planes, codes: Collection[str]) -> Kleene:
        """In which rows the set has a code that is none of these."""
        known = frozenset(codes)
        return self._where(planes, [not s.has <= known for s in self.sets], [not s.may <= known for s in self.sets])

    def _where(self, planes: Planes, has: Sequence[bool], may: Sequence[bool]) -> Kleene:
        true = self.texts.among(planes, has)
        if self.open is planes.none and not any(may):
            return planes.sure(true)
        return Kleene(true, planes.some([true, self.texts.among(planes, may), self.open]))

    def test(self, planes: Planes, operator: str, operands: Sequence[Scalar]) -> Kleene:
        """Which rows pass a test against constants."""
        return test_set(planes, self, operator, operands)


@dataclass(frozen=True, slots=True)
class Truths:
    """A set of codes, each with the truth of its being in it."""

    open: Plane
    codes: Mapping[str, Kleene]

    def member(self, planes: Planes, code: str) -> Kleene:
        """In which rows the set has a code."""
        return self.codes.get(code, planes.false)

    def beyond(self, planes: Planes, codes: Collection[str]) -> Kleene:
        """In which rows the set has a code that is none of these."""
        return planes.any_of([truth for code, truth in self.codes.items() if code not in codes])

    def test(self, planes: Planes, operator: str, operands: Sequence[Scalar]) -> Kleene:
        """Which rows pass a test against constants."""
        return test_set(planes, self, operator, operands)


def test_set(planes: Planes, column: Sets | Truths, operator: str, operands: Sequence[Scalar]) -> Kleene:
    """Which rows pass a test of a set."""
    wanted = [str(operand) for operand in operands]
    if operator == "within":
        return planes.all_of([planes.negation(column.beyond(planes, wanted)), column.beyond(planes, ())])
    members = [column.member(planes, code) for code in wanted]
    if operator == "includes_all":
        return planes.all_of(members)
    some = planes.any_of(members)
    return planes.negation(some) if operator == "excludes" else some


Stated = Flags | Codes | Numbers | Durations
Column = Absent | Stated | Sets | Truths
"""One fact in every row; it is unknown in the rows `open`."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The columns of some rows."""

    planes: Planes
    columns: Mapping[str, Column]

    def test(self, test: Test) -> Kleene:
        """Which rows pass a test."""
        column = self.columns[test.fact]
        other = test.operands[0] if test.operands else None
        if isinstance(other, FactName):
            return _compare(self.planes, column, test.operator, self.columns[other.name])
        return column.test(self.planes, test.operator, [o for o in test.operands if not isinstance(o, FactName)])


def _compare(planes: Planes, left: Column, operator: str, right: Column) -> Kleene:
    """Which rows pass a test of two facts of one type; unknown where either is."""
    open_ = planes.some([left.open, right.open])
    if not isinstance(left, Stated) or not isinstance(right, Stated):
        return Kleene(planes.none, open_)
    return _scalar(planes, left.stated & right.stated, _paired(planes, left, operator, right), open_)


def _paired(planes: Planes, left: Stated, operator: str, right: Stated) -> Plane:
    """The rows in which two stated values compare so."""
    if operator == "not":
        return ~_paired(planes, left, "is", right)
    order = _ORDER["is" if operator == "any_of" else operator]
    if isinstance(left, Flags) and isinstance(right, Flags):
        return ~(left.value ^ right.value)
    if isinstance(left, Codes) and isinstance(right, Codes):
        place = {word: i for i, word in enumerate(right.words)}
        there = np.array([place.get(word, -1) for word in left.words])
        return planes.pack(there.take(left.texts.numbers) == right.texts.numbers)
    if isinstance(left, Durations) and isinstance(right, Durations):
        return planes.pack((left.units == right.units) & order(left.amounts, right.amounts))
    assert isinstance(left, Numbers)
    assert isinstance(right, Numbers)
    return planes.pack(order(left.values, right.values))
