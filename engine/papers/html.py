"""A paper as one HTML page that needs nothing else: no script, no font, no address to ask.

The notes of a paragraph stand beside it on a wide screen and below it on a narrow one and on paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from engine.papers.tidy import blank, headings, is_long, shortened, words
from engine.papers.tree import (
    Anchored,
    Badge,
    Blank,
    Block,
    Contents,
    Figure,
    Footnote,
    Heading,
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

WIDE = 3
"""Tables of so many columns are a list of rows on a phone; their roles keep them tables for those who listen."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write(paper: Paper) -> bytes:
    """A tidy paper as a page."""
    writer = _Writer(paper)
    return "".join(writer.page()).encode()


class _Writer:
    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.notes: list[str] = []
        self.notes_so_far = 0

    def page(self) -> Iterator[str]:
        paper = self.paper
        yield f'<!DOCTYPE html>\n<html lang="{escape(paper.language)}">\n<head>\n<meta charset="utf-8">\n'
        yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        yield '<meta name="referrer" content="no-referrer">\n'
        body = '<body class="dense">' if paper.dense else "<body>"
        yield f"<title>{escape(paper.title)}</title>\n<style>\n{_style(paper)}</style>\n</head>\n{body}\n"
        yield '<a class="skip" href="#-content">Skip to the content</a>\n'
        size = ' class="long"' if is_long(paper.title) else ""
        yield f'<header class="title">\n<h1{size}>{escape(paper.title)}</h1>\n'
        if paper.subtitle:
            yield f'<p class="subtitle">{escape(paper.subtitle)}</p>\n'
        if paper.about:
            yield f'<p class="about">{escape(paper.about)}</p>\n'
        yield '</header>\n<main id="-content" tabindex="-1">\n'
        yield from self.blocks(paper.blocks)
        yield "</main>\n</body>\n</html>\n"

    def blocks(self, blocks: Iterable[Block]) -> Iterator[str]:
        for block in blocks:
            html = "".join(self.block(block))
            # Notes inside lists and clauses were placed there, beside their own paragraph.
            yield f'<div class="noted">\n{html}{"".join(self.notes)}</div>\n' if self.notes else html
            self.notes.clear()

    def block(self, block: Block) -> Iterator[str]:
        match block:
            case Heading():
                tag = f"h{block.level + 1}"
                number = f'<span class="number">{escape(block.number)}</span> ' if block.number else ""
                yield f'<{tag} id="{escape(block.anchor)}">{number}{self.line(block.line)}</{tag}>\n'
            case Paragraph():
                kind = "" if block.kind == "body" else f' class="{block.kind}"'
                yield f"<p{kind}>{self.line(block.line)}</p>\n"
            case Items():
                yield from self.items(block)
            case Table():
                yield from self.table(block)
            case Terms():
                yield "<dl>\n"
                for name, value in block.pairs:
                    yield f"<div><dt>{self.line(name)}</dt><dd>{self.line(value)}</dd></div>\n"
                yield "</dl>\n"
            case Figure():
                yield from self.figure(block)
            case Anchored():
                yield f'<div class="anchored" id="{escape(block.name)}">\n'
                yield from self.blocks(block.blocks)
                yield "</div>\n"
            case Signature():
                yield from _signature(block)
            case PageBreak():
                yield '<div class="page-break"></div>\n'
            case Contents():
                yield from self.contents(block)

    def items(self, items: Items) -> Iterator[str]:
        tag = "ol" if items.ordered else "ul"
        yield f"<{tag}>\n"
        for item in items.items:
            yield f"<li>{''.join(self.blocks(item))}</li>\n"
        yield f"</{tag}>\n"

    def table(self, table: Table) -> Iterator[str]:
        name = table.caption or f"Table: {', '.join(map(words, table.head))}"
        wide = len(table.head) >= WIDE
        yield f'<div class="scroll" role="group" tabindex="0" aria-label="{escape(name)}">\n'
        yield '<table class="wide" role="table">\n' if wide else "<table>\n"
        if table.caption:
            yield f"<caption>{escape(table.caption)}</caption>\n"
        if table.widths:
            shares = (f'<col style="width:{100 * width / sum(table.widths):.4g}%">' for width in table.widths)
            yield f"<colgroup>{''.join(shares)}</colgroup>\n"
        group, row_starts = (' role="rowgroup"', '<tr role="row">') if wide else ("", "<tr>")
        if table.head:
            cells = (self.cell(cell, "col", "", wide=wide) for cell in table.head)
            yield f"<thead{group}>{row_starts}{''.join(cells)}</tr></thead>\n"
        yield f"<tbody{group}>\n"
        heads = [words(cell) for cell in table.head] if wide else []
        for row in table.rows:
            cells = (
                self.cell(cell, "row" if table.row_heads and not i else "", heads[i] if wide else "", wide=wide)
                for i, cell in enumerate(row)
            )
            yield f"{row_starts}{''.join(cells)}</tr>\n"
        yield "</tbody>\n</table>\n</div>\n"

    def cell(self, line: Line, scope: str, head: str, *, wide: bool) -> str:
        """A cell. In a wide table it says its role, and the head of its column, which a phone shows beside it."""
        content = self.line(line)
        tag = "th" if scope and content.strip() else "td"
        marks = f' scope="{scope}"' if tag == "th" else ""
        if wide:
            role = {"col": "columnheader", "row": "rowheader"}[scope] if tag == "th" else "cell"
            marks += f' role="{role}"' + (f' data-head="{escape(head)}"' if head else "")
        return f"<{tag}{marks}>{content}</{tag}>"

    def figure(self, figure: Figure) -> Iterator[str]:
        name = escape(figure.caption or "Figure")
        yield f'<figure>\n<div class="scroll" role="group" tabindex="0" aria-label="{name}">\n'
        yield f'<div class="picture" role="img" aria-label="{escape(figure.alternative)}">{figure.svg}</div>\n</div>\n'
        if figure.caption:
            yield f"<figcaption>{escape(figure.caption)}</figcaption>\n"
        yield "</figure>\n"

    def contents(self, contents: Contents) -> Iterator[str]:
        yield '<nav class="contents" aria-label="Contents">\n'
        depth = 0
        for heading in headings(self.paper):
            if heading.level > contents.depth:
                continue
            yield "<ol>\n<li>" if heading.level > depth else "</li>\n</ol>\n" * (depth - heading.level) + "</li>\n<li>"
            depth = heading.level
            text = escape(f"{heading.number} {words(heading.line)}".strip())
            yield f'<a href="#{escape(heading.anchor)}">{text}</a>'
        yield "</li>\n</ol>\n" * depth + "</nav>\n"

    def line(self, line: Line) -> str:
        return "".join(map(self.inline, line))

    def inline(self, part: Text | Blank | Link | Footnote | Badge) -> str:
        match part:
            case Text():
                html = escape(part.text)
                for wanted, tag in ((part.code, "code"), (part.emphasis, "em"), (part.strong, "strong")):
                    html = f"<{tag}>{html}</{tag}>" if wanted else html
                return html
            case Blank():
                return f'<mark class="blank">{escape(blank(part))}</mark>'
            case Link():
                return f'<a href="{escape(part.target)}">{escape(part.text)}</a>'
            case Badge():
                return f'<span class="badge {part.tone}">{escape(part.text)}</span>'
            case Footnote():
                return self.footnote(part)

    def footnote(self, note: Footnote) -> str:
        self.notes_so_far += 1
        n = self.notes_so_far
        self.notes.append(
            f'<div class="note" role="doc-footnote" id="-note-{n}"><a role="doc-backlink" href="#-noted-{n}" '
            f'aria-label="Back to the text of note {n}">{n}</a> {escape(note.text)}</div>\n'
        )
        return f'<sup><a role="doc-noteref" id="-noted-{n}" href="#-note-{n}" aria-label="Note {n}">{n}</a></sup>'


def _signature(signature: Signature) -> Iterator[str]:
    yield f'<div class="signature" role="group" aria-label="Signature of {escape(signature.party)}">\n'
    yield f"<p><strong>{escape(signature.party)}</strong></p>\n"
    if signature.role:
        yield f"<p>{escape(signature.role)}</p>\n"
    yield "".join(f'<p class="signs"><span>{what}</span></p>\n' for what in ("Signature", "Name", "Title", "Date"))
    yield "</div>\n"


def _style(paper: Paper) -> str:
    sheet = files("engine.papers").joinpath("page.css").read_text(encoding="utf-8")
    title, about = _css(shortened(paper.title)), _css(paper.about)
    return f'{sheet}@page {{ @top-left {{ content: "{title}"; }} @bottom-left {{ content: "{about}"; }} }}\n'


def _css(text: str) -> str:
    """Text inside a CSS string: whatever is no letter, digit or space is written as its number."""
    return re.sub(r"[^A-Za-z0-9 ]", lambda found: f"\\{ord(found[0]):x} ", text)
