"""What a decision means: the algebra of bars and bases, requirements, claims, and what travels with the data."""

from __future__ import annotations

from datetime import date

import pytest

from engine.decisions import Decision, decide
from engine.policies import PolicySet
from tests.writing import decided, finding, law, missing, policies, problems, request, written

# Bars, bases and what is unknown --------------------------------------------------------------------------------------

LAW = law("""
    applies: {says: School records, cite: s. 1, checked: text, when: {data.categories: {includes: school}}}
    bars: {barred: {says: Distrusted, cite: s. 2, checked: text, when: {receiver.trusted: false}}}
    bases:
      consent: {title: Consent, cite: s. 3, checked: text, when: {request.approved: true}}
      research:
        title: Research
        cite: s. 4
        checked: text
        when: [{request.purpose: study}, {request.ethics: approved}]
""")

TWO_FLOWS = """
    datasets: {records: {owner: OWNER}, wages: {owner: OWNER}}
    flows:
      - {id: leg, from: OWNER, to: LAB, carries: [records]}
      - {id: other, from: OWNER, to: LAB, carries: [wages]}
"""


def asked(
    *, school: str = "[school]", trusted: str = "true", approved: str = "true", purpose: str = "audit"
) -> Decision:
    """The decision on one leg with these facts."""
    return decided(
        LAW,
        f"""
        purpose: {purpose}
        facts: {{approved: {approved}, ethics: approved}}
        parties: {{OWNER: {{}}, LAB: {{facts: {{trusted: {trusted}}}}}}}
        datasets: {{records: {{owner: OWNER, facts: {{categories: {school}}}}}}}
        """,
    )


def test_a_basis_permits() -> None:
    decision = asked()
    assert (decision.outcome, decision.ready) == ("allow", True)
    found = finding(decision)
    assert found.used
    assert found.used.basis.id == "law.basis.consent"
    assert [(b.basis.id, b.proof.truth) for b in found.bases] == [
        ("law.basis.consent", True),
        ("law.basis.research", False),
    ]


def test_without_a_basis_the_answer_is_no() -> None:
    found = finding(asked(approved="false"))
    assert (found.outcome, found.used, found.holding) == ("deny", None, ())


def test_a_bar_beats_every_basis() -> None:
    found = finding(asked(trusted="false"))
    assert found.outcome == "deny"
    assert [bar.id for bar in found.holding] == ["law.bar.barred"]


def test_a_law_that_does_not_apply_permits() -> None:
    decision = asked(school="[wage]", trusted="false")
    assert decision.outcome == "allow"
    assert finding(decision).outcome == "not_applicable"


def test_an_unknown_bar_is_never_outvoted_by_a_satisfied_basis() -> None:
    decision = asked(trusted="unknown")
    assert (decision.outcome, missing(decision)) == ("undetermined", {"receiver.trusted"})


def test_whether_a_law_applies_is_open_while_the_data_are_not_classified() -> None:
    assert asked(school="unknown", trusted="false").outcome == "undetermined"
    assert asked(school="unknown", trusted="true").outcome == "allow", "permitted whether or not the law applies"


def test_a_sure_denial_outranks_what_is_unknown() -> None:
    decision = asked(trusted="false", approved="unknown")
    assert (decision.outcome, missing(decision)) == ("deny", set())


def test_a_basis_that_may_hold_is_no_permission() -> None:
    decision = asked(approved="unknown")
    assert (decision.outcome, missing(decision)) == ("undetermined", {"request.approved"})


def test_a_satisfied_basis_does_not_wait_for_another() -> None:
    assert missing(asked(purpose="unknown")) == set()
    assert asked(purpose="unknown").outcome == "allow"


def test_a_fact_not_asked_and_a_fact_not_known_are_both_unknown() -> None:
    silent = decided(LAW, "parties: {OWNER: {}, LAB: {facts: {trusted: true}}}")
    assert silent.outcome == "undetermined"
    assert missing(silent) == {"data.categories", "request.approved", "request.purpose", "request.ethics"}


def test_every_purpose_needs_a_basis_of_its_own() -> None:
    decision = asked(approved="false", purpose="[study, marketing]")
    assert {f.disclosure.id: f.outcome for f in decision.findings} == {
        "leg/records/study": "allow",
        "leg/records/marketing": "deny",
    }
    assert decision.outcome == "deny"


