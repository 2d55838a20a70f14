"""A request as rows of facts: what columns, Rego, generated Python and other engines decide by.

`rows` turns a request into one row for each disclosure, earlier ones first. A row holds everything that rules in any
framework read of the disclosure, but for what other rows decide; so an engine that has the rules and the rows needs
neither the request nor its graph. As JSON::

    {"request": "r01", "as_of": "2026-11-23", "deployment": "p20win",
     "rows": [{"id": "sde-to-hub/graduates", "flow": "sde-to-hub", "dataset": "graduates", "source": "graduates",
               "provider": "SDE", "sender": "SDE", "receiver": "DOL", "hub": "DOL",
               "earlier": [],
               "facts": {"receiver.kind": "state_agency", "data.categories": ["education_record"], ...},
               "may": {"data.categories": ["student_loan_record"]},
               "not_known": ["request.ethics"], "does_not_apply": ["receiver.ferpa_debarred_until"],
               "about": {"data.contains_ssn": "dataset linked"},
               "papers": [{"about": "papers of SDE and DOL on flow sde-to-hub", "has": ["ferpa_designation"],
                           "reported": ["ferpa_designation"]}],
               "done": ["ferpa.step.record by provider"], "refused": [], "contained": [], "lacking": [],
               "claims": ["ferpa.basis.audit-evaluation"]}]}

**A fact** has a value (`facts`), was asked and is not known (`not_known`), does not apply (`does_not_apply`), or, named
in none of the three, was not asked. The second and the last are unknown: a test of the fact is then unknown, never
false. A fact that does not apply fails every test; of a set, it is the empty set. Values are JSON's: a code is its
name, a set of codes a list, a day `2026-11-23`, a length of time an amount of `hours`, `business days` or `months`
(lengths of different units compare as false). Of a set in `facts`, `may` lists what may be in it besides.

**The same fact** may be read in several rows and roles: `about` names what it is about, where that is not the party,
flow or source that its name says (`about` and `Row.subject` below). Two readings of one key about one thing have one
value, whichever it is; only an engine that settles unknown answers exactly needs to know.

**What other rows decide** is no fact of a row. `data.received_under` has every basis that opened an earlier row, and
`data.restrictions` what those bases attach, a row's `earlier` being the rows (by position, all before it) from which
they come, and from whose own `earlier` they come on. A basis opens a disclosure if its framework applies, no bar of it
holds, nothing that blocks is owed, and the basis permits; but if a claimed basis of the framework permits, those not
claimed open nothing. Where the answer is unknown, the code may be in the set. `flow.instruments` is the union of the
`papers`: a code is in it if some paper `has` it, may be in it if some paper does not list it in `reported`.

**Requirements** stand under their `requirement_key`: those `done` or `refused` (instruments and steps), those
`contained` in a paper or `lacking` from one (clauses). All others are open: outstanding if due before the agreement,
the transfer or delivery (or before publication where `flow.leg` is `publication`), else for later; a clause is always
outstanding. An instrument between two roles that one party holds is not owed at all. What is refused or lacking blocks.

**Claims** are the bases that the parties claim for this disclosure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, cast

from pydantic import Field

from engine.conditions import All, Proof, Reading, facts_in
from engine.decisions import BasisFinding, Decision, Judge, Status, open_status
from engine.documents import Day, Document, Model, nearest, validate
from engine.facts import (
    PARTY_SCOPES,
    Absence,
    CodeSet,
    Declared,
    Duration,
    Value,
    fact_problems,
    read_scalar,
    unknown,
)
from engine.graph import GRAPH, Disclosure, Graph
from engine.policies import Framework, Owed, PolicySet
from engine.requests import Flow, Request, RequestFile

TRAVELLING = ("data.received_under", "data.restrictions")
"""The facts that earlier rows decide."""
PAPERS = "flow.instruments"
ALWAYS_READ = ("request.purpose", "flow.leg")
"""What deciding reads, whether or not a rule does."""
_UNITS = ("hours", "business days", "months")


class PaperRow(Model):
    """The papers between two parties for a flow: those in force, and all that were reported, in force or not."""

    about: str
    has: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()


class Row(Model):
    """One disclosure."""

    id: str
    flow: str
    dataset: str
    source: str
    provider: str
    sender: str
    receiver: str
    hub: str | None = None
    earlier: tuple[int, ...] = ()
    facts: dict[str, Any] = Field(default_factory=dict)
    may: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    not_known: tuple[str, ...] = ()
    does_not_apply: tuple[str, ...] = ()
    about: dict[str, str] = Field(default_factory=dict)
    papers: tuple[PaperRow, ...] = ()
    done: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    contained: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    def party(self, role: str) -> str | None:
        """The party in a role."""
        parties = {"provider": self.provider, "sender": self.sender, "receiver": self.receiver, "hub": self.hub}
        return parties.get(role)

    def subject(self, declared: Declared) -> str:
        """What a fact is about, unless `about` says otherwise."""
        name = declared.name
        scope = name.partition(".")[0]
        if name != "request.purpose" and declared.fact.derived and scope != "receiver":
            return f"disclosure {self.id}"
        if scope in PARTY_SCOPES:
            towards = declared.fact.towards
            return f"party {self.party(scope)}" + (f" towards {self.party(towards) or ''}" if towards else "")
        return {"flow": f"flow {self.flow}", "data": f"dataset {self.source}"}.get(scope, f"the {scope}")


class Rows(Model):
    """A request as rows, decided as of a day."""

    request: str
    as_of: Day
    deployment: str | None = None
    rows: tuple[Row, ...]


# From a request -------------------------------------------------------------------------------------------------------


def rows(policies: PolicySet, request: Request, as_of: date | None = None) -> Rows:
    """A request as rows, as of a day (by default its own).

    Raises `DocumentProblems` where its graph is impossible.
    """
    return RowMaker(policies).rows(request, as_of)


class RowMaker:
    """Makes rows of many requests under one policy set."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self.declared = [policies.vocabulary[name] for name in facts_read(policies)]
        self.requirements: dict[str, dict[str, Owed]] = {}
        for owed in requirements(policies.all_frameworks()):
            self.requirements.setdefault(owed.name, {}).setdefault(requirement_key(owed), owed)

    def rows(self, request: Request, as_of: date | None = None) -> Rows:
        """One request as rows."""
        day = as_of or request.file.date
        judge = Judge(self.policies, request, day)
        disclosures = Graph(self.policies, request, day).disclosures
        place = {disclosure.id: i for i, disclosure in enumerate(disclosures)}
        return Rows(
            request=request.file.request,
            as_of=day,
            deployment=request.file.deployment,
            rows=tuple([self._row(judge, disclosure, place) for disclosure in disclosures]),
        )

    def _row(self, judge: Judge, disclosure: Disclosure, place: Mapping[str, int]) -> Row:
        head: dict[str, Any] = {
            "id": disclosure.id,
            "flow": disclosure.flow.id,
            "dataset": disclosure.dataset,
            "source": disclosure.source,
            "provider": disclosure.provider,
            "sender": disclosure.sender,
            "receiver": disclosure.receiver,
            "hub": disclosure.party("hub"),
        }
        facts: dict[str, Any] = {}
        absent: dict[Value, list[str]] = {Absence.NOT_KNOWN: [], Absence.DOES_NOT_APPLY: []}
        may: dict[str, tuple[str, ...]] = {}
        about: dict[str, str] = {}
        bare = Row(**head)
        for declared in self.declared:
            name, reading = declared.name, disclosure[declared.name]
            if isinstance(reading.value, Absence):
                absent.get(reading.value, []).append(name)
            else:
                facts[name] = _written(reading.value)
            if isinstance(reading.value, CodeSet) and reading.value.may:
                may[name] = tuple(sorted(reading.value.may))
            if reading.about != bare.subject(declared):
                about[name] = reading.about
        return bare.model_copy(
            update={
                "earlier": tuple(place[earlier.id] for earlier in disclosure.earlier),
                "facts": facts,
                "may": may,
                "not_known": tuple(absent[Absence.NOT_KNOWN]),
                "does_not_apply": tuple(absent[Absence.DOES_NOT_APPLY]),
                "about": about,
                "papers": tuple(self._papers(disclosure)),
                "claims": tuple(
                    dict.fromkeys(c.basis for c in judge.request.file.claims if _concerns(c.flow, disclosure))
                ),
                **self._statuses(judge, disclosure),
            }
        )

    def _papers(self, disclosure: Disclosure) -> Iterator[PaperRow]:
        every = frozenset(self.policies.instruments)
        for reading in disclosure.papers():
            assert isinstance(reading.value, CodeSet)
            has, reported = sorted(reading.value.has), sorted(every - reading.value.may)
            yield PaperRow(about=reading.about, has=tuple(has), reported=tuple(reported))

    def _statuses(self, judge: Judge, disclosure: Disclosure) -> dict[str, tuple[str, ...]]:
        """How far the requirements are that the request says anything of."""
        found: dict[str, list[str]] = {}
        for name in sorted(_named(judge.request.file) & self.requirements.keys()):
            for key, owed in self.requirements[name].items():
                duty = judge.duty(disclosure, "", owed, _OWED)
                if duty is not None and (field := _FIELDS.get(duty.status)):
                    found.setdefault(field, []).append(key)
        return {field: tuple(keys) for field, keys in found.items()}


