"""The request document: who would share which data with whom, for what, and what has been signed or decided."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from engine.catalogue import classify
from engine.documents import (
    ID,
    Day,
    Document,
    DocumentProblems,
    Flag,
    Mark,
    Model,
    Path_,
    Problem,
    nearest,
    read,
    validate,
)
from engine.facts import Absence, CodeSet, Statement, Value, Vocabulary, fact_problems, read_facts, read_value
from engine.policies import ROLES, Deployment, PolicySet, party_facts

PUBLIC = "public"
"""The party that outputs go to."""
NOBODY = "the public is nobody in particular"
"""Who states what holds of the public."""

Id = Annotated[str, StringConstraints(pattern=ID, max_length=80)]


def _one_or_several(raw: Any) -> Any:
    return (raw,) if isinstance(raw, str) else raw


_STRING = {"type": "string"}
Several = Annotated[
    tuple[str, ...],
    BeforeValidator(_one_or_several),
    WithJsonSchema({"anyOf": [_STRING, {"type": "array", "items": _STRING, "minItems": 1}]}),
    Field(min_length=1),
]
"""One value, or a list of them."""


def _check_order(first: date | None, last: date | None) -> None:
    if first and last and last < first:
        raise ValueError("ends before it begins")


class Party(Model):
    """A body or person that takes part. A known agency needs nothing more than its acronym."""

    name: str | None = None
    kind: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict)


class Dataset(Model):
    """Data that flow: an owner's, or made from other datasets."""

    owner: str | None = None
    from_: tuple[str, ...] | None = Field(None, alias="from", min_length=1)
    description: str = ""
    categories: Several | None = None
    elements: tuple[str, ...] = ()
    facts: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_origin(self) -> Dataset:
        if (self.owner is None) == (self.from_ is None):
            raise ValueError('needs either "owner" or "from"')
        if self.from_ is not None and (self.categories or self.elements or "categories" in self.facts):
            raise ValueError("made from others has the categories and elements of its sources; leave them out")
        return self


class Flow(Model):
    """A transfer of datasets from one party to another."""

    id: Id
    from_: str = Field(alias="from")
    to: str
    carries: tuple[str, ...] = Field(min_length=1)
    purpose: Several | None = None
    form: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    request: dict[str, Any] = Field(default_factory=dict)


class Output(Flow):
    """What is published: a flow to the public."""

    to: Literal["public"] = "public"


class User(Model):
    """A person who will see the data."""

    name: str
    party: str
    acknowledged: Flag | None = None
    public_employee: Flag | None = None


class Term(Model):
    """The days between which the agreement runs."""

    from_: Day | None = Field(None, alias="from")
    until: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Term:
        _check_order(self.from_, self.until)
        return self


class Paper(Model):
    """An instrument the parties report: signed, in draft, or refused."""

    instrument: Several
    between: tuple[str, ...] = Field(min_length=1)
    status: Literal["draft", "signed", "refused"]
    from_: Day | None = Field(None, alias="from")
    until: Day | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Paper:
        _check_order(self.from_, self.until)
        return self

    def in_force(self, day: date) -> bool:
        """Whether it is signed and runs on that day."""
        started = self.from_ is None or self.from_ <= day
        return self.status == "signed" and started and (self.until is None or day <= self.until)


class Act(Model):
    """A step the parties report: an approval, notice, designation ... done, refused or pending."""

    step: str
    by: str | None = None
    status: Literal["done", "refused", "pending"]
    on: Day | None = None
    flow: str | None = None
    dataset: str | None = None


class Moment(NamedTuple):
    """When something happens: a day, and the time of the clock where that is known."""

    day: date
    time: time | None = None


_CLOCK = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}$"
_MOMENT = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "pattern": _CLOCK}]}


def _read_moment(raw: Any) -> Moment:
    if isinstance(raw, date):
        return Moment(raw)
    try:
        exact = datetime.fromisoformat(raw if re.match(_CLOCK, raw) else "")
    except (TypeError, ValueError):
        raise ValueError("should be a day, as in 2027-03-01, or a day and time, as in 2027-03-01 14:30") from None
    return Moment(exact.date(), exact.time())


