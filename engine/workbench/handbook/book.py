"""What the pages tell beyond the policies themselves: which rules read a fact, demand a clause, rest on a paragraph."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import NamedTuple, TypeVar

from engine.backends.english import Line, Question, outline
from engine.conditions import Condition, FactName, Test, Use, parts_of
from engine.facts import Declared
from engine.policies import Basis, Deployment, Framework, Owed, PolicySet, Rule
from engine.policies.models import InForce
from engine.workbench.handbook.citations import Citation, citations
from engine.workbench.handbook.examples import Example

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Place(NamedTuple):
    """A rule, or a framework's requirements under every basis, as other pages refer to it."""

    framework: Framework
    rule: Rule | None = None

    @property
    def id(self) -> str:
        """The fragment of the framework's page."""
        return self.rule.id if self.rule else f"{self.framework.framework}.requires"

    @property
    def title(self) -> str:
        """A short title."""
        return title(self.rule) if self.rule else "Requirements under every basis"


class Demand(NamedTuple):
    """A requirement, and where it stands."""

    place: Place
    owed: Owed


class Change(NamedTuple):
    """A day on which law begins (`begins`) or was in force for the last time, and the rules that it stands in."""

    day: date
    begins: bool
    what: str
    places: tuple[Place, ...]


class Comparison(NamedTuple):
    """The conditions that several bases of a framework share: what is asked, and the answer of each that asks it."""

    columns: tuple[Line, ...]
    rows: tuple[tuple[Basis, tuple[Line | None, ...], int], ...]
    """A basis, its line under each column, and how many further conditions it has."""


def title(rule: Rule) -> str:
    """What a rule is called: a basis has a title; other rules say what they are."""
    return rule.title if isinstance(rule, Basis) else rule.says


def own_conditions(condition: Condition, framework: Framework) -> Iterator[Condition]:
    """A condition and all below it, apart from what stands in the framework's definitions."""
    yield condition
    if not (isinstance(condition, Use) and condition.name in framework.definitions):
        for part in parts_of(condition):
            yield from own_conditions(part, framework)


def in_force(owed: Owed) -> InForce:
    """The days on which a requirement is law: those that it and what it is part of have in common."""
    starts = [period.from_ for period in owed.in_force if period.from_]
    ends = [period.until for period in owed.in_force if period.until]
    return InForce.model_construct(from_=max(starts, default=None), until=min(ends, default=None))


