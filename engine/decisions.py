"""Decide a request: for every disclosure and framework a finding with its proof, and one answer for the whole.

For one disclosure and one framework

    permitted = not applies, or (no bar holds and some basis holds)

and the request is allowed if everything is permitted. An answer is exact: allow if every completion of the unknown
facts is permitted, deny if none is. Three-valued evaluation comes first; only what it leaves open is settled over the
completions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import combinations
from typing import Literal, NamedTuple

from engine.completions import (
    Answer,
    ContradictionError,
    Formula,
    Settler,
    conjunction,
    disjunction,
    opposite,
    proven,
)
from engine.conditions import FactName, Proof, Reading, Test, evaluate, holds, is_list, label
from engine.facts import PAPERS, RECEIVED_UNDER, RESTRICTIONS, SAME_PURPOSE, CodeSet, Truth, printable
from engine.graph import NOTHING, Disclosure, Graph
from engine.policies import Bar, Basis, DeploymentFact, Framework, Owed, Penalty, PolicySet, Rule
from engine.requests import Paper, Request

Outcome = Literal["not_applicable", "allow", "deny", "undetermined"]
Status = Literal["done", "outstanding", "later", "refused", "lacking", "in the agreement"]

NOW = ("before_agreement", "before_transfer", "before_delivery")
"""What is due then stands in the way of the first transfer until it is done."""


class Duty(NamedTuple):
    """A requirement on one disclosure: who owes it, whether it is owed, and how far it is.

    `owed` is unknown where the requirement's own condition is. A clause is `in the agreement` where a paper is reported
    to contain it, else `outstanding`; `lacking` where a signed paper is reported to lack it.
    """

    requirement: Owed
    rule: str
    owed: Proof
    status: Status
    parties: tuple[str, ...]
    within: str

    @property
    def blocks(self) -> bool:
        """Whether it stands in the way: refused, or lacking from a paper already signed."""
        return self.status in ("refused", "lacking")


@dataclass(eq=False)
class BasisFinding:
    """One basis on one disclosure: its conditions, whether it permits, and (worked out when asked) what it demands."""

    basis: Basis
    proof: Proof
    permits: Formula
    demands: Callable[[], tuple[Duty, ...]]

    @cached_property
    def duties(self) -> tuple[Duty, ...]:
        """What the basis demands; nothing where its conditions fail."""
        return self.demands() if self.proof.truth is not False else ()


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One framework on one disclosure.

    `permitted` is the formula behind the answer.
    """

    disclosure: Disclosure
    framework: Framework
    outcome: Outcome
    applies: Proof
    bars: tuple[tuple[Bar, Proof], ...]
    bases: tuple[BasisFinding, ...]
    duties: tuple[Duty, ...]
    permitted: Formula
    answer: Answer
    used: BasisFinding | None
    penalties: tuple[Penalty, ...]

    @property
    def all_duties(self) -> tuple[Duty, ...]:
        """What is owed under the basis used and under the framework as a whole."""
        if self.outcome == "not_applicable" or self.applies.truth is False:
            return ()
        used = self.used.duties if self.used else ()
        return tuple(duty for duty in (*used, *self.duties) if duty.owed.truth is not False)

    @property
    def missing(self) -> tuple[Reading, ...]:
        """The facts that can still change this finding, were it alone."""
        return tuple(self.answer.matters.values())

    @property
    def failed(self) -> tuple[str, ...]:
        """What stands against a finding that is not allowed: bars that hold, and by what each basis fails.

        A condition, or a requirement that was refused or lacks, is named after its rule:
        `ferpa.basis.studies: for-an-institution`.
        """
        return () if self.outcome in ("allow", "not_applicable") else tuple(self._failed())

    def _failed(self) -> Iterator[str]:
        yield from (bar.id for bar in self.holding)
        yield from _refused(self.framework.applies, self.duties)
        for found in self.bases:
            if found.permits.truth is False:
                parts = found.proof.parts if is_list(found.proof.condition) else (found.proof,)
                yield from (f"{found.basis.id}: {label(part.condition)}" for part in parts if part.truth is False)
                yield from _refused(found.basis, found.duties)

    @property
    def holding(self) -> tuple[Bar, ...]:
        """The bars that hold."""
        return tuple(bar for bar, proof in self.bars if proof.truth is True)


