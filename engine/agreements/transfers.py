"""The flows of a request in the order in which the data move, so that every paper gives them the same numbers."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from engine.decisions import Decision
from engine.requests import Flow


def transfers(decision: Decision) -> tuple[Flow, ...]:
    """Every flow, those first that the data take first."""
    file = decision.request.file
    brought: dict[str, dict[str, None]] = {flow.id: {} for flow in (*file.flows, *file.outputs)}
    flows = {}
    for finding in decision.findings:
        flow = finding.disclosure.flow
        flows[flow.id] = flow
        brought[flow.id] |= dict.fromkeys(earlier.flow.id for earlier in finding.disclosure.earlier)
    depths = _depths(brought)
    return tuple(flows[name] for name in sorted(brought, key=lambda name: depths[name]))


def _depths(brought: Mapping[str, Mapping[str, None]]) -> dict[str, int]:
    """How many flows come before each; flows that wait for parts of one another stand side by side."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(brought)
    graph.add_edges_from((earlier, flow) for flow, before in brought.items() for earlier in before)
    together = nx.condensation(graph)
    return {
        name: depth
        for depth, generation in enumerate(nx.topological_generations(together))
        for node in generation
        for name in together.nodes[node]["members"]
    }
