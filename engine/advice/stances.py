"""What a request says of each fact, where it says so, and which of it people can change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from engine.advice.places import THE_REQUEST
from engine.completions import FactKey
from engine.facts import Absence, CodeSet, Declared, Duration, Value, Vocabulary, printable, unknown
from engine.requests import PUBLIC, Request, Stated


class Stance(NamedTuple):
    """What a request says of one fact. `settled` says that another document says so, and the request may not differ."""

    value: Value
    settled: bool


class Stances:
    """What a request says of its facts, by what they are about and their key."""

    def __init__(self, request: Request, vocabulary: Vocabulary) -> None:
        self.request, self.vocabulary = request, vocabulary
        self.known: dict[FactKey, Stance] = dict(self._all())

    @cached_property
    def recipients(self) -> frozenset[str]:
        """The parties in whose place others might be named: no owner, hub or known agency, not the public."""
        request = self.request
        owners = {dataset.owner for dataset in request.file.datasets.values()}
        known = request.deployment.agencies.keys() if request.deployment else ()
        return frozenset(flow.to for flow in request.flows) - owners - request.hubs - {PUBLIC, *known}

    def of(self, fact: FactKey) -> Stance | None:
        """What the request says of a fact; None where it says nothing, or that it is not known."""
        about, key = fact
        party, _, other = about.partition(" towards ")
        found = self.known.get(fact) or (self.known.get((party, key)) if other else None)
        return found if found and not unknown(found.value) else None

    def can_be_stated(self, fact: FactKey) -> bool:
        """Whether the request may say something of a fact of which it says nothing."""
        about, _ = fact
        whose, _, name = about.partition(" ")
        if whose in ("papers", "disclosure", "the") and about != THE_REQUEST:
            return False
        return not (whose == "party" and name.partition(" ")[0] == PUBLIC)

    def unsigned(self, instrument: str, ends: frozenset[str], flow: str) -> bool:
        """Whether a paper between two parties is reported, so that it is not in force unless it says so."""
        return any(
            instrument in paper.instrument and ends <= set(paper.between) and (not paper.flows or flow in paper.flows)
            for paper in self.request.file.instruments
        )

    def joined(self, about: str) -> bool:
        """Whether a flow or dataset brings data to be joined with others, so that persons must stay recognizable."""
        whose, _, name = about.partition(" ")
        datasets = self.request.file.datasets
        parts = {part for d in datasets.values() for part in d.from_ or () if len(d.from_ or ()) > 1}
        if whose == "dataset":
            return name in parts
        return whose == "flow" and any(
            dataset in parts and any(later.from_ == flow.to for later in self.request.flows)
            for flow in self.request.flows
            if flow.id == name
            for dataset in flow.carries
        )

    def opened(self, day: date, *, categories: bool) -> Request:
        """The request with every fact left open that people can change, and papers that are not yet signed.

        What kinds of record the data are is left open if `categories` is true, for parts of the data may be left out.
        """
        request = self.request
        papers = tuple(
            paper if paper.in_force(day) or paper.status == "refused" else paper.model_copy(update={"instrument": ()})
            for paper in request.file.instruments
        )
        return replace(
            request,
            file=request.file.model_copy(update={"instruments": papers}),
            facts=self._open(request.facts, "request"),
            parties={name: self._open(facts, "party") for name, facts in request.parties.items()},
            data={name: self._open_data(name, facts, categories=categories) for name, facts in request.data.items()},
            flow_facts={name: self._open(facts, "flow") for name, facts in request.flow_facts.items()},
            flow_request_facts={name: self._open(f, "request") for name, f in request.flow_request_facts.items()},
        )

    def _open(self, facts: Mapping[str, Stated], owner: Any) -> dict[str, Stated]:
        declared = self.vocabulary.stated_under(owner)
        return {key: _opened(stated, declared[key]) for key, stated in facts.items()}

    def _open_data(self, name: str, facts: Mapping[str, Stated], *, categories: bool) -> dict[str, Stated]:
        """The facts of a dataset left open; of what its elements are only as far as elements may be left out."""
        found = self._open(facts, "data")
        if self.request.file.datasets[name].elements and "categories" in facts:
            kinds = facts["categories"]
            open_ = categories and kinds.source != THE_REQUEST and len(self.request.file.datasets[name].elements) > 1
            found["categories"] = _left_open(kinds) if open_ else kinds
        return found

    def _all(self) -> Iterator[tuple[FactKey, Stance]]:
        request = self.request
        yield from self._of(request.facts, THE_REQUEST, "request.")
        for name, facts in request.parties.items():
            yield from self._of(facts, f"party {name}", "")
        for name, facts in request.data.items():
            yield from self._of(facts, f"dataset {name}", "data.")
        for name, facts in request.flow_facts.items():
            yield from self._of(facts, f"flow {name}", "flow.")
        for name, facts in request.flow_request_facts.items():
            yield from self._of(facts, f"flow {name}", "request.")

    def _of(self, facts: Mapping[str, Stated], about: str, prefix: str) -> Iterator[tuple[FactKey, Stance]]:
        for key, stated in facts.items():
            settled = stated.source != THE_REQUEST and stated.source != "the catalogue"
            yield (about, prefix + key), Stance(stated.statement.value, settled)
            for other, value in stated.statement.towards.items():
                yield (f"{about} towards {other}", prefix + key), Stance(value, settled)


def _opened(stated: Stated, declared: Declared) -> Stated:
    if not declared.fact.change or stated.source != THE_REQUEST:
        return stated
    return _left_open(stated)


def _left_open(stated: Stated) -> Stated:
    statement = stated.statement
    towards = dict.fromkeys(statement.towards, Absence.NOT_KNOWN)
    return Stated(statement._replace(value=Absence.NOT_KNOWN, towards=towards), stated.source)


def written(value: Value) -> Any:
    """A value as a request writes it."""
    if isinstance(value, CodeSet):
        return sorted(value.has)
    if isinstance(value, Absence):
        return "not_applicable" if value is Absence.DOES_NOT_APPLY else "unknown"
    if isinstance(value, Duration):
        return printable(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
