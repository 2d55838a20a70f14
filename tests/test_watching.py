"""`assent watch` checks what was saved at once, and runs the cases that touch it and no others."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.workbench.watching import Workbench
from tests import house
from tests.house import CASE, POLICIES, REQUEST, ROOT, framework, write

PINS = """
    cases:
    - id: second
      title: Approved
      source: {citation: s. 4}
      pins: law.basis.approval
      facts: {request.approved: true, data.categories: [school]}
      near_misses:
        - {change: {request.approved: false}, fails: request.approved}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    house.build(tmp_path)
    write("pins.yaml", PINS)
    return tmp_path


@pytest.fixture
def bench(home: Path) -> Workbench:
    return Workbench([POLICIES, Path("case.yaml"), Path("pins.yaml")], POLICIES)


def names(paths: tuple[Path, ...]) -> list[str]:
    return sorted(path.name for path in paths)


def test_a_framework_brings_the_cases_that_expect_something_of_it(bench: Workbench) -> None:
    outcome = bench.saved(POLICIES / "law.yaml")
    assert (outcome.problems, outcome.findings) == ((), ())
    assert names(outcome.touched) == ["case.yaml", "pins.yaml"]


def test_a_framework_that_no_case_names_brings_none(bench: Workbench) -> None:
    outcome = bench.saved(write("policies/other.yaml", framework()))
    assert (outcome.problems, outcome.touched) == ((), ())


def test_a_case_file_brings_itself(bench: Workbench) -> None:
    assert names(bench.saved(Path("pins.yaml")).touched) == ["pins.yaml"]


def test_a_request_brings_the_cases_that_build_on_it(bench: Workbench) -> None:
    assert names(bench.saved(Path("request.yaml")).touched) == ["case.yaml"]


def test_a_saved_rule_is_the_one_that_cases_run_against(bench: Workbench, home: Path) -> None:
    assert [result.differences for result in bench.run(home / "pins.yaml")] == [()]
    law = POLICIES / "law.yaml"
    law.write_text(law.read_text().replace("request.approved: true", "request.approved: false"))
    bench.saved(law)
    (result,) = bench.run(home / "pins.yaml")
    assert result.differences[0].startswith("law.basis.approval is false, not true")


def test_a_mistake_is_told_until_it_is_mended(bench: Workbench) -> None:
    law = POLICIES / "law.yaml"
    right = law.read_text()
    law.write_text(right.replace("receiver.trusted", "receiver.trustd"))
    for _ in range(2):
        outcome = bench.saved(law)
        assert [problem.code for problem in outcome.problems] == ["unknown-fact"]
        assert outcome.touched == ()
    law.write_text(right)
    assert bench.saved(law).problems == ()


def test_a_file_that_is_no_document_is_told(bench: Workbench) -> None:
    assert [p.code for p in bench.saved(write("case.yaml", "cases: [")).problems] == ["syntax"]
    assert [p.code for p in bench.saved(write("request.yaml", "requst: x")).problems] == ["unknown-document"]
    assert [p.code for p in bench.saved(write("pins.yaml", "cases: 5")).problems] == ["wrong-kind"]
    assert bench.saved(write("pins.yaml", PINS)).problems == ()
    assert bench.saved(write("case.yaml", CASE)).problems != ()  # its request is wrong still
    assert bench.saved(write("request.yaml", REQUEST)).problems == ()


def test_findings_of_lint_are_told_but_no_notes(bench: Workbench) -> None:
    text = framework("in_force: {}", "penalties: {fine: {says: A fine, cite: s. 9, checked: unverified}}")
    outcome = bench.saved(write("policies/other.yaml", text))
    assert [finding.code for finding in outcome.findings] == ["in-force-empty"]


def test_the_command_answers_a_save_and_ends_quietly(home: Path) -> None:
    command = [sys.executable, "-u", "-m", "cli", "watch", "policies", "pins.yaml", "--policies", "policies"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as process:
        assert process.stdout is not None
        assert "watching" in process.stdout.readline()
        write("pins.yaml", PINS)
        assert process.stdout.readline() == "pins.yaml: valid\n"
        assert process.stdout.readline() == "1 of 1 cases pass\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out.strip(), err) == (0, "", "")
