"""The decision as a document: everything an office needs to act on it, and a program to read it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from engine.decisions import decide
from engine.documents import parse
from engine.policies import PolicySet
from engine.records import DecisionRecord, ProofRecord, record
from engine.requests import check_request
from tests.house import CLAUSES, LAW, NET, REQUEST
from tests.house import request as home_request
from tests.writing import LAW_HEAD, document, policies, written


def house(law: str = LAW, net: str = NET) -> PolicySet:
    return policies(written(LAW_HEAD, law), CLAUSES, net)


def recorded(*texts: str, found: PolicySet | None = None, as_of: date | None = None) -> DecisionRecord:
    found = found or house()
    request = check_request(document(home_request(*texts), file="request.yaml"), found)
    return record(decide(found, request, as_of))


def leaves(proof: ProofRecord) -> list[ProofRecord]:
    return [leaf for part in proof.parts for leaf in leaves(part)] if proof.parts else [proof]


OPEN = written(REQUEST).replace("trusted: true", "trusted: unknown").replace("approved: false", "approved: unknown")

# The whole ------------------------------------------------------------------------------------------------------------


def test_a_record_names_the_request_the_answer_and_the_law_it_rests_on() -> None:
    found = recorded(as_of=date(2026, 12, 1))
    assert (found.decision, found.title, found.deployment) == ("example", "An example", "net")
    assert (found.outcome, found.ready, found.as_of) == ("allow", False, date(2026, 12, 1))
    assert len(found.request_digest) == len(found.policies_digest) == 64


def test_a_record_can_be_saved_and_read_back() -> None:
    for texts in ((), ("purpose: marketing",), (OPEN,)):
        found = recorded(*texts)
        for defaults in (False, True):
            text = found.model_dump_json(exclude_defaults=defaults)
            assert DecisionRecord.model_validate_json(text) == found
            assert parse(text, "decision.json").data["decision"] == "example"


def test_the_same_input_gives_the_same_bytes() -> None:
    assert recorded().model_dump_json() == recorded().model_dump_json()


def test_the_digests_follow_what_is_said_and_not_how_it_is_written() -> None:
    plain = recorded()
    lines = written(REQUEST).splitlines(keepends=True)
    other = recorded("".join([*lines[1:], lines[0]]) + "# A remark\n")
    assert other.request_digest == plain.request_digest
    assert recorded("title: Another").request_digest != plain.request_digest
    assert recorded(found=house(LAW.replace("s. 5", "s. 55"))).policies_digest != plain.policies_digest


# Disclosures and findings ---------------------------------------------------------------------------------------------


def test_every_disclosure_says_who_gives_what_to_whom() -> None:
    (found,) = recorded().disclosures
    assert (found.id, found.flow, found.dataset, found.source) == ("leg/records", "leg", "records", "records")
    assert (found.provider, found.sender, found.receiver) == ("OWNER", "OWNER", "LAB")
    assert (found.leg, found.purpose, found.form) == ("direct", "study", "coded")
    assert (found.received_under, found.restrictions) == ((), ())


def test_what_travels_with_the_data_is_recorded_on_later_legs() -> None:
    onward = """
        parties: {OWNER: {}, LAB: {kind: lab, facts: {trusted: true}}, DESK: {kind: lab, facts: {trusted: true}}}
        flows:
          - {id: leg, from: OWNER, to: LAB, carries: [records], form: coded}
          - {id: next, from: LAB, to: DESK, carries: [records], form: coded}
    """
    _, second = recorded(onward).disclosures
    assert second.received_under == ("law.basis.study",)
    assert second.restrictions == ("sealed",)
    assert second.leg == "onward"


def test_a_finding_has_the_whole_proof_with_who_stated_each_fact() -> None:
    (finding,) = recorded().findings
    assert (finding.framework, finding.outcome, finding.basis) == ("law", "allow", "law.basis.study")
    assert [rule.rule for rule in (finding.applies, *finding.bars, *finding.bases)] == [
        "law.applies", "law.bar.advertising", "law.basis.study", "law.basis.approval",
    ]  # fmt: skip
    study = finding.bases[0]
    assert (study.says, study.cite, study.checked) == ("A study by a trusted laboratory", "s. 3", "summary")
    assert (study.truth, study.permits) == ("true", "true")
    aim, hands = study.proof.parts
    assert (aim.condition, aim.says, aim.cite) == ("aim", "The purpose is a study or an audit", "s. 3(a)")
    assert (hands.condition, hands.truth) == ("hands", "true")
    (trusted,) = leaves(hands)[0].facts
    assert (trusted.fact, trusted.about, trusted.value, trusted.stated_by) == (
        "receiver.trusted", "party LAB", True, "the request",
    )  # fmt: skip


def test_a_fact_that_the_deployment_settles_says_so() -> None:
    law = LAW.replace("receiver.trusted: true", "provider.trusted: true")
    (finding,) = recorded(found=house(law)).findings
    (fact,) = leaves(finding.bases[0].proof.parts[1])[0].facts
    assert (fact.about, fact.stated_by) == ("party OWNER", "deployment net")


def test_a_framework_that_does_not_apply_is_recorded_as_such() -> None:
    (finding,) = recorded("datasets: {records: {owner: OWNER, categories: [wage]}}").findings
    assert (finding.outcome, finding.basis, finding.bars, finding.bases) == ("not_applicable", None, (), ())
    assert finding.applies.truth == "false"


def test_a_denied_finding_relies_on_no_basis() -> None:
    (finding,) = recorded("purpose: marketing").findings
    assert (finding.outcome, finding.basis) == ("deny", None)
    assert [(bar.rule, bar.truth) for bar in finding.bars] == [("law.bar.advertising", "true")]


# What is missing ------------------------------------------------------------------------------------------------------


def test_missing_facts_come_with_the_question_to_ask() -> None:
    vocabulary = "request.approved: {type: boolean, question: Did the board approve?, asked_of: provider, cite: s. 4}"
    from tests.writing import VOCABULARY

    asked = VOCABULARY.replace("request.approved: {type: boolean}", vocabulary)
    found = policies(written(LAW_HEAD, LAW), CLAUSES, NET, vocabulary=asked)
    missing = {m.fact: m for m in recorded(OPEN, found=found).missing}
    assert set(missing) == {"request.approved", "receiver.trusted"}
    approved = missing["request.approved"]
    assert (approved.about, approved.question, approved.asked_of, approved.absence, approved.cite) == (
        "the request", "Did the board approve?", "provider", "asked and not known", "s. 4",
    )  # fmt: skip
    left_out = recorded("facts: {}", "parties: {OWNER: {}, LAB: {kind: lab}}", found=found).missing
    assert {m.absence for m in left_out} == {"not yet asked"}


def test_elements_that_the_catalogue_does_not_know_are_listed() -> None:
    found = recorded("datasets: {records: {owner: OWNER, elements: [Schools / Grade, Buses / Line]}}")
    assert found.unclassified == {"records": ("Buses / Line",)}


# What is owed ---------------------------------------------------------------------------------------------------------


def test_obligations_say_what_who_when_and_by_which_rule() -> None:
    owed = {o.name: o for o in recorded().obligations}
    assert set(owed) == {"law.clause.use", "pact", "law.clause.end", "law.step.log"}
    log = owed["law.step.log"]
    assert (log.kind, log.says, log.parties) == ("step", "Record the disclosure", ("OWNER",))
    assert (log.due, log.status, log.conditional) == ("before_transfer", "outstanding", False)
    assert [(d.rule, d.disclosure, d.cite, d.checked) for d in log.required_by] == [
        ("law.applies", "leg/records", "s. 8", "text")
    ]
    assert (owed["pact"].kind, owed["pact"].parties) == ("instrument", ("OWNER", "LAB"))
    assert [d.checked for d in owed["law.clause.use"].required_by] == ["summary"]


TWICE = """
    flows:
      - {id: one, from: OWNER, to: LAB, carries: [records], form: coded}
      - {id: two, from: OWNER, to: LAB, carries: [records], form: identified}
