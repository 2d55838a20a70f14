"""Every engine decides every request alike: outcomes, bases, what failed, clauses.

Random policies and requests with unknown facts are decided by the interpreter, which is the measure, and by the others.
Requests on which two engines once disagreed are kept in `DISAGREED`.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st

from engine.backends.columns.program import compiled
from engine.backends.generated import Decider, Found
from engine.decisions import Decision, Finding, decide
from engine.documents import Document
from engine.policies import PolicySet
from engine.requests import check_request
from engine.rows import Rows, facts_read, rows
from tests.strategies import World, worlds
from tests.writing import attempt

REQUESTS = 10
"""How many requests are decided under each policy set."""


class Answer(NamedTuple):
    """What an engine says of a request: of each row, the frameworks that reach it."""

    outcome: str
    ready: bool
    rows: tuple[tuple[Found, ...], ...]


def requests(world: World, random: Random) -> Iterator[World]:
    """The request as drawn, and others that state more of what it leaves open."""
    yield world
    for _ in range(REQUESTS - 1):
        some = random.sample(world.open, random.randint(0, len(world.open)))
        chosen = {fact.fact: (fact, random.choice(fact.to_state)) for fact in some}
        yield world.stating(list(chosen.values()))


def interpreted(decision: Decision) -> Answer:
    """The interpreter's answer."""
    by_row: dict[str, list[Found]] = {finding.disclosure.id: [] for finding in decision.findings}
    for finding in decision.findings:
        if finding.outcome != "not_applicable":
            by_row[finding.disclosure.id].append(found(finding))
    return Answer(decision.outcome, decision.ready, tuple(map(tuple, by_row.values())))


def generated(policies: PolicySet, asked: Rows) -> Answer:
    """The answer of generated Python."""
    verdict = Decider(compiled(policies), asked.as_of, asked.deployment).decide(asked.model_dump(mode="json"))
    return Answer(verdict.outcome, verdict.ready, verdict.rows)


def found(finding: Finding) -> Found:
    """A finding of the interpreter in the form of the other engines."""
    clauses = [duty.requirement.name for duty in finding.all_duties if duty.requirement.kind == "clause"]
    return Found(
        framework=finding.framework.framework,
        outcome=finding.outcome,
        basis=finding.used.basis.id if finding.used else None,
        bases=tuple(b.basis.id for b in finding.bases if b.permits.truth is True),
        maybe=tuple(b.basis.id for b in finding.bases if b.permits.truth is None),
        bars=tuple(bar.id for bar in finding.holding),
        maybe_bars=tuple(bar.id for bar, proof in finding.bars if proof.truth is None),
        failed=finding.failed,
        clauses=tuple(dict.fromkeys(clauses)),
    )


@settings(max_examples=60)
@given(worlds(), st.randoms(use_true_random=False))
def test_all_engines_agree(world: World, random: Random) -> None:
    for one in requests(world, random):
        asked = check_request(Document("request", one.request), one.policies)
        decision, problems = attempt(lambda: decide(one.policies, asked))  # noqa: B023 called at once
        as_rows = rows(one.policies, asked)
        answer, same = attempt(lambda: generated(one.policies, as_rows))  # noqa: B023 called at once
        assert {problem.code for problem in same} == {problem.code for problem in problems}
        if decision is not None:
            event(decision.outcome)
            assert answer == interpreted(decision)


@settings(max_examples=20)
@given(worlds(), st.randoms(use_true_random=False))
def test_a_null_is_a_fact_that_nobody_stated(world: World, random: Random) -> None:
    for one in requests(world, random):
        found = rows(one.policies, check_request(Document("request", one.request), one.policies))
        stated = found.model_dump(mode="json")
        decider = Decider(compiled(one.policies), found.as_of, found.deployment)
        verdict, problems = attempt(lambda: decider.decide(stated))  # noqa: B023 called at once
        for row in stated["rows"]:
            open_ = {name: None for name in facts_read(one.policies) if name not in row["does_not_apply"]}
            row["facts"] = {**open_, **row["facts"]}
        same, alike = attempt(lambda: decider.decide(stated))  # noqa: B023 called at once
        assert same == verdict
        assert [problem.code for problem in alike] == [problem.code for problem in problems]
