"""Every engine decides every request alike: outcomes, bases, what failed, clauses, what travels with the data.

Random requests with unknown facts, under random policies, are decided by the interpreter, which is the measure, and by
all others. Requests on which two engines once disagreed are kept in `tests/disagreements`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("opa_client")
pytest.importorskip("pyarrow")
pytest.importorskip("z3")

from benchmarks.opa import opa, opa_server
from engine.backends.columns.program import compiled
from engine.backends.generated import Decider
from engine.rows import facts_read, rows
from tests.engines import Agreement
from tests.opa import Loader
from tests.strategies import TRAITS, World, families, json_text, read_worlds, traits, worlds
from tests.writing import attempt

FAMILY = 4
"""How many requests are drawn for each policy set."""
TIMES = 30
"""How many times each is decided: as drawn, and with more of its open facts stated."""
FAMILIES = settings().max_examples // 2
DECISIONS = FAMILIES * 42
"""How many different requests that makes at least: 2,000 as a rule, 100,000 in the thorough profile."""

SEEDS = st.integers(0, 2**32)
"""One number for all choices among requests: hypothesis remembers every number that it draws."""

DISAGREEMENTS = Path(__file__).parent / "disagreements"


@pytest.fixture(scope="module")
def agreement() -> Iterator[Agreement]:
    if opa() is None:
        pytest.skip("there is no opa program")
    with opa_server([]) as url:
        yield Agreement(Loader(url))


def requests(family: Sequence[World], random: Random) -> list[World]:
    """The requests as drawn, and others that state more of what they leave open; no two alike."""
    found = {json_text(world.request): world for world in family}
    for world in family:
        for _ in range(TIMES - 1):
            some = random.sample(world.open, min(random.randint(0, len(world.open)) for _ in range(2)))
            chosen = {fact.fact: (fact, random.choice(fact.to_state)) for fact in some}
            other = world.stating(list(chosen.values()))
            found.setdefault(json_text(other.request), other)
    return list(found.values())


def test_all_engines_agree(agreement: Agreement) -> None:
    seen = Counter[str]()
    began = perf_counter()

    @settings(max_examples=FAMILIES)
    @given(families(FAMILY, completions=10_000), SEEDS)
    def agree(family: list[World], seed: int) -> None:
        seen.update(trait for world in family for trait in traits(world))
        seen["policy sets"] += 1
        agreement.check(requests(family, Random(seed)))

    agree()
    print(f"{agreement.requests:,} requests under {seen['policy sets']:,} policy sets,", end=" ")
    print(
        f"{agreement.findings:,} findings, {agreement.solved:,} requests solved, {perf_counter() - began:,.0f} seconds"
    )
    print({trait: f"{seen[trait] / seen['policy sets'] / FAMILY:.1%}" for trait in TRAITS})
    assert agreement.requests >= DECISIONS
    assert agreement.solved > agreement.requests / 10
    assert [trait for trait in TRAITS if seen[trait] < 0.01 * seen["policy sets"] * FAMILY] == []


@pytest.mark.parametrize("name", sorted(path.name for path in DISAGREEMENTS.glob("*.yaml")))
def test_where_engines_once_disagreed_they_agree(agreement: Agreement, name: str) -> None:
    agreement.check(read_worlds((DISAGREEMENTS / name).read_text(encoding="utf-8")))


@settings(max_examples=20)
@given(worlds(), SEEDS)
def test_a_null_is_a_fact_that_nobody_stated(world: World, seed: int) -> None:
    for one in requests([world], Random(seed)):
        found = rows(one.policies, one.asked)
        stated = found.model_dump(mode="json")
        decider = Decider(compiled(one.policies), found.as_of, found.deployment)
        verdict, problems = attempt(lambda: decider.decide(stated))  # noqa: B023 called at once
        for row in stated["rows"]:
            open_ = {name: None for name in facts_read(one.policies) if name not in row["does_not_apply"]}
            row["facts"] = {**open_, **row["facts"]}
        same, alike = attempt(lambda: decider.decide(stated))  # noqa: B023 called at once
        assert same == verdict
        assert [problem.code for problem in alike] == [problem.code for problem in problems]
