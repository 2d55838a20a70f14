"""The runner of worked cases: what makes a case pass, and how a failing one reads."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from engine.cases import case_files, check_cases, is_case_file, run_cases, run_file
from tests.writing import document, file_of, law, places, problems, written

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
        requires:
          - {step: approval, says: Approve}
          - {instrument: pact, between: [provider, receiver], due: continuing}
""")

STUDY = """
    id: study
    title: A study with coded data
    source: {citation: s. 3}
    pins: law.basis.study
    facts:
      request.purpose: study
      flow.form: coded
      receiver.kind: lab
"""


def differences(*texts: str, folder: Path = Path()) -> list[str]:
    """What differs in the case that these texts write."""
    (result,) = run_cases(file_of(written(*texts)), folder, LAW)
    return list(result.differences)


# Pinning a rule -------------------------------------------------------------------------------------------------------


def near_misses(*misses: str) -> str:
    """The study with these near misses."""
    return written(STUDY, "near_misses:\n" + "".join(f"- {miss}\n" for miss in misses))


def test_a_rule_that_holds_and_fails_where_it_should() -> None:
    text = near_misses(
        "{change: {request.purpose: marketing}, fails: aim}",
        "{change: {flow.form: identified}, fails: safe}",
        "{change: {receiver.kind: agency}, fails: receiver.kind}",
        "{change: {receiver.kind: null}, becomes: unknown}",
        "{change: {receiver.kind: agency, request.purpose: marketing}, fails: [aim, receiver.kind]}",
    )
    assert differences(text, "also_holds: [{change: {request.purpose: audit}}, {change: {flow.form: aggregate}}]") == []


@pytest.mark.parametrize(
    ("miss", "difference"),
    [
        (
            "{change: {request.purpose: marketing}, fails: safe}",
            "near miss 1: law.basis.study should fail on safe alone; false: aim",
        ),
        (
            "{change: {request.purpose: marketing, receiver.kind: agency}, fails: aim}",
            "near miss 1: law.basis.study should fail on aim alone; false: aim, receiver.kind",
        ),
        (
            "{change: {request.purpose: audit}, fails: aim}",
            "near miss 1: law.basis.study should fail on aim alone; false: nothing",
        ),
        (
            "{change: {request.purpose: marketing, receiver.kind: unknown}, fails: aim}",
            "near miss 1: law.basis.study should fail on aim alone; false: aim; unknown: receiver.kind",
        ),
        (
            "{change: {receiver.kind: agency}, becomes: unknown}",
            "near miss 1: law.basis.study is false, not unknown",
        ),
    ],
)
def test_a_failing_near_miss_says_what_it_found(miss: str, difference: str) -> None:
    assert differences(near_misses(miss)) == [difference]


def test_every_near_miss_is_run() -> None:
    found = differences(near_misses("{change: {}, fails: aim}", "{change: {flow.form: coded}, fails: safe}"))
    assert [line.partition(":")[0] for line in found] == ["near miss 1", "near miss 2"]


def test_a_rule_that_does_not_hold_as_it_should_says_on_what() -> None:
    assert differences(STUDY.replace("kind: lab", "kind: agency")) == [
        "law.basis.study is false, not true; see receiver.kind"
    ]
    assert differences(STUDY.replace("flow.form: coded", "flow.form: unknown")) == [
        "law.basis.study is unknown, not true; see safe"
    ]
    assert differences(STUDY, "also_holds: [{change: {request.purpose: marketing}}]") == [
        "also_holds 1: law.basis.study is false, not true; see aim"
    ]
    assert differences(STUDY, "holds: false") == ["law.basis.study is true, not false"]


def test_a_short_form_with_a_hub_describes_the_second_leg() -> None:
    pins = """
        id: bar
        title: The hub passes data on to a body that it should not trust
        source: {citation: s. 9}
        hub: true
        pins: law.bar.barred
        facts: {sender.trusted: true, receiver.trusted: false}
        """
    assert differences(pins) == []
    assert differences(pins.replace("hub: true", "hub: false")) == [], "then the sender is the provider"
    twice = pins.replace("hub: true", "hub: false").replace("facts: {", "facts: {provider.trusted: true, ")
    assert "stated twice" in differences(twice)[0]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("law.basis.study -> law.basis.studdy", '"law.basis.studdy" is no rule; did you mean "law.basis.study"?'),
        ("flow.form: coded -> flow.frm: coded", '"frm" is not a fact here'),
        ("flow.form: coded -> flow.form: codd", '"codd" is not a code of flow.form'),
        ("flow.form: coded -> party.trusted: true", '"party.trusted" cannot be stated in a short form'),
    ],
)
def test_a_case_with_a_wrong_name_fails_and_says_which(change: str, difference: str) -> None:
    old, new = change.split(" -> ")
    (found,) = differences(STUDY.replace(old, new))
    assert difference in found


