"""Rows of many requests as an Arrow table, read into columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.backends.columns.columns import (
    UNITS,
    Absent,
    Codes,
    Column,
    Durations,
    Flags,
    Numbers,
    Pairs,
    Sets,
    Truths,
)
from engine.backends.columns.planes import Kleene, Plane, Planes, Rows
from engine.facts import Declared
from engine.policies import PolicySet
from engine.rows import PAPERS, TRAVELLING, requirement_key, requirements

STATUSES = ("done", "refused", "contained", "lacking")
_EPOCH = date(1970, 1, 1).toordinal()


class MalformedError(Exception):
    """Something in the rows is not as it must be; reading request by request tells what."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """What facts are about, by number: for each row, in each role that a party may be read in."""

    numbers: Mapping[str, Rows]
    count: int

    def of(self, role: str) -> Rows:
        """The number of each row's subject."""
        return self.numbers[role] if role in self.numbers else self.numbers[""]


def _distinct(requests: Rows, numbers: Rows, count: int) -> Subjects:
    distinct, which = np.unique(requests * (count + 1) + numbers, return_inverse=True)
    return Subjects({"": which.ravel()}, len(distinct))


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of many requests, in columns.

    `starts` holds the position of the first row of each request, and last the number of rows; `edges` the rows that
    name earlier ones, and those they name.
    """

    policies: PolicySet
    requests: pa.Array
    deployments: Mapping[str, Plane]
    days: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    planes: Planes
    ids: pa.Array
    columns: Mapping[str, Column]
    edges: tuple[Rows, Rows]
    statuses: Mapping[str, Mapping[str, Plane]]
    claims: Mapping[str, Plane]
    parties: Mapping[str, pa.Array]
    source: pa.Table
    texts: Mapping[str, pa.Array]
    restated: Plane
    """The rows in which facts of the data are not about their source."""
    _collapsed: dict[tuple[str, ...], Plane] = field(default_factory=dict)
    _subjects: dict[str, Subjects] = field(default_factory=dict)

    @cached_property
    def request_of(self) -> npt.NDArray[np.intp]:
        """The request of each row."""
        return np.repeat(np.arange(len(self.requests)), np.diff(self.starts))

    @cached_property
    def row_days(self) -> npt.NDArray[np.int64]:
        """The day of each row, as an ordinal."""
        return self.days[self.request_of]

    def requests_in(self, plane: Plane) -> npt.NDArray[np.bool_]:
        """Which requests have a row in a plane."""
        result = np.zeros(len(self.requests), np.bool_)
        result[self.request_of[self.planes.positions(plane)]] = True
        return result

    def subjects(self, scope: str) -> Subjects:
        """What facts of a scope are about: what may be the same thing is one."""
        if scope not in self._subjects:
            self._subjects[scope] = self._find(scope)
        return self._subjects[scope]

    def _find(self, scope: str) -> Subjects:
        if scope == "party":
            roles = ("provider", "sender", "receiver")
            numbers, words = _words(pa.concat_arrays([self.parties[role] for role in roles]))
            found = _distinct(np.tile(self.request_of, len(roles)), numbers, len(words))
            each = np.split(found.of(""), len(roles))
            return Subjects(dict(zip(roles, each, strict=True)), found.count)
        if scope in ("flow", "data"):
            numbers, words = _words(self.texts["flow" if scope == "flow" else "source"])
            if scope == "data":  # what is restated for linked data is about these, whatever their sources
                numbers = np.where(self.requests_in(self.restated)[self.request_of], 0, numbers)
            return _distinct(self.request_of, numbers, len(words))
        return Subjects({"": self.request_of}, len(self.requests))

    def within(self, first: date | None, last: date | None) -> Plane:
        """The rows whose day is in a span."""
        planes = self.planes
        low, high = (self.days.min(initial=0), self.days.max(initial=0)) if len(self.days) else (0, 0)
        bounds = []
        if first is not None and low < first.toordinal():
            bounds.append(planes.pack(self.row_days >= first.toordinal()))
        if last is not None and high > last.toordinal():
            bounds.append(planes.pack(self.row_days <= last.toordinal()))
        return planes.all(bounds)

    def one_party(self, roles: tuple[str, ...]) -> Plane:
        """The rows in which one party has all of some roles."""
        if roles not in self._collapsed:
            same = (pc.equal(self.parties[one], self.parties[other]) for one, other in pairwise(roles))
            plane = self.planes.all(self.planes.pack(_numpy(found)) for found in same)
            self._collapsed[roles] = plane if len(roles) > 1 else self.planes.none
        return self._collapsed[roles]


def read_table(source: pa.Table, policies: PolicySet, declared: Iterable[Declared]) -> Table:
    """The table of requests in rows, as their JSON has them, with a column for each fact declared.

    Raises `MalformedError` where anything is not as it must be.
    """
    return _Reader(source.combine_chunks(), policies).table(list(declared))


def _numpy(array: Any) -> Any:
    return array.to_numpy(zero_copy_only=False)


class _Reader:
    def __init__(self, source: pa.Table, policies: PolicySet) -> None:
        self.source, self.policies = source, policies
        rows = _whole(source["rows"])
        _check(rows.null_count == 0)
        self.starts = _numpy(rows.offsets).astype(np.int64)
        self.starts = self.starts - self.starts[0]
        self.rows: pa.StructArray = rows.flatten()
        _check(self.rows.null_count == 0)
        self.planes = Planes(len(self.rows))

    def table(self, declared: list[Declared]) -> Table:
        requests = _whole(self.source["request"])
        days = pc.cast(_whole(self.source["as_of"]), pa.date32())
        self.text = {name: self._field(name) for name in ("id", "flow", "source", "provider", "sender", "receiver")}
        for array in (requests, days, *self.text.values()):
            _check(array.null_count == 0)
        counts = np.diff(self.starts)
        _check(not len(counts) or counts.min() > 0)
        self.request_of = np.repeat(np.arange(len(requests)), counts)
        self._check_ids()
        self.inapplicable = self._lists("does_not_apply")
        not_known = self._lists("not_known")
        hub = self._field("hub")
        hub = pc.fill_null(hub.cast(pa.string()), "hub") if hub is not None else pa.array(["hub"] * len(self.rows))
        names = {d.name for d in self.policies.vocabulary} - {*TRAVELLING, PAPERS}
        _check(names >= {*self.inapplicable, *not_known})
        _check(all(self.policies.vocabulary[name].optional for name in self.inapplicable))
        facts, may, about = (self._struct(key) for key in ("facts", "may", "about"))
        _check(names >= {*facts, *may, *about})
        for name in {*not_known} & {*facts}:
            _check(not (self._stated(facts[name]) & not_known[name]).any())
        columns = {d.name: self._column(d, facts.get(d.name), may.get(d.name)) for d in declared if d.name in names}
        if any(d.name == PAPERS for d in declared):
            columns[PAPERS] = self._papers()
        table = Table(
            policies=self.policies,
            requests=requests,
            deployments=self._deployments(),
            days=_numpy(days.cast(pa.int32())).astype(np.int64) + _EPOCH,
            starts=self.starts,
            planes=self.planes,
            ids=self.text["id"],
            columns=columns,
            edges=self._edges(),
            statuses={key: self._lists(key) for key in STATUSES},
            claims=self._lists("claims"),
            parties={**{role: self.text[role] for role in ("provider", "sender", "receiver")}, "hub": hub},
            source=self.source,
            texts=self.text,
            restated=self.planes.some(self._stated(a) for name, a in about.items() if name.startswith("data.")),
        )
        self._check_names(table)
        return table

    # Parts ------------------------------------------------------------------------------------------------------------

    def _field(self, name: str) -> Any:
        index = self.rows.type.get_field_index(name)
        return self.rows.field(index) if index >= 0 else None

    def _struct(self, name: str) -> dict[str, Any]:
        found = self._field(name)
        if found is None or pa.types.is_null(found.type):
            return {}
        _check(pa.types.is_struct(found.type))
        fields = {found.type.field(i).name: found.field(i) for i in range(found.type.num_fields)}
        return {key: array for key, array in fields.items() if array.null_count < len(array)}

    def _pairs(self, array: Any) -> Pairs:
        """The rows and values of lists of words."""
        if array is None or pa.types.is_null(array.type):
            return Pairs(np.zeros(0, np.intp), np.zeros(0, np.intp), {})
        _check(pa.types.is_list(array.type))
        counts = _numpy(pc.fill_null(pc.list_value_length(array), 0))
        rows = np.repeat(np.arange(len(array)), counts)
        values = array.flatten()
        if pa.types.is_null(values.type):
            _check(len(values) == 0)
            return Pairs(rows, np.zeros(0, np.intp), {})
        numbers, words = _words(values)
        _check(values.null_count == 0)
        return Pairs(rows, numbers, words)

    def _lists(self, name: str) -> dict[str, Plane]:
        """The rows whose list of that name has a word, by word."""
        pairs = self._pairs(self._field(name))
        return {word: pairs.of(self.planes, word) for word in pairs.words}

    def _stated(self, array: Any) -> Plane:
        if array.null_count == 0:
            return self.planes.every
        return self.planes.from_bytes(_bits(pc.is_valid(array)))

    def _column(self, declared: Declared, array: Any, may: Any) -> Column:
        planes, kind = self.planes, declared.fact.type
        inapplicable = self.inapplicable.get(declared.name, planes.none)
        if array is None or pa.types.is_null(array.type):
            _check(may is None)
            nobody = planes.outside(inapplicable)
            return Sets(nobody, self._pairs(None), self._pairs(None)) if kind == "codes" else Absent(nobody)
        stated = self._stated(array)
        _check(not (stated & inapplicable & self._valid).any())
        open_ = planes.outside(planes.some([stated, inapplicable]))
        if kind == "boolean":
            _check(pa.types.is_boolean(array.type))
            return Flags(open_, stated, planes.from_bytes(_bits(array)))
        if kind in ("code", "text"):
            numbers, words = _words(array)
            _check(kind == "text" or words.keys() <= declared.codes.keys())
            return Codes(open_, stated, numbers, words)
        if kind == "codes":
            has, possible = self._pairs(array), self._pairs(may)
            _check(declared.codes.keys() >= {*has.words, *possible.words})
            _check(may is None or not (planes.outside(stated) & self._stated(may) & self._valid).any())
            return Sets(open_, has, possible)
        if kind == "date":
            days = _numpy(pc.fill_null(pc.cast(array, pa.date32()).cast(pa.int32()), 0)).astype(np.int64)
            return Numbers(open_, stated, days + _EPOCH)
        if kind == "number":
            _check(pa.types.is_integer(array.type) or pa.types.is_floating(array.type))
            return Numbers(open_, stated, _numpy(pc.fill_null(array, 0)))
        numbers, words = _words(array)
        pieces = [word.partition(" ") for word in words]
        _check(all(amount.isdecimal() and unit in UNITS for amount, _, unit in pieces))
        amounts = np.array([*(int(amount) for amount, _, _ in pieces), 0], np.int64)
        units = np.array([*(UNITS.index(unit) for _, _, unit in pieces), -1], np.int8)
        return Durations(open_, stated, amounts[numbers], units[numbers])

    @cached_property
    def _valid(self) -> Plane:
        """The bits that mean rows."""
        return self.planes.pack(np.ones(len(self.rows), np.bool_))

    def _papers(self) -> Truths:
        """The instruments in force; those that some two parties did not report may be."""
        planes, array = self.planes, self._field("papers")
        codes = dict.fromkeys(self.policies.instruments, planes.false)
        if array is None or pa.types.is_null(array.type):
            return Truths(planes.none, codes)
        counts = _numpy(pc.fill_null(pc.list_value_length(array), 0))
        row_of = np.repeat(np.arange(len(array)), counts)
        papers = array.flatten()
        fields = {papers.type.field(i).name: papers.field(i) for i in range(papers.type.num_fields)}
        _check("about" in fields)
        has, reported = self._pairs(fields.get("has")), self._pairs(fields.get("reported"))
        _check(codes.keys() >= {*has.words, *reported.words})
        some = planes.pack(counts > 0)
        for code in codes:
            true = planes.at(row_of[has.rows[has.numbers == has.words[code]]]) if code in has.words else planes.none
            possible = some
            if code in reported.words:
                seen = reported.rows[reported.numbers == reported.words[code]]
                often = np.bincount(row_of[seen], minlength=len(array))
                possible = planes.pack(often < counts)
            codes[code] = Kleene(true, true | possible)
        return Truths(planes.none, codes)

    def _edges(self) -> tuple[Rows, Rows]:
        array = self._field("earlier")
        if array is None or pa.types.is_null(array.type):
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        rows = np.repeat(np.arange(len(array)), _numpy(pc.fill_null(pc.list_value_length(array), 0)))
        values = array.flatten()
        _check(values.null_count == 0)
        positions = _numpy(values).astype(np.intp)
        earlier = self.starts[self.request_of[rows]] + positions
        _check(not len(rows) or (positions.min() >= 0 and bool((earlier < rows).all())))
        return rows, earlier

    def _deployments(self) -> dict[str, Plane]:
        array = _whole(self.source["deployment"]) if "deployment" in self.source.column_names else None
        if array is None or pa.types.is_null(array.type):
            return {}
        numbers, words = _words(array)
        _check(words.keys() <= self.policies.deployments.keys())
        return {word: self.planes.pack((numbers == i)[self.request_of]) for word, i in words.items()}

    # Checks -----------------------------------------------------------------------------------------------------------

    def _check_ids(self) -> None:
        numbers, words = _words(self.text["id"])
        pairs = self.request_of * (len(words) + 1) + numbers
        _check(len(np.unique(pairs)) == len(pairs))

    def _check_names(self, table: Table) -> None:
        keys = {requirement_key(owed) for owed in requirements(self.policies.all_frameworks())}
        _check(all(planes.keys() <= keys for planes in table.statuses.values()))
        _check(table.claims.keys() <= self.policies.bases().keys())


def _check(right: object) -> None:
    if not right:
        raise MalformedError


def _whole(column: pa.ChunkedArray) -> Any:
    """A column that is one array."""
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) and combined.num_chunks else combined


def _words(array: Any) -> tuple[npt.NDArray[np.intp], dict[str, int]]:
    """The number of each word, the last number for none, and the numbers of the words."""
    if not pa.types.is_dictionary(array.type):
        _check(pa.types.is_string(array.type) or pa.types.is_large_string(array.type))
        array = array.dictionary_encode()
    words: dict[str, int] = {word: i for i, word in enumerate(array.dictionary.to_pylist())}
    _check(len(words) == len(array.dictionary))
    return _numpy(pc.fill_null(array.indices, len(words))).astype(np.intp), words


def _bits(array: Any) -> npt.NDArray[np.uint8]:
    """The bits of a boolean array, the first in the lowest."""
    if array.offset % 8:
        return np.packbits(_numpy(pc.fill_null(array, False)), bitorder="little")
    start, size = array.offset // 8, -(-len(array) // 8)
    return np.frombuffer(array.buffers()[1], np.uint8)[start : start + size]
