"""Small formulas over unknown facts: the search finds values where there are some, and only then."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import product

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from engine.backends.columns import trees
from engine.backends.columns.trees import Joined, Leaf, Limit, Limits, Negated, TooMuchError, Tree

VARIABLES = range(4)
EVERY = 0b111
"""Each variable has three values."""

leaves = st.builds(Leaf, st.sampled_from(VARIABLES), st.integers(1, EVERY - 1), st.just(EVERY))


def _grown(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(parts, min_size=1, max_size=3)
    counted = st.tuples(st.integers(1, 3), several).map(lambda drawn: trees.at_least(*drawn))
    return parts.map(trees.negated) | several.map(trees.every) | several.map(trees.some) | counted


formulas = st.recursive(leaves | st.booleans(), _grown, max_leaves=8)


def true(tree: Tree, values: Mapping[Hashable, int]) -> bool:
    """The truth of a formula when every variable has a value."""
    if isinstance(tree, Leaf):
        return bool(1 << values[tree.variable] & tree.mask)
    if isinstance(tree, Negated):
        return not true(tree.part, values)
    if isinstance(tree, Joined):
        return sum(true(part, values) for part in tree.parts) >= tree.least
    return tree


def limits(kept_false: Iterable[Tree], *, known: bool = True) -> Limits:
    """Limits that know what they may read, or do not."""
    return Limits(Limit(VARIABLES if known else None, lambda tree=tree: tree) for tree in kept_false)  # type: ignore[misc]


@given(st.lists(st.tuples(formulas, st.booleans()), max_size=3), st.lists(formulas, max_size=3), st.booleans())
def test_values_are_found_where_there_are_some(
    goals: list[tuple[Tree, bool]], kept_false: list[Tree], known: bool
) -> None:
    every: Iterator[dict[Hashable, int]] = (
        dict(enumerate(values)) for values in product(range(3), repeat=len(VARIABLES))
    )
    worlds = [world for world in every if not any(true(tree, world) for tree in kept_false)]
    found = limits(kept_false, known=known)
    assert found.consistent() is bool(worlds)
    if worlds:
        right = any(all(true(tree, world) is wanted for tree, wanted in goals) for world in worlds)
        event(f"found: {right}")
        assert found.satisfiable(goals) is right


def test_limits_that_read_nothing_of_what_is_asked_are_left_alone() -> None:
    asked, far = Leaf(0, 1, EVERY), Leaf(1, 1, EVERY)
    found = Limits([Limit([1], lambda: pytest.fail("it was asked for"))])
    assert found.satisfiable([(asked, True)])
    assert [tree for tree, _ in Limits([Limit([1], lambda: far)]).near([(far, True)])] == [far]


def test_a_limit_brings_those_that_it_is_tied_to() -> None:
    """Of 0 and 1, of 1 and 2, of 2 and 3 one is false: asked of 0, all of them may bear on it."""
    one_of_two = [trees.every([Leaf(n, 1, 3), Leaf(n + 1, 1, 3)]) for n in range(3)]
    found = Limits(Limit([n, n + 1], lambda tree=tree: tree) for n, tree in enumerate(one_of_two))  # type: ignore[misc]
    assert len(found.near([(Leaf(0, 1, 3), True)])) == 3


def test_a_question_that_is_too_large_is_given_up() -> None:
    """Eight pigeons and seven holes, each hole of one pigeon: there is no place for all."""
    at = {(pigeon, hole): Leaf(pigeon, 1 << hole, 0b1111111) for pigeon in range(8) for hole in range(7)}
    shared = [
        trees.every([at[one, hole], at[other, hole]]) for hole in range(7) for one in range(8) for other in range(one)
    ]
    with pytest.raises(TooMuchError):
        limits(shared, known=False).consistent()