_OWED = Proof(All(()), True)
_FIELDS: Mapping[Status, str] = {
    "done": "done", "refused": "refused", "in the agreement": "contained", "lacking": "lacking",
}  # fmt: skip


def facts_read(policies: PolicySet) -> list[str]:
    """The names of all facts that a row may hold: those that rules read, but for what other rows and papers say."""
    conditions = [condition for group in policies.exclusive for condition in group]
    for framework in policies.all_frameworks():
        conditions += [rule.when for rule in framework.rules()]
    conditions += [owed.when for owed in requirements(policies.all_frameworks())]
    read = {name for condition in {id(c): c for c in conditions}.values() for name in facts_in(condition)}
    return sorted({*read, *ALWAYS_READ} - {*TRAVELLING, PAPERS})


def requirements(frameworks: Iterable[Framework]) -> Iterator[Owed]:
    """Everything that some frameworks may demand."""
    for framework in frameworks:
        for basis in ("", *framework.bases):
            yield from framework.owed(basis)


def requirement_key(owed: Owed) -> str:
    """What a row calls a requirement: requirements of one key are equally far on every disclosure."""
    if owed.kind == "step":
        return f"{owed.name} by {owed.by}"
    if owed.kind == "instrument":
        return f"{owed.name} between {' and '.join(ends(owed))}"
    return owed.name


