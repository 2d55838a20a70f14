"""Whether a change of the law permits less or more: asked of every completion of the facts, however the data travel.

What stands in a request means the same on both sides: a fact that both declare alike is one variable, and what only one
side knows is left out when the other reads the request.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from engine.completions import Formula, conjunction, disjunction, free, open_proof, opposite, proven
from engine.completions.variables import Scope
from engine.conditions import Condition, Reading, Test, evaluate
from engine.decisions import Finding, Judge
from engine.documents import CannotDo, DocumentProblems
from engine.facts import PAPERS, SAME_PURPOSE, TRAVELLING, Vocabulary
from engine.workbench.meaning import bare
from engine.workbench.revisions import Side
from engine.workbench.situations import Example, Situation, situations

if TYPE_CHECKING:
    from engine.backends.smt import Encoding, Found

Direction = Literal["stricter", "looser"]
"""What was permitted no longer is; what was not permitted now is."""

DIRECTIONS: tuple[Direction, ...] = ("stricter", "looser")
Question = tuple[frozenset[str], Direction]
"""What is asked of some frameworks together."""


@dataclass(frozen=True, eq=False)
class Witness:
    """A request that the two sides decide differently, confirmed by the ordinary engine on each.

    `facts` are what it states, as (fact, about, value); `unread` what one side does not know, as (side, fact or code).
    """

    old: Example
    new: Example
    whole: Example
    frameworks: frozenset[str]
    facts: tuple[tuple[str, str, Found], ...]
    unread: tuple[tuple[Literal["old", "new"], str], ...]

    @property
    def says(self) -> str:
        """What happens in it."""
        return self.whole.situation.says

    def why(self, example: Example) -> list[Finding]:
        """The findings of the frameworks in question on one side that tell why it decides as it does."""
        found = [f for f in example.decision.findings if f.framework.framework in self.frameworks]
        return [f for f in found if f.outcome == "deny"] or [f for f in found if f.outcome == "allow"] or found


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether there is such a request: `None` where the solver gave up, or `reason` tells why nobody can say.

    A witness is missing where no request can say the same to both sides.
    """

    exists: bool | None
    witness: Witness | None = None
    reason: str = ""


@dataclass(slots=True)
class _Sides(Scope):
    """The variables of two judges. What earlier legs leave with the data is known to the judge that reads it."""

    old: Judge | None = None
    new: Judge | None = None
    of_old: frozenset[int] = frozenset()

    def linked(self, reading: Reading, code: str = "") -> Formula | None:
        judge, side = (self.old, "old") if id(reading) in self.of_old else (self.new, "new")
        assert judge is not None
        key = (f"{side} {reading.about}", reading.name, code)
        if key not in self.links:
            self.links[key] = judge.link(reading, code)
        return self.links[key]


_LINKED = (*TRAVELLING, PAPERS, SAME_PURPOSE)


