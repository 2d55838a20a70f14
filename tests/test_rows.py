"""A request as rows of facts: complete, exact, and checked when it is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from engine.decisions import Decision, decide
from engine.documents import Document, DocumentProblems, parse
from engine.requests import check_request
from engine.rows import Rows, decide_rows, read_rows, rows
from tests.house import CLAUSES, LAW
from tests.strategies import World, worlds
from tests.writing import LAW_HEAD, attempt, places, policies, problems, request, written

HOUSE = policies(written(LAW_HEAD, LAW), CLAUSES)


def rows_of(*texts: str) -> Rows:
    return rows(HOUSE, request(HOUSE, *texts))


def as_json(found: Rows) -> str:
    return found.model_dump_json(exclude_defaults=True)


def answers(decision: Decision) -> object:
    """Everything that rows must not change; who stated a fact is lost."""
    return (
        decision.outcome,
        decision.ready,
        {(reading.name, reading.about) for reading in decision.missing},
        [
            (f.disclosure.id, f.framework.framework, f.outcome, f.used and f.used.basis.id, len(f.missing))
            for f in decision.findings
        ],
        [(duty.rule, duty.requirement.name, duty.status) for _, duty in decision.duties()],
    )


def test_a_row_has_the_facts_that_rules_read_and_keeps_three_kinds_of_absence_apart() -> None:
    (row,) = rows_of(
        """
        purpose: study
        facts: {approved: unknown}
        parties: {OWNER: {}, LAB: {facts: {barred_until: not_applicable}}}
        """
    ).rows
    assert row.facts["request.purpose"] == "study"
    assert row.not_known == ("request.approved",)
    assert "receiver.trusted" not in {*row.facts, *row.not_known, *row.does_not_apply}
    assert "request.signed_on" not in row.facts, "no rule reads it"


def test_a_later_row_names_the_rows_its_data_come_from() -> None:
    found = rows_of(
        """
        parties: {OWNER: {}, HUB: {}, LAB: {}}
        datasets: {records: {owner: OWNER}}
        flows:
          - {id: in, from: OWNER, to: HUB, carries: [records]}
          - {id: out, from: HUB, to: LAB, carries: [records]}
        """
    )
    assert [(row.id, row.earlier) for row in found.rows] == [("in/records", ()), ("out/records", (0,))]


def test_a_row_says_how_far_requirements_are_and_nothing_of_those_still_open() -> None:
    (row,) = rows_of(
        """
        steps: [{step: law.step.log, by: OWNER, status: done}]
        instruments: [{instrument: pact, between: [OWNER, LAB], status: refused}]
        """
    ).rows
    assert row.done == ("law.step.log by provider",)
    assert row.refused == ("pact between provider and receiver",)
    assert (row.contained, row.lacking) == ((), ())


@settings(max_examples=100)
@given(worlds())
def test_rows_decide_as_the_request_they_were_made_from(world: World) -> None:
    asked = check_request(Document("request", world.request), world.policies)
    decision, refusal = attempt(lambda: decide(world.policies, asked))
    document = parse(as_json(rows(world.policies, asked)), "rows.json")
    again, refusal_again = attempt(lambda: decide_rows(world.policies, read_rows(document, world.policies)))
    assert [p.code for p in refusal] == [p.code for p in refusal_again]
    if decision is not None and again is not None:
        assert answers(again) == answers(decision)


WRONG = {
    "a fact that does not exist": ('"flow.form":"coded"', '"flow.from":"coded"', "unknown-fact"),
    "a code that does not exist": ('"flow.form":"coded"', '"flow.form":"codded"', "unknown-code"),
    "a value of another type": ('"flow.form":"coded"', '"flow.form":true', "unknown-code"),
    "a set that is no list": ('["school"]', '"school"', "wrong-kind"),
    "a row before the first": ('"receiver":"LAB"', '"receiver":"LAB","earlier":[-1]', "bad-value"),
    "a row that is not earlier": ('"receiver":"LAB"', '"receiver":"LAB","earlier":[0]', "bad-value"),
    "a claim of no basis": ('"receiver":"LAB"', '"receiver":"LAB","claims":["law.basis.no"]', "unknown-basis"),
    "a requirement nobody has": ('"receiver":"LAB"', '"receiver":"LAB","done":["law.step.no"]', "unknown-requirement"),
    "a deployment nobody knows": ('"as_of"', '"deployment":"moon","as_of"', "unknown-deployment"),
    "a fact stated twice": ('"receiver":"LAB"', '"receiver":"LAB","not_known":["flow.form"]', "contradicts"),
    "a fact that always applies": ('"rows":[{', '"rows":[{"does_not_apply":["flow.kept_for"],', "must-apply"),
    "what nobody asks for": ('"receiver":"LAB"', '"receiver":"LAB","colour":"red"', "unknown-key"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_rows_are_checked_when_they_are_read(mistake: str) -> None:
    old, new, code = WRONG[mistake]
    good = as_json(
        rows_of(
            """
            datasets: {records: {owner: OWNER, categories: [school]}}
            flows: [{id: leg, from: OWNER, to: LAB, carries: [records], form: coded}]
            """
        )
    )
    read_rows(parse(good, "rows.json"), HOUSE)
    bad = good.replace(old, new)
    assert bad != good
    found = problems(lambda: read_rows(parse(bad, "rows.json"), HOUSE))
    assert {p.code for p in found} == {code}, places(found)
    assert all(p.mark.line == 1 and p.mark.column > 1 for p in found)


def test_rows_that_contradict_themselves_are_refused() -> None:
    text = as_json(rows_of("datasets: {records: {owner: OWNER, facts: {sensitive: true}}}"))
    data = json.loads(text)
    data["rows"][0]["facts"]["flow.form"] = "aggregate"
    document = parse(json.dumps(data), "rows.json")
    with pytest.raises(DocumentProblems, match="exclude one another"):
        decide_rows(HOUSE, read_rows(document, HOUSE), document)
