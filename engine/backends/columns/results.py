"""What an evaluation answers: outcomes and bases of every request, disclosure and framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.backends.columns.domains import Domains
from engine.backends.columns.evaluation import BasisFound, Evaluation, LawFound
from engine.backends.columns.planes import Plane
from engine.backends.columns.polarity import colliding
from engine.backends.columns.program import Demand
from engine.backends.columns.settling import Settler
from engine.decisions import Decision
from engine.facts import Truth

OUTCOMES = ("absent", "not_applicable", "allow", "deny", "undetermined")
"""By number; `absent` where a framework is not in force or belongs to another deployment."""
ABSENT, NOT_APPLICABLE, ALLOW, DENY, UNDETERMINED = range(len(OUTCOMES))
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The answers: a number of `OUTCOMES` for each request, and for each row and framework.

    `used` is the position of the basis to rely on among those of its framework, or -1.
    """

    evaluation: Evaluation
    outcomes: npt.NDArray[np.int8]
    ready: npt.NDArray[np.bool_]
    findings: npt.NDArray[np.int8]
    used: npt.NDArray[np.int16]
    exactly: int
    """How many requests the exact engine decided."""


def verdicts(evaluation: Evaluation, domains: Domains, exact: Callable[[int], Decision | None]) -> Verdicts:
    """The exact answers. `exact(i)` is the exact engine's decision on a request, or None where it has none."""
    laws = evaluation.laws
    findings = np.stack([_outcomes(evaluation, found) for found in laws]).T  # one framework lies together
    used = np.stack([_used(evaluation, found) for found in laws]).T
    outcomes = _of_requests(evaluation, findings)
    exactly = _settle(evaluation, domains, exact, outcomes, findings)
    used[findings == DENY] = NOBODY
    ready = (outcomes == ALLOW) & ~_waiting(evaluation, findings, used)
    return Verdicts(evaluation, outcomes, ready, findings, used, exactly)


def _outcomes(evaluation: Evaluation, found: LawFound) -> npt.NDArray[np.int8]:
    planes = evaluation.planes
    result = np.full(planes.rows, UNDETERMINED, np.int8)
    result[planes.flags(found.permitted.true)] = ALLOW
    result[~planes.flags(found.permitted.possible)] = DENY
    result[~planes.flags(found.applies.possible)] = NOT_APPLICABLE
    if found.present is not planes.every:
        result[~planes.flags(found.present)] = ABSENT
    return result