@dataclass(frozen=True, eq=False)
class Pair:
    """One way in which data travel, under both sides."""

    old: Situation
    new: Situation
    vocabulary: Vocabulary
    apart: frozenset[str]
    """Facts that mean one thing on one side and another on the other."""
    steady: frozenset[Test]
    """Tests that time alone decides: where two days are compared, they hold on both or on neither."""

    @cached_property
    def encoding(self) -> Encoding:
        """Formulas of both sides over shared variables."""
        from engine.backends.smt import Encoding

        old, new = self.old.judge, self.new.judge
        encoding = Encoding(self.vocabulary, free)
        own = frozenset(id(disclosure[name]) for disclosure in old.disclosures.values() for name in _LINKED)
        encoding.scope = _Sides(self.vocabulary, free, old=old, new=new, of_old=own)
        return encoding

    @cached_property
    def limits(self) -> list[Formula]:
        """What holds of every request that both sides can read."""
        named = self.encoding.scope.named_in
        limits = (*self.old.limits, *self.new.limits, *self._steady())
        return [limit for limit in limits if not any(r.name in self.apart for r in named([limit]).values())]

    def _steady(self) -> Iterator[Formula]:
        disclosures = [dict.fromkeys(judge.disclosures.values()) for judge in (self.old.judge, self.new.judge)]
        for test in sorted(self.steady, key=repr):
            for pair in zip(*disclosures, strict=True):
                before, after = (proven(evaluate(test, disclosure)) for disclosure in pair)
                yield disjunction([conjunction([before, after]), conjunction([opposite(before), opposite(after)])])

    def wanted(self, question: Question) -> Formula:
        """That one side permits what the other does not."""
        names, direction = question
        old, new = permission(self.old.judge, names), permission(self.new.judge, names)
        return conjunction([old, opposite(new)] if direction == "stricter" else [new, opposite(old)])

    def possible(self, questions: Iterable[Question]) -> set[Question]:
        """Those of some questions that some completion answers with yes."""
        return self.encoding.possible({question: self.wanted(question) for question in questions}, self.limits)

    def witness(self, question: Question) -> Witness | None:
        """A request that answers a question with yes; None if no request can say the same to both sides."""
        wanted = self.wanted(question)
        model = self.encoding.model(wanted, self.limits)
        if model is None:
            return None
        every = self.encoding.read_by([wanted, *self.limits])
        for stated in (self.encoding.needed(wanted, self.limits, model), every):
            found = self._stating([*self.encoding.values(model, stated).values()], question)
            if found is not None:
                return found
        return None

    def _stating(self, facts: Sequence[tuple[Reading, Found]], question: Question) -> Witness | None:
        names, direction = question
        old, new = (self._as_read(situation, facts) for situation in (self.old, self.new))
        allowed, denied = (old, new) if direction == "stricter" else (new, old)
        try:
            shown = allowed.shows(lambda outcomes: permission(outcomes.judge, names)) and denied.shows(
                lambda outcomes: opposite(permission(outcomes.judge, names))
            )
        except DocumentProblems:
            return None
        if not shown:
            return None
        return Witness(
            old,
            new,
            Example(self.new, self.new.stating(facts)),
            names,
            tuple((reading.name, reading.about, value) for reading, value in facts),
            tuple(_unread(self.old, self.new, facts)),
        )

    def _as_read(self, situation: Situation, facts: Iterable[tuple[Reading, Found]]) -> Example:
        return Example(situation, situation.stating(_readable(facts, situation.policies.vocabulary)))


def permission(judge: Judge, names: Collection[str]) -> Formula:
    """That some frameworks permit everything in a request."""
    return conjunction(found.permitted for found in judge.findings if found.framework.framework in names)


def _readable(facts: Iterable[tuple[Reading, Found]], vocabulary: Vocabulary) -> Iterator[tuple[Reading, Found]]:
    """What a side can read of some facts."""
    for reading, value in facts:
        declared = vocabulary.get(reading.name)
        if declared is not None:
            known = isinstance(value, dict) and {code: held for code, held in value.items() if code in declared.codes}
            yield reading, known if isinstance(known, dict) else value


def _unread(
    old: Situation, new: Situation, facts: Iterable[tuple[Reading, Found]]
) -> Iterator[tuple[Literal["old", "new"], str]]:
    """What of some facts a side does not know."""
    names: tuple[Literal["old", "new"], Literal["old", "new"]] = ("old", "new")
    for reading, value in facts:
        for name, situation in zip(names, (old, new), strict=True):
            declared = situation.policies.vocabulary.get(reading.name)
            if declared is None:
                yield name, reading.name
            elif isinstance(value, dict):
                yield from ((name, f"{reading.name}: {code}") for code in value if code not in declared.codes)


# All ways together ----------------------------------------------------------------------------------------------------


Days = tuple[date, date]
"""The day of the old side and that of the new."""


