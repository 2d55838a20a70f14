"""What was changed in a framework, rule by rule and condition by condition, apart from what it does to answers.

Rules are matched by their ids. What decides or demands something is kept apart from words, citations and notes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, NamedTuple

from engine.conditions import (
    All,
    AtLeast,
    Condition,
    Either,
    FactName,
    Not,
    Test,
    Use,
    in_words,
    label,
    parts_of,
    tests_in,
)
from engine.documents import Place
from engine.facts import Scalar, printable
from engine.policies import Basis, Framework, Owed, Rule
from engine.policies.models import InForce
from engine.records import title_of
from engine.workbench.meaning import bare

Kind = Literal["added", "removed", "renamed", "changed"]


class Stated(NamedTuple):
    """A condition on one side, in words, with its paragraph and its place. `test` says what is tested, words aside."""

    says: str
    cite: str
    test: str
    place: Place


class ConditionChange(NamedTuple):
    """A condition that was added, removed or changed. `among` is what it stands in: a list of `all`, of `any` ...

    `lost` and `gained` are the values of a test that are gone or new.
    """

    among: str
    old: Stated | None
    new: Stated | None
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()


class Field(NamedTuple):
    """One property with its values on both sides; what is empty was not there."""

    name: str
    old: str
    new: str


class DemandChange(NamedTuple):
    """A clause, instrument or step that a rule demands on one side alone, or otherwise than on the other."""

    kind: str
    name: str
    says: str
    change: Kind
    fields: tuple[Field, ...] = ()
    conditions: tuple[ConditionChange, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule (or, with the id of a framework, the framework itself) that is not the same on both sides.

    `through` names the definitions by which alone its condition has changed. `words` are changes that bear on no answer
    and no demand.
    """

    id: str
    kind: Kind
    title: str
    cite: str
    old: Rule | None
    new: Rule | None
    places: tuple[Place | None, Place | None]
    was: str = ""
    conditions: tuple[ConditionChange, ...] = ()
    through: tuple[str, ...] = ()
    demands: tuple[DemandChange, ...] = ()
    fields: tuple[Field, ...] = ()
    words: tuple[Field, ...] = ()

    @property
    def matters(self) -> bool:
        """Whether more than words changed."""
        return bool(self.kind != "changed" or self.conditions or self.through or self.demands or self.fields)


class Version(NamedTuple):
    """A framework on one side; with a day, only what is in force on it counts."""

    framework: Framework
    day: date | None

    def rules(self) -> dict[str, Rule]:
        """Its rules by id."""
        return {rule.id: rule for rule in self.framework.rules() if self.counts(rule.in_force)}

    def owed(self, rule: Rule | None) -> list[Owed]:
        """What a basis demands, or the framework where no rule is given."""
        if rule is not None and not isinstance(rule, Basis):
            return []
        key = rule.id.split(".", 2)[2] if rule else ""
        return [owed for owed in self.framework.owed(key) if all(map(self.counts, owed.in_force))]

    def counts(self, dates: InForce) -> bool:
        """Whether what has these dates counts."""
        return self.day is None or dates.on(self.day)

    def place(self, rule: Rule | None = None, condition: Condition | None = None) -> Place:
        """Where the framework, one of its rules or one of its conditions stands."""
        document = self.framework.document
        own = self.framework.path_of(rule or self.framework.applies)
        path = condition.path if condition else own if rule else own[:-1]
        return Place(document.file, document.mark_of(path, key=condition is None))


def rule_changes(old: Version, new: Version) -> list[RuleChange]:
    """Every rule of a framework that is not the same on both sides, in the order of the new file; removed ones last."""
    return [*_Comparison(old, new).rules()]


