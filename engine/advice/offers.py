"""Which values the facts of a request can be given, by which measures."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from engine.advice.measures import Measure
from engine.advice.parts import CATEGORIES, DERIVED, Parts
from engine.advice.program import Program, holds_in
from engine.advice.stances import Stance, Stances
from engine.advice.weights import CODE, CONDITION, ODD, OPENING, WEIGHTS, MeasureKind
from engine.completions import FactKey
from engine.completions.variables import Variable, apart
from engine.facts import Absence, ChangeKind, CodeSet, Declared, Reach, Value, read_scalar
from engine.graph import Disclosure

PAPERS = "flow.instruments"
_RECOGNIZABLE: tuple[MeasureKind, ...] = ("deliver", "aggregate")
"""Measures after which persons are harder to recognize: not for data that are yet to be joined with others."""


class Offer(NamedTuple):
    """A value that a fact can be given, the literal that says so, and the measure; None where it is what is stated."""

    literal: int
    value: Value
    measure: Measure | None


class Plan:
    """The values that facts are given; what is given none stays open."""

    def __init__(self, program: Program, stances: Stances, parts: Parts | None, disclosures: Mapping[str, Disclosure]):
        self.program, self.stances, self.parts, self.disclosures = program, stances, parts, disclosures
        self.gates, self.scope = program.gates, program.gates.scope
        self.domains: dict[Variable, list[Value]] = {}
        self.own: dict[Variable, list[int]] = {}
        """By variable: the literals that say that it is given a value of its domain."""
        self.offers: dict[FactKey, list[Offer]] = {}
        self.sets: dict[FactKey, _SetOffer] = {}
        self.papers: dict[int, Measure] = {}
        self.recipients: dict[str, int] = {}
        self._signed: dict[tuple[str, frozenset[str]], int] = {}
        self._else: dict[tuple[Variable, int], list[int]] = {}
        for variable in self.scope.variables:
            self._offer(variable)
        for offer in self.sets.values():
            offer.bind()
        self._leave_room()

    def _leave_room(self) -> None:
        """Of facts that are compared, one that is given no value may be more or less than all that others can get."""
        groups = {v: self.scope.group(v.fact) for v in self.scope.variables if self.scope.partners.get(v.fact)}
        room = {}
        for variable, group in groups.items():
            taken = {v for f in group for v in self.domains[Variable(f)] if not isinstance(v, Absence)}
            room[variable] = apart(self.scope.declared(variable.fact), taken, len(group))
        for variable, values in room.items():
            more = [value for value in values if value not in self.domains[variable]]
            self.domains[variable] += more
            self.own[variable] += [-self.gates.true] * len(more)

    def given(self, true: Container[int]) -> dict[Variable, int]:
        """By variable that a solution gives a value: the index of the value."""
        return {
            variable: i
            for variable, literals in self.own.items()
            for i, literal in enumerate(literals)
            if holds_in(true, literal)
        }

    @cached_property
    def brought_about(self) -> dict[Variable, list[int]]:
        """By variable the literals that imply that it has a value that is stated, or that a change gives it."""
        return {variable: self._unassumed(variable) for variable in self.own}

    def _unassumed(self, variable: Variable) -> list[int]:
        literals, never = self.own[variable], -self.gates.true
        if variable.fact in self.sets:
            unassumed = self.sets[variable.fact].unassumed
            return [self.program.all_of([literal, *unassumed]) for literal in literals]
        assumed = {o.literal for o in self.offers.get(variable.fact, ()) if o.measure and o.measure.kind == "assume"}
        return [never if literal in assumed else literal for literal in literals]

    def values_else(self, variable: Variable, index: int) -> list[int]:
        """The literals that imply that a variable has a value: what it is given, else the value at an index."""
        key = (variable, index)
        if key not in self._else:
            literals = self.own[variable]
            others = [n for i, n in enumerate(literals) if i != index and n != -self.gates.true]
            kept = self.program.all_of(-other for other in others)
            self._else[key] = [*literals[:index], kept, *literals[index + 1 :]]
        return self._else[key]

    def _offer(self, variable: Variable) -> None:
        declared = self.scope.declared(variable.fact)
        if declared.name == PAPERS:
            self._offer_paper(variable)
        elif declared.fact.derived:
            self._offer_derived(variable)
        elif variable.code:
            self._offer_code(variable, declared)
        else:
            self._offer_value(variable, declared)

    def _enter(self, variable: Variable, values: list[Value], literals: list[int]) -> None:
        self.domains[variable], self.own[variable] = values, literals
        taken = [literal for literal in literals if literal != -self.gates.true]
        for i, one in enumerate(taken):
            for other in taken[i + 1 :]:
                self.gates.add(-one, -other)

    # Facts with one value ---------------------------------------------------------------------------------------------

    def _offer_value(self, variable: Variable, declared: Declared) -> None:
        stance = self.stances.of(variable.fact)
        current = stance.value if stance else Absence.NOT_ASKED
        regions = self.scope.values(variable)
        reached = _reached(declared, regions, current)
        joined = self.stances.joined(variable.fact[0])
        assumed = [] if stance or declared.fact.type != "code" else self._unreached(variable.fact, declared, reached)
        values = list(dict.fromkeys([*([current] if stance else []), *reached, *regions, *assumed]))
        free = self.stances.can_be_stated(variable.fact) and declared.fact.type != "text"
        sought = self._sought(variable.fact)
        literals = []
        for value in values:
            kind: MeasureKind | None = None
            if stance is None or value != current:
                kind = reached.get(value) or ("assume" if stance is None else None)
                if kind == "assume" and declared.optional and not _nothing(value):
                    kind = None  # that something out of the ordinary happened is not assumed
                if not free or (kind in _RECOGNIZABLE and joined) or (kind == "recipient" and not sought):
                    kind = None
                if kind is None:
                    literals.append(-self.gates.true)
                    continue
            measure = self._measure(kind, variable.fact, stance, value, declared, reached) if kind else None
            literal = self.program.priced(measure.cost) if measure else self.gates.new()
            if kind == "recipient":
                self.gates.add(-literal, sought)
            literals.append(literal)
            self.offers.setdefault(variable.fact, []).append(Offer(literal, value, measure))
        self._enter(variable, values, literals)
        if stance:
            self.gates.add(*(literal for literal in literals if literal != -self.gates.true))

    def _unreached(self, fact: FactKey, declared: Declared, reached: Mapping[Value, MeasureKind]) -> list[Value]:
        """Of the codes that no rule names one that nobody can bring about: what a fact may turn out to be."""
        named = self.scope.constants.get(fact, ())
        unnamed: list[Value] = [code for code in sorted(declared.codes) if code not in named and code not in reached]
        return unnamed[:1]

    def _measure(
        self, kind: MeasureKind, fact: FactKey, stance: Stance | None, new: Value, declared: Declared,
        reached: Mapping[Value, MeasureKind],
    ) -> Measure:  # fmt: skip
        cost = CONDITION if kind == "recipient" else WEIGHTS[kind]
        if kind == "assume" and not _nothing(new):
            cost += OPENING
        if declared.fact.type in ("number", "date"):
            cost += ODD * (new not in self.scope.constants.get(fact, ()) and not _nothing(new))
        elif new in reached:
            cost += ODD * [value for value in reached if reached[value] == kind].index(new)
        return Measure(kind, fact[0], cost, fact, declared.name, stance.value if stance else None, new)

    def _sought(self, fact: FactKey) -> int:
        """The literal that says that another recipient is named than the one that a fact is about; 0 if none can be."""
        whose, _, name = fact[0].partition(" ")
        party = name.partition(" ")[0]
        if whose != "party" or party not in self.stances.recipients:
            return 0
        if party not in self.recipients:
            self.recipients[party] = self.program.priced(WEIGHTS["recipient"])
        return self.recipients[party]

    def _offer_derived(self, variable: Variable) -> None:
        """What the graph computes follows from the parts that remain; where the graph knows nothing, it stays open."""
        reading = self.scope.readings[variable.fact]
        if self.parts and reading.name in DERIVED:
            found = self.parts.derived(reading.name, self.disclosures[variable.fact[0]])
            self._enter(variable, [*found], [*found.values()])
        else:
            values = self.scope.values(variable)
            self._enter(variable, values, [-self.gates.true for _ in values])

    # Sets -------------------------------------------------------------------------------------------------------------

    def _offer_code(self, variable: Variable, declared: Declared) -> None:
        if variable.fact not in self.sets:
            self.sets[variable.fact] = _SetOffer(self, variable.fact, declared)
        self._enter(variable, [False, True], self.sets[variable.fact].literals(variable.code))

    # Papers -----------------------------------------------------------------------------------------------------------

    def _offer_paper(self, variable: Variable) -> None:
        about, _ = variable.fact
        one, other, flow = about.removeprefix("papers of ").replace(" and ", " ").replace(" on flow ", " ").split(" ")
        ends = frozenset((one, other))
        key = (variable.code, ends)
        if key not in self._signed:
            measure = Measure(
                "sign", f"parties {' and '.join(sorted(ends))}", WEIGHTS["sign"], name=PAPERS,
                part=(variable.code, *sorted(ends)),
            )  # fmt: skip
            self._signed[key] = self.program.priced(measure.cost)
            self.papers[self._signed[key]] = measure
        unsigned = self.stances.unsigned(variable.code, ends, flow)
        self._enter(variable, [False, True], [-self._signed[key] if unsigned else -self.gates.true, self._signed[key]])


class _SetOffer:
    """The codes that a set can gain or lose; they are stated together or not at all."""

    def __init__(self, plan: Plan, fact: FactKey, declared: Declared) -> None:
        self.plan, self.fact, self.declared = plan, fact, declared
        stance = plan.stances.of(fact)
        value = stance.value if stance else None
        self.stated = value is not None and not (isinstance(value, CodeSet) and value.may)
        self.has = value.has if isinstance(value, CodeSet) else frozenset[str]()
        self.codes: dict[str, tuple[int, int]] = {}
        """By code: the literals that say that it is not in the set, and that it is."""
        self.kinds: dict[ChangeKind, int] = {}
        free = plan.stances.can_be_stated(fact)
        if free:
            joined = plan.stances.joined(fact[0])
            for kind in declared.fact.change:
                if kind in _RECOGNIZABLE and joined:
                    continue
                self.kinds[kind] = plan.program.priced(WEIGHTS[kind])
        self.assumed = plan.program.priced(WEIGHTS["assume"]) if free and not self.stated else -plan.gates.true

    def bits(self) -> Iterator[tuple[MeasureKind, int]]:
        """The literals of the measures that change the set, with their kinds."""
        yield from self.kinds.items()
        if self.assumed != -self.plan.gates.true:
            yield "assume", self.assumed

    @property
    def unassumed(self) -> list[int]:
        """The literals that say that nothing is assumed of the set."""
        return [-literal for kind, literal in self.bits() if kind == "assume"]

    def measures(self, true: Container[int]) -> Iterator[Measure]:
        """The measure that a solution takes."""
        bits = {kind: literal for kind, literal in self.bits() if literal in true}
        if not bits:
            return
        has = {code for code, (_, inside) in self.codes.items() if inside in true}
        lost = {code for code, (outside, _) in self.codes.items() if outside in true}
        new = CodeSet(frozenset(self.has - lost | has))
        kind = max(bits, key=WEIGHTS.__getitem__)
        old = self.plan.stances.of(self.fact)
        yield Measure(
            kind, self.fact[0], sum(WEIGHTS[k] for k in bits), self.fact, self.declared.name, old and old.value, new
        )

    def literals(self, code: str) -> list[int]:
        """The literals of a code."""
        gates = self.plan.gates
        if code not in self.codes:
            self.codes[code] = (gates.new(), gates.new())
            outside, inside = self.codes[code]
            dataset = self.fact[0].removeprefix("dataset ")
            if self.declared.name == CATEGORIES and self.plan.parts and self.plan.parts.catalogued(dataset):
                self.plan.parts.bind_category(dataset, code, inside, outside)
            else:
                self._bind(code, outside, inside)
        return list(self.codes[code])

    def _bind(self, code: str, outside: int, inside: int) -> None:
        add, changes = self.plan.gates.add, self.declared.fact.change
        adding = [literal for kind, literal in self.kinds.items() if code in (changes[kind].to or ())]
        removing = [literal for kind, literal in self.kinds.items() if code in changes[kind].remove]
        if changes and any(reach.to is None for reach in changes.values()):
            adding = removing = list(self.kinds.values())
        if self.stated:
            add(inside, outside)
            if code in self.has:
                add(-outside, *removing)
            else:
                add(-inside, *adding)
        else:
            add(-inside, *adding, self.assumed)
            add(-outside, *self.kinds.values(), self.assumed)
        extra = self.plan.program.priced(CODE)
        add(-(outside if code in self.has else inside), extra)

    def bind(self) -> None:
        """Let every code be stated once one is, where nothing is stated yet; and let data be of some kind."""
        if self.declared.name == CATEGORIES and self.has <= self.codes.keys():
            some = [self.codes[code][1] for code in sorted(self.has or self.codes)]
            self.plan.gates.add(*some, *([] if self.stated else [-self.assumed]))
        if not self.stated:
            bits = [self.assumed, *self.kinds.values()]
            for outside, inside in self.codes.values():
                for bit in bits:
                    self.plan.gates.add(-bit, inside, outside)


def _nothing(value: Value) -> bool:
    """Whether a value says that something is not so."""
    return value is False or value == "none" or value is Absence.DOES_NOT_APPLY


def _reached(declared: Declared, regions: list[Value], current: Value) -> dict[Value, MeasureKind]:
    """The values that people can bring about, each with how it is least hard.

    What makes persons harder to recognize is listed with the strongest last, and never goes back.
    """
    found: dict[Value, MeasureKind] = {}
    reaches = declared.fact.change
    strength = [*_values(declared, [reaches[kind] for kind in reaches if kind in _RECOGNIZABLE])]
    weaker = set(strength[: strength.index(current)]) if current in strength else set()
    for kind in sorted(reaches, key=WEIGHTS.__getitem__):
        if reaches[kind].to is None:
            values = [value for value in regions if _more(value, current)]
        else:
            values = [v for v in _values(declared, [reaches[kind]]) if kind not in _RECOGNIZABLE or v not in weaker]
        for value in values:
            found.setdefault(value, kind)
    return found


def _more(value: Value, current: Value) -> bool:
    """Whether a number is larger than the one that is stated, if one is."""
    if isinstance(value, int | float) and isinstance(current, int | float):
        return value > current
    return not isinstance(value, Absence)


def _values(declared: Declared, reaches: Iterable[Reach]) -> Iterator[Value]:
    for reach in reaches:
        for raw in reach.to or ():
            yield read_scalar(declared, raw, lambda code, message, help: None)
