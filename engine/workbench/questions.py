"""Questions about one framework, asked of every way in which data travel."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from engine.completions import Formula, conjunction, disjunction, opposite, proven
from engine.conditions import All, AtLeast, Condition, Proof, Reading, Use, evaluate, parts_of
from engine.decisions import Finding
from engine.facts import at_least
from engine.policies import Framework
from engine.workbench.outcomes import Outcomes
from engine.workbench.situations import Example, Question, Situation

K = TypeVar("K", bound=Hashable)


YES, NO = conjunction([]), disjunction([])


@dataclass(eq=False)
class View:
    """A framework on one disclosure. What is asked again has the same formula, so that it is encoded once."""

    finding: Finding
    proofs: dict[int, Proof] = field(default_factory=dict)

    @cached_property
    def governed(self) -> Formula:
        """The framework governs the disclosure."""
        return proven(self.finding.applies)

    @cached_property
    def allowed(self) -> Formula:
        """It also permits it."""
        return conjunction([self.governed, self.finding.permitted])

    @cached_property
    def unbarred(self) -> Formula:
        """The framework governs the disclosure, and none of its bars holds."""
        return conjunction([self.governed, *(opposite(bar) for bar in self.bars.values())])

    @cached_property
    def bars(self) -> dict[str, Formula]:
        """By the id of a bar: it holds."""
        return {bar.id: proven(proof) for bar, proof in self.finding.bars}

    @cached_property
    def fitting(self) -> dict[str, Formula]:
        """By the id of a basis: its conditions hold where the framework governs, whatever the bars say."""
        return {found.basis.id: conjunction([self.governed, proven(found.proof)]) for found in self.finding.bases}

    @cached_property
    def opening(self) -> dict[str, Formula]:
        """By the id of a basis: it permits the disclosure."""
        return {basis: conjunction([self.unbarred, held]) for basis, held in self.fitting.items()}

    def proof(self, condition: Condition) -> Proof:
        """A condition evaluated on the disclosure."""
        if id(condition) not in self.proofs:
            self.proofs[id(condition)] = evaluate(condition, self.finding.disclosure, self.proofs)
        return self.proofs[id(condition)]


Ask = Callable[[View], Formula]
"""What is asked of a framework on one disclosure."""


def governed(view: View) -> Formula:
    """The framework governs the disclosure."""
    return view.governed


def allowed(view: View) -> Formula:
    """The framework governs the disclosure and permits it."""
    return view.allowed


def unbarred(view: View) -> Formula:
    """The framework governs the disclosure and none of its bars holds."""
    return view.unbarred


def barred(bar: str) -> Ask:
    """A bar holds."""
    return lambda view: view.bars.get(bar, NO)


def fits(basis: str) -> Ask:
    """The conditions of a basis hold where the framework governs, whatever the bars say."""
    return lambda view: view.fitting.get(basis, NO)


def opens(basis: str) -> Ask:
    """A basis permits the disclosure."""
    return lambda view: view.opening.get(basis, NO)


def meets(condition: Condition) -> Ask:
    """A condition holds of the disclosure."""
    return lambda view: proven(view.proof(condition))


def both(*asks: Ask) -> Ask:
    """All of these."""
    return lambda view: conjunction(ask(view) for ask in asks)


def either(asks: Iterable[Ask]) -> Ask:
    """Some of these."""
    choices = [*asks]
    return lambda view: disjunction(ask(view) for ask in choices)


def not_(ask: Ask) -> Ask:
    """The opposite."""
    return lambda view: opposite(ask(view))


# Parts of a condition -------------------------------------------------------------------------------------------------

Spot = tuple[int, ...]
"""Where a part stands in a condition: its position at each level."""


def spots(condition: Condition, here: Spot = ()) -> Iterator[Spot]:
    """Every part of a condition, at any depth; a definition is a rule of its own."""
    for i, part in enumerate(() if isinstance(condition, Use) else parts_of(condition)):
        yield (*here, i)
        yield from spots(part, (*here, i))


def part_at(condition: Condition, spot: Spot) -> Condition:
    """The part at a spot."""
    for step in spot:
        condition = parts_of(condition)[step]
    return condition


def turns(condition: Condition, spot: Spot, truth: bool) -> Ask:
    """The part at a spot has a truth, and the condition would have another value if it had the opposite."""

    def ask(view: View) -> Formula:
        here = view.proof(condition)
        wanted = []
        for step in spot:
            others = [part for i, part in enumerate(here.parts) if i != step]
            wanted.append(_decides(here.condition, others))
            here = here.parts[step]
        return conjunction([*wanted, proven(here) if truth else opposite(proven(here))])

    return ask


def _decides(condition: Condition, others: list[Proof]) -> Formula:
    """The others have values under which one more part decides."""
    if isinstance(condition, All):
        return conjunction(map(proven, others))
    if isinstance(condition, AtLeast):
        enough = condition.count
        return conjunction([_so_many(enough - 1, others), opposite(_so_many(enough, others))])
    return opposite(disjunction(map(proven, others)))


def _so_many(count: int, proofs: list[Proof]) -> Formula:
    if not 0 < count <= len(proofs):
        return YES if count == 0 else NO
    truth = at_least(count, [proof.truth for proof in proofs])
    parts = tuple(proof.condition for proof in proofs)
    return proven(Proof(AtLeast(count, parts), truth, tuple(proofs)))


# Where they are asked -------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Leg:
    """One flow of a situation, as far as it carries the records of one owner."""

    situation: Situation
    finding: Finding

    @cached_property
    def view(self) -> View:
        """The framework here."""
        return View(self.finding)

    @property
    def last(self) -> bool:
        """Whether it is on the last flow, the one that the situation is about."""
        return self.finding.disclosure.id in self.situation.last

    def question(self, ask: Ask) -> Question:
        """The ask, of the same framework on the same disclosure of any request."""
        framework, disclosure = self.finding.framework, self.finding.disclosure.id

        def question(outcomes: Outcomes) -> Formula:
            if outcomes is self.situation.outcomes:
                return ask(self.view)
            same = (f for f in outcomes.judge.findings if f.framework is framework and f.disclosure.id == disclosure)
            return disjunction(ask(View(finding)) for finding in same)

        return question

    def possible(self, asks: Mapping[K, Ask]) -> set[K]:
        """Those that some completion answers with yes."""
        return self.situation.possible({key: self.question(ask) for key, ask in asks.items()})

    def example(self, ask: Ask) -> Example | None:
        """A request that answers with yes."""
        return self.situation.example(self.question(ask))

    def reading(self, fact: str) -> Reading:
        """What the rules read of a fact here."""
        return self.finding.disclosure[fact]


@dataclass(frozen=True, eq=False)
class Inquiry:
    """One framework in every way in which data travel."""

    framework: Framework
    situations: tuple[Situation, ...]

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """Where its rules are asked: what each situation is about first, then the flows that lead to it."""
        legs = [Leg(situation, f) for situation in self.situations for f in situation.findings(self.framework)]
        return tuple(sorted(legs, key=lambda leg: not leg.last))

    def ever(self, asks: Mapping[K, Ask]) -> dict[K, Leg]:
        """Those that have a yes somewhere, each with the first leg where they have."""
        found: dict[K, Leg] = {}
        for leg in self.legs:
            pending = {key: ask for key, ask in asks.items() if key not in found}
            shown = leg.possible(pending) if pending else set()
            found |= {key: leg for key in pending if key in shown}
        return found

    def example(self, ask: Ask) -> Example | None:
        """A request that answers with yes, in the first way that has one."""
        return next((example for leg in self.legs if (example := leg.example(ask)) is not None), None)
