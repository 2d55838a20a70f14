"""A paper made ready for any writer: what stands in the tree is then safe to put on a page and can be linked to.

Text is on one line and has no character that acts instead of being read. Headings never skip a level, every heading and
every anchored block has a name of its own, links lead to places that exist, and tables are as wide as their heads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count
from typing import Literal, cast

from engine.documents import visible
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

_RUNNING = 90
"""So many letters of a title fit above a page."""
_NAMELESS = "Untitled"
"""What a title or heading without words is called: those who listen to a page need a name."""
_NAMED_SCHEME = re.compile(r"(?i)(https?://|mailto:)\S+")
_RELATIVE = re.compile(r"(?!/)[^\s:\\]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PROLOGUE = re.compile(r"\s*(<\?xml.*?\?>\s*)?(<!--.*?-->\s*)*", re.DOTALL)


def tidy(paper: Paper) -> Paper:
    """The same paper, ready for a writer."""
    return _Tidier(paper).paper()


def headings(paper: Paper) -> list[Heading]:
    """Every heading of a tidy paper, in order; its anchor is unique."""
    return [block for block in walk(paper.blocks) if isinstance(block, Heading)]


def walk(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Every block, each before those inside it."""
    for block in blocks:
        yield block
        if isinstance(block, Anchored):
            yield from walk(block.blocks)
        elif isinstance(block, Items):
            for item in block.items:
                yield from walk(item)


def lines(blocks: tuple[Block, ...]) -> Iterator[Line]:
    """Every line of every block, in order."""
    for block in walk(blocks):
        if isinstance(block, Heading | Paragraph):
            yield block.line
        elif isinstance(block, Table):
            yield from (cell for row in (block.head, *block.rows) for cell in row)
        elif isinstance(block, Terms):
            yield from (line for pair in block.pairs for line in pair)


def words(line: Line) -> str:
    """What a line says, without its footnotes."""
    return "".join(
        blank(part) if isinstance(part, Blank) else part.text for part in line if not isinstance(part, Footnote)
    )


def blank(place: Blank) -> str:
    """How a place that somebody has to fill reads in every form."""
    return f"[to be completed: {place.label}]" if place.label else "[to be completed]"


def shortened(title: str) -> str:
    """A title as it fits above every page."""
    if len(title) <= _RUNNING:
        return title
    whole_words = title[: _RUNNING + 1].rpartition(" ")[0]
    return f"{(whole_words or title[:_RUNNING]).rstrip()} ..."


def is_long(title: str) -> bool:
    """A title that would fill the page in large letters."""
    return len(title) > 2 * _RUNNING


def clean(text: str) -> str:
    """Text on one line, with control characters written out."""
    return visible(re.sub(r"\s+", " ", text))


class _Tidier:
    def __init__(self, paper: Paper) -> None:
        self.given = paper
        self.level = 0
        self.taken: set[str] = set()
        self.targets = set(_anchors(paper.blocks))

    def paper(self) -> Paper:
        paper = self.given
        language = paper.language if _LANGUAGE.fullmatch(paper.language) else "en"
        return Paper(
            title=clean(paper.title).strip() or _NAMELESS,
            blocks=self.blocks(paper.blocks),
            subtitle=clean(paper.subtitle).strip(),
            about=clean(paper.about).strip(),
            language=language,
            dense=paper.dense,
        )

    def blocks(self, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        return tuple(self.block(block) for block in blocks)

    def block(self, block: Block) -> Block:
        match block:
            case Heading():
                return self.heading(block)
            case Paragraph():
                return replace(block, line=self.line(block.line))
            case Items():
                return replace(block, items=tuple(self.blocks(item) for item in block.items))
            case Table():
                return self.table(block)
            case Terms():
                return Terms(tuple((self.line(name), self.line(value)) for name, value in block.pairs))
            case Figure():
                svg = _PROLOGUE.sub("", block.svg, count=1)
                return Figure(svg, clean(block.alternative).strip(), clean(block.caption).strip())
            case Anchored():
                name = self.unique(block.name)
                return Anchored(name, self.blocks(block.blocks))
            case Signature():
                return Signature(clean(block.party).strip(), clean(block.role).strip())
            case PageBreak() | Contents():
                return block

    def heading(self, heading: Heading) -> Heading:
        self.level = min(heading.level, self.level + 1)
        anchor = self.unique(heading.anchor) if heading.anchor else self.unasked()
        level = cast(Literal[1, 2, 3, 4], self.level)
        line, number = self.line(heading.line), clean(heading.number).strip()
        return Heading(level, line if words(line).strip() or number else (*line, Text(_NAMELESS)), anchor, number)

    def unique(self, name: str) -> str:
        """The name, or the first of name-2, name-3 ... that is free."""
        stem = anchor_name(name)
        return self.take(stem, self.taken)

    def unasked(self) -> str:
        """An anchor for a heading that has none; names that were asked for stay free."""
        return self.take("section", self.taken | self.targets)

    def take(self, stem: str, taken: set[str]) -> str:
        names = chain([stem], (f"{stem}-{number}" for number in count(2)))
        found = next(name for name in names if name not in taken)
        self.taken.add(found)
        return found

    def table(self, table: Table) -> Table:
        columns = max([len(table.head), *(len(row) for row in table.rows)], default=0)
        fits = len(table.widths) == columns and all(0 < width < float("inf") for width in table.widths)
        return Table(
            head=self.row(table.head, columns) if table.head else (),
            rows=tuple(self.row(row, columns) for row in table.rows),
            caption=clean(table.caption).strip(),
            row_heads=table.row_heads,
            widths=table.widths if fits else (),
        )

    def row(self, cells: tuple[Line, ...], columns: int) -> tuple[Line, ...]:
        return tuple(self.line(cell) for cell in (*cells, *[()] * (columns - len(cells))))

    def line(self, line: Line) -> Line:
        return tuple(self.inline(part) for part in line)

    def inline(self, part: Inline) -> Inline:
        match part:
            case Text() | Footnote() | Badge():
                return replace(part, text=clean(part.text))
            case Blank():
                return Blank(clean(part.label).strip(), anchor_name(part.name) if part.name else "")
            case Link():
                return self.link(part)

    def link(self, link: Link) -> Link | Text:
        """A link where it leads somewhere and runs nothing; else its words."""
        text = clean(link.text)
        if link.target.startswith("#"):
            name = anchor_name(link.target[1:])
            return Link(text, f"#{name}") if name in self.targets else Text(text)
        target = clean(link.target)
        outside = _NAMED_SCHEME.fullmatch(target) or _RELATIVE.fullmatch(target)
        return Link(text, target) if outside and target == link.target else Text(text)


def anchor_name(name: str) -> str:
    """A name as it stands in links, bookmarks and content controls: without spaces, never empty.

    None begins with a hyphen: such names are the writers' own.
    """
    return clean(name).strip(" -").replace(" ", "-") or "section"


def _anchors(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in walk(blocks):
        if isinstance(block, Heading) and block.anchor:
            yield anchor_name(block.anchor)
        elif isinstance(block, Anchored):
            yield anchor_name(block.name)