def test_all_laws_must_permit() -> None:
    strict = """
        framework: strict
        title: A strict law
        authority: 2 Law 1
        applies: {says: Everything, cite: s. 1, checked: text}
        bases: {board: {title: The board agrees, cite: s. 2, checked: text, when: {request.ethics: approved}}}
    """
    lenient = strict.replace("strict", "lenient").replace(", when: {request.ethics: approved}", "")
    found = policies(strict, lenient)
    assert decided(found, "facts: {ethics: waived}").outcome == "deny"
    assert decided(found, "facts: {ethics: unknown}").outcome == "undetermined"
    assert decided(found, "facts: {ethics: approved}").outcome == "allow"


def test_without_any_law_nothing_stands_in_the_way() -> None:
    assert decided(policies()).outcome == "allow"


def test_the_finding_of_each_law_is_told_on_each_disclosure() -> None:
    findings = decided(LAW, TWO_FLOWS).findings
    assert [(f.disclosure.id, f.framework.framework) for f in findings] == [
        ("leg/records", "law"),
        ("other/wages", "law"),
    ]


def test_penalties_are_named_where_they_can_follow() -> None:
    found = law("""
        bases: {any: {title: Any, cite: s. 1, checked: text}}
        penalties:
          fine: {says: A fine, cite: s. 8, checked: text, when: {data.sensitive: true}}
          loss: {says: Loss of access, cite: s. 9, checked: text}
        """)

    def penalties(sensitive: str) -> list[str]:
        decision = decided(found, f"datasets: {{records: {{owner: OWNER, facts: {{sensitive: {sensitive}}}}}}}")
        return [penalty.id for penalty in finding(decision).penalties]

    assert penalties("true") == penalties("unknown") == ["law.penalty.fine", "law.penalty.loss"]
    assert penalties("false") == ["law.penalty.loss"]


# The day --------------------------------------------------------------------------------------------------------------

TERM = law("""
    bases:
      current:
        title: Current
        cite: s. 1
        checked: text
        when: {request.expires_on: {on_or_after: {fact: request.date}}}
""")


def test_the_answer_is_for_the_day_of_the_request_or_another() -> None:
    facts = "facts: {expires_on: 2026-12-31}"
    assert decided(TERM, facts).as_of == date(2026, 11, 23)
    assert decided(TERM, facts).outcome == "allow"
    later = decided(TERM, facts, as_of=date(2027, 1, 1))
    assert (later.as_of, later.outcome) == (date(2027, 1, 1), "deny")


# Requirements ---------------------------------------------------------------------------------------------------------

CLAUSES = """
    clauses:
      law.clause.notice: {title: Notice, element: 1a, text: Tell them.}
"""


def requiring(*requirements: str) -> PolicySet:
    """A law with one basis that demands these."""
    rules = f"""
        framework: law
        title: The Law
        authority: 1 Law 1
        applies: {{says: Everything, cite: s. 1, checked: text}}
        bases:
          any: {{title: Any, cite: s. 1, checked: text, requires: [{", ".join(requirements)}]}}
    """
    return policies(rules, CLAUSES)


STEP = "{step: approval, says: Approve, by: receiver, due: before_transfer}"
PAPER = "{instrument: pact, between: [provider, receiver], due: before_transfer}"
CLAUSE = "{clause: law.clause.notice}"


def status(decision: Decision) -> tuple[str, bool, list[str]]:
    """The outcome, whether the data may move today, and how far each requirement is."""
    return decision.outcome, decision.ready, [duty.status for _, duty in decision.duties()]


@pytest.mark.parametrize(
    ("requirement", "reported", "expected"),
    [
        (STEP, "", ("allow", False, ["outstanding"])),
        (STEP, "steps: [{step: law.step.approval, status: pending}]", ("allow", False, ["outstanding"])),
        (STEP, "steps: [{step: law.step.approval, status: done}]", ("allow", True, ["done"])),
        (STEP, "steps: [{step: law.step.approval, status: refused}]", ("deny", False, [])),
        (PAPER, "", ("allow", False, ["outstanding"])),
        (
            PAPER,
            "instruments: [{instrument: pact, between: [OWNER, LAB], status: draft}]",
            ("allow", False, ["outstanding"]),
        ),
        (PAPER, "instruments: [{instrument: pact, between: [OWNER, LAB], status: signed}]", ("allow", True, ["done"])),
        (PAPER, "instruments: [{instrument: pact, between: [OWNER, LAB], status: refused}]", ("deny", False, [])),
        (CLAUSE, "", ("allow", True, ["outstanding"])),
        (
            CLAUSE,
            "instruments: [{instrument: pact, between: [OWNER, LAB], status: draft, contains: [law.clause.notice]}]",
            ("allow", True, ["in the agreement"]),
        ),
        (
            CLAUSE,
            "instruments: [{instrument: pact, between: [OWNER, LAB], status: draft, lacks: [law.clause.notice]}]",
            ("allow", True, ["outstanding"]),
        ),
        (
            CLAUSE,
            "instruments: [{instrument: pact, between: [OWNER, LAB], status: signed, lacks: [law.clause.notice]}]",
            ("deny", False, []),
        ),
    ],
)
def test_how_far_a_requirement_is(requirement: str, reported: str, expected: tuple[str, bool, list[str]]) -> None:
    assert status(decided(requiring(requirement), reported)) == expected


