"""Checking files of every kind in one run: what is told, against which policies, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents import Problem
from engine.policies import PolicySet, load_policies
from engine.validation import validate_files
from tests.house import CASE, LAW, POLICIES, REQUEST, basis, build, framework, request
from tests.writing import LAW_HEAD, VOCABULARY, written


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, *texts: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(*texts), encoding="utf-8")
    return path


def found(*files: str, folder: Path | None = POLICIES) -> list[Problem]:
    return validate_files([Path(file) for file in files], folder)


def told(*files: str, folder: Path | None = POLICIES) -> list[tuple[str, str]]:
    """The file and code of every problem."""
    return [(problem.file, problem.code) for problem in found(*files, folder=folder)]


def everything() -> list[str]:
    return ["request.yaml", "case.yaml", *sorted(str(path) for path in POLICIES.iterdir())]


def test_a_house_in_order_has_no_problems() -> None:
    assert found(*everything()) == []


@pytest.mark.parametrize("file", ["request.yaml", "case.yaml", "policies/law.yaml", "policies/clauses.yaml",
                                  "policies/net.yaml", "policies/vocabulary.yaml"])  # fmt: skip
def test_each_kind_of_file_is_valid_by_itself(file: str) -> None:
    assert found(file) == []


def test_problems_of_all_files_come_in_one_run_sorted_by_place() -> None:
    write("b.yaml", request("purpose: studdy", "claims: [{basis: law.basis.studies}]"))
    write("a.yaml", "cases:\n- {id: one}")
    problems = found("b.yaml", "nowhere.yaml", "a.yaml")
    assert problems == sorted(problems)
    assert {problem.file for problem in problems} == {"a.yaml", "b.yaml", "nowhere.yaml"}
    assert [p.code for p in problems if p.file == "b.yaml"] == ["unknown-code", "unknown-basis"]


def test_a_file_given_twice_is_told_once() -> None:
    write("bad.yaml", request("purpose: studdy"))
    assert told("bad.yaml", "bad.yaml") == [("bad.yaml", "unknown-code")]


def test_a_problem_of_the_reader_does_not_hide_those_of_the_form() -> None:
    write("bad.yaml", request("purpose: studdy", "facts: {approved: no}"))
    assert sorted(code for _, code in told("bad.yaml")) == ["ambiguous", "unknown-code"]


def test_an_unknown_key_does_not_hide_what_else_is_wrong() -> None:
    write("bad.yaml", request("purpos: study", "deployment: nett"))
    assert {code for _, code in told("bad.yaml")} == {"unknown-key", "unknown-deployment"}


# Policies -------------------------------------------------------------------------------------------------------------


def test_a_policy_file_is_checked_together_with_those_it_joins() -> None:
    write("new.yaml", basis("when: {request.approved: true}", "requires: [{clause: law.clause.use}]"))
    assert found("new.yaml") == []
    write("new.yaml", basis("when: {request.aproved: true}"))
    assert told("new.yaml") == [("new.yaml", "unknown-fact")]


def test_policy_files_may_need_each_other() -> None:
    write("facts.yaml", framework("facts: {request.license: {type: boolean}}"))
    write("rules.yaml", basis("when: {request.license: true}").replace("framework: other", "framework: third"))
    assert told("rules.yaml") == [("rules.yaml", "unknown-fact")]
    assert found("rules.yaml", "facts.yaml") == []


def test_a_policy_file_stands_in_for_the_one_at_the_same_path() -> None:
    write("policies/law.yaml", LAW_HEAD, LAW.replace("Everything", "All"))
    assert found("policies/law.yaml") == []
    assert found(str((POLICIES / "law.yaml").resolve())) == []


def test_a_second_framework_of_the_same_name_is_told_where_it_was_written() -> None:
    write("mine.yaml", LAW_HEAD, LAW)
    assert ("mine.yaml", "declared-twice") in told("mine.yaml")
    assert {file for file, _ in told("mine.yaml")} == {"mine.yaml"}


def test_a_request_is_checked_against_policies_given_in_the_same_run() -> None:
    write("mine.yaml", framework("bases: {mine: {title: Mine, cite: s. 2, checked: text}}"))
    write("request.yaml", request("claims: [{basis: other.basis.mine}]"))
    assert told("request.yaml") == [("request.yaml", "unknown-basis")]
    assert found("request.yaml", "mine.yaml") == []


def test_a_broken_policy_in_the_folder_is_told_with_its_place() -> None:
    write("policies/broken.yaml", framework("title: ''"))
    assert told("request.yaml") == [("policies/broken.yaml", "wrong-kind")]


def test_a_vocabulary_of_ones_own_stands_alone() -> None:
    write("mine/vocabulary.yaml", VOCABULARY)
    assert found("mine/vocabulary.yaml", folder=None) == []
    assert found("mine/vocabulary.yaml", folder=Path("mine")) == []


def test_without_a_folder_the_shipped_policies_count(shipped_policies: PolicySet) -> None:
    text = written(REQUEST).replace("deployment: net\n", "").replace("facts: {approved: false}\n", "")
    text = (
        text.replace("study", "evaluation")
        .replace("[school]", "[education_record]")
        .replace("OWNER: {}", "OWNER: {kind: state_agency}")
    )
    write("plain.yaml", text.replace("kind: lab, facts: {trusted: true}", "kind: researcher"))
    assert found("plain.yaml", folder=None) == []
    assert told("request.yaml", folder=None) != []


@pytest.mark.parametrize("content", ["5", "[vocabulary]", "framework", "{}"])
def test_an_odd_file_among_the_policies_is_told(content: str) -> None:
    write("policies/odd.yaml", content)
    assert {file for file, _ in told("request.yaml")} == {"policies/odd.yaml"}


@pytest.mark.parametrize("content", ["5", "[request]", "request", "{}", "requst: x", "title: x"])
def test_a_file_of_no_kind_is_told(content: str) -> None:
    write("odd.yaml", content)
    assert told("odd.yaml") == [("odd.yaml", "unknown-document")]


# Clauses, requests, cases ---------------------------------------------------------------------------------------------


def test_a_clause_whose_text_does_too_much_is_told_with_its_place() -> None:
    text = Path("policies/clauses.yaml").read_text(encoding="utf-8").replace("{{ purpose }}", "{{ purpose | upper }}")
    write("policies/clauses.yaml", text)
    (problem,) = found("policies/clauses.yaml")
    assert (problem.code, problem.where) == ("bad-template", "clauses.law.clause.use.text")
    assert problem.mark.line == text[: text.index("text: >-")].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("from: OWNER, to: LAB", "from: LAB, to: OWNER", "impossible-carry"),
        ("{owner: OWNER, categories: [school]}", "{from: [records]}", "circle"),
    ],
)
def test_a_request_is_followed_along_its_flows(old: str, new: str, code: str) -> None:
    write("request.yaml", REQUEST.replace(old, new))
    assert told("request.yaml") == [("request.yaml", code)]


def test_every_case_of_a_file_is_checked_with_its_request() -> None:
    write("case.yaml", CASE, """
        - id: second
          title: A rule that is not there
          source: {citation: s. 3}
          facts: {request.approvd: true}
          pins: law.basis.approval
        - id: third
          title: A framework that is not there
          source: {citation: s. 3}
          base: request.yaml
          expect: {outcome: allow, findings: {lore: {outcome: allow}}}
        - id: fourth
          title: A rule that is not there
          source: {citation: s. 3}
          facts: {request.approved: true}
          pins: law.basis.approvall
        """)  # fmt: skip
    problems = found("case.yaml")
    assert len(problems) == 3
    lines = Path("case.yaml").read_text(encoding="utf-8").splitlines()
    for problem, case in zip(problems, ("second", "third", "fourth"), strict=True):
        begin = lines.index(f"- id: {case}") + 1
        assert begin <= problem.mark.line <= begin + 5, str(problem)
    for problem, word in zip(problems, ('"approved"', "law", "law.basis.approval"), strict=True):
        assert word in f"{problem.message} {problem.help}"


def test_validating_does_not_run_the_cases() -> None:
    write("case.yaml", CASE.replace("outcome: deny, findings", "outcome: allow, findings"))
    assert found("case.yaml") == []


def test_nothing_is_changed_by_validating(house: Path) -> None:
    before = {path: path.read_bytes() for path in house.rglob("*") if path.is_file()}
    found(*everything())
    assert {path: path.read_bytes() for path in house.rglob("*") if path.is_file()} == before
    assert load_policies(POLICIES).digest == load_policies(POLICIES).digest