# A whole request ------------------------------------------------------------------------------------------------------

WHOLE = """
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


def expecting(expect: str, *more: str) -> list[str]:
    """What differs in the whole request with these expectations."""
    return differences(WHOLE, f"expect: {{{expect}}}", *more)


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ("outcome: allow", []),
        ("outcome: deny", ["the outcome is allow, not deny"]),
        ("outcome: allow, ready: false", []),
        ("outcome: allow, ready: true", ["ready is false, not true"]),
        ("outcome: allow, missing: []", []),
        ("outcome: allow, missing: [flow.form]", ["missing facts are none, not flow.form"]),
        ("outcome: allow, findings: {law: {outcome: allow}}", []),
        ("outcome: allow, findings: {law: {outcome: deny}}", ["law: the outcome is allow, not deny"]),
        ("outcome: allow, findings: {law: {bases: [law.basis.study], bars: []}}", []),
        ("outcome: allow, findings: {law: {bases: []}}", ["law: the bases that hold are law.basis.study, not none"]),
        ("outcome: allow, findings: {law: {bars: [law.bar.barred]}}",
         ["law: the bars that hold are none, not law.bar.barred"]),
        ("outcome: allow, findings: {law: {fails: {law.basis.study: [aim]}}}",
         ["law: law.basis.study fails on none, not on aim"]),
        ("outcome: allow, findings: {law: {steps: [law.step.approval], instruments: [pact]}}", []),
        ("outcome: allow, findings: {law: {steps: [law.step.log]}}", ["law: does not require the step law.step.log"]),
        ("outcome: allow, findings: {law: {without: [waiver]}}", []),
        ("outcome: allow, findings: {law: {without: [pact]}}",
         ["law: requires the instrument pact, which it should not"]),
        ("outcome: allow, findings: {lore: {outcome: allow}}", ["lore: there is no such finding"]),
        ("outcome: allow, flows: {out: {law: {outcome: allow}}}", []),
        ("outcome: allow, flows: {in: {law: {outcome: allow}}}", ["law on in: there is no such finding"]),
    ],
)  # fmt: skip
def test_what_a_whole_request_is_expected_to_come_to(expect: str, found: list[str]) -> None:
    assert expecting(expect) == found


def test_a_wrong_outcome_says_why() -> None:
    denied = "change: {purpose: marketing}"
    assert expecting("outcome: allow", denied) == ["the outcome is deny, not allow; denied by law on out/grades"]
    assert expecting("outcome: deny, findings: {law: {fails: {law.basis.study: [aim]}}}", denied) == []
    undetermined = "change: {parties: {LAB: {kind: null}}}"
    assert expecting("outcome: allow", undetermined) == [
        "the outcome is undetermined, not allow; missing: receiver.kind"
    ]
    assert expecting("outcome: undetermined, missing: [receiver.kind]", undetermined) == []


def test_a_case_may_be_decided_as_of_another_day() -> None:
    approval = "change: {steps: [{step: law.step.approval, status: done, on: 2027-01-01}]}"
    assert expecting("outcome: allow, ready: false", approval) == []
    assert expecting("outcome: allow, ready: true", approval, "as_of: 2027-01-01") == []


def test_a_request_that_cannot_be_read_fails_the_case_with_the_reason() -> None:
    (found,) = expecting("outcome: allow", "change: {parties: {LAB: {kind: lap}}}")
    assert found == '"lap" is not a code of party.kind (at parties.LAB.kind); did you mean "lab"?'


BASE = """
    request: base
    title: A base
    date: 2026-11-23
    purpose: study
    parties: {SDE: {}, LAB: {kind: lab, facts: {trusted: true}}}
    datasets: {grades: {owner: SDE, categories: [school]}}
    flows: [{id: out, from: SDE, to: LAB, carries: [grades], form: coded}]
    steps: [{step: law.step.approval, status: done}]
