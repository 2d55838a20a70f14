"""A paper as Markdown that any editor or website shows: CommonMark with the tables and notes that GitHub reads too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import escape

from engine.papers.tidy import blank, headings, lines, words
from engine.papers.tree import (
    Anchored,
    Badge,
    Blank,
    Block,
    Contents,
    Figure,
    Footnote,
    Heading,
    Inline,
    Items,
    Line,
    Link,
    PageBreak,
    Paper,
    Paragraph,
    Signature,
    Table,
    Terms,
    Text,
)

_ACTS = re.compile(r"[\\`*_\[\]<>#|~$&@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What can mean something other than itself, wherever it stands: markup, and what websites make a link of."""
_BEGINS = re.compile(r"^([-+=]|\d{1,9}(?=[.)](\s|$)))")
"""What begins a list or underlines a heading at the beginning of a line."""
_IN_CODE = re.compile(r"[^`|\s]([^`|]*[^`|\s])?")
_LISTED = (Items, Terms, Contents)
_END_LISTED = (*_LISTED, Signature)
_RULE = r"\_" * 24


def write(paper: Paper) -> bytes:
    """A tidy paper as Markdown."""
    writer = _Writer(paper)
    return ("\n".join(writer.lines()).rstrip() + "\n").encode()


def plain(text: str) -> str:
    """Text as it reads in Markdown: no markup of its own."""
    return _ACTS.sub(lambda found: f"\\{found[0]}", text)


class _Writer:
    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.notes: list[str] = []
        self.linked = set(_targets(paper.blocks))

    def lines(self) -> Iterator[str]:
        paper = self.paper
        yield from (f"# {plain(paper.title)}", "")
        if paper.subtitle:
            yield from (_begun(plain(paper.subtitle)), "")
        if paper.about:
            yield from (f"*{plain(paper.about)}*", "")
        yield from self.blocks(paper.blocks)
        for number, note in enumerate(self.notes, 1):
            yield from (f"[^{number}]: {plain(note).strip()}", "")

    def blocks(self, blocks: Iterable[Block]) -> Iterator[str]:
        before: Block | None = None
        for block in blocks:
            if isinstance(before, _END_LISTED) and isinstance(block, _LISTED):
                yield from ("<!-- -->", "")  # two lists that touch would be one
            yield from self.block(block)
            before = block

    def block(self, block: Block) -> Iterator[str]:
        match block:
            case Heading():
                number = f"{plain(block.number)} " if block.number else ""
                anchor = self.anchor(block.anchor)
                yield from (f"{'#' * (block.level + 1)} {anchor}{number}{self.line(block.line)}", "")
            case Paragraph():
                quote = "> " if block.kind == "warning" else ""
                yield from (quote + _begun(self.line(block.line)), "")
            case Items():
                yield from self.items(block)
            case Table():
                yield from self.table(block)
            case Terms():
                for name, value in block.pairs:
                    yield f"- {self.line(_strong(name))}: {self.line(value)}"
                yield ""
            case Figure():
                yield from self.figure(block)
            case Anchored():
                if anchor := self.anchor(block.name):
                    yield from (anchor, "")
                yield from self.blocks(block.blocks)
            case Signature():
                yield from self.signature(block)
            case PageBreak():
                yield from ("---", "")
            case Contents():
                for heading in headings(self.paper):
                    if heading.level <= block.depth:
                        text = plain(f"{heading.number} {words(heading.line)}".strip())
                        yield f"{'  ' * (heading.level - 1)}- {_begun(text)}"
                yield ""

    def anchor(self, name: str) -> str:
        """A place to link to, where a link leads there."""
        return f'<a id="{escape(name)}"></a>' if name in self.linked else ""

    def items(self, items: Items) -> Iterator[str]:
        for number, item in enumerate(items.items, 1):
            lead = f"{number}. " if items.ordered else "- "
            content = "\n".join(self.blocks(item)).rstrip().split("\n")
            yield (lead + content[0]).rstrip()
            yield from (" " * len(lead) + line if line else "" for line in content[1:])
            if len(item) > 1:
                yield ""
        yield ""

    def table(self, table: Table) -> Iterator[str]:
        columns = len(table.head) or max(map(len, table.rows), default=0)
        if table.caption:
            yield from (f"**{plain(table.caption)}**", "")
        if not columns:
            return
        yield self.row(table.head or ((),) * columns)
        yield self.row(((Text("---"),),) * columns)
        yield from map(self.row, table.rows)
        yield ""

    def row(self, cells: tuple[Line, ...]) -> str:
        return f"| {' | '.join(self.line(cell).strip() for cell in cells)} |"

    def figure(self, figure: Figure) -> Iterator[str]:
        if figure.caption:
            yield from (f"**{plain(figure.caption)}**", "")
        yield from (_begun(plain(figure.alternative)), "")

    def signature(self, signature: Signature) -> Iterator[str]:
        role = f", {plain(signature.role)}" if signature.role else ""
        yield from (f"**{plain(signature.party)}**{role}", "")
        yield from (f"- {what}: {_RULE}" for what in ("Signature", "Name", "Title", "Date"))
        yield ""

    def line(self, line: Line) -> str:
        return "".join(map(self.inline, line))

    def inline(self, part: Inline) -> str:
        match part:
            case Text():
                return _text(part)
            case Blank():
                return _between("**", plain(blank(part)))
            case Link():
                address = part.target.replace("<", "%3C").replace(">", "%3E").replace("\\", "%5C")
                return f"[{plain(part.text)}](<{address}>)"
            case Badge():
                return _between("**", plain(part.text))
            case Footnote():
                self.notes.append(part.text)
                return f"[^{len(self.notes)}]"


def _text(text: Text) -> str:
    if text.code and _IN_CODE.fullmatch(text.text):
        return f"`{text.text}`"
    return _between("**" * text.strong + "*" * text.emphasis, plain(text.text))


def _between(marks: str, text: str) -> str:
    """Text between marks; spaces at its ends stay outside, or the marks would be none."""
    inner = text.strip()
    return text.replace(inner, f"{marks}{inner}{marks}") if inner else text


def _strong(line: Line) -> Line:
    return tuple(replace(part, strong=True) if isinstance(part, Text) else part for part in line)


def _begun(line: str) -> str:
    """A line whose first letters begin no list."""
    text = line.lstrip()
    found = _BEGINS.match(text)
    if not found:
        return text
    return f"\\{text}" if not found[1].isdigit() else f"{found[1]}\\{text[found.end() :]}"


def _targets(blocks: tuple[Block, ...]) -> Iterator[str]:
    """The anchors to which links of the paper lead."""
    for line in lines(blocks):
        yield from (part.target[1:] for part in line if isinstance(part, Link) and part.target.startswith("#"))
