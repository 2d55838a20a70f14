"""Which open answers are undetermined for certain: those for which facts can be completed in either direction.

Three-valued logic leaves an answer open that may be settled after all: of `A or not A` it says unknown. So every open
answer is tried: values are put in for what is unknown, such as suit a basis or a bar, and the rules are evaluated
again. Where one completion permits and another forbids, the answer is undetermined for certain. What no completion
shows is left to the exact engine. A completion counts only where facts that exclude one another do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from engine.backends.columns.completed import Chosen, completed
from engine.backends.columns.evaluation import Evaluation, evaluate, evaluate_steps
from engine.backends.columns.guesses import Guess, Guesses
from engine.backends.columns.planes import Plane
from engine.backends.columns.program import Program
from engine.backends.columns.table import Table, read_table

Flags = npt.NDArray[np.bool_]
TURNS = (1, 3, 8)
"""How many ways are tried in each direction: few for all requests, more for those that are left."""
REPAIRS = 4
"""How often values are changed that bring facts together which exclude one another."""


def unsettled(evaluation: Evaluation, guesses: Guesses, denied: Flags) -> list[int]:
    """The requests that the exact engine has to decide; of those `denied`, only the findings are in question."""
    table, planes = evaluation.table, evaluation.planes
    pairs = excluded_pairs(evaluation)
    questions = planes.some([*(found.open for found in evaluation.laws), *pairs])
    asked = np.flatnonzero(table.requests_in(questions))
    for turns in TURNS:
        if not len(asked):
            break
        search = _Search(_part(table, asked), guesses, denied[asked])
        search.run(turns)
        asked = asked[search.left()]
    return [int(i) for i in asked]


def excluded_pairs(evaluation: Evaluation) -> list[Plane]:
    """The rows where two facts that exclude one another hold or may hold, for each two."""
    steps, planes = evaluation.steps, evaluation.planes
    return [planes.all([steps[one].possible, steps[other].possible]) for one, other in pairs_of(evaluation.program)]


def pairs_of(program: Program) -> list[tuple[int, int]]:
    """Each two conditions that exclude one another."""
    return [pair for group in program.exclusive for pair in combinations(group, 2)]


def _part(table: Table, requests: npt.NDArray[np.intp]) -> Table:
    """The table of some of the requests."""
    declared = [table.policies.vocabulary[name] for name in table.columns]
    return read_table(table.source.take(requests), table.policies, declared)


@dataclass
class _Shown:
    """What completions have shown: of each framework and row that it permits or forbids; of requests, that all is."""

    permitted: Flags
    forbidden: Flags
    possible: Flags
    allowed: Flags


class _Search:
    def __init__(self, table: Table, guesses: Guesses, denied: Flags) -> None:
        self.guesses, self.denied = guesses, denied
        self.table = table
        self.evaluation = evaluate(guesses.program, table)
        planes = table.planes
        self.laws = [i for i, law in enumerate(self.evaluation.laws) if planes.flags(law.open).any()]
        """The frameworks with open answers."""
        self.open = self._stacked(found.open for found in self.evaluation.laws)
        self.entangled = table.requests_in(planes.some(excluded_pairs(self.evaluation)))
        self.waiting = self._by_request(self.open).any(axis=0) & ~denied
        self.shown = _Shown(
            permitted=np.zeros(self.open.shape, np.bool_),
            forbidden=np.zeros(self.open.shape, np.bool_),
            possible=np.zeros(len(denied), np.bool_),
            allowed=np.zeros(len(denied), np.bool_),
        )

    def _stacked(self, planes: Iterable[Plane]) -> Flags:
        """Flags of the frameworks in question, from a plane for every framework."""
        every = list(planes)
        shape = (len(self.laws), self.table.planes.rows)
        return np.array([self.table.planes.flags(every[i]) for i in self.laws], np.bool_).reshape(shape)

    def _by_request(self, rows: Flags) -> Flags:
        """For each framework, the requests with such a row."""
        starts = self.table.starts[:-1]
        return np.logical_or.reduceat(rows, starts, axis=1) if len(rows) else np.zeros((0, len(starts)), np.bool_)

    def left(self) -> Flags:
        """The requests of which something is still not shown."""
        open_, shown = self.open, self.shown
        rows = (open_ & ~(shown.permitted & shown.forbidden)).any(axis=0)
        found = np.logical_or.reduceat(rows, self.table.starts[:-1])
        return np.asarray(found | (self.waiting & ~shown.allowed) | (self.entangled & ~shown.possible))

    def run(self, turns: int) -> None:
        """Complete the facts in one way after another, until all is shown or the ways come to an end."""
        for permit in (True, False):
            ways = self._ways(permit)
            tried = np.zeros((len(self.laws), len(self.denied)), np.intp)
            for turn in range(turns):
                missing = self._missing(permit)
                if not missing.any() and not (permit and (self.waiting & ~self.shown.allowed).any()):
                    break
                chosen = self._usual(permit) if turn == 0 else self._suiting(ways, tried)
                failed = self._try(chosen, permit)
                tried += failed if turn else 0

    def _missing(self, permit: bool) -> Flags:
        shown = self.shown.permitted if permit else self.shown.forbidden
        return self._by_request(self.open & ~shown)

    def _usual(self, permit: bool) -> Chosen:
        return Chosen(self.guesses, self.table, self.guesses.usual[permit])

    def _ways(self, permit: bool) -> list[list[tuple[Guess, Flags]]]:
        """For each framework the ways to permit or forbid, each with the rows on which it may be one."""
        found: list[list[tuple[Guess, Flags]]] = []
        planes = self.table.planes
        for i, open_ in zip(self.laws, self.open, strict=True):
            law = self.evaluation.laws[i]
            if permit:
                guesses = self.guesses.permitting[i]
                possible = [planes.outside(law.applies.true), *(basis.permits.possible for basis in law.bases)]
            else:
                guesses = self.guesses.forbidding[i]
                possible = [planes.every, *(bar.possible for bar in law.bars)]
            found.append([(g, planes.flags(plane) & open_) for g, plane in zip(guesses, possible, strict=True)])
        return found

    def _suiting(self, ways: list[list[tuple[Guess, Flags]]], tried: npt.NDArray[np.intp]) -> Chosen:
        """The values that suit one way of each framework: the next where the last did not do."""
        chosen = self._usual(True)
        for possible, pointer in reversed(list(zip(ways, tried, strict=True))):
            viable = np.array([flags for _, flags in possible])
            count = viable.sum(axis=0)
            rank = np.where(viable, viable.cumsum(axis=0) - 1, -1)
            wanted = np.where(count > 0, pointer[self.table.request_of] % np.maximum(count, 1), -2)
            for (guess, _), mine in zip(possible, rank == wanted, strict=True):
                self._put(chosen, guess, np.flatnonzero(mine))
        return chosen

    def _put(self, chosen: Chosen, guess: Guess, rows: npt.NDArray[np.intp]) -> None:
        if len(rows):
            for (name, code), value in guess.items():
                chosen.put(name, code, value, rows)

    def _try(self, chosen: Chosen, permit: bool) -> Flags:
        """Evaluate one completion; the frameworks and requests that it did not turn the wanted way."""
        planes, shown = self.table.planes, self.shown
        self._keep_apart(chosen)
        found = evaluate(self.guesses.program, self.table, completed(self.table, self.guesses, chosen))
        valid = ~self.table.requests_in(planes.some(excluded_pairs(found)))
        on_rows = valid[self.table.request_of]
        permitted = self._stacked(law.permitted.true for law in found.laws)
        shown.permitted |= permitted & on_rows
        shown.forbidden |= ~permitted & on_rows
        shown.possible |= valid
        failing = self._by_request(self.open & ~permitted)
        shown.allowed |= valid & ~failing.any(axis=0)
        return failing | ~valid if permit else self._missing(permit)

    def _keep_apart(self, chosen: Chosen) -> None:
        """Change the values of unknown facts where facts that exclude one another would hold."""
        guesses, planes = self.guesses, self.table.planes
        steps, names = guesses.excluding
        for turn in range(REPAIRS):
            columns = completed(self.table, guesses, chosen, names)
            found = evaluate_steps(guesses.program, self.table, columns, steps)
            clashes = zip(pairs_of(guesses.program), excluded_pairs(found), strict=True)
            wrong = [(pair, plane) for pair, plane in clashes if planes.flags(plane).any()]
            if not wrong:
                return
            for pair, plane in wrong:
                self._avoid(chosen, pair[::-1] if turn < REPAIRS - 1 else pair, plane)

    def _avoid(self, chosen: Chosen, pair: tuple[int, int], plane: Plane) -> None:
        """Turn the first of two conditions that is open in a row, so that it fails there."""
        planes, steps = self.table.planes, self.evaluation.steps
        for step in pair:
            here = planes.all([plane, planes.outside(steps[step].true)])
            self._put(chosen, self.guesses.avoiding[step], planes.positions(here))
            plane = planes.all([plane, steps[step].true])
