"""Citations taken apart, so that all rules that rest on one paragraph stand together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

OTHER = "Other sources"
_WHOLE = re.compile(
    r"""(?:[^;,("]|\([^)]*\)|"[^"]*")+|[,;("]""", re.VERBOSE
)  # a part between commas and semicolons that stand in neither parentheses nor quotes, or one such mark
_LAW = re.compile(
    r"""(?:[Ff]ormer\ )?
        (?P<law> (?:\d+\ )? [A-Z][A-Za-z.]* (?:\ [A-Z][A-Za-z.]*)* )   # "34 CFR", "Public Law"
        \ (?P<section> (?:(?:part|section)s?\ )? \d.* )""",
    re.VERBOSE,
)
_SECTION = re.compile(r"(?:(?:parts?|sections?) )?[\w.:-]*\w")


class Citation(NamedTuple):
    """One paragraph cited: its law ("34 CFR"), its section ("99.35") and the whole ("99.35(a)(3), (b)")."""

    law: str
    section: str
    whole: str

    @property
    def order(self) -> tuple[object, ...]:
        """Laws by name, sections by number."""
        return (self.law == OTHER, _natural(self.law), _natural(self.section), _natural(self.whole))


def citations(text: str) -> Iterator[Citation]:
    """The paragraphs that a `cite` names: "34 CFR 99.31(a)(3), 99.35; 20 U.S.C. 1232g" names three."""
    law = ""
    for part in _split(text, ";"):
        found = _LAW.fullmatch(part)
        if found:
            law = re.sub(r"(?<=[A-Z])\.", "", found["law"])
        elif not (law and part[0].isdigit()):
            yield Citation(OTHER, part, part)
            continue
        for whole in _sections(found["section"] if found else part):
            section = _SECTION.match(whole)
            yield Citation(law, section[0] if section else whole, whole)


def _split(text: str, mark: str) -> list[str]:
    parts = [""]
    for piece in _WHOLE.findall(text):
        if piece == mark:
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


def _sections(text: str) -> list[str]:
    """Sections named after one another; a paragraph "(b)" or other words belong to the section before."""
    sections: list[str] = []
    for part in _split(text, ","):
        if sections and not part[0].isdigit():
            sections[-1] += f", {part}"
        else:
            sections.append(part)
    return sections


def _natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts 9 before 10, and numbers before words."""
    parts = re.findall(r"\d+|\D+", text)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part.casefold()) for part in parts]
