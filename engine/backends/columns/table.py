"""Rows of many requests in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.backends.columns.columns import Column
from engine.backends.columns.planes import Plane, Planes, Rows
from engine.backends.columns.sheets import NOT_ASKED, Sheet, Words, check, list_values, rows_by_word
from engine.backends.columns.texts import column, day, papers
from engine.facts import PAPERS, TRAVELLING, Declared
from engine.policies import PolicySet
from engine.rows import requirement_key, requirements

STATUSES = ("done", "refused", "contained", "lacking")
PARTIES = ("provider", "sender", "receiver", "hub")
NOBODY = "hub"
"""Stands for the hub where there is none."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """What facts are about, by number: for each row, in each role that it may be in. All numbers are below `count`."""

    roles: tuple[str, ...]
    pairs: Callable[[], Rows]
    count: int

    @cached_property
    def _numbers(self) -> list[Rows]:
        which = np.unique(self.pairs(), return_inverse=True)[1].ravel()
        return np.split(which, len(self.roles))

    def of(self, role: str) -> Rows:
        """The number of each row's subject."""
        return self._numbers[self.roles.index(role) if role in self.roles else 0]


def _pairs(requests: Rows, numbers: npt.NDArray[np.integer]) -> Rows:
    """One number for each two."""
    return requests * (int(numbers.max(initial=0)) + 1) + numbers


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
    parties: Mapping[str, Rows]
    """The number of each row's party in each role; one party has one number."""
    source: Sheet
    about: Mapping[str, Plane]
    """By name of a fact: the rows in which it is about something else than its name says."""
    _collapsed: dict[tuple[str, ...], Plane] = field(default_factory=dict)
    _subjects: dict[str, Subjects] = field(default_factory=dict)
    _spans: dict[tuple[date | None, date | None], Plane] = field(default_factory=dict)

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
        rows = len(self.request_of)
        if scope == "party":
            roles = ("provider", "sender", "receiver")
            return Subjects(roles, lambda: _pairs(np.tile(self.request_of, len(roles)), self._parties(roles)), 3 * rows)
        if scope in ("flow", "data"):
            return Subjects(("",), lambda: _pairs(self.request_of, self._things(scope)), rows)
        return Subjects(("",), lambda: self.request_of, rows)

    def _parties(self, roles: Iterable[str]) -> Rows:
        return np.concatenate([self.parties[role] for role in roles])

    def _things(self, scope: str) -> npt.NDArray[np.integer]:
        numbers = self.source.words("flow" if scope == "flow" else "source").numbers
        if scope == "flow":
            return numbers
        # what is restated for linked data is about these, whatever their sources
        restated = self.planes.some(plane for name, plane in self.about.items() if name.startswith("data."))
        return np.where(self.requests_in(restated)[self.request_of], 0, numbers)

    def within(self, first: date | None, last: date | None) -> Plane:
        """The rows whose day is in a span."""
        if (first, last) not in self._spans:
            self._spans[first, last] = self.planes.all(self._bounds(first, last))
        return self._spans[first, last]

    def _bounds(self, first: date | None, last: date | None) -> Iterator[Plane]:
        if first is not None and self.days.min(initial=first.toordinal()) < first.toordinal():
            yield self.planes.pack(self.row_days >= first.toordinal())
        if last is not None and self.days.max(initial=0) > last.toordinal():
            yield self.planes.pack(self.row_days <= last.toordinal())

    def one_party(self, roles: tuple[str, ...]) -> Plane:
        """The rows in which one party has all of some roles."""
        if roles not in self._collapsed:
            same = (self.parties[one] == self.parties[other] for one, other in pairwise(roles))
            plane = self.planes.all(self.planes.pack(found) for found in same)
            self._collapsed[roles] = plane if len(roles) > 1 else self.planes.none
        return self._collapsed[roles]


def read_table(source: Sheet, policies: PolicySet, declared: Iterable[Declared]) -> Table:
    """The table of requests on a sheet, with a column for each fact declared.

    Raises `MalformedError` where anything is not as it must be.
    """
    return _Reader(source, policies).table(list(declared))


