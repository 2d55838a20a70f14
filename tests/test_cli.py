"""The command line: what people and scripts see. Runs in a small house of its own, and on what is shipped."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openpyxl import Workbook

from cli import main
from engine.documents import shipped
from tests.house import (
    LAW,
    POLICIES,
    REQUEST,
    ROOT,
    assent,
    at_home,
    build,
    everything,
    framework,
    process,
    refused,
    request,
    write,
)
from tests.writing import LAW_HEAD


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in a folder with policies, `request.yaml` and `case.yaml`."""
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Help -----------------------------------------------------------------------------------------------------------------


def test_help_lists_commands_by_who_uses_them() -> None:
    text = assent("--help").stdout
    headings = ["For requesters:", "For counsel:", "To begin with:"]
    assert [line for line in text.splitlines() if line in headings] == headings
    requesters, _, counsel = text.partition("For counsel:")
    assert all(f"\n  {name} " in requesters for name in ("check", "explain", "draft"))
    assert all(f"\n  {name} " in counsel for name in ("validate", "test", "schema", "new"))


def test_help_lists_every_command() -> None:
    listed = set(re.findall(r"^  ([a-z]+)  ", assent("--help").stdout, re.MULTILINE))
    assert listed == set(main.commands)


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself(command: str) -> None:
    answer = assent(command, "--help")
    assert answer.exit_code == 0
    assert "Usage: main" in answer.stdout
    assert len(answer.stdout.splitlines()) >= 5


def test_the_version_is_printed() -> None:
    assert re.fullmatch(r"assent \d+\.\d+\.\d+\n", assent("--version").stdout)


# Check ----------------------------------------------------------------------------------------------------------------

DENIED = request("purpose: marketing")
OPEN = REQUEST.replace("trusted: true", "trusted: unknown").replace("approved: false", "approved: unknown")
OUTCOMES = [("ALLOW", REQUEST, 0), ("DENY", DENIED, 10), ("UNDETERMINED", OPEN, 11)]


@pytest.mark.parametrize(("outcome", "text", "code"), OUTCOMES, ids=[o for o, _, _ in OUTCOMES])
def test_check_says_the_outcome_first_and_ends_with_its_code(outcome: str, text: str, code: int) -> None:
    answer = at_home("check", write("request.yaml", text))
    assert answer.exit_code == code
    assert re.match(rf"{outcome}\b", answer.stdout)
    assert answer.stderr == ""


@pytest.mark.parametrize(("outcome", "text", "code"), OUTCOMES, ids=[o for o, _, _ in OUTCOMES])
def test_check_as_json_follows_its_schema_and_ends_with_the_same_code(outcome: str, text: str, code: int) -> None:
    answer = at_home("check", write("request.yaml", text), "--json")
    schema = json.loads((shipped("schemas") / "decision.schema.json").read_text(encoding="utf-8"))
    document = json.loads(answer.stdout)
    assert not list(Draft202012Validator(schema).iter_errors(document))
    assert document["outcome"] == outcome.lower()
    assert answer.exit_code == code


def test_check_names_what_is_outstanding_and_which_clauses_the_agreement_needs() -> None:
    text = at_home("check", "request.yaml").stdout
    assert "ALLOW, not ready: steps are outstanding" in text
    assert "A data sharing pact: The Owner and LAB" in text or "A data sharing pact: OWNER and LAB" in text
    assert "Record the disclosure: OWNER, before transfer (s. 8) law.step.log" in text
    assert "law.clause.use: Use (s. 3(b) [summary])" in text


def test_check_marks_what_rests_on_a_source_not_read_in_the_text() -> None:
    assert "A study by a trusted laboratory (s. 3) [summary]" in at_home("check", "request.yaml").stdout


def test_check_names_the_bar_and_its_paragraph() -> None:
    text = at_home("check", write("request.yaml", DENIED)).stdout
    assert "barred: School records may not serve advertising (s. 5) law.bar.advertising" in text


def test_check_lists_the_missing_facts() -> None:
    text = at_home("check", write("request.yaml", OPEN)).stdout
    assert "Missing facts that can still change the answer (2)" in text
    assert "receiver.trusted of party LAB" in text
    assert "request.approved of the request" in text


