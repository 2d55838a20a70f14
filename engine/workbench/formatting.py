"""Lay out policy, case and request files in one style: keys in order, two spaces, flow where it fits, 120 columns.

A text is laid out anew from the parser's events, comments and all, and then compared with what stood there: the same
data, the same order of names, the same comments. What authors choose with reason stays theirs: single blank lines, the
breaks of folded text, whether something short is written in brackets.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from engine.cases import case_files
from engine.documents import CannotDo, Document, DocumentProblems, Mark, Problem, parse, read
from engine.sources import INDENT, WIDTH, Node, foldable, folded, quoted, read_source


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file as it stands and as it is laid out."""

    path: Path
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the layout differs from what stands there."""
        return self.before != self.after

    def difference(self) -> str:
        """The change as a unified diff."""
        before, after = (text.splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(unified_diff(before, after, str(self.path), str(self.path)))


def format_files(paths: Iterable[Path]) -> list[Formatted]:
    """The layout of the files at or below some paths; files of other kinds in a folder are left out.

    Raises `DocumentProblems` with every problem of every file, and `CannotDo` as `format_text` does.
    """
    found: list[Formatted] = []
    problems: list[Problem] = []
    for path in paths:
        for file in case_files([path]):
            try:
                document = read(file)
                if kind_of(document) or file == path:
                    document.check()
                    found.append(_format_file(file))
            except DocumentProblems as error:
                problems += error.problems
    if problems:
        raise DocumentProblems(problems)
    return found


def _format_file(path: Path) -> Formatted:
    text = path.read_bytes().decode("utf-8-sig")
    return Formatted(path, text, format_text(text, str(path)))


def format_text(text: str, file: str = "<text>") -> str:
    """The layout of a policy, case or request document.

    Raises `DocumentProblems` if it cannot be read or is none of these, `CannotDo` if it would not read the same.
    """
    text = text.replace("\r\n", "\n")
    before = parse(text, file)
    kind = kind_of(before)
    if not kind:
        message = "is no policy, request or case file"
        help_line = f"its first key should be one of: {', '.join(_DOCUMENTS)}"
        raise DocumentProblems([Problem(file, Mark(1, 1), "unknown-document", message, help=help_line)])
    for ordered in (True, False):  # what holds an anchor cannot move behind its alias: such a file keeps its order
        after = _Layout(text, ordered=ordered).document(kind)
        if _reads_the_same(before, text, after, kind):
            return after
    raise CannotDo(f"{file} cannot be laid out without changing what it says; lay it out by hand")


def kind_of(document: Document) -> str:
    """Which kind of document that can be laid out this is, by its first key; empty for any other."""
    first = next(iter(document.data), "") if isinstance(document.data, dict) else ""
    return first if first in _DOCUMENTS else ""


def _reads_the_same(before: Document, text: str, laid_out: str, kind: str) -> bool:
    try:
        after = parse(laid_out, before.file)
    except DocumentProblems:
        return False
    same_data = _meaning(before.data, kind) == _meaning(after.data, kind) and kind_of(after) == kind
    return same_data and _comments(text) == _comments(laid_out)


def _meaning(data: Any, kind: str) -> Any:
    """The data with their types; keys in the order written, except where it means nothing."""
    if isinstance(data, dict):
        pairs = [(key, _meaning(value, _below(kind, key))) for key, value in data.items()]
        return (dict, dict(pairs) if kind in _ORDERS else pairs)
    if isinstance(data, list):
        return [_meaning(item, kind) for item in data]
    return (type(data), data)


def _comments(text: str) -> Counter[str]:
    return Counter(comment.text for comment in read_source(text).comments.values())


# The order of keys ----------------------------------------------------------------------------------------------------

_ORDERS = {
    "vocabulary": "vocabulary facts instruments restrictions events persons exclusive definitions",
    "framework": "framework title authority note=in_force codes facts * penalties exhibits",
    "clauses": "clauses=elements",
    "deployment": "deployment title hub home elements bodies agencies facts catalogue rules agreement",
    "cases": "cases",
    "request": "request title deployment date purpose facts parties=hubs datasets flows * agreement",
    "fact": "type optional=towards=derived question asked_of change codes=cite=note",
    "instrument": "title cite note",
    "restriction": "says cite checked note",
    "rule": "title says cite checked note=in_force=when attaches requires",
    "requirement": "clause=instrument=step=set *",
    "step": "says *",
    "dates": "from until",
    "clause": "title element text asks",
    "element": "title party",
    "agency": "name kind facts",
    "agreement": "title memorandum note recitals definitions exhibits signed_by",
    "memorandum": "name short article note",
    "passage": "text only",
    "meaning": "means only",
    "exhibit": "title letter for=each=only note text fields tables clauses if_agreed signed_by",
    "row": "agency program category element is because",
    "party": "name kind facts",
    "dataset": "owner=from description categories elements facts",
    "flow": "id from to carries form purpose request facts",
    "case": "id title source *",
    "source": "citation url",
    "expected": "outcome ready missing findings flows",
    "finding": "outcome *",
}
"""The keys of known mappings in order. Those joined by `=`, and those that `*` stands for, stay as they are written."""

_DOCUMENTS = ("vocabulary", "framework", "clauses", "deployment", "cases", "request")
_SECTIONED = ("vocabulary", "framework", "deployment")
"""Documents with a blank line before each section."""

_LAW = {
    "facts": "{fact}", "instruments": "{instrument}", "restrictions": "{restriction}",
    "definitions": "{rule}", "steps": "{step}", "sets": "{requirement}", "applies": "rule", "bars": "{rule}",
    "bases": "{rule}", "requires": "requirement", "penalties": "{rule}", "in_force": "dates", "exhibits": "exhibit",
}  # fmt: skip
_DUTY = {"in_force": "dates"}
_BELOW: Mapping[str, Mapping[str, str]] = {
    "vocabulary": _LAW,
    "framework": _LAW,
    "rule": {"requires": "requirement", **_DUTY},
    "requirement": _DUTY,
    "step": _DUTY,
    "clauses": {"clauses": "{clause}", "elements": "{element}"},
    "deployment": {
        "elements": "{element}",
        "agencies": "{agency}",
        "catalogue": "row",
        "rules": "framework",
        "agreement": "agreement",
    },
    "agreement": {"memorandum": "memorandum", "recitals": "passage", "definitions": "{meaning}", "exhibits": "exhibit"},
    "request": {"parties": "{party}", "datasets": "{dataset}", "flows": "flow", "outputs": "flow", "term": "dates"},
    "cases": {"cases": "case"},
    "case": {"source": "source", "request": "request", "expect": "expected"},
    "expected": {"findings": "{finding}", "flows": "{{finding}}"},
}
"""What stands below the keys of known mappings. `{fact}` is a mapping of names to facts, in the author's order."""


