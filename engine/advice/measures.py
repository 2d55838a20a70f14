"""Measures: the single changes that a cure is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.advice.weights import MeasureKind
from engine.completions import FactKey
from engine.facts import Value

Theme = tuple[str, str]
"""What measures share that are variations of one another: their kind, and what they are about."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing to change, or to assume. `subject` is what it is about: `flow to-hub`, `dataset wages`.

    `fact` and `new` are for measures that give a fact another value; `part` names what is left out, signed or granted.
    """

    kind: MeasureKind
    subject: str
    cost: int
    fact: FactKey | None = None
    name: str = ""
    old: Value | None = None
    new: Value | None = None
    part: tuple[Any, ...] = ()

    @property
    def theme(self) -> Theme:
        """What it shares with its variations."""
        return (self.kind, self.subject)
