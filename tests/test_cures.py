"""Cures: what makes a denied request allowed, at least cost, decided by the engine before it is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from rich.console import Console

from engine.advice.cures import MOST, Advice, cures
from engine.advice.weights import CONDITION, ODD, OPENING, WEIGHTS
from engine.decisions import Decision, decide
from engine.documents import CannotDo, DocumentProblems, parse
from engine.facts import Truth
from engine.policies import PolicySet
from engine.reports.cures import show_advice
from engine.requests import Request, check_request
from tests.house import assent, refused
from tests.strategies import conditions, json_text
from tests.writing import LAW_HEAD, VOCABULARY, policies, problems, written

CHANGES = {
    "request.approved: {type: boolean": "request.approved: {type: boolean, change: {approve: [true]}",
    "request.ethics: {type: code": "request.ethics: {type: code, change: {approve: [approved, waived]}",
    "flow.form: {type: code": "flow.form: {type: code, change: {deliver: [coded], aggregate: [aggregate]}",
    "flow.smallest_cell: {type: number": "flow.smallest_cell: {type: number, change: {deliver: any}",
    "flow.kept_for: {type: duration": "flow.kept_for: {type: duration, change: {plan: [30 days]}",
    "party.kind: {type: code": "party.kind: {type: code, change: {recipient: [agency]}",
}


def changeable(vocabulary: str = VOCABULARY) -> str:
    """The example vocabulary, in which some facts can be changed."""
    for old, new in CHANGES.items():
        vocabulary = vocabulary.replace(old, new)
    return vocabulary


REQUEST = """
    request: example
    title: An example
    date: 2026-11-23
    purpose: study
    facts: {approved: false}  # the board has not met
    parties:
      OWNER: {facts: {kind: agency, trusted: false}}
      OTHER: {facts: {kind: agency, trusted: false}}
      HUB: {facts: {kind: agency, trusted: false}}
      LAB: {name: The Laboratory, facts: {kind: lab, trusted: false}}
    hubs: [HUB]
    datasets:
      grades: {owner: OWNER, categories: [school], facts: {sensitive: false}}
      visits: {owner: OTHER, categories: [health], facts: {sensitive: false}}
      pay: {owner: OTHER, categories: [wage], facts: {sensitive: false}}
      joined: {from: [grades, visits, pay]}
    flows:
      - {id: in, from: OWNER, to: HUB, carries: [grades], form: identified}
      - {id: also-in, from: OTHER, to: HUB, carries: [visits, pay], form: identified}
      - {id: out, from: HUB, to: LAB, carries: [joined], form: identified}
