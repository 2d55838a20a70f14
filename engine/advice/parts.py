"""What of a request may be left out: flows, datasets, what a flow carries, what a dataset is made of, elements.

What is left out must leave something that serves somebody: data still reach a party other than a hub, and nothing goes
to a hub that does not leave it again; and where data of several owners were joined, data of two still are. Nobody sends
what he no longer has.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from engine.advice.measures import Measure
from engine.advice.program import Program
from engine.advice.weights import WEIGHTS
from engine.catalogue import classify
from engine.facts import Value
from engine.graph import Disclosure, Graph
from engine.requests import Dataset, Flow

CATEGORIES = "data.categories"
DERIVED = frozenset(
    {
        "request.provider_count", "request.through_hub", "flow.linked", "flow.onward_planned",
        "flow.receiver_is_provider",
    }
)  # fmt: skip
"""The derived facts that leaving parts out may change."""


class Parts:
    """The parts of a request, each with the literal that says it is left out."""

    def __init__(self, program: Program, graph: Graph) -> None:
        self.program, self.graph, self.request = program, graph, graph.request
        self.left_out: dict[int, Measure] = {}
        self.flows: dict[str, int] = {}
        self.legs: dict[tuple[str, str], int] = {}
        self.datasets: dict[str, int] = {}
        self.sources: dict[tuple[str, str], int] = {}
        self.elements: dict[tuple[str, int], int] = {}
        self._inside: dict[tuple[str, str], int] = {}
        self._present: dict[tuple[str, str, str], int] = {}
        self._offer()
        self._bind()

    def present(self, disclosure: Disclosure) -> int:
        """The literal that says that a disclosure still takes place."""
        return self.leg(disclosure.flow.id, disclosure.dataset, disclosure.source)

    def leg(self, flow: str, dataset: str, source: str) -> int:
        """The literal that says that a flow still carries what a dataset has from a source."""
        key = (flow, dataset, source)
        if key not in self._present:
            gone = [literal for literal in (self.flows.get(flow), self.legs.get((flow, dataset))) if literal]
            self._present[key] = self.program.all_of([self.inside(dataset, source), *(-literal for literal in gone)])
        return self._present[key]

    def inside(self, dataset: str, source: str) -> int:
        """The literal that says that a dataset still has something from a source."""
        key = (dataset, source)
        if key not in self._inside:
            made_from = self.request.file.datasets[dataset].from_
            if made_from is None:
                left_out = self.datasets.get(dataset)
                self._inside[key] = -left_out if left_out else self.program.gates.true
            else:
                ways = [
                    self.program.all_of([self.inside(part, source), *self._kept(dataset, part)])
                    for part in made_from
                    if source in self.request.sources(part)
                ]
                self._inside[key] = self.program.any_of(ways)
        return self._inside[key]

    def _kept(self, dataset: str, part: str) -> list[int]:
        literal = self.sources.get((dataset, part))
        return [-literal] if literal else []

    # What may be left out ---------------------------------------------------------------------------------------------

    def _offer(self) -> None:
        request = self.request
        carried = [dataset for flow in request.flows for dataset in flow.carries]
        owned = [name for name in self.graph.order if request.file.datasets[name].owner is not None]
        used = {source for dataset in carried for source in request.sources(dataset)}
        flows = request.flows
        if len(flows) > 1:
            for flow in flows:
                self.flows[flow.id] = self._bit(Measure("flow", f"flow {flow.id}", WEIGHTS["flow"], part=(flow.id,)))
        if len(used) > 1:
            for name in owned:
                if name in used:
                    measure = Measure("dataset", f"dataset {name}", WEIGHTS["dataset"], part=(name,))
                    self.datasets[name] = self._bit(measure)
        for flow in flows:
            if len(flow.carries) > 1:
                for dataset in flow.carries:
                    part = (flow.id, dataset)
                    self.legs[part] = self._bit(Measure("dataset", f"flow {flow.id}", WEIGHTS["dataset"], part=part))
        for name in self.graph.order:
            made_from = request.file.datasets[name].from_ or ()
            if len(made_from) > 1:
                for one in made_from:
                    measure = Measure("dataset", f"dataset {one}", WEIGHTS["dataset"], part=(name, one, "from"))
                    self.sources[name, one] = self._bit(measure)
        for name in sorted(used):
            self._offer_content(name, request.file.datasets[name])

    def _offer_content(self, name: str, dataset: Dataset) -> None:
        if dataset.categories is None and len(dataset.elements) > 1:
            for i, element in enumerate(dataset.elements):
                measure = Measure("element", f"dataset {name}", WEIGHTS["element"], part=(name, i, element))
                self.elements[name, i] = self._bit(measure)
            self.program.add(*(-self.elements[name, i] for i in range(len(dataset.elements))))

    def _bit(self, measure: Measure) -> int:
        literal = self.program.priced(measure.cost)
        self.left_out[literal] = measure
        return literal

    # What must remain -------------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        hubs, request = self.request.hubs, self.request
        flows = {flow.id: flow for flow in request.flows}
        useful = []
        for flow_id, dataset in sorted(self.graph.legs.nodes):
            flow = flows[flow_id]
            later = sorted(self.graph.legs.successors((flow_id, dataset)))
            for source in sorted(request.sources(dataset)):
                here = self.leg(flow_id, dataset, source)
                if flow.to not in hubs:
                    useful.append(here)
                elif later:
                    onward = [self.leg(*leg, source) for leg in later if source in request.sources(leg[1])]
                    self.program.add(-here, *onward)
                self.program.add(-here, self._held(flow.from_, dataset, source))
        if useful:
            self.program.add(*useful)
        if joined := [*self._joined()]:
            self.program.add(*joined)

    def _joined(self) -> Iterator[int]:
        """The literals each of which says that data of two owners are still joined."""
        request = self.request
        for flow in request.flows:
            for dataset in flow.carries:
                for one, other in combinations(sorted(request.sources(dataset)), 2):
                    if request.owner(one) != request.owner(other):
                        yield self.program.all_of([self.leg(flow.id, dataset, s) for s in (one, other)])

    def _held(self, party: str, dataset: str, source: str) -> int:
        """The literal that says that a party has what a dataset has from a source: its own, sent to it, or made."""
        gates = self.program.gates
        if self.request.file.datasets[dataset].owner == party:
            return gates.true
        incoming = [
            self.leg(flow.id, dataset, source)
            for flow in self.request.flows
            if flow.to == party and flow.from_ != party and dataset in flow.carries
        ]
        made_from = self.request.file.datasets[dataset].from_ or ()
        parts = [self._held(party, part, source) for part in made_from if source in self.request.sources(part)]
        return gates.some([*incoming, *parts])

    # What follows for the whole ---------------------------------------------------------------------------------------

    def derived(self, name: str, disclosure: Disclosure) -> dict[Value, int]:
        """By value of a derived fact, the literal that is true exactly if what remains gives it, where this remains."""
        program, request = self.program, self.request
        if name == "request.provider_count":
            return dict(enumerate(self._counts([program.any_of(legs) for legs in self._legs_of_owners().values()])))
        if name == "flow.linked":
            sources = sorted(request.sources(disclosure.dataset))
            ways = [self.inside(disclosure.dataset, s) for s in sources if request.owner(s) != disclosure.provider]
        elif name == "flow.receiver_is_provider":
            ways = self._legs_of_owners().get(disclosure.receiver, [])
        else:
            ways = [
                self.leg(flow.id, dataset, source)
                for flow in request.flows
                if self._counted(name, flow, disclosure)
                for dataset in flow.carries
                for source in sorted(request.sources(dataset))
                if name != "flow.onward_planned" or source == disclosure.source
            ]
        holds = program.any_of(ways)
        return {True: holds, False: -holds}

    def _counted(self, name: str, flow: Flow, disclosure: Disclosure) -> bool:
        """Whether a flow makes a derived fact true as long as it carries something."""
        if name == "flow.onward_planned":
            return flow.from_ == disclosure.receiver != flow.to
        return self.request.enters_hub(flow)

    def _legs_of_owners(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for flow in self.request.flows:
            for dataset in flow.carries:
                for source in sorted(self.request.sources(dataset)):
                    found.setdefault(self.request.owner(source), []).append(self.leg(flow.id, dataset, source))
        return found

    def _counts(self, literals: list[int]) -> list[int]:
        """For each number, the literal that is true exactly if so many of the literals are."""
        program = self.program
        exactly = [program.gates.true]
        for literal in literals:
            with_ = [-program.gates.true, *(program.all_of([one, literal]) for one in exactly)]
            without = [*(program.all_of([one, -literal]) for one in exactly), -program.gates.true]
            exactly = [program.any_of(pair) for pair in zip(with_, without, strict=True)]
        return exactly

    # Kinds of record --------------------------------------------------------------------------------------------------

    def catalogued(self, dataset: str) -> bool:
        """Whether what kinds of record a dataset is follows from its elements."""
        declared = self.request.file.datasets[dataset]
        return declared.categories is None and bool(declared.elements)

    def bind_category(self, dataset: str, code: str, inside: int, outside: int) -> None:
        """Let the literals for a code of a dataset's categories follow from what is left out of the dataset."""
        add = self.program.add
        declared = self.request.file.datasets[dataset]
        left_out = [
            self.elements.get((dataset, i), -self.program.gates.true)
            for i, element in enumerate(declared.elements)
            if code in (self._kinds(declared, element))
        ]
        for literal in left_out:
            add(inside, literal)
            add(-outside, literal)
        add(-inside, *(-literal for literal in left_out))
        add(inside, outside)

    def _kinds(self, dataset: Dataset, element: str) -> frozenset[str]:
        """What kinds of record a catalogued element is."""
        deployment = self.request.deployment
        found = classify(deployment, dataset.owner or "", element) if deployment else None
        return frozenset(found or ())
