"""The calendar of a decision: what has to be done by when, what goes on, and what ends.

A day is counted only from a day that the request states. Where the event that starts a clock has no day yet, the entry
has none either, and its words say what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from engine.agreements.contents import sourced
from engine.agreements.people import party_name
from engine.deadlines import Deadline, deadline
from engine.decisions import Decision
from engine.records import ObligationRecord, obligations

Kind = Literal["before", "deadline", "keep", "continuing", "instrument", "term"]

PHASES = {
    "before_agreement": "agreement_signed",
    "before_transfer": "first_transfer",
    "before_delivery": "delivery",
    "before_publication": "publication",
    "on_completion": "completion",
}
"""The event that each phase of a request ends with; the vocabulary may declare it."""
_DUE = (*PHASES, "continuing")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the calendar.

    `kind` says what the day means: something is done `before` it or by a `deadline`, a record is to `keep` until it,
    an `instrument` or the `term` begins or ends; a `continuing` duty has none. `who` is empty for the term, which is
    everybody's. `words` is the time as the rule has it, `note` what has to be said about the day. `name` is the
    obligation, instrument or end of the term that the entry stands for.
    """

    kind: Kind
    name: str
    what: str
    who: tuple[str, ...]
    words: str
    status: str
    day: date | None = None
    moment: datetime | None = None
    note: str = ""
    cite: str = ""
    conditional: bool = False


def entries(decision: Decision) -> tuple[Entry, ...]:
    """Everything with a time: first what has a day, by day, then the rest by kind. Nothing for a denied request."""
    if decision.outcome == "deny":
        return ()
    found = [*_term(decision), *_instruments(decision), *_owed(decision)]
    return tuple(sorted(found, key=_order))


_KINDS: tuple[Kind, ...] = ("term", "instrument", "before", "deadline", "keep", "continuing")


def _order(entry: Entry) -> tuple[bool, date, int]:
    return entry.day is None, entry.day or date.max, _KINDS.index(entry.kind)


def _owed(decision: Decision) -> Iterator[Entry]:
    """The steps and instruments that are owed; clauses are terms of the agreement and have no day of their own."""
    alike: dict[tuple[object, ...], list[ObligationRecord]] = {}
    for o in sorted(obligations(decision), key=lambda o: _DUE.index(o.due)):
        if o.kind != "clause" and (_kind(o) != "before" or o.status != "done"):
            pair = o.parties if o.kind == "instrument" else ()
            alike.setdefault((o.name, o.says, o.due, o.within, o.status, o.conditional, pair), []).append(o)
    yield from (_entry(decision, same) for same in alike.values())


def _entry(decision: Decision, same: list[ObligationRecord]) -> Entry:
    """What several parties owe in the same way, as one line."""
    o = same[0]
    parties = tuple(dict.fromkeys(party for one in same for party in one.parties))
    words, found = due(decision, o)
    cites = (sourced(demand.cite, demand.checked) for one in same for demand in one.required_by)
    return Entry(
        kind=_kind(o),
        name=f"{o.name} {' '.join(parties)}",
        what=o.says or decision.policies.instruments[o.name].title,
        who=_names(decision, parties),
        words=words,
        status=o.status,
        day=found.day,
        moment=found.moment,
        note=found.note,
        cite="; ".join(dict.fromkeys(cites)),
        conditional=o.conditional,
    )


def _kind(o: ObligationRecord) -> Kind:
    if o.lasting:
        return "keep"
    if o.within or o.due == "on_completion":
        return "deadline"
    return "continuing" if o.due == "continuing" else "before"


def due(decision: Decision, o: ObligationRecord) -> tuple[str, Deadline]:
    """When something owed is due, in words, and the day that follows from what the request states."""
    words, event, length = _time(decision, o)
    start, deployment = decision.request.file.events.get(event), decision.request.deployment
    if not start or not length:
        return words, Deadline(None)
    return words, deadline(start, length, deployment.home if deployment else None)


def _time(decision: Decision, o: ObligationRecord) -> tuple[str, str, str]:
    """The time in words, the event that starts the clock, and the length of time after it (empty if it has none)."""
    if o.due == "continuing" or (o.within and o.due == "on_completion"):
        return o.within or "continuing", o.after, o.length
    event = PHASES[o.due]
    named = decision.policies.events.get(event)
    phase = f"{'on' if o.due == 'on_completion' else 'before'} {named}" if named else o.due.replace("_", " ")
    if o.within:
        return f"{o.within}, {phase}", o.after, o.length
    return phase, event, "0 days"


def _names(decision: Decision, parties: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(party_name(decision, party) for party in parties)


def _instruments(decision: Decision) -> Iterator[Entry]:
    """When the papers that the parties report begin, if that is to come, and end."""
    for number, paper in enumerate(decision.request.file.instruments):
        kinds = [decision.policies.instruments[name] for name in paper.instrument]
        title = ", ".join(kind.title for kind in kinds)
        days = {"begins": paper.from_ if paper.from_ and paper.from_ > decision.as_of else None, "ends": paper.until}
        for happens, day in days.items():
            if day is None or paper.status == "refused":
                continue
            yield Entry(
                kind="instrument",
                name=f"instrument {number} {happens}",
                what=f"{title} {happens}",
                who=_names(decision, paper.between),
                words="renew it before, or stop what rests on it" if happens == "ends" else "from then on in force",
                status=paper.status,
                day=day,
                cite="; ".join(dict.fromkeys(kind.cite for kind in kinds if kind.cite)),
            )


def _term(decision: Decision) -> Iterator[Entry]:
    """The first and last day of the agreement, each as a line of its own even where it is not stated."""
    term = decision.request.file.term
    for what, day in (("begins", term.from_), ("ends", term.until)):
        words = "as the request states" if day else "the request states no day"
        status = "stated" if day else "not stated"
        yield Entry("term", f"term {what}", f"The term of the agreement {what}", (), words, status, day)