Happened = Annotated[Any, BeforeValidator(_read_moment), WithJsonSchema(_MOMENT)]


class Claim(Model):
    """The basis that the parties rely on."""

    basis: str
    flow: str | None = None


class RequestFile(Model):
    """A request as written."""

    request: Id
    title: str
    deployment: str | None = None
    date: Day
    purpose: Several | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    parties: dict[Id, Party | None]
    hubs: tuple[str, ...] | None = None
    datasets: dict[Id, Dataset]
    flows: tuple[Flow, ...] = ()
    outputs: tuple[Output, ...] = ()
    users: tuple[User, ...] = ()
    term: Term = Term()
    instruments: tuple[Paper, ...] = ()
    steps: tuple[Act, ...] = ()
    claims: tuple[Claim, ...] = ()
    events: dict[str, Happened] = Field(default_factory=dict)
    agreement: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something_flows(self) -> RequestFile:
        if not self.flows and not self.outputs:
            raise ValueError("has no flows and no outputs: there is nothing to decide")
        return self

    def names_used(self) -> dict[str, list[Path_]]:
        """Every name the request uses, as "kind name", with the places that use it."""
        used = dict[str, list[Path_]]()

        def use(kind: str, value: str | None, *path: str | int) -> None:
            if value is not None:
                used.setdefault(f"{kind} {value}", []).append(path)

        for i, hub in enumerate(self.hubs or ()):
            use("party", hub, "hubs", i)
        for name, dataset in self.datasets.items():
            use("party", dataset.owner, "datasets", name, "owner")
            for i, source in enumerate(dataset.from_ or ()):
                use("dataset", source, "datasets", name, "from", i)
        for key, flows in (("flows", self.flows), ("outputs", self.outputs)):
            for i, flow in enumerate(flows):
                use("party", flow.from_, key, i, "from")
                use("party", flow.to, key, i, "to")
                for j, carried in enumerate(flow.carries):
                    use("dataset", carried, key, i, "carries", j)
        for i, user in enumerate(self.users):
            use("party", user.party, "users", i, "party")
        for i, paper in enumerate(self.instruments):
            for j, instrument in enumerate(paper.instrument):
                use("instrument", instrument, "instruments", i, "instrument", j)
            for j, party in enumerate(paper.between):
                use("party", party, "instruments", i, "between", j)
            for key in ("contains", "lacks"):
                for j, clause in enumerate(getattr(paper, key)):
                    use("clause", clause, "instruments", i, key, j)
            for j, flow_id in enumerate(paper.flows):
                use("flow", flow_id, "instruments", i, "flows", j)
        for i, act in enumerate(self.steps):
            use("step", act.step, "steps", i, "step")
            use("actor", act.by, "steps", i, "by")
            use("flow", act.flow, "steps", i, "flow")
            use("dataset", act.dataset, "steps", i, "dataset")
        for i, claim in enumerate(self.claims):
            use("basis", claim.basis, "claims", i, "basis")
            use("flow", claim.flow, "claims", i, "flow")
        for name in self.events:
            use("event", name, "events", name)
        for name in self.agreement:
            use("text", name, "agreement", name)
        return used


