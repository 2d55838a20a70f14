"""What rows hold, and which facts and requirements of a policy set they may name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field

from engine.conditions import facts_in
from engine.decisions import Status
from engine.documents import Day, Model
from engine.facts import PAPERS, PARTY_SCOPES, TRAVELLING, Declared
from engine.policies import Framework, Owed, PolicySet

ALWAYS_READ = ("request.purpose", "flow.leg")
"""What deciding reads, whether or not a rule does."""


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


STATUS_FIELDS: Mapping[Status, str] = {
    "done": "done", "refused": "refused", "in the agreement": "contained", "lacking": "lacking",
}  # fmt: skip
"""The field of a row that holds the requirements of a status."""


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
