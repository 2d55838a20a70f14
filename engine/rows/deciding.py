"""The exact decision on rows."""

from __future__ import annotations

from functools import cached_property
from typing import cast

from engine.conditions import Reading
from engine.decisions import BasisFinding, Decision, Judge, Status, open_status
from engine.documents import Document
from engine.facts import PAPERS, TRAVELLING, Absence, CodeSet, unknown
from engine.graph import GRAPH, Disclosure, Graph
from engine.policies import Owed, PolicySet
from engine.requests import Flow, Request, RequestFile
from engine.rows.model import STATUS_FIELDS, Row, Rows, requirement_key
from engine.rows.reading import value_of


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


class RowJudge(Judge):
    """The findings on rows."""

    def __init__(self, policies: PolicySet, found: Rows, document: Document) -> None:
        super().__init__(policies, _request(policies, found, document), found.as_of)
        self.legs: list[Leg] = []
        for row in found.rows:
            self.legs.append(Leg(row, tuple(self.legs[i] for i in row.earlier), policies))
        self.statuses: dict[str, dict[str, Status]] = {
            row.id: {key: status for status, field in STATUS_FIELDS.items() for key in getattr(row, field)}
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
