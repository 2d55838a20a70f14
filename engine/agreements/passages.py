"""An agreement as it comes back: its passages in order, whatever kind of file they were in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_DEPTH = 500
"""Nobody vouches for a file: what is nested deeper is refused."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words on a line. `blank` names the field they stand in; `empty` says that the field still shows its prompt."""

    text: str
    blank: str = ""
    empty: bool = False


@dataclass(slots=True)
class Passage:
    """A paragraph, heading or cell; `anchor` names the clause that the file says it is."""

    pieces: list[Piece] = field(default_factory=list)
    anchor: str = ""

    @property
    def text(self) -> str:
        """Everything it says."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says, with its tracked changes as if accepted; `rejected` is the same without them, if it has any."""

    passages: tuple[Passage, ...]
    rejected: tuple[Passage, ...] | None = None

    @property
    def tracked(self) -> bool:
        """Whether it has tracked changes that nobody has accepted or rejected."""
        return self.rejected is not None


Anchors = Mapping[str, str]
"""What content controls, bookmarks and ids are called in a file -> the clause that they mark."""
