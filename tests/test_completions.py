"""Exact answers: what holds whatever the unknown facts turn out to be, and which of them still matter."""

from __future__ import annotations

import re

import pytest

from engine.decisions import Decision
from tests.writing import decided, finding, law, missing, policies, problems

SHORT = {
    "A": "{request.approved: true}",
    "B": "{data.sensitive: true}",
    "C": "{receiver.trusted: true}",
    "signed": "request.signed_on",
    "expires": "request.expires_on",
}
"""Short names for facts of which a silent request leaves everything open. The last may not apply."""


def when(condition: str, *more: str, request: str = "") -> Decision:
    """The decision on one leg under a law that permits it on this condition, written with short names."""
    written_out = re.sub(r"\b\w+\b", lambda word: SHORT.get(word[0], word[0]), condition)
    basis = f"bases: {{any: {{title: Any, cite: s. 1, checked: text, when: {written_out}}}}}"
    return decided(law(basis, *more), request)


def answer(decision: Decision) -> tuple[str, set[str]]:
    """The outcome and the missing facts."""
    return decision.outcome, missing(decision)


# Propositions ---------------------------------------------------------------------------------------------------------

ALLOW, DENY = ("allow", set[str]()), ("deny", set[str]())
FACTS = {"A": "request.approved", "B": "data.sensitive", "C": "receiver.trusted"}


def open_on(letters: str) -> tuple[str, set[str]]:
    """Undetermined, and exactly these facts are missing."""
    return "undetermined", {FACTS[letter] for letter in letters}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("A", open_on("A")),
        ("{any: [A, {not: A}]}", ALLOW),
        ("[A, {not: A}]", DENY),
        ("{any: [{all: [A, B]}, {all: [{not: A}, B]}]}", open_on("B")),
        ("{any: [A, {all: [A, B]}]}", open_on("A")),
        ("{not: {all: [A, {not: {any: [A, B]}}]}}", ALLOW),
        ("{any: [{all: [A, {not: B}]}, {all: [B, {not: A}]}]}", open_on("AB")),
        ("{any: [{all: [A, B]}, {all: [{not: A}, C]}, {all: [B, C]}]}", open_on("ABC")),
        ("{at_least: {count: 1, of: [A, {not: A}, B]}}", ALLOW),
        ("{at_least: {count: 2, of: [A, {not: A}, B]}}", open_on("B")),
        ("{at_least: {count: 3, of: [A, {not: A}, B]}}", DENY),
        ("{at_least: {count: 2, of: [A, B, C]}}", open_on("ABC")),
        ("{at_least: {count: 2, of: [A, A, B]}}", open_on("A")),
    ],
)
def test_an_answer_that_no_fact_can_change_is_given(condition: str, expected: tuple[str, set[str]]) -> None:
    assert answer(when(condition)) == expected


def test_a_basis_may_cover_what_another_leaves_out() -> None:
    decision = decided(
        law("""
        bases:
          trusted: {title: Trusted, cite: s. 1, checked: text, when: {receiver.trusted: true}}
          careful: {title: Careful, cite: s. 2, checked: text, when: {receiver.trusted: false}}
        """)
    )
    assert answer(decision) == ALLOW


def test_a_bar_may_leave_only_what_no_basis_covers() -> None:
    decision = decided(
        law("""
        bars: {barred: {says: Barred, cite: s. 1, checked: text, when: {receiver.trusted: true}}}
        bases: {trusted: {title: Trusted, cite: s. 2, checked: text, when: {receiver.trusted: true}}}
        """)
    )
    assert answer(decision) == DENY


def test_two_laws_that_never_permit_together_deny() -> None:
    laws = """
        framework: {name}
        title: A law
        authority: 1 Law 1
        applies: {{says: Everything, cite: s. 1, checked: text}}
        bases: {{any: {{title: Any, cite: s. 2, checked: text, when: {{receiver.trusted: {truth}}}}}}}
        """
    decision = decided(policies(laws.format(name="one", truth="true"), laws.format(name="two", truth="false")))
    assert [f.outcome for f in decision.findings] == ["undetermined", "undetermined"]
    assert [missing(f) for f in decision.findings] == [{"receiver.trusted"}, {"receiver.trusted"}]
    assert answer(decision) == DENY


