"""A paper as PDF: tagged for assistive technology (PDF/UA-1), set by Typst from a template that reads it as data.

The typesetter sees an empty folder and the fonts it brings along. Only a paper with letters that these lack may use the
system's fonts; what no font has is written out as a number. Nothing else can differ from one computer to the next.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from tempfile import TemporaryDirectory
from typing import Any

from engine.papers.tidy import blank, is_long, shortened
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

DOTS_PER_INCH = 200
"""Of a picture as PNG."""
_LACKING = re.compile(r'the text `"(.+?)"` could not be displayed')
_NUMBERED = re.compile(r"\\u\{([0-9a-f]+)\}")


def write(paper: Paper) -> bytes:
    """A tidy paper as PDF."""
    data = json.dumps(_paper(paper), ensure_ascii=False)
    template = files("engine.papers").joinpath("paper.typ").read_bytes()
    pdf, lacking = _typeset(template, data, system=False)
    if lacking:
        pdf, lacking = _typeset(template, data, system=True)
    while pdf is None:
        written_out = data
        for letter in lacking:
            written_out = written_out.replace(letter, f"\\\\u{ord(letter):04x}")
        assert written_out != data, f"the typesetter lacks letters that the paper has not: {lacking}"
        data = written_out
        pdf, lacking = _typeset(template, data, system=True)
    return pdf


def picture(svg: str) -> bytes:
    """An SVG as PNG."""
    import typst

    template = b'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: "svg")'
    with TemporaryDirectory() as empty:
        png = typst.compile(
            template, root=empty, font_paths=_fonts(system=False), ignore_system_fonts=True,
            sys_inputs={"svg": svg}, format="png", ppi=DOTS_PER_INCH,
        )  # fmt: skip
    assert isinstance(png, bytes)
    return png


def _typeset(template: bytes, data: str, *, system: bool) -> tuple[bytes | None, set[str]]:
    """The PDF, or none and the letters that no font has."""
    import typst

    with TemporaryDirectory() as empty:
        try:
            pdf = typst.compile(
                template, root=empty, font_paths=_fonts(system=system), ignore_system_fonts=not system,
                sys_inputs={"paper": data}, format="pdf", pdf_standards="ua-1",
            )  # fmt: skip
        except typst.TypstError as error:
            found = "".join(_LACKING.findall(error.diagnostic))
            shown = _NUMBERED.sub(lambda letter: chr(int(letter[1], 16)), found)
            # An accent that is lacking is named together with the letter that it stands on.
            lacking = {letter for letter in shown if not letter.isascii()}
            if not lacking:
                raise
            return None, lacking
    assert isinstance(pdf, bytes)
    return pdf, set()


@cache
def _fonts(*, system: bool) -> Any:
    import typst

    return typst.Fonts(include_system_fonts=system)


# The tree as data -----------------------------------------------------------------------------------------------------

_Data = dict[str, Any]


def _paper(paper: Paper) -> _Data:
    return {
        "title": paper.title,
        "long": is_long(paper.title),
        "running": shortened(paper.title),
        "subtitle": paper.subtitle,
        "about": paper.about,
        "dense": paper.dense,
        "language": paper.language.partition("-")[0].lower(),
        "blocks": _blocks(paper.blocks),
    }


def _blocks(blocks: tuple[Block, ...]) -> list[_Data]:
    return [{"kind": type(block).__name__.lower(), **_block(block)} for block in blocks]


def _block(block: Block) -> _Data:
    match block:
        case Heading():
            line = _line(block.line)
            return {"level": block.level, "line": line, "anchor": block.anchor, "number": block.number}
        case Paragraph():
            return {"line": _line(block.line), "style": block.kind}
        case Items():
            return {"items": [_blocks(item) for item in block.items], "ordered": block.ordered}
        case Table():
            return {
                "head": _row(block.head),
                "rows": [_row(row) for row in block.rows],
                "caption": block.caption,
                "row_heads": block.row_heads,
                "widths": block.widths,
            }
        case Terms():
            return {"pairs": [_row(pair) for pair in block.pairs]}
        case Figure():
            return {"svg": block.svg, "alternative": block.alternative, "caption": block.caption}
        case Anchored():
            return {"name": block.name, "blocks": _blocks(block.blocks)}
        case Signature():
            return {"party": block.party, "role": block.role}
        case Contents():
            return {"depth": block.depth}
        case PageBreak():
            return {}


def _row(cells: tuple[Line, ...]) -> list[list[_Data]]:
    return [_line(cell) for cell in cells]


def _line(line: Line) -> list[_Data]:
    return [{"kind": type(part).__name__.lower(), **_inline(part)} for part in line]


def _inline(part: Inline) -> _Data:
    match part:
        case Text():
            return {"text": part.text, "strong": part.strong, "emphasis": part.emphasis, "code": part.code}
        case Blank():
            return {"text": blank(part)}
        case Link():
            return {"text": part.text, "target": part.target}
        case Footnote():
            return {"text": part.text}
        case Badge():
            return {"text": part.text, "tone": part.tone}
