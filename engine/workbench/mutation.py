"""The mutation score of the law: change one thing in the rules, and see whether some worked case notices.

What no case notices is something that nobody pinned down: the cases would pass just as well under another law. A change
that no situation can tell from the original does not count.

Pins are asked first: the changed rule is evaluated on the facts that they state. Only if none notices are whole
requests decided again, and of those only where the change may make a difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from engine.cases import FindingExpected, Pin, Whole, case_files, run_file
from engine.conditions import AtLeast, Condition, Proof, Reading, Test, evaluate, tests_in
from engine.decisions import Decision, decide
from engine.documents import CannotDo, Mark
from engine.facts import RESTRICTIONS, TRAVELLING, CodeSet, Truth
from engine.graph import Disclosure
from engine.policies import Framework, Owed, PolicySet, Rule
from engine.policies.models import Definition, InForce
from engine.workbench.equivalence import carried_already, demands_alike, equivalent, reading
from engine.workbench.mutants import ALWAYS, Mutant, mutants

Verdict = Literal["killed", "survived", "equivalent"]


class Judged(NamedTuple):
    """A mutant, where it stands, and what became of it."""

    framework: str
    mutant: Mutant
    file: str
    mark: Mark
    verdict: Verdict


def mutate(policies: PolicySet, frameworks: Iterable[Framework], paths: Iterable[Path]) -> Iterator[Judged]:
    """Every mutant of some frameworks, judged by the cases below some paths.

    Raises `CannotDo` where a case differs before anything is changed: it cannot tell what a change does.
    """
    cases = _Cases(policies)
    results = [result for path in case_files(paths) for result in run_file(path, policies, cases)]
    differing = [result.case.id for result in results if result.differences]
    if differing:
        raise CannotDo(f"cases that differ already tell nothing: {', '.join(differing)}; see assent test")
    for framework in frameworks:
        document = framework.document
        for mutant in mutants(framework, policies.vocabulary, cases.stated):
            verdict = _verdict(cases, framework, mutant)
            yield Judged(framework.framework, mutant, document.file, document.mark_of(mutant.path), verdict)


def _verdict(cases: _Cases, framework: Framework, mutant: Mutant) -> Verdict:
    if cases.pin_notices(mutant):
        return "killed"
    difference = _Difference(framework, mutant, cases)
    if difference.imaginary():
        return "equivalent"
    return "killed" if cases.whole_notices(difference) else "survived"


# What cases notice ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Decided:
    """A whole request as decided under the law as it is.

    `reached` are the disclosures that each framework reaches, `choices` the frameworks with several bases to choose
    from, `waiting` the instruments and steps that keep the answer from being ready.
    """

    whole: Whole
    day: date
    disclosures: tuple[Disclosure, ...]
    reached: Mapping[str, tuple[Disclosure, ...]]
    choices: frozenset[str]
    waiting: frozenset[str]

    @property
    def named(self) -> set[str]:
        """The frameworks of which the case expects something."""
        flows = self.whole.expected.flows.values()
        return {*self.whole.expected.findings, *(name for findings in flows for name in findings)}

    def expects(self, framework: str) -> list[FindingExpected]:
        """What the case expects of a framework."""
        expected = self.whole.expected
        found = [findings.get(framework) for findings in (expected.findings, *expected.flows.values())]
        return [finding for finding in found if finding is not None]

    def weighs(self, framework: str, names: Collection[str]) -> bool:
        """Whether it can bear on what the case expects that a framework demands some things, or does not."""
        listed = {name for e in self.expects(framework) for name in (*e.clauses, *e.steps, *e.instruments, *e.without)}
        ready = self.whole.expected.ready is not None
        if framework in self.choices and (listed or ready):  # another basis may have less to do
            return True
        turns = not listed.isdisjoint(names) or (ready and self.waiting.issubset(names))
        return turns or self.whole.request.obstructed


class _Cases:
    """Looks on while cases run, and keeps what it takes to ask them again under another law."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self.pins: dict[str, list[Pin]] = defaultdict(list)
        self.wholes: list[_Decided] = []

    def pinned(self, pin: Pin, proof: Proof) -> None:
        """A rule was evaluated for a pin."""
        self.pins[pin.rule].append(pin)

    def decided(self, whole: Whole, decision: Decision) -> None:
        """A whole request was decided."""
        reached: dict[str, list[Disclosure]] = defaultdict(list)
        choices: set[str] = set()
        for finding in decision.findings:
            name = finding.framework.framework
            if finding.applies.truth is not False:
                reached[name].append(finding.disclosure)
            if sum(basis.permits.truth is not False for basis in finding.bases) > 1:
                choices.add(name)
        open_duties = (duty for _, duty in decision.duties() if duty.status == "outstanding")
        self.wholes.append(
            _Decided(
                whole=whole,
                day=decision.as_of,
                disclosures=tuple({f.disclosure.id: f.disclosure for f in decision.findings}.values()),
                reached={name: tuple(disclosures) for name, disclosures in reached.items()},
                choices=frozenset(choices),
                waiting=frozenset(d.requirement.name for d in open_duties if d.requirement.kind != "clause"),
            )
        )

    def stated(self, rule: str, fact: str) -> Collection[str]:
        """The codes that pins of a rule state for a fact."""
        values = [pin.facts[fact].value for pin in self.pins[rule] if fact in pin.facts]
        sets = [value.has for value in values if isinstance(value, CodeSet)]
        return frozenset(value for value in values if isinstance(value, str)).union(*sets)

    def pin_notices(self, mutant: Mutant) -> bool:
        """Whether a pin tells a changed rule from the old, or pins a rule that is gone."""
        if mutant.kind in ("drop-bar", "drop-basis"):
            return bool(self.pins[mutant.rule])
        return any(
            any(pin.differences(evaluate(condition, pin.facts)))
            for rule, condition in mutant.conditions.items()
            for pin in self.pins[rule]
        )

    def whole_notices(self, difference: _Difference) -> bool:
        """Whether a whole request is decided otherwise than its case expects; those that name the framework first."""
        name = difference.new.framework
        touched = sorted(filter(difference.touches, self.wholes), key=lambda decided: name not in decided.named)
        for decided in touched:
            whole, policies = decided.whole, self.policies_for(decided, difference.new)
            if any(whole.differences(decide(policies, whole.request, whole.as_of))):
                return True
        return False

    def policies_for(self, decided: _Decided, changed: Framework) -> PolicySet:
        """The policies with a framework changed, and without those that have no say in a request."""
        wanted = {changed.framework, *decided.named, *decided.reached, *self.late}

        def chosen(frameworks: Sequence[Framework]) -> tuple[Framework, ...]:
            kept = [framework for framework in frameworks if framework.framework in wanted]
            return tuple(changed if framework.framework == changed.framework else framework for framework in kept)

        houses = {
            name: deployment.model_copy(update={"rules": chosen(deployment.rules)})
            for name, deployment in self.policies.deployments.items()
        }
        return replace(self.policies, frameworks=chosen(self.policies.frameworks), deployments=houses)

    @cached_property
    def restricted(self) -> list[Condition]:
        """The conditions that read which restrictions came with the data."""
        return reading(self.policies, RESTRICTIONS)

    @cached_property
    def late(self) -> frozenset[str]:
        """The frameworks whose reach depends on what earlier legs decided."""
        return frozenset(
            framework.framework
            for framework in self.policies.all_frameworks()
            if any(test.fact in TRAVELLING for test in tests_in(framework.applies.when))
        )