def test_check_decides_under_the_law_of_a_day() -> None:
    law = LAW.replace("title: A study", "in_force: {from: 2020-01-01}\n        title: A study")
    write("policies/law.yaml", LAW_HEAD, law)
    assert at_home("check", "request.yaml").exit_code == 0
    before = at_home("check", "request.yaml", "--as-of", "2019-12-31")
    assert before.exit_code == 10
    assert "as of 2019-12-31" in before.stdout


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "30.11.2026", ""])
def test_a_day_that_is_none_is_refused_in_plain_words(day: str) -> None:
    answer = at_home("check", "request.yaml", "--as-of", day)
    assert answer.exit_code == 2
    assert "%" not in answer.stderr
    assert re.search(r"\d{4}-\d{2}-\d{2}|YYYY-MM-DD", answer.stderr.replace(day, "") if day else answer.stderr)


def test_check_explains_everything_on_demand() -> None:
    short, whole = at_home("check", "request.yaml").stdout, at_home("check", "request.yaml", "--explain").stdout
    assert "The purpose is a study or an audit (s. 3(a))" not in short
    assert "holds The purpose is a study or an audit (s. 3(a))" in whole
    assert "fails School records may not serve advertising (s. 5) law.bar.advertising" in whole
    assert "receiver.trusted of party LAB: true, stated by the request" in whole


def test_the_same_request_gives_the_same_bytes_whatever_the_seed() -> None:
    seeds = [
        process("check", "request.yaml", "--policies", "policies", "--json", env={"PYTHONHASHSEED": s}) for s in "12"
    ]
    assert seeds[0].stdout == seeds[1].stdout
    assert seeds[0].stdout.endswith("}\n")


def test_the_order_of_flows_does_not_change_the_answer() -> None:
    one = "  - {id: leg, from: OWNER, to: LAB, carries: [records], form: coded}"
    two = "  - {id: more, from: OWNER, to: LAB, carries: [records], form: identified}"
    write("one.yaml", request(f"flows:\n{one}\n{two}"))
    write("two.yaml", request(f"flows:\n{two}\n{one}"))
    assert at_home("check", "one.yaml", "--json").stdout == at_home("check", "two.yaml", "--json").stdout


def test_output_is_plain_in_a_pipe() -> None:
    title = 'title: "An \\e[31mexample\\e]0;x\\a [bold]of[/] \\u202emischief"'
    write("request.yaml", request(title))
    for arguments in (["check"], ["check", "--explain"], ["explain", "law.basis.study"]):
        text = at_home(arguments[0], "request.yaml", *arguments[1:]).stdout
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
        assert ("[bold]of[/]" in text) == (arguments[0] == "check")


def test_a_reader_that_closes_the_pipe_early_sees_no_traceback() -> None:
    command = f'"{sys.executable}" -m cli check request.yaml --policies policies --explain | head -1'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120, env=environment)
    assert answer.stdout.startswith("ALLOW")
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_cannot_show_every_letter_still_gets_the_answer(encoding: str) -> None:
    write("request.yaml", request("title: École → 学校"))
    answer = process("check", "request.yaml", "--policies", "policies", env={"PYTHONIOENCODING": encoding})
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("ALLOW")


# Explain --------------------------------------------------------------------------------------------------------------


def test_explain_shows_one_rule_on_every_disclosure() -> None:
    answer = at_home("explain", "request.yaml", "law.basis.study")
    assert answer.exit_code == 0
    assert answer.stdout.startswith("leg/records\n")
    assert "holds The purpose is a study or an audit (s. 3(a))" in answer.stdout
    assert "request.purpose of the request: study" in answer.stdout
    assert "advertising" not in answer.stdout


@pytest.mark.parametrize("rule", ["law.applies", "law.bar.advertising", "law.basis.approval"])
def test_explain_takes_every_rule_that_decides(rule: str) -> None:
    found = json.loads(at_home("explain", "request.yaml", rule, "--json").stdout)
    assert [(f["disclosure"], f["rule"]) for f in found] == [("leg/records", rule)]


def test_explain_offers_the_nearest_spelling_of_a_rule() -> None:
    message = refused(at_home("explain", "request.yaml", "law.basis.studdy"))
    assert '"law.basis.studdy"' in message
    assert 'did you mean "law.basis.study"?' in message


def test_explain_says_when_a_rule_was_not_asked() -> None:
    write("request.yaml", REQUEST.replace("[school]", "[wage]"))
    assert "reaches none of these data" in refused(at_home("explain", "request.yaml", "law.basis.study"))


