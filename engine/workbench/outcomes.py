"""What comes of a disclosure, as facts: which frameworks govern and permit it, and which bases open it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.completions import Formula, conjunction, proven
from engine.conditions import Reading
from engine.decisions import Judge
from engine.facts import CodeSet
from engine.graph import Disclosure
from engine.invariants import ALLOWED, GOVERNED, OPENED

_OF = "outcome of "


@dataclass(eq=False)
class Outcomes:
    """The outcomes of every disclosure of a judged request."""

    judge: Judge
    known: dict[str, dict[str, dict[str, Formula]]] = field(default_factory=dict)

    def link(self, reading: Reading, code: str) -> Formula | None:
        """The formula behind an outcome, or behind a fact that earlier answers decide."""
        if not reading.about.startswith(_OF):
            return self.judge.link(reading, code)
        return self.of(reading.about.removeprefix(_OF))[reading.name].get(code)

    def disclosure(self, id_: str) -> Disclosure:
        """The disclosure of that id."""
        return self.judge.disclosures[f"disclosure {id_}"]

    def of(self, disclosure: str) -> dict[str, dict[str, Formula]]:
        """By fact and code, on a disclosure: the formula that is true where the code is in the set."""
        if disclosure not in self.known:
            here = {f.framework.framework: f for f in self.judge.findings if f.disclosure.id == disclosure}
            self.known[disclosure] = {
                GOVERNED: {name: proven(finding.applies) for name, finding in here.items()},
                ALLOWED: {n: conjunction([proven(f.applies), f.permitted]) for n, f in here.items()},
                OPENED: {basis.id: opens for basis, opens in self.judge.opened[disclosure]},
            }
        return self.known[disclosure]


@dataclass(frozen=True)
class WithOutcomes:
    """The facts of a disclosure with its outcomes."""

    disclosure: Disclosure
    outcomes: Outcomes

    def __getitem__(self, name: str) -> Reading:
        if name not in (GOVERNED, ALLOWED, OPENED):
            return self.disclosure[name]
        formulas = self.outcomes.of(self.disclosure.id)[name]
        has = frozenset(code for code, formula in formulas.items() if formula.truth is True)
        may = frozenset(code for code, formula in formulas.items() if formula.truth is None)
        return Reading(name, f"{_OF}{self.disclosure.id}", CodeSet(has, may), "")
