"""Whether a change of the rules can be noticed at all, proven over every situation."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from engine.completions import Settler, conjunction, disjunction, free, open_proof, opposite, proven
from engine.conditions import All, Condition, Either, facts_in
from engine.policies import Framework, Owed, PolicySet


def equivalent(old: Condition, new: Condition, policies: PolicySet) -> bool:
    """Whether two conditions have the same value in every situation.

    Every fact is free, also those that the graph computes, except that facts exclude one another as declared.
    """
    one, other = proven(open_proof(old)), proven(open_proof(new))
    differ = disjunction([conjunction([one, opposite(other)]), conjunction([opposite(one), other])])
    limits = [
        opposite(conjunction([proven(open_proof(a)), proven(open_proof(b))]))
        for group in policies.exclusive
        for a, b in combinations(group, 2)
    ]
    settler = Settler([differ], limits, policies.vocabulary, free).about([differ])
    return settler.answer([differ]).truth is False


def demands_alike(old: Framework, new: Framework, policies: PolicySet) -> bool:
    """Whether two versions of a framework demand the same of every disclosure."""
    keys = [key for key in ("", *old.bases) if old.owed(key) != new.owed(key)]
    return all(
        equivalent(_demanded(old, key, owed), _demanded(new, key, owed), policies)
        for key in keys
        for owed in {_bare(owed) for owed in (*old.owed(key), *new.owed(key))}
    )


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
