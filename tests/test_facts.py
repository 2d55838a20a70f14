"""Facts: three-valued truth, declarations, and the values that documents state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import product
from typing import Any

import pytest

from engine.facts import (
    Absence,
    CodeSet,
    Duration,
    Statement,
    Truth,
    Value,
    all_of,
    any_of,
    at_least,
    negation,
    printable,
    read_facts,
)
from engine.policies import compile_policies
from tests.writing import VOCABULARY, document, law, places, policies, problems

TRUTHS: tuple[Truth, ...] = (True, None, False)

# Truth ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (True, True, True, True),
        (True, None, None, True),
        (True, False, False, True),
        (None, None, None, None),
        (None, False, False, None),
        (False, False, False, False),
    ],
)
def test_a_false_part_settles_a_conjunction_and_a_true_part_a_disjunction(
    one: Truth, other: Truth, both: Truth, either: Truth
) -> None:
    assert all_of([one, other]) is all_of([other, one]) is both
    assert any_of([one, other]) is any_of([other, one]) is either


def test_of_nothing_all_hold_and_none_does() -> None:
    assert all_of([]) is True
    assert any_of([]) is False


def test_the_opposite_of_unknown_is_unknown() -> None:
    assert [negation(truth) for truth in TRUTHS] == [False, None, True]


@pytest.mark.parametrize("values", list(product(TRUTHS, repeat=3)))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_counting_is_what_every_way_to_settle_the_unknown_says(count: int, values: tuple[Truth, ...]) -> None:
    ways = product(*[[True, False] if value is None else [value] for value in values])
    answers = {sum(way) >= count for way in ways}
    assert at_least(count, values) is (answers.pop() if len(answers) == 1 else None)


# Values ---------------------------------------------------------------------------------------------------------------


def stated(text: str, owner: Any = "request") -> Mapping[str, Statement]:
    """The facts that a document states of an owner."""
    found = document(text, file="request.yaml")
    statements = read_facts(found, found.data, (), policies().vocabulary.stated_under(owner))
    found.check()
    return statements


@pytest.mark.parametrize(
    ("owner", "written", "value"),
    [
        ("request", "approved: true", True),
        ("request", "ethics: waived", "waived"),
        ("request", "signed_on: 2026-01-31", date(2026, 1, 31)),
        ("flow", "smallest_cell: 10", 10),
        ("flow", "smallest_cell: 2.5", 2.5),
        ("data", "categories: [school, wage]", CodeSet(frozenset({"school", "wage"}))),
        ("data", "categories: school", CodeSet(frozenset({"school"}))),
        ("data", "categories: []", CodeSet(frozenset())),
        ("request", "approved: unknown", Absence.NOT_KNOWN),
        ("data", "categories: unknown", Absence.NOT_KNOWN),
        ("request", "ethics: not_applicable", Absence.DOES_NOT_APPLY),
    ],
)
def test_a_stated_value(owner: str, written: str, value: Value) -> None:
    ((_, statement),) = stated(written, owner).items()
    assert statement.value == value


@pytest.mark.parametrize(
    ("written", "duration"),
    [
        ("1 hour", Duration(1, "hours")),
        ("24 hours", Duration(24, "hours")),
        ("1 day", Duration(24, "hours")),
        ("2 weeks", Duration(14 * 24, "hours")),
        ("5 business days", Duration(5, "business days")),
        ("18 months", Duration(18, "months")),
        ("5 years", Duration(60, "months")),
    ],
)
def test_lengths_of_time_of_one_class_are_comparable(written: str, duration: Duration) -> None:
    assert stated(f"kept_for: {written}", "flow")["kept_for"].value == duration


@pytest.mark.parametrize(
    ("owner", "written", "message", "help"),
    [
        ("request", 'approved: "true"', 'request.approved should be true or false, not "true"', ""),
        ("request", "signed_on: today", 'request.signed_on should be a date, as in 2026-11-23, not "today"', ""),
        ("flow", "smallest_cell: ten", 'flow.smallest_cell should be a number, as in 10, not "ten"', ""),
        ("flow", "smallest_cell: true", "flow.smallest_cell should be a number, as in 10, not true", ""),
        (
            "flow",
            "kept_for: 30",
            "flow.kept_for should be a length of time, as in 30 days or 24 hours, not 30",
            "",
        ),
        ("flow", "form: identifed", '"identifed" is not a code of flow.form', 'did you mean "identified"?'),
        ("flow", "form: secret", '"secret" is not a code of flow.form', "one of: aggregate, coded, identified"),
        ("data", "categories: [school, wages]", '"wages" is not a code of data.categories', 'did you mean "wage"?'),
        ("request", "approved: not_applicable", '"approved" always applies', "write unknown if it is not known"),
        ("request", "aproved: true", '"aproved" is not a fact here', 'did you mean "approved"?'),
        ("request", "date: 2026-01-01", '"date" is not a fact here', ""),
    ],
)
def test_an_impossible_value(owner: str, written: str, message: str, help: str) -> None:
    (problem,) = problems(lambda: stated(written, owner))
    assert problem.message == message
    assert help in problem.help


def test_a_fact_towards_others_may_be_stated_once_or_for_each() -> None:
    once = stated("barred_until: 2026-12-31", "party")["barred_until"]
    assert (once.value, once.towards) == (date(2026, 12, 31), {})
    each = stated("barred_until: {SDE: 2026-12-31, DOL: not_applicable}", "party")["barred_until"]
    assert (each.value, each.towards) == (
        Absence.NOT_ASKED,
        {"SDE": date(2026, 12, 31), "DOL": Absence.DOES_NOT_APPLY},
    )


def test_every_wrong_value_is_told_at_its_place() -> None:
    found = problems(
        lambda: stated(
            """
            kind: agncy
            trusted: maybe
            barred_until:
              SDE: never
            """,
            "party",
        )
    )
    assert places(found) == ["1:7 unknown-code", "2:10 wrong-kind", "4:8 wrong-kind"]
    assert found[2].where == "barred_until.SDE"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, True),
        (date(2026, 11, 23), "2026-11-23"),
        (Duration(30 * 24, "hours"), "30 days"),
        (Duration(72, "hours", "72 hours"), "72 hours"),
        (Duration(5, "business days"), "5 business days"),
        (CodeSet(frozenset({"b", "a"})), ["a", "b"]),
        (CodeSet(frozenset({"a"}), frozenset({"b"})), ["a", "and possibly others"]),
        (Absence.NOT_ASKED, "not yet asked"),
        (Absence.NOT_KNOWN, "asked and not known"),
        (Absence.DOES_NOT_APPLY, "does not apply"),
    ],
)
def test_how_values_are_shown(value: Value, shown: object) -> None:
    assert printable(value) == shown


# Declarations ---------------------------------------------------------------------------------------------------------


def test_a_fact_of_a_party_is_read_in_every_role_and_stated_once() -> None:
    vocabulary = policies().vocabulary
    assert {"provider.kind", "sender.kind", "receiver.kind"} <= set(vocabulary.names())
    assert "party.kind" not in vocabulary.names()
    assert "kind" in vocabulary.stated_under("party")


def test_a_derived_fact_is_never_stated() -> None:
    vocabulary = policies().vocabulary
    assert vocabulary["flow.leg"].fact.derived
    assert "leg" not in vocabulary.stated_under("flow")
    assert "is_hub" not in vocabulary.stated_under("party")


def test_a_framework_adds_facts_and_codes_to_the_shared_ones() -> None:
    vocabulary = law("""
        codes:
          data.categories: {tax: Tax record}
        facts:
          receiver.insured: {type: boolean, question: Is the receiver insured?}
        """).vocabulary
    assert set(vocabulary["data.categories"].codes) == {"school", "wage", "health", "tax"}
    assert vocabulary["receiver.insured"].fact.question == "Is the receiver insured?"
    assert vocabulary.get("sender.insured") is None


@pytest.mark.parametrize(
    ("facts", "code", "column"),
    [
        ("facts: {party.kind: {type: boolean}}", "declared-twice", 9),
        ("facts: {receiver.kind: {type: boolean}}", "declared-twice", 9),
        ("facts: {reciever.insured: {type: boolean}}", "bad-name", 9),
        ("facts: {insured: {type: boolean}}", "bad-name", 9),
        ("facts: {request.insured: {type: bool}}", "unknown-code", 33),
        ("facts: {request.insured: {type: boolean, derived: true}}", "unknown-fact", 26),
        ("codes: {data.categories: {school: School}}", "declared-twice", 27),
        ("codes: {data.categorys: {tax: Tax}}", "unknown-fact", 9),
    ],
)
def test_a_wrong_declaration_is_told_at_its_place(facts: str, code: str, column: int) -> None:
    head = "framework: law\ntitle: L\nauthority: 1 Law 1\napplies: {says: A, cite: s. 1, checked: text}\nbases: {}\n"
    found = problems(
        lambda: compile_policies(
            [document(VOCABULARY, file="vocabulary.yaml"), document(head + facts, file="law.yaml")]
        )
    )
    assert {(p.file, p.mark, p.code) for p in found} == {("law.yaml", (6, column), code)}
