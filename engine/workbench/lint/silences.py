"""Findings that an author has looked at and allowed: `# lint: allow CODE because REASON`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.documents import Document, Mark, nearest
from engine.sources import read_source
from engine.workbench.lint.registry import CHECKS, Finding, Found, Subject, check

_SILENCE = re.compile(r"#\s*lint:\s*allow\s+(?P<code>\S+)(?:\s+because\s+(?P<reason>\S.*))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Silence:
    """A comment that allows one finding on `line`."""

    file: str
    mark: Mark
    line: int
    code: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this is the finding that is allowed."""
        return bool(self.reason) and (self.file, self.line, self.code) == (
            finding.file,
            finding.mark.line,
            finding.code,
        )


def silences_in(document: Document) -> Iterator[Silence]:
    """The silences of a document. One that has its line to itself is meant for the next line that is no comment."""
    text = Path(document.file).read_text(encoding="utf-8-sig")
    if "lint:" not in text:
        return
    source = read_source(text)
    for at, comment in source.comments.items():
        if found := _SILENCE.match(comment.text):
            line = at
            while line in source.comments and source.comments[line].alone:
                line += 1
            yield Silence(
                document.file, Mark(at + 1, comment.column + 1), line + 1, found["code"], found["reason"] or ""
            )


def silence(findings: Iterable[Finding], silences: list[Silence]) -> Iterator[Finding]:
    """The findings that nobody allowed, and what is wrong with the silences."""
    used = set[Silence]()
    for finding in findings:
        covering = [one for one in silences if one.covers(finding)]
        used.update(covering)
        if not covering:
            yield finding
    for one in silences:
        if not one.reason:
            yield _about(one, "silence-without-reason", "the silence gives no reason", "add: because REASON")
        elif one.code not in CHECKS:
            yield _about(one, "silence-idle", f'"{one.code}" is no check', nearest(one.code, CHECKS))
        elif one not in used:
            yield _about(one, "silence-idle", f'there is no "{one.code}" here to allow', "take the comment out")


def _about(one: Silence, check_code: str, message: str, help_line: str) -> Finding:
    return Finding(one.file, one.mark, check_code, CHECKS[check_code].severity, message, help_line)


@check(
    "silence-without-reason",
    "warning",
    "a finding is allowed without a reason, which allows nothing",
    bad="""
        bars:
          advertising:
            says: The data may not serve advertising
            cite: s. 5
            checked: unverified  # lint: allow unverified
            when: {request.purpose: marketing}
        """,
    good="""
        bars:
          advertising:
            says: The data may not serve advertising
            cite: s. 5
            checked: unverified  # lint: allow unverified because counsel reads the manual in March
            when: {request.purpose: marketing}
        """,
)
def silence_without_reason(_: Subject) -> Iterator[Found]:
    """The next reader has to know why the finding does not matter here."""
    return iter(())  # found where findings are silenced


@check(
    "silence-idle",
    "warning",
    "a comment allows what is not there",
    bad="""
        bars:
          advertising:
            says: The data may not serve advertising
            cite: s. 5
            checked: text  # lint: allow unverified because counsel reads the manual in March
            when: {request.purpose: marketing}
        """,
    good="""
        bars:
          advertising:
            says: The data may not serve advertising
            cite: s. 5
            checked: text
            when: {request.purpose: marketing}
        """,
)
def silence_idle(_: Subject) -> Iterator[Found]:
    """A silence that outlives its finding would hide the next one."""
    return iter(())  # found where findings are silenced
