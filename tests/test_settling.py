"""What columns answer where facts are unknown: as exactly as the interpreter, and nearly always without it."""

from __future__ import annotations

import pytest

pytest.importorskip("pyarrow")

from engine.decisions import decide
from engine.policies import PolicySet
from engine.rows import RowMaker, decide_rows
from tests.test_columns import answered, batch, expected
from tests.writing import law, request


def settled(policies: PolicySet, *texts: str, exactly: int = 0) -> str:
    """The outcome, which with everything else is the interpreter's; `exactly` says how often that had to be asked."""
    asked = request(policies, *texts)
    part = batch(policies, [RowMaker(policies).rows(asked)])
    assert answered(part) == [expected(decide(policies, asked))]
    assert part.exactly == exactly
    return str(part.table["outcome"][0])


def one_basis(when: str, *more: str) -> PolicySet:
    return law(f"bases: {{one: {{title: One, cite: s. 1, checked: text, when: {when}}}}}", *more)


EXCLUSIVE = "exclusive: [[{flow.form: aggregate}, {data.sensitive: true}]]"


@pytest.mark.parametrize(
    ("when", "outcome"),
    [
        ("{data.sensitive: true}", "undetermined"),
        ("{any: [{data.sensitive: true}, {data.sensitive: false}]}", "allow"),
        ("[{data.sensitive: true}, {data.sensitive: false}]", "deny"),
        ("[{flow.form: aggregate}, {data.sensitive: true}]", "deny"),
        ("{any: [{not: {flow.form: aggregate}}, {data.sensitive: false}]}", "allow"),
        ("{any: [{flow.form: aggregate}, {data.sensitive: true}]}", "undetermined"),
        ("{all: [{request.purpose: [study, audit]}, {not: {request.purpose: study}}]}", "undetermined"),
        ("{any: [{data.categories: {includes: school}}, {data.categories: {excludes: school}}]}", "allow"),
        ("[{data.categories: {within: [school]}}, {data.categories: {includes: wage}}]", "deny"),
        ("{any: [{data.categories: {within: [school]}}, {data.categories: {includes: wage}}]}", "undetermined"),
        ("{at_least: {count: 2, of: [{data.sensitive: true}, {data.sensitive: false}, {request.approved: true}]}}",
         "undetermined"),
    ],
)  # fmt: skip
def test_either_or_and_what_excludes_itself(when: str, outcome: str) -> None:
    assert settled(one_basis(when, EXCLUSIVE), "datasets: {records: {owner: OWNER}}") == outcome


def test_a_set_that_is_known_in_part_need_not_suffice() -> None:
    """Perhaps health records, and no others: three-valued logic cannot say that these are never only school records."""
    policies = one_basis("{data.categories: {within: [school]}}")
    found = RowMaker(policies).rows(request(policies, "datasets: {records: {owner: OWNER}}"))
    partly = {"facts": {**found.rows[0].facts, "data.categories": []}, "may": {"data.categories": ("health",)}}
    row = found.rows[0].model_copy(update=partly)
    rows = found.model_copy(update={"rows": (row,)})
    part = batch(policies, [rows])
    assert part.exactly == 0
    assert part.table["outcome"].to_pylist() == [decide_rows(policies, rows).outcome] == ["deny"]


def test_what_travels_is_as_open_as_the_basis_that_opened_the_leg_before() -> None:
    """The lab's leg turns on the basis of the leg to the hub, and that on one fact: it was trusted or it was not."""
    policies = law(
        """
        bases:
          trusted:
            title: Trusted
            cite: s. 1
            checked: text
            when: [{flow.leg: provider_to_hub}, {receiver.trusted: true}]
          careful:
            title: Careful
            cite: s. 2
            checked: text
            when: [{flow.leg: provider_to_hub}, {receiver.trusted: false}]
          onward:
            title: Onward
            cite: s. 3
            checked: text
            when:
            - flow.leg: hub_to_recipient
            - data.received_under: {includes_any: [law.basis.trusted, law.basis.careful]}
        """
    )
    hub = """
        parties: {OWNER: {}, HUB: {}, LAB: {}}
        hubs: [HUB]
        flows:
        - {id: in, from: OWNER, to: HUB, carries: [records]}
        - {id: out, from: HUB, to: LAB, carries: [records]}
    """
    assert settled(policies, hub) == "allow"
    assert settled(law("bases: {}"), hub) == "deny"


