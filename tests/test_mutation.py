"""Mutation: every kind of change is noticed by a good case, and told where the case is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cases import run_cases
from engine.conditions import Condition
from engine.policies import PolicySet
from engine.workbench.equivalence import equivalent
from engine.workbench.mutants import Kind
from engine.workbench.mutation import Judged, mutate
from tests.house import at_home, build, write
from tests.writing import case_list, file_of, law, written


def judged(rules: PolicySet, folder: Path, *cases: str) -> list[Judged]:
    """Every change of the law, judged by these cases."""
    (folder / "cases.yaml").write_text(case_list(*cases) if cases else "cases: []\n", encoding="utf-8")
    return list(mutate(rules, rules.frameworks, [folder]))


def open_questions(found: list[Judged], kind: Kind) -> list[str]:
    """What the cases leave open, of one kind of change."""
    assert [j for j in found if j.mutant.kind == kind], f"no change of the kind {kind} was made"
    return [j.mutant.question for j in found if j.mutant.kind == kind and j.verdict == "survived"]


def basis(when: str, *more: str) -> PolicySet:
    """A law with one basis."""
    head = "bases:\n  study:\n    title: A study\n    cite: s. 3\n    checked: text\n"
    body = written(f"when: {when}", *more)
    return law(head + "".join(f"    {line}\n" for line in body.splitlines()))


def pinning(facts: str, *misses: str, also: str = "[]") -> str:
    """A case in which the basis holds, and near misses."""
    return written(
        f"""
        id: study
        title: A study
        source: {{citation: s. 3}}
        pins: law.basis.study
        facts: {{{facts}}}
        also_holds: {also}
        """,
        "near_misses:\n" + "".join(f"- {miss}\n" for miss in misses) if misses else "",
    )


def whole(expect: str, *more: str, id: str = "whole") -> str:
    """A whole request and what is expected of it; other keys come from the texts."""
    return written(
        f"""
        id: {id}
        title: A whole request
        source: {{citation: s. 3}}
        request:
          date: 2026-11-23
          purpose: study
          parties: {{SDE: {{}}, LAB: {{kind: lab, facts: {{trusted: true}}}}, UNI: {{kind: lab}}}}
          datasets: {{grades: {{owner: SDE, categories: [school]}}}}
          flows: [{{id: out, from: SDE, to: LAB, carries: [grades], form: coded}}]
        expect: {{{expect}}}
        """,
        *more,
    )


# One kind of change after the other: what is open without the case, and that nothing is with it ----------------------

KINDS: list[tuple[Kind, str, str, list[str], str, list[str]]] = [
    (
        "drop-condition",
        "[{id: aim, request.purpose: study}, {id: fit, receiver.trusted: true, says: The receiver is trusted}]",
        "request.purpose: study, receiver.trusted: true",
        ["{change: {request.purpose: audit}, fails: aim}"],
        "{change: {receiver.trusted: false}, fails: fit}",
        ['whether "The receiver is trusted" matters to law.basis.study'],
    ),
    (
        "drop-condition",
        "{any: [{request.approved: true}, {receiver.trusted: true}]}",
        "request.approved: true, receiver.trusted: false",
        [],
        "{change: {request.approved: false, receiver.trusted: true}, holds}",
        ['whether "receiver.trusted is true" is enough for law.basis.study'],
    ),
    (
        "drop-condition",
        "{at_least: {count: 1, of: [{request.approved: true}, {receiver.trusted: true}]}}",
        "request.approved: true, receiver.trusted: false",
        [],
        "{change: {request.approved: false, receiver.trusted: true}, holds}",
        ['whether "receiver.trusted is true" counts for law.basis.study'],
    ),
    (
        "swap",
        "[{id: aim, request.purpose: study}, {id: fit, receiver.trusted: true}]",
        "request.purpose: study, receiver.trusted: true",
        [],
        "{change: {receiver.trusted: false}, fails: fit}",
        ["whether law.basis.study needs all of aim, fit, or one of them"],
    ),
    (
        "negate",
        "{any: [{request.approved: true}, {not: {receiver.trusted: true}}]}",
        "request.approved: true, receiver.trusted: true",
        [],
        "{change: {request.approved: false, receiver.trusted: false}, holds}",
        ['"not: receiver.trusted is true" from its opposite in law.basis.study'],
    ),
    (
        "move-date",
        "{request.signed_on: {after: 2020-06-30}}",
        "request.signed_on: 2020-07-01",
        [],
        "{change: {request.signed_on: 2020-06-30}, fails: request.signed_on}",
        ['2020-06-30 from the day before in "request.signed_on is after 2020-06-30" of law.basis.study'],
    ),
    (
        "move-threshold",
        "{flow.smallest_cell: {at_least: 10}}",
        "flow.smallest_cell: 10",
        [],
        "{change: {flow.smallest_cell: 9}, fails: flow.smallest_cell}",
        ['10 from 9 in "flow.smallest_cell is at least 10" of law.basis.study'],
    ),
    (
        "move-threshold",
        "{flow.kept_for: {at_most: 30 days}}",
        "flow.kept_for: 30 days",
        [],
        "{change: {flow.kept_for: 31 days}, fails: flow.kept_for}",
        ['30 days from 31 days in "flow.kept_for is at most 30 days" of law.basis.study'],
    ),
    (
        "narrow",
        "{request.purpose: [study, audit]}",
        "request.purpose: study",
        ["{change: {request.purpose: marketing}, fails: request.purpose}"],
        "{change: {request.purpose: audit}, holds}",
        ['whether audit belongs in "request.purpose is one of study, audit" of law.basis.study'],
    ),
    (
        "widen",
        "{request.purpose: study}",
        "request.purpose: study",
        [],
        "{change: {request.purpose: marketing}, fails: request.purpose}",
        ['whether audit stays out of "request.purpose is study" in law.basis.study'],
    ),
    (
        "widen",
        "{data.categories: {includes: school}}",
        "data.categories: [school]",
        [],
        "{change: {data.categories: [health]}, fails: data.categories}",
        ['whether wage stays out of "data.categories includes school" in law.basis.study'],
    ),
]


@pytest.mark.parametrize(("kind", "when", "facts", "misses", "decisive", "questions"), KINDS)
def test_a_change_is_noticed_by_the_case_that_turns_on_it(
    kind: Kind, when: str, facts: str, misses: list[str], decisive: str, questions: list[str], tmp_path: Path
) -> None:
    rules = basis(when)
    assert open_questions(judged(rules, tmp_path, pinning(facts, *misses)), kind) == questions
    if decisive.endswith(", holds}"):
        good = pinning(facts, *misses, also=f"[{decisive.replace(', holds', '')}]")
    else:
        good = pinning(facts, *misses, decisive)
    assert open_questions(judged(rules, tmp_path, good), kind) == []


# What only whole requests tell ----------------------------------------------------------------------------------------

DATED = basis("{request.purpose: study}", "in_force: {from: 2026-01-01}")


def test_a_first_day_is_pinned_by_cases_on_either_side(tmp_path: Path) -> None:
    on_the_day = whole("outcome: allow", "as_of: 2026-01-01", id="that-day")
    before = whole("outcome: deny", "as_of: 2025-12-31", id="before")
    sooner = "2026-01-01 from the day before as the first day of law.basis.study"
    later = "2026-01-01 from the day after as the first day of law.basis.study"
    assert open_questions(judged(DATED, tmp_path), "move-in-force") == [sooner, later]
    assert open_questions(judged(DATED, tmp_path, on_the_day), "move-in-force") == [sooner]
    assert open_questions(judged(DATED, tmp_path, before), "move-in-force") == [later]
    assert open_questions(judged(DATED, tmp_path, on_the_day, before), "move-in-force") == []


DEMANDING = basis(
    "{request.purpose: study}",
    """
    requires:
      - {step: approval, says: Approve, when: {receiver.trusted: false}, in_force: {until: 2026-11-23}}
      - {instrument: pact}
    """,
)


def test_a_requirement_is_pinned_by_a_case_that_expects_it(tmp_path: Path) -> None:
    pact = whole("outcome: allow, findings: {law: {instruments: [pact]}}")
    approval = whole(
        "outcome: allow, findings: {law: {steps: [law.step.approval]}}",
        "change: {parties: {LAB: {facts: {trusted: false}}}}",
        id="approval",
    )
    asked = {
        "pact": "whether law.basis.study requires the instrument pact",
        "approval": "whether law.basis.study requires the step approval",
    }
    assert open_questions(judged(DEMANDING, tmp_path), "drop-requirement") == [asked["approval"], asked["pact"]]
    assert open_questions(judged(DEMANDING, tmp_path, pact), "drop-requirement") == [asked["approval"]]
    found = judged(DEMANDING, tmp_path, pact, approval)
    assert open_questions(found, "drop-requirement") == []
    assert open_questions(found, "move-in-force") == [
        "2026-11-23 from the day after as the last day of the step approval of law.basis.study"
    ]


def test_the_condition_of_a_requirement_is_pinned_by_a_case_without_it(tmp_path: Path) -> None:
    without = whole("outcome: allow, findings: {law: {without: [law.step.approval]}}")
    question = 'whether law.basis.study requires the step approval only where "receiver.trusted is false"'
    assert open_questions(judged(DEMANDING, tmp_path), "drop-when") == [question]
    assert open_questions(judged(DEMANDING, tmp_path, without), "drop-when") == []


SEALED = """
    restrictions: {sealed: {says: Stays there, cite: s. 6}}
    bases:
      study:
        title: A study
        cite: s. 3
        checked: text
        when: [{flow.redisclosure: false}]
        attaches: [sealed]
      onward:
        title: Onward
        cite: s. 4
        checked: text
        when: [{flow.redisclosure: true}, {data.restrictions: {excludes: sealed}}]