"""


def law(*bases: str, bars: str = "", more: str = "", reach: str = "") -> PolicySet:
    """A law with these bases, each a condition, over the changeable vocabulary. It reaches everything, or less."""
    named = "".join(
        f"  b{i}: {{title: Basis {i}, cite: s. {i}, checked: text, when: {when}}}\n" for i, when in enumerate(bases, 1)
    )
    barred = f"bars:\n  never: {{says: Never that, cite: s. 9, checked: text, when: {bars}}}\n" if bars else ""
    applies = f"applies: {{says: Reach, cite: s. 1, checked: text{f', when: {reach}' if reach else ''}}}"
    return policies(written(LAW_HEAD, applies) + barred + f"bases:\n{named}", vocabulary=written(changeable()) + more)


def advised(policies: PolicySet, *changes: tuple[str, str]) -> Advice:
    """The advice on the example request with some of its text replaced."""
    text = written(REQUEST)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return cures(policies, check_request(parse(text, "request.yaml"), policies), text)


def taken(advice: Advice) -> list[list[tuple[str, str]]]:
    """By cure: the kind of each measure and what it is about."""
    return [[(measure.kind, measure.subject) for measure in cure.measures] for cure in advice.cures]


OF_THE_TRUSTED = "{provider.trusted: true}"

# What is proposed -----------------------------------------------------------------------------------------------------


def test_an_approval_opens_a_basis_that_asks_for_it() -> None:
    advice = advised(law("{request.approved: true}"))
    assert taken(advice) == [[("approve", "the request")]]
    assert "approved: true" in advice.cures[0].text
    assert "# the board has not met" in advice.cures[0].text


def test_every_cure_is_decided_allow_by_the_engine() -> None:
    rules = law("{request.approved: true}", "{flow.form: aggregate}", "{data.categories: {excludes: health}}")
    advice = advised(rules)
    assert len(advice.cures) > 1
    for cure in advice.cures:
        again = decide(rules, check_request(parse(cure.text, "cure.yaml"), rules))
        assert again.outcome == "allow" == cure.decision.outcome


def test_nothing_is_assumed_of_a_fact_whose_every_value_will_do() -> None:
    either = "{any: [{provider.trusted: true}, {not: {provider.trusted: true}}]}"
    rules = law(f"{{all: [{{request.approved: true}}, {either}]}}")
    advice = advised(rules, ("trusted: false", "trusted: unknown"))
    assert taken(advice) == [[("approve", "the request")]]


def test_what_is_brought_to_be_joined_stays_recognizable() -> None:
    advice = advised(law("{flow.form: aggregate}"))
    assert not advice.cures
    advice = advised(law("{flow.form: aggregate}", "{receiver.is_hub: true}"))
    assert taken(advice) == [[("aggregate", "flow out")]]


def test_people_never_become_easier_to_recognize() -> None:
    rules = law("{flow.form: coded}", "{receiver.is_hub: true}")
    assert taken(advised(rules)) == [[("deliver", "flow out")]]
    assert not advised(rules, ("carries: [joined], form: identified", "carries: [joined], form: aggregate")).cures


def test_a_dataset_is_left_out_everywhere() -> None:
    rules = law("{data.categories: {excludes: health}}")
    advice = advised(rules)
    assert taken(advice) == [[("dataset", "dataset visits")]]
    left = check_request(parse(advice.cures[0].text, "cure.yaml"), rules).file
    assert [flow.carries for flow in left.flows] == [("grades",), ("pay",), ("joined",)]
    assert left.datasets["joined"].from_ == ("grades", "pay")


def test_a_flow_that_carries_nothing_any_more_is_left_out() -> None:
    rules = law("{data.categories: {excludes: school}}")
    more = ("visits: {owner: OTHER", "visits: {owner: HUB"), ("carries: [visits, pay]", "carries: [pay]")
    advice = advised(rules, *more)
    assert taken(advice) == [[("dataset", "dataset grades")]]
    left = check_request(parse(advice.cures[0].text, "cure.yaml"), rules).file
    assert [flow.id for flow in left.flows] == ["also-in", "out"]


def test_what_was_joined_of_two_owners_stays_joined() -> None:
    """Without the grades only data of one owner were left: that would be another project."""
    assert not advised(law("{data.categories: {excludes: school}}")).cures


def test_another_recipient_is_sought_for_a_party_that_is_no_known_agency() -> None:
    advice = advised(law("{receiver.kind: agency}"))
    assert taken(advice) == [[("recipient", "party LAB")]]
    assert "To be named" in advice.cures[0].text


def test_what_nobody_stated_and_nobody_can_change_is_an_assumption() -> None:
    advice = advised(law("{sender.trusted: true}"), (", trusted: false", ""))
    assert {kind for kind, _ in taken(advice)[0]} == {"assume"}
    assert "# assumed: confirm" in advice.cures[0].text


def test_a_law_is_assumed_not_to_apply_only_where_there_is_no_other_way() -> None:
    """Nobody says whether OTHER is trusted, and so whether the law reaches its data."""
    change = ("OTHER: {facts: {kind: agency, trusted: false}}", "OTHER: {facts: {kind: agency}}")
    real = "[{request.approved: true}, {request.ethics: approved}, {flow.kept_for: {at_most: 30 days}}]"
    advice = advised(law(real, reach=OF_THE_TRUSTED), change)
    assert {*taken(advice)[0]} == {("approve", "the request"), ("plan", "flow also-in"), ("plan", "flow out")}
    assert advice.cures[0].cost > WEIGHTS["assume"]
    assert not any(("assume", "party OTHER") in cure for cure in taken(advice))
    assert not advice.escapes
    advice = advised(law("{data.sensitive: true}", reach=OF_THE_TRUSTED), change)
    assert taken(advice) == [[("assume", "party OTHER")]]
    out = Console(record=True, width=200, file=StringIO())
    show_advice(advice, out)
    assert "each assumes that a law does not apply" in out.export_text()


def test_a_change_may_take_data_out_of_a_law() -> None:
    advice = advised(law("{data.sensitive: true}", reach="{all: [{flow.form: identified}, {receiver.kind: lab}]}"))
    assert taken(advice)[0] == [("deliver", "flow out")]


def test_the_last_cure_keeps_something_that_all_others_leave_out() -> None:
    """Five ways are cheaper without the visits; with them the data may go to an agency."""
    ways = ["request.approved: true", "flow.kept_for: {at_most: 30 days}", "flow.form: coded", "flow.form: aggregate",
            "flow.instruments: {includes: pact}"]  # fmt: skip
    without = [f"[{{data.categories: {{excludes: health}}}}, {{{way}}}]" for way in ways]
    advice = advised(law("{receiver.is_hub: true}", *without, "{receiver.kind: agency}"))
    assert len(advice.cures) == MOST
    *cheapest, last = taken(advice)
    assert all(("dataset", "dataset visits") in cure for cure in cheapest)
    assert last == [("recipient", "party LAB")]


def test_what_was_refused_may_be_granted_after_all() -> None:
    applies = "applies: {says: Everything, cite: s. 1, checked: text}"
    rules = policies(
        written(LAW_HEAD, applies)
        + "requires: [{step: log, says: Approve, by: provider, cite: s. 2}]\n"
        + "bases: {one: {title: One, cite: s. 1, checked: text}}\n",
        vocabulary=changeable(),
    )
    refusal = "steps: [{step: law.step.log, by: OWNER, flow: in, status: refused}]"
    advice = advised(rules, ("hubs: [HUB]", f"hubs: [HUB]\n{refusal}"))
    assert taken(advice) == [[("overturn", "party OWNER")]]
    assert "status: pending" in advice.cures[0].text


@pytest.mark.parametrize("fact", ["request.purpose: audit", "data.sensitive: true", "receiver.trusted: true"])
def test_what_cannot_be_changed_is_no_cure(fact: str) -> None:
    advice = advised(law(f"{{{fact}}}"))
    assert not advice.cures
    assert {finding.framework.framework for finding in advice.obstacles} == {"law"}


def test_an_allowed_request_needs_no_cure() -> None:
    advice = advised(law("{request.purpose: study}"))
    assert advice.decision.outcome == "allow"
    assert not advice.cures


# Exactly the least ----------------------------------------------------------------------------------------------------

CHOICES: dict[str, dict[Any, int]] = {
    "approved": {False: 0, True: WEIGHTS["approve"]},
    "ethics": {"not_applicable": 0, "approved": WEIGHTS["approve"], "waived": WEIGHTS["approve"] + ODD},
    "form": {"identified": 0, "coded": WEIGHTS["deliver"], "aggregate": WEIGHTS["aggregate"]},
    "kind": {"lab": 0, "agency": WEIGHTS["recipient"] + CONDITION},
}
"""What people can make of the facts of a request, and at what cost, by hand."""

ATOMS: list[dict[str, Any]] = [
    {"request.approved": True}, {"request.ethics": "approved"}, {"request.ethics": "waived"}, {"flow.form": "coded"},
    {"flow.form": "aggregate"}, {"flow.form": "identified"}, {"receiver.kind": "agency"}, {"request.approved": False},
]  # fmt: skip


def plain(approved: bool = False, ethics: str = "not_applicable", form: str = "identified", kind: str = "lab") -> str:
    """A request of one flow with every fact stated."""
    return written(f"""
        request: example
        title: An example
        date: 2026-11-23
        purpose: study
        facts: {{approved: {str(approved).lower()}, ethics: {ethics}}}
        parties: {{OWNER: {{facts: {{kind: agency}}}}, LAB: {{facts: {{kind: {kind}}}}}}}
        datasets: {{records: {{owner: OWNER, categories: [school]}}}}
        flows: [{{id: leg, from: OWNER, to: LAB, carries: [records], form: {form}}}]
    """)


def every_change(policies: PolicySet) -> Iterator[int]:
    """The cost of every set of changes under which the request is allowed."""
    for values in product(*CHOICES.values()):
        given = dict(zip(CHOICES, values, strict=True))
        request = check_request(parse(plain(**given), "request.yaml"), policies)
        if decide(policies, request).outcome == "allow":
            yield sum(CHOICES[name][value] for name, value in given.items())


@settings(max_examples=60, deadline=None)
@given(st.lists(conditions(ATOMS, 2), min_size=1, max_size=2), st.lists(conditions(ATOMS, 1), max_size=1))
def test_no_set_of_changes_is_cheaper(bases: list[Any], bars: list[Any]) -> None:
    rules = law(*map(json_text, bases), bars=json_text(bars[0]) if bars else "")
    text = plain()
    advice = cures(rules, check_request(parse(text, "request.yaml"), rules), text)
    possible = sorted(every_change(rules))
    if possible[:1] == [0]:
        assert advice.decision.outcome == "allow"
    else:
        assert [cure.cost for cure in advice.cures[:1]] == possible[:1]
    for cure in advice.cures:
        assert cure.decision.outcome == "allow"


# With facts that nobody stated ----------------------------------------------------------------------------------------

Way = tuple[int, str]
"""What it costs to have a value, and the kind of measure; nothing where it is stated or stays open."""

ASSUMED_NOT, ASSUMED = (WEIGHTS["assume"], "assume"), (WEIGHTS["assume"] + OPENING, "assume")
FREE: Way = (0, "")
APPROVE, DELIVER, AGGREGATE = ((WEIGHTS[kind], kind) for kind in ("approve", "deliver", "aggregate"))
NAMED = (WEIGHTS["recipient"] + CONDITION, "recipient")

WAYS: dict[str, dict[Any, dict[Any, Way]]] = {
    "approved": {
        "unknown": {"unknown": FREE, True: APPROVE, False: ASSUMED_NOT},
        False: {False: FREE, True: APPROVE},
        True: {True: FREE},
    },
    "ethics": {
        "unknown": {
            "unknown": FREE, "approved": APPROVE, "waived": (WEIGHTS["approve"] + ODD, "approve"),
            "not_applicable": ASSUMED_NOT,
        },
        "waived": {"waived": FREE, "approved": APPROVE},
    },
    "form": {
        "unknown": {"unknown": FREE, "coded": DELIVER, "aggregate": AGGREGATE, "identified": ASSUMED},
        "coded": {"coded": FREE, "aggregate": AGGREGATE},
    },
    "kind": {
        "unknown": {"unknown": FREE, "agency": NAMED, "lab": ASSUMED, "public": ASSUMED},
        "lab": {"lab": FREE, "agency": NAMED},
    },
    "trusted": {"unknown": {"unknown": FREE, True: ASSUMED, False: ASSUMED_NOT}, True: {True: FREE}},
    "sensitive": {"unknown": {"unknown": FREE, True: ASSUMED, False: ASSUMED_NOT}, False: {False: FREE}},
    "signed": {
        "unknown": {
            "unknown": FREE, date(2026, 6, 1): ASSUMED,
            **dict.fromkeys(
                [date(2026, 5, 30), date(2026, 6, 3), date(2026, 7, 1), date(2026, 7, 2)], (ASSUMED[0] + ODD, "assume")
            ),
        },
    },
    "expires": {
        "unknown": {"unknown": FREE, "not_applicable": ASSUMED_NOT},
        date(2026, 7, 1): {date(2026, 7, 1): FREE},
    },
}  # fmt: skip
"""By fact and by what is stated of it: what a cure may make of it, and how, by hand."""

ABOUT = {"form": "flow leg", "kind": "party LAB", "trusted": "party LAB", "sensitive": "dataset records"}
TESTS: dict[str, list[dict[str, Any]]] = {
    "approved": [{"request.approved": True}, {"request.approved": False}],
    "ethics": [{"request.ethics": "approved"}, {"request.ethics": "waived"}],
    "form": [{"flow.form": "coded"}, {"flow.form": "aggregate"}, {"flow.form": ["coded", "identified"]}],
    "kind": [{"receiver.kind": "agency"}, {"receiver.kind": "lab"}],
    "trusted": [{"receiver.trusted": True}, {"receiver.trusted": False}],
    "sensitive": [{"data.sensitive": True}, {"data.sensitive": False}],
    "signed": [{"request.signed_on": {"before": "2026-06-01"}}, {"request.signed_on": "2026-06-01"}],
    "expires": [{"request.expires_on": {"after": "2026-06-01"}}],
}
COMPARED: dict[str, Any] = {"request.signed_on": {"before": {"fact": "request.expires_on"}}}
EXCLUSIVE = {
    ("approved", "trusted"): "[{request.approved: true}, {receiver.trusted: true}]",
    ("form", "sensitive"): "[{flow.form: coded}, {data.sensitive: true}]",
}


def half_stated(values: dict[str, Any]) -> str:
    """A request of one flow of which so much is stated."""
    return written("""
        request: example
        title: An example
        date: 2026-11-23
        purpose: study
        facts: {{approved: {approved}, ethics: {ethics}, signed_on: {signed}, expires_on: {expires}}}
        parties: {{OWNER: {{facts: {{kind: agency}}}}, LAB: {{facts: {{kind: {kind}, trusted: {trusted}}}}}}}
        datasets: {{records: {{owner: OWNER, categories: [school], facts: {{sensitive: {sensitive}}}}}}}
        flows: [{{id: leg, from: OWNER, to: LAB, carries: [records], form: {form}}}]
    """).format(**{fact: str(value).lower() for fact, value in values.items()})


def every_way(
    policies: PolicySet, stated: dict[str, Any], drawn: Sequence[str], *, escapes: bool
) -> Iterator[tuple[int, set[Any]]]:
    """Every set of changes and assumptions with which the request is allowed: what it costs, and what it changes.

    Without `escapes` only those that do not assume that the law does not apply.
    """

    def read(values: Iterable[tuple[str, Any]]) -> Request:
        return check_request(parse(half_stated(stated | dict(values)), "request.yaml"), policies)

    for values in product(*(WAYS[fact][stated[fact]].items() for fact in drawn)):
        ways = {fact: way for fact, (_, way) in zip(drawn, values, strict=True)}
        given = {fact: value for fact, (value, _) in zip(drawn, values, strict=True)}
        with suppress(DocumentProblems):  # facts that exclude one another
            decision = decide(policies, read(given.items()))
            brought = decide(policies, read((f, v) for f, v in given.items() if ways[f][1] != "assume"))
            escaped = reached(decision) is False and reached(brought) is not False
            if decision.outcome == "allow" and (escapes or not escaped):
                changed = {(kind, ABOUT.get(fact, "the request")) for fact, (_, kind) in ways.items() if kind}
                yield sum(cost for cost, _ in ways.values()), changed


def reached(decision: Decision) -> Truth:
    """Whether the law applies."""
    return decision.findings[0].applies.truth


@st.composite
def open_worlds(draw: st.DrawFn) -> tuple[PolicySet, dict[str, Any], list[str]]:
    """A law over a few facts, some of which a request leaves open, what the request states, and the facts."""
    stated: dict[str, Any] = {fact: next(iter(ways)) for fact, ways in WAYS.items()}
    drawn = draw(st.lists(st.sampled_from(sorted(WAYS)), min_size=2, max_size=3, unique=True))
    for fact in drawn:
        stated[fact] = draw(st.sampled_from(list(WAYS[fact])))
    atoms = [test for fact in drawn for test in TESTS[fact]]
    if {"signed", "expires"} <= {*drawn}:
        atoms += [COMPARED] * 3
    bases = draw(st.lists(conditions(atoms, 2), min_size=1, max_size=2))
    bars = draw(st.lists(conditions(atoms, 1), max_size=1))
    exclusive = [pair for facts, pair in EXCLUSIVE.items() if {*facts} <= {*drawn}]
    more = f"exclusive: [{', '.join(exclusive)}]" if exclusive else ""
    reach = ""
    if draw(st.booleans()):
        tests = [draw(st.sampled_from(TESTS[fact])) for fact in drawn]
        reach = json_text({draw(st.sampled_from(["all", "any"])): tests})
    rules = law(*map(json_text, bases), bars=json_text(bars[0]) if bars else "", more=more, reach=reach)
    return rules, stated, drawn


@settings(max_examples=80, deadline=None)
@given(open_worlds())
def test_no_cure_is_missed_where_facts_are_open(world: tuple[PolicySet, dict[str, Any], list[str]]) -> None:
    rules, stated, drawn = world
    text = half_stated(stated)
    try:
        advice = cures(rules, check_request(parse(text, "request.yaml"), rules), text)
    except DocumentProblems:
        reject()  # what is stated excludes itself
    possible = [*every_way(rules, stated, drawn, escapes=False)] or [*every_way(rules, stated, drawn, escapes=True)]
    if advice.decision.outcome == "allow":
        return
    either = ODD * ("signed" in drawn)  # which of two days that serve alike is preferred depends on what the law names
    for cure in advice.cures:
        assert abs(cure.cost - min(cost for cost, _ in possible)) <= either
        done = {measure.theme for measure in cure.measures if measure.kind != "assume"}
        themes = done or {measure.theme for measure in cure.measures}
        possible = [(cost, changed) for cost, changed in possible if not themes <= changed]
    assert not possible or len(advice.cures) == MOST


# On the command line --------------------------------------------------------------------------------------------------

UNIVERSITY = Path("cases/p20win/joined-university.yaml")


def test_the_joined_study_is_cured_on_the_command_line(tmp_path: Path) -> None:
    answer = assent("cure", UNIVERSITY, "--json")
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)
    assert found["cures"][0]["changes"]
    output = tmp_path / "cured.yaml"
    assert assent("cure", UNIVERSITY, "--apply", "1", "-o", output).exit_code == 0
    assert assent("check", output).exit_code == 0
    refused(assent("cure", UNIVERSITY, "--apply", "1", "-o", output))


def test_marketing_has_no_cure(tmp_path: Path) -> None:
    text = (
        Path("cases/p20win/r01.yaml").read_text(encoding="utf-8").replace("purpose: evaluation", "purpose: marketing")
    )
    (tmp_path / "marketing.yaml").write_text(text, encoding="utf-8")
    answer = assent("cure", tmp_path / "marketing.yaml")
    assert answer.exit_code == 10
    assert "No cure" in answer.stdout
    assert "P20 WIN house rules" in answer.stdout


def test_apply_and_output_belong_together() -> None:
    assert "--apply and -o" in refused(assent("cure", UNIVERSITY, "--apply", "1"))


def test_nothing_is_proposed_for_data_of_which_nobody_says_what_they_are() -> None:
    rules = law("{request.approved: true}")
    with pytest.raises(CannotDo, match='what kinds of record "pay" holds is not stated'):
        advised(rules, ("pay: {owner: OTHER, categories: [wage],", "pay: {owner: OTHER,"))


def test_what_an_element_is_that_nobody_catalogued_is_never_assumed() -> None:
    rules = law("{data.categories: {excludes: wage}}")
    with pytest.raises(CannotDo, match=r'what kinds of record "pay" \(salary\) holds is not stated'):
        advised(rules, ("pay: {owner: OTHER, categories: [wage],", "pay: {owner: OTHER, elements: [salary],"))


def test_a_way_out_that_needs_no_open_fact_is_found() -> None:
    """Nobody says whether LAB is trusted. Coded data that a board approved may go to it either way."""
    trusted = "{all: [{receiver.trusted: true}, {flow.form: coded}]}"
    not_trusted = "{all: [{not: {receiver.trusted: true}}, {request.ethics: approved}]}"
    text = half_stated({fact: next(iter(ways)) for fact, ways in WAYS.items()} | {"form": "identified"})
    rules = law(trusted, not_trusted)
    advice = cures(rules, check_request(parse(text, "request.yaml"), rules), text)
    assert taken(advice)[0] == [("deliver", "flow leg"), ("approve", "the request")]
    assert advice.cures[0].cost == WEIGHTS["approve"] + WEIGHTS["deliver"]


def test_a_title_stays_text() -> None:
    advice = advised(law("{request.approved: true}"), ("title: An example", 'title: "[bold]<script>{{1}}[/]"'))
    out = Console(record=True, width=200, file=StringIO())
    show_advice(advice, out)
    assert "[bold]<script>{{1}}[/]" in out.export_text()


def test_a_change_is_checked_against_the_fact() -> None:
    wrong = VOCABULARY.replace(
        "request.approved: {type: boolean", "request.approved: {type: boolean, change: {plan: [x]}"
    )
    found = problems(lambda: policies(vocabulary=wrong))
    assert [problem.code for problem in found] == ["wrong-kind"]
    derived = VOCABULARY.replace("flow.linked: {type: boolean", "flow.linked: {type: boolean, change: {plan: [true]}")
    assert [problem.code for problem in problems(lambda: policies(vocabulary=derived))] == ["misplaced"]
