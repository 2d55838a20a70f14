"""Bad input to every command that takes a file: one clear message, exit code 2, no traceback, nothing written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from tests.house import LAW, REQUEST, assent, at_home, build, everything, framework, process, refused, request, write
from tests.writing import LAW_HEAD


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in a folder with policies, `request.yaml` and `case.yaml`."""
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


READERS: dict[str, tuple[str, ...]] = {
    "check": ("check", "FILE"),
    "explain": ("explain", "FILE", "law.basis.study"),
    "draft": ("draft", "FILE", "-o", "agreement.md"),
    "validate": ("validate", "FILE"),
    "test": ("test", "FILE"),
    "import": ("catalogue", "import", "FILE", "--deployment", "net"),
}


def run(command: str, file: str) -> Result:
    return at_home(*(file if part == "FILE" else part for part in READERS[command]))


def bomb() -> str:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    return "\n".join(rows)


# Files ----------------------------------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "no such file"),
    "empty": (b"", "empty"),
    "not-utf-8": ("title: Café".encode("latin-1"), "not UTF-8"),
    "binary": (bytes(range(256)), "not"),
    "bomb": (bomb().encode(), "more than 400,000 values"),
    "deep": (b"[" * 100_000, "more than 60 levels"),
    "syntax": (b"request: [", "cannot be read as YAML"),
    "json": (b'{"request": ', "cannot be read"),
    "nul": (b"request: \x00", "not plain text"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("command", READERS)
def test_a_file_that_cannot_be_read_is_one_message_and_nothing_is_written(house: Path, command: str, kind: str) -> None:
    content, words = BROKEN[kind]
    if content is not None:
        Path("bad.yaml").write_bytes(content)
    before = everything(house)
    message = refused(run(command, "bad.yaml"))
    assert message.startswith("bad.yaml")
    assert words in message or command == "import"
    assert everything(house) == before


@pytest.mark.parametrize("command", READERS)
def test_a_giant_is_refused_without_reading_it(house: Path, command: str) -> None:
    with Path("giant.yaml").open("wb") as file:
        file.truncate(2**30)
    assert "giant.yaml: is larger than " in refused(run(command, "giant.yaml"))


@pytest.mark.parametrize("command", sorted(set(READERS) - {"test"}))
def test_a_folder_is_no_file(command: str) -> None:
    assert "policies: " in refused(run(command, "policies"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("command", READERS)
def test_a_file_that_may_not_be_read_is_one_message(command: str) -> None:
    write("secret.yaml", REQUEST).chmod(0)
    assert "secret.yaml: cannot be read: permission denied" in refused(run(command, "secret.yaml"))


@pytest.mark.parametrize("command", READERS)
def test_a_device_is_no_file(command: str) -> None:
    assert os.devnull in refused(run(command, os.devnull))


# Requests -------------------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, str, str]] = {
    "misspelt fact": ("approved: false", "aproved: false", '"approved"'),
    "misspelt fact of a party": ("trusted: true", "trustd: true", '"trusted"'),
    "impossible code": ("purpose: study", "purpose: studdy", '"study"'),
    "impossible kind": ("kind: lab", "kind: laboratory", "agency, lab, public"),
    "no such day": ("date: 2026-11-23", "date: 2026-02-30", "YYYY-MM-DD"),
    "no date": ("date: 2026-11-23", "date: tomorrow", "2026-11-23"),
    "missing party": ("to: LAB", "to: LAP", '"LAB"'),
    "missing dataset": ("carries: [records]", "carries: [recrods]", '"records"'),
    "unknown key": ("purpose: study", "purpos: study", '"purpose"'),
    "unknown deployment": ("deployment: net", "deployment: nett", '"net"'),
    "unknown framework in a claim": (
        "purpose: study",
        "purpose: study\n    claims: [{basis: lore.basis.study}]",
        "law.basis.study",
    ),
    "unknown basis in a claim": (
        "purpose: study",
        "purpose: study\n    claims: [{basis: law.basis.studies}]",
        "law.basis.study",
    ),
    "unknown flow in a claim": (
        "purpose: study",
        "purpose: study\n    claims: [{basis: law.basis.study, flow: legs}]",
        '"leg"',
    ),
    "ambiguous answer": ("approved: false", "approved: no", "true or false"),
    "settled by the deployment": ("OWNER: {}", "OWNER: {facts: {trusted: false}}", "leave it out"),
    "impossible carry": ("from: OWNER, to: LAB", "from: LAB, to: OWNER", "records"),
    "made of itself": ("{owner: OWNER, categories: [school]}", "{from: [records]}", "records"),
}


@pytest.mark.parametrize("mistake", WRONG)
@pytest.mark.parametrize("command", ["check", "explain", "draft", "validate"])
def test_a_mistake_in_a_request_is_one_message_with_its_place_and_a_way_on(
    house: Path, command: str, mistake: str
) -> None:
    old, new, help_line = WRONG[mistake]
    assert old in REQUEST
    write("bad.yaml", REQUEST.replace(old, new))
    before = everything(house)
    message = refused(run(command, "bad.yaml"))
    assert re.match(r"bad\.yaml:\d+:\d+: ", message)
    assert help_line in message
    assert everything(house) == before


@pytest.mark.parametrize("mistake", sorted(set(WRONG) - {"no such day", "ambiguous answer"}))
def test_a_mistake_in_the_request_of_a_case_is_a_difference(mistake: str) -> None:
    old, new, help_line = WRONG[mistake]
    write("request.yaml", REQUEST.replace(old, new))
    write("case.yaml", re.sub(r"\n.*change: .*", "", Path("case.yaml").read_text(encoding="utf-8")))
    answer = at_home("test", "case.yaml")
    assert answer.exit_code == 1
    assert help_line in answer.stdout


# Policies, sizes, commands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "words"), [("nowhere", "is not a folder"), ("request.yaml", "is not a folder")])
def test_policies_that_are_no_folder_are_one_message(folder: str, words: str) -> None:
    for command in ("check", "validate", "test"):
        assert words in refused(assent(command, "request.yaml", "--policies", folder))


def test_policies_that_are_wrong_are_told_with_their_place() -> None:
    write("policies/law.yaml", LAW_HEAD, LAW.replace("definition: trusted}", "definition: trustd}"))
    message = refused(at_home("check", "request.yaml"))
    assert re.match(r"policies/law\.yaml:\d+:\d+: ", message)
    assert 'did you mean "trusted"?' in message


def layers(count: int) -> Iterator[str]:
    """Datasets in layers of two, each made of both below: two to the power of `count` ways up."""
    yield "  a0: {owner: OWNER, categories: [school]}"
    yield "  b0: {owner: OWNER, categories: [school]}"
    for i in range(1, count):
        yield from (f"  {name}{i}: {{from: [a{i - 1}, b{i - 1}]}}" for name in "ab")


MANY = {
    "a chain of datasets": (
        ["  d0: {owner: OWNER, categories: [school]}", *(f"  d{i}: {{from: [d{i - 1}]}}" for i in range(1, 2000))],
        "d1999",
    ),
    "layers of datasets": (list(layers(30)), "a29"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MANY)
def test_a_small_file_cannot_hang_or_crash_the_engine(kind: str) -> None:
    lines, last = MANY[kind]
    flows = f"flows: [{{id: leg, from: OWNER, to: LAB, carries: [{last}], form: coded}}]"
    write("request.yaml", request("datasets:\n" + "\n".join(lines), flows))
    answer = process("check", "request.yaml", "--policies", "policies")
    assert answer.returncode in (0, 2)
    assert "Traceback" not in answer.stderr


def test_a_long_chain_of_definitions_cannot_crash_the_engine() -> None:
    parts = [f"  d{i}: {{says: S, cite: s. 1, checked: text, when: {{definition: d{i + 1}}}}}" for i in range(1500)]
    last = "  d1500: {says: S, cite: s. 1, checked: text, when: {request.approved: true}}"
    chain = "definitions:\n" + "\n".join([*parts, last])
    write("chain.yaml", framework(chain, "bars: {b: {says: S, cite: s. 1, checked: text, when: {definition: d0}}}"))
    answer = process("validate", "chain.yaml", "--policies", "policies")
    assert answer.returncode in (0, 2)
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    "arguments", [("check",), ("check", "--explian", "request.yaml"), ("chek", "request.yaml"), ("new", "agreement")]
)
def test_a_command_that_is_wrong_itself_is_refused_with_help(arguments: tuple[str, ...]) -> None:
    answer = assent(*arguments)
    assert answer.exit_code == 2
    assert answer.stderr.startswith("Usage: ")