class _Comparison(NamedTuple):
    old: Version
    new: Version

    def rules(self) -> Iterator[RuleChange]:
        """The framework itself, then its rules."""
        own = self.framework()
        if own.matters or own.words:
            yield own
        before, after = self.old.rules(), self.new.rules()
        gone = {name: rule for name, rule in before.items() if name not in after}
        for name, rule in after.items():
            if name in before:
                changed = self.changed(before[name], rule)
                if changed.matters or changed.words:
                    yield changed
                continue
            same = next((other for other in gone.values() if self.alike(other, rule)), None)
            if same is not None:
                del gone[same.id]
                places = (self.old.place(same), self.new.place(rule))
                yield RuleChange(name, "renamed", title_of(rule), rule.cite, same, rule, places, was=same.id)
            else:
                yield RuleChange(name, "added", title_of(rule), rule.cite, None, rule, (None, self.new.place(rule)))
        for name, rule in gone.items():
            yield RuleChange(name, "removed", title_of(rule), rule.cite, rule, None, (self.old.place(rule), None))

    def framework(self) -> RuleChange:
        """What changed in the framework apart from its rules."""
        old, new = self.old.framework, self.new.framework
        return RuleChange(
            new.framework,
            "changed",
            new.title,
            new.authority,
            None,
            None,
            (self.old.place(), self.new.place()),
            demands=tuple(self.demands(None, None)),
            fields=tuple(_differing(old, new, {"in force": lambda f: _dates(f.in_force)}) if not self.new.day else ()),
            words=(*_differing(old, new, _attributes("title", "authority", "note")), *self.demand_words(None, None)),
        )

    def changed(self, old: Rule, new: Rule) -> RuleChange:
        """What changed in one rule."""
        conditions = tuple(self.conditions(old.when, new.when))
        settled = tuple(self.settled(old.when, new.when)) if self.new.day else ()
        alike = bare(old.when) == bare(new.when)
        through = () if alike or conditions else tuple(_redefined(old.when, new.when))
        return RuleChange(
            new.id,
            "changed",
            title_of(new),
            new.cite,
            old,
            new,
            (self.old.place(old), self.new.place(new)),
            conditions=(*conditions, *settled),
            through=through,
            demands=tuple(self.demands(old, new)),
            fields=tuple(self.properties(old, new)),
            words=(*_differing(old, new, _WORDS), *_condition_words(old.when, new.when), *self.demand_words(old, new)),
        )

    def properties(self, old: Rule, new: Rule) -> Iterator[Field]:
        """Dates and attached restrictions that differ."""
        if not self.new.day:
            yield from _differing(old, new, {"in force": lambda rule: _dates(rule.in_force)})
        attached = {"attaches": lambda rule: ", ".join(sorted(getattr(rule, "attaches", ())))}
        yield from _differing(old, new, attached)

    def alike(self, old: Rule, new: Rule) -> bool:
        """Whether two rules with different ids say the same."""
        change = self.changed(old, new)
        return type(old) is type(new) and not change.matters and not change.words

    # Conditions -------------------------------------------------------------------------------------------------------

    def conditions(self, old: Condition, new: Condition, among: str = "all") -> Iterator[ConditionChange]:
        """The parts of a condition that were added, removed or changed; definitions are compared by name."""
        if bare(old, inline=False) == bare(new, inline=False):
            return
        if isinstance(old, Not) and isinstance(new, Not):
            yield from self.conditions(old.part, new.part, "not")
            return
        if not isinstance(old, All | Either | AtLeast) and not isinstance(new, All | Either | AtLeast):
            yield self.change(among, old, new)
            return
        first, second = _form(old, new), _form(new, old)
        if first != second:
            yield self.change(among, old, new)
            return
        for one, other in _matched(_parts(old), _parts(new)):
            if one is not None and other is not None:
                yield from self.conditions(one, other, first)
            else:
                yield self.change(first, one, other)

    def change(self, among: str, old: Condition | None, new: Condition | None) -> ConditionChange:
        """A condition that is not the same on both sides."""
        lost, gained = _values(old, new)
        before = _stated(old, self.old.place(condition=old)) if old else None
        after = _stated(new, self.new.place(condition=new)) if new else None
        return ConditionChange(among, before, after, lost, gained)

    def settled(self, old: Condition, new: Condition) -> Iterator[ConditionChange]:
        """What the two days themselves decide: tests of the request's date against a date of the law."""
        assert self.old.day
        assert self.new.day
        for one, other in zip(_dated(old), _dated(new), strict=False):
            if bare(one, self.old.day) != bare(other, self.new.day):
                held = bare(other, self.new.day) == All(())
                stated = _stated(other, self.new.place(condition=other))
                yield ConditionChange("day", None if held else stated, stated if held else None)

    # Requirements -----------------------------------------------------------------------------------------------------

    def demands(self, old: Rule | None, new: Rule | None) -> Iterator[DemandChange]:
        """What a rule demands on one side alone, or of others, in another time or under other conditions."""
        for one, other in _paired(self.old.owed(old), self.new.owed(new)):
            if one is None or other is None:
                owed = one or other
                assert owed is not None
                yield DemandChange(owed.kind, owed.name, owed.says, "added" if one is None else "removed")
                continue
            terms = _TERMS if self.new.day else _TERMS | {"in force": _all_dates}
            fields, conditions = tuple(_differing(one, other, terms)), tuple(self.conditions(one.when, other.when))
            if fields or conditions:
                yield DemandChange(other.kind, other.name, other.says, "changed", fields, conditions)

    def demand_words(self, old: Rule | None, new: Rule | None) -> Iterator[Field]:
        """Words of requirements that differ."""
        for one, other in _paired(self.old.owed(old), self.new.owed(new)):
            if one is not None and other is not None:
                words = _differing(one, other, _attributes("says", "cite", "checked", "note"))
                yield from (field._replace(name=f"{other.name}: {field.name}") for field in words)


# Fields ---------------------------------------------------------------------------------------------------------------

_Read = Callable[[Any], str]


def _attributes(*names: str) -> dict[str, _Read]:
    return {name: lambda thing, name=name: getattr(thing, name, "") or "" for name in names}  # type: ignore[misc]


def _differing(old: object, new: object, fields: Mapping[str, _Read]) -> Iterator[Field]:
    for name, read in fields.items():
        if (before := read(old)) != (after := read(new)):
            yield Field(name, before, after)


