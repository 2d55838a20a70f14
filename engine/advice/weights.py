"""How hard each kind of change is, on one scale: docs/cures.md explains the table."""

from __future__ import annotations

from typing import Literal

from engine.facts import ChangeKind

MeasureKind = ChangeKind | Literal["element", "dataset", "flow", "overturn", "assume"]

WEIGHTS: dict[MeasureKind, int] = {
    "deliver": 20,
    "plan": 20,
    "promise": 20,
    "sign": 30,
    "element": 30,
    "reduce": 40,
    "aggregate": 50,
    "approve": 50,
    "mend": 80,
    "assume": 100,
    "dataset": 150,
    "flow": 150,
    "recipient": 200,
    "overturn": 200,
    "consent": 300,
}

PARTS: tuple[MeasureKind, ...] = ("element", "dataset", "flow")
"""Measures that leave something out of the request."""

CONDITION = 10
"""What each thing adds in which another recipient must differ from the one named."""

OPENING = 100
"""What an assumption adds that something is so, and not that it is not: it may open what the law keeps closed."""

CODE = 2
"""What each code adds that a set gains or loses: less, for the set is changed at one time."""

ODD = 1
"""What a value adds for each that is preferred to it: a weaker one of its list, or a number that a rule names."""