def test_a_denial_names_what_was_refused() -> None:
    decision = decided(requiring(STEP, CLAUSE), "steps: [{step: law.step.approval, status: refused}]")
    (basis,) = finding(decision).bases
    assert [(duty.requirement.name, duty.blocks) for duty in basis.duties] == [
        ("law.step.approval", True),
        ("law.clause.notice", False),
    ]


@pytest.mark.parametrize(
    ("step", "counts"),
    [
        ("by: LAB", True),
        ("by: receiver", True),
        ("by: OWNER", False),
        ("flow: leg", True),
        ("flow: other", False),
        ("dataset: records", True),
        ("dataset: wages", False),
        ("on: 2026-11-23", True),
        ("on: 2026-11-24", False),
    ],
)
def test_a_step_counts_where_its_actor_flow_dataset_and_day_fit(step: str, counts: bool) -> None:
    decision = decided(requiring(STEP), TWO_FLOWS, f"steps: [{{step: law.step.approval, status: done, {step}}}]")
    (duty,) = finding(decision).all_duties
    assert (duty.status == "done") is counts


@pytest.mark.parametrize(
    ("paper", "counts"),
    [
        ("between: [OWNER, LAB]", True),
        ("between: [LAB, OTHER, OWNER]", True),
        ("between: [OWNER, OTHER]", False),
        ("between: [OWNER, LAB], flows: [leg]", True),
        ("between: [OWNER, LAB], flows: [other]", False),
        ("between: [OWNER, LAB], from: 2026-11-24", False),
        ("between: [OWNER, LAB], until: 2026-11-22", False),
    ],
)
def test_a_paper_counts_between_its_parties_on_its_flows_and_days(paper: str, counts: bool) -> None:
    report = f"instruments: [{{instrument: pact, status: signed, {paper}}}]"
    decision = decided(requiring(PAPER), TWO_FLOWS, "parties: {OWNER: {}, LAB: {}, OTHER: {}}", report)
    (duty,) = finding(decision).all_duties
    assert (duty.status == "done") is counts
    assert duty.parties == ("OWNER", "LAB")


@pytest.mark.parametrize(
    ("due", "ready"),
    [
        ("before_agreement", False),
        ("before_transfer", False),
        ("before_delivery", False),
        ("before_publication", True),
        ("on_completion", True),
        ("continuing", True),
    ],
)
def test_only_what_is_due_before_the_data_move_keeps_them_waiting(due: str, ready: bool) -> None:
    decision = decided(requiring(STEP.replace("before_transfer", due)))
    assert (decision.outcome, decision.ready) == ("allow", ready)
    assert finding(decision).all_duties[0].status == ("later" if ready else "outstanding")


def test_what_is_due_before_publication_keeps_a_publication_waiting() -> None:
    found = requiring(STEP.replace("before_transfer", "before_publication"))
    decision = decided(found, "flows: []\noutputs: [{id: report, from: OWNER, carries: [records]}]")
    assert finding(decision, "report/records").all_duties[0].status == "outstanding"
    assert not decision.ready


def test_what_is_asked_of_the_receiver_of_a_publication_falls_to_who_publishes() -> None:
    found = requiring(STEP, CLAUSE)
    publication = "flows: []\noutputs: [{id: report, from: OWNER, carries: [records]}]"
    step, clause = finding(decided(found, publication), "report/records").all_duties
    assert (step.parties, clause.parties) == (("OWNER",), ("OWNER", "OWNER"))
    done = "steps: [{step: law.step.approval, by: OWNER, status: done}]"
    assert finding(decided(found, publication, done), "report/records").all_duties[0].status == "done"


