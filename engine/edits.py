"""Changes to a YAML text that leave everything else as it was: comments, order, quotes, blank lines, line ends.

A change names a place by its path in the data. The text is changed where that place stands; then it is read again, and
if its data are not the old data with the changes made, nothing is changed at all.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import yaml

from engine.documents import CannotDo, DocumentProblems, Path_, parse, visible
from engine.sources import (
    INDENT,
    LINE_BREAK,
    WIDTH,
    Node,
    Place,
    entry_lines,
    inline,
    item_lines,
    read_source,
    scalars,
    value_lines,
)


@dataclass(frozen=True, slots=True)
class Set:
    """State a value at a path; mappings on the way that do not exist are made.

    A new key goes behind the others, but ahead of those in `before`. The comment stands at the end of the line, or
    above it where the line has one.
    """

    path: Path_
    value: Any
    comment: str = ""
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Add:
    """Add an item to the list at a path; a list that does not exist is made."""

    path: Path_
    value: Any
    comment: str = ""
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the key or item at a path, with the comments on its lines."""

    path: Path_


Change = Set | Add | Remove


def edit(text: str, changes: Sequence[Change], file: str = "<text>") -> str:
    """The text with the changes made, one after the other.

    Raises `DocumentProblems` where the text cannot be read, `CannotDo` where a change cannot be made to it.
    """
    head = "\ufeff" if text.startswith("\ufeff") else ""
    before = text.removeprefix(head)
    data = _plain(parse(before, file).data)
    after = before
    for change in changes:
        data = _changed(data, change, file)
        try:
            after = _Page(after, file).after(change)
            if isinstance(change, Set | Add) and change.comment:
                after = _Page(after, file).with_comment(change)
            same = _alike(parse(after, file).data, data)
        except (yaml.YAMLError, _Unforeseen, DocumentProblems):
            same = False
        if not same:
            raise _cannot(file, change)
    return head + after


class _Unforeseen(Exception):
    """The text is laid out in a way that is not foreseen here."""


def _cannot(file: str, change: Change, why: str = "its text is laid out in a way that could not be kept") -> CannotDo:
    where = ".".join(map(str, change.path))
    return CannotDo(f"{visible(file)} cannot be changed at {visible(where)}: {why}; change it by hand")


# The data -------------------------------------------------------------------------------------------------------------


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(item) for item in data] if isinstance(data, list | tuple) else data


