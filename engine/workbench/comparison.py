"""Compare two states of the law: what is decided differently, proven, and what was changed, in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal, NamedTuple

from engine.conditions import facts_in
from engine.documents import CannotDo, nearest
from engine.facts import RECEIVED_UNDER, Declared
from engine.policies import Clause, Deployment, Framework, PolicySet
from engine.workbench.changes import Field, Kind, RuleChange, Version, rule_changes
from engine.workbench.meaning import (
    Laws,
    compared_with_date,
    differing_facts,
    law,
    same_fact,
    turning_days,
)
from engine.workbench.recorded import Recorded, recorded
from engine.workbench.revisions import Side
from engine.workbench.verdicts import DIRECTIONS, Answer, Days, Direction, Prover, Reach, reach

Verdict = Literal["same", "stricter", "looser", "both", "open"]
"""Of the answers: nothing differs; what was permitted no longer is; the converse; both. Open if nobody can say."""

Answers = Mapping[Direction, Answer]


class FrameworkComparison(NamedTuple):
    """One framework: its answers, its rules that changed, and how the condition of each compares."""

    name: str
    title: str
    kind: Kind
    answers: Answers
    rules: tuple[RuleChange, ...]
    reaches: Mapping[str, Reach]


class FactChange(NamedTuple):
    """A fact that is not declared alike on both sides; `lost` and `gained` are codes that only one side knows."""

    name: str
    kind: Kind
    fields: tuple[Field, ...]
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    words: tuple[Field, ...]


class Piece(NamedTuple):
    """A piece of a text: on both sides, or on one alone."""

    side: Literal["both", "old", "new"]
    text: str


class ClauseChange(NamedTuple):
    """A clause of the library that is not the same on both sides; `text` is its wording piece by piece."""

    name: str
    kind: Kind
    fields: tuple[Field, ...]
    text: tuple[Piece, ...]


class DeploymentChange(NamedTuple):
    """What of a deployment other than its house rules is not the same. None of it is part of a proof."""

    name: str
    kind: Kind
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two states of the law, compared as of pairs of days. `frameworks` are those in which anything differs."""

    old: Side
    new: Side
    days: tuple[Days, ...]
    compared: int
    together: Answers
    frameworks: tuple[FrameworkComparison, ...]
    facts: tuple[FactChange, ...]
    clauses: tuple[ClauseChange, ...]
    deployments: tuple[DeploymentChange, ...]
    recorded: tuple[Recorded, ...]

    @property
    def differs(self) -> bool:
        """Whether anything differs but words that bear on no decision and no agreement."""
        return (
            verdict(self.together) != "same"
            or any(verdict(f.answers) != "same" or any(rule.matters for rule in f.rules) for f in self.frameworks)
            or any(fact.kind != "changed" or fact.fields or fact.lost or fact.gained for fact in self.facts)
            or bool(self.clauses or self.deployments or any(found.differences for found in self.recorded))
        )


def verdict(answers: Answers) -> Verdict:
    """The answers in one word."""
    found = [direction for direction in DIRECTIONS if answers[direction].exists]
    if len(found) == 2:
        return "both"
    if any(answer.exists is None for answer in answers.values()):
        return "open"
    return found[0] if found else "same"


def compare(
    old: Side,
    new: Side,
    today: date,
    as_of: date | None = None,
    names: Collection[str] = (),
    folder: Path | None = None,
) -> Comparison:
    """Compare two states of the law: all frameworks, or those named; and recorded requests, if a folder is given.

    Two days are compared as they stand. Otherwise both are asked as of one day or, where none is given, today and on
    the days on either side of each on which a rule changes its state on one side alone.
    Raises `CannotDo` where a name is no framework.
    """
    first, second = _by_name(old.policies, names), _by_name(new.policies, names)
    _check_names(names, {f.framework for side in (old, new) for f in side.policies.all_frameworks()})
    days = _days(old, new, today, as_of, (first, second))
    answers, together = _answers(old, new, days, first, second)
    every = sorted({*first, *second}, key=[*second, *first].index)
    compared = [_framework(name, old, new, first.get(name), second.get(name), answers.get(name, _NO)) for name in every]
    own = None if not names else {*first, *second}
    read = _read_by([*first.values(), *second.values()]) if names else None
    return Comparison(
        old,
        new,
        tuple(days),
        len(every),
        together,
        tuple(f for f in compared if f.kind != "changed" or f.rules or verdict(f.answers) != "same"),
        tuple(_facts(old, new, read)),
        tuple(c for c in _clauses(old, new) if own is None or c.name.partition(".")[0] in own),
        tuple(_deployments(old, new)) if not names else (),
        _recorded(folder, old, new, as_of) if folder else (),
    )


_NO: Answers = dict.fromkeys(DIRECTIONS, Answer(False))


def _by_name(policies: PolicySet, names: Collection[str]) -> dict[str, Framework]:
    return {f.framework: f for f in policies.all_frameworks() if not names or f.framework in names}


