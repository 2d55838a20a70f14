"""Two states of the law compared: the verdict with its proof or its example, and what was changed, in words."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result

from engine.reports.comparison import as_document, witness_files
from engine.workbench.comparison import Comparison, compare, verdict
from engine.workbench.revisions import Side
from tests.house import CLAUSES, LAW, assent, build, framework, refused, write
from tests.writing import LAW_HEAD, VOCABULARY, decided, law, policies, written

TODAY = date(2026, 11, 23)

STUDY = """
    bars:
      advertising: {says: No advertising, cite: s. 5, checked: text, when: {request.purpose: marketing}}
    bases:
      study:
        title: A study
        cite: s. 3
        checked: text
        when:
          - {id: aim, request.purpose: [study, audit], says: The purpose is a study or an audit, cite: s. 3(a)}
          - {id: hands, receiver.trusted: true, says: The receiver is trusted, cite: s. 3(b)}
"""


def compared(old: str, new: str, **options: object) -> Comparison:
    return compare(Side("old", law(old)), Side("new", law(new)), TODAY, **options)  # type: ignore[arg-type]


def changed(*replacements: tuple[str, str]) -> Comparison:
    new = STUDY
    for old_text, new_text in replacements:
        assert old_text in new
        new = new.replace(old_text, new_text)
    return compared(STUDY, new)


# The verdict ----------------------------------------------------------------------------------------------------------


def test_the_same_law_is_the_same() -> None:
    found = compared(STUDY, STUDY)
    assert verdict(found.together) == "same"
    assert not found.differs
    assert not found.frameworks


def test_a_dropped_condition_is_looser_and_the_converse_is_proven() -> None:
    hands = "      - {id: hands, receiver.trusted: true, says: The receiver is trusted, cite: s. 3(b)}\n"
    found = changed(("    " + hands, ""))
    assert verdict(found.together) == "looser"
    assert found.together["stricter"].exists is False
    [own] = found.frameworks
    [rule] = own.rules
    assert own.reaches[rule.id] == "wider"
    [condition] = rule.conditions
    assert condition.new is None
    assert condition.old is not None
    assert (condition.old.says, condition.old.cite) == ("The receiver is trusted", "s. 3(b)")
    assert condition.old.place.mark.line > 1


def test_a_narrowed_list_is_stricter_and_names_what_is_gone() -> None:
    found = changed(("[study, audit]", "[study]"))
    assert verdict(found.together) == "stricter"
    [condition] = found.frameworks[0].rules[0].conditions
    assert (condition.lost, condition.gained) == (("audit",), ())


def test_a_change_both_ways_is_both() -> None:
    found = changed(
        ("[study, audit]", "[study, marketing]"), ("request.purpose: marketing}", "request.purpose: audit}")
    )
    assert verdict(found.together) == "both"


def test_a_new_basis_that_permits_nothing_new_is_the_same() -> None:
    """The proof is about decisions, not about the text: the rule is listed, and no decision differs."""
    extra = """
      narrow: {title: Few, cite: s. 4, checked: text, when: [{request.purpose: study}, {receiver.trusted: true}]}
    """
    found = compared(STUDY, STUDY + extra)
    assert verdict(found.together) == "same"
    assert found.differs
    assert [(rule.kind, rule.id) for rule in found.frameworks[0].rules] == [("added", "law.basis.narrow")]


def test_a_rule_said_in_another_way_means_the_same() -> None:
    found = changed(("request.purpose: [study, audit]", "not: {request.purpose: marketing}"))
    assert verdict(found.together) == "same"
    assert found.frameworks[0].reaches == {"law.basis.study": "same"}


def test_an_example_is_decided_as_said() -> None:
    found = changed(("[study, audit]", "[study]"))
    witness = found.together["stricter"].witness
    assert witness is not None
    assert witness.old.decision.outcome == "allow"
    assert witness.new.decision.outcome == "deny"
    text = witness_files(found)["law-stricter.yaml"]
    assert decided(law(STUDY), text).outcome == "allow"
    assert decided(law(STUDY.replace("[study, audit]", "[study]")), text).outcome == "deny"


def test_what_travels_with_the_data_counts() -> None:
    """The change stands in one framework, the difference on a later leg in another."""

    def both(attached: str) -> Side:
        first = framework(
            "framework: first",
            "restrictions: {sealed: {says: Stays, cite: s. 6}}",
            f"bases: {{any: {{title: Anything, cite: s. 2, checked: text, attaches: [{attached}]}}}}",
        )
        second = framework(
            "framework: second",
            "bases: {any: {title: Anything, cite: s. 2, checked: text}}",
            "bars: {seal: {says: Sealed, cite: s. 3, checked: text, when: {data.restrictions: {includes: sealed}}}}",
        )
        return Side(attached or "nothing", policies(first, second))

    found = compare(both(""), both("sealed"), TODAY)
    assert {f.name: verdict(f.answers) for f in found.frameworks} == {"first": "same", "second": "stricter"}
    witness = found.together["stricter"].witness
    assert witness is not None
    assert len(witness.whole.data["flows"]) + len(witness.whole.data.get("outputs", [])) > 1


def test_other_law_may_hold_a_looser_framework_in() -> None:
    strict = framework(
        "framework: strict",
        "bases: {agency: {title: Agencies, cite: s. 2, checked: text, when: {receiver.kind: agency}}}",
    )

    def side(name: str, kinds: str) -> Side:
        own = f"bases: {{some: {{title: Some, cite: s. 2, checked: text, when: {{receiver.kind: {kinds}}}}}}}"
        return Side(name, policies(framework("framework: open", own), strict))

    found = compare(side("old", "[agency]"), side("new", "[agency, lab]"), TODAY)
    assert [(f.name, verdict(f.answers)) for f in found.frameworks] == [("open", "looser")]
    assert verdict(found.together) == "same"


def test_house_rules_are_asked_of_requests_of_their_deployment() -> None:
    house = """
        deployment: net
        title: The Network
        rules:
          - framework: rules
            title: House rules
            authority: The manual
            applies: {says: Everything, cite: s. 1, checked: text}
            bases: {trusted: {title: Trusted, cite: s. 2, checked: text, when: {receiver.trusted: true}}}
    """
    text = written(LAW_HEAD, "applies: {says: Everything, cite: s. 1, checked: text}", STUDY)
    without = written(house).partition("rules:\n")[0]
    otherwise = house.replace("receiver.trusted", "request.approved")
    for before, expected in ((without, "stricter"), (otherwise, "both")):
        found = compare(Side("old", policies(text, before)), Side("new", policies(text, house)), TODAY)
        [own] = found.frameworks
        assert (own.name, verdict(own.answers)) == ("rules", expected)
        witness = own.answers["stricter"].witness
        assert witness is not None
        assert witness.whole.data["deployment"] == "net"


# What one side alone knows --------------------------------------------------------------------------------------------


def test_a_fact_that_one_side_alone_knows_is_said_so() -> None:
    new = """
    facts:
      flow.sealed: {type: boolean, question: Is it sealed?}
    """ + STUDY.replace(
        "bars:", "bars:\n      open: {says: Open, cite: s. 6, checked: text, when: {flow.sealed: false}}"
    )
    found = compared(STUDY, new)
    assert verdict(found.together) == "stricter"
    witness = found.together["stricter"].witness
    assert witness is not None
    assert witness.unread == (("old", "flow.sealed"),)
    assert [(fact.name, fact.kind) for fact in found.facts] == [("flow.sealed", "added")]


def test_a_code_that_one_side_alone_knows_is_said_so() -> None:
    """No request that states it can be read by the other side, so it cannot make a difference."""
    more = VOCABULARY.replace("lab: A laboratory", "lab: A laboratory, firm: A firm")
    text = written(LAW_HEAD, "applies: {says: Everything, cite: s. 1, checked: text}", STUDY)
    new = text.replace("receiver.trusted: true", "receiver.kind: {not: public}")
    old = text.replace("receiver.trusted: true", "receiver.kind: [agency, lab]")
    found = compare(Side("old", policies(old)), Side("new", policies(new, vocabulary=more)), TODAY)
    assert verdict(found.together) == "same"
    assert [(fact.name, fact.gained) for fact in found.facts] == [("party.kind", ("firm",))]


def test_a_fact_of_another_type_cannot_be_compared() -> None:
    other = VOCABULARY.replace("party.trusted: {type: boolean}", "party.trusted: {type: date}")
    new = written(LAW_HEAD, "applies: {says: Everything, cite: s. 1, checked: text}", STUDY).replace(
        "receiver.trusted: true", "receiver.trusted: {before: 2020-01-01}"
    )
    found = compare(Side("old", law(STUDY)), Side("new", policies(new, vocabulary=other)), TODAY)
    assert verdict(found.together) == "open"
    assert "receiver.trusted" in found.together["stricter"].reason


# What was changed -----------------------------------------------------------------------------------------------------


def test_words_are_listed_apart_and_change_nothing() -> None:
    found = changed(("says: The receiver is trusted", "says: Trust is established"), ("title: A study", "title: Study"))
    assert not found.differs
    [rule] = found.frameworks[0].rules
    assert not rule.matters
    assert {field.name for field in rule.words} == {"title", "hands: says"}


def test_a_renamed_rule_is_no_change_of_content() -> None:
    found = changed(("      study:\n", "      research:\n"))
    [rule] = found.frameworks[0].rules
    assert (rule.kind, rule.was, rule.id) == ("renamed", "law.basis.study", "law.basis.research")


def test_a_changed_definition_reaches_the_rules_that_use_it() -> None:
    defined = """
    definitions:
      trusted: {says: Trusted, cite: s. 2, checked: text, when: {receiver.trusted: true}}
    """ + STUDY.replace("receiver.trusted: true", "definition: trusted")
    found = compared(defined, defined.replace("when: {receiver.trusted: true}", "when: {receiver.kind: lab}"))
    rules = {rule.id: rule for rule in found.frameworks[0].rules}
    assert rules["law.basis.study"].through == ("trusted",)
    assert rules["law.definition.trusted"].conditions


def test_requirements_and_dates_that_differ() -> None:
    before = (
        STUDY
        + """
        requires:
          - {step: log, says: Record it, by: provider, due: before_transfer}
          - {instrument: pact}
    """
    )
    after = before.replace("by: provider, due: before_transfer", "by: receiver, due: continuing").replace(
        "          - {instrument: pact}\n", ""
    )
    found = compared(before, after)
    assert verdict(found.together) == "same"
    assert found.differs
    [rule] = found.frameworks[0].rules
    assert [(d.change, d.name) for d in rule.demands] == [("changed", "law.step.log"), ("removed", "pact")]
    assert {(f.name, f.old, f.new) for f in rule.demands[0].fields} == {
        ("by", "provider", "receiver"),
        ("due", "before_transfer", "continuing"),
    }


def test_a_shifted_date_is_found_on_the_days_between() -> None:
    dated = STUDY.replace("        title: A study", "        in_force: {from: 2012-01-03}\n        title: A study")
    found = compared(dated, dated.replace("2012-01-03", "2013-01-03"))
    assert verdict(found.together) == "stricter"
    witness = found.together["stricter"].witness
    assert witness is not None
    assert witness.new.situation.day == date(2012, 1, 3)
    assert [(f.old, f.new) for f in found.frameworks[0].rules[0].fields] == [("from 2012-01-03", "from 2013-01-03")]
    assert verdict(compared(dated, dated.replace("2012-01-03", "2013-01-03"), as_of=TODAY).together) == "same"


# Two days -------------------------------------------------------------------------------------------------------------

REFORM = """
    bars:
      debarred: {says: Barred, cite: s. 5, checked: text, when: {receiver.barred_until: {after: {fact: request.date}}}}
    bases:
      old-study:
        title: A study
        cite: s. 3
        checked: text
        in_force: {until: 2025-06-30}
        when: {request.purpose: study}
      approved:
        title: An approved study
        cite: s. 3
        checked: text
        in_force: {from: 2025-07-01}
        when: [{request.purpose: study}, {request.approved: true}]