class _Reader:
    def __init__(self, source: Sheet, policies: PolicySet) -> None:
        self.source, self.policies = source, policies
        self.planes = Planes(len(source.table))
        self.request_of = np.repeat(np.arange(len(source)), np.diff(source.starts))

    def table(self, declared: list[Declared]) -> Table:
        source, planes = self.source, self.planes
        self._check_ids()
        names = {d.name for d in self.policies.vocabulary} - {*TRAVELLING, PAPERS}
        stated = {name for name in source.facts if source.has(name)}
        about = self._lists("about", head=": ")
        check(all(source.words(name).words == [NOT_ASKED] for name in stated - names))
        check(names >= about.keys())
        columns: dict[str, Column] = {}
        for one in declared:
            if one.name == PAPERS:
                columns[PAPERS] = papers(planes, source, [*self.policies.instruments])
            elif one.name in names:
                found = source.words(one.name) if one.name in stated else _nothing(self.request_of)
                columns[one.name] = column(planes, one, found)
        table = Table(
            policies=self.policies,
            requests=source.requests,
            deployments=self._deployments(),
            days=self._days(),
            starts=source.starts,
            planes=planes,
            ids=source.column("id"),
            columns=columns,
            edges=self._edges(),
            statuses={key: self._lists(key) for key in STATUSES},
            claims=self._lists("claims"),
            parties=self._parties(),
            source=source,
            about=about,
        )
        self._check_names(table)
        return table

    # Parts ------------------------------------------------------------------------------------------------------------

    def _lists(self, name: str, head: str = "") -> dict[str, Plane]:
        """The rows whose list of that name has a word, by word, or by what stands before `head` in it."""
        planes: dict[str, list[Plane]] = {}
        found = rows_by_word(self.source.column(name)) if self.source.has(name) else {}
        for word, rows in found.items():
            planes.setdefault(word.partition(head)[0] if head else word, []).append(self.planes.at(rows))
        return {word: self.planes.some(each) for word, each in planes.items()}

    def _parties(self) -> dict[str, Rows]:
        words = [self.source.words(role) if self.source.has(role) else _nothing(self.request_of) for role in PARTIES]
        places: dict[str, int] = {}
        for one in words:
            for word in one.words:
                places.setdefault(word or NOBODY, len(places))
        numbers = (np.array([places[w or NOBODY] for w in one.words], np.intp)[one.numbers] for one in words)
        return dict(zip(PARTIES, numbers, strict=True))

    def _days(self) -> npt.NDArray[np.int64]:
        found = self._of_requests("as_of")
        return np.array([day(text) for text in found.words], np.int64).take(found.numbers)

    def _deployments(self) -> dict[str, Plane]:
        if not self.source.has("deployment"):
            return {}
        found = self._of_requests("deployment")
        check({*found.words} <= {*self.policies.deployments, NOT_ASKED})
        return {
            word: self.planes.pack((found.numbers == i)[self.request_of]) for i, word in enumerate(found.words) if word
        }

    def _of_requests(self, name: str) -> Words:
        """What all rows of a request say alike."""
        numbers, found = self.source.words(name)
        each = numbers[self.source.starts[:-1]]
        check(np.array_equal(each[self.request_of], numbers))
        return Words(each, found)

    def _edges(self) -> tuple[Rows, Rows]:
        if not self.source.has("earlier"):
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        counts, positions = list_values(self.source.column("earlier"))
        rows = np.repeat(np.arange(len(counts)), counts)
        positions = positions.to_numpy(zero_copy_only=False).astype(np.intp)
        earlier = self.source.starts[self.request_of[rows]] + positions
        check(not len(rows) or (positions.min() >= 0 and bool((earlier < rows).all())))
        return rows, earlier

    # Checks -----------------------------------------------------------------------------------------------------------

    def _check_ids(self) -> None:
        """Every row says what it is, and no two of a request are the same."""
        for name in ("id", "flow", "dataset", "source", "provider", "sender", "receiver"):
            check(self.source.has(name))
            check(NOT_ASKED not in self.source.words(name).words)
        pairs = np.sort(_pairs(self.request_of, self.source.words("id").numbers))
        check((pairs[1:] != pairs[:-1]).all())

    def _check_names(self, table: Table) -> None:
        keys = {requirement_key(owed) for owed in requirements(self.policies.all_frameworks())}
        check(all(planes.keys() <= keys for planes in table.statuses.values()))
        check(table.claims.keys() <= self.policies.bases().keys())


def _nothing(rows: Rows) -> Words:
    return Words(np.zeros(len(rows), np.int32), [NOT_ASKED])
