"""Whether invariants hold: a request that the law allows and an invariant forbids, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from engine.completions import Formula, conjunction, opposite, proven
from engine.conditions import evaluate
from engine.invariants import Invariant, Placed, with_outcomes
from engine.policies import PolicySet
from engine.workbench.outcomes import Outcomes, WithOutcomes
from engine.workbench.situations import Example, Question, Situation, situations


class Verdict(NamedTuple):
    """What came of one invariant: a request that breaks it, or else the proof that in no way one does.

    It is idle where what it forbids cannot happen, allowed or not: then it says nothing of the law.
    """

    of: Placed
    example: Example | None
    idle: bool


def prove(invariants: Sequence[Placed], policies: PolicySet, day: date) -> Iterator[Verdict]:
    """The verdict on each invariant, as of a day. Raises `CannotDo` where the solver gives up."""
    asked = replace(policies, vocabulary=with_outcomes(policies))
    ways = {
        name: situations(asked, day, policies.deployments[name] if name else None)
        for name in dict.fromkeys(placed.invariant.deployment for placed in invariants)
    }
    for placed in invariants:
        yield Verdict(placed, *_counterexample(placed.invariant, ways[placed.invariant.deployment]))


def _counterexample(invariant: Invariant, ways: Iterable[Situation]) -> tuple[Example | None, bool]:
    """A request that breaks the invariant, and whether even what it forbids cannot happen."""
    idle = True
    for situation in ways:
        for disclosure in situation.last:
            if not situation.possible({"": _forbidden(invariant, disclosure)}):
                continue
            idle = False
            if (example := situation.example(_broken(invariant, disclosure))) is not None:
                return example, False
    return None, idle


def _forbidden(invariant: Invariant, disclosure: str) -> Question:
    """The invariant forbids the disclosure."""

    def question(outcomes: Outcomes) -> Formula:
        facts = WithOutcomes(outcomes.disclosure(disclosure), outcomes)
        when = proven(evaluate(invariant.when, facts))
        unless = [proven(evaluate(invariant.unless, facts))] if invariant.unless is not None else []
        return conjunction([when, *map(opposite, unless)])

    return question


def _broken(invariant: Invariant, disclosure: str) -> Question:
    """The invariant forbids the disclosure, and the law allows the whole request."""
    forbidden = _forbidden(invariant, disclosure)

    def question(outcomes: Outcomes) -> Formula:
        named = invariant.allowed_by
        asked = [f for f in outcomes.judge.findings if not named or f.framework.framework in named]
        return conjunction([forbidden(outcomes), *(finding.permitted for finding in asked)])

    return question