"""


def test_what_several_disclosures_demand_of_the_same_parties_is_owed_once() -> None:
    owed = [o for o in recorded(TWICE).obligations if o.name == "law.step.log"]
    assert [[d.disclosure for d in o.required_by] for o in owed] == [["one/records", "two/records"]]


def test_what_is_done_for_one_disclosure_only_is_still_outstanding() -> None:
    done = "steps: [{step: law.step.log, status: done, flow: one}]"
    (log,) = [o for o in recorded(TWICE, done).obligations if o.name == "law.step.log"]
    assert log.status == "outstanding"
    (log,) = [
        o
        for o in recorded(TWICE, "steps: [{step: law.step.log, status: done}]").obligations
        if o.name == "law.step.log"
    ]
    assert log.status == "done"


def test_what_is_owed_only_perhaps_is_marked() -> None:
    law = LAW.replace(
        "due: before_transfer, cite: s. 8", "due: before_transfer, cite: s. 8, when: {data.sensitive: true}"
    )
    (log,) = [o for o in recorded(found=house(law)).obligations if o.name == "law.step.log"]
    assert log.conditional


def test_everything_done_makes_the_answer_ready() -> None:
    found = recorded(
        "instruments: [{instrument: pact, between: [OWNER, LAB], status: signed}]",
        "steps: [{step: law.step.log, by: OWNER, status: done, on: 2026-11-01}]",
    )
    assert (found.outcome, found.ready) == ("allow", True)
    assert {o.status for o in found.obligations if o.kind != "clause"} == {"done"}


def test_penalties_are_told_where_the_framework_reaches_the_data() -> None:
    assert [(p.rule, p.cite) for p in recorded().penalties] == [("law.penalty.fine", "s. 9")]
    assert recorded("datasets: {records: {owner: OWNER, categories: [wage]}}").penalties == ()


def test_every_name_in_a_record_is_one_that_the_record_explains() -> None:
    data: Any = json.loads(recorded(TWICE).model_dump_json())
    disclosures = {d["id"] for d in data["disclosures"]}
    rules = {r["rule"] for f in data["findings"] for r in (f["applies"], *f["bars"], *f["bases"])}
    assert {f["disclosure"] for f in data["findings"]} == disclosures
    for owed in data["obligations"]:
        assert {d["disclosure"] for d in owed["required_by"]} <= disclosures
        assert {d["rule"] for d in owed["required_by"]} <= rules
