"""One example for every problem code: a file that is wrong in exactly that way.

`python -m tests.messages` writes what is really printed into the table of docs/messages.md.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from openpyxl import Workbook

from engine.decisions import decide
from engine.dictionaries import read_workbook
from engine.documents import DocumentProblems, Problem
from engine.policies import load_policies
from engine.records import record
from engine.requests import read_request
from engine.validation import validate_files
from tests.house import CASE, CLAUSES, LAW, POLICIES, REQUEST, basis, build, framework, request
from tests.writing import LAW_HEAD, VOCABULARY, written

TABLE = Path(__file__).parent.parent / "docs" / "messages.md"


class Example(NamedTuple):
    """A file that is wrong in one way; without content it does not exist. `folder` holds its policies."""

    file: str
    content: str | bytes | None
    folder: Path = POLICIES


def _wrong(text: str, old: str, new: str) -> str:
    """A text with one part of it replaced."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return written(text).replace(old, new)


def _bomb() -> str:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcde", "bcdef", strict=True)]
    return "\n".join(rows)


LAW_FILE = written(LAW_HEAD, LAW)
SAVED_DECISION = "decision.json"


def _workbook(*rows: tuple[str, ...]) -> bytes:
    book, file = Workbook(), BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(file)
    return file.getvalue()


ROWS = """{"request": "example", "as_of": "2026-11-23", "rows": [
{"id": "leg/records", "flow": "leg", "dataset": "records", "source": "records",
 "provider": "OWNER", "sender": "OWNER", "receiver": "LAB", "done": ["law.step.logg by provider"]}]}
"""

EXAMPLES: dict[str, Example] = {
    # Files
    "unreadable": Example("nowhere.yaml", None),
    "too-large": Example("bomb.yaml", _bomb()),
    "not-text": Example("request.yaml", "title: Caf\xe9\n".encode("latin-1")),
    "empty": Example("request.yaml", "# Nothing yet\n"),
    "not-a-workbook": Example("dictionary.xlsx", "Agency,Program,Data Category\n"),
    "not-a-dictionary": Example("dictionary.xlsx", _workbook(("Element", "Meaning"), ("Name", "A name"))),
    # YAML
    "syntax": Example("request.yaml", request("purpose: [study, audit")),
    "too-deep": Example("request.yaml", "facts: " + "[" * 61 + "]" * 61),
    "bad-alias": Example("request.yaml", request("purpose: *theirs")),
    "bad-key": Example("request.yaml", request("? [OWNER, LAB]\n: agency")),
    "tag": Example("request.yaml", request("title: !!python/name:os.system An example")),
    "duplicate-key": Example("request.yaml", _wrong(REQUEST, "purpose: study", "purpose: study\npurpose: audit")),
    "ambiguous": Example("request.yaml", request("facts: {approved: yes}")),
    "bad-date": Example("request.yaml", request("date: 2026-02-30")),
    # Form
    "unknown-document": Example("request.yaml", _wrong(REQUEST, "request: example", "requst: example")),
    "unknown-key": Example("request.yaml", request("purpse: study")),
    "missing-key": Example("request.yaml", _wrong(REQUEST, "title: An example", "")),
    "wrong-kind": Example("request.yaml", request("facts: {approved: 5}")),
    "bad-value": Example("request.yaml", request("datasets: {records: {categories: [school]}}")),
    "bad-name": Example("law.yaml", framework("framework: Other Law")),
    "not-a-decision": Example(SAVED_DECISION, "completed by `written_out`"),
    # Facts and codes
    "unknown-fact": Example("request.yaml", request("facts: {aproved: true}")),
    "unknown-code": Example("request.yaml", request("purpose: studdy")),
    "must-apply": Example("request.yaml", request("facts: {approved: not_applicable}")),
    "misplaced": Example("request.yaml", request("facts: {purpose: study}")),
    "contradicts": Example("request.yaml", _wrong(REQUEST, "OWNER: {}", "OWNER: {facts: {trusted: false}}")),
    "excluded": Example(
        "request.yaml",
        _wrong(_wrong(REQUEST, "form: coded", "form: aggregate"), "[school]}", "[school], facts: {sensitive: true}}"),
    ),
    "missing-fact": Example(
        "bare/vocabulary.yaml",
        "\n".join(line for line in written(VOCABULARY).splitlines() if "request.purpose" not in line),
        Path("bare"),
    ),
    # Conditions
    "one-test": Example("law.yaml", basis("when: {request.approved: true, receiver.trusted: true}")),
    "unknown-operator": Example("law.yaml", basis("when: {request.signed_on: {befor: 2026-01-01}}")),
    "wrong-operator": Example("law.yaml", basis("when: {request.approved: {after: 2026-01-01}}")),
    "unknown-definition": Example("policies/law.yaml", _wrong(LAW_FILE, "definition: trusted", "definition: trustd")),
    "circle": Example(
        "law.yaml",
        framework("definitions: {loop: {says: A loop, cite: s. 2, checked: text, when: {definition: loop}}}"),
    ),
    # Names
    "declared-twice": Example("law.yaml", framework("framework: law")),
    "duplicate-id": Example(
        "request.yaml",
        request("outputs: [{id: leg, from: LAB, carries: [records], form: aggregate}]"),
    ),
    "unknown-deployment": Example("request.yaml", request("deployment: nett")),
    "unknown-party": Example("request.yaml", _wrong(REQUEST, "to: LAB", "to: LAP")),
    "unknown-actor": Example("request.yaml", request("steps: [{step: law.step.log, by: bord, status: done}]")),
    "unknown-dataset": Example("request.yaml", _wrong(REQUEST, "carries: [records]", "carries: [record]")),
    "unknown-flow": Example("request.yaml", request("claims: [{basis: law.basis.study, flow: legs}]")),
    "unknown-basis": Example("request.yaml", request("claims: [{basis: law.basis.studies}]")),
    "unknown-requirement": Example("rows.json", ROWS),
    "unknown-rule": Example("case.yaml", written(CASE) + "  pins: law.basis.studies\n"),
    "unknown-framework": Example("case.yaml", _wrong(CASE, "findings: {law:", "findings: {lore:")),
    "unknown-clause": Example("law.yaml", basis("requires: [{clause: law.clause.us}]")),
    "unknown-instrument": Example("law.yaml", basis("requires: [{instrument: pakt}]")),
    "unknown-step": Example("law.yaml", basis("requires: [{step: notise}]") + "steps: {notice: {says: Tell them}}\n"),
    "unknown-set": Example("law.yaml", basis("requires: [{set: ends}]") + "sets: {end: [{instrument: pact}]}\n"),
    "unknown-restriction": Example("law.yaml", basis("attaches: [seeled]")),
    "unknown-element": Example("policies/clauses.yaml", _wrong(CLAUSES, "element: c", "element: d")),
    "unknown-event": Example("request.yaml", request("events: {publcation: 2027-03-01}")),
    "unknown-text": Example("request.yaml", request("agreement: {activty: We match the two.}")),
    "bad-template": Example(
        "policies/clauses.yaml", _wrong(CLAUSES, "{{ term.until }}", "{{ term.until | upper }}")
    ),
    # Flows
    "impossible-carry": Example("request.yaml", _wrong(REQUEST, "from: OWNER, to: LAB", "from: LAB, to: OWNER")),
}  # fmt: skip


