"""The facts of many rows as columns, and the tests of them as planes."""

from __future__ import annotations

import operator as compare
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.backends.columns.planes import Kleene, Plane, Planes, Rows
from engine.conditions import FactName, Test
from engine.facts import Duration, Scalar


def _scalar(planes: Planes, stated: Plane, passing: Plane, open_: Plane) -> Kleene:
    true = stated & passing
    return planes.sure(true) if open_ is planes.none else Kleene(true, true | open_)


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
            passing = self.value if (operands[0] is True) is (operator == "is") else ~self.value
        return _scalar(planes, self.stated, passing, self.open)


_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "before": compare.lt, "after": compare.gt, "on_or_before": compare.le, "on_or_after": compare.ge,
    "at_least": compare.ge, "at_most": compare.le, "is": compare.eq,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Codes:
    """A fact that is one of some words: its number in `words` for each row, or the last number where it has none."""

    open: Plane
    stated: Plane
    numbers: npt.NDArray[np.intp]
    words: Mapping[str, int]

    def test(self, planes: Planes, operator: str, operands: Sequence[Scalar]) -> Kleene:
        """Which rows pass a test against constants."""
        passing = planes.every
        if operator != "known":
            table = np.zeros(len(self.words) + 1, np.bool_)
            table[[self.words[o] for o in operands if isinstance(o, str) and o in self.words]] = True
            passing = planes.pack((~table if operator == "not" else table)[self.numbers])
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


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which row has which code."""

    rows: Rows
    numbers: npt.NDArray[np.intp]
    words: Mapping[str, int]

    def of(self, planes: Planes, code: str) -> Plane:
        """The rows that have a code."""
        if code not in self.words:
            return planes.none
        rows, ends = self._by_word
        number = self.words[code]
        return planes.at(rows[ends[number] : ends[number + 1]])

    @cached_property
    def _by_word(self) -> tuple[Rows, npt.NDArray[np.intp]]:
        """The rows in the order of their words, and where each word begins; numbers of two bytes sort fastest."""
        few = self.numbers.astype(np.uint16) if len(self.words) < 2**16 else self.numbers
        counts = np.bincount(self.numbers, minlength=len(self.words))
        return self.rows[np.argsort(few, kind="stable")], np.concatenate([[0], np.cumsum(counts)])

    def beyond(self, planes: Planes, codes: Collection[str]) -> Plane:
        """The rows that have a code that is none of these."""
        if not len(self.rows):
            return planes.none
        table = np.ones(len(self.words), np.bool_)
        table[[self.words[code] for code in codes if code in self.words]] = False
        return planes.at(self.rows[table[self.numbers]])


@dataclass(frozen=True, slots=True)
class Sets:
    """A set of codes: those surely in it, and those that may be."""

    open: Plane
    has: Pairs
    may: Pairs

    def member(self, planes: Planes, code: str) -> Kleene:
        """In which rows the set has a code."""
        true = self.has.of(planes, code)
        return Kleene(true, planes.some([true, self.may.of(planes, code), self.open]))

    def beyond(self, planes: Planes, codes: Collection[str]) -> Kleene:
        """In which rows the set has a code that is none of these."""
        true = self.has.beyond(planes, codes)
        return Kleene(true, planes.some([true, self.may.beyond(planes, codes), self.open]))

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
        there = np.array([right.words.get(word, -1) for word in [*left.words, ""]])
        return planes.pack(there[left.numbers] == right.numbers)
    if isinstance(left, Durations) and isinstance(right, Durations):
        return planes.pack((left.units == right.units) & order(left.amounts, right.amounts))
    assert isinstance(left, Numbers)
    assert isinstance(right, Numbers)
    return planes.pack(order(left.values, right.values))
