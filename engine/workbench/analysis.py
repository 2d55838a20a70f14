"""What no worked case can show: rules that never hold, parts that make no difference, disclosures nobody thought of.

Every check asks the solver about all requests of the shapes in `engine.workbench.situations`, under the law of a day.
What it says of "no way in which data travel" holds of those shapes. Every example is decided as claimed by the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations
from typing import Literal, NamedTuple

import networkx as nx

from engine.completions.formulas import key_of
from engine.conditions import All, Condition, Test, facts_in, in_words, parts_of, tests_in
from engine.documents import Path_, Place
from engine.facts import PAPERS, RECEIVED_UNDER, unknown
from engine.policies import Basis, Framework, Owed, PolicySet, Rule
from engine.policies.models import InForce
from engine.workbench.questions import (
    Ask,
    Inquiry,
    Spot,
    allowed,
    barred,
    both,
    either,
    fits,
    governed,
    meets,
    not_,
    opens,
    part_at,
    spots,
    turns,
    unbarred,
)
from engine.workbench.situations import Example, situations

Severity = Literal["defect", "doubt", "note"]


class Code(NamedTuple):
    """A kind of concern: how grave it is, and what it means."""

    severity: Severity
    means: str


CODES: Mapping[str, Code] = {
    "never-holds": Code("defect", "A rule, or the condition of a requirement, holds in no situation"),
    "bar-swallows": Code("defect", "Whatever meets the conditions of a basis is barred"),
    "requirements-clash": Code("defect", "Requirements that cannot be met as they stand"),
    "always-holds": Code("doubt", "A condition makes no difference to its rule"),
    "redundant-basis": Code("doubt", "A basis permits nothing that another does not permit for as little"),
    "idle-question": Code("doubt", "A fact is asked for, and changes neither an answer nor what is owed"),
    "gap": Code("note", "A kind of disclosure that the framework governs, and that nothing can permit"),
    "overlap": Code("note", "Bases that can permit the same disclosure and demand different things"),
}


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that counsel should look at. `rules` are named with their places; `example` shows it, where one can."""

    code: str
    framework: str
    rules: tuple[tuple[str, Place], ...]
    says: str
    example: Example | None = None

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return CODES[self.code].severity


def analyze(policies: PolicySet, framework: Framework, day: date) -> list[Concern]:
    """Every concern about a framework as of a day, the gravest first. Raises `CannotDo` where the solver gives up."""
    house = next((d for d in policies.deployments.values() if framework in d.rules), None)
    found = _Analysis(policies, Inquiry(framework, tuple(situations(policies, day, house))), day).concerns()
    order = [*CODES]
    return sorted(found, key=lambda concern: (order.index(concern.code), concern.rules[0][1]))


_ALWAYS = All(())


class _Demand(NamedTuple):
    """A requirement, and the basis under which it is owed."""

    owed: Owed
    basis: Basis

    @property
    def due(self) -> Ask:
        """It is owed on a disclosure that the basis permits."""
        return both(opens(self.basis.id), meets(self.owed.when))

    @property
    def spared(self) -> Ask:
        """The basis permits, and it is not owed."""
        return both(opens(self.basis.id), not_(meets(self.owed.when)))