@dataclass(frozen=True, slots=True, eq=False)
class Prover:
    """Asks both sides the same, for every pair of days and every way in which data travel."""

    old: Side
    new: Side
    days: Sequence[Days]
    joint: Vocabulary
    apart: frozenset[str]
    steady: frozenset[Test]
    pairs: dict[tuple[Days, str], list[Pair]] = field(default_factory=dict)

    def by_framework(self, affected: Mapping[Days, Collection[str]]) -> dict[str, dict[Direction, Answer]]:
        """The answers for each framework that differs on some pair of days; of all others the answer is no."""
        found: dict[str, dict[Direction, Answer]] = {}
        for days in self.days:
            for deployment, names in self._by_deployment(affected[days]).items():
                asked = [(frozenset({name}), direction) for name in sorted(names) for direction in DIRECTIONS]
                for (own, direction), answer in self._ask(asked, self._pairs(days, deployment)).items():
                    here = found.setdefault(min(own), dict.fromkeys(DIRECTIONS, Answer(False)))
                    here[direction] = _stronger(here[direction], answer)
        return found

    def together(self, names: Collection[str], directions: Collection[Direction]) -> dict[Direction, Answer]:
        """The answers for some frameworks together: what all of them permit."""
        found: dict[Direction, Answer] = dict.fromkeys(DIRECTIONS, Answer(False))
        for days in self.days:
            for deployment in self._by_deployment(names):
                pending = [(frozenset(names), d) for d in directions if found[d].witness is None]
                for (_, direction), answer in self._ask(pending, self._pairs(days, deployment)).items():
                    found[direction] = _stronger(found[direction], answer)
        return found

    def _ask(self, questions: Iterable[Question], pairs: Iterable[Pair]) -> dict[Question, Answer]:
        """Each question is asked of one way after the other, until a request answers it."""
        found = dict.fromkeys(questions, Answer(False))
        for pair in pairs:
            pending = [question for question, answer in found.items() if answer.witness is None]
            try:
                shown = pair.possible(pending)
                answers = {question: Answer(True, pair.witness(question)) for question in pending if question in shown}
            except CannotDo as error:
                answers = dict.fromkeys(pending, Answer(None, reason=str(error)))
            for question, answer in answers.items():
                found[question] = _stronger(found[question], answer)
        return found

    def _pairs(self, days: Days, deployment: str) -> list[Pair]:
        if (days, deployment) not in self.pairs:
            known = self.old.policies.deployments.get(deployment)
            both = [situations(s.policies, day, known) for s, day in zip((self.old, self.new), days, strict=True)]
            self.pairs[days, deployment] = [
                Pair(old, new, self.joint, self.apart, self.steady) for old, new in zip(*both, strict=True)
            ]
        return self.pairs[days, deployment]

    def _by_deployment(self, names: Collection[str]) -> dict[str, set[str]]:
        """Frameworks by the deployment whose house rules they are, "" for the law."""
        found: dict[str, set[str]] = {}
        for name in sorted(names):
            found.setdefault(self._home(name), set()).add(name)
        return found

    def _home(self, name: str) -> str:
        deployments = [*self.old.policies.deployments.values(), *self.new.policies.deployments.values()]
        homes = (d.deployment for d in deployments if any(rules.framework == name for rules in d.rules))
        return next(homes, "")


def _stronger(one: Answer, other: Answer) -> Answer:
    """Of two answers the one that says more: a request, that there is one, that nobody knows, that there is none."""
    return max(one, other, key=lambda a: (a.witness is not None, a.exists is True, a.exists is None))


# One rule alone -------------------------------------------------------------------------------------------------------

Reach = Literal["same", "wider", "narrower", "both", "unknown"]
"""How a rule's own condition compares: it holds in the same situations, in more, in fewer, or in others."""


def reach(old: Condition, new: Condition, vocabulary: Vocabulary, days: tuple[date | None, date | None]) -> Reach:
    """How one condition compares with another, with every fact free.

    Unknown where the solver gives up.
    """
    from engine.backends.smt import Encoding

    if bare(old, days[0]) == bare(new, days[1]):
        return "same"
    given = [{"request.date": day} if day else {} for day in days]
    before, after = proven(open_proof(old, given[0])), proven(open_proof(new, given[1]))
    asked = {"narrower": conjunction([before, opposite(after)]), "wider": conjunction([after, opposite(before)])}
    try:
        found = Encoding(vocabulary).possible(asked, [])
    except CannotDo:
        return "unknown"
    return "both" if len(found) == 2 else "wider" if "wider" in found else "narrower" if found else "same"