# What a change can touch ----------------------------------------------------------------------------------------------


class _Difference:
    """A framework and the same with one change: where the two may decide otherwise."""

    def __init__(self, old: Framework, mutant: Mutant, cases: _Cases) -> None:
        self.old, self.new, self.mutant, self.cases = old, mutant.make(), mutant, cases
        self.rules = [(rule, mutant.conditions[rule.id]) for rule in old.rules() if rule.id in mutant.conditions]
        kept = [key for key in old.bases if key in self.new.bases]
        self.owed = [key for key in ("", *kept) if old.owed(key) != self.new.owed(key)]
        self.names = {owed.name for key in self.owed for owed in {*old.owed(key)} ^ {*self.new.owed(key)}}
        self.dropped = frozenset(
            name for key in kept for name in old.bases[key].attaches if name not in self.new.bases[key].attaches
        )

    def touches(self, decided: _Decided) -> bool:
        """Whether a request may be decided otherwise: a necessary condition, and cheap."""
        if self.mutant.kind == "move-in-force":
            days = zip(_days(self.old), _days(self.new), strict=True)
            return any(one.on(decided.day) is not other.on(decided.day) for one, other in days)
        name = self.old.framework
        reached = decided.reached.get(name, ())
        weighed = reached if decided.weighs(name, self.names) else ()
        return (
            any(self.reads(rule, new, decided, reached) for rule, new in self.rules)
            or any(self.demands(key, disclosure) for key in self.owed for disclosure in weighed)
            or any(self.arrives(disclosure) for disclosure in decided.disclosures)
        )

    def reads(self, rule: Rule, new: Condition, decided: _Decided, reached: Sequence[Disclosure]) -> bool:
        """Whether a rule's value may differ, or what fails in it where the case expects something of that."""
        if isinstance(rule, Definition) or not rule.in_force.on(decided.day):
            return False
        named = any(rule.id in expected.fails for expected in decided.expects(self.old.framework))
        for disclosure in decided.disclosures if rule is self.old.applies else reached:
            before, after = evaluate(rule.when, disclosure), evaluate(new, disclosure)
            if not _same(before, after) or (named and _failing(before) != _failing(after)):
                return True
        return False

    def demands(self, key: str, disclosure: Disclosure) -> bool:
        """Whether a basis that may hold (or the framework as a whole, "") may demand something else."""
        if key and evaluate(self.old.bases[key].when, disclosure).truth is False:
            return False
        return _owed_on(self.old, key, disclosure) != _owed_on(self.new, key, disclosure)

    def arrives(self, disclosure: Disclosure) -> bool:
        """Whether a rule may have another value where the dropped restrictions do not arrive with the data."""
        if self.dropped.isdisjoint(disclosure.restrictions.has | disclosure.restrictions.may):
            return False
        freed = _Freed(disclosure, self.dropped)
        return any(not _same(evaluate(c, disclosure), evaluate(c, freed)) for c in self.cases.restricted)

    def restricts(self) -> bool:
        """Whether some rule reads a dropped restriction."""
        tests = [t for c in self.cases.restricted for t in tests_in(c) if t.fact == RESTRICTIONS]
        return any(t.operator == "within" or self.dropped.intersection(map(str, t.operands)) for t in tests)

    def restricted_before(self) -> bool:
        """Whether what the basis permits carries the dropped restrictions already."""
        (basis,) = (basis for basis in self.old.bases.values() if basis.id == self.mutant.rule)
        return carried_already(basis, self.dropped, self.cases.policies)

    def imaginary(self) -> bool:
        """Whether the two decide and demand the same in every situation, so that no case could tell them apart."""
        if self.mutant.kind in ("move-in-force", "drop-bar", "drop-basis"):
            return False
        if self.mutant.kind == "drop-restriction":
            return not self.restricts() or self.restricted_before()
        policies = self.cases.policies
        same = all(equivalent(rule.when, new, policies) for rule, new in self.rules)
        return same and demands_alike(self.old, self.new, policies)


