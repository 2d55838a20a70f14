"""Rows of many requests as a sheet, which is how a Parquet file holds them: a line for each disclosure.

The columns `request`, `as_of`, `deployment`, `id`, `flow`, `dataset`, `source`, `provider`, `sender`, `receiver` and
`hub` are texts; those of a request stand together. `earlier` is a list of numbers; `done`, `refused`, `contained`,
`lacking` and `claims` are lists of texts, and so is `about`: `data.contains_ssn: dataset linked`. All others are facts
under the names that rules read. What they say is text too, as a request document has it: `true`, `2026-11-23`, a code,
`720 hours`; a set is `{one,two}`, or `{one,two?}` if `two` may be in it besides. `unknown` was asked and is not known,
`not_applicable` does not apply, and what is empty was not asked. Of each paper there is an item in the lists
`papers.about`, `papers.has` and `papers.reported`; the last two are sets.

Few texts differ, so that a column is read as the numbers of its texts, which is much faster than anything else.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.facts import FactType

REQUEST = ("request", "as_of", "deployment")
TEXTS = ("id", "flow", "dataset", "source", "provider", "sender", "receiver", "hub")
LISTS = ("done", "refused", "contained", "lacking", "claims")
PAPERS = ("papers.about", "papers.has", "papers.reported")
OTHERS = frozenset((*REQUEST, *TEXTS, "earlier", "about", *LISTS, *PAPERS))
"""The columns that are no facts."""
NOT_ASKED, NOT_KNOWN, NOT_APPLICABLE = "", "unknown", "not_applicable"
ABSENCES = (NOT_ASKED, NOT_KNOWN, NOT_APPLICABLE)
TEXT = pa.dictionary(pa.int32(), pa.string())


class MalformedError(Exception):
    """Something in the rows is not as it must be; reading request by request tells what."""


def check(right: object) -> None:
    """Raise `MalformedError` where something is not right."""
    if not right:
        raise MalformedError


class Words(NamedTuple):
    """A column of text: for each row the number of its text among those that differ."""

    numbers: npt.NDArray[np.integer]
    words: list[str]


@dataclass(frozen=True, eq=False)
class Sheet:
    """The rows of many requests, and where each request begins; last in `starts` is the number of rows."""

    table: pa.Table
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """How many requests there are."""
        return len(self.starts) - 1

    @cached_property
    def requests(self) -> pa.Array:
        """The names of the requests."""
        return self.column("request").take(pa.array(self.starts[:-1])).cast(pa.string())

    @property
    def twice(self) -> str | None:
        """The name of two requests, if there is one."""
        ((name, count),) = Counter(self.requests.to_pylist()).most_common(1) or [("", 0)]
        return name if count > 1 else None

    def take(self, requests: Iterable[int]) -> Sheet:
        """Some of the requests, by position."""
        spans = [np.arange(self.starts[i], self.starts[i + 1]) for i in requests]
        rows = np.concatenate([np.zeros(0, np.int64), *spans])
        table = self.table.take(pa.array(rows))
        plain = pa.schema([(field.name, _plain(field.type)) for field in table.schema])  # without texts of others
        return Sheet(table.cast(plain), np.cumsum([0, *map(len, spans)], dtype=np.int64))

    def has(self, name: str) -> bool:
        """Whether there is a column in which something stands."""
        index = self.table.schema.get_field_index(name)
        return index >= 0 and bool(self.table.column(index).null_count < len(self.table))

    @cached_property
    def facts(self) -> list[str]:
        """The facts that the sheet has a column for."""
        return [name for name in self.table.column_names if name not in OTHERS]

    def column(self, name: str) -> Any:
        """A column, as one array."""
        return whole(self.table[name])

    def words(self, name: str) -> Words:
        """A column of text."""
        return words(self.column(name))

    def document(self, i: int, kinds: Mapping[str, FactType]) -> dict[str, Any]:
        """A request as a line of JSON would have it. `kinds` are the types of facts."""
        rows = self.table.slice(self.starts[i], self.starts[i + 1] - self.starts[i]).to_pylist()
        head = {name: str(rows[0][name]) for name in REQUEST if rows[0].get(name)}
        return {**head, "rows": [_row(row, kinds) for row in rows]}


def joined(sheets: Sequence[Sheet]) -> Sheet:
    """Some sheets, one below the other."""
    table = pa.concat_tables([sheet.table for sheet in sheets], promote_options="default")
    counts = np.concatenate([np.diff(sheet.starts) for sheet in sheets])
    return Sheet(table, np.concatenate([[0], counts.cumsum()]))


def words(array: Any) -> Words:
    """The numbers of texts; nothing is the empty text."""
    if not pa.types.is_dictionary(array.type):
        array = as_text(array).dictionary_encode()
    found: list[str] = array.dictionary.to_pylist()
    numbers = array.indices
    check(len({*found}) == len(found))
    if numbers.null_count:
        if NOT_ASKED not in found:
            found.append(NOT_ASKED)
        numbers = pc.fill_null(numbers, pa.scalar(found.index(NOT_ASKED), numbers.type))
    return Words(numbers.to_numpy(zero_copy_only=False), found)


def as_text(array: Any) -> Any:
    """Values of any type as text; of a moment its day."""
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.date32())
    return array.cast(pa.string())


def whole(column: pa.ChunkedArray) -> Any:
    """A column that is one array."""
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.unify_dictionaries().chunks)


def compact(array: Any) -> Any:
    """The same column with the numbers of its texts in few bytes, if it is one of texts."""
    if not pa.types.is_dictionary(array.type) or array.null_count:
        return array
    numbers = small(array.indices.to_numpy(), len(array.dictionary))
    return pa.DictionaryArray.from_arrays(pa.array(numbers), array.dictionary, safe=False)


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of a column whose texts are no numbers."""
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    return pa.string() if pa.types.is_dictionary(kind) else kind


