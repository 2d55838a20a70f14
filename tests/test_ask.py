"""`assent ask`: one plain question at a time, the answers in the file, and an end as soon as the outcome is settled."""

from __future__ import annotations

import gc
import json
import os
import pty
import re
import select
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import assume, given
from hypothesis import strategies as st

from benchmarks.questions import in_order_of_the_law, in_our_order, questions_needed
from cli import main
from engine.advice.interview import Interview
from engine.advice.questions import NotAnAnswerError
from engine.completions import key_of
from engine.decisions import decide
from engine.documents import parse
from engine.policies import PolicySet
from engine.requests import check_request
from tests import house, strategies
from tests.house import ROOT, at_home, framework, refused, write
from tests.writing import attempt, written

REQUEST = written("""
    # Proposed in May.
    request: example
    title: An [bold]example[/]
    date: 2026-11-23
    purpose: study  # agreed
    parties:
      OWNER: {}  # the school board
      LAB: {name: The Laboratory}
    datasets:
      records: {owner: OWNER, categories: [school]}
    flows:
    - {id: leg, from: OWNER, to: LAB, carries: [records]}  # the only one
    """)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    house.build(tmp_path)
    Path("policies/law.yaml").unlink()
    Path("policies/clauses.yaml").unlink()
    Path("request.yaml").write_text(REQUEST, encoding="utf-8")
    return tmp_path


def law(*rules: str) -> None:
    """Put a framework into the house that permits on these rules."""
    write("policies/law.yaml", framework(*rules))


def permits_when(*conditions: str) -> None:
    """Put a framework into the house that permits where all conditions hold."""
    parts = "\n".join(f"      - {condition}" for condition in conditions)
    law(f"bases:\n  one:\n    title: The only basis\n    cite: s. 2\n    checked: text\n    when:\n{parts}\n")


def ask(*typed: str, options: tuple[str, ...] = ()) -> Result:
    """What `assent ask` says to somebody who types these lines and is gone."""
    arguments = ["ask", "request.yaml", "--policies", "policies", *options]
    try:
        return CliRunner().invoke(main, arguments, input="".join(f"{line}\n" for line in typed), catch_exceptions=False)
    finally:
        gc.enable()  # a command switches it off


def request() -> str:
    return Path("request.yaml").read_text(encoding="utf-8")


# The way of an interview ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("home")
def test_answers_are_written_where_they_belong_and_the_end_comes_with_the_outcome() -> None:
    permits_when("{request.approved: true}", "{receiver.trusted: true}", "{flow.form: coded}")
    answer = ask("1", "yes", "coded", "never asked")
    assert answer.exit_code == 0
    assert "ALLOW" in answer.output
    assert "3 answers written to request.yaml" in answer.output
    assert "assent draft request.yaml" in answer.output
    added = [line for line in request().splitlines() if line not in REQUEST.splitlines()]
    assert added == [
        "facts:",
        "  approved: true",
        "  LAB: {name: The Laboratory, facts: {trusted: true}}",
        "- {id: leg, from: OWNER, to: LAB, carries: [records], form: coded}  # the only one",
    ]
    assert request().index("# agreed\nfacts:") < request().index("parties:")
    assert at_home("check", "request.yaml").exit_code == 0


@pytest.mark.usefixtures("home")
def test_one_answer_that_denies_ends_it_and_is_announced() -> None:
    permits_when("{request.approved: true}", "{flow.form: [identified, coded]}")
    answer = ask("no")
    assert "2  no     settles it: deny" in answer.output
    assert answer.output.count("Question ") == 1
    assert "DENY" in answer.output
    assert answer.exit_code == 10
    assert "assent cure request.yaml" in answer.output


