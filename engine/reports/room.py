"""Whether blocks find room on one page of a dense paper: reckoned, since only a typesetter knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import ceil

from engine.papers.tidy import words
from engine.papers.tree import Block, Figure, Line, Paragraph, Table, Terms
from engine.reports.svg import width_of

_PAGE, _WIDTH = 735.0, 515.0
"""What fits between the margins as it is reckoned here, in points: rather more than it measures on the page."""
_TITLE, _LEAD, _BODY, _CELL = 15.0, 10.7, 9.3, 8.2
"""The sizes of the letters."""
_NARROW, _LEADING, _APART, _AROUND = 0.84, 1.28, 9.0, 4.6
"""How wide the letters are beside those that are measured, the distance of lines, and what stands around text."""
_POINTS = 0.75
"""To a unit of a picture."""
_MEASURES = re.compile(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"')


def fit(title: str, blocks: Iterable[Block]) -> bool:
    """Whether these blocks fit one page under a title."""
    return _text(title, _TITLE, _WIDTH) + sum(map(_height, blocks)) <= _PAGE


def _height(block: Block) -> float:
    match block:
        case Paragraph():
            return _text(words(block.line), _LEAD if block.kind == "lead" else _BODY, _WIDTH) + _APART
        case Table():
            shares = block.widths or (1.0,) * len(block.head)
            widths = [_WIDTH * share / sum(shares) for share in shares]
            caption = _text(block.caption, _BODY, _WIDTH) + _AROUND
            return caption + sum(_row(row, widths) for row in (block.head, *block.rows)) + _APART
        case Terms():
            return sum(_row(pair, (_WIDTH * 0.3, _WIDTH * 0.7)) for pair in block.pairs) + _APART
        case Figure():
            measures = _MEASURES.match(block.svg)
            assert measures, "a picture of our own says how large it is"
            width, height = map(float, measures.groups())
            return height * min(_POINTS, _WIDTH / width) + _APART
        case _:
            return 0.0


def _row(row: Iterable[Line], widths: Iterable[float]) -> float:
    cells = zip(row, widths, strict=True)
    return max(_text(words(cell), _CELL, width - _AROUND) for cell, width in cells) + _AROUND


def _text(text: str, size: float, width: float) -> float:
    return max(1, ceil(_NARROW * width_of(text, size) / width)) * size * _LEADING
