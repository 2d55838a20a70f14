"""Small formulas over unknown facts, and an exact search for values that make some of them true and others false.

The search splits the values of one variable by a test at a time and looks at the formulas anew (after M. Davis,
G. Logemann and D. Loveland, 1962, with domains in place of truth values). It is meant for formulas of a few variables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple


class Leaf(NamedTuple):
    """True where the value of a variable is in a mask, false elsewhere; `every` is the mask of all its values."""

    variable: Hashable
    mask: int
    every: int


class Negated(NamedTuple):
    """True where its part is false."""

    part: Tree


class Joined(NamedTuple):
    """True where so many of its parts are."""

    least: int
    parts: tuple[Tree, ...]


Tree = bool | Leaf | Negated | Joined
Goal = tuple[Tree, bool]
"""A formula, and the truth that is wanted of it."""
MOST = 1_000
"""How often values are split before a question is left to a better solver."""


class TooMuchError(Exception):
    """The question is too large for this search."""


def leaf(variable: Hashable, mask: int, every: int) -> Tree:
    """True where the value of a variable is in a mask."""
    return Leaf(variable, mask, every) if mask and mask != every else bool(mask)


def negated(part: Tree) -> Tree:
    """True where the part is false."""
    return not part if isinstance(part, bool) else Negated(part)


def every(parts: Iterable[Tree]) -> Tree:
    """True where all parts are."""
    found = tuple(parts)
    return at_least(len(found), found)


def some(parts: Iterable[Tree]) -> Tree:
    """True where a part is."""
    return at_least(1, tuple(parts))


def at_least(least: int, parts: Sequence[Tree]) -> Tree:
    """True where so many of the parts are."""
    left = least - sum(part is True for part in parts)
    open_ = tuple([part for part in parts if not isinstance(part, bool)])
    if left <= 0 or left > len(open_):
        return left <= 0
    return open_[0] if len(open_) == 1 else Joined(left, open_)


class Limit(NamedTuple):
    """A formula that must be false whatever is asked, and the variables that it may read; None if that is not known."""

    variables: Collection[Hashable] | None
    tree: Callable[[], Tree]


class Limits:
    """Formulas that must be false whatever is asked."""

    def __init__(self, limits: Iterable[Limit]) -> None:
        self.limits = list(limits)

    def near(self, goals: Iterable[Goal]) -> list[Goal]:
        """Those that bear on some formulas; the others can be kept whatever these come to."""
        read = {variable for tree, _ in goals for variable in _variables(tree)}
        found, waiting, more = list[Goal](), self.limits, True
        while more:
            near = [limit for limit in waiting if _meets(limit, read)]
            waiting = [limit for limit in waiting if not _meets(limit, read)]
            trees = [limit.tree() for limit in near]
            read.update(*(_variables(tree) for tree in trees))
            found += [(tree, False) for tree in trees]
            more = bool(near)
        return found

    def satisfiable(self, goals: Sequence[Goal]) -> bool:
        """Whether some values give every formula its truth and keep the limits. Raises `TooMuchError`.

        The limits alone must be known to leave some.
        """
        return _Search().run([*goals, *self.near(goals)])

    def consistent(self) -> bool:
        """Whether any values keep the limits. Raises `TooMuchError`."""
        return all(self.satisfiable([(limit.tree(), False)]) for limit in self.limits)


def _meets(limit: Limit, read: set[Hashable]) -> bool:
    return limit.variables is None or not read.isdisjoint(limit.variables)


def _variables(tree: Tree) -> Iterator[Hashable]:
    if isinstance(tree, Leaf):
        yield tree.variable
    elif not isinstance(tree, bool):
        for part in (tree.part,) if isinstance(tree, Negated) else tree.parts:
            yield from _variables(part)


class _Goal(NamedTuple):
    tree: Tree
    wanted: bool
    variables: frozenset[Hashable]
    """All that the formula reads, or read when less was known."""


class _Search:
    def __init__(self) -> None:
        self.splits = 0

    def run(self, goals: Iterable[Goal]) -> bool:
        """Whether all goals can be reached."""
        waiting = []
        for tree, wanted in goals:
            if isinstance(tree, bool):
                if tree is not wanted:
                    return False
            else:
                waiting.append(_Goal(tree, wanted, frozenset(_variables(tree))))
        return self._found(waiting, {})

    def _found(self, goals: list[_Goal], have: dict[Hashable, int]) -> bool:
        if not goals:
            return True
        self.splits += 1
        if self.splits > MOST:
            raise TooMuchError
        (variable, mask, whole), wanted = _leaf(goals[0].tree, goals[0].wanted)
        known = have.get(variable, whole)
        passing, failing = known & mask, known & ~mask
        for part in (passing, failing) if wanted else (failing, passing):
            left = _left(goals, variable, part)
            if left is not None and self._found(left, {**have, variable: part}):
                return True
        return False


def _left(goals: list[_Goal], variable: Hashable, known: int) -> list[_Goal] | None:
    """The goals that are still open once a variable is known to be in a mask; None where one is missed."""
    found = []
    for goal in goals:
        if variable not in goal.variables:
            found.append(goal)
            continue
        tree = _assuming(goal.tree, variable, known)
        if not isinstance(tree, bool):
            found.append(goal._replace(tree=tree))
        elif tree is not goal.wanted:
            return None
    return found


def _assuming(tree: Tree, variable: Hashable, known: int) -> Tree:
    """What is left of a formula once a variable is known to be in a mask."""
    if isinstance(tree, Leaf):
        if tree.variable != variable:
            return tree
        passing = known & tree.mask
        return tree if passing and passing != known else bool(passing)
    if isinstance(tree, Joined):
        return at_least(tree.least, [_assuming(part, variable, known) for part in tree.parts])
    return tree if isinstance(tree, bool) else negated(_assuming(tree.part, variable, known))


def _leaf(tree: Tree, wanted: bool) -> tuple[Leaf, bool]:
    """The first leaf of a formula, and the truth of it that helps."""
    while not isinstance(tree, Leaf):
        assert not isinstance(tree, bool), "a constant is decided"
        if isinstance(tree, Negated):
            tree, wanted = tree.part, not wanted
        else:
            tree = tree.parts[0]
    return tree, wanted