@pytest.mark.usefixtures("home")
def test_a_question_says_what_it_asks_of_whom_and_why() -> None:
    write("policies/law.yaml", framework("""
        facts:
          receiver.insured:
            type: code
            codes: {full: For everything, partly: For some}
            question: How far is the receiver [insured]?
            asked_of: receiver
            cite: s. 9
            note: A letter of the insurer is enough.
            optional: true
        bars: {risky: {says: The receiver is at risk, cite: s. 3, checked: text, when: {receiver.insured: partly}}}
        bases: {one: {title: The basis, cite: s. 2, checked: text, when: {receiver.insured: full}}}
        """))  # fmt: skip
    output = ask("?", "q").output
    for shown in (
        "for the receiver of the data",
        "About The Laboratory",
        "How far is the receiver [insured]? (s. 9)",
        "A letter of the insurer is enough.",
        "1  full            For everything",
        "not_applicable  It does not apply here",
        "whether Another Law bars this: The receiver is at risk (s. 3)",
        "whether Another Law permits this: The basis (s. 2)",
        "other.bar.risky",
        "on leg/records",
        "receiver.insured of party LAB",
    ):
        assert shown in output, shown


@pytest.mark.usefixtures("home")
def test_dont_know_is_written_down_and_asked_again_last() -> None:
    permits_when("{request.approved: true}", "{receiver.trusted: true}")
    answer = ask("d", "s")
    assert "approved: unknown" in request()
    assert "UNDETERMINED" in answer.output
    assert answer.exit_code == 11
    again = ask("yes", "yes")
    assert again.output.index("party.trusted") < again.output.index("request.approved")
    assert again.exit_code == 0
    assert "approved: true" in request()


@pytest.mark.usefixtures("home")
def test_back_takes_an_answer_out_of_the_file_again() -> None:
    permits_when("{request.approved: true}", "{receiver.trusted: true}")
    answer = ask("b", "yes", "b", "q")
    assert "This is the first question." in answer.output
    assert request() == REQUEST


@pytest.mark.usefixtures("home")
def test_skipping_writes_nothing_and_leads_on() -> None:
    permits_when("{request.approved: true}", "{receiver.trusted: true}")
    answer = ask("s", "s")
    assert request() == REQUEST
    assert "2 facts can still change the answer" in answer.output
    assert "Question 1" in answer.output


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("end", [("q",), ()], ids=["quit", "end of input"])
def test_what_was_answered_stays_when_the_interview_ends(end: tuple[str, ...]) -> None:
    permits_when("{request.approved: true}", "{receiver.trusted: true}")
    assert ask("yes", *end).exit_code == 11
    assert "approved: true" in request()


@pytest.mark.usefixtures("home")
def test_another_file_may_take_the_answers() -> None:
    permits_when("{request.approved: true}")
    ask("yes", options=("-o", "other.yaml"))
    assert request() == REQUEST
    assert "approved: true" in Path("other.yaml").read_text()
    assert "exists already" in refused(ask("yes", options=("-o", "other.yaml")))


@pytest.mark.usefixtures("home")
def test_nothing_is_asked_when_nothing_is_missing() -> None:
    permits_when("{request.purpose: study}")
    answer = ask()
    assert answer.exit_code == 0
    assert "Question" not in answer.output


@pytest.mark.usefixtures("home")
def test_line_ends_and_byte_order_mark_stay() -> None:
    permits_when("{request.approved: true}")
    Path("request.yaml").write_bytes(("\ufeff" + REQUEST.replace("\n", "\r\n")).encode())
    assert ask("yes").exit_code == 0
    after = Path("request.yaml").read_bytes().decode()
    assert after.startswith("\ufeff# Proposed")
    assert after.count("\n") == after.count("\r\n")


# Who answers ----------------------------------------------------------------------------------------------------------

ROLES = """
    facts:
      request.a: {type: boolean, question: Is it so?, asked_of: requester}
      receiver.b: {type: boolean, question: Is that so?, asked_of: counsel}
    bases:
      one: {title: The basis, cite: s. 2, checked: text, when: [{request.a: true}, {receiver.b: true}]}
    """