def _check_names(names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            help_line = nearest(name, known) or "assent frameworks lists them all"
            raise CannotDo(f'"{name}" is a framework on neither side\n  help: {help_line}')


def _days(
    old: Side, new: Side, today: date, as_of: date | None, frameworks: tuple[Mapping[str, Framework], ...]
) -> list[Days]:
    if old.day and new.day:
        return [(old.day, new.day)]
    if as_of:
        return [(as_of, as_of)]
    first, second = frameworks
    return [(day, day) for day in dict.fromkeys([today, *turning_days(first.values(), second.values())])]


def _recorded(folder: Path, old: Side, new: Side, as_of: date | None) -> tuple[Recorded, ...]:
    return tuple(recorded(folder, (old.policies, old.day or as_of), (new.policies, new.day or as_of)))


# Answers --------------------------------------------------------------------------------------------------------------


def _answers(
    old: Side, new: Side, days: Sequence[Days], first: Mapping[str, Framework], second: Mapping[str, Framework]
) -> tuple[dict[str, Answers], Answers]:
    """The answers for each framework that may differ, and for all together."""
    vocabularies = old.policies.vocabulary, new.policies.vocabulary
    every = (_by_name(old.policies, ()), _by_name(new.policies, ()))
    moved = differing_facts(*vocabularies) | _moved_settings(old.policies, new.policies)
    apart = {
        n for n in moved if (a := vocabularies[0].get(n)) and (b := vocabularies[1].get(n)) and not same_fact(a, b)
    }
    affected: dict[Days, set[str]] = {}
    closed: dict[str, str] = {}
    for pair in days:
        laws = Laws(*({name: law(f, day) for name, f in side.items()} for side, day in zip(every, pair, strict=True)))
        found = laws.affected(moved) & {*first, *second}
        closed |= {name: reason for name in sorted(found) if (reason := _closed(name, laws, apart, old, new))}
        affected[pair] = found - {*closed}
    asked = {*first, *second}.union(*affected.values())
    both = [side[name] for side in every for name in sorted(asked) if name in side]
    steady = frozenset(test for f in both for test in compared_with_date(f)) if old.day != new.day else frozenset()
    prover = Prover(old, new, days, vocabularies[0].joined(vocabularies[1]), frozenset(apart), steady)
    answers: dict[str, Answers] = {**prover.by_framework(affected)}
    answers |= {name: dict.fromkeys(DIRECTIONS, Answer(None, reason=reason)) for name, reason in closed.items()}
    return answers, _together(answers, prover, {*first, *second})


def _together(answers: Mapping[str, Answers], prover: Prover, names: Collection[str]) -> Answers:
    """What the frameworks permit together: nothing differs in a direction in which none of them does."""
    if len(names) == 1:
        return next(iter(answers.values()), _NO)
    reasons = dict.fromkeys(answer.reason for own in answers.values() for answer in own.values() if answer.reason)
    if reasons:
        return dict.fromkeys(DIRECTIONS, Answer(None, reason="; ".join(reasons)))
    return prover.together(names, [d for d in DIRECTIONS if any(own[d].exists for own in answers.values())])


def _closed(name: str, laws: Laws, apart: Collection[str], old: Side, new: Side) -> str:
    """Why the two sides cannot be asked the same of a framework, if they cannot."""
    both = [law for law in (laws.old.get(name), laws.new.get(name)) if law]
    read = sorted({fact for law in both for when in law.conditions() for fact in facts_in(when)} & {*apart})
    if read:
        return f"{', '.join(read)} cannot be stated to both sides in one way"
    homes = [{d.deployment for d in s.policies.deployments.values() if name in _house(d)} for s in (old, new)]
    lone = sorted(d for home, side in zip(homes, (new, old), strict=True) for d in home - {*side.policies.deployments})
    return f"the deployment {lone[0]} is on one side alone" if lone else ""


def _house(deployment: Deployment) -> list[str]:
    return [rules.framework for rules in deployment.rules]


def _moved_settings(old: PolicySet, new: PolicySet) -> set[str]:
    """Settings that a deployment of both sides states otherwise."""
    pairs = [(old.deployments[name], new.deployments[name]) for name in old.deployments if name in new.deployments]
    return {
        f"deployment.{key}"
        for before, after in pairs
        for key in {*before.settings, *after.settings}
        if _setting(before, key) != _setting(after, key)
    }


def _setting(deployment: Deployment, key: str) -> object:
    found = deployment.settings.get(key)
    return found and found.value


# Changes --------------------------------------------------------------------------------------------------------------


def _framework(
    name: str, old: Side, new: Side, before: Framework | None, after: Framework | None, answers: Answers
) -> FrameworkComparison:
    if before is None or after is None:
        only = before or after
        assert only is not None
        return FrameworkComparison(name, only.title, "added" if before is None else "removed", answers, (), {})
    rules = tuple(rule_changes(Version(before, old.day), Version(after, new.day)))
    joint = old.policies.vocabulary.joined(new.policies.vocabulary)
    reaches = {
        rule.id: reach(rule.old.when, rule.new.when, joint, (old.day, new.day))
        for rule in rules
        if rule.kind == "changed" and rule.old and rule.new and (rule.conditions or rule.through)
    }
    return FrameworkComparison(name, after.title, "changed", answers, rules, reaches)


def _read_by(frameworks: Iterable[Framework]) -> set[str]:
    """The facts that some frameworks read."""
    return {fact for framework in frameworks for rule in framework.rules() for fact in facts_in(rule.when)}


def _facts(old: Side, new: Side, read: Collection[str] | None) -> Iterator[FactChange]:
    """The facts that differ, or those among `read`; a fact of any party counts once."""
    before, after = (
        {declared.shown: declared for declared in side.policies.vocabulary if read is None or declared.name in read}
        for side in (old, new)
    )
    for name in dict.fromkeys((*after, *before)):
        if name not in before or name not in after:
            yield FactChange(name, "added" if name in after else "removed", (), (), (), ())
        elif any((change := _fact(before[name], after[name]))[2:]):
            yield change


def _fact(old: Declared, new: Declared) -> FactChange:
    fields = [Field(name, str(was), str(now)) for name, was, now in zip(_FORM, _form(old), _form(new), strict=True)]
    words = [Field(name, getattr(old.fact, name), getattr(new.fact, name)) for name in ("question", "cite", "note")]
    words += [Field(f"code {code}", says, new.codes[code]) for code, says in old.codes.items() if code in new.codes]
    codes = (old.codes, new.codes) if old.name != RECEIVED_UNDER else ({}, {})  # the bases are listed with the rules
    return FactChange(
        new.shown,
        "changed",
        tuple(field for field in fields if field.old != field.new),
        tuple(code for code in codes[0] if code not in codes[1]),
        tuple(code for code in codes[1] if code not in codes[0]),
        tuple(field for field in words if field.old != field.new) if old.name != RECEIVED_UNDER else (),
    )


_FORM = ("type", "may not apply", "towards", "derived")


def _form(declared: Declared) -> tuple[object, ...]:
    fact = declared.fact
    return fact.type, declared.optional, fact.towards or "nobody", fact.derived


def _clauses(old: Side, new: Side) -> Iterator[ClauseChange]:
    before, after = old.policies.clauses, new.policies.clauses
    for name in dict.fromkeys((*after, *before)):
        if name not in before or name not in after:
            yield ClauseChange(name, "added" if name in after else "removed", (), ())
        elif before[name] != after[name]:
            yield _clause(name, before[name], after[name])


def _clause(name: str, old: Clause, new: Clause) -> ClauseChange:
    fields = [Field(key, getattr(old, key), getattr(new, key)) for key in ("title", "element")]
    fields += [Field(f"asks {key}", old.asks.get(key, ""), new.asks.get(key, "")) for key in {**old.asks, **new.asks}]
    text = tuple(wording(old.text, new.text)) if old.text != new.text else ()
    return ClauseChange(name, "changed", tuple(field for field in fields if field.old != field.new), text)


_WORD = re.compile(r"\{\{.*?\}\}\S*\s*|\{%.*?%\}\S*\s*|\S+\s*")
"""A word, or a placeholder of a clause, with the blank behind it."""


def wording(old: str, new: str) -> Iterator[Piece]:
    """Two texts word by word."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("both", "".join(before[i:j]))
            continue
        if j > i:
            yield Piece("old", "".join(before[i:j]))
        if m > k:
            yield Piece("new", "".join(after[k:m]))


def _deployments(old: Side, new: Side) -> Iterator[DeploymentChange]:
    before, after = old.policies.deployments, new.policies.deployments
    for name in dict.fromkeys((*after, *before)):
        if name not in before or name not in after:
            yield DeploymentChange(name, "added" if name in after else "removed", ())
        elif fields := tuple(_deployment(before[name], after[name])):
            yield DeploymentChange(name, "changed", fields)


def _deployment(old: Deployment, new: Deployment) -> Iterator[Field]:
    if old.hub != new.hub:
        yield Field("hub", old.hub or "", new.hub or "")
    for what, before, after in (
        ("setting", old.facts, new.facts),
        ("agency", old.agencies, new.agencies),
        ("body", old.bodies, new.bodies),
        ("element", old.elements, new.elements),
        ("catalogue", _catalogue(old), _catalogue(new)),
    ):
        for key in {**before, **after}:
            if before.get(key) != after.get(key):
                yield Field(f"{what} {key}", _shown(before.get(key)), _shown(after.get(key)))


def _catalogue(deployment: Deployment) -> dict[str, str]:
    return {
        " / ".join(part for part in (row.agency, row.program, row.category, row.element) if part): ", ".join(row.is_)
        for row in deployment.catalogue
    }


def _shown(value: object) -> str:
    return "" if value is None else str(value)
