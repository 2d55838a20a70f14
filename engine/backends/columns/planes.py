"""Planes: one bit for each row, and three-valued truth as two of them.

A truth is a plane of the rows where it is true and one of those where it is possible, that is not false; so unknown is
possible but not true. `and`, `or` and `at least` then work on either plane alone, and `not` swaps the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.intp]
"""Positions of rows."""


FEW = 16
"""Of fewer rows than one in so many, bits are read one by one."""


class Kleene(NamedTuple):
    """A three-valued truth of every row. The two planes are one object where nothing is unknown."""

    true: Plane
    possible: Plane


class Planes:
    """Makes planes over a number of rows. Bits beyond the last row mean nothing."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.words = max(1, -(-rows // 64))
        self.none: Plane = np.zeros(self.words, np.uint64)
        self.every: Plane = ~self.none
        self.false, self.true = Kleene(self.none, self.none), Kleene(self.every, self.every)

    # Single planes ----------------------------------------------------------------------------------------------------

    def pack(self, flags: npt.NDArray[np.bool_]) -> Plane:
        """The plane of the rows that are flagged."""
        return self.from_bytes(np.packbits(flags, bitorder="little"))

    def from_bytes(self, packed: npt.NDArray[np.uint8]) -> Plane:
        """The plane of bits that are packed already, the first row in the lowest bit."""
        plane = np.zeros(self.words, np.uint64)
        plane.view(np.uint8)[: len(packed)] = packed
        return plane

    def at(self, rows: Rows) -> Plane:
        """The plane of the rows at some positions."""
        flags = np.zeros(self.rows, np.bool_)
        flags[rows] = True
        return self.pack(flags)

    def flags(self, plane: Plane) -> npt.NDArray[np.bool_]:
        """One flag for each row."""
        return np.unpackbits(plane.view(np.uint8), count=self.rows, bitorder="little").view(np.bool_)

    def flags_of(self, planes: Sequence[Plane], rows: Rows) -> npt.NDArray[np.bool_]:
        """For each of some planes a flag for each of some rows."""
        if len(rows) * FEW > self.rows:
            return np.array([self.flags(plane).take(rows) for plane in planes])
        byte, bit = rows >> 3, np.left_shift(1, rows & 7).astype(np.uint8)
        return np.array([plane.view(np.uint8).take(byte) & bit for plane in planes]).astype(np.bool_)

    def positions(self, plane: Plane) -> Rows:
        """The positions of the rows in a plane."""
        return np.flatnonzero(self.flags(plane))

    def some(self, planes: Iterable[Plane]) -> Plane:
        """The rows in any of some planes."""
        return self._joined(planes, self.none, self.every, np.bitwise_or)

    def all(self, planes: Iterable[Plane]) -> Plane:
        """The rows in all of some planes."""
        return self._joined(planes, self.every, self.none, np.bitwise_and)

    def _joined(self, planes: Iterable[Plane], neutral: Plane, decisive: Plane, join: np.ufunc) -> Plane:
        telling: list[Plane] = []
        for plane in planes:
            if plane is decisive:
                return decisive
            if plane is not neutral:
                telling.append(plane)
        return reduce(join, telling) if telling else neutral

    def outside(self, plane: Plane) -> Plane:
        """The rows not in a plane."""
        if plane is self.none:
            return self.every
        return self.none if plane is self.every else ~plane

    # Truths -----------------------------------------------------------------------------------------------------------

    def sure(self, plane: Plane) -> Kleene:
        """What is true in a plane and false elsewhere."""
        return Kleene(plane, plane)

    def all_of(self, truths: Sequence[Kleene]) -> Kleene:
        """False if one is false, else unknown if one is unknown, else true."""
        true = self.all(truth.true for truth in truths)
        if all(truth.true is truth.possible for truth in truths):
            return Kleene(true, true)
        return Kleene(true, self.all(truth.possible for truth in truths))

    def any_of(self, truths: Sequence[Kleene]) -> Kleene:
        """True if one is true, else unknown if one is unknown, else false."""
        true = self.some(truth.true for truth in truths)
        if all(truth.true is truth.possible for truth in truths):
            return Kleene(true, true)
        return Kleene(true, self.some(truth.possible for truth in truths))

    def negation(self, truth: Kleene) -> Kleene:
        """The opposite; unknown stays unknown."""
        true = self.outside(truth.possible)
        return Kleene(true, true if truth.true is truth.possible else self.outside(truth.true))

    def at_least(self, count: int, truths: Sequence[Kleene]) -> Kleene:
        """Whether `count` or more are true."""
        true = self._at_least(count, [truth.true for truth in truths])
        if all(truth.true is truth.possible for truth in truths):
            return Kleene(true, true)
        return Kleene(true, self._at_least(count, [truth.possible for truth in truths]))

    def _at_least(self, count: int, planes: list[Plane]) -> Plane:
        reached = [self.every] + [self.none] * count
        for plane in planes:
            for n in range(count, 0, -1):
                reached[n] = reached[n] | (reached[n - 1] & plane)
        return reached[count]
