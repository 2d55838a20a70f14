"""Messages are public interface: every problem has a code, a row in docs/messages.md and an example that is true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.documents import DocumentProblems, Problem, parse
from engine.policies import compile_policies
from engine.requests import check_request
from engine.validation import validate_files
from tests import messages
from tests.house import CASE, POLICIES, at_home, basis, build, request
from tests.messages import EXAMPLES, cell, problems_of, rows
from tests.strategies import World, as_yaml, spoiled, worlds
from tests.writing import written

SOURCE = sorted(Path(str(engine.__file__)).parent.rglob("*.py"))


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Codes that the source can report -------------------------------------------------------------------------------------


def name_called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def reporters(trees: list[ast.Module]) -> dict[str, int]:
    """Every function that takes the code and message of a problem, with the position of that argument in a call."""
    found = {"Problem": 2}
    for node in (n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        names = [argument.arg for argument in node.args.args if argument.arg != "self"]
        if {"code", "message"} <= set(names):
            found[node.name] = names.index("code")
    return found


def codes_in(trees: list[ast.Module]) -> Iterator[str]:
    """Every code written in the source; `unknown-{kind}` stands for one code for each kind of name."""
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    positions = reporters(trees)
    kinds = {
        str(call.args[0].value)
        for call in calls
        if name_called(call) in ("unknown", "use") and call.args and isinstance(call.args[0], ast.Constant)
    }
    for call in calls:
        position = positions.get(name_called(call))
        if position is None or len(call.args) <= position:
            continue
        code = call.args[position]
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield code.value
        elif isinstance(code, ast.JoinedStr):
            assert ast.unparse(code) == "f'unknown-{kind}'", f"write the code out: {ast.unparse(call)}"
            yield from (f"unknown-{kind}" for kind in kinds)


CODES = set(codes_in([ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE]))
ROWS = {row["code"]: row for row in rows()}


def test_codes_are_found_in_the_source() -> None:
    assert {"bad-date", "unknown-fact", "unknown-basis", "impossible-carry"} <= CODES
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in CODES)


def test_every_code_of_the_source_stands_in_the_table() -> None:
    assert CODES - set(ROWS) == set(), "add a row to docs/messages.md and an example to tests/messages.py"


def test_the_table_lists_no_code_that_does_not_exist() -> None:
    assert set(ROWS) - CODES == set(), "the source reports no such problem any more; remove the row and its example"


def test_every_code_stands_in_one_row_only() -> None:
    assert len([row["code"] for row in rows()]) == len(ROWS)


def test_every_row_has_an_example_and_every_example_a_row() -> None:
    assert set(EXAMPLES) == set(ROWS)


# Examples -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_is_wrong_in_its_one_way(house: Path, code: str) -> None:
    assert [problem.code for problem in problems_of(code)] == [code]


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_table_shows_what_is_really_printed(house: Path, code: str) -> None:
    assert ROWS[code]["printed"] == cell(problems_of(code)), f"run: .venv/bin/python -m {messages.__name__}"


WHOLE_FILE = {"unreadable", "not-a-workbook", "not-a-dictionary"}


@pytest.mark.parametrize("code", sorted(set(EXAMPLES) - WHOLE_FILE))
def test_a_problem_has_a_place(house: Path, code: str) -> None:
    for problem in problems_of(code):
        assert problem.file == EXAMPLES[code].file
        assert problem.mark.line >= 1
        assert problem.mark.column >= 1
        assert str(problem).startswith(f"{problem.file}:{problem.mark.line}:{problem.mark.column}: ")


MISSPELT = sorted(code for code in EXAMPLES if code.startswith("unknown-"))


@pytest.mark.parametrize("code", MISSPELT)
def test_a_misspelt_name_is_offered_its_right_spelling(house: Path, code: str) -> None:
    for problem in problems_of(code):
        assert problem.help.startswith(("did you mean", "known: ", "one of: ", "begin with ")), str(problem)


GRADED = [
    ("request.yaml", "purpose: study", "purpose: studdy"),
    ("request.yaml", "date: 2026-11-23", "date: 2026-02-30"),
    ("policies/law.yaml", "receiver.trusted: true", "receiver.trustd: true"),
    ("request.yaml", "to: LAB", "to: LAP"),
    ("request.yaml", "approved: false", "approved: maybe"),
]


@pytest.mark.parametrize(("file", "old", "new"), GRADED, ids=[new for _, _, new in GRADED])
def test_the_good_examples_of_the_page_are_really_printed(house: Path, file: str, old: str, new: str) -> None:
    text = Path(file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    Path(file).write_text(text.replace(old, new), encoding="utf-8")
    printed = [str(problem) for problem in validate_files([Path(file)], POLICIES)]
    page = messages.TABLE.read_text(encoding="utf-8")
    shown = page.replace("`<br>`", "\n  ").replace("`", "")
    assert len(printed) == 1
    assert printed[0] in shown


# Style ----------------------------------------------------------------------------------------------------------------

OURS = re.compile(
    r"\b(str|int|bool|dict|tuple|NoneType|None|True|False|Mapping|Sequence|Model|Error|Exception|valid|invalid"
    r"|illegal|not none|input|string|object|instance|parse[dr]?|pydantic|yaml\.org)\b|\^\[|\]\*|[!]$"
)
"""Words of the program, regular expressions, and tones that a message does not have."""


def complaints(problem: Problem) -> list[str]:
    """What is wrong with a message by the rules of docs/messages.md. What the user wrote, in quotes, is theirs."""
    found = []
    for text in (problem.message, problem.help):
        own = re.sub(r'"[^"]*"', '""', text)
        if match := OURS.search(own):
            found.append(f"says {match[0]!r}")
        if "\n" in text or own.endswith("."):
            found.append("is not one line without a full stop")
    if "did you mean" in problem.message or " (at " in problem.message:
        found.append("has its help or a place inside the message")
    if re.match(r'"[0-9]+" |[A-Z][a-z]+ ', problem.message):
        found.append("begins with a position or a capital letter")
    return [f"{complaint}: {problem}" for complaint in found]


@pytest.mark.parametrize("code", EXAMPLES)
def test_messages_are_written_in_the_house_style(house: Path, code: str) -> None:
    assert [complaint for problem in problems_of(code) for complaint in complaints(problem)] == []


def test_messages_about_cases_are_written_in_the_house_style(house: Path) -> None:
    Path("case.yaml").write_text(written(CASE).replace("{trusted: false}", "{trustd: false}"), encoding="utf-8")
    found = validate_files([Path("case.yaml")], POLICIES)
    assert [problem.code for problem in found] == ["unknown-fact"]
    assert [complaint for problem in found for complaint in complaints(problem)] == []


@given(st.data(), worlds())
def test_messages_about_spoiled_documents_are_written_in_the_house_style(data: st.DataObject, world: World) -> None:
    files = [*world.files]
    which = data.draw(st.integers(0, len(files)))
    found: tuple[Problem, ...] = ()
    try:
        if which < len(files):
            files[which] = data.draw(spoiled(files[which]))
            compile_policies([parse(as_yaml(content), f"file-{i}.yaml") for i, content in enumerate(files)])
        else:
            check_request(parse(as_yaml(data.draw(spoiled(world.request))), "request.yaml"), world.policies)
    except DocumentProblems as error:
        found = error.problems
    assert [complaint for problem in found for complaint in complaints(problem)] == []


def test_control_characters_of_the_user_are_shown_not_sent() -> None:
    with pytest.raises(DocumentProblems) as caught:
        parse('"two\\e[31m\\nlines": no', "odd.yaml").check()
    shown = str(caught.value)
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2, "a message and its help"


ODD_VALUES = [
    ("request: " + "x" * 99, "too long a name"),
    ("hubs: [1]", "a list item of the wrong kind"),
    ("purpose: 5", "a number"),
    ("title: null", "nothing"),
    ("facts: {approved: null}", "no answer"),
    ("parties: [OWNER, LAB]", "a list for a mapping"),
    ("datasets: {records: {owner: OWNER, from: [records]}}", "two origins"),
    ("flows: []", "nothing flows"),
    ("instruments: [{instrument: pact, between: [], status: signed}]", "nobody"),
    ("steps: [5]", "no step"),
    ("deployment: ''", "no name"),
]


@pytest.mark.parametrize("text", [text for text, _ in ODD_VALUES], ids=[name for _, name in ODD_VALUES])
def test_odd_values_in_a_request_are_named_in_plain_words(house: Path, text: str) -> None:
    Path("odd.yaml").write_text(request(text), encoding="utf-8")
    answer = at_home("validate", "odd.yaml")
    assert answer.exit_code == 2
    assert not OURS.search(re.sub(r'"[^"]*"', '""', answer.stderr)), answer.stderr
    assert not re.search(r': "[0-9]+" ', answer.stderr), answer.stderr


ODD_CONDITIONS = [
    "5", "[]", "{}", "{says: Nothing}", "{request.approved: null}", "{request.approved: {a: 1, b: 2}}",
    "{request.signed_on: {before: {x: y}}}", "{request.signed_on: {before: soon}}", "{data.categories: school}",
    "{data.categories: []}", "{at_least: {count: true, of: [{request.approved: true}]}}", "{definition: [1]}",
    "{request.purpose: {fact: 5}}",
]  # fmt: skip


@pytest.mark.parametrize("condition", ODD_CONDITIONS)
def test_odd_conditions_are_named_in_plain_words(house: Path, condition: str) -> None:
    Path("odd.yaml").write_text(basis(f"when: {condition}"), encoding="utf-8")
    answer = at_home("validate", "odd.yaml")
    assert answer.exit_code == 2
    assert len(re.findall(r"\[[a-z-]+\]$", answer.stderr, re.MULTILINE)) == 1, f"one problem:\n{answer.stderr}"
    assert not OURS.search(re.sub(r'"[^"]*"', '""', answer.stderr)), answer.stderr
    assert '"None"' not in answer.stderr