# Values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        pytest.param("{any: [{flow.form: [identified, coded]}, {flow.form: aggregate}]}", "allow", id="every code"),
        pytest.param("{any: [{flow.form: identified}, {flow.form: aggregate}]}", "undetermined", id="not every code"),
        pytest.param("[{flow.form: identified}, {flow.form: aggregate}]", "deny", id="two codes at once"),
        pytest.param("{request.ethics: [approved, waived]}", "undetermined", id="every code, but it may not apply"),
        pytest.param(
            "{any: [{request.ethics: [approved, waived]}, {not: {request.ethics: {known: true}}}]}",
            "allow",
            id="every code, or does not apply",
        ),
        pytest.param("{any: [{signed: {before: 2026-06-02}}, {signed: {after: 2026-06-01}}]}", "allow", id="every day"),
        pytest.param(
            "{any: [{signed: {before: 2026-06-01}}, {signed: {after: 2026-06-01}}]}",
            "undetermined",
            id="all but one day",
        ),
        pytest.param(
            "[{signed: {after: 2026-06-01}}, {signed: {before: 2026-06-02}}]", "deny", id="no day between two days"
        ),
        pytest.param(
            "[{signed: {after: 2026-06-01}}, {signed: {before: 2026-06-03}}]", "undetermined", id="one day between"
        ),
        pytest.param(
            "{any: [{flow.smallest_cell: {at_least: 10}}, {flow.smallest_cell: {at_most: 10}}, "
            "{not: {flow.smallest_cell: {known: true}}}]}",
            "allow",
            id="every number",
        ),
        pytest.param(
            "[{flow.smallest_cell: {at_least: 10}}, {flow.smallest_cell: {at_most: 10}}]",
            "undetermined",
            id="one number",
        ),
        pytest.param(
            "[{flow.smallest_cell: {at_least: 11}}, {flow.smallest_cell: {at_most: 10}}]", "deny", id="no number"
        ),
        pytest.param(
            "{any: [{flow.kept_for: {at_least: 30 days}}, {flow.kept_for: {at_most: 30 days}}]}",
            "undetermined",
            id="more or less than some days, or a time in months",
        ),
        pytest.param(
            "[{flow.kept_for: {at_least: 30 days}}, {flow.kept_for: {at_most: 1 year}}]", "deny", id="days and months"
        ),
        pytest.param(
            "[{data.categories: {includes: school}}, {data.categories: {excludes: [school, wage]}}]",
            "deny",
            id="in a set and not in it",
        ),
        pytest.param(
            "[{data.categories: {within: [school]}}, {data.categories: {includes: wage}}]",
            "deny",
            id="within a set and beyond it",
        ),
        pytest.param(
            "{any: [{data.categories: {within: [school, wage, health]}}, "
            "{data.categories: {excludes: [school, wage, health]}}]}",
            "allow",
            id="some codes or none",
        ),
    ],
)
def test_all_values_that_the_rules_can_tell_apart_are_considered(condition: str, outcome: str) -> None:
    assert when(condition).outcome == outcome


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        pytest.param(
            "[{signed: {before: {fact: expires}}}, {signed: {after: {fact: expires}}}]", "deny", id="before and after"
        ),
        pytest.param(
            "{any: [{signed: {before: {fact: expires}}}, {signed: {on_or_after: {fact: expires}}}]}",
            "undetermined",
            id="before or not before, but one may not apply",
        ),
        pytest.param(
            "{any: [{signed: {before: {fact: expires}}}, {signed: {on_or_after: {fact: expires}}}, "
            "{not: {expires: {known: true}}}]}",
            "allow",
            id="before, not before, or without end",
        ),
        pytest.param(
            "[{signed: {after: 2026-05-31}}, {signed: {before: {fact: expires}}}, {expires: {before: 2026-06-02}}]",
            "deny",
            id="no room for two days",
        ),
        pytest.param(
            "[{signed: {after: 2026-05-31}}, {signed: {before: {fact: expires}}}, {expires: {before: 2026-06-03}}]",
            "undetermined",
            id="room for two days",
        ),
    ],
)
def test_two_unknown_dates_are_compared(condition: str, outcome: str) -> None:
    assert when(condition).outcome == outcome


CODES = """
    facts:
      request.first: {type: code, codes: {a: A, b: B, shared: S}}
      request.second: {type: code, codes: {shared: S, y: Y, z: Z}}
"""


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("{request.first: {fact: request.second}}", "undetermined"),
        ("[{request.first: {fact: request.second}}, {request.first: {not: shared}}]", "deny"),
        ("[{request.first: {fact: request.second}}, {request.second: z}]", "deny"),
        ("{any: [{request.first: {not: {fact: request.second}}}, {request.first: shared}]}", "allow"),
    ],
)
def test_two_unknown_codes_agree_only_on_what_both_can_be(condition: str, outcome: str) -> None:
    assert when(condition, CODES).outcome == outcome


def test_a_code_that_is_known_and_impossible_for_the_other_fact() -> None:
    decision = when("{request.first: {fact: request.second}}", CODES, request="facts: {second: z}")
    assert answer(decision) == ("deny", set())


