"""Cures: the smallest sets of changes under which a request is allowed.

What the search proposes is written into the request's text and decided by the ordinary engine; only what it allows is
shown.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, count, islice
from typing import Any

from engine.advice.measures import Measure, Theme
from engine.advice.search import Candidate, Search
from engine.advice.stances import Stances
from engine.advice.weights import PARTS, WEIGHTS
from engine.advice.writing import changes
from engine.decisions import Decision, Finding, decide
from engine.documents import CannotDo, DocumentProblems, parse
from engine.edits import edit
from engine.facts import CodeSet
from engine.graph import Graph
from engine.policies import PolicySet
from engine.requests import Request, check_request

MOST = 5
"""How many cures are looked for."""

MOST_REFUSED = 6
"""How much may stand refused: every choice of what is granted after all is searched."""


@dataclass(frozen=True, slots=True)
class Cure:
    """Measures that make a request allowed, the text of the request with them, and its decision."""

    cost: int
    measures: tuple[Measure, ...]
    text: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Advice:
    """The cures of a request, cheapest first; where there are none, the rules that nothing lifts.

    `escapes` says that none was found but by assuming that a law does not apply.
    """

    decision: Decision
    cures: tuple[Cure, ...]
    obstacles: tuple[Finding, ...] = ()
    escapes: bool = False


def cures(policies: PolicySet, request: Request, text: str, as_of: date | None = None) -> Advice:
    """The cures of a request with this text. Each is the cheapest that does not contain a kind of cure before it.

    Those that assume that a law does not apply are sought only where there is no other.
    """
    decision = decide(policies, request, as_of)
    if decision.outcome == "allow":
        return Advice(decision, ())
    _check_kinds(request)
    hunt = _Hunt(policies, request, text, decision.as_of)
    for escapes in (False, True):
        if found := _varied(hunt, hunt.cures(escapes=escapes)):
            return Advice(decision, found, escapes=escapes)
    return Advice(decision, (), hunt.obstacles())


def _varied(hunt: _Hunt, waiting: Iterator[Cure]) -> tuple[Cure, ...]:
    """The first cures; if all leave the same out, the last gives way to the cheapest that does not, if there is one."""
    found = [*islice(waiting, MOST)]
    left_out = [frozenset(measure.theme for measure in cure.measures if measure.kind in PARTS) for cure in found]
    if len(found) == MOST and (common := frozenset.intersection(*left_out)):
        hunt.shown.append(common)
        found[-1] = next(waiting, found[-1])
    return tuple(sorted(found, key=lambda cure: cure.cost))


def _check_kinds(request: Request) -> None:
    """Refuse a request of which it is open what the data are: nobody can say which laws a cure has to satisfy."""
    for flow in request.flows:
        for source in sorted({source for dataset in flow.carries for source in request.sources(dataset)}):
            kinds = request.data[source].get("categories")
            stated = kinds.statement.value if kinds else None
            if not isinstance(stated, CodeSet) or stated.may:
                elements = f" ({', '.join(unclassified)})" if (unclassified := request.unclassified.get(source)) else ""
                raise CannotDo(
                    f'what kinds of record "{source}"{elements} holds is not stated, so any law may protect it; '
                    "state that first, for instance with assent ask"
                )


@dataclass(eq=False)
class _Source:
    """A request in which some measures are taken already, and the search for the rest of a cure."""

    request: Request
    taken: tuple[Measure, ...]
    parts: bool
    search: Search | None = None

    @property
    def base(self) -> int:
        """What the measures taken cost."""
        return sum(measure.cost for measure in self.taken)


class _Hunt:
    """The search over a request and its variants, cheapest first."""

    def __init__(self, policies: PolicySet, request: Request, text: str, day: date) -> None:
        self.policies, self.request, self.text, self.day = policies, request, text, day
        self.shown: list[frozenset[Theme]] = []
        """What measures have in common that are not looked for: those of the cures found."""

    def cures(self, *, escapes: bool) -> Iterator[Cure]:
        """Cures in order of cost, none containing another's kinds of measure.

        Without `escapes`, none assumes that a law does not apply.
        """
        order = count()
        waiting: list[tuple[int, int, _Source, Candidate | None]] = []

        def wait(cost: int, source: _Source, candidate: Candidate | None = None) -> None:
            heapq.heappush(waiting, (cost, next(order), source, candidate))

        for source in self.sources():
            wait(source.base, source)
        while waiting:
            cost, _, source, candidate = heapq.heappop(waiting)
            source.search = source.search or Search(
                self.policies, source.request, self.day, parts=source.parts, escapes=escapes
            )
            if candidate is None:
                if candidate := source.search.next():
                    wait(source.base + candidate.cost, source, candidate)
                continue
            measures = (*source.taken, *candidate.measures)
            themes = _themes(measures)
            cure = None
            contained = next((earlier for earlier in self.shown if earlier <= themes), None)
            if contained is None and (cure := self.cure(cost, measures)):
                self.shown.append(themes)
                yield cure
            if contained is not None or cure:
                rest = (contained or themes) - {measure.theme for measure in source.taken}
                if not rest:
                    continue
                source.search.exclude(rest)
            elif source.parts:
                if smaller := self.without(source, candidate):
                    wait(smaller.base, smaller)
                source.search.exclude_parts(candidate)
            else:
                source.search.exclude_all(candidate)
            wait(cost, source)

    def sources(self) -> Iterator[_Source]:
        """The request as it is, and with what was refused or lacks from a paper granted after all."""
        file = self.request.file
        obstructions = [*self.obstructions()]
        if len(obstructions) > MOST_REFUSED:
            raise CannotDo(f"{len(obstructions)} papers and steps are refused or lacking; settle some of them first")
        for obstacles in _choices(obstructions):
            papers = tuple(paper.model_copy(update=_granted(i, obstacles)) for i, paper in enumerate(file.instruments))
            granted = {m.part[1] for m in obstacles if m.part[0] == "steps"}
            acts = tuple(
                act.model_copy(update={"status": "pending"}) if i in granted else act
                for i, act in enumerate(file.steps)
            )
            changed = file.model_copy(update={"instruments": papers, "steps": acts})
            yield _Source(replace(self.request, file=changed), obstacles, parts=True)

    def obstructions(self) -> Iterator[Measure]:
        """What could be granted after all."""
        for i, paper in enumerate(self.request.file.instruments):
            subject = f"parties {' and '.join(sorted(paper.between))}"
            if paper.status == "refused":
                yield Measure(
                    "overturn", subject, WEIGHTS["overturn"], name=", ".join(paper.instrument), part=("instruments", i)
                )
            if paper.lacks and paper.status == "signed":
                yield Measure("sign", subject, WEIGHTS["sign"], name=", ".join(paper.lacks), part=("lacks", i))
        for i, act in enumerate(self.request.file.steps):
            if act.status == "refused":
                subject = f"party {act.by or 'concerned'}"
                yield Measure("overturn", subject, WEIGHTS["overturn"], name=act.step, part=("steps", i))

    def cure(self, cost: int, measures: tuple[Measure, ...]) -> Cure | None:
        """The measures as a cure, if the engine allows the request with them."""
        text = self.text_with(measures)
        try:
            decision = decide(self.policies, self.read(text), self.day)
        except DocumentProblems:  # a graph that is impossible, or facts that exclude one another
            return None
        return Cure(cost, measures, text, decision) if decision.outcome == "allow" else None

    def text_with(self, measures: tuple[Measure, ...]) -> str:
        """The request's text with measures taken."""
        stances = Stances(self.request, self.policies.vocabulary)
        return edit(self.text, changes(self.request, stances, measures), self.request.document.file)

    def read(self, text: str) -> Request:
        """A request from its text."""
        return check_request(parse(text, self.request.document.file), self.policies)

    def without(self, source: _Source, candidate: Candidate) -> _Source | None:
        """The source without what a candidate leaves out, so that its graph is worked out anew."""
        taken = (*source.taken, *(measure for measure in candidate.measures if measure.kind in PARTS))
        try:
            request = self.read(self.text_with(taken))
            Graph(self.policies, request, self.day)
        except DocumentProblems:
            return None
        return _Source(request, taken, parts=False)

    def obstacles(self) -> tuple[Finding, ...]:
        """The findings that no measure can make permitted."""
        return tuple(Search(self.policies, self.request, self.day, parts=False).impossible())


def _granted(i: int, obstacles: Iterable[Measure]) -> dict[str, Any]:
    """What changes in a paper where what stood against it is granted."""
    found: dict[str, Any] = {}
    for measure in obstacles:
        if measure.part == ("instruments", i):
            found["status"] = "draft"
        elif measure.part == ("lacks", i):
            found["lacks"] = ()
    return found


def _themes(measures: Iterable[Measure]) -> frozenset[Theme]:
    """What a cure does, by which others are told from it; what it assumes counts only where it does nothing."""
    done = frozenset(measure.theme for measure in measures if measure.kind != "assume")
    return done or frozenset(measure.theme for measure in measures)


def _choices(items: Sequence[Measure]) -> Iterator[tuple[Measure, ...]]:
    """Every choice of items, few first."""
    for size in range(len(items) + 1):
        yield from combinations(items, size)