def ends(owed: Owed) -> tuple[str, ...]:
    """The roles between which an instrument is."""
    return owed.between or ("provider", "receiver")


def _named(file: RequestFile) -> set[str]:
    """The instruments, clauses and steps that a request reports anything of."""
    papers = {name for p in file.instruments for name in (*p.instrument, *p.contains, *p.lacks)}
    return papers | {act.step for act in file.steps}


def _concerns(flow: str | None, disclosure: Disclosure) -> bool:
    return flow in (None, disclosure.flow.id)


def _written(value: Value) -> Any:
    """A value as a row holds it."""
    if isinstance(value, CodeSet):
        return sorted(value.has)
    if isinstance(value, Duration):
        return f"{value.amount} {value.unit}"
    return value.isoformat() if isinstance(value, date) else value


# From a document ------------------------------------------------------------------------------------------------------


def read_rows(document: Document, policies: PolicySet) -> Rows:
    """The rows in a document as read. Raises `DocumentProblems` with everything that is wrong with them."""
    found = validate(Rows, document)
    _Checker(document, policies).check(found)
    document.check()
    return found


@dataclass(frozen=True, slots=True)
class _Checker:
    document: Document
    policies: PolicySet

    def check(self, found: Rows) -> None:
        document, policies = self.document, self.policies
        if found.deployment is not None and found.deployment not in policies.deployments:
            self.unknown("deployment", found.deployment, policies.deployments, ("deployment",))
        bases = policies.bases()
        keys = {requirement_key(owed) for owed in requirements(policies.all_frameworks())}
        seen: set[str] = set()
        for i, row in enumerate(found.rows):
            path = ("rows", i)
            if row.id in seen:
                document.report("duplicate-id", f'the id "{row.id}" is used twice', (*path, "id"))
            seen.add(row.id)
            for j, earlier in enumerate(row.earlier):
                if not 0 <= earlier < i:
                    message = f"{earlier} is not the position of an earlier row"
                    document.report("bad-value", message, (*path, "earlier", j), help="the first row is at position 0")
            self.check_facts(row, path)
            for j, paper in enumerate(row.papers):
                for field in ("has", "reported"):
                    for k, name in enumerate(getattr(paper, field)):
                        if name not in policies.instruments:
                            at = (*path, "papers", j, field, k)
                            self.unknown("instrument", name, policies.instruments, at)
            for j, basis in enumerate(row.claims):
                if basis not in bases:
                    self.unknown("basis", basis, bases, (*path, "claims", j))
            for field in _FIELDS.values():
                for j, key in enumerate(getattr(row, field)):
                    if key not in keys:
                        self.unknown("requirement", key, keys, (*path, field, j))

    def check_facts(self, row: Row, path: tuple[str | int, ...]) -> None:
        document, vocabulary = self.document, self.policies.vocabulary
        held = {name for name in vocabulary.names() if name not in (*TRAVELLING, PAPERS)}
        stated: set[str] = set()
        for field in ("facts", "not_known", "does_not_apply", "may", "about"):
            items = (
                {name: v for name, v in row.facts.items() if v is not None} if field == "facts" else getattr(row, field)
            )
            for i, name in enumerate(items):
                in_map = isinstance(items, dict)
                at = (*path, field, name if in_map else i)
                if name not in held:
                    document.report("unknown-fact", f'"{name}" is not a fact', at, help=nearest(name, held), key=in_map)
                    continue
                declared = vocabulary[name]
                if field == "facts" and items[name] is None:
                    continue
                if field == "facts":
                    _read(declared, items[name], document, at)
                elif field == "may" and (declared.fact.type != "codes" or row.facts.get(name) is None):
                    document.report("misplaced", f'"{name}" is no set in "facts"', at, key=True)
                elif field == "may":
                    _read(declared, list(items[name]), document, at)
                elif field == "does_not_apply" and not declared.optional:
                    document.report("must-apply", f'"{name}" always applies', at)
                if field in ("facts", "not_known", "does_not_apply"):
                    if name in stated:
                        document.report("contradicts", f'"{name}" is stated twice', at, key=in_map)
                    stated.add(name)

    def unknown(self, kind: str, name: str, known: Iterable[str], path: tuple[str | int, ...]) -> None:
        self.document.report(f"unknown-{kind}", f'"{name}" is not a known {kind}', path, help=nearest(name, known))


