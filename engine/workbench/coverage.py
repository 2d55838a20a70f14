"""How far worked cases pin the rules: which values every condition had in some case, and whether a case turned on it.

A case turns on a condition where the rule would have the opposite value if the condition alone had. A condition is one
test, or one use of a definition: a definition is a rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from engine.cases import FindingExpected, Pin, Whole
from engine.conditions import All, AtLeast, Condition, Proof, Test, Use, parts_of
from engine.decisions import Decision, Finding
from engine.documents import Mark
from engine.facts import Truth
from engine.policies import Framework, Penalty, PolicySet, Rule

Place = tuple[int, ...]
"""Where a condition stands in its rule: the position at each level."""


@dataclass(frozen=True, slots=True)
class ConditionCoverage:
    """One condition of a rule: the values that it had in some case, and whether some case turned on it."""

    condition: Condition
    mark: Mark
    seen: frozenset[Truth]
    pinned: bool

    @property
    def both(self) -> bool:
        """Seen true and seen false."""
        return {True, False} <= self.seen

    @property
    def complete(self) -> bool:
        """Nothing is left to show of it."""
        return self.both and self.pinned


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """One rule: how many times cases looked at it, the values it had, and its conditions. `mark` is its key's place."""

    rule: str
    file: str
    mark: Mark
    cases: int
    seen: frozenset[Truth]
    conditions: tuple[ConditionCoverage, ...]

    @property
    def never(self) -> tuple[bool, ...]:
        """The values it should have had and never had; a rule without conditions always holds."""
        wanted = (True, False) if self.conditions else ()
        return tuple(value for value in wanted if value not in self.seen)

    @property
    def complete(self) -> bool:
        """Seen holding and failing, and every condition pinned."""
        return not self.never and all(condition.complete for condition in self.conditions)


@dataclass(slots=True)
class _Seen:
    cases: int = 0
    truths: set[Truth] = field(default_factory=set)
    conditions: dict[Place, set[Truth]] = field(default_factory=dict)
    decisive: set[Place] = field(default_factory=set)


class Coverage:
    """Looks on while cases run, and keeps what they show of every rule."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self.seen: dict[str, _Seen] = {}

    def pinned(self, pin: Pin, proof: Proof) -> None:
        """A rule was evaluated for a pin."""
        self._note(pin.rule, proof)

    def decided(self, whole: Whole, decision: Decision) -> None:
        """A whole request was decided: its expectations look at some rules."""
        for finding in decision.findings:
            wanted = expectations(whole, finding)
            if any(e.outcome for e in wanted):
                self._note(finding.framework.applies.id, finding.applies)
            if any(e.bars is not None for e in wanted):
                for bar, proof in finding.bars:
                    self._note(bar.id, proof)
            if any(e.bases is not None for e in wanted):
                for found in finding.bases:
                    self._note(found.basis.id, found.proof)

    def _note(self, rule: str, proof: Proof) -> None:
        seen = self.seen.setdefault(rule, _Seen())
        seen.cases += 1
        seen.truths.add(proof.truth)
        seen.decisive |= decisive(proof)
        for place, truth in _truths(proof):
            seen.conditions.setdefault(place, set()).add(truth)

    def rules(self) -> list[RuleCoverage]:
        """Every rule of the policies, in the order of their files; penalties decide nothing, and are left out."""
        return [
            self._rule(framework, rule)
            for framework in self.policies.all_frameworks()
            for rule in framework.rules()
            if not isinstance(rule, Penalty)
        ]

    def _rule(self, framework: Framework, rule: Rule) -> RuleCoverage:
        seen, document = self.seen.get(rule.id, _Seen()), framework.document
        return RuleCoverage(
            rule=rule.id,
            file=document.file,
            mark=document.mark_of(framework.path_of(rule), key=True),
            cases=seen.cases,
            seen=frozenset(seen.truths),
            conditions=tuple(
                ConditionCoverage(
                    condition=condition,
                    mark=document.mark_of(condition.path),
                    seen=frozenset(seen.conditions.get(place, ())),
                    pinned=place in seen.decisive,
                )
                for place, condition in _conditions(rule.when)
            ),
        )


def expectations(whole: Whole, finding: Finding) -> list[FindingExpected]:
    """What a case expects of a finding: under its framework on all disclosures, and on its flow."""
    framework, flow = finding.framework.framework, finding.disclosure.flow.id
    found = (whole.expected.findings.get(framework), whole.expected.flows.get(flow, {}).get(framework))
    return [expected for expected in found if expected is not None]


def share_seen_both_ways(rules: Iterable[RuleCoverage]) -> float:
    """The percentage of conditions seen true and seen false; all of none."""
    conditions = [condition for rule in rules for condition in rule.conditions]
    return 100 * sum(c.both for c in conditions) / len(conditions) if conditions else 100.0


def _conditions(condition: Condition, place: Place = ()) -> Iterator[tuple[Place, Condition]]:
    if isinstance(condition, Test | Use):
        yield place, condition
        return
    for i, part in enumerate(parts_of(condition)):
        yield from _conditions(part, (*place, i))


def _truths(proof: Proof, place: Place = ()) -> Iterator[tuple[Place, Truth]]:
    if isinstance(proof.condition, Test | Use):
        yield place, proof.truth
        return
    for i, part in enumerate(proof.parts):
        yield from _truths(part, (*place, i))


def decisive(proof: Proof, place: Place = ()) -> set[Place]:
    """The places of the conditions that alone, were their value the opposite, would change the rule's."""
    if isinstance(proof.condition, Test | Use):
        return {place} if proof.truth is not None else set()
    found: set[Place] = set()
    for i, part in enumerate(proof.parts):
        others = [other.truth for j, other in enumerate(proof.parts) if j != i]
        if None not in others and _turns(proof.condition, [bool(o) for o in others]):
            found |= decisive(part, (*place, i))
    return found


def _turns(condition: Condition, others: list[bool]) -> bool:
    """Whether one more part decides, given the values of the others."""
    if isinstance(condition, All):
        return all(others)
    needed = condition.count if isinstance(condition, AtLeast) else 1
    return not others or sum(others) == needed - 1