def _dates(span: InForce) -> str:
    first = f"from {span.from_}" if span.from_ else ""
    last = f"until {span.until}" if span.until else ""
    return " ".join(filter(None, (first, last)))


def _all_dates(owed: Owed) -> str:
    return "; ".join(filter(None, map(_dates, owed.in_force)))


_WORDS = _attributes("title", "says", "cite", "checked", "note")
_TERMS: dict[str, _Read] = {
    **_attributes("by", "due", "after"),
    "within": lambda owed: owed.limit,
    "between": lambda owed: " and ".join(owed.between or ()),
    "approval": lambda owed: "yes" if owed.approval else "",
}


def _paired(old: Sequence[Owed], new: Sequence[Owed]) -> Iterator[tuple[Owed | None, Owed | None]]:
    """Requirements of the same name, equal ones first; then those of one side alone."""
    left = list(old)
    found: dict[int, Owed] = {}
    for alike in (_same_owed, lambda one, other: (one.kind, one.name) == (other.kind, other.name)):
        for i, owed in enumerate(new):
            match = next((one for one in left if i not in found and alike(one, owed)), None)
            if match is not None:
                left.remove(match)
                found[i] = match
    yield from ((found.get(i), owed) for i, owed in enumerate(new))
    yield from ((owed, None) for owed in left)


def _same_owed(one: Owed, other: Owed) -> bool:
    return one == other


# Conditions -----------------------------------------------------------------------------------------------------------


def _form(condition: Condition, like: Condition) -> str:
    """The kind of list that a condition is; what is no list counts as a list of one like the other."""
    match condition:
        case All():
            return "all"
        case Either():
            return "any"
        case AtLeast(count=count):
            return f"at least {count}"
        case _:
            return _form(like, condition)


def _parts(condition: Condition) -> tuple[Condition, ...]:
    return parts_of(condition) if isinstance(condition, All | Either | AtLeast) else (condition,)


def _matched(old: Sequence[Condition], new: Sequence[Condition]) -> Iterator[tuple[Condition | None, Condition | None]]:
    """Parts that say the same, else those of one name, else tests of one fact; then those of one side alone."""
    left, found = list(old), dict[int, Condition]()
    for key in (lambda part: bare(part, inline=False), label, _tested):
        for i, part in enumerate(new):
            match = next((one for one in left if i not in found and key(one) == key(part) is not None), None)
            if match is not None:
                left.remove(match)
                found[i] = match
    yield from ((found.get(i), part) for i, part in enumerate(new))
    yield from ((part, None) for part in left)


def _tested(condition: Condition) -> str | None:
    return condition.fact if isinstance(condition, Test) else None


def _values(old: Condition | None, new: Condition | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The values of a test that are gone, and those that are new."""
    if not isinstance(old, Test) or not isinstance(new, Test) or (old.fact, old.operator) != (new.fact, new.operator):
        return (), ()
    lost = [o for o in old.operands if o not in new.operands]
    gained = [o for o in new.operands if o not in old.operands]
    return tuple(map(_value, lost)), tuple(map(_value, gained))


def _value(operand: Scalar | FactName) -> str:
    return operand.name if isinstance(operand, FactName) else str(printable(operand))


def _stated(condition: Condition, place: Place) -> Stated:
    cite = condition.cite or (condition.part.cite if isinstance(condition, Use) else "")
    inner = condition.part if isinstance(condition, Not) else condition
    test = in_words(replace(condition, says="")) if isinstance(inner, Test) else ""
    return Stated(in_words(condition), cite, test, place)


def _dated(condition: Condition) -> list[Test]:
    """The tests of the request's date against a date of the law."""
    tests = [test for test in tests_in(condition) if test.fact == "request.date"]
    return [test for test in tests if isinstance(test.operands[0], date)]


def _own(condition: Condition) -> Iterator[Condition]:
    """A condition and all below it, without what definitions say."""
    yield condition
    if not isinstance(condition, Use):
        for part in parts_of(condition):
            yield from _own(part)


def _redefined(old: Condition, new: Condition) -> Iterator[str]:
    """The definitions that a condition uses and that do not say the same on both sides."""
    before = {use.name: bare(use) for use in _own(old) if isinstance(use, Use)}
    after = {use.name: bare(use) for use in _own(new) if isinstance(use, Use)}
    yield from (name for name, meaning in after.items() if before.get(name, meaning) != meaning)


def _condition_words(old: Condition, new: Condition) -> Iterator[Field]:
    """Words of conditions that test the same on both sides."""
    before = defaultdict[tuple[type, Condition], list[Condition]](list)
    for condition in _own(old):
        before[type(condition), bare(condition, inline=False)].append(condition)
    for condition in _own(new):
        if same := before[type(condition), bare(condition, inline=False)]:
            words = _differing(same.pop(0), condition, _attributes("id", "says", "cite", "checked"))
            yield from (field._replace(name=f"{label(condition)}: {field.name}") for field in words)