"""
BARRED_WHERE_SEALED = """
    bars:
      seal:
        says: Sealed
        cite: s. 7
        checked: text
        when: [{data.restrictions: {includes: sealed}}, {receiver.kind: public}]
"""
ONWARD = "change: {flows: {further: {from: LAB, to: UNI, carries: [grades], form: coded}}}"


def test_a_restriction_is_pinned_by_a_case_that_passes_the_data_on(tmp_path: Path) -> None:
    assert open_questions(judged(law(SEALED), tmp_path, whole("outcome: allow")), "drop-restriction") == [
        "whether law.basis.study attaches sealed"
    ]
    assert open_questions(judged(law(SEALED), tmp_path, whole("outcome: deny", ONWARD)), "drop-restriction") == []


def test_a_restriction_that_no_rule_reads_cannot_be_pinned(tmp_path: Path) -> None:
    unread = law(SEALED.replace(", {data.restrictions: {excludes: sealed}}", ""))
    (found,) = [j for j in judged(unread, tmp_path) if j.mutant.kind == "drop-restriction"]
    assert found.verdict == "equivalent"


def test_a_restriction_that_the_data_carry_already_cannot_be_pinned(tmp_path: Path) -> None:
    again = law(SEALED.replace("excludes: sealed}}]", "includes: sealed}}]\n        attaches: [sealed]"))
    found = {j.mutant.rule: j.verdict for j in judged(again, tmp_path) if j.mutant.kind == "drop-restriction"}
    assert found == {"law.basis.study": "survived", "law.basis.onward": "equivalent"}


def test_what_came_under_a_basis_carries_what_that_basis_attaches(tmp_path: Path) -> None:
    came = "{data.received_under: {includes: law.basis.study}}, {receiver.trusted: true}]\n        attaches: [sealed]"
    again = law(SEALED.replace("{data.restrictions: {excludes: sealed}}]", came) + BARRED_WHERE_SEALED)
    found = {j.mutant.rule: j.verdict for j in judged(again, tmp_path) if j.mutant.kind == "drop-restriction"}
    assert found == {"law.basis.study": "survived", "law.basis.onward": "equivalent"}


BARRED = """
    bars:
      distrust: {says: Distrusted, cite: s. 9, checked: text, when: {receiver.trusted: true}}
    bases:
      study: {title: A study, cite: s. 3, checked: text}