class _Analysis:
    def __init__(self, policies: PolicySet, inquiry: Inquiry, day: date) -> None:
        self.policies, self.inquiry, self.framework, self.day = policies, inquiry, inquiry.framework, day

    def concerns(self) -> Iterator[Concern]:
        yield from self.clashing_dates()
        if not self.in_force(self.framework, self.framework.applies):
            return
        if not self.inquiry.ever({"": governed}):
            yield self.concern("never-holds", [self.framework.applies], "The framework governs nothing")
            return
        yield from self.never_holds()
        yield from self.bar_swallows()
        yield from self.clashing_requirements()
        yield from self.always_holds()
        yield from self.redundant_bases()
        yield from self.idle_questions()
        yield from self.gaps()
        yield from self.overlaps()

    # What there is ----------------------------------------------------------------------------------------------------

    def in_force(self, *dated: Framework | Rule) -> bool:
        return all(one.in_force.on(self.day) for one in dated)

    @cached_property
    def bases(self) -> dict[str, Basis]:
        """The bases in force, by key."""
        return {key: basis for key, basis in self.framework.bases.items() if self.in_force(basis)}

    @cached_property
    def rules(self) -> dict[str, tuple[Rule, Ask]]:
        """The rules in force that decide, by id, each with what must hold for it to matter."""
        framework = self.framework
        own = [framework.applies, *framework.definitions.values()]
        asked = [*framework.bars.values(), *framework.bases.values()]
        always = meets(_ALWAYS)
        found = [(rule, always) for rule in own] + [(rule, governed) for rule in asked]
        return {rule.id: (rule, ask) for rule, ask in found if self.in_force(rule)}

    @cached_property
    def fitting(self) -> set[str]:
        """The ids of the bases whose conditions can be met."""
        return set(self.inquiry.ever({basis.id: fits(basis.id) for basis in self.bases.values()}))

    @cached_property
    def opening(self) -> set[str]:
        """The ids of the bases that permit some disclosure."""
        return set(self.inquiry.ever({id_: opens(id_) for id_ in self.fitting}))

    def demands(self, basis: Basis) -> list[_Demand]:
        """What is owed under a basis, by it or by the framework."""
        key = basis.id.rpartition(".")[2]
        owed = [*self.framework.owed(key), *self.framework.owed()]
        return [_Demand(one, basis) for one in owed if all(dates.on(self.day) for dates in one.in_force)]

    # Never, always ----------------------------------------------------------------------------------------------------

    @cached_property
    def holding(self) -> set[str]:
        """The ids of the rules that hold of some disclosure."""
        return set(self.inquiry.ever({id_: both(ask, meets(rule.when)) for id_, (rule, ask) in self.rules.items()}))

    def never_holds(self) -> Iterator[Concern]:
        for id_, (rule, _) in self.rules.items():
            if id_ not in self.holding:
                yield self.concern("never-holds", [rule], f"{id_} never holds")
        owed = self.inquiry.ever({at: either(demand.due for demand in by) for at, by in self.conditional.items()})
        for places, by in self.conditional.items():
            if places not in owed:
                demand = by[0].owed
                says = f"The {demand.kind} {demand.name} is never owed: no basis permits what meets its condition"
                yield self.at(places, "never-holds", says, by[0].basis)

    @cached_property
    def conditional(self) -> dict[tuple[Path_, ...], list[_Demand]]:
        """Requirements with a condition under bases that permit something, by the places of the condition."""
        found: dict[tuple[Path_, ...], list[_Demand]] = {}
        for basis in self.bases.values():
            for demand in self.demands(basis) if basis.id in self.opening else ():
                places = _places(demand.owed.when)
                if places and not any(map(_given, facts_in(demand.owed.when))):
                    found.setdefault(places, []).append(demand)
        return found

    def always_holds(self) -> Iterator[Concern]:
        """Conditions that can be taken as true, or as false, with no difference to their rule."""
        asks: dict[tuple[str, Spot, bool], Ask] = {}
        for id_, (rule, context) in self.rules.items():
            for spot in spots(rule.when) if id_ in self.holding else ():
                if all(map(_given, facts_in(part_at(rule.when, spot)))):
                    continue
                for truth in (True, False):
                    asks[id_, spot, truth] = both(context, turns(rule.when, spot, not truth))
        turned = self.inquiry.ever(asks)
        idle: dict[tuple[str, Spot], list[bool]] = {}
        for id_, spot, truth in asks:
            if (id_, spot, truth) not in turned and not any((id_, spot[:i]) in idle for i in range(1, len(spot))):
                idle.setdefault((id_, spot), []).append(truth)
        for (id_, spot), truths in idle.items():
            rule, context = self.rules[id_]
            condition = part_at(rule.when, spot)
            given = " where the framework governs" if context is governed else ""
            taken = "left out" if len(truths) > 1 else f"taken as {'true' if truths[0] else 'false'}"
            says = f'"{in_words(condition)}" makes no difference to {id_}{given}: it can be {taken}'
            yield self.at((condition.path,), "always-holds", says, rule)
        spared = self.inquiry.ever({at: either(demand.spared for demand in by) for at, by in self.conditional.items()})
        for places, by in self.conditional.items():
            if places not in spared:
                demand = by[0].owed
                says = f"The {demand.kind} {demand.name} is owed without exception: its condition is always met"
                yield self.at(places, "always-holds", says, by[0].basis)

    # Bases and bars ---------------------------------------------------------------------------------------------------

    def bar_swallows(self) -> Iterator[Concern]:
        bars = [bar for bar in self.framework.bars.values() if self.in_force(bar)]
        for basis in self.bases.values():
            if basis.id not in self.fitting or basis.id in self.opening:
                continue
            escapes = self.inquiry.ever({bar.id: both(fits(basis.id), not_(barred(bar.id))) for bar in bars})
            alone = [bar for bar in bars if bar.id not in escapes]
            by = " and ".join(bar.id for bar in alone) or "one bar or another"
            says = f"{basis.id} never permits: whatever meets its conditions is barred by {by}"
            yield self.concern("bar-swallows", [basis, *alone], says, self.inquiry.example(fits(basis.id)))

    def redundant_bases(self) -> Iterator[Concern]:
        """Of bases that cover each other, the later ones are redundant."""
        keys = [key for key, basis in self.bases.items() if basis.id in self.opening and basis.id not in self.tested]
        pairs = [
            (key, other)
            for key in keys
            for other in self.bases
            if key != other and set(self.bases[other].attaches) <= set(self.bases[key].attaches)
        ]
        beyond = self.inquiry.ever({pair: self.alone(*pair) for pair in pairs})
        beyond |= self.inquiry.ever({pair: self.for_more(*pair) for pair in pairs if pair not in beyond})
        covered = [pair for pair in pairs if pair not in beyond]
        order = [*self.bases]
        for key in keys:
            by = [other for one, other in covered if one == key]
            by = [other for other in by if (other, key) not in covered or order.index(other) < order.index(key)]
            if by:
                basis, other = self.bases[key], self.bases[by[0]]
                says = f"{basis.id} permits nothing that {other.id} does not permit for as little"
                example = self.inquiry.example(both(opens(basis.id), opens(other.id)))
                yield self.concern("redundant-basis", [basis, other], says, example)

    @cached_property
    def tested(self) -> set[str]:
        """The bases that some rule asks after on later legs: they differ by their name."""
        rules = self.policies.rules().values()
        tests = [test for rule in rules for test in tests_in(rule.when) if test.fact == RECEIVED_UNDER]
        return {str(operand) for test in tests for operand in test.operands}

    def alone(self, key: str, other: str) -> Ask:
        """A basis permits, and the conditions of another are not met."""
        return both(opens(self.bases[key].id), not_(fits(self.bases[other].id)))

    def for_more(self, key: str, other: str) -> Ask:
        """A basis permits, and another of which the same is known would demand something more."""
        mine, theirs = self.bases[key], self.bases[other]
        demanded: dict[tuple[str, ...], list[Ask]] = {}
        for demand in self.demands(mine):
            demanded.setdefault(_what(demand.owed), []).append(meets(demand.owed.when))
        more = (
            both(meets(demand.owed.when), not_(either(demanded.get(_what(demand.owed), ()))))
            for demand in self.demands(theirs)
        )
        return both(opens(mine.id), either(more))

    def overlaps(self) -> Iterator[Concern]:
        keys = [key for key, basis in self.bases.items() if basis.id in self.opening]
        pairs = [(one, other) for one, other in combinations(keys, 2) if self.demanded(one) != self.demanded(other)]
        at_once = {(one, other): both(*(opens(self.bases[key].id) for key in (one, other))) for one, other in pairs}
        found = self.inquiry.ever(at_once)
        for group in _connected(found):
            bases = [self.bases[key] for key in keys if key in group]
            inside = [pair for pair in found if pair[0] in group]
            says = f"{len(inside)} pairs of these bases can permit the same disclosure and demand different things"
            if len(inside) == 1:
                says = "Both bases can permit the same disclosure, and they demand different things"
            yield self.concern("overlap", bases, says, self.inquiry.example(at_once[inside[0]]))

    def demanded(self, key: str) -> frozenset[tuple[str, ...]]:
        what = {_what(owed) for owed in self.framework.owed(key)}
        return frozenset({*what, *(("restriction", name) for name in self.bases[key].attaches)})

    # Requirements -----------------------------------------------------------------------------------------------------

    def clashing_dates(self) -> Iterator[Concern]:
        """Requirements that are law on no day on which a rule that demands them is."""
        windows: dict[tuple[str, str, InForce], list[tuple[Rule, bool]]] = {}
        for key, rule in [("", self.framework.applies), *self.framework.bases.items()]:
            for owed in self.framework.owed(key):
                meet = _meet(self.framework.in_force, rule.in_force, *owed.in_force)
                windows.setdefault((owed.kind, owed.name, owed.in_force[-2]), []).append((rule, meet))
        for (kind, name, _), uses in windows.items():
            if not any(meet for _, meet in uses):
                says = f"The {kind} {name} is never owed: its days in force are none of the rule's that demands it"
                yield self.concern("requirements-clash", [rule for rule, _ in uses], says)

    def clashing_requirements(self) -> Iterator[Concern]:
        """Instruments that, once in force, close what demands them; one act demanded at two times."""
        for basis in self.bases.values():
            if basis.id not in self.opening:
                continue
            demands = self.demands(basis)
            papers = {demand.owed.name: demand for demand in demands if demand.owed.kind == "instrument"}
            signed = {name: meets(Test(PAPERS, "includes", (name,))) for name in papers}
            wanted = {name: demand.due for name, demand in papers.items()}
            owed_ever = self.inquiry.ever(wanted)
            open_still = self.inquiry.ever({name: both(ask, signed[name]) for name, ask in wanted.items()})
            for name in (name for name in owed_ever if name not in open_still):
                says = f"{basis.id} demands the instrument {name}, and no longer permits once it is in force"
                yield self.concern("requirements-clash", [basis], says, self.inquiry.example(wanted[name]))
            pairs = [pair for pair in combinations(demands, 2) if _at_two_times(*pair)]
            twice = {i: both(one.due, other.due) for i, (one, other) in enumerate(pairs)}
            for i in self.inquiry.ever(twice):
                one, other = (demand.owed for demand in pairs[i])
                times = " and ".join(f"{owed.due} {owed.limit} {owed.after}".strip() for owed in (one, other))
                says = f"{basis.id} demands the {one.kind} {one.name} of the same parties at two times: {times}"
                yield self.concern("requirements-clash", [basis], says, self.inquiry.example(twice[i]))

    # Facts ------------------------------------------------------------------------------------------------------------

    def idle_questions(self) -> Iterator[Concern]:
        read: dict[str, Rule] = {}
        for rule, _ in self.rules.values():
            for fact in facts_in(rule.when):
                if not self.policies.vocabulary[fact].fact.derived:
                    read.setdefault(fact, rule)
        pending, seen = set(read), set[str]()
        for leg in self.inquiry.legs:
            keys = {fact: key_of(leg.reading(fact)) for fact in read if unknown(leg.reading(fact).value)}
            count = Counter(keys.values())  # a fact read in two roles of one party says nothing of either
            here = {fact: key for fact, key in keys.items() if fact in pending and count[key] == 1}
            seen |= here.keys()
            watched = [ask(leg.view) for ask in self.outcomes]
            turned: set[str] = leg.situation.encoding.turning(here, watched, leg.situation.limits)
            pending -= turned
        for fact in (fact for fact in read if fact in pending & seen):
            path = next(test.path for test in tests_in(read[fact].when) if fact in facts_in(test))
            says = f"{fact} is asked for, and changes neither an answer nor what is owed"
            yield self.at((path,), "idle-question", says, read[fact])

    @cached_property
    def outcomes(self) -> list[Ask]:
        """Everything that a fact can change: the answer, the bases it rests on, what is owed."""
        owed = [demand.due for basis in self.bases.values() for demand in self.demands(basis)]
        return [lambda view: view.finding.permitted, *(opens(basis.id) for basis in self.bases.values()), *owed]

    def gaps(self) -> Iterator[Concern]:
        reached = [leg for leg in self.inquiry.legs if leg.last and leg.possible({"": unbarred})]
        if closed := [leg for leg in reached if not leg.possible({"": allowed})]:
            ways = dict.fromkeys(leg.situation.name for leg in closed)
            says = f"Nothing permits what the framework governs on the way {', '.join(ways)}"
            yield self.concern("gap", [self.framework.applies], says, closed[0].example(unbarred))
        for fact, test, words in _KINDS:
            values = self.kinds(fact, test)
            met = self.inquiry.ever({kind: both(unbarred, value) for kind, value in values.items()})
            permitted = self.inquiry.ever({kind: both(allowed, values[kind]) for kind in met})
            if none := [kind for kind in met if kind not in permitted]:
                says = f"Nothing permits what the framework governs {words} {', '.join(none)}"
                example = self.inquiry.example(both(unbarred, values[none[0]]))
                yield self.concern("gap", [self.framework.applies], says, example)

    def kinds(self, fact: str, operator: str) -> dict[str, Ask]:
        """The codes of a fact that the rules name, and whether it is another."""
        tests = [test for rule, _ in self.rules.values() for test in tests_in(rule.when) if test.fact == fact]
        named = dict.fromkeys(operand for test in tests for operand in test.operands if isinstance(operand, str))
        kinds = {code: meets(Test(fact, operator, (code,))) for code in named}
        if named and operator == "is" and len(named) < len(self.policies.vocabulary[fact].codes):
            kinds["(any that no rule names)"] = meets(Test(fact, "not", tuple(named)))
        return kinds

    # Reporting --------------------------------------------------------------------------------------------------------

    def concern(self, code: str, rules: Iterable[Rule], says: str, example: Example | None = None) -> Concern:
        """A concern about whole rules."""
        document = self.framework.document
        named = [(r.id, Place(document.file, document.mark_of(self.framework.path_of(r), key=True))) for r in rules]
        return Concern(code, self.framework.framework, tuple(named), says, example)

    def at(self, places: Iterable[Path_], code: str, says: str, rule: Rule) -> Concern:
        """A concern about conditions inside a rule."""
        document = self.framework.document
        named = [(rule.id, Place(document.file, document.mark_of(path))) for path in places]
        return Concern(code, self.framework.framework, tuple(named), says)


