"""Rows of a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from engine.conditions import All, Proof
from engine.decisions import Judge
from engine.facts import Absence, CodeSet, Duration, Value
from engine.graph import Disclosure, Graph
from engine.policies import Owed, PolicySet
from engine.requests import Request, RequestFile
from engine.rows.model import STATUS_FIELDS, PaperRow, Row, Rows, facts_read, requirement_key, requirements


def rows(policies: PolicySet, request: Request, as_of: date | None = None) -> Rows:
    """A request as rows, as of a day (by default its own).

    Raises `DocumentProblems` where its graph is impossible.
    """
    return RowMaker(policies).rows(request, as_of)


class RowMaker:
    """Makes rows of many requests under one policy set."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self.declared = [policies.vocabulary[name] for name in facts_read(policies)]
        self.requirements: dict[str, dict[str, Owed]] = {}
        for owed in requirements(policies.all_frameworks()):
            self.requirements.setdefault(owed.name, {}).setdefault(requirement_key(owed), owed)

    def rows(self, request: Request, as_of: date | None = None) -> Rows:
        """One request as rows."""
        day = as_of or request.file.date
        judge = Judge(self.policies, request, day)
        disclosures = Graph(self.policies, request, day).disclosures
        place = {disclosure.id: i for i, disclosure in enumerate(disclosures)}
        return Rows(
            request=request.file.request,
            as_of=day,
            deployment=request.file.deployment,
            rows=tuple([self._row(judge, disclosure, place) for disclosure in disclosures]),
        )

    def _row(self, judge: Judge, disclosure: Disclosure, place: Mapping[str, int]) -> Row:
        head: dict[str, Any] = {
            "id": disclosure.id,
            "flow": disclosure.flow.id,
            "dataset": disclosure.dataset,
            "source": disclosure.source,
            "provider": disclosure.provider,
            "sender": disclosure.sender,
            "receiver": disclosure.receiver,
            "hub": disclosure.party("hub"),
        }
        facts: dict[str, Any] = {}
        absent: dict[Value, list[str]] = {Absence.NOT_KNOWN: [], Absence.DOES_NOT_APPLY: []}
        may: dict[str, tuple[str, ...]] = {}
        about: dict[str, str] = {}
        bare = Row(**head)
        for declared in self.declared:
            name, reading = declared.name, disclosure[declared.name]
            if isinstance(reading.value, Absence):
                absent.get(reading.value, []).append(name)
            else:
                facts[name] = _written(reading.value)
            if isinstance(reading.value, CodeSet) and reading.value.may:
                may[name] = tuple(sorted(reading.value.may))
            if reading.about != bare.subject(declared):
                about[name] = reading.about
        return bare.model_copy(
            update={
                "earlier": tuple(place[earlier.id] for earlier in disclosure.earlier),
                "facts": facts,
                "may": may,
                "not_known": tuple(absent[Absence.NOT_KNOWN]),
                "does_not_apply": tuple(absent[Absence.DOES_NOT_APPLY]),
                "about": about,
                "papers": tuple(self._papers(disclosure)),
                "claims": tuple(
                    dict.fromkeys(c.basis for c in judge.request.file.claims if _concerns(c.flow, disclosure))
                ),
                **self._statuses(judge, disclosure),
            }
        )

    def _papers(self, disclosure: Disclosure) -> Iterator[PaperRow]:
        every = frozenset(self.policies.instruments)
        for reading in disclosure.papers():
            assert isinstance(reading.value, CodeSet)
            has, reported = sorted(reading.value.has), sorted(every - reading.value.may)
            yield PaperRow(about=reading.about, has=tuple(has), reported=tuple(reported))

    def _statuses(self, judge: Judge, disclosure: Disclosure) -> dict[str, tuple[str, ...]]:
        """How far the requirements are that the request says anything of."""
        found: dict[str, list[str]] = {}
        for name in sorted(_named(judge.request.file) & self.requirements.keys()):
            for key, owed in self.requirements[name].items():
                duty = judge.duty(disclosure, "", owed, _OWED)
                if duty is not None and (field := STATUS_FIELDS.get(duty.status)):
                    found.setdefault(field, []).append(key)
        return {field: tuple(keys) for field, keys in found.items()}


_OWED = Proof(All(()), True)


def _named(file: RequestFile) -> set[str]:
    """The instruments, clauses and steps that a request reports anything of."""
    papers = {name for p in file.instruments for name in (*p.instrument, *p.contains, *p.lacks)}
    return papers | {act.step for act in file.steps}


def _concerns(flow: str | None, disclosure: Disclosure) -> bool:
    return flow in (None, disclosure.flow.id)


def _written(value: Value) -> Any:
    """A value as a row holds it."""
    if isinstance(value, CodeSet):
        return sorted(value.has)
    if isinstance(value, Duration):
        return f"{value.amount} {value.unit}"
    return value.isoformat() if isinstance(value, date) else value
