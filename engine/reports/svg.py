"""SVG of our own: text that keeps to its width, and nothing that a browser, a printer or Word would have to fetch.

Only what every renderer knows is used: shapes with attributes, no style sheets, no scripts, generic fonts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

FONT = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', 'Libertinus Serif', sans-serif"
INK, PAPER, PALE, GREY = "#1a1a1a", "#ffffff", "#f2f2f2", "#595959"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDTHS = dict(
    zip(
        map(chr, range(32, 127)),
        (
            278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
            556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
            1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
            667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
            333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
            556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
        ),
        strict=True,
    )
)  # fmt: skip
"""How wide Helvetica and Arial set each letter, in thousandths of the size."""
_BOLD, _UNKNOWN = 1.09, 1050


def escape(text: str) -> str:
    """Text as it stands in XML; what XML cannot hold becomes a replacement character."""
    plain = _NOT_XML.sub("\ufffd", text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text becomes; what is no letter of the table counts as wide as any."""
    units = sum(_unit(letter) for letter in text)
    return units * size * (_BOLD if bold else 1) / 1000


def _unit(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return _WIDTHS.get(unicodedata.normalize("NFD", letter)[0], _UNKNOWN)


def wrapped(text: str, width: float, size: float, *, bold: bool = False, most: int = 7) -> list[str]:
    """The lines of a text, none wider than `width`; after `most` lines it ends with an ellipsis."""
    lines = [""]
    for word in text.split():
        for piece in _pieces(word, width, size, bold):
            joined = f"{lines[-1]} {piece}".strip()
            if width_of(joined, size, bold=bold) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    found = [line for line in lines if line]
    if len(found) <= most:
        return found
    last = found[most - 1]
    while last and width_of(f"{last}\u2026", size, bold=bold) > width:
        last = last[:-1]
    return [*found[: most - 1], f"{last}\u2026"]


def _pieces(word: str, width: float, size: float, bold: bool) -> list[str]:
    """A word, cut where it is wider than a line."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_of(pieces[-1] + letter, size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def text(x: float, y: float, words: str, size: float = 13, *, bold: bool = False, anchor: str = "start") -> str:
    """One line of text; `y` is its base line. In whatever font it is set, it takes the room that was counted for it."""
    weight = ' font-weight="bold"' if bold else ""
    width = width_of(words, size, bold=bold)
    known = all(_unit(letter) != _UNKNOWN for letter in words)
    length = f' textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"' if known and len(words) > 1 else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{INK}"{weight}{length}>'
        f"{escape(words)}</text>"
    )


def path(d: str, *, width: float = 1.5, ink: str = INK, dashes: str = "") -> str:
    """A line without an inside."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{d}" fill="none" stroke="{ink}" stroke-width="{width:g}"{dashed}/>'


def drawing(name: str, width: float, height: float, title: str, description: str, parts: Sequence[str]) -> str:
    """A whole picture on white ground, as wide as it may become; `name` tells it from others on the same page."""
    size = f"{width:.0f} {height:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{width:.0f}" height="{height:.0f}" '
        f'role="img" aria-labelledby="{name}-title {name}-desc" font-family="{FONT}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )
