"""What stands on the pages of a Word document, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy

from docx.oxml.ns import qn
from docx.shared import Emu, Inches

from engine.papers.pdf import DOTS_PER_INCH, picture
from engine.papers.tidy import blank, headings, is_long, words
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
from engine.papers.word.package import Package
from engine.papers.word.xml import Element, bookmark, control, element, mark, paragraph, run

_BULLETS, _NUMBERS = 1, 2
"""The two kinds of list in numbering.xml."""
_DEEPEST = 8
_INDENT = 360
_LONG_TITLE, _DENSE_TITLE = 26, 30
"""In half points."""
_GAP = "\u2002"
"""Between a heading's number and its words: a tab would be too narrow for one number and too wide for the next."""
_FIRST_ROW, _FIRST_COLUMN, _NO_BANDS = 0x20, 0x80, 0x600
"""The bits of a table's look."""
_STYLES = {"body": "Normal", "lead": "Lead", "warning": "Warning", "quiet": "SmallPrint"}
_BADGES = {"good": "BadgeGood", "bad": "BadgeBad", "open": "BadgeOpen", "plain": "BadgePlain"}


def write(paper: Paper) -> bytes:
    """A tidy paper as a Word document."""
    return _Writer(paper).document()


class _Writer:
    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.package = Package(paper)
        self.ids = 0
        self.bullets = self.package.add_numbers(_BULLETS)
        self.break_before = False

    def document(self) -> bytes:
        paper = self.paper
        points = _LONG_TITLE if is_long(paper.title) else _DENSE_TITLE if paper.dense else None
        size = (element("sz", val=points),) if points else ()
        self.package.add(paragraph("Title", run(paper.title, *size)))
        if paper.subtitle:
            self.package.add(paragraph("Subtitle", run(paper.subtitle)))
        if paper.about:
            self.package.add(paragraph("About", run(paper.about)))
        for content in self.blocks(paper.blocks):
            self.package.add(content)
        return self.package.saved()

    def next_id(self) -> int:
        self.ids += 1
        return self.ids

    # Blocks -----------------------------------------------------------------------------------------------------------

    def blocks(self, blocks: Iterable[Block]) -> Iterator[Element]:
        for block in blocks:
            yield from self.block(block)

    def block(self, block: Block) -> Iterator[Element]:
        match block:
            case Heading():
                yield self.heading(block)
            case Paragraph():
                yield self.paragraph(_STYLES[block.kind], *self.line(block.line))
            case Items():
                yield from self.items(block, 0)
            case Table():
                yield from self.table(block)
            case Terms():
                yield from self.terms(block)
            case Figure():
                yield from self.figure(block)
            case Anchored():
                yield self.anchored(block)
            case Signature():
                yield from self.signature(block)
            case PageBreak():
                self.break_before = True
            case Contents():
                yield from self.contents(block)

    def paragraph(self, style: str, *content: Element, settings: tuple[Element, ...] = ()) -> Element:
        """A paragraph; the first one after a page break begins its page."""
        if self.break_before:
            self.break_before = False
            settings = (element("pageBreakBefore"), *settings)
        return paragraph(style, *content, settings=settings)

    def heading(self, heading: Heading) -> Element:
        number = (run(heading.number + _GAP),) if heading.number else ()
        content = self.marked(heading.anchor, (*number, *self.line(heading.line)))
        return self.paragraph(f"Heading{heading.level}", *content)

    def marked(self, name: str, content: tuple[Element, ...]) -> tuple[Element, ...]:
        """Content between the two ends of a bookmark."""
        number = self.next_id()
        return (
            element("bookmarkStart", id=number, name=bookmark(name)), *content, element("bookmarkEnd", id=number)
        )  # fmt: skip

    def items(self, items: Items, depth: int, counted: int = 0) -> Iterator[Element]:
        """A list at a depth of lists, and of lists that count."""
        number = self.package.add_numbers(_NUMBERS) if items.ordered else self.bullets
        style = "ListNumber" if items.ordered else "ListBullet"
        level = min(counted if items.ordered else depth, _DEEPEST)
        numbered = element("numPr", element("ilvl", val=level), element("numId", val=number))
        left = _INDENT * (depth + 1)
        for item in items.items:
            head, rest = (item[0].line, item[1:]) if item and isinstance(item[0], Paragraph) else ((), item)
            hanging = element("ind", left=left, hanging=_INDENT)
            yield self.paragraph(style, *self.line(head), settings=(deepcopy(numbered), hanging))
            for block in rest:
                if isinstance(block, Paragraph):
                    yield self.paragraph("ListContinue", *self.line(block.line), settings=(element("ind", left=left),))
                elif isinstance(block, Items):
                    yield from self.items(block, depth + 1, counted + items.ordered)
                else:
                    yield from self.block(block)

    def table(self, table: Table) -> Iterator[Element]:
        columns = max([len(table.head), *(len(row) for row in table.rows)], default=0)
        if not columns:
            return
        if table.caption:
            yield self.paragraph("Caption", run(table.caption))
        shares = table.widths or (1.0,) * columns
        widths = [round(self.package.text_width * share / sum(shares)) for share in shares]
        made = _table("PaperTable", widths, table.caption, first_row=bool(table.head), first_column=table.row_heads)
        if table.head:
            cells = (_cell(width, "TableHead", self.line(cell)) for width, cell in zip(widths, table.head, strict=True))
            made.append(element("tr", element("trPr", element("cantSplit"), element("tblHeader")), *cells))
        for row in table.rows:
            made.append(self.row(widths, row, strong_first=table.row_heads))
        yield from self.set_off(made)

    def row(self, widths: list[int], row: tuple[Line, ...], *, strong_first: bool) -> Element:
        cells = (
            _cell(width, "TableText", self.line(cell), strong=strong_first and i == 0)
            for i, (width, cell) in enumerate(zip(widths, row, strict=True))
        )
        return element("tr", element("trPr", element("cantSplit")), *cells)

    def terms(self, terms: Terms) -> Iterator[Element]:
        widths = [self.package.text_width * share // 10 for share in (3, 7)]
        made = _table("PaperTerms", widths, "", first_row=False, first_column=True)
        for pair in terms.pairs:
            made.append(self.row(widths, pair, strong_first=True))
        if terms.pairs:
            yield from self.set_off(made)

    def set_off(self, table: Element) -> Iterator[Element]:
        """A table between paragraphs: two that touch would be one to Word."""
        if self.break_before:
            yield self.paragraph("TableEnd")
        yield table
        yield paragraph("TableEnd")

    def figure(self, figure: Figure) -> Iterator[Element]:
        png = picture(figure.svg)
        natural = Inches(int.from_bytes(png[16:20], "big") / DOTS_PER_INCH)
        width = Emu(min(natural, Inches(self.package.text_width / 1440)))
        together = (element("keepNext"),) if figure.caption else ()
        yield self.paragraph("Normal", self.package.picture(png, width, figure.alternative), settings=together)
        if figure.caption:
            yield self.paragraph("FigureCaption", run(figure.caption))

    def anchored(self, anchored: Anchored) -> Element:
        """A content control with the name as its tag, and a bookmark for programs that keep no tags.

        It claims to be a building block because LibreOffice loses words of any other control that holds a footnote.
        """
        content = list(self.blocks(anchored.blocks)) or [self.paragraph("Normal")]
        number = self.next_id()
        _begin(content, element("bookmarkStart", id=number, name=bookmark(anchored.name)))
        _finish(content, element("bookmarkEnd", id=number))
        kind = element("docPartObj", element("docPartGallery", val="Quick Parts"))
        return control(anchored.name, anchored.name, self.next_id(), kind, content=tuple(content))

    def signature(self, signature: Signature) -> Iterator[Element]:
        yield self.paragraph("SignatureParty", run(signature.party))
        if signature.role:
            yield paragraph("Normal", run(signature.role), settings=(element("keepNext"),))
        for what in ("Signature", "Name", "Title", "Date"):
            style = "SignatureEnd" if what == "Date" else "SignatureLine"
            yield paragraph(style, run(f"{what}:"), mark("tab"), mark("tab"))

    def contents(self, contents: Contents) -> Iterator[Element]:
        """A field with its entries already in it, for programs that compute none."""
        entries = [heading for heading in headings(self.paper) if heading.level <= contents.depth]
        if not entries:
            return
        opening = [
            mark("fldChar", fldCharType="begin", dirty="true"),
            element("r", _instruction(f' TOC \\o "1-{contents.depth}" \\h \\z \\u ')),
            mark("fldChar", fldCharType="separate"),
        ]
        lines = [self.entry(heading) for heading in entries]
        for position, part in enumerate(opening, 1):
            lines[0].insert(position, part)
        lines[-1].append(mark("fldChar", fldCharType="end"))
        gallery = element("docPartObj", element("docPartGallery", val="Table of Contents"), element("docPartUnique"))
        yield element(
            "sdt",
            element("sdtPr", element("id", val=self.next_id()), gallery),
            element("sdtContent", *lines),
        )

    def entry(self, heading: Heading) -> Element:
        """An entry of the contents. Its page is left to Word: nobody else knows it, and a guess would be wrong."""
        text = f"{heading.number} {words(heading.line)}".strip()
        link = element("hyperlink", run(text), anchor=bookmark(heading.anchor), history=1)
        return self.paragraph(f"TOC{heading.level}", link)

    # Lines ------------------------------------------------------------------------------------------------------------

    def line(self, line: Line) -> tuple[Element, ...]:
        return tuple(map(self.inline, line))

    def inline(self, part: Inline) -> Element:
        match part:
            case Text():
                return run(part.text, *_look(part))
            case Blank():
                text = run(blank(part), element("rStyle", val="PlaceholderText"))
                prompt = element("showingPlcHdr")
                return control(part.name or part.label, part.label, self.next_id(), prompt, content=(text,))
            case Link():
                return self.link(part)
            case Footnote():
                look = element("rStyle", val="FootnoteReference")
                note = paragraph("FootnoteText", mark("footnoteRef", deepcopy(look)), run(f" {part.text}"))
                return mark("footnoteReference", look, id=self.package.add_note(note))
            case Badge():
                return run(f"\u00a0{part.text}\u00a0", element("rStyle", val=_BADGES[part.tone]))

    def link(self, link: Link) -> Element:
        text = run(link.text, element("rStyle", val="Hyperlink"))
        if link.target.startswith("#"):
            return element("hyperlink", text, anchor=bookmark(link.target[1:]), history=1)
        made = element("hyperlink", text, history=1)
        made.set(qn("r:id"), self.package.link(link.target))
        return made


def _look(text: Text) -> Iterator[Element]:
    if text.code:
        yield element("rStyle", val="Code")
    if text.strong:
        yield element("b")
    if text.emphasis:
        yield element("i")


def _table(style: str, widths: list[int], caption: str, *, first_row: bool, first_column: bool) -> Element:
    bits = _NO_BANDS + _FIRST_ROW * first_row + _FIRST_COLUMN * first_column
    properties = element(
        "tblPr",
        element("tblStyle", val=style),
        element("tblW", w=sum(widths), type="dxa"),
        element("tblLayout", type="fixed"),
        element("tblLook", val=f"{bits:04X}"),
    )
    if caption:
        properties.append(element("tblCaption", val=caption))
    return element("tbl", properties, element("tblGrid", *(element("gridCol", w=width) for width in widths)))


def _cell(width: int, style: str, content: tuple[Element, ...], *, strong: bool = False) -> Element:
    made = paragraph("TableHead" if strong else style, *content)
    return element("tc", element("tcPr", element("tcW", w=width, type="dxa")), made)


def _begin(content: list[Element], start: Element) -> None:
    """Begin a bookmark inside the first block if it is a paragraph, else before it."""
    if content[0].tag == qn("w:p"):
        content[0].insert(1, start)
    else:
        content.insert(0, start)


def _finish(content: list[Element], end: Element) -> None:
    if content[-1].tag == qn("w:p"):
        content[-1].append(end)
    else:
        content.append(end)


def _instruction(code: str) -> Element:
    made = element("instrText")
    made.text = code
    return made
