"""Dates in force: of rules, of what they require, and of versions of one rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

from engine.documents import Path_
from engine.policies import Framework, Rule
from engine.policies.models import InForce
from engine.workbench.lint.registry import Found, Subject, check, value_at

_VERSION = re.compile(r"(?:-(?:before|until|from|since|after))?-[0-9]{4}$")


def _window(periods: Iterable[InForce]) -> tuple[date, date]:
    """The first and the last day on which all are in force; the last is before the first if there is none."""
    known = list(periods)
    return max(p.from_ or date.min for p in known), min(p.until or date.max for p in known)


def _rules(subject: Subject) -> Iterator[tuple[Framework, Rule, Path_]]:
    for framework, _ in subject.frameworks():
        for rule in framework.rules():
            yield framework, rule, framework.path_of(rule)


@check(
    "never-in-force",
    "error",
    "a rule or requirement can never be in force",
    bad="""
        in_force: {from: 2010-01-01}
        bars:
          resale:
            says: The data may not be sold
            cite: s. 5
            checked: text
            in_force: {until: 2009-12-31}
            when: {request.purpose: marketing}
        """,
    good="""
        in_force: {from: 2010-01-01}
        bars:
          resale:
            says: The data may not be sold
            cite: s. 5
            checked: text
            in_force: {until: 2019-12-31}
            when: {request.purpose: marketing}
        """,
)
def never_in_force(subject: Subject) -> Iterator[Found]:
    """A rule counts on the days on which it, its framework and whatever requires it are all in force.

    Where there is no such day the rule is dead, and a reader believes that it counts.
    """
    for framework, rule, path in _rules(subject):
        first, last = _window((framework.in_force, rule.in_force))
        if last < first:
            yield Found(framework.document, (*path, "in_force"), f'"{rule.id}" is never in force: its framework is not')
    for framework, _ in subject.frameworks():
        yield from _dead_requirements(framework)


def _dead_requirements(framework: Framework) -> Iterator[Found]:
    """The requirements that are in force under no rule; a set may serve several versions of a rule."""
    found: dict[tuple[str, tuple[InForce, ...]], list[tuple[Rule, bool]]] = {}
    for key, rule in (("", framework.applies), *framework.bases.items()):
        for owed in framework.owed(key):
            first, last = _window((framework.in_force, *((rule.in_force,) if key else ()), *owed.in_force))
            found.setdefault((owed.name, owed.in_force[-2:]), []).append((rule, first <= last))
    for (name, _), uses in found.items():
        if not any(alive for _, alive in uses):
            path = framework.path_of(uses[0][0])
            yield Found(framework.document, path, f'"{name}" is required here and never in force')


@check(
    "in-force-empty",
    "warning",
    "`in_force` states no date",
    bad="""
        in_force: {}
        """,
    good="""
        in_force: {from: 2010-01-01}
        """,
)
def in_force_empty(subject: Subject) -> Iterator[Found]:
    """Without dates a rule is in force on every day. Leaving `in_force` out says the same, and hides no slip."""
    for framework, base in subject.frameworks():
        places = [base, *(framework.path_of(rule) for rule in framework.rules())]
        for path in places:
            raw = value_at(framework.document, path)
            if "in_force" in raw and not any((raw["in_force"] or {}).values()):
                yield Found(framework.document, (*path, "in_force"), "in_force states no date", "leave it out")


@check(
    "in-force-outside",
    "warning",
    "the dates of a rule reach beyond those of its framework",
    bad="""
        in_force: {from: 2010-01-01}
        bars:
          resale:
            says: The data may not be sold
            cite: s. 5
            checked: text
            in_force: {from: 2008-01-01}
            when: {request.purpose: marketing}
        """,
    good="""
        in_force: {from: 2010-01-01}
        bars:
          resale:
            says: The data may not be sold
            cite: s. 5
            checked: text
            in_force: {from: 2012-01-01}
            when: {request.purpose: marketing}
        """,
)
def in_force_outside(subject: Subject) -> Iterator[Found]:
    """A rule never counts on a day on which its framework is not in force. One of the two dates is likely wrong."""
    for framework, rule, path in _rules(subject):
        outer, inner = framework.in_force, rule.in_force
        early = inner.from_ and outer.from_ and inner.from_ < outer.from_
        late = inner.until and outer.until and inner.until > outer.until
        if early or late:
            side = f"begins before its framework ({outer.from_})" if early else f"ends after it ({outer.until})"
            yield Found(framework.document, (*path, "in_force"), f'"{rule.id}" {side}')


_ONE_AFTER_THE_OTHER = """
    bars:
      resale-before-2012:
        says: The data may not be sold
        cite: s. 5
        checked: text
        in_force: {until: 2011-12-31}
        when: {request.purpose: marketing}
      resale:
        says: The data may not be sold, nor given away
        cite: s. 5
        checked: text
        in_force: {from: 2012-01-01}
        when: {request.purpose: marketing}
