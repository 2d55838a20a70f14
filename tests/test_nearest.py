"""Which basis a denial calls the nearest: the one that change opens most easily, as the cures would."""

from __future__ import annotations

import pytest

from engine.advice.nearest import nearest_bases
from tests.writing import VOCABULARY, decided, finding, policies, written

CHANGING = (
    VOCABULARY.replace(
        "request.approved: {type: boolean}", "request.approved: {type: boolean, change: {approve: [true]}}"
    )
    .replace("party.trusted: {type: boolean}", "party.trusted: {type: boolean, change: {consent: [true]}}")
    .replace("data.categories: {type: codes,", "data.categories: {type: codes, change: {reduce: {remove: [health]}},")
)
"""Approval can be had, trust needs everybody's consent, health records can be left out and nothing can be added."""

STATED = """
    facts: {approved: false}
    purpose: study
    parties: {OWNER: {}, LAB: {facts: {trusted: false}}}
    datasets: {records: {owner: OWNER, categories: [school, health]}}
    instruments: [{instrument: pact, between: [OWNER, LAB], status: draft}]
"""


def nearest(*bases: str, more: str = "") -> list[str]:
    """The bases, nearest first, by their conditions: `b1` for the first."""
    listed = [f"  b{i}: {{title: B{i}, cite: s. {i}, checked: text, when: {when}}}" for i, when in enumerate(bases, 1)]
    text = "\n".join(["applies: {says: Everything, cite: s. 0, checked: text}", "bases:", *listed])
    found = policies(written("framework: law\ntitle: The Law\nauthority: 1 Law 1", text), vocabulary=CHANGING)
    decision = decided(found, STATED, more)
    assert decision.outcome == "deny"
    return [basis.basis.id.rpartition(".")[2] for basis in nearest_bases(decision, finding(decision))]


@pytest.mark.parametrize(
    ("harder", "easier"),
    [
        ("{request.purpose: audit}", "{request.approved: true}"),
        ("{request.purpose: audit}", "[{request.approved: true}, {receiver.trusted: true}]"),
        ("{receiver.trusted: true}", "{request.approved: true}"),
        ("[{request.approved: true}, {receiver.trusted: true}]", "{receiver.trusted: true}"),
        ("{data.categories: {includes: wage}}", "{data.categories: {excludes: [health]}}"),
        ("{not: {data.categories: {includes: school}}}", "{not: {data.categories: {includes: health}}}"),
        ("{receiver.trusted: true}", "{any: [{request.purpose: audit}, {request.approved: true}]}"),
        ("{request.purpose: audit}", "{flow.instruments: {includes: pact}}"),
        ("[{request.approved: true}, {data.sensitive: true}]", "{request.approved: true}"),
    ],
)
def test_the_nearest_basis_is_the_one_that_change_opens_most_easily(harder: str, easier: str) -> None:
    assert nearest(harder, easier) == ["b2", "b1"]
    assert nearest(easier, harder) == ["b1", "b2"]


def test_a_basis_that_the_parties_claim_comes_first() -> None:
    claim = "claims: [{basis: law.basis.b1, flow: leg}]"
    assert nearest("{request.purpose: audit}", "{request.approved: true}", more=claim) == ["b1", "b2"]