def test_a_requirement_may_depend_on_facts() -> None:
    found = requiring("{step: approval, says: Approve, when: {data.sensitive: true}}")

    def duties(sensitive: str, reported: str = "") -> tuple[str, bool, list[str]]:
        return status(
            decided(found, f"datasets: {{records: {{owner: OWNER, facts: {{sensitive: {sensitive}}}}}}}", reported)
        )

    refused = "steps: [{step: law.step.approval, status: refused}]"
    assert duties("true") == ("allow", False, ["outstanding"])
    assert duties("false") == ("allow", True, [])
    assert duties("unknown") == ("allow", False, ["outstanding"]), "it may be owed"
    assert duties("true", refused)[0] == "deny"
    assert duties("false", refused)[0] == "allow"
    assert duties("unknown", refused)[0] == "undetermined"


def test_what_a_law_demands_of_every_basis() -> None:
    found = law(
        f"requires: [{STEP}]",
        """
        bases:
          one: {title: One, cite: s. 1, checked: text}
          two: {title: Two, cite: s. 1, checked: text}
        """,
    )
    assert status(decided(found)) == ("allow", False, ["outstanding"])
    assert status(decided(found, "steps: [{step: law.step.approval, status: done}]")) == ("allow", True, ["done"])
    assert status(decided(found, "steps: [{step: law.step.approval, status: refused}]"))[0] == "deny"


def test_a_refusal_under_one_basis_leaves_the_others() -> None:
    found = law(f"""
        bases:
          one: {{title: One, cite: s. 1, checked: text, requires: [{STEP}]}}
          two: {{title: Two, cite: s. 2, checked: text}}
        """)
    decision = decided(found, "steps: [{step: law.step.approval, status: refused}]")
    used = finding(decision).used
    assert used
    assert (decision.outcome, used.basis.id) == ("allow", "law.basis.two")


def test_who_owes_a_step_may_be_a_body_of_the_deployment_and_when_its_setting() -> None:
    found = policies("""
        deployment: house
        title: A deployment
        bodies: {board: {name: The Board}}
        facts: {hub_retention: 5 business days}
        rules:
          - framework: house-rules
            title: House rules
            authority: Manual 1
            applies: {says: Everything, cite: p. 1, checked: text}
            bases:
              member:
                title: Members
                cite: p. 2
                checked: text
                requires: [{step: approve, says: Approve, by: board, within: {fact: deployment.hub_retention}}]
        """)
    decision = decided(found, "deployment: house\nsteps: [{step: house-rules.step.approve, by: board, status: done}]")
    (duty,) = finding(decision, framework="house-rules").all_duties
    assert (duty.parties, duty.status, duty.within) == (("board",), "done", "5 business days")


def test_nobody_signs_a_paper_with_itself() -> None:
    decision = decided(requiring(PAPER), "flows: [{id: leg, from: OWNER, to: OWNER, carries: [records]}]")
    assert finding(decision).all_duties == ()


def test_a_law_that_does_not_apply_demands_nothing() -> None:
    found = law(
        f"requires: [{STEP}]",
        """
        applies: {says: School records, cite: s. 1, checked: text, when: {data.categories: {includes: school}}}
        bases: {any: {title: Any, cite: s. 1, checked: text}}
        """,
    )
    decision = decided(found, "datasets: {records: {owner: OWNER, categories: [wage]}}")
    assert (decision.ready, finding(decision).all_duties) == (True, ())


# Which basis is used --------------------------------------------------------------------------------------------------

CHOICE = law(f"""
    bases:
      heavy: {{title: Heavy, cite: s. 1, checked: text, requires: [{STEP}, {PAPER}]}}
      light: {{title: Light, cite: s. 2, checked: text, requires: [{STEP}]}}
      equal: {{title: Equal, cite: s. 3, checked: text, requires: [{STEP}]}}
      maybe: {{title: Maybe, cite: s. 4, checked: text, when: {{request.approved: true}}}}
""")


@pytest.mark.parametrize(
    ("text", "basis"),
    [
        ("", "light"),
        ("claims: [{basis: law.basis.heavy}]", "heavy"),
        ("claims: [{basis: law.basis.equal, flow: leg}]", "equal"),
        ("claims: [{basis: law.basis.heavy, flow: other}]", "light"),
        ("claims: [{basis: law.basis.maybe}]", "light"),
        ("claims: [{basis: law.basis.maybe}]\nfacts: {approved: true}", "maybe"),
        ("facts: {approved: true}", "maybe"),
    ],
    ids=["least to do, then first", "claimed", "claimed for the flow", "for another", "open", "holds", "nothing to do"],
)
def test_the_basis_that_is_used(text: str, basis: str) -> None:
    used = finding(decided(CHOICE, TWO_FLOWS, text)).used
    assert used
    assert used.basis.id == f"law.basis.{basis}"