"""


def test_a_bar_and_a_basis_are_pinned_by_what_they_decide(tmp_path: Path) -> None:
    denied = whole("outcome: deny")
    allowed = whole("outcome: allow", "change: {parties: {LAB: {facts: {trusted: false}}}}", id="allowed")
    bar, study = "whether law.bar.distrust forbids anything", "whether law.basis.study permits anything"
    nothing = judged(law(BARRED), tmp_path)
    assert (open_questions(nothing, "drop-bar"), open_questions(nothing, "drop-basis")) == ([bar], [study])
    one = judged(law(BARRED), tmp_path, denied)
    assert (open_questions(one, "drop-bar"), open_questions(one, "drop-basis")) == ([], [study])
    both = judged(law(BARRED), tmp_path, denied, allowed)
    assert (open_questions(both, "drop-bar"), open_questions(both, "drop-basis")) == ([], [])


# Definitions, aliases and places --------------------------------------------------------------------------------------

DEFINED = """
    definitions:
      safe: {says: The data are safe, cite: s. 2, checked: text, when: {flow.form: [coded, aggregate]}}
    bases:
      study: {title: A study, cite: s. 3, checked: text, when: [{definition: safe}, &aim {request.purpose: study}]}
      other: {title: Another, cite: s. 4, checked: text, when: [{definition: safe}, *aim]}
