"""The answers on a table of rows as an Arrow table: one row for each request, with its findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.backends.columns.evaluation import LawFound
from engine.backends.columns.planes import Plane
from engine.backends.columns.program import Program
from engine.backends.columns.results import ALLOW, DENY, NOBODY, NOT_APPLICABLE, OUTCOMES, Verdicts, demands

Explain = Literal["failed", "full", "none"]
Positions = npt.NDArray[np.intp]
Item = tuple[int, Plane]
"""The number of a word, and the rows it is said of."""
LISTS: dict[Explain, tuple[str, ...]] = {
    "none": ("bases", "possible_bases"),
    "failed": ("bases", "possible_bases", "failed"),
    "full": ("bases", "possible_bases", "failed", "true", "unknown", "false"),
}
"""The lists of a finding, by how much is to be explained."""


def schema(program: Program, explain: Explain) -> pa.Schema:
    """The schema of the answers of a program."""
    small, wide = pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int16(), pa.string())
    many = pa.dictionary(pa.int32(), pa.string())
    fields = [("disclosure", many), ("framework", wide), ("outcome", small), ("basis", many)]
    fields += [(name, pa.list_(many)) for name in LISTS[explain]]
    return pa.schema(
        [
            ("request", pa.string()),
            ("outcome", small),
            ("ready", pa.bool_()),
            ("clauses", pa.list_(many)),
            ("findings", pa.list_(pa.struct(fields))),
        ],
        metadata={"policies": program.policies.digest},
    )


def answers(verdicts: Verdicts, explain: Explain, without: Collection[int] = ()) -> pa.Table:
    """The answers on every request but some; findings in the order of the rows and then of the frameworks.

    A framework that does not apply to a disclosure has no finding.
    """
    table, program = verdicts.evaluation.table, verdicts.evaluation.program
    kinds = schema(program, explain)
    found = _Findings(verdicts)
    frameworks = [law.framework.framework for law in program.laws]
    parts = [
        table.ids.take(pa.array(found.rows)),
        _words(found.laws, frameworks, pa.int16()),
        _words(found.outcomes, list(OUTCOMES), pa.int8()),
        _words(found.bases, program.names, pa.int32()),
        *(found.lists(name) for name in LISTS[explain]),
    ]
    fields = kinds.field("findings").type.value_type
    parts = [part.cast(field.type) for part, field in zip(parts, fields, strict=True)]
    findings = pa.StructArray.from_arrays(parts, fields=[*fields])
    columns = [
        table.requests,
        _words(verdicts.outcomes, list(OUTCOMES), pa.int8()),
        pa.array(verdicts.ready),
        _clauses(verdicts),
        pa.ListArray.from_arrays(pa.array(found.starts, pa.int32()), findings),
    ]
    whole = pa.Table.from_arrays([column.cast(f.type) for column, f in zip(columns, kinds, strict=True)], schema=kinds)
    return whole.take(np.setdiff1d(np.arange(len(whole)), list(without))) if without else whole


def _words(numbers: npt.NDArray[np.integer], words: list[str], index: pa.DataType) -> pa.DictionaryArray:
    """Words by their numbers; none where the number is -1."""
    indices = pa.array(numbers, index, mask=numbers == NOBODY)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


# Findings -------------------------------------------------------------------------------------------------------------


class _Findings:
    """The findings of all requests: the row and the framework of each."""

    def __init__(self, verdicts: Verdicts) -> None:
        self.verdicts = verdicts
        outcomes = np.ascontiguousarray(verdicts.findings)
        places = np.flatnonzero(outcomes > NOT_APPLICABLE)
        self.outcomes = outcomes.ravel()[places]
        self.rows, laws = np.divmod(places, outcomes.shape[1])
        self.laws = laws.astype(np.int16)
        self.starts = np.searchsorted(self.rows, verdicts.evaluation.table.starts)
        """The first finding of each request, and last how many there are."""
        self.of_law = [np.flatnonzero(self.laws == i) for i in range(outcomes.shape[1])]
        """The findings of each framework."""

    @property
    def bases(self) -> npt.NDArray[np.int32]:
        """The number of the name of the basis that each finding relies on."""
        result = np.full(len(self.rows), NOBODY, np.int32)
        for i, law in enumerate(self.verdicts.evaluation.program.laws):
            names = np.array([*(basis.name for basis in law.bases), NOBODY], np.int32)
            result[self.of_law[i]] = names[self.verdicts.used[self.rows[self.of_law[i]], i]]
        return result

    def lists(self, name: str) -> pa.ListArray:
        """For each finding the words said of its row."""
        items, only = _ITEMS[name]
        lengths = np.zeros(len(self.rows), np.intp)
        said: list[tuple[Positions, Positions]] = []
        for i, mine in enumerate(self.of_law):
            mine = mine[self.outcomes[mine] >= only]
            if len(mine):
                at, which = self._said(list(items(self.verdicts, i)), self.rows[mine])
                lengths[mine] = np.bincount(at, minlength=len(mine))
                said.append((mine[at], which))
        starts = np.concatenate([[0], lengths.cumsum()])
        values = np.zeros(starts[-1], np.int32)
        for findings, which in said:  # those of one framework stand in the order of the findings
            first = np.flatnonzero(np.diff(findings, prepend=-1))
            place = np.arange(len(findings)) - np.repeat(first, np.diff(first, append=len(findings)))
            values[starts[findings] + place] = which
        names = self.verdicts.evaluation.program.names
        return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), _words(values, names, pa.int32()))

    def _said(self, items: Sequence[Item], rows: Positions) -> tuple[Positions, Positions]:
        """For each thing that is said of one of the rows, in their order: the place of the row, and the word."""
        planes = self.verdicts.evaluation.planes
        somewhere = [item for item in items if item[1] is not planes.none]
        if not somewhere:
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        holds = planes.flags_of([plane for _, plane in somewhere], rows)
        at, which = np.divmod(np.flatnonzero(holds.T.copy()), len(somewhere))
        return at, np.array([word for word, _ in somewhere], np.intp).take(which)


def _clauses(verdicts: Verdicts) -> pa.ListArray:
    """For each request the clauses that its agreement must contain, in order of their names."""
    evaluation = verdicts.evaluation
    rows: dict[str, list[Plane]] = {}
    for demand, plane in demands(evaluation, verdicts.findings, verdicts.used):
        if demand.owed.kind == "clause" and plane is not evaluation.planes.none:
            rows.setdefault(demand.owed.name, []).append(plane)
    names = sorted(rows)
    needed = np.zeros((len(evaluation.table.requests), len(names)), np.bool_)
    for k, name in enumerate(names):
        needed[:, k] = evaluation.table.requests_in(evaluation.planes.some(rows[name]))
    starts = np.concatenate([[0], needed.sum(axis=1).cumsum()])
    words = _words(np.flatnonzero(needed) % max(1, len(names)), names, pa.int32())
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), words)


# What is said of findings ---------------------------------------------------------------------------------------------


def _bases(verdicts: Verdicts, i: int) -> Iterator[Item]:
    for basis in verdicts.evaluation.laws[i].bases:
        yield basis.code.name, basis.permits.true


def _possible(verdicts: Verdicts, i: int) -> Iterator[Item]:
    for basis in verdicts.evaluation.laws[i].bases:
        if basis.permits.possible is not basis.permits.true:
            yield basis.code.name, basis.permits.possible & ~basis.permits.true


def _failed(verdicts: Verdicts, i: int) -> Iterator[Item]:
    """The bars that hold, and the conditions by which bases fail."""
    evaluation, planes = verdicts.evaluation, verdicts.evaluation.planes
    found = evaluation.laws[i]
    for bar, truth in zip(found.law.bars, found.bars, strict=True):
        yield bar.name, truth.true
    for demand, blocked in evaluation.blocking(found.law.demands):
        yield demand.name, blocked.true
    for basis in found.bases:
        here = planes.all([basis.in_force, planes.outside(basis.permits.possible)])
        for part in basis.code.parts:
            yield part.name, planes.all([here, planes.outside(evaluation.steps[part.step].possible)])
        for demand, blocked in evaluation.blocking(basis.code.demands):
            yield demand.name, planes.all([here, basis.holds.possible, blocked.true])


def _rules(found: LawFound, verdicts: Verdicts) -> Iterator[tuple[int, Plane, Plane, Plane]]:
    """Every bar, basis and condition in force: its number, where it is in force, is true, and may be."""
    evaluation = verdicts.evaluation
    for bar, truth in zip(found.law.bars, found.bars, strict=True):
        yield bar.name, evaluation.in_force([bar.rule.in_force]), truth.true, truth.possible
    for basis in found.bases:
        yield basis.code.name, basis.in_force, basis.holds.true, basis.holds.possible
        for part in basis.code.parts:
            truth = evaluation.steps[part.step]
            yield part.name, basis.in_force, truth.true, truth.possible


def _true(verdicts: Verdicts, i: int) -> Iterator[Item]:
    planes = verdicts.evaluation.planes
    for name, here, true, _ in _rules(verdicts.evaluation.laws[i], verdicts):
        yield name, planes.all([here, true])


def _unknown(verdicts: Verdicts, i: int) -> Iterator[Item]:
    planes = verdicts.evaluation.planes
    for name, here, true, possible in _rules(verdicts.evaluation.laws[i], verdicts):
        yield name, planes.all([here, possible, planes.outside(true)])


def _false(verdicts: Verdicts, i: int) -> Iterator[Item]:
    planes = verdicts.evaluation.planes
    for name, here, _, possible in _rules(verdicts.evaluation.laws[i], verdicts):
        yield name, planes.all([here, planes.outside(possible)])


_ITEMS: dict[str, tuple[Callable[[Verdicts, int], Iterator[Item]], int]] = {
    "bases": (_bases, ALLOW), "possible_bases": (_possible, ALLOW), "failed": (_failed, DENY), "true": (_true, ALLOW),
    "unknown": (_unknown, ALLOW), "false": (_false, ALLOW),
}  # fmt: skip
"""What is said in each list, and the least outcome of the findings of which it is said."""