def _of_requests(evaluation: Evaluation, findings: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    starts = evaluation.table.starts[:-1]
    result = np.full(len(starts), ALLOW, np.int8)
    if len(starts):
        for outcome in (UNDETERMINED, DENY):
            result[np.logical_or.reduceat((findings == outcome).any(axis=1), starts)] = outcome
    return result


def _settle(
    evaluation: Evaluation,
    domains: Domains,
    exact: Callable[[int], Decision | None],
    outcomes: npt.NDArray[np.int8],
    findings: npt.NDArray[np.int8],
) -> int:
    """Put the exact answers in place of those that were left open wrongly; how many the exact engine gave."""
    left = colliding(evaluation, domains)
    settler = Settler(evaluation, domains, left.entangled)
    exactly = 0
    for i in np.flatnonzero(left.requests):
        if (found := settler.settle(int(i))) is not None:
            places, all_permit = found
            for place, permits in places.items():
                findings[place] = _NUMBERS[permits]
            if outcomes[i] == UNDETERMINED:
                outcomes[i] = _NUMBERS[all_permit]
            continue
        exactly += 1
        if (decision := exact(int(i))) is not None:
            outcomes[i] = OUTCOMES.index(decision.outcome)
            _take(evaluation, int(i), decision, findings)
    return exactly


_NUMBERS: dict[Truth, int] = {True: ALLOW, False: DENY, None: UNDETERMINED}


def _take(evaluation: Evaluation, i: int, decision: Decision, findings: npt.NDArray[np.int8]) -> None:
    """Put the findings of an exact decision in place."""
    table = evaluation.table
    first = int(table.starts[i])
    row_of = {name.as_py(): first + k for k, name in enumerate(table.ids[first : int(table.starts[i + 1])])}
    law_of = {id(found.law.framework): k for k, found in enumerate(evaluation.laws)}
    for finding in decision.findings:
        findings[row_of[finding.disclosure.id], law_of[id(finding.framework)]] = OUTCOMES.index(finding.outcome)


# The basis to rely on -------------------------------------------------------------------------------------------------


def _used(evaluation: Evaluation, found: LawFound) -> npt.NDArray[np.int16]:
    """The basis to rely on: of those that hold (or else may hold) a claimed one, then the one with least to do."""
    planes = evaluation.planes
    result = np.full(planes.rows, NOBODY, np.int16)
    candidates = _candidates(evaluation, found)
    for i, plane in enumerate(candidates):
        if plane.any():
            result[planes.positions(plane)] = i
    several = planes.at_least(2, [planes.sure(plane) for plane in candidates]).true
    rows = planes.positions(several & found.present & found.applies.possible)
    if len(rows):
        burdens = np.full((len(candidates), len(rows)), np.iinfo(np.int32).max, np.int32)
        for i, (plane, basis) in enumerate(zip(candidates, found.bases, strict=True)):
            chosen = planes.flags(plane)[rows]
            if chosen.any():
                burdens[i, chosen] = _burden(evaluation, basis, rows)[chosen]
        result[rows] = burdens.argmin(axis=0)
    return result


def _candidates(evaluation: Evaluation, found: LawFound) -> list[Plane]:
    planes, claims = evaluation.planes, evaluation.table.claims
    unsure = planes.outside(planes.some(basis.permits.true for basis in found.bases))
    reached = planes.all([found.present, found.applies.possible])
    possible = [
        planes.all([reached, planes.some([b.permits.true, planes.all([b.permits.possible, unsure])])])
        for b in found.bases
    ]
    claimed = [
        planes.all([plane, claims.get(basis.code.rule.id, planes.none)])
        for plane, basis in zip(possible, found.bases, strict=True)
    ]
    unclaimed = planes.outside(planes.some(claimed))
    return [
        planes.some([claim, planes.all([plane, unclaimed])]) for plane, claim in zip(possible, claimed, strict=True)
    ]


def _burden(evaluation: Evaluation, basis: BasisFound, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int32]:
    """How many requirements of a basis are outstanding on some rows."""
    planes = evaluation.planes
    result = np.zeros(len(rows), np.int32)
    for demand in basis.code.demands:
        plane = planes.all([evaluation.owed(demand), evaluation.outstanding(demand)])
        if plane is planes.every:
            result += 1
        elif plane is not planes.none:
            result += planes.flags(plane)[rows]
    return result


# What is owed ---------------------------------------------------------------------------------------------------------


def demands(evaluation: Evaluation, findings: npt.NDArray[np.int8], used: npt.NDArray[np.int16]) -> Iterator[
    tuple[Demand, Plane]
]:  # fmt: skip
    """Everything owed under the bases used and the frameworks that apply, with the rows on which it is."""
    planes = evaluation.planes
    for i, found in enumerate(evaluation.laws):
        reached = planes.pack(findings[:, i] > NOT_APPLICABLE)
        if not reached.any():
            continue
        yield from _owed(evaluation, found.law.demands, planes.all([reached, found.applies.possible]))
        for k, basis in enumerate(found.bases):
            relied = used[:, i] == k
            if relied.any():
                yield from _owed(evaluation, basis.code.demands, planes.pack(relied))


def _owed(evaluation: Evaluation, wanted: Iterable[Demand], where: Plane) -> Iterator[tuple[Demand, Plane]]:
    for demand in wanted:
        yield demand, evaluation.planes.all([where, evaluation.owed(demand)])


def _waiting(
    evaluation: Evaluation, findings: npt.NDArray[np.int8], used: npt.NDArray[np.int16]
) -> npt.NDArray[np.bool_]:
    """The requests in which a paper or step is outstanding."""
    planes = evaluation.planes
    return evaluation.table.requests_in(
        planes.some(
            planes.all([plane, evaluation.outstanding(demand)])
            for demand, plane in demands(evaluation, findings, used)
            if demand.owed.kind != "clause"
        )
    )
