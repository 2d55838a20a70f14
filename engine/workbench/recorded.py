"""Recorded requests decided again under another state of the law, and what comes out differently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from engine.cases import case_files
from engine.decisions import Decision, decide
from engine.documents import CannotDo, Document, DocumentProblems, Map, read
from engine.policies import PolicySet
from engine.records import obligations
from engine.requests import check_request


class Difference(NamedTuple):
    """One thing that is decided differently: what each side has of it and the other has not."""

    what: str
    old: tuple[str, ...]
    new: tuple[str, ...]


class Recorded(NamedTuple):
    """A request file and how the two sides decide it; no differences means alike."""

    file: str
    title: str
    differences: tuple[Difference, ...]


def recorded(
    folder: Path, old: tuple[PolicySet, date | None], new: tuple[PolicySet, date | None]
) -> Iterator[Recorded]:
    """Every request file below a folder, decided under both sides as of their days, by default the request's own.

    Raises `CannotDo` where there are none, `DocumentProblems` where one can be read by neither side.
    """
    requests = [document for path in case_files([folder]) if _is_request(document := read(path))]
    if not requests:
        raise CannotDo(f"there are no requests below {folder}")
    for document in requests:
        before, after = (_decided(document, *side) for side in (old, new))
        if not isinstance(before, Decision) and not isinstance(after, Decision):
            raise after
        yield Recorded(document.file, str(document.data.get("title", "")), tuple(_differences(before, after)))


def _is_request(document: Document) -> bool:
    return isinstance(document.data, Map) and "request" in document.data and "cases" not in document.data


def _decided(document: Document, policies: PolicySet, day: date | None) -> Decision | DocumentProblems:
    try:
        document.check()
        return decide(policies, check_request(Document(document.file, document.data, document.digest), policies), day)
    except DocumentProblems as error:
        return error


def _differences(old: Decision | DocumentProblems, new: Decision | DocumentProblems) -> Iterator[Difference]:
    if not isinstance(old, Decision) or not isinstance(new, Decision):
        yield Difference("can be read", *(_unreadable(side) for side in (old, new)))
        return
    for what, read_ in _ASPECTS.items():
        yield from _compared(what, read_(old), read_(new))
    for at in dict.fromkeys((f.framework.framework, f.disclosure.id) for d in (new, old) for f in d.findings):
        name = f"{at[0]} on {at[1]}"
        before, after = _found(old, at), _found(new, at)
        for what in ("outcome", "bases", "bars"):
            yield from _compared(f"{name}: {what}", before.get(what, ()), after.get(what, ()))


def _compared(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Difference]:
    before, after = dict.fromkeys(old), dict.fromkeys(new)
    if before.keys() != after.keys():
        yield Difference(what, tuple(b for b in before if b not in after), tuple(a for a in after if a not in before))


def _unreadable(side: Decision | DocumentProblems) -> tuple[str, ...]:
    return ("yes",) if isinstance(side, Decision) else tuple(f"no: {problem.message}" for problem in side.problems)


def _owed(kind: str) -> Callable[[Decision], list[str]]:
    return lambda decision: [owed.name for owed in obligations(decision) if owed.kind == kind]


_ASPECTS: dict[str, Callable[[Decision], list[str]]] = {
    "outcome": lambda decision: [decision.outcome],
    "ready": lambda decision: ["ready" if decision.ready else "not ready"] if decision.outcome == "allow" else [],
    "clauses": _owed("clause"),
    "instruments": _owed("instrument"),
    "steps": _owed("step"),
    "missing": lambda decision: [reading.name for reading in decision.missing],
}


def _found(decision: Decision, at: tuple[str, str]) -> dict[str, tuple[str, ...]]:
    """The outcome of a framework on a disclosure, with the bases that hold and the bars; nothing where it is silent."""
    finding = next((f for f in decision.findings if (f.framework.framework, f.disclosure.id) == at), None)
    if finding is None or finding.outcome == "not_applicable":
        return {"outcome": ("not applicable",)}
    holding = tuple(found.basis.id for found in finding.bases if found.permits.truth is True)
    return {"outcome": (finding.outcome,), "bases": holding, "bars": tuple(bar.id for bar in finding.holding)}