"""


def test_a_change_in_a_definition_is_noticed_by_a_pin_of_a_rule_that_uses_it(tmp_path: Path) -> None:
    belongs = 'whether coded belongs in "flow.form is one of coded, aggregate" of law.definition.safe'
    assert belongs in open_questions(judged(law(DEFINED), tmp_path), "narrow")
    found = judged(law(DEFINED), tmp_path, pinning("flow.form: coded, request.purpose: study"))
    assert belongs not in open_questions(found, "narrow")


def test_a_condition_written_once_is_changed_once_in_every_rule_that_holds_it(tmp_path: Path) -> None:
    found = [
        j for j in judged(law(DEFINED), tmp_path) if j.mutant.kind == "widen" and "request.purpose" in j.mutant.question
    ]
    assert [set(j.mutant.conditions) for j in found] == [{"law.basis.study", "law.basis.other"}]


def test_every_change_knows_its_place(tmp_path: Path) -> None:
    found = judged(DEMANDING, tmp_path)
    assert {(j.file, j.mark.line > 3) for j in found} == {("file-1.yaml", True)}
    (drop,) = [j for j in found if "instrument pact" in j.mutant.question]
    (moved, *_) = [j for j in found if j.mutant.kind == "move-in-force"]
    assert drop.mark.line == moved.mark.line + 1


# What no situation can tell -------------------------------------------------------------------------------------------


def test_a_change_without_effect_is_left_out(tmp_path: Path) -> None:
    twice = basis("[{request.purpose: [study, audit]}, {id: aim, request.purpose: study}]")
    found = judged(twice, tmp_path, pinning("request.purpose: study"))
    without_effect = {j.mutant.question for j in found if j.verdict == "equivalent"}
    assert 'whether "request.purpose is one of study, audit" matters to law.basis.study' in without_effect
    assert 'whether audit belongs in "request.purpose is one of study, audit" of law.basis.study' in without_effect


def conditions(*whens: str, more: str = "") -> tuple[PolicySet, list[Condition]]:
    """A law and the conditions of its bases."""
    bases = {f"b{i}": f"{{title: A, cite: s. 1, checked: text, when: {when}}}" for i, when in enumerate(whens)}
    found = law(more, "bases:\n" + "".join(f"  {key}: {text}\n" for key, text in bases.items()))
    return found, [basis.when for basis in found.frameworks[0].bases.values()]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("{request.approved: true}", "{not: {request.approved: false}}", True),
        ("{receiver.trusted: true}", "{provider.trusted: true}", False),
        ("{request.ethics: approved}", "{not: {request.ethics: waived}}", False),  # it may not apply
        ("{flow.form: {not: coded}}", "{flow.form: [identified, aggregate]}", True),
        ("{data.categories: {within: [school, wage, health]}}", "{data.categories: {includes: school}}", False),
        ("{flow.smallest_cell: {at_least: 10}}", "{flow.smallest_cell: {at_least: 11}}", False),
        ("[{flow.smallest_cell: {at_least: 10}}, {flow.smallest_cell: {at_least: 8}}]",
         "{flow.smallest_cell: {at_least: 10}}", True),
        ("{request.signed_on: {after: 2020-06-30}}", "{request.signed_on: {on_or_after: 2020-07-01}}", True),
        ("{request.signed_on: {after: 2020-06-30}}", "{request.signed_on: {on_or_after: 2020-06-30}}", False),
        ("{request.signed_on: {before: {fact: request.date}}}",
         "{not: {request.signed_on: {on_or_after: {fact: request.date}}}}", True),
    ],
)  # fmt: skip
def test_conditions_are_equivalent_where_no_facts_tell_them_apart(one: str, other: str, same: bool) -> None:
    policies, (old, new) = conditions(one, other)
    assert equivalent(old, new, policies) is same
    assert equivalent(old, old, policies)


def test_facts_that_exclude_one_another_cannot_tell_conditions_apart() -> None:
    pair = (
        "[{flow.form: aggregate}, {data.sensitive: true}]",
        "{any: [{all: [{flow.form: aggregate}, {data.sensitive: true}, {request.approved: true}]}]}",
    )
    free, (old, new) = conditions(*pair)
    assert not equivalent(old, new, free)
    tied, (old, new) = conditions(*pair, more="exclusive:\n  - [{flow.form: aggregate}, {data.sensitive: true}]")
    assert equivalent(old, new, tied)


# The fast way and the slow way ----------------------------------------------------------------------------------------


def test_a_change_is_noticed_exactly_if_running_all_cases_under_it_finds_a_difference(tmp_path: Path) -> None:
    """Whatever is not decided again would have been decided as before."""
    rules = law(
        SEALED.replace("{flow.redisclosure: false}", "{flow.redisclosure: false}, {definition: safe}"),
        """
        definitions:
          safe: {says: Safe, cite: s. 2, checked: text, when: {any: [{flow.form: coded}, {receiver.trusted: true}]}}
        bars:
          distrust: {says: Distrusted, cite: s. 9, checked: text, when: {receiver.trusted: false}}
        requires:
          - {step: log, says: Log, when: {definition: safe}}
        """,
    )
    onward = "flows: {further: {law: {outcome: deny, bars: [], fails: {law.basis.onward: [data.restrictions]}}}}"
    unstated = "change: {flows: {out: {form: null}}, parties: {LAB: {facts: {trusted: null}}}}"
    cases = (
        whole("outcome: allow, ready: false, findings: {law: {steps: [law.step.log]}}"),
        whole(f"outcome: deny, {onward}", ONWARD, id="onward"),
        whole("outcome: undetermined", unstated, id="open"),
        """
        id: bar
        title: Nobody trusts the receiver
        source: {citation: s. 9}
        pins: law.bar.distrust
        facts: {receiver.trusted: false}
        """,
    )
    found = judged(rules, tmp_path, *cases)
    assert {j.verdict for j in found} == {"killed", "survived"}
    for one in found:
        changed = replace(rules, frameworks=(one.mutant.make(),))
        slow = any(result.differences for result in run_cases(file_of(*cases), tmp_path, changed))
        assert slow is (one.verdict == "killed"), one.mutant.question


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command runs in a house of its own."""
    build(tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("house")
def test_the_command_tells_what_nobody_pinned_down_with_its_place_and_the_score() -> None:
    answer = at_home("mutate", "law", "--cases", "case.yaml")
    assert answer.exit_code == 1, "something is open"
    table = answer.stdout.splitlines()
    text = Path("policies/law.yaml").read_text(encoding="utf-8").splitlines()
    line = next(i for i, found in enumerate(text, 1) if "{id: aim," in found)
    assert (
        f'policies/law.yaml:{line}: no case tells whether "The purpose is a study or an audit" '
        "matters to law.basis.study" in table
    )
    assert table[-2].split() == ["framework", "changes", "noticed", "not", "noticed", "no", "effect", "score"]
    assert table[-1].startswith("law ")
    assert table[-1].endswith("%")


@pytest.mark.usefixtures("house")
def test_programs_get_the_same() -> None:
    found = json.loads(at_home("mutate", "--cases", "case.yaml", "--json").stdout)
    (score,) = found["frameworks"]
    assert score["framework"] == "law"
    assert score["survived"] == len(found["survivors"]) > 0
    assert score["percent"] == round(100 * score["killed"] / (score["killed"] + score["survived"]), 2)
    assert {"framework", "rule", "kind", "file", "line", "column", "message"} == set(found["survivors"][0])


@pytest.mark.usefixtures("house")
def test_the_command_refuses_cases_that_differ_already_and_frameworks_that_do_not_exist() -> None:
    write("case.yaml", Path("case.yaml").read_text(encoding="utf-8").replace("outcome: deny, f", "outcome: allow, f"))
    answer = at_home("mutate", "--cases", "case.yaml")
    assert answer.exit_code == 2
    assert answer.stderr == "cases that differ already tell nothing: first; see assent test\n"
    answer = at_home("mutate", "lore")
    assert answer.exit_code == 2
    assert answer.stderr == '"lore" is no framework; known: law\n'
