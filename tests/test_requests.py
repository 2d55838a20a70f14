"""Requests as written: names, known agencies, catalogued elements, and how mistakes are told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.facts import Absence, CodeSet
from engine.policies import PolicySet
from engine.requests import read_request
from tests.writing import LAW_HEAD, ONE_LEG, REQUEST_HEAD, law, places, policies, problems, request, written

HOUSE = """
    deployment: house
    title: A deployment
    hub: DOL
    bodies: {board: {name: The Board}}
    agencies:
      SDE: {name: Department of Education, kind: agency, facts: {trusted: true}}
      DOL: {name: Department of Labor, kind: agency}
    catalogue:
      - {agency: SDE, program: SLDS, is: [school], because: All of it}
      - {agency: SDE, program: SLDS, category: Nurse, is: [school, health], because: Kept by the nurse}
      - {agency: SDE, program: SLDS, category: Nurse, element: Name, is: [school], because: A name}
      - {agency: DOL, program: Wages, category: Quarterly, element: Earnings, is: [wage], because: Employers report}
"""

RULES = """
    bases:
      consent:
        title: Consent
        cite: s. 1
        checked: text
        requires:
          - {step: approval, says: Approve the request}
          - {clause: law.clause.notice}
"""

CLAUSES = """
    clauses:
      law.clause.notice: {title: Notice, element: 1a, text: Tell them., asks: {activity: Describe the activity.}}
"""

LAW = policies(
    written(LAW_HEAD, "applies: {says: Everything, cite: s. 1, checked: text}", RULES),
    CLAUSES,
    HOUSE,
)

MEMBERS = """
    deployment: house
    parties: {SDE: {}, DOL: {}}
    datasets: {records: {owner: SDE}}
    flows: [{id: leg, from: SDE, to: DOL, carries: [records]}]