@pytest.mark.usefixtures("home")
def test_a_role_is_asked_only_what_it_can_answer() -> None:
    law(ROLES)
    answer = ask("yes", options=("--for", "counsel"))
    assert "Is that so?" in answer.output
    assert "Is it so?" not in answer.output
    assert "assent ask request.yaml --for requester" in answer.output


@pytest.mark.usefixtures("home")
def test_the_questions_are_to_be_had_as_data() -> None:
    law(ROLES)
    found = json.loads(ask(options=("--json",)).output)
    assert [(q["fact"], q["about"], q["asked_of"]) for q in found] == [
        ("request.a", "the request", "requester"), ("receiver.b", "party LAB", "counsel"),
    ]  # fmt: skip
    assert found[0]["choices"][1] == {"answer": "no", "says": "", "settles": "deny"}
    assert found[0]["reasons"][0]["rule"] == "other.basis.one"
    assert len(json.loads(ask(options=("--json", "--for", "counsel")).output)) == 1
    assert request() == REQUEST


@pytest.mark.usefixtures("home")
def test_check_lists_missing_facts_by_who_can_answer() -> None:
    law(ROLES)
    output = at_home("check", "request.yaml").output
    assert "To be answered by the requester\n    request.a" in output
    assert "To be answered by counsel\n    receiver.b" in output