def _read(declared: Declared, raw: Any, document: Document, path: tuple[str | int, ...]) -> Value:
    """A value as a row holds it."""
    report = fact_problems(document, path)
    kind = declared.fact.type
    if kind == "codes":
        if not isinstance(raw, list | tuple):
            report("wrong-kind", f"{declared.shown} should be a list of codes", "")
            return CodeSet(frozenset())
        return CodeSet(frozenset(str(read_scalar(declared, item, report)) for item in raw))
    if kind == "duration" and isinstance(raw, str):
        amount, _, unit = raw.partition(" ")
        if amount.isdecimal() and len(amount) <= _DIGITS and unit in _UNITS:
            return Duration(int(amount), unit)
        report("wrong-kind", f"{declared.shown} should be a number of {', '.join(_UNITS)}", "")
        return Duration(0, _UNITS[0])
    return read_scalar(declared, raw, report)


_DIGITS = 12

# Deciding rows --------------------------------------------------------------------------------------------------------


def decide_rows(policies: PolicySet, found: Rows, document: Document | None = None) -> Decision:
    """The exact decision on rows, as `decide` gives it on the request they were made from.

    Who stated a fact is not known any more. Raises `DocumentProblems` where the facts contradict each other.
    """
    judge = RowJudge(policies, found, document or Document(f"the rows of {found.request}", {}))
    judge.examine(judge.legs)
    return judge.decision()


