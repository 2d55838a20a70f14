"""A small house to run the product in: its own policies, one request and one case, in a folder.

The tests of the command line and of messages run here, so that they do not change with the law.
"""

from __future__ import annotations

import gc
from pathlib import Path

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


def at_home(*arguments: str | Path) -> Result:
    """The same, under the policies of the house."""
    return assent(*arguments, "--policies", POLICIES)