# Answers of every kind ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("condition", "wrong", "message", "right", "stated"),
    [
        ("request.signed_on: {before: 2026-06-01}", "May 1", "a date, as in 2026-11-23", "2026-05-01",
         "signed_on: 2026-05-01"),
        ("request.signed_on: {before: 2026-06-01}", "2026-02-30", "a date, as in", "2026-02-28", "signed_on: 2026"),
        ("flow.smallest_cell: {at_least: 10}", "ten", "a number, as in 10", "10", "smallest_cell: 10"),
        ("flow.kept_for: {at_most: 30 days}", "30", "30 days or 24 hours", "30 days", 'kept_for: "30 days"'),
        ("flow.form: coded", "codedd", 'did you mean "coded"?', "2", "form: coded"),
        ("request.approved: true", "3", "is not one of the answers", "y", "approved: true"),
        ("request.ethics: waived", "maybe", "not_applicable", "waived", "ethics: waived"),
        ("receiver.kind: lab", "9", "is not one of", "lab", "kind: lab"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_explained_and_asked_again(
    condition: str, wrong: str, message: str, right: str, stated: str
) -> None:
    permits_when(f"{{{condition}}}")
    answer = ask(wrong, right)
    assert message in answer.output
    assert answer.exit_code == 0
    assert stated in request()


@pytest.mark.usefixtures("home")
def test_several_codes_or_none() -> None:
    Path("request.yaml").write_text(REQUEST.replace(", categories: [school]", ""), encoding="utf-8")
    permits_when("{data.categories: {excludes: health}}")
    answer = ask("1, health, x", "none 1", "1 wage")
    assert '"x" is not one of the answers' in answer.output
    assert "or with none" in answer.output
    assert "categories: [school, wage]" in request()
    assert answer.exit_code == 0


@pytest.mark.usefixtures("home")
def test_a_set_that_is_partly_known_is_completed() -> None:
    elements = "elements: [Schools / Names, Novel / Thing]"
    text = REQUEST.replace("categories: [school]", elements).replace("date:", "deployment: net\ndate:")
    Path("request.yaml").write_text(text, encoding="utf-8")
    permits_when("{data.categories: {excludes: health}}")
    write("policies/net.yaml", """
        deployment: net
        title: The Network
        agencies: {OWNER: {name: The Owner, kind: agency}}
        catalogue: [{agency: OWNER, program: Schools, is: [school], because: They say so}]
        """)  # fmt: skip
    answer = ask("d")
    assert "So far: school, and possibly others. Which others?" in answer.output
    assert request() == text, "what is known is not made unknown"
    assert ask("none").exit_code == 0
    assert "categories: [school]" in request()


@pytest.mark.usefixtures("home")
def test_a_fact_that_differs_by_the_other_party_is_stated_for_one() -> None:
    text = REQUEST.replace("LAB: {name: The Laboratory}", "LAB: {facts: {barred_until: unknown}}")
    text = text.replace("{owner: OWNER, categories: [school]}", "{owner: OWNER}\n  more: {owner: BOARD}")
    text = text.replace("  LAB:", "  BOARD: {}\n  LAB:")
    Path("request.yaml").write_text(text, encoding="utf-8")
    permits_when("{not: {receiver.barred_until: {after: 2026-11-23}}}")
    answer = ask("2026-11-01")
    assert "About The Laboratory" not in answer.output
    assert "About LAB towards OWNER" in answer.output
    assert "barred_until: {OWNER: 2026-11-01, BOARD: unknown}" in request()
    assert answer.exit_code == 0


@pytest.mark.usefixtures("home")
def test_what_a_flow_says_for_itself_is_answered_there() -> None:
    text = REQUEST.replace("carries: [records]}", "carries: [records], request: {approved: unknown}}")
    Path("request.yaml").write_text(text, encoding="utf-8")
    permits_when("{request.approved: true}")
    assert ask("yes").exit_code == 0
    assert "request: {approved: true}" in request()


@pytest.mark.usefixtures("home")
def test_users_are_named_and_asked_for_one_by_one() -> None:
    permits_when("{receiver.users_named: true}", "{receiver.users_acknowledged: true}")
    answer = ask("A. Analyst", "yes")
    assert "Who at The Laboratory will have access to the data?" in answer.output
    assert "About the user A. Analyst" in answer.output
    assert parse(request()).data["users"] == [{"name": "A. Analyst", "party": "LAB", "acknowledged": True}]
    assert answer.exit_code == 0


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("status", "code"), [("signed", 0), ("draft", 10), ("refused", 10)])
def test_papers_are_reported_with_their_parties(status: str, code: int) -> None:
    permits_when("{flow.instruments: {includes: pact}}")
    answer = ask(status)
    assert "How far is this paper: A data sharing pact?" in answer.output
    assert answer.exit_code == code
    paper = {"instrument": "pact", "between": ["OWNER", "LAB"], "status": status, "flows": ["leg"]}
    assert parse(request()).data["instruments"] == [paper]


@pytest.mark.usefixtures("home")
def test_that_a_paper_is_refused_is_never_announced_to_allow() -> None:
    """No pact is in force then, as the basis wants; but the pact is required, and what was refused denies."""
    law("""
        requires: [{instrument: pact, between: [provider, receiver], due: before_transfer}]
        bases: {one: {title: The basis, cite: s. 2, checked: text, when: {flow.instruments: {excludes: pact}}}}
        """)
    answer = ask("refused")
    assert re.search(r"draft .*settles it: allow", answer.output)
    assert not re.search(r"refused .*settles it", answer.output)
    assert answer.exit_code == 10


@pytest.mark.usefixtures("home")
def test_an_answer_that_contradicts_what_is_stated_is_refused() -> None:
    law("exclusive: [[{flow.form: aggregate}, {data.sensitive: true}]]", """
        bases: {one: {title: The basis, cite: s. 2, checked: text, when: {flow.form: [coded, aggregate]}}}
        """)  # fmt: skip
    text = REQUEST.replace("categories: [school]", "categories: [school], facts: {sensitive: true}")
    Path("request.yaml").write_text(text, encoding="utf-8")
    answer = ask("aggregate", "coded")
    assert "exclude one another as stated" in answer.output
    assert "form: aggregate" not in request()
    assert answer.exit_code == 0


@pytest.mark.usefixtures("home")
def test_text_of_the_request_stays_text() -> None:
    text = REQUEST.replace("owner: OWNER,", 'owner: OWNER, description: "[red]\\u001b[31m <script>",')
    Path("request.yaml").write_text(text, encoding="utf-8")
    permits_when("{data.sensitive: false}")
    output = ask("q").output
    assert "[red]\\u001b[31m <script>" in output
    assert "\x1b" not in output


@pytest.mark.usefixtures("home")
def test_a_request_that_is_wrong_is_not_asked_about() -> None:
    permits_when("{request.approved: true}")
    write("request.yaml", REQUEST.replace("from: OWNER", "from: NOBODY"))
    assert "unknown-party" in refused(ask("yes"))


# In a terminal --------------------------------------------------------------------------------------------------------


def test_in_a_terminal_ctrl_c_loses_nothing(home: Path) -> None:
    permits_when("{request.approved: true}", "{receiver.trusted: true}")
    child, terminal = pty.fork()
    if child == 0:  # the command, in a terminal of its own
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
        os.execve(sys.executable, [sys.executable, "-m", "cli", "ask", "request.yaml", "--policies", "policies"],
                  environment)  # fmt: skip
    try:
        seen = _until(terminal, "> ")
        assert "Question 1" in seen
        os.write(terminal, b"yes\n")
        assert "Question 2" in _until(terminal, "> ")
        time.sleep(2)  # a signal between the prompt and its reading is lost to readline; nobody types as fast
        os.write(terminal, b"\x03")
        assert "UNDETERMINED" in _until(terminal, "assent ask request.yaml")
        with suppress(OSError):  # what is left to say, until the command ends
            while os.read(terminal, 4096):
                pass
    finally:
        os.close(terminal)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 11
    assert "approved: true" in request()


def _until(terminal: int, wanted: str) -> str:
    """What a terminal shows until it shows this."""
    seen, end = "", time.monotonic() + 60
    while wanted not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 4096).decode()
    assert wanted in seen
    return seen


