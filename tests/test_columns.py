"""Columns answer what the interpreter answers: on every shipped case, and on drawn policies and requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import event, given, settings

pytest.importorskip("pyarrow")

from engine.backends.columns.answers import schema
from engine.backends.columns.lines import parsed, sheet_of_lines
from engine.batch.deciding import Decider, Entry, Part
from engine.cases import Pin, Whole, case_files, is_case_file, run_cases
from engine.conditions import Proof
from engine.decisions import Decision, Finding, decide
from engine.documents import Document, DocumentProblems, read, shipped
from engine.policies import PolicySet, load_policies
from engine.requests import check_request
from engine.rows import RowMaker, Rows
from tests.strategies import World, worlds
from tests.writing import attempt, law, request


def batch(policies: PolicySet, found: Sequence[Rows]) -> Part:
    """What columns answer on some requests together."""
    decider = Decider(policies, None, "failed")
    part = Part(schema(decider.program, "failed").empty_table())
    entries = [
        Entry(i, "test", item.model_dump_json(exclude_defaults=True).encode()) for i, item in enumerate(found, 1)
    ]
    decider.decide(entries, part)
    return part


def expected(decision: Decision) -> dict[str, object]:
    """The same answers of the interpreter, in the form that columns give them."""
    clauses = {duty.requirement.name for _, duty in decision.duties() if duty.requirement.kind == "clause"}
    return {
        "request": decision.request.file.request,
        "outcome": decision.outcome,
        "ready": decision.ready,
        "clauses": sorted(clauses),
        "findings": [_finding(f) for f in decision.findings if f.outcome != "not_applicable"],
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "disclosure": finding.disclosure.id,
        "framework": finding.framework.framework,
        "outcome": finding.outcome,
        "basis": finding.used.basis.id if finding.used else None,
        "bases": [found.basis.id for found in finding.bases if found.permits.truth is True],
        "possible_bases": [found.basis.id for found in finding.bases if found.permits.truth is None],
        "failed": list(finding.failed),
    }


def answered(part: Part) -> list[dict[str, object]]:
    found: list[dict[str, object]] = part.table.to_pylist()
    return found


class Requests:
    """Collects the requests that cases decide, with their decisions."""

    def __init__(self, policies: PolicySet) -> None:
        self.maker = RowMaker(policies)
        self.rows: list[Rows] = []
        self.decisions: list[Decision] = []

    def pinned(self, pin: Pin, proof: Proof) -> None:
        """No whole request."""

    def decided(self, whole: Whole, decision: Decision) -> None:
        self.rows.append(self.maker.rows(whole.request, whole.as_of))
        self.decisions.append(decision)


TOPICS = ("ct-hiv", "education-other", "homelessness", "part-2", "snap")


def test_columns_decide_shipped_cases_as_the_interpreter_does() -> None:
    policies = load_policies()
    seen = Requests(policies)
    for path in case_files([shipped("cases") / topic for topic in TOPICS]):
        document = read(path)
        if is_case_file(document):
            run_cases(document, path.parent, policies, seen)
    part = batch(policies, seen.rows)
    assert part.bad == []
    assert len(part.table) == len(seen.decisions) > 100
    for found, decision in zip(answered(part), seen.decisions, strict=True):
        assert found == expected(decision)
    assert part.exactly < len(seen.decisions) / 20, "few requests need the exact engine"


@settings(max_examples=60)
@given(worlds())
def test_columns_decide_drawn_requests_as_the_interpreter_does(world: World) -> None:
    asked = check_request(Document("request", world.request), world.policies)
    decision, refusal = attempt(lambda: decide(world.policies, asked))
    part = batch(world.policies, [RowMaker(world.policies).rows(asked)])
    if decision is None:
        assert [p["code"] for p in part.bad[0]["problems"]] == [p.code for p in refusal]
        assert len(part.table) == 0
    else:
        event(f"{decision.outcome}, {'the exact engine' if part.exactly else 'columns alone'}")
        assert answered(part) == [expected(decision)]


@settings(max_examples=40)
@given(worlds())
def test_a_sheet_says_all_that_rows_say(world: World) -> None:
    try:
        rows = RowMaker(world.policies).rows(check_request(Document("request", world.request), world.policies))
    except DocumentProblems:
        return
    kinds = {declared.name: declared.fact.type for declared in world.policies.vocabulary}
    sheet = sheet_of_lines(parsed(rows.model_dump_json(exclude_defaults=True).encode()), world.policies)
    assert sorted_(Rows.model_validate(sheet.document(0, kinds))) == sorted_(rows)


def sorted_(rows: Rows) -> object:
    """Rows with everything in order that has none."""

    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: ordered(item) for key, item in value.items()}
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return sorted(value)
        return [ordered(item) for item in value] if isinstance(value, list) else value

    return ordered(rows.model_dump(mode="json"))


BAR = """
    bars: {sensitive: {says: Nothing sensitive, cite: s. 1, checked: text, when: {data.sensitive: true}}}
    bases: {study: {title: A study, cite: s. 2, checked: text, when: {request.purpose: study}}}
"""


def test_a_missing_fact_in_a_prohibition_leaves_every_answer_undetermined() -> None:
    policies = law(BAR)
    maker = RowMaker(policies)
    silent = maker.rows(request(policies, "purpose: study"))
    told = maker.rows(
        request(policies, "purpose: study\ndatasets: {records: {owner: OWNER, facts: {sensitive: false}}}")
    )
    alone, mixed = batch(policies, [silent] * 3), batch(policies, [silent, told, silent])
    assert Counter(alone.table["outcome"].to_pylist()) == {"undetermined": 3}
    assert mixed.table["outcome"].to_pylist() == ["undetermined", "allow", "undetermined"]


def test_a_set_that_nowhere_applies_is_empty() -> None:
    policies = law(
        """
        facts: {flow.keys: {type: codes, optional: true, question: Who holds a key?, codes: {receiver: The receiver}}}
        bases: {free: {title: Free, cite: s. 1, checked: text, when: {flow.keys: {excludes: receiver}}}}
        """
    )
    nobody = "flows: [{id: there, from: OWNER, to: LAB, carries: [records], facts: {keys: not_applicable}}]"
    found = RowMaker(policies).rows(request(policies, "purpose: study", nobody))
    assert batch(policies, [found]).table["outcome"].to_pylist() == ["allow"]


def test_either_or_is_settled_though_the_fact_is_unknown() -> None:
    policies = law(
        """
        bases:
          small: {title: Small, cite: s. 1, checked: text, when: {flow.smallest_cell: {at_most: 10}}}
          large: {title: Large, cite: s. 2, checked: text, when: {flow.smallest_cell: {at_least: 11}}}
          none: {title: None, cite: s. 3, checked: text, when: {not: {flow.smallest_cell: {known: true}}}}
          between: {title: Between, cite: s. 4, checked: text, when: {flow.smallest_cell: {at_least: 10}}}
        """
    )
    part = batch(policies, [RowMaker(policies).rows(request(policies, ""))])
    assert part.table["outcome"].to_pylist() == ["allow"]
    assert part.exactly == 0