def test_explain_says_nothing_untrue_of_a_definition() -> None:
    answer = at_home("explain", "request.yaml", "law.definition.trusted")
    assert "none of these data" not in answer.stderr
    assert "The receiver is trusted" in answer.stdout or answer.exit_code == 2


# Draft ----------------------------------------------------------------------------------------------------------------


def drafted(*texts: str) -> str:
    """The agreement for a request, by default that of the house."""
    path = write("request.yaml", *texts) if texts else Path("request.yaml")
    answer = at_home("draft", path, "-o", "agreement.md")
    assert answer.exit_code == 0, answer.output
    return Path("agreement.md").read_text(encoding="utf-8")


def test_a_draft_has_every_common_element_in_order() -> None:
    text = drafted()
    assert re.findall(r"^### ([a-z])\. ", text, re.MULTILINE) == ["a", "b", "c"]
    assert "### b. Safety (provider)\n\nNo framework or house rule demands a clause under this element" in text


def test_every_clause_of_a_draft_names_the_rule_and_citation_that_demand_it() -> None:
    text = drafted()
    clauses = re.split(r"^#### ", text, flags=re.MULTILINE)[1:]
    assert [clause.splitlines()[0] for clause in clauses] == ["a.1 Use", "c.1 End"]
    notes = [re.findall(r"\[\^(\d+)\]", clause)[0] for clause in clauses]
    assert f"[^{notes[0]}]: Required by s. 3(b) \\[read in an official summary\\], rule law.basis.study." in text
    assert f"[^{notes[1]}]: Required by s. 7, rule law.applies." in text


def test_a_draft_shows_what_is_not_yet_known_as_a_blank() -> None:
    answer = at_home("draft", "request.yaml", "-o", "agreement.md")
    text = Path("agreement.md").read_text(encoding="utf-8")
    assert "for study alone: **\\[to be completed: (5) activity\\]**" in text
    assert "The Laboratory destroys the data **\\[to be completed: (6) last day of the term\\]**." in text
    assert answer.stdout == "agreement.md written; 16 blanks to complete\n"


def test_a_draft_prints_what_the_request_gives() -> None:
    text = drafted(request("agreement: {activity: We compare schools.}\nterm: {from: 2027-01-01, until: 2027-12-31}"))
    assert "for study alone: We compare schools." in text
    assert "The Laboratory destroys the data 2027-12-31." in text
    assert "to be completed" not in text.partition("## V. Terms")[2].partition("## VI. Schedules")[0]


@pytest.mark.parametrize(
    ("name", "begins"), [("a.docx", b"PK"), ("a.pdf", b"%PDF-"), ("a.html", b"<!doctype html>"), ("a.md", b"# ")]
)
def test_a_draft_takes_the_form_that_its_name_asks_for(name: str, begins: bytes) -> None:
    assert at_home("draft", "request.yaml", "-o", name).exit_code == 0
    assert Path(name).read_bytes()[: len(begins)].lower() == begins.lower()


def test_a_draft_has_no_form_for_other_names() -> None:
    refused(at_home("draft", "request.yaml", "-o", "agreement.odt"))
    assert not Path("agreement.odt").exists()


MISCHIEF = "<script>alert(1)</script> **bold** [link](http://x) | cell `code` \\n# Heading"


def test_what_the_user_writes_is_text_and_no_markup_in_the_draft() -> None:
    text = drafted(
        request(f'title: "{MISCHIEF}"', f'agreement: {{activity: "{MISCHIEF}"}}').replace(
            "The Laboratory", "'*The* <b>Lab</b>'"
        )
    )
    bare = re.sub(r"\\[\\`*_\[\]<>#|~]", "", text)
    for markup in ("<script", "**bold", "[link", "<b>", "*The*", "`code`", "\n# Heading"):
        assert markup not in bare, markup
    assert "\\<script\\>" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)


def test_control_characters_of_the_user_stay_out_of_the_draft() -> None:
    text = drafted(request('agreement: {activity: "a\\eb\\a c\\u202ed"}'))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_a_draft_of_an_open_request_says_that_facts_are_missing() -> None:
    assert "This request is not yet allowed: facts are missing." in drafted(OPEN)