"""


def test_a_request_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    path.write_text(written(REQUEST_HEAD, ONE_LEG, "purpose: study"))
    found = read_request(path, LAW)
    assert (found.file.request, found.file.date) == ("example", date(2026, 11, 23))


def test_json_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text("""{
    \t"request": "example", "title": "Ümlaut \\ud83d\\udcdc", "date": 2026-11-23,
    \t"parties": {"OWNER": {}, "LAB": {}}, "datasets": {"records": {"owner": "OWNER"}},
    \t"flows": [{"id": "leg", "from": "OWNER", "to": "LAB", "carries": ["records"]}]
    }""")
    assert read_request(path, LAW).file.title == "Ümlaut 📜"


# Parties --------------------------------------------------------------------------------------------------------------


def test_a_known_agency_brings_its_name_kind_and_facts() -> None:
    found = request(LAW, MEMBERS)
    assert found.names == {"SDE": "Department of Education", "DOL": "Department of Labor"}
    kind, trusted = found.parties["SDE"]["kind"], found.parties["SDE"]["trusted"]
    assert (kind.statement.value, kind.source) == ("agency", "deployment house")
    assert (trusted.statement.value, trusted.source) == (True, "deployment house")


def test_a_request_may_give_an_agency_another_name_and_further_facts() -> None:
    found = request(LAW, MEMBERS.replace("DOL: {}", "DOL: {name: Labor, facts: {trusted: false}}"))
    assert found.names["DOL"] == "Labor"
    assert found.parties["DOL"]["trusted"].statement.value is False
    assert found.parties["DOL"]["trusted"].source == "the request"


def test_repeating_what_is_settled_of_an_agency_is_no_contradiction() -> None:
    found = request(LAW, MEMBERS.replace("SDE: {}", "SDE: {kind: agency, facts: {trusted: true}}"))
    assert found.parties["SDE"]["trusted"].source == "deployment house"


@pytest.mark.parametrize(
    ("party", "where"),
    [
        ("{kind: lab}", "parties.SDE.kind"),
        ("{facts: {kind: lab}}", "parties.SDE.facts.kind"),
        ("{facts: {trusted: false}}", "parties.SDE.facts.trusted"),
        ("{facts: {trusted: unknown}}", "parties.SDE.facts.trusted"),
    ],
)
def test_what_is_settled_of_an_agency_cannot_be_contradicted(party: str, where: str) -> None:
    (problem,) = problems(lambda: request(LAW, MEMBERS.replace("SDE: {}", f"SDE: {party}")))
    assert (problem.code, problem.where) == ("contradicts", where)
    assert problem.mark.line == 2
    assert problem.help == "leave it out, or have the deployment corrected"


def test_a_party_known_to_nobody_has_its_acronym_for_a_name() -> None:
    assert request(LAW).names == {"OWNER": "OWNER", "LAB": "LAB"}


@pytest.mark.parametrize(
    ("text", "hubs"),
    [
        (MEMBERS, {"DOL"}),
        (MEMBERS.replace("DOL", "LAB"), set()),
        (written(MEMBERS, "hubs: []"), set()),
        (written(MEMBERS, "hubs: [SDE, DOL]"), {"SDE", "DOL"}),
    ],
    ids=["the deployment's, which takes part", "the deployment's takes no part", "none", "several"],
)
def test_hubs_are_the_deployments_unless_the_request_says_otherwise(text: str, hubs: set[str]) -> None:
    assert request(LAW, text).hubs == hubs


def test_facts_towards_others_name_parties_of_the_request() -> None:
    text = "parties: {OWNER: {}, LAB: {facts: {barred_until: {OWNR: 2026-12-31}}}}"
    (problem,) = problems(lambda: request(LAW, text))
    assert places([problem]) == ["1:51 unknown-party"]
    assert problem.help == 'did you mean "OWNER"?'


def test_the_public_is_of_no_other_kind() -> None:
    parties = "parties: {OWNER: {}, LAB: {}, public: {kind: lab}}"
    (problem,) = problems(lambda: request(LAW, parties, "outputs: [{id: report, from: OWNER, carries: [records]}]"))
    assert problem.mark.line == 1


def test_outputs_go_to_the_public() -> None:
    found = request(LAW, "outputs: [{id: report, from: OWNER, carries: [records]}]")
    assert found.names["public"] == "the public"
    assert found.parties["public"]["kind"].statement.value == "public"
    assert [flow.to for flow in found.flows] == ["LAB", "public"]


# Data -----------------------------------------------------------------------------------------------------------------


def categories(elements: str, owner: str = "SDE") -> CodeSet:
    """The categories of a dataset with these elements."""
    text = MEMBERS.replace("{owner: SDE}", f"{{owner: {owner}, elements: {elements}}}").replace(
        "from: SDE", f"from: {owner}"
    )
    value = request(LAW, text.replace("to: DOL", "to: SDE" if owner == "DOL" else "to: DOL")).data["records"][
        "categories"
    ]
    assert value.source == "the catalogue"
    assert isinstance(value.statement.value, CodeSet)
    return value.statement.value


@pytest.mark.parametrize(
    ("element", "found"),
    [
        ("SLDS / Nurse / Name", {"school"}),
        ("SLDS / Nurse / Visit", {"school", "health"}),
        ("SLDS / Nurse", {"school", "health"}),
        ("SLDS / Graduation / Date", {"school"}),
        ("slds / NURSE /  name".replace("/  ", "/ "), {"school"}),
    ],
)
def test_the_most_specific_row_of_the_catalogue_decides(element: str, found: set[str]) -> None:
    assert categories(f"[{element}]") == CodeSet(frozenset(found))


def test_a_program_has_the_categories_of_all_its_elements() -> None:
    assert categories("[SLDS]").has == {"school", "health"}
    assert categories("[Wages]", "DOL").has == {"wage"}


@pytest.mark.parametrize("element", ["Lunch / Meals / Status", "Wages / Quarterly / Earnings"])
def test_what_the_catalogue_does_not_have_leaves_the_categories_open(element: str) -> None:
    found = categories(f"[SLDS / Nurse / Name, {element}]")
    assert found.has == {"school"}
    assert found.may == {"wage", "health"}, "another agency's rows say nothing of these data"


def test_uncatalogued_elements_are_named() -> None:
    text = MEMBERS.replace("{owner: SDE}", "{owner: SDE, elements: [SLDS / Nurse / Name, Lunch / Meals / Status]}")
    assert request(LAW, text).unclassified == {"records": ("Lunch / Meals / Status",)}


def test_categories_that_the_request_states_include_what_the_catalogue_says() -> None:
    text = MEMBERS.replace("{owner: SDE}", "{owner: SDE, elements: [SLDS / Nurse], categories: [health, wage, school]}")
    assert request(LAW, text).data["records"]["categories"].source == "the request"
    (problem,) = problems(lambda: request(LAW, text.replace("[health, wage, school]", "[health, wage]")))
    assert problem.code == "contradicts"
    assert problem.where == "datasets.records.categories"
    assert "school" in problem.message


def test_data_made_from_others_cannot_shed_their_categories() -> None:
    text = "datasets: {records: {owner: OWNER, categories: [school]}, less: {from: [records], facts: {categories: []}}}"
    (problem,) = problems(lambda: request(LAW, text))
    assert problem.mark.line == 1
    assert problem.where.startswith("datasets.less")


def test_without_a_deployment_nothing_is_catalogued() -> None:
    found = request(LAW, "datasets: {records: {owner: OWNER, elements: [SLDS / Nurse / Name]}}").data["records"]
    assert found["categories"].statement.value == CodeSet(frozenset(), frozenset({"school", "wage", "health"}))


# Purposes and facts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "purposes"),
    [
        ("", {Absence.NOT_ASKED}),
        ("purpose: unknown", {Absence.NOT_KNOWN}),
        ("purpose: study", {"study"}),
        ("purpose: [study, audit, study]", {"study", "audit"}),
        (
            "purpose: marketing\nflows: [{id: leg, from: OWNER, to: LAB, carries: [records], purpose: study}]",
            {"study"},
        ),
    ],
)
def test_a_flow_has_the_purposes_of_the_request_or_its_own(text: str, purposes: set[object]) -> None:
    assert set(request(LAW, text).purposes["leg"]) == purposes


def test_the_form_of_a_flow_is_a_fact_of_it() -> None:
    text = "flows: [{id: leg, from: OWNER, to: LAB, carries: [records], form: coded, request: {approved: true}}]"
    found = request(LAW, text)
    assert found.flow_facts["leg"]["form"].statement.value == "coded"
    assert found.flow_request_facts["leg"]["approved"].statement.value is True


def test_the_digest_follows_what_a_request_says_not_its_order() -> None:
    flows = [f"{{id: f{i}, from: OWNER, to: LAB, carries: [records]}}" for i in (1, 2)]
    one = request(LAW, f"flows: [{', '.join(flows)}]", "facts: {approved: true, ethics: waived}")
    other = request(LAW, "facts: {ethics: waived, approved: true}", f"flows: [{', '.join(reversed(flows))}]")
    assert one.digest == other.digest
    assert one.digest != request(LAW, f"flows: [{flows[0]}]", "facts: {approved: true, ethics: waived}").digest


# Mistakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "help"),
    [
        ("deployment: hous", "1:13 unknown-deployment", 'did you mean "house"?'),
        ("hubs: [OWNR]", "1:8 unknown-party", 'did you mean "OWNER"?'),
        ("datasets: {records: {owner: OWNR}}", "1:29 unknown-party", 'did you mean "OWNER"?'),
        ("datasets: {records: {owner: OWNER}, all: {from: [record]}}", "1:50 unknown-dataset", '"records"'),
        ("flows: [{id: leg, from: OWNER, to: LAP, carries: [records]}]", "1:36 unknown-party", 'did you mean "LAB"?'),
        ("flows: [{id: leg, from: OWNER, to: LAB, carries: [record]}]", "1:51 unknown-dataset", '"records"'),
        ("users: [{name: A, party: LBA}]", "1:26 unknown-party", 'did you mean "LAB"?'),
        ("instruments: [{instrument: pakt, between: [LAB], status: draft}]", "1:28 unknown-instrument", '"pact"'),
        (
            "instruments: [{instrument: [pact, waver], between: [LAB], status: draft}]",
            "1:35 unknown-instrument",
            '"waiver"',
        ),
        ("instruments: [{instrument: pact, between: [LAB, OWN], status: draft}]", "1:49 unknown-party", '"OWNER"'),
        (
            "instruments: [{instrument: pact, between: [LAB], status: signed, lacks: [law.clause.notise]}]",
            "1:74 unknown-clause",
            'did you mean "law.clause.notice"?',
        ),
        (
            "instruments: [{instrument: pact, between: [LAB], status: draft, flows: [leag]}]",
            "1:73 unknown-flow",
            '"leg"',
        ),
        ("steps: [{step: law.step.aproval, status: done}]", "1:16 unknown-step", 'did you mean "law.step.approval"?'),
        ("steps: [{step: approval, status: done}]", "1:16 unknown-step", 'did you mean "law.step.approval"?'),
        ("steps: [{step: law.step.approval, status: done, by: LBA}]", "1:53 unknown-actor", 'did you mean "LAB"?'),
        ("steps: [{step: law.step.approval, status: done, flow: lag}]", "1:55 unknown-flow", 'did you mean "leg"?'),
        ("steps: [{step: law.step.approval, status: did}]", "1:43 unknown-code", "one of: done, pending, refused"),
        ("claims: [{basis: law.basis.consnt}]", "1:18 unknown-basis", 'did you mean "law.basis.consent"?'),
        ("claims: [{basis: law.basis.consent, flow: lag}]", "1:43 unknown-flow", 'did you mean "leg"?'),
        ("agreement: {activty: Matching}", "1:22 unknown-text", 'did you mean "activity"?'),
        ("purpose: studdy", "1:10 unknown-code", 'did you mean "study"?'),
        ("purpose: [study, audti]", "1:18 unknown-code", 'did you mean "audit"?'),
        ("purpose: 5", "1:10 wrong-kind", ""),
        ("facts: {aproved: true}", "1:9 unknown-fact", 'did you mean "approved"?'),
        ("facts: {approved: maybe}", "1:19 wrong-kind", ""),
        ("facts: {purpose: study}", "1:9 misplaced", ""),
        ("facts: {approved: {OWNER: true}}", "1:19 wrong-kind", ""),
        ("parties: {OWNER: {}, LAB: {knd: lab}}", "1:28 unknown-key", 'did you mean "kind"?'),
        ("parties: {OWNER: {}, LAB: {kind: lap}}", "1:34 unknown-code", 'did you mean "lab"?'),
        ("parties: {OWNER: {}, LAB: 5}", "1:27 wrong-kind", ""),
        ("parties: {OWNER: {}, LAB: {}, THE LAB: {}}", "1:31 bad-name", ""),
        ("datasets: {records: {}}", "1:21 bad-value", ""),
        ("datasets: {records: {owner: OWNER, from: [records]}}", "1:21 bad-value", ""),
        ("datasets: {records: {from: []}}", "1:28 wrong-kind", ""),
        ("datasets: {records: {owner: OWNER, categories: [shcool]}}", "1:48 unknown-code", 'did you mean "school"?'),
        ("datasets: {records: {owner: OWNER}, all: {from: [records], categories: [school]}}", "1:42 bad-value", ""),
        ("flows: [{id: leg, from: OWNER, to: LAB, carries: []}]", "1:50 wrong-kind", ""),
        ("flows: [{id: leg, from: OWNER, to: LAB, carries: [records], form: codd}]", "1:67 unknown-code", '"coded"'),
        (
            "flows: [{id: leg, from: OWNER, to: LAB, carries: [records], facts: {frm: coded}}]",
            "1:69 unknown-fact",
            '"form"',
        ),
        ("flows: [{id: leg, to: LAB, carries: [records]}]", "1:9 missing-key", ""),
        ("outputs: [{id: leg, from: OWNER, carries: [records]}]", "1:16 duplicate-id", ""),
        ("outputs: [{id: out, from: OWNER, to: LAB, carries: [records]}]", "1:38 unknown-code", "one of: public"),
        ("date: 2026", "1:7 wrong-kind", ""),
        ("term: {from: 2027-01-01, until: 2026-12-31}", "1:7 bad-value", ""),
        (
            "instruments: [{instrument: pact, between: [LAB], status: draft, from: 2027-01-01, until: 2026-12-31}]",
            "1:15 bad-value",
            "",
        ),
        ("flows: []", "1:1 bad-value", ""),
    ],
)
def test_a_mistake_is_told_at_its_place_with_help(text: str, place: str, help: str) -> None:
    (problem,) = problems(lambda: request(LAW, text))
    assert problem.file == "request.yaml"
    assert places([problem]) == [place]
    assert help in problem.help


def test_a_mistake_reads_as_one_line_and_its_help() -> None:
    (problem,) = problems(lambda: request(LAW, "flows: [{id: leg, from: OWNER, to: LAP, carries: [records]}]"))
    place, help = str(problem).splitlines()
    assert place == 'request.yaml:1:36: "LAP" is no party of this request (at flows.0.to) [unknown-party]'
    assert help == '  help: did you mean "LAB"?'


def test_every_mistake_is_told_at_once() -> None:
    found = problems(
        lambda: request(
            LAW,
            """
            purpose: studdy
            hubs: [OWNR]
            facts: {aproved: true, signed_on: soon}
            datasets: {records: {owner: OWNR}}
            steps: [{step: law.step.aproval, status: done}]
            """,
        )
    )
    assert places(found) == [
        "1:10 unknown-code",
        "2:8 unknown-party",
        "3:9 unknown-fact",
        "3:35 wrong-kind",
        "4:29 unknown-party",
        "5:16 unknown-step",
    ]


def test_a_name_that_is_wrong_in_several_places_is_told_in_each() -> None:
    found = problems(
        lambda: request(
            LAW,
            """
            flows:
              - {id: one, from: OWNER, to: LAP, carries: [records]}
              - {id: two, from: OWNER, to: LAP, carries: [records]}
            """,
        )
    )
    assert places(found) == ["2:32 unknown-party", "3:32 unknown-party"]


@pytest.mark.parametrize("text", ["5", "- request: example", "request"])
def test_a_request_that_is_no_mapping(text: str, tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    path.write_text(text)
    (problem,) = problems(lambda: read_request(path, LAW))
    assert problem.code == "wrong-kind"


def test_shipped_policies_need_no_deployment(shipped_policies: PolicySet) -> None:
    assert request(shipped_policies, "purpose: study").deployment is None


def test_a_framework_that_asks_nothing_still_reads_requests() -> None:
    assert request(law("bases: {}")).facts == {}
