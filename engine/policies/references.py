"""Check the names that policy files use of each other: clauses, instruments, steps, sets, parties, restrictions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.documents import Document, Model, Path_, nearest
from engine.facts import Vocabulary
from engine.policies.agreement import Exhibit
from engine.policies.models import (
    ROLES,
    Clause,
    ClauseFile,
    DayOf,
    Demand,
    Deployment,
    DeploymentFact,
    Element,
    Framework,
    Requirement,
    VocabularyFile,
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names that all policy files together define."""

    vocabulary: Vocabulary
    clauses: Mapping[str, Clause]
    elements: Mapping[str, Element]
    instruments: Collection[str]
    restrictions: Collection[str]
    events: Collection[str]
    steps: Collection[str]


def check_references(document: Document, model: Model | None, names: Names) -> None:
    """Report every name in a document that nothing defines."""
    if isinstance(model, Framework):
        _check_framework(document, model, (), names, ())
    elif isinstance(model, Deployment):
        for i, rules in enumerate(model.rules):
            _check_framework(document, rules, ("rules", i), names, tuple(model.bodies))
        if model.agreement:
            _check_exhibits(document, model.agreement.exhibits, ("agreement", "exhibits"), names)
    elif isinstance(model, VocabularyFile):
        declared = names.vocabulary.stated_under("party").get("kind")
        kinds = declared.codes if declared else {}
        for i, kind in enumerate(model.persons):
            if kind not in kinds:
                document.report(
                    "unknown-code", f'"{kind}" is not a code of party.kind', ("persons", i), help=nearest(kind, kinds)
                )
    elif isinstance(model, ClauseFile):
        for name, clause in model.clauses.items():
            if names.elements and clause.element not in names.elements:
                path = ("clauses", name, "element")
                help_line = nearest(clause.element, names.elements)
                document.report("unknown-element", f'"{clause.element}" is no common element', path, help=help_line)


def _check_exhibits(document: Document, exhibits: Sequence[Exhibit], path: Path_, names: Names) -> None:
    """Report what exhibits are said to be for, and the clauses they consist of, where nothing defines them."""
    for i, exhibit in enumerate(exhibits):
        for j, name in enumerate(exhibit.for_):
            if name not in names.instruments and name not in names.steps:
                document.report(
                    "unknown-instrument", f'"{name}" is neither an instrument nor a step', (*path, i, "for", j),
                    help=nearest(name, [*names.instruments, *names.steps]),
                )  # fmt: skip
        for key, clauses in (("clauses", exhibit.clauses), ("if_agreed", exhibit.if_agreed)):
            for j, name in enumerate(clauses):
                if name not in names.clauses:
                    document.report(
                        "unknown-clause", f'"{name}" is not in the clause library', (*path, i, key, j),
                        help=nearest(name, names.clauses),
                    )  # fmt: skip


def _check_framework(
    document: Document,
    framework: Framework,
    path: Path_,
    names: Names,
    bodies: tuple[str, ...],
) -> None:
    lists: list[tuple[Path_, tuple[Requirement, ...]]] = [((*path, "requires"), framework.requires)]
    lists += [((*path, "bases", k, "requires"), b.requires) for k, b in framework.bases.items()]
    lists += [((*path, "sets", k), requirements) for k, requirements in framework.sets.items()]
    for at, requirements in lists:
        for i, item in enumerate(requirements):
            here = (*at, i)
            if item.clause and item.clause not in names.clauses:
                document.report(
                    "unknown-clause", f'"{item.clause}" is not in the clause library', (*here, "clause"),
                    help=nearest(item.clause, names.clauses),
                )  # fmt: skip
            if item.instrument and item.instrument not in names.instruments:
                document.report(
                    "unknown-instrument", f'"{item.instrument}" is not a known instrument', (*here, "instrument"),
                    help=nearest(item.instrument, names.instruments),
                )  # fmt: skip
            if item.set and item.set not in framework.sets:
                document.report(
                    "unknown-set", f'the set "{item.set}" is not defined', (*here, "set"),
                    help=nearest(item.set, framework.sets),
                )  # fmt: skip
            if item.set and len(at) > 1 and at[-2] == "sets" and _reaches(framework, item.set, str(at[-1])):
                document.report("circle", f'the set "{at[-1]}" contains itself', (*here, "set"))
            if item.step and item.step not in framework.steps and not item.says:
                document.report(
                    "unknown-step", f'the step "{item.step}" is not defined, and says nothing here', (*here, "step"),
                    help=nearest(item.step, framework.steps),
                )  # fmt: skip
            _check_by(document, item.by, here, bodies)
            _check_times(document, item, here, names)
    _check_exhibits(document, framework.exhibits, (*path, "exhibits"), names)
    for key, step in framework.steps.items():
        _check_by(document, step.by, (*path, "steps", key), bodies)
        _check_times(document, step, (*path, "steps", key), names)
    for key, basis in framework.bases.items():
        for i, name in enumerate(basis.attaches):
            if name not in names.restrictions:
                document.report(
                    "unknown-restriction", f'"{name}" is not a declared restriction',
                    (*path, "bases", key, "attaches", i), help=nearest(name, names.restrictions),
                )  # fmt: skip


def _reaches(framework: Framework, start: str, goal: str) -> bool:
    """Whether a set of requirements contains another, directly or through others."""
    seen, edge = set[str](), [start]
    while edge:
        name = edge.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            edge += [item.set for item in framework.sets.get(name, ()) if item.set]
    return False


def _check_by(document: Document, by: str | None, path: Path_, bodies: tuple[str, ...]) -> None:
    if by and by not in ROLES and by not in bodies:
        document.report(
            "unknown-party", f'"{by}" is neither a role nor a body', (*path, "by"), help=nearest(by, [*ROLES, *bodies])
        )


def _check_times(document: Document, demand: Demand, path: Path_, names: Names) -> None:
    if demand.after is not None:
        _check_event(document, demand.after, (*path, "after"), names)
    for key, time in (("within", demand.within), ("for", demand.for_)):
        if isinstance(time, DayOf):
            _check_event(document, time.event, (*path, key), names)
        if isinstance(time, DeploymentFact):
            declared = names.vocabulary.get(time.fact)
            if declared is None or declared.scope != "deployment":
                settings = [n for n in names.vocabulary.names() if n.startswith("deployment.")]
                document.report(
                    "unknown-fact", f'"{time.fact}" is no fact of the deployment', (*path, key),
                    help=nearest(time.fact, settings),
                )  # fmt: skip


def _check_event(document: Document, name: str, path: Path_, names: Names) -> None:
    if name not in names.events:
        document.report("unknown-event", f'"{name}" is not a declared event', path, help=nearest(name, names.events))
