"""An agreement as it comes back: its passages in order, whatever kind of file they were in.

Nobody vouches for the file: what is too large, is not what it says it is, or would make a reader fetch or expand
anything is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.documents import CannotDo

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 500


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
    """What a file says, with its tracked changes taken as accepted; `tracked` says that there are some."""

    passages: tuple[Passage, ...]
    tracked: bool = False


Anchors = Mapping[str, str]
"""What content controls, bookmarks and ids are called in a file -> the clause that they mark."""


def read_agreement(path: Path, clauses: Collection[str]) -> Written:
    """The passages of a Word, HTML or Markdown file, in which some clauses may be anchored.

    Raises `CannotDo` where it cannot be read as one.
    """
    readers: dict[str, Callable[[Path, bytes, Collection[str]], Written]] = {
        ".docx": _word, ".html": _html, ".htm": _html, ".md": _markdown, ".markdown": _markdown,
    }  # fmt: skip
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise CannotDo(f"{path} is not read as an agreement; give a file ending in .docx, .html or .md")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CannotDo(f"{path} is larger than {MAX_BYTES // 2**20} MiB")
        content = path.read_bytes()
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    return reader(path, content, clauses)


def _word(path: Path, content: bytes, clauses: Collection[str]) -> Written:
    from engine.agreements.word import read_word
    from engine.papers.word.xml import bookmark, tag

    return read_word(path, content, {mark(name): name for name in clauses for mark in (tag, bookmark)})


def _html(path: Path, content: bytes, clauses: Collection[str]) -> Written:
    from engine.agreements.plain import read_html

    return read_html(_text(path, content), {name: name for name in clauses})


def _markdown(path: Path, content: bytes, clauses: Collection[str]) -> Written:
    from engine.agreements.plain import read_markdown

    return read_markdown(_text(path, content))


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotDo(f"{path} is not text in UTF-8") from None