"""


def days(text: str, before: date, after: date) -> Comparison:
    return compare(Side("before", law(text), before), Side("after", law(text), after), TODAY)


def test_two_days_compare_the_law_in_force_on_each() -> None:
    found = days(REFORM, date(2025, 6, 30), date(2025, 7, 1))
    assert verdict(found.together) == "stricter"
    kinds = [(rule.kind, rule.id) for rule in found.frameworks[0].rules]
    assert kinds == [("added", "law.basis.approved"), ("removed", "law.basis.old-study")]


def test_time_that_passes_is_no_change_of_the_law() -> None:
    """A bar that ends between the two days ends by its own date."""
    assert not days(REFORM, date(2025, 7, 1), date(2026, 7, 1)).differs


def test_a_condition_on_the_date_that_turns_is_named() -> None:
    text = """
    bases:
      study:
        title: A study
        cite: s. 3
        checked: text
        when: {any: [{request.date: {before: 2025-07-01}}, {request.approved: true}]}
    """
    found = days(text, date(2025, 6, 30), date(2025, 7, 1))
    assert verdict(found.together) == "stricter"
    [rule] = found.frameworks[0].rules
    assert [(c.among, c.new) for c in rule.conditions] == [("day", None)]
    assert found.frameworks[0].reaches[rule.id] == "narrower"


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changed_copy(name: str, *replacements: tuple[str, str]) -> Path:
    """A copy of the policies of the house with the law and its clauses changed."""
    rules, clauses = written(LAW_HEAD, LAW), CLAUSES
    for old, new in replacements:
        assert old in rules + clauses
        rules, clauses = rules.replace(old, new), clauses.replace(old, new)
    for path in Path("policies").iterdir():
        write(f"{name}/{path.name}", path.read_text(encoding="utf-8"))
    write(f"{name}/law.yaml", rules)
    write(f"{name}/clauses.yaml", clauses)
    return Path(name)


def diff(*arguments: str | Path) -> Result:
    return assent("diff", *arguments, "--as-of", "2026-11-23")


UNTRUSTED = ("      - {id: hands, definition: trusted}\n", "")


def test_two_folders(home: Path) -> None:
    new = changed_copy("new", UNTRUSTED)
    answer = diff("policies", new)
    assert answer.exit_code == 1
    assert answer.stdout.startswith("LOOSER: some requests that were not permitted now are, and none the other way\n")
    assert "proven: nothing that was permitted is now denied" in answer.stdout
    assert "condition dropped: The receiver is trusted (s. 2) [policies/law.yaml:" in answer.stdout
    assert "under policies: denied: no basis of law holds" in answer.stdout
    assert "under new: permitted under law.basis.study: A study by a trusted laboratory (s. 3)" in answer.stdout


def test_the_same_folder_twice(home: Path) -> None:
    answer = diff("policies", "policies")
    assert answer.exit_code == 0
    assert answer.stdout.startswith("SAME: no request is decided otherwise\n")


def test_examples_are_written_and_decided_as_they_say(home: Path) -> None:
    new = changed_copy("new", UNTRUSTED)
    assert diff("policies", new, "-o", "examples").exit_code == 1
    example = Path("examples/law-looser.yaml")
    assert assent("check", example, "--policies", "policies").exit_code == 10
    assert assent("check", example, "--policies", new).exit_code == 0


def test_the_wording_of_a_clause(home: Path) -> None:
    answer = diff("policies", changed_copy("new", ("destroys the data", "returns the data")))
    assert answer.exit_code == 1
    assert answer.stdout.startswith("SAME")
    assert "changed law.clause.end\n    {{ receiver.name }} [-destroys-] {+returns+} the data {{ term.until }}." in (
        answer.stdout
    )


def test_recorded_requests_decided_differently(home: Path) -> None:
    new = changed_copy("new", ("[study, audit]", "[audit]"))
    (home / "requests").mkdir()
    (home / "request.yaml").rename(home / "requests" / "one.yaml")
    answer = diff("policies", new, "--against", "requests")
    assert "1 decided under both; 1 differently" in answer.stdout
    assert "outcome: allow -> deny" in answer.stdout
    assert "law on leg/records: bases: law.basis.study -> nothing" in answer.stdout
    assert "An example [requests/one.yaml]" in answer.stdout


def test_json_says_the_same(home: Path) -> None:
    found = json.loads(diff("policies", changed_copy("new", UNTRUSTED), "--json").stdout)
    assert found["verdict"] == "looser"
    [own] = found["frameworks"]
    assert own["answers"]["stricter"] == {"exists": False}
    assert "trusted: false" in own["answers"]["looser"]["request"]
    assert [rule["reach"] for rule in own["rules"]] == ["wider"]


def test_revisions_of_a_repository(home: Path) -> None:
    def git(*arguments: str) -> None:
        who = {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        subprocess.run(["git", *arguments], check=True, capture_output=True, env={**os.environ, **who})

    git("init", "-q")
    git("add", "policies")
    git("commit", "-q", "-m", "first")
    git("tag", "v1.0")
    law_file = home / "policies" / "law.yaml"
    law_file.write_text(law_file.read_text(encoding="utf-8").replace("[study, audit]", "[study]"), encoding="utf-8")
    assert diff("HEAD", "policies").stdout.startswith("STRICTER")
    git("commit", "-q", "-a", "-m", "second")
    answer = diff("v1.0", "HEAD")
    assert answer.stdout.startswith("STRICTER")
    assert "no longer: audit" in answer.stdout
    assert "[v1.0:policies/law.yaml:" in answer.stdout
    assert refused(diff("v1.1", "HEAD")).endswith('help: did you mean "v1.0"?\n')
    assert '"--output=x" cannot be' in refused(assent("diff", "--", "--output=x", "HEAD"))


def test_two_dates(home: Path) -> None:
    answer = assent("diff", "2025-06-30", "2025-07-01", "--policies", "policies")
    assert answer.exit_code == 0
    assert answer.stdout.startswith("SAME")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["2025-06-30", "policies"], '"2025-06-30" is a date and "policies" is none'),
        (["2025-06-30", "2025-06-31"], '"2025-06-31" is not a date'),
        (["2025-06-30", "2025-07-01", "--as-of", "2025-07-01"], "two dates are compared as they stand"),
        (["policies", "policies", "--framework", "lore"], '"lore" is a framework on neither side'),
        (["policies", "policies", "--against", "policies"], "there are no requests below policies"),
        (["policies", "nowhere"], "git cannot read policies"),
    ],
)
def test_what_cannot_be_compared(home: Path, arguments: list[str], message: str) -> None:
    named = ["--policies", "policies"] if arguments[0].startswith("2025") else []
    assert message in refused(assent("diff", *arguments, *named))


def test_the_document_lists_every_change() -> None:
    found = as_document(changed(("[study, audit]", "[study]")))
    [condition] = found["frameworks"][0]["rules"][0]["conditions"]
    assert condition["old"]["cite"] == "s. 3(a)"
    assert condition["lost"] == ["audit"]
