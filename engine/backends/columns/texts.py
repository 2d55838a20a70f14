"""The texts of a sheet read as values: a column for each fact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite
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
    Numbered,
    Numbers,
    Sets,
    Truths,
)
from engine.backends.columns.planes import Kleene, Plane, Planes
from engine.backends.columns.sheets import (
    ABSENCES,
    NOT_APPLICABLE,
    NOT_ASKED,
    NOT_KNOWN,
    PAPERS,
    MalformedError,
    Sheet,
    Words,
    check,
    list_values,
    listed,
    small,
    words,
)
from engine.facts import CodeSet, Declared, FactType

DIGITS = 12
"""No length of time has more."""


def column(planes: Planes, declared: Declared, found: Words) -> Column:
    """The column of a fact. Raises `MalformedError` where some text is no value of it."""
    kind, texts = declared.fact.type, found.words
    check(declared.optional or NOT_APPLICABLE not in texts)
    rows = Numbered(small(found.numbers, len(texts)))
    open_ = rows.among(planes, [text in (NOT_ASKED, NOT_KNOWN) for text in texts])
    if kind == "codes":
        return Sets(open_, rows, [_set(text, declared.codes) for text in texts])
    said = [text not in ABSENCES for text in texts]
    if not any(said):
        return Absent(open_)
    stated = rows.among(planes, said)
    if kind == "boolean":
        check({*texts} <= {"true", "false", *ABSENCES})
        return Flags(open_, stated, rows.among(planes, [text == "true" for text in texts]))
    if kind in ("code", "text"):
        check(kind == "text" or {*texts} <= {*declared.codes, *ABSENCES})
        return Codes(open_, stated, rows, texts)
    values = [_value(kind, text) if there else None for text, there in zip(texts, said, strict=True)]
    if kind == "duration":
        amounts = np.array([value[0] if value else 0 for value in values], np.int64)
        units = np.array([value[1] if value else -1 for value in values], np.int8)
        return Durations(open_, stated, amounts.take(rows.numbers), units.take(rows.numbers))
    return Numbers(open_, stated, np.array([0 if value is None else value for value in values]).take(rows.numbers))


def papers(planes: Planes, sheet: Sheet, instruments: Sequence[str]) -> Truths:
    """The instruments in force; those that some two parties did not report may be."""
    if not sheet.has(PAPERS[0]):
        return Truths(planes.none, dict.fromkeys(instruments, planes.false))
    counts, has = _sets(sheet, PAPERS[1], instruments)
    same, reported = _sets(sheet, PAPERS[2], instruments)
    check((counts == same).all())
    rows = None if (counts == 1).all() else np.repeat(np.arange(len(counts)), counts)

    def somewhere(found: tuple[Numbered, list[CodeSet]], code: str, inside: bool) -> Plane:
        wanted = [(code in one.has) is inside for one in found[1]]
        if rows is None:
            return found[0].among(planes, wanted)
        return planes.at(rows[np.array(wanted, np.bool_).take(found[0].numbers)]) if any(wanted) else planes.none

    codes = {}
    for code in instruments:
        true = somewhere(has, code, True)
        codes[code] = Kleene(true, planes.some([true, somewhere(reported, code, False)]))
    return Truths(planes.none, codes)


def _sets(
    sheet: Sheet, name: str, codes: Sequence[str]
) -> tuple[npt.NDArray[np.int64], tuple[Numbered, list[CodeSet]]]:
    """How many sets each row lists, and for each set its number among those that differ."""
    counts, values = list_values(sheet.column(name))
    found, known = words(values), dict.fromkeys(codes)
    return counts, (Numbered(small(found.numbers, len(found.words))), [_set(text, known) for text in found.words])


def _set(text: str, codes: Mapping[str, Any]) -> CodeSet:
    if text in ABSENCES:
        return CodeSet(frozenset())
    has, may = listed(text)
    check({*has, *may} <= codes.keys())
    return CodeSet(frozenset(has), frozenset(may) - frozenset(has))


def _value(kind: FactType, text: str) -> Any:
    """A number, the ordinal of a day, or the amount and unit of a duration."""
    if kind == "date":
        return day(text)
    if kind == "number":
        try:
            number = json.loads(text)
        except ValueError:
            raise MalformedError from None
        check(isinstance(number, int | float) and not isinstance(number, bool) and isfinite(number))
        return number
    amount, _, unit = text.partition(" ")
    check(amount.isdecimal() and len(amount) <= DIGITS and unit in UNITS)
    return int(amount), UNITS.index(unit)


def day(text: str) -> int:
    """A day as its ordinal."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise MalformedError from None
    check(found.isoformat() == text)
    return found.toordinal()