def test_all_bases_that_hold_are_told() -> None:
    found = finding(decided(CHOICE, "claims: [{basis: law.basis.heavy}]"))
    assert {b.basis.id for b in found.bases if b.permits.truth is True} == {
        "law.basis.heavy",
        "law.basis.light",
        "law.basis.equal",
    }


# What travels ---------------------------------------------------------------------------------------------------------

TRAVEL = law("""
    restrictions:
      sealed: {says: No further disclosure, cite: s. 8}
      notice: {says: The notice goes along, cite: s. 9}
    bases:
      consent:
        title: Consent
        cite: s. 1
        checked: text
        when: [{flow.redisclosure: false}, {request.approved: true}]
        attaches: [notice]
      contract:
        title: Contract
        cite: s. 2
        checked: text
        when: [{flow.redisclosure: false}, {receiver.trusted: true}]
        attaches: [sealed]
      onward:
        title: Onward
        cite: s. 3
        checked: text
        when: [{flow.redisclosure: true}, {data.restrictions: {excludes: sealed}}]
      as-received:
        title: Under the same consent
        cite: s. 4
        checked: text
        when: [{flow.redisclosure: true}, {data.received_under: {within: [law.basis.consent]}}]
""")

CHAIN = """
    parties: {OWNER: {}, HUB: {facts: {trusted: TRUSTED}}, LAB: {}, VENDOR: {}}
    datasets: {records: {owner: OWNER}}
    facts: {approved: APPROVED}
    flows:
      - {id: 1-up, from: OWNER, to: HUB, carries: [records]}
      - {id: 2-down, from: HUB, to: LAB, carries: [records]}
      - {id: 3-on, from: LAB, to: VENDOR, carries: [records]}
"""


def travelled(approved: str, trusted: str, *more: str) -> Decision:
    """The decision on the chain, with what opens its first leg."""
    return decided(TRAVEL, CHAIN.replace("APPROVED", approved).replace("TRUSTED", trusted), *more)


def outcomes(decision: Decision) -> list[str]:
    """The outcomes by leg."""
    return [f.outcome for f in decision.findings]


def test_restrictions_go_along_on_every_later_leg() -> None:
    found = travelled("true", "false")
    assert outcomes(found) == ["allow", "allow", "allow"]
    for leg in ("2-down/records", "3-on/records"):
        facts = finding(found, leg).disclosure
        assert facts.restrictions.has == {"notice"}
        assert "law.basis.consent" in facts.received_under.has
    assert outcomes(travelled("false", "true")) == ["allow", "deny", "deny"]


def test_bases_that_both_open_a_leg_both_restrict_it() -> None:
    found = travelled("true", "true")
    assert finding(found, "2-down/records").disclosure.restrictions.has == {"notice", "sealed"}
    assert outcomes(found) == ["allow", "deny", "deny"]


def test_a_claim_says_under_which_basis_the_data_go() -> None:
    found = travelled("true", "true", "claims: [{basis: law.basis.consent}]")
    assert finding(found, "2-down/records").disclosure.restrictions.has == {"notice"}
    assert found.outcome == "allow"


def test_a_claim_of_a_basis_that_does_not_hold_is_no_choice() -> None:
    found = travelled("false", "true", "claims: [{basis: law.basis.consent}]")
    assert finding(found, "2-down/records").disclosure.restrictions.has == {"sealed"}


def test_while_a_claimed_basis_is_open_so_is_what_travels() -> None:
    claims = "claims: [{basis: law.basis.consent}]"
    found = travelled("unknown", "true", claims)
    assert (found.outcome, missing(found)) == ("undetermined", {"request.approved"})
    assert travelled("true", "true", claims).outcome == "allow"
    assert travelled("false", "true", claims).outcome == "deny"


def test_an_open_leg_leaves_its_restrictions_open_and_names_what_would_settle_them() -> None:
    found = travelled("true", "unknown")
    assert outcomes(found) == ["allow", "undetermined", "undetermined"]
    assert finding(found, "2-down/records").disclosure.restrictions.may == {"sealed"}
    assert missing(finding(found, "2-down/records")) == {"receiver.trusted"}
    assert (found.outcome, missing(found)) == ("undetermined", {"receiver.trusted"})