def list_values(array: Any) -> tuple[npt.NDArray[np.int64], Any]:
    """How many items each row of a column of lists has, and all of them."""
    counts = np.diff(array.offsets.to_numpy().astype(np.int64))
    if array.null_count:  # whose offsets mean nothing
        counts[array.is_null().to_numpy(zero_copy_only=False)] = 0
    values = array.flatten()
    check(values.null_count == 0)
    return counts, values


def rows_by_word(array: Any) -> dict[str, npt.NDArray[np.intp]]:
    """The rows of a column of lists that have a word, by word."""
    counts, values = list_values(array)
    numbers, found = words(values)
    numbers = small(numbers, len(found))  # few bytes sort fastest
    order = np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers[order], np.arange(len(found) + 1))
    rows = np.repeat(np.arange(len(counts)), counts)[order]
    return {word: rows[ends[i] : ends[i + 1]] for i, word in enumerate(found)}


def small(numbers: npt.NDArray[np.integer], count: int) -> npt.NDArray[np.integer]:
    """Numbers below a count, in as few bytes as that allows."""
    return numbers.astype(np.uint8 if count <= 2**8 else np.uint16 if count <= 2**16 else np.uint32, copy=False)


# One row as a document ------------------------------------------------------------------------------------------------


def _row(cells: Mapping[str, Any], kinds: Mapping[str, FactType]) -> dict[str, Any]:
    row: dict[str, Any] = {name: cells[name] for name in (*TEXTS, "earlier", *LISTS) if cells.get(name)}
    row["about"] = {name: thing for name, _, thing in (text.partition(": ") for text in cells.get("about") or ())}
    papers = zip(*(cells.get(name) or () for name in PAPERS), strict=True)
    row["papers"] = [
        {"about": about, "has": listed(has)[0], "reported": listed(reported)[0]} for about, has, reported in papers
    ]
    row.update(facts={}, may={}, not_known=[], does_not_apply=[])
    for name in cells.keys() - OTHERS:
        cell = cells[name]
        if cell == NOT_KNOWN:
            row["not_known"].append(name)
        elif cell == NOT_APPLICABLE:
            row["does_not_apply"].append(name)
        elif cell not in (None, NOT_ASKED):
            row["facts"][name] = _typed(cell, kinds.get(name, "text"))
            if kinds.get(name) == "codes" and (may := listed(str(cell))[1]):
                row["may"][name] = may
    return row


def _typed(cell: Any, kind: FactType) -> Any:
    """A cell as JSON has the value, or as it is where that cannot be told."""
    if isinstance(cell, datetime):
        cell = cell.date()
    if kind == "codes":
        return listed(str(cell))[0]
    if kind in ("boolean", "number") and isinstance(cell, str):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return cell.isoformat() if isinstance(cell, date) else cell


def listed(text: str) -> tuple[list[str], list[str]]:
    """The words of a set, and those that may be in it; a text that is no set is its only word."""
    if not (text.startswith("{") and text.endswith("}")):
        return [text], []
    found = [word for word in text[1:-1].split(",") if word]
    return [word for word in found if not word.endswith("?")], [word[:-1] for word in found if word.endswith("?")]
