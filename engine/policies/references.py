"""Check the names that policy files use of each other: clauses, instruments, steps, sets, parties, restrictions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.documents import Document, Model, Path_, nearest
from engine.facts import Vocabulary
from engine.policies.models import (
    ROLES,
    Clause,
    ClauseFile,
    Deployment,
    DeploymentFact,
    Element,
    Framework,
    Requirement,
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names that all policy files together define."""

    vocabulary: Vocabulary
    clauses: Mapping[str, Clause]
    elements: Mapping[str, Element]
    instruments: Collection[str]
    restrictions: Collection[str]


def check_references(document: Document, model: Model | None, names: Names) -> None:
    """Report every name in a document that nothing defines."""
    if isinstance(model, Framework):
        _check_framework(document, model, (), names, ())
    elif isinstance(model, Deployment):
        for i, rules in enumerate(model.rules):
            _check_framework(document, rules, ("rules", i), names, tuple(model.bodies))
    elif isinstance(model, ClauseFile):
        for name, clause in model.clauses.items():
            if names.elements and clause.element not in names.elements:
                path = ("clauses", name, "element")
                help_line = nearest(clause.element, names.elements)
                document.report("unknown-element", f'"{clause.element}" is no common element', path, help=help_line)


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
            _check_within(document, item.within, here, names.vocabulary)
    for key, step in framework.steps.items():
        _check_by(document, step.by, (*path, "steps", key), bodies)
        _check_within(document, step.within, (*path, "steps", key), names.vocabulary)
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


def _check_within(document: Document, within: Any, path: Path_, vocabulary: Vocabulary) -> None:
    if isinstance(within, DeploymentFact):
        declared = vocabulary.get(within.fact)
        if declared is None or declared.scope != "deployment":
            settings = [n for n in vocabulary.names() if n.startswith("deployment.")]
            document.report(
                "unknown-fact", f'"{within.fact}" is no fact of the deployment', (*path, "within"),
                help=nearest(within.fact, settings),
            )  # fmt: skip
