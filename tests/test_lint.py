"""`assent lint` finds what is likely wrong, says where and why, and can be told that it is meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.reports.lint import as_sarif, page
from engine.workbench.lint import CHECKS, SEVERITIES, Check, Finding, lint_files
from engine.workbench.lint.citations import _malformed
from tests import house
from tests.house import POLICIES, ROOT, assent, at_home, framework, write
from tests.writing import written


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    house.build(tmp_path)
    return tmp_path


def found(*text: str) -> list[Finding]:
    """What is found in a framework of these parts, in a clause library or in a file of cases."""
    whole = written(*text)
    kind = whole.partition(":")[0]
    if kind == "clauses":
        name = "policies/clauses.yaml" if "law.clause.use" in whole else "policies/more.yaml"
        if name == "policies/clauses.yaml":
            write("policies/end.yaml", house.CLAUSES.split("law.clause.use")[0])
        return lint_files([write(name, whole)], POLICIES)
    if kind == "cases":
        return lint_files([write("more.yaml", whole)], POLICIES)
    return lint_files([write("policies/other.yaml", framework(whole))], POLICIES)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
class TestEveryCheck:
    def test_finds_its_bad_example(self, check: Check) -> None:
        findings = codes(found(check.bad))
        assert check.code in findings
        assert findings <= {check.code, "unverified"}

    def test_finds_nothing_in_its_good_example(self, check: Check) -> None:
        assert codes(found(check.good)) == set()

    def test_is_explained(self, check: Check) -> None:
        answer = assent("lint", "--explain", check.code)
        assert answer.exit_code == 0
        assert check.why in answer.stdout
        assert check.severity in SEVERITIES
        assert check.summary[0].islower() or check.summary[0] == "`"
        assert not check.summary.endswith(".")

    def test_has_its_section_in_the_docs(self, check: Check) -> None:
        docs = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
        assert f"\n### {check.code}\n" in docs
        assert f"](#{check.code})" in docs


def test_the_docs_are_those_of_the_registry() -> None:
    assert page(CHECKS) in (ROOT / "docs" / "lint.md").read_text(encoding="utf-8"), "run: make lint-docs"


def test_an_unknown_check_is_answered_with_the_nearest() -> None:
    assert 'did you mean "unused-fact"?' in house.refused(assent("lint", "--explain", "unused-facts"))


BAR = """
    bars:
      advertising:
        says: The data may not serve advertising
        cite: {cite}
        checked: unverified{comment}
        when: {{request.purpose: marketing}}
    """


def bar(*, cite: str = "s. 5", comment: str = "") -> str:
    return BAR.format(cite=cite, comment=comment)


def test_a_finding_stands_at_the_word() -> None:
    (finding,) = found(bar())
    assert (finding.file, finding.mark, finding.code) == ("policies/other.yaml", (10, 5), "unverified")


class TestSilence:
    def test_beside_the_finding(self) -> None:
        assert found(bar(comment="  # lint: allow unverified because counsel reads it in March")) == []

    def test_on_the_line_above(self) -> None:
        text = written(bar()).replace(
            "    checked:", "    # lint: allow unverified because counsel reads it\n    checked:"
        )
        assert found(text) == []

    def test_of_another_check_allows_nothing(self) -> None:
        assert codes(found(bar(comment="  # lint: allow unused-fact because of that"))) == {
            "unverified",
            "silence-idle",
        }

    def test_of_no_check_names_the_nearest(self) -> None:
        findings = found(bar(comment="  # lint: allow unverifed because counsel reads it"))
        assert [f.help for f in findings if f.code == "silence-idle"] == ['did you mean "unverified"?']

    def test_needs_a_reason(self) -> None:
        assert codes(found(bar(comment="  # lint: allow unverified"))) == {"unverified", "silence-without-reason"}

    def test_in_a_text_is_no_comment(self) -> None:
        text = written(bar()).replace("checked: ", 'note: "# lint: allow unverified because I say so"\n    checked: ')
        assert codes(found(text)) == {"unverified"}


@pytest.mark.parametrize(
    "cite",
    [
        "34 CFR 99.31(a)(3), 99.35", "20 U.S.C. 1232g; 34 CFR part 99", "20 USC 1232g(b)(1)(L)",
        "CGS 10-234aa to 10-234dd",
        '34 CFR 99.3 "education records" (b)(4)', "69 FR 45888, section 4.1", "Pub. L. 112-278", "Public Law 114-92",
        "Regs. Conn. State Agencies 17a-248-6(a)", "P20 WIN Data Governance Manual 2022, section 1",
        "29 CFR parts 29 and 30",
        "45 CFR 46, subpart C", "Public Act 11-167 s.1", "Website of the Department of Public Health", "s. 5",
        "Former 20 USC 1090(a)(3)(E)", "45 CFR 164.509 (89 FR 32976)", "CGS 46b-124(b)(1), (d)-(e); 54-76l(b)",
    ],
)  # fmt: skip
def test_a_citation_in_form(cite: str) -> None:
    assert _malformed(cite) is None


@pytest.mark.parametrize(
    "cite",
    [
        "34 C.F.R. 99.31", "CFR 99.31", "34 CFR", "20 U.S.C 1232g", "20 usc 1232g", "USC 1232g", "C.G.S. 10a-57g",
        "CGS",
        "Pub L 112-278", "P.L. 112-278", "69 Fed. Reg. 45888", "FR 45888", "Reg. Conn. 19a-25", "34 CFR 99.31(a)(3",
        "34 CFR 99.31 a)", '34 CFR 99.3 "education records', "34 CFR 99.31()", "34 CFR 99.31;",
        "34 CFR 99.31; 34 cfr 99.35",
        "34 CFR § 99.31",
    ],
)  # fmt: skip
def test_a_citation_out_of_form(cite: str) -> None:
    assert _malformed(cite) is not None


def test_a_requirement_of_a_version_that_is_not_in_force_with_its_basis() -> None:
    findings = found("""
        sets:
          papers:
            - {instrument: pact, in_force: {until: 2011-12-31}}
            - {instrument: waiver, in_force: {until: 2009-12-31}}
        bases:
          study-2010: &study
            title: A study
            cite: s. 3
            checked: text
            in_force: {from: 2010-01-01, until: 2012-12-31}
            requires: [{set: papers}]
          study:
            title: A study
            cite: s. 3
            checked: text
            in_force: {from: 2013-01-01}
            requires: [{set: papers}]
    """)
    assert [f.message for f in findings] == ['"waiver" is required here and never in force']


def test_the_shipped_policies_have_no_errors() -> None:
    assert "error" not in {finding.severity for finding in lint_files()}


class TestCommand:
    def test_reads_like_a_compiler(self) -> None:
        write("policies/other.yaml", framework(bar()))
        answer = at_home("lint", "policies/other.yaml")
        assert answer.stdout == (
            'policies/other.yaml:10:5: note: "other.bar.advertising" rests on a source that nobody has verified'
            " [unverified]\n0 errors, 0 warnings, 1 note\n"
        )
        assert answer.exit_code == 0

    def test_fails_on_errors_and_strictly_on_warnings(self) -> None:
        write("policies/other.yaml", framework(bar(cite="TBD")))
        assert at_home("lint", "policies/other.yaml").exit_code == 0
        assert at_home("lint", "policies/other.yaml", "--strict").exit_code == 1
        write("policies/other.yaml", framework(CHECKS["never-in-force"].bad))
        assert at_home("lint", "policies/other.yaml").exit_code == 1

    def test_without_paths_checks_the_policies_given(self) -> None:
        write("policies/other.yaml", framework(bar()))
        assert "unverified" in at_home("lint").stdout

    def test_policies_with_a_mistake_are_not_checked(self) -> None:
        write("policies/other.yaml", framework("bars: {one: 5}"))
        assert "[wrong-kind]" in house.refused(at_home("lint"))

    def test_json(self) -> None:
        write("policies/other.yaml", framework(bar()))
        (finding,) = json.loads(at_home("lint", "policies/other.yaml", "--json").stdout)
        assert finding == {
            "file": "policies/other.yaml", "mark": {"line": 10, "column": 5}, "code": "unverified", "severity": "note",
            "message": '"other.bar.advertising" rests on a source that nobody has verified', "help": "",
        }  # fmt: skip

    def test_github(self) -> None:
        write("policies/o,ther.yaml", framework(bar()))
        assert at_home("lint", "policies/o,ther.yaml", "--format", "github").stdout == (
            "::notice file=policies/o%2Cther.yaml,line=10,col=5,title=unverified"
            '::"other.bar.advertising" rests on a source that nobody has verified\n'
        )

    def test_sarif(self) -> None:
        write("policies/an other.yaml", framework(bar()))
        log = json.loads(at_home("lint", "policies/an other.yaml", "--format", "sarif").stdout)
        assert log["version"] == "2.1.0"
        (run,) = log["runs"]
        rules = run["tool"]["driver"]["rules"]
        (result,) = run["results"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "unverified"
        assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)
        (place,) = result["locations"]
        assert place["physicalLocation"] == {
            "artifactLocation": {"uri": "policies/an%20other.yaml"},
            "region": {"startLine": 10, "startColumn": 5},
        }


def test_sarif_of_nothing_has_the_rules() -> None:
    (run,) = as_sarif([], CHECKS, "1")["runs"]
    assert (len(run["tool"]["driver"]["rules"]), run["results"]) == (len(CHECKS), [])
