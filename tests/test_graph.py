"""From a request to its disclosures: who discloses whose data to whom, and what the graph knows about each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from engine.facts import Absence, CodeSet, Duration, Value
from engine.graph import Disclosure, Graph
from engine.policies import PolicySet
from tests.writing import ONE_LEG, law, policies, problems, request

POLICIES = policies()

CHAIN = """
    parties: {SDE: {}, HUB: {}, LAB: {}}
    hubs: [HUB]
    datasets: {grades: {owner: SDE}}
    flows:
      - {id: up, from: SDE, to: HUB, carries: [grades]}
      - {id: down, from: HUB, to: LAB, carries: [grades]}
"""

LINKED = """
    parties: {SDE: {}, DOL: {}, HUB: {}, LAB: {}}
    hubs: [HUB]
    datasets:
      grades: {owner: SDE, categories: [school], facts: {sensitive: true}}
      wages: {owner: DOL, categories: [wage]}
      linked: {from: [grades, wages]}
    flows:
      - {id: g, from: SDE, to: HUB, carries: [grades]}
      - {id: w, from: DOL, to: HUB, carries: [wages]}
      - {id: out, from: HUB, to: LAB, carries: [linked]}
"""


def disclosures(
    *texts: str, policies: PolicySet = POLICIES, as_of: date = date(2026, 11, 23)
) -> Mapping[str, Disclosure]:
    """The disclosures of a request, by id."""
    graph = Graph(policies, request(policies, *texts), as_of)
    return {disclosure.id: disclosure for disclosure in graph.disclosures}


def values(name: str, *texts: str) -> dict[str, Value]:
    """What rules read of a fact on each disclosure."""
    return {id_: disclosure[name].value for id_, disclosure in disclosures(*texts).items()}


def every(*codes: str) -> CodeSet:
    """Exactly these codes."""
    return CodeSet(frozenset(codes))


# Lineage --------------------------------------------------------------------------------------------------------------


def test_each_dataset_on_each_flow_is_a_disclosure() -> None:
    found = disclosures("""
        parties: {SDE: {}, HUB: {}}
        datasets: {grades: {owner: SDE}, lunches: {owner: SDE}}
        flows:
          - {id: up, from: SDE, to: HUB, carries: [lunches, grades]}
          - {id: again, from: SDE, to: HUB, carries: [grades]}
        """)
    assert set(found) == {"up/grades", "up/lunches", "again/grades"}


def test_linked_data_are_traced_to_every_owner() -> None:
    found = disclosures(LINKED)
    assert {d.id: (d.provider, d.sender, d.receiver) for d in found.values()} == {
        "g/grades": ("SDE", "SDE", "HUB"),
        "w/wages": ("DOL", "DOL", "HUB"),
        "out/linked/grades": ("SDE", "HUB", "LAB"),
        "out/linked/wages": ("DOL", "HUB", "LAB"),
    }


def test_data_derived_again_are_traced_through_every_step() -> None:
    found = disclosures(
        LINKED.replace(
            "linked: {from: [grades, wages]}", "linked: {from: [grades, wages]}\n      counts: {from: [linked]}"
        ).replace("carries: [linked]", "carries: [counts]")
    )
    assert {d.id: [e.id for e in d.earlier] for d in found.values() if d.flow.id == "out"} == {
        "out/counts/grades": ["g/grades"],
        "out/counts/wages": ["w/wages"],
    }


def test_earlier_legs_come_first_whatever_their_names() -> None:
    found = disclosures("""
        parties: {A: {}, B: {}, C: {}, D: {}}
        datasets: {data: {owner: A}}
        flows:
          - {id: x-last, from: C, to: D, carries: [data]}
          - {id: a-middle, from: B, to: C, carries: [data]}
          - {id: z-first, from: A, to: B, carries: [data]}
        """)
    assert list(found) == ["z-first/data", "a-middle/data", "x-last/data"]


def test_each_owners_part_has_its_own_facts() -> None:
    assert values("data.categories", LINKED) == {
        "g/grades": every("school"),
        "w/wages": every("wage"),
        "out/linked/grades": every("school"),
        "out/linked/wages": every("wage"),
    }
    assert values("data.sensitive", LINKED) == {
        "g/grades": True,
        "w/wages": Absence.NOT_ASKED,
        "out/linked/grades": True,
        "out/linked/wages": Absence.NOT_ASKED,
    }


def test_what_is_restated_of_linked_data_holds_for_every_part_of_them() -> None:
    restated = LINKED.replace("from: [grades, wages]", "from: [grades, wages], facts: {sensitive: false}")
    found = values("data.sensitive", restated)
    assert (found["g/grades"], found["out/linked/grades"], found["out/linked/wages"]) == (True, False, False)


DIAMOND = """
    parties: {SDE: {}, HUB: {}, LAB: {}}
    datasets:
      grades: {owner: SDE, facts: {sensitive: true}}
      stripped: {from: [grades], facts: {sensitive: false}}
      both: {from: [grades, stripped]}
    flows:
      - {id: up, from: SDE, to: HUB, carries: [grades]}
      - {id: down, from: HUB, to: LAB, carries: [both]}