def _below(kind: str, key: str) -> str:
    if kind.startswith("{"):
        return kind[1:-1]
    return _BELOW.get(kind, {}).get(key, "")


def _rank(kind: str, key: str) -> int:
    groups = [group.split("=") for group in _ORDERS.get(kind, "*").split()]
    others = next((i for i, group in enumerate(groups) if "*" in group), len(groups))
    return next((i for i, group in enumerate(groups) if key in group), others)


# The layout -----------------------------------------------------------------------------------------------------------


class _Layout:
    def __init__(self, text: str, *, ordered: bool) -> None:
        self.source = source = read_source(text)
        self.lines, self.root, self.comments = source.lines, source.root, source.comments
        self.ordered = ordered

    def document(self, kind: str) -> str:
        """The whole text. What stands above the first key stays at the top."""
        begins = self.root.start.line
        body = self.value(self.root, 0, "", kind, begins, len(self.lines))
        lines = [*self.between(0, begins, 0), *body]
        return "\n".join(lines).strip("\n") + "\n"

    def value(self, node: Node, indent: int, head: str, kind: str, begins: int, until: int) -> list[str]:
        """The lines of a value behind its key or dash (`head`), which stands on one line; it is over before another."""
        if node.is_block:
            return self.collection(node, indent, head, kind, begins, until)
        above = self.between(begins, node.start.line, indent)
        after = self.between(node.end.line + 1, until, indent + INDENT)
        notes = [at for at in range(node.start.line, node.end.line + 1) if at in self.comments]
        beside = node.start.line if node.is_block_text else node.end.line
        plain = notes in ([], [beside])  # with comments between brackets the lines stay as they are
        lines = self.leaf(node, indent, head, kind) if plain else self.as_written(node, indent, head)
        if beside in notes:
            lines[0 if node.is_block_text or lines[0].endswith(">-") else -1] += self.note(beside)
        return [*above, *lines, *after]

    def collection(self, node: Node, indent: int, head: str, kind: str, begins: int, until: int) -> list[str]:
        """The same for a collection without brackets."""
        if not head:
            return self.block(node, indent, kind, begins, until)
        note = self.note(begins) if begins in self.comments and begins < node.children[0].start.line else ""
        if head.endswith(":"):
            inner = indent + (0 if kind == "case" else INDENT)  # the list of cases is not indented
            title = f"{head} {node.anchor}".rstrip() + note
            return [title, *_without_blanks(self.block(node, inner, kind, begins + 1, until))]
        lines = _without_blanks(self.block(node, indent + INDENT, kind, begins + 1, until))
        above = next(i for i, line in enumerate(lines) if not line.lstrip().startswith("#"))
        lead = [" " * indent + line.lstrip() for line in (note, *lines[:above]) if line]
        if node.anchor:
            return [*lead, f"{head} {node.anchor}".rstrip(), *lines[above:]]
        return [*lead, f"{head} {lines[above].lstrip()}", *lines[above + 1 :]]

    def block(self, node: Node, indent: int, kind: str, begins: int, until: int) -> list[str]:
        """The entries of a collection without brackets, each with the comments above it."""
        entries = node.entries()
        starts = [key.start if key else self.source.dash(value) for key, value in entries]
        column = starts[0].column
        leads = [min(begins, starts[0].line)]
        for (_, before), start in zip(entries, starts[1:], strict=False):
            leads.append(self.divide(before.end.line + 1, start.line, column))
        tail = self.divide(node.end.line + 1, until, column)
        parts: list[tuple[int, list[str]]] = []
        for (key, value), start, lead, end in zip(entries, starts, leads, [*leads[1:], tail], strict=True):
            head = " " * indent + (f"{self.one_line(key, '')}:" if key else "-")
            kind_below = _below(kind, key.event.value) if key else kind
            above = self.between(lead, start.line, indent)
            body = self.value(value, indent, head, kind_below, start.line, end)
            if node is self.root and kind in _SECTIONED and parts and len(body) > 1 and "" not in above:
                above.insert(0, "")
            parts.append((_rank(kind, key.event.value) if key and self.ordered else 0, [*above, *body]))
        parts.sort(key=lambda part: part[0])
        return [line for _, lines in parts for line in lines] + self.between(tail, until, indent)

    def divide(self, start: int, end: int, column: int) -> int:
        """The line between two entries from which comments belong to the second: those not indented more than it."""
        cut = next((at for at in range(start, end) if at in self.comments and self.comments[at].column <= column), end)
        while cut > start and not self.lines[cut - 1].strip():
            cut -= 1
        return cut

    def between(self, start: int, end: int, indent: int) -> list[str]:
        """The comments from one line to before another, and where there are blank lines, one of them."""
        kept = [at for at in range(start, end) if at in self.comments or not self.lines[at].strip()]
        lines = [" " * indent + self.comments[at].text if at in self.comments else "" for at in kept]
        return [line for i, line in enumerate(lines) if line or not i or lines[i - 1]]

    def note(self, at: int) -> str:
        """The comment at the end of a line, as far from what it follows as it was written."""
        code = self.lines[at][: self.comments[at].column]
        return " " * max(2, len(code) - len(code.rstrip())) + self.comments[at].text

    # Values on one line, or on several

    def leaf(self, node: Node, indent: int, head: str, kind: str) -> list[str]:
        if node.is_block_text:
            return self.block_text(node, indent, head)
        text = self.one_line(node, kind)
        if text is not None and len(head) + 1 + len(text) <= WIDTH:
            return [f"{head} {text}".rstrip()]
        if node.is_scalar and foldable(node.event.value):
            return [f"{head} {node.anchor}>-", *folded(node.event.value, indent + INDENT)]
        if node.is_collection and text is not None:
            if head.endswith(":") and indent + INDENT + len(text) <= WIDTH:
                return [head, " " * (indent + INDENT) + text]
            return self.wrapped(node, head, kind)
        return self.as_written(node, indent, head)

    def block_text(self, node: Node, indent: int, head: str) -> list[str]:
        note = self.comments.get(node.start.line)
        header = self.lines[node.start.line][node.start.column : note.column if note else None].strip()
        body = textwrap.dedent("\n".join(self.lines[node.start.line + 1 : node.end.line + 1])).split("\n")
        lines = [" " * (indent + INDENT) + line if line.strip() else "" for line in body]
        if header.endswith(">-") and max(map(len, lines)) > WIDTH and foldable(node.event.value):
            lines = folded(node.event.value, indent + INDENT)
        return [f"{head} {header}", *lines]

    def as_written(self, node: Node, indent: int, head: str) -> list[str]:
        """The lines of a value as they are, moved to the side as a whole."""
        lines = self.lines[node.start.line : node.end.line + 1]
        lines[-1] = lines[-1][: node.end.column]
        first, rest = lines[0][node.start.column :], textwrap.dedent("\n".join(lines[1:]))
        moved = [" " * (indent + INDENT) + line for line in rest.split("\n") if lines[1:]]
        return [line.rstrip() for line in (f"{head} {first}", *moved)]

    def one_line(self, node: Node, kind: str, *, in_brackets: bool = False) -> str | None:
        """A value on one line; None for text that has lines of its own."""
        if node.is_scalar:
            text = quoted(node.event.value, in_brackets=in_brackets, was_plain=node.event.style not in ("'", '"'))
        elif node.is_collection:
            pieces = [piece for _, piece in self.pieces(node, kind)]
            text = None if None in pieces else _in_brackets(node, ", ".join(map(str, pieces)))
        else:
            return f"*{node.event.anchor}"
        return None if text is None else node.anchor + text

    def pieces(self, node: Node, kind: str) -> list[tuple[Node, str | None]]:
        """The entries of a collection in brackets, in order: each value, and the entry on one line."""
        found = []
        for key, value in node.entries():
            name = key.event.value if key else ""
            text = self.one_line(value, _below(kind, name) if key else kind, in_brackets=True)
            if key and text is not None:
                text = f"{self.one_line(key, '', in_brackets=True)}: {text}".rstrip()
            found.append((_rank(kind, name) if key and self.ordered else 0, value, text))
        return [(value, text) for _, value, text in sorted(found, key=lambda item: item[0])]

    def wrapped(self, node: Node, head: str, kind: str) -> list[str]:
        """A collection in brackets that needs several lines: as many entries on each as fit."""
        opening, closing = _in_brackets(node, " ").split(" ")
        lines = [f"{head} {node.anchor}{opening}"]
        column = len(lines[0])
        pieces = [str(piece) for _, piece in self.pieces(node, kind)]
        for i, piece in enumerate(pieces):
            end = closing if i == len(pieces) - 1 else ","
            if i and len(lines[-1]) + 1 + len(piece) + len(end) > WIDTH:
                lines.append(" " * column + piece + end)
            else:
                lines[-1] += f"{' ' if i else ''}{piece}{end}"
        return lines


def _in_brackets(node: Node, content: str) -> str:
    return f"{{{content}}}" if node.is_map else f"[{content}]"


def _without_blanks(lines: list[str]) -> list[str]:
    """The lines from the first that is not blank."""
    first = next((i for i, line in enumerate(lines) if line), len(lines))
    return lines[first:]
