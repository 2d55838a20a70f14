"""Which bases come nearest to permitting what none permits: those that the least hard changes would open."""

from __future__ import annotations

from engine.advice.weights import WEIGHTS
from engine.conditions import All, AtLeast, Either, FactName, Not, Proof, Test, Use, holds
from engine.decisions import BasisFinding, Decision, Finding
from engine.facts import CodeSet, FactType, Reach, Value, Vocabulary

_NOBODY = 100 * max(WEIGHTS.values())
"""What a condition weighs that no change can meet: more than all that changes can."""


def nearest_bases(decision: Decision, finding: Finding) -> list[BasisFinding]:
    """The bases of a finding, nearest first: those that the parties claim, then those that change opens most easily."""
    vocabulary, flow = decision.policies.vocabulary, finding.disclosure.flow.id

    def distance(found: BasisFinding) -> tuple[bool, int, int]:
        unclaimed = not decision.request.claimed(found.basis.id, flow)
        return unclaimed, _weight(found.proof, True, vocabulary), _open(found.proof)

    return sorted(finding.bases, key=distance)


def _weight(proof: Proof, wanted: bool, vocabulary: Vocabulary) -> int:
    """How hard it is to change what keeps a condition from the wanted truth; what is unknown may have it already."""
    if proof.truth is not (not wanted):
        return 0
    match proof.condition:
        case Test() as test:
            return _weight_of_test(test, proof, wanted, vocabulary)
        case Not():
            return _weight(proof.parts[0], not wanted, vocabulary)
        case Use():
            return _weight(proof.parts[0], wanted, vocabulary)
        case All() | Either() | AtLeast() as several:
            weights = [_weight(part, wanted, vocabulary) for part in proof.parts if part.truth is (not wanted)]
            one_is_enough = isinstance(several, Either if wanted else All)
            return (min if one_is_enough else sum)(weights) if weights else _NOBODY


def _weight_of_test(test: Test, proof: Proof, wanted: bool, vocabulary: Vocabulary) -> int:
    if test.fact == "flow.instruments":
        return WEIGHTS["sign"]
    ways = [
        WEIGHTS[kind]
        for reading in proof.readings
        for kind, reach in vocabulary[reading.name].fact.change.items()
        if _helps(test, reading.value, reach, vocabulary[reading.name].fact.type, wanted)
    ]
    return min(ways, default=_NOBODY)


def _helps(test: Test, value: Value, reach: Reach, type_: FactType, wanted: bool) -> bool:
    """Whether a value within reach gives the test the wanted answer. Days and lengths of time always may."""
    compared = any(isinstance(operand, FactName) for operand in test.operands)
    if reach.to is None or compared or type_ in ("date", "duration"):
        return True
    if type_ == "codes":
        has = value.has if isinstance(value, CodeSet) else frozenset[str]()
        changed = [CodeSet(has.union(reach.to)), CodeSet(has.difference(reach.remove))]
        return any(holds(test.operator, codes, test.operands) is wanted for codes in changed)
    return any(holds(test.operator, other, test.operands) is wanted for other in reach.to)


def _open(proof: Proof) -> int:
    """How many of the innermost conditions are unknown."""
    return sum(map(_open, proof.parts)) or int(proof.truth is None)
