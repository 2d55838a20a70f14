"""The solver's formulas mean what the engine means, over every kind of fact; what it finds can be written down."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from datetime import date

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

pytest.importorskip("z3")

from engine.backends.smt import Encoding, Found
from engine.completions import ContradictionError, Formula, Settler, open_proof, opposite, proven
from engine.conditions import Builder, Reading
from engine.decisions import Decision, Judge, decide, examine
from engine.documents import Document, parse
from engine.requests import check_request
from engine.workbench.outcomes import Outcomes
from engine.workbench.situations import WAYS, Question, situations, state
from tests.strategies import World, worlds
from tests.writing import attempt, document, finding, law, policies

DAY = date(2026, 11, 23)

# The same answers -----------------------------------------------------------------------------------------------------


def judged(world: World) -> Judge:
    """A drawn request with nothing settled; one that contradicts itself is of no use here."""
    request = check_request(Document("request", world.request), world.policies)
    judge, _ = attempt(lambda: examine(world.policies, request))
    assume(judge is not None)
    assert judge is not None
    return judge


def settled(judge: Judge, formula: Formula) -> bool | None:
    settler = Settler([formula], judge.constraints, judge.policies.vocabulary, judge.link)
    try:
        settler.check_consistent()
    except ContradictionError:
        assume(False)
    return settler.answer([formula]).truth


@settings(max_examples=60)
@given(worlds())
def test_the_solver_and_the_engine_agree_on_what_can_be_permitted(world: World) -> None:
    judge = judged(world)
    limits = [limit for limit in judge.constraints if limit.truth is None]
    encoding = Encoding(world.policies.vocabulary, judge.link)
    for i, found in enumerate(judge.findings):
        truth = settled(judge, found.permitted)
        event(f"permitted: {truth}")
        sides = {(i, True): found.permitted, (i, False): opposite(found.permitted)}
        possible = encoding.possible(sides, limits)
        assert possible == {(i, side) for side in (True, False) if truth in (side, None)}


def stating(world: World, values: Iterable[tuple[Reading, Found]]) -> Decision | None:
    """The decision where some facts have these values; None where facts exclude one another as stated."""
    data = deepcopy(world.request)
    for reading, value in values:
        state(data, reading, value)
    decision, problems = attempt(
        lambda: decide(world.policies, check_request(Document("request", data), world.policies))
    )
    assert {problem.code for problem in problems} <= {"excluded"}, problems
    return decision


@settings(max_examples=60)
@given(worlds(), st.booleans())
def test_what_the_solver_finds_is_decided_as_it_says(world: World, wanted: bool) -> None:
    assume(not any("request" in flow for flow in world.request["flows"]))  # the same fact at two places
    judge = judged(world)
    limits = [limit for limit in judge.constraints if limit.truth is None]
    encoding = Encoding(world.policies.vocabulary, judge.link)
    for found in judge.findings:
        formula = found.permitted if wanted else opposite(found.permitted)
        if formula.truth is not None:
            continue
        model = encoding.model(formula, limits)
        if model is None:
            continue
        event("an example")
        outcomes = ("allow", "not_applicable") if wanted else ("deny",)
        whole = stating(world, encoding.values(model, encoding.read_by([formula, *limits])).values())
        assert whole is not None
        assert finding(whole, found.disclosure.id, found.framework.framework).outcome in outcomes
        few = stating(world, encoding.values(model, encoding.needed(formula, limits, model)).values())
        if few is not None:  # a set of which only some codes are stated may run into an exclusion
            event("with few facts")
            assert finding(few, found.disclosure.id, found.framework.framework).outcome in outcomes


@settings(max_examples=40)
@given(worlds(), st.sampled_from(list(WAYS)), st.booleans())
def test_every_example_of_a_way_is_a_request_that_the_engine_decides_so(world: World, way: str, wanted: bool) -> None:
    """`example` itself raises where the engine disagrees; here the decision is looked at once more."""
    situation = next(s for s in situations(world.policies, DAY) if s.name == way)
    for found in situation.judge.findings:
        framework, disclosure = found.framework.framework, found.disclosure.id
        example = situation.example(permitted(framework, disclosure, wanted))
        if example is None:
            continue
        event("an example")
        outcome = finding(example.decision, disclosure, framework).outcome
        assert outcome in (("allow", "not_applicable") if wanted else ("deny",))
        read = check_request(parse(example.text), world.policies)
        assert finding(decide(world.policies, read), disclosure, framework).outcome == outcome


def permitted(framework: str, disclosure: str, wanted: bool) -> Question:
    def question(outcomes: Outcomes) -> Formula:
        found = next(
            f for f in outcomes.judge.findings if (f.framework.framework, f.disclosure.id) == (framework, disclosure)
        )
        return found.permitted if wanted else opposite(found.permitted)

    return question


# Single conditions ----------------------------------------------------------------------------------------------------


def possible(*conditions: str) -> set[int]:
    """Which of some conditions can be true, with no fact stated."""
    found = policies()
    encoding = Encoding(found.vocabulary)
    built = []
    for text in conditions:
        source = document(text)
        built.append(open_proof(Builder(source, found.vocabulary, lambda name: None).build(source.data, ())))
    return encoding.possible(dict(enumerate(map(proven, built))), [])


@pytest.mark.parametrize(
    ("condition", "can"),
    [
        ("[{request.signed_on: {before: 2026-01-01}}, {request.signed_on: {after: 2025-12-30}}]", True),
        ("[{request.signed_on: {before: 2026-01-01}}, {request.signed_on: {after: 2025-12-31}}]", False),
        (
            "[{request.signed_on: {after: {fact: request.expires_on}}}, {request.expires_on: {after: 9999-12-30}}]",
            False,
        ),
        ("[{flow.smallest_cell: {at_least: 10}}, {flow.smallest_cell: {at_most: 10}}]", True),
        ("[{flow.smallest_cell: {at_least: 10}}, {flow.smallest_cell: {at_most: 9}}]", False),
        ("[{flow.kept_for: {at_least: 30 days}}, {flow.kept_for: {at_most: 1 month}}]", False),
        ("[{flow.kept_for: {at_least: 30 days}}, {flow.kept_for: {at_most: 800 hours}}]", True),
        ("[{not: {flow.smallest_cell: {at_least: 0}}}, {not: {flow.smallest_cell: {known: true}}}]", True),
        ("[{flow.smallest_cell: 5}, {not: {flow.smallest_cell: {known: true}}}]", False),
        ("[{data.categories: {within: [school]}}, {data.categories: {excludes: school}}]", False),
        ("[{data.categories: {includes_all: [school, wage]}}, {data.categories: {excludes: health}}]", True),
        ("[{request.purpose: {not: [study, audit]}}, {request.purpose: {not: marketing}}]", False),
        ("{at_least: {count: 2, of: [{request.approved: true}, {request.approved: false}]}}", False),
    ],
)
def test_values_are_those_that_facts_can_have(condition: str, can: bool) -> None:
    assert possible(condition) == ({0} if can else set())


def test_an_example_states_what_it_needs_and_no_more() -> None:
    found = law(
        """
        bases:
          study:
            title: A study
            cite: s. 2
            checked: text
            when:
              - request.purpose: study
              - any: [{receiver.trusted: true}, {request.approved: true}]
              - not: {flow.smallest_cell: {at_most: 9}}
        """
    )
    situation = situations(found, DAY)[0]
    example = situation.example(permitted("law", "flow-1/records", True))
    assert example is not None
    assert example.data["purpose"] == "study"
    stated = {**example.data.get("facts", {}), **(example.data["parties"]["RECIPIENT"].get("facts", {}))}
    assert list(stated.values()) == [True]
    assert example.data["flows"][0]["facts"]["smallest_cell"] >= 10
