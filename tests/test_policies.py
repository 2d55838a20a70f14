"""Policy files: what they may say, how they are put together, and how mistakes in them are told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.conditions import All, in_words
from engine.documents import Problem, shipped
from engine.policies import Owed, PolicySet, compile_policies, load_policies, read_folder
from tests.writing import (
    LAW_HEAD,
    VOCABULARY,
    attempt,
    decided,
    document,
    finding,
    law,
    places,
    policies,
    problems,
    written,
)

FRAMEWORK = """
    framework: law
    title: The Law
    authority: 1 Law 1
    applies: {says: Everything, cite: s. 1, checked: text}
    bases:
      consent:
        title: Consent
        cite: s. 2
        checked: text
        when: {request.approved: true}
"""

CLAUSES = """
    clauses:
      law.clause.notice: {title: Notice, element: 1a, text: Tell them.}
      law.clause.return: {title: Return, element: 1a, text: Give it back.}
"""


def mistakes(*files: str) -> list[Problem]:
    """What is wrong with some policy files; `file-1.yaml` is the first."""
    return list(problems(lambda: policies(*files)))


# Reading folders ------------------------------------------------------------------------------------------------------


def test_adding_a_framework_is_adding_one_file(tmp_path: Path, shipped_policies: PolicySet) -> None:
    own_fact = "facts: {request.blessed: {type: boolean, question: Is it blessed?}}"
    (tmp_path / "law.yaml").write_text(written(FRAMEWORK.replace("approved", "blessed"), own_fact))
    more = load_policies(tmp_path)
    assert {f.framework for f in more.frameworks} == {*(f.framework for f in shipped_policies.frameworks), "law"}
    other_records = "datasets: {records: {owner: OWNER, categories: [other_record]}}"
    assert finding(decided(more, other_records, "facts: {blessed: true}")).outcome == "allow"


def test_a_folder_with_its_own_vocabulary_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "vocabulary.yml").write_text(written(VOCABULARY))
    (tmp_path / "law.yaml").write_text(written(FRAMEWORK))
    (tmp_path / "readme.txt").write_text("framework: not a policy file\n")
    alone = load_policies(tmp_path)
    assert [f.framework for f in alone.frameworks] == ["law"]
    assert not alone.clauses
    assert not alone.deployments
    assert decided(alone, "facts: {approved: true}").outcome == "allow"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = problems(lambda: load_policies(tmp_path / "nowhere"))
    assert problem.code == "unreadable"
    assert problem.file == str(tmp_path / "nowhere")


def test_unreadable_files_are_all_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("framework: [")
    (tmp_path / "b.yaml").write_text("title: no")
    found = problems(lambda: load_policies(tmp_path))
    assert [(Path(p.file).name, p.code) for p in found] == [("a.yaml", "syntax"), ("b.yaml", "ambiguous")]


def test_each_shipped_framework_is_complete_by_itself() -> None:
    """With the vocabulary and the clause library, but without any other framework."""
    files = read_folder(shipped("policies"))
    frameworks = [d for d in files if "framework" in d.data]
    shared = [d for d in files if "vocabulary" in d.data or "clauses" in d.data]
    leaning = {d.data["framework"]: attempt(lambda d=d: compile_policies([*shared, d]))[1] for d in frameworks}  # type: ignore[misc]
    assert {name: sorted({p.message for p in found}) for name, found in leaning.items() if found} == {}


def test_the_digest_follows_what_files_say_not_their_names_or_order() -> None:
    vocabulary, one, two = document(VOCABULARY), document(FRAMEWORK, file="a"), document(CLAUSES)
    digest = compile_policies([vocabulary, one, two]).digest
    assert compile_policies([two, document(FRAMEWORK, file="b"), vocabulary]).digest == digest
    assert compile_policies([vocabulary, document(FRAMEWORK, "note: New"), two]).digest != digest


# Putting rules together -----------------------------------------------------------------------------------------------


def test_rules_are_named_by_their_place() -> None:
    (framework,) = law("""
        definitions: {safe: {says: Safe, cite: s. 1, checked: text, when: {flow.form: coded}}}
        bars: {barred: {says: Barred, cite: s. 2, checked: text}}
        bases: {consent: {title: Consent, cite: s. 3, checked: text}}
        penalties: {fine: {says: A fine, cite: s. 4, checked: text}}
        """).frameworks
    names = ["law.applies", "law.definition.safe", "law.bar.barred", "law.basis.consent", "law.penalty.fine"]
    assert [rule.id for rule in framework.rules()] == names


def test_a_framework_reads_facts_codes_and_definitions_of_any_file() -> None:
    found = policies(
        FRAMEWORK.replace("request.approved: true", "request.insured: true"),
        """
        framework: other
        title: Another
        authority: 2 Law 1
        facts: {request.insured: {type: boolean}}
        applies: {says: Everything, cite: s. 1, checked: text, when: {definition: safe}}
        bases: {}
        """,
        vocabulary=written(
            VOCABULARY,
            "definitions: {safe: {says: The data are safe, cite: s. 1, checked: text, when: {flow.form: coded}}}",
        ),
    )
    law, other = found.frameworks
    assert in_words(law.bases["consent"].when) == "request.insured is true"
    assert in_words(other.applies.when) == "The data are safe"


def owed(text: str, basis: str = "consent") -> tuple[Owed, ...]:
    """What the basis of a framework demands."""
    found = policies(written(LAW_HEAD, text), CLAUSES)
    return found.frameworks[0].owed(basis)


def test_requirements_inherit_what_they_do_not_say() -> None:
    clause, plain, named, here = owed("""
        applies: {says: Everything, cite: s. 1, checked: text}
        steps:
          log: {says: Keep a log, cite: s. 9, by: receiver, due: continuing, checked: summary, within: 30 days}
        bases:
          consent:
            title: Consent
            cite: s. 2
            checked: interpretation
            requires:
              - clause: law.clause.notice
              - {instrument: pact, between: [sender, receiver], cite: s. 3}
              - {step: log, by: sender}
              - {step: notify, says: Tell the school, due: before_agreement, checked: text}
        """)
    assert (clause.kind, clause.name, clause.cite, clause.checked) == (
        "clause",
        "law.clause.notice",
        "s. 2",
        "interpretation",
    )
    assert (plain.kind, plain.name, plain.cite, plain.between) == ("instrument", "pact", "s. 3", ("sender", "receiver"))
    assert (plain.by, plain.due) == ("provider", "before_transfer")
    assert (named.kind, named.name, named.says, named.cite) == ("step", "law.step.log", "Keep a log", "s. 9")
    assert (named.by, named.due, named.checked, named.within) == ("sender", "continuing", "summary", "30 days")
    assert (here.name, here.says, here.due, here.checked) == (
        "law.step.notify",
        "Tell the school",
        "before_agreement",
        "text",
    )


def test_a_set_stands_for_its_requirements_under_its_own_condition() -> None:
    first, second = owed("""
        applies: {says: Everything, cite: s. 1, checked: text}
        sets:
          inner: [{clause: law.clause.return, when: {data.sensitive: true}}]
          outer: [{clause: law.clause.notice, cite: s. 5}, {set: inner, cite: s. 6}]
        bases:
          consent:
            title: Consent
            cite: s. 2
            checked: text
            requires: [{set: outer, when: {flow.form: identified}}]
        """)
    assert (first.name, first.cite, in_words(first.when)) == ("law.clause.notice", "s. 5", "flow.form is identified")
    assert (second.name, second.cite) == ("law.clause.return", "s. 6")
    assert isinstance(second.when, All)
    assert [in_words(part) for part in second.when.parts] == ["flow.form is identified", "data.sensitive is true"]


def test_house_rules_judge_the_requests_of_their_deployment_only() -> None:
    found = policies(
        FRAMEWORK,
        """
        deployment: house
        title: House
        rules:
          - framework: house-rules
            title: House rules
            authority: Manual 1
            applies: {says: Everything, cite: p. 1, checked: text}
            bases: {}
        """,
    )
    assert [f.framework for f in found.frameworks_for(None)] == ["law"]
    assert [f.framework for f in found.frameworks_for("house")] == ["law", "house-rules"]
    assert decided(found, "facts: {approved: true}").outcome == "allow"
    assert decided(found, "facts: {approved: true}\ndeployment: house").outcome == "deny"


# Dates in force -------------------------------------------------------------------------------------------------------

DAYS = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]


@pytest.mark.parametrize(
    ("rules", "outcomes"),
    [
        pytest.param(
            """
            in_force: {from: 2026-01-01, until: 2026-12-31}
            """,
            [[], ["deny"], ["deny"], []],
            id="framework",
        ),
        pytest.param(
            """
            applies: {says: A, cite: s. 1, checked: text, in_force: {from: 2026-01-01, until: 2026-12-31}}
            """,
            [["not_applicable"], ["deny"], ["deny"], ["not_applicable"]],
            id="applies",
        ),
        pytest.param(
            """
            bases: {any: {title: Any, cite: s. 1, checked: text, in_force: {from: 2026-01-01, until: 2026-12-31}}}
            """,
            [["deny"], ["allow"], ["allow"], ["deny"]],
            id="basis",
        ),
        pytest.param(
            """
            bars: {never: {says: Never, cite: s. 1, checked: text, in_force: {from: 2026-01-01, until: 2026-12-31}}}
            bases: {any: {title: Any, cite: s. 1, checked: text}}
            """,
            [["allow"], ["deny"], ["deny"], ["allow"]],
            id="bar",
        ),
    ],
)
def test_a_rule_is_law_from_its_first_day_to_its_last(rules: str, outcomes: list[list[str]]) -> None:
    found = [decided(law(rules), as_of=day) for day in DAYS]
    assert [[f.outcome for f in decision.findings] for decision in found] == outcomes


@pytest.mark.parametrize(
    "requires",
    [
        "requires: [{step: log, says: Keep a log, in_force: {from: 2026-01-01, until: 2026-12-31}}]",
        "requires: [{step: log}]\nsteps: {log: {says: Keep a log, in_force: {from: 2026-01-01, until: 2026-12-31}}}",
        "requires: [{set: all, in_force: {from: 2026-01-01}}]\n"
        "sets: {all: [{step: log, says: Keep a log, in_force: {until: 2026-12-31}}]}",
    ],
    ids=["requirement", "step", "set and requirement"],
)
def test_a_requirement_is_owed_from_its_first_day_to_its_last(requires: str) -> None:
    found = law("bases: {any: {title: Any, cite: s. 1, checked: text}}", requires)
    duties = [[d.requirement.name for d in finding(decided(found, as_of=day)).all_duties] for day in DAYS]
    assert duties == [[], ["law.step.log"], ["law.step.log"], []]


def test_law_that_changed_keeps_both_versions() -> None:
    found = law("""
        bases:
          old: {title: Old, cite: s. 1 (1974), checked: text, in_force: {until: 2012-01-02}}
          new: {title: New, cite: s. 1 (2012), checked: text, in_force: {from: 2012-01-03}}
        """)
    bases = {day: finding(decided(found, as_of=day)).used for day in (date(2012, 1, 2), date(2012, 1, 3))}
    assert [used.basis.id if used else None for used in bases.values()] == ["law.basis.old", "law.basis.new"]


# Mistakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "place", "help"),
    [
        ("bars: {barred: {says: Barred, checked: text}}", "11:16 missing-key", ""),
        ("bars: {barred: {says: Barred, cite: s. 1}}", "11:16 missing-key", ""),
        ("bars: {barred: {cite: s. 1, checked: text}}", "11:16 missing-key", ""),
        ("bars: {barred: {says: B, cite: s. 1, checked: txt}}", "11:47 unknown-code", 'did you mean "text"?'),
        ("bars: {barred: {says: B, cite: s. 1, checked: text, wen: {}}}", "11:53 unknown-key", 'did you mean "when"?'),
        ("bars: {Barred: {says: B, cite: s. 1, checked: text}}", "11:8 bad-name", ""),
        ("bar: {}", "11:1 unknown-key", 'did you mean "bars"?'),
        (
            "bars: {barred: {says: B, cite: s. 1, checked: text, when: {request.aproved: true}}}",
            "11:60 unknown-fact",
            'did you mean "request.approved"?',
        ),
        ("bars: {barred: {says: B, cite: s. 1, checked: text, when: 5}}", "11:59 bad-value", ""),
        ("bars: {barred: {says: B, cite: s. 1, checked: text, when: []}}", "11:59 wrong-kind", ""),
        ("bars: {barred: {says: B, cite: s. 1, checked: text, when: [5]}}", "11:60 wrong-kind", ""),
        ("exclusive: [[{flow.form: coded}, {data.sensitve: true}]]", "11:35 unknown-fact", '"data.sensitive"'),
        ("in_force: {from: 2026-12-31, until: 2026-01-01}", "11:11 bad-value", ""),
        ("in_force: {from: soon}", "11:18 wrong-kind", ""),
        ("requires: [{clause: law.clause.notise}]", "11:21 unknown-clause", 'did you mean "law.clause.notice"?'),
        ("requires: [{instrument: pakt}]", "11:25 unknown-instrument", 'did you mean "pact"?'),
        ("requires: [{step: log}]\nsteps: {blog: {says: Write}}", "11:19 unknown-step", 'did you mean "blog"?'),
        ("requires: [{set: notices}]\nsets: {notice: []}", "11:18 unknown-set", 'did you mean "notice"?'),
        ("sets: {a: [{clause: law.clause.notice}, {set: a}]}", "11:47 circle", ""),
        ("requires: [{step: log, clause: law.clause.notice, says: L}]", "11:12 bad-value", ""),
        ("requires: [{by: provider}]", "11:12 bad-value", ""),
        ("requires: [{step: log, says: L, by: teacher}]", "11:37 unknown-party", "provider"),
        ("requires: [{step: log, says: L, due: before_delivry}]", "11:38 unknown-code", '"before_delivery"'),
        ("requires: [{instrument: pact, between: [provider, teacher]}]", "11:51 unknown-code", "provider"),
        ("requires: [{step: log, says: L, within: {fact: deployment.retention}}]", "11:41 unknown-fact", ""),
        ("requires: [{step: log, says: L, within: 5}]", "11:41 bad-value", ""),
        (
            "definitions: {safe: {says: S, cite: s. 1, checked: text, when: {definition: saf}}}",
            "11:77 unknown-definition",
            'did you mean "safe"?',
        ),
    ],
)
def test_a_mistake_in_a_framework_is_told_at_its_place_with_help(rules: str, place: str, help: str) -> None:
    (problem,) = mistakes(written(FRAMEWORK, rules), CLAUSES)
    assert problem.file == "file-1.yaml"
    assert places([problem]) == [place]
    assert help in problem.help


@pytest.mark.parametrize(
    ("definitions", "place"),
    [
        (
            """
            definitions:
              a: {says: A, cite: s. 1, checked: text, when: {definition: a}}
            """,
            "12:62",
        ),
        (
            """
            definitions:
              a: {says: A, cite: s. 1, checked: text, when: {not: {definition: b}}}
              b: {says: B, cite: s. 1, checked: text, when: [{definition: a}]}
            """,
            "12:68",
        ),
    ],
    ids=["directly", "through another"],
)
def test_a_definition_cannot_use_itself(definitions: str, place: str) -> None:
    found = mistakes(written(FRAMEWORK, definitions))
    assert f"{place} circle" in places(found)
    assert {(p.code, "uses itself" in p.message) for p in found} == {("circle", True)}


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ([FRAMEWORK, FRAMEWORK], "file-2.yaml:1:12"),
        ([CLAUSES, CLAUSES.replace("law.clause.notice", "law.clause.other")], "file-2.yaml:3:22"),
        (["deployment: house\ntitle: H", "deployment: house\ntitle: H"], "file-2.yaml:1:13"),
        ([written(FRAMEWORK, "instruments: {pact: {title: Pact}}")], "file-1.yaml:11:21"),
    ],
    ids=["framework", "clause", "deployment", "instrument"],
)
def test_a_name_is_defined_once(files: list[str], place: str) -> None:
    (problem,) = mistakes(*files)
    assert f"{problem.file}:{problem.mark.line}:{problem.mark.column}" == place
    assert problem.code == "declared-twice"


@pytest.mark.parametrize(
    ("deployment", "place", "help"),
    [
        ("hub: DLO\nagencies: {DOL: {name: Labor, kind: agency}}", "3:6 unknown-party", 'did you mean "DOL"?'),
        ("agencies: {DOL: {name: Labor, kind: agncy}}", "3:37 unknown-code", 'did you mean "agency"?'),
        ("agencies: {DOL: {name: Labor, kind: agency, facts: {trustd: true}}}", "3:53 unknown-fact", '"trusted"'),
        ("facts: {hub_retention: soon}", "3:24 wrong-kind", ""),
        ("facts: {hub_retenton: 5 days}", "3:9 unknown-fact", 'did you mean "hub_retention"?'),
        ("catalogue: [{agency: SDE, program: P, is: [school], because: B}]", "3:22 unknown-party", ""),
        (
            "agencies: {DOL: {name: Labor, kind: agency}}\n"
            "catalogue: [{agency: DOL, program: P, is: [school, wages], because: B}]",
            "4:52 unknown-code",
            'did you mean "wage"?',
        ),
        ("rules: 5", "3:8 wrong-kind", ""),
        ("rules: [5]", "3:9 wrong-kind", ""),
    ],
)
def test_a_mistake_in_a_deployment_is_told_at_its_place_with_help(deployment: str, place: str, help: str) -> None:
    (problem,) = mistakes(written("deployment: house\ntitle: House", deployment))
    assert places([problem]) == [place]
    assert help in problem.help


def test_a_clause_belongs_to_an_element_of_the_agreements() -> None:
    deployment = "deployment: house\ntitle: H\nelements: {1b: {title: T, party: hub}}"
    found = mistakes(deployment, CLAUSES)
    assert [(p.file, p.code, p.help) for p in found] == [("file-2.yaml", "unknown-element", "known: 1b")] * 2


def test_a_file_is_known_by_its_first_key() -> None:
    (misspelt,) = mistakes("framwork: law")
    assert (misspelt.code, misspelt.help) == ("unknown-document", 'did you mean "framework"?')
    (other,) = mistakes("title: The Law\nframework: law")
    assert (other.code, other.help) == ("unknown-document", "known: clauses, deployment, framework, vocabulary")


@pytest.mark.parametrize("text", ["- framework: law", "law", "5"])
def test_a_policy_file_that_is_no_mapping(text: str) -> None:
    (problem,) = mistakes(text)
    assert problem.code == "unknown-document"


def test_the_mistakes_of_all_files_are_told_at_once() -> None:
    found = mistakes(
        written(FRAMEWORK, "bar: {}\nin_froce: {}"),
        "clauses: {notice: {title: Notice, element: 1a, text: Tell them.}}",
        "deployment: House\ntitle: House",
    )
    assert [f"{p.file}:{p.mark.line}" for p in found] == [
        "file-1.yaml:11",
        "file-1.yaml:12",
        "file-2.yaml:1",
        "file-3.yaml:1",
    ]


def test_every_mistake_is_told_once() -> None:
    """A definition is built wherever it is used, but it is wrong in one place only."""
    found = mistakes(
        written(
            FRAMEWORK.replace("request.approved: true", "definition: safe"),
            "definitions: {safe: {says: S, cite: s. 1, checked: text, when: {flow.from: coded}}}",
        )
    )
    assert places(found) == ["11:65 unknown-fact"]