# Any request ----------------------------------------------------------------------------------------------------------


@given(st.data())
def test_every_interview_leads_to_the_outcome_of_its_file(data: st.DataObject) -> None:
    """With any answers: only facts that matter are asked, none twice, and it ends where the answer is settled."""
    world = data.draw(strategies.worlds())
    assume(not attempt(world.decide)[1])
    interview = Interview(world.policies, strategies.as_yaml(world.request), "request.yaml", None)
    asked_before = set()
    while (asked := interview.next()) is not None:
        matters = {key_of(reading) for reading in interview.decision.missing}
        assert asked.fact in matters
        step = (asked.fact, asked.asks, asked.about)
        assert step not in asked_before
        asked_before.add(step)
        announced = {choice.answer: choice.settles for choice in asked.choices}
        typed = data.draw(st.sampled_from(list(announced) or ["2026-06-01", "10", "30 days", "N"]))
        try:
            interview.answer(asked, typed)
        except NotAnAnswerError:
            interview.skip(asked)
            assert asked.fact in interview.put_off
            continue
        settled = interview.decision.outcome != "undetermined"
        if announced.get(typed) or (asked.form == "choice" and not asked.declared.fact.derived):
            assert announced[typed] == (interview.decision.outcome if settled else None)
    again = decide(world.policies, check_request(parse(interview.text), world.policies))
    assert again.outcome == interview.decision.outcome
    assert again.outcome != "undetermined" or interview.put_off


@pytest.mark.parametrize("name", ["r01-as-recorded", "s10-crossover-youth"])
def test_fewer_questions_are_needed_than_in_order_of_the_law(shipped_policies: PolicySet, name: str) -> None:
    file = ROOT / "cases" / "p20win" / f"{name}.yaml"
    ours, theirs = (
        sum(questions_needed(shipped_policies, file, pick, seed) or 0 for seed in range(2))
        for pick in (in_our_order, in_order_of_the_law)
    )
    assert 0 < ours < theirs
