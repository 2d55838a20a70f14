"""What `assent analyze` finds in rules, what it does not, and that every example is decided as it says."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

pytest.importorskip("z3")

from engine.decisions import decide
from engine.documents import parse, shipped
from engine.invariants import check_invariants, read_invariants
from engine.policies import PolicySet
from engine.requests import check_request
from engine.workbench.analysis import CODES, Concern, analyze
from engine.workbench.invariants import Verdict, prove
from engine.workbench.situations import WAYS
from tests.house import at_home, build, everything, refused, write
from tests.writing import LAW_HEAD, document, finding, law, places, policies, problems, written

DAY = date(2026, 11, 23)

BASES = """
    bases:
      study: {title: A study, cite: s. 2, checked: text, when: {request.purpose: study}}
"""


def concerns(found: PolicySet, code: str, day: date = DAY) -> list[Concern]:
    """The concerns of one code; each example must be a request that the engine decides."""
    result = [concern for concern in analyze(found, found.frameworks[0], day) if concern.code == code]
    for concern in result:
        if concern.example is not None:
            assert decide(found, check_request(parse(concern.example.text), found)).findings
    return result


def outcome(found: PolicySet, concern: Concern) -> str:
    """What the engine decides of the law on the last flow of an example."""
    assert concern.example is not None
    decision = decide(found, check_request(parse(concern.example.text), found))
    return finding(decision, decision.findings[-1].disclosure.id).outcome


def rules(concern: Concern) -> list[str]:
    return [rule for rule, _ in concern.rules]


# Rules that never hold ------------------------------------------------------------------------------------------------


def test_a_bar_whose_conditions_exclude_each_other_never_holds() -> None:
    found = law(
        BASES,
        """
        bars:
          never:
            says: Never
            cite: s. 1
            checked: text
            when: [{request.purpose: study}, {request.purpose: [audit, marketing]}]
          sometimes: {says: Sometimes, cite: s. 1, checked: text, when: {request.purpose: marketing}}
        """,
    )
    (concern,) = concerns(found, "never-holds")
    assert rules(concern) == ["law.bar.never"]
    assert concern.severity == "defect"
    (_, place) = concern.rules[0]
    assert found.frameworks[0].document.mark_of(("bars", "never"), key=True) == place.mark


def test_what_only_later_legs_can_meet_is_not_taken_for_impossible() -> None:
    found = law(
        """
        restrictions: {sealed: {says: Sealed, cite: s. 3}}
        bases:
          study: {title: A study, cite: s. 2, checked: text, when: {request.purpose: study}, attaches: [sealed]}
          return:
            title: Back
            cite: s. 2
            checked: text
            when: [{data.restrictions: {includes: sealed}}, {flow.returns_to_provider: true}]
        """
    )
    assert concerns(found, "never-holds") == []


def test_facts_that_exclude_one_another_never_hold_together() -> None:
    found = law(
        BASES,
        """
        exclusive: [[{flow.form: aggregate}, {data.sensitive: true}]]
        bars:
          both: {says: Both, cite: s. 1, checked: text, when: [{flow.form: aggregate}, {data.sensitive: true}]}
        """,
    )
    assert [rules(concern) for concern in concerns(found, "never-holds")] == [["law.bar.both"]]


def test_a_requirement_is_never_owed_where_its_basis_excludes_its_condition() -> None:
    found = law(
        """
        bases:
          study:
            title: A study
            cite: s. 2
            checked: text
            when: {request.purpose: study}
            requires:
              - {step: log, says: Log it, by: provider, when: {request.purpose: audit}}
              - {step: tell, says: Tell them, by: provider, when: {request.approved: true}}
        """
    )
    (concern,) = concerns(found, "never-holds")
    assert "law.step.log is never owed" in concern.says


def test_a_framework_that_governs_nothing_is_one_concern() -> None:
    found = law(
        BASES,
        """
        applies:
          says: Nothing
          cite: s. 1
          checked: text
          when: [{flow.leg: publication}, {flow.leg: internal}]
        """,
    )
    assert [(c.code, rules(c)) for c in analyze(found, found.frameworks[0], DAY)] == [("never-holds", ["law.applies"])]


def test_rules_are_examined_as_of_a_day() -> None:
    found = law(
        BASES,
        """
        bars:
          old:
            says: Never
            cite: s. 1
            checked: text
            in_force: {until: 2020-12-31}
            when: [{request.approved: true}, {request.approved: false}]
        """,
    )
    assert concerns(found, "never-holds") == []
    assert len(concerns(found, "never-holds", date(2020, 1, 1))) == 1


# Conditions that make no difference -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "spare"),
    [
        ("[{request.purpose: [study, audit]}, {request.purpose: {not: marketing}}]", ["request.purpose is known"]),
        ("[{request.purpose: [study, audit]}, {request.approved: true}]", []),
        ("{any: [{request.purpose: study}, {all: [{request.purpose: study}, {request.approved: true}]}]}", ["all of"]),
        ("{at_least: {count: 2, of: [{request.approved: true}, {request.purpose: study}, {flow.linked: true}]}}", []),
        ("{any: [{flow.smallest_cell: {at_least: 10}}, {flow.smallest_cell: {at_least: 20}}]}", ["at least 20"]),
    ],
)
def test_a_condition_that_makes_no_difference_is_named(when: str, spare: list[str]) -> None:
    found = law(f"bases: {{one: {{title: One, cite: s. 2, checked: text, when: {when}}}}}")
    says = [concern.says for concern in concerns(found, "always-holds")]
    assert len(says) >= len(spare)
    assert bool(says) == bool(spare)
    assert all(any(words in text for text in says) for words in spare)


def test_a_condition_is_judged_where_the_framework_governs() -> None:
    found = law(
        """
        applies: {says: Studies, cite: s. 1, checked: text, when: {request.purpose: study}}
        bases:
          one:
            title: One
            cite: s. 2
            checked: text
            when: [{request.purpose: study}, {request.approved: true}]
        """
    )
    (concern,) = concerns(found, "always-holds")
    assert "request.purpose is study" in concern.says
    assert "where the framework governs" in concern.says


def test_a_requirement_without_exception_needs_no_condition() -> None:
    found = law(
        """
        bases:
          study:
            title: A study
            cite: s. 2
            checked: text
            when: {request.purpose: study}
            requires: [{step: log, says: Log it, by: provider, when: {request.purpose: [study, audit]}}]
        """
    )
    (concern,) = concerns(found, "always-holds")
    assert "law.step.log is owed without exception" in concern.says


# Bases and bars -------------------------------------------------------------------------------------------------------


def test_a_basis_that_a_bar_always_meets_never_permits() -> None:
    found = law(
        """
        bars: {study: {says: No studies, cite: s. 1, checked: text, when: {request.purpose: [study, marketing]}}}
        bases:
          study: {title: A study, cite: s. 2, checked: text, when: {request.purpose: study}}
          audit: {title: An audit, cite: s. 2, checked: text, when: {request.purpose: [audit, marketing]}}
        """
    )
    (concern,) = concerns(found, "bar-swallows")
    assert rules(concern) == ["law.basis.study", "law.bar.study"]
    assert outcome(found, concern) == "deny"


def test_bars_that_only_together_meet_a_basis_are_found() -> None:
    found = law(
        """
        bars:
          yes: {says: Approved, cite: s. 1, checked: text, when: {request.approved: true}}
          no: {says: Not approved, cite: s. 1, checked: text, when: {request.approved: false}}
        bases:
          study: {title: A study, cite: s. 2, checked: text, when: {request.purpose: study}}
        """
    )
    (concern,) = concerns(found, "bar-swallows")
    assert "one bar or another" in concern.says


def two_bases(wide: str, narrow: str) -> PolicySet:
    return law(
        f"""
        restrictions: {{sealed: {{says: Sealed, cite: s. 3}}}}
        bases:
          wide: {{title: Wide, cite: s. 2, checked: text, when: {{request.purpose: [study, audit]}}, {wide}}}
          narrow: {{title: Narrow, cite: s. 2, checked: text, when: {{request.purpose: study}}, {narrow}}}
        """
    )


LOG = "{step: log, says: Log it, by: provider}"


@pytest.mark.parametrize(
    ("wide", "narrow", "redundant"),
    [
        ("requires: []", "requires: []", True),
        ("requires: []", f"requires: [{LOG}], attaches: [sealed]", True),
        (f"requires: [{LOG}]", "requires: []", False),
        ("attaches: [sealed]", "requires: []", False),
        ("requires: [{step: log, says: Log, by: provider, when: {request.purpose: audit}}]", "requires: []", True),
        ("requires: [{step: log, says: Log, by: provider, when: {request.purpose: study}}]", "requires: []", False),
        (f"requires: [{LOG}]", "requires: [{step: log, says: Log it, by: receiver}]", False),
    ],
)
def test_a_basis_is_redundant_where_another_permits_as_much_for_as_little(
    wide: str, narrow: str, redundant: bool
) -> None:
    found = two_bases(wide, narrow)
    named = [rules(concern) for concern in concerns(found, "redundant-basis")]
    assert named == ([["law.basis.narrow", "law.basis.wide"]] if redundant else [])


def test_of_two_equal_bases_the_later_is_redundant_unless_later_legs_tell_them_apart() -> None:
    equal = """
        bases:
          one: {title: One, cite: s. 2, checked: text, when: {request.purpose: study}}
          two: {title: Two, cite: s. 2, checked: text, when: {request.purpose: study}}
    """
    told = """
        bars:
          two: {says: Two, cite: s. 2, checked: text, when: {data.received_under: {includes: law.basis.two}}}
    """
    assert [rules(c)[0] for c in concerns(law(equal), "redundant-basis")] == ["law.basis.two"]
    assert [rules(c)[0] for c in concerns(law(equal, told), "redundant-basis")] == ["law.basis.one"]


def test_bases_that_overlap_and_demand_different_things_are_noted_once() -> None:
    found = law(
        f"""
        bases:
          one: {{title: One, cite: s. 2, checked: text, when: {{request.purpose: study}}, requires: [{LOG}]}}
          two: {{title: Two, cite: s. 2, checked: text, when: {{request.approved: true}}}}
          three: {{title: Three, cite: s. 2, checked: text, when: {{request.approved: false}}}}
        """
    )
    (concern,) = concerns(found, "overlap")
    assert rules(concern) == ["law.basis.one", "law.basis.two", "law.basis.three"]
    assert "2 pairs" in concern.says
    assert outcome(found, concern) == "allow"


# Requirements ---------------------------------------------------------------------------------------------------------


def test_a_demanded_paper_that_closes_the_basis_is_a_clash() -> None:
    basis = """
        bases:
          study:
            title: A study
            cite: s. 2
            checked: text
            when: [{request.purpose: study}%s]
            requires: [{instrument: pact, between: [provider, receiver]}]
    """
    (concern,) = concerns(law(basis % ", {flow.instruments: {excludes: pact}}"), "requirements-clash")
    assert "pact" in concern.says
    assert concerns(law(basis % ", {flow.instruments: {excludes: waiver}}"), "requirements-clash") == []


@pytest.mark.parametrize(
    ("other", "clash"),
    [
        ("{step: log, says: Log it, by: provider, due: on_completion}", True),
        ("{step: log, says: Log it, by: provider, due: before_transfer}", False),
        ("{step: log, says: Log it, by: receiver, due: on_completion}", False),
        ("{step: log, says: Log it, by: provider, due: on_completion, when: {request.purpose: audit}}", False),
    ],
)
def test_one_act_demanded_at_two_times_is_a_clash(other: str, clash: bool) -> None:
    found = law(
        f"""
        bases:
          study:
            title: A study
            cite: s. 2
            checked: text
            when: {{request.purpose: study}}
            requires: [{LOG}, {other}]
        """
    )
    assert bool(concerns(found, "requirements-clash")) is clash


def test_a_requirement_that_is_law_only_when_its_rule_is_not_is_a_clash_on_every_day() -> None:
    found = law(
        """
        bases:
          study:
            title: A study
            cite: s. 2
            checked: text
            in_force: {from: 2020-01-01}
            requires: [{step: log, says: Log it, by: provider, in_force: {until: 2019-12-31}}]
        """
    )
    assert len(concerns(found, "requirements-clash")) == 1
    assert len(concerns(found, "requirements-clash", date(2010, 1, 1))) == 1


# Facts and gaps -------------------------------------------------------------------------------------------------------


def test_a_fact_that_changes_nothing_is_an_idle_question() -> None:
    found = law(
        """
        bases:
          one:
            title: One
            cite: s. 2
            checked: text
            when:
              any:
                - request.purpose: study
                - all: [{request.purpose: study}, {data.sensitive: true}]
                - all: [{request.purpose: audit}, {request.approved: true}]
            requires: [{step: log, says: Log it, by: provider, when: {receiver.trusted: true}}]
        """
    )
    (concern,) = concerns(found, "idle-question")
    assert concern.says.startswith("data.sensitive")


def test_ways_purposes_and_kinds_that_nothing_permits_are_noted() -> None:
    found = law(
        """
        bases:
          study:
            title: A study
            cite: s. 2
            checked: text
            when: [{flow.leg: direct}, {not: {request.purpose: marketing}}, {receiver.kind: lab}]
        """
    )
    ways, purposes, kinds = concerns(found, "gap")
    assert "internal" in ways.says
    assert "direct" not in ways.says
    assert purposes.says.endswith("for the purpose marketing")
    assert kinds.says.endswith("(any that no rule names)")
    assert {outcome(found, concern) for concern in (ways, purposes, kinds)} == {"deny"}


def test_what_a_bar_forbids_is_no_gap() -> None:
    found = law(
        """
        bars: {ads: {says: No ads, cite: s. 1, checked: text, when: {request.purpose: marketing}}}
        bases: {any: {title: Any, cite: s. 2, checked: text}}
        """
    )
    assert concerns(found, "gap") == []


# Invariants -----------------------------------------------------------------------------------------------------------

RULES = """
    restrictions: {sealed: {says: Sealed, cite: s. 3}}
    definitions:
      trusted: {says: Trusted, cite: s. 1, checked: text, when: {receiver.trusted: true}}
    bars:
      sealed:
        says: Sealed
        cite: s. 3
        checked: text
        when: [{data.restrictions: {includes: sealed}}, {flow.returns_to_provider: false}]
    bases:
      study: {title: A study, cite: s. 2, checked: text, when: {request.purpose: study}, attaches: [sealed]}
      approved: {title: Approved, cite: s. 2, checked: text, when: {request.approved: true}}