class Stated(NamedTuple):
    """A fact and who stated it."""

    statement: Statement
    source: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request checked against the policies: every name resolved, every fact typed, known agencies filled in."""

    document: Document
    file: RequestFile
    deployment: Deployment | None
    digest: str
    facts: Mapping[str, Stated]
    parties: Mapping[str, Mapping[str, Stated]]
    names: Mapping[str, str]
    hubs: frozenset[str]
    origins: Mapping[str, frozenset[str]]
    data: Mapping[str, Mapping[str, Stated]]
    unclassified: Mapping[str, tuple[str, ...]]
    flow_facts: Mapping[str, Mapping[str, Stated]]
    flow_request_facts: Mapping[str, Mapping[str, Stated]]
    purposes: Mapping[str, tuple[Value, ...]]

    @property
    def flows(self) -> tuple[Flow, ...]:
        """Flows and outputs, in order of their ids."""
        return tuple(sorted((*self.file.flows, *self.file.outputs), key=lambda f: f.id))

    @property
    def obstructed(self) -> bool:
        """Whether something was refused, or lacks from a paper."""
        papers, acts = self.file.instruments, self.file.steps
        return any(p.status == "refused" or p.lacks for p in papers) or any(a.status == "refused" for a in acts)

    @property
    def through_hub(self) -> bool:
        """Whether a hub of the request receives data; only the deployment's own counts where the deployment has one."""
        return any(self.enters_hub(flow) for flow in self.flows)

    def enters_hub(self, flow: Flow) -> bool:
        """Whether a flow brings data to such a hub from a party that is none."""
        own = self.deployment.hub if self.deployment else None
        hubs = self.hubs & {own} if own else self.hubs
        return flow.to in hubs and flow.from_ not in self.hubs

    def claimed(self, basis: str, flow: str) -> bool:
        """Whether the parties claim a basis for a flow."""
        return any(claim.basis == basis and claim.flow in (None, flow) for claim in self.file.claims)

    def sources(self, dataset: str) -> frozenset[str]:
        """The owned datasets that a dataset is made of; itself if it is owned."""
        return self.origins[dataset]

    def place(self, flow: Flow) -> Path_:
        """Where a flow stands in the document."""
        for key, flows in (("flows", self.file.flows), ("outputs", self.file.outputs)):
            for i, other in enumerate(flows):
                if other.id == flow.id:
                    return (key, i)
        return ()

    def problem(self, code: str, message: str, path: Path_) -> DocumentProblems:
        """A problem of the request as a whole, at a place in its document."""
        where = ".".join(map(str, path))
        return DocumentProblems([Problem(self.document.file, self.document.mark_of(path), code, message, where)])

    def owner(self, dataset: str) -> str:
        """The party that owns an owned dataset."""
        owner = self.file.datasets[dataset].owner
        assert owner is not None, "asked only of owned datasets"
        return owner


def read_request(path: Path, policies: PolicySet) -> Request:
    """The request in a file. Raises `DocumentProblems` with everything that is wrong with it."""
    return check_request(read(path), policies)


def check_request(document: Document, policies: PolicySet) -> Request:
    """The request in a document as read."""
    file = validate(RequestFile, document)
    request = _Checker(document, policies, file).check()
    document.check()
    return request


