"""Coverage: which values every condition had in some case, and whether a case turned on it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.cases import run_cases
from engine.policies import PolicySet
from engine.workbench.coverage import Coverage, RuleCoverage, share_seen_both_ways
from tests.house import at_home, build, write
from tests.writing import file_of, law, written

LAW = law("""
    definitions:
      safe: {says: The data are safe, cite: s. 2, checked: text, when: {flow.form: [coded, aggregate]}}
    applies: {says: School records, cite: s. 1, checked: text, when: {data.categories: {includes: school}}}
    bars:
      barred: {says: Distrusted, cite: s. 9, checked: text, when: {receiver.trusted: false}}
    bases:
      study:
        title: A study
        cite: s. 3
        checked: text
        when:
          - {id: aim, request.purpose: [study, audit], cite: s. 3(a)}
          - {definition: safe}
          - {receiver.kind: lab}
    penalties:
      fine: {says: A fine, cite: s. 10, checked: text}
""")

STUDY = """
    id: study
    title: A study with coded data
    source: {citation: s. 3}
    pins: law.basis.study
    facts: {request.purpose: study, flow.form: coded, receiver.kind: lab}
"""


def covered(*texts: str, policies: PolicySet = LAW) -> dict[str, RuleCoverage]:
    """How far one case pins the rules."""
    coverage = Coverage(policies)
    (result,) = run_cases(file_of(written(*texts)), Path(), policies, coverage)
    assert not result.differences
    return {found.rule: found for found in coverage.rules()}


def shown(rule: RuleCoverage) -> list[str]:
    """What was seen of each condition, in letters: true, false, unknown, pinned."""
    return [
        "".join(letter for value, letter in ((True, "t"), (False, "f"), (None, "u")) if value in condition.seen)
        + ("p" if condition.pinned else "")
        for condition in rule.conditions
    ]


def missing_by(*misses: str) -> str:
    """The near misses of a case."""
    return "near_misses:\n" + "".join(f"- {miss}\n" for miss in misses)


# One rule -------------------------------------------------------------------------------------------------------------


def test_every_rule_is_told_but_for_penalties_which_decide_nothing() -> None:
    assert list(covered(STUDY)) == ["law.applies", "law.definition.safe", "law.bar.barred", "law.basis.study"]


def test_a_rule_without_cases_is_not_covered() -> None:
    found = covered(STUDY)["law.bar.barred"]
    assert (found.cases, found.never, shown(found)) == (0, (True, False), [""])
    assert not found.complete


def test_a_rule_that_only_held_never_failed_though_it_turned_on_each_condition() -> None:
    found = covered(STUDY)["law.basis.study"]
    assert (found.cases, found.never, shown(found)) == (1, (False,), ["tp", "tp", "tp"])
    assert not found.complete


def test_a_rule_is_covered_when_each_condition_was_true_and_false_and_decided() -> None:
    found = covered(
        STUDY,
        missing_by(
            "{change: {request.purpose: marketing}, fails: aim}",
            "{change: {flow.form: identified}, fails: safe}",
            "{change: {receiver.kind: agency}, fails: receiver.kind}",
        ),
    )["law.basis.study"]
    assert (found.cases, found.never, shown(found)) == (4, (), ["tfp", "tfp", "tfp"])
    assert found.complete


def test_a_condition_that_fails_only_beside_another_is_not_pinned() -> None:
    both = missing_by("{change: {flow.form: identified, receiver.kind: agency}, fails: [safe, receiver.kind]}")
    fails_with_form = STUDY.replace("receiver.kind: lab", "receiver.kind: unknown").replace("coded", "identified")
    assert shown(covered(fails_with_form, "holds: false")["law.basis.study"]) == ["t", "f", "u"]
    assert shown(covered(STUDY, both)["law.basis.study"]) == ["tp", "tfp", "tfp"]


def test_an_unknown_value_is_told_apart_from_a_false_one() -> None:
    found = covered(STUDY, missing_by("{change: {receiver.kind: null}, becomes: unknown}"))["law.basis.study"]
    assert shown(found) == ["tp", "tp", "tup"]


def test_an_alternative_is_pinned_only_where_it_stands_alone() -> None:
    either = law("""
        bases:
          any:
            title: Any
            cite: s. 1
            checked: text
            when: {any: [{id: approved, request.approved: true}, {id: trusted, receiver.trusted: true}]}
        """)
    case = """
        id: any
        title: Any
        source: {citation: s. 1}
        pins: law.basis.any
        facts: {request.approved: true, receiver.trusted: true}
        """

    def seen(*more: str) -> list[str]:
        return shown(covered(case, *more, policies=either)["law.basis.any"])

    assert seen() == ["t", "t"], "either would do, so no case turns on one"
    assert seen("also_holds: [{change: {receiver.trusted: false}}]") == ["tp", "tf"]
    assert seen("also_holds: [{change: {receiver.trusted: false}}, {change: {request.approved: false}}]") == [
        "tfp",
        "tfp",
    ]


def test_of_at_least_so_many_one_is_pinned_where_it_makes_up_the_number() -> None:
    two = law("""
        bases:
          two:
            title: Two
            cite: s. 1
            checked: text
            when:
              at_least:
                count: 2
                of: [{request.approved: true}, {receiver.trusted: true}, {not: {data.sensitive: true}}]
        """)
    case = """
        id: two
        title: Two
        source: {citation: s. 1}
        pins: law.basis.two
        facts: {request.approved: true, receiver.trusted: true, data.sensitive: true}
        """
    assert shown(covered(case, policies=two)["law.basis.two"]) == ["tp", "tp", "t"]


def test_a_definition_counts_as_one_condition_where_it_is_used_and_is_a_rule_of_its_own() -> None:
    found = covered(STUDY)
    assert len(found["law.basis.study"].conditions) == 3
    assert found["law.definition.safe"].cases == 0


def test_whole_requests_cover_the_rules_they_look_at() -> None:
    whole = """
        id: whole
        title: A whole request
        source: {citation: s. 3}
        request:
          date: 2026-11-23
          purpose: study
          parties: {SDE: {}, LAB: {kind: lab, facts: {trusted: true}}}
          datasets: {grades: {owner: SDE, categories: [school]}}
          flows: [{id: out, from: SDE, to: LAB, carries: [grades], form: coded}]
    """

    def looked_at(expect: str) -> list[str]:
        found = covered(whole, f"expect: {{outcome: allow, {expect}}}")
        return [rule for rule, coverage in found.items() if coverage.cases]

    assert looked_at("findings: {law: {bases: [law.basis.study]}}") == ["law.basis.study"]
    assert looked_at("findings: {law: {outcome: allow, bars: []}}") == ["law.applies", "law.bar.barred"]
    assert looked_at("flows: {out: {law: {outcome: allow}}}") == ["law.applies"]
    assert looked_at("ready: true") == []


def test_every_condition_knows_its_place() -> None:
    conditions = covered(STUDY)["law.basis.study"].conditions
    assert [(c.mark.line, c.mark.column) for c in conditions] == [(17, 9), (18, 9), (19, 9)]


def test_the_share_counts_conditions_seen_true_and_false() -> None:
    assert share_seen_both_ways(covered(STUDY).values()) == 0
    near = missing_by("{change: {request.purpose: marketing}, fails: aim}")
    assert share_seen_both_ways(covered(STUDY, near).values()) == pytest.approx(100 / 6)
    assert share_seen_both_ways([]) == 100


# The command ----------------------------------------------------------------------------------------------------------

PINNED = """
    - id: pinned
      title: The board approves
      source: {citation: s. 4}
      pins: law.basis.approval
      facts: {request.approved: true}
      near_misses: [{change: {request.approved: false}, fails: request.approved}]