"""


def test_parts_of_one_source_that_disagree_leave_the_whole_unknown() -> None:
    reading = disclosures(DIAMOND)["down/both/grades"]["data.sensitive"]
    assert reading.value is Absence.NOT_KNOWN
    assert reading.about == "dataset both", "stating it there would settle it"


def test_a_fact_of_a_party_is_the_same_fact_in_every_role() -> None:
    found = disclosures(CHAIN.replace("HUB: {}", "HUB: {facts: {trusted: true}}"))
    as_receiver, as_sender = found["up/grades"]["receiver.trusted"], found["down/grades"]["sender.trusted"]
    assert as_receiver.about == as_sender.about == "party HUB"
    assert as_receiver.value is as_sender.value is True


def test_a_fact_towards_the_provider_is_read_for_each_provider() -> None:
    found = disclosures(LINKED.replace("LAB: {}", "LAB: {facts: {barred_until: {SDE: 2027-01-01}}}"))
    assert found["out/linked/grades"]["receiver.barred_until"].value == date(2027, 1, 1)
    assert found["out/linked/wages"]["receiver.barred_until"].value is Absence.NOT_ASKED
    assert found["out/linked/wages"]["receiver.barred_until"].about == "party LAB towards DOL"


def test_a_flow_may_state_its_own_facts_of_the_request() -> None:
    found = disclosures(
        "facts: {approved: false}", CHAIN.replace("to: LAB,", "to: LAB, request: {approved: true}, form: coded,")
    )
    assert {id_: d["request.approved"].value for id_, d in found.items()} == {"up/grades": False, "down/grades": True}
    assert found["down/grades"]["flow.form"].value == "coded"
    assert found["up/grades"]["flow.form"].value is Absence.NOT_ASKED


def test_a_setting_of_the_deployment_is_read_by_its_requests_alone() -> None:
    found = policies("deployment: house\ntitle: A deployment\nfacts: {hub_retention: 5 business days}")
    (with_house,) = disclosures("deployment: house", policies=found).values()
    (without,) = disclosures(policies=found).values()
    assert with_house["deployment.hub_retention"].value == Duration(5, "business days")
    assert without["deployment.hub_retention"].value is Absence.NOT_ASKED


# Purposes -------------------------------------------------------------------------------------------------------------


def test_each_purpose_is_a_disclosure_of_its_own() -> None:
    assert values("request.purpose", "purpose: [study, audit]") == {
        "leg/records/study": "study",
        "leg/records/audit": "audit",
    }


def test_a_purpose_that_is_not_known_is_a_purpose_too() -> None:
    found = values("request.purpose", "purpose: [study, unknown]")
    assert set(found.values()) == {"study", Absence.NOT_KNOWN}
    assert all("Absence" not in id_ for id_ in found)


@pytest.mark.parametrize(
    ("up", "down", "as_received"),
    [
        ("study", "study", True),
        ("study", "audit", False),
        ("[study, audit]", "audit", True),
        ("unknown", "audit", Absence.NOT_ASKED),
        ("study", "unknown", Absence.NOT_ASKED),
    ],
)
def test_whether_data_go_on_for_a_purpose_they_were_received_for(up: str, down: str, as_received: Value) -> None:
    flows = CHAIN.replace("to: HUB,", f"to: HUB, purpose: {up},").replace("to: LAB,", f"to: LAB, purpose: {down},")
    found = values("flow.purpose_as_received", flows)
    assert found["down/grades"] is as_received
    assert all(value is Absence.DOES_NOT_APPLY for id_, value in found.items() if id_.startswith("up/"))


def test_two_legs_of_one_unknown_purpose_have_the_same_purpose() -> None:
    assert values("flow.purpose_as_received", CHAIN)["down/grades"] is True


# Legs and parties -----------------------------------------------------------------------------------------------------

JOURNEY = """
    parties: {SDE: {}, DOL: {}, HUB: {}, HUB2: {}, LAB: {}, VENDOR: {}}
    hubs: [HUB, HUB2]
    datasets: {grades: {owner: SDE}, wages: {owner: DOL}, linked: {from: [grades, wages]}}
    flows:
      - {id: grades-up, from: SDE, to: HUB, carries: [grades]}
      - {id: wages-up, from: DOL, to: HUB, carries: [wages]}
      - {id: between-hubs, from: HUB, to: HUB2, carries: [linked]}
      - {id: down, from: HUB2, to: LAB, carries: [linked]}
      - {id: onward, from: LAB, to: VENDOR, carries: [linked]}
      - {id: home, from: HUB2, to: SDE, carries: [linked]}
      - {id: inside, from: LAB, to: LAB, carries: [linked]}
      - {id: direct, from: SDE, to: LAB, carries: [grades]}
    outputs:
      - {id: report, from: LAB, carries: [linked]}