@dataclass(frozen=True, slots=True)
class _Freed:
    """The facts of a disclosure, were its data free of some restrictions."""

    disclosure: Disclosure
    dropped: frozenset[str]

    def __getitem__(self, name: str) -> Reading:
        found = self.disclosure[name]
        if name != RESTRICTIONS or not isinstance(found.value, CodeSet):
            return found
        return replace(found, value=CodeSet(found.value.has - self.dropped, found.value.may - self.dropped))


def _days(framework: Framework) -> list[InForce]:
    """All dates in force, in an order that moving one leaves alone."""
    owed = [owed for key in ("", *framework.bases) for owed in framework.owed(key)]
    return [framework.in_force, *(r.in_force for r in framework.rules()), *(d for o in owed for d in o.in_force)]


def _same(one: Proof, other: Proof) -> bool:
    """Whether two conditions, evaluated on the same facts, surely have one value in every completion of the unknown."""
    if one.truth is not None or one.condition is other.condition:
        return one.truth is other.truth
    alike = type(one.condition) is type(other.condition) and not isinstance(one.condition, Test | AtLeast)
    parts = [[part for part in proof.parts if part.truth is None] for proof in (one, other)]
    return alike and len(parts[0]) == len(parts[1]) and all(map(_same, *parts))


def _failing(proof: Proof) -> list[bool]:
    return [part.truth is False for part in proof.parts]


def _owed_on(framework: Framework, key: str, disclosure: Disclosure) -> list[tuple[Owed, Truth]]:
    values = [(replace(owed, when=ALWAYS), evaluate(owed.when, disclosure).truth) for owed in framework.owed(key)]
    return [(owed, truth) for owed, truth in values if truth is not False]