@dataclass(frozen=True)
class Book:
    """The policies and cases of one handbook, with everything that its pages look up."""

    policies: PolicySet
    examples: tuple[Example, ...]

    @cached_property
    def houses(self) -> dict[str, Deployment]:
        """The deployment whose house rules a framework is, by the framework's name."""
        return {f.framework: d for d in self.policies.deployments.values() for f in d.rules}

    @cached_property
    def _frameworks(self) -> dict[str, Framework]:
        return {f.framework: f for f in self.policies.all_frameworks()}

    def place(self, rule_id: str) -> Place | None:
        """Where a rule stands."""
        rule = self._rules.get(rule_id)
        return Place(self._frameworks[rule_id.partition(".")[0]], rule) if rule else None

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        return self.policies.rules()

    def outline(self, condition: Condition) -> Line:
        """A condition in English."""
        return outline(condition, self.policies.vocabulary)

    def always(self, condition: Condition) -> bool:
        """Whether nothing need hold for it."""
        return not isinstance(condition, Test | Use) and not parts_of(condition)

    # What refers to what

    def places(self) -> Iterator[Place]:
        """Every rule, and every framework's own requirements, in order."""
        for framework in self.policies.all_frameworks():
            yield from (Place(framework, rule) for rule in framework.rules())
            yield Place(framework)

    def demands(self) -> Iterator[Demand]:
        """Every requirement of every basis and framework."""
        for framework in self.policies.all_frameworks():
            yield from (Demand(Place(framework), owed) for owed in framework.owed())
            for key, basis in framework.bases.items():
                yield from (Demand(Place(framework, basis), owed) for owed in framework.owed(key))

    @cached_property
    def _demanded(self) -> dict[str, list[Demand]]:
        return _grouped((demand.owed.name, demand) for demand in self.demands() if demand.owed.kind == "clause")

    def demanded_by(self, clause: str) -> list[Demand]:
        """The rules that demand a clause."""
        return self._demanded.get(clause, [])

    @cached_property
    def _examples(self) -> dict[str, list[Example]]:
        return _grouped((name, example) for example in self.examples for name in dict.fromkeys(example.names()))

    def examples_of(self, rule: str) -> list[Example]:
        """The cases that pin a rule or expect it to hold."""
        return self._examples.get(rule, [])

    def conditions(self) -> Iterator[tuple[Place, Condition]]:
        """Every condition with the place of its rule; a definition's stand under the definition alone."""
        for place in self.places():
            if place.rule:
                yield from ((place, c) for c in own_conditions(place.rule.when, place.framework))
        for place, owed in self.demands():
            yield from ((place, c) for c in own_conditions(owed.when, place.framework))

    @cached_property
    def _readers(self) -> dict[str, list[Place]]:
        names = self.policies.vocabulary
        found = (
            (names[name].shown, place)
            for place, condition in self.conditions()
            if isinstance(condition, Test)
            for name in (condition.fact, *(o.name for o in condition.operands if isinstance(o, FactName)))
        )
        return {fact: _unique(places) for fact, places in _grouped(found).items()}

    def readers(self, fact: str) -> list[Place]:
        """The rules that read a fact, by the name of the fact's declaration (`party.kind`)."""
        return self._readers.get(fact, [])

    def facts(self) -> list[Declared]:
        """Every fact once, under the name it is declared by."""
        return sorted({d.shown: d for d in self.policies.vocabulary}.values(), key=lambda d: d.shown)

    def asked(self, framework: Framework) -> list[Declared]:
        """The facts that the rules of a framework read, those of the request's graph last."""
        found = [d for d in self.facts() if any(p.framework is framework for p in self.readers(d.shown))]
        return sorted(found, key=lambda d: d.fact.derived)

    @cached_property
    def citations(self) -> dict[str, dict[str, list[tuple[Citation, list[Place]]]]]:
        """Every paragraph cited: law -> section -> the citations, each with the rules that rest on it."""
        cited = [(place.rule.cite, place) for place in self.places() if place.rule]
        cited += [(condition.cite, place) for place, condition in self.conditions()]
        cited += [(owed.cite, place) for place, owed in self.demands()]
        found = _grouped((citation, place) for cite, place in cited for citation in citations(cite))
        ordered = sorted(found, key=lambda citation: citation.order)
        return {
            law: {
                section: [(citation, _unique(found[citation])) for citation in same]
                for section, same in groupby(of_law, key=lambda c: c.section)
            }
            for law, of_law in groupby(ordered, key=lambda c: c.law)
        }

    # Dates

    def changes(self, framework: Framework | None = None) -> list[Change]:
        """Every day on which law changes, in order; of one framework if given."""
        found = _grouped(
            ((day, begins, place.framework.framework, what), place)
            for day, begins, what, place in self._days()
            if framework is None or place.framework is framework
        )  # what ends comes before what begins
        return [Change(key[0], key[1], key[3], tuple(_unique(found[key]))) for key in sorted(found)]

    def _days(self) -> Iterator[tuple[date, bool, str, Place]]:
        for framework in self.policies.all_frameworks():
            yield from _ends(framework.in_force, Place(framework, framework.applies), framework.title)
            for rule in framework.rules():
                yield from _ends(rule.in_force, Place(framework, rule), title(rule))
        for place, owed in self.demands():
            yield from _ends(in_force(owed), place, self.demand_title(owed))

    def demand_title(self, owed: Owed) -> str:
        """What a requirement is called."""
        if owed.kind == "clause":
            return self.policies.clauses[owed.name].title
        return owed.says or (self.policies.instruments[owed.name].title if owed.kind == "instrument" else owed.name)

    def versions(self, framework: Framework) -> list[list[Rule]]:
        """The rules that are versions of one another, oldest first: `research-1987`, `research-2017`, `research`."""
        dated = [r for r in framework.rules() if r.in_force.from_ or r.in_force.until]
        families = _grouped((re.sub(r"(-before)?-\d{4}$", "", rule.id), rule) for rule in dated)
        return [sorted(f, key=lambda r: r.in_force.from_ or date.min) for f in families.values() if len(f) > 1]

    # Comparing

    def comparison(self, framework: Framework) -> Comparison | None:
        """The bases of a framework side by side, if enough of them share what they ask."""
        listed = {key: self._listed(basis.when) for key, basis in framework.bases.items()}
        asked = ((_asked(line), (key, line)) for key, lines in listed.items() for line in lines)
        shared = _grouped((name, use) for name, use in asked if name)
        columns = [name for name, uses in shared.items() if len({key for key, _ in uses}) >= _SHARED]
        columns = sorted(columns, key=lambda name: -len(shared[name]))[:_COLUMNS]
        if len(columns) < _SHARED or len(listed) <= _SHARED:
            return None
        rows = []
        for key, basis in framework.bases.items():
            cells = [next((line for line in listed[key] if _asked(line) == name), None) for name in columns]
            if any(cells):
                rows.append((basis, tuple(cells), len(listed[key]) - sum(cell is not None for cell in cells)))
        return Comparison(tuple(shared[name][0][1] for name in columns), tuple(rows))

    def _listed(self, condition: Condition) -> tuple[Line, ...]:
        line = self.outline(condition)
        return line.lines if line.lead == "all of the following are true" else () if self.always(condition) else (line,)


_SHARED = 2
"""Bases that must share a condition, and conditions that must be shared, for a comparison to say anything."""
_COLUMNS = 5


def _asked(line: Line) -> str:
    """What makes two lines answers to the same question."""
    question: Question | None = line.question
    return f"{question.role} {question.fact.name}" if question else line.definition


def _ends(period: InForce, place: Place, what: str) -> Iterator[tuple[date, bool, str, Place]]:
    if period.from_:
        yield period.from_, True, what, place
    if period.until:
        yield period.until, False, what, place


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _unique(places: list[Place]) -> list[Place]:
    return list({place.id: place for place in places}.values())
