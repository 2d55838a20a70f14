"""Requests of which every fact is stated, so that engines that know no unknown can be asked them too.

Each has the five disclosures of `benchmarks.requests`, of records that two or three of the frameworks protect at once.
Some are mended, fact by fact, until the law allows them. The others are made from those: half stay allowed, in half
some facts are drawn again, as where a proposal was prepared with care and yet misses something. The same seed gives
the same requests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from itertools import islice
from random import Random
from typing import Any

from benchmarks.requests import CATEGORIES, DAY, lines, value
from engine.backends.columns.program import compiled
from engine.backends.generated import Decider, Found, Verdict
from engine.conditions import Condition, evaluate, facts_in, tests_in
from engine.facts import PAPERS, Declared
from engine.policies import PolicySet
from engine.rows import Leg, Row, facts_read

Document = dict[str, Any]
_VARIANTS = 10
_PATIENCE = 800
"""How often facts of a request are drawn again before it is given up."""
_AT_ONCE = 30
_FINDINGS = 8
"""How often some framework is to apply to some row."""
_WHO = ("id", "flow", "source", "provider", "sender", "receiver", "hub")


def stated_requests(policies: PolicySet, count: int, *, seed: int = 1) -> list[Document]:
    """So many requests in rows, as JSON has them, half of them allowed."""
    mender = _Mender(policies, Random(seed))
    found: list[list[Document]] = []
    for draft in mender.drafts(count, seed):
        if mender.mend(draft):
            found += mender.variants(draft)
        if len(found) >= count:
            break
    return _named(found[:count])


def drawn_requests(policies: PolicySet, count: int, *, seed: int = 1) -> list[Document]:
    """So many requests in rows of which every fact is drawn, whatever comes of them."""
    drafts = _Mender(policies, Random(seed)).drafts(count, seed)
    return _named([draft.rows for draft in islice(drafts, count)])


def _named(found: list[list[Document]]) -> list[Document]:
    return [{"request": f"q{i}", "as_of": DAY, "rows": rows} for i, rows in enumerate(found)]


@dataclass
class _Draft:
    """The rows of a request whose facts are still being drawn.

    `laws` are the frameworks that each source is to fall under, and the kind of record by which it does.
    """

    policies: PolicySet
    random: Random
    rows: list[Document]
    laws: dict[str, dict[str, str]] = field(default_factory=dict)

    def start(self) -> None:
        """Choose what the rows carry, and draw everything else."""
        kinds = _kinds(self.policies)
        for row in self.rows:
            if row["source"] not in self.laws:
                laws = self.random.sample(sorted(kinds), self.random.choice((2, 2, 3)))
                self.laws[row["source"]] = {law: self.random.choice(kinds[law]) for law in laws}
            row["facts"][CATEGORIES] = sorted({*self.laws[row["source"]].values()})
            row["papers"] = [{**row["papers"][0], "has": [], "reported": sorted(self.policies.instruments)}]
            stated = {*row["facts"], *row.setdefault("does_not_apply", [])}
            for name in facts_read(self.policies):
                if name not in stated and self.drawn(name):
                    self.redraw(name, row)

    def copied(self) -> _Draft:
        """Another that does not change with this one."""
        other = copy(self)
        other.rows = [{**row, "facts": {**row["facts"]}} for row in self.rows]
        return other

    def drawn(self, name: str) -> bool:
        """Whether a fact is one that is drawn, not one that the graph computes."""
        return name == PAPERS or not self.policies.vocabulary[name].fact.derived

    def redraw(self, name: str, row: Document) -> None:
        """Draw a fact of a row again, wherever the same fact is read; of the papers, add or remove one."""
        if name == PAPERS:
            paper = self.random.choice(sorted(self.policies.instruments))
            for other in self.rows:
                (known,) = other["papers"]
                if known["about"] == row["papers"][0]["about"]:
                    other["papers"] = [{**known, "has": sorted({*known["has"]} ^ {paper})}]
            return
        declared = self.policies.vocabulary[name]
        subject, drawn = _subject(row, declared), value(declared, self.random)
        for other in self.rows:
            for alias in self.aliases[declared.shown]:
                if _subject(other, alias) == subject:
                    _state(other, alias.name, drawn)

    @cached_property
    def aliases(self) -> dict[str, list[Declared]]:
        """The names under which rules read a fact: one of a party has one for each role."""
        named: dict[str, list[Declared]] = {}
        for declared in (self.policies.vocabulary[name] for name in facts_read(self.policies)):
            named.setdefault(declared.shown, []).append(declared)
        return named


def _state(row: Document, name: str, drawn: Any) -> None:
    row["facts"].pop(name, None)
    row["does_not_apply"] = sorted({*row["does_not_apply"]} - {name})
    if drawn == "not_applicable":
        row["does_not_apply"] = sorted({*row["does_not_apply"], name})
    else:
        row["facts"][name] = drawn


def _subject(row: Document, declared: Declared) -> str:
    return _row(*[row[part] for part in _WHO]).subject(declared)


@cache
def _row(*who: str) -> Row:
    named: dict[str, Any] = dict(zip(_WHO, who, strict=True))
    return Row.model_construct(**named)


def _kinds(policies: PolicySet) -> dict[str, list[str]]:
    """The kinds of record that each framework asks for."""
    kinds: dict[str, set[str]] = {}
    for framework in policies.frameworks:
        for test in tests_in(framework.applies.when):
            if test.fact == CATEGORIES:
                kinds.setdefault(framework.framework, set()).update(map(str, test.operands))
    return {law: sorted(codes) for law, codes in kinds.items()}


class _Mender:
    """Draws facts again where they are what a request fails by, until it does not fail."""

    def __init__(self, policies: PolicySet, random: Random) -> None:
        self.policies, self.random = policies, random
        self.frameworks = {framework.framework: framework for framework in policies.frameworks}
        self.exclusive = {name for group in policies.exclusive for condition in group for name in facts_in(condition)}
        self.decider = Decider(compiled(policies), date.fromisoformat(DAY))

    def drafts(self, count: int, seed: int) -> Iterator[_Draft]:
        """Requests whose facts do not exclude one another, at least so many if they are asked for."""
        for line in lines(self.policies, count * 4, seed=seed, unknown=0):
            draft = _Draft(self.policies, self.random, json.loads(line)["rows"])
            draft.start()
            if any(not self._untangle(draft) for _ in range(_AT_ONCE)):
                yield draft

    def mend(self, draft: _Draft) -> bool:
        """Whether the request could be mended."""
        faults = self._faults(draft)
        for _ in range(_PATIENCE):
            if not faults:
                return True
            before = draft.copied().rows
            place, conditions = self.random.choice(faults)
            peaceful = self._redraw_one_of(draft, draft.rows[place], conditions)
            if not peaceful or len(after := self._faults(draft)) > len(faults):
                draft.rows = before
            else:
                faults = after
        return False

    def variants(self, draft: _Draft) -> Iterator[list[Document]]:
        """The request, and others like it of which half miss something."""
        for i in range(_VARIANTS):
            other = draft.copied()
            wanted = "deny" if i % 2 else "allow"
            for _ in range(_AT_ONCE):
                before = other.copied().rows
                row = self.random.choice(other.rows)
                found = self._verdict(other).rows[other.rows.index(row)]
                frameworks = [self.frameworks[one.framework] for one in found]
                if not frameworks:
                    continue
                rules = [rule.when for rule in self.random.choice(frameworks).rules()]
                if not self._redraw_one_of(other, row, rules) or (
                    wanted == "allow" and self._verdict(other).outcome != "allow"
                ):
                    other.rows = before
                elif wanted == "deny" and self._verdict(other).outcome == "deny":
                    break
            yield other.rows

    def _faults(self, draft: _Draft) -> list[tuple[int, list[Condition]]]:
        """The rows in which a framework denies or, where few apply, does not apply; and the conditions to blame."""
        faults = []
        found = self._verdict(draft).rows
        few = sum(map(len, found)) < _FINDINGS
        for place, (row, findings) in enumerate(zip(draft.rows, found, strict=True)):
            reached = {one.framework for one in findings}
            missing = sorted(draft.laws[row["source"]].keys() - reached) if few else []
            faults += [(place, [self.frameworks[law].applies.when]) for law in missing]
            faults += [(place, self._reasons(one)) for one in findings if one.outcome != "allow"]
        return faults

    def _reasons(self, found: Found) -> list[Condition]:
        """The conditions that could lift a denial."""
        framework = self.frameworks[found.framework]
        bars = [bar.when for bar in framework.bars.values() if bar.id in found.bars]
        return bars or [self.random.choice(list(framework.bases.values())).when]

    def _redraw_one_of(self, draft: _Draft, row: Document, conditions: list[Condition]) -> bool:
        """Draw again one of the facts that some conditions read; whether no facts exclude one another after that."""
        names = [name for condition in conditions for name in facts_in(condition) if draft.drawn(name)]
        if not names:
            return True
        name = self.random.choice(names)
        draft.redraw(name, row)
        return name not in self.exclusive or not any(True for row in draft.rows for _ in self._clashes(row))

    def _verdict(self, draft: _Draft) -> Verdict:
        return self.decider.decide({"as_of": DAY, "request": "draft", "rows": draft.rows})

    def _untangle(self, draft: _Draft) -> bool:
        """Draw again what excludes one another; whether there was anything."""
        found = False
        for row in draft.rows:
            for condition in self._clashes(row):
                found = True
                self._redraw_one_of(draft, row, [condition])
        return found

    def _clashes(self, row: Mapping[str, Any]) -> Iterator[Condition]:
        leg = Leg(Row.model_construct(**row), (), self.policies)
        for group in self.policies.exclusive:
            true = [condition for condition in group if evaluate(condition, leg).truth is not False]
            if len(true) > 1:
                yield self.random.choice(true)