# Which facts are the same ---------------------------------------------------------------------------------------------

TWO_LEGS = """
    parties: {OWNER: {}, HUB: {}, LAB: {}}
    datasets: {records: {owner: OWNER}}
    flows:
      - {id: up, from: OWNER, to: HUB, carries: [records]}
      - {id: down, from: HUB, to: LAB, carries: [records]}
"""


def test_a_party_is_the_same_as_sender_and_as_receiver() -> None:
    """The hub must be trusted on one leg and distrusted on the next."""
    decision = decided(
        law("""
        bases:
          up: {title: Up, cite: s. 1, checked: text, when: [{flow.redisclosure: false}, {receiver.trusted: true}]}
          down: {title: Down, cite: s. 2, checked: text, when: [{flow.redisclosure: true}, {sender.trusted: false}]}
        """),
        TWO_LEGS,
    )
    assert decision.outcome == "deny"
    assert [(f.outcome, missing(f)) for f in decision.findings] == [
        ("undetermined", {"receiver.trusted"}),
        ("undetermined", {"sender.trusted"}),
    ]


def test_the_facts_of_two_flows_are_two_facts() -> None:
    decision = decided(
        law("""
        bases:
          up: {title: Up, cite: s. 1, checked: text, when: [{flow.redisclosure: false}, {flow.form: coded}]}
          down: {title: Down, cite: s. 2, checked: text, when: [{flow.redisclosure: true}, {flow.form: identified}]}
        """),
        TWO_LEGS,
    )
    assert decision.outcome == "undetermined"
    assert {reading.about for reading in decision.missing} == {"flow up", "flow down"}


@pytest.mark.parametrize("fact", ["receiver.users_named: true", "flow.instruments: {includes: pact}"])
def test_two_datasets_on_one_leg_share_its_papers_and_people(fact: str) -> None:
    decision = decided(
        law(f"""
        bases:
          with: {{title: With, cite: s. 1, checked: text, when: [{{data.sensitive: true}}, {{{fact}}}]}}
          without: {{title: Without, cite: s. 2, checked: text, when: [{{data.sensitive: false}}, {{not: {{{fact}}}}}]}}
        """),
        """
        datasets: {a: {owner: OWNER, facts: {sensitive: true}}, b: {owner: OWNER, facts: {sensitive: false}}}
        flows: [{id: leg, from: OWNER, to: LAB, carries: [a, b]}]
        """,
    )
    assert [f.outcome for f in decision.findings] == ["undetermined", "undetermined"]
    assert decision.outcome == "deny"


def test_a_paper_between_sender_and_receiver_counts_for_every_owner() -> None:
    """The hub sends its own wages and the school's grades on one flow: one paper serves for both, or for neither."""
    decision = decided(
        law("""
        bases:
          own:
            title: Own
            cite: s. 1
            checked: text
            when: [{provider.is_hub: true}, {flow.instruments: {includes: pact}}]
          other:
            title: Other
            cite: s. 2
            checked: text
            when: [{provider.is_hub: false}, {flow.instruments: {excludes: pact}}]
        """),
        """
        parties: {SDE: {}, DOL: {}, LAB: {}}
        hubs: [DOL]
        datasets: {grades: {owner: SDE}, wages: {owner: DOL}, linked: {from: [grades, wages]}}
        flows:
          - {id: up, from: SDE, to: DOL, carries: [grades]}
          - {id: out, from: DOL, to: LAB, carries: [linked]}
        """,
    )
    assert [f.outcome for f in decision.findings] == ["undetermined", "undetermined", "undetermined"]
    assert decision.outcome == "deny"


def test_legs_of_one_unknown_purpose_share_it() -> None:
    same = law("""
        bases:
          first: {title: First, cite: s. 1, checked: text, when: {flow.redisclosure: false}}
          same: {title: Same, cite: s. 2, checked: text, when: {flow.purpose_as_received: true}}
        """)
    assert answer(decided(same, TWO_LEGS)) == ("allow", set())
    own = TWO_LEGS.replace("to: LAB,", "to: LAB, purpose: study,")
    assert answer(decided(same, own)) == ("undetermined", {"request.purpose"})


# Facts that exclude one another ---------------------------------------------------------------------------------------

COUNTS = "exclusive: [[{flow.form: aggregate}, {data.sensitive: true}]]"
AS_COUNTS = "flows: [{id: leg, from: OWNER, to: LAB, carries: [records], form: aggregate}]"


def test_what_a_stated_fact_excludes_is_not_asked() -> None:
    assert answer(when("{data.sensitive: false}")) == ("undetermined", {"data.sensitive"})
    assert answer(when("{data.sensitive: false}", COUNTS, request=AS_COUNTS)) == ("allow", set())