def test_a_denied_request_has_no_draft() -> None:
    message = refused(at_home("draft", write("request.yaml", DENIED), "-o", "agreement.md"))
    assert message.startswith("example is denied; there is nothing to agree.")
    assert not Path("agreement.md").exists()


def test_a_draft_does_not_overwrite_unless_forced() -> None:
    Path("agreement.md").write_text("Mine\n", encoding="utf-8")
    assert "agreement.md exists already; nothing was written" in refused(
        at_home("draft", "request.yaml", "-o", "agreement.md")
    )
    assert Path("agreement.md").read_text(encoding="utf-8") == "Mine\n"
    assert at_home("draft", "request.yaml", "-o", "agreement.md", "--force").exit_code == 0
    assert Path("agreement.md").read_text(encoding="utf-8").startswith("# Data Sharing Agreement\n\nAn example")


def test_a_draft_that_cannot_be_written_is_one_message() -> None:
    message = refused(at_home("draft", "request.yaml", "-o", "nowhere/agreement.md"))
    assert message.startswith("nowhere/agreement.md cannot be written: ")
    Path("taken.md").mkdir()
    assert "taken.md cannot be written: " in refused(at_home("draft", "request.yaml", "-o", "taken.md", "--force"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_leaves_the_old_draft_as_it_was(house: Path) -> None:
    import resource

    Path("agreement.md").write_text("Mine\n" * 10, encoding="utf-8")
    before = everything(house)
    answer = process(
        "draft", "request.yaml", "-o", "agreement.md", "--force", "--policies", "policies",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)),
    )  # fmt: skip
    assert answer.returncode == 2
    assert "agreement.md cannot be written: " in answer.stderr
    assert everything(house) == before


def test_a_draft_tells_programs_what_it_wrote() -> None:
    answer = at_home("draft", "request.yaml", "-o", "agreement.md", "--json")
    assert json.loads(answer.stdout) == {"draft": "agreement.md", "blanks": 16}


# Validate -------------------------------------------------------------------------------------------------------------


def test_validate_takes_files_of_any_kind_at_once() -> None:
    files = ["request.yaml", "case.yaml", *sorted(str(p) for p in POLICIES.iterdir())]
    answer = at_home("validate", *files)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == "6 files are valid\n"
    assert at_home("validate", "request.yaml").stdout == "1 file is valid\n"


def test_validate_says_everything_that_is_wrong_sorted_by_place() -> None:
    write("b.yaml", request("purpose: studdy\ndatasets: {records: {owner: NOBODY, categories: [shool]}}"))
    write("a.yaml", "cases:\n- {id: one, title: One, source: {citation: s. 1}}")
    answer = at_home("validate", "b.yaml", "a.yaml", "nowhere.yaml")
    assert answer.exit_code == 2
    found = re.findall(r"^([a-z.]+):(?:([0-9]+):([0-9]+):)? ", answer.stderr, re.MULTILINE)
    assert [file for file, _, _ in found] == ["a.yaml", "b.yaml", "b.yaml", "b.yaml", "nowhere.yaml"]
    assert [int(line) for _, line, _ in found[1:4]] == sorted(int(line) for _, line, _ in found[1:4])
    for word in ("studdy", "NOBODY", "shool"):
        assert f'"{word}"' in answer.stderr


def test_validate_reads_policies_together_with_those_they_join() -> None:
    write(
        "policies/extra.yaml",
        framework("bases: {one: {title: One, cite: s. 2, checked: text, when: {request.aproved: true}}}"),
    )
    assert "policies/extra.yaml:" in refused(at_home("validate", "policies/extra.yaml"))
    write(
        "policies/extra.yaml",
        framework("bases: {one: {title: One, cite: s. 2, checked: text, when: {request.approved: true}}}"),
    )
    assert at_home("validate", "policies/extra.yaml").exit_code == 0