"""


def test_every_leg_has_its_place_in_the_journey() -> None:
    assert {id_.partition("/")[0]: leg for id_, leg in values("flow.leg", JOURNEY).items()} == {
        "grades-up": "provider_to_hub",
        "wages-up": "provider_to_hub",
        "between-hubs": "onward",
        "down": "hub_to_recipient",
        "onward": "onward",
        "home": "hub_to_recipient",
        "inside": "internal",
        "direct": "direct",
        "report": "publication",
    }


@pytest.mark.parametrize(
    ("name", "flows"),
    [
        ("flow.redisclosure", {"between-hubs", "down", "onward", "home", "inside", "report"}),
        ("flow.linked", {"between-hubs", "down", "onward", "home", "inside", "report"}),
        ("flow.receiver_is_provider", {"home"}),
        ("receiver.is_hub", {"grades-up", "wages-up", "between-hubs"}),
        ("sender.is_hub", {"between-hubs", "down", "home"}),
        ("provider.is_hub", set()),
    ],
)
def test_on_which_legs_a_derived_fact_is_true(name: str, flows: set[str]) -> None:
    found = values(name, JOURNEY)
    assert {id_.partition("/")[0] for id_, value in found.items() if value is True} == flows
    assert set(found.values()) <= {True, False}


def test_the_public_is_a_party_of_its_kind() -> None:
    found = disclosures(JOURNEY)["report/linked/grades"]
    assert (found.receiver, found["receiver.kind"].value) == ("public", "public")


def test_the_public_is_nobody_in_particular_and_asked_nothing() -> None:
    report = "outputs: [{id: report, from: OWNER, carries: [records]}]"
    found = disclosures(ONE_LEG, report)["report/records"]
    assert found["receiver.trusted"].value is False
    assert found["receiver.barred_until"].value is Absence.DOES_NOT_APPLY
    assert found["receiver.trusted"].source == "the public is nobody in particular"


def test_data_return_to_their_own_provider_only() -> None:
    found = values("flow.returns_to_provider", JOURNEY)
    assert found["home/linked/grades"] is True
    assert found["home/linked/wages"] is False


def test_what_the_request_has_the_receiver_pass_on() -> None:
    found = values("flow.onward_planned", CHAIN)
    assert found == {"up/grades": True, "down/grades": False}


def test_what_the_graph_knows_of_the_whole_request() -> None:
    (first, *_) = disclosures(JOURNEY, as_of=date(2027, 1, 1)).values()
    assert first["request.provider_count"].value == 2
    assert first["request.through_hub"].value is True
    assert first["request.date"].value == date(2027, 1, 1), "the day for which the answer is given"
    assert set(values("request.through_hub", ONE_LEG).values()) == {False}


def test_where_a_deployment_names_its_hub_no_other_is_meant() -> None:
    house = policies("deployment: house\ntitle: A deployment\nhub: HUB\nagencies: {HUB: {name: The hub, kind: agency}}")
    own, other = (
        disclosures("deployment: house", f"hubs: [{hub}]", """
            parties: {SDE: {}, HUB: {}, LAB: {}}
            datasets: {grades: {owner: SDE}}
            flows: [{id: up, from: SDE, to: HUB, carries: [grades]}, {id: side, from: SDE, to: LAB, carries: [grades]}]
            """, policies=house)
        for hub in ("HUB", "LAB")
    )  # fmt: skip
    assert {d["request.through_hub"].value for d in own.values()} == {True}
    assert {d["request.through_hub"].value for d in other.values()} == {False}


def test_an_agency_may_be_provider_and_hub_or_provider_and_recipient() -> None:
    found = disclosures("""
        parties: {SDE: {}, DOL: {}}
        hubs: [DOL]
        datasets: {grades: {owner: SDE}, wages: {owner: DOL}, linked: {from: [grades, wages]}}
        flows:
          - {id: up, from: SDE, to: DOL, carries: [grades]}
          - {id: back, from: DOL, to: SDE, carries: [linked]}
        """)
    assert found["up/grades"]["flow.receiver_is_provider"].value is True
    own, others = found["back/linked/wages"], found["back/linked/grades"]
    assert (own["provider.is_hub"].value, own["flow.redisclosure"].value) == (True, False)
    assert (others["flow.redisclosure"].value, others["flow.returns_to_provider"].value) == (True, True)


# Papers and people ----------------------------------------------------------------------------------------------------


def papers(disclosure: str, paper: str, as_of: date = date(2026, 11, 23)) -> CodeSet:
    """The papers in force on a leg of the chain, where this one is reported."""
    found = disclosures(CHAIN, f"instruments: [{{instrument: pact, {paper}}}]", as_of=as_of)[disclosure]
    value = found["flow.instruments"].value
    assert isinstance(value, CodeSet)
    return value


IN_FORCE, NOT_IN_FORCE, NOT_REPORTED = (
    ({"pact"}, {"waiver"}),
    (set[str](), {"waiver"}),
    (set[str](), {"pact", "waiver"}),
)
"""Which papers surely, and which perhaps, are in force: of the waiver nothing is ever reported."""


@pytest.mark.parametrize(
    ("leg", "paper", "expected"),
    [
        ("up/grades", "between: [SDE, HUB], status: signed", IN_FORCE),
        ("up/grades", "between: [HUB, SDE, LAB], status: signed", IN_FORCE),
        ("up/grades", "between: [SDE, HUB], status: draft", NOT_IN_FORCE),
        ("up/grades", "between: [SDE, HUB], status: refused", NOT_IN_FORCE),
        ("up/grades", "between: [SDE, LAB], status: signed", NOT_REPORTED),
        ("up/grades", "between: [SDE], status: signed", NOT_REPORTED),
        ("down/grades", "between: [HUB, LAB], status: signed", IN_FORCE),
        ("down/grades", "between: [SDE, LAB], status: signed", IN_FORCE),
        ("down/grades", "between: [SDE, HUB], status: signed", NOT_REPORTED),
        ("down/grades", "between: [SDE, HUB, LAB], status: signed, flows: [down]", IN_FORCE),
        ("down/grades", "between: [SDE, HUB, LAB], status: signed, flows: [up]", NOT_REPORTED),
        ("up/grades", "between: [SDE, HUB], status: signed, from: 2026-11-23, until: 2026-11-23", IN_FORCE),
        ("up/grades", "between: [SDE, HUB], status: signed, from: 2026-11-24", NOT_IN_FORCE),
        ("up/grades", "between: [SDE, HUB], status: signed, until: 2026-11-22", NOT_IN_FORCE),
    ],
)
def test_a_paper_counts_between_its_parties_while_it_runs(leg: str, paper: str, expected: CodeSet) -> None:
    assert papers(leg, paper) == expected


def test_papers_are_those_of_the_day_for_which_the_answer_is_given() -> None:
    paper = "between: [SDE, HUB], status: signed, from: 2027-01-01"
    assert papers("up/grades", paper, as_of=date(2026, 12, 31)).has == set()
    assert papers("up/grades", paper, as_of=date(2027, 1, 1)).has == {"pact"}


def test_one_paper_may_serve_as_several() -> None:
    paper = "instruments: [{instrument: [pact, waiver], between: [SDE, HUB], status: signed}]"
    assert disclosures(CHAIN, paper)["up/grades"]["flow.instruments"].value == every("pact", "waiver")


@pytest.mark.parametrize(
    ("users", "named", "acknowledged", "employees"),
    [
        ("", Absence.NOT_ASKED, Absence.NOT_ASKED, Absence.NOT_ASKED),
        ("{name: A, party: OWNER, acknowledged: true}", Absence.NOT_ASKED, Absence.NOT_ASKED, Absence.NOT_ASKED),
        ("{name: A, party: LAB}", True, Absence.NOT_ASKED, Absence.NOT_ASKED),
        ("{name: A, party: LAB, acknowledged: true, public_employee: false}", True, True, False),
        (
            "{name: A, party: LAB, acknowledged: true, public_employee: true}, "
            "{name: B, party: LAB, acknowledged: false}",
            True,
            False,
            Absence.NOT_ASKED,
        ),
    ],
)
def test_what_is_said_of_the_persons_who_will_see_the_data(
    users: str, named: Value, acknowledged: Value, employees: Value
) -> None:
    (found,) = disclosures(f"users: [{users}]").values()
    answers = [found[f"receiver.users_{key}"] for key in ("named", "acknowledged", "public_employees")]
    assert [reading.value for reading in answers] == [named, acknowledged, employees]
    assert {reading.about for reading in answers} == {"party LAB"}, "one question for all the legs to one receiver"


def test_papers_are_one_question_for_all_data_of_a_provider_on_a_flow() -> None:
    found = disclosures("""
        datasets: {a: {owner: OWNER}, b: {owner: OWNER}}
        flows: [{id: leg, from: OWNER, to: LAB, carries: [a, b]}, {id: other, from: OWNER, to: LAB, carries: [a]}]
        """)
    about = {id_: disclosure["flow.instruments"].about for id_, disclosure in found.items()}
    assert about["leg/a"] == about["leg/b"] != about["other/a"]


# Impossible graphs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (
            """
            parties: {A: {}, B: {}, C: {}}
            datasets: {data: {owner: A}}
            flows: [{id: leg, from: B, to: C, carries: [data]}]
            """,
            "impossible-carry",
            "B sends data on leg but neither owns nor receives it",
        ),
        (
            """
            parties: {A: {}, B: {}, C: {}}
            datasets: {one: {owner: A}, two: {owner: C}, linked: {from: [one, two]}}
            flows: [{id: up, from: A, to: B, carries: [one]}, {id: leg, from: B, to: C, carries: [linked]}]
            """,
            "impossible-carry",
            "B sends linked on leg but neither owns nor receives two",
        ),
        (
            """
            parties: {A: {}, B: {}}
            datasets: {one: {from: [two]}, two: {from: [one]}}
            flows: [{id: leg, from: A, to: B, carries: [one]}]
            """,
            "circle",
            "is made from itself",
        ),
        (
            """
            parties: {A: {}, B: {}, C: {}}
            datasets: {data: {owner: A}}
            flows: [{id: one, from: B, to: C, carries: [data]}, {id: two, from: C, to: B, carries: [data]}]
            """,
            "circle",
            "data go in a circle, with no owner to start it",
        ),
    ],
    ids=["never had it", "never had a part of it", "data made from themselves", "flows in a circle"],
)
def test_an_impossible_graph_is_told(text: str, code: str, words: str) -> None:
    (problem,) = problems(lambda: disclosures(text))
    assert problem.code == code
    assert words in problem.message


def test_every_impossible_flow_is_told() -> None:
    found = problems(
        lambda: disclosures("""
        parties: {A: {}, B: {}, C: {}}
        datasets: {data: {owner: A}}
        flows: [{id: one, from: B, to: C, carries: [data]}, {id: two, from: B, to: A, carries: [data]}]
        """)
    )
    assert [p.message.partition(" but ")[0] for p in found] == ["B sends data on one", "B sends data on two"]


def test_an_owner_may_get_its_own_data_back_and_send_them_again() -> None:
    found = disclosures("""
        parties: {A: {}, B: {}, C: {}}
        datasets: {one: {owner: A}, two: {owner: A}, linked: {from: [one, two]}}
        flows:
          - {id: a, from: A, to: B, carries: [linked]}
          - {id: b, from: B, to: A, carries: [linked]}
          - {id: c, from: A, to: C, carries: [linked]}
        """)
    assert {d.id: len(d.earlier) for d in found.values() if d.source == "one"} == {
        "a/linked/one": 0,
        "b/linked/one": 1,
        "c/linked/one": 0,
    }


# The vocabulary -------------------------------------------------------------------------------------------------------


def test_every_derived_fact_of_the_shipped_vocabulary_is_computed(shipped_policies: PolicySet) -> None:
    derived = [declared for declared in shipped_policies.vocabulary if declared.fact.derived]
    (disclosure,) = disclosures("purpose: study", policies=shipped_policies).values()
    types: dict[str, type] = {"boolean": bool, "code": str, "codes": CodeSet, "date": date, "number": int}
    assert len(derived) >= 19
    for declared in derived:
        value = disclosure[declared.name].value
        if not isinstance(value, Absence):
            assert isinstance(value, types[declared.fact.type]), declared.name
        if declared.fact.type == "code":
            assert value in declared.codes


def test_every_fact_of_the_shipped_vocabulary_can_be_read(shipped_policies: PolicySet) -> None:
    (disclosure,) = disclosures(policies=shipped_policies).values()
    for declared in shipped_policies.vocabulary:
        assert disclosure[declared.name].name == declared.name


def test_bases_and_restrictions_are_codes_of_what_travels() -> None:
    found = law("""
        restrictions: {sealed: {says: Sealed, cite: s. 2}}
        bases: {consent: {title: Consent, cite: s. 1, checked: text, attaches: [sealed]}}
        """)
    assert set(found.vocabulary["data.received_under"].codes) == {"law.basis.consent"}
    assert set(found.vocabulary["data.restrictions"].codes) == {"sealed"}
    assert set(found.vocabulary["flow.instruments"].codes) == {"pact", "waiver"}
