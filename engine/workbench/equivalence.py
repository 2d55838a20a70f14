"""Whether a change of the rules can be noticed at all, proven over every situation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import combinations
from types import MappingProxyType

from engine.completions import Settler, conjunction, disjunction, free, open_proof, opposite, proven
from engine.conditions import All, Condition, Either, Test, facts_in
from engine.facts import RECEIVED_UNDER, RESTRICTIONS, Value
from engine.policies import Basis, Framework, Owed, PolicySet

_NOTHING: Mapping[str, Value] = MappingProxyType({})


def equivalent(old: Condition, new: Condition, policies: PolicySet, given: Mapping[str, Value] = _NOTHING) -> bool:
    """Whether two conditions have the same value in every situation in which some facts are given.

    Every other fact is free, also those that the graph computes, except that facts exclude one another as declared.
    """
    one, other = proven(open_proof(old, given)), proven(open_proof(new, given))
    differ = disjunction([conjunction([one, opposite(other)]), conjunction([opposite(one), other])])
    limits = [
        opposite(conjunction([proven(open_proof(a, given)), proven(open_proof(b, given))]))
        for group in policies.exclusive
        for a, b in combinations(group, 2)
    ]
    settler = Settler([differ], limits, policies.vocabulary, free).about([differ])
    return settler.answer([differ]).truth is False


def demands_alike(old: Framework, new: Framework, policies: PolicySet) -> bool:
    """Whether two versions of a framework demand the same of every disclosure."""
    keys = [key for key in ("", *old.bases) if old.owed(key) != new.owed(key)]
    settings = _settings(old, policies)
    return all(
        equivalent(_demanded(old, key, owed), _demanded(new, key, owed), policies, settings)
        for key in keys
        for owed in {_bare(owed) for owed in (*old.owed(key), *new.owed(key))}
    )


def _settings(framework: Framework, policies: PolicySet) -> dict[str, Value]:
    """The settings of the deployment whose house rules these are; law has none."""
    houses = [house for house in policies.deployments.values() if framework in house.rules]
    return {f"deployment.{key}": stated.value for house in houses for key, stated in house.settings.items()}


def carried_already(basis: Basis, restrictions: Collection[str], policies: PolicySet) -> bool:
    """Whether what a basis permits carries some restrictions before the basis attaches them.

    What came under another basis carries what that one attaches.
    """

    def carries(name: str) -> Test:
        return Test(fact=RESTRICTIONS, operator="includes", operands=(name,))

    came_under = [
        Either((Test(fact=RECEIVED_UNDER, operator="excludes", operands=(other.id,)), carries(name)))
        for other in policies.bases().values()
        for name in other.attaches
        if name in restrictions and other is not basis
    ]
    known = All((basis.when, *came_under))
    return equivalent(known, All((known, *map(carries, restrictions))), policies)


def _demanded(framework: Framework, key: str, wanted: Owed) -> Condition:
    """When a basis (or the framework, "") demands something, whatever words and paragraph demand it."""
    reach = [framework.applies.when, *([framework.bases[key].when] if key else [])]
    return All((*reach, Either(tuple(owed.when for owed in framework.owed(key) if _bare(owed) == wanted))))


def _bare(owed: Owed) -> Owed:
    """A requirement without its condition and its words: what is owed, by whom and when."""
    return replace(owed, when=All(()), says="", cite="", checked="", note="")


def reading(policies: PolicySet, fact: str) -> list[Condition]:
    """The conditions of rules and requirements that read a fact."""
    conditions = [
        when
        for framework in policies.all_frameworks()
        for when in (
            *(rule.when for rule in framework.rules()),
            *(owed.when for key in ("", *framework.bases) for owed in framework.owed(key)),
        )
    ]
    return [condition for condition in conditions if fact in facts_in(condition)]
