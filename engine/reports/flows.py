"""The flows of a request as people speak of them: who sends what to whom, in which form, and whether they may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from engine.agreements.transfers import transfers
from engine.backends.english import answer, named
from engine.decisions import Decision, Finding
from engine.facts import Absence, Value, Vocabulary

FlowOutcome = Literal["allow", "deny", "undetermined"]
STATUS: dict[str, str] = {"allow": "Allowed", "deny": "Denied", "undetermined": "Open"}


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One flow. `number` is its place in the order in which the data move; `brought` are the flows it goes on from."""

    number: int
    id: str
    sender: str
    receiver: str
    carries: tuple[str, ...]
    form: str
    purpose: str
    outcome: FlowOutcome
    brought: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """The answer in a word."""
        return STATUS[self.outcome]


def flow_rows(decision: Decision) -> tuple[FlowRow, ...]:
    """Every flow of a request, those first that the data take first."""
    vocabulary = decision.policies.vocabulary
    by_flow: dict[str, list[Finding]] = {flow.id: [] for flow in transfers(decision)}
    for finding in decision.findings:
        by_flow[finding.disclosure.flow.id].append(finding)
    rows = []
    for number, (name, findings) in enumerate(by_flow.items(), 1):
        disclosures = [finding.disclosure for finding in findings]
        first = disclosures[0]
        row = FlowRow(
            number=number,
            id=name,
            sender=first.sender,
            receiver=first.receiver,
            carries=first.flow.carries,
            form=in_words(vocabulary, "flow.form", first["flow.form"].value),
            purpose=purpose_in_words(vocabulary, (d.purpose for d in disclosures)),
            outcome=worst(finding.outcome for finding in findings),
            brought=tuple(dict.fromkeys(earlier.flow.id for d in disclosures for earlier in d.earlier)),
        )
        rows.append(row)
    return tuple(rows)


def numbers_of(rows: Iterable[FlowRow]) -> dict[str, int]:
    """The number under which a report shows each flow."""
    return {row.id: row.number for row in rows}


def waits_for(row: FlowRow, rows: Iterable[FlowRow]) -> list[int]:
    """The earlier flows, by number, that are not allowed and that this one goes on from."""
    by_id = {other.id: other for other in rows}
    before, new = set(), set(row.brought)
    while new:
        before |= new
        new = {name for earlier in new for name in by_id[earlier].brought} - before
    return sorted(by_id[name].number for name in before - {row.id} if by_id[name].outcome != "allow")


def runs(numbers: Iterable[int]) -> str:
    """Numbers in few words: "1, 3\u20135"."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(f"{run[0]}\u2013{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in found)


def form_words(row: FlowRow) -> str:
    """The form as it reads where nothing says that a form is meant."""
    return "form not stated" if row.form == "not stated" else row.form


def worst(outcomes: Iterable[str]) -> FlowOutcome:
    """The answer to several questions of which all must be allowed."""
    found = set(outcomes)
    return "deny" if "deny" in found else "undetermined" if "undetermined" in found else "allow"


def in_words(vocabulary: Vocabulary, fact: str, value: Value) -> str:
    """A code of a fact as a word or two, or that it was not stated."""
    return "not stated" if isinstance(value, Absence) else named(str(value)) if vocabulary[fact].codes else str(value)


def purpose_in_words(vocabulary: Vocabulary, purposes: Iterable[Value]) -> str:
    """Purposes; one that stands alone with what the vocabulary says that it means."""
    declared = vocabulary["request.purpose"]
    words, found = [], list(dict.fromkeys(purposes))
    for value in found:
        if isinstance(value, str):
            meaning = answer(declared, value).meaning if len(found) == 1 else ""
            words.append(f"{named(value)} ({meaning[:1].lower()}{meaning[1:]})" if meaning else named(value))
        else:
            words.append("not stated")
    return "; ".join(words)
