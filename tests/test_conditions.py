"""Conditions: what each test means, also of facts that are unknown, do not apply, or are known in part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from engine.conditions import (
    OPERATORS,
    All,
    Builder,
    Condition,
    Proof,
    Reading,
    Use,
    evaluate,
    in_words,
    label,
    parts_of,
)
from engine.conditions import Test as Leaf
from engine.conditions import tests_in as leaves
from engine.facts import CodeSet, Truth, Value, all_of, any_of, at_least, negation, read_value
from engine.policies import PolicySet
from tests.writing import document, law, places, policies, problems

POLICIES = policies()


def condition(text: str, policies: PolicySet = POLICIES) -> Condition:
    """The condition that a text writes."""
    found = document(text)
    built = Builder(found, policies.vocabulary, lambda name: None).build(found.data, ())
    found.check()
    return built


@dataclass
class Stating:
    """The facts of a disclosure, as written; the rest is unknown. `[a, b?]` surely has a and may have b."""

    facts: Mapping[str, str]
    policies: PolicySet = POLICIES

    def __getitem__(self, name: str, /) -> Reading:
        return Reading(name, "the request", self.value(name, self.facts.get(name, "unknown")), "the request")

    def value(self, name: str, written: str) -> Value:
        raw = document(re.sub(r", \w+\?|\w+\?", "", written)).data
        read = read_value(self.policies.vocabulary[name], raw, lambda code, message, help: pytest.fail(message))
        may = frozenset(re.findall(r"(\w+)\?", written))
        return read._replace(may=may) if isinstance(read, CodeSet) else read


def proof(text: str, **facts: str) -> Proof:
    """The value of a condition where these facts are stated; `flow_form` stands for `flow.form`."""
    return evaluate(condition(text), Stating({name.replace("_", ".", 1): v for name, v in facts.items()}))


# Tests ----------------------------------------------------------------------------------------------------------------

T, F, U = True, False, None

TRUTH_TABLES: list[tuple[str, dict[str, Truth]]] = [
    ("request.approved: true", {"true": T, "false": F, "unknown": U}),
    ("request.approved: false", {"true": F, "false": T, "unknown": U}),
    ("request.approved: {not: true}", {"true": F, "false": T, "unknown": U}),
    ("request.ethics: waived", {"waived": T, "approved": F, "not_applicable": F, "unknown": U}),
    ("request.ethics: [approved, waived]", {"waived": T, "approved": T, "not_applicable": F, "unknown": U}),
    ("request.ethics: {any_of: [waived]}", {"waived": T, "approved": F, "not_applicable": F, "unknown": U}),
    ("request.ethics: {not: waived}", {"waived": F, "approved": T, "not_applicable": F, "unknown": U}),
    ("request.ethics: {not: [waived, approved]}", {"waived": F, "approved": F, "not_applicable": F, "unknown": U}),
    ("request.ethics: {known: true}", {"waived": T, "approved": T, "not_applicable": F, "unknown": U}),
    ("flow.smallest_cell: 10", {"9": F, "10": T, "10.0": T, "11": F, "not_applicable": F, "unknown": U}),
    ("flow.smallest_cell: {at_least: 10}", {"9.9": F, "10": T, "11": T, "not_applicable": F, "unknown": U}),
    ("flow.smallest_cell: {at_most: 10}", {"9": T, "10": T, "10.1": F, "not_applicable": F, "unknown": U}),
    ("flow.smallest_cell: [5, 10]", {"5": T, "7": F, "10": T, "not_applicable": F, "unknown": U}),
    ("flow.kept_for: 1 day", {"24 hours": T, "2 days": F, "1 business day": F, "unknown": U}),
    ("flow.kept_for: {at_least: 30 days}", {"29 days": F, "5 weeks": T, "1 month": F, "9 months": F, "unknown": U}),
    ("flow.kept_for: {at_most: 30 days}", {"1 hour": T, "30 days": T, "31 days": F, "1 month": F, "unknown": U}),
    ("flow.kept_for: {at_least: 1 year}", {"12 months": T, "11 months": F, "2 years": T, "400 days": F, "unknown": U}),
    (
        "request.expires_on: 2026-06-01",
        {"2026-05-31": F, "2026-06-01": T, "2026-06-02": F, "not_applicable": F, "unknown": U},
    ),
    (
        "request.expires_on: {before: 2026-06-01}",
        {"2026-05-31": T, "2026-06-01": F, "2026-06-02": F, "not_applicable": F, "unknown": U},
    ),
    (
        "request.expires_on: {on_or_before: 2026-06-01}",
        {"2026-05-31": T, "2026-06-01": T, "2026-06-02": F, "not_applicable": F, "unknown": U},
    ),
    (
        "request.expires_on: {after: 2026-06-01}",
        {"2026-05-31": F, "2026-06-01": F, "2026-06-02": T, "not_applicable": F, "unknown": U},
    ),
    (
        "request.expires_on: {on_or_after: 2026-06-01}",
        {"2026-05-31": F, "2026-06-01": T, "2026-06-02": T, "not_applicable": F, "unknown": U},
    ),
    (
        "data.categories: {includes: school}",
        {"[school]": T, "[school, wage]": T, "[wage]": F, "[]": F, "unknown": U, "[wage, school?]": U, "[health?]": F},
    ),
    (
        "data.categories: {includes_any: [school, wage]}",
        {"[school]": T, "[health]": F, "[]": F, "unknown": U, "[wage, school?]": T, "[health, wage?]": U},
    ),
    (
        "data.categories: {any_of: [school, wage]}",
        {"[school]": T, "[health]": F, "[]": F, "unknown": U, "[wage, school?]": T, "[health, wage?]": U},
    ),
    (
        "data.categories: [school, wage]",
        {"[school]": T, "[health]": F, "[]": F, "unknown": U, "[wage, school?]": T, "[health, wage?]": U},
    ),
    (
        "data.categories: {includes_all: [school, wage]}",
        {"[school, wage]": T, "[school]": F, "[]": F, "unknown": U, "[wage, school?]": U, "[wage, health?]": F},
    ),
    (
        "data.categories: {excludes: school}",
        {"[school]": F, "[wage]": T, "[]": T, "unknown": U, "[wage, school?]": U, "[wage, health?]": T},
    ),
    (
        "data.categories: {excludes: [school, wage]}",
        {"[health]": T, "[wage]": F, "[]": T, "unknown": U, "[health, school?]": U, "[wage, school?]": F},
    ),
    (
        "data.categories: {within: [school, wage]}",
        {
            "[school]": T, "[school, wage]": T, "[school, health]": F, "[]": F, "unknown": U,
            "[school, wage?]": T, "[school, health?]": U, "[wage?]": U, "[health, school?]": F,
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("test", "written", "truth"),
    [(test, written, truth) for test, row in TRUTH_TABLES for written, truth in row.items()],
)
def test_what_a_test_says_of_a_value(test: str, written: str, truth: Truth) -> None:
    name = test.partition(":")[0]
    assert evaluate(condition(test), Stating({name: written})).truth is truth


def test_every_operator_has_a_truth_table() -> None:
    operators = {test.operator for text, _ in TRUTH_TABLES for test in leaves(condition(text))}
    assert operators == set(OPERATORS)


def test_a_set_that_does_not_apply_is_empty() -> None:
    policies = law(
        "facts: {request.boards: {type: codes, optional: true, codes: {irb: An ethics board, rab: A board}}}"
    )

    none = Stating({"request.boards": "not_applicable"}, policies)

    def truth(text: str) -> Truth:
        return evaluate(condition(text, policies), none).truth

    assert truth("request.boards: {includes: irb}") is False
    assert truth("request.boards: {excludes: irb}") is True
    assert truth("request.boards: {within: [irb, rab]}") is False


@pytest.mark.parametrize(
    ("signed", "expires", "truth"),
    [
        ("2026-06-01", "2026-06-02", True),
        ("2026-06-02", "2026-06-02", False),
        ("2026-06-03", "2026-06-02", False),
        ("2026-06-01", "not_applicable", False),
        ("2026-06-01", "unknown", None),
        ("unknown", "2026-06-02", None),
        ("unknown", "unknown", None),
    ],
)
def test_two_facts_are_compared_when_both_are_known(signed: str, expires: str, truth: Truth) -> None:
    found = proof(
        "request.signed_on: {before: {fact: request.expires_on}}", request_signed_on=signed, request_expires_on=expires
    )
    assert found.truth is truth
    assert [reading.name for reading in found.readings] == ["request.signed_on", "request.expires_on"]


@pytest.mark.parametrize(
    ("test", "facts", "truth"),
    [
        ("receiver.kind: {fact: sender.kind}", {"receiver.kind": "lab", "sender.kind": "lab"}, True),
        ("receiver.kind: {not: {fact: sender.kind}}", {"receiver.kind": "lab", "sender.kind": "lab"}, False),
        ("receiver.kind: {any_of: {fact: sender.kind}}", {"receiver.kind": "lab", "sender.kind": "agency"}, False),
        ("receiver.kind: {fact: sender.kind}", {"receiver.kind": "lab"}, None),
    ],
)
def test_codes_of_two_facts_are_compared(test: str, facts: dict[str, str], truth: Truth) -> None:
    assert evaluate(condition(test), Stating(facts)).truth is truth


# Combinations ---------------------------------------------------------------------------------------------------------

WRITTEN = {True: "true", False: "false", None: "unknown"}


@pytest.mark.parametrize("truths", list(product([True, None, False], repeat=3)))
def test_conditions_combine_by_three_valued_logic(truths: tuple[Truth, ...]) -> None:
    names = ["request_approved", "receiver_trusted", "data_sensitive"]
    facts = {name: WRITTEN[truth] for name, truth in zip(names, truths, strict=True)}
    parts = "[{request.approved: true}, {receiver.trusted: true}, {data.sensitive: true}]"
    assert proof(parts, **facts).truth is all_of(truths)
    assert proof(f"all: {parts}", **facts).truth is all_of(truths)
    assert proof(f"any: {parts}", **facts).truth is any_of(truths)
    assert proof(f"not: {{any: {parts}}}", **facts).truth is negation(any_of(truths))
    assert proof(f"at_least: {{count: 2, of: {parts}}}", **facts).truth is at_least(2, truths)


def test_a_proof_has_the_shape_of_its_condition() -> None:
    found = proof(
        """
        - {id: form, flow.form: [coded, aggregate], cite: s. 2(a), checked: summary}
        - not: {receiver.trusted: false}
          says: The receiver is not distrusted
        """,
        flow_form="coded",
    )
    assert isinstance(found.condition, All)
    first, second = found.parts
    assert (label(first.condition), first.truth, first.condition.cite) == ("form", True, "s. 2(a)")
    assert [(r.name, r.value) for r in first.readings] == [("flow.form", "coded")]
    assert (second.truth, second.condition.says) == (None, "The receiver is not distrusted")
    assert [part.condition for part in second.parts] == list(parts_of(second.condition))


def test_a_definition_stands_for_its_condition() -> None:
    policies = law("""
        definitions:
          safe:
            says: The data are safe
            cite: s. 2
            checked: text
            when: {any: [{flow.form: aggregate}, {data.sensitive: false}]}
        bases:
          any: {title: Any, cite: s. 1, checked: text, when: {not: {definition: safe}}}
        """)
    use = parts_of(policies.bases()["law.basis.any"].when)[0]
    assert isinstance(use, Use)
    assert (use.name, use.part.cite, in_words(use)) == ("safe", "s. 2", "The data are safe")
    assert evaluate(use, Stating({"flow.form": "aggregate"})).truth is True
    assert [test.fact for test in leaves(use)] == ["flow.form", "data.sensitive"]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("{id: aim, request.purpose: study}", "aim", "request.purpose is study"),
        ("request.purpose: [study, audit]", "request.purpose", "request.purpose is one of study, audit"),
        ("request.approved: true", "request.approved", "request.approved is true"),
        ("{request.approved: true, says: Approved}", "request.approved", "Approved"),
        (
            "request.signed_on: {after: {fact: request.date}}",
            "request.signed_on",
            "request.signed_on is after request.date",
        ),
        ("request.signed_on: {before: 2026-06-01}", "request.signed_on", "request.signed_on is before 2026-06-01"),
        ("flow.kept_for: {at_most: 30 days}", "flow.kept_for", "flow.kept_for is at most 30 days"),
        ("not: {data.sensitive: true}", "not data.sensitive", "not: data.sensitive is true"),
        ("[{data.sensitive: true}]", "all", "all of these hold"),
        ("any: [{data.sensitive: true}]", "any", "one of these holds"),
        ("at_least: {count: 1, of: [{data.sensitive: true}]}", "at_least", "at least 1 of these hold"),
    ],
)
def test_what_a_condition_is_called_and_how_it_reads(text: str, name: str, words: str) -> None:
    found = condition(text)
    assert label(found) == name
    assert in_words(found) == words


# Mistakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "help"),
    [
        ("request.aproved: true", "1:1 unknown-fact", 'did you mean "request.approved"?'),
        ("party.kind: lab", "1:1 unknown-fact", 'did you mean "'),
        ("al: [{request.approved: true}]", "1:1 unknown-fact", 'did you mean "all"?'),
        ("flow.form: identifed", "1:12 unknown-code", 'did you mean "identified"?'),
        ("flow.form: [coded, identifed]", "1:12 unknown-code", 'did you mean "identified"?'),
        ("request.approved: yes please", "1:19 wrong-kind", ""),
        ("request.signed_on: {bfore: 2026-06-01}", "1:20 unknown-operator", 'did you mean "before"?'),
        ("request.signed_on: {at_least: 2026-06-01}", "1:20 wrong-operator", "tests for it: any_of, before, after"),
        ("data.categories: {is: school}", "1:18 wrong-operator", "includes"),
        ("data.categories: school", "1:18 wrong-operator", "includes"),
        ("data.categories: {includes: [school, wage]}", "1:18 bad-value", "includes_any"),
        ("request.approved: {known: true}", "1:19 wrong-operator", ""),
        ("request.ethics: {known: false}", "1:17 bad-value", ""),
        ("flow.form: []", "1:12 bad-value", ""),
        ("request.signed_on: {after: {fact: request.expire_on}}", "1:20 unknown-fact", '"request.expires_on"'),
        ("request.signed_on: {after: {fact: request.approved}}", "1:20 wrong-operator", ""),
        ("data.categories: {includes: {fact: data.categories}}", "1:18 wrong-operator", ""),
        ("definition: safe", "1:13 unknown-definition", ""),
        ("{request.approved: true, data.sensitive: true}", "1:1 one-test", "list item"),
        ("{id: nothing, says: Nothing}", "1:1 one-test", ""),
        ("any: {request.approved: true}", "1:6 wrong-kind", ""),
        ("all: []", "1:6 wrong-kind", ""),
        ("at_least: [{request.approved: true}]", "1:11 wrong-kind", ""),
        ("at_least: {count: 2, of: [{request.approved: true}]}", "1:19 bad-value", ""),
        ("at_least: {count: 0, of: [{request.approved: true}]}", "1:19 bad-value", ""),
        ("at_least: {count: true, of: [{request.approved: true}]}", "1:11 wrong-kind", ""),
        ("{request.approved: true, says: 5}", "1:32 wrong-kind", ""),
        ("{request.approved: true, checked: txt}", "1:35 unknown-code", 'did you mean "text"?'),
    ],
)
def test_a_mistake_is_told_at_its_place_with_help(text: str, place: str, help: str) -> None:
    (problem,) = problems(lambda: condition(text))
    assert places([problem]) == [place]
    assert help in problem.help


@pytest.mark.parametrize("name", ["request.approved", "request.ethics", "data.categories", "request.signed_on",
                                  "flow.smallest_cell", "flow.kept_for"])  # fmt: skip
@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_tests_only_facts_of_its_types(operator: str, name: str) -> None:
    right: dict[str, Any] = {
        "request.approved": "true", "request.ethics": "waived", "data.categories": "school",
        "request.signed_on": "2026-06-01", "flow.smallest_cell": "10", "flow.kept_for": "30 days",
    }  # fmt: skip
    text = f"{name}: {{{operator}: {'true' if operator == 'known' else right[name]}}}"
    if POLICIES.vocabulary[name].fact.type in OPERATORS[operator] and not (
        operator == "known" and not POLICIES.vocabulary[name].optional
    ):
        assert isinstance(condition(text), Leaf)
    else:
        (problem,) = problems(lambda: condition(text))
        assert problem.code == "wrong-operator"
        assert name in problem.message


def test_every_mistake_in_a_condition_is_told_at_once() -> None:
    found = problems(
        lambda: condition("""
            all:
              - request.aproved: true
              - any:
                  - flow.form: secret
                  - not: {definition: safe}
              - 5
            """)
    )
    assert places(found) == ["2:5 unknown-fact", "4:20 unknown-code", "5:27 unknown-definition", "6:5 wrong-kind"]