"""


@pytest.mark.parametrize(
    ("change", "expect"),
    [
        ("{}", "{outcome: allow, ready: true}"),
        ("{purpose: marketing}", "{outcome: deny}"),
        ("{purpose: null}", "{outcome: undetermined, missing: [request.purpose]}"),
        ("{parties: {LAB: {kind: agency}}}", "{outcome: deny}"),
        ("{flows: {out: {form: identified}}}", "{outcome: deny}"),
        ("{flows: {out: {form: null}}}", "{outcome: undetermined, missing: [flow.form]}"),
        ("{steps: {0: {status: pending}}}", "{outcome: allow, ready: false}"),
        ("{steps: {0: null}}", "{outcome: allow, ready: false}"),
        ("{flows: {on: {from: LAB, to: SDE, carries: [grades], form: identified}}}",
         "{outcome: deny, flows: {out: {law: {outcome: allow}}, on: {law: {outcome: deny}}}}"),
    ],
)  # fmt: skip
def test_a_case_may_change_another_request(change: str, expect: str, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(written(BASE))
    text = f"""
        id: changed
        title: A changed request
        source: {{citation: s. 3}}
        base: base.yaml
        change: {change}
        expect: {expect}
        """
    assert differences(text, folder=tmp_path) == []


def test_a_base_that_is_not_there_fails_the_case(tmp_path: Path) -> None:
    text = "id: changed\ntitle: T\nsource: {citation: s. 3}\nbase: nowhere.yaml\nexpect: {outcome: allow}"
    (found,) = differences(text, folder=tmp_path)
    assert "no such file" in found


# Files ----------------------------------------------------------------------------------------------------------------


def test_case_files_are_found_below_a_folder_in_order(tmp_path: Path) -> None:
    (tmp_path / "law").mkdir()
    (tmp_path / "law" / "rules.yaml").write_text(f"cases:\n- {indent(written(STUDY), '  ').lstrip()}")
    (tmp_path / "base.yaml").write_text(written(BASE))
    (tmp_path / "notes.txt").write_text("cases: none")
    files = list(case_files([tmp_path]))
    assert [path.name for path in files] == ["base.yaml", "rules.yaml"]
    assert [[result.case.id for result in run_file(path, LAW)] for path in files] == [[], ["study"]]


def test_only_a_document_with_cases_is_a_case_file() -> None:
    assert is_case_file(file_of(STUDY))
    assert not is_case_file(document(BASE))
    assert not is_case_file(document("- cases"))


def test_a_result_knows_where_its_case_stands() -> None:
    results = run_cases(file_of(STUDY, STUDY.replace("id: study", "id: again")), Path(), LAW)
    assert [(r.case.id, r.file, r.mark.line) for r in results] == [
        ("study", "cases.yaml", 2),
        ("again", "cases.yaml", 10),
    ]


@pytest.mark.parametrize(
    ("change", "place", "help"),
    [
        ("title: -> titel:", "2:3 missing-key", ""),
        ("source: {citation: s. 3} -> source: {}", "4:11 missing-key", ""),
        ("pins: -> pin:", "5:3 unknown-key", 'did you mean "pins"?'),
        ("pins: law.basis.study -> note: Nothing is expected", "2:3 bad-value", ""),
        ("facts: -> base: base.yaml\nfacts:", "2:3 bad-value", ""),
    ],
)
def test_a_malformed_case_is_told_at_its_place(change: str, place: str, help: str) -> None:
    old, new = change.split(" -> ")
    found = problems(lambda: differences(written(STUDY).replace(old, new)))
    assert place in places(found)
    assert any(help in problem.help for problem in found)


def test_checking_tells_what_would_keep_cases_from_running() -> None:
    checked = file_of(
        written(STUDY.replace("basis.study", "basis.studdy"), "near_misses: [{change: {flow.frm: coded}, fails: aim}]")
    )
    check_cases(checked, Path(), LAW)
    assert {(p.code, p.mark.line) for p in checked.problems} == {("unknown-fact", 2), ("unknown-rule", 5)}