def test_validate_gives_programs_the_same() -> None:
    write("request.yaml", request("purpose: studdy"))
    answer = at_home("validate", "request.yaml", "--json")
    assert answer.exit_code == 2
    (problem,) = json.loads(answer.stdout)
    assert problem["file"] == "request.yaml"
    assert problem["mark"] == [5, 10]
    assert problem["code"] == "unknown-code"
    assert problem["help"] == 'did you mean "study"?'
    assert json.loads(at_home("validate", "policies/law.yaml", "--json").stdout) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("from: OWNER, to: LAB", "from: LAB, to: OWNER", "impossible-carry"),
        ("form: coded}", "form: aggregate}\n    facts: {}", "excluded"),
        ("{owner: OWNER, categories: [school]}", "{from: [records]}", "circle"),
    ],
)
def test_validate_finds_what_only_the_whole_request_shows(old: str, new: str, code: str) -> None:
    text = REQUEST.replace(old, new)
    if code == "excluded":
        text = REQUEST.replace(old, "form: aggregate}").replace("[school]}", "[school], facts: {sensitive: true}}")
    write("request.yaml", text)
    assert f"[{code}]" in refused(at_home("validate", "request.yaml"))


def test_validate_finds_names_in_cases_that_do_not_exist() -> None:
    case = "{id: one, title: One, source: {citation: s. 1}, facts: {request.approved: true}, pins: law.basis.studdy}"
    write("case.yaml", f"cases: [{case}]")
    assert 'did you mean "law.basis.study"?' in refused(at_home("validate", "case.yaml"))


@pytest.mark.parametrize("content", ["5", "[vocabulary]", "vocabulary", "~", "{}"])
def test_a_policy_folder_with_an_odd_file_is_one_message(content: str) -> None:
    write("policies/odd.yaml", content)
    for command in ("check", "validate"):
        assert "policies/odd.yaml" in refused(at_home(command, "request.yaml"))


# Test -----------------------------------------------------------------------------------------------------------------


def test_cases_that_pass_are_counted() -> None:
    answer = at_home("test", "case.yaml")
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == "1 of 1 cases pass\n"


def test_a_case_that_differs_says_what_differs_and_where() -> None:
    text = Path("case.yaml").read_text(encoding="utf-8").replace("outcome: deny, findings", "outcome: allow, findings")
    write("case.yaml", text)
    answer = at_home("test", "case.yaml")
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        "differs first: A study by a laboratory that nobody trusts",
        "  case.yaml:2, after s. 3",
        "  - the outcome is deny, not allow; denied by law on leg/records",
        "0 of 1 cases pass",
    ]


def test_cases_below_a_folder_are_all_run() -> None:
    write(
        "cases/a/one.yaml", Path("case.yaml").read_text(encoding="utf-8").replace("request.yaml", "../../request.yaml")
    )
    write("cases/two.yaml", Path("case.yaml").read_text(encoding="utf-8").replace("request.yaml", "../request.yaml"))
    write("cases/request.yaml", REQUEST)
    assert at_home("test", "cases").stdout == "2 of 2 cases pass\n"


def test_no_cases_at_all_is_no_success() -> None:
    Path("nothing").mkdir()
    assert at_home("test", "nothing").exit_code == 1


def test_results_are_there_for_programs() -> None:
    found = json.loads(at_home("test", "case.yaml", "--json").stdout)
    assert found["passed"] == 1
    assert found["cases"][0] == {
        "id": "first",
        "title": "A study by a laboratory that nobody trusts",
        "file": "case.yaml",
        "line": 2,
        "differences": [],
    }


def test_a_case_with_a_request_that_is_wrong_says_so_among_the_differences() -> None:
    write("request.yaml", request("purpose: studdy"))
    answer = at_home("test", "case.yaml")
    assert answer.exit_code == 1
    assert 'did you mean "study"?' in answer.stdout


ODD_CHANGES = [
    "{flows: 5}",
    "{flows: {²: {id: x}}}",
    "{flows: {9: null}}",
    "{parties: []}",
    "{nonsense: {a: {b: c}}}",
    "{request: [1]}",
]


@pytest.mark.parametrize("change", ODD_CHANGES)
def test_a_change_that_makes_no_sense_is_a_difference(change: str) -> None:
    text = Path("case.yaml").read_text(encoding="utf-8")
    write("case.yaml", re.sub(r"change: .*", f"change: {change}", text))
    answer = at_home("test", "case.yaml")
    assert answer.exit_code in (1, 2)
    assert "Traceback" not in answer.output


# Catalogue and frameworks ---------------------------------------------------------------------------------------------


def test_the_catalogue_is_listed_and_searched() -> None:
    row = "OWNER: Schools: school (They say so)\n1 row\n"
    assert at_home("catalogue", "show").stdout == row
    assert at_home("catalogue", "show", "OWNER").stdout == row
    assert at_home("catalogue", "search", "SCHOOLS", "say").stdout == row
    assert at_home("catalogue", "search", "wages").stdout == "0 rows\n"
    assert json.loads(at_home("catalogue", "show", "--json").stdout)[0]["is"] == ["school"]


