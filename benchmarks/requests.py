"""Random requests in rows, as a clearinghouse would send them: five disclosures each, under eight frameworks.

Three providers send to a hub, which sends what it linked of two of them to a recipient. Each provider has one kind of
record, and states the facts that the frameworks which may reach such records read; a share of them is left unknown. The
same seed gives the same requests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any

from engine.completions import open_proof
from engine.conditions import evaluate, facts_in, tests_in
from engine.facts import DERIVED, PAPERS, PARTY_SCOPES, CodeSet, Declared
from engine.policies import PolicySet
from engine.rows import Leg, Row, Rows, facts_read

EIGHT = ("ferpa", "hipaa", "medicaid", "snap", "tanf", "uc", "hmis", "part-2")
DAY = "2026-11-23"
PROVIDERS = ("A", "B", "C")
HUB, RECIPIENT = "HUB", "LAB"
CATEGORIES = "data.categories"


def eight(policies: PolicySet, names: Sequence[str] = EIGHT) -> PolicySet:
    """The policy set with some frameworks alone, without deployments."""
    chosen = tuple(f for f in policies.frameworks if f.framework in names)
    return replace(policies, frameworks=chosen, deployments={})


def requests(policies: PolicySet, count: int, *, seed: int = 1, unknown: float = 0.02) -> Iterator[Rows]:
    """So many requests in rows; each fact that a request would state is unknown with this probability."""
    for line in lines(policies, count, seed=seed, unknown=unknown):
        yield Rows.model_validate_json(line)


def lines(policies: PolicySet, count: int, *, seed: int = 1, unknown: float = 0.02) -> Iterator[str]:
    """The same as lines of JSON."""
    maker = _Maker(policies, Random(seed), unknown)
    for i in range(count):
        yield json.dumps(maker.request(f"q{i}"), separators=(",", ":")) + "\n"


@dataclass
class _Maker:
    policies: PolicySet
    random: Random
    unknown: float
    drawn: dict[tuple[str, str], Any] = field(default_factory=dict)

    @cached_property
    def declared(self) -> dict[str, Declared]:
        """The facts that a request may state."""
        names = [name for name in facts_read(self.policies) if name not in (*DERIVED, CATEGORIES)]
        return {name: self.policies.vocabulary[name] for name in names}

    @cached_property
    def kinds(self) -> dict[str, list[Declared]]:
        """For each kind of record that the frameworks ask for: the facts that a request would state."""
        tests = [test for f in self.policies.frameworks for test in tests_in(f.applies.when) if test.fact == CATEGORIES]
        kinds = sorted({str(code) for test in tests for code in test.operands})
        return {kind: self._facts(kind) for kind in kinds}

    def _facts(self, kind: str) -> list[Declared]:
        given = {CATEGORIES: CodeSet(frozenset([kind]))}
        names = set(self._pivots)
        for framework in self.policies.frameworks:
            names.update(facts_in(framework.applies.when))
            if open_proof(framework.applies.when, given).truth is not False:
                names.update(name for rule in framework.rules() for name in facts_in(rule.when))
        return [declared for name, declared in self.declared.items() if name in names]

    def request(self, name: str) -> dict[str, Any]:
        self.drawn = {}
        kinds = {provider: self.random.choice(list(self.kinds)) for provider in PROVIDERS}
        heads = [self._head(i, provider) for i, provider in enumerate((*PROVIDERS, *PROVIDERS[:2]))]
        rows: list[dict[str, Any]] = []
        for _ in range(40):
            rows = [self._row(head, kinds[head["provider"]]) for head in heads]
            if not sum(self._redrawn(row) for row in rows):  # every row, so that one turn mends all
                break
        return {"request": name, "as_of": DAY, "rows": rows}

    def _head(self, i: int, provider: str) -> dict[str, Any]:
        first = i < len(PROVIDERS)
        flow = f"in-{provider}" if first else "out"
        data = provider.lower()
        head: dict[str, Any] = {
            "id": f"{flow}/{data}" if first else f"{flow}/linked/{data}",
            "flow": flow, "dataset": data if first else "linked", "source": data,
            "provider": provider, "sender": provider if first else HUB, "receiver": HUB if first else RECIPIENT,
            "hub": HUB,
        }  # fmt: skip
        head["papers"] = [{"about": f"papers of {provider} and {head['receiver']} on flow {flow}"}]
        return head if first else {**head, "earlier": [i - len(PROVIDERS)]}

    def _row(self, head: Mapping[str, Any], kind: str) -> dict[str, Any]:
        facts = {one.name: self._fact(one, _subject(one, head)) for one in self.kinds[kind]}
        facts |= {n: v for n, v in _derived("earlier" not in head).items() if n in self._read}
        facts[CATEGORIES] = [kind]
        absent = sorted(name for name, value in facts.items() if value == "not_applicable")
        stated = {name: value for name, value in facts.items() if value is not None and value != "not_applicable"}
        return {**head, "facts": stated, **({"does_not_apply": absent} if absent else {})}

    @cached_property
    def _read(self) -> set[str]:
        return set(facts_read(self.policies)) - {PAPERS}

    def _fact(self, one: Declared, about: str) -> Any:
        key = (about, one.key)
        if key not in self.drawn:
            unstated = one.name not in self._pivots and self.random.random() < self.unknown
            self.drawn[key] = None if unstated else value(one, self.random)
        return self.drawn[key]

    def _redrawn(self, row: Mapping[str, Any]) -> bool:
        """Draw facts anew that exclude one another and all hold; whether there were any."""
        found = False
        leg = Leg(Row.model_construct(**row), (), self.policies)
        for group in self.policies.exclusive:
            true = [c for c in group if set(facts_in(c)) <= self._read and evaluate(c, leg).truth is True]
            names = {name for condition in true for name in facts_in(condition)} if len(true) > 1 else set()
            for name in sorted((names & self.declared.keys()) - self._pivots):
                found = True
                one = self.declared[name]
                self.drawn[_subject(one, row), one.key] = value(one, self.random)
        return found

    @cached_property
    def _pivots(self) -> set[str]:
        """The facts that exclude one thing if true and another if false: what they exclude has to give way."""
        tests = [test for group in self.policies.exclusive for condition in group for test in tests_in(condition)]
        both = {test.fact for test in tests if test.operands == (True,)}
        return both & {test.fact for test in tests if test.operands == (False,)}


def value(one: Declared, random: Random) -> Any:
    """A value that a request might state: much of what a law asks for is beside the point, and said to be so."""
    kind = one.fact.type
    if one.optional and random.random() < 0.6:
        return "not_applicable"
    if kind == "boolean":
        return random.random() < 0.5
    if kind == "code":
        return "none" if "none" in one.codes and random.random() < 0.6 else random.choice(sorted(one.codes))
    if kind == "codes":
        return random.sample(sorted(one.codes), min(len(one.codes), random.choice((1, 1, 2))))
    if kind == "date":
        return f"202{random.randrange(4, 9)}-0{random.randrange(1, 10)}-15"
    if kind == "number":
        return random.choice((1, 5, 6, 10, 11, 20, 100))
    return "720 hours" if kind == "duration" else "text"


def _subject(one: Declared, head: Mapping[str, Any]) -> str:
    scope = one.name.partition(".")[0]
    if scope in PARTY_SCOPES:
        return f"party {head[scope]}" + (f" towards {head[one.fact.towards]}" if one.fact.towards else "")
    return {"flow": f"flow {head['flow']}", "data": f"dataset {head['source']}"}.get(scope, f"the {scope}")


def _derived(first: bool) -> dict[str, Any]:
    """What the graph of such a request computes."""
    return {
        "request.date": DAY, "request.provider_count": 3, "request.through_hub": True, "provider.is_hub": False,
        "sender.is_hub": not first, "receiver.is_hub": first, "receiver.users_named": True,
        "receiver.users_acknowledged": True, "receiver.users_public_employees": True,
        "flow.leg": "provider_to_hub" if first else "hub_to_recipient", "flow.redisclosure": not first,
        "flow.returns_to_provider": False, "flow.receiver_is_provider": False, "flow.linked": not first,
        "flow.onward_planned": first, "flow.purpose_as_received": "not_applicable" if first else True,
    }  # fmt: skip