_KINDS = (
    ("request.purpose", "is", "for the purpose"),
    ("receiver.kind", "is", "where the receiver is"),
    ("data.categories", "includes", "where the data include"),
)

# Conditions and requirements ------------------------------------------------------------------------------------------


def _places(condition: Condition) -> tuple[Path_, ...]:
    """Where a condition is written; one put together from several has several places."""
    return (condition.path,) if condition.path else tuple(p for part in parts_of(condition) for p in _places(part))


def _what(owed: Owed) -> tuple[str, ...]:
    """What is demanded, by whom and by when."""
    return owed.kind, owed.name, *_parties(owed), owed.due, owed.limit, owed.after


def _parties(owed: Owed) -> tuple[str, ...]:
    return owed.between or ("provider", "receiver") if owed.kind == "instrument" else (owed.by,)


def _meet(*windows: InForce) -> bool:
    """Whether there is a day on which all are law."""
    begins = max((w.from_ for w in windows if w.from_), default=date.min)
    ends = min((w.until for w in windows if w.until), default=date.max)
    return begins <= ends


def _at_two_times(one: _Demand, other: _Demand) -> bool:
    """Whether the same parties owe the same act, at different times."""
    if one.owed.kind == "clause" or _what(one.owed) == _what(other.owed):
        return False
    same = [(demand.owed.kind, demand.owed.name, _parties(demand.owed)) for demand in (one, other)]
    return same[0] == same[1]


def _connected(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    """The groups that pairs join, directly or through others."""
    graph: nx.Graph[str] = nx.Graph([*pairs])
    return [*nx.connected_components(graph)]


def _given(fact: str) -> bool:
    """Whether a fact is settled for a whole analysis: on another day, or in another deployment, it may be otherwise."""
    return fact == "request.date" or fact.startswith("deployment.")
