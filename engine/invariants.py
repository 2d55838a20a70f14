"""Invariants: what the law must never allow, whatever its rules say in detail. The format is in docs/analysis.md.

The conditions of an invariant read the facts of one disclosure, and three more that only invariants know: which
frameworks govern it, which permit it, and which bases open it.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

from engine.conditions import Builder
from engine.documents import Document, Map, Mark, Model, nearest, read, validate
from engine.facts import Fact, Vocabulary
from engine.policies import PolicySet
from engine.policies.models import Kebab, Text, When

GOVERNED, ALLOWED, OPENED = "flow.governed_by", "flow.allowed_by", "flow.opened_under"
"""Sets: the frameworks that govern a disclosure, those that govern and permit it, and the bases that open it."""


class Invariant(Model):
    """What is never allowed: a disclosure of which `when` holds, unless `unless` does.

    `allowed_by` names the frameworks that must all permit it; by default all law must. With a deployment its house
    rules must, too.
    """

    id: Kebab
    says: Text
    cite: str = ""
    note: str = ""
    deployment: str | None = None
    allowed_by: tuple[str, ...] = ()
    when: When
    unless: When | None = None


class InvariantFile(Model):
    """A file of invariants."""

    never: tuple[Invariant, ...]


def is_invariant_file(document: Document) -> bool:
    """Whether a document holds invariants."""
    return isinstance(document.data, Map) and "never" in document.data


class Placed(NamedTuple):
    """An invariant and where it stands."""

    invariant: Invariant
    file: str
    mark: Mark


def read_invariants(path: Path, policies: PolicySet) -> list[Placed]:
    """The invariants in a file. Raises `DocumentProblems` with everything that is wrong with it."""
    document = read(path)
    found = check_invariants(document, policies)
    document.check()
    return found


def check_invariants(document: Document, policies: PolicySet) -> list[Placed]:
    """The invariants in a document; what is wrong with them is noted in it."""
    definitions = {rule.id: rule.when for rule in policies.rules().values() if ".definition." in rule.id}
    builder = Builder(document, with_outcomes(policies), definitions.get, lambda: sorted(definitions))
    file = validate(InvariantFile, document, {"builder": builder})
    for i, invariant in enumerate(file.never):
        _check_names(document, i, invariant, policies)
    return [Placed(one, document.file, document.mark_of(("never", i))) for i, one in enumerate(file.never)]


def _check_names(document: Document, i: int, invariant: Invariant, policies: PolicySet) -> None:
    name = invariant.deployment
    if name is not None and name not in policies.deployments:
        help_line = nearest(name, policies.deployments)
        document.report(
            "unknown-deployment", f'"{name}" is not a known deployment', ("never", i, "deployment"), help=help_line
        )
        return
    known = [framework.framework for framework in policies.frameworks_for(name)]
    for j, framework in enumerate(invariant.allowed_by):
        if framework not in known:
            path = ("never", i, "allowed_by", j)
            document.report("unknown-framework", f'"{framework}" is no framework', path, help=nearest(framework, known))


def with_outcomes(policies: PolicySet) -> Vocabulary:
    """The vocabulary with the facts that only invariants know."""
    vocabulary = deepcopy(policies.vocabulary)
    frameworks = {framework.framework: framework.title for framework in policies.all_frameworks()}
    bases = {id_: basis.title for id_, basis in policies.bases().items()}
    for name, codes in ((GOVERNED, frameworks), (ALLOWED, frameworks), (OPENED, bases)):
        vocabulary.declare(name, Fact(type="codes", codes=codes), "invariants", Document("invariants", None), ())
    return vocabulary
