"""Whether the facts of a row may contradict each other; where they may, the exact engine has to look."""

from __future__ import annotations

from collections.abc import Sequence

from engine.backends.columns.program import Program
from engine.backends.exclusions import WayOut, ways_out
from engine.backends.generated.source import Get, together, truths
from engine.facts import Truth


class Exclusions:
    """The groups of conditions of which at most one can hold."""

    def __init__(self, program: Program) -> None:
        self.together = together(program, program.exclusive)
        self.truths = truths(program, [step for group in program.exclusive for step in group])
        self.ways_out = ways_out(program.policies)

    def entangled(self, get: Get, besides: Get) -> bool:
        """Whether what is stated may leave no possible world."""
        if not self.together(get, besides):
            return False
        found, start = self.truths(get, besides), 0
        for group in self.ways_out:
            if _may_clash(found[start : start + len(group)], group, get):
                return True
            start += len(group)
        return False


def _may_clash(truths: Sequence[Truth], group: Sequence[WayOut], get: Get) -> bool:
    """Whether two conditions may hold of which neither can surely give way."""
    possible = [(truth, way) for truth, way in zip(truths, group, strict=True) if truth is not False]
    return len([way for truth, way in possible if not _yields(truth, way, get)]) > 1


def _yields(truth: Truth, way: WayOut, get: Get) -> bool:
    return truth is None and bool(way.fact) and (way.any_state or get(way.fact) is None)
