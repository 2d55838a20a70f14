"""Compare texts word by word: what a clause must say, with its blanks, and what a paper says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from engine.agreements.passages import Passage, Piece
from engine.papers.tidy import anchor_name
from engine.papers.tree import Blank, Footnote, Line

Kind = Literal["same", "lacking", "added", "filled"]

_WORD = re.compile(r"\w+(?:[-'](?:\s+(?=\w))?\w+)*|[^\w\s]")
_PROMPT = re.compile(r"\[to be completed(?:: (?:\(\d+\) )?((?:[^\[\]]|\[[^\[\]]*\])*))?\]")
_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None),
    }
)
_MOST = 1_000
"""Of a clause, four times the words it must have and so many more are compared; the rest is cut off."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or sign as it was written, and as it is compared: without regard to case, hyphens and kinds of quotes."""

    text: str
    key: str
    joined: bool = False
    """Whether it stands without a space after the word before."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A blank: in the clause as it must read, or in the paper as it is. There, `text` is what was filled in."""

    name: str
    label: str = ""
    text: str = ""
    key: str = "\x00"
    joined: bool = False


Token = Word | Hole


@dataclass(frozen=True, slots=True)
class Change:
    """A run of words: the same, lacking from the paper, added in it, or what fills a blank (`label`)."""

    kind: Kind
    text: str
    label: str = ""


def plain(text: str) -> str:
    """The text with one kind of quote, hyphen and space."""
    return unicodedata.normalize("NFKC", text).translate(_SAME)


def words_of(text: str) -> list[Token]:
    """The words and signs of a text."""
    found: list[Token] = []
    text, end = plain(text), -1
    for match in _WORD.finditer(text):
        key = re.sub(r"-\s*", "", match[0]).casefold() or "-"
        found.append(Word(" ".join(match[0].split()), key, joined=match.start() == end))
        end = match.end()
    return found


def expected(texts: Iterable[Line]) -> list[Token]:
    """What a clause must say."""
    found: list[Token] = []
    for line in texts:
        for part in line:
            if isinstance(part, Blank):
                found.append(Hole(anchor_name(part.name) if part.name else "", part.label))
            elif not isinstance(part, Footnote):
                found += words_of(part.text)
    return found


def written(passages: Iterable[Passage]) -> list[Token]:
    """What passages of a paper say. A field that was filled is one token with its words."""
    found: list[Token] = []
    for passage in passages:
        for piece in _merged(passage.pieces):
            if piece.blank:
                asked = _PROMPT.search(plain(piece.text))
                text = "" if piece.empty else _PROMPT.sub("", plain(piece.text)).strip()
                found.append(Hole(piece.blank, asked[1] or "" if asked else "", text))
                continue
            at = 0
            for prompt in _PROMPT.finditer(plain(piece.text)):
                found += [*words_of(plain(piece.text)[at : prompt.start()]), Hole("", prompt[1] or "")]
                at = prompt.end()
            found += words_of(plain(piece.text)[at:])
    return found


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces side by side in one field, or in none, as one: word processors break text anywhere."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].blank == piece.blank:
            last = merged.pop()
            piece = Piece(last.text + piece.text, piece.blank, last.empty or piece.empty)
        merged.append(piece)
    return merged


def compare(wanted: Sequence[Token], found: Sequence[Token]) -> tuple[Change, ...]:
    """The paper's words against the clause's: only `same` and `filled` where the paper has what it must."""
    return _fitted(wanted, found) or tuple(_difference(wanted, found[: 4 * len(wanted) + _MOST]))


def intact(changes: Iterable[Change]) -> bool:
    """Whether nothing is lacking or added."""
    return all(change.kind in ("same", "filled") for change in changes)


def _fitted(wanted: Sequence[Token], found: Sequence[Token]) -> tuple[Change, ...]:
    """The changes where the words are the same, and only blanks differ; else nothing."""
    changes: list[Change] = []
    at = 0
    for hole, literal, is_last in _segments(wanted):
        end = at
        if hole is not None:
            if at < len(found) and isinstance(found[at], Hole):
                end = at + 1
            else:
                end = _find(literal, found, at, at_end=is_last)
            if end < 0:
                return ()
            changes.append(Change("filled", filling(found[at:end]), hole.label))
        if [token.key for token in found[end : end + len(literal)]] != [token.key for token in literal]:
            return ()
        at = end + len(literal)
        if literal:
            changes.append(Change("same", said(found[end:at])))
    return tuple(changes) if at == len(found) else ()


def _segments(wanted: Sequence[Token]) -> list[tuple[Hole | None, list[Token], bool]]:
    """The blanks, each with the words that follow; first the words before any blank."""
    segments: list[tuple[Hole | None, list[Token]]] = [(None, [])]
    for token in wanted:
        if isinstance(token, Hole):
            segments.append((token, []))
        else:
            segments[-1][1].append(token)
    return [(hole, literal, i == len(segments) - 1) for i, (hole, literal) in enumerate(segments)]


def _find(literal: Sequence[Token], found: Sequence[Token], start: int, *, at_end: bool) -> int:
    """Where the words stand next, or at the very end; -1 where they do not."""
    keys = [token.key for token in literal]
    if at_end:
        at = len(found) - len(keys)
        return at if at >= start and [token.key for token in found[at:]] == keys else -1
    for at in range(start, len(found) - len(keys) + 1):
        if found[at : at + 1] and found[at].key == keys[0] and [t.key for t in found[at : at + len(keys)]] == keys:
            return at
    return -1


def _difference(wanted: Sequence[Token], found: Sequence[Token]) -> Iterable[Change]:
    matcher = SequenceMatcher(None, [token.key for token in wanted], [token.key for token in found], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield from _same(wanted[a:b], found[c:d])
            continue
        holes = [token for token in wanted[a:b] if isinstance(token, Hole)]
        if holes and len(holes) == b - a:
            yield Change("filled", filling(found[c:d]), ", ".join(hole.label for hole in holes))
            continue
        if b > a:
            yield Change("lacking", said(wanted[a:b]))
        if d > c:
            yield Change("added", said(found[c:d]))


def _same(wanted: Sequence[Token], found: Sequence[Token]) -> Iterable[Change]:
    """Runs of the same words; blanks among them stand for themselves."""
    start = 0
    for i, (token, paper) in enumerate(zip(wanted, found, strict=True)):
        if isinstance(token, Hole):
            if start < i:
                yield Change("same", said(found[start:i]))
            yield Change("filled", paper.text, token.label)
            start = i + 1
    if start < len(found):
        yield Change("same", said(found[start:]))


def said(tokens: Sequence[Token]) -> str:
    """Words as they read."""
    parts = [f"{'' if token.joined else ' '}{_shown(token)}" for token in tokens]
    return "".join(parts).strip()


def filling(tokens: Sequence[Token]) -> str:
    """What stands in a blank; nothing where it is still open."""
    return said([token for token in tokens if isinstance(token, Word) or token.text])


def _shown(token: Token) -> str:
    if isinstance(token, Word):
        return token.text
    return token.text or f"[{token.label or 'blank'}]"


def likeness(wanted: Sequence[Token], found: Sequence[Token]) -> float:
    """How much two texts have in common, from 0 to 1."""
    keys = [t.key for t in wanted], [t.key for t in found[: 4 * len(wanted) + _MOST]]
    return SequenceMatcher(None, *keys, autojunk=False).ratio()