"""


def verdict(invariant: str, *more: str) -> Verdict:
    found = policies(written(LAW_HEAD, "applies: {says: All, cite: s. 1, checked: text}", RULES), *more)
    source = document(f"never: [{{id: it, says: It never happens, {invariant}}}]")
    (placed,) = check_invariants(source, found)
    source.check()
    (result,) = prove([placed], found, DAY)
    return result


@pytest.mark.parametrize(
    ("invariant", "proven"),
    [
        ("when: {request.purpose: marketing}, unless: {request.approved: true}", True),
        ("when: {request.purpose: marketing}", False),
        ("when: {request.purpose: marketing}, unless: {flow.opened_under: {includes: law.basis.approved}}", True),
        ("when: {flow.opened_under: {within: [law.basis.study]}}, unless: {request.purpose: study}", True),
        ("when: [{flow.opened_under: {includes: law.basis.study}}, {flow.redisclosure: true}]", False),
        ("when: {data.received_under: {within: [law.basis.study]}}, unless: {flow.returns_to_provider: true}", True),
        ("when: {flow.allowed_by: {excludes: law}}", True),
        ("when: {definition: law.definition.trusted}, unless: {flow.governed_by: {includes: law}}", True),
    ],
)
def test_an_invariant_is_proven_or_a_request_breaks_it(invariant: str, proven: bool) -> None:
    result = verdict(invariant)
    assert (result.example is None) is proven
    if result.example is not None:
        assert result.example.decision.outcome == "allow"


def test_an_invariant_may_ask_only_some_frameworks() -> None:
    other = """
        framework: other
        title: Another
        authority: 2 Law 2
        applies: {says: All, cite: s. 1, checked: text}
        bases: {none: {title: Audits, cite: s. 2, checked: text, when: {request.purpose: audit}}}
    """
    everything_ = "when: {request.purpose: study}"
    assert verdict(everything_, other).example is None
    result = verdict(f"{everything_}, allowed_by: [law]", other)
    assert result.example is not None
    assert result.example.decision.outcome == "deny"


def test_an_invariant_that_nothing_could_break_is_idle() -> None:
    assert verdict("when: [{request.approved: true}, {request.approved: false}]").idle
    assert not verdict("when: {request.purpose: marketing}, unless: {request.approved: true}").idle


@pytest.mark.parametrize(
    ("invariant", "problem"),
    [
        ("when: {flow.opened_by: {includes: law.basis.study}}", "unknown-fact"),
        ("when: {flow.opened_under: {includes: law.basis.studdy}}", "unknown-code"),
        ("when: {definition: law.definition.trustd}", "unknown-definition"),
        ("when: {request.approved: true}, allowed_by: [lwa]", "unknown-framework"),
        ("when: {request.approved: true}, deployment: net", "unknown-deployment"),
        ("unless: {request.approved: true}", "missing-key"),
        ("when: {request.approved: true}, unles: {request.approved: true}", "unknown-key"),
    ],
)
def test_a_mistake_in_an_invariant_has_its_place(invariant: str, problem: str) -> None:
    assert problem in [line.split()[1] for line in places(problems(lambda: verdict(invariant)))]


def test_every_shipped_invariant_is_well_formed_and_cites_its_law(shipped_policies: PolicySet) -> None:
    found = read_invariants(shipped("cases") / "invariants.yaml", shipped_policies)
    assert len(found) >= 12
    assert all(placed.invariant.cite for placed in found)


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


NEVER = """
    never:
    - {id: sold, says: Nothing is ever sold, when: {request.purpose: marketing}, unless: {data.sensitive: true}}
