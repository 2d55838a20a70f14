"""The answers on a table of rows as an Arrow table: one row for each request, with its findings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.backends.columns.evaluation import LawFound
from engine.backends.columns.planes import Kleene, Plane
from engine.backends.columns.program import Demand, Program
from engine.backends.columns.results import NOBODY, NOT_APPLICABLE, OUTCOMES, UNDETERMINED, Verdicts, demands

Explain = Literal["none", "failed", "full"]
Numbers = npt.NDArray[np.int32]


class Words:
    """The words of a program's answers, each list of them always the same."""

    def __init__(self, program: Program) -> None:
        self.outcomes = list(OUTCOMES)
        self.frameworks = [law.framework.framework for law in program.laws]
        self.names = list(program.names)
        every = [demand for law in program.laws for demand in _demands(law.bases, law.demands)]
        self.clauses = sorted({demand.owed.name for demand in every if demand.owed.kind == "clause"})
        self.required = [*self.names, *dict.fromkeys(f"{demand.owed.name}" for demand in every)]
        self.number = {name: i for i, name in enumerate(self.required)}


def _demands(bases: Sequence[object], own: Sequence[Demand]) -> Iterator[Demand]:
    yield from own
    for basis in bases:
        yield from basis.demands  # type: ignore[attr-defined]