class Leg(Disclosure):
    """The disclosure of a row: its facts are those of the row, and it has no graph."""

    def __init__(self, row: Row, earlier: tuple[Disclosure, ...], policies: PolicySet) -> None:
        self.row, self.policies = row, policies
        flow = Flow.model_construct(id=row.flow, from_=row.sender, to=row.receiver, carries=(row.dataset,))
        super().__init__(cast(Graph, None), flow, row.dataset, row.source, Absence.NOT_ASKED, earlier)
        self.purpose = self["request.purpose"].value

    @cached_property
    def id(self) -> str:
        """The row's."""
        return self.row.id

    @property
    def provider(self) -> str:
        """The row's."""
        return self.row.provider

    def party(self, role: str) -> str | None:
        """The party in a role."""
        return self.row.party(role)

    def papers(self) -> list[Reading]:
        """The papers in force for this flow, one reading for each pair of parties they may be between."""
        every = frozenset(self.policies.instruments)
        return [
            Reading(PAPERS, p.about, CodeSet(frozenset(p.has), every - {*p.reported, *p.has}), GRAPH)
            for p in self.row.papers
        ]

    def _read(self, name: str) -> Reading:
        if name in TRAVELLING:
            arrived = self.received_under if name == TRAVELLING[0] else self.restrictions
            return Reading(name, f"disclosure {self.id}", arrived, GRAPH)
        if name == PAPERS:
            sets = [reading.value for reading in self.papers() if isinstance(reading.value, CodeSet)]
            has = frozenset[str]().union(*(codes.has for codes in sets))
            may = frozenset[str]().union(*(codes.may for codes in sets)) - has
            return Reading(name, self.papers_at, CodeSet(has, may), GRAPH)
        declared = self.policies.vocabulary[name]
        value = value_of(self.row, declared)
        about = self.row.about.get(name) or self.row.subject(declared)
        return Reading(name, about, value, "" if unknown(value) else "the row")


def value_of(row: Row, declared: Declared) -> Value:
    """What a row says of a fact that no other row decides."""
    name = declared.name
    if row.facts.get(name) is not None:
        value: Value = _read(declared, row.facts[name], Document("", {}), ())
        if isinstance(value, CodeSet):
            return CodeSet(value.has, frozenset(row.may.get(name, ())) - value.has)
        return value
    if name in row.not_known:
        return Absence.NOT_KNOWN
    return Absence.DOES_NOT_APPLY if name in row.does_not_apply else Absence.NOT_ASKED


class RowJudge(Judge):
    """The findings on rows."""

    def __init__(self, policies: PolicySet, found: Rows, document: Document) -> None:
        super().__init__(policies, _request(policies, found, document), found.as_of)
        self.legs: list[Leg] = []
        for row in found.rows:
            self.legs.append(Leg(row, tuple(self.legs[i] for i in row.earlier), policies))
        self.statuses: dict[str, dict[str, Status]] = {
            row.id: {key: status for status, field in _FIELDS.items() for key in getattr(row, field)}
            for row in found.rows
        }

    @property
    def obstructed(self) -> bool:
        """Whether anything was refused, or lacks from a paper."""
        return any(leg.row.refused or leg.row.lacking for leg in self.legs)

    def claims(self, disclosure: Disclosure, found: BasisFinding) -> bool:
        """Whether the parties claim this basis for this disclosure."""
        return isinstance(disclosure, Leg) and found.basis.id in disclosure.row.claims

    def paper_status(self, disclosure: Disclosure, requirement: Owed, parties: tuple[str, ...]) -> Status:
        """How far the row says that an instrument is."""
        return self._status(disclosure, requirement)

    def step_status(self, disclosure: Disclosure, requirement: Owed, actor: str) -> Status:
        """How far the row says that a step is."""
        return self._status(disclosure, requirement)

    def clause_status(self, disclosure: Disclosure, clause: str) -> Status:
        """Whether the row says that a paper contains the clause, or lacks it."""
        return self.statuses[disclosure.id].get(clause, "outstanding")

    def _status(self, disclosure: Disclosure, requirement: Owed) -> Status:
        reported = self.statuses[disclosure.id].get(requirement_key(requirement))
        return reported or open_status(requirement, disclosure)


def _request(policies: PolicySet, found: Rows, document: Document) -> Request:
    """What rows still say of the request."""
    file = RequestFile.model_construct(
        request=found.request,
        title=found.request,
        date=found.as_of,
        deployment=found.deployment,
        parties={},
        datasets={},
    )
    deployment = policies.deployments[found.deployment] if found.deployment else None
    return Request(
        document=document, file=file, deployment=deployment, digest=document.digest, facts={}, parties={}, names={},
        hubs=frozenset(), origins={}, data={}, unclassified={}, flow_facts={}, flow_request_facts={}, purposes={},
    )  # fmt: skip
