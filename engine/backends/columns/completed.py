"""The columns of rows with a value put in for every unknown fact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.backends.columns.columns import (
    UNITS,
    Absent,
    Codes,
    Column,
    Durations,
    Flags,
    Numbers,
    Sets,
    Truths,
)
from engine.backends.columns.guesses import Guesses, Variable, fact_of
from engine.backends.columns.planes import Kleene, Planes
from engine.backends.columns.table import Table
from engine.facts import Absence, Declared, Duration, Value

SAME_PURPOSE = "flow.purpose_as_received"


class Chosen:
    """A value for every variable and everything it may be about: the position in the variable's domain."""

    def __init__(self, guesses: Guesses, table: Table, values: list[int]) -> None:
        self.guesses, self.table = guesses, table
        self.values: list[npt.NDArray[np.int8]] = []
        for (fact, _), value in zip(guesses.domains, values, strict=True):
            self.values.append(np.full(table.subjects(fact.partition(".")[0]).count, value, np.int8))

    def on_rows(self, name: str, code: str = "") -> npt.NDArray[np.int8]:
        """The value for each row of a fact by the name that rules read, or of a code in a set."""
        subjects = self.table.subjects(fact_of(name).partition(".")[0])
        return self.values[self.guesses.number(name, code)][subjects.of(name.partition(".")[0])]

    def put(self, name: str, code: str, value: int, rows: npt.NDArray[np.intp]) -> None:
        """Take another value for what a name is about in some rows."""
        subjects = self.table.subjects(fact_of(name).partition(".")[0])
        self.values[self.guesses.number(name, code)][subjects.of(name.partition(".")[0])[rows]] = value


def completed(table: Table, guesses: Guesses, chosen: Chosen, names: Iterable[str] = ()) -> dict[str, Column]:
    """The columns of a table, or those of some names, with the values chosen for what is unknown.

    What may be the same fact has one value.
    """
    columns: dict[str, Column] = {}
    for name in names or table.columns:
        column, declared = table.columns[name], table.policies.vocabulary[name]
        if isinstance(column, Sets | Truths) or declared.fact.type == "codes":
            columns[name] = _set(table, guesses, chosen, name, column)
        elif column.open.any() and Variable(fact_of(name)) in guesses.domains:
            values = chosen.on_rows(name).astype(np.intp)
            columns[name] = _scalar(table.planes, declared, column, guesses.domains[Variable(fact_of(name))], values)
        else:
            columns[name] = column
    if SAME_PURPOSE in columns:
        columns[SAME_PURPOSE] = _same_purpose(table, columns["request.purpose"])
    return columns


def _set(table: Table, guesses: Guesses, chosen: Chosen, name: str, column: Column) -> Truths:
    planes, codes = table.planes, {}
    for code in guesses.codes.get(fact_of(name), ()):
        truth = column.member(planes, code) if isinstance(column, Sets | Truths) else Kleene(planes.none, column.open)
        unknown = truth.possible & ~truth.true
        if unknown.any():
            inside = planes.pack(chosen.on_rows(name, code) == 1)
            codes[code] = planes.sure(truth.true | (unknown & inside))
        else:
            codes[code] = planes.sure(truth.true)
    return Truths(planes.none, codes)


def _scalar(
    planes: Planes, declared: Declared, column: Column, domain: list[Value], values: npt.NDArray[np.intp]
) -> Column:
    open_ = column.open
    applies = np.array([value is not Absence.DOES_NOT_APPLY for value in domain])
    put = planes.all([open_, planes.pack(applies[values])])
    assert not isinstance(column, Sets | Truths)
    stated = put if isinstance(column, Absent) else column.stated | put
    where = planes.flags(open_)
    kind = declared.fact.type

    def instead(old: npt.NDArray[Any] | int, new: list[Any], default: Any) -> npt.NDArray[Any]:
        table = np.array([n if a else default for n, a in zip(new, applies, strict=True)])
        return np.where(where, table[values], old)

    if kind == "boolean":
        true = planes.pack(np.array([value is True for value in domain])[values])
        known = column.value if isinstance(column, Flags) else planes.none
        return Flags(planes.none, stated, (known & ~open_) | (true & open_))
    if kind in ("code", "text"):
        words = dict(column.words) if isinstance(column, Codes) else {}
        for value in domain:
            if isinstance(value, str):
                words.setdefault(value, len(words))
        old = column.numbers if isinstance(column, Codes) else 0
        numbers = instead(old, [words.get(str(value), 0) for value in domain], 0)
        return Codes(planes.none, stated, np.where(planes.flags(stated), numbers, len(words)), words)
    if kind == "duration":
        pairs = [value if isinstance(value, Duration) else Duration(0, "") for value in domain]
        units = [UNITS.index(pair.unit) if pair.unit in UNITS else -1 for pair in pairs]
        old_amounts, old_units = (column.amounts, column.units) if isinstance(column, Durations) else (0, -1)
        amounts = instead(old_amounts, [pair.amount for pair in pairs], 0)
        return Durations(planes.none, stated, amounts, instead(old_units, units, -1).astype(np.int8))
    plain = [value.toordinal() if isinstance(value, date) else value for value in domain]
    return Numbers(planes.none, stated, instead(column.values if isinstance(column, Numbers) else 0, plain, 0))


def _same_purpose(table: Table, purpose: Column) -> Column:
    """Whether the purpose is one for which the data were received, with every purpose known."""
    column, planes = table.columns[SAME_PURPOSE], table.planes
    if not column.open.any() or not isinstance(purpose, Codes):
        return column
    later, earlier = table.edges
    same = planes.at(later[purpose.numbers[later] == purpose.numbers[earlier]])
    stated, value = (column.stated, column.value) if isinstance(column, Flags) else (planes.none, planes.none)
    return Flags(planes.none, stated | column.open, (value & ~column.open) | (same & column.open))