def test_restrictions_through_an_open_leg_are_exact() -> None:
    """Only a trusted hub gets the data at all, and from a trusted hub they may not go on: nothing permits both legs."""
    found = travelled("false", "unknown")
    assert outcomes(found)[0] == "undetermined"
    assert (found.outcome, missing(found)) == ("deny", set())


def test_restrictions_of_one_owners_data_do_not_bind_anothers() -> None:
    found = decided(
        TRAVEL,
        """
        parties: {SDE: {}, DOL: {}, HUB: {}, LAB: {}}
        datasets: {grades: {owner: SDE}, wages: {owner: DOL}, linked: {from: [grades, wages]}}
        facts: {approved: true}
        flows:
          - {id: g, from: SDE, to: HUB, carries: [grades]}
          - {id: w, from: DOL, to: HUB, carries: [wages], request: {approved: false}}
          - {id: out, from: HUB, to: LAB, carries: [linked]}
        """,
    )
    assert finding(found, "out/linked/grades").disclosure.restrictions.has == {"notice"}
    assert finding(found, "out/linked/wages").disclosure.restrictions.has == set()


def test_what_opens_nothing_attaches_nothing() -> None:
    barred = law("""
        restrictions: {sealed: {says: Sealed, cite: s. 8}}
        bars: {never: {says: Never on the first leg, cite: s. 9, checked: text, when: {flow.redisclosure: false}}}
        bases: {any: {title: Any, cite: s. 1, checked: text, attaches: [sealed]}}
        """)
    found = decided(barred, CHAIN.replace("APPROVED", "true").replace("TRUSTED", "true"))
    assert finding(found, "2-down/records").disclosure.restrictions.has == set()
    assert outcomes(found) == ["deny", "allow", "allow"]


# The whole ------------------------------------------------------------------------------------------------------------


def test_an_owner_is_judged_under_its_own_law_wherever_its_data_sit() -> None:
    """The hub passes linked data on: the school's part needs the school's trust, the wage part the agency's."""
    found = law("""
        bases: {trusted: {title: Trusted, cite: s. 1, checked: text, when: {provider.trusted: true}}}
        """)
    decision = decided(
        found,
        """
        parties: {SDE: {facts: {trusted: true}}, DOL: {facts: {trusted: false}}, HUB: {}, LAB: {}}
        datasets: {grades: {owner: SDE}, wages: {owner: DOL}, linked: {from: [grades, wages]}}
        flows:
          - {id: g, from: SDE, to: HUB, carries: [grades]}
          - {id: w, from: DOL, to: HUB, carries: [wages]}
          - {id: out, from: HUB, to: LAB, carries: [linked]}
        """,
    )
    assert finding(decision, "out/linked/grades").outcome == "allow"
    assert finding(decision, "out/linked/wages").outcome == "deny"


def test_a_decision_carries_what_it_rests_on() -> None:
    asked_of = request(LAW, "purpose: study")
    decision = decide(LAW, asked_of)
    assert decision.request is asked_of
    assert decision.policies is LAW


def test_one_impossible_request_is_not_decided() -> None:
    (problem,) = problems(lambda: decided(LAW, "flows: [{id: leg, from: LAB, to: OWNER, carries: [records]}]"))
    assert problem.code == "impossible-carry"


def test_every_proof_names_the_paragraph_that_failed() -> None:
    found = finding(
        decided(
            law("""
        bases:
          study:
            title: Study
            cite: s. 3
            checked: text
            when:
              - {id: aim, request.purpose: study, says: The purpose is a study, cite: s. 3(a)}
              - {id: hands, receiver.trusted: true, says: The receiver is trusted, cite: s. 3(b)}
        """),
            "purpose: marketing",
        )
    )
    (basis,) = found.bases
    assert [(part.condition.cite, part.truth) for part in basis.proof.parts] == [("s. 3(a)", False), ("s. 3(b)", None)]
    (reading,) = basis.proof.parts[0].readings
    assert (reading.name, reading.value, reading.source) == ("request.purpose", "marketing", "the request")


def test_a_text_may_be_absent() -> None:
    """A text that is not stated is unknown: it may turn out not to exist."""
    found = law(
        "facts: {request.protocol: {type: text}}",
        "bases: {protocol: {title: Protocol, cite: s. 1, checked: text, when: {request.protocol: {known: true}}}}",
    )
    assert decided(found).outcome == "undetermined"
    assert decided(found, written("facts: {protocol: Match graduates to wages}")).outcome == "allow"
    assert decided(found, written("facts: {protocol: not_applicable}")).outcome == "deny"
