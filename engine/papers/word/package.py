"""The file around a Word document: its styles, settings and notes, its pages, and the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from docx import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import XmlPart
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Inches

from engine.papers.tidy import shortened
from engine.papers.tree import Paper
from engine.papers.word.xml import Element, element, field, mark, paragraph, run

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.section import _Footer, _Header

_NO_DATE = datetime(2000, 1, 1)
_OLDEST = (1980, 1, 1, 0, 0, 0)
_PROPERTY = 255
"""So many letters fit into a property of a document."""
_LEVELS = 9
_EFFECTS = "http://schemas.microsoft.com/office/2007/relationships/stylesWithEffects"
_UNUSED = (RELATIONSHIP_TYPE.CUSTOM_XML, _EFFECTS, RELATIONSHIP_TYPE.THUMBNAIL)


@dataclass(frozen=True, slots=True)
class _Measure:
    """Margins and distance of header and footer in inches; what sizes, spaces and lines of the styles shrink to."""

    side: float
    top: float
    bottom: float
    edge: float
    size: float = 1.0
    space: float = 1.0
    line: float = 1.0


_ROOMY = _Measure(side=1, top=1, bottom=1, edge=0.5)
_DENSE = _Measure(side=0.67, top=0.51, bottom=0.55, edge=0.28, size=0.86, space=0.4, line=0.94)
_WIDTH, _HEIGHT = 8.5, 11.0
_TWIPS = 1440
"""To the inch."""


class Package:
    """An empty document in our styles; `body` takes what stands on its pages."""

    def __init__(self, paper: Paper) -> None:
        self._document: WordDocument = Document()
        part = self._document.part
        for holder in (part, part.package):
            for key, relation in list(holder.rels.items()):
                if relation.reltype in _UNUSED:
                    del holder.rels[key]
        self._measure = _DENSE if paper.dense else _ROOMY
        self.text_width = round((_WIDTH - 2 * self._measure.side) * _TWIPS)
        """Between the margins, in twentieths of a point."""
        self._dress(paper.language)
        self._set_pages(paper)
        self._describe(paper)
        self.body: Element = self._document.element.body
        self._end = self.body[-1]
        self._notes = parse_xml(_read("footnotes.xml"))
        notes = XmlPart(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, self._notes, part.package)
        part.relate_to(notes, RELATIONSHIP_TYPE.FOOTNOTES)
        self.numbering: Element = part.numbering_part.element

    def add(self, content: Element) -> None:
        """Put a paragraph, table or content control at the end of the document."""
        self._end.addprevious(content)

    def add_note(self, content: Element) -> int:
        """Put a paragraph among the footnotes; its number refers to it."""
        number = len(self._notes) - 1
        self._notes.append(element("footnote", content, id=number))
        return number

    def add_numbers(self, kind: int) -> int:
        """Begin a list that counts from one; its number refers to it."""
        number = len(self.numbering.num_lst) + 1
        starts = (element("lvlOverride", element("startOverride", val=1), ilvl=level) for level in range(_LEVELS))
        self.numbering.append(element("num", element("abstractNumId", val=kind), *starts, numId=number))
        return number

    def link(self, address: str) -> str:
        """The relation that leads to an address."""
        return self._document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)

    def picture(self, png: bytes, width: int, alternative: str) -> Element:
        """A picture that stands in a line, with the text that says the same."""
        inline = self._document.part.new_pic_inline(io.BytesIO(png), width)
        inline.docPr.set("descr", alternative)
        for side in ("distL", "distR"):
            inline.set(side, "0")
        return element("r", element("drawing", inline))

    def saved(self) -> bytes:
        """The document as a file."""
        buffer, result = io.BytesIO(), io.BytesIO()
        self._document.save(buffer)
        with zipfile.ZipFile(buffer) as made, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in made.namelist():
                info = zipfile.ZipInfo(name, _OLDEST)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, made.read(name))
        return result.getvalue()

    def _dress(self, language: str) -> None:
        """Our styles, numbering and settings instead of those the library brings along."""
        part = self._document.part
        dressed = (
            (self._document.styles.element, "styles.xml"),
            (part.numbering_part.element, "numbering.xml"),
            (self._document.settings.element, "settings.xml"),
        )
        for old, name in dressed:
            old[:] = list(parse_xml(_read(name)))
        for spoken in self._document.styles.element.xpath("w:docDefaults//w:lang"):
            spoken.set(qn("w:val"), language)
        self._scale(self._document.styles.element)

    def _scale(self, styles: Element) -> None:
        """Set the styles, which are made for a roomy page, in the sizes of this one."""
        for attribute, share, where in (
            ("w:val", self._measure.size, "//w:rPr/w:sz | //w:rPr/w:szCs"),
            ("w:before", self._measure.space, "//w:spacing[@w:before]"),
            ("w:after", self._measure.space, "//w:spacing[@w:after]"),
            ("w:line", self._measure.line, "//w:spacing[@w:lineRule='auto']"),
        ):
            for set_ in styles.xpath(where):
                set_.set(qn(attribute), str(round(int(set_.get(qn(attribute))) * share)))
        for stop in styles.xpath("//w:tab[@w:val='right']"):
            stop.set(qn("w:pos"), str(self.text_width))

    def _set_pages(self, paper: Paper) -> None:
        section, measure = self._document.sections[0], self._measure
        section.page_width, section.page_height = Inches(_WIDTH), Inches(_HEIGHT)
        section.left_margin = section.right_margin = Inches(measure.side)
        section.top_margin, section.bottom_margin = Inches(measure.top), Inches(measure.bottom)
        section.header_distance = section.footer_distance = Inches(measure.edge)
        section.different_first_page_header_footer = True
        _fill(section.header, "Header", run(shortened(paper.title)))
        below = (run(paper.about), mark("tab"), run("Page "), field("PAGE"), run(" of "), field("NUMPAGES"))
        _fill(section.footer, "Footer", *below)
        _fill(section.first_page_footer, "Footer", *deepcopy(below))

    def _describe(self, paper: Paper) -> None:
        about = self._document.core_properties
        about.title, about.language = paper.title[:_PROPERTY], paper.language
        about.author = about.last_modified_by = about.comments = about.keywords = ""
        about.created = about.modified = _NO_DATE
        about.revision = 1


def _fill(place: _Header | _Footer, style: str, *content: Element) -> None:
    place.is_linked_to_previous = False
    (old,) = place.paragraphs
    old._p.getparent().replace(old._p, paragraph(style, *content))


def _read(name: str) -> bytes:
    return files("engine.papers.word").joinpath(name).read_bytes()