def _refused(rule: Rule, duties: Iterable[Duty]) -> Iterator[str]:
    """What a rule demands that was refused or lacks."""
    names = dict.fromkeys(d.requirement.name for d in duties if d.blocks and d.owed.truth is True)
    return (f"{rule.id}: {name}" for name in names)


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The answer to a request, with everything it rests on."""

    request: Request
    policies: PolicySet
    as_of: date
    outcome: Literal["allow", "deny", "undetermined"]
    ready: bool
    findings: tuple[Finding, ...]
    answer: Answer

    @property
    def missing(self) -> tuple[Reading, ...]:
        """The facts that can still change the answer, in the order that settles it soonest."""
        return self.answer.in_order

    def duties(self) -> Iterator[tuple[Finding, Duty]]:
        """Everything owed, by finding."""
        for finding in self.findings:
            for duty in finding.all_duties:
                yield finding, duty


def decide(policies: PolicySet, request: Request, as_of: date | None = None) -> Decision:
    """Decide a request as of a day, by default the request's own.

    Raises `DocumentProblems` where the request's graph is impossible or its facts contradict each other.
    """
    return examine(policies, request, as_of).decision()


def examine(policies: PolicySet, request: Request, as_of: date | None = None) -> Judge:
    """Every framework on every disclosure in three-valued logic, with nothing settled yet.

    Raises `DocumentProblems` where the request's graph is impossible or its facts contradict each other.
    """
    day = as_of or request.file.date
    judge = Judge(policies, request, day)
    judge.examine(Graph(policies, request, day).disclosures)
    return judge


class _Law(NamedTuple):
    """What of a framework is in force on a day."""

    bars: tuple[Bar, ...]
    bases: tuple[tuple[Basis, tuple[Owed, ...]], ...]
    owed: tuple[Owed, ...]
    penalties: tuple[Penalty, ...]


class Judge:
    """The findings on a request, disclosure by disclosure, with the formulas behind their answers."""

    def __init__(self, policies: PolicySet, request: Request, day: date) -> None:
        self.policies, self.request, self.day = policies, request, day
        self.findings: list[Finding] = []
        self.opened: dict[str, list[tuple[Basis, Formula]]] = {}
        """By disclosure: the bases that open it, each with the formula that says whether it does."""
        self.constraints: list[Formula] = []
        self.disclosures: dict[str, Disclosure] = {}
        self.laws: dict[str, _Law] = {}
        self.seen: dict[int, Proof] = {}
        self.reported: dict[tuple[str, tuple[str, ...]], list[Paper]] = {}
        self.arrivals: dict[str, dict[tuple[str, str], list[Formula]]] = {}
        """By disclosure: for each code of a derived set, the earlier answers that put it there."""

    def examine(self, disclosures: Iterable[Disclosure]) -> None:
        """Add the findings of every framework in force on some disclosures, earlier ones first."""
        frameworks = [f for f in self.policies.frameworks_for(self.request.file.deployment) if f.in_force.on(self.day)]
        for disclosure in disclosures:
            self.arrive(disclosure)
            for framework in frameworks:
                self.judge(disclosure, framework)

    @property
    def obstructed(self) -> bool:
        """Whether anything was refused, or lacks from a paper."""
        return self.request.obstructed

    # What travels -----------------------------------------------------------------------------------------------------

    def arrive(self, disclosure: Disclosure) -> None:
        """Give a disclosure what earlier legs attach to its data."""
        arrivals: dict[tuple[str, str], list[Formula]] = {}
        for earlier in disclosure.earlier:
            for name, sources in self.arrivals[earlier.id].items():
                arrivals.setdefault(name, []).extend(sources)
            for basis, opens in self.opened[earlier.id]:
                arrivals.setdefault((RECEIVED_UNDER, basis.id), []).append(opens)
                for restriction in basis.attaches:
                    arrivals.setdefault((RESTRICTIONS, restriction), []).append(opens)
        self.arrivals[disclosure.id] = arrivals
        self.opened[disclosure.id] = []
        disclosure.received_under = _set_of(arrivals, RECEIVED_UNDER)
        disclosure.restrictions = _set_of(arrivals, RESTRICTIONS)
        self.disclosures[f"disclosure {disclosure.id}"] = disclosure
        self.disclosures[disclosure.papers_at] = disclosure
        self.seen = {}
        self.constraints += self._constraints(disclosure)

    def link(self, reading: Reading, code: str) -> Formula | None:
        """The formula behind a derived fact: earlier answers put codes into a set; purposes may be the same."""
        disclosure = self.disclosures.get(reading.about)
        if disclosure is None:
            return None
        if reading.name == SAME_PURPOSE:
            purposes = [(disclosure["request.purpose"], e["request.purpose"]) for e in disclosure.earlier]
            return disjunction(proven(_same(here, there)) for here, there in purposes)
        if reading.name == PAPERS:
            return disjunction(proven(_has(papers, code)) for papers in disclosure.papers())
        sources = self.arrivals[disclosure.id].get((reading.name, code))
        return disjunction(sources) if sources else None

    def _constraints(self, disclosure: Disclosure) -> Iterator[Formula]:
        """Of facts that exclude one another, at most one holds."""
        for group in self.policies.exclusive:
            proofs = [evaluate(condition, disclosure) for condition in group]
            true = [proof for proof in proofs if proof.truth is True]
            if len(true) > 1:
                names = " and ".join(label(proof.condition) for proof in true)
                message = f"on {disclosure.id} the facts {names} exclude one another as stated"
                raise self.request.problem("excluded", message, self.request.place(disclosure.flow))
            for one, other in combinations([p for p in proofs if p.truth is not False], 2):
                yield opposite(conjunction([proven(one), proven(other)]))

    # One framework on one disclosure ----------------------------------------------------------------------------------

    def judge(self, disclosure: Disclosure, framework: Framework) -> None:
        """Add the finding of one framework on one disclosure."""
        applies = evaluate(framework.applies.when, disclosure, self.seen)
        if not framework.applies.in_force.on(self.day) or applies.truth is False:
            self.findings.append(_not_applicable(disclosure, framework, applies))
            return
        law = self.law(framework)
        bars = tuple([(bar, evaluate(bar.when, disclosure, self.seen)) for bar in law.bars])
        duties = tuple(self.duties(disclosure, framework.applies.id, law.owed, self.seen))
        bases = tuple([self.basis(disclosure, basis, owed) for basis, owed in law.bases])
        free = conjunction([*(opposite(proven(proof)) for _, proof in bars), _unblocked(duties)])
        permitted = disjunction(
            [opposite(proven(applies)), conjunction([free, disjunction(basis.permits for basis in bases)])]
        )
        self.findings.append(
            Finding(
                disclosure=disclosure,
                framework=framework,
                outcome=_OUTCOMES[permitted.truth],
                applies=applies,
                bars=bars,
                bases=bases,
                duties=duties,
                permitted=permitted,
                answer=Answer(permitted.truth),
                used=self.use(disclosure, bases),
                penalties=tuple(
                    [p for p in law.penalties if evaluate(p.when, disclosure, self.seen).truth is not False]
                ),
            )
        )
        reached = conjunction([proven(applies), free])
        self.opened[disclosure.id] += [
            (found.basis, conjunction([reached, opens]))
            for found, opens in self.opening(disclosure, bases)
            if opens.truth is not False and reached.truth is not False
        ]

    def law(self, framework: Framework) -> _Law:
        """What of a framework is in force on the day."""
        if framework.framework not in self.laws:
            owed = {
                key: tuple(o for o in framework.owed(key) if all(dates.on(self.day) for dates in o.in_force))
                for key in ("", *framework.bases)
            }
            self.laws[framework.framework] = _Law(
                bars=tuple(bar for bar in framework.bars.values() if bar.in_force.on(self.day)),
                bases=tuple(
                    (basis, owed[key]) for key, basis in framework.bases.items() if basis.in_force.on(self.day)
                ),
                owed=owed[""],
                penalties=tuple(p for p in framework.penalties.values() if p.in_force.on(self.day)),
            )
        return self.laws[framework.framework]

    def basis(self, disclosure: Disclosure, basis: Basis, owed: tuple[Owed, ...]) -> BasisFinding:
        """One basis on one disclosure."""
        proof, seen = evaluate(basis.when, disclosure, self.seen), self.seen

        def demands() -> tuple[Duty, ...]:
            return tuple(self.duties(disclosure, basis.id, owed, seen))

        found = BasisFinding(basis, proof, proven(proof), demands)
        if self.obstructed and proof.truth is not False:
            found.permits = conjunction([found.permits, _unblocked(found.duties)])
        return found

    def claims(self, disclosure: Disclosure, found: BasisFinding) -> bool:
        """Whether the parties claim this basis for this disclosure."""
        return self.request.claimed(found.basis.id, disclosure.flow.id)

    def opening(self, disclosure: Disclosure, bases: Sequence[BasisFinding]) -> Iterator[tuple[BasisFinding, Formula]]:
        """The bases that open a disclosure: those claimed where one of them permits, else all that permit."""
        claimed = disjunction(found.permits for found in bases if self.claims(disclosure, found))
        for found in bases:
            chosen = self.claims(disclosure, found)
            yield found, found.permits if chosen else conjunction([found.permits, opposite(claimed)])

    def use(self, disclosure: Disclosure, bases: Sequence[BasisFinding]) -> BasisFinding | None:
        """The basis to rely on: of those that hold (or else may hold) a claimed one, then the one with least to do."""
        for truth in (True, None):
            possible = [found for found in bases if found.permits.truth is truth]
            claimed = [found for found in possible if self.claims(disclosure, found)]
            if possible:
                return min(claimed or possible, key=lambda found: sum(d.status == "outstanding" for d in found.duties))
        return None

    # Requirements -----------------------------------------------------------------------------------------------------

    def duties(self, disclosure: Disclosure, rule: str, owed: Iterable[Owed], seen: dict[int, Proof]) -> Iterator[Duty]:
        """Those of some requirements that are owed, or may be."""
        for requirement in owed:
            when = requirement.when
            if id(when) not in seen:  # many requirements share one condition
                seen[id(when)] = evaluate(when, disclosure, seen)
            proof = seen[id(when)]
            if proof.truth is not False and (duty := self.duty(disclosure, rule, requirement, proof)) is not None:
                yield duty

    def duty(self, disclosure: Disclosure, rule: str, requirement: Owed, proof: Proof) -> Duty | None:
        """The requirement on one disclosure; nobody signs an instrument with itself."""
        if requirement.kind == "instrument":
            ends = requirement.between or ("provider", "receiver")
            parties = tuple(dict.fromkeys(disclosure.party(role) or role for role in ends))
            bound = tuple(dict.fromkeys(disclosure.bound(role) or role for role in ends))
            # An owner that publishes its own data has nobody to sign with in place of the public.
            parties = bound if len(bound) == len(ends) else parties
            if len(parties) < len(ends):
                return None
            status = self.paper_status(disclosure, requirement, parties)
        elif requirement.kind == "step":
            parties = (disclosure.bound(requirement.by) or requirement.by,)
            status = self.step_status(disclosure, requirement, parties[0])
        else:
            parties = (disclosure.provider, disclosure.bound("receiver") or "")
            status = self.clause_status(disclosure, requirement.name)
        return Duty(requirement, rule, proof, status, parties, _time(requirement, disclosure))

    def papers(self, disclosure: Disclosure, parties: tuple[str, ...]) -> list[Paper]:
        """The papers reported between the parties for this flow."""
        key = (disclosure.flow.id, parties)
        if key not in self.reported:
            self.reported[key] = [
                paper
                for paper in self.request.file.instruments
                if set(parties) <= set(paper.between) and (not paper.flows or disclosure.flow.id in paper.flows)
            ]
        return self.reported[key]

    def paper_status(self, disclosure: Disclosure, requirement: Owed, parties: tuple[str, ...]) -> Status:
        """How far an instrument is."""
        papers = [p for p in self.papers(disclosure, parties) if requirement.name in p.instrument]
        if any(paper.in_force(self.day) for paper in papers):
            return "done"
        if any(paper.status == "refused" for paper in papers):
            return "refused"
        return open_status(requirement, disclosure)

    def clause_status(self, disclosure: Disclosure, clause: str) -> Status:
        """Whether a paper is reported to contain the clause, or to lack it."""
        ends = {(disclosure.provider, disclosure.receiver), (disclosure.sender, disclosure.receiver)}
        papers = [paper for pair in ends for paper in self.papers(disclosure, pair) if paper.status != "refused"]
        if any(clause in paper.contains for paper in papers):
            return "in the agreement"
        if any(clause in paper.lacks and paper.status == "signed" for paper in papers):
            return "lacking"
        return "outstanding"

    def step_status(self, disclosure: Disclosure, requirement: Owed, actor: str) -> Status:
        """How far a step is."""
        acts = [
            act
            for act in self.request.file.steps
            if act.step == requirement.name
            and act.by in (None, actor, requirement.by)
            and act.flow in (None, disclosure.flow.id)
            and act.dataset in (None, disclosure.dataset, disclosure.source)
            and (act.on is None or act.on <= self.day)
        ]
        if any(act.status == "done" for act in acts):
            return "done"
        if any(act.status == "refused" for act in acts):
            return "refused"
        return open_status(requirement, disclosure)

    # The whole --------------------------------------------------------------------------------------------------------

    def decision(self) -> Decision:
        """The exact answer. Raises `DocumentProblems` where what is stated leaves no possible world."""
        waiting = [finding.permitted for finding in self.findings if finding.outcome == "undetermined"]
        settler = Settler(waiting, self.constraints, self.policies.vocabulary, self.link)
        try:
            settler.check_consistent()
        except ContradictionError:
            message = "no possible value of the unknown facts agrees with what is stated"
            raise self.request.problem("excluded", message, ()) from None
        findings = [_settled_by(settler, finding) for finding in self.findings]
        waiting_for = [finding.permitted for finding in findings if finding.outcome == "undetermined"]
        denied = any(finding.outcome == "deny" for finding in findings)
        answer = Answer(False) if denied else settler.answer(waiting_for)
        steps_wait = any(
            duty.requirement.kind != "clause" and duty.status == "outstanding"
            for finding in findings
            for duty in finding.all_duties
        )
        return Decision(
            request=self.request,
            policies=self.policies,
            as_of=self.day,
            outcome="undetermined" if answer.truth is None else "allow" if answer.truth else "deny",
            ready=answer.truth is True and not steps_wait,
            findings=tuple(findings),
            answer=answer,
        )


def _settled_by(settler: Settler, finding: Finding) -> Finding:
    """The finding with its exact answer, where three-valued evaluation left it open."""
    if finding.outcome == "undetermined":
        answer = settler.answer([finding.permitted])
        finding = replace(finding, outcome=_OUTCOMES[answer.truth], answer=answer)
    return replace(finding, used=None) if finding.outcome == "deny" else finding


_OUTCOMES: Mapping[Truth, Outcome] = {True: "allow", False: "deny", None: "undetermined"}
_SAME_PURPOSE = Test("request.purpose", "is", (FactName("request.purpose"),))


def _has(codes: Reading, code: str) -> Proof:
    """Whether a set has a code."""
    return Proof(Test(codes.name, "includes", (code,)), holds("includes", codes.value, (code,)), (), (codes,))


def _same(here: Reading, there: Reading) -> Proof:
    """Whether two readings of a purpose agree."""
    truth = True if here.about == there.about else holds("is", here.value, (there.value,))
    return Proof(_SAME_PURPOSE, truth, (), (here, there))


def _not_applicable(disclosure: Disclosure, framework: Framework, applies: Proof) -> Finding:
    answer = Answer(True)
    return Finding(disclosure, framework, "not_applicable", applies, (), (), (), _settled(True), answer, None, ())


def _settled(truth: bool) -> Formula:
    return Formula("all" if truth else "any", truth)


def _unblocked(duties: Iterable[Duty]) -> Formula:
    """That nothing owed was refused or is lacking."""
    return conjunction(opposite(proven(duty.owed)) for duty in duties if duty.blocks)


def _set_of(arrivals: dict[tuple[str, str], list[Formula]], name: str) -> CodeSet:
    if not arrivals:
        return NOTHING
    found = {code: sources for (fact, code), sources in arrivals.items() if fact == name}
    has = frozenset(code for code, sources in found.items() if any(s.truth is True for s in sources))
    return CodeSet(has, frozenset(found) - has)


def open_status(requirement: Owed, disclosure: Disclosure) -> Status:
    """Not yet done: outstanding if it is due before these data move, else for later."""
    publication = requirement.due == "before_publication" and disclosure["flow.leg"].value == "publication"
    return "outstanding" if requirement.due in NOW or publication else "later"


def _time(owed: Owed, disclosure: Disclosure) -> str:
    if isinstance(owed.within, DeploymentFact):
        return str(printable(disclosure[owed.within.fact].value))
    return owed.within if isinstance(owed.within, str) else ""
