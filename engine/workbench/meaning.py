"""What of a framework decides whether a disclosure is permitted, apart from its words: equal laws decide alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from engine.conditions import All, AtLeast, Condition, Either, Not, Test, Use, facts_in, holds, tests_in
from engine.facts import TRAVELLING, Declared, Vocabulary
from engine.policies import Framework

"""The facts through which one framework's answer on an earlier leg reaches others on a later one."""


def bare(condition: Condition, day: date | None = None, *, inline: bool = True) -> Condition:
    """The condition without its words and in one order; equal ones have the same value in every situation.

    With `inline`, a definition stands for its content, otherwise for its name. On a given day, what compares that day
    with a date of the law is settled.
    """
    match condition:
        case Test(fact="request.date", operator=operator, operands=(date(), *_)) if day:
            return All(()) if holds(operator, day, condition.operands) else Either(())
        case Test():
            return Test(condition.fact, condition.operator, tuple(sorted(set(condition.operands), key=repr)))
        case Use(name=name, part=part):
            return bare(part, day) if inline else Use(name, All(()))
        case Not(part=part):
            return Not(bare(part, day, inline=inline))
        case AtLeast(count=count, parts=parts):
            return AtLeast(count, tuple(sorted((bare(part, day, inline=inline) for part in parts), key=repr)))
        case All(parts=parts) | Either(parts=parts):
            every = {bare(part, day, inline=inline) for part in parts}
            return every.pop() if len(every) == 1 else type(condition)(tuple(sorted(every, key=repr)))


@dataclass(frozen=True)
class Law:
    """What of a framework is in force on a day and bears on the answer: when it applies, its bars and its bases."""

    applies: Condition
    bars: frozenset[Condition]
    bases: Mapping[str, tuple[Condition, frozenset[str]]]

    def conditions(self) -> Iterator[Condition]:
        """Every condition on which the answer turns."""
        yield self.applies
        yield from self.bars
        yield from (when for when, _ in self.bases.values())

    def carries(self) -> set[str]:
        """What its bases leave with the data: their ids, and the restrictions they attach."""
        return {*self.bases, *(name for _, attached in self.bases.values() for name in attached)}


def law(framework: Framework | None, day: date) -> Law | None:
    """What a framework says on a day; None where it says nothing."""
    if framework is None or not framework.in_force.on(day) or not framework.applies.in_force.on(day):
        return None
    return Law(
        bare(framework.applies.when, day),
        frozenset(bare(bar.when, day) for bar in framework.bars.values() if bar.in_force.on(day)),
        {
            basis.id: (bare(basis.when, day), frozenset(basis.attaches))
            for basis in framework.bases.values()
            if basis.in_force.on(day)
        },
    )


@dataclass(frozen=True)
class Laws:
    """The frameworks of two policy sets by name, each with its law on that set's day."""

    old: Mapping[str, Law | None]
    new: Mapping[str, Law | None]

    def affected(self, facts: set[str]) -> set[str]:
        """The frameworks whose answers can differ at all: their law does, or they read what does.

        `facts` are those that differ between the policy sets: in their declaration, or in a value that is settled.
        """
        names = {*self.old, *self.new}
        found = {name for name in names if self.old.get(name) != self.new.get(name)}
        found |= {name for name in names if any(facts & {*facts_in(when)} for when in self._conditions(name))}
        while more := {name for name in names - found if self._receives(name, found)}:
            found |= more
        return found

    def _conditions(self, name: str) -> Iterator[Condition]:
        for law in (self.old.get(name), self.new.get(name)):
            yield from law.conditions() if law else ()

    def _receives(self, name: str, changed: set[str]) -> bool:
        """Whether a framework reads what others that differ leave with the data."""
        laws = [law for other in changed for law in (self.old.get(other), self.new.get(other)) if law]
        carried = {code for law in laws for code in law.carries()}
        tests = [test for when in self._conditions(name) for test in tests_in(when) if test.fact in TRAVELLING]
        return any(test.operator == "within" or carried & set(test.operands) for test in tests)


def same_fact(old: Declared, new: Declared) -> bool:
    """Whether a request states a fact in the same way under both declarations, apart from its codes."""
    return _form(old) == _form(new)


def _form(declared: Declared) -> tuple[object, ...]:
    fact = declared.fact
    return declared.scope, fact.type, fact.towards, fact.derived


def differing_facts(old: Vocabulary, new: Vocabulary) -> set[str]:
    """The facts of both that are declared in two ways: of another form, or with other codes."""
    return {
        name
        for name in set(old.names()) & set(new.names())
        if not same_fact(old[name], new[name])
        or old[name].optional != new[name].optional
        or (set(old[name].codes) != set(new[name].codes) and name not in TRAVELLING)
    }


def compared_with_date(framework: Framework) -> set[Test]:
    """The tests in which the date of a request is compared with another fact."""
    tests = {test for rule in framework.rules() for test in tests_in(rule.when)}
    return {test for test in tests if "request.date" in (names := facts_in(test)) and len(names) > 1}


def turning_days(old: Iterable[Framework], new: Iterable[Framework]) -> list[date]:
    """The days on either side of each date on which a rule changes its state in one policy set and not in the other."""
    turns = {*_turns(old)} ^ {*_turns(new)}
    return sorted({day for _, turn in turns for day in (turn - timedelta(1), turn)})


def _turns(frameworks: Iterable[Framework]) -> Iterator[tuple[str, date]]:
    """The first day of every new state of a rule: it begins, has ended, or compares the request's date."""
    for framework in frameworks:
        spans = [(framework.framework, framework.in_force), *((rule.id, rule.in_force) for rule in framework.rules())]
        for name, span in spans:
            days = [span.from_, span.until and span.until + timedelta(1)]
            yield from ((name, day) for day in days if day)
        for rule in framework.rules():
            tests = [test for test in tests_in(rule.when) if test.fact == "request.date"]
            stated = [day for test in tests for day in test.operands if isinstance(day, date)]
            yield from ((rule.id, day + timedelta(i)) for day in stated for i in (0, 1))
