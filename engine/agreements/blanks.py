"""The places of a paper that are still to be filled in: numbered, and gathered into a list."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from engine.papers.tidy import words
from engine.papers.tree import Blank, Block, Heading


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A blank with its number, and the headings under which it stands. The same name has the same number everywhere."""

    number: int
    name: str
    label: str
    where: tuple[str, ...]


def numbered(blocks: tuple[Block, ...]) -> tuple[tuple[Block, ...], tuple[OpenPlace, ...]]:
    """The blocks with a number before every blank, and the list of the blanks."""
    numbering = _Numbering()
    return numbering.walk(blocks), tuple(numbering.places.values())


class _Numbering:
    def __init__(self) -> None:
        self.places: dict[str, OpenPlace] = {}
        self.heading = ""

    def walk(self, node: Any) -> Any:
        if isinstance(node, tuple):
            return tuple([self.walk(part) for part in node])
        if isinstance(node, Blank):
            return self.blank(node)
        if isinstance(node, Heading) and node.number:
            number = node.number.rstrip(".")
            self.heading = f"{node.number} {words(node.line)}" if node.level == 1 and " " not in number else number
        if not is_dataclass(node) or isinstance(node, type):
            return node
        parts = {f.name: getattr(node, f.name) for f in fields(node) if isinstance(getattr(node, f.name), tuple)}
        return replace(node, **{name: self.walk(part) for name, part in parts.items()}) if parts else node

    def blank(self, blank: Blank) -> Blank:
        name = blank.name or f"place.{len(self.places) + 1}"
        place = self.places.get(name) or OpenPlace(len(self.places) + 1, name, blank.label, ())
        if self.heading not in place.where:
            place = replace(place, where=(*place.where, self.heading))
        self.places[name] = place
        return Blank(f"({place.number}) {blank.label}", name)