def test_the_catalogue_of_nobody_is_refused() -> None:
    assert 'did you mean "OWNER"?' in refused(at_home("catalogue", "show", "OWNR"))
    assert 'did you mean "net"?' in refused(at_home("catalogue", "show", "--deployment", "nett"))


def test_an_imported_dictionary_tells_what_the_catalogue_does_not_classify() -> None:
    book = Workbook()
    headings = (
        "Agency",
        "Program",
        "Data Category",
        "Data Element Name",
        "Data Element Definition",
        "Data Type",
        "Years Available",
    )
    for row in (
        headings,
        ("OWNER", "Schools", "", "Grade", "The grade", "text", "2020"),
        ("OWNER", "Buses", "", "Line", "", "", ""),
    ):
        book.worksheets[0].append(row)
    book.save("dictionary.xlsx")
    answer = at_home("catalogue", "import", "dictionary.xlsx", "-o", "rows.yaml")
    assert answer.exit_code == 0, answer.output
    assert "OWNER: 2 elements, 1 classified, 1 unknown" in answer.stdout
    assert "unknown: Buses / Line (dictionary.xlsx, row 3)" in answer.stdout
    assert "Buses" in Path("rows.yaml").read_text(encoding="utf-8")
    assert "rows.yaml exists already" in refused(at_home("catalogue", "import", "dictionary.xlsx", "-o", "rows.yaml"))


def test_frameworks_are_listed_with_how_far_their_sources_were_verified() -> None:
    (row,) = json.loads(at_home("frameworks", "--json").stdout)
    assert (row["framework"], row["bars"], row["bases"]) == ("law", 1, 2)
    assert (row["text"], row["summary"]) == (3, 1)
    assert "| `law` | The Law (1 Law 1) |" in at_home("frameworks").stdout


# New ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["request", "framework", "case", "example"])
def test_a_new_file_is_valid_as_it_stands(kind: str) -> None:
    assert assent("new", kind, "-o", "new.yaml").stdout == "new.yaml written\n"
    assert Path("new.yaml").read_text(encoding="utf-8") == assent("new", kind).stdout
    answer = assent("validate", "new.yaml")
    assert answer.stdout == "1 file is valid\n", answer.output


def test_a_new_request_is_decided_and_asks_for_what_is_missing() -> None:
    assent("new", "request", "-o", "new.yaml")
    answer = assent("check", "new.yaml")
    assert answer.exit_code == 11, answer.output
    assert "Missing facts that can still change the answer" in answer.stdout


def test_a_new_case_passes() -> None:
    assent("new", "case", "-o", "new.yaml")
    answer = assent("test", "new.yaml")
    assert answer.stdout == "1 of 1 cases pass\n", answer.output


def test_a_new_framework_judges_requests_without_any_code() -> None:
    Path("mine").mkdir()
    assent("new", "framework", "-o", "mine/my-framework.yaml")
    text = """
        request: mine
        title: Judged under a law of my own
        date: 2026-11-23
        purpose: evaluation
        parties:
          KEEPER: {kind: state_agency}
          READER: {kind: state_agency, facts: {example_trained: true}}
        datasets: {records: {owner: KEEPER, categories: [example_record]}}
        flows: [{id: leg, from: KEEPER, to: READER, carries: [records], form: identified}]
    """
    write("mine.yaml", text)
    found = json.loads(assent("check", "mine.yaml", "--policies", "mine", "--json").stdout)
    own = next(f for f in found["findings"] if f["framework"] == "my-framework")
    assert own["outcome"] == "allow"
    assert own["basis"] == "my-framework.basis.evaluation"
    write("mine.yaml", text.replace("example_trained: true", "example_trained: false"))
    assert assent("check", "mine.yaml", "--policies", "mine").exit_code == 10
    answer = assent("explain", "mine.yaml", "my-framework.basis.evaluation", "--policies", "mine")
    assert "fails Its staff have been trained (Example Stat. 1-4(c))" in answer.stdout


def test_a_new_file_does_not_overwrite() -> None:
    before = Path("request.yaml").read_bytes()
    assert "exists already" in refused(assent("new", "request", "-o", "request.yaml"))
    assert Path("request.yaml").read_bytes() == before


