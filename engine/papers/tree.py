"""A paper as a tree of blocks, before it becomes HTML, PDF, Word or Markdown.

Whoever builds a paper puts text in as it is; escaping is the writers' work, each for its own form. Nothing in the tree
is markup, except the picture of a `Figure`, which is SVG of our own making.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "bad", "open", "plain"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words on a line."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Blank:
    """A place that somebody has to fill, named so that it can be found again."""

    label: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to an address, or with `#name` to an anchor of this paper."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Footnote:
    """A remark that stands in the margin or at the foot of the page."""

    text: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A status in a word or two. The words carry the meaning; the tone only underlines it."""

    text: str
    tone: Tone = "plain"


Inline = Text | Blank | Link | Footnote | Badge
Line = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4; the paper's title is none of them. `number` is printed before the text as given."""

    level: Literal[1, 2, 3, 4]
    line: Line
    anchor: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. A `lead` stands out; a `warning` cannot be missed; a `quiet` one is small print."""

    line: Line
    kind: Literal["body", "lead", "warning", "quiet"] = "body"


@dataclass(frozen=True, slots=True)
class Items:
    """A list, with numbers if `ordered`. Each item is a list of blocks."""

    items: tuple[tuple[Block, ...], ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption. `row_heads`: the first column names its row; `widths` are shares of the width."""

    head: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    caption: str = ""
    row_heads: bool = False
    widths: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """Names with what they stand for: parties, dates, settings."""

    pairs: tuple[tuple[Line, Line], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture as SVG of our own, with the text that says the same to those who cannot see it."""

    svg: str
    alternative: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Anchored:
    """Blocks that must be found again after the paper was edited: the text of a clause, by its name."""

    name: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """The place where a party signs."""

    party: str
    role: str


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page, where there are pages."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The table of contents, down to a level of heading."""

    depth: Literal[1, 2, 3] = 2


Block = Heading | Paragraph | Items | Table | Terms | Figure | Anchored | Signature | PageBreak | Contents


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper. `about` stands small beside the page number: which request, under the law of which day.

    A `dense` paper is set smaller, with narrower margins: one made of tables, to be taken in at a glance.
    """

    title: str
    blocks: tuple[Block, ...]
    subtitle: str = ""
    about: str = ""
    language: str = "en"
    dense: bool = False


def line(*parts: Inline | str) -> Line:
    """A line from texts and other inlines."""
    return tuple(Text(part) if isinstance(part, str) else part for part in parts)
