"""From a request to the disclosures it consists of.

A disclosure is one dataset carried on one flow for one purpose, as far as it came from one owned dataset. What is
linked or derived is traced back to every owner, so a hub's redisclosure is judged again under each owner's law.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TypeVar

import networkx as nx

from engine.conditions import Reading
from engine.documents import DocumentProblems, Problem
from engine.facts import (
    PAPERS,
    PARTY_SCOPES,
    RECEIVED_UNDER,
    RESTRICTIONS,
    SAME_PURPOSE,
    Absence,
    CodeSet,
    Value,
    printable,
    unknown,
)
from engine.policies import PolicySet
from engine.requests import PUBLIC, Flow, Output, Request, Stated

GRAPH = "the request's graph"
NOTHING = CodeSet(frozenset())
_NOT_STATED = ""
Node = TypeVar("Node", str, tuple[str, str])


class Graph:
    """The legs of a request and the disclosures on them, earlier ones first.

    Raises `DocumentProblems` for a dataset made of itself, a flow whose sender never had what it carries, and data that
    go in a circle. Derived facts in `forget` are left unknown.
    """

    def __init__(self, policies: PolicySet, request: Request, as_of: date, forget: Container[str] = ()) -> None:
        self.policies, self.request, self.as_of, self.forget = policies, request, as_of, forget
        self.datasets = self._datasets()
        self.order: tuple[str, ...] = tuple(nx.topological_sort(self.datasets))
        self._holdings: dict[str, set[str]] = {}
        self._check_carries()
        self.legs = self._legs()
        self.disclosures = self._disclosures()

    def ancestors(self, dataset: str) -> frozenset[str]:
        """The dataset and everything it was made from."""
        return frozenset([dataset, *nx.ancestors(self.datasets, dataset)])

    def has(self, party: str, dataset: str) -> bool:
        """Whether a party owns a dataset, is sent it, or can make it from others it has."""
        if party not in self._holdings:
            declared = self.request.file.datasets
            sent = {carried for flow in self.request.flows if flow.to == party for carried in flow.carries}
            held = {name for name, d in declared.items() if d.owner == party or name in sent}
            for name in self.order:
                if declared[name].from_ is not None and held.issuperset(declared[name].from_ or ()):
                    held.add(name)
            self._holdings[party] = held
        return dataset in self._holdings[party]

    def _datasets(self) -> nx.DiGraph[str]:
        graph: nx.DiGraph[str] = nx.DiGraph()
        for name, dataset in self.request.file.datasets.items():
            graph.add_node(name)
            graph.add_edges_from((source, name) for source in dataset.from_ or ())
        if (circle := _circle(graph)) is not None:
            message = f"the dataset {circle[0]} is made from itself: {' -> '.join(circle)}"
            raise self.request.problem("circle", message, ("datasets", circle[0], "from"))
        return graph

    def _check_carries(self) -> None:
        problems: list[Problem] = []
        for flow in self.request.flows:
            for dataset in flow.carries:
                if not self.has(flow.from_, dataset):
                    lacking = self._lacking(flow.from_, dataset)
                    message = f"{flow.from_} sends {dataset} on {flow.id} but neither owns nor receives {lacking}"
                    path = (*self.request.place(flow), "carries")
                    problems += self.request.problem("impossible-carry", message, path).problems
        if problems:
            raise DocumentProblems(problems)

    def _lacking(self, party: str, dataset: str) -> str:
        made_from = self.request.file.datasets[dataset].from_
        missing = [source for source in made_from or () if not self.has(party, source)]
        return ", ".join(missing) or "it"

    def _legs(self) -> nx.DiGraph[tuple[str, str]]:
        """The legs (flow, dataset), each joined to those that brought its sender what it carries."""
        graph: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
        flows = self.request.flows
        for flow in flows:
            for dataset in flow.carries:
                graph.add_node((flow.id, dataset))
                needed = self.ancestors(dataset)
                graph.add_edges_from(
                    ((earlier.id, brought), (flow.id, dataset))
                    for earlier in flows
                    if earlier.to == flow.from_ and earlier.from_ != earlier.to
                    for brought in earlier.carries
                    if brought in needed and not self._own(flow.from_, brought)
                )
        if (circle := _circle(graph)) is not None:
            way = " -> ".join(f"{dataset} on {flow}" for flow, dataset in circle)
            first = next(flow for flow in flows if flow.id == circle[0][0])
            message = f"data go in a circle, with no owner to start it: {way}"
            raise self.request.problem("circle", message, self.request.place(first))
        return graph

    def _own(self, party: str, dataset: str) -> bool:
        """Whether a party could make the dataset from its own alone."""
        return all(self.request.owner(source) == party for source in self.request.sources(dataset))

    def _disclosures(self) -> tuple[Disclosure, ...]:
        flows = {flow.id: flow for flow in self.request.flows}
        by_leg: dict[tuple[str, str], list[Disclosure]] = {}
        for leg in nx.lexicographical_topological_sort(self.legs):
            flow_id, dataset = leg
            earlier = [d for before in self.legs.predecessors(leg) for d in by_leg[before]]
            by_leg[leg] = [
                Disclosure(
                    self, flows[flow_id], dataset, source, purpose, tuple(d for d in earlier if d.source == source)
                )
                for source in sorted(self.request.sources(dataset))
                for purpose in self.request.purposes[flow_id]
            ]
        return tuple(d for disclosures in by_leg.values() for d in disclosures)


def _circle(graph: nx.DiGraph[Node]) -> list[Node] | None:
    try:
        edges = nx.find_cycle(graph)
    except nx.NetworkXNoCycle:
        return None
    return [edge[0] for edge in edges] + [edges[0][0]]


@dataclass(eq=False)
class Disclosure:
    """One dataset on one flow for one purpose, as far as it came from one owned dataset; also its facts.

    Indexing gives the `Reading` of a fact by the name rules read it under. `received_under` and `restrictions` are set
    by whoever decides the earlier legs, before this one is read.
    """

    graph: Graph
    flow: Flow
    dataset: str
    source: str
    purpose: Value
    earlier: tuple[Disclosure, ...]
    received_under: CodeSet = NOTHING
    restrictions: CodeSet = NOTHING
    _readings: dict[str, Reading] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """`flow/dataset`, then `/source` where the dataset was made of others, `/purpose` where there are several."""
        parts = [self.flow.id, self.dataset]
        if self.source != self.dataset:
            parts.append(self.source)
        if len(self.graph.request.purposes[self.flow.id]) > 1:
            parts.append(str(printable(self.purpose)))
        return "/".join(parts)

    @property
    def provider(self) -> str:
        """The owner of the data under law, wherever they now sit."""
        return self.graph.request.owner(self.source)

    @property
    def sender(self) -> str:
        """Who sends."""
        return self.flow.from_

    @property
    def receiver(self) -> str:
        """Who receives."""
        return self.flow.to

    def party(self, role: str) -> str | None:
        """The party in a role; the hub is the receiver or sender that is one."""
        if role == "hub":
            hubs = self.graph.request.hubs
            return next((p for p in (self.receiver, self.sender, *sorted(hubs)) if p in hubs), None)
        return {"provider": self.provider, "sender": self.sender, "receiver": self.receiver}.get(role)

    def bound(self, role: str) -> str | None:
        """Who does what is asked of a role. The public does nothing: who publishes answers in its place."""
        party = self.party(role)
        return self.sender if party == PUBLIC else party

    def __getitem__(self, name: str) -> Reading:
        reading = self._readings.get(name)
        if reading is None:
            reading = self._readings[name] = self._read(name)
        return reading

    def _read(self, name: str) -> Reading:
        scope, _, key = name.partition(".")
        request = self.graph.request
        declared = self.graph.policies.vocabulary[name]
        if name == "request.purpose":
            about = f"flow {self.flow.id}" if self.flow.purpose is not None else "the request"
            return Reading(name, about, self.purpose, _NOT_STATED if unknown(self.purpose) else "the request")
        if declared.fact.derived:
            value = Absence.NOT_ASKED if name in self.graph.forget else _DERIVED[name](self)
            return Reading(name, self._about_derived(name), value, GRAPH)
        if scope in PARTY_SCOPES:
            return self._read_party(name, scope, key, declared.fact.towards)
        if scope == "request":
            own = request.flow_request_facts[self.flow.id].get(key)
            if own is not None:
                return _reading(name, f"flow {self.flow.id}", own)
            return _reading(name, "the request", request.facts.get(key))
        if scope == "flow":
            return _reading(name, f"flow {self.flow.id}", request.flow_facts[self.flow.id].get(key))
        if scope == "data":
            return self._read_data(name, key)
        settings = request.deployment.settings if request.deployment else {}
        found = settings.get(key)
        return _reading(name, "the deployment", Stated(found, "the deployment") if found else None)

    @property
    def papers_at(self) -> str:
        """What the instruments in force are about: they are one fact for all data of a provider on a flow."""
        return f"papers of {self.provider}, {self.sender} and {self.receiver} on flow {self.flow.id}"

    def papers(self) -> list[Reading]:
        """The papers in force for this flow, one reading for each pair of parties they may be between."""
        pairs = dict.fromkeys([(self.sender, self.receiver), (self.provider, self.receiver)])
        return [
            Reading(
                PAPERS,
                f"papers of {one} and {other} on flow {self.flow.id}",
                self._between(one, other),
                GRAPH,
            )
            for one, other in pairs
        ]

    def _between(self, one: str, other: str) -> CodeSet:
        reported: set[str] = set()
        in_force: set[str] = set()
        for paper in self.graph.request.file.instruments:
            if {one, other} <= set(paper.between) and (not paper.flows or self.flow.id in paper.flows):
                reported.update(paper.instrument)
                if paper.in_force(self.graph.as_of):
                    in_force.update(paper.instrument)
        return CodeSet(frozenset(in_force), frozenset(self.graph.policies.instruments) - reported)

    def _about_derived(self, name: str) -> str:
        if name.startswith("receiver."):
            return f"party {self.receiver}"
        if name == PAPERS:
            return self.papers_at
        return f"disclosure {self.id}"

    def _read_party(self, name: str, scope: str, key: str, towards: str | None) -> Reading:
        party = self.party(scope)
        assert party is not None, "provider, sender and receiver are always there"
        stated = self.graph.request.parties[party].get(key)
        about = f"party {party}"
        if towards is None:
            return _reading(name, about, stated)
        other = self.party(towards) or ""
        about = f"party {party} towards {other}"
        if stated is None or not stated.statement.towards:
            return _reading(name, about, stated)
        value = stated.statement.towards.get(other, Absence.NOT_ASKED)
        return Reading(name, about, value, _NOT_STATED if unknown(value) else stated.source)

    def _read_data(self, name: str, key: str) -> Reading:
        found = self._data_facts(self.dataset, key)
        if not found:
            return Reading(name, f"dataset {self.source}", Absence.NOT_ASKED, _NOT_STATED)
        values = [stated.statement.value for _, stated in found]
        about, first = found[0]
        if all(isinstance(value, CodeSet) for value in values):
            sets = [value for value in values if isinstance(value, CodeSet)]
            has = frozenset[str]().union(*(s.has for s in sets))
            return Reading(
                name, f"dataset {about}", CodeSet(has, frozenset().union(*(s.may for s in sets)) - has), first.source
            )
        if any(value != values[0] for value in values):
            return Reading(name, f"dataset {self.dataset}", Absence.NOT_KNOWN, _NOT_STATED)
        return _reading(name, f"dataset {about}", first)

    def _data_facts(self, dataset: str, key: str) -> list[tuple[str, Stated]]:
        """What is stated about the part that came from this source, nearest to the dataset carried."""
        request = self.graph.request
        nearest: dict[str, dict[str, Stated]] = {}
        for name in self.graph.order:  # sources first
            if self.source in request.sources(name):
                stated = request.data[name].get(key)
                made_from = request.file.datasets[name].from_ or ()
                nearest[name] = {name: stated} if stated else {
                    about: fact for source in made_from for about, fact in nearest.get(source, {}).items()
                }  # fmt: skip
        return list(nearest[dataset].items())


def _reading(name: str, about: str, stated: Stated | None) -> Reading:
    if stated is None:
        return Reading(name, about, Absence.NOT_ASKED, _NOT_STATED)
    value = stated.statement.value
    return Reading(name, about, value, _NOT_STATED if unknown(value) else stated.source)


# Derived facts --------------------------------------------------------------------------------------------------------


def _leg(d: Disclosure) -> Value:
    hubs = d.graph.request.hubs
    if isinstance(d.flow, Output):
        return "publication"
    if d.sender == d.receiver:
        return "internal"
    if d.receiver in hubs and d.sender == d.provider and d.sender not in hubs:
        return "provider_to_hub"
    if d.sender in hubs and d.receiver not in hubs:
        return "hub_to_recipient"
    return "direct" if d.sender == d.provider else "onward"


def _onward_planned(d: Disclosure) -> Value:
    request = d.graph.request
    later = (f for f in request.file.flows if f.from_ == d.receiver and f.to != d.receiver)
    return any(d.source in request.sources(carried) for flow in later for carried in flow.carries)


def _purpose_as_received(d: Disclosure) -> Value:
    if not d.earlier:
        return Absence.DOES_NOT_APPLY
    purposes = [earlier.purpose for earlier in d.earlier]
    here = d["request.purpose"]
    if d.purpose in purposes and (
        not unknown(d.purpose) or any(e["request.purpose"].about == here.about for e in d.earlier)
    ):
        return True
    return Absence.NOT_ASKED if unknown(d.purpose) or any(map(unknown, purposes)) else False


def _instruments(d: Disclosure) -> Value:
    """Papers in force between either pair of parties; those nobody reported may be."""
    sets = [reading.value for reading in d.papers() if isinstance(reading.value, CodeSet)]
    has = frozenset[str]().union(*(codes.has for codes in sets))
    return CodeSet(has, frozenset[str]().union(*(codes.may for codes in sets)) - has)


def _of_users(question: Callable[[list[bool | None]], Value], field_: str = "") -> Callable[[Disclosure], Value]:
    def answer(d: Disclosure) -> Value:
        users = [user for user in d.graph.request.file.users if user.party == d.receiver]
        if not users:
            return Absence.NOT_ASKED
        return question([getattr(user, field_) if field_ else True for user in users])

    return answer


def _every(answers: list[bool | None]) -> Value:
    if False in answers:
        return False
    return Absence.NOT_ASKED if None in answers else True


def _is_hub(role: str) -> Callable[[Disclosure], Value]:
    return lambda d: d.party(role) in d.graph.request.hubs


def _owners(request: Request) -> set[str]:
    carried = {source for flow in request.flows for dataset in flow.carries for source in request.sources(dataset)}
    return {request.owner(source) for source in carried}


_DERIVED: Mapping[str, Callable[[Disclosure], Value]] = {
    "request.date": lambda d: d.graph.as_of,
    "request.provider_count": lambda d: len(_owners(d.graph.request)),
    "request.through_hub": lambda d: d.graph.request.through_hub,
    "provider.is_hub": _is_hub("provider"),
    "sender.is_hub": _is_hub("sender"),
    "receiver.is_hub": _is_hub("receiver"),
    "receiver.users_named": _of_users(lambda answers: True),
    "receiver.users_acknowledged": _of_users(_every, "acknowledged"),
    "receiver.users_public_employees": _of_users(_every, "public_employee"),
    RECEIVED_UNDER: lambda d: d.received_under,
    RESTRICTIONS: lambda d: d.restrictions,
    "flow.leg": _leg,
    "flow.redisclosure": lambda d: d.sender != d.provider,
    "flow.returns_to_provider": lambda d: d.receiver == d.provider,
    "flow.receiver_is_provider": lambda d: d.receiver in _owners(d.graph.request),
    "flow.linked": lambda d: len({d.graph.request.owner(s) for s in d.graph.request.sources(d.dataset)}) > 1,
    "flow.onward_planned": _onward_planned,
    SAME_PURPOSE: _purpose_as_received,
    PAPERS: _instruments,
}
