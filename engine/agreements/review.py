"""Hold a paper against the decision: which required clauses it contains, has altered or lacks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from engine.agreements.contents import AgreedClause, agreed_clauses, refuse_denied
from engine.agreements.differences import (
    Change,
    Hole,
    Token,
    compare,
    expected,
    intact,
    likeness,
    words_of,
    written,
)
from engine.agreements.passages import Passage, Written
from engine.agreements.wording import Wording
from engine.decisions import Decision
from engine.documents import CannotDo

State = Literal["contained", "altered", "lacking"]
Found = Literal["anchor", "wording", ""]

MAX_WORDS = 500_000
_ALIKE = 0.6
_ALIKE_UNDER_ITS_HEADING = 0.35
_MOST_WINDOW = 3
_MUCH_LONGER = 5
_TELLING_WORDS = 8
_LONGEST_FILL = 8_000
"""How many characters may fill a blank of a clause that no anchor marks."""
_MOST_PLACES = 200


@dataclass(frozen=True, slots=True)
class ClauseReview:
    """One required clause. `found_by` says how it was found, `changes` hold its words in the paper.

    All is said as if tracked changes were accepted; `rejected` is the clause without them, where they touch it.
    """

    clause: AgreedClause
    state: State
    found_by: Found
    changes: tuple[Change, ...] = ()
    rejected: ClauseReview | None = None

    @property
    def settled(self) -> bool:
        """Whether the paper contains it, whatever becomes of tracked changes."""
        return self.state == "contained" and (self.rejected is None or self.rejected.state == "contained")

    @property
    def open_blanks(self) -> tuple[str, ...]:
        """The blanks that nobody has filled."""
        return tuple(change.label for change in self.changes if change.kind == "filled" and not change.text)

    @property
    def fills(self) -> tuple[tuple[str, str], ...]:
        """The blanks with what was filled in."""
        return tuple((c.label, c.text) for c in self.changes if c.kind == "filled" and c.text)


@dataclass(frozen=True, slots=True)
class Review:
    """A paper against what the decision demands.

    `unasked` are clauses of the library in the paper that no rule demands here; `open_elsewhere` are the blanks outside
    the clauses; `anchored` says whether the paper marks its clauses at all.
    """

    clauses: tuple[ClauseReview, ...]
    unasked: tuple[tuple[str, str], ...]
    open_elsewhere: tuple[str, ...]
    tracked: bool
    anchored: bool

    @property
    def whole(self) -> bool:
        """Whether the paper contains every required clause, whatever becomes of tracked changes."""
        return all(clause.settled for clause in self.clauses)

    def count(self, state: State) -> int:
        """How many clauses are in a state."""
        return sum(clause.state == state for clause in self.clauses)


def review(decision: Decision, paper: Written) -> Review:
    """Hold a paper against a decision. Raises `CannotDo` for a denied request."""
    refuse_denied(decision)
    wanted = agreed_clauses(decision, Wording(decision))
    library = decision.policies.clauses
    clauses = _judged(wanted, paper.passages)
    if paper.rejected is not None:
        before = _judged(wanted, paper.rejected)
        clauses = tuple(
            after if (after.state, after.changes) == (then.state, then.changes) else replace(after, rejected=then)
            for after, then in zip(clauses, before, strict=True)
        )
    required = {clause.name for clause in wanted}
    anchored = _anchored(paper.passages)
    return Review(
        clauses=clauses,
        unasked=tuple((name, library[name].title) for name in anchored if name not in required),
        open_elsewhere=_open(passage for passage in paper.passages if passage.anchor not in required),
        tracked=paper.tracked,
        anchored=bool(anchored),
    )


def _judged(wanted: Sequence[AgreedClause], passages: Sequence[Passage]) -> tuple[ClauseReview, ...]:
    """Each clause as the passages have it: where anchors mark it, else where its wording is found."""
    anchored = _anchored(passages)
    found = {clause.name: _by_anchor(clause, anchored.get(clause.name, [])) for clause in wanted}
    missing = [clause for clause in wanted if found[clause.name] is None]
    seen = [clause for clause in wanted if found[clause.name] is not None]
    found |= _Search(passages).look_for(missing, seen)
    return tuple(found[clause.name] or ClauseReview(clause, "lacking", "") for clause in wanted)


def _open(passages: Iterable[Passage]) -> tuple[str, ...]:
    """The blanks that nobody has filled, each once."""
    holes = [token for token in written(passages) if isinstance(token, Hole) and not token.text]
    return tuple(dict.fromkeys(hole.label or hole.name.replace("-", " ") or "blank" for hole in holes))


# By anchor ------------------------------------------------------------------------------------------------------------


def _anchored(passages: Iterable[Passage]) -> dict[str, list[tuple[Passage, ...]]]:
    """The runs of passages that are marked as a clause, by its name."""
    runs: dict[str, list[tuple[Passage, ...]]] = {}
    for name, run in groupby(passages, key=lambda passage: passage.anchor):
        if name:
            runs.setdefault(name, []).append(tuple(run))
    return runs


def _by_anchor(clause: AgreedClause, runs: Sequence[tuple[Passage, ...]]) -> ClauseReview | None:
    """The clause as its anchors hold it; where it stands more than once, where it is most itself."""
    if not runs:
        return None
    tokens = expected(clause.texts)
    papers = [written(run) for run in runs]
    best = max(papers, key=lambda paper: likeness(tokens, paper)) if len(papers) > 1 else papers[0]
    return _reviewed(clause, "anchor", compare(tokens, best))


def _reviewed(clause: AgreedClause, found_by: Found, changes: tuple[Change, ...]) -> ClauseReview:
    return ClauseReview(clause, "contained" if intact(changes) else "altered", found_by, changes)


# By wording -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Search:
    """The words of a paper, to be searched for clauses that no anchor marks."""

    passages: Sequence[Passage]
    tokens: list[Token] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    keys: str = ""
    places: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for passage in self.passages:
            self.starts.append(len(self.tokens))
            self.tokens += written([passage])
        if len(self.tokens) > MAX_WORDS:
            raise CannotDo(f"the paper has more than {MAX_WORDS:,} words, which no agreement has")
        parts = [" "]
        at = 1
        for token in self.tokens:
            self.places.append(at)
            parts.append(f"{token.key} ")
            at += len(token.key) + 1
        self.keys = "".join(parts)

    def look_for(self, missing: Sequence[AgreedClause], seen: Sequence[AgreedClause]) -> dict[str, ClauseReview | None]:
        """The clauses that are missing so far, as far as their wording is found."""
        taken = {i for i, passage in enumerate(self.passages) if passage.anchor}
        exact: dict[tuple[str, int], tuple[Change, ...]] = {}
        for clause in (*missing, *seen):
            for number, text in enumerate(clause.texts):
                if (span := self.exactly(expected([text]))) is not None:
                    taken |= self.passages_in(*span)
                    exact[clause.name, number] = compare(expected([text]), self.tokens[slice(*span)])
        index = self.index(taken)
        return {clause.name: self.clause(clause, exact, index, taken) for clause in missing}

    def clause(
        self,
        clause: AgreedClause,
        exact: dict[tuple[str, int], tuple[Change, ...]],
        index: dict[str, set[int]],
        taken: set[int],
    ) -> ClauseReview | None:
        changes: list[Change] = []
        somewhere = False
        for number, text in enumerate(clause.texts):
            tokens = expected([text])
            found = exact.get((clause.name, number)) or self.nearly(clause.title, tokens, index, taken)
            somewhere |= found is not None
            changes += found if found is not None else compare(tokens, [])
        return _reviewed(clause, "wording", tuple(changes)) if somewhere else None

    def exactly(self, wanted: Sequence[Token]) -> tuple[int, int] | None:
        """Where the words stand as they must, with the least in the blanks: the first token and the one after the last.

        What a blank may hold is bounded, so that two clauses with the same beginning are not taken for one.
        """
        pieces = [""]
        for token in wanted:
            pieces = [*pieces, ""] if isinstance(token, Hole) else [*pieces[:-1], f"{pieces[-1]}{token.key} "]
        literals = [piece for piece in pieces if piece]
        spans = list(self.spans(literals)) if literals else []
        if not spans:
            return None
        start, end = min(spans, key=lambda span: (span[1] - span[0], span))
        return bisect_left(self.places, start), bisect_left(self.places, end) + self.last_blank(pieces, end)

    def spans(self, literals: Sequence[str]) -> Iterator[tuple[int, int]]:
        """The places where some runs of words follow each other, in characters."""
        at = -1
        for _ in range(_MOST_PLACES):
            at = self.keys.find(f" {literals[0]}", at + 1)
            if at < 0:
                return
            end: int = at + 1 + len(literals[0])
            for literal in literals[1:]:
                next_at = self.keys.find(f" {literal}", end - 1, end + _LONGEST_FILL + len(literal))
                if next_at < 0:
                    break
                end = next_at + 1 + len(literal)
            else:
                yield at + 1, end

    def last_blank(self, pieces: Sequence[str], end: int) -> int:
        """How many tokens fill a blank that ends the text: a field, or the rest of the passage."""
        if pieces[-1]:
            return 0
        at = bisect_left(self.places, end)
        if at < len(self.tokens) and isinstance(self.tokens[at], Hole):
            return 1
        passage = bisect_right(self.starts, max(at - 1, 0)) - 1
        stop = self.starts[passage + 1] if passage + 1 < len(self.starts) else len(self.tokens)
        return max(stop - at, 0)

    def passages_in(self, start: int, end: int) -> set[int]:
        """The passages that hold some tokens."""
        return set(range(bisect_right(self.starts, start) - 1, bisect_right(self.starts, max(end - 1, start))))

    def index(self, taken: set[int]) -> dict[str, set[int]]:
        """Which free passages hold a word."""
        index: dict[str, set[int]] = {}
        for number in range(len(self.passages)):
            if number not in taken:
                for token in self.of(number):
                    index.setdefault(token.key, set()).add(number)
        return index

    def of(self, passage: int) -> list[Token]:
        stop = self.starts[passage + 1] if passage + 1 < len(self.starts) else len(self.tokens)
        return self.tokens[self.starts[passage] : stop]

    def nearly(
        self, title: str, wanted: Sequence[Token], index: dict[str, set[int]], taken: set[int]
    ) -> tuple[Change, ...] | None:
        """The words nearest to those wanted, in passages that are nothing else; they are taken then."""
        known = sorted({t.key for t in wanted if t.key in index}, key=lambda key: (len(index[key]), key))
        hits = Counter(number for key in known[:_TELLING_WORDS] for number in index[key] if number not in taken)
        best: tuple[float, range] = (0.0, range(0))
        for number, _ in sorted(hits.items(), key=lambda hit: (-hit[1], hit[0]))[:_TELLING_WORDS]:
            for window in self.windows(number, taken):
                found = [token for i in window for token in self.of(i)]
                score = likeness(wanted, found) if len(found) <= _MUCH_LONGER * (len(wanted) + 10) else 0.0
                needed = _ALIKE_UNDER_ITS_HEADING if self.under(title, window.start) else _ALIKE
                if score >= needed and score > best[0]:
                    best = score, window
        if not best[1]:
            return None
        taken.update(best[1])
        return compare(wanted, [token for i in best[1] for token in self.of(i)])

    def windows(self, number: int, taken: set[int]) -> Iterator[range]:
        """Free passages in a row that begin with one."""
        for size in range(1, _MOST_WINDOW + 1):
            window = range(number, number + size)
            if window.stop > len(self.passages) or not taken.isdisjoint(window):
                return
            yield window

    def under(self, title: str, passage: int) -> bool:
        """Whether the passage before it is the clause's heading, whatever its number and case."""
        keys = [token.key for token in words_of(title)]
        before = [token.key for token in self.of(passage - 1)] if passage else []
        return before[-len(keys) :] == keys and len(before) <= len(keys) + 4
