"""One request at a time, from its rows (`engine.rows`) to a verdict.

The algebra is that of `engine.decisions`, on three truth values instead of formulas. Where what is unknown hangs
together, three values can leave open what is settled; such a request is handed to the exact engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import compress
from operator import not_
from typing import Any, Literal, NamedTuple

from engine.backends.columns.program import Demand, Law, Program, Step
from engine.backends.generated.exclusions import Exclusions
from engine.backends.generated.source import EMPTY, NOWHERE, Answers, Flags, Functions, Get, Truths, functions, possible
from engine.decisions import NOW, Decision, Outcome
from engine.facts import PAPERS, TRAVELLING, Truth
from engine.rows import Rows, decide_rows, ends

Document = Mapping[str, Any]
"""Rows as JSON."""


class Found(NamedTuple):
    """One framework on one row that it reaches, with rules by their ids.

    `bases` permit, `maybe` may; `bars` hold, `maybe_bars` may; `failed` is what stands against a finding that is not
    allowed, as in `engine.decisions.Finding.failed`; `basis` is the one to rely on, `clauses` what the agreement must
    then contain.
    """

    framework: str
    outcome: Outcome
    basis: str | None
    bases: tuple[str, ...]
    maybe: tuple[str, ...]
    bars: tuple[str, ...]
    maybe_bars: tuple[str, ...]
    failed: tuple[str, ...]
    clauses: tuple[str, ...]


class Verdict(NamedTuple):
    """A request: its answer, whether nothing is left to do before the data move, and by row what applies to it."""

    outcome: Literal["allow", "deny", "undetermined"]
    ready: bool
    rows: tuple[tuple[Found, ...], ...]


class Decider:
    """Decides requests of one deployment, or of none, under the law of one day."""

    def __init__(self, program: Program, day: date, deployment: str | None = None) -> None:
        self.program, self.day = program, day
        self.instruments = frozenset(program.policies.instruments)
        laws = [law for law in program.laws if law.deployment in (None, deployment) and _in_force(law, day)]
        self.laws = [_compile(program, law, day) for law in laws]
        self.reached = possible(program, [law.applies for law in laws])
        self.exclusions = Exclusions(program)

    def decide(self, document: Document) -> Verdict:
        """The verdict on a request, as exact as that of `engine.decisions.decide`.

        What three-valued logic leaves open goes to the exact engine, and so do facts that may contradict each other.
        Raises `DocumentProblems` where they do.
        """
        verdict, entangled = self._judge(document)
        if entangled or any(found.outcome == "undetermined" for row in verdict.rows for found in row):
            exact = decide_rows(self.program.policies, Rows.model_validate(document))
            return _settled([row["id"] for row in document["rows"]], verdict, exact)
        return verdict

    def _judge(self, document: Document) -> tuple[Verdict, bool]:
        """The verdict by three-valued logic alone, and whether facts may contradict each other."""
        arrived: list[_Arrivals] = []
        opened: list[list[tuple[_BasisRule, Truth]]] = []
        rows = []
        outcome: Truth = True
        waiting = entangled = False
        for row in document["rows"]:
            arrivals = _arrive(row.get("earlier", EMPTY), arrived, opened)
            get, besides = self._facts(row, arrivals)
            entangled = entangled or self.exclusions.entangled(get, besides)
            found: list[Found] = []
            opens: list[tuple[_BasisRule, Truth]] = []
            for law in compress(self.laws, self.reached(get, besides)):
                one, permitted, wait = law.judge(row, get, besides, opens)
                found.append(one)
                waiting = waiting or wait
                if permitted is not True and outcome is not False:
                    outcome = permitted
            arrived.append(arrivals)
            opened.append(opens)
            rows.append(tuple(found))
        return Verdict(_WORDS[outcome], outcome is True and not waiting, tuple(rows)), entangled

    def _facts(self, row: Document, arrivals: _Arrivals) -> tuple[Get, Get]:
        """How the generated functions look up facts, and what sets may have besides."""
        facts = {**row["facts"], **dict.fromkeys(row.get("does_not_apply", EMPTY), NOWHERE)}
        may = dict(row.get("may", EMPTY))
        for name, sources in zip(TRAVELLING, arrivals, strict=True):
            facts[name] = may[name] = EMPTY
            if sources:
                facts[name] = {code for code, truth in sources.items() if truth}
                may[name] = sources.keys()
        papers = row.get("papers", EMPTY)
        facts[PAPERS] = {name for paper in papers for name in paper.get("has", EMPTY)}
        may[PAPERS] = {name for paper in papers for name in self.instruments.difference(paper.get("reported", EMPTY))}
        return facts.get, may.get


_WORDS: Mapping[Truth, Literal["allow", "deny", "undetermined"]] = {True: "allow", False: "deny", None: "undetermined"}
_Arrivals = tuple[dict[str, Truth], dict[str, Truth]]
"""Of the bases that opened earlier rows, and of what they attach: whether each surely or possibly travels along."""


def _settled(names: Sequence[str], verdict: Verdict, decision: Decision) -> Verdict:
    """The verdict with the outcomes and bases of the exact engine, given the names of its rows."""
    exact = {(f.disclosure.id, f.framework.framework): f for f in decision.findings}

    def settled(row: str, found: Found) -> Found:
        finding = exact[row, found.framework]
        duties = [duty for duty in finding.all_duties if duty.requirement.kind == "clause"]
        return found._replace(
            outcome=finding.outcome,
            basis=finding.used.basis.id if finding.used else None,
            failed=finding.failed,
            clauses=tuple(dict.fromkeys(duty.requirement.name for duty in duties)),
        )

    rows = [tuple([settled(name, found) for found in row]) for name, row in zip(names, verdict.rows, strict=True)]
    return Verdict(decision.outcome, decision.ready, tuple(rows))


def _arrive(earlier: Sequence[int], arrived: list[_Arrivals], opened: list[Any]) -> _Arrivals:
    received: dict[str, Truth] = {}
    restrictions: dict[str, Truth] = {}
    for place in earlier:
        for mine, theirs in zip((received, restrictions), arrived[place], strict=True):
            for code, truth in theirs.items():
                mine[code] = mine.get(code) or truth
        for basis, truth in opened[place]:
            received[basis.name] = received.get(basis.name) or truth
            for code in basis.attaches:
                restrictions[code] = restrictions.get(code) or truth
    return received, restrictions


class _Duty(NamedTuple):
    """A requirement, under which key a row says how far it is, and when it is due."""

    kind: str
    name: str
    key: str
    roles: tuple[str, ...]
    due_now: bool
    at_publication: bool


class _Duties(NamedTuple):
    """Requirements; functions say which of them may be owed (None where all always are), and the truth of each."""

    duties: tuple[_Duty, ...]
    flags: Flags | None
    truths: Truths

    def owed(self, get: Get, besides: Get) -> Iterable[_Duty]:
        """Those that are owed or may be."""
        return self.duties if self.flags is None else compress(self.duties, self.flags(get, besides))

    def blocked(self, row: Document, get: Get, besides: Get) -> dict[str, Truth]:
        """The names of what was refused or is lacking, each with whether it is owed."""
        if not row.get("refused") and not row.get("lacking"):
            return {}
        blocking = {*row.get("refused", EMPTY), *row.get("lacking", EMPTY)}
        found = zip(self.duties, self.truths(get, besides), strict=True)
        return {duty.name: truth for duty, truth in found if duty.key in blocking and truth is not False}

    def unblocked(self, row: Document, get: Get, besides: Get) -> Truth:
        """That nothing owed was refused or is lacking."""
        blocked = self.blocked(row, get, besides).values()
        return False if True in blocked else None if None in blocked else True


class _BasisRule(NamedTuple):
    name: str
    attaches: tuple[str, ...]
    duties: _Duties


class _Law(NamedTuple):
    """One framework, compiled for a day."""

    name: str
    applies: str
    functions: Functions
    bars: tuple[str, ...]
    bases: tuple[_BasisRule, ...]
    duties: _Duties
    parts: tuple[tuple[str, ...], ...]
    """The names of the conditions of each basis."""

    def judge(
        self, row: Document, get: Get, besides: Get, opens: list[tuple[_BasisRule, Truth]]
    ) -> tuple[Found, Truth, bool]:
        """What became of the framework on a row that it reaches, whether it permits, and whether something waits."""
        answers = surely, bars, permits = self.functions.answers(get, besides)
        free: Truth = False if True in bars else None if None in bars else True
        if row.get("refused") or row.get("lacking"):
            free = _both(free, self.duties.unblocked(row, get, besides))
            permits = tuple(
                truth if truth is False else _both(truth, basis.duties.unblocked(row, get, besides))
                for truth, basis in zip(permits, self.bases, strict=True)
            )
        some: Truth = True if True in permits else None if None in permits else False
        lawful = _both(free, some)
        permitted = lawful if surely else True if lawful is True else None
        open_ = [(basis, truth) for basis, truth in zip(self.bases, permits, strict=True) if truth is not False]
        claims = row.get("claims", EMPTY)
        if free is not False:
            opens += _opening(open_, claims, free if surely else None)
        used = None if some is False or permitted is False else _used(row, get, besides, open_, some, claims)
        due = list(used.duties.owed(get, besides)) if used else []
        due += self.duties.owed(get, besides)
        found = Found(
            self.name,
            _OUTCOMES[permitted],
            used.name if used else None,
            tuple([basis.name for basis, truth in open_ if truth]),
            tuple([basis.name for basis, truth in open_ if not truth]),
            tuple(compress(self.bars, bars)),
            _unsure(self.bars, bars),
            EMPTY if permitted else tuple(self._failed(row, get, besides, answers, permits)),
            _clauses(due),
        )
        return found, permitted, any(_outstanding(row, get, duty) for duty in due if duty.kind != "clause")

    def _failed(
        self, row: Document, get: Get, besides: Get, answers: Answers, permits: Sequence[Truth]
    ) -> Iterator[str]:
        _, bars, hold = answers
        yield from compress(self.bars, bars)
        yield from self._refused(self.applies, self.duties, row, get, besides)
        parts = self.functions.parts(get, besides)
        for i, basis in enumerate(self.bases):
            if hold[i] is False:
                yield from compress(self.parts[i], map(not_, parts[i]))
            elif permits[i] is False:
                yield from self._refused(basis.name, basis.duties, row, get, besides)

    def _refused(self, rule: str, duties: _Duties, row: Document, get: Get, besides: Get) -> Iterator[str]:
        for name, truth in duties.blocked(row, get, besides).items():
            if truth:
                yield f"{rule}: {name}"


_Open = Sequence[tuple[_BasisRule, Truth]]
"""The bases that permit or may, and which of the two."""


def _opening(permits: _Open, claims: Sequence[str], reached: Truth) -> _Open:
    """The bases that open a row: those claimed where one of them permits, else all that permit."""
    if not claims and reached is True:
        return permits
    claimed = [truth for basis, truth in permits if basis.name in claims]
    unclaimed: Truth = False if True in claimed else None if claimed else True
    found = [
        (basis, _both(reached, truth if basis.name in claims else _both(truth, unclaimed))) for basis, truth in permits
    ]
    return [(basis, truth) for basis, truth in found if truth is not False]


def _used(
    row: Document, get: Get, besides: Get, permits: _Open, best: Truth, claims: Sequence[str]
) -> _BasisRule:  # fmt: skip
    """The basis to rely on: a claimed one if there is one, then the one with least to do."""
    possible = [basis for basis, truth in permits if truth is best]
    chosen = [basis for basis in possible if basis.name in claims] if claims else []
    chosen = chosen or possible
    if len(chosen) == 1:
        return chosen[0]
    return min(chosen, key=lambda b: sum([_outstanding(row, get, duty) for duty in b.duties.owed(get, besides)]))


def _unsure(names: Sequence[str], truths: Sequence[Truth]) -> tuple[str, ...]:
    if None not in truths:
        return EMPTY
    return tuple([name for name, truth in zip(names, truths, strict=True) if truth is None])


_OUTCOMES: Mapping[Truth, Outcome] = {True: "allow", False: "deny", None: "undetermined"}


def _clauses(due: Iterable[_Duty]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([duty.name for duty in due if duty.kind == "clause"]))


def _both(one: Truth, other: Truth) -> Truth:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _outstanding(row: Document, get: Get, duty: _Duty) -> bool:
    """Whether a duty stands open before the data may move; nobody signs an instrument with itself."""
    if duty.kind == "clause":
        return duty.key not in row.get("contained", EMPTY) and duty.key not in row.get("lacking", EMPTY)
    if not (duty.due_now or (duty.at_publication and get("flow.leg") == "publication")):
        return False
    if duty.roles and len({row.get(role) or role for role in duty.roles}) < len(duty.roles):
        return False
    return duty.key not in row.get("done", EMPTY) and duty.key not in row.get("refused", EMPTY)


def _compile(program: Program, law: Law, day: date) -> _Law:
    """One framework as it stands on a day."""
    bars = [bar for bar in law.bars if bar.rule.in_force.on(day)]
    bases = [basis for basis in law.bases if basis.rule.in_force.on(day)]
    demands = [
        [demand for demand in some if all(dates.on(day) for dates in demand.owed.in_force)]
        for some in (law.demands, *(basis.demands for basis in bases))
    ]
    written = functions(
        program,
        law.applies,
        [bar.when for bar in bars],
        [basis.when for basis in bases],
        [[part.step for part in basis.parts] for basis in bases],
        [[demand.when for demand in some] for some in demands],
    )
    general, *duties = [
        _Duties(tuple(map(_duty, some)), None if all(_always(program, d.when) for d in some) else owed, truths)
        for some, owed, truths in zip(demands, written.owed, written.duties, strict=True)
    ]
    return _Law(
        name=law.framework.framework,
        applies=law.framework.applies.id,
        functions=written,
        bars=tuple(bar.rule.id for bar in bars),
        bases=tuple(
            _BasisRule(basis.rule.id, tuple(basis.rule.attaches), owed)
            for basis, owed in zip(bases, duties, strict=True)
        ),
        duties=general,
        parts=tuple(tuple(program.names[part.name] for part in basis.parts) for basis in bases),
    )


def _always(program: Program, step: int) -> bool:
    return program.steps[step] == Step("all")


def _duty(demand: Demand) -> _Duty:
    owed = demand.owed
    roles = ends(owed) if owed.kind == "instrument" else ()
    return _Duty(owed.kind, owed.name, demand.key, roles, owed.due in NOW, owed.due == "before_publication")


def _in_force(law: Law, day: date) -> bool:
    return law.framework.in_force.on(day) and law.framework.applies.in_force.on(day)