# Schema ---------------------------------------------------------------------------------------------------------------


def test_schema_lists_and_prints_the_schemas_with_facts_and_codes_of_the_policies() -> None:
    names = at_home("schema").stdout.split()
    assert {"request", "framework", "cases", "decision"} <= set(names)
    schema = at_home("schema", "request").stdout
    Draft202012Validator.check_schema(json.loads(schema))
    assert '"trusted"' in schema
    assert '"school"' in schema


def test_schema_writes_all_of_them() -> None:
    answer = at_home("schema", "--write", "made/schemas")
    names = at_home("schema").stdout.split()
    assert answer.stdout == f"{len(names)} schemas written to made/schemas\n"
    assert {p.name for p in Path("made/schemas").iterdir()} == {f"{name}.schema.json" for name in names}


def test_schema_offers_the_nearest_name() -> None:
    assert 'did you mean "request"?' in refused(at_home("schema", "reqest"))


def test_schemas_that_cannot_be_written_are_one_message() -> None:
    assert "request.yaml" in refused(at_home("schema", "--write", "request.yaml"))
    assert "request.yaml" in refused(at_home("schema", "--write", "request.yaml/below"))


# The page of messages -------------------------------------------------------------------------------------------------

WITHOUT_CODE: list[tuple[tuple[str, ...], str]] = [
    (("draft", "denied.yaml", "-o", "agreement.md"), "example is denied; there is nothing to agree."),
    (("draft", "request.yaml", "-o", "agreement.md"), "exists already; nothing was written"),
    (("review", "request.yaml", "agreement.pdf"), "is not read as an agreement; "),
    (("review", "request.yaml", "agreement.docx"), "is not a Word document that can be read"),
    (("draft", "request.yaml", "-o", "nowhere/agreement.md"), "nowhere/agreement.md cannot be written: "),
    (("explain", "request.yaml", "law.basis.studdy"), '"law.basis.studdy" is no rule; did you mean '),
    (("explain", "wages.yaml", "law.basis.study"), '"law.basis.study" was not asked: '),
    (("schema", "reqest"), 'there is no schema of "reqest"; did you mean '),
]


@pytest.mark.parametrize(("arguments", "words"), WITHOUT_CODE, ids=[words for _, words in WITHOUT_CODE])
def test_the_page_of_messages_lists_what_has_no_code(arguments: tuple[str, ...], words: str) -> None:
    write("denied.yaml", DENIED)
    for name in ("agreement.md", "agreement.docx"):
        write(name, "Mine")
    write("wages.yaml", REQUEST.replace("[school]", "[wage]"))
    message = refused(at_home(*arguments)).strip()
    assert words in message
    page = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    assert message.replace("case.yaml", "agreement.md") in page


# Shipped --------------------------------------------------------------------------------------------------------------


def test_the_shipped_example_runs_as_a_process_of_its_own() -> None:
    answer = process("check", str(shipped("cases") / "p20win" / "r01.yaml"))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("ALLOW")
    assert "\x1b" not in answer.stdout
    denied = process("check", "nowhere.yaml")
    assert (denied.returncode, denied.stdout) == (2, "")


def test_the_shipped_network_drafts_its_ten_common_elements_in_order() -> None:
    answer = assent("draft", shipped("cases") / "p20win" / "r01.yaml", "-o", "agreement.md")
    assert answer.exit_code == 0, answer.output
    text = Path("agreement.md").read_text(encoding="utf-8")
    elements = re.findall(r"^### ([0-9]+[a-z]?)\. ", text, re.MULTILINE)
    assert len(elements) == 10
    assert elements == sorted(elements)
    clauses = re.split(r"^#### ", text.partition("## VI. Schedules")[0], flags=re.MULTILINE)[1:]
    assert clauses
    for clause in clauses:
        note = re.findall(r"\[\^(\d+)\]", clause)
        assert note, clause
        assert re.search(rf"^\[\^{note[0]}\]: Required by .+, rule [a-z0-9-]+\.[a-z0-9.-]+", text, re.MULTILINE), clause


def test_a_shipped_request_gives_the_same_bytes_twice() -> None:
    path = shipped("cases") / "p20win" / "r01.yaml"
    assert assent("check", path, "--json").stdout == assent("check", path, "--json").stdout
