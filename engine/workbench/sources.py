"""The text of a YAML document with what the data leave out: where everything stands, how it is quoted, the comments.

Lines and columns are counted from 0 here. A text should have been read by `engine.documents` first, which sets limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml


class Place(NamedTuple):
    """A place in the text."""

    line: int
    column: int


@dataclass(slots=True)
class Node:
    """A scalar, alias or collection. The children of a mapping are its keys and values in turn."""

    event: Any
    start: Place
    end: Place
    children: list[Node] = field(default_factory=list)

    @property
    def is_map(self) -> bool:
        """Whether it is a mapping."""
        return isinstance(self.event, yaml.MappingStartEvent)

    @property
    def is_collection(self) -> bool:
        """Whether it is a mapping or a list."""
        return isinstance(self.event, yaml.CollectionStartEvent)

    @property
    def is_scalar(self) -> bool:
        """Whether it is neither a collection nor an alias."""
        return isinstance(self.event, yaml.ScalarEvent)

    @property
    def is_block(self) -> bool:
        """Whether it is a collection written without brackets."""
        return self.is_collection and not self.event.flow_style

    @property
    def is_block_text(self) -> bool:
        """Whether it is text introduced by `|` or `>`."""
        return self.is_scalar and self.event.style in ("|", ">")

    @property
    def anchor(self) -> str:
        """The anchor as written before the node, with a space behind it, or nothing."""
        return f"&{self.event.anchor} " if self.event.anchor and not isinstance(self.event, yaml.AliasEvent) else ""

    def entries(self) -> list[tuple[Node | None, Node]]:
        """Keys with their values, or items without keys."""
        if self.is_map:
            return list(zip(self.children[::2], self.children[1::2], strict=True))
        return [(None, child) for child in self.children]


class Comment(NamedTuple):
    """A comment from its `#` on, the column it begins at, and whether it has its line to itself."""

    text: str
    column: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A document as text: its lines, its nodes, and its comments by line."""

    lines: list[str]
    root: Node
    comments: dict[int, Comment]


def read_source(text: str) -> Source:
    """The text as a `Source`; it must be one YAML document that is not empty."""
    lines = text.split("\n")
    root = _tree(text, lines)
    return Source(lines, root, _find_comments(lines, root))


def _tree(text: str, lines: list[str]) -> Node:
    events = yaml.parse(text, Loader=yaml.CSafeLoader)

    def node(event: Any) -> Node:
        result = Node(event, _place(event.start_mark), _place(event.end_mark))
        if result.is_collection:
            while not isinstance(inner := next(events), yaml.CollectionEndEvent):
                result.children.append(node(inner))
            result.end = result.children[-1].end if result.is_block else _place(inner.end_mark)
        elif result.is_block_text:
            result.end = _end_of_text(result, lines)
        return result

    return next(node(event) for event in events if isinstance(event, yaml.NodeEvent))


def _place(mark: Any) -> Place:
    return Place(mark.line, mark.column)


def _end_of_text(node: Node, lines: list[str]) -> Place:
    """The parser ends block text where something else begins; its own end is its last line."""
    at = node.end.line if node.end.column else node.end.line - 1
    at = min(at, len(lines) - 1)
    while at > node.start.line and not lines[at].strip():
        at -= 1
    return Place(at, len(lines[at]))


def _find_comments(lines: list[str], root: Node) -> dict[int, Comment]:
    """What begins with `#` outside of every scalar."""
    blanked = list(lines)
    for scalar in _scalars(root):
        for at in range(scalar.start.line + scalar.is_block_text, scalar.end.line + 1):
            first = scalar.start.column if at == scalar.start.line else 0
            last = scalar.end.column if at == scalar.end.line else len(lines[at])
            blanked[at] = blanked[at][:first] + "x" * (last - first) + blanked[at][last:]
    found = {}
    for at, line in enumerate(blanked):
        if match := re.search(r"(?:^|\s)(#.*)", line):
            column = match.start(1)
            found[at] = Comment(line[column:].rstrip(), column, not line[:column].strip())
    return found


def _scalars(node: Node) -> Iterator[Node]:
    if node.is_scalar:
        yield node
    for child in node.children:
        yield from _scalars(child)