"""


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command runs in a house of its own."""
    build(tmp_path)
    monkeypatch.chdir(tmp_path)


def test_the_table_counts_by_framework_and_what_is_open_is_listed_with_its_place() -> None:
    answer = at_home("test", "case.yaml", "--coverage")
    assert answer.exit_code == 0
    table = answer.stdout.splitlines()
    assert " ".join(table[0].split()) == "framework rules conditions cases never true never false not pinned"
    assert re.fullmatch(r"law +5 +6 +4 +\d +\d +\d", table[1])
    line = Path("policies/law.yaml").read_text(encoding="utf-8").splitlines().index("  advertising:") + 5
    assert f'open policies/law.yaml:{line}: "request.purpose is marketing" of law.bar.advertising: never true' in table
    assert [found for found in table if "law.definition.trusted: no case" in found]


def test_a_rule_that_is_pinned_is_not_listed() -> None:
    assert "law.basis.approval" in at_home("test", "case.yaml", "--coverage").stdout
    write("case.yaml", Path("case.yaml").read_text(encoding="utf-8"), PINNED)
    assert "law.basis.approval" not in at_home("test", "case.yaml", "--coverage").stdout


def test_programs_get_every_condition() -> None:
    write("case.yaml", Path("case.yaml").read_text(encoding="utf-8"), PINNED)
    found = json.loads(at_home("test", "case.yaml", "--coverage", "--json").stdout)["coverage"]
    (rule,) = [rule for rule in found["rules"] if rule["rule"] == "law.basis.approval"]
    assert (rule["cases"], rule["true"], rule["false"], rule["unknown"]) == (3, True, True, False)
    (condition,) = rule["conditions"]
    assert condition["condition"] == "request.approved is true"
    assert (condition["true"], condition["false"], condition["unknown"], condition["pinned"]) == (
        True, True, False, True,
    )  # fmt: skip
    assert "coverage" not in json.loads(at_home("test", "case.yaml", "--json").stdout)