@dataclass(slots=True)
class _Checker:
    document: Document
    policies: PolicySet
    file: RequestFile
    deployment: Deployment | None = None
    unclassified: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self) -> Request:
        file, vocabulary = self.file, self.policies.vocabulary
        if file.deployment is not None:
            self.deployment = self.policies.deployments.get(file.deployment)
            if self.deployment is None:
                self.unknown("deployment", file.deployment, self.policies.deployments, ("deployment",))
        own = vocabulary.stated_under("request")
        flow_facts = vocabulary.stated_under("flow")
        facts = self.read(file.facts, ("facts",), own)
        if "purpose" in file.facts:
            self.document.report(
                "misplaced", '"purpose" stands at the top of the request', ("facts", "purpose"), key=True
            )
        self.check_names()
        self.check_ids()
        parties = {acronym: self.party(acronym) for acronym in file.parties}
        flow_read, flow_request = {}, {}
        for key, flows in (("flows", file.flows), ("outputs", file.outputs)):
            for i, flow in enumerate(flows):
                path: Path_ = (key, i)
                flow_read[flow.id] = self.read(flow.facts, (*path, "facts"), flow_facts)
                if flow.form is not None:
                    flow_read[flow.id] |= self.read({"form": flow.form}, path, flow_facts)
                flow_request[flow.id] = self.read(flow.request, (*path, "request"), own)
        data = {name: self.dataset(name, dataset) for name, dataset in file.datasets.items()}
        purposes = self.purposes()
        kind = parties.get(PUBLIC, {}).get("kind")
        if file.outputs and kind is not None and kind.statement.value != "public":
            self.document.report("contradicts", "the public is of no other kind", ("parties", PUBLIC))
        if file.outputs:
            parties[PUBLIC] = {**_nobody(self.policies.vocabulary), **parties.get(PUBLIC, {})}
        return Request(
            document=self.document,
            file=file,
            deployment=self.deployment,
            digest=_digest(self.document.data),
            facts=facts,
            parties=parties,
            names={acronym: self.name(acronym) for acronym in parties},
            hubs=self.hubs(),
            origins={name: self.origin(name) for name in file.datasets},
            data=data,
            unclassified=self.unclassified,
            flow_facts=flow_read,
            flow_request_facts=flow_request,
            purposes=purposes,
        )

    # Names ------------------------------------------------------------------------------------------------------------

    def check_names(self) -> None:
        used = [(*name.partition(" ")[::2], paths) for name, paths in self.file.names_used().items()]
        known = {kind: set(self.known(kind)) for kind in {kind for kind, _, _ in used}}
        for kind, value, paths in used:
            if value not in known[kind]:
                for path in paths:
                    self.unknown(kind, value, known[kind], path)

    def known(self, kind: str) -> Iterable[str]:
        file, policies = self.file, self.policies
        match kind:
            case "party":
                return [*file.parties, *([PUBLIC] if file.outputs else [])]
            case "dataset":
                return file.datasets
            case "flow":
                return [f.id for f in (*file.flows, *file.outputs)]
            case "instrument":
                return policies.instruments
            case "step":
                return policies.steps()
            case "basis":
                return policies.bases()
            case "clause":
                return policies.clauses
            case "event":
                return policies.events
            case "actor":
                return [*file.parties, *ROLES, *(self.deployment.bodies if self.deployment else ())]
            case _:
                return {name for clause in policies.clauses.values() for name in clause.asks}

    def unknown(self, kind: str, value: str, known: Iterable[str], path: Path_, *, key: bool = False) -> None:
        word = {"actor": "party", "text": "text that a clause asks for"}.get(kind, kind)
        message = f'"{value}" is no {word} of this request' if kind in ("party", "dataset", "flow") else (
            f'"{value}" is not a known {word}'
        )  # fmt: skip
        self.document.report(f"unknown-{kind}", message, path, help=nearest(value, known), key=key)

    def check_ids(self) -> None:
        seen: dict[str, Path_] = {}
        for key, flows in (("flows", self.file.flows), ("outputs", self.file.outputs)):
            for i, flow in enumerate(flows):
                if flow.id in seen:
                    self.document.report("duplicate-id", f'the id "{flow.id}" is used twice', (key, i, "id"))
                seen[flow.id] = (key, i)

    def name(self, acronym: str) -> str:
        party = self.file.parties.get(acronym)
        if party and party.name:
            return party.name
        if self.deployment and acronym in self.deployment.agencies:
            return self.deployment.agencies[acronym].name
        return "the public" if acronym == PUBLIC else acronym

    def hubs(self) -> frozenset[str]:
        if self.file.hubs is not None:
            return frozenset(self.file.hubs)
        hub = self.deployment.hub if self.deployment else None
        return frozenset([hub] if hub in self.file.parties else [])

    def origin(self, dataset: str) -> frozenset[str]:
        """The owned datasets at or behind one; a name that does not exist is reported elsewhere."""
        seen, waiting = {dataset}, [dataset]
        while waiting:
            found = self.file.datasets.get(waiting.pop())
            further = [name for name in (found.from_ or () if found else ()) if name not in seen]
            seen.update(further)
            waiting += further
        return frozenset(n for n in seen if n in self.file.datasets and self.file.datasets[n].owner is not None)

    # Facts ------------------------------------------------------------------------------------------------------------

    def read(self, raw: Mapping[str, Any], path: Path_, declared: Mapping[str, Any]) -> dict[str, Stated]:
        statements = read_facts(self.document, raw, path, declared)
        return {key: Stated(statement, "the request") for key, statement in statements.items()}

    def party(self, acronym: str) -> dict[str, Stated]:
        party = self.file.parties[acronym] or Party()
        path: Path_ = ("parties", acronym)
        own = party_facts(self.document, party.kind, party.facts, path, self.policies.vocabulary)
        for key, statement in own.items():
            for towards in statement.towards:
                if towards not in self.file.parties:
                    self.unknown("party", towards, self.file.parties, (*path, "facts", key, towards), key=True)
        stated = {key: Stated(statement, "the request") for key, statement in own.items()}
        if self.deployment is None or acronym not in self.deployment.agencies:
            return stated
        for key, settled in self.deployment.facts_of(acronym).items():
            mine = own.get(key)
            if mine is not None and (mine.value, mine.towards) != (settled.value, settled.towards):
                place = (*path, "facts", key) if key in party.facts else (*path, key)
                self.document.report(
                    "contradicts", f'"{key}" contradicts what the deployment settles for {acronym}', place,
                    help="leave it out, or have the deployment corrected",
                )  # fmt: skip
            stated[key] = Stated(settled, f"deployment {self.deployment.deployment}")
        return stated

    def dataset(self, name: str, dataset: Dataset) -> dict[str, Stated]:
        path: Path_ = ("datasets", name)
        declared = self.policies.vocabulary.stated_under("data")
        stated = self.read(dataset.facts, (*path, "facts"), declared)
        if dataset.categories is not None:
            categories = "unknown" if dataset.categories == ("unknown",) else dataset.categories
            stated |= self.read({"categories": categories}, path, declared)
        if dataset.elements and dataset.owner:
            catalogued = self.catalogued(name, dataset)
            if "categories" not in stated:
                mark = self.document.mark_of((*path, "elements"))
                stated["categories"] = Stated(Statement(catalogued, {}, mark), "the catalogue")
            elif isinstance(value := stated["categories"].statement.value, CodeSet) and catalogued.has - value.has:
                self.document.report(
                    "contradicts", f"leaves out {', '.join(sorted(catalogued.has - value.has))}, "
                    "which the catalogue says the elements are", (*path, "categories"),
                )  # fmt: skip
        return stated

    def catalogued(self, name: str, dataset: Dataset) -> CodeSet:
        has: set[str] = set()
        missing = []
        for element in dataset.elements:
            found = classify(self.deployment, dataset.owner or "", element) if self.deployment else None
            if found is None:
                missing.append(element)
            has |= found or frozenset()
        self.unclassified[name] = tuple(missing)
        may = frozenset(self.policies.vocabulary["data.categories"].codes) - has if missing else frozenset()
        return CodeSet(frozenset(has), may)

    def purposes(self) -> dict[str, tuple[Value, ...]]:
        general = self.purpose_values(self.file.purpose, ("purpose",))
        result = {}
        for key, flows in (("flows", self.file.flows), ("outputs", self.file.outputs)):
            for i, flow in enumerate(flows):
                own = self.purpose_values(flow.purpose, (key, i, "purpose"))
                result[flow.id] = own if flow.purpose is not None else general
        return result

    def purpose_values(self, raw: tuple[str, ...] | None, path: Path_) -> tuple[Value, ...]:
        if raw is None:
            return (Absence.NOT_ASKED,)
        declared = self.policies.vocabulary["request.purpose"]
        items = [read_value(declared, item, fact_problems(self.document, (*path, i))) for i, item in enumerate(raw)]
        return tuple(sorted(dict.fromkeys(items), key=str))


def _digest(data: Any) -> str:
    """SHA-256 of what the request says, whatever the order of its keys and flows."""
    canonical = dict(data)
    for key in ("flows", "outputs"):
        if isinstance(canonical.get(key), list):
            canonical[key] = sorted(canonical[key], key=lambda flow: str(flow["id"]))
    text = json.dumps(canonical, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _nobody(vocabulary: Vocabulary) -> dict[str, Stated]:
    """What holds of the public: it is nobody in particular, so it has no role, has promised nothing and did nothing."""
    found: dict[str, Stated] = {}
    for key, declared in vocabulary.stated_under("party").items():
        kind = declared.fact.type
        value: Value = CodeSet(frozenset()) if kind == "codes" else False if kind == "boolean" else Absence.NOT_ASKED
        if declared.optional:
            value = Absence.DOES_NOT_APPLY
        elif kind == "code" and "none" in declared.codes:
            value = "none"
        if value is not Absence.NOT_ASKED:
            found[key] = Stated(Statement(value, {}, Mark(0, 0)), NOBODY)
    return found | {"kind": Stated(Statement(PUBLIC, {}, Mark(0, 0)), "the request")}