def written_out(code: str) -> Path:
    """The file of an example, written where we are; the house must stand there."""
    example = EXAMPLES[code]
    path, content = Path(example.file), example.content
    if example.file == SAVED_DECISION:
        policies = load_policies(POLICIES)
        saved = record(decide(policies, read_request(Path("request.yaml"), policies))).model_dump_json(indent=2)
        content = _wrong(saved, '"decision": "example",', '"decision": 5,')
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problems_of(code: str) -> list[Problem]:
    """What `assent validate`, `check` where that is content, and `catalogue import` say of an example."""
    path, folder = written_out(code), EXAMPLES[code].folder
    if path.suffix == ".xlsx":
        return _problems(lambda: read_workbook(path))
    found = validate_files([path], folder)
    if found or path.name != "request.yaml":
        return found
    policies = load_policies(folder)
    return _problems(lambda: decide(policies, read_request(path, policies)))


def _problems(call: Callable[[], object]) -> list[Problem]:
    try:
        call()
    except DocumentProblems as error:
        return list(error.problems)
    return []


# The table ------------------------------------------------------------------------------------------------------------

CELL = r"(?:[^|\\\n]|\\.)+?"
ROW = re.compile(
    rf"^\| `(?P<code>[a-z-]+)` \| (?P<means>{CELL}) \| (?P<printed>`{CELL}`) \| (?P<mend>{CELL}) \|$", re.MULTILINE
)


def rows() -> Iterator[re.Match[str]]:
    """The rows of the table of problem codes."""
    return ROW.finditer(TABLE.read_text(encoding="utf-8"))


def cell(problems: list[Problem]) -> str:
    """Problems as the table shows them."""
    lines = [line.strip() for problem in problems for line in str(problem).splitlines()]
    return "<br>".join(f"`{line}`" for line in lines).replace("|", "\\|")


def printed(code: str, folder: Path) -> str:
    """What is printed of an example, as the table shows it; the house is built in an empty folder."""
    before = Path.cwd()
    build(folder)
    os.chdir(folder)
    try:
        return cell(problems_of(code))
    finally:
        os.chdir(before)


def _update() -> None:
    text = TABLE.read_text(encoding="utf-8")
    for row in list(rows()):
        with tempfile.TemporaryDirectory() as folder:
            now = printed(row["code"], Path(folder)) if row["code"] in EXAMPLES else row["printed"]
        text = text.replace(row[0], row[0].replace(row["printed"], now or "` `"))
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _update()
