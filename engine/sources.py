"""The text of a YAML document with what the data leave out: where everything stands, how it is quoted, the comments.

Lines and columns are counted from 0 here. A text should have been read by `engine.documents` first, which sets limits.
What is written here is read back by that module as the same value.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import yaml

from engine.documents import DocumentProblems, Path_, parse

WIDTH = 120
INDENT = 2
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line for the parser."""


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

    def dash(self, item: Node) -> Place:
        """Where the dash before an item of a list without brackets stands."""
        at, before = item.start.line, self.lines[item.start.line][: item.start.column].rstrip()
        while not before.endswith("-"):
            at -= 1
            note = self.comments.get(at)
            before = self.lines[at][: note.column if note else None].rstrip()
        return Place(at, len(before) - 1)


def read_source(text: str) -> Source:
    """The text as a `Source`; it must be one YAML document that is not empty."""
    lines = LINE_BREAK.split(text)
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
    for scalar in scalars(root):
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


def scalars(node: Node) -> Iterator[Node]:
    """Every scalar at or below a node, in order."""
    if node.is_scalar:
        yield node
    for child in node.children:
        yield from scalars(child)


# Writing --------------------------------------------------------------------------------------------------------------


def foldable(text: str) -> bool:
    """Whether text can be broken at its spaces and read the same."""
    return " " in text and text == " ".join(text.split())


def folded(text: str, indent: int) -> list[str]:
    """Text broken at its spaces, as it stands behind `>-`."""
    margin = " " * indent
    return textwrap.wrap(
        text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )


def quoted(text: str, *, in_brackets: bool, was_plain: bool = False) -> str | None:
    """Text with quotes if it needs them; None if it cannot stand on one line."""
    if not text.isprintable():
        return None
    if was_plain or _reads_as_written(text, in_brackets=in_brackets):
        return text
    return f"'{text.replace(chr(39), chr(39) * 2)}'" if re.search(r'["\\]', text) else f'"{text}"'


def _reads_as_written(text: str, *, in_brackets: bool) -> bool:
    """Whether text needs no quotes. In brackets only a single word goes without."""
    if in_brackets and not re.fullmatch(r"[\w.-]+", text):
        return False
    try:
        return bool(text) and parse(f"[{text}]" if in_brackets else text).data == ([text] if in_brackets else text)
    except DocumentProblems:
        return False


def entry_lines(path: Path_, value: Any, column: int) -> list[str]:
    """A key with its value on lines of their own; the mappings on the way to the last key have a line each."""
    lines = []
    for step in path[:-1]:
        lines.append(f"{' ' * column}{inline(str(step))}:")
        column += INDENT
    head = f"{' ' * column}{inline(str(path[-1]))}:"
    first, *rest = value_lines(value, column + INDENT, len(head))
    return [*lines, f"{head} {first}".rstrip(), *rest]


def item_lines(value: Any, column: int, *, in_lines: bool) -> list[str]:
    """An item on lines of its own; a mapping has a line for each key where it is long, or others have."""
    short = inline(value)
    if isinstance(value, dict) and value and (in_lines or column + 2 + len(short) > WIDTH):
        lines = [line for key, item in value.items() for line in entry_lines((key,), item, column + 2)]
        return [f"{' ' * column}- {lines[0].lstrip()}", *lines[1:]]
    return [f"{' ' * column}- {short}"]


def value_lines(value: Any, column: int, used: int) -> list[str]:
    """A value: the rest of a line of which so much is used, and the lines below it."""
    short = inline(value)
    if used + 1 + len(short) <= WIDTH:
        return [short]
    if isinstance(value, str) and foldable(value):
        return [">-", *folded(value, column)]
    if isinstance(value, dict) and value:
        return ["", *(line for key, item in value.items() for line in entry_lines((key,), item, column))]
    if isinstance(value, list | tuple) and value:
        return ["", *(line for item in value for line in item_lines(item, column, in_lines=False))]
    return [short]


def inline(value: Any, *, in_brackets: bool = False) -> str:
    """A value on one line."""
    match value:
        case dict():
            pairs = [f"{_text(str(key), in_brackets=True)}: {inline(v, in_brackets=True)}" for key, v in value.items()]
            return f"{{{', '.join(pairs)}}}"
        case list() | tuple():
            return f"[{', '.join(inline(item, in_brackets=True) for item in value)}]"
        case str():
            return _text(value, in_brackets=in_brackets)
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return format(Decimal(repr(value)), "f")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _text(text: str, *, in_brackets: bool) -> str:
    """Text in quotes if it needs them, and with escapes if it has line breaks or control characters."""
    shown = quoted(text, in_brackets=in_brackets)
    if shown is None:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        shown = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)
        return f'"{shown}"'
    return shown