def _alike(one: Any, other: Any) -> bool:
    """Whether data are the same, with their types."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    same_kind = type(one) is type(other) and not isinstance(one, dict | list)
    return bool(same_kind and one == other)


def _changed(data: Any, change: Change, file: str) -> Any:
    """The data with one change made."""
    data = copy.deepcopy(data)
    if not change.path:
        raise _cannot(file, change, "it is the whole document")
    here, last = data, change.path[-1]
    for step, below in pairwise(change.path):
        missing = isinstance(here, dict) and here.get(step) is None
        if missing and isinstance(below, str) and not isinstance(change, Remove):
            here[step] = {}
        here = _at(here, step, change, file)
    new = isinstance(here, dict) and isinstance(last, str) and here.get(last) is None
    if isinstance(change, Add):
        if new:
            here[last] = []
        items = _at(here, last, change, file)
        if not isinstance(items, list):
            raise _cannot(file, change, "it is no list")
        items.append(_plain(change.value))
    elif isinstance(change, Set):
        if not new:
            _at(here, last, change, file)
        here[last] = _plain(change.value)
    else:
        _at(here, last, change, file)
        del here[last]
    return data


def _at(holder: Any, step: str | int, change: Change, file: str) -> Any:
    if isinstance(holder, dict):
        if step in holder:
            return holder[step]
    elif not isinstance(holder, list):
        raise _cannot(file, change, "it lies below something that is neither a mapping nor a list")
    elif isinstance(step, int) and 0 <= step < len(holder):
        return holder[step]
    raise _cannot(file, change, f'there is no "{visible(str(step))}"')


# The text -------------------------------------------------------------------------------------------------------------

Splice = tuple[int, int, str]
"""A stretch of text, and what replaces it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key with its value, or an item: the one at position `i` of its holder."""

    holder: Node
    i: int
    key: Node | None
    value: Node


class _Page:
    """A text with its nodes."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.source = read_source(text)
        self.begins = [0, *(found.end() for found in LINE_BREAK.finditer(text))]
        self.broken = [node for node in scalars(self.source.root) if node.start.line < node.end.line]
        self.line_end = "\r\n" if "\r\n" in text else "\n"

    def after(self, change: Change) -> str:
        """The text with one change made, without its comment."""
        entries, rest = self.walk(change.path, change)
        if isinstance(change, Remove):
            return self.without(entries[-1])
        if isinstance(change, Add):
            items = entries[-1].value if entries else self.source.root
            if not rest and items.is_collection and items.children:
                return self.with_item(items, change.value)
        value = [change.value] if isinstance(change, Add) else change.value
        if rest:
            return self.with_key(entries, rest, value, change.before)
        if not entries or entries[-1].value.anchor:
            raise _cannot(self.file, change, "what stands there is used in other places (an anchor and its aliases)")
        return self.instead(entries[-1], value)

    def walk(self, path: Path_, change: Change) -> tuple[list[_Entry], Path_]:
        """The entries on the way to a path as far as they exist, and the rest of it."""
        node, found = self.source.root, list[_Entry]()
        for k, step in enumerate(path):
            if node.anchor or not (node.is_collection or node.is_scalar):
                why = "what stands there is written once and used in several places (an anchor and its aliases)"
                raise _cannot(self.file, change, why)
            entries = node.entries() if node.is_collection else []
            names: list[str | int] = [key.event.value if key else i for i, (key, _) in enumerate(entries)]
            if step not in names:
                return found, path[k:]
            i = names.index(step)
            found.append(_Entry(node, i, *entries[i]))
            node = found[-1].value
        return found, ()

    def with_comment(self, change: Set | Add) -> str:
        """The text with the comment of a change: at the end of the line, or above it where it has one."""
        path = change.path
        if isinstance(change, Add):
            items, _ = self.walk(path, change)
            path = (*path, len(items[-1].value.children) - 1)
        entry = self.walk(path, change)[0][-1]
        note = f"# {visible(change.comment)}"
        line = entry.value.end.line
        if entry.holder.is_block and (entry.value.is_block or entry.value.is_block_text):
            line = self.start_of(entry).line
        for text in self.broken:
            line = text.end.line if text.start.line <= line < text.end.line else line
        if line not in self.source.comments:
            return self.spliced((self.end_of(line), self.end_of(line), f"  {note}"))
        line = self.start_of(entry).line
        for text in reversed(self.broken):
            line = text.start.line if text.start.line < line <= text.end.line else line
        margin = " " * self.margin(line)
        return self.spliced((self.begins[line], self.begins[line], f"{margin}{note}{self.line_end}"))

    # Places

    def offset(self, place: Place) -> int:
        """Where a place is in the text."""
        return self.begins[place.line] + place.column

    def end_of(self, line: int) -> int:
        """Where a line ends, before its line break."""
        return self.begins[line] + len(self.source.lines[line])

    def code_end(self, line: int) -> int:
        """Where what stands on a line before its comment ends."""
        note = self.source.comments.get(line)
        return self.begins[line] + len(self.source.lines[line][: note.column if note else None].rstrip())

    def margin(self, line: int) -> int:
        """How far a line is indented."""
        return len(self.source.lines[line]) - len(self.source.lines[line].lstrip())

    def start_of(self, entry: _Entry) -> Place:
        """Where an entry begins: with its key, its dash, or the item in brackets."""
        if entry.key is not None:
            return entry.key.start
        return self.source.dash(entry.value) if entry.holder.is_block else entry.value.start

    def head_of(self, entry: _Entry) -> tuple[int, int]:
        """Where the value of an entry may begin, behind the colon or dash, and on which line that is."""
        if entry.key is None:
            place = self.start_of(entry)
            return self.offset(place) + 1, place.line
        end = self.offset(entry.key.end)
        if not self.text[end:].startswith(":"):
            raise _Unforeseen
        return end + 1, entry.key.end.line

    def spliced(self, *splices: Splice) -> str:
        """The text with some stretches replaced, none of which overlaps another."""
        text = self.text
        for start, end, new in sorted(splices, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def lines_behind(self, lines: Sequence[str]) -> str:
        """Lines as they are put behind the end of another."""
        return "".join(self.line_end + line for line in lines)

    # Setting

    def instead(self, entry: _Entry, value: Any) -> str:
        """The text with another value for an entry."""
        if not entry.holder.is_block:
            return self.in_brackets_instead(entry, value)
        if entry.key is None:
            return self.lines_instead(entry, [inline(value)])
        place = self.start_of(entry)
        used = place.column + len(entry.key.event.value) + 1
        return self.lines_instead(entry, value_lines(value, place.column + INDENT, used))

    def in_brackets_instead(self, entry: _Entry, value: Any) -> str:
        start, end = self.offset(entry.value.start), self.offset(entry.value.end)
        new = inline(value, in_brackets=True)
        if start == end and entry.key is not None:  # nothing stands there
            head, _ = self.head_of(entry)
            return self.spliced((head, head, f" {new}"))
        return self.spliced((start, end, new))

    def lines_instead(self, entry: _Entry, lines: Sequence[str]) -> str:
        """The text with another value for an entry of a collection without brackets: the rest of a line, and others."""
        node = entry.value
        head, line = self.head_of(entry)
        first = f" {lines[0]}" if lines[0] else ""
        if node.is_block_text or (node.is_block and node.start.line > line):
            above = max(line, node.start.line - node.is_block)
            below = (self.end_of(above), self.end_of(node.end.line), self.lines_behind(lines[1:]))
            return self.spliced((head, self.code_end(line), first), below)
        end = max(head, self.offset(node.end))
        below_at = self.end_of(max(line, node.end.line))
        return self.spliced((head, end, first), (below_at, below_at, self.lines_behind(lines[1:])))

    def with_key(self, entries: Sequence[_Entry], rest: Path_, value: Any, before: Sequence[str]) -> str:
        """The text with a new key in what the entries lead to, and below it what the rest of the path needs."""
        holder = entries[-1].value if entries else self.source.root
        if holder.is_block:
            return self.with_line_key(holder, rest, value, before)
        if entries and not holder.children:
            if entries[-1].holder.is_block and entries[-1].key is not None:
                column = self.start_of(entries[-1]).column + INDENT
                return self.lines_instead(entries[-1], ["", *entry_lines(rest, value, column)])
            return self.instead(entries[-1], _below(rest, value))
        return self.with_piece(holder, inline(_below(rest, value), in_brackets=True)[1:-1])

    def with_line_key(self, holder: Node, rest: Path_, value: Any, before: Sequence[str]) -> str:
        """The text with a new key in a mapping without brackets."""
        keys = [key for key, _ in holder.entries() if key is not None]
        ahead = next((i for i, key in enumerate(keys) if i and key.event.value in before), len(keys))
        lines = entry_lines(rest, value, keys[0].start.column)
        at = self.end_of(holder.entries()[ahead - 1][1].end.line)
        return self.spliced((at, at, self.lines_behind(lines)))

    def with_item(self, items: Node, value: Any) -> str:
        """The text with another item in a list that has some."""
        if not items.is_block:
            return self.with_piece(items, inline(value, in_brackets=True))
        last = items.children[-1]
        lines = item_lines(value, self.source.dash(last).column, in_lines=last.is_block)
        at = self.end_of(last.end.line)
        return self.spliced((at, at, self.lines_behind(lines)))

    def with_piece(self, holder: Node, piece: str) -> str:
        """The text with another entry in a collection in brackets."""
        opening, closing = self.offset(holder.start), self.offset(holder.end) - 1
        if self.text[opening : opening + 1] not in ("{", "["):
            raise _Unforeseen
        if not holder.children:
            return self.spliced((opening + 1, closing, piece))
        first, last = holder.children[0].start, holder.children[-1].end
        at, end = self.offset(last), self.end_of(last.line)
        if last.line < holder.end.line:  # the closing bracket has a line of its own
            key, value = holder.entries()[-1]
            column = first.column if first.line == holder.start.line else self.margin((key or value).start.line)
            comma = "" if self.text[at:closing].lstrip().startswith(",") else ","
            rest = f"{comma}{self.text[at:end]}"
            return self.spliced((at, end, rest + self.lines_behind([" " * column + piece])))
        wide = last.column + len(piece) + 3 > WIDTH
        new = self.lines_behind([" " * first.column + piece]) if wide else f" {piece}"
        return self.spliced((at, closing, f",{new}"))

    # Removing

    def without(self, entry: _Entry) -> str:
        """The text without an entry."""
        entries = entry.holder.entries()
        if len(entries) == 1:
            return self.emptied(entry)
        start, end = self.offset(self.start_of(entry)), self.offset(entry.value.end)
        following = next((self.offset((key or value).start) for key, value in entries[entry.i + 1 :]), None)
        if not entry.holder.is_block:
            if following is not None:
                return self.spliced((start, following, ""))
            return self.spliced((self.offset(entries[-2][1].end), end, ""))
        line = self.start_of(entry).line
        if self.offset(self.start_of(entry)) == self.begins[line] + self.margin(line):
            return self.spliced(self.whole_lines(line, max(line, entry.value.end.line)))
        key, value = entries[entry.i + 1]
        place = key.start if key else self.source.dash(value)
        if any(at in self.source.comments for at in range(entry.value.end.line + 1, place.line)):
            dash = len(self.text[:start].rstrip())
            return self.spliced((dash, self.end_of(entry.value.end.line), ""))  # they stay below the dash
        return self.spliced((start, self.offset(place), ""))

    def emptied(self, entry: _Entry) -> str:
        """The text with the holder of its only entry left empty."""
        holder = entry.holder
        start, end = self.offset(holder.start), self.offset(holder.end)
        if not holder.is_block:
            return self.spliced((start + 1, end - 1, ""))
        line, empty = self.start_of(entry).line, "{}" if holder.is_map else "[]"
        alone = self.offset(self.start_of(entry)) == self.begins[line] + self.margin(line)
        above = next((i for i in range(line - 1, -1, -1) if self.code_end(i) > self.begins[i]), None)
        if holder is self.source.root or above is None or not alone:
            return self.spliced((start, self.end_of(holder.end.line), empty))
        at = self.code_end(above)
        return self.spliced((at, at, f" {empty}"), self.whole_lines(line, holder.end.line))

    def whole_lines(self, first: int, last: int) -> Splice:
        """Some lines, gone with a line break."""
        if last + 1 < len(self.begins):
            return self.begins[first], self.begins[last + 1], ""
        return (self.end_of(first - 1) if first else 0), self.end_of(last), ""


def _below(path: Path_, value: Any) -> Any:
    """The value below mappings of one key each."""
    for step in reversed(path):
        value = {step: value}
    return value