"""


def test_the_command_names_place_code_and_scope(home: Path) -> None:
    answer = at_home("analyze", "law", "--as-of", "2026-11-23")
    assert answer.exit_code == 0, answer.output
    assert "policies/law.yaml:" in answer.stdout
    assert "[overlap]" in answer.stdout
    assert f"{len(WAYS)} ways in which data travel, as of 2026-11-23" in answer.stdout


def test_examples_are_written_as_requests_that_check_decides(home: Path) -> None:
    answer = at_home("analyze", "--never", write("never.yaml", NEVER), "--as-of", "2026-11-23", "-o", "found")
    assert answer.exit_code == 1
    assert "broken never.yaml:2 sold" in answer.stdout
    request = Path("found/never-sold.yaml")
    assert request.read_text(encoding="utf-8").startswith("# assent analyze: never\n# Nothing is ever sold\n")
    assert at_home("check", request, "--as-of", "2026-11-23").exit_code == 0
    again = at_home("analyze", "--never", "never.yaml", "--as-of", "2026-11-23", "-o", "found")
    assert again.exit_code == 1


def test_a_file_of_somebody_else_is_never_overwritten(home: Path) -> None:
    write("found/never-sold.yaml", "request: mine")
    write("never.yaml", NEVER)
    before = everything(home)
    assert "exists already" in refused(at_home("analyze", "--never", "never.yaml", "-o", "found"))
    assert everything(home) == before


def test_json_has_the_request_that_shows_a_concern(home: Path) -> None:
    answer = at_home("analyze", "law", "--as-of", "2026-11-23", "--json")
    found = json.loads(answer.stdout)
    assert found["as_of"] == "2026-11-23"
    assert set(found["ways"]) == set(WAYS)
    (overlap,) = [concern for concern in found["concerns"] if concern["code"] == "overlap"]
    assert overlap["rules"][0]["file"] == "policies/law.yaml"
    assert yaml.safe_load(overlap["request"])["date"] == DAY


def test_an_unknown_framework_is_named_with_the_right_spelling(home: Path) -> None:
    assert 'did you mean "law"?' in at_home("analyze", "lav").stderr


def test_every_code_is_explained_in_the_docs() -> None:
    text = (Path(__file__).parent.parent / "docs" / "analysis.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"`{code}`" not in text] == []
    assert [way for way in WAYS if f"`{way}`" not in text] == []


def test_the_solver_that_is_not_installed_is_named_with_its_extra(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "engine.backends.smt")
    monkeypatch.setitem(sys.modules, "z3", None)
    assert "assent[analysis]" in refused(at_home("analyze", "law"))
