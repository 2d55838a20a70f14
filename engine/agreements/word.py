"""Read the passages of a Word file, event by event, so that its depth and size cost nothing."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from engine.agreements.passages import MAX_DEPTH, Anchors, Passage, Piece, Written
from engine.documents import CannotDo

MAX_XML = 64 * 1024 * 1024
MAX_TAGS = 4_000_000
MAX_BOOKMARKS = 1_000
"""How many may be open at once."""

_REMOVED = frozenset({"del", "moveFrom", "cellDel"})
_INSERTED = frozenset({"ins", "moveTo", "cellIns"})
_PLACES = ("tr", "tc")
_WORDS = ("t", "delText")
_CHARACTERS = {"tab": " ", "br": " ", "cr": " ", "ptab": " ", "noBreakHyphen": "-", "softHyphen": ""}


def read_word(path: Path, content: bytes, anchors: Anchors) -> Written:
    """The passages of a .docx file. Raises `CannotDo` where it is none, or one that nobody writes by hand."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            part = _part(path, package, _main_part(path, package))
            accepted, rejected = _Reader(anchors, _REMOVED), _Reader(anchors, _INSERTED)
            passages = accepted.read(io.BytesIO(part))
            return Written(passages, rejected.read(io.BytesIO(part)) if accepted.tracked else None)
    except _TooMuchError as error:
        raise CannotDo(f"{path} {error}") from None
    except DefusedXmlException:
        raise CannotDo(f"{path} declares entities or a document type, which no word processor writes") from None
    except (zipfile.BadZipFile, KeyError, ParseError, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise CannotDo(f"{path} is not a Word document that can be read (.docx, without a password)") from None


class _TooMuchError(Exception):
    """More than any agreement holds."""


def _part(path: Path, package: zipfile.ZipFile, name: str) -> bytes:
    """A part of the package; what its header says about its size is not believed."""
    with package.open(name) as part:
        found = part.read(MAX_XML + 1)
    if len(found) > MAX_XML:
        raise _TooMuchError(f"unpacks to more than {MAX_XML // 2**20} MiB")
    return found


def _main_part(path: Path, package: zipfile.ZipFile) -> str:
    for relation in fromstring(_part(path, package, "_rels/.rels"), forbid_dtd=True):
        if relation.get("Type", "").endswith("/officeDocument") and relation.get("TargetMode") != "External":
            return posixpath.normpath(str(relation.get("Target", ""))).lstrip("/")
    raise KeyError("no main part")


@dataclass(slots=True)
class _Control:
    """A content control: one that names no clause is a field."""

    tag: str = ""
    prompt: bool = False


class _Reader:
    """Reads a part without what stands in the tracked changes of some kinds."""

    def __init__(self, anchors: Anchors, unread: frozenset[str]) -> None:
        self.anchors, self.unread = anchors, unread
        self.passages: list[Passage] = []
        self.open: list[Passage] = []
        self.controls: list[_Control] = []
        self.bookmarks: dict[str, str] = {}
        self.places: list[tuple[int, bool]] = []
        """The rows and cells around: where the passages of each begin, and whether it goes unread."""
        self.path: list[str] = []
        self.hidden = 0
        self.tracked = False

    def read(self, part: IO[bytes]) -> tuple[Passage, ...]:
        tags = 0
        for event, element in iterparse(part, events=("start", "end"), forbid_dtd=True):
            name = _name(element)
            if event == "start":
                tags += 1
                if len(self.path) >= MAX_DEPTH or tags > MAX_TAGS:
                    raise _TooMuchError("is nested deeper, or has more parts, than any agreement")
                self.begin(name, element)
                self.path.append(name)
            else:
                self.path.pop()
                self.end(name, element)
                element.clear()
        return tuple(passage for passage in self.passages if passage.text.strip())

    def begin(self, name: str, element: Element) -> None:
        self.tracked |= name in _REMOVED or name in _INSERTED
        if self.hides(name):
            self.hidden += 1
            if self.path[-1:] in (["trPr"], ["tcPr"]) and self.places:
                self.places[-1] = (self.places[-1][0], True)
        elif name == "p":
            self.open.append(Passage())
            for mark in (*self.bookmarks.values(), *(control.tag for control in self.controls)):
                self.mark(mark)
        elif name in _PLACES:
            self.places.append((len(self.passages), False))
        elif name == "sdt":
            self.controls.append(_Control())
        elif self.path[-1:] == ["sdtPr"] and self.controls:
            self.property(name, element)
        elif name == "bookmarkStart":
            self.bookmarks[_value(element, "id")] = _value(element, "name")
            if len(self.bookmarks) > MAX_BOOKMARKS:
                raise _TooMuchError("has more bookmarks open at once than any agreement")
            self.mark(_value(element, "name"))
        elif name == "bookmarkEnd":
            self.bookmarks.pop(_value(element, "id"), None)

    def property(self, name: str, element: Element) -> None:
        if name == "tag":
            self.controls[-1].tag = _value(element, "val")
            self.mark(self.controls[-1].tag)
        elif name == "showingPlcHdr":
            self.controls[-1].prompt = _value(element, "val") not in ("0", "false", "off")

    def mark(self, name: str) -> None:
        """The open passage is what a clause's mark says; a content control says it more surely than a bookmark."""
        if self.open and name in self.anchors:
            self.open[-1].anchor = self.anchors[name]

    def end(self, name: str, element: Element) -> None:
        if self.hides(name):
            self.hidden -= 1
        elif name == "p" and self.open:
            self.passages.append(self.open.pop())
        elif name in _PLACES and self.places:
            start, unread = self.places.pop()
            if unread:
                del self.passages[start:]
        elif name == "sdt" and self.controls:
            self.controls.pop()
        elif name in _WORDS:
            self.say(element.text or "")
        elif name in _CHARACTERS and self.path[-1:] == ["r"]:
            self.say(_CHARACTERS[name])

    def hides(self, name: str) -> bool:
        """Whether what stands inside goes unread: a change of those kinds, or what only older programs show."""
        return name in self.unread or name == "Fallback"

    def say(self, text: str) -> None:
        if self.hidden or not self.open or not text:
            return
        field = next((c for c in reversed(self.controls) if c.tag and c.tag not in self.anchors), None)
        self.open[-1].pieces.append(Piece(text, field.tag, field.prompt) if field else Piece(text))


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _value(element: Element, attribute: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == attribute), "")
