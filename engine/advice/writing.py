"""Measures as changes to a request's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.advice.measures import Measure
from engine.advice.places import place_of, stating
from engine.advice.stances import Stances, written
from engine.documents import Path_
from engine.edits import Add, Change, Remove, Set
from engine.requests import Request

ASSUMED = "assumed: confirm"
ANOTHER = "another recipient, yet to be found: confirm all that is stated of it"


def changes(request: Request, stances: Stances, measures: Sequence[Measure]) -> list[Change]:
    """The changes to the request's text that measures make. What is removed comes last, from the end."""
    return [*_stated(request, stances, measures), *_papers(request, measures), *_removed(request, measures)]


def _stated(request: Request, stances: Stances, measures: Sequence[Measure]) -> Iterator[Change]:
    """Facts with their new values; where one value held towards everybody, it is stated for every other party."""
    whole: dict[Path_, dict[str, Any]] = {}
    assumed: set[Path_] = set()
    for measure in measures:
        if measure.fact is None or measure.new is None:
            continue
        about, key = measure.fact
        party, _, other = about.removeprefix("party ").partition(" towards ")
        plain = stances.known.get((f"party {party}", key)) if other else None
        if plain is not None and not request.parties[party][key].statement.towards:
            *path, _ = place_of(request, measure.fact) or ()
            towards = whole.setdefault(
                tuple(path), {name: written(plain.value) for name in request.parties if name != party}
            )
            towards[other] = written(measure.new)
            assumed |= {tuple(path)} if measure.kind == "assume" else set()
        else:
            yield stating(request, measure.fact, written(measure.new), ASSUMED if measure.kind == "assume" else "")
    for at, values in whole.items():
        yield Set(at, values, ASSUMED if at in assumed else "")
    for party in _others(measures):
        yield Set(("parties", party, "name"), "To be named", ANOTHER)


def _others(measures: Sequence[Measure]) -> list[str]:
    """The parties in whose place others are to be named."""
    return list(
        dict.fromkeys(m.subject.removeprefix("party ").partition(" ")[0] for m in measures if m.kind == "recipient")
    )


def _papers(request: Request, measures: Sequence[Measure]) -> Iterator[Change]:
    """Papers signed; those with a recipient that is no longer the same become drafts."""
    others = {*_others(measures)}
    for i, paper in enumerate(request.file.instruments):
        if paper.status == "signed" and others & set(paper.between):
            yield Set(("instruments", i, "status"), "draft")
    for measure in measures:
        if measure.kind == "sign" and measure.fact is None:
            instrument, *ends = measure.part
            yield Add(("instruments",), {"instrument": instrument, "between": ends, "status": "signed"})
        elif measure.kind == "overturn":
            key, i = measure.part
            if key == "lacks":
                continue
            yield Set((key, i, "status"), "draft" if key == "instruments" else "pending")


def _removed(request: Request, measures: Sequence[Measure]) -> Iterator[Change]:
    """Everything that is left out, and what then refers to nothing."""
    file = request.file
    gone_flows = {m.part[0] for m in measures if m.kind == "flow"}
    gone_data = {m.part[0] for m in measures if m.kind == "dataset" and len(m.part) == 1}
    gone_legs = {m.part for m in measures if m.kind == "dataset" and len(m.part) == 2}
    gone_sources = {m.part[:2] for m in measures if m.kind == "dataset" and len(m.part) == 3}
    paths: set[Path_] = set()
    while True:  # a dataset of which every source is gone is gone
        empty = {
            name
            for name, dataset in file.datasets.items()
            if dataset.from_ and all(one in gone_data or (name, one) in gone_sources for one in dataset.from_)
        }
        if empty <= gone_data:
            break
        gone_data |= empty
    for name, dataset in file.datasets.items():
        if name in gone_data:
            paths.add(("datasets", name))
            continue
        for i, one in enumerate(dataset.from_ or ()):
            if one in gone_data or (name, one) in gone_sources:
                paths.add(("datasets", name, "from", i))
    for key, flows in (("flows", file.flows), ("outputs", file.outputs)):
        for i, flow in enumerate(flows):
            lost = [j for j, d in enumerate(flow.carries) if d in gone_data or (flow.id, d) in gone_legs]
            if flow.id in gone_flows or len(lost) == len(flow.carries):
                gone_flows.add(flow.id)
                paths.add((key, i))
            else:
                paths |= {(key, i, "carries", j) for j in lost}
    for m in measures:
        if m.kind == "element":
            paths.add(("datasets", m.part[0], "elements", m.part[1]))
        elif m.kind == "overturn" and m.part[0] == "lacks":
            paths.add(("instruments", m.part[1], "lacks"))
    others = {*_others(measures)}
    paths |= {("users", i) for i, user in enumerate(file.users) if user.party in others}
    for i, paper in enumerate(file.instruments):
        lost = [j for j, flow_id in enumerate(paper.flows) if flow_id in gone_flows]
        if paper.flows and len(lost) == len(paper.flows):
            paths.add(("instruments", i))
        else:
            paths |= {("instruments", i, "flows", j) for j in lost}
    for i, act in enumerate(file.steps):
        if act.flow in gone_flows or act.dataset in gone_data:
            paths.add(("steps", i))
    paths |= {("claims", i) for i, claim in enumerate(file.claims) if claim.flow in gone_flows}
    for path in _from_the_end(paths):
        yield Remove(path)


def _from_the_end(paths: Iterable[Path_]) -> list[Path_]:
    """Paths in an order in which removing one leaves the others where they are; none below another."""
    whole = set(paths)
    kept = [path for path in whole if not any(path[:n] in whole for n in range(1, len(path)))]
    return sorted(
        kept,
        key=lambda path: [(isinstance(s, int), s if isinstance(s, int) else 0, str(s)) for s in path],
        reverse=True,
    )