def test_a_combination_that_is_ruled_out_needs_no_rule() -> None:
    assert when("[{flow.form: aggregate}, {data.sensitive: true}]").outcome == "undetermined"
    assert when("[{flow.form: aggregate}, {data.sensitive: true}]", COUNTS).outcome == "deny"


def test_facts_that_exclude_one_another_are_told_where_both_are_stated() -> None:
    request = f"{AS_COUNTS}\ndatasets: {{records: {{owner: OWNER, facts: {{sensitive: true}}}}}}"
    (problem,) = problems(lambda: when("{data.sensitive: true}", COUNTS, request=request))
    assert problem.code == "excluded"
    assert "leg/records" in problem.message


CONTRADICTION = """
    exclusive:
      - [{flow.form: aggregate}, {data.sensitive: true}]
      - [{data.sensitive: false}, {request.approved: true}]
"""
"""Counts are not sensitive, and what is not sensitive needs no approval."""


@pytest.mark.parametrize("condition", ["{data.sensitive: true}", "{receiver.trusted: true}", "{flow.form: aggregate}"])
def test_stated_facts_that_leave_nothing_possible_are_no_request(condition: str) -> None:
    """Counts are sensitive or not; either is excluded by what is stated. No rule need ask for it."""
    request = f"{AS_COUNTS}\nfacts: {{approved: true}}"
    (problem,) = problems(lambda: when(condition, CONTRADICTION, request=request))
    assert problem.code == "excluded"


def test_what_one_flow_excludes_holds_on_every_flow() -> None:
    decision = when(
        "{any: [{flow.form: aggregate}, {data.sensitive: false}]}",
        COUNTS,
        request="""
        flows:
          - {id: counts, from: OWNER, to: LAB, carries: [records], form: aggregate}
          - {id: leg, from: OWNER, to: LAB, carries: [records], form: coded}
        """,
    )
    assert decision.outcome == "allow"
    assert finding(decision).outcome == "allow", "the same data are not sensitive on this flow either"


def test_a_fact_that_only_excludes_values_of_another_is_not_asked_for() -> None:
    decision = when("{data.sensitive: false}", COUNTS)
    assert missing(decision) == {"data.sensitive"}, "counts are not sensitive, but whether the data are is the question"


def test_facts_that_can_only_change_together_both_matter() -> None:
    exclusive = """
    exclusive:
      - [{data.sensitive: true}, {request.approved: false}]
      - [{data.sensitive: false}, {request.approved: true}]
    """
    decision = when("{data.sensitive: false}", exclusive)
    assert answer(decision) == ("undetermined", {"data.sensitive", "request.approved"})


def test_a_fact_that_would_settle_the_answer_but_follows_from_another_is_not_asked_for() -> None:
    """That the data are sensitive would deny; but trust alone settles it, as the trusted get no sensitive data."""
    exclusive = "exclusive: [[{data.sensitive: true}, {receiver.trusted: true}]]"
    decision = when("[{data.sensitive: false}, {receiver.trusted: true}]", exclusive)
    assert answer(decision) == ("undetermined", {"receiver.trusted"})
    assert decision.answer.first(lambda reading: reading.name == "data.sensitive") is None


def test_a_fact_whose_values_make_no_difference_is_not_missing() -> None:
    """Another flow's form is tied to these data's sensitivity, but cannot change it: it is known."""
    decision = when(
        "{any: [{receiver.trusted: true}, {data.sensitive: true}]}",
        COUNTS,
        request="""
        flows:
          - {id: counts, from: OWNER, to: LAB, carries: [records], form: aggregate}
          - {id: leg, from: OWNER, to: LAB, carries: [records]}
        """,
    )
    assert answer(decision) == ("undetermined", {"receiver.trusted"})


# The order of questions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "order"),
    [
        pytest.param("[{any: [A, B]}, C]", "CAB", id="first what denies alone"),
        pytest.param("{any: [{all: [A, B]}, C]}", "CAB", id="first what allows alone"),
        pytest.param("{any: [{all: [A, signed: {before: 2026-06-01}, expires: {before: 2026-06-01}]}, {all: [B, C]}]}",
                     "BC", id="then the smallest way to an allow"),
    ],
)  # fmt: skip
def test_missing_facts_come_in_the_order_that_settles_soonest(condition: str, order: str) -> None:
    decision = when(condition)
    assert [reading.name for reading in decision.missing][: len(order)] == [FACTS[letter] for letter in order]
    assert {reading.name for reading in decision.missing} == {r.name for r in decision.answer.matters.values()}
