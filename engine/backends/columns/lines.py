"""Rows that were lines of JSON, as Arrow reads them, made into a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from engine.backends.columns.sheets import (
    ABSENCES,
    LISTS,
    NOT_APPLICABLE,
    NOT_ASKED,
    NOT_KNOWN,
    PAPERS,
    REQUEST,
    TEXT,
    TEXTS,
    Sheet,
    Words,
    as_text,
    check,
    list_values,
    rows_by_word,
    whole,
    words,
)
from engine.facts import PAPERS as PAPERS_FACT
from engine.facts import TRAVELLING, Declared
from engine.policies import PolicySet
from engine.rows import facts_read

_LIST = pa.list_(pa.string())
_HEAD = pa.schema([("request", pa.string()), ("as_of", pa.string())])
_FIELDS = {*TEXTS, *LISTS, "earlier", "facts", "may", "not_known", "does_not_apply", "about", "papers"}


def parsed(data: bytes | memoryview) -> pa.Table:
    """Lines of JSON as Arrow reads them. Raises `ArrowInvalid` or `MalformedError` where they hold no rows."""
    table = pj.read_json(
        pa.BufferReader(pa.py_buffer(data)),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pj.ParseOptions(explicit_schema=_HEAD, unexpected_field_behavior="infer"),
    )
    check({"request", "as_of", "rows"} <= {*table.column_names} <= {*REQUEST, "rows"})
    return table


def sheet_of_lines(lines: pa.Table, policies: PolicySet) -> Sheet:
    """The sheet of requests that Arrow read from lines of JSON.

    Raises `MalformedError` where what they say cannot stand in a sheet.
    """
    rows = whole(lines["rows"])
    check(rows.null_count == 0)
    starts = rows.offsets.to_numpy().astype(np.int64)
    starts -= starts[0]
    counts = np.diff(starts)
    check((counts > 0).all())
    request_of = pa.array(np.repeat(np.arange(len(counts)), counts))
    columns = {
        name: whole(lines[name]).cast(pa.string()).dictionary_encode().take(request_of)
        for name in REQUEST
        if name in lines.column_names
    }
    columns |= _Rows(rows.flatten(), policies).columns()
    return Sheet(pa.table(columns), starts)


def sheet_schema(policies: PolicySet) -> pa.Schema:
    """The columns of a file of rows: everything that rows may say, and each fact that rules read.

    No text is null: what was not asked is empty, which is read faster.
    """
    texts = [pa.field(name, TEXT, nullable=False) for name in (*REQUEST, *TEXTS)]
    lists = [pa.field("earlier", pa.list_(pa.int64()))]
    lists += [pa.field(name, _LIST) for name in (*PAPERS, *LISTS, "about")]
    return pa.schema([*texts, *lists, *(pa.field(name, TEXT, nullable=False) for name in facts_read(policies))])


def filled(sheet: Sheet, schema: pa.Schema) -> pa.Table:
    """A sheet with all columns of a schema."""
    columns = []
    for field in schema:
        if field.name in sheet.table.column_names:
            array = sheet.column(field.name)
        else:
            array = pa.nulls(len(sheet.table), field.type)
        if not field.nullable:
            array = _dictionary(words(array))
        columns.append(array.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


class _Rows:
    """The rows of lines as one array, and what each says."""

    def __init__(self, rows: pa.StructArray, policies: PolicySet) -> None:
        self.rows, self.policies = rows, policies
        check(rows.null_count == 0)
        self.fields = {field.name: rows.field(i) for i, field in enumerate(rows.type)}
        check(self.fields.keys() <= _FIELDS)

    def columns(self) -> dict[str, Any]:
        """The columns of the sheet."""
        columns = {name: self.fields[name] for name in TEXTS if self._there(name)}
        for name in LISTS:
            if self._there(name):
                columns[name] = self.fields[name].cast(_LIST)
        if self._there("earlier"):
            columns["earlier"] = self.fields["earlier"].cast(pa.list_(pa.int64()))
        if self._there("about"):
            columns["about"] = self._about()
        if self._there("papers"):
            columns |= zip(PAPERS, self._papers(), strict=True)
        absent = [name for rows in self._absent.values() for name in rows]
        names = dict.fromkeys([*self._facts, *absent, *self._may])
        held = {d.name for d in self.policies.vocabulary} - {*TRAVELLING, PAPERS_FACT}
        check(names.keys() <= held)
        return {**columns, **{name: self._fact(self.policies.vocabulary[name]) for name in names}}

    def _there(self, name: str) -> bool:
        return name in self.fields and self.fields[name].null_count < len(self.rows)

    def _struct(self, name: str) -> dict[str, Any]:
        """The items of a mapping that some row has."""
        if not self._there(name):
            return {}
        found = self.fields[name]
        check(pa.types.is_struct(found.type))
        fields = {field.name: found.field(i) for i, field in enumerate(found.type)}
        return {key: array for key, array in fields.items() if array.null_count < len(array)}

    # Facts ------------------------------------------------------------------------------------------------------------

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return self._struct("facts")

    @cached_property
    def _may(self) -> dict[str, Any]:
        return self._struct("may")

    def _fact(self, declared: Declared) -> pa.DictionaryArray:
        array, may = self._facts.get(declared.name), self._may.get(declared.name)
        check(may is None or (declared.fact.type == "codes" and array is not None))
        found = Words(np.zeros(len(self.rows), np.int32), [NOT_ASKED])
        if array is not None:
            found = _said(declared, array, may)
        for absence, rows_by_name in self._absent.items():
            if declared.name in rows_by_name:
                found = _marked(found, absence, rows_by_name[declared.name])
        return _dictionary(found)

    @cached_property
    def _absent(self) -> dict[str, dict[str, npt.NDArray[np.intp]]]:
        """The rows in which a fact is not known, or does not apply, by the name of the fact."""
        return {NOT_KNOWN: self._by_word("not_known"), NOT_APPLICABLE: self._by_word("does_not_apply")}

    def _by_word(self, name: str) -> dict[str, npt.NDArray[np.intp]]:
        if not self._there(name):
            return {}
        return rows_by_word(self.fields[name].cast(_LIST))

    # Others -----------------------------------------------------------------------------------------------------------

    def _about(self) -> pa.ListArray:
        texts, rows = [], []
        for name, array in self._struct("about").items():
            there = array.is_valid()
            texts.append(pc.binary_join_element_wise(name, array.filter(there), ": "))
            rows.append(np.flatnonzero(there.to_numpy(zero_copy_only=False)))
        if not texts:
            return pa.nulls(len(self.rows), _LIST)
        at = np.concatenate(rows)
        values = pa.concat_arrays(texts).take(pa.array(np.argsort(at, kind="stable")))
        return pa.ListArray.from_arrays(_offsets(np.bincount(at, minlength=len(self.rows))), values)

    def _papers(self) -> Iterable[pa.ListArray]:
        array = self.fields["papers"]
        counts, papers = list_values(array)
        offsets = _offsets(counts)
        fields = {field.name: papers.field(i) for i, field in enumerate(papers.type)}
        check("about" in fields and fields["about"].null_count == 0)
        check(fields.keys() <= {"about", "has", "reported"})
        yield pa.ListArray.from_arrays(offsets, fields["about"])
        for name in ("has", "reported"):
            empty = pa.nulls(len(papers), _LIST)
            sets = _joined(fields.get(name, empty).cast(_LIST), self.policies.instruments)
            yield pa.ListArray.from_arrays(offsets, _braced(pc.fill_null(sets, "")).cast(pa.string()))


def _said(declared: Declared, array: Any, may: Any) -> Words:
    """What rows state of a fact, as texts."""
    kind = declared.fact.type
    if kind == "boolean":
        check(pa.types.is_boolean(array.type))
        numbers = pc.fill_null(array.cast(pa.int8()), 2)
        return Words(numbers.to_numpy(zero_copy_only=False), ["false", "true", NOT_ASKED])
    if kind == "codes":
        return words(_braced(_joined(array.cast(_LIST), declared.codes, None if may is None else may.cast(_LIST))))
    numeric = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    check(numeric if kind == "number" else not numeric and not pa.types.is_boolean(array.type))
    encoded = as_text(array).dictionary_encode()
    check(not {*ABSENCES} & {*encoded.dictionary.to_pylist()})
    return words(encoded)


def _joined(array: pa.ListArray, codes: Iterable[str], may: pa.ListArray | None = None) -> pa.Array:
    """Lists of codes as texts, without the braces of a set."""
    joined = pc.binary_join(_checked(array, codes), ",")
    if may is not None:
        check(not pc.any(pc.and_(may.is_valid(), array.is_null())).as_py())
        counts, values = list_values(_checked(may, codes))
        lists = pa.ListArray.from_arrays(_offsets(counts), pc.binary_join_element_wise(values, "?", ""))
        joined = pc.binary_join_element_wise(joined, pc.binary_join(lists, ","), ",")  # nulls are empty lists there
    return joined


def _braced(joined: pa.Array) -> pa.DictionaryArray:
    """Texts as sets; few differ, so that only these get braces."""
    encoded = joined.dictionary_encode()
    return pa.DictionaryArray.from_arrays(
        encoded.indices, pc.binary_join_element_wise("{", encoded.dictionary, "}", "")
    )


def _checked(array: pa.ListArray, codes: Iterable[str]) -> pa.ListArray:
    _, values = list_values(array)
    check({*values.unique().to_pylist()} <= {*codes})
    return array


def _marked(found: Words, absence: str, rows: npt.NDArray[np.intp]) -> Words:
    """Words with an absence on some rows, on which nothing else may stand."""
    numbers = found.numbers.astype(np.int32)
    nothing = found.words.index(NOT_ASKED) if NOT_ASKED in found.words else -1
    check((numbers[rows] == nothing).all())
    numbers[rows] = len(found.words)
    return Words(numbers, [*found.words, absence])


def _dictionary(found: Words) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(found.numbers, pa.int32()), pa.array(found.words, pa.string()))


def _offsets(counts: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
