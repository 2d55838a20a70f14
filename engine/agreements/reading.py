"""Reading an agreement that comes back as Word, HTML or Markdown.

Nobody vouches for the file: what is too large, is not what it says it is, or would make a reader fetch or expand
anything is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from engine.agreements.passages import Written
from engine.documents import CannotDo

MAX_BYTES = 32 * 1024 * 1024


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