def test_facts_of_two_datasets_are_two_facts() -> None:
    """The linked data restate what the school's may still be: the one is sensitive, the other not."""
    policies = law(
        """
        bases:
          in: {title: In, cite: s. 1, checked: text, when: [{flow.linked: false}, {data.sensitive: true}]}
          out: {title: Out, cite: s. 2, checked: text, when: [{flow.linked: true}, {data.sensitive: false}]}
        """
    )
    linked = """
        parties: {OWNER: {}, OTHER: {}, HUB: {}, LAB: {}}
        hubs: [HUB]
        datasets:
          records: {owner: OWNER}
          wages: {owner: OTHER}
          both: {from: [records, wages], facts: {sensitive: unknown}}
        flows:
        - {id: in, from: OWNER, to: HUB, carries: [records]}
        - {id: too, from: OTHER, to: HUB, carries: [wages]}
        - {id: out, from: HUB, to: LAB, carries: [both]}
    """
    assert settled(policies, linked) == "undetermined"


def test_a_fact_towards_each_provider_is_another_fact() -> None:
    """The lab may be barred by the one school, and not by the other."""
    policies = law(
        """
        bases:
          one:
            title: One
            cite: s. 1
            checked: text
            when: [{provider.kind: agency}, {receiver.barred_until: {after: 2026-06-01}}]
          two:
            title: Two
            cite: s. 2
            checked: text
            when: [{provider.kind: lab}, {receiver.barred_until: {on_or_before: 2026-06-01}}]
        """
    )
    two = """
        parties: {OWNER: {facts: {kind: agency}}, OTHER: {facts: {kind: lab}}, LAB: {}}
        datasets: {records: {owner: OWNER}, wages: {owner: OTHER}}
        flows:
        - {id: a, from: OWNER, to: LAB, carries: [records]}
        - {id: b, from: OTHER, to: LAB, carries: [wages]}
    """
    assert settled(policies, two) == "undetermined"


def test_two_unknown_facts_that_are_compared_are_left_to_the_interpreter() -> None:
    when = "{request.signed_on: {before: {fact: request.expires_on}}}"
    assert settled(one_basis(when), exactly=1) == "undetermined"


@pytest.mark.parametrize(("operator", "outcome"), [("after", "deny"), ("on_or_after", "undetermined")])
def test_a_fact_is_never_before_or_after_itself(operator: str, outcome: str) -> None:
    """What the lab sends to itself has one party on both ends; that it is barred may not apply to it at all."""
    policies = one_basis(f"{{sender.barred_until: {{{operator}: {{fact: receiver.barred_until}}}}}}")
    same = """
        parties: {OWNER: {}, LAB: {}}
        flows:
        - {id: out, from: OWNER, to: OWNER, carries: [records]}
    """
    assert settled(policies, same) == outcome


def test_a_purpose_may_be_the_one_of_receipt() -> None:
    policies = one_basis("{any: [{flow.leg: provider_to_hub}, {flow.purpose_as_received: true}]}")
    hub = """
        parties: {OWNER: {}, HUB: {}, LAB: {}}
        hubs: [HUB]
        flows:
        - {id: in, from: OWNER, to: HUB, carries: [records], purpose: unknown}
        - {id: out, from: HUB, to: LAB, carries: [records], purpose: study}
    """
    assert settled(policies, hub) == "undetermined"
