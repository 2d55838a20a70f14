"""A small house to run the product in: its own policies, one request and one case, in a folder.

The tests of the command line and of messages run here, so that they do not change with the law.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from cli import main
from tests.writing import LAW_HEAD, VOCABULARY, written

LAW = """
    restrictions:
      sealed: {says: Stays with the receiver, cite: s. 6}
    exclusive:
      - [{flow.form: aggregate}, {data.sensitive: true}]
    definitions:
      trusted: {says: The receiver is trusted, cite: s. 2, checked: text, when: {receiver.trusted: true}}
    applies:
      says: The data include school records
      cite: s. 1
      checked: text
      when: {data.categories: {includes: school}}
    bars:
      advertising:
        says: School records may not serve advertising
        cite: s. 5
        checked: text
        when: {request.purpose: marketing}
    bases:
      study:
        title: A study by a trusted laboratory
        cite: s. 3
        checked: summary
        when:
          - {id: aim, request.purpose: [study, audit], says: The purpose is a study or an audit, cite: s. 3(a)}
          - {id: hands, definition: trusted}
        attaches: [sealed]
        requires:
          - {clause: law.clause.use, cite: s. 3(b)}
          - {instrument: pact, between: [provider, receiver]}
      approval:
        title: Approved by the board
        cite: s. 4
        checked: text
        when: {request.approved: true}
    requires:
      - {clause: law.clause.end, cite: s. 7}
      - {step: log, says: Record the disclosure, by: provider, due: before_transfer, cite: s. 8}
    penalties:
      fine: {says: The board may fine the receiver, cite: s. 9, checked: text}
"""

CLAUSES = """
    clauses:
      law.clause.end:
        title: End
        element: c
        text: "{{ receiver.name }} destroys the data {{ term.until }}."
      law.clause.use:
        title: Use
        element: a
        text: >-
          {{ receiver.name }} uses {% for d in datasets %}{{ d.name }} {% endfor %}for {{ purpose }} alone:
          {{ text.activity }}
        asks:
          activity: Describe what the data will be used for.
"""

NET = """
    deployment: net
    title: The Network
    elements:
      a: {title: Use of the data, party: receiver}
      b: {title: Safety, party: provider}
      c: {title: The end, party: receiver}
    bodies:
      board: {name: The Board}
    agencies:
      OWNER: {name: The Owner, kind: agency, facts: {trusted: true}}
    catalogue:
      - {agency: OWNER, program: Schools, is: [school], because: They say so}
"""

REQUEST = """
    request: example
    title: An example
    deployment: net
    date: 2026-11-23
    purpose: study
    facts: {approved: false}
    parties:
      OWNER: {}
      LAB: {name: The Laboratory, kind: lab, facts: {trusted: true}}
    datasets:
      records: {owner: OWNER, categories: [school]}
    flows:
      - {id: leg, from: OWNER, to: LAB, carries: [records], form: coded}
"""
"""Allowed under `law.basis.study`; the pact and the record of the disclosure are outstanding."""

CASE = """
    cases:
    - id: first
      title: A study by a laboratory that nobody trusts
      source: {citation: s. 3}
      base: request.yaml
      change: {parties: {LAB: {facts: {trusted: false}}}}
      expect: {outcome: deny, findings: {law: {outcome: deny, bases: [], bars: []}}}
"""

POLICIES = Path("policies")
ROOT = Path(__file__).parent.parent


def build(folder: Path) -> None:
    """Write the house into a folder: `policies/`, `request.yaml` and `case.yaml`."""
    (folder / POLICIES).mkdir()
    files = {
        "policies/vocabulary.yaml": VOCABULARY,
        "policies/law.yaml": written(LAW_HEAD, LAW),
        "policies/clauses.yaml": CLAUSES,
        "policies/net.yaml": NET,
        "request.yaml": REQUEST,
        "case.yaml": CASE,
    }
    for name, text in files.items():
        (folder / name).write_text(written(text), encoding="utf-8")


def request(*texts: str) -> str:
    """The request of the house; keys that the texts give are theirs."""
    return _instead(REQUEST, texts)


def framework(*texts: str) -> str:
    """The framework of the house under another name and without its parts, except for those the texts give."""
    return _instead(
        """
        framework: other
        title: Another Law
        authority: 2 Law 2
        applies: {says: Always, cite: s. 1, checked: text}
        bases: {}
        """,
        texts,
    )


def basis(*texts: str) -> str:
    """A framework with one basis, completed by the texts."""
    head = "bases:\n  one:\n    title: A basis\n    cite: s. 2\n    checked: text\n"
    lines = [f"    {line}" if line else "" for line in written(*texts).splitlines()]
    return framework(head + "\n".join(lines))


def _instead(default: str, texts: tuple[str, ...]) -> str:
    """The default with its blocks replaced by those of the texts, in place; what is new comes last."""
    blocks = _blocks(default)
    for key, block in _blocks("\n".join(map(written, texts))):
        at = next((i for i, (known, _) in enumerate(blocks) if known == key), None)
        if at is None or key in dict(blocks[at + 1 :]):
            blocks.append((key, block))
        else:
            blocks[at] = (key, block)
    return "".join(block for _, block in blocks)


def _blocks(text: str) -> list[tuple[str, str]]:
    """The lines of each key at the top of a document."""
    blocks: list[tuple[str, str]] = []
    for line in written(text).splitlines():
        if line[:1].strip() or not blocks:
            blocks.append((line.partition(":")[0], f"{line}\n"))
        else:
            blocks[-1] = (blocks[-1][0], f"{blocks[-1][1]}{line}\n")
    return blocks


def assent(*arguments: str | Path) -> Result:
    """What the command line answers; an exception that it did not foresee is raised here."""
    try:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    finally:
        gc.enable()  # a command switches it off; the tests go on
        gc.unfreeze()


def at_home(*arguments: str | Path) -> Result:
    """The same, under the policies of the house."""
    return assent(*arguments, "--policies", POLICIES)


def write(name: str, *texts: str) -> Path:
    """Write a file beside the request."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(*texts), encoding="utf-8")
    return path


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The same command as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=120, env=environment, **options
    )


def everything(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its content, apart from sparse giants."""
    paths = sorted(folder.rglob("*"))
    return {str(p): p.read_bytes() if p.is_file() and p.stat().st_size < 10**8 else None for p in paths}


def refused(answer: Result) -> str:
    """The one message of a command that refused its input."""
    assert answer.exit_code == 2, answer.output
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    lines = answer.stderr.splitlines()
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("  help: ")), answer.stderr
    return answer.stderr