"""
"""Two versions of a rule of which one is law on every day."""


@check(
    "in-force-overlap",
    "warning",
    "two versions of a rule are in force on the same day",
    bad="""
        bars:
          resale-before-2012:
            says: The data may not be sold
            cite: s. 5
            checked: text
            in_force: {until: 2012-06-30}
            when: {request.purpose: marketing}
          resale:
            says: The data may not be sold, nor given away
            cite: s. 5
            checked: text
            in_force: {from: 2012-01-01}
            when: {request.purpose: marketing}
        """,
    good=_ONE_AFTER_THE_OTHER,
)
def in_force_overlap(subject: Subject) -> Iterator[Found]:
    """Law that changed keeps both versions under two keys, and on one day one of them is the law.

    Keys that differ only in a year at their end are taken for versions of one rule, if one of them has dates:
    `resale-before-2012` and `resale`, `research-2017` and `research`.
    """
    for framework, earlier, later, path in _versions(subject):
        if earlier.in_force.until is None or earlier.in_force.until >= (later.in_force.from_ or date.min):
            message = f'"{later.id}" and "{earlier.id}" are in force on the same days'
            yield Found(framework.document, path, message, "let the earlier end the day before the later begins")


@check(
    "in-force-gap",
    "warning",
    "between two versions of a rule there are days with neither",
    bad="""
        bars:
          resale-before-2012:
            says: The data may not be sold
            cite: s. 5
            checked: text
            in_force: {until: 2011-11-30}
            when: {request.purpose: marketing}
          resale:
            says: The data may not be sold, nor given away
            cite: s. 5
            checked: text
            in_force: {from: 2012-01-01}
            when: {request.purpose: marketing}
        """,
    good=_ONE_AFTER_THE_OTHER,
)
def in_force_gap(subject: Subject) -> Iterator[Found]:
    """Both days of `in_force` are included, so that a version ends the day before the next one begins.

    On a day between the two neither is law: a bar does not bar, a basis does not permit.
    """
    for framework, earlier, later, path in _versions(subject):
        until, from_ = earlier.in_force.until, later.in_force.from_
        if until and from_ and until + timedelta(days=1) < from_:
            message = f'neither "{earlier.id}" nor "{later.id}" is in force from {until + timedelta(days=1)} on'
            yield Found(framework.document, path, message, f"the later begins on {from_}")


def _versions(subject: Subject) -> Iterator[tuple[Framework, Rule, Rule, Path_]]:
    """Each version of a rule with the next one, and the place of the next one's dates."""
    for framework, _ in subject.frameworks():
        tables: tuple[Mapping[str, Rule], ...] = (
            framework.definitions, framework.bars, framework.bases, framework.penalties,
        )  # fmt: skip
        for table in tables:
            for stem in dict.fromkeys(_VERSION.sub("", key) for key in table):
                versions = [rule for key, rule in table.items() if _VERSION.sub("", key) == stem]
                if all(rule.in_force == InForce() for rule in versions):
                    continue  # the ending of the name says something else
                versions.sort(key=lambda rule: rule.in_force.from_ or date.min)
                for earlier, later in pairwise(versions):
                    yield framework, earlier, later, (*framework.path_of(later), "in_force")