def test_too_small_a_share_fails_the_run() -> None:
    assert at_home("test", "case.yaml", "--fail-under", "0").exit_code == 0
    answer = at_home("test", "case.yaml", "--fail-under", "100")
    assert answer.exit_code == 1
    assert answer.stderr == "fewer than 100% of the conditions were seen true and seen false\n"
    assert answer.stdout == "1 of 1 cases pass\n"


# The page -------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The lines of each policy file on a page: what stands beside them, and their text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def beside(self, text: str) -> list[str]:
        """What stands beside a line of a policy file."""
        (row,) = [row for row in self.rows if row and row[-1].strip() == text]
        return row[1:-1]


def page() -> str:
    answer = at_home("test", "case.yaml", "--html", "coverage.html")
    assert answer.exit_code == 0, answer.output
    return Path("coverage.html").read_text(encoding="utf-8")


def test_the_page_shows_beside_each_line_what_its_conditions_had() -> None:
    write("case.yaml", Path("case.yaml").read_text(encoding="utf-8"), PINNED)
    found = Page(page())
    assert found.beside("when: {request.approved: true}") == ["true", "false", "", "pinned"]
    assert found.beside("when: {request.purpose: marketing}") == ["", "false", "", "pinned"]
    assert found.beside("- {id: hands, definition: trusted}") == ["", "false", "", "pinned"]
    trusted = "trusted: {says: The receiver is trusted, cite: s. 2, checked: text, when: {receiver.trusted: true}}"
    assert found.beside(trusted) == ["", "", "", "not pinned"]
    assert found.beside("title: Approved by the board") == [""], "no condition stands there"


def test_the_page_is_complete_in_itself_and_runs_nothing() -> None:
    html = page()
    assert Page(html).tags.isdisjoint({"script", "link", "img", "iframe"})
    assert "http:" not in html
    assert "url(" not in html


def test_the_page_holds_no_markup_of_a_policy_file() -> None:
    law_file = Path("policies/law.yaml")
    text = law_file.read_text(encoding="utf-8")
    law_file.write_text(
        text.replace("The purpose is a study or an audit", "<script>alert(1)</script>"), encoding="utf-8"
    )
    html = page()
    assert "script" not in Page(html).tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_page_is_written_anew_each_time() -> None:
    assert page() == page()


def test_a_page_that_cannot_be_written_is_told() -> None:
    answer = at_home("test", "case.yaml", "--html", "nowhere/coverage.html")
    assert answer.exit_code == 2
    assert answer.stderr == "nowhere/coverage.html cannot be written: no such file or directory\n"
