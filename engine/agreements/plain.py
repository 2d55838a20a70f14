"""Read the passages of an HTML page or a Markdown text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from engine.agreements.passages import MAX_DEPTH, Anchors, Passage, Piece, Written
from engine.documents import CannotDo

_BLOCKS = frozenset(
    ("p", "div", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "caption", "section", "article",
     "header", "main", "tr", "table", "ul", "ol", "dl", "blockquote", "pre")
)  # fmt: skip
_SILENT = frozenset({"script", "style", "head", "aside", "sup", "nav", "template", "svg"})
_REMOVED, _INSERTED = "del", "ins"
_NOTES = ("doc-footnote", "doc-noteref", "doc-backlink")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
_NOTE = re.compile(r"\[\^[^\]]*\]:?")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LEADING = re.compile(r"^\s*(#{1,6}\s+|[-*+]\s+|\d+[.)]\s+|>\s?)+")


def read_html(text: str, anchors: Anchors) -> Written:
    """The passages of a page; an `id` marks what stands inside its element."""
    accepted, rejected = _Page(anchors, _REMOVED), _Page(anchors, _INSERTED)
    passages = accepted.read(text)
    return Written(passages, rejected.read(text) if accepted.tracked else None)


class _Page(HTMLParser):
    """Reads a page without what stands in the marked changes of one kind."""

    def __init__(self, anchors: Anchors, unread: str) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors, self.unread = anchors, unread
        self.passages = [Passage()]
        self.path: list[tuple[str, str, bool]] = []
        self.tracked = False

    def read(self, text: str) -> tuple[Passage, ...]:
        self.feed(text)
        self.close()
        return tuple(passage for passage in self.passages if passage.text.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tracked |= tag in (_INSERTED, _REMOVED)
        if tag in _BLOCKS and self.path and self.path[-1][0] == "p":
            self.path.pop()  # a paragraph ends where another block begins
        if len(self.path) >= MAX_DEPTH:
            raise CannotDo("the page is nested deeper than any agreement")
        if tag not in _VOID:
            known = dict(attrs)
            silent = tag in _SILENT or tag == self.unread or known.get("role") in _NOTES
            self.path.append((tag, known.get("id") or "", silent))
        if tag in _BLOCKS:
            self.turn()
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        at = next((i for i in range(len(self.path) - 1, -1, -1) if self.path[i][0] == tag), None)
        if at is not None:
            del self.path[at:]
        if tag in _BLOCKS:
            self.turn()

    def turn(self) -> None:
        """What follows is another passage."""
        named = (self.anchors[name] for _, name, _ in reversed(self.path) if name in self.anchors)
        self.passages.append(Passage(anchor=next(named, "")))

    def handle_data(self, data: str) -> None:
        if not any(silent for _, _, silent in self.path):
            self.passages[-1].pieces.append(Piece(data))


def read_markdown(text: str) -> Written:
    """The passages of a Markdown text: blocks between empty lines, and the cells of tables."""
    passages = []
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip().splitlines()
        if block.lstrip().startswith("|"):
            parts = [cell for row in lines for cell in re.split(r"(?<!\\)\|", row) if cell.strip(" -:")]
        elif all(_LEADING.match(line) for line in lines):
            parts = lines
        else:
            parts = [" ".join(lines)]
        passages += [Passage([Piece(_bare(part))]) for part in parts]
    return Written(tuple(passage for passage in passages if passage.text.strip()))


def _bare(text: str) -> str:
    """The text without its marks."""
    text = _TAG.sub("", _NOTE.sub("", _LEADING.sub("", text)))
    text = re.sub(r"(?<!\\)(\*\*|__|`)", "", text)
    return _ESCAPED.sub(r"\1", text)
