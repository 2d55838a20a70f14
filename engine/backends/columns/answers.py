"""The answers on a table of rows as an Arrow table: one row for each request, with its findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.backends.columns.evaluation import LawFound
from engine.backends.columns.planes import Plane
from engine.backends.columns.program import Program
from engine.backends.columns.results import DENY, NOBODY, NOT_APPLICABLE, OUTCOMES, Verdicts, demands

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
    fields = [("disclosure", pa.string()), ("framework", wide), ("outcome", small), ("basis", many)]
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
    reached = verdicts.findings > NOT_APPLICABLE
    rows, laws = np.nonzero(reached)
    frameworks = [law.framework.framework for law in program.laws]
    parts = [
        table.ids.take(pa.array(rows)),
        _words(laws, frameworks, pa.int16()),
        _words(verdicts.findings[reached], list(OUTCOMES), pa.int8()),
        _words(_basis_names(verdicts)[reached], program.names, pa.int32()),
    ]
    for name in LISTS[explain]:
        parts.append(_lists(verdicts, _ITEMS[name], reached))
    fields = kinds.field("findings").type.value_type
    findings = pa.StructArray.from_arrays(parts, fields=[fields.field(i) for i in range(fields.num_fields)])
    starts = np.concatenate([[0], reached.sum(axis=1).cumsum()])[table.starts].astype(np.int32)
    columns = [
        table.requests,
        _words(verdicts.outcomes, list(OUTCOMES), pa.int8()),
        pa.array(verdicts.ready),
        _clauses(verdicts),
        pa.ListArray.from_arrays(pa.array(starts), findings),
    ]
    found = pa.Table.from_arrays([column.cast(f.type) for column, f in zip(columns, kinds, strict=True)], schema=kinds)
    return found.take(np.setdiff1d(np.arange(len(found)), list(without))) if without else found


def _words(numbers: npt.NDArray[np.integer], words: list[str], index: pa.DataType) -> pa.DictionaryArray:
    """Words by their numbers; none where the number is -1."""
    indices = pa.array(numbers, index, mask=numbers == NOBODY)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _basis_names(verdicts: Verdicts) -> npt.NDArray[np.int32]:
    """The number of the name of each basis used."""
    result = np.full(verdicts.used.shape, NOBODY, np.int32)
    for i, law in enumerate(verdicts.evaluation.program.laws):
        names = np.array([*(basis.name for basis in law.bases), NOBODY], np.int32)
        result[:, i] = names[verdicts.used[:, i]]
    return result


# Lists of words -------------------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    """The words of the findings of one framework: which finding, which word."""

    findings: Positions
    words: Positions


def _lists(
    verdicts: Verdicts, items: Callable[[Verdicts, int], Iterator[Item]], reached: npt.NDArray[np.bool_]
) -> pa.ListArray:
    """For each finding the words said of its row."""
    planes = verdicts.evaluation.planes
    number = reached.ravel().cumsum().reshape(reached.shape) - 1
    found: list[_Found] = []
    for i in range(reached.shape[1]):
        rows = np.flatnonzero(reached[:, i])
        said = list(items(verdicts, i)) if len(rows) else []
        if not said:
            continue
        matrix = np.array([planes.flags(plane)[rows] for _, plane in said])
        at, which = np.nonzero(matrix.T)
        words = np.array([word for word, _ in said])
        found.append(_Found(number[rows[at], i], words[which]))
    return _joined(found, int(reached.sum()), verdicts.evaluation.program.names)


def _joined(found: list[_Found], count: int, names: list[str]) -> pa.ListArray:
    """Lists from words in order of their framework: each goes to its place."""
    lengths = np.zeros(count, np.int64)
    for part in found:
        lengths += np.bincount(part.findings, minlength=count)
    starts = np.concatenate([[0], lengths.cumsum()])
    values = np.zeros(starts[-1], np.int32)
    for part in found:
        own = np.bincount(part.findings, minlength=count)
        first = np.repeat(own.cumsum() - own, own)
        values[starts[part.findings] + np.arange(len(first)) - first] = part.words
    return pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), _words(values, names, pa.int32()))


def _clauses(verdicts: Verdicts) -> pa.ListArray:
    """For each request the clauses that its agreement must contain, in order of their names."""
    evaluation = verdicts.evaluation
    rows: dict[str, list[Plane]] = {}
    for demand, plane in demands(evaluation, verdicts.findings, verdicts.used):
        if demand.owed.kind == "clause" and plane is not evaluation.planes.none:
            rows.setdefault(demand.owed.name, []).append(plane)
    names = sorted(rows)
    requests = [np.flatnonzero(evaluation.table.requests_in(evaluation.planes.some(rows[name]))) for name in names]
    at = np.concatenate([np.zeros(0, np.intp), *requests])
    which = np.repeat(np.arange(len(names)), [len(found) for found in requests])
    order = np.argsort(at, kind="stable")
    counts = np.bincount(at, minlength=len(evaluation.table.requests))
    starts = np.concatenate([[0], counts.cumsum()]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(starts), _words(which[order], names, pa.int32()))


# What is said of findings ---------------------------------------------------------------------------------------------


def _bases(verdicts: Verdicts, i: int) -> Iterator[Item]:
    for basis in verdicts.evaluation.laws[i].bases:
        yield basis.code.name, basis.permits.true


def _possible(verdicts: Verdicts, i: int) -> Iterator[Item]:
    for basis in verdicts.evaluation.laws[i].bases:
        if basis.permits.possible is not basis.permits.true:
            yield basis.code.name, basis.permits.possible & ~basis.permits.true


def _failed(verdicts: Verdicts, i: int) -> Iterator[Item]:
    """Where a finding does not allow: the bars that hold, and the conditions by which its bases fail."""
    evaluation, planes = verdicts.evaluation, verdicts.evaluation.planes
    found = evaluation.laws[i]
    where = planes.pack(verdicts.findings[:, i] >= DENY)
    for bar, truth in zip(found.law.bars, found.bars, strict=True):
        yield bar.name, planes.all([where, truth.true])
    for demand, blocked in evaluation.blocking(found.law.demands):
        yield demand.name, planes.all([where, blocked.true])
    for basis in found.bases:
        here = planes.all([where, basis.in_force, planes.outside(basis.permits.possible)])
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


_ITEMS: dict[str, Callable[[Verdicts, int], Iterator[Item]]] = {
    "bases": _bases, "possible_bases": _possible, "failed": _failed, "true": _true, "unknown": _unknown,
    "false": _false,
}  # fmt: skip
