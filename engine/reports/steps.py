"""What has to be done, voted and signed, as a board reads it: each thing once, with everybody who owes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.agreements.contents import sourced
from engine.calendar import due
from engine.decisions import Decision, Status
from engine.records import DecisionRecord, ObligationRecord


@dataclass(frozen=True, slots=True)
class Task:
    """A step or paper, with the parties who owe it: each of them, or for a paper all of them together."""

    name: str
    kind: str
    says: str
    status: Status
    parties: tuple[tuple[str, ...], ...]
    due: str
    phase: str
    approval: bool
    conditional: bool
    sources: tuple[str, ...]

    @property
    def owners(self) -> tuple[str, ...]:
        """Everybody who owes it."""
        return tuple(dict.fromkeys(party for parties in self.parties for party in parties))


@dataclass(frozen=True, slots=True)
class Tasks:
    """The tasks of a decision by how far they are. `votes` and `open` are both outstanding."""

    votes: tuple[Task, ...]
    open: tuple[Task, ...]
    later: tuple[Task, ...]
    done: tuple[Task, ...]
    blocking: tuple[Task, ...]

    @property
    def outstanding(self) -> tuple[Task, ...]:
        """What has to be done before the data move."""
        return (*self.votes, *self.open)


def tasks(decision: Decision, document: DecisionRecord) -> Tasks:
    """What a decision asks of people, most urgent first; clauses stand in the agreement and are no tasks.

    A clause is one only where a signed paper lacks it.
    """
    merged: dict[tuple[str, str, Status, str], list[ObligationRecord]] = {}
    for o in document.obligations:
        if o.kind != "clause" or o.status == "lacking":
            merged.setdefault((o.name, o.says, o.status, _due(decision, o)), []).append(o)
    found = [_task(decision, due, same) for (_, _, _, due), same in merged.items()]
    found.sort(key=lambda task: list(PHASES).index(task[0]))
    bodies = decision.request.deployment.bodies if decision.request.deployment else {}
    all_tasks = [task for _, task in found]
    outstanding = _with_status(all_tasks, "outstanding")
    votes = [task for task in outstanding if task.approval]
    return Tasks(
        votes=tuple(sorted(votes, key=lambda task: not any(owner in bodies for owner in task.owners))),
        open=tuple(task for task in outstanding if not task.approval),
        later=_with_status(all_tasks, "later"),
        done=_with_status(all_tasks, "done"),
        blocking=_with_status(all_tasks, "refused", "lacking"),
    )


PHASES = {
    "before_agreement": "before the agreement",
    "before_transfer": "before data move",
    "before_delivery": "before delivery",
    "before_publication": "before publication",
    "on_completion": "on completion",
    "continuing": "",
}
"""By when, in the order of a request's life; what goes on has no day but the time it names."""


def _with_status(found: Iterable[Task], *statuses: Status) -> tuple[Task, ...]:
    return tuple(task for task in found if task.status in statuses)


def _due(decision: Decision, o: ObligationRecord) -> str:
    """By when, with the day where the calendar knows one."""
    phase = "" if o.within and o.due == "on_completion" else PHASES[o.due]
    words = ", ".join(part for part in (o.within, phase) if part) or "continuing"
    _, found = due(decision, o)
    return f"{words} ({found.day.isoformat()})" if found.day else words


def title(decision: Decision, o: ObligationRecord) -> str:
    """What a clause or instrument is called; what a step says is its title."""
    if o.kind == "clause":
        return decision.policies.clauses[o.name].title
    return decision.policies.instruments[o.name].title if o.kind == "instrument" else o.says


def _task(decision: Decision, due: str, same: list[ObligationRecord]) -> tuple[str, Task]:
    first = same[0]
    says = first.says or title(decision, first)
    return first.due, Task(
        name=first.name,
        kind=first.kind,
        says=f"The signed agreement lacks the clause: {says}" if first.kind == "clause" else says,
        status=first.status,
        parties=tuple(sorted(o.parties for o in same)),
        due=due,
        phase=PHASES[first.due] or due,
        approval=first.approval,
        conditional=all(o.conditional for o in same),
        sources=tuple(dict.fromkeys(sourced(d.cite, d.checked) for o in same for d in o.required_by)),
    )
