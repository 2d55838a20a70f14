"""What a decision demands of the agreement, clause by clause, before it is laid out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.agreements.wording import Wording
from engine.decisions import Decision, Duty, Finding
from engine.documents import CannotDo
from engine.papers.tree import Line
from engine.records import perhaps

_MARKS = {
    "text": "",
    "summary": "read in an official summary",
    "interpretation": "our interpretation",
    "unverified": "not verified",
}


@dataclass(frozen=True, slots=True)
class Demand:
    """The rule that demands something, and how far its source was verified."""

    rule: str
    cite: str
    checked: str

    @property
    def source(self) -> str:
        """The citation with its mark."""
        return sourced(self.cite, self.checked)


@dataclass(frozen=True, slots=True)
class AgreedClause:
    """A clause with every text that it needs, one for each way the disclosures fill it.

    `conditional` says that it is needed only if a fact that is still unknown turns out so.
    """

    name: str
    element: str
    number: str
    title: str
    texts: tuple[Line, ...]
    conditional: bool
    demands: tuple[Demand, ...]


def refuse_denied(decision: Decision) -> None:
    """Raise `CannotDo` for a denied request."""
    if decision.outcome == "deny":
        raise CannotDo(
            f"{decision.request.file.request} is denied; there is nothing to agree. See why with: assent check"
        )


def agreed_clauses(decision: Decision, wording: Wording) -> tuple[AgreedClause, ...]:
    """The clauses that the decision demands, numbered under the common elements in their order."""
    library, elements = decision.policies.clauses, decision.policies.elements
    found: dict[str, list[tuple[Finding, Duty]]] = {}
    for finding, duty in decision.duties():
        if duty.requirement.kind == "clause":
            found.setdefault(duty.requirement.name, []).append((finding, duty))
    return tuple(
        _clause(decision, wording, name, f"{element}.{count}", found[name])
        for element in elements
        for count, name in enumerate([name for name in found if library[name].element == element], 1)
    )


def _clause(
    decision: Decision, wording: Wording, name: str, number: str, wanted: list[tuple[Finding, Duty]]
) -> AgreedClause:
    clause = decision.policies.clauses[name]
    return AgreedClause(
        name=name,
        element=clause.element,
        number=number,
        title=clause.title,
        texts=tuple(dict.fromkeys(wording.clause(clause, finding) for finding, _ in wanted)),
        conditional=all(perhaps(finding, duty) for finding, duty in wanted),
        demands=demands(duty for _, duty in wanted),
    )


def demands(duties: Iterable[Duty]) -> tuple[Demand, ...]:
    """The rules behind some duties, each once."""
    return tuple(dict.fromkeys(Demand(d.rule, d.requirement.cite, d.requirement.checked) for d in duties))


def sourced(cite: str, checked: str) -> str:
    """A citation, marked where its text itself was not read."""
    return f"{cite} [{_MARKS[checked]}]" if _MARKS.get(checked) else cite
